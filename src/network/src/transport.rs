//! QUIC settings, in one place. Reasons are next to each; sizes bound what a hostile peer can make us hold.

use crate::congestion::FlooredCubicFactory;
use protocol::limits::{IDLE_TIMEOUT_SECS, MAX_CLIENT_STREAMS};
use quinn::{AckFrequencyConfig, EndpointConfig, TransportConfig, VarInt};
use quinn_proto::RandomConnectionIdGenerator;
use std::{sync::Arc, time::Duration};

/// Largest payload of a datagram frame on a path of 1452 bytes, and what quinn counts for keeping one.
const QUEUED_DATAGRAM_BYTES: usize = 1452 + 32;
/// Room for two datagrams: what waits longer than one send is stale.
pub(crate) const DATAGRAM_SEND_BYTES: usize = 2 * QUEUED_DATAGRAM_BYTES;
const DATAGRAM_RECEIVE_BYTES: usize = 64 * 1024;
/// What the server takes from one client before the application has read it.
const SERVER_RECEIVE_WINDOW: u32 = 1024 * 1024;
const SERVER_STREAM_WINDOW: u32 = 256 * 1024;
/// Clients take more: world files arrive fast also over long paths.
const CLIENT_RECEIVE_WINDOW: u32 = 4 * 1024 * 1024;
const CLIENT_STREAM_WINDOW: u32 = 2 * 1024 * 1024;
/// What either end keeps of stream data until it is acknowledged.
pub(crate) const SEND_WINDOW: u64 = 256 * 1024;
/// The same while files are sent.
pub(crate) const BULK_SEND_WINDOW: u64 = 2 * 1024 * 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(3);
/// Packets after which an acknowledgement is due, and the longest wait for one: a simulation step.
const ACKNOWLEDGE_PACKETS: u32 = 8;
const ACKNOWLEDGE_DELAY: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// Connection attempts that wait for the program to look at them.
const MAX_INCOMING: usize = 512;
const INCOMING_BYTES: u64 = 64 * 1024;
const INCOMING_BYTES_TOTAL: u64 = 8 * 1024 * 1024;

/// Which QUIC settings an endpoint uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tuning {
    /// Those of this module.
    #[default]
    Stoa,
    /// quinn's own, but for the idle timeout and keep-alives: what to compare with.
    QuinnDefaults,
    /// quinn's own, of a client that grants each stream so many bytes and more only as it reads: what a hostile one
    /// may do, for tests.
    Narrow(u32),
}

fn common(tuning: Tuning) -> TransportConfig {
    let mut config = TransportConfig::default();
    config.max_idle_timeout(Some(
        VarInt::from_u32(IDLE_TIMEOUT_SECS as u32 * 1000).into(),
    ));
    if tuning == Tuning::QuinnDefaults {
        return config;
    }
    let mut acknowledgements = AckFrequencyConfig::default();
    acknowledgements
        .ack_eliciting_threshold(VarInt::from_u32(ACKNOWLEDGE_PACKETS))
        .max_ack_delay(Some(ACKNOWLEDGE_DELAY));
    config
        .datagram_send_buffer_size(DATAGRAM_SEND_BYTES)
        .datagram_receive_buffer_size(Some(DATAGRAM_RECEIVE_BYTES))
        .ack_frequency_config(Some(acknowledgements))
        .congestion_controller_factory(Arc::new(FlooredCubicFactory::default()))
        .send_window(SEND_WINDOW)
        .max_concurrent_uni_streams(VarInt::from_u32(0));
    config
}

pub(crate) fn server(
    tls: rustls::ServerConfig,
    tuning: Tuning,
) -> Result<quinn::ServerConfig, String> {
    let mut transport = common(tuning);
    if tuning == Tuning::Stoa {
        transport
            .receive_window(VarInt::from_u32(SERVER_RECEIVE_WINDOW))
            .stream_receive_window(VarInt::from_u32(SERVER_STREAM_WINDOW))
            .max_concurrent_bidi_streams(VarInt::from_u32(MAX_CLIENT_STREAMS));
    }
    let crypto = quinn_proto::crypto::rustls::QuicServerConfig::try_from(tls)
        .map_err(|error| error.to_string())?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    config
        .transport_config(Arc::new(transport))
        .max_incoming(MAX_INCOMING)
        .incoming_buffer_size(INCOMING_BYTES)
        .incoming_buffer_size_total(INCOMING_BYTES_TOTAL);
    Ok(config)
}

pub(crate) fn client(
    tls: rustls::ClientConfig,
    tuning: Tuning,
) -> Result<quinn::ClientConfig, String> {
    let mut transport = common(tuning);
    transport.keep_alive_interval(Some(KEEP_ALIVE));
    if tuning == Tuning::Stoa {
        transport
            .receive_window(VarInt::from_u32(CLIENT_RECEIVE_WINDOW))
            .stream_receive_window(VarInt::from_u32(CLIENT_STREAM_WINDOW))
            .max_concurrent_bidi_streams(VarInt::from_u32(0))
            // Bursts of equal packets do not occur here, and mobile links lose them whole.
            .enable_segmentation_offload(false);
    }
    if let Tuning::Narrow(bytes) = tuning {
        transport.stream_receive_window(VarInt::from_u32(bytes));
    }
    let crypto = quinn_proto::crypto::rustls::QuicClientConfig::try_from(tls)
        .map_err(|error| error.to_string())?;
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

/// Servers, and clients that share a socket, use 8 random bytes. quinn's default has 3, and while hundreds are inside, a
/// newcomer whose Retry packet happens to name an id in use would wait in vain.
pub(crate) fn with_ids() -> EndpointConfig {
    let mut config = EndpointConfig::default();
    config.cid_generator(|| Box::new(RandomConnectionIdGenerator::new(8)));
    config
}

/// Other clients use no connection id of their own, which saves 8 bytes on each packet to them. That needs a socket
/// for each connection, see `client.rs`.
pub(crate) fn without_ids(tuning: Tuning) -> EndpointConfig {
    let mut config = EndpointConfig::default();
    if tuning == Tuning::QuinnDefaults {
        return config;
    }
    config.cid_generator(|| Box::new(RandomConnectionIdGenerator::new(0)));
    config
}
