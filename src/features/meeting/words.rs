//! Every sentence of meetings.

use jiff::{Timestamp, civil::Date};

use super::{Meeting, State, Told};
use crate::{
    calendar::typed::{self, Reading},
    chat::{Line, Message, Tone, short},
    dossier::{Cell, Context, Dossier, MeetingKind, Refusal, RoomKind, Rules, Waking},
    features::minutes,
};

/// `M3 项目例会`.
pub(crate) fn name(meeting: &Meeting) -> String {
    format!("M{} {}", meeting.number, short(&meeting.title))
}

/// `11月25日 周三 10:00-11:00`.
fn stretch(meeting: &Meeting, now: Timestamp, rules: &Rules) -> String {
    let reading = Reading { at: meeting.starts, end: Some(meeting.ends), timed: true };
    typed::echo_reading(&reading, now, &rules.calendar)
}

/// `M3 项目例会 · 11月25日 周三 10:00-11:00`.
pub(crate) fn headline(meeting: &Meeting, now: Timestamp, rules: &Rules) -> String {
    format!("{} · {}", name(meeting), stretch(meeting, now, rules))
}

/// A kind that is none.
pub fn unknown_kind(word: &str) -> Refusal {
    let names: Vec<&str> = MeetingKind::ALL.iter().map(|(_, name, ..)| *name).collect();
    Refusal::new(format!("没有「{word}」这种会议，可以写：{}。没有记录", names.join("、")))
}

/// Where people meet.
fn places(meeting: &Meeting) -> Option<String> {
    let place = meeting.place.as_ref().map(|place| format!("地点 {place}"));
    let online = meeting.online.as_ref().map(|online| format!("线上 {online}"));
    let places: Vec<String> = [place, online].into_iter().flatten().collect();
    (!places.is_empty()).then(|| places.join(" · "))
}

/// Who is missing that its kind requires, with the people who could come.
fn missing(meeting: &Meeting, dossier: &Dossier) -> Vec<String> {
    let project = dossier.project();
    let kind = meeting.kind.name();
    meeting
        .missing_roles(project)
        .into_iter()
        .map(|role| {
            let holders: Vec<&str> =
                project.holders(role).iter().map(|person| person.name.as_str()).collect();
            let role = role.name();
            if holders.is_empty() {
                format!("{kind}须有{role}参加，项目里还没有设置：/角色 {role} @某人")
            } else {
                format!("{kind}须有{role}参加，还没有请 {}", holders.join("、"))
            }
        })
        .collect()
}

/// The answer to a new or changed meeting.
pub fn announced(meeting: &Meeting, dossier: &Dossier, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let mut message = Message::text(headline(meeting, cx.now, cx.rules));
    let kind = Some(meeting.kind.name()).filter(|kind| *kind != meeting.title);
    let weekly = meeting.weekly.is_some().then_some("每周重复");
    let facts: Vec<&str> = [kind, weekly].into_iter().flatten().collect();
    if !facts.is_empty() {
        message = message.line(facts.join(" · "));
    }
    let mut who = Line::text("参会 ").people(&meeting.people);
    who = who.then(meeting.guests.join("、"));
    if !meeting.people.is_empty() || !meeting.guests.is_empty() {
        message = message.line(who);
    }
    if let Some(places) = places(meeting) {
        message = message.line(places);
    }
    if !calendar.is_working_day(calendar.date(meeting.starts)) {
        message = message.line("这天不是工作日，请确认");
    }
    for missing in missing(meeting, dossier) {
        message = message.line(missing).tone(Tone::Warning);
    }
    if let Some(remind) = meeting.remind {
        let whom = if meeting.people.is_empty() { "项目经理" } else { "参会人" };
        message = message.line(format!("{} 提醒{whom}", typed::echo(remind, cx.now, calendar)));
    }
    message.button("开始", format!("/M{} 开始", meeting.number))
}

/// It begins soon.
pub fn soon(meeting: &Meeting, cx: &Waking) -> Message {
    let left = typed::echo_span(meeting.starts.duration_since(cx.now));
    let starts = typed::echo(meeting.starts, cx.now, &cx.rules.calendar);
    let mut message = Message::text(format!("{} {left}后开始：{starts}", name(meeting)));
    if let Some(places) = places(meeting) {
        message = message.line(places);
    }
    message.button("开始", format!("/M{} 开始", meeting.number))
}

/// When it is held again.
pub fn following(meeting: &Meeting, now: Timestamp, rules: &Rules) -> String {
    let text = format!("下一次 {}", headline(meeting, now, rules));
    match meeting.weekly {
        Some(nominal) if meeting.is_moved(rules) => {
            let nominal = typed::echo_date(nominal, now, &rules.calendar);
            format!("{text}（{nominal} 休息，顺延）")
        }
        _ => text,
    }
}

/// It is over. Where the project manager is asked for the minutes in the same room, the date stands there.
pub fn ended(meeting: &Meeting, cx: &Context) -> Message {
    let message = Message::text(format!("{} 已结束", name(meeting)));
    match &meeting.minutes.clock {
        Some(clock) if meeting.owes_minutes() && cx.place.kind == RoomKind::Direct => {
            let due = typed::echo(clock.due, cx.now, &cx.rules.calendar);
            message.line(format!("纪要 {due} 前交：/纪要 M{}", meeting.number))
        }
        _ => message,
    }
}

/// It is not held. A weekly one is not planned on unless somebody asks.
pub fn cancelled(meeting: &Meeting, cx: &Context) -> Message {
    let message = Message::text(format!("{} 已取消", name(meeting)));
    let Some(next) = meeting.following(meeting.number, cx.now, cx.rules) else { return message };
    let local = cx.rules.calendar.local(next.starts);
    let length = next.ends.duration_since(next.starts).as_mins();
    let people: String = meeting.people.iter().map(|person| format!(" @{}", person.name)).collect();
    message.line("每周重复也停了；只是这次不开，就接着排下一次").button(
        format!("排 {}", typed::echo(next.starts, cx.now, &cx.rules.calendar)),
        format!(
            "/会议 {} 时间:{} 时长:{length}分钟 类型:{} 重复:每周{people}",
            meeting.title,
            local.strftime("%Y-%m-%d %H:%M"),
            meeting.kind.name(),
        ),
    )
}

/// What who was to come hears of that.
pub fn cancelled_for_others(meeting: &Meeting, why: Option<&str>, cx: &Context) -> Message {
    let message = Message::text(format!("{} 取消", headline(meeting, cx.now, cx.rules)));
    match why {
        Some(why) => message.line(format!("原因：{why}")),
        None => message,
    }
}

/// What who is to come hears of another time.
pub fn moved(meeting: &Meeting, before: &Meeting, cx: &Context) -> Message {
    let now = stretch(meeting, cx.now, cx.rules);
    let was = stretch(before, cx.now, cx.rules);
    Message::text(format!("{} 改到 {now}", name(meeting))).line(format!("原 {was}"))
}

/// It is to be held on another day: asks on which, at the hour that it has. Without any day the working days
/// behind it are offered.
pub fn on_which_day(meeting: &Meeting, days: &[Date], cx: &Context) -> Refusal {
    let calendar = &cx.rules.calendar;
    let time = calendar.local(meeting.starts).time();
    let held = calendar.date(meeting.starts);
    let mut next = held;
    let following = std::iter::from_fn(|| {
        next = calendar.next_working_day(next);
        Some(next)
    });
    let mut offered: Vec<Timestamp> = days.iter().map(|day| calendar.at(*day, time)).collect();
    if offered.is_empty() {
        offered =
            following.map(|day| calendar.at(day, time)).filter(|at| *at > cx.now).take(OFFERED).collect();
    }
    offered.retain(|at| *at > cx.now && *at != meeting.starts);
    let number = meeting.number;
    let refusal = Refusal::new(format!("{} 改到哪天？还没有改", headline(meeting, cx.now, cx.rules)))
        .line(format!("改到别的时间：/会议 M{number} 时间:明天15点"));
    offered.into_iter().take(OFFERED).fold(refusal, |refusal, at| {
        let exact = calendar.local(at).strftime("%Y-%m-%d %H:%M");
        refusal.button(typed::echo(at, cx.now, calendar), format!("/会议 M{number} 时间:{exact}"))
    })
}

/// How many days are offered at most.
const OFFERED: usize = 3;

/// One line of a list.
pub fn listed(meeting: &Meeting, cx: &Context) -> String {
    let state = crate::dossier::Kind::state(meeting);
    let text = format!("{} · {state}", headline(meeting, cx.now, cx.rules));
    match &meeting.minutes.clock {
        Some(clock) if meeting.owes_minutes() => {
            format!("{text}（{} 前）", typed::echo(clock.due, cx.now, &cx.rules.calendar))
        }
        _ => text,
    }
}

/// Everything about one meeting.
pub fn shown(meeting: &Meeting, dossier: &Dossier, cx: &Context) -> Message {
    let at = |moment| typed::echo(moment, cx.now, &cx.rules.calendar);
    let state = crate::dossier::Kind::state(meeting);
    let weekly = if meeting.weekly.is_some() { " · 每周重复" } else { "" };
    let kind = Some(meeting.kind.name()).filter(|kind| *kind != meeting.title);
    let kind = kind.map(|kind| format!("{kind} · ")).unwrap_or_default();
    let mut message = Message::text(format!("{} · {state}", headline(meeting, cx.now, cx.rules)))
        .line(format!("{kind}{} 约{weekly}", meeting.by.name));
    let names = meeting.people.iter().map(|person| person.name.as_str());
    let names: Vec<&str> = names.chain(meeting.guests.iter().map(String::as_str)).collect();
    if !names.is_empty() {
        message = message.line(format!("参会 {}", names.join("、")));
    }
    if let Some(places) = places(meeting) {
        message = message.line(places);
    }
    match &meeting.state {
        State::Planned => {
            for missing in missing(meeting, dossier) {
                message = message.line(missing);
            }
            message.button("开始", format!("/M{} 开始", meeting.number))
        }
        State::Running { since } => {
            message.line(format!("{} 开始", at(*since))).button("结束", format!("/M{} 结束", meeting.number))
        }
        State::Ended { at: when, told, .. } => {
            let told = match told {
                Told::Schedule => "按计划",
                Told::People => "",
                Told::Platform => "会议软件报告",
            };
            let internal = cx.sees_internal(dossier);
            let message = message.line(format!("{} {told}结束", at(*when)));
            let message = message.line(minutes::status(meeting, internal, cx.now, cx.rules));
            if internal { minutes::recorded(message, meeting) } else { message }
        }
        State::Cancelled { by, at: when } => message.line(format!("{} 由 {} 取消", at(*when), by.name)),
    }
}

/// What an export tells of a meeting beside its fields.
pub fn cells(meeting: &Meeting) -> Vec<(&'static str, Cell)> {
    let latest = meeting.minutes.latest();
    let decisions =
        latest.into_iter().flat_map(|version| &version.decisions).map(|point| point.text.as_str());
    let people = Cell::people(&meeting.people);
    vec![
        ("类型", meeting.kind.name().into()),
        ("参会", people),
        ("每周", meeting.weekly.is_some().into()),
        ("纪要", latest.map(|version| version.at).into()),
        ("决议", decisions.collect::<Vec<_>>().join("\n").into()),
        ("纪要超时", meeting.minutes.breached.into()),
    ]
}
