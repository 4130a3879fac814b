//! What the plan loses when a risk occurs: `影响:测试 推迟2天` moves the milestone once that is confirmed (RULES 4).

use jiff::{ToSpan, civil::Date};

use super::Risk;
use crate::{
    calendar::Calendar,
    dossier::Dossier,
    features::{
        delay::{self, Reason},
        milestone::Milestone,
    },
    grammar::parse_id,
};

/// A milestone and the day to which the loss puts it off.
pub(super) struct Loss<'a> {
    pub(super) milestone: &'a Milestone,
    pub(super) to: Date,
    /// The day off on which it would fall, where it goes on to the next working day.
    pub(super) instead_of: Option<Date>,
    /// The line that confirms it.
    pub(super) line: String,
}

/// Words behind which the loss begins.
const LOSES: [&str; 6] = ["可能", "会", "推迟", "延", "晚", "顺延"];

/// What this risk's consequence costs the plan; `None` where it names no open milestone or no days.
pub(super) fn of<'a>(risk: &Risk, dossier: &'a Dossier, calendar: &Calendar) -> Option<Loss<'a>> {
    let consequence = risk.consequence.as_deref()?;
    let days = delay::days(consequence).filter(|days| *days > 0)?;
    let milestone = named(consequence, dossier)?;
    let day = milestone.day.saturating_add(days.days());
    let instead_of = (!calendar.is_working_day(day)).then_some(day);
    let to = instead_of.map_or(day, |day| calendar.next_working_day(day));
    let why: String =
        format!("K{} {}", risk.number, risk.title).chars().filter(|c| !"\"“”\n".contains(*c)).collect();
    // The risk's own words may tell the category; whoever confirms sees it and can type another.
    let why = if Reason::parse(&why).is_some() { why } else { format!("其他 {why}") };
    let line = format!("/P{} 延期 {to} 原因:\"{why}\"", milestone.number);
    Some(Loss { milestone, to, instead_of, line })
}

/// The open milestone that a text means: by its id, or by what stands in front of the loss; a name that
/// two of them bear means none.
fn named<'a>(text: &str, dossier: &'a Dossier) -> Option<&'a Milestone> {
    let open: Vec<&Milestone> = dossier.all::<Milestone>().filter(|one| one.is_open()).collect();
    let mut ids = text.split(|c: char| !c.is_alphanumeric() || !c.is_ascii()).filter_map(parse_id);
    if let Some(key) = ids.find(|key| key.letter == 'P') {
        return open.into_iter().find(|one| one.number == key.number);
    }
    let end = LOSES.iter().filter_map(|word| text.find(word)).min().unwrap_or(text.len());
    let name = text[..end].trim();
    if name.is_empty() {
        return None;
    }
    let mut fits = open.into_iter().filter(|one| one.title.contains(name) || name.contains(&one.title));
    fits.next().filter(|_| fits.next().is_none())
}
