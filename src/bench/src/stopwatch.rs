//! Processor time of this thread: what a coder costs, whatever else the machine does meanwhile.

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Where Linux tells it. The kernel brings it up to date a few hundred times a second, so that only sums mean something.
const SCHEDULE: &str = "/proc/thread-self/schedstat";

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A moment to measure from.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Duration);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(processor_time())
    }

    pub(crate) fn elapsed(self) -> Duration {
        processor_time().saturating_sub(self.0)
    }
}

/// Of this thread; where the system does not tell, the time of the clock on the wall.
fn processor_time() -> Duration {
    let text = fs::read_to_string(SCHEDULE).ok();
    let nanos = text.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| EPOCH.elapsed(), Duration::from_nanos)
}
