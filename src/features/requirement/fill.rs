//! `/需求 R12 补充 真实需求:… 目标:…`: fills fields, in one line or many.

use super::{Requirement, frozen, requirement, words};
use crate::{
    chat::Person,
    dossier::{Context, Dossier, Outcome, Refusal, Role},
    features::who_may,
    grammar::{Args, Command, Form, KeySpec, Lines, Rest, Spec, Who},
};

/// The fields of a requirement, in the order in which they are read.
pub(super) const FIELDS: &[KeySpec] = &[
    KeySpec::text("真实需求", "need"),
    KeySpec::text("背景", "background"),
    KeySpec::text("目标", "goal"),
    KeySpec::text("功能", "function"),
    KeySpec::text("用户", "users"),
    KeySpec::text("指标", "metrics"),
    KeySpec::text("场景", "scenario"),
    KeySpec::text("性能", "performance"),
    KeySpec::text("界面", "screens"),
    KeySpec::text("兼容", "compatibility"),
    KeySpec::text("用例", "cases"),
    KeySpec::text("流程", "process"),
    KeySpec::person_or_role("签字人", "signer"),
    KeySpec::text("变更规则", "change_rules"),
    KeySpec::text("评估周期", "assessment"),
    KeySpec::text("费用规则", "cost_rules"),
    KeySpec::text("原型", "prototype"),
    KeySpec::text("反应", "reaction"),
];

/// Fills fields of a requirement.
pub struct Fill {
    number: u32,
    fields: Vec<(&'static str, String)>,
    signer: Option<Person>,
}

impl Command for Fill {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "需求",
            Form::IdAct("补充", "fill"),
            "/需求 R1 补充 真实需求:客服少接一半退款电话 用户:客服 场景:月底对账",
            "补充内容，可一行一项",
        )
        .keys(FIELDS)
        .rest(Rest::Read)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let fields: Vec<(&'static str, String)> = args
            .keys()
            .filter(|(_, value)| !value.text.is_empty())
            .map(|(name, value)| (name, value.text.clone()))
            .collect();
        // A role is looked up when it counts, not now.
        let signer = args.person("签字人").cloned();
        let number = args.number();
        let rest = args.words();
        if !rest.is_empty() {
            return Err(Refusal::new(format!(
                "「{}」没有写是哪一项，没有记录。例如：/R{number} 补充 场景:{}",
                rest, rest
            )));
        }
        if fields.is_empty() {
            let names: Vec<&str> = FIELDS.iter().map(|key| key.name).collect();
            return Err(Refusal::new(format!("补充哪一项？可写：{}", names.join("、"))));
        }
        Ok(Self { number, fields, signer })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.number)?;
        if before.is_confirmed() {
            return Err(frozen(before));
        }
        if !before.is_open() {
            let state = crate::dossier::Kind::state(before);
            return Err(Refusal::new(format!("R{} {state}，不能再补充", self.number)));
        }
        let mut next: Requirement = before.clone().heard(dossier, cx);
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| *name).collect();
        if names.contains(&"签字人") {
            may_name_the_signer(dossier, cx)?;
        }
        for (name, value) in self.fields {
            if name == "签字人" {
                next.signer = self.signer.clone();
            }
            next.fields.insert(name.to_owned(), value);
        }
        let next = next.advanced(cx.now, cx.rules);
        let reply = words::filled(&next, &names, &before.state, dossier, cx);
        Ok(Outcome::change(next, format!("补充{}", names.join("、"))).replying(reply))
    }
}

/// Whoever could name the signer could sign.
fn may_name_the_signer(dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    let project = dossier.project();
    if cx.is_triangle(dossier) || project.holds(&cx.actor.id, Role::CustomerRepresentative) {
        return Ok(());
    }
    Err(who_may(Who::TriangleOrRepresentative, project))
}
