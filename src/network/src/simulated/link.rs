//! One direction between two machines: how long a packet takes, or that it is lost.

use super::random::Random;
use std::time::Duration;
use tokio::time::Instant;

/// Properties of one direction of a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkConfig {
    /// Time that every packet takes.
    pub delay: Duration,
    /// Each packet takes up to this much longer, evenly distributed; so packets overtake each other.
    pub jitter: Duration,
    /// Share of packets lost, 0 to 1.
    pub loss: f64,
    /// Share of packets that arrive twice, 0 to 1.
    pub duplication: f64,
    /// Share of packets held back by another `delay`, 0 to 1.
    pub reordering: f64,
    /// Bytes a second, `None` for no limit.
    pub bandwidth: Option<u64>,
    /// Bytes that wait for the link at most; what comes on top is lost (tail drop).
    pub queue_bytes: u64,
    /// Longest packet in bytes of UDP payload; longer ones are lost.
    pub mtu: usize,
}

impl Default for LinkConfig {
    /// A perfect link.
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            bandwidth: None,
            queue_bytes: 64 * 1024,
            mtu: 1472,
        }
    }
}

impl LinkConfig {
    /// A link of the internet: half of a round trip, jitter, and loss.
    #[must_use]
    pub fn path(round_trip: Duration, jitter: Duration, loss: f64) -> Self {
        Self {
            delay: round_trip / 2,
            jitter,
            loss,
            ..Self::default()
        }
    }

    /// A link that carries nothing.
    #[must_use]
    pub fn cut() -> Self {
        Self {
            loss: 1.0,
            ..Self::default()
        }
    }
}

/// UDP and IPv4 headers, which take their time on the wire as well.
const HEADER_BYTES: u64 = 28;

#[derive(Debug, Default)]
pub(super) struct Link {
    /// When the last packet will have been put on the wire.
    busy_until: Option<Instant>,
}

impl Link {
    /// When a packet sent now arrives, `None` when it is lost.
    pub(super) fn arrival(
        &mut self,
        config: &LinkConfig,
        random: &mut Random,
        now: Instant,
        bytes: usize,
    ) -> Option<Instant> {
        // All numbers are drawn for every packet, so that one fate does not shift the others.
        let is_lost = random.chance(config.loss);
        let is_late = random.chance(config.reordering);
        let extra = config.jitter.mul_f64(random.unit());
        if bytes > config.mtu {
            return None;
        }
        let mut sent = now;
        if let Some(bandwidth) = config.bandwidth {
            let per_byte = 1.0 / bandwidth.max(1) as f64;
            let start = self.busy_until.map_or(now, |until| until.max(now));
            let waiting_bytes = (start - now).as_secs_f64() / per_byte;
            if waiting_bytes > config.queue_bytes as f64 {
                return None;
            }
            let wire_bytes = bytes as u64 + HEADER_BYTES;
            sent = start + Duration::from_secs_f64(wire_bytes as f64 * per_byte);
            self.busy_until = Some(sent);
        }
        if is_lost {
            return None;
        }
        let held = if is_late {
            config.delay
        } else {
            Duration::ZERO
        };
        Some(sent + config.delay + extra + held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(config: &LinkConfig, count: usize) -> Vec<Option<Duration>> {
        let (mut link, mut random) = (Link::default(), Random::new(1));
        let now = Instant::now();
        (0..count)
            .map(|_| Some(link.arrival(config, &mut random, now, 972)? - now))
            .collect()
    }

    #[test]
    fn delay_jitter_and_loss_are_as_set() {
        let config = LinkConfig::path(Duration::from_millis(100), Duration::from_millis(20), 0.05);
        let arrivals = arrivals(&config, 10_000);
        let lost = arrivals.iter().filter(|arrival| arrival.is_none()).count();
        assert!((400..600).contains(&lost), "{lost}");
        let range = Duration::from_millis(50)..=Duration::from_millis(70);
        assert!(arrivals.iter().flatten().all(|delay| range.contains(delay)));
    }

    #[test]
    fn a_narrow_link_queues_and_then_drops() {
        let config = LinkConfig {
            bandwidth: Some(100_000),
            queue_bytes: 5000,
            ..LinkConfig::default()
        };
        let arrivals = arrivals(&config, 10);
        assert_eq!(arrivals[0], Some(Duration::from_millis(10)));
        assert_eq!(arrivals[5], Some(Duration::from_millis(60)));
        assert!(arrivals[6..].iter().all(Option::is_none));
    }

    #[test]
    fn the_same_seed_gives_the_same_fates() {
        let config = LinkConfig::path(Duration::from_millis(10), Duration::from_millis(5), 0.5);
        assert_eq!(arrivals(&config, 100), arrivals(&config, 100));
    }
}
