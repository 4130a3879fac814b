//! A hundred thousand running clocks, and how late each is heard.

use std::{collections::BTreeSet, ops::Bound};

use anyhow::Context;
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

/// Fills a store, lets the bot run on the real clock, and looks at what it decided to say.
///
/// The projects' rooms are on a Feishu that cannot be reached, so that every ping still lies in the store
/// afterwards, with the time of the look that found it due. Its commit is durable before the next look,
/// so the time of that one is taken: the figures are on the safe side.
pub async fn run() -> anyhow::Result<()> {
    let template = Server::start(Kind::Bot, None).await?;
    let said = json!({
        "room": "p", "room_name": "p", "sender": { "id": "li", "name": "李工" }, "text": "/工单 样本 !紧急",
    });
    template.post("/api/playground/messages", &said).await?;
    template.all_said().await?;
    let folder = template.stopped()?;
    std::fs::write(
        folder.path().join("bot.toml"),
        "[feishu]\nenabled = true\napp_id = \"cli_1\"\napp_secret = \"s\"\nencrypt_key = \"k\"\n\
         verification_token = \"v\"\nbase_url = \"http://127.0.0.1:9\"\n",
    )?;
    let first = fill(&folder.path().join("data")).await?;
    let bot = Server::on(folder)?;
    let ready = Timestamp::now();
    println!(
        "clocks: {} tickets in {PROJECTS} projects due within {} s, {} MB after start, {:.0} s before the first",
        PROJECTS * TICKETS,
        SPREAD.as_secs(),
        bot.memory()?,
        first.duration_since(ready).as_secs_f64()
    );
    let rest = first.checked_add(SPREAD + BEFORE)?.duration_since(ready);
    tokio::time::sleep(std::time::Duration::try_from(rest).unwrap_or_default()).await;
    let memory = bot.memory()?;
    let late = late(&bot.stopped()?.path().join("data")).await?;
    let at = |part: f64| late[((late.len() - 1) as f64 * part) as usize];
    println!(
        "  {} fired; late by p50 {:.3} s, p99 {:.3} s, at most {:.3} s; {memory} MB",
        late.len(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
    Ok(())
}

/// How late each ping was durable at the latest, in seconds, in order.
async fn late(folder: &std::path::Path) -> anyhow::Result<Vec<f64>> {
    let store = SledStore::open(folder, Timestamp::now())?;
    let waiting = store.outgoing().await?;
    let pings: Vec<(Timestamp, Timestamp)> = waiting
        .into_iter()
        .flat_map(|mut head| std::mem::take(&mut head.bundled).into_iter().chain([head]))
        .filter_map(|ping| Some((ping.due?, ping.created)))
        .collect();
    let looks: BTreeSet<Timestamp> = pings.iter().map(|(_, created)| *created).collect();
    let durable = |created| looks.range((Bound::Excluded(created), Bound::Unbounded)).next().copied();
    let mut late: Vec<f64> = pings
        .into_iter()
        .map(|(due, created)| durable(created).unwrap_or(created).duration_since(due).as_secs_f64())
        .collect();
    late.sort_by(f64::total_cmp);
    Ok(late)
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
        let row = &row.with_context(|| format!("no row {letter}"))?.1;
        Ok(serde_json::from_str(&std::str::from_utf8(row)?.replace("playground:", "feishu:"))?)
    };
    let (project, ticket) = (value('*')?, value('T')?);
    // Filling takes some seconds of its own.
    let first = Timestamp::now() + BEFORE + SignedDuration::from_secs(20);
    for id in 2..=PROJECTS + 1 {
        let number = id - 1;
        let mut project = project.clone();
        project["name"] = json!(room(number));
        project["rooms"][0]["id"] = json!(format!("feishu:oc_{}", room(number)));
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
