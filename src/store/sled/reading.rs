//! Reading what is on disk.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use sled::{Db, IVec};
use tokio::sync::OwnedRwLockReadGuard;

use super::{
    disk::Disk,
    keys::{KeyBytes, Kind, STATE},
    state::State,
    value,
    writer::Shared,
};
use crate::store::Findings;

/// What is on disk at one moment: as long as this is held, the writer waits.
pub(super) struct Reading {
    pub(super) shared: Arc<Shared>,
    _guard: OwnedRwLockReadGuard<()>,
}

impl Reading {
    pub(super) fn new(shared: Arc<Shared>, guard: OwnedRwLockReadGuard<()>) -> Result<Self> {
        if let Some(why) = shared.failed.get() {
            return Err(anyhow!("a write failed, the store must be opened anew: {why}"));
        }
        Ok(Self { shared, _guard: guard })
    }

    pub(super) fn db(&self) -> &Db {
        &self.shared.disk.db
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        value::read(key, |key| self.db().get(key))
    }

    pub(super) fn keys(&self, prefix: &[u8]) -> impl DoubleEndedIterator<Item = Result<IVec>> + use<> {
        self.db().scan_prefix(prefix).keys().map(|key| Ok(key?))
    }

    pub(super) fn values<'a>(
        &'a self,
        prefix: &KeyBytes,
    ) -> impl Iterator<Item = Result<(IVec, Vec<u8>)>> + use<'a> {
        self.values_from(prefix.clone(), prefix)
    }

    /// The keys and values from `first` on, as long as the keys begin with `prefix`.
    pub(super) fn values_from<'a>(
        &'a self,
        first: KeyBytes,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(IVec, Vec<u8>)>> + use<'a> {
        let prefix = prefix.to_vec();
        self.db()
            .range(first.0..)
            .take_while(move |row| row.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix)))
            .map(|row| {
                let (key, head) = row?;
                let value = value::decode(&key, &head, |key| self.db().get(key))?;
                Ok((key, value))
            })
    }
}

/// What a key tells; it fails only if something else than this program wrote the key.
pub(super) fn understood<T>(read: Option<T>) -> Result<T> {
    read.context("a key of the store cannot be read")
}

/// What there is, by its keys alone.
pub(super) fn survey(disk: &Disk, warnings: Vec<String>) -> Result<Findings> {
    Ok(Findings {
        rows: count(&disk.db, Kind::Row)?,
        projects: count(&disk.db, Kind::Version)?,
        outgoing: count(&disk.db, Kind::Outgoing)?,
        bytes: disk.bytes()?,
        warnings,
    })
}

fn count(db: &Db, kind: Kind) -> Result<u64> {
    let mut count = 0;
    for key in db.scan_prefix(kind.key()).keys() {
        key?;
        count += 1;
    }
    Ok(count)
}

/// The state of the store in this sled; `None` if it is empty.
pub(super) fn read_state(db: &Db) -> Result<Option<State>> {
    if let Some(state) = value::read(STATE, |key| db.get(key))? {
        return State::parse(&state).map(Some);
    }
    ensure!(db.iter().next().is_none(), "the store's state row is missing; this is no store of this program");
    Ok(None)
}
