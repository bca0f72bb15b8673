//! The server's time on the client's machine, and how far behind it to show the world.

use protocol::TICKS_PER_SECOND;
use std::collections::VecDeque;

/// Seconds over which the fastest datagram counts as having had no queueing delay.
const OFFSET_WINDOW_SECS: f64 = 5.0;
/// Most seconds a second by which the clock runs faster or slower to reach its goal.
const CLOCK_SLEW: f64 = 0.02;
/// After a silence the clock does not make up for all of it at once, in seconds.
const LONGEST_SLEW_SECS: f64 = 0.5;
/// An error above this is a jump, in seconds.
const JUMP_SECS: f64 = 0.25;
/// Most observations kept in a window: 30 a second for five seconds, and some more.
const MAX_OBSERVATIONS: usize = 256;
/// Observations that must agree before a longer way counts as lasting: a second of them.
const RECENT: usize = 20;

/// Tells the server's tick as it reaches this client: the server's present minus the fastest way here.
///
/// Estimated from arrivals alone: the offset is the minimum of (arrival - tick time) over five seconds; the clock
/// follows it at most 2 % faster or slower than real time and jumps when it is off by more than 250 ms.
#[derive(Clone, Debug, Default)]
pub struct ServerClock {
    /// (arrival seconds, arrival - tick time).
    observations: VecDeque<(f64, f64)>,
    /// Seconds to subtract from local time, and when that was true.
    offset: Option<(f64, f64)>,
}

impl ServerClock {
    /// A clock that knows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the arrival of a snapshot of `tick` at local time `arrival_secs` (monotonic).
    pub fn observe(&mut self, tick: u64, arrival_secs: f64) {
        let tick_secs = tick as f64 / f64::from(TICKS_PER_SECOND);
        let observed = arrival_secs - tick_secs;
        while self
            .observations
            .front()
            .is_some_and(|(at, _)| arrival_secs - at > OFFSET_WINDOW_SECS)
            || self.observations.len() >= MAX_OBSERVATIONS
        {
            self.observations.pop_front();
        }
        self.observations.push_back((arrival_secs, observed));
        // All recent ones far later than the minimum: the clock or the way moved, old ones are worthless.
        let recent = self.minimum_of_newest(RECENT);
        let mut goal = self.minimum_of_newest(MAX_OBSERVATIONS);
        if self.observations.len() > RECENT && recent - goal > JUMP_SECS {
            self.observations.drain(..self.observations.len() - RECENT);
            goal = recent;
        }
        let Some((offset, at)) = self.offset else {
            self.offset = Some((goal, arrival_secs));
            return;
        };
        let error = goal - offset;
        let most = CLOCK_SLEW * (arrival_secs - at).clamp(0.0, LONGEST_SLEW_SECS);
        let moved = if error.abs() > JUMP_SECS {
            error
        } else {
            error.clamp(-most, most)
        };
        self.offset = Some((offset + moved, arrival_secs));
    }

    fn minimum_of_newest(&self, count: usize) -> f64 {
        self.observations
            .iter()
            .rev()
            .take(count)
            .map(|(_, offset)| *offset)
            .fold(f64::INFINITY, f64::min)
    }

    /// Server tick, with fraction, whose snapshot would arrive now without queueing. None before the first
    /// observation.
    #[must_use]
    pub fn tick_at(&self, local_secs: f64) -> Option<f64> {
        self.offset
            .map(|(offset, _)| (local_secs - offset) * f64::from(TICKS_PER_SECOND))
    }
}

/// Seconds of jitter history.
const JITTER_WINDOW_SECS: f64 = 4.0;
/// Share of arrivals that must be in time.
const JITTER_QUANTILE: f64 = 0.98;
/// Least delay in send intervals.
const LEAST_INTERVALS: f64 = 1.1;
/// Most delay in seconds.
const MOST_DELAY_SECS: f64 = 0.25;
/// Seconds a second by which the delay grows.
const GROW_SLEW: f64 = 0.05;
/// Seconds a second by which the delay shrinks.
const SHRINK_SLEW: f64 = 0.01;

/// How far behind the server clock the world is shown: one send interval plus the 98th percentile of jitter over
/// four seconds; grows fast, shrinks slowly.
#[derive(Clone, Debug)]
pub struct PlayoutDelay {
    interval_secs: f64,
    /// (arrival seconds, lateness in seconds against the server clock).
    lateness: VecDeque<(f64, f64)>,
    /// The same latenesses, the least first.
    sorted: Vec<f64>,
    delay_secs: f64,
    at: Option<f64>,
}

impl PlayoutDelay {
    /// For snapshots every `interval_secs`.
    #[must_use]
    pub fn new(interval_secs: f64) -> Self {
        Self {
            interval_secs,
            lateness: VecDeque::with_capacity(MAX_OBSERVATIONS),
            sorted: Vec::with_capacity(MAX_OBSERVATIONS),
            delay_secs: interval_secs * LEAST_INTERVALS,
            at: None,
        }
    }

    /// Takes the arrival of a snapshot, after `clock` did.
    pub fn observe(&mut self, clock: &ServerClock, tick: u64, arrival_secs: f64) {
        let Some(expected) = clock.tick_at(arrival_secs) else {
            return;
        };
        let lateness = (expected - tick as f64) / f64::from(TICKS_PER_SECOND);
        while self
            .lateness
            .front()
            .is_some_and(|(at, _)| arrival_secs - at > JITTER_WINDOW_SECS)
            || self.lateness.len() >= MAX_OBSERVATIONS
        {
            let oldest = self.lateness.pop_front();
            if let Some(Ok(place)) = oldest.map(|(_, lateness)| self.place_of(lateness)) {
                self.sorted.remove(place);
            }
        }
        let lateness = lateness.max(0.0);
        self.lateness.push_back((arrival_secs, lateness));
        let (Ok(place) | Err(place)) = self.place_of(lateness);
        self.sorted.insert(place, lateness);
        let place = ((self.sorted.len() - 1) as f64 * JITTER_QUANTILE).ceil() as usize;
        let goal = (self.interval_secs + self.sorted[place]).clamp(
            self.interval_secs * LEAST_INTERVALS,
            MOST_DELAY_SECS.max(self.interval_secs * LEAST_INTERVALS),
        );
        let elapsed = self.at.map_or(0.0, |at| (arrival_secs - at).max(0.0));
        self.at = Some(arrival_secs);
        let error = goal - self.delay_secs;
        self.delay_secs += error.clamp(-SHRINK_SLEW * elapsed, GROW_SLEW * elapsed);
    }

    fn place_of(&self, lateness: f64) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|each| each.total_cmp(&lateness))
    }

    /// The delay now, in seconds.
    #[must_use]
    pub const fn delay_secs(&self) -> f64 {
        self.delay_secs
    }

    /// The tick to show at local time `local_secs`. None before the first snapshot.
    #[must_use]
    pub fn playout_tick(&self, clock: &ServerClock, local_secs: f64) -> Option<f64> {
        clock
            .tick_at(local_secs)
            .map(|tick| tick - self.delay_secs * f64::from(TICKS_PER_SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Snapshots every 3 ticks whose way takes `way(n)` seconds; returns clock and delay, and checks monotony.
    fn run(sends: u64, way: impl Fn(u64) -> f64) -> (ServerClock, PlayoutDelay, f64) {
        let mut clock = ServerClock::new();
        let mut delay = PlayoutDelay::new(0.05);
        let mut last = f64::NEG_INFINITY;
        let mut now = 0.0_f64;
        for send in 0..sends {
            now = (send as f64 * 0.05 + way(send)).max(now);
            clock.observe(600 + send * 3, now);
            delay.observe(&clock, 600 + send * 3, now);
            let shown = delay.playout_tick(&clock, now).unwrap();
            assert!(
                shown >= last - 0.5,
                "time ran backwards at {send}: {shown} after {last}"
            );
            last = shown;
        }
        (clock, delay, now)
    }

    fn jitter(send: u64) -> f64 {
        (send.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / f64::from(1 << 24)
    }

    #[test]
    fn a_quiet_link_needs_little_more_than_an_interval() {
        let (clock, delay, now) = run(200, |_| 0.05);
        assert!((delay.delay_secs() - 0.055).abs() < 1.0e-6);
        let tick = clock.tick_at(now).unwrap();
        assert!((tick - (600.0 + 199.0 * 3.0)).abs() < 0.01);
    }

    #[test]
    fn jitter_lengthens_the_delay_to_cover_it() {
        let (_, delay, _) = run(400, |send| 0.05 + 0.04 * jitter(send));
        assert!(
            delay.delay_secs() > 0.085 && delay.delay_secs() < 0.095,
            "{}",
            delay.delay_secs()
        );
    }

    #[test]
    fn a_single_spike_moves_nothing() {
        let (clock, _, now) = run(200, |send| if send == 150 { 0.6 } else { 0.05 });
        assert!((clock.tick_at(now).unwrap() - 1197.0).abs() < 0.1);
    }

    #[test]
    fn a_clock_jump_either_way_is_followed() {
        for jump in [-40.0, 40.0] {
            let mut clock = ServerClock::new();
            for send in 0..200_u64 {
                let local = 100.0 + send as f64 * 0.05 + if send >= 100 { jump } else { 0.0 };
                clock.observe(600 + send * 3, local);
            }
            let local = 100.0 + 199.0 * 0.05 + jump;
            assert!(
                (clock.tick_at(local).unwrap() - 1197.0).abs() < 0.1,
                "jump {jump}"
            );
        }
    }

    #[test]
    fn small_errors_are_slewed() {
        let mut clock = ServerClock::new();
        let mut last = None;
        for send in 0..400_u64 {
            let local = send as f64 * 0.05 + if send < 100 { 0.15 } else { 0.05 };
            clock.observe(600 + send * 3, local);
            let tick = clock.tick_at(local).unwrap();
            if let Some((before_local, before)) = last {
                let elapsed: f64 = local - before_local;
                let advanced: f64 = tick - before;
                assert!((advanced - elapsed * 60.0).abs() <= elapsed.abs() * 60.0 * 0.021 + 1.0e-6);
            }
            last = Some((local, tick));
        }
        assert!((clock.tick_at(399.0 * 0.05 + 0.05).unwrap() - 1797.0).abs() < 0.1);
    }
}
