//! A specification as a Word file.

use docx_rs::{AlignmentType, Docx, Table, TableRow};

use super::Specification;
use crate::report::docx::{cell, name_cell, named_rows, packed, page, table, titled};

impl Specification {
    /// The whole document as a `.docx` file.
    ///
    /// # Errors
    /// The file could not be packed; in memory that does not happen.
    pub fn docx(&self) -> std::io::Result<Vec<u8>> {
        packed(self.document())
    }

    fn document(&self) -> Docx {
        let footer = format!("{} V{} · 指纹 {}", self.id, self.version, self.short_fingerprint());
        let mut docx = page(&footer)
            .add_paragraph(titled("Title", "需求规格说明书").align(AlignmentType::Center))
            .add_paragraph(
                titled("Title", &format!("{} {}", self.id, self.title)).align(AlignmentType::Center),
            )
            .add_table(named_rows(self.facts().into_iter().map(|(name, text)| (name.to_owned(), text))));
        for section in self.filled_sections() {
            docx = docx
                .add_paragraph(titled("Heading1", section.title))
                .add_table(named_rows(section.rows.iter().cloned()));
        }
        docx.add_paragraph(titled("Heading1", "版本记录"))
            .add_table(self.revision_table())
            .add_paragraph(titled("Heading1", "签字确认"))
            .add_table(named_rows(self.sign_off().into_iter().map(|(name, text)| (name.to_owned(), text))))
    }

    fn revision_table(&self) -> Table {
        let widths = [800, 2_100, 3_326, 2_800];
        let heads = Self::REVISION_HEADS.iter().zip(widths).map(|(head, width)| name_cell(head, width));
        let mut rows = vec![TableRow::new(heads.collect())];
        for row in self.revision_rows() {
            let cells = row.iter().zip(widths).map(|(text, width)| cell(text, width, false));
            rows.push(TableRow::new(cells.collect()));
        }
        table(rows, widths.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Specification, sample};

    fn parts(specification: &Specification) -> (String, String, String) {
        let parts = specification.document().build();
        let text = |part: &[u8]| String::from_utf8(part.to_vec()).unwrap();
        (text(&parts.document), text(&parts.styles), text(&parts.footers[0]))
    }

    #[test]
    fn the_file_has_headings_tables_version_fingerprint_and_sign_off() {
        let (document, styles, footer) = parts(&sample());
        for words in [
            "需求规格说明书",
            "R12 支付模块支持退款",
            "客服少接一半退款电话",
            "交付标准",
            "版本记录",
            "C3 支持部分退款",
            "签字确认人",
            "王女士",
            &sample().fingerprint,
        ] {
            assert!(document.contains(words), "{words}");
        }
        assert_eq!(document.matches("<w:tbl>").count(), 5);
        assert_eq!(document.matches("w:val=\"Heading1\"").count(), 4);
        assert!(styles.contains("heading 1"));
        assert!(footer.contains("R12 V2 · 指纹 3f2a 9c1b 77d0 e4a5"));
        assert!(!document.contains("空的"));
    }

    #[test]
    fn what_people_typed_is_text() {
        let mut odd = sample();
        odd.sections[0].rows[0].1 = "<w:p/> & \"引号\" \u{0}\u{8}\u{ffff} 😀".into();
        let (document, ..) = parts(&odd);
        assert!(document.contains("&lt;w:p/&gt; &amp; "), "{document}");
        assert!(document.contains("😀"));
        assert!(!document.contains(['\u{0}', '\u{8}', '\u{ffff}']));
    }

    #[test]
    fn the_file_is_a_zip() {
        let bytes = sample().docx().unwrap();
        assert!(bytes.starts_with(b"PK\x03\x04"));
        if let Ok(path) = std::env::var("SPECIFICATION_SAMPLE") {
            std::fs::write(path, bytes).unwrap();
        }
    }
}
