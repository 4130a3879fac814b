//! Conversations with times, as a person would read them, played against the whole program: engine,
//! embedded store, outbox and the playground, on the simulated clock. Every word the bot says is
//! compared, in every room.
//!
//! Each file under `tests/transcripts/` is played three times: plainly, with every event delivered
//! three times, and with the process dying after each commit. All three must say the same.
//!
//! `UPDATE=1 cargo test transcripts` rewrites the bot's lines; `ONLY=ticket/urgent` plays only the files
//! whose path begins so. Some are played on PostgreSQL too.
//!
//! # How a file is written
//!
//! ```text
//! 紧急工单过了一半时限还没人响应：提醒项目经理。      what the chat shows, until the first time
//!
//! 2026-11-23 09:00 周一                              moves the clock; `10:00` alone is the same day
//! setup                                              the usual project, silently; see `world.rs`
//! 李工> /工单 登录页打不开 !紧急                       said in the project's room, 项目群
//!   | 打开是白屏                                      a further line of the same message
//! 王女士@客户群> /T1                                  said in another room
//! 李工@鼎> /我的                                      said to the bot alone
//! 李工 quotes T1> 我在看                              answers the bot's last message that names T1 there
//! 李工 at 08:50> /T1 响应                             was written then and arrives now
//! 李工 quotes 王女士> 转需求                           answers her last message there
//! 李工 presses 响应 on T1                             the last message that names T1 and has the button
//! 李工> 〔表单 目标:少接电话 用户:客服〕                 fills in the form of the last message there; with `quotes R1`, of
//!                                                    the last one that names R1
//! restart                                            stops, and opens the store again
//! stop                                               the bot is away: people go on talking, time passes
//! start                                              and back: what was said meanwhile arrives
//! jobs                                               digests and reports are sent from here on
//! people 钱工 孙总                                    more names that `@` mentions
//! joined 新群                                        the bot is taken into a room
//! room 客户群 gone                                   the bot is taken out of a room
//! room 客户群 renamed 新名字                           it has another title
//! room 项目群 came 王女士 外人                          people come in; 外 begins the name of somebody from outside
//! room 项目群 left 李工                               people leave; room 企业: the organisation
//! meeting ended 项目例会 09:00-10:05                  the platform's own event, in 项目群
//! # a remark
//! ```
//!
//! What the bot says is indented. `鼎>` speaks in 项目群, `鼎@客户群>` there, `鼎@李工>` to 李工 alone;
//! `鼎→李工 张经理>` mentions them at the head of its first line, `@[李工]` within a line; `[响应]` is a
//! button, `〔表单 目标 用户 [提交]〕` a form with its fields; a message that hands over a file is `📎` and the file's name. What it says between two times of the
//! transcript is put under a time of its own; `（没有消息）` stands where nothing was said.

mod diff;
mod fragile;
mod script;
mod world;

use std::{
    fmt::Write,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::{Mutex, atomic::AtomicUsize, atomic::Ordering},
};

use script::Script;
use world::{Keeps, Mode, World};

/// The transcripts that are played on PostgreSQL too.
const ON_POSTGRES: [&str; 2] = ["engine", "ticket/urgent"];
/// Those that two processes play, of every kind that spans rooms, projects and customers.
const TOGETHER: [&str; 9] =
    ["engine", "ticket/urgent", "project", "customer", "search", "history", "weekly", "overview", "meeting"];
/// How many files are played at once; most of the time is spent waiting for the disk.
const AT_ONCE: usize = 6;

#[test]
fn transcripts() {
    let update = std::env::var_os("UPDATE").is_some();
    each(|file| play(file, Keeps::Sled, update));
}

/// The store must make no difference to what is said. What shows most is played; `ONLY` plays others.
#[test]
fn transcripts_on_postgres() {
    let only = std::env::var("ONLY");
    let only = only.as_ref().map_or(ON_POSTGRES.to_vec(), |only| vec![only.as_str()]);
    each_of(&only, |file| play(file, Keeps::Postgres, false));
}

/// Neither does it to whom of two processes on one database something is told.
#[test]
fn transcripts_of_two_processes() {
    let only = std::env::var("ONLY");
    let only = only.as_ref().map_or(TOGETHER.to_vec(), |only| vec![only.as_str()]);
    each_of(&only, play_together);
}

#[test]
fn every_button_that_the_bot_offers_is_understood() {
    let pressed = AtomicUsize::new(0);
    each(|file| {
        let written = std::fs::read_to_string(file).unwrap();
        match Script::parse(&written).and_then(|script| World::press_all(&script)) {
            Ok((count, wrong)) => {
                pressed.fetch_add(count, Ordering::Relaxed);
                wrong
            }
            Err(error) => vec![error],
        }
    });
    let all = std::env::var_os("ONLY").is_none();
    assert!(pressed.into_inner() > 0 || !all, "no transcript has a button");
}

/// Does something with each transcript; what it finds wrong fails the test.
fn each(check: impl Fn(&Path) -> Vec<String> + Sync) {
    each_of(&[&std::env::var("ONLY").unwrap_or_default()], check);
}

/// The same with those whose path begins so.
fn each_of(only: &[&str], check: impl Fn(&Path) -> Vec<String> + Sync) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let files: Vec<(String, PathBuf)> = files(&root)
        .into_iter()
        .map(|file| (file.strip_prefix(&root).unwrap().display().to_string(), file))
        .filter(|(name, _)| only.iter().any(|only| name.starts_with(only)))
        .collect();
    assert!(!files.is_empty(), "no transcript begins with {only:?}");

    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(files.len()) {
            scope.spawn(|| {
                while let Some((name, file)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = std::panic::catch_unwind(AssertUnwindSafe(|| check(file)))
                        .unwrap_or_else(|_| vec!["panicked; see above".to_owned()]);
                    println!("{} {name}", if found.is_empty() { "ok    " } else { "FAILED" });
                    failures.lock().unwrap().extend(found.into_iter().map(|found| (name.clone(), found)));
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let mut report = String::new();
    for (name, found) in &failures {
        write!(report, "\n{name}: {found}\n").unwrap();
    }
    assert!(failures.is_empty(), "{} of {} transcripts differ\n{report}", failures.len(), files.len());
}

/// Plays one file in every way; gives what is wrong.
fn play(file: &Path, keeps: Keeps, update: bool) -> Vec<String> {
    let written = std::fs::read_to_string(file).unwrap();
    let script = match Script::parse(&written) {
        Ok(script) => script,
        Err(wrong) => return vec![wrong],
    };
    let mut wrong = Vec::new();
    let played = match World::play(&script, Mode::Plain, keeps) {
        Ok(played) => played,
        Err(error) => return vec![error],
    };
    if played != written {
        if update {
            std::fs::write(file, &played).unwrap();
        } else {
            wrong.push(format!("not as written\n{}", diff::lines(&written, &played)));
        }
    }
    for mode in [Mode::Repeated, Mode::Crashing] {
        match World::play(&script, mode, keeps) {
            Ok(other) if other == played => {}
            Ok(other) => wrong.push(format!("{mode:?} differs\n{}", diff::lines(&played, &other))),
            Err(error) => wrong.push(format!("{mode:?}: {error}")),
        }
    }
    wrong
}

/// Plays one file with two processes, plainly and with every event several times.
fn play_together(file: &Path) -> Vec<String> {
    let written = std::fs::read_to_string(file).unwrap();
    let script = match Script::parse(&written) {
        Ok(script) => script,
        Err(wrong) => return vec![wrong],
    };
    let mut wrong = Vec::new();
    for mode in [Mode::Plain, Mode::Repeated] {
        match World::play(&script, mode, Keeps::Together) {
            Ok(played) if by_room(&played) == by_room(&written) => {}
            Ok(played) => wrong.push(format!("{mode:?} differs\n{}", diff::lines(&written, &played))),
            Err(error) => wrong.push(format!("{mode:?}: {error}")),
        }
    }
    wrong
}

/// What is said at one time, room by room: a database writes decisions on several projects in any order.
fn by_room(page: &str) -> Vec<Vec<&str>> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    for line in page.lines() {
        match parts.last_mut() {
            Some(part) if line.starts_with("   ") => part.push(line),
            _ => parts.push(vec![line]),
        }
    }
    let says = |part: &[&str]| part[0].starts_with("  鼎");
    let room = |part: &[&str]| part[0].split(['→', '>']).next().map(str::to_owned);
    for said in parts.chunk_by_mut(|one, other| says(one) && says(other)) {
        said.sort_by_key(|part| room(part));
    }
    parts
}

/// Every transcript, in order of its path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "chat") {
            found.push(path);
        }
    }
    found.sort();
    found
}
