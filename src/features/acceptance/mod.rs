//! Acceptance: what leads to it, the gate before it, and the months of care that it starts (RULES 1, 10).
//!
//! A project has one [`Acceptance`] beside its phase. It reminds of the pre-acceptance meeting before the
//! planned completion, keeps how the project came out, and proposes to close it when its care is over.

mod gate;
#[cfg(test)]
mod tests;
pub mod words;

use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

pub use gate::{Asked, pass, undelivered};

use crate::{
    dossier::{
        Cell, Dossier, Kind, Outcome, Phase, Ping, Record, Refusal, Role, Rules, Say, Waking, ladder::Ladder,
    },
    features::{delay::Delay, milestone::Milestone, proof::Proof},
    grammar::{Args, KeySpec},
};

/// How a project goes to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Where the project stands; written together with its phase.
    pub phase: Phase,
    /// The completion dates that were given up, oldest first, and a late acceptance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delays: Vec<Delay>,
    /// Before the acceptance: when the pre-acceptance meeting is reminded of. After it: when its care ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Ladder>,
    /// How it came out, or that it did not yet.
    pub end: End,
    /// It cost more than was planned, as somebody said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over_cost: bool,
}

/// What of a project's outcome is said and not computed (RULES 1); whether it was in time tells its acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// 超成本.
    OverCost,
    /// 取消.
    Cancelled,
}

impl Verdict {
    /// The key behind which it stands.
    pub const KEY: KeySpec = KeySpec::text("结果", "outcome");

    /// What a line says of it, if anything.
    ///
    /// # Errors
    /// It is no outcome that can be said.
    pub fn read(args: &Args) -> Result<Option<Self>, Refusal> {
        match args.key(Self::KEY.name) {
            None => Ok(None),
            Some("超成本" | "超支" | "over cost") => Ok(Some(Self::OverCost)),
            Some("取消" | "cancelled") => Ok(Some(Self::Cancelled)),
            Some(other) => Err(words::no_verdict(other)),
        }
    }
}

/// How a project came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum End {
    /// It is still ahead.
    Ahead,
    /// It was accepted.
    Accepted(Accepted),
    /// It was ended without.
    Cancelled {
        /// When.
        on: Date,
        /// Why.
        why: String,
    },
}

/// An acceptance that passed the gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// The day that counts.
    pub on: Date,
    /// The completion that was planned then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Date>,
    /// Who signed.
    pub signer: String,
    /// Whether people sat together over it.
    pub proof: Proof,
    /// The confirmed requirements that were let go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<u32>,
    /// The last day of the care it started.
    pub care_until: Date,
}

impl Accepted {
    /// How many days it came after the planned completion; less than 0 before it.
    pub fn days_late(&self) -> Option<i32> {
        Some(self.planned?.until(self.on).ok()?.get_days())
    }
}

impl Acceptance {
    /// What a project keeps of it, if anything yet.
    pub fn of(dossier: &Dossier) -> Option<&Self> {
        dossier.find(0)
    }

    /// What a new project keeps of it.
    pub fn ahead(phase: Phase, completion: Option<Date>, now: Timestamp, rules: &Rules) -> Self {
        let clock = completion.and_then(|day| meeting_clock(day, now, rules));
        Self { phase, delays: Vec::new(), clock, end: End::Ahead, over_cost: false }
    }

    /// What this project keeps of it.
    pub fn or_ahead(dossier: &Dossier, now: Timestamp, rules: &Rules) -> Self {
        let project = dossier.project();
        Self::of(dossier)
            .cloned()
            .unwrap_or_else(|| Self::ahead(project.phase, project.completion, now, rules))
    }

    /// The acceptance that holds.
    pub fn accepted(&self) -> Option<&Accepted> {
        match &self.end {
            End::Accepted(accepted) => Some(accepted),
            End::Ahead | End::Cancelled { .. } => None,
        }
    }

    /// The same with another planned completion.
    pub fn planned(mut self, completion: Date, now: Timestamp, rules: &Rules) -> Self {
        if self.end == End::Ahead {
            self.clock = meeting_clock(completion, now, rules);
        }
        self
    }

    /// The same once the gate was passed: its care begins.
    pub fn passed(mut self, accepted: Accepted, now: Timestamp, rules: &Rules) -> Self {
        let morning = rules.calendar.working_morning_from(accepted.care_until, rules.action.remind_at);
        self.clock = Some(Ladder::new(morning).rung(morning, CLOSE).from_now(now));
        self.end = End::Accepted(accepted);
        self
    }

    /// The same in another phase. Whoever goes back in front of the acceptance has to pass it again.
    pub fn entering(mut self, phase: Phase, completion: Option<Date>, now: Timestamp, rules: &Rules) -> Self {
        self.phase = phase;
        if phase < Phase::Aftercare && self.end != End::Ahead {
            self.end = End::Ahead;
            self.clock = completion.and_then(|day| meeting_clock(day, now, rules));
        }
        self
    }

    /// The same with what was said of its outcome.
    ///
    /// # Errors
    /// It was accepted and is to be cancelled, or no reason is given.
    pub fn judged(mut self, verdict: Verdict, on: Date, why: Option<&str>) -> Result<Self, Refusal> {
        match (verdict, &self.end, why) {
            (Verdict::OverCost, ..) => {
                self.over_cost = true;
                Ok(self)
            }
            (Verdict::Cancelled, End::Accepted(_), _) => Err(words::accepted_already()),
            (Verdict::Cancelled, _, None) => Err(words::why_cancelled()),
            (Verdict::Cancelled, _, Some(why)) => Ok(self.cancelled(on, why.to_owned())),
        }
    }

    /// The same, ended without an acceptance.
    pub fn cancelled(mut self, on: Date, why: String) -> Self {
        self.end = End::Cancelled { on, why };
        self.clock = None;
        self
    }
}

/// The rung and step of the pre-acceptance meeting.
pub const MEET: &str = "meet";
/// The rung and step of the proposal to close.
const CLOSE: &str = "close";

/// When the pre-acceptance meeting is reminded of (RULES 10): some days before the completion, on a day off
/// the working day before. Planned at shorter notice than that: the next working morning that is in time.
fn meeting_clock(completion: Date, now: Timestamp, rules: &Rules) -> Option<Ladder> {
    let calendar = &rules.calendar;
    let morning = rules.action.remind_at;
    let day = completion.saturating_sub(i64::from(rules.acceptance.meet_days_before).days());
    let day = if calendar.is_working_day(day) { day } else { calendar.previous_working_day(day) };
    let wanted = calendar.at(day, morning);
    let at = if wanted >= now { wanted } else { calendar.next_working_morning(now, morning) };
    (calendar.date(at) <= completion)
        .then(|| Ladder::new(calendar.at(completion, calendar.deadline_at())).rung(at, MEET))
}

/// The last day of the care that begins on `from`: the same day of the month, or the month's last.
pub fn care_until(from: Date, rules: &Rules) -> Date {
    from.saturating_add(i64::from(rules.acceptance.aftercare_months).months())
}

/// Every delay of a project: of its milestones, of its completion, and an acceptance that came late.
pub fn delays(dossier: &Dossier) -> impl Iterator<Item = &Delay> {
    let of_milestones = dossier.all::<Milestone>().flat_map(|milestone| &milestone.delays);
    of_milestones.chain(Acceptance::of(dossier).into_iter().flat_map(|acceptance| &acceptance.delays))
}

impl Kind for Acceptance {
    const LETTER: char = '%';
    const NAME: &'static str = "验收";
    const FIELDS: &'static [(&'static str, &'static str)] = &[];

    fn number(&self) -> u32 {
        0
    }

    fn title(&self) -> String {
        "验收".into()
    }

    fn state(&self) -> &'static str {
        match self.end {
            End::Ahead => "未验收",
            End::Accepted(_) => "已验收",
            End::Cancelled { .. } => "已取消",
        }
    }

    fn shared(&self) -> bool {
        false
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let mut cells = match &self.end {
            End::Ahead => Vec::new(),
            End::Accepted(accepted) => vec![
                ("验收日", accepted.on.into()),
                ("签字人", accepted.signer.as_str().into()),
                ("交付后服务到", accepted.care_until.into()),
            ],
            End::Cancelled { on, why } => vec![("取消日", (*on).into()), ("取消原因", why.as_str().into())],
        };
        cells.extend(self.over_cost.then_some(("超成本", Cell::Flag(true))));
        cells
    }

    /// Invariant: a project that is over never wakes here.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        self.clock.as_ref().filter(|_| self.phase != Phase::Closed).and_then(Ladder::next)
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let clock = self.clock.as_ref().filter(|_| self.phase != Phase::Closed);
        let Some(climb) = clock.and_then(|clock| clock.climb(cx.now, &cx.rules.calendar)) else {
            return Outcome::default();
        };
        let project = dossier.project();
        let (call, message, what) = match &self.end {
            End::Accepted(accepted) => (
                project.call(&[Role::CustomerLead]),
                words::propose_close(project, accepted, cx),
                "交付后服务到期",
            ),
            End::Ahead | End::Cancelled { .. } => (
                project.call(&[Role::ProjectManager]),
                words::meet(project.completion, dossier, cx.now, cx.rules),
                "提醒预验收",
            ),
        };
        let say = Say::Ping(Ping::of(&climb, call, Record::key(self), climb.rung.clone(), message));
        Outcome::change(Self { clock: Some(climb.ladder), ..self.clone() }, what).saying(say)
    }

    /// Invariant: what was asked before a phase ended is not asked after it.
    fn owes(&self, step: &str) -> bool {
        match (&self.end, step) {
            (End::Ahead, MEET) => true,
            (End::Accepted(_), CLOSE) => self.phase == Phase::Aftercare,
            _ => false,
        }
    }
}
