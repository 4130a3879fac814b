//! One file with everything in it, and the way back.
//!
//! The file: `JIUDING-BACKUP`, a format byte, then for each row the lengths of key and row (4 bytes
//! each, big-endian), key and row as they lie in the store with their own checksums; then `FFFFFFFF`,
//! the number of rows (8 bytes) and the crc32 of all before it. A file that was cut off or damaged is
//! refused before anything is touched.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Write},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use sled::Batch;

use super::{
    disk::{Disk, Held},
    reading::{Reading, read_state, survey},
    state::Marker,
    value,
};
use crate::store::{
    Findings,
    file::{replace, sync_folder},
};

const MAGIC: &[u8] = b"JIUDING-BACKUP";
const FORMAT: u8 = 1;
const END: u32 = u32::MAX;
/// Rows and keys are far below; a length beyond is damage, and no reason to ask for so much memory.
const LONGEST: u32 = 16 * 1024 * 1024;
/// How many rows one batch of a restore writes.
const BATCH: usize = 1_000;

/// Writes everything to a file and returns its size. The writer waits until all is read, not until it
/// is on disk.
pub(super) fn backup(reading: Reading, to: &Path) -> Result<u64> {
    replace(to, |file| {
        let mut out = Summed::new(BufWriter::with_capacity(1 << 20, file));
        out.write(MAGIC)?;
        out.write(&[FORMAT])?;
        let mut rows: u64 = 0;
        for row in reading.db().iter() {
            let (key, row) = row?;
            value::check(&key, &row, |key| reading.db().get(key))
                .context("the store is damaged, so no copy was made of it; keep the earlier ones")?;
            out.write(&u32::try_from(key.len())?.to_be_bytes())?;
            out.write(&u32::try_from(row.len())?.to_be_bytes())?;
            out.write(&key)?;
            out.write(&row)?;
            rows += 1;
        }
        drop(reading);
        out.write(&END.to_be_bytes())?;
        out.write(&rows.to_be_bytes())?;
        let sum = out.hasher.finalize().to_be_bytes();
        out.inner.write_all(&sum)?;
        Ok(out.inner.flush()?)
    })?;
    Ok(fs::metadata(to)?.len())
}

/// Makes the store in `folder` what it was when `file` was written. What was there before is kept
/// beside it as `sled.before-restore`, until the next restore.
///
/// # Errors
/// The file is damaged, another process has the folder, or a store that is not empty is there and
/// `force` is not given. The folder is then as it was.
pub fn restore(file: &Path, folder: &Path, force: bool) -> Result<Findings> {
    let rows = check_file(file).with_context(|| format!("{} cannot be restored", file.display()))?;
    let held = Held::take(folder)?;
    ensure!(
        force || is_empty(&held),
        "the store in {} is not empty; `--force` puts the copy in its place",
        folder.display()
    );
    let fresh = folder.join("sled.restoring");
    remove(&fresh)?;
    let (state, findings) = {
        let disk = Disk::open(&fresh)?;
        fill(&disk, file)?;
        let state = read_state(&disk.db)?.context("the copy has no state row")?;
        ensure!(disk.db.len() as u64 == rows, "the copy has rows twice");
        let findings = survey(&disk, Vec::new())?;
        (state, findings)
    };
    let before = folder.join("sled.before-restore");
    if held.sled().exists() {
        remove(&before)?;
        fs::rename(held.sled(), &before)?;
    }
    // From here to the marker a crash leaves a store that does not open by itself; restoring again heals.
    fs::rename(&fresh, held.sled())?;
    sync_folder(folder)?;
    Marker::write(folder, &state)?;
    Ok(findings)
}

/// Whether there is nothing to lose. What cannot be opened may be worth something to somebody.
fn is_empty(held: &Held) -> bool {
    if !held.sled().join("db").exists() {
        return true;
    }
    let state = Disk::open(&held.sled()).and_then(|disk| read_state(&disk.db));
    state.is_ok_and(|state| state.is_none_or(|state| state.writes == 0))
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Reads the whole file once, so that nothing is touched for a damaged one; returns how many rows.
fn check_file(file: &Path) -> Result<u64> {
    let mut rows = 0;
    read_rows(file, |_, _| {
        rows += 1;
        Ok(())
    })?;
    Ok(rows)
}

fn fill(disk: &Disk, file: &Path) -> Result<()> {
    let mut batch = Batch::default();
    let mut waiting = 0;
    read_rows(file, |key, row| {
        batch.insert(key, row);
        waiting += 1;
        if waiting == BATCH {
            waiting = 0;
            disk.has_room()?;
            disk.write(std::mem::take(&mut batch))?;
        }
        Ok(())
    })?;
    disk.write(batch)
}

fn read_rows(file: &Path, mut row: impl FnMut(Vec<u8>, Vec<u8>) -> Result<()>) -> Result<()> {
    let mut from = Summed::new(BufReader::with_capacity(1 << 20, File::open(file)?));
    ensure!(from.take(MAGIC.len())? == MAGIC, "it is no backup of this program");
    match from.take(1)?[0] {
        FORMAT => {}
        newer => bail!("it has format {newer}, this version of the program reads {FORMAT}"),
    }
    let mut rows: u64 = 0;
    loop {
        let length = from.number()?;
        if length == END {
            break;
        }
        let lengths = (length, from.number()?);
        ensure!(lengths.0.max(lengths.1) <= LONGEST, "it is damaged");
        row(from.take(lengths.0 as usize)?, from.take(lengths.1 as usize)?)?;
        rows += 1;
    }
    ensure!(from.take(8)? == rows.to_be_bytes(), "it is damaged: rows are missing");
    let sum = from.hasher.clone().finalize().to_be_bytes();
    ensure!(from.take(4)? == sum, "it is damaged: its checksum is wrong");
    ensure!(from.inner.read(&mut [0])? == 0, "it is damaged: something follows its end");
    Ok(())
}

/// A reader or writer that keeps the checksum of what went through.
struct Summed<T> {
    inner: T,
    hasher: crc32fast::Hasher,
}

impl<T> Summed<T> {
    fn new(inner: T) -> Self {
        Self { inner, hasher: crc32fast::Hasher::new() }
    }
}

impl<T: Write> Summed<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        Ok(self.inner.write_all(bytes)?)
    }
}

impl<T: Read> Summed<T> {
    fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.inner.read_exact(&mut bytes).context("it is cut off")?;
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.take(4)?.try_into().expect("four bytes were read")))
    }
}
