//! `/节点 联调完成 12月20日 标准:全部接口通过 @李工`.

use jiff::{Timestamp, civil::Date};

use super::{Milestone, Plan, State, clock, moves::told, words};
use crate::{
    chat::Person,
    dossier::{Context, Dossier, Outcome, Record, Refusal},
    grammar::{Args, Command, Form, KeySpec, Lines, On, Spec},
};

pub(super) const KEYS: &[KeySpec] =
    &[KeySpec::text("日期", "date"), KeySpec::text("标准", "standard"), KeySpec::person("负责", "owner")];

/// What a line says of a milestone.
#[derive(Default)]
pub(super) struct Line {
    pub(super) title: String,
    pub(super) day: Option<Date>,
    pub(super) standard: Option<String>,
    pub(super) owner: Option<Person>,
    pub(super) face_to_face: Option<bool>,
    pub(super) internal: bool,
}

/// How people write that a milestone is reached only face to face, or is not.
const FACE: [(&str, bool); 6] = [
    ("面对面", true),
    ("需面对面", true),
    ("须面对面", true),
    ("不用面对面", false),
    ("无需面对面", false),
    ("不需面对面", false),
];

/// Takes the word about meeting face to face out of a text.
fn take_face(text: &mut String) -> Option<bool> {
    let word = text.split_whitespace().find_map(|word| FACE.iter().find(|(name, _)| *name == word))?;
    let rest: Vec<&str> = text.split(' ').filter(|piece| piece.trim() != word.0).collect();
    *text = rest.join(" ").trim().to_owned();
    Some(word.1)
}

impl Line {
    /// The date behind the title, or in front of it.
    fn day(args: &mut Args, cx: &Context) -> Result<Option<Timestamp>, Refusal> {
        let text = args.text.clone();
        let at = args.deadline("日期", cx)?;
        // `12月20日 上线` is a date with its title, not a deadline without one.
        let bare = args.text.is_empty() && text.contains(char::is_whitespace);
        if args.id.is_some() || (at.is_some() && !bare) {
            return Ok(at);
        }
        args.text = text;
        args.until("日期", cx)
    }

    pub(super) fn read(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let mut standard = args.key("标准").map(str::to_owned);
        let mut face_to_face = take_face(&mut args.text);
        if let Some(standard) = &mut standard {
            face_to_face = face_to_face.or_else(|| take_face(standard));
        }
        if let Some(more) = args.description() {
            standard = Some(standard.map_or(more.clone(), |standard| format!("{standard}\n{more}")));
        }
        let at = Self::day(&mut args, cx)?;
        Ok(Self {
            day: at.map(|at| cx.rules.calendar.date(at)),
            standard: standard.filter(|standard| !standard.is_empty()),
            owner: args.owner().cloned(),
            face_to_face,
            internal: args.internal,
            title: args.text,
        })
    }
}

/// Adds a milestone.
pub struct Add {
    line: Line,
    day: Date,
    said: String,
}

/// What is settled with the customer is settled face to face (RULES 10).
const SETTLES: [&str; 2] = ["确认", "验收"];

impl Command for Add {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "节点",
            Form::Text,
            "/节点 联调完成 12月20日 标准:全部接口通过 @李工",
            "加一个节点；须当面完成的写上「面对面」，!内部 不让客户看到",
        )
        .keys(KEYS)
        .on(On::ProjectOrNew)
    };

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        let said = args.said.clone();
        let line = Line::read(args, cx)?;
        if line.title.is_empty() {
            return Err(Refusal::new(
                "节点要写明到时候完成什么，例如：/节点 联调完成 12月20日 标准:全部接口通过 @李工",
            ));
        }
        let Some(day) = line.day else {
            return Err(Refusal::new(format!(
                "节点要有日期，没有记录。例如：/节点 {} 12月20日 标准:…",
                line.title.replace('\n', " ")
            )));
        };
        Ok(Self { line, day, said })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let line = self.line;
        let milestone = Milestone {
            number: Outcome::default().next_number::<Milestone>(dossier),
            said: self.said,
            by: cx.actor.clone(),
            room: cx.place.room.clone(),
            created_at: cx.now,
            internal: line.internal,
            day: self.day,
            standard: line.standard,
            owner: line.owner,
            face_to_face: line
                .face_to_face
                .unwrap_or_else(|| SETTLES.iter().any(|word| line.title.contains(word))),
            title: line.title,
            state: State::Open,
            clock: clock(self.day, cx.now, cx.rules),
            delays: Vec::new(),
        };
        let plan = Plan::revised(dossier, Plan::moves(None, &milestone), Some(cx.actor), cx.now);
        let reply = words::added(&milestone, plan.version(), dossier, cx);
        let about = milestone.key();
        let outcome = Outcome::change(milestone, "加节点").and(plan).replying(reply.clone());
        Ok(told(outcome, reply, about, cx))
    }
}
