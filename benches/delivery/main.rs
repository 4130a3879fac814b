//! How fast a signed, encrypted Feishu delivery becomes a durable record, and how punctual many clocks are.
//!
//! `cargo bench --bench delivery` runs everything; `-- delivery`, `-- memory` or `-- clocks` one part.
//! Absolute figures move by half from hour to hour, so the real program is compared with two programs that
//! run in turns with it, on the same machine, under the same 64 connections and the same requests:
//!
//! - *bare*: a handler that verifies the signature and decrypts, and keeps nothing;
//! - *commit*: the same, and four raw rows written through the store's group commit.
//!
//! The load shares the cores with what it measures; its requests are made and signed before the start. The
//! outgoing side is a pretend Feishu in this process, and the bot keeps to Feishu's pace of about sixteen
//! messages a second, so nearly all answers still wait when a run ends: what is measured is the way in.
//!
//! On two cores that the load shares, the bot made 18 to 20 % of *commit*, with a p99 of 79 to 90 ms and 5 to 7 deliveries
//! a flush; it was 32 to 46 % with 20 to 35 before a record's messages became cards and a new requirement was compared with
//! those of all projects. The cores are the limit, not the disk: an eighth of the bot's time looks for similar
//! requirements (twenty thousand of the same title here), a good part goes to the store (nine rows a delivery where *commit*
//! has four, and one more commit for the card of an answer) and to the allocator. Fewer rows is what would make it faster.
//!
//! `memory` is what ten thousand open records take, `clocks` how late a hundred thousand running clocks
//! fire that fall due spread over one minute of real time.

mod baseline;
mod clocks;
mod load;
mod requests;
mod server;

#[path = "../../tests/fake_feishu/mod.rs"]
mod fake_feishu;
#[path = "../../tests/multipart.rs"]
mod multipart;

use load::Measured;
use server::{Kind, Server};

/// How many deliveries one run makes.
const DELIVERIES: usize = 20_000;
/// How often the three programs take turns.
const TURNS: usize = 3;
/// How many projects talk.
pub const CHATS: usize = 256;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if let [role, folder] = &words[..] {
        return runtime.block_on(baseline::serve(role, folder.as_ref()));
    }
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    runtime.block_on(async {
        if wanted("delivery") {
            delivery().await?;
        }
        if wanted("memory") {
            memory().await?;
        }
        if wanted("clocks") {
            clocks::run().await?;
        }
        Ok(())
    })
}

async fn delivery() -> anyhow::Result<()> {
    println!("delivery: {DELIVERIES} deliveries a run, 64 connections, {CHATS} chats");
    let fake = requests::feishu().await;
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for turn in 0..TURNS {
        let first = requests::deliveries(&fake, CHATS, turn, "开始");
        let rest = requests::deliveries(&fake, DELIVERIES, turn, "正文");
        for (kind, rates) in [Kind::Bare, Kind::Commit, Kind::Bot].into_iter().zip(&mut rates) {
            let server = Server::start(kind, Some(&fake)).await?;
            // Projects, names and connections are made before the clock starts.
            load::run(server.address, first.clone()).await?;
            let before = server.figures().await;
            let measured = load::run(server.address, rest.clone()).await?;
            let after = server.figures().await;
            let Measured { rate, p50, p99, .. } = measured;
            print!("  {:<7}{rate:>7.0} /s   p50 {p50:>6.2} ms   p99 {p99:>6.2} ms", kind.name());
            println!("   {:>4} MB   {}", server.memory()?, after.since(&before, DELIVERIES));
            rates.push(rate);
        }
    }
    let [bare, commit, bot] = rates.map(median);
    println!(
        "  the bot makes {:.0} % of commit and {:.0} % of bare",
        100.0 * bot / commit,
        100.0 * bot / bare
    );
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

async fn memory() -> anyhow::Result<()> {
    const RECORDS: usize = 10_000;
    let server = Server::start(Kind::Bot, None).await?;
    let empty = server.memory()?;
    load::run(server.address, requests::spoken(RECORDS)).await?;
    server.all_said().await?;
    let full = server.memory()?;
    let again = server.restarted().await?;
    println!(
        "memory: {empty} MB empty, {full} MB after {RECORDS} records were opened and answered, {} MB restarted",
        again.memory()?
    );
    Ok(())
}
