//! QUIC for Stoa: endpoints, pinned certificates, framed messages, state datagrams, bulk streams, a simulated link.
//! It must not know Bevy or game rules, and nothing outside it knows quinn.
//! Start reading at `connection.rs`, then `server.rs` and `client.rs`; `simulated/` is the network of the tests.

mod budget;
mod certificate;
mod client;
mod close;
mod congestion;
mod connection;
mod courier;
mod known_servers;
mod pacer;
mod resolve;
mod server;
pub mod simulated;
mod socket;
mod stream;
mod transport;
mod verifier;

pub use budget::{LEAST_STATE_BUDGET, StateBudget};
pub use certificate::{Certificate, CertificateError};
pub use client::{ClientEndpoint, ConnectError, Trust};
pub use close::{CloseCode, Disconnected};
pub use connection::{BulkStream, Connection, PathStats, StateError};
pub use courier::{Batch, Courier};
pub use known_servers::{KnownServers, KnownServersError};
pub use resolve::{ResolveError, resolve};
pub use server::{Admission, BindError, Handshake, HandshakeError, ServerEndpoint};
pub use socket::SocketBuffers;
pub use stream::{ControlStream, Frame, ReceiveError, SendError, StreamReceiver, StreamSender};
pub use transport::Tuning;
