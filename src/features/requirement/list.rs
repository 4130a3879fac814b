//! `/需求 列表 负责:李工 标签:支付 !高 状态:已确认 页:2`: how far everything is, then the requirements by state.

use super::{Requirement, words};
use crate::{
    chat::{Message, Person},
    dossier::{Context, Dossier, Kind, Outcome, Refusal},
    grammar::{Args, Command, Form, KeySpec, Priority, Rest, Spec, narrow},
};

/// How many lines a page has.
const PAGE: usize = 20;
/// The states in order; what is over is listed only when asked for.
const STATES: [(&str, bool); 10] = [
    ("已收集", true),
    ("分析中", true),
    ("待确认", true),
    ("已确认", true),
    ("进行中", true),
    ("已交付", true),
    ("已验收", false),
    ("已豁免", false),
    ("已拒绝", false),
    ("已撤回", false),
];

/// Lists requirements.
pub struct List {
    owner: Option<Person>,
    tag: Option<String>,
    state: Option<&'static str>,
    priority: Option<Priority>,
    page: usize,
}

impl Command for List {
    const SPEC: Spec = Spec::new(
        "需求",
        Form::List,
        "/需求 列表 负责:李工 标签:支付 !高 状态:待确认 页:2",
        "各状态的数量和未了结的需求，可筛选",
    )
    .keys(&[
        KeySpec::person("负责", "owner"),
        KeySpec::text("标签", "tags"),
        KeySpec::text("状态", "state"),
        KeySpec::text("页", "page"),
    ])
    .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        if !args.words().is_empty() {
            return Err(Refusal::new(format!(
                "看不懂筛选「{}」。可写：/需求 列表 负责:李工 标签:支付 !高 状态:待确认 页:2",
                args.words()
            )));
        }
        let state = match args.key("状态") {
            None => None,
            Some(word) => Some(state_named(word).ok_or_else(|| {
                let names: Vec<&str> = STATES.iter().map(|(name, _)| *name).collect();
                Refusal::new(format!("没有「{word}」这个状态。可写：{}", names.join("、")))
            })?),
        };
        let page = match args.key("页") {
            None => 1,
            Some(text) => page_number(text).ok_or_else(|| Refusal::new("页写数字，例如 页:2"))?,
        };
        Ok(Self {
            owner: args.owner().cloned(),
            tag: args.key("标签").map(|tag| tag.trim_start_matches('#').to_owned()),
            state,
            priority: args.priority,
            page,
        })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let fits: Vec<&Requirement> = dossier
            .all::<Requirement>()
            .filter(|requirement| requirement.shared || internal)
            .filter(|requirement| self.fits(requirement, internal, cx))
            .collect();
        let counts: Vec<String> = STATES
            .iter()
            .map(|(name, _)| (name, fits.iter().filter(|requirement| requirement.state() == *name).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        let mut listed: Vec<&Requirement> = fits
            .into_iter()
            .filter(|requirement| self.state.is_some() || STATES[order(requirement)].1)
            .collect();
        if listed.is_empty() {
            let message = match (self.is_filtered(), counts.is_empty()) {
                (true, _) => Message::text("没有符合的需求"),
                (false, true) => Message::text("没有未交付的需求"),
                (false, false) => Message::text(format!("没有未交付的需求（{}）", counts.join(" · "))),
            };
            return Ok(Outcome::reply(message));
        }
        listed.sort_by_key(|requirement| {
            let priority = words::shown_priority(requirement, internal, cx.rules);
            (order(requirement), std::cmp::Reverse(priority), requirement.number)
        });
        let pages = listed.len().div_ceil(PAGE);
        if self.page > pages {
            return Err(Refusal::new(format!("只有 {pages} 页")));
        }
        let mut message = Message::text(format!("需求 {} 条：{}", listed.len(), counts.join(" · ")));
        for requirement in listed.iter().skip((self.page - 1) * PAGE).take(PAGE) {
            message = message.line(words::listed(requirement, internal, cx.now, cx.rules));
        }
        if pages > 1 {
            message = message.line(format!("第 {} 页，共 {pages} 页", self.page));
        }
        if self.page < pages {
            message = message.button("下一页", self.line(self.page + 1));
        }
        Ok(Outcome::reply(message))
    }
}

impl List {
    fn fits(&self, requirement: &Requirement, internal: bool, cx: &Context) -> bool {
        let owned = self
            .owner
            .as_ref()
            .is_none_or(|owner| requirement.owner.as_ref().is_some_and(|o| o.id == owner.id));
        let tagged =
            self.tag.as_ref().is_none_or(|tag| requirement.tags.iter().any(|t| t.eq_ignore_ascii_case(tag)));
        let ranked = self
            .priority
            .is_none_or(|priority| words::shown_priority(requirement, internal, cx.rules) == Some(priority));
        owned && tagged && ranked && self.state.is_none_or(|state| requirement.state() == state)
    }

    fn is_filtered(&self) -> bool {
        self.owner.is_some() || self.tag.is_some() || self.state.is_some() || self.priority.is_some()
    }

    /// The line that lists another page of the same.
    fn line(&self, page: usize) -> String {
        let mut line = "/需求 列表".to_owned();
        if let Some(owner) = &self.owner {
            line.push_str(&format!(" 负责:{}", owner.name));
        }
        if let Some(tag) = &self.tag {
            line.push_str(&format!(" 标签:{tag}"));
        }
        if let Some(state) = self.state {
            line.push_str(&format!(" 状态:{state}"));
        }
        if let Some(priority) = self.priority {
            line.push_str(&format!(" !{}", priority.name()));
        }
        format!("{line} 页:{page}")
    }
}

fn order(requirement: &Requirement) -> usize {
    let state = requirement.state();
    STATES.iter().position(|(name, _)| *name == state).expect("every state is listed")
}

/// `已确认`, or `确认` for it.
fn state_named(word: &str) -> Option<&'static str> {
    let word = word.trim();
    let named = |name: &&'static str| *name == word || name.strip_prefix('已') == Some(word);
    STATES.iter().map(|(name, _)| *name).find(named)
}

fn page_number(text: &str) -> Option<usize> {
    let text: String = text.trim().chars().map(narrow).collect();
    text.trim_start_matches('第').trim_end_matches('页').trim().parse().ok().filter(|page| *page > 0)
}
