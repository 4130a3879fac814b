//! Dossiers as JSON, to take them elsewhere: every row with its bytes, the version, the log.
//!
//! The file: `{"format":1,"projects":[…]}`, a dossier on a line of its own; 0 is the registry. The counters are rows
//! too. Not in it: messages on their way out, dead letters, the playground's chats, and the marks of what was seen;
//! [`Store::backup`](super::Store::backup) has all of it.

use std::io::{Read, Write};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Entry, Key, ProjectId, Store, Stored};

const FORMAT: u32 = 1;
const END: &str = "\n]}\n";

/// One dossier with everything that is known of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DossierCopy {
    /// Whose.
    pub id: ProjectId,
    /// How many commits touched it.
    pub version: u64,
    /// Its rows, in order of their keys.
    pub rows: Vec<(Key, Box<RawValue>)>,
    /// Its log, oldest first.
    pub log: Vec<Entry>,
}

impl DossierCopy {
    /// The copy of a dossier in a store. Whoever has a store that is written meanwhile sees to it that this one is not.
    ///
    /// # Errors
    /// The store failed, or a row is no JSON.
    pub async fn of(store: &dyn Store, id: ProjectId) -> Result<Self> {
        let stored = store.load(id).await?;
        let mut log = store.log(id, None, usize::MAX).await?;
        log.reverse();
        let rows = stored.rows.into_iter().map(|(key, value)| {
            let value = String::from_utf8(value).context("it is no text")?;
            Ok((key, RawValue::from_string(value)?))
        });
        let rows =
            rows.collect::<Result<_>>().with_context(|| format!("reading a row of project {}", id.0))?;
        Ok(Self { id, version: stored.version, rows, log })
    }

    /// What a store holds of it, without the log.
    pub fn stored(&self) -> Stored {
        let rows = self.rows.iter().map(|(key, value)| (*key, value.get().as_bytes().to_vec()));
        Stored { version: self.version, rows: rows.collect() }
    }
}

/// Writes copies, one after the other.
pub struct Copies<W: Write> {
    out: W,
    written: usize,
}

impl<W: Write> Copies<W> {
    /// Begins.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(mut out: W) -> Result<Self> {
        write!(out, "{{\"format\":{FORMAT},\"projects\":[")?;
        Ok(Self { out, written: 0 })
    }

    /// Writes one more.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, copy: &DossierCopy) -> Result<()> {
        self.out.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
        self.written += 1;
        Ok(serde_json::to_writer(&mut self.out, copy)?)
    }

    /// Ends; gives what was written to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn end(mut self) -> Result<W> {
        self.out.write_all(END.as_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Reads what [`Copies`] wrote.
///
/// # Errors
/// It is something else, cut off, or of a newer version of this program.
pub fn read_copies(from: impl Read) -> Result<Vec<DossierCopy>> {
    #[derive(Deserialize)]
    struct Whole {
        format: u32,
        projects: Vec<DossierCopy>,
    }
    let whole: Whole = serde_json::from_reader(from).context("it is no JSON export")?;
    ensure!(
        whole.format <= FORMAT,
        "it has format {}, this version of the program reads {FORMAT}",
        whole.format
    );
    for (at, copy) in whole.projects.iter().enumerate() {
        let twice = whole.projects.iter().skip(at + 1).any(|other| other.id == copy.id);
        ensure!(!twice, "it has project {} twice", copy.id.0);
    }
    Ok(whole.projects)
}
