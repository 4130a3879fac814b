//! Records as tables, and the files that hold them: Excel, CSV, Markdown. What people typed stays text in each: no
//! formula, no markup.

mod csv;
mod markdown;
mod xlsx;

use std::borrow::Cow;

use jiff::tz::TimeZone;

pub use csv::csv_archive;
pub use markdown::markdown;
pub use xlsx::xlsx;

use crate::dossier::{Cell, Named};

/// How a moment is written where a cell is text.
const MINUTE: &str = "%Y-%m-%d %H:%M";

/// A table with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What its rows are: `需求`.
    pub name: &'static str,
    /// The heads of its columns.
    pub columns: Vec<Cow<'static, str>>,
    /// Its rows; one may be shorter than the heads.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(name: &'static str) -> Self {
        Self { name, columns: Vec::new(), rows: Vec::new() }
    }

    /// One more row; a column that was not there before comes last.
    pub fn add(&mut self, cells: impl IntoIterator<Item = Named>) {
        let mut row = vec![Cell::Empty; self.columns.len()];
        for (name, cell) in cells {
            let column = match self.columns.iter().position(|column| *column == name) {
                Some(column) => column,
                None => {
                    self.columns.push(name);
                    row.push(Cell::Empty);
                    self.columns.len() - 1
                }
            };
            row[column] = cell;
        }
        self.rows.push(row);
    }

    /// The same without the columns in which nothing stands.
    pub fn without_empty_columns(self) -> Self {
        self.with_columns(|table, column| !table.column(column).all(Cell::is_empty))
    }

    /// The same without the column of this name.
    pub fn without_column(self, name: &str) -> Self {
        self.with_columns(|table, column| table.columns[column] != name)
    }

    fn with_columns(self, wanted: impl Fn(&Self, usize) -> bool) -> Self {
        let filled: Vec<usize> = (0..self.columns.len()).filter(|column| wanted(&self, *column)).collect();
        let columns = filled.iter().map(|column| self.columns[*column].clone()).collect();
        let kept =
            |row: &Vec<Cell>| filled.iter().map(|at| row.get(*at).cloned().unwrap_or(Cell::Empty)).collect();
        Self { name: self.name, columns, rows: self.rows.iter().map(kept).collect() }
    }

    fn column(&self, column: usize) -> impl Iterator<Item = &Cell> {
        self.rows.iter().map(move |row| row.get(column).unwrap_or(&Cell::Empty))
    }
}

/// A cell in words.
fn worded(cell: &Cell, zone: &TimeZone) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::At(at) => at.to_zoned(zone.clone()).strftime(MINUTE).to_string(),
        Cell::Flag(flag) => if *flag { "是" } else { "否" }.to_owned(),
    }
}

/// Whether a program that calculates would take this text for a formula.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
pub(crate) fn sample() -> Table {
    let mut table = Table::new("需求");
    table.add([
        ("编号".into(), "R1".into()),
        ("标题".into(), "=1+1".into()),
        ("截止".into(), "2026-12-04T10:00:00Z".parse::<jiff::Timestamp>().unwrap().into()),
        ("空的".into(), Cell::Empty),
    ]);
    table.add([
        ("编号".into(), "R2".into()),
        ("标题".into(), "说\"好\",\n**换行**".into()),
        ("人天".into(), (-1.5).into()),
        ("完成日".into(), "2026-12-05".parse::<jiff::civil::Date>().unwrap().into()),
        ("公开".into(), true.into()),
    ]);
    table.without_empty_columns()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_as_rows_need_them_and_empty_ones_go() {
        let table = sample();
        assert_eq!(table.columns, ["编号", "标题", "截止", "人天", "完成日", "公开"]);
        assert!(table.rows.iter().all(|row| row.len() == 6));
    }
}
