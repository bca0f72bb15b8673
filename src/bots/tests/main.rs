//! Whole visits: a real server and real sessions over a simulated network, on a clock that the tests move; and the
//! server as a process of its own.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod entering;
mod following;
mod hostile;
mod keeping;
mod load;
mod moving;
mod placing;
mod support;
mod swarm;
mod things;
mod throwing;
mod together;
