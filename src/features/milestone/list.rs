//! `/节点`: the plan.

use super::{Milestone, Plan, State, words};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    grammar::{Args, Command, Form, Spec},
};

/// Lists the milestones as a plan.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("节点", Form::List, "/节点 列表", "项目计划：各节点的日期、进展和交付标准");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let milestones = standing(dossier, internal);
        let Some(headline) = summary(dossier, cx) else {
            return Ok(Outcome::reply(Message::text(
                "还没有节点。加一个：/节点 联调完成 12月20日 标准:全部接口通过 @李工",
            )));
        };
        let project = dossier.project();
        let mut message = Message::text(headline);
        for milestone in milestones {
            message = message.line(words::listed(milestone, internal, project, cx));
        }
        if internal {
            message = last_change(dossier, cx).into_iter().fold(message, Message::line);
        }
        Ok(Outcome::reply(message))
    }
}

/// What is not dropped, by date.
fn standing(dossier: &Dossier, internal: bool) -> Vec<&Milestone> {
    let mut all: Vec<&Milestone> = dossier
        .all::<Milestone>()
        .filter(|one| !matches!(one.state, State::Cancelled { .. }) && (internal || !one.internal))
        .collect();
    all.sort_by_key(|one| (one.day, one.number));
    all
}

/// The plan in one line; `None` where nothing of it may be seen.
pub fn summary(dossier: &Dossier, cx: &Context) -> Option<String> {
    let internal = cx.sees_internal(dossier);
    let milestones = standing(dossier, internal);
    let version = Plan::of(dossier).map_or(0, Plan::version);
    let calendar = &cx.rules.calendar;
    (!milestones.is_empty()).then(|| words::summary(&milestones, version, internal, cx.now, calendar))
}

/// What the newest version changed, unless it is the first.
fn last_change(dossier: &Dossier, cx: &Context) -> Option<String> {
    let plan = Plan::of(dossier).filter(|plan| plan.version() > 1)?;
    let last = plan.versions.last()?;
    let moves: Vec<String> = last
        .moves
        .iter()
        .filter_map(|moved| {
            let milestone = dossier.find::<Milestone>(moved.milestone)?;
            Some(words::moved(moved, &milestone.title, cx.now, cx.rules))
        })
        .collect();
    let by = last.by.as_ref().map_or("鼎鼎", |by| by.name.as_str());
    let day = crate::calendar::typed::echo(last.at, cx.now, &cx.rules.calendar);
    Some(format!("v{} {day} {by}：{}", plan.version(), moves.join("；")))
}
