//! More than five waiting for one room become one message.

use jiuding::{
    chat::{File, Message, Tone},
    store::About,
};

use super::fakes::*;

#[tokio::test(start_paused = true)]
async fn more_than_five_become_one_message_and_answers_stay_answers() {
    let world = World::new(FOREVER);
    let a = room("a");
    let process = world.start().await;
    let mut burst: Vec<_> = (1..=3).map(|n| world.commit(&a, &n.to_string())).collect();
    burst.push(world.commit_as(&a, "answer", |it| it.reply_to = answer_to("m")));
    burst.extend((4..=6).map(|n| world.commit(&a, &n.to_string())));
    process.outbox.push(burst);
    process.settled().await;
    // Whoever asked does not wait for the others.
    assert_eq!(world.said(&a), ["answer", "1\n\n2\n\n3\n\n4\n\n5\n\n6"]);
    assert_eq!(process.outbox.depth(), 0);
    assert!(world.disk.lock().unwrap().outgoing.is_empty());
    process.outbox.push((1..=5).map(|n| world.commit(&a, &n.to_string())).collect());
    process.settled().await;
    assert_eq!(world.said(&a).len(), 7);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_file_is_never_within_a_bundle() {
    let world = World::new(FOREVER);
    let a = room("a");
    let process = world.start().await;
    let file = File::new("规格.docx", vec![7; 100], "发不了文件").unwrap();
    let alone = Message::text("已确认").attach(file.clone()).apart().unwrap();
    let mut burst: Vec<_> = (1..=3).map(|n| world.commit(&a, &n.to_string())).collect();
    burst.push(world.commit_as(&a, "", |it| it.message = alone.clone()));
    burst.extend((4..=6).map(|n| world.commit(&a, &n.to_string())));
    process.outbox.push(burst);
    process.settled().await;
    assert_eq!(world.said(&a), ["1\n\n2\n\n3", "📎 规格.docx", "4", "5", "6"]);
    assert_eq!(world.wire().said[1].message.file.as_deref(), Some(&file));
    // At the head of a long queue it goes alone, too.
    let mut burst = vec![world.commit_as(&a, "", |it| it.message = alone.clone())];
    burst.extend((7..=12).map(|n| world.commit(&a, &n.to_string())));
    process.outbox.push(burst);
    process.settled().await;
    assert_eq!(world.said(&a)[5..], ["📎 规格.docx", "7\n\n8\n\n9\n\n10\n\n11\n\n12"]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_bundle_is_as_loud_as_its_loudest_and_has_few_buttons() {
    let world = World::new(FOREVER);
    let a = room("a");
    let process = world.start().await;
    let t1 = About { project: jiuding::store::ProjectId(1), key: "T1".parse().unwrap() };
    let burst = (1..=7).map(|n| {
        world.commit_as(&a, "", |it| {
            let tone = if n == 4 { Tone::Alarm } else { Tone::Good };
            it.message = Message::text(n.to_string()).tone(tone).button("响应", format!("/T{n} 响应"));
            it.about = Some(t1);
        })
    });
    process.outbox.push(burst.collect());
    process.settled().await;
    let wire = world.wire();
    assert_eq!(wire.said.len(), 1);
    assert_eq!(wire.said[0].message.tone, Tone::Alarm);
    assert_eq!(wire.said[0].message.buttons.len(), 5);
    // Of several alike nobody would know whose each is.
    assert!(wire.said[0].message.buttons.iter().all(|button| button.label == "T1 响应"));
    assert_eq!(world.disk.lock().unwrap().delivered, [(1, Some(t1))]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_piles_up_behind_a_refusal_is_bundled_and_looked_at_again_when_it_goes() {
    let world = World::new(HOUR);
    let a = room("a");
    world.script(&a, [Answer::Later(None), Answer::Later(None)]);
    let process = world.start().await;
    let ping = |step: &str| world.commit_as(&a, step, |it| it.condition = owes(step));
    process.outbox.push(vec![ping("1")]);
    process.settled().await;
    process.outbox.push(["2", "3", "4", "5", "6"].map(ping).into());
    world.until(|world| world.writes().ends_with(&["bundled", "trying", "not tried"])).await;
    world.done.0.lock().unwrap().extend(["1", "4"].map(String::from));
    world.until(|world| !world.said(&a).is_empty()).await;
    assert_eq!(world.said(&a), ["2\n\n3\n\n5\n\n6"]);
    process.settled().await;
    assert_eq!(process.outbox.depth(), 0);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_joins_a_message_that_may_have_been_said() {
    let world = World::new(FOREVER);
    let a = room("a");
    world.script(&a, [Answer::TakesButTheAnswerIsLost]);
    let process = world.start().await;
    process.outbox.push(vec![world.commit(&a, "1")]);
    process.settled().await;
    process.outbox.push((2..=7).map(|n| world.commit(&a, &n.to_string())).collect());
    world.until(|world| world.disk.lock().unwrap().outgoing.is_empty()).await;
    assert_eq!(world.said(&a), ["1", "2\n\n3\n\n4\n\n5\n\n6\n\n7"]);
    process.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_bundle_has_an_end() {
    let world = World::new(FOREVER);
    let a = room("a");
    let process = world.start().await;
    process.outbox.push((1..=50).map(|n| world.commit(&a, &n.to_string())).collect());
    process.settled().await;
    let said = world.said(&a);
    assert_eq!(said.len(), 3);
    let lines: Vec<_> = said.iter().flat_map(|text| text.split("\n\n")).collect();
    assert_eq!(lines, (1..=50).map(|n| n.to_string()).collect::<Vec<_>>());
    process.stop().await;
}
