//! The moves of a meeting.

use jiff::{Timestamp, civil::Date};

use super::{
    Meeting, State, Told,
    add::{Details, KEYS, time},
    after, words,
};
use crate::{
    calendar::typed::{self, Unreadable},
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal, ladder::later},
    features::{requirement::links, rhythm},
    grammar::{Args, Command, Form, Rest, Spec},
};

/// The meeting that a line names.
pub(crate) fn meeting(dossier: &Dossier, number: u32) -> Result<&Meeting, Refusal> {
    dossier.find::<Meeting>(number).ok_or_else(|| Refusal::new(format!("没有 M{number}。看编号：/会议 列表")))
}

/// The same, refused once it is over.
fn ahead<'a>(dossier: &'a Dossier, number: u32, cx: &Context) -> Result<&'a Meeting, Refusal> {
    let meeting = meeting(dossier, number)?;
    match &meeting.state {
        State::Planned | State::Running { .. } => Ok(meeting),
        State::Ended { at, .. } => {
            let at = typed::echo(*at, cx.now, &cx.rules.calendar);
            Err(Refusal::new(format!("M{number} 已在 {at} 结束")))
        }
        State::Cancelled { by, .. } => Err(Refusal::new(format!("M{number} 已由 {} 取消", by.name))),
    }
}

/// Whoever announced it, or one of the triangle.
fn permit(meeting: &Meeting, what: &str, dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    if meeting.by.id == cx.actor.id || cx.is_triangle(dossier) {
        return Ok(());
    }
    let by = &meeting.by.name;
    Err(Refusal::new(format!("{what} M{} 须由约会的 {by} 或铁三角来做", meeting.number)))
}

/// `/M3 开始`: it is being held.
pub struct Start {
    number: u32,
    on_purpose: bool,
}

impl Command for Start {
    const SPEC: Spec =
        Spec::new("会议", Form::IdAct("开始", "start"), "/会议 M3 开始", "会议开始了").rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), on_purpose: args.remark().is_some() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = ahead(dossier, self.number, cx)?;
        let calendar = &cx.rules.calendar;
        if let State::Running { since } = before.state {
            let since = typed::echo(since, cx.now, calendar);
            return Err(Refusal::new(format!("M{} 已在 {since} 开始", self.number)));
        }
        // A meeting of another day was hardly meant; a word behind 开始 says that it was.
        let early = before.starts.duration_since(cx.now);
        if !self.on_purpose && calendar.date(cx.now) < calendar.date(before.starts) {
            let (starts, early) = (typed::echo(before.starts, cx.now, calendar), typed::echo_span(early));
            return Err(Refusal::new(format!(
                "M{} 约在 {starts}，还有 {early}，没有开始。确实提前开请确认",
                self.number
            ))
            .button("提前开始", format!("/M{} 开始 提前开始", self.number)));
        }
        let next = Meeting { state: State::Running { since: cx.now }, ..before.clone() };
        let ends = typed::echo(next.ends, cx.now, calendar);
        // Within the time of its reminder people gather anyway.
        let ahead = match after(cx.now, cx.rules.meeting.remind_before, cx.rules) < before.starts {
            true => format!("，比约定早 {}", typed::echo_span(early)),
            false => String::new(),
        };
        let reply = Message::text(format!("{} 开始{ahead}", words::name(&next)))
            .line(format!("{ends} 按计划结束；提前结束请说一声"))
            .button("结束", format!("/M{} 结束", self.number));
        Ok(Outcome::change(next, "会议开始").replying(reply))
    }
}

/// `/M3 结束`, `/M3 结束 10:45`: it is over.
pub struct End {
    number: u32,
    at: Option<String>,
}

impl Command for End {
    const SPEC: Spec = Spec::new(
        "会议",
        Form::IdAct("结束", "end"),
        "/会议 M3 结束 10:45",
        "会议结束了（不写时间就是现在），开始计纪要时限",
    )
    .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), at: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = ahead(dossier, self.number, cx)?;
        let calendar = &cx.rules.calendar;
        let began = match before.state {
            State::Running { since } => since.min(before.starts),
            State::Planned | State::Ended { .. } | State::Cancelled { .. } => before.starts,
        };
        if cx.now < began {
            let starts = typed::echo(before.starts, cx.now, calendar);
            return Err(Refusal::new(format!("M{} {starts} 才开始。不开了请发取消", self.number))
                .button("取消会议", format!("/M{} 取消", self.number)));
        }
        let at = self.at.as_deref().map_or(Ok(cx.now), |text| end_time(text, began, before, cx))?;
        let outcome = before.end(at, Told::People, dossier, cx.now, cx.rules);
        let next = before.over(at, Told::People, cx.now, cx.rules);
        let mut reply = words::ended(&next, cx);
        if cx.sees_internal(dossier) {
            let (_, tallies) =
                before.held(at, before.counts_at_end(), Outcome::default(), dossier, (cx.now, cx.rules));
            reply =
                tallies.iter().fold(reply, |reply, tally| reply.line(rhythm::tally(tally, cx.now, calendar)));
        }
        Ok(outcome.replying(reply))
    }
}

/// When it ended, read as seen from its beginning: `10:45` has passed by now.
fn end_time(text: &str, began: Timestamp, meeting: &Meeting, cx: &Context) -> Result<Timestamp, Refusal> {
    let calendar = &cx.rules.calendar;
    let text = text.trim_start_matches(['于', '在']).trim();
    let number = meeting.number;
    let at = typed::read(text, began, calendar)
        .map_err(|why| Refusal::new(format!("{why}。没有记录；现在结束就发 /M{number} 结束")))?
        .at;
    if at > cx.now {
        let at = typed::echo(at, cx.now, calendar);
        return Err(Refusal::new(format!("{at} 还没到，没有记录。要改时间：/会议 M{number} 时长:90分钟")));
    }
    Ok(at)
}

/// `/M3 取消 客户出差`: it is not held.
pub struct Cancel {
    number: u32,
    why: Option<String>,
}

impl Command for Cancel {
    const SPEC: Spec = Spec::new(
        "会议",
        Form::IdAct("取消", "cancel"),
        "/会议 M3 取消 客户出差",
        "不开了，告诉参会人（约会的人或铁三角）",
    )
    .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = ahead(dossier, self.number, cx)?;
        permit(before, "取消", dossier, cx)?;
        let mut next = before.clone();
        next.state = State::Cancelled { by: cx.actor.clone(), at: cx.now };
        next.remind = None;
        next.agenda = None;
        let reply = words::cancelled(&next, cx);
        let told = words::cancelled_for_others(&next, self.why.as_deref(), cx);
        let outcome = Outcome::change(next.clone(), "取消会议").because(self.why).replying(reply);
        if next.people.is_empty() {
            return Ok(outcome);
        }
        Ok(next.tell("cancelled", dossier, told, outcome))
    }
}

/// `/M3`: shows it; with keys or people it changes it.
pub struct Touch {
    number: u32,
    time: Option<(Timestamp, Option<Timestamp>)>,
    /// `推迟 下周`: it is to be held on another day, without an hour. The days that this can mean.
    days: Option<Vec<Date>>,
    details: Details,
    rest: String,
}

/// Words that put a meeting off; a time stands behind them.
const PUT_OFF: [&str; 8] = ["推迟", "延期", "延后", "顺延", "改到", "改期", "挪到", "提前"];

/// The days that a line without an hour can mean; none where it names no day.
fn days(text: &str, cx: &Context) -> Vec<Date> {
    let calendar = &cx.rules.calendar;
    let found = typed::find_anywhere(text, cx.now, calendar).map(|(_, reading)| reading);
    let moments = match found {
        Some(Ok(reading)) => vec![reading.at],
        Some(Err(Unreadable::Ambiguous { choices, .. })) => choices,
        Some(Err(_)) | None => Vec::new(),
    };
    moments.into_iter().map(|at| calendar.date(at)).collect()
}

impl Command for Touch {
    const SPEC: Spec = Spec::new(
        "会议",
        Form::Id,
        "/会议 M3",
        "看一个会议；/会议 M3 时间:明天15点 改期；/会议 M3 @李工 加人；/会议 M3 重复:不 不再重复",
    )
    .keys(KEYS);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let details = Details::read(&args)?;
        let put_off = PUT_OFF.iter().find_map(|word| args.text.strip_prefix(word));
        let put_off = put_off.map(|rest| rest.trim_start_matches(['到', '至']).to_owned());
        let said = args.text.clone();
        let time = match time(&mut args, cx) {
            Err(_) if put_off.is_some() => None,
            read => read?,
        };
        let days = put_off.is_some() && time.is_none() && args.key("时间").is_none();
        let days = days.then(|| self::days(&said, cx));
        let rest = if put_off.is_some() { String::new() } else { args.words() };
        Ok(Self { number: args.number(), time, days, details, rest })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let number = self.number;
        if !self.rest.is_empty() {
            return Err(Refusal::new(format!(
                "M{number} 要做什么没看懂，没有记录。改期：/会议 M{number} 时间:明天15点；写纪要：/纪要 M{number}"
            )));
        }
        let before = meeting(dossier, number)?;
        if let Some(days) = &self.days {
            return Err(words::on_which_day(ahead(dossier, number, cx)?, days, cx));
        }
        let mut next = before.clone();
        self.details.invite(&mut next, dossier);
        next.kind = self.details.kind.unwrap_or(next.kind);
        next.place = self.details.place.clone().or(next.place);
        next.online = self.details.online.clone().or(next.online);
        let length = self.details.length.unwrap_or_else(|| before.ends.duration_since(before.starts));
        if let Some((starts, ends)) = self.time {
            next.starts = starts;
            next.ends =
                ends.filter(|_| self.details.length.is_none()).unwrap_or_else(|| later(starts, length));
        } else {
            next.ends = later(next.starts, length);
        }
        let day = cx.rules.calendar.date(next.starts);
        next.weekly = match self.details.weekly {
            Some(true) => Some(day),
            Some(false) => None,
            None => before.weekly,
        };
        if next == *before {
            return Ok(Outcome::reply(links::on_card(
                words::shown(before, dossier, cx),
                before,
                dossier,
                cx,
            )));
        }
        ahead(dossier, number, cx)?;
        let only_adds =
            Meeting { people: before.people.clone(), guests: before.guests.clone(), ..next.clone() };
        if only_adds != *before {
            permit(before, "修改", dossier, cx)?;
        }
        if next.ends <= cx.now {
            return Err(Refusal::new(format!(
                "M{number} 这样改就已经结束了，没有改。结束请发 /M{number} 结束"
            )));
        }
        let moved = next.starts != before.starts || next.ends != before.ends;
        if next.starts != before.starts || next.kind != before.kind {
            next = next.reminded(cx.now, cx.rules);
        }
        let reply = words::announced(&next, dossier, cx);
        let told = words::moved(&next, before, cx);
        let outcome = Outcome::change(next.clone(), "修改会议").replying(reply);
        if !moved || next.people.is_empty() {
            return Ok(outcome);
        }
        Ok(next.tell("moved", dossier, told, outcome))
    }
}
