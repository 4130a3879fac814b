//! `jiuding check`: what follows from the configuration.

use std::{fmt::Write, process::ExitCode};

use jiff::Timestamp;
use jiuding::{
    calendar::{Calendar, Status, schedule::Schedule},
    clock::{Clock, SystemClock},
    config::{Config, DEFAULT_FILE, Place},
};

/// The sections whose numbers are the rules.
const RULES: [&str; 8] = ["time", "sla", "minutes", "meeting", "action", "risk", "requirement", "undo"];
/// Jobs that can be configured but not had.
const NOT_BUILT_YET: [&str; 1] = ["weekly_report"];
/// How many runs of a job are shown.
const RUNS: usize = 5;

pub fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let calendar = config.rules()?.calendar;
    print!("{}", report(config, &calendar, SystemClock.now())?);
    Ok(ExitCode::SUCCESS)
}

fn report(config: &Config, calendar: &Calendar, now: Timestamp) -> anyhow::Result<String> {
    let mut report = String::new();
    match &config.origin.file {
        Some(file) => writeln!(report, "configuration: {}, well", file.display())?,
        None => writeln!(report, "configuration: the shipped defaults, since there is no {DEFAULT_FILE}")?,
    }
    writeln!(report, "\nrules")?;
    for (key, value, place) in &config.origin.settings {
        let section = key.split('.').next().unwrap_or_default();
        if RULES.contains(&section) {
            let from =
                if *place == Place::Shipped { String::new() } else { format!("   # {}", place.of(key)) };
            writeln!(report, "  {key} = {value}{from}")?;
        }
    }
    writeln!(report, "\njobs, in {}", config.time.zone)?;
    for (job, cron) in config.jobs.all() {
        let Some(cron) = cron else { continue };
        let not_built = if NOT_BUILT_YET.contains(&job) { " (not built yet: nothing is sent)" } else { "" };
        writeln!(report, "  {job}, {cron}{not_built}")?;
        let runs = next_runs(&Schedule::parse(cron).map_err(anyhow::Error::msg)?, calendar, now);
        if runs.is_empty() {
            writeln!(report, "    never")?;
        }
        for run in runs {
            let local = calendar.local(run);
            // RULES 13: the digest is for working days.
            let skipped = job == "daily_digest" && !calendar.is_working_day(local.date());
            let note = if skipped { "   day off: not sent" } else { "" };
            writeln!(report, "    {}{note}", local.strftime("%Y-%m-%d %a %H:%M:%S"))?;
        }
    }
    writeln!(report, "\nholidays")?;
    for (year, status) in calendar.years() {
        let status = match status {
            Status::Announced => "announced",
            Status::Expected => "expected, not announced",
        };
        writeln!(report, "  {year}: {status}")?;
    }
    for warning in calendar.warnings_at(now) {
        writeln!(report, "  warning: {warning}")?;
    }
    writeln!(report, "\nstore\n  sled in {}", config.store.path.display())?;
    writeln!(report, "\nswitched off")?;
    for what in switched_off(config) {
        writeln!(report, "  {what}")?;
    }
    Ok(report)
}

fn next_runs(schedule: &Schedule, calendar: &Calendar, now: Timestamp) -> Vec<Timestamp> {
    let next = |after: &Timestamp| schedule.next_after(*after, calendar);
    std::iter::successors(next(&now), next).take(RUNS).collect()
}

fn switched_off(config: &Config) -> Vec<String> {
    let mut off = Vec::new();
    let mut note = |is_off: bool, what: &str| {
        if is_off {
            off.push(what.to_owned());
        }
    };
    note(!config.playground.enabled, "playground (playground.enabled)");
    note(!config.feishu.enabled, "feishu (feishu.enabled)");
    note(!config.dingtalk.enabled, "dingtalk (dingtalk.enabled)");
    note(
        config.dingtalk.enabled && config.dingtalk.event_token.is_none(),
        "organisation events of dingtalk (dingtalk.event_token)",
    );
    note(
        config.dingtalk.enabled && config.dingtalk.group_robot.is_empty(),
        "timed mentions in groups of dingtalk (dingtalk.group_robot)",
    );
    note(config.server.admin_token.is_none(), "admin interface beyond this machine (server.admin_token)");
    note(config.server.public_url.is_none(), "links in messages (server.public_url)");
    for (job, cron) in config.jobs.all() {
        note(cron.is_none(), &format!("{job} (jobs.{job})"));
    }
    off
}
