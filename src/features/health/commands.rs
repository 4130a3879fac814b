//! `/健康度`: the report, or what the running quarter comes to so far; its release; what it is made of.

use super::{
    HealthReport, OBJECT, Released, compute,
    sheet::{Reader, sheet},
    words,
};
use crate::{
    calendar::Quarter,
    chat::{Message, Tone},
    dossier::{Context, Dossier, Hearing, Outcome, Refusal, RoomKind, Say},
    features::why,
    grammar::{Args, Command, Form, On, Rest, Spec, Who},
};

/// A quarter as people type it; none where nothing stands there.
fn quarter(words: &str) -> Result<Option<Quarter>, Refusal> {
    let words = words.trim();
    if words.is_empty() {
        return Ok(None);
    }
    words.parse().map(Some).map_err(|_| Refusal::new(words::no_quarter(words)))
}

fn running(cx: &Context) -> Quarter {
    Quarter::of(cx.rules.calendar.date(cx.now))
}

/// What the records say of a quarter that has no report.
fn estimated(file: &Dossier, quarter: Quarter, cx: &Context) -> Result<HealthReport, Refusal> {
    if quarter > running(cx) {
        return Err(Refusal::new(words::ahead(quarter)));
    }
    Ok(compute(file, cx.projects, quarter, cx.now, cx.rules))
}

/// The newest report that the customer got, or that of a quarter.
fn released(file: &Dossier, quarter: Option<Quarter>) -> Option<&HealthReport> {
    let told = |report: &&HealthReport| {
        report.released.is_some() && quarter.is_none_or(|quarter| report.quarter == quarter)
    };
    HealthReport::all(file).into_iter().rfind(told)
}

/// Shows a report; without one, what the records say so far. A customer reads what was released.
pub struct Show(Option<Quarter>);

impl Command for Show {
    const SPEC: Spec =
        Spec::new(OBJECT.name, Form::Any, "/健康度", "最近一份健康度报告和本季预估；/健康度 2026Q3 看那一季")
            .reading_projects();

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        quarter(&args.rest).map(Self)
    }

    fn run(self, file: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if !cx.sees_internal(file) {
            let shown =
                released(file, self.0).map(|report| words::for_customer(report, file, &cx.rules.health));
            return Ok(Outcome::reply(shown.unwrap_or_else(|| Message::text(words::NOT_RELEASED))));
        }
        let kept = match self.0 {
            Some(quarter) => HealthReport::of(file, quarter),
            None => HealthReport::all(file).pop(),
        };
        let Some(report) = kept else {
            let report = estimated(file, self.0.unwrap_or_else(|| running(cx)), cx)?;
            return Ok(Outcome::reply(words::estimate(&report, file, cx.now, cx.rules)));
        };
        let mut message = words::shown(report, file, cx.now, cx.rules);
        if self.0.is_none() && report.quarter < running(cx) {
            message = message.line(words::running(&estimated(file, running(cx), cx)?));
        }
        Ok(Outcome::reply(message))
    }
}

/// What a report, or a quarter without one, is measured by.
fn explained(file: &Dossier, report: &HealthReport, cx: &Context) -> Result<Outcome, Refusal> {
    if !cx.sees_internal(file) {
        return Err(Refusal::new(words::INSIDE));
    }
    Ok(Outcome::reply(words::basis(report, file)))
}

/// `/健康度 依据`: the same for a quarter, with or without a report.
pub struct Basis(Option<Quarter>);

impl Command for Basis {
    const SPEC: Spec = Spec::new(
        OBJECT.name,
        Form::Act("依据", "basis"),
        "/健康度 依据 2026Q3",
        "每一项是按哪些记录算的；不写季度是最近一份",
    )
    .rest(Rest::Read)
    .reading_projects();

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        quarter(&args.rest).map(Self)
    }

    fn run(self, file: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let kept = match self.0 {
            Some(quarter) => HealthReport::of(file, quarter),
            None => HealthReport::all(file).pop(),
        };
        match kept {
            Some(report) => explained(file, report, cx),
            None => explained(file, &estimated(file, self.0.unwrap_or_else(|| running(cx)), cx)?, cx),
        }
    }
}

/// `/为什么 健康度`: every part of the newest report with the records behind it.
pub struct Why;

impl Command for Why {
    const SPEC: Spec = Spec::new(
        why::OBJECT.name,
        Form::Act("健康度", "health"),
        "/为什么 健康度",
        "最近一份健康度报告的每一项是按哪些记录算的",
    )
    .on(On::Customer);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, file: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        match HealthReport::all(file).pop() {
            Some(report) => explained(file, report, cx),
            None if !cx.sees_internal(file) => Err(Refusal::new(words::INSIDE)),
            None => Err(Refusal::new("还没有健康度报告，每季度第一天出上一季的")
                .button("看本季预估的依据", "/健康度 依据")),
        }
    }
}

/// Sends the customer's version to the customer's room.
pub struct Release(Option<Quarter>);

impl Command for Release {
    const SPEC: Spec =
        Spec::new(OBJECT.name, Form::Act("发送", "send"), "/健康度 发送", "把健康度报告的客户版发到客户群")
            .rest(Rest::Read)
            .who(Who::Triangle)
            .on(On::Customer);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        quarter(&args.rest).map(Self)
    }

    fn run(self, file: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let draft = match self.0 {
            Some(quarter) => HealthReport::of(file, quarter),
            None => HealthReport::all(file).pop(),
        };
        let Some(draft) = draft else {
            return Err(Refusal::new(words::no_report(self.0)));
        };
        if let Some(released) = &draft.released {
            return Err(Refusal::new(words::released_before(draft, released, cx)));
        }
        if draft.score.is_none() {
            return Err(Refusal::new(words::no_score(draft)));
        }
        let by = cx.actor.clone();
        let next = HealthReport { clock: None, released: Some(Released { by, at: cx.now }), ..draft.clone() };
        let document = sheet(&next, file, Reader::Customer, cx.now, cx.rules).file();
        let message = words::for_customer(&next, file, &cx.rules.health);
        let message = document.iter().cloned().fold(message, Message::attach);
        let rooms = file.project().rooms_of(RoomKind::Customer).count();
        let title = words::title(&next);
        let outcome = Outcome::change(next, "发健康度报告");
        if rooms == 0 {
            // There is nowhere to post it; whoever released it hands it over.
            let reply =
                Message::text(format!("{title} 已定稿。没有客户群，请把客户版文档交给客户")).tone(Tone::Good);
            return Ok(outcome.replying(document.into_iter().fold(reply, Message::attach)));
        }
        if rooms == 1 && cx.place.kind == RoomKind::Customer {
            // Said in the customer's room itself, the answer is the report.
            return Ok(outcome.replying(message));
        }
        let reply = Message::text(format!("{title} 的客户版已发到客户群")).tone(Tone::Good);
        Ok(outcome.replying(reply).saying(Say::Announce { hearing: Hearing::Customer, message, about: None }))
    }
}
