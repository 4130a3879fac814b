//! `/搜索 退款 类型:需求`: what the asker may see of all projects. The engine looks it up; here it is asked
//! and told.

mod excerpt;
mod words;

pub use words::similar;

use crate::{
    dossier::{Ask, Context, Dossier, Outcome, Query, Refusal},
    features::{OBJECTS, is_filed},
    grammar::{Args, Command, Form, KeySpec, Object, On, Spec, narrow},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "搜索",
    english: "search",
    aliases: &["查找"],
    letter: None,
    summary: "在看得到的项目里找：/搜索 退款 类型:需求",
};

/// Searches.
pub struct Search(Query);

/// How many characters may be searched for: each of them is looked up.
const LONGEST: usize = 60;

/// The filters.
const KEYS: &[KeySpec] = &[
    KeySpec::text("类型", "kind"),
    KeySpec::text("项目", "project"),
    KeySpec::text("状态", "state"),
    KeySpec::text("页", "page"),
];

impl Command for Search {
    const SPEC: Spec = Spec::new(
        "搜索",
        Form::Any,
        "/搜索 退款 类型:需求 项目:远山支付 状态:已验收 页:2",
        "先列本项目的，再列同行业的",
    )
    .keys(KEYS)
    .on(On::Anywhere)
    .seeking(asked);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        read(&args).map(Self)
    }

    fn run(self, _dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        words::found(&self.0, cx).map(Outcome::reply)
    }
}

/// What a requirement that is about to be recorded wants looked up.
pub fn like_this(args: &Args) -> Option<Ask> {
    Some(Ask::Similar(args.text.clone()))
}

fn asked(args: &Args) -> Option<Ask> {
    read(args).ok().map(Ask::Search)
}

/// A filter is one word; what follows it is searched for.
fn read(args: &Args) -> Result<Query, Refusal> {
    let mut words = vec![args.text.clone()];
    words.extend(args.people.iter().map(|person| person.name.clone()));
    let mut filter = |name: &str| {
        let (first, rest) = match args.key(name)?.split_once(char::is_whitespace) {
            Some((first, rest)) => (first, rest),
            None => (args.key(name)?, ""),
        };
        words.push(rest.to_owned());
        Some(first.to_owned())
    };
    let (kind, state, page) = (filter("类型"), filter("状态"), filter("页"));
    let letter = kind.map(|kind| letter_of(&kind)).transpose()?;
    let words = words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    if !words.chars().any(char::is_alphanumeric) {
        return Err(Refusal::new("搜什么？例如：/搜索 退款 类型:需求"));
    }
    if words.chars().count() > LONGEST {
        return Err(Refusal::new(format!("搜索词请在 {LONGEST} 字以内")));
    }
    let page = match page {
        None => 1,
        Some(page) => page_number(&page).ok_or_else(|| Refusal::new("页写数字，例如 页:2"))?,
    };
    Ok(Query { words, letter, project: args.key("项目").map(str::to_owned), state, page })
}

fn letter_of(kind: &str) -> Result<char, Refusal> {
    // What lies in a customer's file is not searched.
    let searched = || OBJECTS.iter().filter(|object| object.letter.is_some_and(|letter| !is_filed(letter)));
    let letter = searched().find(|object| object.is_called(kind)).and_then(|object| object.letter);
    letter.ok_or_else(|| {
        let kinds: Vec<&str> = searched().map(|object| object.name).collect();
        Refusal::new(format!("没有「{kind}」这种类型。可写：{}", kinds.join("、")))
    })
}

fn page_number(text: &str) -> Option<usize> {
    let text: String = text.chars().map(narrow).collect();
    text.trim_start_matches('第').trim_end_matches('页').parse().ok().filter(|page| *page > 0)
}
