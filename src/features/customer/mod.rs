//! Customers: the companies served. They span projects and live in the registry.

mod demand;
mod dialogue;
mod facts;
mod file;
mod plan;
mod words;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use demand::Demand;
pub use facts::{Dialogue, Move, Purchase, Referral, Strategy};
pub use file::{DialogueOwed, Fact, File, Reached, Stage};
pub use plan::{Add as Plan, Cancel, Complete, PlanItem, Postpone, ShowItem};

use crate::{
    chat::{Message, Person},
    dossier::{Context, Dossier, Kind, Outcome, Refusal, RoomKind},
    features::{
        Wide, listing,
        rhythm::{self, Kept},
    },
    grammar::{Args, Command, Form, KeySpec, Object, On, Rest, Spec},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "客户",
    english: "customer",
    aliases: &[],
    letter: Some('J'),
    summary: "客户的级别、计划、战略对话、阶段、复购和推荐",
};

/// A company served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Its number in the registry.
    pub number: u32,
    /// What people call it.
    pub name: String,
    /// Its trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// A 重点, B or C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Who owns the relationship.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Person>,
}

impl Kind for Customer {
    const LETTER: char = 'Q';
    const NAME: &'static str = "客户";
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("name", "名称"), ("industry", "行业"), ("tier", "级别"), ("lead", "客户主管")];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.name.clone()
    }

    fn state(&self) -> &'static str {
        "在册"
    }

    fn shared(&self) -> bool {
        false
    }
}

/// The trade of each registered customer, by name.
pub fn industries(registry: &Dossier) -> HashMap<String, String> {
    let customers = registry.all::<Customer>();
    customers.filter_map(|customer| Some((customer.name.clone(), customer.industry.clone()?))).collect()
}

/// A customer's name, trade and tier belong to the team.
fn not_before_customers(cx: &Context) -> Result<(), Refusal> {
    if cx.place.kind == RoomKind::Customer {
        return Err(Refusal::new("客户档案请在项目群或私聊里看"));
    }
    Ok(())
}

/// `/客户 新建 远山银行 行业:银行 级别:A`.
pub struct Register {
    name: String,
    industry: Option<String>,
    tier: Option<String>,
    lead: Option<Person>,
}

impl Command for Register {
    const SPEC: Spec = Spec::new(
        "客户",
        Form::Act("新建", "new"),
        "/客户 新建 远山银行 行业:银行 级别:A 主管:@陈主管",
        "登记客户；再发一次即修改",
    )
    .keys(&[
        KeySpec::text("行业", "industry"),
        KeySpec::text("级别", "tier"),
        KeySpec::person("主管", "lead"),
    ])
    .rest(Rest::Read)
    .on(On::Registry);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        not_before_customers(cx)?;
        let tier = match args.key("级别").map(|tier| tier.trim_end_matches('级').to_uppercase()) {
            Some(tier) if ["A", "B", "C"].contains(&tier.as_str()) => Some(tier),
            Some(tier) => return Err(Refusal::new(format!("没有「{tier}」这个级别。可写：A（重点）、B、C"))),
            None => None,
        };
        let industry = args.key("行业").map(str::to_owned);
        let lead = args.person("主管").or(args.people.first()).cloned();
        if args.text.is_empty() || args.words().contains('\n') {
            return Err(Refusal::new("客户叫什么？例如：/客户 新建 远山银行 行业:银行 级别:A"));
        }
        Ok(Self { name: args.text, industry, tier, lead })
    }

    fn run(self, dossier: &Dossier, _cx: &Context) -> Result<Outcome, Refusal> {
        let outcome = Outcome::default();
        let known = dossier.all::<Customer>().find(|customer| customer.name == self.name);
        let next = match known {
            Some(before) => Customer {
                industry: self.industry.or_else(|| before.industry.clone()),
                tier: self.tier.or_else(|| before.tier.clone()),
                lead: self.lead.or_else(|| before.lead.clone()),
                ..before.clone()
            },
            None => Customer {
                number: outcome.next_number::<Customer>(dossier),
                name: self.name,
                industry: self.industry,
                tier: self.tier,
                lead: self.lead,
            },
        };
        let done = if known.is_some() { "已更新" } else { "已登记" };
        let reply = Message::text(format!("客户{done}：{}", line(&next)));
        Ok(Outcome::change(next, "登记客户").replying(reply))
    }
}

/// `/客户`: every customer.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("客户", Form::List, "/客户 列表", "在册的客户").on(On::Wide);

    fn parse(_args: Args, cx: &Context) -> Result<Self, Refusal> {
        not_before_customers(cx)?;
        Ok(Self)
    }

    fn run(self, _dossier: &Dossier, _cx: &Context) -> Result<Outcome, Refusal> {
        Ok(Outcome::default())
    }
}

/// `/客户` and `/客户 远山银行`, read by [`crate::features::wide`]: every customer, or one with its projects. The
/// people of a customer read neither, whatever room they ask in.
///
/// # Errors
/// It is not for the asker to read, or nobody knows of such a customer.
pub fn told(name: &str, wide: &Wide, cx: &Context) -> Result<Message, Refusal> {
    not_before_customers(cx)?;
    let customers =
        |dossier: &Dossier| dossier.founded().is_some_and(|project| project.is_customer(&cx.actor.id));
    let mine = wide.projects;
    if mine.iter().any(customers) {
        return Err(Refusal::new("客户档案只给项目组看"));
    }
    if !name.is_empty() {
        return show(name, wide, cx);
    }
    let mut customers: Vec<&Customer> = cx.registry.all::<Customer>().collect();
    // A before B before C before those without.
    customers.sort_by_key(|customer| (customer.tier.is_none(), customer.tier.clone(), customer.number));
    let lines = customers.into_iter().map(line).collect();
    let empty = Message::text("还没有登记客户。登记：/客户 新建 远山银行 行业:银行 级别:A");
    Ok(listing("客户", lines, empty))
}

/// `/客户 远山银行`: a customer with its projects. Read by [`crate::features::wide`].
pub struct Show;

impl Command for Show {
    const SPEC: Spec =
        Spec::new("客户", Form::Text, "/客户 远山银行", "一个客户和我参与的它的项目：阶段、沟通达成")
            .on(On::Wide);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, _dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        not_before_customers(cx)?;
        Ok(Outcome::default())
    }
}

/// A customer and those of the asker's projects that serve it, with the contacts kept of those expected.
///
/// # Errors
/// Nobody knows of such a customer.
fn show(name: &str, wide: &Wide, cx: &Context) -> Result<Message, Refusal> {
    let known = cx.registry.all::<Customer>().find(|customer| customer.name == name);
    let serves = |dossier: &&Dossier| {
        dossier.founded().is_some_and(|project| {
            project.customer.as_deref() == Some(name) && !project.is_customer(&cx.actor.id)
        })
    };
    let projects: Vec<&Dossier> = wide.projects.iter().filter(serves).collect();
    if known.is_none() && projects.is_empty() {
        return Err(Refusal::new(format!("没有客户「{name}」。看全部：/客户 列表")));
    }
    let mut message = Message::text(known.map_or_else(|| name.to_owned(), line));
    let file = wide.files.iter().filter_map(|file| Some((file.find::<File>(0)?, file)));
    if let Some((record, file)) = file.into_iter().find(|(record, _)| record.customer == name) {
        message = words::shown(record, file, cx).into_iter().fold(message, Message::line);
    }
    let mut all = Kept::default();
    for dossier in &projects {
        let lines = rhythm::kept_between(dossier, Timestamp::MIN, Timestamp::MAX, cx.rules);
        let kept = rhythm::kept(&lines);
        all = all.and(kept);
        let told =
            if lines.is_empty() { String::new() } else { format!(" · 沟通达成 {}", kept.words()) };
        let project = dossier.project();
        message = message.line(format!("{} · {}{told}", project.name, project.phase.name()));
    }
    if projects.len() > 1 && all.expected > 0 {
        message = message.line(format!("合计沟通达成 {}", all.words()));
    }
    if projects.is_empty() {
        message = message.line("我参与的项目里没有它的");
    }
    Ok(message)
}

fn line(customer: &Customer) -> String {
    let mut line = customer.name.clone();
    if let Some(industry) = &customer.industry {
        line.push_str(&format!(" · {industry}"));
    }
    if let Some(tier) = &customer.tier {
        line.push_str(&format!(" · {tier} 级"));
    }
    if let Some(lead) = &customer.lead {
        line.push_str(&format!(" · 客户主管 {}", lead.name));
    }
    line
}
