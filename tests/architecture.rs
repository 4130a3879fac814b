//! Reads the source and keeps what DESIGN.md and STYLE.md decided about it: which way the arrows run, who asks
//! the time, who knows of the network, and what a file does not hold.
//!
//! It reads tokens, not types: `use` lines, and every path that begins with `crate` or the name of a crate.
//! What stands under `#[cfg(test)]` does not count.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What each part of the program may use of the others. `store` is its types and trait; the engines behind it
/// (`store::sled`, `store::postgres`) are for those who open them.
const ARROWS: &[(&str, &[&str])] = &[
    ("calendar", &[]),
    ("chat", &[]),
    ("clock", &[]),
    ("dossier", &["calendar", "chat", "store"]),
    ("grammar", &["calendar", "chat", "dossier", "store"]),
    ("report", &["calendar", "chat", "dossier", "store"]),
    ("features", &["calendar", "chat", "dossier", "grammar", "report", "store"]),
    ("config", &["calendar", "dossier"]),
    ("search", &["chat", "dossier", "store"]),
    ("store", &["chat", "clock"]),
    ("platform", &["chat", "clock"]),
    ("outbox", &["calendar", "chat", "clock", "platform", "store"]),
    (
        "engine",
        &[
            "calendar", "chat", "clock", "dossier", "features", "grammar", "outbox", "platform", "report",
            "search", "store",
        ],
    ),
    ("web", &["calendar", "chat", "clock", "config", "engine", "platform", "report", "store"]),
];

/// Arrows of one file, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "platform/playground/mod.rs",
    "store",
    "its rooms are nowhere else: what was said there lies in our store",
)];

/// Parts that decide and nothing else: no waiting, no network, no disk.
const PURE: &[&str] = &["calendar", "chat", "dossier", "grammar", "report", "features", "search"];
/// Crates and modules of the outside world.
const OUTSIDE: &[&str] = &[
    "tokio",
    "axum",
    "reqwest",
    "sled",
    "tokio_postgres",
    "deadpool_postgres",
    "async_trait",
    "futures_util",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
];
/// Who may know the runtime.
const TOKIO: &[&str] = &["engine", "store", "outbox", "platform", "web", "bot", "clock", "cli", "main"];
/// Who may know what an engine of the store is made of.
const ENGINES: &[&str] = &["store", "bot", "cli", "main"];

/// Files over 400 lines that hold one idea all the same.
const LONG: &[(&str, &str)] = &[
    ("calendar/mod.rs", "the calendar with its arithmetic and a third of it tests"),
    ("config/mod.rs", "one struct per table of the configuration file, most of it their doc comments"),
    ("features/change/mod.rs", "the record, its stages, and what each stage still owes"),
    (
        "features/requirement/mod.rs",
        "the record with its states and fields, a third of it their doc comments",
    ),
    ("features/ticket/mod.rs", "the record with its clocks, and its ladder of pings"),
    ("features/ticket/moves.rs", "ten commands, each its spec, its reading and its decision"),
];
const LINES: usize = 400;

/// A file of `src`, as tokens without comments, literals and tests.
struct Source {
    name: String,
    /// Where its items live, from the root of the crate.
    module: Vec<String>,
    lines: usize,
    tokens: Vec<String>,
}

impl Source {
    /// The part of the program that it belongs to.
    fn part(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// Every path in it, from `crate`, `std` or the name of a crate on.
    fn paths(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if self.tokens[at] == "use" {
                at = self.tree(at + 1, &[], &mut paths);
            } else if is_word(&self.tokens[at]) && self.token(at + 1) == "::" {
                let mut path = vec![self.tokens[at].clone()];
                while self.token(at + 1) == "::" && is_word(self.token(at + 2)) {
                    path.push(self.tokens[at + 2].clone());
                    at += 2;
                }
                paths.insert(self.absolute(&path));
                at += 1;
            } else {
                at += 1;
            }
        }
        paths
    }

    /// Reads a tree of a `use` line; gives where it ends.
    fn tree(&self, mut at: usize, begin: &[String], paths: &mut BTreeSet<String>) -> usize {
        let mut path = begin.to_vec();
        loop {
            match self.token(at) {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while self.token(at) != "}" && at < self.tokens.len() {
                        at = self.tree(at, &path, paths);
                        at += usize::from(self.token(at) == ",");
                    }
                    return at + 1;
                }
                "as" => at += 2,
                word if is_word(word) || word == "*" => {
                    path.push(word.to_owned());
                    at += 1;
                }
                _ => {
                    paths.insert(self.absolute(&path));
                    return at;
                }
            }
        }
    }

    fn absolute(&self, path: &[String]) -> String {
        let mut module = self.module.clone();
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate" | "jiuding") => {
                module.clear();
                rest = &rest[1..];
            }
            Some("self") => rest = &rest[1..],
            Some("super") => {
                while rest.first().is_some_and(|word| word == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            _ => return path.join("::"),
        }
        let mut full = vec!["crate".to_owned()];
        full.extend(module);
        full.extend(rest.iter().cloned());
        full.join("::")
    }

    fn token(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", String::as_str)
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Cuts Rust into words, `::` and single signs; comments and literals leave nothing.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            while i < chars.len() && !(at(i) == '*' && at(i + 1) == '/') {
                i += 1;
            }
            i += 2;
        } else if c == 'r' && (at(i + 1) == '"' || (at(i + 1) == '#' && matches!(at(i + 2), '"' | '#'))) {
            let hashes = (i + 1..).take_while(|i| at(*i) == '#').count();
            i += hashes + 2;
            while i < chars.len() && !(at(i) == '"' && (1..=hashes).all(|n| at(i + n) == '#')) {
                i += 1;
            }
            i += 1 + hashes;
        } else if c == '"' {
            i += 1;
            while i < chars.len() && chars[i] != '"' {
                i += if chars[i] == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if c == '\'' && at(i + 1) == '\\' {
            i += 3;
            while i < chars.len() && chars[i] != '\'' {
                i += 1;
            }
            i += 1;
        } else if c == '\'' && at(i + 2) == '\'' {
            i += 3;
        } else if c.is_alphanumeric() || c == '_' {
            let begin = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            tokens.push(chars[begin..i].iter().collect());
        } else if c == ':' && at(i + 1) == ':' {
            tokens.push("::".into());
            i += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.into());
            }
            i += 1;
        }
    }
    tokens
}

/// The tokens without what is only for tests, and the modules that are.
fn without_tests(tokens: Vec<String>) -> (Vec<String>, Vec<String>) {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut modules = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].iter().map(String::as_str).take(TEST.len()).eq(TEST) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += TEST.len();
        let item = at;
        let mut depth = 0;
        while at < tokens.len() {
            match tokens[at].as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 && (tokens[at - 1] == ";" || tokens[at - 1] == "}") {
                break;
            }
        }
        if tokens[at - 1] == ";"
            && let Some(name) = tokens[item..at].iter().position(|token| token == "mod")
        {
            modules.push(tokens[item + name + 1].clone());
        }
    }
    (kept, modules)
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let mut tests: Vec<PathBuf> = Vec::new();
    let mut sources = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let name = file.strip_prefix(&root).unwrap();
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let mut module: Vec<String> =
            name.parent().unwrap().iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        let is_root = ["mod", "lib"].contains(&stem);
        if !is_root {
            module.push(stem.to_owned());
        }
        let (kept, modules) = without_tests(tokens(&text));
        let folder = if is_root || stem == "main" {
            file.parent().unwrap().to_owned()
        } else {
            file.with_extension("")
        };
        for module in modules {
            tests.push(folder.join(format!("{module}.rs")));
            tests.push(folder.join(module));
        }
        let name = name.to_str().unwrap().to_owned();
        sources.push((file, Source { name, module, lines: text.lines().count(), tokens: kept }));
    }
    let kept = sources.into_iter().filter(|(file, _)| !tests.iter().any(|test| file.starts_with(test)));
    kept.map(|(_, source)| source).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn is_below(path: &str, what: &str) -> bool {
    path.strip_prefix(what).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arrows_run_one_way() {
    let mut wrong = Vec::new();
    let sources = sources();
    let parts: BTreeSet<&str> = sources.iter().map(Source::part).collect();
    for source in &sources {
        let Some((_, allowed)) = ARROWS.iter().find(|(part, _)| *part == source.part()) else { continue };
        for path in source.paths() {
            let other = path.strip_prefix("crate::").and_then(|rest| rest.split("::").next());
            let Some(other) = other.filter(|other| parts.contains(other)) else { continue };
            let excepted = EXCEPTIONS.iter().any(|(file, part, _)| *file == source.name && *part == other);
            if other != source.part() && !allowed.contains(&other) && !excepted {
                wrong.push(format!("{} uses {path}", source.name));
            }
        }
    }
    none(wrong);
}

#[test]
fn every_part_of_the_program_has_its_arrows() {
    let at_the_top = ["lib", "main", "cli", "bot"];
    for source in sources() {
        let part = source.part();
        assert!(at_the_top.contains(&part) || ARROWS.iter().any(|(known, _)| *known == part), "{part}");
    }
}

#[test]
fn what_decides_knows_no_outside_world() {
    let mut wrong = Vec::new();
    for source in sources() {
        for path in source.paths() {
            let outside = PURE.contains(&source.part()) && OUTSIDE.iter().any(|what| is_below(&path, what));
            let runtime = is_below(&path, "tokio") && !TOKIO.contains(&source.part());
            let behind = ["crate::store::sled", "crate::store::postgres"];
            let engine =
                behind.iter().any(|engine| is_below(&path, engine)) && !ENGINES.contains(&source.part());
            if outside || runtime || engine {
                wrong.push(format!("{} uses {path}", source.name));
            }
        }
        if PURE.contains(&source.part())
            && source.tokens.iter().any(|token| token == "async" || token == "await")
        {
            wrong.push(format!("{} waits", source.name));
        }
    }
    none(wrong);
}

#[test]
fn only_the_clock_asks_the_time() {
    let asks = ["Timestamp::now", "Zoned::now", "SystemTime", "UNIX_EPOCH"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.name != "clock.rs") {
        for path in source.paths() {
            if asks.iter().any(|asks| path == *asks || path.ends_with(&format!("::{asks}"))) {
                wrong.push(format!("{} asks {path}", source.name));
            }
        }
    }
    none(wrong);
}

#[test]
fn nothing_gives_up_or_was_left_behind() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (at, token) in source.tokens.iter().enumerate() {
            let next = source.token(at + 1);
            let macros = ["todo", "dbg", "unimplemented", "macro_rules"];
            if macros.contains(&token.as_str()) && next == "!" {
                wrong.push(format!("{} has {token}!", source.name));
            }
            if token == "unwrap" && next == "(" && at > 0 && source.tokens[at - 1] == "." {
                wrong.push(format!("{} unwraps", source.name));
            }
            if token == "unsafe" {
                wrong.push(format!("{} is unsafe", source.name));
            }
        }
    }
    none(wrong);
}

#[test]
fn unsafe_code_is_forbidden() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
}

#[test]
fn a_long_file_says_why() {
    let mut wrong = Vec::new();
    let sources = sources();
    for source in sources.iter().filter(|source| source.lines > LINES) {
        if !LONG.iter().any(|(name, _)| *name == source.name) {
            wrong.push(format!("{} has {} lines: look for the second idea", source.name, source.lines));
        }
    }
    for (name, _) in LONG {
        if !sources.iter().any(|source| source.name == *name && source.lines > LINES) {
            wrong.push(format!("{name} is short again: take it off the list"));
        }
    }
    none(wrong);
}

#[test]
fn the_reader_of_paths_reads_them() {
    let source = Source {
        name: "platform/feishu/api.rs".into(),
        module: vec!["platform".into(), "feishu".into(), "api".into()],
        lines: 0,
        tokens: without_tests(tokens(
            r##"
            //! use crate::engine::No;
            use std::{fs, sync::Arc as Shared};
            use super::{Settings, super::{Parcel, http::*}};
            #[cfg(test)] mod tests { use crate::features::No; }
            fn f<'a>(c: char) -> bool { "crate::web::No"; c == '"' || c == '\'' || crate::store::Key::ok(r#"" tokio::No"#) }
            "##,
        ))
        .0,
    };
    let expected = [
        "crate::platform::Parcel",
        "crate::platform::feishu::Settings",
        "crate::platform::http::*",
        "crate::store::Key::ok",
        "std::fs",
        "std::sync::Arc",
    ];
    assert_eq!(source.paths().iter().map(String::as_str).collect::<Vec<_>>(), expected);
}
