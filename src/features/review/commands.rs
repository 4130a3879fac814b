//! `/复盘 W1 原因 …`, `/复盘 W1 根因 … 类别:…`.

use super::{Reason, Review, RootCause, State, words};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Ping, Refusal, Role, RoomKind, Say},
    features::{improvement::Improvement, listing, quote},
    grammar::{Args, Command, Form, KeySpec, On, Rest, Spec, Who},
};

/// The review that a line names, refused once it is over.
fn open_review(dossier: &Dossier, number: u32) -> Result<&Review, Refusal> {
    let review = dossier.find::<Review>(number).ok_or_else(|| words::unknown(number))?;
    match review.state {
        State::Open => Ok(review),
        State::Done { .. } => Err(words::done(review)),
        State::Carried { on, .. } => Err(words::carried(review, on)),
    }
}

/// Answers the next why.
pub struct Because {
    number: u32,
    text: String,
}

impl Command for Because {
    const SPEC: Spec = Spec::new(
        "复盘",
        Form::IdAct("原因", "because"),
        "/复盘 W1 原因 接口文档没写清楚",
        "回答下一个为什么，最多五个；直接回复鼎鼎的提问也可以",
    )
    .rest(Rest::Read)
    .on(On::Customer);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let text = args.remark().ok_or_else(|| words::why_missing(number))?;
        Ok(Self { number, text })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        because(open_review(dossier, self.number)?, &self.text, dossier, cx)
    }
}

fn because(review: &Review, text: &str, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
    if review.root.is_some() {
        return Err(words::root_is_found(review));
    }
    if review.whys.len() >= cx.rules.review.whys {
        return Err(words::whys_are_full(review, cx));
    }
    let mut next = review.clone();
    next.whys.push(Reason { text: text.to_owned(), by: cx.actor.clone(), at: cx.now });
    let reply = words::asked_on(&next, dossier, cx);
    Ok(Outcome::change(next, format!("第 {} 个为什么", review.whys.len() + 1))
        .because(Some(text.to_owned()))
        .replying(reply))
}

/// What a plain message `said` that quotes a message about this review does; `None`: nothing.
pub fn answer_by_quote(number: u32, said: &str, dossier: &Dossier, cx: &Context) -> Option<Outcome> {
    let review = dossier.find::<Review>(number).filter(|review| review.is_open())?;
    let said = quote::answer(said).filter(|_| cx.sees_internal(dossier))?;
    because(review, said, dossier, cx).ok()
}

/// Says what it was in the end.
pub struct Root {
    number: u32,
    text: String,
    cause: String,
    early: Option<String>,
}

impl Command for Root {
    const SPEC: Spec = Spec::new(
        "复盘",
        Form::IdAct("根因", "root"),
        "/复盘 W1 根因 没有约定接口评审 类别:需求理解偏差",
        "写下根因和类别（铁三角）；不到五个为什么要写 理由:…",
    )
    .keys(&[KeySpec::text("类别", "category"), KeySpec::text("理由", "reason")])
    .rest(Rest::Read)
    .who(Who::Triangle)
    .on(On::Customer);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let Some(text) = args.remark() else { return Err(words::root_missing(number, cx)) };
        let cause = args.key("类别").ok_or_else(|| words::category_missing(number, &text, cx))?;
        let causes = &cx.rules.review.causes;
        let exact = causes.iter().find(|known| *known == cause);
        let known =
            exact.or_else(|| causes.iter().find(|known| known.contains(cause) || cause.contains(*known)));
        let cause = known.ok_or_else(|| words::category_unknown(cause, cx))?.clone();
        Ok(Self { number, text, cause, early: args.key("理由").map(str::to_owned) })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let review = open_review(dossier, self.number)?;
        if review.root.is_some() {
            return Err(words::root_is_found(review));
        }
        let asked = review.whys.len();
        if asked < cx.rules.review.whys && self.early.is_none() {
            return Err(words::too_few_whys(review, &self.text, &self.cause, cx));
        }
        let root = RootCause {
            text: self.text.clone(),
            cause: self.cause.clone(),
            early: self.early.filter(|_| asked < cx.rules.review.whys),
            by: cx.actor.clone(),
            at: cx.now,
        };
        let improved = review.improvements(dossier).next().is_some();
        let next = Review { root: Some(root), ..review.clone() }.settled(improved, cx.now);
        let here = super::causes(dossier);
        let here_before = here.times.get(&self.cause).copied().unwrap_or(0);
        let elsewhere = cx.causes.times_elsewhere(&self.cause, dossier.id);
        let customers = cx.causes.customers_elsewhere(&self.cause, dossier.id) + 1;
        let reply = words::rooted(&next, here_before + 1, here_before + 1 + elsewhere);
        let outcome = Outcome::change(next, "根因").because(Some(self.text)).replying(reply);
        let taken_up =
            here.taken_up.contains(&self.cause) || cx.causes.is_taken_up_elsewhere(&self.cause, dossier.id);
        if customers < cx.rules.review.department_from || taken_up {
            return Ok(outcome);
        }
        // The same cause with so many customers is not theirs, it is the department's.
        let call = dossier.project().call(&[Role::CustomerLead]);
        let Some(owner) = call.people.first().cloned() else { return Ok(outcome) };
        let number = outcome.next_number::<Improvement>(dossier);
        let improvement = Improvement::of_department(number, &self.cause, owner, cx);
        let key = crate::dossier::Record::key(&improvement);
        let message = words::department(&improvement, &self.cause, customers, cx);
        Ok(outcome.saying(Say::Ping(Ping::new(call, key, "due", message))).and(improvement))
    }
}

/// The reviews, the open ones first.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("复盘", Form::List, "/复盘 列表", "这个客户的复盘和根因").on(On::Customer);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let asked = cx.place.kind != RoomKind::Customer
            && dossier.project().holds(&cx.actor.id, Role::CustomerRepresentative);
        let seen = asked || cx.sees_internal(dossier);
        let mut reviews: Vec<&Review> = dossier.all::<Review>().rev().filter(|_| seen).collect();
        reviews.sort_by_key(|review| !review.is_open());
        let lines = reviews.into_iter().map(|review| words::listed(review, cx)).collect();
        Ok(Outcome::reply(listing("复盘", lines, Message::text("没有复盘"))))
    }
}

/// One review.
pub struct Show(u32);

impl Command for Show {
    const SPEC: Spec = Spec::new("复盘", Form::Id, "/复盘 W1", "问到哪里、根因、改进").on(On::Customer);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        match args.remark() {
            Some(said) => Err(words::not_understood(number, &said)),
            None => Ok(Self(number)),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let review = dossier.find::<Review>(self.0).ok_or_else(|| words::unknown(self.0))?;
        let message = words::shown(review, dossier, cx);
        Ok(Outcome { about: Some(crate::dossier::Record::key(review)), ..Outcome::reply(message) })
    }
}
