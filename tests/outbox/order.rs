//! Order, retries, pacing and what becomes of messages that cannot go.

use std::time::Duration;

use jiuding::platform::{Limits, Rate};
use tokio::time::Instant;

use super::fakes::*;

#[tokio::test(start_paused = true)]
async fn order_holds_in_a_room_while_tries_fail_and_other_rooms_go_on() {
    let world = World::new(FOREVER);
    let (a, b) = (room("a"), room("b"));
    world.script(&a, [Answer::Later(None), Answer::LosesIt, Answer::BreaksOff, Answer::Later(None)]);
    let process = world.start().await;
    let began = Instant::now();
    process.outbox.push(vec![world.commit(&a, "1"), world.commit(&a, "2")]);
    process.outbox.push(vec![world.commit(&b, "3"), world.commit(&a, "4")]);
    process.settled().await;
    assert!(began.elapsed() < Duration::from_millis(500), "idle does not wait for another try");
    assert_eq!(world.said(&b), ["3"]);
    assert!(world.said(&a).is_empty());
    assert_eq!(process.outbox.depth(), 3);
    world.until(|world| world.said(&a).len() == 3).await;
    assert_eq!(world.said(&a), ["1", "2", "4"]);
    let wire = world.wire();
    let first = &wire.tries[0].2.id;
    let same = wire.tries.iter().filter(|(_, _, parcel)| parcel.id == *first);
    assert!(same.clone().count() == 5 && same.clone().all(|(_, _, parcel)| !parcel.maybe_repeated));
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_platforms_own_wait_is_honoured() {
    let world = World::new(FOREVER);
    let a = room("a");
    world.script(&a, [Answer::Later(Some(Duration::from_secs(600)))]);
    let process = world.start().await;
    process.outbox.push(vec![world.commit(&a, "1")]);
    world.until(|world| !world.said(&a).is_empty()).await;
    let wire = world.wire();
    assert!(wire.tries[1].1 - wire.tries[0].1 >= Duration::from_secs(600));
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_app_that_was_too_fast_is_silent_in_every_room_for_as_long_as_it_was_told() {
    let world = World::new(FOREVER);
    let (a, b) = (room("a"), room("b"));
    let long = Duration::from_secs(7);
    world.script(&a, [Answer::TooFast(long)]);
    let process = world.start().await;
    process.outbox.push(vec![world.commit(&a, "1"), world.commit(&a, "2")]);
    world.until(|world| world.wire().tries.len() == 1).await;
    process.outbox.push(vec![world.commit(&b, "3"), world.commit(&b, "4")]);
    world.until(|world| world.wire().said.len() == 4).await;
    assert_eq!(
        (world.said(&a), world.said(&b)),
        (vec!["1".into(), "2".into()], vec!["3".into(), "4".into()])
    );
    let wire = world.wire();
    assert_eq!(wire.tries.len(), 5);
    let refused = wire.tries[0].1;
    assert!(wire.tries[1..].iter().all(|(_, at, _)| *at - refused >= long), "{:?}", wire.tries);
    // Surely nothing arrived, and nobody is told that something may be the second.
    assert!(wire.said.iter().all(|parcel| !parcel.maybe_repeated));
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn neither_a_room_nor_the_app_is_faster_than_its_limits() {
    let mut world = World::new(FOREVER);
    let second = Duration::from_secs(1);
    let rate = |burst| Rate { burst, per: second, reserve: 0 };
    world.limits = Limits { per_target: rate(2), per_app: rate(5), peak: None };
    let process = world.start().await;
    for n in 0..6 {
        for name in ["a", "b", "c", "d"] {
            let answer = world.commit_as(&room(name), &n.to_string(), |it| it.reply_to = answer_to("m"));
            process.outbox.push(vec![answer]);
        }
    }
    process.settled().await;
    let wire = world.wire();
    assert_eq!(wire.said.len(), 24);
    for (target, start, _) in &wire.tries {
        let within = wire.tries.iter().filter(|(_, at, _)| at >= start && *at < *start + second);
        assert!(within.clone().count() <= 5);
        assert!(within.filter(|(other, ..)| other == target).count() <= 2);
    }
    for name in ["a", "b", "c", "d"] {
        assert_eq!(world.said(&room(name)), ["0", "1", "2", "3", "4", "5"]);
    }
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_ever_is_a_dead_letter_at_once_and_can_be_revived() {
    let world = World::new(FOREVER);
    let a = room("a");
    world.script(&a, [Answer::Never]);
    let process = world.start().await;
    process.outbox.push(vec![world.commit(&a, "1"), world.commit(&a, "2")]);
    process.settled().await;
    assert_eq!(world.said(&a), ["2"]);
    let why = world.disk.lock().unwrap().dead[&1].why.clone();
    assert_eq!(why, "as the script says");
    assert!(process.outbox.revive(1).await.unwrap());
    assert!(!process.outbox.revive(7).await.unwrap());
    process.settled().await;
    assert_eq!(world.said(&a), ["2", "1"]);
    assert_eq!(process.outbox.depth(), 0);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_owes_any_more_is_not_said_even_at_a_later_try() {
    let world = World::new(FOREVER);
    let a = room("a");
    world.script(&a, [Answer::Later(None)]);
    let process = world.start().await;
    let ping = |step: &str| world.commit_as(&a, step, |it| it.condition = owes(step));
    world.done.0.lock().unwrap().insert("gone".into());
    process.outbox.push(vec![ping("gone"), ping("respond"), ping("close")]);
    process.settled().await;
    assert!(world.said(&a).is_empty());
    world.done.0.lock().unwrap().insert("respond".into());
    world.until(|world| !world.said(&a).is_empty()).await;
    process.settled().await;
    assert_eq!(world.said(&a), ["close"]);
    assert!(world.disk.lock().unwrap().outgoing.is_empty());
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_after_acceptance_does_not_make_it_said_twice() {
    let world = World::new(Duration::ZERO);
    let a = room("a");
    let process = world.start().await;
    world.script(&a, [Answer::Later(None)]);
    process.outbox.push(vec![world.commit(&a, "1")]);
    process.settled().await;
    world.until(|world| world.writes() == ["trying", "not tried"]).await;
    // The next write, which precedes the try, fails twice, so nothing is tried before.
    world.disk.lock().unwrap().broken = 2;
    world.until(|world| world.said(&a).len() == 1).await;
    process.settled().await;
    assert_eq!(world.writes(), ["trying", "not tried", "trying", "delivered"]);

    let keyed = World::new(FOREVER);
    let process = keyed.start().await;
    keyed.disk.lock().unwrap().broken = 5;
    process.outbox.push(vec![keyed.commit(&a, "1"), keyed.commit(&a, "2")]);
    keyed.until(|keyed| keyed.said(&a).len() == 2).await;
    assert_eq!(keyed.wire().tries.len(), 2);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_for_no_platform_of_ours_waits() {
    let world = World::new(FOREVER);
    let process = world.start().await;
    let elsewhere = jiuding::chat::Target::Room(jiuding::chat::RoomId::new("other", "x"));
    process.outbox.push(vec![world.commit(&elsewhere, "1")]);
    process.settled().await;
    assert_eq!(process.outbox.depth(), 1);
    world.forward(jiff::SignedDuration::from_hours(25));
    process.settled().await;
    assert!(world.disk.lock().unwrap().dead[&1].why.contains("not configured"));
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_ours_does_not_silence_a_room() {
    let world = World::new(FOREVER);
    let a = room("a");
    world.done.0.lock().unwrap().insert("fault".into());
    let process = world.start().await;
    process.outbox.push(vec![world.commit_as(&a, "1", |it| it.condition = owes("respond"))]);
    process.outbox.push(vec![world.commit(&a, "2")]);
    process.settled().await;
    assert_eq!(world.said(&a), ["1", "2"]);
    process.stop().await;
}
