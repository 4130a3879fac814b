//! The impact, and the steps of a large change in their order: meeting, re-plan, the customer's confirmation,
//! contract (RULES 3).

use jiff::Timestamp;

use super::{
    ChangeRequest, Impact, Said, Stage, clock, impact, is_or_will_be_held, open_change, refusal, words,
};
use crate::{
    chat::Person,
    dossier::{Context, Dossier, Hearing, Outcome, Record, Refusal, Role, RoomKind},
    features::{
        action::{self, ActionItem},
        meeting::Meeting,
        who_may,
    },
    grammar::{Args, Command, Form, KeySpec, Lines, Rest, Spec, Who, parse_id},
};

/// The change of that number, refused unless its next step is this one. `again`: the step may be taken again
/// while the one after it was not.
pub(super) fn at_stage(
    dossier: &Dossier,
    number: u32,
    stage: Stage,
    again: bool,
) -> Result<&ChangeRequest, Refusal> {
    let change = open_change(dossier, number)?;
    let name = words::stage(stage);
    if !change.is_large() {
        return Err(Refusal::new(format!(
            "C{number} 是小变更，不用{name}，直接表决：/变更 C{number} 同意。影响进度、成本或节点的先写：{}",
            words::assess_line(number)
        )));
    }
    let now = change.stage_in(dossier);
    if now < stage {
        return Err(refusal::not_yet(change, stage, now, dossier));
    }
    let repeats =
        again && matches!((stage, now), (Stage::Meeting, Stage::Plan) | (Stage::Plan, Stage::Confirmation));
    if now == stage || repeats {
        return Ok(change);
    }
    Err(refusal::already(change, stage, now, dossier))
}

/// `/变更 C3 影响 进度:3天 成本:20000 节点:P1`: decides whether it is large.
pub struct Assess {
    number: u32,
    words: String,
    args: Args,
}

impl Command for Assess {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "变更",
            Form::IdAct("影响", "impact"),
            "/变更 C3 影响 进度:3天 成本:20000 节点:P1",
            "写影响；动了进度、成本或节点就是大变更",
        )
        .keys(&impact::KEYS)
        .rest(Rest::Read)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), words: args.words(), args })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_change(dossier, self.number)?;
        let project = dossier.project();
        if !cx.is_triangle(dossier) && !project.holds(&cx.actor.id, Role::TechnicalLead) {
            return Err(who_may(Who::Triangle, project));
        }
        if before.confirmation.is_some() {
            let number = self.number;
            return Err(Refusal::new(format!(
                "C{number} 的影响客户已确认，不能再改。要改请提出人撤回后重新提：/变更 C{number} 撤回"
            )));
        }
        let Some(impact) = Impact::read(before.impact.as_ref(), &self.args, &self.words, dossier)? else {
            return Err(Refusal::new(format!(
                "影响什么？例如：{}；都不影响写 /变更 C{} 影响 无",
                words::assess_line(self.number),
                self.number
            )));
        };
        if before.impact.as_ref() == Some(&impact) {
            return Err(Refusal::new(format!("C{} 的影响已经是这样，没有改", self.number)));
        }
        let mut next = before.clone();
        next.impact = Some(impact);
        let what = format!("评估影响：{}", words::impact(next.impact.as_ref()));
        Ok(sized(before, next, what, dossier, cx))
    }
}

/// A changed impact may change the size: what people voted on, or planned for, is something else then.
fn sized(
    before: &ChangeRequest,
    mut next: ChangeRequest,
    what: String,
    dossier: &Dossier,
    cx: &Context,
) -> Outcome {
    let (was, is) = (before.is_large(), next.is_large());
    let void = (was != is && !before.votes.is_empty()).then_some("已投的票作废，到表决时重投");
    if was != is {
        next.votes.clear();
    }
    let replan = (was && is && before.plan.is_some()).then_some("影响变了，计划要重写");
    if is {
        next.plan = None;
        next.moves.clear();
        next.clock = None;
    } else if next.clock.is_none() {
        // RULES 3: a small one is decided within a day of its filing, whatever it was taken for meanwhile.
        next.clock = Some(clock::start(next.filed_at, cx.rules).from_now(cx.now));
    }
    let mut reply = words::assessed(&next, dossier, cx);
    for line in [void, replan].into_iter().flatten() {
        reply = reply.line(line);
    }
    let say = match (was, is) {
        (true, false) => clock::open_vote(&next, cx.actor, cx.place.kind, dossier, (cx.now, cx.rules)),
        (_, true) => {
            let manager = clock::call_manager(&next, next.stage_in(dossier), cx.actor, dossier);
            let told =
                clock::in_customer_room(&next, dossier.project()) && cx.place.kind != RoomKind::Customer;
            let told = told.then(|| clock::announce(&next, Hearing::Customer, words::told(&next)));
            manager.into_iter().chain(told).collect()
        }
        (false, false) => Vec::new(),
    };
    let mut outcome = Outcome::change(next, what).replying(reply);
    outcome.say = say;
    outcome
}

/// `/变更 C3 会议 M5`: the meeting that speaks of it.
pub struct LinkMeeting {
    number: u32,
    meeting: Option<u32>,
    remark: Option<String>,
}

impl Command for LinkMeeting {
    const SPEC: Spec = Spec::new(
        "变更",
        Form::IdAct("会议", "meeting"),
        "/变更 C3 会议 M5",
        "大变更第 1 步：关联已开或已约的会，开完才算",
    )
    .rest(Rest::Read)
    .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let id = |word: &&str| parse_id(word).filter(|key| key.letter == 'M');
        let meeting = args.rest.split_whitespace().find_map(|word| id(&word));
        let remark: Vec<&str> = args.rest.split_whitespace().filter(|word| id(word) != meeting).collect();
        let remark = (!remark.is_empty()).then(|| remark.join(" "));
        Ok(Self { number: args.number(), meeting: meeting.map(|key| key.number), remark })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let number = self.number;
        let before = at_stage(dossier, number, Stage::Meeting, true)?;
        let Some(meeting) = self.meeting else {
            return Err(Refusal::new(format!(
                "哪个会？例如：/变更 C{number} 会议 M5。还没约：/会议 变更评审 明天10点-11点"
            )));
        };
        let Some(held) = dossier.find::<Meeting>(meeting) else {
            return Err(Refusal::new(format!(
                "没有 M{meeting}，没有记录。看编号：/会议 列表；还没约：/会议 变更评审 明天10点-11点"
            )));
        };
        if !is_or_will_be_held(held) {
            return Err(Refusal::new(format!(
                "M{meeting} 已取消，没有记录。另约一个：/会议 变更评审 明天10点-11点"
            )));
        }
        if before.meeting == Some(meeting) {
            return Err(Refusal::new(format!("C{number} 已关联 M{meeting}，没有改")));
        }
        let mut next = before.clone();
        next.meeting = Some(meeting);
        let stage = next.stage_in(dossier);
        let reply = words::linked(&next, held, stage, dossier, cx);
        let say = clock::call_manager(&next, stage, cx.actor, dossier).filter(|_| stage == Stage::Plan);
        let mut outcome = Outcome::change(next, format!("关联会议 M{meeting}")).replying(reply);
        outcome.say.extend(say);
        Ok(outcome.remarked(self.remark))
    }
}

/// `/变更 C3 客户确认`: the customer representative's word, and nobody else's.
pub struct CustomerConfirm {
    number: u32,
    text: String,
}

impl Command for CustomerConfirm {
    const SPEC: Spec = Spec::new(
        "变更",
        Form::IdAct("客户确认", "confirm"),
        "/变更 C3 客户确认",
        "大变更第 3 步：客户代表确认影响和计划",
    )
    .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), text: args.rest })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = at_stage(dossier, self.number, Stage::Confirmation, false)?;
        let project = dossier.project();
        if !project.holds(&cx.actor.id, Role::CustomerRepresentative) {
            return Err(refusal::only_customer(before, dossier));
        }
        let mut next = before.clone();
        next.confirmation = Some(Said { by: cx.actor.clone(), at: cx.now, text: self.text.clone() });
        let reply = words::confirmed(&next, cx);
        let said = (!self.text.is_empty()).then_some(self.text);
        let mut outcome = Outcome::change(next.clone(), "客户确认").because(said).replying(reply);
        outcome.say.extend(clock::call_manager(&next, Stage::Contract, cx.actor, dossier));
        Ok(outcome)
    }
}

/// `/变更 C3 合同 负责:@李工 截止:12月5日`: an action item for the amendment; then the board votes.
pub struct Contract {
    number: u32,
    owner: Option<Person>,
    due: Option<Timestamp>,
    args: Args,
}

impl Command for Contract {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "变更",
            Form::IdAct("合同", "contract"),
            "/变更 C3 合同 负责:@陈主管 截止:12月5日",
            "大变更第 4 步：合同变更由谁在什么时候前办完，记成待办",
        )
        .keys(&[KeySpec::person("负责", "owner"), KeySpec::text("截止", "due")])
        .rest(Rest::Read)
        .who(Who::Triangle)
    };

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let due = args.promise("截止", cx)?;
        Ok(Self { number: args.number(), owner: args.owner().cloned(), due, args })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = at_stage(dossier, self.number, Stage::Contract, false)?;
        let missing = match (&self.owner, self.due) {
            (Some(_), Some(_)) => None,
            (None, None) => Some("负责人和截止时间"),
            (None, Some(_)) => Some("负责人"),
            (Some(_), None) => Some("截止时间"),
        };
        if let Some(missing) = missing {
            return Err(Refusal::new(format!(
                "合同变更还缺{missing}，没有记录。例如：{}",
                words::line(before, Stage::Contract)
            )));
        }
        let mut outcome = Outcome::default();
        let item = amendment(before, self.args, self.due, outcome.next_number::<ActionItem>(dossier), cx);
        let mut next = before.clone();
        next.contract = Some(item.number);
        next.clock = Some(clock::start(cx.now, cx.rules));
        outcome.reply = Some(words::contracted(&next, &item, dossier.project(), cx));
        outcome.what = "安排合同变更，开始表决".into();
        outcome.about = Some(next.key());
        outcome.say = clock::open_vote(&next, cx.actor, cx.place.kind, dossier, (cx.now, cx.rules));
        Ok(outcome.and(next).and(item))
    }
}

/// The action item of the contract's amendment; the team's own.
fn amendment(
    change: &ChangeRequest,
    mut args: Args,
    due: Option<Timestamp>,
    number: u32,
    cx: &Context,
) -> ActionItem {
    let said = args.said.clone();
    let what = args.words();
    let what = if what.is_empty() { change.title.clone() } else { what };
    args.text = format!("C{} 合同变更：{what}", change.number);
    action::Line::of(args, due).into_item(number, said, false, Some(change.key().to_string()), cx)
}
