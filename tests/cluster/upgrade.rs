//! An upgrade from one process to the next: the version before and the present one side by side.
//!
//! `OLDER_JIUDING` names the program of the version before; `tests/run` builds it from the repository's history
//! (`tests/older`).

use std::{path::Path, time::Duration};

use tokio::time::sleep;

use super::{Cluster, TAKEOVER, talk::Talk};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_from_one_process_to_the_next_loses_and_doubles_nothing_and_does_not_pause() {
    let older = std::env::var("OLDER_JIUDING").unwrap_or_default();
    if older.is_empty() {
        println!("OLDER_JIUDING names no older program: nothing was tested");
        return;
    }
    let (older, present) = (Path::new(&older), Path::new(env!("CARGO_BIN_EXE_jiuding")));
    let mut cluster = Cluster::start_of(2, older).await;
    cluster.set_up().await;
    let talk = Talk::start(&cluster.mouth());
    sleep(Duration::from_secs(4)).await;
    for process in 0..2 {
        cluster.processes[process].replace(present);
        cluster.processes[process].answers().await;
        // Before it goes on, so that the two versions are there together for a while.
        sleep(TAKEOVER).await;
    }
    let said = talk.end().await;
    said.is_kept(&cluster).await;
    assert!(said.longest() < TAKEOVER, "nobody was heard for {:?}\n{}", said.longest(), cluster.logs());
    assert!(cluster.processes[1].log().contains("this process stands aside"));

    // Once started, the older one does not come between.
    cluster.processes[1].replace(older);
    assert!(cluster.processes[1].fails());
    assert!(cluster.processes[1].log().contains("start that one"), "{}", cluster.processes[1].log());
}
