//! Who goes first, who leaves what to whom, and what is put off, varied or not said.

use std::{io::Write, sync::Arc, sync::Mutex, time::Duration};

use jiff::SignedDuration;
use jiuding::{
    chat::Target,
    platform::{Peak, Rate},
    store::{About, Outgoing, ProjectId},
};
use tokio::time::Instant;

use super::fakes::*;

const MINUTE: Duration = Duration::from_secs(60);
const HALF_HOURS: Peak =
    Peak { every: Duration::from_secs(1800), calm: Duration::from_secs(5), spread: Duration::from_secs(25) };

fn about(key: &str) -> Option<About> {
    Some(About { project: ProjectId(1), key: key.parse().unwrap() })
}

fn urgent(world: &World, to: &Target, text: &str) -> Outgoing {
    world.commit_as(to, text, |it| it.urgent = true)
}

#[tokio::test(start_paused = true)]
async fn the_urgent_go_first_then_answers_and_never_before_the_one_being_tried() {
    let world = World::new(FOREVER);
    let a = room("a");
    world.script(&a, [Answer::Later(None)]);
    let process = world.start().await;
    process.outbox.push(vec![world.commit(&a, "tried")]);
    process.settled().await;
    let mut burst = vec![world.commit(&a, "1")];
    world.forward(SignedDuration::from_secs(1));
    burst.push(world.commit_as(&a, "answer 1", |it| it.reply_to = answer_to("m")));
    burst.push(world.commit(&a, "2"));
    world.forward(SignedDuration::from_secs(1));
    burst.extend(["urgent 1", "urgent 2"].map(|text| urgent(&world, &a, text)));
    burst.push(world.commit_as(&a, "answer 2", |it| it.reply_to = answer_to("n")));
    process.outbox.push(burst);
    world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()).await;
    assert_eq!(world.said(&a), ["tried", "urgent 1", "urgent 2", "answer 1", "answer 2", "1", "2"]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_one_record_keeps_its_order() {
    let world = World::new(FOREVER);
    let a = room("a");
    let process = world.start().await;
    let of = |key: &str, text: &str| world.commit_as(&a, text, |it| it.about = about(key));
    let mut burst = vec![of("R1", "R1"), of("T1", "T1 opened"), of("R2", "R2")];
    world.forward(SignedDuration::from_secs(1));
    burst.push(world.commit_as(&a, "T1 is late", |it| {
        it.about = about("T1");
        it.urgent = true;
    }));
    burst.push(of("T1", "T1 closed"));
    process.outbox.push(burst);
    process.settled().await;
    assert_eq!(world.said(&a), ["T1 opened", "T1 is late", "R1", "R2", "T1 closed"]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_urgent_one_is_never_among_ordinary_ones() {
    let world = World::new(FOREVER);
    let a = room("a");
    let process = world.start().await;
    let mut burst: Vec<_> = (1..=4).map(|n| world.commit(&a, &n.to_string())).collect();
    burst.extend((1..=3).map(|n| urgent(&world, &a, &format!("urgent {n}"))));
    burst.extend((5..=6).map(|n| world.commit(&a, &n.to_string())));
    process.outbox.push(burst);
    process.settled().await;
    assert_eq!(world.said(&a), ["urgent 1", "urgent 2", "urgent 3", "1\n\n2\n\n3\n\n4\n\n5\n\n6"]);
    // A flood of them is bundled like any other.
    process.outbox.push((1..=7).map(|n| urgent(&world, &a, &n.to_string())).collect());
    process.settled().await;
    assert_eq!(world.said(&a).last().unwrap(), "1\n\n2\n\n3\n\n4\n\n5\n\n6\n\n7");
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_joins_a_message_while_an_urgent_one_waits_behind_it() {
    let world = World::new(HOUR);
    let a = room("a");
    world.script(&a, [Answer::Later(None)]);
    let process = world.start().await;
    process.outbox.push(vec![world.commit_as(&a, "1", |it| it.about = about("T1"))]);
    process.settled().await;
    let mut burst = vec![world.commit_as(&a, "urgent", |it| {
        it.about = about("T1");
        it.urgent = true;
    })];
    burst.extend((2..=8).map(|n| world.commit_as(&a, &n.to_string(), |it| it.about = about("T1"))));
    process.outbox.push(burst);
    world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()).await;
    assert_eq!(world.said(&a), ["1", "urgent", "2\n\n3\n\n4\n\n5\n\n6\n\n7\n\n8"]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_room_keeps_some_of_its_pace_for_urgent_ones() {
    let mut world = World::new(FOREVER);
    world.limits.per_target = Rate { burst: 4, per: MINUTE, reserve: 2 };
    let a = room("a");
    let process = world.start().await;
    process.outbox.push((1..=5).map(|n| world.commit(&a, &n.to_string())).collect());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.said(&a), ["1", "2"]);
    process.outbox.push(vec![urgent(&world, &a, "urgent")]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.said(&a), ["1", "2", "urgent"]);
    world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()).await;
    assert_eq!(world.said(&a), ["1", "2", "urgent", "3", "4", "5"]);
    let wire = world.wire();
    for (_, start, _) in &wire.tries {
        let within = wire.tries.iter().filter(|(_, at, _)| at >= start && *at < *start + MINUTE);
        assert!(within.count() <= 4);
    }
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_place_kept_for_the_urgent_is_not_given_to_who_is_left_when_they_are_dropped() {
    let mut world = World::new(FOREVER);
    world.limits.per_target = Rate { burst: 2, per: MINUTE, reserve: 1 };
    let a = room("a");
    let process = world.start().await;
    process.outbox.push(vec![world.commit(&a, "1"), world.commit(&a, "2")]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.done.0.lock().unwrap().insert("respond".into());
    process.outbox.push(vec![world.commit_as(&a, "urgent", |it| {
        it.urgent = true;
        it.condition = owes("respond");
    })]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.said(&a), ["1"]);
    world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()).await;
    assert_eq!(world.said(&a), ["1", "2"]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_urgent_one_and_an_answer_stand_behind_no_other_rooms() {
    let mut world = World::new(FOREVER);
    world.limits.per_app = Rate { burst: 5, per: Duration::from_secs(1), reserve: 1 };
    let process = world.start().await;
    for n in 0..400 {
        process.outbox.push(vec![world.commit(&room(&format!("r{n}")), "1")]);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let began = Instant::now();
    let (a, b) = (room("a"), room("b"));
    process.outbox.push(vec![urgent(&world, &a, "urgent")]);
    process.outbox.push(vec![world.commit_as(&b, "answer", |it| it.reply_to = answer_to("m"))]);
    world.until(|world| !world.said(&a).is_empty() && !world.said(&b).is_empty()).await;
    let wire = world.wire();
    let waited = |room: &Target| wire.tries.iter().find(|(to, ..)| to == room).unwrap().1 - began;
    assert!(waited(&a) < Duration::from_millis(20), "{:?}", waited(&a));
    assert!(waited(&b) <= Duration::from_secs(1), "{:?}", waited(&b));
    assert!(wire.said.len() < 100);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn at_the_full_hour_only_those_begin_for_whom_somebody_waits() {
    let mut world = World::new(FOREVER);
    world.limits.peak = Some(HALF_HOURS);
    world.wall = Wall::at("2026-11-23T10:00:00+08:00");
    let process = world.start().await;
    let began = Instant::now();
    let (a, b, c) = (room("a"), room("b"), room("c"));
    process.outbox.push(vec![world.commit(&a, "digest"), world.commit(&b, "digest")]);
    process.outbox.push(vec![world.commit_as(&c, "answer", |it| it.reply_to = answer_to("m"))]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.said(&c), ["answer"]);
    assert!(world.said(&a).is_empty() && world.said(&b).is_empty());
    process.outbox.push(vec![urgent(&world, &a, "urgent")]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.said(&a), ["urgent"]);
    process.settled().await;
    assert_eq!(world.said(&a), ["urgent", "digest"]);
    let wire = world.wire();
    let begun = wire.tries.iter().filter(|(.., parcel)| parcel.message.plain() == "digest");
    let begun: Vec<_> = begun.map(|(_, at, _)| *at - began).collect();
    assert!(begun.iter().all(|at| (5..30).contains(&at.as_secs())), "{begun:?}");
    assert_ne!(begun[0], begun[1]);
    // Later nothing waits.
    process.outbox.push(vec![world.commit(&a, "later")]);
    let later = Instant::now();
    process.settled().await;
    assert!(later.elapsed() < Duration::from_millis(100));
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_moved_by_hand_knows_no_peak() {
    let mut world = World::new(FOREVER);
    world.limits.peak = Some(HALF_HOURS);
    let process = world.start().await;
    let began = Instant::now();
    process.outbox.push(vec![world.commit(&room("a"), "digest")]);
    process.settled().await;
    assert!(began.elapsed() < Duration::from_millis(100));
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn words_that_the_platform_would_swallow_differ_and_those_of_a_second_try_do_not() {
    let mut world = World::new(Duration::ZERO);
    world.swallows = HOUR;
    let (a, b) = (room("a"), room("b"));
    let process = world.start().await;
    let say = |to: &Target| process.outbox.push(vec![world.commit(to, "T1 还没有人响应")]);
    say(&a);
    process.settled().await;
    world.script(&a, [Answer::Later(Some(HOUR * 2))]);
    say(&a);
    say(&b);
    world.until(|world| world.said(&a).len() == 2).await;
    let again = "T1 还没有人响应（第2次）";
    let tries: Vec<_> = world.wire().tries.iter().map(|(.., parcel)| parcel.message.plain()).collect();
    assert_eq!(tries, ["T1 还没有人响应", again, "T1 还没有人响应", again]);
    say(&a);
    process.settled().await;
    assert_eq!(world.said(&a)[2], "T1 还没有人响应（第3次）");
    tokio::time::sleep(HOUR).await;
    say(&a);
    process.settled().await;
    assert_eq!(world.said(&a)[3], "T1 还没有人响应");
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn why_something_is_not_said_stands_in_the_log_without_its_words() {
    let log = Log::default();
    let to_log = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to_log.clone()).finish();
    let _until_the_end = tracing::subscriber::set_default(subscriber);
    let world = World::new(FOREVER);
    let a = room("a");
    let process = world.start().await;
    world.done.0.lock().unwrap().insert("respond".into());
    let ping = |text: &str, step: &str| world.commit_as(&a, text, |it| it.condition = owes(step));
    process.outbox.push(vec![ping("secret words", "respond")]);
    process.settled().await;
    let mut burst: Vec<_> = (1..=6).map(|n| ping(&n.to_string(), "close")).collect();
    burst.push(ping("secret words", "respond"));
    process.outbox.push(burst);
    process.settled().await;
    assert_eq!(world.said(&a).len(), 1);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let dropped: Vec<_> = log.lines().filter(|line| line.contains("message dropped")).collect();
    assert_eq!(dropped.len(), 2, "{log}");
    for line in dropped {
        assert!(line.contains("T1 no longer owes this step") && line.contains("step=\"respond\""), "{line}");
    }
    assert!(!log.contains("secret"));
    process.stop().await;
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
