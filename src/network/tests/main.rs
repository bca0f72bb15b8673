//! Two ends of the network crate over the simulated network, on a paused clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod certificates;
mod framing;
mod hostile;
mod paths;
mod support;
