//! Tests at the boundary of the crate. Those that need the shared sample set say so and end when it is absent.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it stands, and says when the samples are absent"
)]

mod around;
mod avatars;
mod broken;
mod corpus;
mod dds;
mod extensions;
mod fuzz;
mod gate;
mod hostile;
mod multiplied;
mod mutate;
mod packed;
mod props;
mod random;
mod samples;
mod unshown;
mod writer;
