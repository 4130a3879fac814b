//! One file with everything in it, and the way back.
//!
//! The file: a line `JIUDING-PIECES 1`, a line with the counters, a line of JSON for each piece, and a last line with
//! their number and the crc32 of all before it. A file that was cut off or damaged is refused before anything is
//! touched. It holds what one moment held: all is read in one transaction.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{PostgresStore, connection::Told, pieces, transaction::Transaction};
use crate::store::{Counters, Findings, Piece, Store, file::replace, tally};

const FIRST: &str = "JIUDING-PIECES 1";
const LAST: &str = "END";
/// How many pieces are read or written together.
const PAGE: usize = 1_000;
/// A backup takes as long as it takes.
const PATIENT: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

/// Writes everything to a file and returns its size.
pub(super) async fn backup(store: &PostgresStore, to: &Path) -> Result<u64> {
    let transaction = Transaction::begin(&store.pool, "ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let client = transaction.client()?;
    client.batch_execute(PATIENT).await.told()?;
    let counters = pieces::counters(client).await?;
    // The file is written beside the runtime. What ends before its last page leaves no file.
    let (pages, waiting) = mpsc::channel::<Option<Vec<Piece>>>(2);
    let place = to.to_owned();
    let writing = tokio::task::spawn_blocking(move || write(&place, counters, waiting));
    let mut after = None;
    loop {
        let page = pieces::page(client, after.as_deref(), PAGE).await?;
        if pages.send(Some(page.pieces)).await.is_err() {
            break;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    // It is gone only where writing failed, which the next line tells.
    let _ = pages.send(None).await;
    writing.await??;
    transaction.roll_back().await?;
    Ok(std::fs::metadata(to)?.len())
}

fn write(to: &Path, counters: Counters, mut pages: mpsc::Receiver<Option<Vec<Piece>>>) -> Result<()> {
    replace(to, |file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let (mut sum, mut count) = (crc32fast::Hasher::new(), 0_u64);
        let mut line = |out: &mut BufWriter<&mut File>, text: String| -> Result<()> {
            sum.update(text.as_bytes());
            sum.update(b"\n");
            Ok(writeln!(out, "{text}")?)
        };
        line(&mut out, FIRST.to_owned())?;
        line(&mut out, serde_json::to_string(&counters)?)?;
        while let Some(pieces) = pages.blocking_recv().context("the store could not be read to its end")? {
            for piece in pieces {
                line(&mut out, serde_json::to_string(&piece)?)?;
                count += 1;
            }
        }
        writeln!(out, "{LAST} {count} {:08x}", sum.finalize())?;
        Ok(out.flush()?)
    })
}

/// Makes the store in a database what it was when `file` was written.
///
/// # Errors
/// The file is damaged, another process has the store, or it is not empty and `force` is not given. The store is then
/// as it was.
pub async fn restore(file: &Path, url: &str, force: bool, clock_now: Timestamp) -> Result<Findings> {
    let from = file.to_owned();
    let whole = tokio::task::spawn_blocking(move || read(&from, |_| Ok(()))).await?;
    let counters = whole.with_context(|| format!("{} cannot be restored", file.display()))?;
    let store = PostgresStore::open_unfinished(url, clock_now).await?;
    ensure!(
        force || tally(&store).await?.is_empty(),
        "the store in this database is not empty; `--force` puts the copy in its place"
    );
    let transaction = Transaction::begin(&store.pool, "").await?;
    let client = transaction.client()?;
    client.batch_execute(PATIENT).await.told()?;
    pieces::empty(client).await?;
    let (pages, mut read_pages) = mpsc::channel(2);
    let from = file.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let mut page = Vec::with_capacity(PAGE);
        read(&from, |piece| {
            page.push(piece);
            if page.len() == PAGE {
                pages.blocking_send(std::mem::take(&mut page))?;
            }
            Ok(())
        })?;
        Ok::<_, anyhow::Error>(pages.blocking_send(page)?)
    });
    while let Some(page) = read_pages.recv().await {
        pieces::put(client, page).await?;
    }
    reading.await??;
    pieces::count_from(client, counters).await?;
    let ended = "DELETE FROM store_state WHERE name = 'moving'";
    client.batch_execute(ended).await.told()?;
    transaction.commit().await?;
    store.verify().await
}

/// Reads a file to its end, checks it, and gives its counters.
fn read(file: &Path, mut each: impl FnMut(Piece) -> Result<()>) -> Result<Counters> {
    let from = BufReader::with_capacity(1 << 20, File::open(file)?);
    let (mut sum, mut count, mut counters) = (crc32fast::Hasher::new(), 0_u64, None);
    let mut ended = false;
    for (at, line) in from.split(b'\n').enumerate() {
        let line = line?;
        ensure!(!ended, "it is damaged: something follows its end");
        let text = str::from_utf8(&line).ok();
        match (at, text) {
            (0, text) => ensure!(text == Some(FIRST), "it is no backup of a store in a database"),
            (1, Some(text)) => counters = Some(serde_json::from_str(text).context("it is damaged")?),
            (_, Some(text)) if text.starts_with(LAST) => {
                let told = format!("{LAST} {count} {:08x}", sum.clone().finalize());
                ensure!(text == told, "it is damaged: its checksum is wrong");
                ended = true;
            }
            (_, Some(text)) => {
                // The error names no value: that would be what people said.
                let Ok(piece) = serde_json::from_str(text) else { bail!("it is damaged") };
                each(piece)?;
                count += 1;
            }
            (_, None) => bail!("it is damaged"),
        }
        sum.update(&line);
        sum.update(b"\n");
    }
    ensure!(ended, "it is cut off");
    counters.context("it is cut off")
}
