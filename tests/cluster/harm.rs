//! They are killed, paused and cut off, and the database crashes under them.
//!
//! `CLUSTER_SECONDS` says for how long; by default a little.

use std::time::{Duration, Instant};

use tokio::{sync::Mutex, time::sleep};

use super::{
    Cluster, TAKEOVER,
    talk::{Mouth, Talk},
};
use crate::fake_feishu::Sent;

/// Harms the cluster in turn.
async fn harm(cluster: &Mutex<Cluster>, until: Instant) -> usize {
    let mut turn = 0;
    while Instant::now() < until {
        sleep(Duration::from_secs(3)).await;
        let mut cluster = cluster.lock().await;
        let victim = turn % cluster.processes.len();
        match turn % 5 {
            0 | 3 => {
                cluster.processes[victim].kill();
                sleep(Duration::from_secs(1)).await;
                cluster.processes[victim].start_again();
            }
            1 => {
                cluster.processes[victim].wire.cut.send_replace(true);
                sleep(Duration::from_millis(1500)).await;
                cluster.processes[victim].wire.cut.send_replace(false);
            }
            2 => {
                // For so long that it counts as dead, and goes on then with what it had in hand.
                cluster.processes[victim].pause();
                sleep(TAKEOVER + Duration::from_secs(1)).await;
                cluster.processes[victim].go_on();
            }
            _ => cluster.database.crash().await,
        }
        turn += 1;
    }
    turn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dies_nothing_is_lost_doubled_or_out_of_order() {
    let seconds = std::env::var("CLUSTER_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let cluster = Cluster::start(3).await;
    cluster.set_up().await;
    let talk = Talk::start(&cluster.mouth());
    let cluster = Mutex::new(cluster);
    let harms = harm(&cluster, Instant::now() + Duration::from_secs(seconds)).await;
    let said = talk.end().await;
    println!("{harms} harms");
    said.is_kept(&cluster.into_inner()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_had_is_said_by_another_within_the_lease() {
    let mut cluster = Cluster::start(2).await;
    cluster.set_up().await;
    let first = Mouth { urls: vec![cluster.urls()[0].clone()], ..cluster.mouth() };
    let other = Mouth { urls: vec![cluster.urls()[1].clone()], ..first.clone() };
    let said =
        |sent: &[Sent], id: &str| sent.iter().filter(|sent| sent.reply_to.as_deref() == Some(id)).count();
    // Whoever says it keeps the room for a while.
    let id = first.say(0, 0, "/需求 第一件").await;
    cluster.feishu.wait_until(|sent| said(sent, &id) == 1).await;
    for dead in [0, 1] {
        let (living, name) = if dead == 0 { (&other, "第二件") } else { (&first, "第三件") };
        cluster.processes[dead].kill();
        let began = Instant::now();
        let id = living.say(0, 0, &format!("/需求 {name}")).await;
        cluster.feishu.wait_until(|sent| said(sent, &id) == 1).await;
        let took = began.elapsed();
        println!("process {dead} died; what it had was said by the other one after {took:?}");
        assert!(took < TAKEOVER + Duration::from_secs(1), "{took:?}\n{}", cluster.logs());
        cluster.processes[dead].start_again();
        cluster.processes[dead].answers().await;
    }
}
