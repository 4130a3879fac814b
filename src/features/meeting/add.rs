//! `/会议 项目例会 明天10点-11点 @李工`: announces a meeting.

use jiff::{SignedDuration, Timestamp};

use super::{Meeting, State, after, words};
use crate::{
    calendar::typed,
    chat::Person,
    dossier::{Context, Dossier, MeetingKind, Outcome, Refusal, RoomKind, ladder::later},
    features::minutes::Minutes,
    grammar::{Args, Command, Form, KeySpec, On, Spec},
};

/// The keys of a meeting.
pub(super) const KEYS: &[KeySpec] = &[
    KeySpec::text("时间", "time"),
    KeySpec::text("时长", "duration"),
    KeySpec::text("类型", "kind"),
    KeySpec::text("地点", "place"),
    KeySpec::text("线上", "online"),
    KeySpec::text("重复", "repeat"),
    KeySpec::text("参会", "people"),
];

/// Announces a meeting.
pub struct Add {
    title: String,
    said: String,
    starts: Timestamp,
    ends: Timestamp,
    details: Details,
}

/// What a line says of a meeting beside its title and time.
pub(super) struct Details {
    pub(super) length: Option<SignedDuration>,
    pub(super) kind: Option<MeetingKind>,
    pub(super) place: Option<String>,
    pub(super) online: Option<String>,
    pub(super) weekly: Option<bool>,
    pub(super) people: Vec<Person>,
    names: Vec<String>,
}

impl Details {
    pub(super) fn read(args: &Args) -> Result<Self, Refusal> {
        let length = match args.key("时长") {
            Some(text) => Some(typed::read_duration(text).ok_or_else(|| {
                Refusal::new(format!("看不懂时长「{text}」，可以写 1小时、90分钟。没有记录"))
            })?),
            None => None,
        };
        let kind = match args.key("类型") {
            Some(text) => Some(MeetingKind::parse(text).ok_or_else(|| words::unknown_kind(text))?),
            None => None,
        };
        let weekly = match args.key("重复") {
            Some(text) if text.starts_with("每周") || text.eq_ignore_ascii_case("weekly") => Some(true),
            Some("不" | "否" | "无" | "不重复" | "none" | "no") => Some(false),
            Some(text) => {
                return Err(Refusal::new(format!("重复只能写 每周 或 不，「{text}」看不懂。没有记录")));
            }
            None => None,
        };
        let names = args.key("参会").unwrap_or_default();
        let names = names.split(['、', '，', ',', ';', '；', ' ', '@']).filter(|name| !name.is_empty());
        Ok(Self {
            length,
            kind,
            place: args.key("地点").map(str::to_owned),
            online: args.key("线上").map(str::to_owned),
            weekly,
            people: args.people.clone(),
            names: names.map(str::to_owned).collect(),
        })
    }

    /// Adds who is to come; a name that nobody here has stays a name.
    pub(super) fn invite(&self, meeting: &mut Meeting, dossier: &Dossier) {
        let named = |name: &String| dossier.people().find(|person| person.name == *name).cloned();
        let known = self.people.iter().cloned().chain(self.names.iter().filter_map(named));
        for person in known {
            if !meeting.people.iter().any(|other| other.id == person.id) {
                meeting.people.push(person);
            }
        }
        for name in self.names.iter().filter(|name| named(name).is_none()) {
            if !meeting.guests.contains(name) {
                meeting.guests.push(name.clone());
            }
        }
    }
}

/// The words that tell an hour; `明天下午` is no time for a meeting.
const HOURS: [&str; 12] = ["点", "时", "分", ":", "：", "钟", "中午", "正午", "am", "pm", "hour", "min"];

/// The start and, where it was typed, the end; a date alone is no time for a meeting.
pub(super) fn time(args: &mut Args, cx: &Context) -> Result<Option<(Timestamp, Option<Timestamp>)>, Refusal> {
    let Some((reading, words)) = args.time("时间", cx)? else { return Ok(None) };
    let words = words.to_lowercase();
    if !reading.timed || !HOURS.iter().any(|hour| words.contains(hour)) {
        let day = typed::echo_date(cx.rules.calendar.date(reading.at), cx.now, &cx.rules.calendar);
        let text = format!("{day} 几点开？请写上时间，例如：/会议 项目例会 明天10点-11点 @李工");
        return Err(Refusal::new(text));
    }
    Ok(Some((reading.at, reading.end)))
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "会议",
        Form::Text,
        "/会议 项目例会 明天10点-11点 @李工",
        "约一个会；类型有 项目例会、启动会、预验收、变更、需求评审、战略对话、其他；重复:每周 自动排下一次",
    )
    .keys(KEYS)
    .on(On::ProjectOrNew);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let details = Details::read(&args)?;
        let Some((starts, ends)) = time(&mut args, cx)? else {
            return Err(Refusal::new(
                "会议要写时间，没有记录。例如：/会议 项目例会 明天10点-11点 @李工，或 时间:11月30日 14:00 时长:1小时",
            ));
        };
        let ends = match (details.length, ends) {
            (Some(length), _) => later(starts, length),
            (None, Some(ends)) => ends,
            (None, None) => after(starts, cx.rules.meeting.duration, cx.rules),
        };
        let title = args.text.trim_matches(['，', ',', '、', '：', ':', ' ']).to_owned();
        let title = match (title.is_empty(), details.kind) {
            (false, _) => title,
            (true, Some(kind)) if kind != MeetingKind::Other => kind.name().to_owned(),
            (true, _) => "会议".to_owned(),
        };
        Ok(Self { title, said: args.said, starts, ends, details })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut outcome = Outcome::default();
        let project = dossier.project();
        let weekly = self.details.weekly.unwrap_or(false);
        let mut meeting = Meeting {
            number: outcome.next_number::<Meeting>(dossier),
            kind: self.details.kind.unwrap_or_else(|| MeetingKind::of_title(&self.title)),
            title: self.title,
            said: self.said,
            by: cx.actor.clone(),
            room: cx.place.room.clone(),
            created_at: cx.now,
            shared: cx.place.kind == RoomKind::Customer || project.is_customer(&cx.actor.id),
            starts: self.starts,
            ends: self.ends,
            place: self.details.place.clone(),
            online: self.details.online.clone(),
            people: Vec::new(),
            guests: Vec::new(),
            weekly: weekly.then(|| cx.rules.calendar.date(self.starts)),
            remind: None,
            agenda: None,
            state: State::Planned,
            recordings: Vec::new(),
            minutes: Minutes::default(),
        };
        self.details.invite(&mut meeting, dossier);
        let meeting = meeting.reminded(cx.now, cx.rules);
        outcome.what = "约会议".into();
        outcome.about = Some(crate::dossier::Record::key(&meeting));
        outcome.reply = Some(words::announced(&meeting, dossier, cx));
        Ok(outcome.and(meeting))
    }
}
