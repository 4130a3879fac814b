//! Whose is what: leases on lanes of the outbox and on work of the scheduler. A lease counts while its member is there.

use std::collections::BTreeMap;

use anyhow::Result;
use tokio_postgres::types::ToSql;

use super::{
    PostgresStore,
    connection::{Told, take},
    encoded::signed,
    messages::{outgoing, read},
};
use crate::{
    chat::Target,
    store::{Claimed, Outgoing, name},
};

/// `$1` are names, `$2` is us. Sorted, so that two who claim never wait for each other in a circle.
const FREE: &str = "INSERT INTO leases (name, member) \
     SELECT wanted, $2 FROM unnest($1::bytea[]) AS wanted \
     WHERE EXISTS (SELECT 1 FROM members WHERE name = $2 AND alive_until > clock_timestamp()) ORDER BY wanted \
     ON CONFLICT DO NOTHING RETURNING name";
/// What a member has who is gone, and what is ours already. Whoever is faster changes the member, and the row no longer
/// is what was looked for.
const LEFT_BEHIND: &str = "WITH dead AS MATERIALIZED (SELECT name, member FROM leases WHERE name = ANY ($1::bytea[]) \
         AND (member = $2 OR NOT EXISTS (SELECT 1 FROM members WHERE members.name = leases.member))), \
     free AS MATERIALIZED (SELECT leases.name FROM leases JOIN dead ON dead.name = leases.name \
         AND dead.member = leases.member FOR UPDATE OF leases SKIP LOCKED) \
     UPDATE leases SET member = $2 FROM free WHERE leases.name = free.name \
         AND EXISTS (SELECT 1 FROM members WHERE name = $2 AND alive_until > clock_timestamp()) \
     RETURNING leases.name";
const RELEASE: &str = "DELETE FROM leases WHERE name = ANY ($1) AND member = $2";
const RELEASE_EMPTY: &str = "DELETE FROM leases WHERE name = $1 AND member = $2 \
     AND NOT EXISTS (SELECT 1 FROM outgoing WHERE target = $1)";
const LANE: &str = "SELECT id, message, tries, bundled FROM outgoing WHERE target = $1 ORDER BY id";
/// Lanes of a member who is there, us apart, are said by that one.
const LONELY: &str = "SELECT DISTINCT ON (target) message FROM outgoing WHERE target <> ALL ($1::bytea[]) \
     AND NOT EXISTS (SELECT 1 FROM leases JOIN members ON members.name = leases.member \
         WHERE leases.name = outgoing.target AND leases.member <> $2) LIMIT $3";
const OURS: &str = "SELECT leases.name, count(outgoing.id) FROM leases \
     LEFT JOIN outgoing ON outgoing.target = leases.name \
     WHERE leases.name = ANY ($1) AND leases.member = $2 GROUP BY leases.name";

/// The name of a target's lane.
pub(super) fn lane_of(target: &Target) -> Result<Vec<u8>> {
    Ok(name::short(&serde_json::to_string(target)?))
}

fn named(targets: Vec<Target>) -> Result<BTreeMap<Vec<u8>, Target>> {
    targets.into_iter().map(|target| Ok((lane_of(&target)?, target))).collect()
}

/// Takes what nobody has of these; what a member had who is gone comes second.
async fn claim(store: &PostgresStore, names: &[&[u8]]) -> Result<[Vec<Vec<u8>>; 2]> {
    let us = store.presence.name();
    let client = take(&store.pool).await?;
    let mut claimed = [Vec::new(), Vec::new()];
    for (sql, claimed) in [FREE, LEFT_BEHIND].into_iter().zip(&mut claimed) {
        let statement = client.prepare_cached(sql).await.told()?;
        let rows = client.query(&statement, &[&names, &us]).await.told()?;
        *claimed = rows.iter().map(|row| row.get(0)).collect();
        if claimed.len() == names.len() {
            break;
        }
    }
    let [free, left_behind] = &mut claimed;
    // What was free is ours already when the second question is asked.
    left_behind.retain(|name| !free.contains(name));
    Ok(claimed)
}

pub(super) async fn claim_work(store: &PostgresStore, mut work: Vec<String>) -> Result<Vec<String>> {
    let names: Vec<Vec<u8>> = work.iter().map(|work| name::short(work)).collect();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let claimed = claim(store, &names).await?.concat();
    work.retain(|work| claimed.contains(&name::short(work)));
    Ok(work)
}

pub(super) async fn claim_lanes(store: &PostgresStore, targets: Vec<Target>) -> Result<Vec<Claimed<Target>>> {
    let mut wanted = named(targets)?;
    let names: Vec<&[u8]> = wanted.keys().map(Vec::as_slice).collect();
    let [free, left_behind] = claim(store, &names).await?;
    let of = |names: Vec<Vec<u8>>, left_behind| names.into_iter().map(move |name| (name, left_behind));
    let claimed = of(free, false).chain(of(left_behind, true));
    Ok(claimed
        .filter_map(|(name, left_behind)| Some(Claimed { what: wanted.remove(&name)?, left_behind }))
        .collect())
}

pub(super) async fn release_work(store: &PostgresStore, work: Vec<String>) -> Result<()> {
    let names: Vec<Vec<u8>> = work.iter().map(|work| name::short(work)).collect();
    run(store, RELEASE, &[&names, &store.presence.name()]).await.map(drop)
}

pub(super) async fn release_lane(store: &PostgresStore, target: &Target) -> Result<bool> {
    Ok(run(store, RELEASE_EMPTY, &[&lane_of(target)?, &store.presence.name()]).await? > 0)
}

pub(super) async fn lane(store: &PostgresStore, target: &Target) -> Result<Vec<Outgoing>> {
    store.ask(LANE, &[&lane_of(target)?]).await?.iter().map(|row| outgoing(row, 0)).collect()
}

pub(super) async fn lonely(store: &PostgresStore, beside: Vec<Target>, most: usize) -> Result<Vec<Target>> {
    let beside: Vec<Vec<u8>> = named(beside)?.into_keys().collect();
    let rows = store.ask(LONELY, &[&beside, &store.presence.name(), &signed(most as u64)]).await?;
    rows.iter().map(|row| Ok(read::<Outgoing>(row.get(0))?.to)).collect()
}

pub(super) async fn still_ours(store: &PostgresStore, targets: Vec<Target>) -> Result<Vec<(Target, usize)>> {
    let mut lanes = named(targets)?;
    let names: Vec<&[u8]> = lanes.keys().map(Vec::as_slice).collect();
    let rows = store.ask(OURS, &[&names, &store.presence.name()]).await?;
    let ours = rows.iter().filter_map(|row| {
        let target = lanes.remove(row.get::<_, &[u8]>(0))?;
        Some(usize::try_from(row.get::<_, i64>(1)).map(|count| (target, count)))
    });
    Ok(ours.collect::<Result<_, _>>()?)
}

async fn run(store: &PostgresStore, sql: &str, with: &[&(dyn ToSql + Sync)]) -> Result<u64> {
    let client = take(&store.pool).await?;
    let statement = client.prepare_cached(sql).await.told()?;
    client.execute(&statement, with).await.told()
}
