//! The report itself, for the team or for the customer.
//!
//! Invariant: the customer's has nothing of a record that a customer's room may not see. Each section
//! asks for what its reader may see before it looks at anything else.

use jiff::{Timestamp, ToSpan, civil::Time};

use super::sla::Figures;
use crate::{
    calendar::{Calendar, typed},
    chat::Message,
    dossier::{Dossier, Kind, Rules},
    features::{
        action::{self, ActionItem},
        document::Document,
        meeting::Meeting,
        progress,
        requirement::{self, Requirement},
        rhythm,
        risk::Risk,
        suggestion::Suggestion,
        ticket::Ticket,
        touch::Touch,
        value,
    },
};

/// How many lines a section has before it counts the rest.
const SHOWN: usize = 6;

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Ours.
    Team,
    /// The customer.
    Customer,
}

/// What it covers: from its first moment, and before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Week {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Week {
    /// Whether this lies in it.
    pub(super) fn has(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// A title with its lines; without lines the title is the whole of it.
struct Section {
    title: String,
    lines: Vec<String>,
}

/// What a section is built from.
struct Source<'a> {
    dossier: &'a Dossier,
    week: Week,
    now: Timestamp,
    calendar: &'a Calendar,
    reader: Reader,
}

/// The report; `None` where there is nothing to say.
pub(super) fn report(
    dossier: &Dossier,
    week: Week,
    now: Timestamp,
    rules: &Rules,
    reader: Reader,
) -> Option<Message> {
    let calendar = &*rules.calendar;
    let source = Source { dossier, week, now, calendar, reader };
    let sections: Vec<Section> = [
        source.values(),
        source.progress(),
        source.requirements(),
        source.risks(),
        source.questions(),
        source.tickets(),
        source.contacts(rules),
        source.actions(),
        source.rest_of_this_week(),
        source.next_week(),
        source.documents(),
        source.suggestions(),
    ]
    .into_iter()
    .flatten()
    .collect();
    if sections.is_empty() {
        return None;
    }
    let day = |at: Timestamp| calendar.local(at).strftime("%-m月%-d日").to_string();
    let name = &dossier.project().name;
    let title = format!("{name} 周报 {}—{}", day(week.from), day(week.until));
    Some(sections.into_iter().fold(Message::text(title), written))
}

fn written(message: Message, section: Section) -> Message {
    let count = section.lines.len();
    let message = message.line(section.title);
    let message = section
        .lines
        .into_iter()
        .take(SHOWN)
        .fold(message, |message, line| message.line(format!("· {line}")));
    if count > SHOWN { message.line(format!("· ……还有 {} 条", count - SHOWN)) } else { message }
}

/// A section whose title counts its lines; none without lines.
fn counted(title: &str, lines: Vec<String>) -> Option<Section> {
    (!lines.is_empty()).then(|| Section { title: format!("{title} {}", lines.len()), lines })
}

impl<'a> Source<'a> {
    fn is_inside(&self) -> bool {
        self.reader == Reader::Team
    }

    /// The records of a kind that the reader may see.
    fn all<K: Kind>(&self) -> impl Iterator<Item = &'a K> {
        let inside = self.is_inside();
        self.dossier.all::<K>().filter(move |record| inside || record.shared())
    }

    fn values(&self) -> Option<Section> {
        let values = value::between(self.dossier, self.week.from, self.week.until, self.is_inside());
        let lines = values.map(|value| {
            let aside = if value.internal { " · 内部" } else { "" };
            format!("{}{aside}", value.text)
        });
        counted("本周交付的价值", lines.collect())
    }

    /// What the team wrote of its progress.
    fn progress(&self) -> Option<Section> {
        let notes = progress::between(self.dossier, self.week.from, self.week.until);
        self.is_inside().then(|| counted("团队进展", notes.collect())).flatten()
    }

    /// How many stand in each state, and what was delivered and accepted in the week.
    fn requirements(&self) -> Option<Section> {
        const STATES: [&str; 7] = ["已收集", "分析中", "待确认", "已确认", "进行中", "已交付", "已验收"];
        let all: Vec<&Requirement> = self.all().collect();
        let mut lines: Vec<String> = all
            .iter()
            .filter_map(|requirement| match requirement.state {
                requirement::State::Delivered { at } | requirement::State::Accepted { at, .. }
                    if self.week.has(at) =>
                {
                    Some(format!("R{} {} {}", requirement.number, requirement.title, requirement.state()))
                }
                _ => None,
            })
            .collect();
        if let Some((count, suspect)) = requirement::links::waiting(self.dossier).filter(|_| self.is_inside())
        {
            lines.push(format!("关联待复核 {count}：{suspect}"));
        }
        let under_way =
            all.iter().any(|one| !["已验收", "已豁免", "已拒绝", "已撤回"].contains(&one.state()));
        if lines.is_empty() && !under_way {
            return None;
        }
        let counts = STATES.iter().filter_map(|state| {
            let count = all.iter().filter(|one| one.state() == *state).count();
            (count > 0).then(|| format!("{state} {count}"))
        });
        Some(Section { title: format!("需求：{}", counts.collect::<Vec<_>>().join(" · ")), lines })
    }

    /// Open risks with their countermeasures, the worst first.
    fn risks(&self) -> Option<Section> {
        let mut risks: Vec<&Risk> = self.all::<Risk>().filter(|risk| risk.is_open()).collect();
        // RULES 4: nothing is told to the customer as a risk without a countermeasure.
        risks.retain(|risk| self.is_inside() || risk.plan.is_some());
        risks.sort_by_key(|risk| std::cmp::Reverse(risk.level));
        let lines = risks.into_iter().map(|risk| {
            let aside = if risk.internal { " · 内部" } else { "" };
            let plan = match &risk.plan {
                Some(plan) => format!("应对：{plan}"),
                None => "还没有应对方案".to_owned(),
            };
            let due = risk.due.as_ref().map(|clock| typed::echo(clock.due, self.now, self.calendar));
            let due = due.map(|due| format!(" · {due} 前了结")).unwrap_or_default();
            format!("K{} {} · {}{aside}{due} · {plan}", risk.number, risk.title, risk.level.name())
        });
        counted("风险", lines.collect())
    }

    /// What the minutes of the week left to be confirmed, and the requirements that wait for it.
    fn questions(&self) -> Option<Section> {
        let inside = self.is_inside();
        let mut lines = Vec::new();
        for meeting in self.all::<Meeting>() {
            let Some(version) = meeting.minutes.latest().filter(|version| self.week.has(version.at)) else {
                continue;
            };
            let points = version.questions.iter().filter(|point| inside || !point.internal);
            lines.extend(points.map(|point| format!("{}（M{}）", point.text, meeting.number)));
        }
        let waiting = self.all::<Requirement>().filter(|requirement| requirement.state() == "待确认");
        lines.extend(waiting.map(|requirement| format!("R{} {}", requirement.number, requirement.title)));
        counted("待确认", lines)
    }

    fn tickets(&self) -> Option<Section> {
        let figures = Figures::of(self.all::<Ticket>(), self.week);
        (!figures.is_empty())
            .then(|| Section { title: format!("工单：{}", figures.words()), lines: Vec::new() })
    }

    /// What the phase owes the customer in contact: what became of the periods that ended, and the running
    /// ones. Where nothing happened and nothing was missed there is nothing to say.
    fn contacts(&self, rules: &Rules) -> Option<Section> {
        if !self.is_inside() {
            return None;
        }
        let over = rhythm::kept_between(self.dossier, self.week.from, self.week.until, rules);
        let told = self.dossier.all::<Touch>().filter(|touch| self.week.has(touch.told_at)).count();
        let kept = rhythm::kept(&over);
        if kept.kept == kept.expected && told == 0 {
            return None;
        }
        let mut lines = rhythm::kept_lines(&over, rules);
        let running = rhythm::standing(self.dossier, self.now, rules);
        lines.extend(running.into_iter().map(|line| format!("本期 {line}")));
        let told = (told > 0).then(|| format!("记 {told} 次"));
        let kept = (!over.is_empty()).then(|| format!("节奏达成 {}", kept.words()));
        let title: Vec<String> = told.into_iter().chain(kept).collect();
        Some(Section { title: format!("沟通：{}", title.join(" · ")), lines })
    }

    fn actions(&self) -> Option<Section> {
        let done = self
            .all::<ActionItem>()
            .filter(|item| matches!(item.state, action::State::Done { at, .. } if self.week.has(at)))
            .count();
        let late: Vec<&ActionItem> =
            self.all::<ActionItem>().filter(|item| item.is_overdue(self.now)).collect();
        if done == 0 && late.is_empty() {
            return None;
        }
        let lines = late.iter().map(|item| {
            let owner = item.owner.as_ref().map_or("负责人未定", |owner| owner.name.as_str());
            let due = item.due.map(|due| typed::echo(due, self.now, self.calendar)).unwrap_or_default();
            format!("A{} {} · {owner} · 应在 {due} 前", item.number, item.title)
        });
        let title = format!("待办：完成 {done} · 逾期 {}", late.len());
        Some(Section { title, lines: lines.collect() })
    }

    /// What lies ahead until Sunday; on a Friday the evening and the weekend.
    fn rest_of_this_week(&self) -> Option<Section> {
        counted("本周还有", self.ahead(self.now, self.sunday(0)))
    }

    /// What lies ahead in the seven days after this Sunday.
    fn next_week(&self) -> Option<Section> {
        counted("下周", self.ahead(self.sunday(0), self.sunday(1)))
    }

    /// The end of this week, or of so many weeks later.
    fn sunday(&self, weeks: i64) -> Timestamp {
        let today = self.calendar.date(self.now);
        let days = 6 - i64::from(today.weekday().to_monday_zero_offset()) + 7 * weeks;
        self.calendar.at(today.saturating_add(days.days()), Time::constant(23, 59, 59, 0))
    }

    /// Meetings, and every clock that runs out after `from` and by `until`.
    fn ahead(&self, from: Timestamp, until: Timestamp) -> Vec<String> {
        let mut lines: Vec<(Timestamp, String)> = Vec::new();
        for (key, record) in self.dossier.records() {
            // Tickets and notices have their own, shorter clocks; risks have their section.
            if matches!(key.letter, 'T' | 'N' | 'K') || !(self.is_inside() || record.shared()) {
                continue;
            }
            for open in record.open(self.dossier) {
                let Some(at) = open.due.filter(|at| from < *at && *at <= until) else { continue };
                if key.letter == 'M' && open.what != "开会" {
                    // Whose minutes are late is not the customer's concern, and the team is told elsewhere.
                    continue;
                }
                let when = typed::echo(at, self.now, self.calendar);
                lines.push((at, format!("{when} {key} {} · {}", record.title(), open.what)));
            }
        }
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn documents(&self) -> Option<Section> {
        if !self.is_inside() {
            return None;
        }
        let documents = self.dossier.all::<Document>().filter(|document| self.week.has(document.at));
        let lines = documents.map(|document| {
            let summary = document.summary.as_deref().unwrap_or("缺说明");
            format!("D{} {} · {summary}", document.number, document.title)
        });
        counted("文档", lines.collect())
    }

    fn suggestions(&self) -> Option<Section> {
        if !self.is_inside() {
            return None;
        }
        let open = self.dossier.all::<Suggestion>().filter(|suggestion| suggestion.is_open());
        let lines = open.map(|one| format!("G{} {} · {}", one.number, one.title, one.by.name));
        counted("建议待答复", lines.collect())
    }
}
