//! Contacts kept and expected: of a project, by contact and by role (RULES 8 and 13).
//!
//! A period counts for the stretch of time in which it ended. Periods that are not counted are left out.

use jiff::{Timestamp, ToSpan, civil::Time};

use super::{Beat, Duty, Fate, Rhythm, Verdict, contact, contacts, verdicts};
use crate::{
    calendar::Calendar,
    chat::Message,
    dossier::{Dossier, Hearing, MeetingKind, Outcome, Project, Role, Rules, Say, Waking},
    features::risk,
};

/// How many gaps of a contact are named.
const GAPS: usize = 4;

/// How many periods were kept of those that were expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Often enough, told in time or late.
    pub kept: usize,
    /// All that count.
    pub expected: usize,
}

/// What became of one contact's periods.
pub struct Line<'a> {
    beat: Beat<'a>,
    verdicts: Vec<&'a Verdict>,
}

impl Kept {
    fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Self {
        verdicts.into_iter().fold(Self::default(), |sum, verdict| Self {
            kept: sum.kept + usize::from(verdict.fate == Fate::Kept),
            expected: sum.expected + 1,
        })
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self { kept: self.kept + other.kept, expected: self.expected + other.expected }
    }

    /// `5/7`.
    pub fn words(self) -> String {
        format!("{}/{}", self.kept, self.expected)
    }
}

impl Line<'_> {
    /// The contact's name.
    pub fn name(&self) -> &str {
        self.beat.name
    }

    /// Whether a meeting of this kind counts for it.
    pub fn counts(&self, kind: MeetingKind) -> bool {
        match self.beat.duty {
            Duty::Contact(rule) => rule.meetings().any(|counted| counted == kind),
            Duty::Document(_) => false,
        }
    }

    /// Its periods: whether each was kept, from when until when it was, and both with how often in words.
    pub fn periods(&self, calendar: &Calendar) -> impl Iterator<Item = (bool, Timestamp, Timestamp, String)> {
        self.verdicts.iter().map(|verdict| {
            let kept = verdict.fate == Fate::Kept;
            (kept, verdict.from, verdict.until, contact::gap(verdict, calendar))
        })
    }

    fn roles(&self) -> &[Role] {
        match self.beat.duty {
            Duty::Contact(rule) => &rule.by,
            Duty::Document(_) => &[],
        }
    }

    /// `开发期沟通 3/4 · 缺 11月16日—11月22日 1/2`.
    fn words(&self, calendar: &Calendar) -> String {
        let mut words = format!("{} {}", self.beat.name, Kept::of(self.verdicts.iter().copied()).words());
        let missed: Vec<&&Verdict> =
            self.verdicts.iter().filter(|verdict| verdict.fate == Fate::Missed).collect();
        if !missed.is_empty() {
            let shown = missed.iter().rev().take(GAPS).rev();
            let gaps: Vec<String> = shown.map(|verdict| contact::gap(verdict, calendar)).collect();
            let more = if missed.len() > GAPS { "等" } else { "" };
            words.push_str(&format!(" · 缺 {}{more}", gaps.join("、")));
        }
        let late = self.verdicts.iter().filter(|verdict| verdict.late).count();
        if late > 0 {
            words.push_str(&format!(" · 补记 {late}"));
        }
        words
    }
}

/// What became of the contacts whose periods ended after `from` and not after `until`; without those that
/// expected nothing in that time.
pub fn kept_between<'a>(
    dossier: &'a Dossier,
    from: Timestamp,
    until: Timestamp,
    rules: &'a Rules,
) -> Vec<Line<'a>> {
    let counts = |verdict: &&Verdict| {
        verdict.fate != Fate::NotCounted && from < verdict.until && verdict.until <= until
    };
    let line = |beat: Beat<'a>| {
        let verdicts: Vec<&Verdict> =
            verdicts(dossier).filter(|verdict| verdict.beat == beat.name).filter(counts).collect();
        (!verdicts.is_empty()).then_some(Line { beat, verdicts })
    };
    contacts(rules).filter_map(line).collect()
}

/// All of some lines together.
pub fn kept(lines: &[Line]) -> Kept {
    Kept::of(lines.iter().flat_map(|line| line.verdicts.iter().copied()))
}

/// The lines in words.
pub fn kept_lines(lines: &[Line], rules: &Rules) -> Vec<String> {
    lines.iter().map(|line| line.words(&rules.calendar)).collect()
}

/// Each role that sees to some of it: `项目经理 张经理 3/4`.
pub fn kept_by_role(lines: &[Line], project: &Project) -> Vec<String> {
    let kept_by = |role: Role| {
        let mine = lines.iter().filter(|line| line.roles().contains(&role));
        let kept = Kept::of(mine.flat_map(|line| line.verdicts.iter().copied()));
        let names: Vec<&str> = project.holders(role).iter().map(|person| person.name.as_str()).collect();
        let names = if names.is_empty() { String::new() } else { format!("{} ", names.join("、")) };
        (kept.expected > 0).then(|| format!("{} {names}{}", role.name(), kept.words()))
    };
    Role::ALL.into_iter().filter_map(|(role, ..)| kept_by(role)).collect()
}

/// The job of every morning: from the month's first working day on, once, the figures of the month before.
pub fn monthly(dossier: &Dossier, cx: &Waking) -> Outcome {
    let calendar = &cx.rules.calendar;
    let today = calendar.date(cx.due);
    let first = today.first_of_month();
    let Some(rhythm) = Rhythm::of(dossier) else { return Outcome::default() };
    if !calendar.is_working_day(today) || rhythm.figures_said.is_some_and(|said| said >= first) {
        return Outcome::default();
    }
    let before = first.saturating_sub(1.month());
    let midnight = |date| calendar.at(date, Time::midnight());
    let lines = kept_between(dossier, midnight(before), midnight(first), cx.rules);
    if lines.is_empty() {
        return Outcome::default();
    }
    let all = kept(&lines);
    let project = dossier.project();
    let percent = all.kept * 100 / all.expected.max(1);
    let title = format!("{} {} 月沟通节奏：达成 {}（{percent}%）", project.name, before.month(), all.words());
    let message = kept_lines(&lines, cx.rules)
        .into_iter()
        .fold(Message::text(title), |message, line| message.line(format!("· {line}")));
    let message = message.line(format!("按角色：{}", kept_by_role(&lines, project).join("、")));
    let risks = risk::early::told_between(dossier, midnight(before), midnight(first), calendar);
    let message = risks.into_iter().fold(message, Message::line);
    let next = Rhythm { figures_said: Some(first), ..rhythm.clone() };
    Outcome::change(next, "汇总沟通节奏").saying(Say::Announce {
        hearing: Hearing::Internal,
        message,
        about: None,
    })
}
