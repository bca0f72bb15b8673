//! Sound files as samples, within limits: MP3, WAV, Ogg Vorbis and Ogg Opus.
//! It must not know devices, places or who listens: that is the client's. Start reading at `clip.rs`.

mod clip;
mod opus;

pub use clip::{Clip, ClipError, DECODER, MAX_CLIP_BYTES, MAX_CLIP_SECS, SAMPLING_RATES};
