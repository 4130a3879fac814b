//! A specification as Markdown. What people typed stays text: nothing of it becomes markup.

use std::fmt::Write;

use super::Specification;
use crate::report::markdown::escaped;

impl Specification {
    /// The whole document as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("# 需求规格说明书：{} {}\n\n", self.id, escaped(&self.title));
        table(
            &mut text,
            &["项目", "内容"],
            self.facts().iter().map(|(name, value)| vec![*name, value.as_str()]),
        );
        for section in self.filled_sections() {
            let _ = write!(text, "\n## {}\n\n", section.title);
            table(
                &mut text,
                &["名称", "内容"],
                section.rows.iter().map(|(name, value)| vec![name.as_str(), value.as_str()]),
            );
        }
        text.push_str("\n## 版本记录\n\n");
        let rows = self.revision_rows();
        table(
            &mut text,
            &Self::REVISION_HEADS,
            rows.iter().map(|row| row.iter().map(String::as_str).collect()),
        );
        text.push_str("\n## 签字确认\n\n");
        table(
            &mut text,
            &["名称", "内容"],
            self.sign_off().iter().map(|(name, value)| vec![*name, value.as_str()]),
        );
        text
    }

    /// What stands in the table under the title.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("项目", self.project.clone())];
        facts.extend(self.customer.clone().map(|customer| ("客户", customer)));
        facts.extend([
            ("版本", format!("V{}", self.version)),
            ("日期", self.date.clone()),
            ("指纹（SHA-256）", self.fingerprint.clone()),
        ]);
        facts
    }

    /// The columns of the table of versions.
    pub(super) const REVISION_HEADS: [&str; 4] = ["版本", "日期", "说明", "指纹"];

    /// The rows of the table of versions.
    pub(super) fn revision_rows(&self) -> Vec<[String; 4]> {
        self.revisions
            .iter()
            .map(|revision| {
                [
                    format!("V{}", revision.version),
                    revision.date.clone(),
                    revision.what.clone(),
                    super::short_fingerprint(&revision.fingerprint),
                ]
            })
            .collect()
    }

    /// The block at the end: who confirmed what, and room for ink.
    pub(super) fn sign_off(&self) -> Vec<(&'static str, String)> {
        vec![
            ("签字确认人", self.signature.by.clone()),
            ("确认日期", self.signature.date.clone()),
            ("确认方式", self.signature.proof.clone()),
            ("确认内容", format!("V{} · 指纹 {}", self.version, self.short_fingerprint())),
            ("签字（纸质）", "　".into()),
        ]
    }
}

fn table<'a>(text: &mut String, heads: &[&str], rows: impl Iterator<Item = Vec<&'a str>>) {
    let _ = writeln!(text, "| {} |", heads.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(heads.len()));
    for row in rows {
        let cells: Vec<String> = row.into_iter().map(escaped).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn the_document_has_every_part_and_no_markup_of_users() {
        let text = sample().markdown();
        assert!(text.starts_with("# 需求规格说明书：R12 支付模块支持退款\n"));
        for part in ["## 需求", "## 交付标准", "## 版本记录", "## 签字确认", "| 版本 | V2 |"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("| 性能 | 99% 的请求 &lt; 2 秒 &amp; 不丢单 |"));
        assert!(text.contains("| 界面 | 退款页\\|见原型<br>第二行 |"));
        assert!(text.contains(&sample().fingerprint));
        assert!(!text.contains("空的"));
    }
}
