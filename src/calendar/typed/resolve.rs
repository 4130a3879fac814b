//! From the words of a phrase to an instant.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::amount::{Offset, OffsetKind};
use super::day::{Day, DayWords, Month, Year};
use super::echo::{echo, echo_date, weekday_name};
use super::hour::{Minutes, TimeWords};
use super::phrase::Phrase;
use super::{Reading, Unreadable};
use crate::calendar::{Calendar, Span};

/// Nobody promises further ahead than this; beyond it a year was mistyped.
const YEARS_AHEAD: i64 = 10;

/// A question offers no more buttons than these. CONTRACT 4.
const MOST_CHOICES: usize = 3;

/// What the words are read against.
struct Reader<'a> {
    now: Timestamp,
    today: Date,
    calendar: &'a Calendar,
}

/// Finds the instant that the phrase means.
pub(super) fn resolve(phrase: &Phrase, now: Timestamp, calendar: &Calendar) -> Result<Reading, Unreadable> {
    let reader = Reader { now, today: calendar.date(now), calendar };
    if let Some(offset) = phrase.offset {
        return reader.moment(offset);
    }
    let days = reader.days(&phrase.days)?;
    let Some(time) = &phrase.time else { return reader.untimed(&days) };
    let reading = reader.timed(&days, time, &phrase.days)?;
    reader.with_end(reading, time)
}

impl Reader<'_> {
    /// `两小时后`; whole days without a word behind them are dates.
    fn moment(&self, offset: Offset) -> Result<Reading, Unreadable> {
        let amount = offset.amount;
        if amount.seconds == 0 {
            let ago = offset.kind == OffsetKind::Ago;
            return self.untimed(&self.dates(&DayWords::In { amount, ago })?);
        }
        if amount.months > 0 || amount.working_days > 0 {
            return Err(Unreadable::NotATime);
        }
        let seconds =
            SignedDuration::from_secs(amount.days.saturating_mul(86_400).saturating_add(amount.seconds));
        if offset.kind == OffsetKind::Ago {
            return Err(self.past(self.calendar.subtract(self.now, Span::Elapsed(seconds))));
        }
        let at = self.calendar.add(self.now, Span::Elapsed(seconds));
        self.near_enough(self.calendar.date(at))?;
        Ok(Reading { at: whole_second(at), end: None, timed: true })
    }

    /// The days that all the words together can mean.
    fn days(&self, words: &[DayWords]) -> Result<Vec<Date>, Unreadable> {
        let Some((first, others)) = words.split_first() else { return Ok(vec![self.today]) };
        let mut dates = self.dates(first)?;
        let mut first = first;
        for other in others {
            dates = match (first, other) {
                (DayWords::In { amount, ago: false }, DayWords::Weekday { week: None, weekday }) => {
                    match amount.in_weeks() {
                        Some(week) => {
                            self.dates(&DayWords::Weekday { week: Some(week), weekday: *weekday })?
                        }
                        None => self.agreeing(dates, *weekday)?,
                    }
                }
                (_, DayWords::Weekday { week: None, weekday }) => self.agreeing(dates, *weekday)?,
                (DayWords::Weekday { week: None, weekday }, _) => {
                    self.agreeing(self.dates(other)?, *weekday)?
                }
                _ => {
                    let second = self.dates(other)?;
                    let same: Vec<_> = dates.iter().copied().filter(|date| second.contains(date)).collect();
                    if same.is_empty() {
                        return Err(self.contradiction(dates.first(), second.first().map(|d| self.words(*d))));
                    }
                    same
                }
            };
            first = if matches!(first, DayWords::Weekday { week: None, .. }) { other } else { first };
        }
        for date in &dates {
            self.near_enough(*date)?;
        }
        Ok(dates)
    }

    fn agreeing(&self, dates: Vec<Date>, weekday: i64) -> Result<Vec<Date>, Unreadable> {
        let agrees = |date: &Date| i64::from(date.weekday().to_monday_zero_offset()) == weekday;
        if let Some(date) = dates.iter().copied().find(agrees) {
            return Ok(vec![date]);
        }
        let typed = usize::try_from(weekday).ok().map(weekday_name).map(str::to_owned);
        Err(self.contradiction(dates.first(), typed))
    }

    fn contradiction(&self, date: Option<&Date>, other: Option<String>) -> Unreadable {
        let date = date.map(|date| self.words(*date)).unwrap_or_default();
        Unreadable::Contradiction { date, other: other.unwrap_or_default() }
    }

    fn words(&self, date: Date) -> String {
        echo_date(date, self.now, self.calendar)
    }

    fn near_enough(&self, date: Date) -> Result<(), Unreadable> {
        let last = self.today.saturating_add(YEARS_AHEAD.years());
        if date > last { Err(Unreadable::TooFar { reading: self.words(date) }) } else { Ok(()) }
    }

    /// The days that one word can mean, the likeliest first.
    fn dates(&self, words: &DayWords) -> Result<Vec<Date>, Unreadable> {
        let today = self.today;
        let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
        let in_week = |week: i64, weekday: i64| monday.saturating_add((week * 7 + weekday).days());
        let one = match words {
            DayWords::Relative(days) => today.saturating_add(days.days()),
            DayWords::EitherRelative(one, other) => {
                return Ok(vec![today.saturating_add(one.days()), today.saturating_add(other.days())]);
            }
            DayWords::In { amount, ago } => return self.in_days(*amount, *ago).map(|date| vec![date]),
            DayWords::Weekday { week: Some(week), weekday } => in_week(*week, *weekday),
            DayWords::Weekday { week: None, weekday } => {
                let ahead = (weekday - i64::from(today.weekday().to_monday_zero_offset())).rem_euclid(7);
                today.saturating_add(ahead.days())
            }
            DayWords::WorkingWeek(week) => {
                let days = (0..7).rev().map(|weekday| in_week(*week, weekday)).filter(|day| *day >= today);
                let worked = days.clone().find(|day| self.calendar.is_working_day(*day));
                worked.unwrap_or_else(|| in_week(*week, 6))
            }
            DayWords::Week(week) if *week < 0 => in_week(*week, 4),
            DayWords::Week(week) => return Ok([0, 2, 4].map(|weekday| in_week(*week, weekday)).to_vec()),
            DayWords::Weekend(week) => return Ok([5, 6].map(|weekday| in_week(*week, weekday)).to_vec()),
            DayWords::NextWorking => self.calendar.next_working_day(today),
            DayWords::Holiday { name, before } => {
                let mut holidays = self.calendar.holidays_named(name, today);
                if *before {
                    let (first, _) =
                        holidays.find(|(first, _)| *first > today).ok_or(Unreadable::NotATime)?;
                    self.calendar.previous_working_day(first)
                } else {
                    let (_, last) = holidays.next().ok_or(Unreadable::NotATime)?;
                    self.calendar.next_working_day(last)
                }
            }
            DayWords::Month { year, month, day } => return self.in_month(*year, *month, *day),
            DayWords::DayOfMonth(day) => return self.day_of_month(*day),
            DayWords::Quarter { ahead, last } => {
                let first =
                    today.first_of_month().saturating_sub(i64::from((today.month() - 1) % 3).months());
                // A quarter's beginning is only ever typed ahead of it.
                let ahead = if !last && *ahead == 0 { 1 } else { *ahead };
                let first = first.saturating_add((ahead * 3).months());
                if *last { first.saturating_add(2.months()).last_of_month() } else { first }
            }
            DayWords::NumberedQuarter { year, quarter } => {
                return self.in_month(*year, Month::Number(quarter * 3), Day::Last);
            }
        };
        Ok(vec![one])
    }

    fn in_days(&self, amount: super::amount::Amount, ago: bool) -> Result<Date, Unreadable> {
        let sign = if ago { -1 } else { 1 };
        let far = || Unreadable::TooFar { reading: "很久以后".to_owned() };
        if amount.days > 36_600 || amount.months > 1_200 || amount.working_days > 5_000 {
            return Err(far());
        }
        let days = (sign * amount.days).days().months(sign * amount.months);
        let mut date = self.today.checked_add(days).map_err(|_| far())?;
        for _ in 0..amount.working_days {
            date = if ago {
                self.calendar.previous_working_day(date)
            } else {
                self.calendar.next_working_day(date)
            };
        }
        Ok(date)
    }

    fn in_month(&self, year: Year, month: Month, day: Day) -> Result<Vec<Date>, Unreadable> {
        let today = self.today;
        let first = match month {
            Month::Number(month) => {
                let year = match year {
                    Year::Number(year) => year,
                    Year::Ahead(years) => {
                        i16::try_from(i64::from(today.year()) + years).unwrap_or(today.year())
                    }
                    // In November and December the first months of a year are next year's.
                    Year::Unsaid if today.month() >= 11 && month <= 2 => today.year() + 1,
                    Year::Unsaid => today.year(),
                };
                Date::new(year, month, 1).map_err(|_| Unreadable::NotATime)?
            }
            Month::Ahead(months) => today.first_of_month().saturating_add(months.months()),
            Month::Coming => {
                let this = today.first_of_month();
                let gone = matches!(day, Day::Number(day) if day < today.day());
                if gone { this.saturating_add(1.month()) } else { this }
            }
        };
        let date = |day: i8| Date::new(first.year(), first.month(), day);
        match day {
            Day::Last => Ok(vec![first.last_of_month()]),
            Day::LastWorking => {
                let next = first.last_of_month().saturating_add(1.day());
                Ok(vec![self.calendar.previous_working_day(next)])
            }
            Day::FirstWorking => Ok(vec![self.calendar.next_working_day(first.saturating_sub(1.day()))]),
            Day::Number(day) => date(day).map(|date| vec![date]).map_err(|_| no_such_day(first, day)),
            Day::Any => {
                let dates = [first, first.saturating_add(14.days()), first.last_of_month()];
                Ok(dates.into_iter().collect())
            }
        }
    }

    /// `30号`: of this month, or of the next where it has passed.
    fn day_of_month(&self, day: i8) -> Result<Vec<Date>, Unreadable> {
        let first = self.today.first_of_month();
        let next = first.saturating_add(1.month());
        let of = |first: Date| Date::new(first.year(), first.month(), day);
        match of(first) {
            Ok(date) if date >= self.today => Ok(vec![date]),
            Ok(_) => of(next).map(|date| vec![date]).map_err(|_| no_such_day(next, day)),
            // `31号` in a month of thirty days is a slip, or the next month's.
            Err(_) => Ok([Ok(first.last_of_month()), of(next)].into_iter().flatten().collect()),
        }
    }

    /// A date without a time: due when that day's work ends.
    fn untimed(&self, dates: &[Date]) -> Result<Reading, Unreadable> {
        let due = |date: Date| self.calendar.at(date, self.calendar.deadline_at());
        for date in dates {
            self.near_enough(*date)?;
        }
        let ahead: Vec<_> = dates.iter().copied().filter(|date| *date >= self.today).map(due).collect();
        match ahead.as_slice() {
            [at] => Ok(Reading { at: *at, end: None, timed: false }),
            [] => Err(self.past(dates.first().copied().map_or(self.now, due))),
            _ => Err(self.ambiguous(ahead)),
        }
    }

    fn timed(&self, dates: &[Date], time: &TimeWords, words: &[DayWords]) -> Result<Reading, Unreadable> {
        let begins = time.begins(self.calendar);
        let all: Vec<_> =
            dates.iter().flat_map(|date| begins.iter().map(|begin| self.instant(*date, *begin))).collect();
        let Some(first) = all.first().copied() else { return Err(Unreadable::NotATime) };
        let ahead: Vec<_> = all.into_iter().filter(|at| *at > self.now).collect();
        match ahead.as_slice() {
            [] => {}
            [at] => return Ok(self.as_timed(self.just_after_midnight(*at, words, &begins))),
            _ => return Err(self.ambiguous(ahead)),
        }
        let day = |days: i64| self.today.saturating_add(days.days());
        if words.is_empty() && time.is_after_midnight() {
            return match begins.as_slice() {
                [begin] => Ok(self.as_timed(self.instant(day(1), *begin))),
                _ => Err(self.ambiguous(begins.iter().map(|begin| self.instant(day(1), *begin)).collect())),
            };
        }
        let today = matches!(words, [] | [DayWords::Relative(0)]);
        let evening = self.instant(self.today, begins[0] + 720);
        if today && time.could_be_evening() && evening > self.now {
            let tomorrow = words.is_empty().then(|| self.instant(day(1), begins[0]));
            return Err(self.ambiguous([Some(evening), tomorrow].into_iter().flatten().collect()));
        }
        Err(self.past(first))
    }

    /// `半夜2点` typed at half past twelve at night is an hour and a half away, not a day more.
    fn just_after_midnight(&self, at: Timestamp, words: &[DayWords], begins: &[Minutes]) -> Timestamp {
        let sooner = self.calendar.subtract(at, Span::hours(24));
        let night = words.is_empty() && begins.iter().all(|begin| *begin > 1_440);
        if night && self.calendar.local(self.now).hour() < 5 && sooner > self.now { sooner } else { at }
    }

    fn as_timed(&self, at: Timestamp) -> Reading {
        Reading { at, end: None, timed: true }
    }

    fn with_end(&self, reading: Reading, time: &TimeWords) -> Result<Reading, Unreadable> {
        let Some(words) = &time.end else { return Ok(reading) };
        let begin = self.calendar.local(reading.at);
        let end = match words.days.as_slice() {
            days @ [_, ..] => {
                let date = self.days(days)?.first().copied().ok_or(Unreadable::NotATime)?;
                self.instant(date, time.ends_on_its_day().ok_or(Unreadable::NotATime)?)
            }
            [] => {
                let minutes = i64::from(begin.hour()) * 60 + i64::from(begin.minute());
                let end = time.ends(minutes).ok_or(Unreadable::NotATime)?;
                self.instant(begin.date(), end)
            }
        };
        if end <= reading.at {
            return Err(Unreadable::NotATime);
        }
        Ok(Reading { end: Some(end), ..reading })
    }

    fn instant(&self, date: Date, minutes: Minutes) -> Timestamp {
        let date = date.saturating_add(minutes.div_euclid(1_440).days());
        let of_day = SignedDuration::from_mins(minutes.rem_euclid(1_440));
        let time = Time::midnight().checked_add(of_day).unwrap_or(Time::midnight());
        self.calendar.at(date, time)
    }

    fn past(&self, at: Timestamp) -> Unreadable {
        Unreadable::Past { at, reading: echo(at, self.now, self.calendar) }
    }

    fn ambiguous(&self, mut choices: Vec<Timestamp>) -> Unreadable {
        choices.sort_unstable();
        choices.dedup();
        choices.truncate(MOST_CHOICES);
        let words = choices.iter().map(|at| echo(*at, self.now, self.calendar)).collect();
        Unreadable::Ambiguous { choices, words }
    }
}

fn no_such_day(month: Date, day: i8) -> Unreadable {
    Unreadable::NoSuchDay { day: format!("{}年{}月{day}日", month.year(), month.month()) }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
