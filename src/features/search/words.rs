//! Every sentence of searches.

use super::excerpt;
use crate::{
    calendar::typed,
    chat::{Message, short},
    dossier::{Context, Hit, Query, Refusal},
};

/// What was found, a line each.
///
/// # Errors
/// There is no such page.
pub fn found(query: &Query, cx: &Context) -> Result<Message, Refusal> {
    let found = cx.found;
    let words = &query.words;
    if found.total == 0 {
        return Ok(nothing(query));
    }
    let pages = found.total.div_ceil(cx.rules.search.page);
    if query.page > pages {
        return Err(Refusal::new(format!("只有 {pages} 页")));
    }
    let title = match found.partly {
        true => format!("没有全部符合「{words}」的，部分符合的 {} 条", found.total),
        false => format!("「{words}」{} 条", found.total),
    };
    let message = found.hits.iter().fold(Message::text(title), |message, hit| {
        let around = excerpt::of(hit, words).map(|around| format!(" · {around}")).unwrap_or_default();
        message.line(format!("{}{around}", line(hit, cx)))
    });
    if query.page == pages {
        return Ok(if pages > 1 {
            message.line(format!("第 {pages} 页，共 {pages} 页"))
        } else {
            message
        });
    }
    let next = typed_again(query, query.page + 1);
    Ok(message.line(format!("第 {} 页，共 {pages} 页。下一页：{next}", query.page)).button("下一页", next))
}

/// Nothing was found, and what can be tried.
fn nothing(query: &Query) -> Message {
    let message = Message::text(format!("没有找到「{}」", query.words));
    if query.letter.is_some() || query.project.is_some() || query.state.is_some() {
        return message.line(format!("去掉条件再试：/搜索 {}", query.words));
    }
    message.line("可以换更短的词再试，几个词之间用空格")
}

/// The line that shows another page of the same.
fn typed_again(query: &Query, page: usize) -> String {
    let mut line = format!("/搜索 {}", query.words);
    if let Some(letter) = query.letter {
        line.push_str(&format!(" 类型:{}", crate::features::name_of(letter)));
    }
    if let Some(project) = &query.project {
        line.push_str(&format!(" 项目:{project}"));
    }
    if let Some(state) = &query.state {
        line.push_str(&format!(" 状态:{state}"));
    }
    format!("{line} 页:{page}")
}

/// `【近海风控】R3 退款走原路 · 已交付 · 王工 · 10月12日 周一`; of a project that the asker is not in
/// `【银行业】退款走原路 · 已拒绝：没有预算`.
fn line(hit: &Hit, cx: &Context) -> String {
    match hit {
        Hit::Record { key, project, record, card, internal: _ } => {
            let project = project.as_ref().map(|name| format!("【{name}】")).unwrap_or_default();
            let calendar = &cx.rules.calendar;
            let at = typed::echo_date(calendar.date(card.at), cx.now, calendar);
            let (title, state) = (short(&record.title()), outcome(record.state(), card.reason.as_deref()));
            format!("{project}{key} {title} · {state} · {} · {at}", card.owner.name)
        }
        Hit::Case { industry, title, state, reason } => {
            let whose =
                industry.as_ref().map_or("其他项目".to_owned(), |industry| format!("{industry}项目"));
            format!("【{whose}】{title} · {}", outcome(state, reason.as_deref()))
        }
    }
}

/// The state, and why, where that was said.
fn outcome(state: &str, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("{state}：{}", first_line(reason)),
        None => state.to_owned(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The answer to a new requirement with the similar ones below it, where there are any.
pub fn similar(message: Message, cx: &Context) -> Message {
    if cx.found.hits.is_empty() {
        return message;
    }
    let message = message.line("同行业的类似需求：");
    cx.found.hits.iter().fold(message, |message, hit| message.line(line(hit, cx)))
}
