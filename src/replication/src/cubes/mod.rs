//! The published contest of compressing 901 tumbling cubes (`netcode` literature: "cubes", 60 frames a second, 100 ms
//! round trip): two coders for its recordings, one in the contest's own manner and one with mixed contexts.
//!
//! Frame i may be coded from frames up to i - 6 alone, those that arrived: what is lost must not matter.

mod codec;
mod contexts;
mod frame;
mod mixing;
mod packer;
mod pass;

pub use codec::{CubeDecoder, CubeEncoder, LAG};
pub use frame::{CUBES, Cube, FRAME_BYTES, Frame, FrameError};
pub use packer::{pack, unpack};
