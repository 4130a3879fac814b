//! `/项目 阶段`: a project moves through its phases, forwards or back.
//!
//! It leaves 接触 with its triangle and its plan, comes to 交付后 through the gate of
//! [`crate::features::acceptance`], and ends accepted or cancelled.

use jiff::civil::Date;

use crate::{
    calendar::typed,
    chat::Message,
    dossier::{
        Context, Dossier, Hearing, Outcome, Phase, Ping, Project, Record, Refusal, Role, RoomKind, Say,
    },
    features::{
        acceptance::{self, Acceptance, Asked, End, Verdict},
        delay::{self, Delay, Reason},
        milestone::plan::{self, Lack},
        proof::{FACE_TO_FACE, NO_FACE_TO_FACE, Proof},
        rhythm::Course,
    },
    grammar::{Args, Command, Form, KeySpec, Rest, Spec, Who},
};

/// Moves a project to a phase.
pub struct MovePhase {
    phase: Phase,
    completion: Option<Date>,
    why: Option<String>,
    signer: Option<String>,
    args: Args,
    verdict: Option<Verdict>,
}

const SIGNER: &str = "签字人";

impl Command for MovePhase {
    const SPEC: Spec = Spec::new(
        "项目",
        Form::Act("阶段", "phase"),
        "/项目 阶段 开发 完成日:2027-06-30 原因:…",
        "换阶段：接触、启动、开发、测试、验收、交付后、结束；验收通过：/项目 阶段 交付后 面对面:M5 签字人:王女士",
    ).rest(Rest::Read)
    .keys(&[
        KeySpec::text("完成日", "completion"),
        KeySpec::text("原因", "reason"),
        FACE_TO_FACE,
        NO_FACE_TO_FACE,
        KeySpec::person_or_role(SIGNER, "signer"),
        Verdict::KEY,
    ])
    .who(Who::Triangle);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        let Some(phase) = Phase::parse(&args.words()) else {
            let all = Phase::ALL.map(Phase::name).join("、");
            return Err(Refusal::new(format!("没有「{}」这个阶段。可写：{all}", args.words())));
        };
        let completion = args.date("完成日", cx)?.map(|at| cx.rules.calendar.date(at));
        let signer = args.key(SIGNER).map(str::to_owned);
        let verdict = Verdict::read(&args)?;
        if verdict.is_some() && phase < Phase::Aftercare {
            return Err(acceptance::words::verdict_too_early());
        }
        Ok(Self { phase, completion, why: args.key("原因").map(str::to_owned), signer, verdict, args })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = dossier.project();
        let mut next = before.clone();
        next.completion = self.completion.or(next.completion);
        next.phase = self.phase;
        if next == *before && self.verdict.is_none() {
            return Err(Refusal::new(format!("项目已在{}阶段", self.phase.name())));
        }
        let moves = next.phase != before.phase;
        if moves {
            next.phase_since = cx.now;
        }
        if before.phase == Phase::Contact && moves && self.why.is_none() {
            may_leave_contact(self.phase, dossier)?;
        }
        let mut acceptance = self.acceptance(&next, dossier, cx)?;
        if let Some(verdict) = self.verdict {
            acceptance = acceptance.judged(verdict, cx.rules.calendar.date(cx.now), self.why.as_deref())?;
        }
        let told = |internal| self.told(&next, &acceptance, internal, dossier, cx);
        let mut reply = told(cx.sees_internal(dossier));
        let mut say = Vec::new();
        // Said here already; the other rooms hear of it too.
        if cx.place.kind == RoomKind::Customer {
            say.push(Say::Announce { hearing: Hearing::Internal, message: told(true), about: None });
        }
        let enters = moves && next.phase == Phase::Acceptance;
        if enters && cx.place.kind != RoomKind::Customer && before.holds(&cx.actor.id, Role::ProjectManager) {
            reply = acceptance::words::entering(dossier, cx).into_iter().fold(reply, Message::line);
        } else if enters {
            say.push(prepare(next.completion, &acceptance, dossier, cx));
        }
        let phase = next.phase;
        let mut outcome = Outcome::change(next, "换阶段").because(self.why).and(acceptance).replying(reply);
        // The old phase's rhythm ends in the same step (RULES 8).
        if moves {
            outcome = Course::entering(phase, dossier, cx.now, cx.rules).write(outcome, dossier);
        }
        outcome.say = say;
        Ok(outcome)
    }
}

impl MovePhase {
    /// What moved. Why a date was given up, and how late it got, is ours alone.
    fn told(
        &self,
        next: &Project,
        acceptance: &Acceptance,
        internal: bool,
        dossier: &Dossier,
        cx: &Context,
    ) -> Message {
        let before = dossier.project();
        let day = |day: Date| typed::echo_date(day, cx.now, &cx.rules.calendar);
        let planned = next.completion.filter(|_| next.phase < Phase::Aftercare).map(|to| {
            match before.completion.filter(|from| *from != to) {
                Some(from) => format!("，计划完成 {} → {}", day(from), day(to)),
                None => format!("，计划 {} 完成", day(to)),
            }
        });
        let phase = match before.phase == next.phase {
            true => next.phase.name().to_owned(),
            false => format!("{} → {}", before.phase.name(), next.phase.name()),
        };
        let mut message =
            Message::text(format!("项目「{}」：{phase}{}", next.name, planned.unwrap_or_default()));
        if let Some(why) = self.why.as_ref().filter(|_| internal) {
            message = message.line(format!("原因：{why}"));
        }
        if internal && acceptance.over_cost {
            message = message.line("结果：超成本");
        }
        if let (Some(accepted), Phase::Aftercare) = (acceptance.accepted(), next.phase) {
            let lines = acceptance::words::accepted(accepted, internal, dossier, cx.now, cx.rules);
            message = lines.into_iter().fold(message, Message::line);
            let open = acceptance::words::open_milestones(dossier).filter(|_| internal);
            message = open.into_iter().fold(message, Message::line);
        }
        message
    }

    /// What was said, to be sent again.
    fn line(&self) -> String {
        let said = self.args.keys().map(|(name, value)| match (name, &self.signer) {
            (SIGNER, Some(signer)) => format!(" {SIGNER}:{signer}"),
            _ => format!(" {name}:{}", value.text),
        });
        format!("/项目 阶段 {}{}", self.phase.name(), said.collect::<String>())
    }

    /// How the project goes to its end from here.
    fn acceptance(&self, next: &Project, dossier: &Dossier, cx: &Context) -> Result<Acceptance, Refusal> {
        let before = dossier.project();
        let mut acceptance = Acceptance::or_ahead(dossier, cx.now, cx.rules);
        if let Some(to) = self.completion.filter(|to| before.completion != Some(*to)) {
            if acceptance.end != End::Ahead && next.phase >= Phase::Aftercare {
                return Err(Refusal::new("项目已经了结，计划完成日不再改，没有记录"));
            }
            if let Some(from) = before.completion.filter(|from| *from < to) {
                // RULES 1: each delay has a cause.
                let Some(reason) = self.why.as_deref().and_then(Reason::parse) else {
                    let line = format!("/项目 阶段 {} 完成日:{to} 原因:第三方", self.phase.name());
                    return Err(delay::uncaused(&line));
                };
                acceptance.delays.push(Delay { from, to, reason, by: cx.actor.clone(), at: cx.now });
            }
            acceptance = acceptance.planned(to, cx.now, cx.rules);
        }
        acceptance = acceptance.entering(next.phase, next.completion, cx.now, cx.rules);
        if next.phase == Phase::Aftercare && acceptance.accepted().is_none() {
            let asked = Asked {
                proof: Proof::of(&self.args, dossier, cx)?,
                signer: self.signer.as_deref().map(|name| signed_by(name, before)).transpose()?,
                why: self.why.clone(),
                completion: next.completion,
                line: self.line(),
            };
            return acceptance::pass(acceptance, asked, dossier, cx);
        }
        if next.phase == Phase::Closed && acceptance.end == End::Ahead {
            let Some(why) = &self.why else {
                return Err(Refusal::new("项目还没有验收，现在结束算取消，要写原因：/项目 阶段 结束 原因:…")
                    .line("已经验收的先发：/项目 阶段 交付后 面对面:M… 签字人:…"));
            };
            return Ok(acceptance.cancelled(cx.rules.calendar.date(cx.now), why.clone()));
        }
        Ok(acceptance)
    }
}

/// The name of whoever signed. A role stands for the one who holds it.
fn signed_by(name: &str, project: &Project) -> Result<String, Refusal> {
    let Some(role) = Role::parse(name) else { return Ok(name.to_owned()) };
    match project.holders(role) {
        [only] => Ok(only.name.clone()),
        [] => Err(Refusal::new(format!("还没有{}，签字人请写姓名，没有记录", role.name()))),
        several => {
            let names: Vec<&str> = several.iter().map(|person| person.name.as_str()).collect();
            Err(Refusal::new(format!("{} 有 {}，签字人请写一位，没有记录", role.name(), names.join("、"))))
        }
    }
}

/// RULES 1: a project leaves 接触 with its triangle filled and a plan, or with a reason.
fn may_leave_contact(phase: Phase, dossier: &Dossier) -> Result<(), Refusal> {
    let project = dossier.project();
    let seats: Vec<&str> = Role::TRIANGLE
        .iter()
        .filter(|role| project.holders(**role).is_empty())
        .map(|role| role.name())
        .collect();
    let mut missing = Vec::new();
    if let Some(first) = seats.first() {
        missing.push(format!("· 铁三角还没有{}：/角色 {first} @某人", seats.join("、")));
    }
    match plan::lack(dossier) {
        Some(Lack::Milestones) => {
            missing.push("· 还没有计划：/节点 联调完成 12月20日 标准:全部接口通过 @李工".to_owned());
        }
        Some(Lack::Standards(bare)) => {
            let ids: Vec<String> = bare.iter().map(|number| format!("P{number}")).collect();
            missing.push(format!("· {} 缺交付标准：/节点 {} 标准:…", ids.join("、"), ids[0]));
        }
        None => {}
    }
    if missing.is_empty() {
        return Ok(());
    }
    let message = missing.into_iter().fold(Message::text("离开接触阶段前还缺："), Message::line);
    Err(Refusal(message.line(format!("或写明原因：/项目 阶段 {} 原因:…", phase.name()))))
}

/// The project manager is told what is before them when somebody else enters 验收.
fn prepare(completion: Option<Date>, acceptance: &Acceptance, dossier: &Dossier, cx: &Context) -> Say {
    let message = acceptance::words::meet(completion, dossier, cx.now, cx.rules);
    let call = dossier.project().call(&[Role::ProjectManager]);
    Say::Ping(Ping::new(call, acceptance.key(), acceptance::MEET, message))
}
