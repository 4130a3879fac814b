//! What was uploaded for a parcel, so that its next try need not upload it again: an upload is a metered call, and the
//! platform keeps what it was given.
//!
//! It is kept in memory and for the newest parcels alone: after a restart, or behind very many others, a try uploads
//! once more, which says nothing to anybody.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// For how many parcels it is kept; as many as can wait for another try without the platform being down.
const MOST: usize = 256;

/// Media ids by parcel, the oldest first. Held for a look or an entry.
#[derive(Default)]
pub(super) struct Uploaded(Mutex<VecDeque<(String, String)>>);

impl Uploaded {
    /// The media id of what this parcel carries, if it was uploaded.
    pub fn of(&self, parcel: &str) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(of, _)| of == parcel).map(|(_, media)| media.clone())
    }

    /// Keeps it for the parcel's next try.
    pub fn keep(&self, parcel: &str, media: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MOST {
            kept.pop_front();
        }
        kept.push_back((parcel.to_owned(), media.to_owned()));
    }

    /// The parcel has arrived, or never will.
    pub fn forget(&self, parcel: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| of != parcel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_until_they_are_forgotten() {
        let uploaded = Uploaded::default();
        for n in 0..=MOST {
            uploaded.keep(&n.to_string(), &format!("media{n}"));
        }
        assert_eq!(uploaded.of("0"), None);
        assert_eq!(uploaded.of("1").as_deref(), Some("media1"));
        uploaded.forget("1");
        assert_eq!(uploaded.of("1"), None);
        assert_eq!(uploaded.of(&MOST.to_string()), Some(format!("media{MOST}")));
    }
}
