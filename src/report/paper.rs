//! A short document of facts and sections, as Markdown and as a Word file.

use std::fmt::Write;

use docx_rs::{AlignmentType, Docx};

use super::{
    docx::{named_rows, packed, page, titled},
    markdown::escaped,
    specification::Section,
};

/// A document as it is to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Paper {
    /// What it is.
    pub title: String,
    /// Of what.
    pub subtitle: String,
    /// What stands in the table under the title.
    pub facts: Vec<(String, String)>,
    /// Its sections; without rows they are left out.
    pub sections: Vec<Section>,
    /// What stands at the foot of each page.
    pub footer: String,
}

impl Paper {
    fn filled(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| !section.rows.is_empty())
    }

    /// The whole document as Markdown. What people typed stays text.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}：{}\n\n", escaped(&self.title), escaped(&self.subtitle));
        for (name, value) in &self.facts {
            let _ = writeln!(text, "- {}：{}", escaped(name), escaped(value));
        }
        for section in self.filled() {
            let _ = write!(text, "\n## {}\n\n", section.title);
            for (name, value) in &section.rows {
                let _ = match name.as_str() {
                    "" => writeln!(text, "- {}", escaped(value)),
                    number if number.ends_with('.') => writeln!(text, "{number} {}", escaped(value)),
                    name => writeln!(text, "- {} {}", escaped(name), escaped(value)),
                };
            }
        }
        let _ = write!(text, "\n{}\n", escaped(&self.footer));
        text
    }

    /// The whole document as a `.docx` file.
    ///
    /// # Errors
    /// The file could not be packed; in memory that does not happen.
    pub fn docx(&self) -> std::io::Result<Vec<u8>> {
        packed(self.document())
    }

    fn document(&self) -> Docx {
        let docx = page(&self.footer)
            .add_paragraph(titled("Title", &self.title).align(AlignmentType::Center))
            .add_paragraph(titled("Title", &self.subtitle).align(AlignmentType::Center))
            .add_table(named_rows(self.facts.iter().cloned()));
        self.filled().fold(docx, |docx, section| {
            docx.add_paragraph(titled("Heading1", section.title))
                .add_table(named_rows(section.rows.iter().cloned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Paper {
        let row = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        Paper {
            title: "会议纪要".into(),
            subtitle: "M3 项目例会".into(),
            facts: vec![row("归档号", "M3-20261125-V1")],
            sections: vec![
                Section { title: "决议", rows: vec![row("1.", "退款走原路 <b>&</b>")] },
                Section { title: "风险", rows: Vec::new() },
                Section { title: "待办", rows: vec![row("A1", "出文档 · 李工")] },
            ],
            footer: "M3-20261125-V1".into(),
        }
    }

    #[test]
    fn both_forms_say_the_same_and_typed_words_stay_text() {
        let text = sample().markdown();
        assert_eq!(
            text,
            "# 会议纪要：M3 项目例会\n\n- 归档号：M3-20261125-V1\n\n## 决议\n\n1. 退款走原路 &lt;b&gt;&amp;&lt;/b&gt;\n\n\
             ## 待办\n\n- A1 出文档 · 李工\n\nM3-20261125-V1\n"
        );
        let document = String::from_utf8(sample().document().build().document).unwrap();
        for words in ["会议纪要", "M3 项目例会", "归档号", "退款走原路 &lt;b&gt;", "A1", "出文档 · 李工"]
        {
            assert!(document.contains(words), "{words}");
        }
        assert!(!document.contains("风险"));
        assert!(sample().docx().unwrap().starts_with(b"PK\x03\x04"));
    }
}
