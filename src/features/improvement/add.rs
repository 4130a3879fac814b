//! `/改进 W1 接口评审会后一天内发纪要 @李工 截止:下周五 衡量:零返工`.

use jiff::Timestamp;

use super::{Improvement, RuleChange, Source, State, words};
use crate::{
    chat::Person,
    dossier::{Context, Dossier, Outcome, Refusal},
    features::{
        action,
        review::{self, Review},
    },
    grammar::{Args, Command, Form, KeySpec, On, Spec, parse_id},
};

/// Decides on an improvement.
pub struct Add {
    review: Option<u32>,
    title: String,
    owner: Option<Person>,
    due: Option<Timestamp>,
    measure: Option<String>,
    rule: Option<RuleChange>,
    said: String,
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "改进",
        Form::Text,
        "/改进 W1 评审会后一天内发纪要 @李工 截止:12月25日 衡量:没有返工",
        "复盘定下的改进；改了规则写 规则:旧值→新值",
    )
    .keys(&[
        KeySpec::person("负责", "owner"),
        KeySpec::text("截止", "due"),
        KeySpec::text("衡量", "measure"),
        KeySpec::text("规则", "rule"),
    ])
    .on(On::Customer);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let due = args.deadline("截止", cx)?;
        let first = args.text.split_whitespace().next().unwrap_or_default();
        let named = parse_id(first.trim_end_matches([':', '：', '，', ','])).filter(|key| key.letter == 'W');
        let title = match named {
            Some(_) => args.text.trim_start()[first.len()..].trim().to_owned(),
            None => args.text.trim().to_owned(),
        };
        let review = named.or(cx.quoted.filter(|key| key.letter == 'W')).map(|key| key.number);
        let title = args.description().into_iter().fold(title, |title, more| format!("{title}\n{more}"));
        Ok(Self {
            review,
            title: title.trim().to_owned(),
            owner: args.owner().cloned(),
            due,
            measure: args.key("衡量").map(str::to_owned),
            rule: args.key("规则").map(rule).transpose()?,
            said: args.said,
        })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if !cx.sees_internal(dossier) {
            return Err(words::ours());
        }
        let number = self.review.ok_or_else(words::which_review)?;
        let review = dossier.find::<Review>(number).ok_or_else(|| words::no_review(number))?;
        if let review::State::Carried { on, .. } = review.state {
            return Err(words::carried(number, on));
        }
        if self.title.is_empty() {
            return Err(words::title_missing(number));
        }
        let (owner, due) = match (self.owner, self.due) {
            (Some(owner), Some(due)) => (owner, due),
            (owner, due) => {
                return Err(words::lacks(number, &self.title, owner.as_ref(), due.is_some()));
            }
        };
        if dossier.project().is_customer(&owner.id) {
            return Err(words::owner_is_theirs(&owner));
        }
        let mut outcome = Outcome::default();
        let improvement = Improvement {
            number: outcome.next_number::<Improvement>(dossier),
            title: self.title,
            said: self.said,
            by: cx.actor.clone(),
            created_at: cx.now,
            source: Source::Review {
                number,
                indicator: review.indicator,
                survey: review.survey,
                average: review.average,
            },
            owner,
            due,
            measure: self.measure,
            rule: self.rule,
            state: State::Open,
            verdict: None,
            postponed: 0,
            clock: action::clock(due, cx.now, cx.rules),
        };
        let settled = super::improved(review, cx.now);
        outcome.reply = Some(words::added(&improvement, review, settled.is_some(), cx));
        outcome.what = "定改进".into();
        outcome.about = Some(crate::dossier::Record::key(&improvement));
        outcome = outcome.and(improvement);
        Ok(match settled {
            Some(review) => outcome.and(review),
            None => outcome,
        })
    }
}

/// `旧值→新值`.
fn rule(text: &str) -> Result<RuleChange, Refusal> {
    let parts = ["→", "->", "=>", "改为"].iter().find_map(|arrow| text.split_once(arrow));
    match parts.map(|(from, to)| (from.trim(), to.trim())) {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => {
            Ok(RuleChange { from: from.to_owned(), to: to.to_owned() })
        }
        _ => Err(words::rule_unread(text)),
    }
}
