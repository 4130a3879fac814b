//! Quiet hours, old age, lateness, stopping.

use std::time::Duration;

use jiff::SignedDuration;

use super::fakes::*;

#[tokio::test(start_paused = true)]
async fn a_deferred_message_waits_for_the_clock_and_holds_nobody_up() {
    let world = World::new(FOREVER);
    let a = room("a");
    let process = world.start().await;
    let morning = world.now() + SignedDuration::from_hours(12);
    let deferred = world.commit_as(&a, "ping", |it| it.not_before = morning);
    process.outbox.push(vec![deferred, world.commit(&a, "answer")]);
    process.settled().await;
    assert_eq!(world.said(&a), ["answer"]);
    world.forward(SignedDuration::from_hours(11));
    process.settled().await;
    assert_eq!(world.said(&a).len(), 1);
    world.forward(SignedDuration::from_hours(1));
    process.settled().await;
    assert_eq!(world.said(&a), ["answer", "ping"]);
    assert_eq!(process.outbox.depth(), 0);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_became_ready_does_not_overtake_one_that_is_being_tried() {
    let world = World::new(FOREVER);
    let a = room("a");
    world.script(&a, [Answer::TakesButTheAnswerIsLost, Answer::Later(None)]);
    let process = world.start().await;
    let soon = world.now() + SignedDuration::from_mins(1);
    let deferred = world.commit_as(&a, "ping", |it| it.not_before = soon);
    process.outbox.push(vec![deferred, world.commit(&a, "answer")]);
    process.settled().await;
    world.forward(SignedDuration::from_mins(1));
    world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()).await;
    assert_eq!(world.said(&a), ["answer", "ping"]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_day_by_the_bots_clock_a_message_gets_one_last_try_and_is_dead() {
    let world = World::new(FOREVER);
    let a = room("a");
    world.script(&a, vec![Answer::Later(Some(Duration::from_secs(9_000))); 2]);
    let process = world.start().await;
    process.outbox.push(vec![world.commit(&a, "1"), world.commit(&a, "2")]);
    process.settled().await;
    world.forward(SignedDuration::from_hours(23));
    process.settled().await;
    assert_eq!(world.wire().tries.len(), 1);
    world.forward(SignedDuration::from_hours(1));
    process.settled().await;
    assert_eq!(world.wire().tries.len(), 3);
    let dead = world.disk.lock().unwrap().dead.clone();
    assert_eq!(dead[&1].at, world.now());
    assert_eq!(dead[&1].why, "not accepted within 24 hours: as the script says");
    assert_eq!(world.said(&a), ["2"]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_ping_missed_while_the_bot_was_down_says_so() {
    let world = World::new(FOREVER);
    let a = room("a");
    let nine = world.now();
    let half_past = nine + SignedDuration::from_mins(30);
    let ping = |text: &str, due, not_before| {
        world.commit_as(&a, text, |it| {
            it.due = Some(due);
            it.not_before = not_before;
        })
    };
    ping("missed", nine, nine);
    ping("only just missed", nine + SignedDuration::from_mins(25), nine);
    ping("waited for quiet hours", half_past, half_past);
    let answer = world.commit(&a, "answer");
    assert_eq!(answer.due, None);
    world.clock.set(half_past);
    let process = world.start().await;
    process.settled().await;
    process.outbox.push(vec![ping("on time", half_past, half_past)]);
    process.settled().await;
    let said = ["【补发】missed", "only just missed", "waited for quiet hours", "answer", "on time"];
    assert_eq!(world.said(&a), said);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_loses_nothing_and_comes_at_once() {
    let world = World::new(HOUR);
    let a = room("a");
    world.script(&a, [Answer::Later(Some(HOUR))]);
    let process = world.start().await;
    let tomorrow = world.now() + SignedDuration::from_hours(24);
    process.outbox.push(vec![world.commit(&a, "1"), world.commit(&a, "2")]);
    process.outbox.push(vec![world.commit_as(&room("b"), "3", |it| it.not_before = tomorrow)]);
    process.settled().await;
    let began = tokio::time::Instant::now();
    process.stop().await;
    assert!(began.elapsed() < Duration::from_secs(1));
    let process = world.start().await;
    world.clock.set(tomorrow);
    process.settled().await;
    assert_eq!(world.said(&a), ["1", "2"]);
    assert_eq!(world.said(&room("b")), ["3"]);
    assert!(world.wire().said.iter().all(|parcel| !parcel.maybe_repeated));
    process.stop().await;
}
