//! Every sentence of reviews. What the customer's representative may read tells no average.

use jiff::Timestamp;

use super::{Review, State};
use crate::{
    calendar::typed,
    chat::{Message, Tone},
    dossier::{Context, Dossier, Kind, Refusal, RoomKind, Rules, Waking},
    features::improvement::Improvement,
    store::Key,
};

/// `W1 沟通效率（2026年四季度）`.
fn name(review: &Review) -> String {
    format!("W{} {}", review.number, review.title())
}

/// The next why; `None` once all were asked.
fn next_why(review: &Review, rules: &Rules) -> Option<String> {
    let number = review.whys.len() + 1;
    let question = match review.whys.last() {
        _ if number > rules.review.whys => return None,
        Some(why) => format!("为什么「{}」？", why.text),
        None => format!("为什么「{}」不够好？", review.indicator.name()),
    };
    Some(format!("第 {number} 个为什么：{question}"))
}

fn cited(cites: &[Key]) -> String {
    cites.iter().map(Key::to_string).collect::<Vec<_>>().join("、")
}

/// To those of ours who take part.
pub fn opened(review: &Review, cx: &Waking) -> Message {
    let until = typed::echo(review.due, cx.now, &cx.rules.calendar);
    let mut message = Message::text(format!(
        "{} 平均 {}，请一起复盘，{until} 前找到根因、定下改进",
        name(review),
        review.average.words()
    ));
    if !review.cites.is_empty() {
        message = message.line(format!("上次没有解决：引 {}", cited(&review.cites)));
    }
    if let Some(why) = next_why(review, cx.rules) {
        message = message.line(why);
    }
    message.line(format!("回答：/W{} 原因 …，或直接回复这条消息", review.number)).tone(Tone::Warning)
}

/// To the customer's representative alone.
pub fn invited(review: &Review) -> Message {
    let indicator = review.indicator.name();
    Message::text(format!("W{} 满意度里「{indicator}」还不够好，想请您一起找原因", review.number))
        .line(format!("您觉得是为什么？回答：/W{} 原因 …", review.number))
        .line(format!("看进展：/W{}", review.number))
}

/// The answer to a why: the next one.
pub fn asked_on(review: &Review, dossier: &Dossier, cx: &Context) -> Message {
    let number = review.number;
    let said = review.whys.last().map(|why| why.text.as_str()).unwrap_or_default();
    let message = Message::text(format!("W{number} 第 {} 个为什么：{said}", review.whys.len()));
    match next_why(review, cx.rules) {
        Some(why) => {
            // Alone with the bot every line is a command.
            let reply = if cx.place.kind == RoomKind::Direct { "" } else { "，或直接回复这条消息" };
            let message = message.line(why).line(format!("回答：/W{number} 原因 …{reply}"));
            if !cx.sees_internal(dossier) {
                return message;
            }
            message.line(format!("已到根因：/W{number} 根因 … 类别:… 理由:…"))
        }
        None => message
            .line(format!("问完了，写下根因：/W{number} 根因 … 类别:…"))
            .line(format!("类别：{}", cx.rules.review.causes.join("、"))),
    }
}

/// The root cause is found.
pub fn rooted(review: &Review, here: usize, all: usize) -> Message {
    let Some(root) = &review.root else { return Message::default() };
    let mut message = Message::text(format!("W{} 根因：{} · {}", review.number, root.text, root.cause));
    if let Some(early) = &root.early {
        message = message.line(few_whys(review.whys.len(), early));
    }
    message = message.line(format!("「{}」在本客户的复盘里第 {here} 次，全部客户 {all} 次", root.cause));
    match review.state {
        State::Done { .. } => message.line("已有改进，复盘完成").tone(Tone::Good),
        State::Open | State::Carried { .. } => message.line(improve(review.number)),
    }
}

/// Why fewer whys were enough.
fn few_whys(asked: usize, early: &str) -> String {
    match asked {
        0 => format!("没有追问为什么，理由：{early}"),
        asked => format!("只问了 {asked} 个为什么，理由：{early}"),
    }
}

fn improve(number: u32) -> String {
    format!("还要定改进：/改进 W{number} 做什么 @负责人 截止:下周五 衡量:…")
}

/// The same cause with many customers.
pub fn department(improvement: &Improvement, cause: &str, customers: usize, cx: &Context) -> Message {
    let until = typed::echo(improvement.due, cx.now, &cx.rules.calendar);
    let number = improvement.number;
    Message::text(format!("I{number} 部门改进项：「{cause}」已是 {customers} 个客户的根因"))
        .line(format!("请定部门的做法，{until} 前；做完发 /I{number} 完成"))
        .tone(Tone::Warning)
}

/// What is still missing.
fn missing(review: &Review, rules: &Rules) -> String {
    let number = review.number;
    match review.root {
        Some(_) => improve(number),
        None if review.whys.len() >= rules.review.whys => format!("还没有根因：/W{number} 根因 … 类别:…"),
        None => {
            let why = next_why(review, rules).unwrap_or_default();
            format!("还没有根因。{why} 回答：/W{number} 原因 …")
        }
    }
}

pub fn upcoming(review: &Review, cx: &Waking) -> Message {
    let calendar = &cx.rules.calendar;
    let at = typed::echo(review.due, cx.now, calendar);
    let today = calendar.date(review.due) == calendar.date(cx.now);
    let when = if today { format!("今天到期：{at}") } else { format!("{at} 到期") };
    Message::text(format!("{} 复盘{when}", name(review))).line(missing(review, cx.rules)).tone(Tone::Warning)
}

pub fn overdue(review: &Review, cx: &Waking) -> Message {
    let late = typed::echo_span(cx.now.duration_since(review.due));
    Message::text(format!("{} 复盘已逾期 {late}", name(review)))
        .line(missing(review, cx.rules))
        .tone(Tone::Alarm)
}

pub fn listed(review: &Review, cx: &Context) -> String {
    let due = match review.state {
        State::Open => format!(" · {} 前", typed::echo(review.due, cx.now, &cx.rules.calendar)),
        State::Done { .. } | State::Carried { .. } => String::new(),
    };
    let root =
        review.root.as_ref().map(|root| format!(" · {}（{}）", root.text, root.cause)).unwrap_or_default();
    format!("{} · {}{due}{root}", name(review), review.state())
}

/// Everything; averages and improvements for the team alone.
pub fn shown(review: &Review, dossier: &Dossier, cx: &Context) -> Message {
    let at = |moment| typed::echo(moment, cx.now, &cx.rules.calendar);
    let internal = cx.sees_internal(dossier);
    let mut message = Message::text(format!("{} · {}", name(review), review.state()));
    if internal {
        message = message.line(format!("平均 {}（S{}）", review.average.words(), review.survey));
        if !review.cites.is_empty() {
            message = message.line(format!("引 {}", cited(&review.cites)));
        }
    }
    for (index, why) in review.whys.iter().enumerate() {
        message = message.line(format!("第 {} 个为什么：{}（{}）", index + 1, why.text, why.by.name));
    }
    if let Some(root) = &review.root {
        message =
            message.line(format!("根因：{} · {}（{} {}）", root.text, root.cause, at(root.at), root.by.name));
        if let Some(early) = &root.early {
            message = message.line(few_whys(review.whys.len(), early));
        }
    }
    if internal {
        for improvement in review.improvements(dossier) {
            message = message.line(crate::features::improvement::line(improvement, cx));
        }
    }
    match review.state {
        State::Open if internal => {
            message.line(format!("{} 前完成。{}", at(review.due), missing(review, cx.rules)))
        }
        State::Open if review.root.is_none() => match next_why(review, cx.rules) {
            Some(why) => message.line(why).line(format!("回答：/W{} 原因 …", review.number)),
            None => message,
        },
        State::Open => message,
        State::Done { at: when } => message.line(format!("{} 完成", at(when))),
        State::Carried { on, at: when } => message.line(format!("{} 并入 W{on}", at(when))),
    }
}

pub fn why(review: &Review, now: Timestamp, rules: &Rules) -> Vec<String> {
    let at = |moment| typed::echo(moment, now, &rules.calendar);
    vec![
        format!(
            "S{} 里「{}」平均 {}，低于 {:.1}",
            review.survey,
            review.indicator.name(),
            review.average.words(),
            rules.review.below
        ),
        format!("{} 开始，{} 天内完成，到 {}", at(review.opened_at), rules.review.due_days, at(review.due)),
    ]
}

pub fn unknown(number: u32) -> Refusal {
    Refusal::new(format!("没有 W{number}。看编号：/复盘 列表"))
}

pub fn done(review: &Review) -> Refusal {
    Refusal::new(format!("W{} 已完成，没有记录。再加改进：/改进 W{0} 做什么 @负责人 截止:…", review.number))
}

pub fn carried(review: &Review, on: u32) -> Refusal {
    Refusal::new(format!("W{} 已并入 W{on}，没有记录。请写到 W{on}", review.number))
}

pub fn why_missing(number: u32) -> Refusal {
    Refusal::new(format!("原因是什么？例如：/复盘 W{number} 原因 接口文档没写清楚"))
}

pub fn root_is_found(review: &Review) -> Refusal {
    let root = review.root.as_ref().map(|root| root.text.as_str()).unwrap_or_default();
    Refusal::new(format!("W{} 已有根因：{root}，没有记录。{}", review.number, improve(review.number)))
}

pub fn whys_are_full(review: &Review, cx: &Context) -> Refusal {
    let number = review.number;
    Refusal::new(format!(
        "W{number} 的 {} 个为什么都答过了，没有记录。写下根因：/W{number} 根因 … 类别:…",
        cx.rules.review.whys
    ))
}

pub fn root_missing(number: u32, cx: &Context) -> Refusal {
    Refusal::new(format!(
        "根因是什么？例如：/复盘 W{number} 根因 没有约定接口评审 类别:{}",
        cx.rules.review.causes[0]
    ))
}

pub fn category_missing(number: u32, text: &str, cx: &Context) -> Refusal {
    let causes = &cx.rules.review.causes;
    Refusal::new(format!("根因要写类别，没有记录。例如：/复盘 W{number} 根因 {text} 类别:{}", causes[0]))
        .line(format!("类别：{}", causes.join("、")))
}

pub fn category_unknown(cause: &str, cx: &Context) -> Refusal {
    let causes = cx.rules.review.causes.join("、");
    Refusal::new(format!("没有「{cause}」这个类别，没有记录。可写：{causes}"))
}

pub fn too_few_whys(review: &Review, text: &str, cause: &str, cx: &Context) -> Refusal {
    let (number, asked, all) = (review.number, review.whys.len(), cx.rules.review.whys);
    let refusal = Refusal::new(format!("只问了 {asked} 个为什么，没有记录。问满 {all} 个，或写明理由："))
        .line(format!("/复盘 W{number} 根因 {text} 类别:{cause} 理由:…"));
    match next_why(review, cx.rules) {
        Some(why) => refusal.line(why),
        None => refusal,
    }
}

pub fn not_understood(number: u32, said: &str) -> Refusal {
    Refusal::new(format!(
        "看不懂「{said}」，没有记录。可以发：/复盘 W{number} 原因 …，或 /复盘 W{number} 根因 … 类别:…"
    ))
}
