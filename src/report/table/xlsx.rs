//! Tables as an Excel file: a sheet each, the heads frozen and filtered, dates that are dates.

use anyhow::{Context, Result, ensure};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::{Table, is_formula, worded};
use crate::dossier::Cell;

/// What Excel holds in one cell, in UTF-16 units.
const LONGEST: usize = 32_767;
/// Ends a text that is longer.
const CUT: &str = "……（全文见 JSON 导出）";
/// What Excel holds in one sheet, the heads included.
const MOST_ROWS: usize = 1_048_576;
/// Excel's number of the paper.
const A4: u8 = 9;
/// The height of a line, in points.
const LINE: f64 = 15.0;
/// A row is never higher: what is longer is read in the cell.
const MOST_LINES: usize = 12;
/// Widths of columns in characters: a Chinese one takes two.
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=50;

/// The tables as an Excel file that says it was made at `at`.
///
/// # Errors
/// A table has more rows than a sheet.
pub fn xlsx(tables: &[Table], zone: &TimeZone, at: Timestamp) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    // The bot's clock, not the system's: the same export is the same file.
    if let Some(made) = serial(at.to_zoned(TimeZone::UTC).datetime())? {
        book.set_properties(&DocProperties::new().set_author("jiuding").set_creation_datetime(&made));
    }
    for table in tables {
        let sheet = book.add_worksheet();
        ensure!(table.rows.len() < MOST_ROWS, "{} has more rows than an Excel sheet; use CSV", table.name);
        fill(sheet, table, zone).with_context(|| format!("the sheet {}", table.name))?;
    }
    book.save_to_buffer().context("an Excel file cannot be made")
}

fn fill(sheet: &mut Worksheet, table: &Table, zone: &TimeZone) -> Result<()> {
    let top = || Format::new().set_align(FormatAlign::Top);
    let head = top().set_bold().set_background_color(Color::RGB(0x00DD_EBF7));
    let text = top().set_text_wrap();
    let number = top();
    // Without it Excel would take the text for a formula as soon as somebody edits the cell.
    let formula = top().set_text_wrap().set_quote_prefix();
    let day = top().set_align(FormatAlign::Left).set_num_format("yyyy-mm-dd");
    let minute = top().set_align(FormatAlign::Left).set_num_format("yyyy-mm-dd hh:mm");
    sheet.set_name(table.name)?;
    let mut widths = Vec::new();
    for (name, column) in table.columns.iter().zip(0_u16..) {
        sheet.write_string_with_format(0, column, fitting(name), &head)?;
        let width = table.column(column.into()).map(|cell| width(&worded(cell, zone)));
        let width = width.max().unwrap_or(0).max(width_of_head(name)).clamp(*WIDTHS.start(), *WIDTHS.end());
        sheet.set_column_width(column, f64::from(u32::try_from(width)?))?;
        widths.push(width);
    }
    for (row, line) in table.rows.iter().zip(1_u32..) {
        let lines = row.iter().zip(&widths).map(|(cell, width)| lines(&worded(cell, zone), *width)).max();
        if let Some(lines @ 2..) = lines {
            sheet.set_row_height(line, LINE * f64::from(u32::try_from(lines.min(MOST_LINES))?))?;
        }
        for (cell, column) in row.iter().zip(0_u16..) {
            let local = match cell {
                Cell::Day(date) => serial(date.at(0, 0, 0, 0))?.map(|at| (at, &day)),
                Cell::At(at) => serial(at.to_zoned(zone.clone()).datetime())?.map(|at| (at, &minute)),
                Cell::Empty | Cell::Text(_) | Cell::Number(_) | Cell::Flag(_) => None,
            };
            match (cell, local) {
                (Cell::Empty, _) => continue,
                (_, Some((at, format))) => sheet.write_datetime_with_format(line, column, &at, format)?,
                (Cell::Number(value), _) => sheet.write_number_with_format(line, column, *value, &number)?,
                (Cell::Text(words), _) if is_formula(words) => {
                    sheet.write_string_with_format(line, column, fitting(words), &formula)?
                }
                (cell, None) => {
                    sheet.write_string_with_format(line, column, fitting(&worded(cell, zone)), &text)?
                }
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    // On paper: across, all columns on one page, the heads on each.
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    if let Some(last) = table.columns.len().checked_sub(1) {
        sheet.autofilter(0, 0, u32::try_from(table.rows.len())?, u16::try_from(last)?)?;
    }
    Ok(())
}

/// The moment as Excel counts it; `None` before 1900 and after 9999, which it does not know.
fn serial(at: DateTime) -> Result<Option<ExcelDateTime>, XlsxError> {
    let (Ok(year @ 1900..), Ok(month), Ok(day)) =
        (u16::try_from(at.year()), u8::try_from(at.month()), u8::try_from(at.day()))
    else {
        return Ok(None);
    };
    let number = |part: i8| u16::try_from(part).unwrap_or(0);
    let second = f64::from(at.second());
    let minute = u8::try_from(at.minute()).unwrap_or(0);
    ExcelDateTime::from_ymd(year, month, day)?.and_hms(number(at.hour()), minute, second).map(Some)
}

/// The text as a cell can hold it: not too long, and without characters that XML does not know.
fn fitting(text: &str) -> String {
    let known =
        |c: &char| matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    let text: String = text.chars().filter(known).collect();
    if text.encode_utf16().count() <= LONGEST {
        return text;
    }
    let mut room = LONGEST - CUT.encode_utf16().count();
    let fits = |c: &char| {
        let left = room.checked_sub(c.len_utf16());
        room = left.unwrap_or(0);
        left.is_some()
    };
    text.chars().take_while(fits).chain(CUT.chars()).collect()
}

/// How wide the longest line of a text is.
fn width(text: &str) -> usize {
    let wide = |line: &str| line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>() + 2;
    text.lines().map(wide).max().unwrap_or(0)
}

/// How many lines a text takes in a column of this width.
fn lines(text: &str, column: usize) -> usize {
    text.lines().map(|line| width(line).div_ceil(column)).sum()
}

/// The same with room for the filter's button.
fn width_of_head(text: &str) -> usize {
    width(text) + 3
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::{super::sample, *};

    fn parts(tables: &[Table]) -> (String, String, String) {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let book = xlsx(tables, &zone, "2026-11-23T01:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(
            book,
            xlsx(tables, &zone, "2026-11-23T01:00:00Z".parse().unwrap()).unwrap(),
            "always the same"
        );
        let mut zip = zip::ZipArchive::new(Cursor::new(book)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        (part("xl/worksheets/sheet1.xml"), part("xl/sharedStrings.xml"), part("xl/styles.xml"))
    }

    #[test]
    fn text_is_no_formula_dates_are_dates_and_the_heads_are_frozen() {
        let (sheet, strings, styles) = parts(&[sample()]);
        assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "{sheet}");
        assert!(strings.contains("<t>=1+1</t>"), "{strings}");
        assert!(styles.contains("quotePrefix=\"1\""), "{styles}");
        assert!(sheet.contains("<pane ySplit=\"1\" topLeftCell=\"A2\""), "{sheet}");
        assert!(sheet.contains("<autoFilter ref=\"A1:F3\"/>"), "{sheet}");
        // 2026-12-04 18:00 in Shanghai and 2026-12-05 as Excel counts days; neither is text.
        assert!(sheet.contains("<c r=\"C2\" s=\"4\"><v>46360.75</v></c>"), "{sheet}");
        assert!(sheet.contains("<c r=\"E3\" s=\"6\"><v>46361</v></c>"), "{sheet}");
        assert!(styles.contains("yyyy\\-mm\\-dd") || styles.contains("yyyy-mm-dd"), "{styles}");
    }

    #[test]
    fn a_text_of_any_size_and_any_characters_fits() {
        for text in ["长".repeat(40_000), "😀".repeat(20_000)] {
            let cut = fitting(&text);
            assert!((LONGEST - 1..=LONGEST).contains(&cut.encode_utf16().count()) && cut.ends_with(CUT));
        }
        assert_eq!(fitting("a\u{0}\u{b}\u{ffff}b\n\t_x0041_"), "ab\n\t_x0041_");
        let mut table = Table::new("需求");
        table.add([("标题".into(), "_x0041_<a>&\u{1}".into())]);
        assert!(parts(&[table]).1.contains("_x005F_x0041_&lt;a&gt;&amp;<"), "no other text when it is read");
    }
}
