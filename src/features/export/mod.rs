//! `/导出 xlsx 需求`: a project's records as a file. Customers get what is theirs to read, and never our notes.
//!
//! The same tables, of every project, are written by `jiuding export`.

mod tables;
#[cfg(test)]
mod tests;
mod words;

pub use tables::{Scope, count, document, tables};

use serde_json::value::RawValue;

use crate::{
    chat::File,
    dossier::{COUNTER, Context, Dossier, Kind, Outcome, Refusal},
    features::{KINDS, OBJECTS},
    grammar::{Args, Command, Form, Object, Spec, Who, narrow},
    report::{
        file_word,
        table::{Table, csv_archive, xlsx},
    },
    store::{Copies, DossierCopy, Key},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "导出",
    english: "export",
    aliases: &[],
    letter: None,
    summary: "记录成一个文件：/导出，/导出 csv 需求",
};

/// What a file is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Excel.
    Xlsx,
    /// A file for each kind; several of them in an archive.
    Csv,
    /// Everything as the store has it.
    Json,
    /// A text to read.
    Md,
}

impl Format {
    /// All, with the words for each; the first is the file's extension.
    pub const ALL: [(Format, &'static [&'static str]); 4] = [
        (Self::Xlsx, &["xlsx", "excel", "表格"]),
        (Self::Csv, &["csv"]),
        (Self::Json, &["json"]),
        (Self::Md, &["md", "markdown"]),
    ];

    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        Self::ALL.iter().find(|(format, _)| *format == self).map_or("", |(_, words)| words[0])
    }

    fn parse(word: &str) -> Option<Self> {
        let called = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        Self::ALL.iter().find(|(_, words)| called(words)).map(|(format, _)| *format)
    }
}

/// Hands over a project's records.
pub struct Export {
    format: Format,
    /// The kind that is wanted, and its name.
    kind: Option<(char, &'static str)>,
}

impl Command for Export {
    const SPEC: Spec = Spec::new(
        "导出",
        Form::Any,
        "/导出 xlsx 需求",
        "格式 xlsx、csv、json、md，不写就是 xlsx；不写种类就是全部",
    )
    .who(Who::TriangleOrRepresentative);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        // Nothing is chosen by marks, people or lines: whoever writes them expects another file.
        let people = args.people.iter().map(|person| format!("@{}", person.name));
        let rest = [args.words(), args.marks()].into_iter().chain(people).collect::<Vec<_>>().join(" ");
        let rest: String = rest.chars().map(narrow).collect();
        let (mut format, mut kind) = (None, None);
        for word in rest.split_whitespace() {
            let read = (Format::parse(word), kind_of(word));
            match read {
                (Some(found), _) if format.is_none() => format = Some(found),
                (None, Some(found)) if kind.is_none() => kind = Some(found),
                (None, None) => return Err(words::unknown(word, kinds().map(|(_, name)| name))),
                _ => return Err(words::one_at_a_time()),
            }
        }
        Ok(Self { format: format.unwrap_or(Format::Xlsx), kind })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        if self.format == Format::Json && self.kind.is_some() {
            return Err(words::json_is_whole());
        }
        if self.format == Format::Json && !internal {
            return Err(words::json_is_ours());
        }
        let scope = Scope { internal, letter: self.kind.map(|(letter, _)| letter) };
        if count(dossier, scope) == 0 {
            return Err(words::nothing(self.kind.map(|(_, name)| name)));
        }
        let tables = tables(std::slice::from_ref(dossier), scope);
        let message = words::told(&tables, self.format);
        let (content, extension) = self.content(dossier, &tables, scope, cx).map_err(|_| words::too_big())?;
        let project = &dossier.project().name;
        let name = [Some(file_word(project)), self.kind.map(|(_, name)| name.to_owned())];
        let name = name.into_iter().flatten().collect::<Vec<_>>().join("-");
        let name = format!("{name}-{}.{extension}", cx.rules.calendar.date(cx.now));
        let file = File::new(name, content, words::instead(self.format, project));
        Ok(Outcome::reply(message.attach(file.ok_or_else(words::too_big)?)))
    }
}

impl Export {
    /// The file's bytes, and its extension.
    fn content(
        &self,
        dossier: &Dossier,
        tables: &[Table],
        scope: Scope,
        cx: &Context,
    ) -> anyhow::Result<(Vec<u8>, &'static str)> {
        let zone = cx.rules.calendar.zone();
        let content = match (self.format, tables) {
            (Format::Xlsx, tables) => xlsx(tables, zone, cx.now)?,
            (Format::Csv, [only]) => only.csv(zone).into_bytes(),
            (Format::Csv, several) => return Ok((csv_archive(several, zone)?, "zip")),
            (Format::Json, _) => {
                let mut copies = Copies::begin(Vec::new())?;
                copies.add(&copy(dossier)?)?;
                copies.end()?
            }
            (Format::Md, _) => document(dossier, scope, zone).into_bytes(),
        };
        Ok((content, self.format.extension()))
    }
}

/// Kinds of which a project has many, with the letter and the name.
fn kinds() -> impl Iterator<Item = (char, &'static str)> {
    let many = |kind: &&crate::dossier::KindEntry| {
        let customers = [super::customer::Customer::LETTER, super::customer::File::LETTER];
        kind.letter.is_alphabetic() && !customers.contains(&kind.letter) && !super::is_filed(kind.letter)
    };
    KINDS.iter().filter(many).map(|kind| (kind.letter, kind.name))
}

fn kind_of(word: &str) -> Option<(char, &'static str)> {
    let object = OBJECTS.iter().find(|object| object.is_called(word))?;
    kinds().find(|(_, name)| *name == object.name)
}

/// A dossier as it is in memory, without its log.
fn copy(dossier: &Dossier) -> anyhow::Result<DossierCopy> {
    let counters = KINDS.iter().filter_map(|kind| {
        let counted = Some(dossier.counted(kind.letter)).filter(|counted| *counted > 0)?;
        let key = Key { letter: COUNTER, number: u32::from(kind.letter) };
        Some((key, counted.to_string()))
    });
    let records = dossier.records().map(|(key, record)| (key, record.encode().to_string()));
    let mut rows: Vec<(Key, String)> = counters.chain(records).collect();
    rows.sort_by_key(|(key, _)| *key);
    let rows = rows.into_iter().map(|(key, value)| Ok((key, RawValue::from_string(value)?)));
    let rows = rows.collect::<anyhow::Result<_>>()?;
    Ok(DossierCopy { id: dossier.id, version: dossier.version, rows, log: Vec::new() })
}
