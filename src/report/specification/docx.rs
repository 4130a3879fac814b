//! A specification as a Word file.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, BreakType, Docx, Footer, LineSpacing, NumPages, PageMargin, PageNum, Paragraph, Run,
    RunFonts, Shading, Style, StyleType, Table, TableCell, TableLayoutType, TableRow, WidthType,
};

use super::Specification;

/// Fonts that Word, WPS and LibreOffice have or replace by one of the same kind.
const LATIN: &str = "Calibri";
const CHINESE: &str = "宋体";
const CHINESE_HEADING: &str = "黑体";
/// A4 in twentieths of a point, and the text's width between its margins.
const PAGE: (u32, u32) = (11_906, 16_838);
const TEXT_WIDTH: usize = 9_026;
/// The width of a table's first column where it holds names.
const NAMES: usize = 2_200;

impl Specification {
    /// The whole document as a `.docx` file.
    ///
    /// # Errors
    /// The file could not be packed; in memory that does not happen.
    pub fn docx(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        self.document().pack(&mut bytes).map_err(std::io::Error::other)?;
        Ok(bytes.into_inner())
    }

    fn document(&self) -> Docx {
        let mut docx = Docx::new()
            .page_size(PAGE.0, PAGE.1)
            .page_margin(PageMargin {
                top: 1_440,
                left: 1_440,
                bottom: 1_440,
                right: 1_440,
                header: 851,
                footer: 851,
                gutter: 0,
            })
            .default_fonts(fonts(CHINESE))
            .default_size(21)
            .add_style(heading("Title", "Title", 36, None))
            .add_style(heading("Heading1", "heading 1", 28, Some(0)))
            .footer(self.footer())
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

    fn footer(&self) -> Footer {
        let words = format!("{} V{} · 指纹 {} · 第 ", self.id, self.version, self.short_fingerprint());
        Footer::new().add_paragraph(
            Paragraph::new()
                .align(AlignmentType::Center)
                .add_run(Run::new().add_text(words))
                .add_page_num(PageNum::new())
                .add_run(Run::new().add_text(" / "))
                .add_num_pages(NumPages::new())
                .add_run(Run::new().add_text(" 页")),
        )
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

fn fonts(chinese: &str) -> RunFonts {
    RunFonts::new().ascii(LATIN).hi_ansi(LATIN).cs(LATIN).east_asia(chinese)
}

/// A style of Word's own name, so that it shows in its navigation.
fn heading(id: &str, name: &str, size: usize, level: Option<usize>) -> Style {
    let style = Style::new(id, StyleType::Paragraph)
        .name(name)
        .based_on("Normal")
        .q_format(true)
        .size(size)
        .bold()
        .fonts(fonts(CHINESE_HEADING))
        .line_spacing(LineSpacing::new().before(240).after(120));
    match level {
        Some(level) => style.outline_lvl(level),
        None => style,
    }
}

fn titled(style: &str, text: &str) -> Paragraph {
    Paragraph::new().style(style).keep_next(true).add_run(Run::new().add_text(printable(text)))
}

/// A table of names and what stands behind them.
fn named_rows(rows: impl Iterator<Item = (String, String)>) -> Table {
    let rows = rows.map(|(name, text)| {
        TableRow::new(vec![name_cell(&name, NAMES), cell(&text, TEXT_WIDTH - NAMES, false)])
    });
    table(rows.collect(), vec![NAMES, TEXT_WIDTH - NAMES])
}

fn table(rows: Vec<TableRow>, widths: Vec<usize>) -> Table {
    Table::new(rows).set_grid(widths).width(TEXT_WIDTH, WidthType::Dxa).layout(TableLayoutType::Fixed)
}

fn name_cell(text: &str, width: usize) -> TableCell {
    cell(text, width, true).shading(Shading::new().fill("EDF1F5"))
}

fn cell(text: &str, width: usize, bold: bool) -> TableCell {
    let mut run = Run::new();
    for (number, line) in printable(text).lines().enumerate() {
        if number > 0 {
            run = run.add_break(BreakType::TextWrapping);
        }
        run = run.add_text(line);
    }
    if bold {
        run = run.bold();
    }
    TableCell::new().width(width, WidthType::Dxa).add_paragraph(Paragraph::new().add_run(run))
}

/// Text without the characters that XML 1.0 cannot hold; with one of them Word opens no file.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')))
        .collect()
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
