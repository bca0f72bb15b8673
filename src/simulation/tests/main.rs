//! The shared world step, tick by tick, in small worlds made here and in the files of the repository.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it stands, and says when it has nothing to test"
)]

mod bodies;
mod checks;
mod drives;
mod files;
mod hands;
mod hostile;
mod platforms;
mod support;
mod things;
mod walking;
mod worlds;
