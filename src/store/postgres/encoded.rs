//! A decision as columns: each table takes all that comes to it in one statement, as arrays.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::Value;

use super::{columns::Columns, leases::lane_of};
use crate::store::{Commit, Entry, Key, Outgoing, ProjectId, RowKey, name};

/// A moment as the tables keep it: seconds since 1970 and the nanoseconds beside them. Both sort as the moment does.
pub(super) fn split(at: Timestamp) -> (i64, i32) {
    (at.as_second(), at.subsec_nanosecond())
}

/// The moment of two columns.
pub(super) fn joined(at: i64, nanos: i32) -> Result<Timestamp> {
    Timestamp::new(at, nanos).context("a stored time is no time")
}

/// A number as the tables keep it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A record's place in three columns.
pub(super) fn place(row: RowKey) -> (i64, String, i64) {
    (row.project.0.into(), row.key.letter.to_string(), row.key.number.into())
}

/// The record of three columns.
pub(super) fn placed(project: i64, letter: &str, number: i64) -> Result<RowKey> {
    let letter = letter.chars().next().context("a stored record has no letter")?;
    let project = ProjectId(u32::try_from(project).context("a stored project has no number")?);
    let number = u32::try_from(number).context("a stored record has no number")?;
    Ok(RowKey { project, key: Key { letter, number } })
}

/// Many places.
#[derive(Default)]
pub(super) struct Places {
    pub(super) projects: Vec<i64>,
    pub(super) letters: Vec<String>,
    pub(super) numbers: Vec<i64>,
}

impl Places {
    pub(super) fn push(&mut self, row: RowKey) {
        let (project, letter, number) = place(row);
        self.projects.push(project);
        self.letters.push(letter);
        self.numbers.push(number);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.projects.is_empty()
    }
}

/// Many moments.
#[derive(Default)]
pub(super) struct Moments {
    pub(super) at: Vec<i64>,
    pub(super) nanos: Vec<i32>,
}

impl Moments {
    pub(super) fn push(&mut self, moment: Timestamp) {
        let (at, nanos) = split(moment);
        self.at.push(at);
        self.nanos.push(nanos);
    }
}

/// Rows with everything that is read off them.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) at: Places,
    pub(super) values: Vec<Vec<u8>>,
    pub(super) bodies: Vec<Option<Value>>,
    pub(super) titles: Vec<Option<String>>,
    pub(super) states: Vec<Option<String>>,
    pub(super) owners: Vec<Option<String>>,
    pub(super) owner_ids: Vec<Option<String>>,
    pub(super) dues: Vec<Option<String>>,
}

impl Rows {
    pub(super) fn push(&mut self, row: RowKey, value: Vec<u8>) {
        let Columns { body, title, state, owner, owner_id, due } = Columns::of(&value);
        self.at.push(row);
        self.values.push(value);
        self.bodies.push(body);
        self.titles.push(title);
        self.states.push(state);
        self.owners.push(owner);
        self.owner_ids.push(owner_id);
        self.dues.push(due);
    }
}

/// Log entries, and which records they changed. Their numbers come from the database.
#[derive(Default)]
pub(super) struct Log {
    pub(super) projects: Vec<i64>,
    pub(super) times: Vec<Option<String>>,
    pub(super) entries: Vec<String>,
    /// Which entry of these, and what it changed.
    pub(super) of: Vec<(usize, RowKey)>,
}

impl Log {
    pub(super) fn push(&mut self, project: ProjectId, entry: &Entry) -> Result<()> {
        self.push_written(project, entry, serde_json::to_string(entry)?);
        Ok(())
    }

    /// The same with the entry as it was written elsewhere.
    pub(super) fn push_written(&mut self, project: ProjectId, entry: &Entry, written: String) {
        let index = self.projects.len();
        self.projects.push(project.0.into());
        self.times.push((entry.at.as_second() >= 0).then(|| entry.at.to_string()));
        self.entries.push(written);
        let keys: BTreeSet<Key> = entry.changes.iter().map(|change| change.key).collect();
        self.of.extend(keys.into_iter().map(|key| (index, RowKey { project, key })));
    }
}

/// Messages on their way out. Their ids come from the database.
#[derive(Default)]
pub(super) struct Messages {
    pub(super) messages: Vec<String>,
    pub(super) tries: Vec<i64>,
    pub(super) bundled: Vec<String>,
    pub(super) targets: Vec<Vec<u8>>,
}

impl Messages {
    pub(super) fn push(&mut self, outgoing: &Outgoing) -> Result<()> {
        self.messages.push(serde_json::to_string(&Outgoing { bundled: Vec::new(), ..outgoing.clone() })?);
        self.tries.push(outgoing.tries.into());
        self.bundled.push(serde_json::to_string(&outgoing.bundled)?);
        self.targets.push(lane_of(&outgoing.to)?);
        Ok(())
    }
}

/// The largest decision in bytes. Far below what one statement can carry: a statement that could not be sent would be
/// missing before the `COMMIT` that is sent behind it.
const LARGEST: usize = 256 * 1024 * 1024;

/// A decision.
#[derive(Default)]
pub(super) struct Encoded {
    /// In order, so that two commits never wait for each other.
    pub(super) marks: Vec<Vec<u8>>,
    pub(super) until: Moments,
    pub(super) guards: Vec<(ProjectId, u64)>,
    pub(super) rows: Rows,
    pub(super) removed: Places,
    pub(super) wakes: Places,
    pub(super) wakes_at: Moments,
    pub(super) asleep: Places,
    pub(super) log: Log,
    pub(super) outgoing: Messages,
}

impl Encoded {
    /// Encodes a decision.
    ///
    /// # Errors
    /// A row is written without its guard, or there is too much of it.
    pub(super) fn new(commit: Commit) -> Result<Self> {
        let Commit { seen, guards, rows, wakes, log, outgoing } = commit;
        let mut encoded = Self::default();
        let seen: BTreeMap<Vec<u8>, Timestamp> =
            seen.iter().map(|mark| (name::short(&mark.key), mark.until)).collect();
        for (mark, until) in seen {
            encoded.marks.push(mark);
            encoded.until.push(until);
        }
        encoded.guards = guards;
        encoded.guards.sort_unstable();
        encoded.guards.dedup();
        // A later word on the same row counts.
        for (row, value) in rows.into_iter().collect::<BTreeMap<_, _>>() {
            let guarded = encoded.guards.iter().any(|(project, _)| *project == row.project);
            ensure!(guarded, "a row of project {} is written unguarded", row.project.0);
            match value {
                Some(value) => encoded.rows.push(row, value),
                None => encoded.removed.push(row),
            }
        }
        for (row, after) in wakes.iter().map(|change| (change.row, change.after)).collect::<BTreeMap<_, _>>()
        {
            match after {
                Some(after) => {
                    encoded.wakes.push(row);
                    encoded.wakes_at.push(after);
                }
                None => encoded.asleep.push(row),
            }
        }
        for (project, entry) in &log {
            encoded.log.push(*project, entry)?;
        }
        for outgoing in &outgoing {
            encoded.outgoing.push(outgoing)?;
        }
        let texts = [&encoded.log.entries, &encoded.outgoing.messages, &encoded.outgoing.bundled];
        let texts = texts.into_iter().flatten().map(String::len);
        let bytes =
            encoded.rows.values.iter().chain(&encoded.marks).map(Vec::len).chain(texts).sum::<usize>();
        ensure!(bytes < LARGEST, "a decision has {bytes} bytes, which is more than the store takes at once");
        Ok(encoded)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_moment_comes_back_and_sorts_as_it_did(
            one in (-9_999_999_999_i64..9_999_999_999, 0_i32..1_000_000_000),
            two in (-9_999_999_999_i64..9_999_999_999, 0_i32..1_000_000_000),
        ) {
            let moment = |(second, nanos): (i64, i32)| Timestamp::new(second, nanos).unwrap();
            let (one, two) = (moment(one), moment(two));
            let (at, nanos) = split(one);
            prop_assert_eq!(joined(at, nanos).unwrap(), one);
            prop_assert_eq!(split(one).cmp(&split(two)), one.cmp(&two));
        }
    }
}
