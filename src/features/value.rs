//! What of value was delivered: collected for the week; the weekly report opens with it (RULES 9).

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Time};
use serde::{Deserialize, Serialize};

use crate::{
    chat::{Message, Person, Tone},
    dossier::{Cell, Context, Dossier, Kind, Outcome, Refusal, Role, Say, Waking, ladder::later},
    features::{
        listing,
        rhythm::{self, owed},
        weekly,
    },
    grammar::{Args, Command, Form, Object, On, Spec},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "价值",
    english: "value",
    aliases: &[],
    letter: None,
    summary: "本周交付了什么价值，周报以此开头",
};

/// Something of value that was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// Its number.
    pub number: u32,
    /// What was delivered.
    pub text: String,
    /// Who said so.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// It stays out of the customer's report.
    #[serde(default)]
    pub internal: bool,
    /// The record it came with, for instance `U3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// What was delivered from `from` on and before `until`, oldest first.
pub fn between(
    dossier: &Dossier,
    from: Timestamp,
    until: Timestamp,
    internal: bool,
) -> impl Iterator<Item = &Value> {
    dossier
        .all::<Value>()
        .filter(move |value| from <= value.at && value.at < until && (internal || !value.internal))
}

/// Whether anything of value was told of since then.
pub fn any_since(dossier: &Dossier, from: Timestamp) -> bool {
    between(dossier, from, Timestamp::MAX, true).next().is_some()
}

/// What was delivered in the seven days up to and with this moment.
fn recent(dossier: &Dossier, now: Timestamp, internal: bool) -> impl Iterator<Item = &Value> {
    between(dossier, later(now, -weekly::WEEK), later(now, SignedDuration::from_millis(1)), internal)
}

/// `/价值 支付模块已完成联调`.
pub struct Add {
    text: String,
    internal: bool,
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "价值",
        Form::Text,
        "/价值 支付模块已完成联调，支持 7 种支付方式",
        "记下交付的价值，写进本周周报；!内部 不进客户版",
    )
    .on(On::ProjectOrNew);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let text = args.words();
        if text.is_empty() {
            return Err(Refusal::new("交付了什么价值？例如：/价值 支付模块已完成联调，支持 7 种支付方式"));
        }
        Ok(Self { text, internal: args.internal })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut outcome = Outcome::default();
        let value = Value {
            number: outcome.next_number::<Value>(dossier),
            text: self.text,
            by: cx.actor.clone(),
            at: cx.now,
            internal: self.internal,
            source: None,
        };
        let count = recent(dossier, cx.now, true).count() + 1;
        let aside = if value.internal { "（内部，不进客户版）" } else { "" };
        outcome.what = "记价值".into();
        outcome.reply = Some(
            Message::text(format!("已记入周报{aside}：{}", value.text))
                .line(format!("近 7 天共 {count} 条，看全部：/价值")),
        );
        Ok(outcome.and(value))
    }
}

/// `/价值`: what the next report opens with.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("价值", Form::List, "/价值 列表", "近 7 天交付的价值");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let lines = recent(dossier, cx.now, internal).map(|value| {
            let aside = if value.internal { " · 内部" } else { "" };
            format!("· {} · {}{aside}", value.text, value.by.name)
        });
        let empty = Message::text("近 7 天还没有记价值。记一条：/价值 交付了什么、客户得到什么");
        Ok(Outcome::reply(listing("近 7 天的价值", lines.collect(), empty)))
    }
}

/// The job on the morning of the weekly report: a week without value is asked about while there is time.
pub fn remind(dossier: &Dossier, cx: &Waking) -> Outcome {
    let calendar = &cx.rules.calendar;
    let project = dossier.project();
    // What this calendar week brought counts, also where a report was sent in the middle of it.
    let today = calendar.date(cx.due);
    let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let from = weekly::since_last(dossier, cx.due).min(calendar.at(monday, Time::midnight()));
    if any_since(dossier, from)
        || !weekly::is_expected(project)
        || !calendar.is_working_day(calendar.date(cx.due))
    {
        return Outcome::default();
    }
    // Made up in the evening, it would be heard after the report.
    if calendar.date(calendar.after_quiet(cx.now)) != calendar.date(cx.due) {
        return Outcome::default();
    }
    let call = project.call(&[Role::ProjectManager]);
    let message = Message::text("本周还没有记交付的价值，今天出周报")
        .line("周报以价值开头，写一句客户得到了什么：/价值 支付模块已完成联调，支持 7 种支付方式")
        .tone(Tone::Warning);
    Outcome::default().saying(Say::Ping(rhythm::ask(dossier, call, (owed::VALUE, from), message)))
}

impl Kind for Value {
    const LETTER: char = 'V';
    const NAME: &'static str = "价值";
    const FIELDS: &'static [(&'static str, &'static str)] = &[("text", "内容")];
    const SHOWN: &'static [&'static str] = &["来源"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.text.clone()
    }

    fn state(&self) -> &'static str {
        "已记"
    }

    fn shared(&self) -> bool {
        !self.internal
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        vec![("来源", self.source.as_deref().into())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::bench::{Bench, at};

    fn morning(bench: &mut Bench, when: &str) -> Vec<String> {
        bench.until(when);
        bench.said();
        let cx = Waking { now: at(when), due: at(when), rules: &bench.rules };
        let outcome = remind(&bench.dossier, &cx);
        bench.apply(outcome);
        bench.said()
    }

    #[test]
    fn it_is_collected_and_listed_and_internal_ones_stay_inside() {
        let mut bench = Bench::new("2026-11-23 10:00");
        let reply = bench.say("李工", "/价值 支付模块已完成联调，支持 7 种支付方式");
        assert!(
            reply.starts_with("已记入周报：支付模块已完成联调，支持 7 种支付方式\n近 7 天共 1 条"),
            "{reply}"
        );
        bench.say("李工", "/价值 重构省了两台机器 !内部");
        assert!(bench.say("李工", "/价值").starts_with("近 7 天的价值 2 条"));
        assert!(bench.say_to_customer("客户陈总", "/价值").starts_with("近 7 天的价值 1 条"));
        bench.until("2026-12-01 10:00");
        assert!(bench.say("李工", "/价值").contains("还没有记价值"));
    }

    #[test]
    fn a_week_of_development_without_value_is_asked_about_before_the_report() {
        let mut bench = Bench::new("2026-11-23 10:00");
        assert_eq!(morning(&mut bench, "2026-11-27 09:30"), Vec::<String>::new(), "not in 接触");
        bench.say("张经理", "/项目 阶段 验收 原因:补录");
        assert_eq!(morning(&mut bench, "2026-12-04 09:30"), Vec::<String>::new());
        let mut bench = Bench::new("2026-11-23 10:00");
        bench.say("张经理", "/项目 阶段 开发 原因:补录");
        assert_eq!(
            morning(&mut bench, "2026-11-27 09:30"),
            ["11-27 09:30 →张经理 本周还没有记交付的价值，今天出周报"]
        );
        let (due, now) = (at("2026-11-27 09:30"), at("2026-11-27 22:00"));
        let made_up = remind(&bench.dossier, &Waking { now, due, rules: &bench.rules });
        assert_eq!(made_up.say, [], "it would be heard on Monday");
        bench.until("2026-11-30 10:00");
        bench.say("李工", "/价值 联调完成");
        assert_eq!(morning(&mut bench, "2026-12-04 09:30"), Vec::<String>::new());
    }

    #[test]
    fn empty_value_is_asked_for() {
        let mut bench = Bench::new("2026-11-23 10:00");
        assert!(bench.say("李工", "/价值 !内部").starts_with("✗ 交付了什么价值"));
    }
}
