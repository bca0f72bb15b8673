//! Congestion control: CUBIC with a floor under its window.
//!
//! A thin stream of datagrams is limited by the program, not by the network, so in CUBIC its window never grows,
//! and every random loss shrinks it, down to two packets; on a long path state then waits for no reason. The floor
//! is what the state stream itself may have in flight: budget x (smallest round trip + two ticks) + two packets.
//! It cannot flood a path, because the budget shrinks when the path fills, see `budget.rs`.

use protocol::TICKS_PER_SECOND;
use quinn::congestion::{Controller, ControllerFactory, ControllerMetrics, Cubic, CubicConfig};
use quinn_proto::RttEstimator;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Budget of a new connection in bytes a second: snapshots 20 times a second on an unknown path.
pub(crate) const FIRST_BUDGET: u64 = 16 * 1024;
/// Round trips above this do not raise the floor further.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(1);
const TWO_TICKS: Duration = Duration::from_nanos(2_000_000_000 / TICKS_PER_SECOND as u64);

/// Makes a controller for each path.
#[derive(Debug, Default)]
pub(crate) struct FlooredCubicFactory {
    cubic: Arc<CubicConfig>,
}

/// CUBIC with a floor. Clones share the budget.
pub(crate) struct FlooredCubic {
    cubic: Box<dyn Controller>,
    /// Bytes a second that the state stream may take.
    budget: Arc<AtomicU64>,
    min_rtt: Duration,
    mtu: u64,
}

impl ControllerFactory for FlooredCubicFactory {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(FlooredCubic {
            cubic: Box::new(Cubic::new(self.cubic.clone(), now, current_mtu)),
            budget: Arc::new(AtomicU64::new(FIRST_BUDGET)),
            min_rtt: Duration::ZERO,
            mtu: u64::from(current_mtu),
        })
    }
}

impl FlooredCubic {
    /// Sets the budget of a connection whose controller this is a clone of.
    pub(crate) fn set_budget(&self, bytes_per_sec: u64) {
        self.budget.store(bytes_per_sec, Ordering::Relaxed);
    }

    fn floor(&self) -> u64 {
        let time = self.min_rtt.min(LONGEST_ROUND_TRIP) + TWO_TICKS;
        let budget = self.budget.load(Ordering::Relaxed);
        (budget as f64 * time.as_secs_f64()) as u64 + 2 * self.mtu
    }
}

impl Controller for FlooredCubic {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.cubic.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        self.min_rtt = rtt.min();
        self.cubic.on_ack(now, sent, bytes, app_limited, rtt);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        self.cubic
            .on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.cubic
            .on_congestion_event(now, sent, is_persistent_congestion, lost_bytes);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.mtu = u64::from(new_mtu);
        self.cubic.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.cubic.window().max(self.floor())
    }

    fn metrics(&self) -> ControllerMetrics {
        let mut metrics = self.cubic.metrics();
        metrics.congestion_window = self.window();
        metrics
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self {
            cubic: self.cubic.clone_box(),
            budget: self.budget.clone(),
            min_rtt: self.min_rtt,
            mtu: self.mtu,
        })
    }

    fn initial_window(&self) -> u64 {
        self.cubic.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_do_not_push_the_window_below_what_the_stream_needs() {
        let mut now = Instant::now();
        let factory = Arc::new(FlooredCubicFactory::default());
        let mut controller = factory.build(now, 1200);
        for _loss in 0..50 {
            let sent = now;
            now += Duration::from_secs(1);
            controller.on_congestion_event(now, sent + Duration::from_millis(1), false, 1200);
        }
        // 16 KiB/s for two ticks and two packets; the round trip is not known yet.
        let floor = controller.window();
        assert!((2900..3000).contains(&floor), "{floor}");
        let shared = controller.clone_box().into_any();
        shared
            .downcast::<FlooredCubic>()
            .unwrap()
            .set_budget(60_000);
        assert_eq!(controller.window(), 2400 + 1999);
    }
}
