//! `/需求 R12 关联 R5 T3 测试:退款用例集`, `取消关联`, `复核`.

use super::{Target, words};
use crate::{
    dossier::{Context, Dossier, Outcome, Record, Refusal},
    features::requirement::{Requirement, requirement},
    grammar::{Args, Command, Form, KeySpec, Rest, Spec, narrow, parse_id},
};

const KEYS: &[KeySpec] = &[KeySpec::text("测试", "testing")];

/// Links a requirement to records and tests.
pub struct Link(Named);

/// Takes links away.
pub struct Unlink(Named);

/// Somebody looked at what was suspect.
pub struct Recheck(Named);

/// What a line names.
struct Named {
    number: u32,
    targets: Vec<Target>,
    /// What stands behind the ids and is none.
    rest: String,
}

impl Command for Link {
    const SPEC: Spec = Spec::new(
        "需求",
        Form::IdAct("关联", "link"),
        "/需求 R12 关联 R5 T3 P2 测试:退款用例集",
        "关联别的记录和测试；变更通过后标待复核",
    )
    .keys(KEYS)
    .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Named::only(&args, "关联").map(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let Named { number, targets, .. } = self.0;
        let before = ours(number, dossier, cx)?;
        let me = Target::Record(before.key());
        if targets.contains(&me) {
            return Err(Refusal::new(format!("R{number} 不能关联自己，没有记录")));
        }
        let unknown = |to: &&Target| matches!(to, Target::Record(key) if dossier.record(*key).is_none());
        let unknown: Vec<Target> = targets.iter().filter(unknown).cloned().collect();
        if !unknown.is_empty() {
            return Err(Refusal::new(format!("没有 {}，没有记录", words::shorts(&unknown))));
        }
        let fresh: Vec<Target> = targets.iter().filter(|to| before.tie(to).is_none()).cloned().collect();
        if fresh.is_empty() {
            return Err(Refusal::new(format!("R{number} 已关联 {}，没有改", words::shorts(&targets))));
        }
        let next = before.linked(&fresh, dossier);
        let what = words::shorts(&fresh);
        let reply = words::linked(&next, &format!("已关联 {what}"), dossier);
        Ok(Outcome::change(next, format!("关联 {what}")).replying(reply))
    }
}

impl Command for Unlink {
    const SPEC: Spec =
        Spec::new("需求", Form::IdAct("取消关联", "unlink"), "/需求 R12 取消关联 T3", "去掉关联")
            .keys(KEYS)
            .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Named::only(&args, "取消关联").map(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = ours(self.0.number, dossier, cx)?;
        all_linked(before, &self.0.targets)?;
        let next = before.unlinked(&self.0.targets);
        let what = format!("取消关联 {}", words::shorts(&self.0.targets));
        let reply = words::linked(&next, &format!("已{what}"), dossier);
        Ok(Outcome::change(next, what).replying(reply))
    }
}

impl Command for Recheck {
    const SPEC: Spec = Spec::new(
        "需求",
        Form::IdAct("复核", "recheck"),
        "/需求 R12 复核 T3",
        "变更后看过了：全部，或只写看过的几项（铁三角或负责人）",
    )
    .keys(KEYS)
    .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self(Named::of(&args)))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let Named { number, targets, rest } = self.0;
        let before = ours(number, dossier, cx)?;
        let owns = before.owner.as_ref().is_some_and(|owner| owner.id == cx.actor.id);
        if !owns && !cx.is_triangle(dossier) {
            return Err(words::not_yours(before));
        }
        all_linked(before, &targets)?;
        let suspects: Vec<Target> =
            before.suspects(dossier).into_iter().map(|(tie, _)| tie.to.clone()).collect();
        if suspects.is_empty() {
            return Err(Refusal::new(format!("R{number} 没有待复核的关联")));
        }
        let fine: Vec<Target> = targets.iter().filter(|to| !suspects.contains(to)).cloned().collect();
        if !fine.is_empty() {
            let (fine, waiting) = (words::shorts(&fine), words::shorts(&suspects));
            return Err(Refusal::new(format!("{fine} 不用复核，没有记录。R{number} 待复核：{waiting}")));
        }
        let looked = if targets.is_empty() { suspects } else { targets };
        let next = before.rechecked(&looked, dossier);
        let reply = words::rechecked(&next, &looked, dossier);
        let what = format!("复核关联 {}", words::shorts(&looked));
        let remark = (!rest.is_empty()).then_some(rest);
        Ok(Outcome::change(next, what).replying(reply).remarked(remark))
    }
}

/// The requirement, for those who may see its links.
fn ours<'a>(number: u32, dossier: &'a Dossier, cx: &Context) -> Result<&'a Requirement, Refusal> {
    let before = requirement(dossier, number)?;
    if cx.sees_internal(dossier) { Ok(before) } else { Err(words::ours_alone(dossier, cx)) }
}

/// Refused where one of these is not linked.
fn all_linked(requirement: &Requirement, targets: &[Target]) -> Result<(), Refusal> {
    let strange: Vec<Target> = targets.iter().filter(|to| requirement.tie(to).is_none()).cloned().collect();
    if strange.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(format!("R{} 没有关联 {}，没有改", requirement.number, words::shorts(&strange))))
}

/// What may stand between two ids or two tests.
fn is_gap(c: char) -> bool {
    narrow(c).is_whitespace() || is_comma(c)
}

fn is_comma(c: char) -> bool {
    matches!(c, '、' | ',' | '，' | ';' | '；' | '\n')
}

impl Named {
    /// Ids first, then tests; an id behind a test's name is an id all the same.
    fn of(args: &Args) -> Self {
        let mut targets = Vec::new();
        let mut rest = args.rest.as_str();
        loop {
            rest = rest.trim_start_matches(is_gap);
            let end = rest.find(is_gap).unwrap_or(rest.len());
            let Some(key) = parse_id(&rest[..end]) else { break };
            add(&mut targets, Target::Record(key));
            rest = &rest[end..];
        }
        for test in args.key("测试").unwrap_or_default().split(is_comma) {
            let (ids, name): (Vec<&str>, Vec<&str>) =
                test.split_whitespace().partition(|word| parse_id(word).is_some());
            if !name.is_empty() {
                add(&mut targets, Target::Test(name.join(" ")));
            }
            for key in ids.into_iter().filter_map(parse_id) {
                add(&mut targets, Target::Record(key));
            }
        }
        Self { number: args.number(), targets, rest: rest.trim_end().to_owned() }
    }

    /// The same, refused where it names nothing, or says something else too.
    fn only(args: &Args, action: &str) -> Result<Self, Refusal> {
        let named = Self::of(args);
        let example = format!("/R{} {action} T3 测试:退款用例集", named.number);
        if !named.rest.is_empty() {
            let rest = &named.rest;
            return Err(Refusal::new(format!("看不懂「{rest}」，没有记录。写编号，测试写名称：{example}")));
        }
        if named.targets.is_empty() {
            return Err(Refusal::new(format!("{action}什么？例如：{example}")));
        }
        Ok(named)
    }
}

/// Each once.
fn add(targets: &mut Vec<Target>, to: Target) {
    if !targets.contains(&to) {
        targets.push(to);
    }
}
