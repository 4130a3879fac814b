//! The whole program is killed in the middle of its work, for real, again and again. Whatever it
//! acknowledged is there exactly once, and every ping that fell due meanwhile is said exactly once.
//!
//! Each round: sixteen people write requirements and urgent tickets into six rooms, some of them the same
//! message twice; the process is killed; a new one starts on the same folder, seventy-one minutes later by
//! its clock (every other time it is killed again while it makes up for what it missed); whatever was not
//! acknowledged is delivered again, as a platform does; then every word of the bot is counted.

mod bot;
mod ledger;

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use bot::{Bot, Message, Said};
use ledger::Ledger;

const ROUNDS: usize = 20;
const CLIENTS: usize = 16;
const ROOMS: [&str; 6] = ["r0", "r1", "r2", "r3", "r4", "r5"];
/// More than one rung's distance and no divisor of it, so that pings are sometimes an hour late and
/// sometimes a few minutes; all rounds stay within a day, where only the response clock speaks.
const ROUND: SignedDuration = SignedDuration::from_mins(71);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_and_what_fell_due_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::default();
    let mut now: Timestamp = "2026-11-23T09:00:00+08:00".parse().unwrap();
    for round in 0..ROUNDS {
        let mut bot = Bot::start(folder.path(), now);
        let unacknowledged = killed_under_load(&mut bot, &mut ledger, round, now).await;
        now += ROUND;
        if round % 2 == 1 {
            // No wait for anything: the kill may strike at any moment of the making up.
            let mut bot = Bot::start(folder.path(), now);
            tokio::time::sleep(std::time::Duration::from_millis(u64::from(random(60)))).await;
            bot.kill();
        }
        let bot = Bot::start(folder.path(), now);
        for message in unacknowledged {
            let seen = bot.say(&message).await.expect("this one is not killed");
            ledger.acknowledge(message, if seen { now - ROUND } else { now });
        }
        for message in ledger.some(20) {
            assert_eq!(
                bot.say(message).await,
                Some(true),
                "round {round}: {message:?} was carried out again"
            );
        }
        bot.settle().await;
        for room in ROOMS {
            ledger.hear(room, bot.read(room, ledger.heard(room)).await);
        }
        ledger.restarted(now);
        assert_eq!(ledger.wrong(), Vec::<String>::new(), "round {round}");
    }
    assert!(ledger.pings() > 100, "the load made too few tickets to prove anything");
}

/// Lets people write until a random number of messages was acknowledged, kills the bot, and returns what
/// it did not acknowledge.
async fn killed_under_load(bot: &mut Bot, ledger: &mut Ledger, round: usize, now: Timestamp) -> Vec<Message> {
    let acknowledged = AtomicUsize::new(0);
    let enough = 8 + random(100) as usize;
    let strike = tokio::sync::Notify::new();
    let counter = AtomicU32::new(0);
    let clients = join_all((0..CLIENTS).map(|client| {
        let (bot, acknowledged, strike, counter) = (&*bot, &acknowledged, &strike, &counter);
        async move {
            let mut done = Vec::new();
            loop {
                let message = message(round, client, counter.fetch_add(1, Ordering::Relaxed));
                let answer = if random(6) == 0 {
                    let (one, other) = tokio::join!(bot.say(&message), bot.say(&message));
                    if let (Some(one), Some(other)) = (one, other) {
                        assert!(one != other, "{message:?}: exactly one of two deliveries has an effect");
                    }
                    one.or(other)
                } else {
                    bot.say(&message).await
                };
                let Some(_) = answer else { return (done, message) };
                done.push(message);
                if acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == enough {
                    strike.notify_one();
                }
            }
        }
    }));
    let killer = async {
        strike.notified().await;
        bot.strike();
    };
    let (clients, ()) = tokio::join!(clients, killer);
    bot.kill();
    let mut open = Vec::new();
    for (done, last) in clients {
        done.into_iter().for_each(|message| ledger.acknowledge(message, now));
        open.push(last);
    }
    open
}

fn message(round: usize, client: usize, number: u32) -> Message {
    let title = format!("{round}轮{client}号第{number}条");
    let ticket = number.is_multiple_of(3);
    let text = if ticket { format!("/工单 {title} !紧急") } else { format!("/需求 {title}") };
    Message {
        room: ROOMS[random(ROOMS.len() as u32) as usize],
        id: title.clone(),
        client,
        text,
        title,
        ticket,
    }
}

fn random(below: u32) -> u32 {
    getrandom::u32().expect("the machine has randomness") % below
}
