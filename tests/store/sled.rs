//! What only the embedded store promises: its folder, its alarms, its copies.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use jiuding::store::{
    ProjectId, Store,
    sled::{SledStore, restore},
};

use super::{
    conformance::{Ground, keeps_every_promise},
    sample::{ONE, at, entry, key, seen, set},
};

struct Folder(tempfile::TempDir);

impl Ground for Folder {
    fn open(&self, now: Timestamp) -> Arc<dyn Store> {
        Arc::new(SledStore::open(self.0.path(), now).unwrap())
    }

    fn restore(&self, backup: &Path) -> Arc<dyn Store> {
        restore(backup, self.0.path(), true).unwrap();
        self.open(at(0))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_promise_of_a_store() {
    keeps_every_promise(|| Box::new(Folder(tempfile::tempdir().unwrap()))).await;
}

fn open(folder: &Path) -> anyhow::Result<SledStore> {
    SledStore::open(folder, at(0))
}

fn refused(folder: &Path) -> String {
    format!("{:#}", open(folder).expect_err("it opened"))
}

/// A closed store with one row, `T1` of project 1.
async fn with_one_row() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store.commit(set(ONE, 0, "T1", r#"{"title":"登录页打不开"}"#)).await.unwrap();
    folder
}

/// Opens sled's own files of a closed store.
fn raw(folder: &Path) -> sled::Db {
    sled::open(folder.join("sled")).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[tokio::test]
async fn every_write_is_synchronous_or_the_store_says_that_it_is_not() {
    let mut places = vec![tempfile::tempdir().unwrap()];
    // A file system in memory, which as a rule refuses the attribute.
    places.extend(tempfile::tempdir_in("/dev/shm"));
    for place in places {
        let store = open(place.path()).unwrap();
        let warned = store.opened().warnings.iter().any(|warning| warning.contains("synchronous-updates"));
        assert_eq!(store.synchronous(), !warned);
        for file in ["sled", "sled/db", "sled/blobs"] {
            let file = File::open(place.path().join(file)).unwrap();
            let flags = rustix::fs::ioctl_getflags(file);
            let marked = flags.is_ok_and(|flags| flags.contains(rustix::fs::IFlags::SYNC));
            assert!(marked || warned);
        }
        let findings = store.verify().await.unwrap();
        assert_eq!(findings.warnings, store.opened().warnings);
    }
}

#[tokio::test]
async fn files_that_came_from_elsewhere_get_the_attribute_too() {
    let folder = with_one_row().await;
    let moved = tempfile::tempdir().unwrap();
    let moved = moved.path().join("data");
    copy(folder.path(), &moved);
    let store = open(&moved).unwrap();
    assert_eq!(store.load(ONE).await.unwrap().version, 1);
    let flags = rustix::fs::ioctl_getflags(File::open(moved.join("sled/db")).unwrap());
    let marked = flags.is_ok_and(|flags| flags.contains(rustix::fs::IFlags::SYNC));
    assert_eq!(marked, store.synchronous());
}

#[tokio::test]
async fn a_second_process_is_told_that_the_folder_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    assert!(refused(folder.path()).contains("in use by another process"));
    let file = folder.path().join("copy");
    store.backup(&file).await.unwrap();
    let error = restore(&file, folder.path(), true).unwrap_err();
    assert!(error.to_string().contains("in use by another process"));
    drop(store);
    open(folder.path()).unwrap();
}

#[tokio::test]
async fn a_store_whose_files_are_gone_does_not_start_afresh() {
    let folder = with_one_row().await;
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let error = refused(folder.path());
    assert!(error.contains("empty, but it held data before") && error.contains("jiuding restore"), "{error}");
    assert!(!folder.path().join("sled").exists());
    // Also when sled makes new files in their place.
    drop(raw(folder.path()));
    assert!(refused(folder.path()).contains("empty, but it held data before"));
    // Whoever accepts the loss can say so.
    fs::remove_file(folder.path().join("store.marker")).unwrap();
    assert_eq!(open(folder.path()).unwrap().projects().await.unwrap(), []);
}

#[tokio::test]
async fn a_store_that_is_older_than_it_was_does_not_open() {
    let folder = with_one_row().await;
    copy(&folder.path().join("sled"), &folder.path().join("older"));
    let store = open(folder.path()).unwrap();
    store.commit(set(ONE, 1, "T2", "{}")).await.unwrap();
    drop(store);
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    fs::rename(folder.path().join("older"), folder.path().join("sled")).unwrap();
    assert!(refused(folder.path()).contains("older than it was"));
}

#[tokio::test]
async fn another_stores_files_do_not_open() {
    let (folder, other) = (with_one_row().await, with_one_row().await);
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    fs::rename(other.path().join("sled"), folder.path().join("sled")).unwrap();
    assert!(refused(folder.path()).contains("another one"));
}

#[tokio::test]
async fn a_lost_marker_is_written_anew_and_told() {
    let folder = with_one_row().await;
    fs::remove_file(folder.path().join("store.marker")).unwrap();
    let store = open(folder.path()).unwrap();
    assert!(store.opened().warnings.iter().any(|warning| warning.contains("marker")));
    assert_eq!((store.opened().rows, store.opened().projects), (1, 1));
    drop(store);
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    assert!(refused(folder.path()).contains("empty"));
}

#[tokio::test]
async fn a_damaged_value_is_found_and_not_believed() {
    let folder = with_one_row().await;
    {
        let raw = raw(folder.path());
        let (place, value) = raw.scan_prefix("r").next().unwrap().unwrap();
        let mut value = value.to_vec();
        *value.last_mut().unwrap() ^= 1;
        raw.insert(place, value).unwrap();
        raw.flush().unwrap();
    }
    let store = open(folder.path()).unwrap();
    let warnings = store.verify().await.unwrap().warnings;
    assert!(
        warnings.iter().any(|warning| warning.contains("Row") && warning.contains("checksum")),
        "{warnings:?}"
    );
    assert!(store.load(ONE).await.is_err());
    // Or the copies would all be damaged too before anybody notices.
    let file = folder.path().join("copy");
    assert!(store.backup(&file).await.unwrap_err().to_string().contains("copy"));
    assert!(!file.exists());
}

#[tokio::test]
async fn a_lost_index_is_found() {
    let folder = with_one_row().await;
    {
        let raw = raw(folder.path());
        let (place, _) = raw.scan_prefix("v").next().unwrap().unwrap();
        raw.remove(place).unwrap();
        raw.insert("?", "what is this").unwrap();
        raw.flush().unwrap();
    }
    let warnings = open(folder.path()).unwrap().verify().await.unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("is missing")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("is of no use")), "{warnings:?}");
}

#[tokio::test]
async fn a_store_of_a_newer_version_does_not_open() {
    let folder = with_one_row().await;
    {
        let raw = raw(folder.path());
        let mut state = raw.get("m").unwrap().unwrap().to_vec();
        state[0] += 1;
        raw.insert("m", state).unwrap();
        raw.flush().unwrap();
    }
    assert!(refused(folder.path()).contains("newer version"));
}

async fn backed_up() -> (tempfile::TempDir, PathBuf) {
    let folder = with_one_row().await;
    let file = folder.path().join("copy");
    open(folder.path()).unwrap().backup(&file).await.unwrap();
    (folder, file)
}

#[tokio::test]
async fn restoring_over_a_store_needs_force_and_keeps_what_was_there() {
    let (_source, file) = backed_up().await;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store.commit(set(ONE, 0, "R1", "{}")).await.unwrap();
    drop(store);
    assert!(restore(&file, folder.path(), false).unwrap_err().to_string().contains("--force"));
    assert_eq!(open(folder.path()).unwrap().load(ONE).await.unwrap().rows[0].0, key("R1"));
    assert_eq!(restore(&file, folder.path(), true).unwrap().rows, 1);
    assert_eq!(open(folder.path()).unwrap().load(ONE).await.unwrap().rows[0].0, key("T1"));
    assert!(folder.path().join("sled.before-restore/db").exists());
}

#[tokio::test]
async fn restoring_needs_no_force_where_nothing_is_lost() {
    let (source, file) = backed_up().await;
    let folder = tempfile::tempdir().unwrap();
    restore(&file, &folder.path().join("new"), false).unwrap();
    drop(open(folder.path()).unwrap());
    restore(&file, folder.path(), false).unwrap();
    assert_eq!(open(folder.path()).unwrap().load(ONE).await.unwrap().version, 1);
    // This is what the alarm tells people to do.
    fs::remove_dir_all(source.path().join("sled")).unwrap();
    restore(&file, source.path(), false).unwrap();
    assert_eq!(open(source.path()).unwrap().load(ONE).await.unwrap().version, 1);
}

#[tokio::test]
async fn a_damaged_copy_is_refused_before_anything_is_touched() {
    let (folder, file) = backed_up().await;
    let whole = fs::read(&file).unwrap();
    let longer = [whole.as_slice(), b"x"].concat();
    for cut in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[cut] ^= 0x10;
        for damaged in [&whole[..cut], &flipped, &longer] {
            fs::write(&file, damaged).unwrap();
            assert!(restore(&file, folder.path(), true).is_err());
        }
    }
    assert_eq!(open(folder.path()).unwrap().load(ONE).await.unwrap().version, 1);
    assert!(!folder.path().join("sled.before-restore").exists());
}

/// Not a test: how much faster 64 waiting commits are written than one at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement; run it alone and with --nocapture"]
async fn gathering_pays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()).unwrap());
    let mut rates = Vec::new();
    for waiting in [1_u32, 16, 64] {
        let began = std::time::Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        let each = 12_800 / waiting.max(8);
        for project in (0..waiting).map(|n| ProjectId(waiting * 1_000 + n)) {
            let store = store.clone();
            tasks.spawn(async move {
                for n in 0..u64::from(each) {
                    let mut commit = set(project, n, "T1", &"x".repeat(1_000));
                    commit.seen = seen(&format!("{}:{n}", project.0), at(1_000)).seen;
                    commit.log = vec![(project, entry("changed", &["T1"]))];
                    store.commit(commit).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        let rate = f64::from(each * waiting) / began.elapsed().as_secs_f64();
        rates.push(rate);
        println!("{waiting} waiting: {rate:.0} commits/s, {:.1} times one at a time", rate / rates[0]);
    }
    let began = std::time::Instant::now();
    let findings = store.verify().await.unwrap();
    println!("verified {} bytes in {:?}", findings.bytes, began.elapsed());
    let began = std::time::Instant::now();
    let bytes = store.backup(&folder.path().join("copy")).await.unwrap();
    println!("backed up {bytes} bytes in {:?}", began.elapsed());
    drop(store);
    let began = std::time::Instant::now();
    drop(open(folder.path()).unwrap());
    println!("opened in {:?}", began.elapsed());
}
