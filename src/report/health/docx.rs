//! A report as a Word file. Its trend is a table: a picture would need a font of ours for its labels.

use docx_rs::{AlignmentType, Docx, Table, TableRow};

use super::Health;
use crate::report::docx::{cell, name_cell, named_rows, packed, page, table, titled, words};

/// The widths of a table's columns: part, score, share, figures, what is counted.
const PARTS: [usize; 5] = [2_000, 1_700, 900, 1_426, 3_000];
/// Part, project, in order, not in order.
const EVIDENCE: [usize; 4] = [1_500, 2_100, 2_926, 2_500];

impl Health {
    /// The whole document as a `.docx` file.
    ///
    /// # Errors
    /// The file could not be packed; in memory that does not happen.
    pub fn docx(&self) -> std::io::Result<Vec<u8>> {
        packed(self.document())
    }

    fn document(&self) -> Docx {
        let whose = if self.is_internal() { " · 内部" } else { "" };
        let mut facts = vec![
            ("客户", self.customer.clone()),
            ("季度", self.quarter.clone()),
            ("得分", self.verdict()),
            ("日期", self.day.clone()),
        ];
        facts.extend(self.state.clone().map(|state| ("状态", state)));
        let mut docx = page(&format!("{} {}{whose}", self.customer, self.code))
            .add_paragraph(titled("Title", "客户关系健康度报告").align(AlignmentType::Center))
            .add_paragraph(
                titled("Title", &format!("{} {}", self.customer, self.quarter)).align(AlignmentType::Center),
            )
            .add_table(named_rows(facts.into_iter().map(|(name, text)| (name.to_owned(), text))));
        if self.trend.len() > 1 {
            let points = self.trend.iter().map(|(quarter, score)| (quarter.clone(), format!("{score} 分")));
            docx = docx.add_paragraph(titled("Heading1", "趋势")).add_table(named_rows(points));
        }
        docx = docx.add_paragraph(titled("Heading1", "各项得分")).add_table(self.parts());
        for (title, lines) in [("下一步", &self.next), ("未完成的改进", &self.improvements)] {
            if !lines.is_empty() {
                docx = docx.add_paragraph(titled("Heading1", title));
                for line in lines {
                    docx = docx.add_paragraph(words(&format!("· {line}")));
                }
            }
        }
        if !self.evidence.is_empty() {
            docx = docx.add_paragraph(titled("Heading1", "依据")).add_table(self.records());
        }
        docx
    }

    fn parts(&self) -> Table {
        let rows = self.rows.iter().map(|row| {
            [row.name.clone(), row.told(), row.share(), row.figures().to_owned(), row.rule.clone()]
        });
        columns(["项目", "得分", "占比", "数据", "按什么算"], rows, PARTS)
    }

    fn records(&self) -> Table {
        let rows = self
            .evidence
            .iter()
            .map(|one| [one.part.clone(), one.of.clone(), one.kept.clone(), one.missed.clone()]);
        columns(["项目", "来源", "计入", "扣分"], rows, EVIDENCE)
    }
}

fn columns<const N: usize>(
    heads: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    widths: [usize; N],
) -> Table {
    let head = heads.iter().zip(widths).map(|(head, width)| name_cell(head, width)).collect();
    let body = rows.map(|row| {
        TableRow::new(row.iter().zip(widths).map(|(text, width)| cell(text, width, false)).collect())
    });
    table([TableRow::new(head)].into_iter().chain(body).collect(), widths.to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::{Health, sample};

    fn document(health: &Health) -> String {
        String::from_utf8(health.document().build().document).unwrap()
    }

    #[test]
    fn it_has_the_score_the_trend_each_part_and_what_is_behind_it() {
        let document = document(&sample());
        for words in [
            "客户关系健康度报告",
            "72 分 · 黄灯 · 比上次降 8 分",
            "2026Q1",
            "没有数据，不计分",
            "11/12",
            "先给客户答复和新日期",
            "I2 两人轮值",
            "K2（高且未关闭）",
            "远山&lt;银行&gt;",
        ] {
            assert!(document.contains(words), "{words}");
        }
    }

    #[test]
    fn without_a_trend_and_records_their_headings_are_missing_too() {
        let bare = Health { trend: Vec::new(), evidence: Vec::new(), next: Vec::new(), ..sample() };
        let document = document(&bare);
        assert!(!document.contains("趋势") && !document.contains("依据") && !document.contains("下一步"));
    }
}
