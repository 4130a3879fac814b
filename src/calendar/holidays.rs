//! Holidays and make-up workdays by year, as data in `config/holidays/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;

/// The years that come with the program.
const SHIPPED: [&str; 3] = [
    include_str!("../../config/holidays/2025.toml"),
    include_str!("../../config/holidays/2026.toml"),
    include_str!("../../config/holidays/2027.toml"),
];

/// How far a year's data can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As the State Council's notice says.
    Announced,
    /// Derived from the statute because there was no notice yet; make-up workdays are missing.
    Expected,
}

/// All holiday years that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Holidays {
    /// The years with data.
    pub years: BTreeMap<i16, Status>,
    /// The holidays by name, in order: the first and the last day.
    pub named: BTreeMap<Date, (String, Date)>,
    /// Days off, weekends inside a holiday included.
    pub off: BTreeSet<Date>,
    /// Weekend days that are worked.
    pub work: BTreeSet<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    year: i16,
    status: Status,
    #[serde(default)]
    holiday: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    from: Date,
    to: Date,
    #[serde(default)]
    work: Vec<Date>,
}

impl Holidays {
    /// The shipped years, each replaced by the file `YYYY.toml` of `folder` where there is one.
    pub fn load(folder: Option<&Path>) -> Result<Self, String> {
        let mut years = BTreeMap::new();
        for text in SHIPPED {
            let year = parse(text)?;
            years.insert(year.year, year);
        }
        for (name, text) in folder.map(read_folder).transpose()?.unwrap_or_default() {
            let year = parse(&text).map_err(|wrong| format!("{name}: {wrong}"))?;
            years.insert(year.year, year);
        }
        let mut holidays = Self::default();
        for year in years.into_values() {
            holidays.add(year)?;
        }
        Ok(holidays)
    }

    fn add(&mut self, year: Year) -> Result<(), String> {
        for holiday in year.holiday {
            if holiday.to < holiday.from || holiday.to.duration_since(holiday.from).as_hours() > 31 * 24 {
                return Err(format!(
                    "holiday {} of {}: \"to\" must follow \"from\"",
                    holiday.name, year.year
                ));
            }
            let days = holiday.from.series(jiff::Span::new().days(1)).take_while(|day| *day <= holiday.to);
            self.off.extend(days);
            self.work.extend(holiday.work);
            self.named.insert(holiday.from, (holiday.name, holiday.to));
        }
        self.years.insert(year.year, year.status);
        Ok(())
    }
}

fn parse(text: &str) -> Result<Year, String> {
    toml::from_str(text).map_err(|wrong| format!("holiday data: {}", wrong.message()))
}

fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let wrong = |error: std::io::Error| format!("time.holiday_folder {}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push((path.display().to_string(), std::fs::read_to_string(&path).map_err(wrong)?));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Weekday, date};

    #[test]
    fn the_notice_of_2026_is_kept() {
        let holidays = Holidays::load(None).unwrap();
        assert_eq!(holidays.years[&2026], Status::Announced);
        let off = holidays.off.iter().filter(|day| day.year() == 2026).count();
        let work = holidays.work.iter().filter(|day| day.year() == 2026).count();
        // 3 + 9 + 3 + 5 + 3 + 3 + 7 days off, 6 of work: as the notice counts them.
        assert_eq!((off, work), (33, 6));
        assert!(holidays.off.contains(&date(2026, 2, 23)) && !holidays.off.contains(&date(2026, 2, 24)));
    }

    #[test]
    fn make_up_workdays_are_weekend_days_outside_of_holidays() {
        let holidays = Holidays::load(None).unwrap();
        for day in &holidays.work {
            assert!(matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday), "{day}");
            assert!(!holidays.off.contains(day), "{day}");
        }
    }

    #[test]
    fn a_folder_replaces_a_shipped_year() {
        let folder = tempfile::tempdir().unwrap();
        let text = "year = 2027\nstatus = \"announced\"\n[[holiday]]\nname = \"元旦\"\nfrom = \"2027-01-01\"\nto = \"2027-01-01\"\n";
        std::fs::write(folder.path().join("2027.toml"), text).unwrap();
        let holidays = Holidays::load(Some(folder.path())).unwrap();
        assert_eq!(holidays.years[&2027], Status::Announced);
        assert!(!holidays.off.contains(&date(2027, 2, 8)));
        assert!(holidays.off.contains(&date(2026, 10, 1)));
        std::fs::write(folder.path().join("2028.toml"), "year = 2028\nsince = 1\n").unwrap();
        assert!(Holidays::load(Some(folder.path())).unwrap_err().contains("2028.toml"));
    }
}
