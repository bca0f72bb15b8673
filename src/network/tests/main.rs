//! Two ends of the network crate over the simulated network, on a paused clock.

mod certificates;
mod framing;
mod hostile;
mod paths;
mod support;
