//! `/P2`: shows it; with a date, a standard, a person or a mark it changes it.

use super::{
    Milestone, Plan,
    add::{KEYS, Line},
    milestone,
    moves::revised,
    open_milestone, words,
};
use crate::{
    dossier::{Context, Dossier, Outcome, Record, Refusal},
    features::requirement::links,
    grammar::{Args, Command, Form, Lines, Spec},
};

/// Shows or changes a milestone.
pub struct Touch {
    number: u32,
    line: Line,
}

impl Command for Touch {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "节点",
            Form::Id,
            "/节点 P2 标准:全部接口通过 负责:@李工",
            "看一个节点；带标准、负责或更早的日期则改它，计划升一版",
        )
        .keys(KEYS)
    };

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), line: Line::read(args, cx)? })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let number = self.number;
        let before = milestone(dossier, number)?;
        if !self.line.title.is_empty() {
            return Err(Refusal::new(format!(
                "P{number} 要做什么没看懂，没有记录。可以发：/节点 P{number} 完成，或 /节点 P{number} 延期 下周五 原因:第三方"
            )));
        }
        let next = self.applied(before, cx);
        if next == *before {
            if self.says_nothing() {
                let about = Some(before.key());
                return Ok(Outcome {
                    about,
                    ..Outcome::reply(links::on_card(words::shown(before, dossier, cx), before, dossier, cx))
                });
            }
            return Err(Refusal::new(format!("P{number} 已经是这样，没有改")));
        }
        open_milestone(dossier, number)?;
        if next.day > before.day {
            return Err(Refusal::new(format!(
                "P{number} 往后改请用延期并写原因：{}",
                words::postpone_line(before)
            )));
        }
        // What is still missing may be filled in by anyone of ours; what the plan says already may not.
        let fills = next.day == before.day
            && (before.standard.is_none() || next.standard == before.standard)
            && (before.owner.is_none() || next.owner == before.owner)
            && next.face_to_face == before.face_to_face
            && next.internal == before.internal;
        if !fills || !cx.sees_internal(dossier) {
            before.permit("修改", dossier, cx)?;
        }
        let moves = Plan::moves(Some(before), &next);
        Ok(revised(before, next, moves, ("修改节点", None), dossier, cx))
    }
}

impl Touch {
    fn says_nothing(&self) -> bool {
        let Line { title: _, day, standard, owner, face_to_face, internal } = &self.line;
        day.is_none() && standard.is_none() && owner.is_none() && face_to_face.is_none() && !internal
    }

    fn applied(&self, before: &Milestone, cx: &Context) -> Milestone {
        let line = &self.line;
        let mut next = before.clone();
        if let Some(day) = line.day.filter(|day| *day != before.day) {
            next = next.on(day, cx.now, cx.rules);
        }
        next.standard = line.standard.clone().or(next.standard);
        next.owner = line.owner.clone().or(next.owner);
        next.face_to_face = line.face_to_face.unwrap_or(next.face_to_face);
        next.internal |= line.internal;
        next
    }
}
