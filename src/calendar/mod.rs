//! When people work: the zone, working days, work hours and quiet hours, and arithmetic on them.
//!
//! Everything here is a value: nothing asks a clock, and instants go in and come out. Whole days are counted
//! in the calendar's zone.

mod holidays;
mod period;
mod quarter;
pub mod schedule;
mod settings;
mod span;
pub mod typed;
mod working_time;

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use holidays::Holidays;
pub use holidays::Status;
pub use period::Period;
pub use quarter::Quarter;
pub use settings::Settings;
use settings::Window;
pub use span::Span;

/// A search for a working day gives up after this many days; settings that allow none are refused.
const DAYS_LOOKED_AT: usize = 400;

/// A zone, its working days, work hours and quiet hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    holidays: Holidays,
    company_off: BTreeSet<Date>,
    company_on: BTreeSet<Date>,
    half_days: BTreeSet<Date>,
    work_hours: Vec<Window>,
    half_day_hours: Vec<Window>,
    quiet: Window,
    deadline_at: Time,
}

impl Calendar {
    /// Builds the calendar of the `[time]` table; the error names the key and what would be right.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let zone = TimeZone::get(&settings.zone).map_err(|_| {
            format!("time.zone: unknown zone {:?}, expected for instance \"Asia/Shanghai\"", settings.zone)
        })?;
        let work_hours = Window::parse_day("work_hours", &settings.work_hours)?;
        let half_day_hours = match settings.half_day_hours.as_slice() {
            [] => vec![work_hours[0]],
            texts => Window::parse_day("half_day_hours", texts)?,
        };
        let quiet = Window::parse(&settings.quiet_hours).ok_or_else(|| {
            format!(
                "time.quiet_hours: no window {:?}, expected for instance \"21:00-08:30\"",
                settings.quiet_hours
            )
        })?;
        let company_off = settings.company_days_off.iter().copied().collect::<BTreeSet<_>>();
        let company_on = settings.company_days_on.iter().copied().collect::<BTreeSet<_>>();
        if let Some(day) = company_off.intersection(&company_on).next() {
            return Err(format!("time.company_days_off: {day} is also in company_days_on"));
        }
        if company_off.len() > 250 {
            return Err("time.company_days_off: at most 250 days".to_owned());
        }
        let last = work_hours[work_hours.len() - 1];
        Ok(Self {
            zone,
            holidays: Holidays::load(settings.holiday_folder.as_deref())?,
            company_off,
            company_on,
            half_days: settings.half_days.iter().copied().collect(),
            deadline_at: settings.deadline_at.unwrap_or(last.to),
            work_hours,
            half_day_hours,
            quiet,
        })
    }

    /// The calendar of the shipped configuration, for tests.
    pub fn shanghai() -> Self {
        let settings = Settings {
            zone: "Asia/Shanghai".to_owned(),
            work_hours: vec!["09:00-12:00".to_owned(), "13:30-18:00".to_owned()],
            quiet_hours: "21:00-08:30".to_owned(),
            deadline_at: None,
            company_days_off: Vec::new(),
            company_days_on: Vec::new(),
            half_days: Vec::new(),
            half_day_hours: Vec::new(),
            holiday_folder: None,
        };
        Self::new(&settings).expect("the shipped settings are valid")
    }

    /// The same working days in another zone, for a project elsewhere.
    pub fn in_zone(&self, zone: &str) -> Result<Self, String> {
        let zone = TimeZone::get(zone).map_err(|_| format!("unknown time zone {zone:?}"))?;
        Ok(Self { zone, ..self.clone() })
    }

    /// The zone that dates and hours are read in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The instant as clocks on the wall show it.
    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// The instant of a date and a time of day; a time that a clock change skips falls after the gap.
    pub fn at(&self, date: Date, time: Time) -> Timestamp {
        // Only dates at the two ends of the calendar have no instant.
        self.zone.to_timestamp(date.to_datetime(time)).unwrap_or(Timestamp::MAX)
    }

    /// The date on which the instant falls.
    pub fn date(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// The time of day at which a date without a time is due.
    pub fn deadline_at(&self) -> Time {
        self.deadline_at
    }

    /// When a working day begins.
    pub fn work_begins_at(&self) -> Time {
        self.work_hours[0].from
    }

    /// When a working day ends.
    pub fn work_ends_at(&self) -> Time {
        self.work_hours[self.work_hours.len() - 1].to
    }

    /// Whether people work on this day. The company's own days go before the State Council's, these before
    /// Monday to Friday.
    pub fn is_working_day(&self, date: Date) -> bool {
        if self.company_on.contains(&date) || self.company_off.contains(&date) {
            return self.company_on.contains(&date);
        }
        if self.holidays.work.contains(&date) || self.holidays.off.contains(&date) {
            return self.holidays.work.contains(&date);
        }
        !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    /// The first working day after `date`.
    pub fn next_working_day(&self, date: Date) -> Date {
        self.walk(date, 1)
    }

    /// The last working day before `date`.
    pub fn previous_working_day(&self, date: Date) -> Date {
        self.walk(date, -1)
    }

    fn walk(&self, date: Date, step: i64) -> Date {
        let mut day = date;
        for _ in 0..DAYS_LOOKED_AT {
            day = day.saturating_add(step.days());
            if self.is_working_day(day) {
                return day;
            }
        }
        day
    }

    /// `at` on the working day after the date of `after`: when "next day" pings come.
    pub fn next_working_morning(&self, after: Timestamp, at: Time) -> Timestamp {
        self.at(self.next_working_day(self.date(after)), at)
    }

    /// `at` on this date if it is worked, else on the next working day.
    pub fn working_morning_from(&self, date: Date, at: Time) -> Timestamp {
        let day = if self.is_working_day(date) { date } else { self.next_working_day(date) };
        self.at(day, at)
    }

    /// So much later; working days keep the time of day.
    pub fn add(&self, from: Timestamp, span: Span) -> Timestamp {
        self.moved(from, span, 1)
    }

    /// So much earlier; working days keep the time of day.
    pub fn subtract(&self, from: Timestamp, span: Span) -> Timestamp {
        self.moved(from, span, -1)
    }

    fn moved(&self, from: Timestamp, span: Span, direction: i32) -> Timestamp {
        match span {
            Span::Elapsed(time) => {
                let end = if direction > 0 { Timestamp::MAX } else { Timestamp::MIN };
                from.checked_add(time * direction).unwrap_or(end)
            }
            Span::WorkingDays(0) => from,
            Span::WorkingDays(days) => {
                let local = self.local(from);
                let mut day = local.date();
                for _ in 0..days {
                    let next = self.walk(day, direction.into());
                    if next == day {
                        break;
                    }
                    day = next;
                }
                self.at(day, local.time())
            }
        }
    }

    /// The first and last days off of the holidays with `name` in their names that are not over before `from`.
    pub fn holidays_named(&self, name: &str, from: Date) -> impl Iterator<Item = (Date, Date)> {
        let named = self
            .holidays
            .named
            .iter()
            .filter(move |(_, (named, last))| named.contains(name) && *last >= from);
        named.map(|(first, (_, last))| (*first, *last))
    }

    /// Whether pings that are not urgent wait: at night and on days off.
    pub fn is_quiet(&self, at: Timestamp) -> bool {
        let local = self.local(at);
        !self.is_working_day(local.date()) || self.is_quiet_hour(local.time())
    }

    fn is_quiet_hour(&self, time: Time) -> bool {
        let Window { from, to } = self.quiet;
        if from <= to { from <= time && time < to } else { time >= from || time < to }
    }

    /// The same instant if it is not quiet, else the end of the quiet stretch.
    pub fn after_quiet(&self, at: Timestamp) -> Timestamp {
        if !self.is_quiet(at) {
            return at;
        }
        let local = self.local(at);
        let mut day = local.date();
        if self.is_working_day(day) && self.is_quiet_hour(local.time()) {
            let end = self.at(day, self.quiet.to);
            if end > at {
                return end;
            }
        }
        day = self.next_working_day(day);
        let midnight = self.at(day, Time::midnight());
        if self.is_quiet(midnight) { self.at(day, self.quiet.to) } else { midnight }
    }

    /// The years with holiday data, and how far each can be relied on.
    pub fn years(&self) -> Vec<(i16, Status)> {
        self.holidays.years.iter().map(|(year, status)| (*year, *status)).collect()
    }

    /// Whether there is holiday data of the year; without it, Monday to Friday are worked.
    pub fn has_data(&self, year: i16) -> bool {
        self.holidays.years.contains_key(&year)
    }

    /// What an administrator should know of the holiday data around `now`.
    pub fn warnings_at(&self, now: Timestamp) -> Vec<String> {
        let year = self.date(now).year();
        let mut warnings = Vec::new();
        for year in [year, year.saturating_add(1)] {
            match self.holidays.years.get(&year) {
                Some(Status::Announced) => {}
                Some(Status::Expected) => warnings.push(expected(year)),
                None => warnings
                    .push(format!("no holiday data for {year}: Monday to Friday count as working days")),
            }
        }
        warnings
    }

    /// What an administrator should know of the holiday data, whatever the date.
    pub fn warnings(&self) -> Vec<String> {
        let expected_years = self.holidays.years.iter().filter(|(_, status)| **status == Status::Expected);
        expected_years.map(|(year, _)| expected(*year)).collect()
    }

    /// Changes when the zone, the holidays or the hours change; a running clock notes it.
    pub fn fingerprint(&self) -> u32 {
        let days = (&self.holidays, &self.company_off, &self.company_on, &self.half_days);
        let hours = (&self.work_hours, &self.half_day_hours, self.quiet, self.deadline_at);
        crc32fast::hash(format!("{:?} {days:?} {hours:?}", self.zone.iana_name()).as_bytes())
    }

    /// The windows worked on this day, as instants; none on a day off.
    fn windows(&self, date: Date) -> Vec<(Timestamp, Timestamp)> {
        if !self.is_working_day(date) {
            return Vec::new();
        }
        let windows = if self.half_days.contains(&date) { &self.half_day_hours } else { &self.work_hours };
        windows.iter().map(|window| (self.at(date, window.from), self.at(date, window.to))).collect()
    }
}

fn expected(year: i16) -> String {
    format!(
        "holidays of {year} are derived from the statute, without make-up workdays: \
         put the State Council's notice into config/holidays/{year}.toml or time.holiday_folder"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at(text: &str) -> Timestamp {
        Calendar::shanghai().zone().to_timestamp(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn make_up_workdays_are_worked_and_holidays_are_not() {
        let calendar = Calendar::shanghai();
        assert!(calendar.is_working_day(date(2026, 10, 10)) && !calendar.is_working_day(date(2026, 10, 7)));
        assert!(calendar.is_working_day(date(2026, 2, 14)) && !calendar.is_working_day(date(2026, 2, 23)));
        assert_eq!(calendar.next_working_day(date(2026, 9, 30)), date(2026, 10, 8));
        assert_eq!(calendar.previous_working_day(date(2026, 10, 8)), date(2026, 9, 30));
        assert_eq!(calendar.previous_working_day(date(2026, 10, 12)), date(2026, 10, 10));
    }

    #[test]
    fn a_year_without_data_is_worked_from_monday_to_friday() {
        let calendar = Calendar::shanghai();
        assert!(!calendar.has_data(2031) && calendar.has_data(2026));
        assert!(calendar.is_working_day(date(2031, 10, 1)) && !calendar.is_working_day(date(2031, 10, 4)));
        let warnings = calendar.warnings_at(at("2030-11-24T09:00"));
        assert_eq!(warnings.len(), 2);
        assert!(calendar.warnings_at(at("2025-11-24T09:00")).is_empty());
    }

    #[test]
    fn the_companys_own_days_go_first() {
        let mut calendar = Calendar::shanghai();
        let before = calendar.fingerprint();
        calendar.company_on.insert(date(2026, 10, 7));
        calendar.company_off.insert(date(2026, 10, 10));
        assert!(calendar.is_working_day(date(2026, 10, 7)) && !calendar.is_working_day(date(2026, 10, 10)));
        assert_ne!(calendar.fingerprint(), before);
        assert_eq!(Calendar::shanghai().fingerprint(), before);
    }

    #[test]
    fn working_days_keep_the_time_of_day() {
        let calendar = Calendar::shanghai();
        assert_eq!(calendar.add(at("2026-11-27T16:20"), Span::WorkingDays(1)), at("2026-11-30T16:20"));
        assert_eq!(calendar.add(at("2026-11-28T16:20"), Span::WorkingDays(3)), at("2026-12-02T16:20"));
        assert_eq!(calendar.subtract(at("2026-11-30T16:20"), Span::WorkingDays(1)), at("2026-11-27T16:20"));
        assert_eq!(calendar.subtract(at("2026-11-30T16:20"), Span::hours(24)), at("2026-11-29T16:20"));
        assert_eq!(calendar.add(Timestamp::MAX, Span::hours(1)), Timestamp::MAX);
    }

    #[test]
    fn next_day_pings_come_in_the_morning_of_a_working_day() {
        let calendar = Calendar::shanghai();
        let half_past_nine = jiff::civil::time(9, 30, 0, 0);
        assert_eq!(
            calendar.next_working_morning(at("2026-11-27T08:00"), half_past_nine),
            at("2026-11-30T09:30")
        );
        assert_eq!(calendar.working_morning_from(date(2026, 11, 27), half_past_nine), at("2026-11-27T09:30"));
        assert_eq!(calendar.working_morning_from(date(2026, 11, 28), half_past_nine), at("2026-11-30T09:30"));
    }

    #[test]
    fn quiet_hours_are_nights_and_days_off() {
        let calendar = Calendar::shanghai();
        let after = |text| calendar.after_quiet(at(text));
        assert_eq!(after("2026-11-24T20:59"), at("2026-11-24T20:59"));
        assert_eq!(after("2026-11-24T21:00"), at("2026-11-25T08:30"));
        assert_eq!(after("2026-11-25T08:29"), at("2026-11-25T08:30"));
        assert_eq!(after("2026-11-27T22:00"), at("2026-11-30T08:30"));
        assert_eq!(after("2026-11-28T12:00"), at("2026-11-30T08:30"));
        assert_eq!(after("2026-09-30T21:30"), at("2026-10-08T08:30"));
        assert_eq!(after("2026-10-09T21:30"), at("2026-10-10T08:30"));
    }

    #[test]
    fn wrong_settings_name_the_key() {
        let settings = |text: &str| {
            let base =
                "zone = \"Asia/Shanghai\"\nwork_hours = [\"09:00-18:00\"]\nquiet_hours = \"21:00-08:30\"\n";
            let mut table: toml::Table = base.parse().unwrap();
            table.extend(text.parse::<toml::Table>().unwrap());
            Calendar::new(&table.try_into().unwrap())
        };
        assert!(settings("").is_ok());
        assert!(
            settings("deadline_at = \"17:30\"").unwrap().deadline_at() == jiff::civil::time(17, 30, 0, 0)
        );
        assert!(settings("zone = \"Asia/Shangai\"").unwrap_err().starts_with("time.zone"));
        assert!(settings("quiet_hours = \"nights\"").unwrap_err().starts_with("time.quiet_hours"));
        let twice = "company_days_on = [\"2026-12-05\"]\ncompany_days_off = [\"2026-12-05\"]";
        assert!(settings(twice).unwrap_err().starts_with("time.company_days_off"));
    }
}
