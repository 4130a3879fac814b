//! `/变更 C3 计划 …`: the milestones before and after; they move once the change is approved (RULES 3).

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{ChangeRequest, Reason, Said, Stage, clock, refusal, steps::at_stage, words};
use crate::{
    dossier::{Context, Dossier, Outcome, Refusal, Rules},
    features::{
        delay::{self, Cause, Delay},
        milestone::{
            self, Milestone, Plan,
            plan::{Move, What},
        },
    },
    grammar::{Args, Command, Form, Rest, Spec, Who, narrow},
};

/// Writes the plan of a large change.
pub struct Replan {
    number: u32,
    text: String,
}

/// Words that say that no milestone moves.
const STAYS: [&str; 7] = ["不变", "不动", "不调整", "不移动", "不影响", "无节点", "没有节点"];
/// Words behind which the new date stands.
const TO: [&str; 6] = ["→", "->", "=>", "⇒", "到", "至"];

impl Command for Replan {
    const SPEC: Spec = Spec::new(
        "变更",
        Form::IdAct("计划", "replan"),
        "/变更 C3 计划 P1 上线 12月1日→12月4日",
        "大变更第 2 步：各节点调整前→调整后，可写多行；通过后节点按此改期",
    )
    .rest(Rest::Read)
    .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), text: args.words() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let number = self.number;
        let before = at_stage(dossier, number, Stage::Plan, true)?;
        let example = words::line(before, Stage::Plan);
        let (rest, mut parts) = pieces(&self.text);
        let rest = by_title(&rest, &mut parts, dossier);
        let mut moves = Vec::new();
        for (milestone, text) in &parts {
            moves.extend(moved(*milestone, text, dossier, cx)?);
        }
        if moves.is_empty() && !STAYS.iter().any(|word| self.text.contains(word)) {
            return Err(refusal::no_moves(before));
        }
        let touched = before.impact.iter().flat_map(|impact| &impact.milestones);
        let unsaid = touched.filter(|key| !parts.iter().any(|(number, _)| *number == key.number));
        let unsaid: Vec<String> = unsaid.map(ToString::to_string).collect();
        if !unsaid.is_empty() {
            return Err(Refusal::new(format!(
                "影响里写了 {}，计划也要写它改到哪天（不动写「不变」），没有记录。例如：{example}",
                unsaid.join("、")
            )));
        }
        let mut lines: Vec<String> = Some(rest).filter(|rest| !rest.is_empty()).into_iter().collect();
        lines.extend(parts.iter().map(|(number, text)| told(*number, text, &moves, dossier, cx)));
        let text = lines.join("\n");
        let mut next = before.clone();
        next.plan = Some(Said { by: cx.actor.clone(), at: cx.now, text: text.clone() });
        next.moves = moves;
        let reply = words::replanned(&next, dossier);
        let mut outcome = Outcome::change(next.clone(), "调整计划").because(Some(text)).replying(reply);
        outcome.say.extend(clock::ask_customer(&next, dossier));
        Ok(outcome)
    }
}

/// What stands in front of the first milestone, and each milestone with what is said of it.
fn pieces(text: &str) -> (String, Vec<(u32, String)>) {
    let plain: Vec<char> = text.chars().map(narrow).collect();
    let mut starts = Vec::new();
    for (at, c) in plain.iter().enumerate() {
        let begins = at == 0 || !plain[at - 1].is_ascii_alphanumeric();
        let digits: String = plain[at + 1..].iter().take_while(|c| c.is_ascii_digit()).collect();
        if let (true, true, Ok(number)) = (begins, c.eq_ignore_ascii_case(&'p'), digits.parse::<u32>()) {
            starts.push((at, at + 1 + digits.len(), number));
        }
    }
    let piece = |from: usize, to: usize| {
        let text: String = text.chars().skip(from).take(to - from).collect();
        text.trim().trim_end_matches(['，', ',', '；', ';', '、', '。']).trim().to_owned()
    };
    let ends = starts.iter().skip(1).map(|(at, ..)| *at).chain([plain.len()]);
    let parts = starts.iter().zip(ends).map(|((_, from, number), to)| (*number, piece(*from, to)));
    (piece(0, starts.first().map_or(plain.len(), |(at, ..)| *at)), parts.collect())
}

/// Lines that name a milestone by its title become pieces of it; what is left.
fn by_title(rest: &str, parts: &mut Vec<(u32, String)>, dossier: &Dossier) -> String {
    let mut left = Vec::new();
    for line in rest.lines() {
        let named = |milestone: &&Milestone| milestone.is_open() && line.contains(&milestone.title);
        let mut named = dossier.all::<Milestone>().filter(named).map(|milestone| milestone.number);
        match (named.next(), named.next()) {
            (Some(number), None) if TO.iter().any(|word| line.contains(word)) => {
                parts.push((number, line.trim().to_owned()));
            }
            _ => left.push(line),
        }
    }
    left.join("\n")
}

/// What a piece says of its milestone: another date, or that it stays.
fn moved(number: u32, text: &str, dossier: &Dossier, cx: &Context) -> Result<Option<Move>, Refusal> {
    let milestone = milestone::open_milestone(dossier, number)?;
    let to = match (day_behind(text, cx)?, delay::days(text)) {
        (Some(day), _) => day,
        (None, Some(days)) => milestone.day.saturating_add(days.days()),
        (None, None) if text.contains("不变") => return Ok(None),
        (None, None) => {
            return Err(Refusal::new(format!(
                "P{number} 改到哪天没看懂：「{text}」，没有记录。写成 P{number} 12月1日→12月4日，或 P{number} 推迟3天"
            )));
        }
    };
    let from = milestone.day;
    Ok((from != to).then_some(Move { milestone: number, what: What::Date { from, to } }))
}

/// The date behind the last word that says whither.
fn day_behind(text: &str, cx: &Context) -> Result<Option<Date>, Refusal> {
    let behind = TO.iter().filter_map(|word| text.rfind(word).map(|at| at + word.len())).max();
    let Some(behind) = behind else { return Ok(None) };
    let reading = Args::of_words(text[behind..].to_owned()).time("日期", cx)?;
    Ok(reading.map(|(reading, _)| cx.rules.calendar.date(reading.at)))
}

/// A piece as people read it back: the dates before and after, or what was said.
fn told(number: u32, text: &str, moves: &[Move], dossier: &Dossier, cx: &Context) -> String {
    let milestone = dossier.find::<Milestone>(number);
    match (moves.iter().find(|moved| moved.milestone == number), milestone) {
        (Some(moved), Some(milestone)) => milestone::told(moved, &milestone.title, cx.now, cx.rules),
        _ => format!("P{number} {text}"),
    }
}

/// The milestones as an approved change moves them, and the plan's next version. One that was moved
/// otherwise meanwhile stays where it is.
pub(super) fn applied(
    change: &ChangeRequest,
    dossier: &Dossier,
    now: Timestamp,
    rules: &Rules,
) -> Option<(Vec<Milestone>, Plan)> {
    let cause = match change.reason {
        Some(Reason::Misunderstanding) => Cause::Misunderstanding,
        Some(Reason::Market | Reason::Business) => Cause::Customer,
        Some(Reason::Other) | None => Cause::Other,
    };
    let note = Some(format!("C{} {}", change.number, change.title));
    let reason = delay::Reason { cause, note };
    let (mut moved, mut milestones) = (Vec::new(), Vec::new());
    for one in &change.moves {
        let What::Date { from, to } = one.what else { continue };
        let Some(milestone) = dossier.find::<Milestone>(one.milestone) else { continue };
        if !milestone.is_open() || milestone.day != from {
            continue;
        }
        let delay = Delay { from, to, reason: reason.clone(), by: change.by.clone(), at: now };
        milestones.push(match to > from {
            true => milestone.postponed(delay, now, rules),
            false => milestone.clone().on(to, now, rules),
        });
        moved.push(one.clone());
    }
    (!moved.is_empty()).then(|| (milestones, Plan::revised(dossier, moved, None, now)))
}
