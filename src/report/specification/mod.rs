//! 《需求规格说明书》: a requirement's specification as people sign it, as Markdown, as a Word file, and in
//! the few lines that a chat holds.

mod docx;
mod markdown;

use super::file_word;
use crate::chat::File;

/// One version of one requirement's specification.
#[derive(Debug, Clone, PartialEq)]
pub struct Specification {
    /// The project's name.
    pub project: String,
    /// The customer's name, where known.
    pub customer: Option<String>,
    /// The requirement's id, for instance `R12`.
    pub id: String,
    /// Its first line.
    pub title: String,
    /// The version.
    pub version: u32,
    /// The fingerprint of this version's content.
    pub fingerprint: String,
    /// The day of this version, as `2026-11-25`.
    pub date: String,
    /// What it says, a part after the other. A part without rows is left out.
    pub sections: Vec<Section>,
    /// Every version up to this one, oldest first.
    pub revisions: Vec<Revision>,
    /// Who confirmed it first.
    pub signature: Signature,
}

/// A part of a specification.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What it says: a name and a text each.
    pub rows: Vec<(String, String)>,
}

/// How a version came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Which one.
    pub version: u32,
    /// On which day.
    pub date: String,
    /// By whose confirmation, or by which change.
    pub what: String,
    /// Its fingerprint.
    pub fingerprint: String,
}

/// A confirmation.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// Whose.
    pub by: String,
    /// On which day.
    pub date: String,
    /// In which meeting, on which day, or why people did not sit together.
    pub proof: String,
}

/// How many characters of one value a chat is shown.
const CHAT_VALUE: usize = 160;
/// How many lines a chat is shown.
const CHAT_LINES: usize = 40;

impl Specification {
    /// Its title with the version.
    pub fn heading(&self) -> String {
        format!("《需求规格说明书》{} {} V{}", self.id, self.title, self.version)
    }

    /// A name for its file, without an extension.
    pub fn file_name(&self) -> String {
        format!("需求规格说明书-{}-{}-V{}", self.id, file_word(&self.title), self.version)
    }

    /// The Word file for a chat, `instead` being said where none can be sent; `None` where it is too big for one.
    pub fn file(&self, instead: impl Into<String>) -> Option<File> {
        let content = self.docx().ok()?;
        File::new(format!("{}.docx", self.file_name()), content, instead)
    }

    /// The same in the few lines that a chat holds; what does not fit is counted.
    pub fn chat_lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("项目 {} · {} · 指纹 {}", self.project, self.date, self.short_fingerprint()),
            format!("签字 {} · {} · {}", self.signature.by, self.signature.date, self.signature.proof),
        ];
        for section in self.filled_sections() {
            lines.push(format!("【{}】", section.title));
            lines.extend(section.rows.iter().map(|(name, text)| format!("{name}：{}", shortened(text))));
        }
        if self.revisions.len() > 1 {
            lines.push("【版本】".into());
            let told = |revision: &Revision| {
                format!("V{} {} {}", revision.version, revision.date, shortened(&revision.what))
            };
            lines.extend(self.revisions.iter().map(told));
        }
        if lines.len() > CHAT_LINES {
            let rest = lines.len() - CHAT_LINES;
            lines.truncate(CHAT_LINES);
            lines.push(format!("……还有 {rest} 行"));
        }
        lines
    }

    /// The fingerprint's first sixteen characters in groups of four.
    pub fn short_fingerprint(&self) -> String {
        short_fingerprint(&self.fingerprint)
    }

    fn filled_sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| !section.rows.is_empty())
    }
}

/// The first sixteen characters of a fingerprint in groups of four, for people to compare.
pub fn short_fingerprint(fingerprint: &str) -> String {
    let groups: Vec<&str> = (0..4).filter_map(|group| fingerprint.get(group * 4..group * 4 + 4)).collect();
    groups.join(" ")
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(CHAT_VALUE).collect();
    if text.chars().count() > CHAT_VALUE {
        short.push('…');
    }
    short
}

#[cfg(test)]
pub(crate) fn sample() -> Specification {
    let row = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    Specification {
        project: "远山支付".into(),
        customer: Some("远山银行".into()),
        id: "R12".into(),
        title: "支付模块支持退款".into(),
        version: 2,
        fingerprint: "3f2a9c1b77d0e4a5".repeat(4),
        date: "2026-12-02".into(),
        sections: vec![
            Section {
                title: "需求",
                rows: vec![row("表面需求", "支付模块支持退款"), row("真实需求", "客服少接一半退款电话")],
            },
            Section {
                title: "交付标准",
                rows: vec![row("性能", "99% 的请求 < 2 秒 & 不丢单"), row("界面", "退款页|见原型\n第二行")],
            },
            Section { title: "空的", rows: Vec::new() },
        ],
        revisions: vec![
            Revision {
                version: 1,
                date: "2026-11-25".into(),
                what: "王女士 确认".into(),
                fingerprint: "77d0e4a53f2a9c1b".repeat(4),
            },
            Revision {
                version: 2,
                date: "2026-12-02".into(),
                what: "C3 支持部分退款".into(),
                fingerprint: "3f2a9c1b77d0e4a5".repeat(4),
            },
        ],
        signature: Signature {
            by: "王女士".into(),
            date: "2026-11-25".into(),
            proof: "面对面：M3 需求评审".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_gets_the_version_the_fingerprint_and_the_filled_parts() {
        let lines = sample().chat_lines();
        assert_eq!(lines[0], "项目 远山支付 · 2026-12-02 · 指纹 3f2a 9c1b 77d0 e4a5");
        assert!(lines.contains(&"【交付标准】".to_owned()));
        assert!(!lines.contains(&"【空的】".to_owned()));
        assert_eq!(sample().heading(), "《需求规格说明书》R12 支付模块支持退款 V2");
    }

    #[test]
    fn a_long_specification_is_cut_for_the_chat_and_says_so() {
        let mut long = sample();
        long.sections[0].rows = (0..60).map(|n| (format!("第{n}"), "很长".repeat(200))).collect();
        let lines = long.chat_lines();
        assert_eq!(lines.len(), CHAT_LINES + 1);
        assert!(lines.iter().all(|line| line.chars().count() < 200));
        assert!(lines.last().is_some_and(|line| line.starts_with("……还有")));
    }

    #[test]
    fn a_file_name_has_nothing_that_a_file_system_refuses() {
        let named = Specification { title: "退款/部分:\u{202e}退款?\n".into(), ..sample() };
        assert_eq!(named.file_name(), "需求规格说明书-R12-退款部分退款-V2");
    }
}
