//! Pure state synchronisation: quantised states, snapshots against acknowledged baselines, clock, interpolation.
//! It must not know I/O, clocks, Bevy or quinn; every function takes ticks and values, nothing reads the time.
//! Start reading at `state.rs`, then `datagram.rs`, `encoder.rs` (server) and `decoder.rs`, `interpolator.rs` (client).

mod clock;
mod datagram;
mod decoder;
mod encoder;
mod history;
mod interpolator;
mod receive_log;
mod state;

pub use clock::{PlayoutDelay, ServerClock};
pub use datagram::{
    Acknowledgement, CORRECTION_BYTES, ClientDatagram, Correction, DecodeError, MAX_DATAGRAM_BYTES,
    MAX_OWN_SAMPLES, OwnSample, SNAPSHOT_HEADER_BYTES, SnapshotHeader,
};
pub use decoder::{DecodedSnapshot, SnapshotDecoder};
pub use encoder::{ClientView, EncodeReport, Encoder, ViewPoint};
pub use history::{Salience, SharedHistory};
pub use interpolator::Interpolator;
pub use receive_log::ReceiveLog;
pub use state::{EntitySample, EntityState, Flags, Kind, Orientation, Pose};
