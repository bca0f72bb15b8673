//! How many bytes of state a second one path takes: the congestion control that matters for state, which is sent
//! fresh or not at all. Pure: it is told what was measured and when.

use protocol::TICKS_PER_SECOND;
use std::time::Duration;

/// Least budget in bytes a second: 16 kbit/s.
pub const LEAST_STATE_BUDGET: f64 = 2000.0;
/// Factor when the path is full.
const SHRINK: f64 = 0.85;
/// Growth a second while it is not.
const GROW_PER_SEC: f64 = 0.1;
/// Queueing delay that a path may have without counting as full, at least.
const QUEUE_SECS: f64 = 0.025;
/// Least time between two shrinks: one must have had its effect.
const LEAST_SHRINK_SECS: f64 = 0.1;

/// The budget of one connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateBudget {
    bytes_per_sec: f64,
    most_bytes_per_sec: f64,
    updated_secs: Option<f64>,
    shrunk_secs: f64,
}

impl StateBudget {
    /// Begins at `first_bytes_per_sec` and stays below `most_bytes_per_sec`.
    #[must_use]
    pub fn new(first_bytes_per_sec: f64, most_bytes_per_sec: f64) -> Self {
        let most_bytes_per_sec = most_bytes_per_sec.max(LEAST_STATE_BUDGET);
        Self {
            bytes_per_sec: first_bytes_per_sec.clamp(LEAST_STATE_BUDGET, most_bytes_per_sec),
            most_bytes_per_sec,
            updated_secs: None,
            shrunk_secs: f64::NEG_INFINITY,
        }
    }

    /// Takes what was measured before a send at `now_secs` (monotonic): the smoothed and the smallest round trip,
    /// and whether the last datagram has not left yet. Gives the bytes a second from now on.
    pub fn update(
        &mut self,
        now_secs: f64,
        rtt: Duration,
        min_rtt: Duration,
        has_unsent_state: bool,
    ) -> f64 {
        let elapsed = self.updated_secs.map_or(0.0, |at| (now_secs - at).max(0.0));
        self.updated_secs = Some(now_secs);
        let queueing_secs = rtt.saturating_sub(min_rtt).as_secs_f64();
        let allowed_secs = QUEUE_SECS.max(1.0 / f64::from(TICKS_PER_SECOND));
        if has_unsent_state || queueing_secs > allowed_secs {
            let pause_secs = rtt.as_secs_f64().max(LEAST_SHRINK_SECS);
            if now_secs - self.shrunk_secs >= pause_secs {
                self.bytes_per_sec *= SHRINK;
                self.shrunk_secs = now_secs;
            }
        } else {
            self.bytes_per_sec *= 1.0 + GROW_PER_SEC * elapsed.min(1.0);
        }
        self.bytes_per_sec = self
            .bytes_per_sec
            .clamp(LEAST_STATE_BUDGET, self.most_bytes_per_sec);
        self.bytes_per_sec
    }

    /// Bytes a second now.
    #[must_use]
    pub const fn bytes_per_sec(&self) -> f64 {
        self.bytes_per_sec
    }

    /// Bytes of one datagram when `sends_per_sec` are sent a second and each costs `overhead_bytes` on the wire
    /// beside its payload.
    #[must_use]
    pub fn bytes_per_send(&self, sends_per_sec: f64, overhead_bytes: usize) -> usize {
        let bytes = self.bytes_per_sec / sends_per_sec.max(1.0);
        (bytes as usize).saturating_sub(overhead_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Duration = Duration::from_millis(100);
    const FULL: Duration = Duration::from_millis(200);

    #[test]
    fn a_full_path_shrinks_it_and_a_free_one_lets_it_grow() {
        let mut budget = StateBudget::new(8000.0, 16_000.0);
        for send in 0..20 {
            budget.update(f64::from(send) * 0.05, FULL, FREE, false);
        }
        // One second holds five shrinks of one round trip each.
        let shrunk = budget.bytes_per_sec();
        assert!((shrunk - 8000.0 * SHRINK.powi(5)).abs() < 1.0, "{shrunk}");
        for send in 20..40 {
            budget.update(f64::from(send) * 0.05, FREE, FREE, false);
        }
        let grown = budget.bytes_per_sec() / shrunk;
        assert!((1.09..1.11).contains(&grown), "{grown}");
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let mut budget = StateBudget::new(8000.0, 16_000.0);
        for send in 0..2000 {
            budget.update(f64::from(send), FREE, FREE, true);
        }
        assert_eq!(budget.bytes_per_sec(), LEAST_STATE_BUDGET);
        for send in 2000..4000 {
            budget.update(f64::from(send), FREE, FREE, false);
        }
        assert_eq!(budget.bytes_per_sec(), 16_000.0);
        assert_eq!(budget.bytes_per_send(20.0, 50), 750);
        assert_eq!(
            StateBudget::new(1.0, 1.0).bytes_per_sec(),
            LEAST_STATE_BUDGET
        );
    }
}
