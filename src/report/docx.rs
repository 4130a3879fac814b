//! The pieces of our Word files: a page with its styles, headings, tables, and what people typed as text.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, BreakType, Docx, Footer, LineSpacing, NumPages, PageMargin, PageNum, Paragraph, Run,
    RunFonts, Shading, Style, StyleType, Table, TableCell, TableLayoutType, TableRow, WidthType,
};

/// Fonts that Word, WPS and LibreOffice have or replace by one of the same kind.
const LATIN: &str = "Calibri";
const CHINESE: &str = "宋体";
const CHINESE_HEADING: &str = "黑体";
/// A4 in twentieths of a point, and the text's width between its margins.
const PAGE: (u32, u32) = (11_906, 16_838);
pub(super) const TEXT_WIDTH: usize = 9_026;
/// The width of a table's first column where it holds names.
const NAMES: usize = 2_200;

/// An empty A4 document with our styles; at the foot of each page these words and its number.
pub(super) fn page(foot: &str) -> Docx {
    Docx::new()
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
        .footer(footer(foot))
}

/// The bytes of a document.
pub(super) fn packed(docx: Docx) -> std::io::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    docx.pack(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes.into_inner())
}

fn footer(words: &str) -> Footer {
    Footer::new().add_paragraph(
        Paragraph::new()
            .align(AlignmentType::Center)
            .add_run(Run::new().add_text(printable(&format!("{words} · 第 "))))
            .add_page_num(PageNum::new())
            .add_run(Run::new().add_text(" / "))
            .add_num_pages(NumPages::new())
            .add_run(Run::new().add_text(" 页")),
    )
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

pub(super) fn titled(style: &str, text: &str) -> Paragraph {
    Paragraph::new().style(style).keep_next(true).add_run(Run::new().add_text(printable(text)))
}

/// A table of names and what stands behind them.
pub(super) fn named_rows(rows: impl Iterator<Item = (String, String)>) -> Table {
    let rows = rows.map(|(name, text)| {
        TableRow::new(vec![name_cell(&name, NAMES), cell(&text, TEXT_WIDTH - NAMES, false)])
    });
    table(rows.collect(), vec![NAMES, TEXT_WIDTH - NAMES])
}

pub(super) fn table(rows: Vec<TableRow>, widths: Vec<usize>) -> Table {
    Table::new(rows).set_grid(widths).width(TEXT_WIDTH, WidthType::Dxa).layout(TableLayoutType::Fixed)
}

pub(super) fn name_cell(text: &str, width: usize) -> TableCell {
    cell(text, width, true).shading(Shading::new().fill("EDF1F5"))
}

pub(super) fn cell(text: &str, width: usize, bold: bool) -> TableCell {
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

/// A paragraph of words.
pub(super) fn words(text: &str) -> Paragraph {
    Paragraph::new().add_run(Run::new().add_text(printable(text)))
}
