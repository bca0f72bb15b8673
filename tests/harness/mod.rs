//! What the tests stand on: programs with a bounded life, a server, participants without pictures, and pictures.

mod flight;
mod hosted;
mod picture;
mod place;
mod program;
mod visitors;

pub(crate) use flight::{CLOCK_ERROR_SECS, Flight, lost_secs};
pub(crate) use hosted::HostedServer;
pub(crate) use picture::{Blocks, picture};
pub(crate) use place::{Scratch, checkout, samples, skipped, turn};
pub(crate) use program::{Ended, Program, offscreen, stoa_bots, stoa_import, stoa_server};
pub(crate) use visitors::Visitors;
