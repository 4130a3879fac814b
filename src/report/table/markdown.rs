//! Tables as a text to read: a heading for each kind, a line for each record, its fields below it.

use std::fmt::Write;

use jiff::tz::TimeZone;

use super::{Table, worded};
use crate::report::markdown::escaped;

/// The first columns stand in a record's line, without their heads where these say nothing new.
const PLAIN: [&str; 3] = ["编号", "标题", "状态"];
/// In the line too, with their heads.
const NAMED: [&str; 2] = ["负责", "截止"];

/// A project's tables as one Markdown document under this title.
pub fn markdown(title: &str, tables: &[Table], zone: &TimeZone) -> String {
    let mut text = format!("# {}\n", escaped(title));
    for table in tables {
        let _ = write!(text, "\n## {}（{}）\n\n", table.name, table.rows.len());
        for row in &table.rows {
            let mut line: Vec<String> = Vec::new();
            let mut below: Vec<String> = Vec::new();
            let filled = table.columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            for (head, cell) in filled {
                let words = escaped(&worded(cell, zone));
                let head = head.as_ref();
                if PLAIN.contains(&head) {
                    line.push(words);
                } else if NAMED.contains(&head) {
                    line.push(format!("{head} {words}"));
                } else {
                    below.push(format!("{}：{words}", escaped(head)));
                }
            }
            // Where nothing has a place in the line, all of it is told as a list.
            let indent = if line.is_empty() { "" } else { "  " };
            if !line.is_empty() {
                let _ = writeln!(text, "- {}", line.join(" · "));
            }
            for field in below {
                let _ = writeln!(text, "{indent}- {field}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn a_line_for_each_record_and_no_markup_of_users() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(
            markdown("远山#支付", &[sample()], &zone),
            "# 远山\\#支付\n\n## 需求（2）\n\n\
             - R1 · =1+1 · 截止 2026-12-04 18:00\n\
             - R2 · 说\"好\",<br>\\*\\*换行\\*\\*\n  - 人天：-1.5\n  - 完成日：2026-12-05\n  - 公开：是\n"
        );
    }
}
