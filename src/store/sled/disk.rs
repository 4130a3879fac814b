//! sled's folder and what makes a flush reach the disk.
//!
//! sled's own flush is a write without a barrier: after a power cut all that was acknowledged since the
//! last barrier may be gone. The synchronous-updates attribute (`FS_SYNC_FL`, what `chattr +S` sets, no
//! root needed) on the folder before sled makes its files turns every write into one that returns when
//! it is on disk. Where the file system refuses it, the file `db` is synced after each flush; that is
//! enough while no node outgrows 128 KiB, which [`value`](super::value) sees to.

use std::{
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::fs::{FlockOperation, IFlags};
use sled::{Batch, Db};

use crate::store::file::sync_folder;

/// sled's cache. It is the part of the store's memory that can be chosen; the page table comes on top.
const CACHE: u64 = 32 * 1024 * 1024;
/// Below this nothing is written: sled cannot go on after a write that found the disk full, and may
/// not open again. Refusing earlier keeps the store well, and it goes on by itself when there is room.
pub(super) const KEEP_FREE: u64 = 64 * 1024 * 1024;

/// The data folder, held by this process alone for as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    /// The data folder.
    pub(super) folder: PathBuf,
    /// Its lock goes when the file is closed, also when the process is killed.
    _lock: File,
}

impl Held {
    /// Makes the folder if it is not there, and takes it.
    ///
    /// # Errors
    /// Another process has it.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let context = || format!("cannot use the folder {}", folder.display());
        make_folder(folder).with_context(context)?;
        let lock = File::options().write(true).create(true).truncate(false).open(folder.join("store.lock"));
        let lock = lock.with_context(context)?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => bail!(
                "the store in {} is in use by another process; only one can have it, so stop that one first",
                folder.display()
            ),
            Err(error) => Err(error).with_context(context),
        }
    }

    /// sled's own folder.
    pub(super) fn sled(&self) -> PathBuf {
        self.folder.join("sled")
    }
}

/// An open sled, and how to bring its writes to disk.
#[derive(Debug)]
pub(super) struct Disk {
    /// The database; everything lies in its default tree, since only a batch on one tree is atomic.
    pub(super) db: Db,
    /// Whether every write is on disk when it returns.
    pub(super) synchronous: bool,
    /// Free space that is never used.
    pub(super) keep_free: u64,
    folder: PathBuf,
    /// sled's main file, to sync it where the attribute was refused.
    file: File,
    /// Fails the next write as a broken disk would.
    #[cfg(test)]
    pub(super) broken: std::sync::atomic::AtomicBool,
}

/// How long sled's own lock may outlive whoever held it.
const LINGERS: Duration = Duration::from_secs(5);

/// Opens sled. Ours is the lock that keeps others out, and it is held by now: if sled's own is still taken,
/// a thread of a store that was just closed is letting go of it.
fn open_patiently(config: &sled::Config) -> Result<Db> {
    let began = Instant::now();
    loop {
        // sled answers some kinds of damage with a panic.
        let opened = catch_unwind(AssertUnwindSafe(|| config.open())).map_err(|_| {
            anyhow!("sled gave up on its files; restore a copy with `jiuding restore FILE --force`")
        })?;
        match opened {
            Err(sled::Error::Io(error))
                if error.to_string().contains("could not acquire lock") && began.elapsed() < LINGERS =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            opened => return Ok(opened?),
        }
    }
}

impl Disk {
    /// Opens the sled in `folder`, making an empty one where there is none.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let context = || format!("cannot open the store in {}", folder.display());
        make_folder(folder).with_context(context)?;
        // Files that came from elsewhere (a copy, an older version) do not have the folder's attribute.
        let marked = set_synchronous(folder);
        // Nothing is flushed in the background: whoever writes waits for the flush.
        let config = sled::Config::new().path(folder).cache_capacity(CACHE).flush_every_ms(None);
        let db = open_patiently(&config).with_context(context)?;
        let file = File::open(folder.join("db")).with_context(context)?;
        let synchronous = marked.is_ok() && is_synchronous(&file);
        Ok(Self {
            db,
            synchronous,
            keep_free: KEEP_FREE,
            folder: folder.to_owned(),
            file,
            #[cfg(test)]
            broken: false.into(),
        })
    }

    /// Writes all of the batch or nothing; it is on disk when this returns.
    ///
    /// # Errors
    /// It is unknown whether and how far the disk took it: only opening the store anew tells.
    pub(super) fn write(&self, batch: Batch) -> Result<()> {
        self.db.apply_batch(batch)?;
        #[cfg(test)]
        ensure!(!self.broken.load(std::sync::atomic::Ordering::SeqCst), "input/output error");
        self.db.flush()?;
        if !self.synchronous {
            self.file.sync_data()?;
        }
        Ok(())
    }

    /// Whether there is room for more.
    pub(super) fn has_room(&self) -> Result<()> {
        let disk = rustix::fs::statvfs(&self.folder)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        ensure!(
            free >= self.keep_free,
            "the disk is full: {} MiB free, {} MiB needed",
            free >> 20,
            self.keep_free >> 20
        );
        Ok(())
    }

    /// Bytes in the folder.
    pub(super) fn bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        walk(&self.folder, &mut |_, metadata| {
            bytes += if metadata.is_file() { metadata.len() } else { 0 };
            Ok(())
        })?;
        Ok(bytes)
    }
}

/// Makes a folder that only its owner reads, its name on disk.
fn make_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    sync_folder(folder.parent().unwrap_or(Path::new("")))
}

/// Sets the synchronous-updates attribute on the folder and all in it; files made later inherit it.
fn set_synchronous(folder: &Path) -> Result<()> {
    walk(folder, &mut |place, _| {
        let file = File::open(place)?;
        let flags = rustix::fs::ioctl_getflags(&file)?;
        if !flags.contains(IFlags::SYNC) {
            rustix::fs::ioctl_setflags(&file, flags | IFlags::SYNC)?;
        }
        Ok(())
    })
}

fn is_synchronous(file: &File) -> bool {
    rustix::fs::ioctl_getflags(file).is_ok_and(|flags| flags.contains(IFlags::SYNC))
}

/// Visits the folder, its files and its folders. What vanishes meanwhile is left out.
fn walk(folder: &Path, visit: &mut dyn FnMut(&Path, &fs::Metadata) -> Result<()>) -> Result<()> {
    visit(folder, &fs::metadata(folder)?)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => walk(&entry.path(), visit)?,
            Ok(metadata) if metadata.is_file() => visit(&entry.path(), &metadata)?,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
