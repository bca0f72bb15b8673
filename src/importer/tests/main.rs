//! The program as people start it. Tests that need the shared sample set say so and end when it is absent.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it stands, and says when the samples are absent"
)]

mod archive;
mod convert;
#[path = "../../scene/tests/dds.rs"]
mod dds;
mod formats;
mod fuzz;
mod output;
#[cfg(unix)]
mod page;
mod physics;
mod progress;
#[path = "../../scene/tests/random.rs"]
mod random;
#[path = "../src/formats/sample.rs"]
mod sample;
mod usd;
mod worker;
#[path = "../src/formats/zip_sample.rs"]
mod zip_sample;
