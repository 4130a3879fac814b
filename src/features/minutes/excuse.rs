//! `/纪要 M3 豁免 临时沟通，没有结论`: nobody has to write minutes.

use super::{Excused, words};
use crate::{
    dossier::{Context, Dossier, Outcome, Refusal},
    features::meeting::{State, meeting, name},
    grammar::{Args, Command, Form, KeySpec, Rest, Spec, Who},
};

/// Excuses from minutes.
pub struct Excuse {
    number: u32,
    why: String,
}

impl Command for Excuse {
    const SPEC: Spec = Spec::new(
        "纪要",
        Form::IdAct("豁免", "excuse"),
        "/纪要 M3 豁免 临时沟通，没有结论",
        "不用写纪要，须写原因",
    )
    .keys(&[KeySpec::text("原因", "reason")])
    .rest(Rest::Remark)
    .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let why = args.key("原因").map(str::to_owned).or_else(|| args.remark());
        let Some(why) = why else {
            return Err(Refusal::new(format!(
                "豁免要写原因，没有记录。例如：/纪要 M{number} 豁免 临时沟通，没有结论"
            )));
        };
        Ok(Self { number, why })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = meeting(dossier, self.number)?;
        if let State::Cancelled { .. } = before.state {
            return Err(Refusal::new(format!("M{} 已取消，本来就不用交纪要", self.number)));
        }
        if before.minutes.latest().is_some() {
            return Err(Refusal::new(format!("M{} 的纪要已归档，不用豁免", self.number)));
        }
        if let Some(excused) = &before.minutes.excused {
            let by = &excused.by.name;
            return Err(Refusal::new(format!("M{} 已由 {by} 豁免纪要：{}", self.number, excused.why)));
        }
        let mut next = before.clone();
        next.minutes.excused = Some(Excused { by: cx.actor.clone(), at: cx.now, why: self.why.clone() });
        let reply = words::excused(&name(&next), &self.why);
        let outcome = Outcome::change(next.clone(), "豁免纪要").because(Some(self.why)).replying(reply);
        // One that is still ahead counts when it ends.
        Ok(match next.ended_at() {
            Some(at) => next.held(at, |rule| rule.minutes, outcome, dossier, (cx.now, cx.rules)).0,
            None => outcome,
        })
    }
}
