//! `jiuding check`: what follows from the configuration.

use std::{fmt::Write, path::Path, process::ExitCode};

use jiff::Timestamp;
use jiuding::{
    calendar::{Calendar, Status, schedule::Schedule},
    clock::{Clock, SystemClock},
    config::{Config, DEFAULT_FILE, DingTalkTransport, FeishuTransport, Place, StoreEngine},
    dossier::{CadenceRule, Role},
    features::CUSTOMER_JOBS,
    store::postgres,
};
use rustix::fs::IFlags;

use super::store;

/// The sections whose numbers are the rules.
const RULES: [&str; 20] = [
    "time",
    "sla",
    "minutes",
    "meeting",
    "action",
    "risk",
    "requirement",
    "change",
    "notice",
    "milestone",
    "acceptance",
    "touch",
    "document",
    "weekly",
    "survey",
    "review",
    "improvement",
    "health",
    "search",
    "undo",
];
/// How many runs of a job are shown.
const RUNS: usize = 5;
/// How many runs are looked at for those that count.
const LOOKED_AT: usize = 1_000;

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
    writeln!(report, "\ncadence")?;
    for rule in &config.cadence {
        writeln!(report, "  {}", cadence(rule))?;
    }
    if config.cadence.is_empty() {
        writeln!(report, "  none")?;
    }
    writeln!(report, "\njobs, in {}", config.time.zone)?;
    for (job, cron) in config.jobs.all() {
        let Some(cron) = cron else { continue };
        let of_customers = CUSTOMER_JOBS.iter().any(|customers| customers.name == job);
        let every_day = job == jiuding::engine::ADMIN_NOTICE || of_customers;
        let days = if every_day { "every day" } else { "on working days" };
        writeln!(report, "  {job} = {cron:?}, {days}")?;
        let schedule = Schedule::parse(cron).map_err(anyhow::Error::msg)?;
        let runs = next_runs(&schedule, every_day, calendar, now);
        if runs.is_empty() {
            writeln!(report, "    never")?;
        }
        for run in runs {
            writeln!(report, "    {}", calendar.local(run).strftime("%Y-%m-%d %a %H:%M:%S"))?;
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
    writeln!(report, "\nstore")?;
    match config.store.engine {
        StoreEngine::Sled => {
            writeln!(report, "  sled in {}", config.store.path.display())?;
            writeln!(report, "  {}", durability(&config.store.path))?;
        }
        StoreEngine::Postgres => {
            let (place, warning) = postgres::describe(store::url(config))?;
            writeln!(report, "  postgres, {place}")?;
            warning.map_or(Ok(()), |warning| writeln!(report, "  warning: {warning}"))?;
        }
    }
    writeln!(report, "\nplatforms")?;
    for line in platforms(config) {
        writeln!(report, "  {line}")?;
    }
    writeln!(report, "\nswitched off")?;
    for what in switched_off(config) {
        writeln!(report, "  {what}")?;
    }
    Ok(report)
}

/// RULES 8: a contact that is owed again and again, in one line.
fn cadence(rule: &CadenceRule) -> String {
    let roles = |roles: &[Role]| roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    let phases: Vec<&str> = rule.phases.iter().map(|phase| phase.name()).collect();
    let counts: Vec<&str> = rule.counts.iter().map(|counted| counted.name()).collect();
    let most = if rule.most == 0 { String::new() } else { format!(" ({} periods)", rule.most) };
    let (phases, counts) = (phases.join(", "), counts.join(", "));
    let with = if rule.with.is_empty() { String::new() } else { format!(" with {}", roles(&rule.with)) };
    let figures = if rule.figures { ", with the numbers of bugs" } else { "" };
    let CadenceRule { name, times, every, by, .. } = rule;
    format!("{name}: {phases}, {times} in {every}{most}, {counts} by {}{with}{figures}", roles(by))
}

/// RULES 13: digests, reports and their reminders are for working days.
fn next_runs(schedule: &Schedule, every_day: bool, calendar: &Calendar, now: Timestamp) -> Vec<Timestamp> {
    let next = |after: &Timestamp| schedule.next_after(*after, calendar);
    let runs = std::iter::successors(next(&now), next).take(LOOKED_AT);
    runs.filter(|run| every_day || calendar.is_working_day(calendar.date(*run))).take(RUNS).collect()
}

/// How well the store's folder keeps what is acknowledged through a power cut.
pub(super) fn durability(folder: &Path) -> String {
    match takes_synchronous_updates(folder) {
        Ok(true) => "its file system takes the synchronous-updates attribute".to_owned(),
        Ok(false) => "its file system refuses the synchronous-updates attribute: the file is synced after \
                      each write instead"
            .to_owned(),
        Err(error) => format!("warning: nothing can be written there ({error})"),
    }
}

/// Tries it on a folder of its own, beside what is there.
fn takes_synchronous_updates(folder: &Path) -> std::io::Result<bool> {
    let folder = std::path::absolute(folder)?;
    let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let probe = there.join(format!(".jiuding-check-{}", std::process::id()));
    std::fs::create_dir(&probe)?;
    let taken = std::fs::File::open(&probe).map(|probe| {
        let flags = rustix::fs::ioctl_getflags(&probe);
        flags.and_then(|flags| rustix::fs::ioctl_setflags(&probe, flags | IFlags::SYNC)).is_ok()
    });
    std::fs::remove_dir(&probe)?;
    taken
}

/// How each platform is heard, and what that needs.
fn platforms(config: &Config) -> Vec<String> {
    let public = config.server.public_url.as_deref().unwrap_or("https://…");
    let webhook = |path: &str| {
        format!("by webhook, {}{path} must be reachable from outside", public.trim_end_matches('/'))
    };
    let held = |transport: &str, base: &str| {
        format!("over a long connection ({transport}, {base}), no public address needed")
    };
    let mut lines = Vec::new();
    if config.opens_playground() {
        lines.push(format!("playground: http://{}/", config.server.listen));
    }
    if config.feishu.enabled {
        lines.push(match config.feishu.transport {
            FeishuTransport::Webhook => format!("feishu: {}", webhook("/feishu/event")),
            FeishuTransport::Websocket => format!("feishu: {}", held("websocket", &config.feishu.base_url)),
        });
    }
    if config.dingtalk.enabled {
        lines.push(match config.dingtalk.transport {
            DingTalkTransport::Webhook => format!("dingtalk: {}", webhook("/dingtalk/robot")),
            DingTalkTransport::Stream => format!("dingtalk: {}", held("stream", &config.dingtalk.base_url)),
        });
    }
    lines
}

fn switched_off(config: &Config) -> Vec<String> {
    let mut off = Vec::new();
    let mut note = |is_off: bool, what: &str| {
        if is_off {
            off.push(what.to_owned());
        }
    };
    note(!config.playground.enabled, "playground (playground.enabled)");
    note(
        config.playground.enabled && !config.opens_playground(),
        "playground, beside a real platform (feishu.enabled, dingtalk.enabled)",
    );
    note(!config.feishu.enabled, "feishu (feishu.enabled)");
    note(!config.dingtalk.enabled, "dingtalk (dingtalk.enabled)");
    note(
        config.dingtalk.enabled
            && config.dingtalk.transport == DingTalkTransport::Webhook
            && config.dingtalk.event_token.is_none(),
        "organisation events of dingtalk (dingtalk.event_token)",
    );
    note(
        config.dingtalk.enabled && config.dingtalk.group_robot.is_empty(),
        "timed mentions in groups of dingtalk (dingtalk.group_robot)",
    );
    note(
        config.dingtalk.enabled && config.dingtalk.card_template.is_none(),
        "cards of dingtalk that are edited in place (dingtalk.card_template)",
    );
    note(config.server.admin_token.is_none(), "admin interface beyond this machine (server.admin_token)");
    note(config.server.public_url.is_none(), "links in messages (server.public_url)");
    for (job, cron) in config.jobs.all() {
        note(cron.is_none(), &format!("{job} (jobs.{job})"));
    }
    off
}
