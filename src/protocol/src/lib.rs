//! What travels between a Stoa client and a world server: ids, reliable messages, limits, the protocol version.
//! It must not know I/O, clocks, Bevy or physics; it takes bytes and values and returns values.
//! Start reading at `message.rs`, then `limits.rs`.

mod address;
mod ids;
pub mod limits;
mod message;
mod name;
pub mod quantisation;
pub mod tick;
mod wire;

pub use address::{AddressError, DEFAULT_PORT, Fingerprint, WorldAddress};
pub use ids::{ContentHash, EntityId, PersonId};
pub use message::{
    Activity, AvatarChoice, AvatarFiles, BodyInfo, BulkRequest, BulkResponse, ChatLine,
    ClientMessage, Denial, FileEntry, HandPose, Hello, Note, PersonInfo, PlacedThing, Proof,
    Refusal, Rights, SHIPPED_AVATARS, SeatInfo, ServerMessage, ServerStatistics, ToldStatistics,
    Welcome, WorldInfo,
};
pub use name::{DisplayName, NameError};
pub use wire::{WireError, decode_message, encode_message};

/// Version of everything in this crate and of the state datagrams. Both ends must speak the same one.
pub const PROTOCOL_VERSION: u16 = 2;

/// ALPN protocol id of the QUIC connection.
pub const ALPN: &[u8] = b"stoa/1";

/// TLS server name that clients send and certificates carry; it says nothing about the host, whose certificate is
/// told by its fingerprint.
pub const CERTIFICATE_NAME: &str = "stoa";

/// Simulation steps in a second. Times on the wire count these steps.
pub const TICKS_PER_SECOND: u32 = 60;

/// Simulation steps between two state datagrams to a client (20 a second).
pub const TICKS_PER_SEND: u32 = 3;

/// Domain separation prefix of what a participant signs to enter (followed by exporter value and server nonce).
pub const PROOF_CONTEXT: &[u8] = b"stoa entry proof v1\0";

/// Label of the TLS exporter (RFC 8446 section 7.5) that binds the entry proof to one connection.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-stoa-entry";
