//! Presses, which alone have no time to become durable where the store is slow: after some seconds whoever pressed would read
//! an error, though all goes well.
//!
//! So a press that takes too long is answered for meanwhile ([`Work::meanwhile`](super::socket::Work::meanwhile), or the
//! webhook by itself), the work goes on, and the card and the room show what came of it as they always do. Nobody delivers it
//! again then, so it is tried until it is kept, and a bot that is told to stop waits a little for it ([`all_kept`]). A process
//! that is killed within that time, or whose store stays away for longer, loses it; the card still has its button. A platform
//! that does deliver it again finds it done.

use std::{sync::LazyLock, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{Press, Receiver};
use crate::chat::Inbound;

/// How often a press is tried again, with doubled pauses from the first on: some four minutes.
const MOST_TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// So much before its end the time for an answer counts as over: a failure must not be told to nobody.
const JUST_BEFORE: Duration = Duration::from_millis(10);

/// How many presses this process has in hand.
static IN_HAND: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

struct InHand;

impl InHand {
    fn one_more() -> Self {
        IN_HAND.send_modify(|count| *count += 1);
        Self
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        IN_HAND.send_modify(|count| *count -= 1);
    }
}

/// Waits until every press is kept, at most so long.
pub async fn all_kept(limit: Duration) {
    let mut in_hand = IN_HAND.subscribe();
    let kept = timeout(limit, in_hand.wait_for(|count| *count == 0)).await.is_ok();
    if !kept {
        tracing::error!("presses that were answered for are not kept, and this process stops");
    }
}

/// Carries a press out. While its presser waits, until `answer_by`, a failure is an answer; later nobody would do it again.
///
/// # Errors
/// The store could not write.
pub async fn kept(receiver: &dyn Receiver, inbound: Inbound, answer_by: Instant) -> anyhow::Result<Press> {
    let _in_hand = InHand::one_more();
    let mut tried = 0;
    loop {
        let fault = match receiver.press(inbound.clone()).await {
            Err(fault) if tried < MOST_TRIES => fault,
            pressed => return pressed,
        };
        if Instant::now() + JUST_BEFORE < answer_by {
            return Err(fault);
        }
        let pause = FIRST_PAUSE * 2u32.pow(tried);
        tracing::warn!("a press that was answered for is not kept yet, trying again in {pause:?}: {fault:#}");
        sleep(pause).await;
        tried += 1;
    }
}
