//! How fast files go while state travels on the same connection: as fast as the path takes without a queue, in
//! pieces small enough that state never waits long behind one. Pure: it is told the time and the path.

use std::time::Duration;

/// First rate in bytes a second.
const FIRST_RATE: f64 = 32_000.0;
/// Least: a file comes to its end on any path that carries state at all.
const LEAST_RATE: f64 = 1_000.0;
/// Most; nobody needs more beside state.
const MOST_RATE: f64 = 50_000_000.0;
/// Factors at each adjustment.
const SHRINK: f64 = 0.6;
const GROW: f64 = 1.06;
/// The same until the path was full for the first time.
const FIRST_GROW: f64 = 1.25;
/// Queueing delay above which the path counts as full: less than state allows itself, so that files give way first.
const QUEUE_SECS: f64 = 0.018;
/// Seconds without growth after a shrink: the queue must be gone, and be seen to be gone.
const HOLD_SECS: f64 = 1.0;
/// Least seconds between two adjustments; otherwise a round trip, so that each has had its effect.
const LEAST_ADJUST_SECS: f64 = 0.1;
/// A piece lasts so long at the rate.
const PIECE_SECS: f64 = 0.02;
const LEAST_PIECE_BYTES: f64 = 128.0;
const MOST_PIECE_BYTES: f64 = 64.0 * 1024.0;

/// What is known of the path at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathView {
    pub(crate) rtt: Duration,
    pub(crate) min_rtt: Duration,
    pub(crate) has_unsent_state: bool,
}

/// What to do with file bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Grant {
    /// Send so many.
    Send(usize),
    /// Ask again after that.
    Wait(Duration),
}

/// The pace of all files of one connection together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BulkPacer {
    rate: f64,
    allowance: f64,
    asked_secs: f64,
    adjusted_secs: f64,
    shrunk_secs: f64,
}

impl Default for BulkPacer {
    fn default() -> Self {
        Self {
            rate: FIRST_RATE,
            allowance: 0.0,
            asked_secs: 0.0,
            adjusted_secs: 0.0,
            shrunk_secs: f64::NEG_INFINITY,
        }
    }
}

impl BulkPacer {
    /// How much of `wanted` bytes, at least one, may go at `now_secs` (monotonic).
    pub(crate) fn ask(&mut self, now_secs: f64, wanted: usize, path: PathView) -> Grant {
        self.adjust(now_secs, path);
        let piece = (self.rate * PIECE_SECS).clamp(LEAST_PIECE_BYTES, MOST_PIECE_BYTES);
        let elapsed = (now_secs - self.asked_secs).max(0.0);
        self.asked_secs = now_secs;
        self.allowance = (self.allowance + elapsed * self.rate).min(2.0 * piece);
        let needed = piece.min(wanted as f64);
        if self.allowance < needed {
            let wait_secs = (needed - self.allowance) / self.rate;
            // At least a tick of the timer, so that rounding does not make it spin.
            return Grant::Wait(Duration::from_secs_f64(wait_secs.max(0.001)));
        }
        let granted = self.allowance.min(piece).min(wanted as f64);
        self.allowance -= granted;
        Grant::Send((granted as usize).max(1))
    }

    fn adjust(&mut self, now_secs: f64, path: PathView) {
        let pause_secs = path.rtt.as_secs_f64().max(LEAST_ADJUST_SECS);
        if now_secs - self.adjusted_secs < pause_secs {
            return;
        }
        self.adjusted_secs = now_secs;
        let queueing_secs = path.rtt.saturating_sub(path.min_rtt).as_secs_f64();
        let is_full = path.has_unsent_state || queueing_secs > QUEUE_SECS;
        if is_full {
            self.rate *= SHRINK;
            self.shrunk_secs = now_secs;
        } else if self.shrunk_secs == f64::NEG_INFINITY {
            self.rate *= FIRST_GROW;
        } else if now_secs - self.shrunk_secs > HOLD_SECS {
            self.rate *= GROW;
        }
        self.rate = self.rate.clamp(LEAST_RATE, MOST_RATE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes sent in ten seconds over a path that is full above `capacity` bytes a second.
    fn sent_in_ten_secs(capacity: f64) -> (usize, usize) {
        let mut pacer = BulkPacer::default();
        let (mut now_secs, mut sent, mut largest) = (0.0, 0, 0);
        while now_secs < 10.0 {
            let queueing = if pacer.rate > capacity { 60 } else { 0 };
            let path = PathView {
                rtt: Duration::from_millis(40 + queueing),
                min_rtt: Duration::from_millis(40),
                has_unsent_state: false,
            };
            match pacer.ask(now_secs, 1_000_000, path) {
                Grant::Send(bytes) => {
                    sent += bytes;
                    largest = largest.max(bytes);
                }
                Grant::Wait(time) => now_secs += time.as_secs_f64(),
            }
        }
        (sent, largest)
    }

    #[test]
    fn it_finds_the_rate_of_the_path() {
        for capacity in [5_000.0, 100_000.0, 2_000_000.0] {
            let (sent, _) = sent_in_ten_secs(capacity);
            let share = sent as f64 / (10.0 * capacity);
            assert!((0.6..1.3).contains(&share), "{share} of {capacity} B/s");
        }
    }

    #[test]
    fn pieces_are_small_on_a_thin_path() {
        let mut pacer = BulkPacer {
            rate: LEAST_RATE,
            ..BulkPacer::default()
        };
        let path = PathView {
            rtt: Duration::from_millis(40),
            min_rtt: Duration::from_millis(40),
            has_unsent_state: true,
        };
        assert!(matches!(pacer.ask(0.001, 1_000_000, path), Grant::Wait(_)));
        let Grant::Send(bytes) = pacer.ask(1.0, 1_000_000, path) else {
            panic!("a second is enough for a piece");
        };
        assert_eq!(bytes, LEAST_PIECE_BYTES as usize);
    }

    #[test]
    fn the_end_of_a_file_is_not_held_back() {
        let mut pacer = BulkPacer::default();
        let path = PathView {
            rtt: Duration::ZERO,
            min_rtt: Duration::ZERO,
            has_unsent_state: false,
        };
        assert_eq!(pacer.ask(10.0, 3, path), Grant::Send(3));
    }
}
