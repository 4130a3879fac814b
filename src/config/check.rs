//! What a configuration must be beyond having the right types.

use reqwest::Url;

use crate::calendar::{Calendar, Span, schedule::Schedule};

use super::{Config, FeishuTransport, Secret, StoreEngine};

/// The key, and what is wrong with its value and how to put it right.
type Wrong = (String, String);

/// Finds the first thing that would not work.
pub(super) fn validate(config: &Config) -> Result<(), Wrong> {
    store(config)?;
    platforms(config)?;
    if let Some(url) = &config.server.public_url {
        parse_url("server.public_url", url)?;
    }
    for (index, admin) in config.server.admins.iter().enumerate() {
        let known = ["feishu:", "dingtalk:", "playground:"]
            .iter()
            .any(|name| admin.strip_prefix(name).is_some_and(|id| !id.is_empty()));
        if !known {
            return wrong(&format!("server.admins[{index}]"), "expected for instance \"feishu:ou_xxx\"");
        }
    }
    webhook_rooms(config)?;
    numbers(config)?;
    cadence(config)?;
    time(config)
}

/// Refuses every address of an enabled platform that is not loopback.
pub(super) fn only_loopback(config: &Config) -> Result<(), Wrong> {
    let refuse = |key: &str, why: &str| {
        wrong(
            key,
            &format!(
                "{why}, which a simulated clock refuses; use http://127.0.0.1:… or disable the platform"
            ),
        )
    };
    for (key, url) in addresses(config) {
        if !is_loopback(&parse_url(&key, url)?) {
            return refuse(&key, "is no loopback address");
        }
    }
    let session_host = config.dingtalk.session_host.as_ref().filter(|_| config.dingtalk.enabled);
    if let Some(host) = session_host {
        let key = "dingtalk.session_host";
        if !is_loopback(&parse_url(key, &format!("http://{host}"))?) {
            return refuse(key, "is no loopback address");
        }
    }
    Ok(())
}

/// The address may hold a password: errors keep it out.
fn store(config: &Config) -> Result<(), Wrong> {
    let url = config.store.url.as_ref().map_or("", Secret::reveal);
    let is_address = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    if config.store.engine == StoreEngine::Postgres && !is_address {
        return wrong(
            "store.url",
            "store.engine is \"postgres\": expected for instance \"postgres://user@host/db\"",
        );
    }
    Ok(())
}

fn platforms(config: &Config) -> Result<(), Wrong> {
    let feishu = &config.feishu;
    if feishu.enabled {
        needed("feishu.app_id", &feishu.app_id, "feishu")?;
        needed("feishu.app_secret", feishu.app_secret.reveal(), "feishu")?;
        let signed = feishu.encrypt_key.is_some() || feishu.verification_token.is_some();
        if feishu.transport == FeishuTransport::Webhook && !signed {
            return wrong(
                "feishu.encrypt_key",
                "the webhook needs this, or feishu.verification_token; the websocket needs neither",
            );
        }
    }
    let dingtalk = &config.dingtalk;
    if dingtalk.enabled {
        needed("dingtalk.client_id", &dingtalk.client_id, "dingtalk")?;
        needed("dingtalk.client_secret", dingtalk.client_secret.reveal(), "dingtalk")?;
        needed("dingtalk.robot_code", &dingtalk.robot_code, "dingtalk")?;
        if dingtalk.event_token.is_some() != dingtalk.event_aes_key.is_some() {
            let missing = if dingtalk.event_token.is_none() { "event_token" } else { "event_aes_key" };
            return wrong(
                &format!("dingtalk.{missing}"),
                "is needed: event_token and event_aes_key go together",
            );
        }
        if dingtalk.event_aes_key.as_ref().is_some_and(|key| key.reveal().len() != 43) {
            return wrong("dingtalk.event_aes_key", "expected the 43 characters that DingTalk shows");
        }
        for (index, robot) in dingtalk.group_robot.iter().enumerate() {
            let key = |name: &str| format!("dingtalk.group_robot[{index}].{name}");
            needed(&key("conversation"), &robot.conversation, "a group robot")?;
            needed(&key("url"), robot.url.reveal(), "a group robot")?;
        }
    }
    parse_url("feishu.base_url", &feishu.base_url)?;
    parse_url("dingtalk.base_url", &dingtalk.base_url)?;
    parse_url("dingtalk.oapi_base_url", &dingtalk.oapi_base_url)?;
    addresses(config).into_iter().try_for_each(|(key, url)| parse_url(&key, url).map(|_| ()))
}

/// Every address at which an enabled platform is spoken to.
fn addresses(config: &Config) -> Vec<(String, &str)> {
    let mut all = Vec::new();
    if config.feishu.enabled {
        all.push(("feishu.base_url".to_owned(), config.feishu.base_url.as_str()));
    }
    let dingtalk = &config.dingtalk;
    if dingtalk.enabled {
        all.push(("dingtalk.base_url".to_owned(), dingtalk.base_url.as_str()));
        all.push(("dingtalk.oapi_base_url".to_owned(), dingtalk.oapi_base_url.as_str()));
        let robots = dingtalk.group_robot.iter().map(|robot| &robot.url).map(Secret::reveal);
        all.extend(
            robots.enumerate().map(|(index, url)| (format!("dingtalk.group_robot[{index}].url"), url)),
        );
    }
    let rooms = config.webhook_room.iter().map(|room| &room.url).map(Secret::reveal);
    all.extend(rooms.enumerate().map(|(index, url)| (format!("webhook_room[{index}].url"), url)));
    all
}

/// Rooms that are only spoken into.
fn webhook_rooms(config: &Config) -> Result<(), Wrong> {
    for (index, room) in config.webhook_room.iter().enumerate() {
        let key = |name: &str| format!("webhook_room[{index}].{name}");
        if room.name.trim().is_empty() || room.name.trim() != room.name {
            return wrong(&key("name"), "needs a name, without blanks around it");
        }
        if config.webhook_room[..index].iter().any(|other| other.name == room.name) {
            return wrong(&key("name"), "another room has this name");
        }
        if room.is_feishu().is_none() {
            return wrong(&key("platform"), "expected \"dingtalk\" or \"feishu\"");
        }
        let url = parse_url(&key("url"), room.url.reveal())?;
        if url.scheme() != "https" && !is_loopback(&url) {
            return wrong(&key("url"), "must begin with https://: what is said there is not for others");
        }
    }
    Ok(())
}

fn numbers(config: &Config) -> Result<(), Wrong> {
    for (key, wait) in [
        ("feishu.pong_within", config.feishu.pong_within),
        ("dingtalk.ping_every", config.dingtalk.ping_every),
    ] {
        if !(1..=600).contains(&wait.as_secs()) {
            return wrong(key, "expected \"1s\" to \"10m\"");
        }
    }
    // Feishu itself waits three seconds, the way there and back among them.
    if !(1..=2).contains(&config.feishu.answer_within.as_secs()) {
        return wrong("feishu.answer_within", "expected \"1s\" or \"2s\"");
    }
    if !(1..=99).contains(&config.sla.urgent.halfway_percent) {
        return wrong("sla.urgent.halfway_percent", "expected 1 to 99");
    }
    if config.risk.medium_from == 0 || config.risk.medium_from >= config.risk.high_from {
        return wrong("risk.medium_from", "expected more than 0 and less than risk.high_from");
    }
    if !(1..=200).contains(&config.requirement.paste_most) {
        return wrong("requirement.paste_most", "expected 1 to 200");
    }
    let priority = &config.requirement.priority;
    for (key, weight) in
        [("value", priority.value), ("feasibility", priority.feasibility), ("effort", priority.effort)]
    {
        if weight > 1_000 {
            return wrong(&format!("requirement.priority.{key}"), "expected 0 to 1000");
        }
    }
    if priority.weights() == 0 {
        return wrong("requirement.priority.value", "expected at least one weight above 0");
    }
    if !priority.effort_days.is_sorted() || priority.effort_days[3] > 10_000 {
        return wrong("requirement.priority.effort_days", "expected four rising numbers up to 10000");
    }
    // Not a number is less than nothing.
    if priority.medium_from.partial_cmp(&priority.high_from) != Some(std::cmp::Ordering::Less) {
        return wrong(
            "requirement.priority.medium_from",
            "expected less than requirement.priority.high_from",
        );
    }
    for (key, number) in [("page", config.search.page), ("similar", config.search.similar)] {
        if !(1..=50).contains(&number) {
            return wrong(&format!("search.{key}"), "expected 1 to 50");
        }
    }
    if !(1..=100).contains(&config.search.similar_percent) {
        return wrong("search.similar_percent", "expected 1 to 100");
    }
    health(config)?;
    if config.action.manager_from_day == 0 {
        return wrong("action.manager_from_day", "expected 1 or more");
    }
    if config.milestone.remind_days.iter().any(|days| !(1..=365).contains(days)) {
        return wrong("milestone.remind_days", "expected 1 to 365 each");
    }
    if config.customer.dialogue_remind_days.iter().any(|days| !(1..=80).contains(days)) {
        return wrong("customer.dialogue_remind_days", "expected 1 to 80 each");
    }
    let acceptance = &config.acceptance;
    if acceptance.meet_days_before > 365 {
        return wrong("acceptance.meet_days_before", "expected 0 to 365");
    }
    if !(1..=120).contains(&acceptance.aftercare_months) {
        return wrong("acceptance.aftercare_months", "expected 1 to 120");
    }
    if acceptance.industry_misunderstood_percent > 100 {
        return wrong("acceptance.industry_misunderstood_percent", "expected 0 to 100");
    }
    loop_of_satisfaction(config)?;
    for (key, span) in [
        ("document.log_every", config.document.log_every),
        ("document.test_report_every", config.document.test_report_every),
    ] {
        if matches!(span, Span::WorkingDays(0)) || span == Span::hours(0) {
            return wrong(key, "expected more than 0");
        }
    }
    Ok(())
}

/// Surveys, reviews, improvements.
fn loop_of_satisfaction(config: &Config) -> Result<(), Wrong> {
    let (survey, review) = (&config.survey, &config.review);
    // A survey is over before the next one opens.
    if !(1..=60).contains(&survey.answer_days) {
        return wrong("survey.answer_days", "expected 1 to 60");
    }
    if survey.remind_days.iter().any(|day| !(1..survey.answer_days).contains(day)) {
        return wrong("survey.remind_days", "expected 1 or more each, and less than survey.answer_days");
    }
    for (key, average) in
        [("review.below", review.below), ("improvement.effective_from", config.improvement.effective_from)]
    {
        if !(1.0..=5.0).contains(&average) {
            return wrong(key, "expected 1.0 to 5.0");
        }
    }
    if !(0.0..=4.0).contains(&config.improvement.effective_up) {
        return wrong("improvement.effective_up", "expected 0.0 to 4.0");
    }
    for (key, days) in
        [("review.due_days", review.due_days), ("review.department_due_days", review.department_due_days)]
    {
        if !(1..=365).contains(&days) {
            return wrong(key, "expected 1 to 365");
        }
    }
    if !(1..=10).contains(&review.whys) {
        return wrong("review.whys", "expected 1 to 10");
    }
    if review.causes.is_empty() || review.causes.iter().any(|cause| cause.trim().is_empty()) {
        return wrong("review.causes", "expected at least one word, and none empty");
    }
    if review.department_from < 2 {
        return wrong("review.department_from", "expected 2 or more");
    }
    Ok(())
}

fn health(config: &Config) -> Result<(), Wrong> {
    let health = &config.health;
    let weights = health.weight.all();
    if let Some((key, _)) = weights.iter().find(|(_, weight)| *weight > 1_000) {
        return wrong(&format!("health.weight.{key}"), "expected 0 to 1000");
    }
    if weights.iter().all(|(_, weight)| *weight == 0) {
        return wrong("health.weight.satisfaction", "expected at least one weight above 0");
    }
    if health.green_from > 100 {
        return wrong("health.green_from", "expected 0 to 100");
    }
    if health.yellow_from > health.green_from {
        return wrong("health.yellow_from", "expected at most health.green_from");
    }
    if !(1..=100).contains(&health.alarm_drop) {
        return wrong("health.alarm_drop", "expected 1 to 100");
    }
    if !(2..=40).contains(&health.trend) {
        return wrong("health.trend", "expected 2 to 40");
    }
    Ok(())
}

fn cadence(config: &Config) -> Result<(), Wrong> {
    if !(1..=99).contains(&config.touch.remind_percent) {
        return wrong("touch.remind_percent", "expected 1 to 99");
    }
    if !(1..=7).contains(&config.touch.first_week_days) {
        return wrong("touch.first_week_days", "expected 1 to 7");
    }
    for (index, rule) in config.cadence.iter().enumerate() {
        let key = |name: &str| format!("cadence[{index}].{name}");
        if rule.name.trim().is_empty() {
            return wrong(&key("name"), "is empty; it is what people read");
        }
        if config.cadence[..index].iter().any(|other| other.name == rule.name) {
            return wrong(&key("name"), "stands twice; each needs a name of its own");
        }
        for (name, empty, example) in [
            ("phases", rule.phases.is_empty(), "[\"开发\"]"),
            ("counts", rule.counts.is_empty(), "[\"沟通\"]"),
            ("by", rule.by.is_empty(), "[\"项目经理\"]"),
        ] {
            if empty {
                return wrong(&key(name), &format!("is empty, expected for instance {example}"));
            }
        }
        if rule.every.is_empty() {
            return wrong(&key("every"), "expected more than 0");
        }
        if !(1..=100).contains(&rule.times) {
            return wrong(&key("times"), "expected 1 to 100");
        }
        if rule.most > 1_000 {
            return wrong(&key("most"), "expected 0 (without end) to 1000");
        }
        if rule.figures && !rule.counts_touches() {
            return wrong(&key("figures"), "only 沟通 carries numbers; add it to counts");
        }
    }
    Ok(())
}

fn time(config: &Config) -> Result<(), Wrong> {
    let calendar = Calendar::new(&config.time).map_err(|error| match error.split_once(": ") {
        Some((key, wrong)) if key.starts_with("time.") => (key.to_owned(), wrong.to_owned()),
        _ => ("time".to_owned(), error),
    });
    calendar?;
    for (job, cron) in config.jobs.all() {
        if let Some(cron) = cron {
            Schedule::parse(cron).map_err(|wrong| (format!("jobs.{job}"), wrong))?;
        }
    }
    Ok(())
}

fn needed(key: &str, value: &str, who: &str) -> Result<(), Wrong> {
    if value.is_empty() {
        wrong(key, &format!("{who} is enabled and needs this; it is empty"))
    } else {
        Ok(())
    }
}

/// The address may hold a token: errors keep it out.
fn parse_url(key: &str, url: &str) -> Result<Url, Wrong> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()).ok_or_else(
        || (key.to_owned(), "is no address, expected for instance \"https://open.feishu.cn\"".to_owned()),
    )
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn wrong<T>(key: &str, wrong: &str) -> Result<T, Wrong> {
    Err((key.to_owned(), wrong.to_owned()))
}
