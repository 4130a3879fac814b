//! What is told of a customer: strategic dialogues, the stages it came to, repeat purchases, referrals, its strategy.
//! Each stands in its file with its day and whoever told it.

use super::{Fact, File, Reached, Stage, not_before_customers, words};
use crate::{
    calendar::Quarter,
    dossier::{Context, Dossier, Outcome, Refusal},
    features::touch::happened,
    grammar::{Args, Command, Form, KeySpec, On, Rest, Spec, Who},
};

/// The key for a day that does not stand in front.
const WHEN: KeySpec = KeySpec::text("时间", "time");

const fn fact(
    action: &'static str,
    english: &'static str,
    usage: &'static str,
    summary: &'static str,
) -> Spec {
    Spec::new("客户", Form::Act(action, english), usage, summary)
        .keys(&[WHEN])
        .rest(Rest::Read)
        .who(Who::Triangle)
        .on(On::Customer)
}

/// What was told, with its day: in front of the text or in its key, else today.
fn told(mut args: Args, example: &str, cx: &Context) -> Result<Fact, Refusal> {
    not_before_customers(cx)?;
    let at = happened(&mut args, "发生过了再记", "时间:昨天、时间:11月20日", cx)?;
    let said =
        [Some(args.text.clone()), args.description()].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let said = said.trim_start_matches(['，', ',', '：', ':', ' ']).trim().to_owned();
    if said.is_empty() {
        return Err(Refusal::new(format!("请写明内容，例如：{example}")));
    }
    Ok(Fact { at, said, by: cx.actor.clone() })
}

/// `/客户 对话 昨天和王行长谈了明年规划`: a strategic dialogue was held.
pub struct Dialogue(Fact);

impl Command for Dialogue {
    const SPEC: Spec = fact(
        "对话",
        "dialogue",
        "/客户 对话 昨天和王行长谈了明年规划",
        "记一次与客户高层的战略对话；每季度一次，季度末前 14 天和 3 天提醒客户主管",
    );

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        told(args, "/客户 对话 昨天和王行长谈了明年规划", cx).map(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = File::of(dossier)?.clone();
        let quarter = Quarter::of(cx.rules.calendar.date(self.0.at));
        next.dialogue_owed = next.dialogue_owed.filter(|owed| owed.quarter != quarter);
        next.dialogues_missed.retain(|missed| *missed != quarter);
        let reply = words::dialogue(&next, &self.0, quarter, cx);
        next.dialogues.push(self.0);
        Ok(Outcome::change(next, "记战略对话").replying(reply))
    }
}

/// `/客户 阶段 合作 签了一期合同`: the stage that it came to, with the evidence.
pub struct Move {
    stage: Stage,
    evidence: Fact,
}

impl Command for Move {
    const SPEC: Spec = fact(
        "阶段",
        "stage",
        "/客户 阶段 合作 签了一期合同",
        "客户到了哪个阶段和依据：新客 → 合作 → 复购 → 技术合伙人",
    );

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        const EXAMPLE: &str = "/客户 阶段 合作 签了一期合同";
        let word = args.text.split_whitespace().next().unwrap_or_default().to_owned();
        let Some((stage, name)) = Stage::ALL.into_iter().find(|(_, name)| *name == word) else {
            let names: Vec<&str> = Stage::ALL.iter().map(|(_, name)| *name).collect();
            return Err(Refusal::new(format!("阶段有 {}，并写依据。例如：{EXAMPLE}", names.join("、"))));
        };
        args.text = args.text[name.len()..].trim_start().to_owned();
        Ok(Self { stage, evidence: told(args, EXAMPLE, cx)? })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = File::of(dossier)?.clone();
        let before = next.stage();
        if before == self.stage {
            return Err(Refusal::new(format!("{} 已经是{}阶段", next.customer, before.name())));
        }
        let reply = words::moved(&next.customer, before, self.stage, &self.evidence, cx);
        next.stages.push(Reached { stage: self.stage, evidence: self.evidence });
        Ok(Outcome::change(next, "客户阶段").replying(reply))
    }
}

/// `/客户 复购 二期合同 80 万`: it bought again.
pub struct Purchase(Fact);

impl Command for Purchase {
    const SPEC: Spec = fact(
        "复购",
        "purchase",
        "/客户 复购 11月20日签了二期合同 80 万",
        "记一次复购；日期写在前面，不写就是今天",
    );

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        told(args, "/客户 复购 11月20日签了二期合同 80 万", cx).map(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = File::of(dossier)?.clone();
        next.purchases.push(self.0);
        let reply = words::bought(&next, cx);
        Ok(Outcome::change(next, "记复购").replying(reply))
    }
}

/// `/客户 推荐 介绍了近海银行`: it sent somebody to us.
pub struct Referral(Fact);

impl Command for Referral {
    const SPEC: Spec = fact("推荐", "referral", "/客户 推荐 介绍了近海银行", "记客户向别人推荐我们");

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        told(args, "/客户 推荐 介绍了近海银行", cx).map(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = File::of(dossier)?.clone();
        next.referrals.push(self.0);
        let reply = words::referred(&next, cx);
        Ok(Outcome::change(next, "记推荐").replying(reply))
    }
}

/// `/客户 战略 明年核心系统上信创`: what is known of its strategy.
pub struct Strategy(Fact);

impl Command for Strategy {
    const SPEC: Spec = fact("战略", "strategy", "/客户 战略 明年核心系统上信创", "记客户的战略动向");

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        told(args, "/客户 战略 明年核心系统上信创", cx).map(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = File::of(dossier)?.clone();
        let reply = words::strategy(&next.customer, &self.0, cx);
        next.strategy.push(self.0);
        Ok(Outcome::change(next, "记客户战略").replying(reply))
    }
}
