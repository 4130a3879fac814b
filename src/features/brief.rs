//! 《技术简报》: one a month for the customer's rooms, drafted from links and notes (RULES 9).

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
};
use serde::{Deserialize, Serialize};

use super::document::Document;
use crate::{
    calendar::{Calendar, typed},
    chat::{Message, Person, Tone},
    dossier::{Cell, Context, Dossier, Hearing, Kind, Outcome, Phase, Refusal, Role, RoomKind, Say, Waking},
    features::{
        listing,
        rhythm::{self, owed},
    },
    grammar::{Args, Command, Form, Object, Rest, Spec, Who},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "简报",
    english: "brief",
    aliases: &["技术简报"],
    letter: None,
    summary: "《技术简报》：每月一期，起草后发到客户群",
};

/// A technical brief.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// Its number.
    pub number: u32,
    /// What it is about.
    pub title: String,
    /// What it says.
    pub lines: Vec<String>,
    /// Who wrote it.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// When it was sent to the customer's rooms; a draft until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
}

impl Brief {
    /// As the customer's rooms get it.
    fn message(&self) -> Message {
        let message = Message::text(format!("《技术简报》{}", self.title));
        self.lines.iter().fold(message, |message, line| message.line(line.clone()))
    }
}

/// The draft that waits to be sent.
fn draft(dossier: &Dossier) -> Option<&Brief> {
    dossier.all::<Brief>().rev().find(|brief| brief.sent.is_none())
}

fn month(at: Timestamp, calendar: &Calendar) -> Date {
    calendar.date(at).first_of_month()
}

/// The summaries of this month's documents, without internal ones: the notes of a brief whose author has
/// written none.
fn collected(dossier: &Dossier, cx: &Context) -> Vec<String> {
    let calendar = &cx.rules.calendar;
    dossier
        .all::<Document>()
        .filter(|document| !document.internal)
        .filter(|document| month(document.at, calendar) == month(cx.now, calendar))
        .filter_map(|document| {
            let summary = document.summary.as_ref()?;
            let link = document.link.as_ref().map(|link| format!(" {link}")).unwrap_or_default();
            Some(format!("· {}：{summary}{link}", document.title))
        })
        .collect()
}

/// Only the team drafts: what is not sent yet is not the customer's.
fn inside(dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    if cx.sees_internal(dossier) {
        return Ok(());
    }
    Err(Refusal::new("简报在项目群里起草，发出后这里会收到"))
}

/// `/简报 标题` and the lines below it: a draft; an unsent one is replaced.
pub struct Write {
    title: String,
    lines: Vec<String>,
}

impl Command for Write {
    const SPEC: Spec = Spec::new(
        "简报",
        Form::Text,
        "/简报 退款接口上线",
        "起草本月技术简报，正文写在下面几行；不写就用本月文档的说明",
    );

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        if args.text.is_empty() {
            return Err(Refusal::new("简报要有标题。例如：/简报 退款接口上线，正文写在下面几行"));
        }
        let lines = args.description().unwrap_or_default().lines().map(str::to_owned).collect();
        Ok(Self { title: args.text, lines })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        inside(dossier, cx)?;
        let own = !self.lines.is_empty();
        let lines = if own { self.lines } else { collected(dossier, cx) };
        if lines.is_empty() {
            return Err(Refusal::new("简报没有正文，本月也没有带说明的文档，没有起草。正文写在标题下面几行"));
        }
        let mut outcome = Outcome::default();
        let before = draft(dossier);
        let brief = Brief {
            number: before.map_or_else(|| outcome.next_number::<Brief>(dossier), |before| before.number),
            title: self.title,
            lines,
            by: cx.actor.clone(),
            at: cx.now,
            sent: None,
        };
        let mut reply = Message::text(format!("简报草稿：《技术简报》{}", brief.title));
        for line in &brief.lines {
            reply = reply.line(line.clone());
        }
        if !own {
            reply = reply.line("（正文取自本月文档的说明，改写就重发 /简报 标题 加正文）");
        }
        if let Some(before) = before {
            reply = reply.line(format!("替换了 {} 的草稿「{}」", before.by.name, before.title));
        }
        outcome.what = "起草简报".into();
        outcome.reply = Some(reply.button("发送", "/简报 发送"));
        Ok(outcome.and(brief))
    }
}

/// `/简报`: the draft, and what was sent.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("简报", Form::List, "/简报 列表", "草稿和发过的简报");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let calendar = &cx.rules.calendar;
        let briefs = dossier.all::<Brief>().rev().filter(|brief| internal || brief.sent.is_some());
        let lines = briefs.map(|brief| match brief.sent {
            Some(at) => {
                let at = typed::echo_date(calendar.date(at), cx.now, calendar);
                format!("{} · {at} 发出", brief.title)
            }
            None => format!("{} · 草稿 · {}", brief.title, brief.by.name),
        });
        let list =
            listing("简报", lines.collect(), Message::text("还没有简报。起草：/简报 标题，正文写在下面几行"));
        let waiting = internal && draft(dossier).is_some();
        Ok(Outcome::reply(if waiting { list.button("发送草稿", "/简报 发送") } else { list }))
    }
}

/// `/简报 发送`: asks once, then posts the draft to the customer's rooms.
pub struct Send {
    confirmed: bool,
}

impl Command for Send {
    const SPEC: Spec =
        Spec::new("简报", Form::Act("发送", "send"), "/简报 发送", "把草稿发到客户群（先确认一次）")
            .rest(Rest::Read)
            .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        match args.rest.as_str() {
            "" => Ok(Self { confirmed: false }),
            "确认" => Ok(Self { confirmed: true }),
            other => Err(Refusal::new(format!("看不懂「{other}」。发草稿：/简报 发送"))),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        inside(dossier, cx)?;
        let Some(brief) = draft(dossier) else {
            return Err(Refusal::new("没有要发的草稿。起草：/简报 标题，正文写在下面几行"));
        };
        let rooms = dossier.project().rooms_of(RoomKind::Customer).count();
        if rooms == 0 {
            let name = &dossier.project().name;
            return Err(Refusal::new(format!(
                "项目还没有客户群，没有发。在客户群里发：/项目 绑定 {name} 客户群"
            )));
        }
        if !self.confirmed {
            let ask = Message::text(format!("把下面这期简报发到 {rooms} 个客户群？发出后收不回"));
            let ask = brief.message().lines.into_iter().fold(ask, Message::line);
            return Ok(Outcome::reply(ask.button("确认发送", "/简报 发送 确认")));
        }
        let mut next = brief.clone();
        next.sent = Some(cx.now);
        let message = next.message();
        let reply = Message::text(format!("《技术简报》{} 已发到客户群", next.title)).tone(Tone::Good);
        let announce = Say::Announce { hearing: Hearing::Customer, message, about: None };
        Ok(Outcome::change(next, "发简报").replying(reply).saying(announce))
    }
}

/// The first working day of the week in which the month's last working day lies.
fn last_week_begins(month: Date, calendar: &Calendar) -> Date {
    let last = calendar.previous_working_day(month.first_of_month().saturating_add(1.month()));
    let monday = last.saturating_sub(i64::from(last.weekday().to_monday_zero_offset()).days());
    let first = if calendar.is_working_day(monday) { monday } else { calendar.next_working_day(monday) };
    first.max(month.first_of_month())
}

/// Whether one was sent to the customer since then.
pub fn sent_since(dossier: &Dossier, from: Timestamp) -> bool {
    dossier.all::<Brief>().any(|brief| brief.sent.is_some_and(|at| from <= at))
}

/// The job of every morning: in the month's last working week, once, if none was sent.
pub fn remind(dossier: &Dossier, cx: &Waking) -> Outcome {
    let calendar = &cx.rules.calendar;
    let project = dossier.project();
    let today = calendar.date(cx.due);
    let served = !matches!(project.phase, Phase::Contact | Phase::Closed)
        && project.rooms_of(RoomKind::Customer).next().is_some();
    let from = calendar.at(today.first_of_month(), Time::midnight());
    if !served
        || sent_since(dossier, from)
        || !calendar.is_working_day(today)
        || today != last_week_begins(today, calendar)
    {
        return Outcome::default();
    }
    let call = project.call(&[Role::TechnicalContact, Role::ProjectManager]);
    let message =
        Message::text(format!("{} 月《技术简报》还没有发给客户", today.month())).tone(Tone::Warning);
    let message = match draft(dossier) {
        Some(brief) => {
            message.line(format!("有草稿「{}」，看过就发", brief.title)).button("发送草稿", "/简报 发送")
        }
        None => message.line("起草：/简报 标题，正文写在下面几行"),
    };
    Outcome::default().saying(Say::Ping(rhythm::ask(dossier, call, (owed::BRIEF, from), message)))
}

impl Kind for Brief {
    const LETTER: char = 'B';
    const NAME: &'static str = "简报";
    const FIELDS: &'static [(&'static str, &'static str)] = &[("title", "标题")];
    const SHOWN: &'static [&'static str] = &["内容", "发出"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        if self.sent.is_some() { "已发" } else { "草稿" }
    }

    fn shared(&self) -> bool {
        self.sent.is_some()
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        vec![("内容", self.lines.join("\n").into()), ("发出", self.sent.into())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::bench::{Bench, at};
    use jiff::civil::date;

    #[test]
    fn a_draft_is_sent_to_the_customer_after_one_confirmation() {
        let mut bench = Bench::new("2026-11-23 10:00");
        let reply = bench.say("李工", "/简报 退款接口上线\n退款原路返回\n文档 https://docs.example.com/r");
        assert_eq!(
            reply,
            "简报草稿：《技术简报》退款接口上线\n退款原路返回\n文档 https://docs.example.com/r"
        );
        assert!(bench.say("张经理", "/简报 发送").starts_with("把下面这期简报发到 1 个客户群？"));
        assert_eq!(bench.said(), Vec::<String>::new());
        assert_eq!(bench.say("张经理", "/简报 发送 确认"), "《技术简报》退款接口上线 已发到客户群");
        assert_eq!(
            bench.said(),
            ["11-23 10:00 客户群 《技术简报》退款接口上线\n退款原路返回\n文档 https://docs.example.com/r"]
        );
        assert!(bench.say("张经理", "/简报 发送 确认").starts_with("✗ 没有要发的草稿"));
        assert!(bench.say_to_customer("客户陈总", "/简报").contains("退款接口上线 · 11月23日 周一 发出"));
    }

    #[test]
    fn without_lines_it_is_drafted_from_the_months_documents_but_not_internal_ones() {
        let mut bench = Bench::new("2026-11-23 10:00");
        assert!(bench.say("李工", "/简报 十一月").starts_with("✗ 简报没有正文"));
        bench.say("李工", "/文档 退款接口 https://docs.example.com/1 说明:退款当天到账");
        bench.say("李工", "/文档 故障复盘 说明:机密 !内部");
        let reply = bench.say("李工", "/简报 十一月");
        assert!(reply.contains("· 退款接口：退款当天到账 https://docs.example.com/1"), "{reply}");
        assert!(!reply.contains("机密"));
        assert!(bench.say_to_customer("客户陈总", "/简报 偷看").starts_with("✗ 简报在项目群里起草"));
        assert_eq!(
            bench.say_to_customer("客户陈总", "/简报"),
            "还没有简报。起草：/简报 标题，正文写在下面几行"
        );
    }

    fn morning(bench: &mut Bench, when: &str) -> Vec<String> {
        let cx = Waking { now: at(when), due: at(when), rules: &bench.rules };
        let outcome = remind(&bench.dossier, &cx);
        bench.apply(outcome);
        bench.said()
    }

    #[test]
    fn the_months_last_working_week_reminds_once_if_none_was_sent() {
        let mut bench = Bench::new("2026-11-23 10:00");
        bench.say("张经理", "/项目 阶段 开发 原因:补录");
        assert_eq!(morning(&mut bench, "2026-11-27 09:30"), Vec::<String>::new());
        // 30 November is a Monday and the month's last working day.
        let said = morning(&mut bench, "2026-11-30 09:30");
        assert_eq!(said.len(), 1);
        assert!(said[0].ends_with("→李工 张经理 11 月《技术简报》还没有发给客户"), "{said:?}");
        bench.say("李工", "/简报 退款接口上线\n退款原路返回");
        bench.say("张经理", "/简报 发送 确认");
        bench.said();
        assert_eq!(morning(&mut bench, "2026-11-30 09:30"), Vec::<String>::new());
        let calendar = Calendar::shanghai();
        assert_eq!(last_week_begins(date(2026, 12, 5), &calendar), date(2026, 12, 28));
        // 1 to 7 October are off, 30 September a Wednesday.
        assert_eq!(last_week_begins(date(2026, 9, 5), &calendar), date(2026, 9, 28));
    }
}
