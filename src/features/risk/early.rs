//! Who is told early of a risk, and how long before its impact the customer was (RULES 4).

use jiff::{Timestamp, civil::Date};

use super::{Level, Risk, State, loss, words};
use crate::{
    calendar::{Calendar, typed},
    dossier::{Dossier, Hearing, Kind, Outcome, Ping, Record, Role, RoomKind, Say},
};

impl Risk {
    /// What others hear of a risk that is new or was raised: a high one is told early, with its
    /// countermeasure; without one the project manager hears at once.
    pub fn told_early(&self, dossier: &Dossier) -> Vec<Say> {
        if self.level != Level::High {
            return Vec::new();
        }
        if self.plan.is_none() {
            let call = dossier.project().call(&[Role::ProjectManager]);
            let about = Record::key(self);
            return vec![Say::Ping(Ping::new(call, about, "plan", words::high_without_plan(self)))];
        }
        if self.internal {
            return Vec::new();
        }
        vec![Say::Announce {
            hearing: Hearing::Customer,
            message: words::for_customer(self),
            about: Some(Record::key(self)),
        }]
    }

    /// The same once the customer's rooms read of it.
    pub fn told(mut self, now: Timestamp, dossier: &Dossier) -> Self {
        let reads = Kind::shared(&self) && dossier.project().rooms_of(RoomKind::Customer).next().is_some();
        if reads && self.told_at.is_none() {
            self.told_at = Some(now);
        }
        self
    }

    /// The same where it is high: then the customer's rooms are told of it at once.
    pub fn told_if_high(self, now: Timestamp, dossier: &Dossier) -> Self {
        if self.level == Level::High { self.told(now, dossier) } else { self }
    }

    /// The day of its impact: when it occurred, or the day of the milestone that it would put off, or its date.
    fn impact(&self, dossier: &Dossier, calendar: &Calendar) -> Option<Date> {
        if let State::Occurred { at } = self.state {
            return Some(calendar.date(at));
        }
        let milestone = loss::of(self, dossier, calendar).map(|loss| loss.milestone.day);
        milestone.or_else(|| self.due.as_ref().map(|due| calendar.date(due.due)))
    }

    /// How many days before its impact the customer was told; less than 0 after it.
    fn days_early(&self, dossier: &Dossier, calendar: &Calendar) -> Option<i32> {
        let told = calendar.date(self.told_at?);
        told.until(self.impact(dossier, calendar)?).ok().map(|span| span.get_days())
    }

    /// How early the customer was told, for the team.
    pub(super) fn early_in_words(
        &self,
        dossier: &Dossier,
        now: Timestamp,
        calendar: &Calendar,
    ) -> Option<String> {
        let occurred = matches!(self.state, State::Occurred { .. });
        let Some(told) = self.told_at else {
            return (occurred && !self.internal).then(|| "发生前没有告知客户".to_owned());
        };
        let told = typed::echo_date(calendar.date(told), now, calendar);
        Some(match self.days_early(dossier, calendar) {
            None => format!("{told} 告知客户"),
            Some(days) if days > 0 => format!("{told} 告知客户，比影响早 {days} 天"),
            Some(0) => format!("{told} 告知客户，就在影响当天"),
            Some(days) => format!("{told} 告知客户，比影响晚 {} 天", -days),
        })
    }
}

/// The outcome with every risk that a report to the customer lists told of.
pub fn reported(outcome: Outcome, now: Timestamp, dossier: &Dossier) -> Outcome {
    let untold = dossier.all::<Risk>().filter(|risk| risk.is_open() && risk.told_at.is_none());
    let told = untold.map(|risk| risk.clone().told(now, dossier)).filter(|risk| risk.told_at.is_some());
    told.fold(outcome, Outcome::and)
}

/// Of the risks that occurred after `from` and not after `until` and were the customer's to know: how many there
/// were, of how many they were told before, and how many days before on average. `None` where none occurred.
pub fn told_between(
    dossier: &Dossier,
    from: Timestamp,
    until: Timestamp,
    calendar: &Calendar,
) -> Option<String> {
    let occurred = dossier
        .all::<Risk>()
        .filter(|risk| !risk.internal)
        .filter(|risk| matches!(risk.state, State::Occurred { at } if from < at && at <= until));
    let occurred: Vec<&Risk> = occurred.collect();
    let early =
        occurred.iter().filter_map(|risk| risk.days_early(dossier, calendar)).filter(|days| *days >= 0);
    let early: Vec<i32> = early.collect();
    let (all, told) = (occurred.len(), early.len());
    if all == 0 {
        return None;
    }
    let average = early.iter().sum::<i32>() / i32::try_from(told.max(1)).unwrap_or(1);
    let average = if told > 0 { format!("，平均早 {average} 天") } else { String::new() };
    Some(format!("发生的风险事先告知客户 {told}/{all}{average}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::bench::{Bench, at};

    #[test]
    fn the_months_figures_count_what_occurred_and_how_long_before_it_was_told() {
        let mut bench = Bench::new("2026-11-02 10:00");
        bench.say("张经理", "/风险 账号没开通 !高 方案:先用测试账号 截止:11月10日");
        bench.say("张经理", "/风险 接口慢 方案:催");
        bench.say("张经理", "/风险 人手不够 方案:借人 !高 !内部");
        bench.until("2026-11-06 10:00");
        let told = |bench: &Bench, from: &str| {
            told_between(&bench.dossier, at(from), at("2026-12-01 00:00"), &bench.rules.calendar)
        };
        assert_eq!(told(&bench, "2026-11-01 00:00"), None);
        for risk in ["K1", "K2", "K3"] {
            bench.say("李工", &format!("/{risk} 发生"));
        }
        let words = told(&bench, "2026-11-01 00:00").unwrap();
        assert_eq!(words, "发生的风险事先告知客户 1/2，平均早 4 天");
        assert_eq!(told(&bench, "2026-11-30 00:00"), None);
        assert!(bench.say("张经理", "/K1").contains("11月2日 周一 告知客户，比影响早 4 天"));
        assert!(bench.say("张经理", "/K2").contains("发生前没有告知客户"));
        assert!(!bench.say("张经理", "/K3").contains("告知"));
    }
}
