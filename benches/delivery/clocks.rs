//! A hundred thousand running clocks, and how late each is heard.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use jiuding::store::{Commit, Key, ProjectId, RowKey, Store, WakeChange, sled::SledStore};
use serde_json::{Value, json};

use crate::server::{Kind, Server};

const PROJECTS: u32 = 1_000;
const TICKETS: u32 = 100;
/// When the first falls due after the store was filled: the bot has to read it all before.
const BEFORE: SignedDuration = SignedDuration::from_secs(20);
/// How long the others take to follow.
const SPREAD: SignedDuration = SignedDuration::from_secs(60);

/// Fills a store, lets the bot run on the real clock, and listens.
pub async fn run() -> anyhow::Result<()> {
    let template = Server::start(Kind::Bot, None).await?;
    let said = json!({
        "room": "p", "room_name": "p", "sender": { "id": "li", "name": "李工" }, "text": "/工单 样本 !紧急",
    });
    template.post("/api/playground/messages", &said).await?;
    template.all_said().await?;
    let folder = template.stopped()?;
    let first = fill(&folder.path().join("data")).await?;
    let bot = Server::on(folder)?;
    let ready = Timestamp::now();
    println!(
        "clocks: {} tickets in {PROJECTS} projects, {} MB after start, {:.0} s before the first is due",
        PROJECTS * TICKETS,
        bot.memory()?,
        first.duration_since(ready).as_secs_f64()
    );
    let rest = first.checked_add(SPREAD)?.duration_since(ready);
    tokio::time::sleep(std::time::Duration::try_from(rest).unwrap_or_default()).await;
    bot.all_said().await?;
    let mut late = Vec::new();
    for project in 1..=PROJECTS {
        let said: Value = serde_json::from_str(
            &bot.get(&format!("/api/playground/messages?room={}", room(project))).await?,
        )?;
        late.extend(heard(&said, project, first)?);
    }
    late.sort_by(f64::total_cmp);
    let at = |part: f64| late[((late.len() - 1) as f64 * part) as usize];
    println!(
        "  {} heard; late by p50 {:.3} s, p99 {:.3} s, at most {:.3} s; {} MB",
        late.len(),
        at(0.5),
        at(0.99),
        at(1.0),
        bot.memory()?
    );
    Ok(())
}

/// How late each ticket's first ping of a room was said, in seconds.
fn heard(said: &Value, project: u32, first: Timestamp) -> anyhow::Result<Vec<f64>> {
    let mut late = HashMap::new();
    for message in said["messages"].as_array().into_iter().flatten() {
        let at: Timestamp = message["time"].as_str().unwrap_or_default().parse()?;
        for line in message["text"].as_str().unwrap_or_default().lines() {
            let Some((before, _)) = line.split_once(" 样本 已过一半响应时限") else { continue };
            let number = before.rsplit('T').next().and_then(|number| number.parse().ok()).unwrap_or(0);
            late.entry(number).or_insert(at.duration_since(due(project, number, first)).as_secs_f64());
        }
    }
    Ok(late.into_values().collect())
}

/// Tickets of different projects alternate.
fn due(project: u32, number: u32, first: Timestamp) -> Timestamp {
    let place = i64::from((number - 1) * PROJECTS + project - 1);
    let step = SPREAD.as_millis() as i64 * 1_000 / i64::from(PROJECTS * TICKETS);
    first + SignedDuration::from_micros(place * step)
}

fn room(project: u32) -> String {
    format!("p{project}")
}

/// Copies the one project of the store, with its ticket, as often as needed; returns when the first ticket
/// is due.
async fn fill(folder: &std::path::Path) -> anyhow::Result<Timestamp> {
    let store = SledStore::open(folder, Timestamp::now())?;
    let rows = store.load(ProjectId(1)).await?.rows;
    let value = |letter| -> anyhow::Result<Value> {
        let row = rows.iter().find(|(key, _)| key.letter == letter);
        Ok(serde_json::from_slice(&row.ok_or_else(|| anyhow::anyhow!("no row {letter}"))?.1)?)
    };
    let (project, ticket) = (value('*')?, value('T')?);
    // Filling takes some seconds of its own.
    let first = Timestamp::now() + BEFORE + SignedDuration::from_secs(20);
    for id in 2..=PROJECTS + 1 {
        let number = id - 1;
        let mut project = project.clone();
        project["name"] = json!(room(number));
        project["rooms"][0]["id"] = json!(format!("playground:{}", room(number)));
        let id = ProjectId(id);
        let row = |letter, number| RowKey { project: id, key: Key { letter, number } };
        let mut commit = Commit { guards: vec![(id, 0)], ..Commit::default() };
        commit.rows.push((row('*', 0), Some(serde_json::to_vec(&project)?)));
        for n in 1..=TICKETS {
            let mut ticket = ticket.clone();
            let at = due(number, n, first);
            ticket["number"] = json!(n);
            ticket["respond"]["rungs"][0]["at"] = json!(at);
            ticket["respond"]["rungs"][1]["at"] = json!(at + SignedDuration::from_hours(1));
            commit.rows.push((row('T', n), Some(serde_json::to_vec(&ticket)?)));
            commit.wakes.push(WakeChange { row: row('T', n), before: None, after: Some(at) });
        }
        store.commit(commit).await?;
    }
    Ok(first)
}
