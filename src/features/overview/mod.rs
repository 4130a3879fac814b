//! What is open: of a project (状态), in the morning (日报), of a person (我的).
//!
//! All three read [`crate::dossier::Record::open`]; none knows the kinds of records.

mod digest;
mod mine;
mod status;

use jiff::Timestamp;

pub use digest::{Digest, daily};
pub use mine::{Mine, mine};
pub use status::Status;

use crate::{
    calendar::{Calendar, typed},
    chat::{PersonId, short},
    dossier::{Dossier, Open, Record},
    grammar::Object,
    store::Key,
};

/// How the table calls 状态.
pub const STATUS: Object = Object {
    name: "状态",
    english: "status",
    aliases: &[],
    letter: None,
    summary: "项目现在怎样：阶段、逾期、快到期",
};

/// How the table calls 我的.
pub const MINE: Object =
    Object {
        name: "我的", english: "mine", aliases: &[], letter: None, summary: "等我做的事，跨项目"
    };

/// How the table calls 日报.
pub const DIGEST: Object =
    Object {
        name: "日报", english: "digest", aliases: &[], letter: None, summary: "今天到期、逾期、新增"
    };

/// A record with everything of it that is open. Invariant: never nothing, the soonest first.
pub(super) struct Item<'a> {
    key: Key,
    record: &'a dyn Record,
    open: Vec<Open>,
}

/// Everything open that may be seen, soonest first, what has no date last; with `of`, only what waits for
/// this person.
pub(super) fn items<'a>(dossier: &'a Dossier, internal: bool, of: Option<&PersonId>) -> Vec<Item<'a>> {
    let is_theirs = |open: &Open| of.is_none_or(|person| open.who.iter().any(|other| other.id == *person));
    let is_told = |open: &Open| internal || !open.internal;
    let mut items: Vec<Item> = dossier
        .records()
        .filter(|(_, record)| internal || record.shared())
        .filter_map(|(key, record)| {
            let mut open: Vec<Open> =
                record.open(dossier).into_iter().filter(is_theirs).filter(is_told).collect();
            open.sort_by_key(|open| (open.due.is_none(), open.due));
            (!open.is_empty()).then_some(Item { key, record: record.as_ref(), open })
        })
        .collect();
    items.sort_by_key(|item| (item.due().is_none(), item.due(), item.key));
    items
}

impl Item<'_> {
    /// When the first of its clocks runs out.
    fn due(&self) -> Option<Timestamp> {
        self.open.first().and_then(|open| open.due)
    }

    fn is_late(&self, now: Timestamp) -> bool {
        self.open.first().is_some_and(|open| is_late(open, now))
    }

    fn is_due_by(&self, at: Timestamp) -> bool {
        self.due().is_some_and(|due| due <= at)
    }

    fn is_loud(&self) -> bool {
        self.open.iter().any(|open| open.loud)
    }

    /// `T1 登录页打不开 · 首次响应 11月23日 周一 11:00 · 解决 11月24日 周二 09:00 · 李工`: every clock, and who is
    /// to see to it behind the last that is theirs. How late it is, for the team alone.
    fn line(&self, now: Timestamp, calendar: &Calendar, internal: bool) -> String {
        // What there is only one of, and what nobody types the letter of, has no id that people know.
        let typed = self.key.number > 0 && self.key.letter.is_ascii_alphabetic();
        let id = if typed { format!("{} ", self.key) } else { String::new() };
        let mut parts = vec![format!("{id}{}", short(&self.record.title()))];
        for (index, open) in self.open.iter().enumerate() {
            parts.push(clock(open, now, calendar, internal));
            let next = self.open.get(index + 1);
            if !open.who.is_empty() && next.is_none_or(|next| next.who != open.who) {
                let who: Vec<&str> = open.who.iter().map(|person| person.name.as_str()).collect();
                parts.push(who.join("、"));
            }
        }
        parts.join(" · ")
    }
}

fn is_late(open: &Open, now: Timestamp) -> bool {
    open.late_from.or(open.due).is_some_and(|from| from < now)
}

/// `首次响应 11月23日 周一 11:00，已逾期 1 小时`.
fn clock(open: &Open, now: Timestamp, calendar: &Calendar, internal: bool) -> String {
    let Some(due) = open.due else { return open.what.clone() };
    let clock = format!("{} {}", open.what, typed::echo(due, now, calendar));
    if !internal || !is_late(open, now) {
        return clock;
    }
    format!("{clock}，已逾期 {}", typed::echo_span(now.duration_since(due)))
}
