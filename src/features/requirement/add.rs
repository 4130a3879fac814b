//! `/需求 支付模块支持退款 !高 @张三 截止:下周五 标签:支付`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Analysis, Requirement, State, clock::analyse_ladder, words};
use crate::{
    chat::Person,
    dossier::{Context, Dossier, Outcome, Refusal, RoomKind},
    features::{origin::Origin, search},
    grammar::{Args, Command, Form, KeySpec, On, Priority, Spec},
};

/// Records a requirement.
pub struct Add {
    title: String,
    description: Option<String>,
    origin: Origin,
    priority: Option<Priority>,
    owner: Option<Person>,
    due: Option<Timestamp>,
    tags: Vec<String>,
    fields: BTreeMap<String, String>,
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "需求",
        Form::Text,
        "/需求 支付模块支持退款 !高 @李工 截止:下周五 标签:支付",
        "记一个需求；后面的行是描述",
    )
    .keys(&[
        KeySpec::person("负责", "owner"),
        KeySpec::text("截止", "due"),
        KeySpec::text("标签", "tags"),
        KeySpec::text("原型", "prototype"),
        KeySpec::text("目标", "goal"),
        KeySpec::text("用户", "users"),
        KeySpec::text("指标", "metrics"),
        KeySpec::text("场景", "scenario"),
    ])
    .on(On::ProjectOrNew)
    .from_quote()
    .seeking(search::like_this);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        args.take_quoted_title();
        if args.text.is_empty() {
            return Err(Refusal::new("需求是什么？例如：/需求 支付模块支持退款 !高 截止:下周五"));
        }
        let fields = ["原型", "目标", "用户", "指标", "场景"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), args.key(name)?.to_owned())))
            .collect();
        let tags = args.key("标签").map(split_tags).unwrap_or_default();
        Ok(Self {
            due: args.date("截止", cx)?,
            description: args.description(),
            origin: Origin::of(&args, cx),
            priority: args.priority,
            owner: args.owner().cloned(),
            tags,
            fields,
            title: args.text,
        })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        self.origin.is_new::<Requirement>(dossier, |requirement| requirement.message.as_ref())?;
        let mut outcome = Outcome::default();
        let requirement = self.record(outcome.next_number::<Requirement>(dossier), dossier, cx);
        let reply = self.origin.named_in(words::added(&requirement, cx), cx);
        outcome.reply = Some(search::similar(reply, cx));
        outcome.what = "提出需求".into();
        outcome.about = Some(crate::dossier::Record::key(&requirement));
        Ok(outcome.and(requirement))
    }
}

impl Add {
    /// The requirement that this line asks for.
    pub(super) fn record(&self, number: u32, dossier: &Dossier, cx: &Context) -> Requirement {
        let by_customer = dossier.project().is_customer(&self.origin.by.id);
        Requirement {
            number,
            title: self.title.clone(),
            description: self.description.clone(),
            said: self.origin.said.clone(),
            by: self.origin.by.clone(),
            room: cx.place.room.clone(),
            message: self.origin.message.clone(),
            at: self.origin.at,
            shared: cx.place.kind == RoomKind::Customer || by_customer,
            priority: self.priority,
            owner: self.owner.clone(),
            due: self.due,
            tags: self.tags.clone(),
            fields: self.fields.clone(),
            signer: None,
            analysis: Analysis::default(),
            clock: Some(analyse_ladder(cx.now, cx.rules)),
            answered: None,
            amendments: Vec::new(),
            version: 0,
            editions: Vec::new(),
            links: Vec::new(),
            state: State::Collected,
        }
    }
}

fn split_tags(text: &str) -> Vec<String> {
    text.split(['、', ',', '，', '/', ' '])
        .map(|tag| tag.trim().trim_start_matches('#').to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}
