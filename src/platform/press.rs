//! Presses, which alone have no time to become durable where the store is slow: after some seconds whoever pressed would read
//! an error, though all goes well.
//!
//! So a press that takes too long is answered for meanwhile ([`Work::meanwhile`](super::socket::Work::meanwhile), or the
//! webhook by itself), the work goes on, and the card and the room show what came of it as they always do. Nobody delivers it
//! again then, so it is tried until it is kept; a power cut within those seconds is the one thing that can lose it, and the
//! card still has its button. A platform that does deliver it again finds it done.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Press, Receiver};
use crate::chat::Inbound;

/// How often a press is tried again, with doubled pauses from the first on: some four minutes.
const MOST_TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// So much before its end the time for an answer counts as over: a failure must not be told to nobody.
const JUST_BEFORE: Duration = Duration::from_millis(10);

/// Carries a press out. While its presser waits, until `answer_by`, a failure is an answer; later nobody would do it again.
///
/// # Errors
/// The store could not write.
pub async fn kept(receiver: &dyn Receiver, inbound: Inbound, answer_by: Instant) -> anyhow::Result<Press> {
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
