//! `/变更 R12 支持部分退款 原因:市场变化`: files a change of a confirmed requirement.

use std::collections::BTreeMap;

use super::{ChangeRequest, Impact, Reason, Stage, State, clock, words};
use crate::{
    dossier::{Context, Dossier, Hearing, Kind, Outcome, Record, Refusal, RoomKind},
    features::requirement::Requirement,
    grammar::{Args, Command, Form, KeySpec, Lines, Spec, parse_id},
};

/// Files a change.
pub struct File {
    requirement: Option<u32>,
    title: String,
    description: Option<String>,
    reason: Option<Reason>,
    /// What stands behind the reason, or behind `影响`: the impact in words.
    words: String,
    args: Args,
}

impl Command for File {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "变更",
            Form::Text,
            "/变更 R12 支持部分退款 原因:市场变化",
            "提变更（需求须已确认），后面的行是描述；可带 进度:3天 成本:20000 节点:P1",
        )
        .keys(&[
            KeySpec::text("原因", "reason"),
            KeySpec::text("影响", "impact"),
            KeySpec::text("进度", "schedule"),
            KeySpec::text("成本", "cost"),
            KeySpec::text("节点", "milestones"),
            KeySpec::text("范围", "scope"),
        ])
    };

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        let first = args.text.split_whitespace().next().unwrap_or_default();
        let named = parse_id(first.trim_end_matches([':', '：', '，', ','])).filter(|key| key.letter == 'R');
        let rest = match named {
            Some(_) => args.text.trim_start()[first.len()..].trim_start(),
            None => args.text.trim(),
        };
        let quoted = cx.quoted.filter(|key| key.letter == 'R');
        let (reason, behind) = match args.key("原因") {
            Some(text) => {
                let (reason, behind) = read_reason(text)?;
                (Some(reason), behind)
            }
            None => (None, ""),
        };
        // `原因:市场变化 影响 进度:3天`: a word that leads to the keys behind it. A title that came after the
        // reason is the title.
        let lead =
            |text: &str| text.trim_start_matches("影响").trim_start_matches(['：', ':']).trim().to_owned();
        let (title, behind) = match rest.trim_end_matches("影响").trim() {
            "" => (behind.trim_end_matches("影响").trim().to_owned(), String::new()),
            title => (title.to_owned(), lead(behind)),
        };
        // Where keys stand on lines of their own, their lines leave nothing; what is left over is description.
        let (title, more) = match title.split_once('\n') {
            Some((title, more)) => (title.trim().to_owned(), Some(more.trim().to_owned())),
            None => (title, None),
        };
        let description: Vec<String> = more.into_iter().chain(args.description()).collect();
        let words = match args.key("影响") {
            Some(text) => text.to_owned(),
            None => behind,
        };
        Ok(Self {
            requirement: named.or(quoted).map(|key| key.number),
            title,
            description: (!description.is_empty()).then(|| description.join("\n")),
            reason,
            words,
            args,
        })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let Some(number) = self.requirement else {
            return Err(Refusal::new(
                "变更哪个需求？请写编号，没有记录。例如：/变更 R12 支持部分退款 原因:市场变化",
            ));
        };
        let requirement = confirmed(dossier, number, cx)?;
        if self.title.is_empty() {
            return Err(Refusal::new(format!(
                "要改成什么？例如：/变更 R{number} 支持部分退款 原因:市场变化"
            )));
        }
        let impact = Impact::read(None, &self.args, &self.words, dossier)?;
        let mut outcome = Outcome::default();
        let mut change = ChangeRequest {
            number: outcome.next_number::<ChangeRequest>(dossier),
            requirement: number,
            title: self.title,
            description: self.description,
            said: self.args.said,
            by: cx.actor.clone(),
            room: cx.place.room.clone(),
            filed_at: cx.now,
            shared: requirement.shared
                || cx.place.kind == RoomKind::Customer
                || dossier.project().is_customer(&cx.actor.id),
            reason: self.reason,
            impact,
            meeting: None,
            plan: None,
            moves: Vec::new(),
            confirmation: None,
            contract: None,
            votes: BTreeMap::new(),
            clock: None,
            overdue: None,
            state: State::Open,
        };
        if change.stage() == Stage::Vote {
            change.clock = Some(clock::start(cx.now, cx.rules));
        }
        outcome.reply = Some(words::filed(&change, dossier, cx));
        outcome.what = "提变更".into();
        outcome.why = change.reason.map(|reason| reason.name().to_owned());
        outcome.about = Some(Record::key(&change));
        outcome.say = match change.stage() {
            Stage::Vote => clock::open_vote(&change, cx.actor, cx.place.kind, dossier, (cx.now, cx.rules)),
            stage => {
                let manager = clock::call_manager(&change, stage, cx.actor, dossier);
                let told = (clock::in_customer_room(&change, dossier.project())
                    && cx.place.kind != RoomKind::Customer)
                    .then(|| clock::announce(&change, Hearing::Customer, words::told(&change)));
                manager.into_iter().chain(told).collect()
            }
        };
        Ok(outcome.and(change))
    }
}

/// The requirement of that number, refused while it can be changed without the board.
fn confirmed<'a>(dossier: &'a Dossier, number: u32, cx: &Context) -> Result<&'a Requirement, Refusal> {
    let seen = |requirement: &&Requirement| requirement.shared || cx.sees_internal(dossier);
    let Some(requirement) = dossier.find::<Requirement>(number).filter(seen) else {
        return Err(Refusal::new(format!("没有 R{number}，没有记录。看编号：/需求 列表")));
    };
    if requirement.is_confirmed() {
        return Ok(requirement);
    }
    let state = Kind::state(requirement);
    if requirement.is_open() {
        return Err(Refusal::new(format!(
            "R{number} {state}，还没有确认，不用走变更，没有记录。直接改：/需求 R{number} 补充 …"
        )));
    }
    Err(Refusal::new(format!("R{number} {state}，不能变更，没有记录")))
}

/// The reason that a text begins with, and what stands behind it.
pub(super) fn read_reason(text: &str) -> Result<(Reason, &str), Refusal> {
    let text = text.trim();
    let first = text.split([' ', '　', '，', ',', '；', ';']).next().unwrap_or_default();
    match Reason::parse(first) {
        Some(reason) => {
            Ok((reason, text[first.len()..].trim_start_matches([' ', '　', '，', ',', '；', ';'])))
        }
        None => {
            let names: Vec<&str> = Reason::ALL.iter().map(|(_, name, _)| *name).collect();
            Err(Refusal::new(format!(
                "原因「{first}」不在四种里，没有记录。请写其中一种：{}",
                names.join("、")
            )))
        }
    }
}
