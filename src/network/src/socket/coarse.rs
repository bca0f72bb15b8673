//! Timers of a busy process. Hundreds of connections have several each, and to be woken for every one costs more than what
//! is then done: they fire together, on a grid.

use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime};
use std::future::Future;
use std::io;
use std::net::UdpSocket;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until};

/// Between two moments at which timers fire: a small part of a tick, and of every time that QUIC waits for something.
pub(super) const GRID: Duration = Duration::from_millis(2);

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The next moment of the grid that is not before `at`.
pub(super) fn on_grid(at: Instant) -> Instant {
    let since = at.saturating_duration_since(*EPOCH).as_nanos();
    let moments = since.div_ceil(GRID.as_nanos());
    u64::try_from(moments * GRID.as_nanos())
        .map_or(at, |nanos| *EPOCH + Duration::from_nanos(nanos))
}

/// tokio, with timers on the grid.
#[derive(Debug)]
pub(crate) struct CoarseRuntime;

impl Runtime for CoarseRuntime {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(CoarseTimer(Box::pin(sleep_until(on_grid(at).into()))))
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        TokioRuntime.spawn(future);
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}

#[derive(Debug)]
struct CoarseTimer(Pin<Box<Sleep>>);

impl AsyncTimer for CoarseTimer {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        let at = on_grid(at).into();
        // A timer that fires at the same moment as before is left alone.
        if self.0.deadline() != at {
            self.0.as_mut().reset(at);
        }
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Future::poll(self.0.as_mut(), context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_the_grid_are_never_early_and_at_most_a_step_late() {
        let now = Instant::now();
        for micros in [0, 1, 700, 1_999, 2_000, 2_001, 900_000] {
            let at = now + Duration::from_micros(micros);
            let late = on_grid(at).duration_since(at);
            assert!(on_grid(at) >= at && late < GRID, "{micros}: {late:?}");
            assert_eq!(on_grid(on_grid(at)), on_grid(at));
        }
    }
}
