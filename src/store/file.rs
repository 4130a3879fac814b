//! Files that are there entirely or not at all.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use anyhow::{Context, Result};

/// Writes a file so that it is there entirely or not at all, on disk when this returns.
pub(super) fn replace(place: &Path, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;

    let mut name = place.file_name().context("a file needs a name")?.to_owned();
    name.push(".part");
    let part = place.with_file_name(name);
    let written = (|| {
        let mut options = File::options();
        // Rows hold what people said and reply addresses that are secrets.
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        fill(&mut file)?;
        file.flush()?;
        file.sync_all()?;
        fs::rename(&part, place)?;
        sync_folder(place.parent().unwrap_or(Path::new("")))
    })();
    if written.is_err() {
        // What is half written is of no use; if it cannot be removed either, the error tells enough.
        let _ = fs::remove_file(&part);
    }
    written.with_context(|| format!("cannot write {}", place.display()))
}

/// Puts the names in a folder on disk.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    Ok(File::open(folder)?.sync_all()?)
}
