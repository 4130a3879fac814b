//! `/文档 联调日志 https://… 说明:…`, listing, showing, and filling in.

use super::{Document, DocumentKind, words};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Record, Refusal, RoomKind},
    features::{
        listing,
        rhythm::{self, Beat, Duty},
    },
    grammar::{Args, Command, Form, KeySpec, On, Spec},
};

/// Registers a document.
pub struct Add {
    title: String,
    kind: DocumentKind,
    link: Option<String>,
    summary: Option<String>,
    said: String,
    internal: bool,
}

/// The keys of a document.
const KEYS: &[KeySpec] = &[KeySpec::text("链接", "link"), KeySpec::text("说明", "summary")];

/// The text without the first address in it, and that address.
fn split_link(text: &str) -> (String, Option<String>) {
    let is_link = |word: &&str| ["http://", "https://"].iter().any(|scheme| word.starts_with(scheme));
    let link = text.split_whitespace().find(is_link);
    let mut found = false;
    let words = text.split_whitespace().filter(|word| {
        let first = !found && Some(*word) == link;
        found |= first;
        !first
    });
    let title = words.collect::<Vec<_>>().join(" ");
    (title, link.map(str::to_owned))
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "文档",
        Form::Text,
        "/文档 支付联调开发日志 https://docs.example.com/d/1 说明:七种支付方式都已跑通",
        "登记文档；标题里写「日志」「测试报告」就算交了这一期",
    )
    .keys(KEYS)
    .on(On::ProjectOrNew);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let (title, link) = split_link(&args.text);
        let link = args.key("链接").map(str::to_owned).or(link);
        let summary = args.key("说明").map(str::to_owned).or_else(|| args.description());
        if title.is_empty() {
            return Err(Refusal::new(
                "文档要写标题，没有登记。例如：/文档 支付联调开发日志 https://… 说明:七种支付方式都已跑通",
            ));
        }
        let kind = DocumentKind::of_title(&title);
        Ok(Self { title, kind, link, summary, said: args.said, internal: args.internal })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let outcome = Outcome::default();
        let customer = cx.place.kind == RoomKind::Customer || dossier.project().is_customer(&cx.actor.id);
        let document = Document {
            number: outcome.next_number::<Document>(dossier),
            title: self.title,
            kind: self.kind,
            link: self.link,
            summary: self.summary,
            said: self.said,
            by: cx.actor.clone(),
            room: cx.place.room.clone(),
            at: cx.now,
            shared: customer && !self.internal,
            internal: self.internal,
        };
        let kind = document.kind;
        let fits = |beat: &Beat| matches!(beat.duty, Duty::Document(due) if due == kind);
        let (mut outcome, tallies) = rhythm::counting(outcome, cx.now, fits, dossier, (cx.now, cx.rules));
        let next = tallies.first().and_then(|tally| tally.next);
        outcome.what = "登记文档".into();
        outcome.about = Some(Record::key(&document));
        let next = next.filter(|_| cx.sees_internal(dossier));
        outcome.reply = Some(words::registered(&document, next, cx));
        Ok(outcome.and(document))
    }
}

/// `/文档`: the latest first.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("文档", Form::List, "/文档 列表", "登记过的文档，新的在前");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let documents = dossier.all::<Document>().rev().filter(|document| document.shared || internal);
        let lines = documents.map(|document| words::listed(document, cx.now, &cx.rules.calendar));
        Ok(Outcome::reply(listing("文档", lines.collect(), Message::text("还没有登记文档"))))
    }
}

/// `/D1`: shows it; with `链接` or `说明` it fills it in.
pub struct Touch {
    number: u32,
    link: Option<String>,
    summary: Option<String>,
}

impl Command for Touch {
    const SPEC: Spec =
        Spec::new("文档", Form::Id, "/文档 D1 说明:七种支付方式都已跑通", "看一份文档，或补链接、说明")
            .keys(KEYS);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let (rest, link) = split_link(&args.text);
        if !rest.is_empty() {
            return Err(Refusal::new(format!("看不懂「{rest}」，没有记录。补说明请写：/D{number} 说明:…")));
        }
        let link = args.key("链接").map(str::to_owned).or(link);
        Ok(Self { number, link, summary: args.key("说明").map(str::to_owned) })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let number = self.number;
        let before = dossier
            .find::<Document>(number)
            .ok_or_else(|| Refusal::new(format!("没有 D{number}。看编号：/文档 列表")))?;
        if self.link.is_none() && self.summary.is_none() {
            return Ok(Outcome::reply(words::shown(before, cx)));
        }
        let mut next = before.clone();
        next.link = self.link.or(next.link);
        next.summary = self.summary.or(next.summary);
        let reply = words::registered(&next, None, cx);
        Ok(Outcome::change(next, "补文档").replying(reply))
    }
}
