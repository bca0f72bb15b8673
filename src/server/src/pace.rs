//! When the ticks of a world are due. Pure: it is told the time.

use protocol::TICKS_PER_SECOND;
use std::time::Duration;

/// Time between two ticks.
const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICKS_PER_SECOND as u64);
/// A world that is behind by more gives up catching up: its time then runs slower than the clock.
const MAX_BEHIND: Duration = Duration::from_millis(250);

/// The pace of one world. Times are since any moment of the caller's.
#[derive(Debug)]
pub(crate) struct Pace {
    due: Duration,
}

impl Pace {
    /// The first tick is due at once.
    pub(crate) const fn starting(now: Duration) -> Self {
        Self { due: now }
    }

    /// How long to wait until the next tick is due.
    pub(crate) fn wait(&self, now: Duration) -> Duration {
        self.due.saturating_sub(now)
    }

    /// A tick begins; gives how late it is. Ticks that were missed follow without a pause, but for those that are given
    /// up.
    pub(crate) fn begin(&mut self, now: Duration) -> Duration {
        let late = now.saturating_sub(self.due);
        if late > MAX_BEHIND {
            self.due = now;
        }
        self.due += TICK;
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks in five seconds when each takes `work`, and the most that one was late.
    fn run(work: Duration) -> (u32, Duration) {
        let (mut now, mut pace) = (Duration::ZERO, Pace::starting(Duration::ZERO));
        let (mut ticks, mut latest) = (0, Duration::ZERO);
        while now < Duration::from_secs(5) {
            now += pace.wait(now);
            latest = latest.max(pace.begin(now));
            now += work;
            ticks += 1;
        }
        (ticks, latest)
    }

    #[test]
    fn a_world_with_time_to_spare_keeps_sixty_ticks_a_second() {
        let (ticks, latest) = run(Duration::from_millis(16));
        assert!((299..=301).contains(&ticks), "{ticks}");
        assert_eq!(latest, Duration::ZERO);
    }

    #[test]
    fn one_long_tick_is_caught_up_with() {
        let mut pace = Pace::starting(Duration::ZERO);
        pace.begin(Duration::ZERO);
        let after = Duration::from_millis(200);
        let mut now = after;
        let mut ticks = 1;
        while pace.wait(now).is_zero() {
            pace.begin(now);
            now += Duration::from_millis(1);
            ticks += 1;
        }
        assert!(
            (12..=14).contains(&ticks),
            "{ticks} ticks of the 12 that were due"
        );
    }

    #[test]
    fn a_world_too_heavy_for_its_machine_runs_slower_and_is_never_far_behind() {
        let (ticks, latest) = run(Duration::from_millis(40));
        assert_eq!(ticks, 125);
        assert!(
            latest <= MAX_BEHIND + Duration::from_millis(40),
            "{latest:?}"
        );
    }
}
