//! The numbers of the rules. Their only defaults stand in the shipped configuration file.

use std::sync::Arc;

use jiff::civil::Time;
use serde::Deserialize;

use super::{CadenceRule, TouchRules};
use crate::calendar::{Calendar, Span};

/// Everything a decision needs to know beside the records: the calendar and the agreed numbers.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Zones, working days, quiet hours.
    pub calendar: Arc<Calendar>,
    /// RULES 5.
    pub sla: Sla,
    /// RULES 6.
    pub minutes: MinutesRules,
    /// RULES 6.
    pub meeting: MeetingRules,
    /// RULES 6.
    pub action: ActionRules,
    /// RULES 4.
    pub risk: RiskRules,
    /// RULES 2.
    pub requirement: RequirementRules,
    /// RULES 3.
    pub change: ChangeRules,
    /// RULES 7.
    pub notice: NoticeRules,
    /// RULES 10.
    pub milestone: MilestoneRules,
    /// RULES 10.
    pub acceptance: AcceptanceRules,
    /// RULES 8.
    pub cadence: Vec<CadenceRule>,
    /// RULES 8.
    pub touch: TouchRules,
    /// RULES 9.
    pub document: DocumentRules,
    /// RULES 13.
    pub weekly: WeeklyRules,
    /// RULES 11.
    pub survey: SurveyRules,
    /// RULES 11.
    pub review: ReviewRules,
    /// RULES 11.
    pub improvement: ImprovementRules,
    /// RULES 12.
    pub health: HealthRules,
    /// CONTRACT 4.
    pub search: SearchRules,
    /// CONTRACT 4.
    pub undo: UndoRules,
}

/// `[sla]`: tickets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// 紧急.
    pub urgent: UrgentSla,
    /// 一般.
    pub normal: NormalSla,
    /// How long a resolved ticket waits for the customer before it closes by itself.
    pub resolved_closes_after: Span,
}

/// `[sla.urgent]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrgentSla {
    /// Until the first response.
    pub respond: Span,
    /// Until it is solved.
    pub close: Span,
    /// How time is counted.
    pub count: Count,
    /// When the project manager joins, in percent of `respond`.
    pub halfway_percent: u32,
    /// Between repeats of the breach.
    pub repeat: Span,
    /// How many repeats at most.
    pub most_repeats: u32,
}

/// `[sla.normal]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalSla {
    /// Until it is solved.
    pub close: Span,
    /// How time is counted.
    pub count: Count,
    /// The reminder before the end.
    pub remind_before: Span,
    /// Between repeats of the breach.
    pub repeat: Span,
}

/// How an SLA clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Day and night.
    Elapsed,
    /// Only in working time.
    Business,
}

/// `[minutes]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinutesRules {
    /// From the meeting's end.
    pub due: Span,
    /// Reminders before that.
    pub remind_before: Vec<Span>,
    /// Between repeats of the escalation.
    pub repeat: Span,
}

/// `[meeting]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingRules {
    /// The reminder before it starts.
    pub remind_before: Span,
    /// When the agenda of the weekly meeting is posted, before it starts.
    pub agenda_before: Span,
    /// How long one lasts where nobody says.
    pub duration: Span,
}

/// `[action]`: action items.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionRules {
    /// The hour of reminders, and of every "next day" ping.
    pub remind_at: Time,
    /// From which day overdue on the project manager is told too.
    pub manager_from_day: u32,
}

/// `[risk]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRules {
    /// How long a risk may be without a countermeasure.
    pub plan_within: Span,
    /// Probability times impact from which a risk is high.
    pub high_from: u32,
    /// And medium.
    pub medium_from: u32,
}

/// `[requirement]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequirementRules {
    /// Until it is analysed.
    pub analyse_within: Span,
    /// Until it is confirmed.
    pub confirm_within: Span,
    /// How many can be pasted at once.
    pub paste_most: usize,
    /// How long what was pasted waits for its one confirmation.
    pub paste_within: Span,
    /// How its priority follows from its scores.
    pub priority: PriorityRules,
}

/// `[requirement.priority]`: a weighted mean of three scores from 1 to 5.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityRules {
    /// The weight of 价值.
    pub value: u32,
    /// The weight of 可行性.
    pub feasibility: u32,
    /// The weight of 投入.
    pub effort: u32,
    /// Person-days up to which 投入 scores 5, 4, 3 and 2; beyond them it scores 1.
    pub effort_days: [u32; 4],
    /// The mean from which a requirement is high.
    pub high_from: f64,
    /// And medium.
    pub medium_from: f64,
}

impl PriorityRules {
    /// All weights together.
    pub fn weights(&self) -> u32 {
        self.value + self.feasibility + self.effort
    }
}

/// `[change]`: change requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRules {
    /// From filing a small one, or from the last step of a large one, until the board has voted.
    pub assess_within: Span,
    /// Reminders of those who have not voted, from the same moment.
    pub remind_after: Vec<Span>,
    /// Between repeats of the escalation.
    pub repeat: Span,
}

/// `[notice]`: important messages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeRules {
    /// 紧急: until whoever has not acknowledged is called again.
    pub urgent_again: Span,
    /// 紧急: until the project manager is told.
    pub urgent_manager: Span,
    /// 紧急: until the customer lead is told.
    pub urgent_lead: Span,
    /// 高: until whoever has not acknowledged is called again.
    pub high_again: Span,
}

/// `[milestone]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MilestoneRules {
    /// Days before its date on which its owner is reminded.
    pub remind_days: Vec<u16>,
}

/// `[acceptance]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceRules {
    /// Days before the planned completion on which the pre-acceptance meeting is reminded of.
    pub meet_days_before: u16,
    /// How long a project is looked after once it is accepted.
    pub aftercare_months: u16,
    /// The share of delays that misunderstood requirements cause in the industry (RULES 1).
    pub industry_misunderstood_percent: u8,
}

/// `[document]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentRules {
    /// How often a development log is due in development.
    pub log_every: Span,
    /// How often a test report is due in testing.
    pub test_report_every: Span,
}

/// `[weekly]`: the weekly report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklyRules {
    /// The customer's version goes out at once, without waiting for 发送.
    pub send_at_once: bool,
}

/// `[survey]`: how satisfied a customer is, once in each quarter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyRules {
    /// The hour at which it opens, and at which it reminds.
    pub open_at: Time,
    /// How many days there are to answer.
    pub answer_days: u16,
    /// On which of them the customer is reminded.
    pub remind_days: Vec<u16>,
}

/// `[review]`: what lies behind an indicator that is too low.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRules {
    /// The average below which an indicator is reviewed.
    pub below: f64,
    /// How many days there are to find its root cause and an improvement.
    pub due_days: u16,
    /// How many whys are asked.
    pub whys: usize,
    /// The categories of root causes.
    pub causes: Vec<String>,
    /// The number of customers with the same cause from which it is the department's.
    pub department_from: usize,
    /// How many days the department has then.
    pub department_due_days: u16,
}

/// `[improvement]`: what the next survey says of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImprovementRules {
    /// The average from which it was effective.
    pub effective_from: f64,
    /// And the rise from which it was, whatever the average.
    pub effective_up: f64,
}

/// `[health]`: the quarterly report of each customer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthRules {
    /// What each part weighs.
    pub weight: HealthWeights,
    /// The score from which it is green.
    pub green_from: u32,
    /// And yellow; below it is red.
    pub yellow_from: u32,
    /// How many points less than the quarter before are an alarm.
    pub alarm_drop: u32,
    /// How long a report waits for its release before somebody is reminded.
    pub release_within: Span,
    /// How many quarters its trend shows.
    pub trend: usize,
}

/// `[health.weight]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthWeights {
    /// 满意度.
    pub satisfaction: u32,
    /// Tickets answered and solved in time.
    pub sla: u32,
    /// Requirements answered and delivered in time.
    pub requirement: u32,
    /// Contacts kept.
    pub cadence: u32,
    /// Minutes filed in time.
    pub minutes: u32,
    /// Risks held.
    pub risk: u32,
}

impl HealthWeights {
    /// All of them, by their keys.
    pub fn all(&self) -> [(&'static str, u32); 6] {
        let Self { satisfaction, sla, requirement, cadence, minutes, risk } = *self;
        [
            ("satisfaction", satisfaction),
            ("sla", sla),
            ("requirement", requirement),
            ("cadence", cadence),
            ("minutes", minutes),
            ("risk", risk),
        ]
    }
}

/// `[search]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchRules {
    /// How many finds a page has.
    pub page: usize,
    /// How many similar requirements are offered at most.
    pub similar: usize,
    /// How much of their words two titles must share to be similar, in percent.
    pub similar_percent: u32,
}

/// `[undo]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoRules {
    /// How long one's own last command can be taken back.
    pub within: Span,
}
