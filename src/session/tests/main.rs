//! Sessions against a small server over the simulated network, on a paused clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod entering;
mod files;
mod hostile;
mod losing;
mod moving;
mod showing;
mod support;
