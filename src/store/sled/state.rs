//! What the store knows of itself: the state row inside it, and the marker file beside it.
//!
//! A store whose files were lost, or that came back older than it was, looks like a healthy empty or
//! old one. So both sides know the store's id and how often it was written, and opening compares them:
//! a difference is an alarm, never a fresh start.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::value::FORMAT;
use crate::store::{Move, file::replace};

/// The row under [`STATE`](super::keys::STATE); written anew with every group of commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The format of the store as a whole.
    pub(super) format: u8,
    /// Which store this is, chosen at random when it was made.
    pub(super) store: String,
    /// How many groups of commits were written.
    pub(super) writes: u64,
    /// The newest id of an outgoing message. It only rises, so that an id is never given twice.
    pub(super) outgoing: u64,
    /// The newest number of a log entry.
    pub(super) log: u64,
    /// The move into this store that was not finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moving: Option<Move>,
}

impl State {
    /// The state of a store that was just made.
    pub(super) fn fresh() -> Result<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).context("no random bytes for the store's id")?;
        let store = id.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { format: FORMAT, store, writes: 0, outgoing: 0, log: 0, moving: None })
    }

    /// Reads the state row's value.
    ///
    /// # Errors
    /// It is damaged, or was written by a newer version of this program.
    pub(super) fn parse(value: &[u8]) -> Result<Self> {
        let state: Self = serde_json::from_slice(value).context("the store's state row cannot be read")?;
        ensure!(
            state.format <= FORMAT,
            "the store was written by a newer version of this program (format {}, this one knows {FORMAT})",
            state.format,
        );
        Ok(state)
    }
}

/// The marker file: what the store was when it was last opened or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    /// The store's id.
    store: String,
    /// How many groups of commits it held, at least.
    writes: u64,
}

impl Marker {
    /// Where the marker of the store in `folder` lies.
    pub(super) fn place(folder: &Path) -> PathBuf {
        folder.join("store.marker")
    }

    /// Reads the marker; `None` if there never was a store.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let place = Self::place(folder);
        let text = match fs::read(&place) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", place.display())),
        };
        let marker = serde_json::from_slice(&text);
        marker.map(Some).with_context(|| format!("{} is damaged; {}", place.display(), what_to_do(folder)))
    }

    /// Writes the marker of a store in this state.
    pub(super) fn write(folder: &Path, state: &State) -> Result<()> {
        let marker = Self { store: state.store.clone(), writes: state.writes };
        replace(&Self::place(folder), |file| Ok(serde_json::to_writer(file, &marker)?))
    }

    /// Compares with the store that was found; `None` where it was found empty.
    ///
    /// # Errors
    /// The store lost something.
    pub(super) fn compare(&self, folder: &Path, state: Option<&State>) -> Result<()> {
        let place = folder.display();
        let Some(state) = state else {
            bail!("the store in {place} is empty, but it held data before; {}", what_to_do(folder));
        };
        ensure!(
            state.store == self.store,
            "the store in {place} is another one than its marker file says; {}",
            what_to_do(folder),
        );
        ensure!(
            state.writes >= self.writes,
            "the store in {place} is older than it was ({} of {} writes); {}",
            state.writes,
            self.writes,
            what_to_do(folder),
        );
        Ok(())
    }
}

fn what_to_do(folder: &Path) -> String {
    format!(
        "put the missing files back, or restore a copy with `jiuding restore FILE --force`; \
         only if the loss is accepted, delete {}",
        Marker::place(folder).display()
    )
}
