//! Every sentence of minutes.

use jiff::{SignedDuration, Timestamp};

use super::Version;
use crate::{
    calendar::typed,
    chat::{Field, FieldKind, Form, Line, Message, Tone, Typed},
    dossier::{Context, Dossier, Hearing, Kind, MeetingKind, Refusal, Rules},
    features::{
        action::{self, ActionItem},
        meeting::{Meeting, State, headline, name},
        risk::Risk,
    },
};

/// The message that asks for minutes, ready to be copied.
fn template(message: Message, meeting: &Meeting) -> Message {
    message
        .line(format!("/纪要 M{}", meeting.number))
        .line("决议: …")
        .line("待办: … @负责人 周四")
        .line("风险: … 方案:…")
        .line("待确认: …")
}

/// Asks for minutes at the end of a meeting.
pub(crate) fn ask(meeting: &Meeting, now: Timestamp, rules: &Rules) -> Message {
    let due = due(meeting, now, rules);
    let message = Message::text(format!("{} 已结束，请在 {due} 前交纪要", name(meeting)));
    let number = meeting.number;
    recorded(message, meeting)
        .line(format!(
            "发 /纪要 M{number}，另起行写 决议:… 待办:… @负责人 周四 风险:… 方案:… 待确认:…，每类可写多行"
        ))
        .form(form(meeting))
}

/// A box for each kind of line; where there are none, lines to copy.
fn form(meeting: &Meeting) -> Form {
    let field = |name: &str, label: &str| Field::new(name, FieldKind::Long).items().label(label);
    let mut form = Form::new(format!("/纪要 M{}", meeting.number), "交纪要")
        .field(field("决议", "决议（每行一条）"))
        .field(field("待办", "待办（事项 @负责人 周四）"))
        .field(field("风险", "风险（可带 方案:…）"))
        .field(field("待确认", "待确认"));
    form.instead.lines = template(Message::text("复制下面几行，填好发出来："), meeting).lines;
    form
}

fn due(meeting: &Meeting, now: Timestamp, rules: &Rules) -> String {
    let clock = meeting.minutes.clock.as_ref();
    clock.map(|clock| typed::echo(clock.due, now, &rules.calendar)).unwrap_or_default()
}

/// Where the meeting can be seen again. For the team: the customer's people may not open it.
pub(crate) fn recorded(message: Message, meeting: &Meeting) -> Message {
    meeting.recordings.iter().fold(message, |message, url| message.line(format!("妙记 {url}")))
}

fn ways_out(message: Message, meeting: &Meeting) -> Message {
    let number = meeting.number;
    recorded(message, meeting)
        .line(format!("发 /纪要 M{number} 加几行即可；不用写的：/纪要 M{number} 豁免 原因"))
}

/// They are due soon; `heard` is when the ping is read.
pub fn remind(meeting: &Meeting, heard: Timestamp, rules: &Rules) -> Message {
    let left = meeting.minutes.clock.as_ref().map(|clock| clock.due.duration_since(heard));
    let left = typed::echo_span(left.unwrap_or_default());
    let message = Message::text(format!("{} 纪要还有 {left} 到时限", name(meeting)))
        .line(format!("{} 前须交", due(meeting, heard, rules)))
        .tone(Tone::Warning);
    ways_out(message, meeting)
}

/// They are late; `heard` is when the ping is read.
pub fn breach(meeting: &Meeting, heard: Timestamp, rules: &Rules) -> Message {
    let late = meeting.minutes.clock.as_ref().map(|clock| heard.duration_since(clock.due));
    let late = late.filter(|late| *late >= SignedDuration::from_mins(1));
    let late = late.map(|late| format!("，已超 {}", typed::echo_span(late))).unwrap_or_default();
    let message = Message::text(format!("{} 纪要超时未交{late}", name(meeting)))
        .line(format!("应在 {} 前交", due(meeting, heard, rules)))
        .tone(Tone::Alarm);
    ways_out(message, meeting)
}

/// Nobody has to write them.
pub fn excused(name: &str, why: &str) -> Message {
    Message::text(format!("{name} 不用交纪要")).line(format!("原因：{why}"))
}

/// How a meeting's minutes stand, in a few words.
pub(crate) fn status(meeting: &Meeting, internal: bool, now: Timestamp, rules: &Rules) -> String {
    let minutes = &meeting.minutes;
    if let Some(latest) = minutes.latest() {
        let version = match minutes.versions.len() {
            1 => String::new(),
            count => format!("（第 {count} 版）"),
        };
        let at = typed::echo(latest.at, now, &rules.calendar);
        let late = minutes.late_by().filter(|_| internal);
        let late = late.map(|late| format!("，迟交 {}", typed::echo_span(late))).unwrap_or_default();
        return format!("纪要已归档{version} {at}{late}");
    }
    if let Some(excused) = &minutes.excused {
        return if internal { format!("免交纪要：{}", excused.why) } else { "没有纪要".to_owned() };
    }
    let late = if minutes.breached.is_some() && internal { "，已超时" } else { "" };
    format!("纪要 {} 前交{late}", due(meeting, now, rules))
}

/// No line was said.
pub fn nothing_said(meeting: &Meeting) -> Refusal {
    Refusal(template(Message::text("纪要没有内容，没有记录。每行一条，例如："), meeting))
}

/// What stands in the lines and is not in the minutes: prefixes without words, and commands.
pub fn left_out(empty: &[String], commands: &[String]) -> Vec<String> {
    let empty = (!empty.is_empty()).then(|| format!("「{}」后面没有内容，没有记", empty.join("」「")));
    let command = |line: &String| format!("「{line}」是命令，没有执行，请另发一条");
    empty.into_iter().chain(commands.iter().map(command)).collect()
}

/// Several meetings wait for minutes.
pub fn which(meetings: &[&Meeting], lines: &[Typed], cx: &Context) -> Refusal {
    let said: Vec<String> = lines.iter().map(Typed::words).collect();
    let refusal = Refusal::new("是哪个会的纪要？还没有记录");
    meetings.iter().rev().take(3).fold(refusal, |refusal, meeting| {
        let line = format!("/纪要 M{}\n{}", meeting.number, said.join("\n"));
        refusal.button(headline(meeting, cx.now, cx.rules), line)
    })
}

/// The records that minutes made.
#[derive(Clone, Copy)]
pub struct Records<'a> {
    /// Action items, in order of the lines.
    pub items: &'a [ActionItem],
    /// Risks, in order of the lines.
    pub risks: &'a [Risk],
}

/// Everything that the answer to minutes speaks of.
pub struct Filed<'a> {
    /// The meeting with its new version.
    pub meeting: &'a Meeting,
    /// The records of that version.
    pub made: Records<'a>,
    /// What could not be read.
    pub doubts: &'a [String],
    /// Action items that the version before named.
    pub dropped: &'a [u32],
    /// No line says of what kind it is.
    pub unsorted: bool,
}

/// The answer to whoever filed.
pub fn filed(filed: &Filed, dossier: &Dossier, cx: &Context) -> Message {
    let Filed { meeting, made, doubts, dropped, unsorted } = *filed;
    let internal = cx.sees_internal(dossier);
    let minutes = &meeting.minutes;
    let head = match (minutes.versions.len(), minutes.late_by()) {
        (1, Some(late)) if internal => {
            format!("{} 纪要已归档，迟交 {}", name(meeting), typed::echo_span(late))
        }
        (1, _) => format!("{} 纪要已归档", name(meeting)),
        (count, _) => format!("{} 纪要已更正，现为第 {count} 版", name(meeting)),
    };
    let mut message = Message::text(head).tone(Tone::Good);
    if let Some(latest) = minutes.latest() {
        message = message.line(counted(latest, made, internal));
        message = body(message, meeting, made, internal, cx);
    }
    let mut missing = Vec::new();
    for item in made.items {
        missing.extend(action::lacks(item));
    }
    for risk in made.risks.iter().filter(|risk| internal || Kind::shared(*risk)) {
        if risk.plan.is_none() && risk.is_open() {
            let number = risk.number;
            missing.push(format!("K{number} 缺应对方案，不会告诉客户。补上：/K{number} 方案 …"));
        }
    }
    missing.extend(doubts.iter().cloned());
    missing.extend(
        dropped
            .iter()
            .map(|number| format!("A{number} 不在新版里，仍然有效；不做了请发 /待办 A{number} 取消")),
    );
    if unsorted {
        missing.push("没有 决议/待办/风险/待确认 开头的行，都记为备注；要分类请改好再发一次".to_owned());
    }
    if !missing.is_empty() {
        message = message.tone(Tone::Warning);
    }
    let message = missing.into_iter().fold(message, |message, line| message.line(line));
    match into_file(meeting, dossier, cx).filter(|_| internal) {
        Some(line) => message.button("记入客户档案", line),
        None => message,
    }
}

/// The line by which a strategic dialogue comes into the customer's file.
fn into_file(meeting: &Meeting, dossier: &Dossier, cx: &Context) -> Option<String> {
    let first = meeting.minutes.versions.len() == 1 && dossier.project().customer.is_some();
    let State::Ended { at, .. } = meeting.state else { return None };
    let day = cx.rules.calendar.date(at);
    let latest = meeting.minutes.latest()?;
    let decided = latest.decisions.first().map(|decision| format!("：{}", decision.text)).unwrap_or_default();
    (first && meeting.kind == MeetingKind::StrategicDialogue)
        .then(|| format!("/客户 对话 {day} {} M{}{decided}", meeting.title, meeting.number))
}

/// `决议 1 · 待办 2 · 风险 1 · 待确认 1`.
fn counted(version: &Version, made: Records, internal: bool) -> String {
    let risks = made.risks.iter().filter(|risk| internal || Kind::shared(*risk)).count();
    let counts = [
        ("决议", version.decisions.len()),
        ("待办", version.actions.len()),
        ("风险", risks),
        ("待确认", version.questions.len()),
        ("备注", version.remarks.len()),
    ];
    let said = counts.iter().filter(|(_, count)| *count > 0);
    said.map(|(what, count)| format!("{what} {count}")).collect::<Vec<_>>().join(" · ")
}

/// `K1 接口延迟 · 高 · 方案：已协调`.
fn risk_line(risk: &Risk) -> String {
    let internal = if risk.internal { " · 内部" } else { "" };
    let plan = risk.plan.as_ref().map(|plan| format!(" · 方案：{plan}")).unwrap_or_default();
    format!("K{} {} · {}{internal}{plan}", risk.number, risk.title, risk.level.name())
}

/// The minutes as the rooms get them. Invariant: the customer's has no internal line and no risk without a
/// countermeasure.
pub fn posted(meeting: &Meeting, made: Records, hearing: Hearing, cx: &Context) -> Message {
    let again = match meeting.minutes.versions.len() {
        0 | 1 => String::new(),
        count => format!("（更正，第 {count} 版）"),
    };
    let message = Message::text(format!("纪要{again} {}", headline(meeting, cx.now, cx.rules)));
    body(message, meeting, made, hearing == Hearing::Internal, cx)
}

/// What the latest version says.
fn body(mut message: Message, meeting: &Meeting, made: Records, internal: bool, cx: &Context) -> Message {
    let Some(version) = meeting.minutes.latest() else { return message };
    let visible = |points: &[super::Point]| -> Vec<String> {
        points.iter().filter(|point| internal || !point.internal).map(|point| point.text.clone()).collect()
    };
    for decision in visible(&version.decisions) {
        message = message.line(format!("决议：{decision}"));
    }
    for item in made.items {
        let mut line = Line::text(format!("待办：A{} {} · ", item.number, item.title));
        line = match &item.owner {
            Some(owner) if internal => line.people([owner]),
            Some(owner) => line.then(format!("{} ", owner.name)),
            None => line.then("负责人未定 "),
        };
        let due = item.due.map(|due| format!("{} 前", typed::echo(due, cx.now, &cx.rules.calendar)));
        message = message.line(line.then(format!("· {}", due.unwrap_or_else(|| "截止未定".to_owned()))));
    }
    for risk in made.risks.iter().filter(|risk| internal || Kind::shared(*risk)) {
        message = message.line(format!("风险：{}", risk_line(risk)));
    }
    for question in visible(&version.questions) {
        message = message.line(format!("待确认：{question}"));
    }
    for remark in visible(&version.remarks) {
        message = message.line(remark);
    }
    if internal { recorded(message, meeting) } else { message }
}

/// The minutes of a meeting, or how they stand.
pub fn shown(meeting: &Meeting, dossier: &Dossier, cx: &Context) -> Message {
    let internal = cx.sees_internal(dossier);
    let message = Message::text(headline(meeting, cx.now, cx.rules));
    let Some(version) = meeting.minutes.latest() else {
        return match meeting.state {
            State::Ended { .. } if meeting.owes_minutes() => {
                template(message.line(status(meeting, internal, cx.now, cx.rules)), meeting)
            }
            State::Ended { .. } => message.line(status(meeting, internal, cx.now, cx.rules)),
            State::Planned | State::Running { .. } => message.line("会还没有结束，没有纪要"),
            State::Cancelled { .. } => message.line("会已取消，没有纪要"),
        };
    };
    let items: Vec<ActionItem> =
        version.actions.iter().filter_map(|line| dossier.find::<ActionItem>(line.number)).cloned().collect();
    let risks: Vec<Risk> =
        version.risks.iter().filter_map(|line| dossier.find::<Risk>(line.number)).cloned().collect();
    let made = Records { items: &items, risks: &risks };
    let status = status(meeting, internal, cx.now, cx.rules);
    body(message.line(format!("{status} · {}", version.by.name)), meeting, made, internal, cx)
}

/// The answer with which the file comes.
pub fn exported(meeting: &Meeting, archive: &str) -> Message {
    Message::text(format!("{} 纪要 · 归档号 {archive}", name(meeting)))
}

/// What is said where no file can be sent.
pub fn file_instead(number: u32) -> String {
    format!("纪要文件发不出来，看内容发 /纪要 M{number}")
}

/// It does not fit into a chat.
pub fn file_too_big() -> Refusal {
    Refusal::new("纪要太长，文件发不了")
}

/// Another format than there is.
pub fn no_format(number: u32, word: &str) -> Refusal {
    Refusal::new(format!("纪要可以导出 docx 或 md，没有「{word}」。例如：/纪要 M{number} 导出 md"))
}

/// There are none yet.
pub fn nothing_to_export(meeting: &Meeting) -> Refusal {
    Refusal::new(format!("{} 还没有纪要，没有导出", name(meeting)))
}

/// What stands under the title of the document.
pub fn facts(
    meeting: &Meeting,
    version: &Version,
    archive: &str,
    dossier: &Dossier,
    cx: &Context,
) -> Vec<(String, String)> {
    let calendar = &cx.rules.calendar;
    let day = |at: Timestamp| calendar.local(at).strftime("%Y-%m-%d %H:%M").to_string();
    let began = match meeting.state {
        State::Ended { since, .. } => since.unwrap_or(meeting.starts),
        State::Planned | State::Running { .. } | State::Cancelled { .. } => meeting.starts,
    };
    let ended = meeting.ended_at().unwrap_or(meeting.ends);
    let until = calendar.local(ended).strftime("%H:%M");
    let names = meeting.people.iter().map(|person| person.name.as_str());
    let names: Vec<&str> = names.chain(meeting.guests.iter().map(String::as_str)).collect();
    let late = meeting.minutes.late_by().filter(|_| cx.sees_internal(dossier));
    let late = late.map(|late| format!("（第一版迟交 {}）", typed::echo_span(late))).unwrap_or_default();
    [
        ("归档号", Some(archive.to_owned())),
        ("项目", Some(dossier.project().name.clone())),
        ("客户", dossier.project().customer.clone()),
        ("类型", Some(meeting.kind.name().to_owned())),
        ("时间", Some(format!("{}—{until}", day(began)))),
        ("地点", meeting.place.clone()),
        ("线上", meeting.online.clone()),
        ("参会", Some(names.join("、")).filter(|names| !names.is_empty())),
        ("记录", Some(format!("{} · {}{late}", version.by.name, day(version.at)))),
    ]
    .into_iter()
    .filter_map(|(name, text)| Some((name.to_owned(), text?)))
    .collect()
}
