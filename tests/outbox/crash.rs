//! The power goes off between any two steps, and the next process takes up what is there.

use std::time::Duration;

use jiff::SignedDuration;

use super::fakes::*;

/// Single messages and a bundle, with answers that fail in between.
const ANSWERS: [Answer; 6] = [
    Answer::Takes,
    Answer::TakesButTheAnswerIsLost,
    Answer::LosesIt,
    Answer::Takes,
    Answer::Later(None),
    Answer::TakesButTheAnswerIsLost,
];

/// Plays the same morning and lets the power go off after `steps`; the next process comes `later`. False
/// once the morning needs no more steps.
async fn morning(remembers: Duration, steps: i64, later: SignedDuration) -> bool {
    let world = World::new(remembers);
    let a = room("a");
    world.script(&a, ANSWERS);
    let power = Power::for_steps(steps);
    let process = world.start_with(power.clone()).await;
    for burst in [1..=2, 3..=3, 4..=9] {
        let burst = burst.map(|n| world.commit(&a, &n.to_string())).collect();
        process.outbox.push(burst);
        // Where the power is off already, the rest was committed and never came here.
        tokio::select! {
            () = power.goes_off() => {}
            _ = process.outbox.idle(Duration::from_secs(30)) => {}
        }
    }
    let crashed = tokio::select! {
        () = power.goes_off() => true,
        () = world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()) => false,
    };
    process.crash().await;
    world.forward(later);
    let process = world.start().await;
    world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()).await;
    process.stop().await;

    let disk = world.disk.lock().unwrap();
    assert!(disk.dead.is_empty());
    let wire = world.wire();
    let (mut heard, mut again) = (Vec::new(), Vec::new());
    for parcel in &wire.said {
        for line in parcel.message.plain().split("\n\n").map(String::from) {
            if heard.contains(&line) {
                assert!(parcel.maybe_repeated, "{steps}: {line} was doubled unseen");
                again.push(line);
            } else {
                heard.push(line);
            }
        }
    }
    let all: Vec<_> = (1..=9).map(|n| n.to_string()).collect();
    assert_eq!(heard, all, "{steps}: lost, or out of order");
    if !remembers.is_zero() {
        assert!(again.is_empty(), "{steps}: {again:?} doubled where the platform has a key");
        assert!(wire.said.iter().all(|parcel| !parcel.maybe_repeated), "{steps}: doubted without need");
    }
    crashed
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_doubled_or_torn_wherever_the_power_goes_off() {
    for remembers in [FOREVER, HOUR, Duration::ZERO] {
        let mut steps = 0;
        while morning(remembers, steps, SignedDuration::from_mins(5)).await {
            steps += 1;
        }
        assert!(steps > 20, "the morning has more steps than {steps}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_forgot_is_told_that_it_may_be_a_repetition() {
    let world = World::new(HOUR);
    let a = room("a");
    // Trying is written (two steps), the platform takes it (two steps), then the power goes off.
    let power = Power::for_steps(4);
    let process = world.start_with(power.clone()).await;
    process.outbox.push(vec![world.commit(&a, "1"), world.commit(&a, "2")]);
    power.goes_off().await;
    process.crash().await;
    world.forward(SignedDuration::from_hours(2));
    let process = world.start().await;
    process.settled().await;
    let wire = world.wire();
    let doubted: Vec<_> = wire.tries.iter().map(|(_, _, parcel)| parcel.maybe_repeated).collect();
    assert_eq!(doubted, [false, true, false]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_makes_the_next_try_a_repetition_where_there_is_no_key() {
    let world = World::new(Duration::ZERO);
    let a = room("a");
    world.script(&a, [Answer::Later(None), Answer::LosesIt]);
    let process = world.start().await;
    process.outbox.push(vec![world.commit(&a, "1")]);
    world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()).await;
    let wire = world.wire();
    let doubted: Vec<_> = wire.tries.iter().map(|(_, _, parcel)| parcel.maybe_repeated).collect();
    assert_eq!(doubted, [false, false, true]);
    process.stop().await;
}
