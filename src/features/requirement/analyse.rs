//! `/需求 R12 分析 可行性:4 说明:… 价值:5 …`: the three dimensions, in one line or many.

use super::{
    Requirement, State,
    analysis::{Analysis, PersonDays, Score},
    frozen, refusal, requirement, words,
};
use crate::{
    dossier::{Context, Dossier, Outcome, Refusal, RoomKind},
    grammar::{Args, Command, Form, KeySpec, Lines, Rest, Spec, Who},
};

/// Fills the analysis; once all of it and 真实需求 are there, the requirement waits for its signer.
pub struct Analyse {
    number: u32,
    part: Analysis,
    need: Option<String>,
    names: Vec<&'static str>,
}

impl Command for Analyse {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "需求",
            Form::IdAct("分析", "analyse"),
            "/需求 R1 分析 可行性:4 说明:现有架构能承载 价值:5 贡献:每月少接200个电话 开发:10 测试:4 设计:2 工期:3周 成本:8万",
            "三个维度：可行性、价值（1–5 分）、投入（人天），可分几次、可一行一项",
        )
        .keys(&[
            KeySpec::text("可行性", "feasibility"),
            KeySpec::text("说明", "note"),
            KeySpec::text("价值", "value"),
            KeySpec::text("贡献", "contribution"),
            KeySpec::text("开发", "development"),
            KeySpec::text("测试", "testing"),
            KeySpec::text("设计", "design"),
            KeySpec::text("工期", "duration"),
            KeySpec::text("成本", "cost"),
            KeySpec::text("分期", "phases"),
            KeySpec::text("真实需求", "need"),
        ])
        .rest(Rest::Read)
        .who(Who::Triangle)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let rest = args.words();
        if !rest.is_empty() {
            return Err(Refusal::new(format!(
                "「{}」没有写是哪一项，没有记录。例如：/R{number} 分析 可行性:4 说明:{}",
                rest, rest
            )));
        }
        let text = |name: &str| args.key(name).map(str::to_owned);
        let score = |name: &str| scored(name, args.key(name));
        let days = |name: &str| effort(name, args.key(name));
        Ok(Self {
            number,
            part: Analysis {
                feasibility: score("可行性")?,
                note: text("说明"),
                value: score("价值")?,
                contribution: text("贡献"),
                development: days("开发")?,
                testing: days("测试")?,
                design: days("设计")?,
                duration: text("工期"),
                cost: text("成本"),
                phases: text("分期"),
            },
            need: text("真实需求"),
            names: args.keys().filter(|(_, value)| !value.text.is_empty()).map(|(name, _)| name).collect(),
        })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.number)?;
        if cx.place.kind == RoomKind::Customer {
            return Err(Refusal::new("分析里有评分和成本，客户群里不记。请在项目群或私聊里发"));
        }
        if before.is_confirmed() {
            return Err(frozen(before));
        }
        if !matches!(before.state, State::Collected | State::Analysing | State::AwaitingConfirmation) {
            return Err(refusal::wrong_state(before, "分析"));
        }
        let mut next: Requirement = before.clone().heard(dossier, cx);
        next.analysis = next.analysis.with(self.part);
        if let Some(need) = self.need {
            next.fields.insert("真实需求".into(), need);
        }
        if next.state == State::Collected {
            next.state = State::Analysing;
        }
        let next = next.advanced(cx.now, cx.rules);
        let what = match self.names.as_slice() {
            [] => "开始分析".to_owned(),
            names => format!("分析{}", names.join("、")),
        };
        let reply = words::analysed(&next, dossier, cx);
        Ok(Outcome::change(next, what).replying(reply))
    }
}

fn scored(name: &str, text: Option<&str>) -> Result<Option<Score>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    match Score::parse(text) {
        Some(score) => Ok(Some(score)),
        None => Err(Refusal::new(format!("{name}写 1 到 5 的整数，5 最高；「{text}」没有记录"))),
    }
}

fn effort(name: &str, text: Option<&str>) -> Result<Option<PersonDays>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    match PersonDays::parse(text) {
        Some(days) => Ok(Some(days)),
        None => {
            Err(Refusal::new(format!("{name}写人天，例如 {name}:3 或 {name}:0.5人天；「{text}」没有记录")))
        }
    }
}

impl Analysis {
    /// The same with what `part` says in place of what was said before.
    fn with(self, part: Self) -> Self {
        Self {
            feasibility: part.feasibility.or(self.feasibility),
            note: part.note.or(self.note),
            value: part.value.or(self.value),
            contribution: part.contribution.or(self.contribution),
            development: part.development.or(self.development),
            testing: part.testing.or(self.testing),
            design: part.design.or(self.design),
            duration: part.duration.or(self.duration),
            cost: part.cost.or(self.cost),
            phases: part.phases.or(self.phases),
        }
    }
}
