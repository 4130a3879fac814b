//! Events that come in several frames.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

/// How long the rest of an event may take; the platform delivers again what was not acknowledged.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest event, in bytes; as long as a webhook's body.
const MOST_BYTES: usize = 1024 * 1024;
/// Most frames of one event.
const MOST_PIECES: usize = 64;
/// Most events that are incomplete at the same time.
const MOST_EVENTS: usize = 16;

/// What came of events that are not complete yet.
#[derive(Default)]
pub struct Pieces {
    events: HashMap<String, Event>,
}

struct Event {
    since: Instant,
    pieces: Vec<Option<Vec<u8>>>,
}

impl Event {
    fn bytes(&self) -> usize {
        self.pieces.iter().flatten().map(Vec::len).sum()
    }
}

/// What a piece made of its event.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// All of it is here: the bytes in order.
    Whole(Vec<u8>),
    /// Something is missing yet.
    Part,
    /// No piece of any event that we take.
    Refused,
}

impl Pieces {
    /// Takes piece number `seq` of the `sum` pieces of an event.
    pub fn add(&mut self, now: Instant, event: &str, sum: usize, seq: usize, payload: Vec<u8>) -> Piece {
        if sum == 0 || sum > MOST_PIECES || seq >= sum || payload.len() > MOST_BYTES {
            return Piece::Refused;
        }
        if sum == 1 {
            return Piece::Whole(payload);
        }
        if self.events.len() >= MOST_EVENTS && !self.events.contains_key(event) {
            return Piece::Refused;
        }
        let anew = || Event { since: now, pieces: vec![None; sum] };
        let held = self.events.entry(event.to_owned()).or_insert_with(anew);
        if held.pieces.len() != sum {
            *held = anew();
        }
        held.pieces[seq] = Some(payload);
        if held.bytes() > MOST_BYTES {
            self.events.remove(event);
            return Piece::Refused;
        }
        if held.pieces.iter().any(Option::is_none) {
            return Piece::Part;
        }
        let whole = self.events.remove(event).map(|event| event.pieces.into_iter().flatten().flatten());
        Piece::Whole(whole.into_iter().flatten().collect())
    }

    /// Gives up what stayed incomplete for too long; says of how many events.
    pub fn give_up(&mut self, now: Instant) -> usize {
        let before = self.events.len();
        self.events.retain(|_, event| now.duration_since(event.since) < PATIENCE);
        before - self.events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(pieces: &mut Pieces, event: &str, sum: usize, seq: usize, payload: &[u8]) -> Piece {
        pieces.add(Instant::now(), event, sum, seq, payload.to_vec())
    }

    #[test]
    fn pieces_in_any_order_and_more_than_once_make_one_event() {
        let mut pieces = Pieces::default();
        let bytes = "退款".as_bytes();
        assert_eq!(add(&mut pieces, "a", 3, 2, &bytes[4..]), Piece::Part);
        assert_eq!(add(&mut pieces, "b", 2, 0, b"other"), Piece::Part);
        assert_eq!(add(&mut pieces, "a", 3, 0, &bytes[..1]), Piece::Part);
        assert_eq!(add(&mut pieces, "a", 3, 0, &bytes[..1]), Piece::Part);
        assert_eq!(add(&mut pieces, "a", 3, 1, &bytes[1..4]), Piece::Whole(bytes.to_vec()));
        assert_eq!(add(&mut pieces, "c", 1, 0, b"whole"), Piece::Whole(b"whole".to_vec()));
    }

    #[test]
    fn what_makes_no_event_is_refused() {
        let mut pieces = Pieces::default();
        let long = vec![0; MOST_BYTES / 2 + 1];
        for (sum, seq) in [(0, 0), (2, 2), (MOST_PIECES + 1, 0), (usize::MAX, 1)] {
            assert_eq!(add(&mut pieces, "a", sum, seq, b"x"), Piece::Refused, "{seq} of {sum}");
        }
        assert_eq!(add(&mut pieces, "long", 2, 0, &long), Piece::Part);
        assert_eq!(add(&mut pieces, "long", 2, 1, &long), Piece::Refused);
        assert!(pieces.events.is_empty());
        for n in 0..MOST_EVENTS {
            assert_eq!(add(&mut pieces, &n.to_string(), 2, 0, b"x"), Piece::Part);
        }
        assert_eq!(add(&mut pieces, "one more", 2, 0, b"x"), Piece::Refused);
        assert_eq!(add(&mut pieces, "0", 2, 1, b"y"), Piece::Whole(b"xy".to_vec()));
    }

    #[test]
    fn what_stays_incomplete_is_given_up() {
        let (mut pieces, now) = (Pieces::default(), Instant::now());
        assert_eq!(pieces.add(now, "a", 2, 0, b"x".to_vec()), Piece::Part);
        assert_eq!(pieces.give_up(now + PATIENCE - Duration::from_millis(1)), 0);
        assert_eq!(pieces.give_up(now + PATIENCE), 1);
        assert_eq!(pieces.add(now + PATIENCE, "a", 2, 1, b"y".to_vec()), Piece::Part);
    }
}
