//! What the administrators have to know, told once.

use jiff::{SignedDuration, Timestamp};

use super::{Engine, draft::Draft};
use crate::{
    chat::{Message, PersonId, Target},
    features,
    platform::Allowance,
    store::{CommitError, Outgoing},
};

/// How long it is kept that they were told of a day; longer than a pause that is made up for.
const OF_A_DAY: SignedDuration = SignedDuration::from_hours(24 * 10);
/// Longer than any month, shorter than a year.
const A_MONTH: SignedDuration = SignedDuration::from_hours(24 * 40);

impl Engine {
    /// Once a day the administrators hear of messages that could not be delivered since the day before.
    pub(super) async fn tell_of_dead_letters(&self, at: Timestamp, now: Timestamp) -> anyhow::Result<()> {
        let mark = format!("dead-letters:{}", self.rules.calendar.date(at));
        let since = at.checked_sub(SignedDuration::from_hours(24)).unwrap_or(at);
        let dead = self.store.dead_letters().await?;
        let new = dead.iter().filter(|letter| letter.at > since).count();
        if new == 0 || self.admins.is_empty() || self.store.has_seen(&mark).await? {
            return Ok(());
        }
        let mut draft = Draft::default();
        draft.seen(mark, at.checked_add(OF_A_DAY).unwrap_or(Timestamp::MAX));
        draft.say(self.to_admins(&features::dead_letters(new, dead.len()), now));
        match self.write(draft, &mut []).await {
            Ok(()) | Err(CommitError::SeenBefore) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Once a month the administrators hear that four fifths of a platform's allowance are used.
    pub(super) async fn tell_of_allowances(&self, now: Timestamp) -> anyhow::Result<()> {
        for platform in self.platforms() {
            let Some(mut allowance) = platform.allowance() else { continue };
            allowance.used = self.used_by_all(platform.name(), allowance).await?;
            let mark = format!("allowance:{}:{}:{}", platform.name(), allowance.of, allowance.month.1);
            if allowance.used * 5 < allowance.of * 4 || self.store.has_seen(&mark).await? {
                continue;
            }
            let mut draft = Draft::default();
            draft.seen(mark, now.checked_add(A_MONTH).unwrap_or(Timestamp::MAX));
            draft.say(self.to_admins(&features::allowance(allowance.used, allowance.of), now));
            match self.write(draft, &mut []).await {
                Ok(()) | Err(CommitError::SeenBefore) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// How many calls of an allowance all processes made, as far as they have told.
    async fn used_by_all(&self, platform: &str, allowance: Allowance) -> anyhow::Result<u64> {
        let Some(shared) = self.store.shared() else { return Ok(allowance.used) };
        let (year, month) = allowance.month;
        let what = format!("{platform} {year}-{month:02}");
        let mut told = self.told_used.lock().await;
        let before = told.get(&what).copied().unwrap_or(0);
        let all = shared.count(&what, allowance.used.saturating_sub(before)).await?;
        told.insert(what, allowance.used);
        Ok(all)
    }

    /// Tells the others how many calls this process made.
    pub(super) async fn tell_of_use(&self) {
        for platform in self.platforms() {
            if let Some(allowance) = platform.allowance()
                && let Err(error) = self.used_by_all(platform.name(), allowance).await
            {
                tracing::error!("calls that were made could not be counted: {error:#}");
            }
        }
    }

    /// A message to every administrator.
    pub(super) fn to_admins(&self, message: &Message, now: Timestamp) -> Vec<Outgoing> {
        let to = |admin: &PersonId| Outgoing::new(Target::Person(admin.clone()), message.clone(), now);
        self.admins.iter().map(to).collect()
    }
}
