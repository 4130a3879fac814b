//! `/满意度`, `/满意度 发起`, `/满意度 结果`, `/满意度 S1`.

use super::{Survey, season, words};
use crate::{
    calendar::Quarter,
    dossier::{Context, Dossier, Outcome, Refusal, RoomKind},
    features::customer::File,
    grammar::{Args, Command, Form, On, Spec, Who},
};

/// The survey that runs, as far as the asker may see it.
pub struct List;

impl Command for List {
    const SPEC: Spec =
        Spec::new("满意度", Form::List, "/满意度 列表", "这一次满意度到哪一步；客户看到自己的回答")
            .on(On::Customer);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        match Survey::latest(dossier) {
            Some(survey) => Ok(shown(survey, dossier, cx)),
            None => Err(words::none_yet(dossier.find::<File>(0), cx)),
        }
    }
}

/// One survey, as far as the asker may see it.
pub struct Show(u32);

impl Command for Show {
    const SPEC: Spec = Spec::new("满意度", Form::Id, "/满意度 S1", "看一次满意度").on(On::Customer);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        if args.remark().is_some() {
            return Err(words::answer_without_id());
        }
        Ok(Self(args.number()))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let survey = dossier.find::<Survey>(self.0);
        Ok(shown(survey.ok_or_else(|| words::unknown(self.0))?, dossier, cx))
    }
}

fn shown(survey: &Survey, dossier: &Dossier, cx: &Context) -> Outcome {
    let message = if cx.sees_internal(dossier) && cx.is_triangle(dossier) {
        words::results(survey, dossier, cx)
    } else if super::answer::is_customers(&cx.actor.id, dossier, cx) {
        words::own(survey, cx)
    } else {
        words::status(survey, dossier, cx.now, cx.rules)
    };
    Outcome { about: Some(crate::dossier::Record::key(survey)), ..Outcome::reply(message) }
}

/// Asks the customer before the day on which the bot would.
pub struct Open;

impl Command for Open {
    const SPEC: Spec = Spec::new(
        "满意度",
        Form::Act("发起", "open"),
        "/满意度 发起",
        "现在就发本季度的满意度，不等季度末的月初",
    )
    .who(Who::Triangle)
    .on(On::Customer);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let file = dossier.find::<File>(0).ok_or_else(words::nobody_works)?;
        let quarter = Quarter::of(cx.rules.calendar.date(cx.now));
        if let Some(survey) = Survey::latest(dossier)
            && (survey.quarter == quarter || !survey.is_closed())
        {
            return Err(words::there_is(survey, cx));
        }
        if !dossier.project().is_active() {
            return Err(words::nobody_works());
        }
        Ok(season::open(file, quarter, Some(cx.actor), dossier, cx.now, cx.rules))
    }
}

/// The averages and what each person answered; never before customers.
pub struct Results;

impl Command for Results {
    const SPEC: Spec = Spec::new(
        "满意度",
        Form::Act("结果", "result"),
        "/满意度 结果",
        "各项平均、每个人的回答、和上次比（铁三角）",
    )
    .who(Who::Triangle)
    .on(On::Customer);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if cx.place.kind == RoomKind::Customer {
            return Err(words::results_are_ours());
        }
        match Survey::latest(dossier) {
            Some(survey) => Ok(Outcome::reply(words::results(survey, dossier, cx))),
            None => Err(words::none_yet(dossier.find::<File>(0), cx)),
        }
    }
}
