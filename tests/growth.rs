//! Whether work takes longer in step with what it works on, whatever else the machine is doing.

use std::time::Duration;

/// How much more there is of the long work than of the short one.
pub const TIMES: usize = 4;
/// So much longer it may take: with the square of the length it would be sixteen times.
const MOST: u32 = 10;
/// What is over within so long is no evidence of anything.
const MOMENT: Duration = Duration::from_millis(50);
/// How often the two are compared before one of them is believed.
const TURNS: usize = 6;

/// Times of the same work on little, and on [`TIMES`] as much, side by side.
#[derive(Debug, Default)]
pub struct Growth {
    turns: Vec<(Duration, Duration)>,
}

impl Growth {
    /// Takes one more pair; whether it is enough to believe that it grows evenly. A machine that is busy elsewhere makes
    /// some turn long, hence the best of the long ones and the worst of the short ones.
    ///
    /// # Panics
    /// In no turn it did.
    pub fn is_even(&mut self, what: &str, short: Duration, long: Duration) -> bool {
        self.turns.push((short, long));
        let short = self.turns.iter().map(|(short, _)| *short).max().unwrap_or_default();
        let long = self.turns.iter().map(|(_, long)| *long).min().unwrap_or_default();
        let is_even = long <= short * MOST + MOMENT;
        assert!(is_even || self.turns.len() < TURNS, "{what}: {:?}", self.turns);
        is_even
    }
}

#[test]
fn work_that_grows_with_the_square_is_found_out() {
    let grows = |power| {
        let mut growth = Growth::default();
        let time = |length: u32| Duration::from_millis(10) * length.pow(power);
        while !growth.is_even("it", time(10), time(10 * TIMES as u32)) {}
    };
    grows(1);
    assert!(std::panic::catch_unwind(|| grows(2)).is_err());
}
