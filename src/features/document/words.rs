//! Every sentence of documents.

use jiff::Timestamp;

use super::{Document, DocumentKind};
use crate::{
    calendar::{Calendar, typed},
    chat::{Message, Tone, short},
    dossier::{Context, Waking},
    features::rhythm::Told,
};

/// `D1 联调日志`.
pub fn name(document: &Document) -> String {
    format!("D{} {}", document.number, short(&document.title))
}

/// `D1 第三轮 · 测试报告`; the kind is left out where the title says it.
fn headline(document: &Document) -> String {
    let kind = document.kind.name();
    let said = document.kind == DocumentKind::Other || document.title.contains(kind);
    let kind = if said { String::new() } else { format!(" · {kind}") };
    let internal = if document.internal { " · 内部" } else { "" };
    format!("{}{kind}{internal}", name(document))
}

/// A document and what it still lacks.
pub fn registered(document: &Document, next: Option<Timestamp>, cx: &Context) -> Message {
    let number = document.number;
    let mut message = Message::text(headline(document));
    match &document.link {
        Some(link) => message = message.line(link.clone()),
        None => message = message.line(format!("没有链接，补上：/D{number} 链接:https://…")),
    }
    match &document.summary {
        Some(summary) => message = message.line(format!("说明：{summary}")),
        None => {
            message = message.line(format!("请补一句不懂技术的人也看得懂的说明：/D{number} 说明:…"));
        }
    }
    match next {
        Some(at) => message.line(format!(
            "下一份{} {} 前交",
            document.kind.name(),
            typed::echo(at, cx.now, &cx.rules.calendar)
        )),
        None => message,
    }
}

/// One line of a list.
pub fn listed(document: &Document, now: Timestamp, calendar: &Calendar) -> String {
    let at = typed::echo_date(calendar.date(document.at), now, calendar);
    let summary = match &document.summary {
        Some(summary) => summary.as_str(),
        None => "缺说明",
    };
    format!("{} · {} · {at} · {summary}", headline(document), document.by.name)
}

/// Everything about one document.
pub fn shown(document: &Document, cx: &Context) -> Message {
    let at = typed::echo(document.at, cx.now, &cx.rules.calendar);
    registered(document, None, cx).line(format!("{} 于 {at} 登记", document.by.name))
}

/// One is due, or missing.
pub fn wanted(kind: DocumentKind, told: &Told, cx: &Waking) -> Message {
    let calendar = &cx.rules.calendar;
    let at = |moment| typed::echo(moment, cx.now, calendar);
    let message = match told.missed {
        0 => Message::text(format!("{} 前要交{}", at(told.until), kind.name())).tone(Tone::Warning),
        1 => {
            Message::text(format!("{}没有按时交，应在 {} 前", kind.name(), at(told.until))).tone(Tone::Alarm)
        }
        times => {
            Message::text(format!("{}连续 {times} 期没有交，最近一期应在 {} 前", kind.name(), at(told.until)))
                .tone(Tone::Alarm)
        }
    };
    message.line(format!("交了发：/文档 {} 链接 说明:一句通俗的话", kind.name()))
}
