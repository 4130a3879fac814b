//! How a lane waits for its leave to say one more.

use tokio::time::sleep;

use super::{Speaker, haste::Haste, lane::Lane, line::Passage, peak};

/// Leave to say one more.
pub(super) struct Clearance<'a> {
    /// In this haste.
    pub(super) haste: Haste,
    /// `None` where nobody paces.
    _passage: Option<Passage<'a>>,
}

impl Lane {
    /// Waits until the platform's pace allows one more; held while it is on its way. What is added meanwhile and in more
    /// haste waits as such.
    pub(super) async fn clearance<'a>(&self, speaker: Option<&'a Speaker>) -> Clearance<'a> {
        let added = self.outbox.rooms().queues.get(&self.target).map(|room| room.added.clone());
        let (Some(speaker), Some(added)) = (speaker, added) else {
            return Clearance { haste: Haste::Ordinary, _passage: None };
        };
        let mut has_token = false;
        loop {
            let haste = self.haste().unwrap_or(Haste::Ordinary);
            let passage = self.pass(speaker, haste, &mut has_token);
            tokio::pin!(passage);
            loop {
                tokio::select! {
                    biased;
                    passage = &mut passage => return Clearance { haste, _passage: Some(passage) },
                    () = added.notified() => self.outbox.look(&self.target).await,
                }
                if self.haste() > Some(haste) {
                    break;
                }
            }
        }
    }

    async fn pass<'a>(&self, speaker: &'a Speaker, haste: Haste, has_token: &mut bool) -> Passage<'a> {
        let clock = &self.outbox.clock;
        if let (Haste::Ordinary, Some(peak), None) = (haste, speaker.pace.limits().peak, clock.hand()) {
            sleep(peak::wait(clock.now(), &self.target, peak)).await;
        }
        speaker.pace.pass(&self.target, haste, has_token, || self.outbox.processes()).await
    }

    /// That of the most hasty that waits.
    pub(super) fn haste(&self) -> Option<Haste> {
        self.queue(|queue| queue.haste(self.outbox.clock.now())).flatten()
    }
}
