//! Pure state synchronisation: quantised states, snapshots against acknowledged baselines, clock, interpolation.
//! It must not know I/O, clocks, Bevy or quinn; every function takes ticks and values, nothing reads the time.
//! Start reading at `state.rs`, then `datagram.rs`, `encoder.rs` (server) and `decoder.rs`, `interpolator.rs` (client).

mod clock;
mod coder;
mod costs;
pub mod cubes;
mod datagram;
mod decoder;
mod encoder;
mod fuzz;
mod history;
mod interest;
mod interpolator;
mod prediction;
mod preparation;
mod range_coder;
mod receive_log;
mod record;
mod rotation;
mod state;
mod tables;
mod trace;
mod training;
mod view;

pub use clock::{PlayoutDelay, ServerClock};
pub use costs::StateCosts;
pub use datagram::{
    Acknowledgement, CORRECTION_BYTES, ClientDatagram, Correction, DecodeError, MAX_DATAGRAM_BYTES,
    MAX_OWN_SAMPLES, OwnSample, SNAPSHOT_HEADER_BYTES, SnapshotHeader,
};
pub use decoder::{DecodedSnapshot, SnapshotDecoder};
pub use encoder::{EncodeReport, Encoder, INTEREST_METRES, ViewPoint};
pub use fuzz::{fuzz_client_datagram, fuzz_snapshot};
pub use history::{Salience, SharedHistory};
pub use interpolator::Interpolator;
pub use receive_log::ReceiveLog;
pub use state::{EntitySample, EntityState, Flags, Kind, Orientation, Pose};
pub use tables::tables_version;
pub use trace::{
    MAX_TRACE_BYTES, MAX_TRACE_ENTITIES, TRACE_MAGIC, TraceError, TraceEvent, TraceReader,
    TraceWriter, TrueEntity,
};
pub use training::SymbolCounts;
pub use view::ClientView;
