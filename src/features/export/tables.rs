//! Projects as tables: a sheet of projects, then one for each kind of record.

use std::{borrow::Cow, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::{
    dossier::{Cell, Dossier, Kind, Named, Project, Record},
    features::{
        KINDS,
        customer::{Customer, File},
    },
    report::table::{Table, markdown},
};

/// Whose records are told, and to whom.
#[derive(Clone, Copy)]
pub struct Scope {
    /// What is internal too.
    pub internal: bool,
    /// Of this kind alone, without the sheet of projects.
    pub letter: Option<char>,
}

/// The fields in which a kind may keep when a record was made, the better one first.
const MADE: [&str; 5] = ["told_at", "created_at", "opened_at", "filed_at", "at"];

/// These dossiers as tables, those of one kind together, in the order of [`KINDS`]. A kind without records has none;
/// neither have the bot's own notes, which have no fields that people know.
pub fn tables(dossiers: &[Dossier], scope: Scope) -> Vec<Table> {
    let mut tables = Vec::new();
    if scope.letter.is_none() {
        tables.push(projects(dossiers, scope.internal));
    }
    for kind in KINDS.iter().filter(|kind| scope.letter.is_none_or(|letter| letter == kind.letter)) {
        let mut table = Table::new(kind.name);
        for dossier in dossiers {
            for record in told(dossier, scope).filter(|record| record.key().letter == kind.letter) {
                table.add(row(record.as_ref(), dossier, scope.internal));
            }
        }
        if !table.rows.is_empty() {
            tables.push(table.without_empty_columns());
        }
    }
    tables
}

/// How many records the tables of this dossier have.
pub fn count(dossier: &Dossier, scope: Scope) -> usize {
    let of_kind = |record: &&Arc<dyn Record>| scope.letter.is_none_or(|letter| letter == record.key().letter);
    told(dossier, scope).filter(of_kind).count()
}

/// One project as a Markdown document.
pub fn document(dossier: &Dossier, scope: Scope, zone: &TimeZone) -> String {
    let title = name_of(dossier).unwrap_or(Customer::NAME);
    let tables = tables(std::slice::from_ref(dossier), scope).into_iter();
    // The project of all of them is the title.
    let tables =
        tables.filter(|table| !table.rows.is_empty()).map(|table| table.without_column(Project::NAME));
    markdown(title, &tables.collect::<Vec<_>>(), zone)
}

/// What people call the project; of a customer's file, the customer.
fn name_of(dossier: &Dossier) -> Option<&str> {
    let project = dossier.founded().map(|project| project.name.as_str());
    project.or(dossier.find::<File>(0).map(|file| file.customer.as_str()))
}

/// The records that have a row of their own.
fn told(dossier: &Dossier, scope: Scope) -> impl Iterator<Item = &Arc<dyn Record>> {
    let is_told = move |record: &&Arc<dyn Record>| {
        record.key().number > 0 && !record.fields().is_empty() && (scope.internal || record.shared())
    };
    dossier.records().map(|(_, record)| record).filter(is_told)
}

/// The projects themselves, with what there is only one of in each.
fn projects(dossiers: &[Dossier], internal: bool) -> Table {
    let mut table = Table::new(Project::NAME);
    for dossier in dossiers {
        let Some(project) = dossier.founded() else { continue };
        let mut cells: Vec<Named> = vec![(Cow::Borrowed(Project::NAME), project.name.as_str().into())];
        let singles =
            dossier.records().filter(|(key, record)| key.number == 0 && (internal || record.shared()));
        cells.extend(singles.flat_map(|(_, record)| record.cells(internal)));
        cells.push(("建立时间".into(), project.created_at.into()));
        table.add(cells);
    }
    table.without_empty_columns()
}

/// A record's row: the columns of every table, then its own.
fn row(record: &dyn Record, dossier: &Dossier, internal: bool) -> Vec<Named> {
    let value = record.encode();
    let project = name_of(dossier);
    let mut cells: Vec<Named> = vec![
        (Cow::Borrowed(Project::NAME), project.into()),
        ("编号".into(), record.key().to_string().into()),
        ("标题".into(), record.title().into()),
        ("状态".into(), record.state().into()),
        ("负责".into(), Cell::read(value.get("owner"))),
        ("截止".into(), due(&value)),
        ("提出人".into(), Cell::read(value.get("by"))),
        ("提出时间".into(), made(&value).into()),
    ];
    if internal && dossier.founded().is_some() {
        cells.push(("客户可见".into(), record.shared().into()));
        let next = record.open(dossier).into_iter().min_by_key(|open| open.due.unwrap_or(Timestamp::MAX));
        cells.push(("下一步".into(), next.as_ref().map(|open| open.what.as_str()).into()));
        cells.push(("下一步时限".into(), next.and_then(|open| open.due).into()));
    }
    cells.extend(record.cells(internal));
    cells
}

/// Until when it is to be done; a record keeps a date, or the clock that runs until then.
fn due(value: &Value) -> Cell {
    let due = value.get("due");
    Cell::read(due.and_then(|due| due.get("due")).or(due))
}

fn made(value: &Value) -> Option<Timestamp> {
    MADE.iter().find_map(|field| value.get(field)?.as_str()?.parse().ok())
}
