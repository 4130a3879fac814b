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

/// Something open in a project.
pub(super) struct Item<'a> {
    key: Key,
    record: &'a dyn Record,
    open: Open,
}

/// Everything open that may be seen, soonest first, what has no date last.
pub(super) fn items<'a>(dossier: &'a Dossier, internal: bool) -> Vec<Item<'a>> {
    let mut items: Vec<Item> = dossier
        .records()
        .filter(|(_, record)| internal || record.shared())
        .filter_map(|(key, record)| Some(Item { key, record: record.as_ref(), open: record.open(dossier)? }))
        .collect();
    items.sort_by_key(|item| (item.open.due.is_none(), item.open.due, item.key));
    items
}

impl Item<'_> {
    fn is_late(&self, now: Timestamp) -> bool {
        self.open.due.is_some_and(|due| due < now)
    }

    fn is_due_by(&self, at: Timestamp) -> bool {
        self.open.due.is_some_and(|due| due <= at)
    }

    /// `T1 登录页打不开 · 首次响应 11月23日 周一 11:00 · 李工`; how late it is, for the team alone.
    fn line(&self, now: Timestamp, calendar: &Calendar, internal: bool) -> String {
        let mut line = format!("{} {} · {}", self.key, self.record.title(), self.open.what);
        if let Some(due) = self.open.due {
            line.push_str(&format!(" {}", typed::echo(due, now, calendar)));
        }
        if internal
            && self.is_late(now)
            && let Some(due) = self.open.due
        {
            line.push_str(&format!("，已逾期 {}", typed::echo_span(now.duration_since(due))));
        }
        let who: Vec<&str> = self.open.who.iter().map(|person| person.name.as_str()).collect();
        if !who.is_empty() {
            line.push_str(&format!(" · {}", who.join("、")));
        }
        line
    }
}
