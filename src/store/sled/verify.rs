//! Reads everything: every checksum, every value that has a form, every index against what it indexes.

use anyhow::{Context, Result};

use super::{
    keys::{self, Kind, STATE, describe},
    reading::{Reading, understood},
    state::State,
    value,
    writes::{self, ChatRoom, Told},
};
use crate::store::{DeadLetter, Entry, Findings, Outgoing};

/// So many sentences are enough to know that a copy must be restored.
const MOST_WARNINGS: usize = 20;

/// Checks the whole store. The writer waits meanwhile: under a second for a hundred thousand rows.
pub(super) fn verify(reading: &Reading) -> Result<Findings> {
    let mut findings = Findings { bytes: reading.shared.disk.bytes()?, ..Findings::default() };
    let mut wrong = 0_usize;
    for row in reading.db().iter() {
        // Only sled itself fails here; what lies behind cannot be reached.
        let (key, row) = row.context("sled cannot read its files")?;
        match Kind::of(&key) {
            Some(Kind::Row) => findings.rows += 1,
            Some(Kind::Version) => findings.projects += 1,
            Some(Kind::Outgoing) => findings.outgoing += 1,
            _ => {}
        }
        if let Err(error) = check(reading, &key, &row) {
            wrong += 1;
            if wrong <= MOST_WARNINGS {
                findings.warnings.push(format!("{error:#}"));
            }
        }
    }
    if reading.get(STATE).is_ok_and(|state| state.is_none()) {
        findings.warnings.push("the store's state row is missing".to_owned());
    }
    if wrong > MOST_WARNINGS {
        findings.warnings.push(format!("and {} more like these", wrong - MOST_WARNINGS));
    }
    Ok(findings)
}

fn check(reading: &Reading, key: &[u8], row: &[u8]) -> Result<()> {
    let kind = Kind::of(key).with_context(|| format!("{} is of no use", describe(key)))?;
    if kind == Kind::Rest {
        return check_rest(reading, key, row);
    }
    let value = value::decode(key, row, |key| reading.db().get(key))?;
    check_value(reading, kind, key, &value).with_context(|| describe(key))
}

fn check_rest(reading: &Reading, key: &[u8], row: &[u8]) -> Result<()> {
    value::check_rest(key, row)?;
    let (of, part) = value::read_rest_key(key).with_context(|| describe(key))?;
    let head = reading.db().get(of)?;
    let belongs = head.is_some_and(|head| value::parts(of, &head).is_ok_and(|parts| part < parts));
    belongs.then_some(()).with_context(|| format!("{} belongs to nothing", describe(key)))
}

fn check_value(reading: &Reading, kind: Kind, key: &[u8], value: &[u8]) -> Result<()> {
    let there = |other: &[u8]| -> Result<()> {
        let there = reading.db().contains_key(other)?;
        there.then_some(()).with_context(|| format!("{} is missing beside it", describe(other)))
    };
    match kind {
        Kind::State => State::parse(value).map(drop),
        Kind::Version => writes::read_u64(value).map(drop),
        Kind::Row => there(&Kind::Version.key().project(understood(keys::read_row(key))?.project)),
        Kind::Wake => {
            let (_, row) = understood(keys::read_wake(key))?;
            there(&Kind::WakeOf.key().row(row))
        }
        Kind::WakeOf => {
            let row = understood(keys::read_row(key))?;
            there(&Kind::Wake.key().time(writes::time(value)?).row(row))
        }
        Kind::Log => value::parse::<Entry>(value).map(drop),
        Kind::LogOf => {
            let row = understood(keys::read_row(key))?;
            let number = understood(keys::read_number(key))?;
            there(&Kind::Log.key().project(row.project).number(number))
        }
        Kind::Seen => there(&Kind::SeenUntil.key().time(writes::time(value)?).tail(&key[1..])),
        Kind::SeenUntil => there(&Kind::Seen.key().tail(&key[1 + keys::TIME..])),
        Kind::About => {
            there(&Kind::AboutUntil.key().time(value::parse::<Told>(value)?.until).tail(&key[1..]))
        }
        Kind::AboutUntil => there(&Kind::About.key().tail(&key[1 + keys::TIME..])),
        Kind::Outgoing => value::parse::<Outgoing>(value).map(drop),
        Kind::DeadLetter => value::parse::<DeadLetter>(value).map(drop),
        Kind::ChatRoom => value::parse::<ChatRoom>(value).map(drop),
        Kind::ChatLine => {
            let (name, _) = keys::split_name(value).context("it has no name")?;
            let (room, _) = understood(key.get(1..).and_then(keys::split_name))?;
            there(&Kind::ChatKey.key().tail(room).tail(name))
        }
        Kind::ChatKey => {
            let (room, _) = understood(key.get(1..).and_then(keys::split_name))?;
            there(&Kind::ChatLine.key().tail(room).number(writes::read_u64(value)?))
        }
        Kind::Rest => Ok(()),
    }
}
