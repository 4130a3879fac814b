//! Every sentence about pasted lists.

use jiff::Timestamp;

use super::{Requirement, read::Read};
use crate::{
    calendar::typed,
    chat::{Message, Person},
    dossier::{Context, Refusal},
    features::requirement::words::{facts, fill_line, name},
};

/// The columns that a table can have, in a sentence.
const COLUMNS: &str =
    "第一行写列名：需求（或 标题、名称）、优先级、负责、截止、标签、目标、用户、指标、场景、原型、描述";

/// What would be recorded, and what not.
pub(super) fn preview(number: u32, read: &[Read], unplaced: bool, cx: &Context) -> Message {
    let good = read.iter().filter(|read| read.what.is_ok()).count();
    let mut message = Message::text(format!("读出 {good} 条需求，还没有记录"));
    if good < read.len() {
        message = Message::text(format!("读出 {good} 条需求，{} 条看不懂，还没有记录", read.len() - good));
    }
    message = read.iter().map(|read| told(read, cx)).fold(message, Message::line);
    if unplaced {
        message = message.line("看不出 @ 的人各在哪一行，请在行里写 负责:姓名 再发一次");
    }
    if good < read.len() {
        message = message.line("✗ 的不会记下；改好可以整份重发，以新的为准");
    }
    message
        .button(format!("记下这 {good} 条"), format!("/需求 批量 确认 {number}"))
        .button("取消", format!("/需求 批量 取消 {number}"))
}

/// One row: what was understood, or why nothing was.
fn told(read: &Read, cx: &Context) -> String {
    let requirement = match &read.what {
        Ok(requirement) => requirement,
        Err(why) => return format!("✗ {}：{why}", shortened(&read.said)),
    };
    let mut parts = vec![requirement.title.clone()];
    parts.extend(requirement.priority.map(|priority| priority.name().to_owned()));
    parts.extend(facts(requirement, cx.now, &cx.rules.calendar));
    parts.extend(
        ["目标", "用户", "指标", "场景", "原型"]
            .iter()
            .filter_map(|key| Some(format!("{key} {}", requirement.fields.get(*key)?))),
    );
    parts.extend(requirement.description.clone());
    format!("✓ {}", parts.join(" · "))
}

fn shortened(said: &str) -> String {
    const LENGTH: usize = 24;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = said.chars().take(LENGTH).collect();
    if short.len() < said.len() { format!("{short}…") } else { short }
}

/// The one answer to all that was recorded.
pub(super) fn recorded(made: &[Requirement]) -> Message {
    let message = Message::text(format!("已记下 {} 条需求", made.len()));
    let message = made.iter().map(name).fold(message, Message::line);
    match made.first() {
        Some(first) => message.line(format!("逐条补充，例如：{}", fill_line(first, &first.unanswered()))),
        None => message,
    }
}

/// The answer to a list that is let go.
pub(super) fn cancelled() -> Message {
    Message::text("已取消，这份清单一条都没有记录")
}

pub(super) fn how() -> Refusal {
    Refusal::new("批量记什么？在 /需求 批量 下面一行写一条，例如：")
        .line("支付模块支持退款 !高 @李工 截止:下周五")
        .line("对账单导出 Excel 标签:对账")
        .line(format!("也可以粘贴表格，{COLUMNS}"))
}

pub(super) fn beside(first: &str) -> Refusal {
    Refusal::new(format!("没有记录：「{}」要另起一行。/需求 批量 下面一行写一条需求", shortened(first)))
}

pub(super) fn unknown_column(name: &str) -> Refusal {
    Refusal::new(format!("不认识表格的列「{}」，没有记录", shortened(name))).line(COLUMNS)
}

pub(super) fn column_twice(name: &str) -> Refusal {
    Refusal::new(format!("表格的列「{name}」重复了，没有记录。同一项只留一列")).line(COLUMNS)
}

pub(super) fn no_title_column() -> Refusal {
    Refusal::new("表格缺少一列：需求、标题 或 名称，没有记录").line(COLUMNS)
}

pub(super) fn too_many(count: usize, most: usize) -> Refusal {
    Refusal::new(format!("一次最多 {most} 条，这里有 {count} 条，都没有记录。请分几次粘贴"))
}

/// No row could be read.
pub(super) fn nothing_good(read: &[Read]) -> Refusal {
    let none = match read.is_empty() {
        true => "表格只有列名，没有需求，没有记录",
        false => "一条都看不懂，没有记录",
    };
    let doubts = read.iter().filter_map(|read| Some((read, read.what.as_ref().err()?)));
    doubts.fold(Refusal::new(none), |refusal, (read, why)| {
        refusal.line(format!("✗ {}：{why}", shortened(&read.said)))
    })
}

pub(super) fn none() -> Refusal {
    Refusal::new("没有等着确认的清单。先粘贴：/需求 批量，下面一行写一条")
}

pub(super) fn gone() -> Refusal {
    Refusal::new("这份清单已经不在了：之后又粘贴过，或者撤销了。以最新的一份为准")
}

pub(super) fn of_another(by: &Person) -> Refusal {
    Refusal::new(format!("这份清单是 {} 粘贴的，由 {} 自己确认或取消", by.name, by.name))
}

pub(super) fn recorded_already(numbers: &[u32]) -> Refusal {
    let ids: Vec<String> = numbers.iter().map(|number| format!("R{number}")).collect();
    Refusal::new(format!("这份清单已经记下了：{}", ids.join("、")))
}

pub(super) fn cancelled_already() -> Refusal {
    Refusal::new("这份清单已经取消。要记请重新粘贴")
}

pub(super) fn expired(at: Timestamp, cx: &Context) -> Refusal {
    let at = typed::echo(at, cx.now, &cx.rules.calendar);
    Refusal::new(format!("这份清单是 {at} 粘贴的，太久没有确认，已经失效，没有记录。请重新粘贴"))
}

/// Dates that have passed since it was pasted.
pub(super) fn late(late: &[&Requirement], cx: &Context) -> Refusal {
    let refusal = Refusal::new("有的截止时间已经过去了，都没有记录。请改好重新粘贴");
    late.iter().fold(refusal, |refusal, requirement| {
        let due = requirement.due.map(|due| typed::echo(due, cx.now, &cx.rules.calendar));
        refusal.line(format!("✗ {}：{}", requirement.title, due.unwrap_or_default()))
    })
}
