//! A table as CSV that Excel opens by a double click: UTF-8 with its mark, commas, CRLF.

use std::io::{Cursor, Write};

use jiff::tz::TimeZone;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{Table, is_formula, worded};
use crate::dossier::Cell;

/// By this Excel knows UTF-8.
const MARK: &str = "\u{feff}";

impl Table {
    /// Its name as a file.
    pub fn csv_name(&self) -> String {
        format!("{}.csv", self.name)
    }

    /// The table as CSV. Text that would be a formula has an apostrophe in front.
    pub fn csv(&self, zone: &TimeZone) -> String {
        let mut text = MARK.to_owned();
        let heads: Vec<String> = self.columns.iter().map(|column| quoted(&plain(column))).collect();
        line(&mut text, &heads);
        for row in &self.rows {
            let cells = (0..self.columns.len()).map(|at| match row.get(at).unwrap_or(&Cell::Empty) {
                Cell::Text(text) => quoted(&plain(text)),
                cell => worded(cell, zone),
            });
            line(&mut text, &cells.collect::<Vec<_>>());
        }
        text
    }
}

/// Tables as CSV files in one archive.
///
/// # Errors
/// It cannot be made.
pub fn csv_archive(tables: &[Table], zone: &TimeZone) -> anyhow::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for table in tables {
        archive.start_file(table.csv_name(), SimpleFileOptions::default())?;
        archive.write_all(table.csv(zone).as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

fn line(text: &mut String, cells: &[String]) {
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

fn plain(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn what_people_typed_is_quoted_and_no_formula() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(
            sample().csv(&zone),
            "\u{feff}编号,标题,截止,人天,完成日,公开\r\n\
             R1,'=1+1,2026-12-04 18:00,,,\r\n\
             R2,\"说\"\"好\"\",\n**换行**\",,-1.5,2026-12-05,是\r\n"
        );
        for text in ["=a", "+a", "-a", "@a", "\ta", "\ra", "＝a", "－2 天"] {
            assert_eq!(plain(text), format!("'{text}"));
        }
        assert_eq!((quoted(&plain("\ra")), quoted("a b")), ("\"'\ra\"".into(), "a b".into()));
    }
}
