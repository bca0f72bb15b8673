//! The connecting end: a socket for each connection unless they share some, and trust in certificates by their fingerprints.

use crate::close::{CloseCode, Disconnected};
use crate::connection::Connection;
use crate::known_servers::{KnownServers, KnownServersError};
use crate::simulated::Network;
use crate::socket;
use crate::transport::{self, Tuning};
use crate::verifier;
use protocol::Fingerprint;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// TLS alert `no_application_protocol` (RFC 8446 section 6.2) as a QUIC crypto error.
const NO_APPLICATION_PROTOCOL: u64 = 0x100 + 120;

/// Opens connections. Each gets a socket of its own, but for [`Self::shared`]: a connection without an id of its own needs that, and a
/// machine that changed networks needs a fresh one anyway.
#[derive(Clone, Debug)]
pub struct ClientEndpoint {
    way: Way,
    tuning: Tuning,
}

/// Connections that share a socket, or a few more when they are opened together: what the system keeps of their packets by default lasts for a tenth of a
/// second.
const MOST_SHARERS: usize = 64;

/// What connections go over.
#[derive(Clone, Debug)]
enum Way {
    Udp,
    /// A socket for [`MOST_SHARERS`].
    Shared(Arc<Mutex<Vec<quinn::Endpoint>>>),
    Simulated(Network, IpAddr),
}

/// Which certificate a client accepts.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// Host as the person wrote it: what pins are kept by.
    pub host: &'a str,
    /// UDP port.
    pub port: u16,
    /// What the invitation vouches for.
    pub invited: Option<Fingerprint>,
    /// Certificates seen before.
    pub known: &'a KnownServers,
    /// Trust a server never seen before, and remember its certificate. Otherwise it is
    /// [`ConnectError::CertificateUnknown`], for the program to ask.
    pub pin_unknown: bool,
}

/// There is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No answer within the time.
    #[error(
        "{address} does not answer: check the address, and that the server runs and its UDP port is open"
    )]
    Unreachable {
        /// Where it was tried.
        address: SocketAddr,
    },
    /// The server takes no connections now.
    #[error("the server has too many visitors at its door: try again in a while")]
    Busy,
    /// The server speaks another version of Stoa, or something else.
    #[error(
        "the server speaks no version of Stoa that this program knows: update the older of the two"
    )]
    Version,
    /// The server shows another certificate than before or than the invitation says.
    #[error(
        "the server shows another certificate than before: {presented} instead of {known}: ask the host whether that is right; otherwise somebody may be listening"
    )]
    CertificateChanged {
        /// What was known.
        known: Fingerprint,
        /// What the server shows.
        presented: Fingerprint,
    },
    /// Never seen before, and not to be trusted without asking.
    #[error(
        "the server is not known yet; its certificate is {presented}: compare it with what the host says"
    )]
    CertificateUnknown {
        /// What the server shows.
        presented: Fingerprint,
    },
    /// The certificate cannot be remembered.
    #[error(transparent)]
    Pins(#[from] KnownServersError),
    /// There is no socket to be had.
    #[error("no UDP socket can be opened: {0}")]
    Socket(io::Error),
    /// QUIC or TLS failed.
    #[error(transparent)]
    Failed(Disconnected),
}

impl ClientEndpoint {
    /// Connects over the machine's network.
    #[must_use]
    pub const fn udp() -> Self {
        Self {
            way: Way::Udp,
            tuning: Tuning::Stoa,
        }
    }

    /// Connects over the machine's network; connections of this value and its clones share sockets, and are told apart by
    /// ids of 8 bytes in each packet: for a process that is many participants. All must be opened on one tokio runtime.
    #[must_use]
    pub fn shared() -> Self {
        Self {
            way: Way::Shared(Arc::default()),
            tuning: Tuning::Stoa,
        }
    }

    /// Connects over a simulated network, from ports of `ip`.
    #[must_use]
    pub const fn simulated(network: Network, ip: IpAddr) -> Self {
        Self {
            way: Way::Simulated(network, ip),
            tuning: Tuning::Stoa,
        }
    }

    /// The same with other QUIC settings, for comparisons.
    #[must_use]
    pub fn with_tuning(self, tuning: Tuning) -> Self {
        Self { tuning, ..self }
    }

    /// Connects within `limit` and checks the certificate before anything is sent.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(
        &self,
        address: SocketAddr,
        trust: Trust<'_>,
        limit: Duration,
    ) -> Result<Connection, ConnectError> {
        let endpoint = self.endpoint().map_err(ConnectError::Socket)?;
        let connecting = endpoint
            .connect_with(config(self.tuning)?, address, protocol::CERTIFICATE_NAME)
            .map_err(|error| ConnectError::Failed(Disconnected::Transport(error.to_string())))?;
        let quic = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_elapsed| ConnectError::Unreachable { address })?
            .map_err(|error| connect_error(error, address))?;
        let connection = Connection::new(quic, None, Some(endpoint), self.tuning);
        if let Err(error) = check(&connection, &trust) {
            connection.close(CloseCode::Certificate, "the certificate is not trusted");
            return Err(error);
        }
        Ok(connection)
    }

    fn endpoint(&self) -> io::Result<quinn::Endpoint> {
        let runtime = Arc::new(quinn::TokioRuntime);
        let config = transport::without_ids(self.tuning);
        match &self.way {
            Way::Udp => quinn::Endpoint::new(config, None, socket::bind_any()?.0, runtime),
            Way::Shared(shared) => {
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let has_room = |each: &&quinn::Endpoint| each.open_connections() < MOST_SHARERS;
                if let Some(endpoint) = shared.iter().find(has_room) {
                    return Ok(endpoint.clone());
                }
                let (socket, buffers) = socket::bind_any()?;
                let (socket, runtime) = socket::gathering(socket, buffers)?;
                let endpoint = quinn::Endpoint::new_with_abstract_socket(
                    transport::with_ids(),
                    None,
                    socket,
                    runtime,
                )?;
                shared.push(endpoint.clone());
                Ok(endpoint)
            }
            Way::Simulated(network, ip) => quinn::Endpoint::new_with_abstract_socket(
                config,
                None,
                network.any_socket(*ip)?,
                runtime,
            ),
        }
    }
}

fn config(tuning: Tuning) -> Result<quinn::ClientConfig, ConnectError> {
    let failed = |text| ConnectError::Failed(Disconnected::Transport(text));
    let tls = verifier::tls_config().map_err(|error| failed(error.to_string()))?;
    transport::client(tls, tuning).map_err(failed)
}

fn connect_error(error: quinn::ConnectionError, address: SocketAddr) -> ConnectError {
    use quinn::ConnectionError as Quic;
    match &error {
        Quic::TimedOut => ConnectError::Unreachable { address },
        Quic::VersionMismatch => ConnectError::Version,
        Quic::ConnectionClosed(close) => {
            let code = u64::from(close.error_code);
            if code == NO_APPLICATION_PROTOCOL {
                ConnectError::Version
            } else if close.error_code == quinn::TransportErrorCode::CONNECTION_REFUSED {
                ConnectError::Busy
            } else {
                ConnectError::Failed(error.into())
            }
        }
        _ => ConnectError::Failed(error.into()),
    }
}

/// The invitation and the pin must both agree with what the server shows.
fn check(connection: &Connection, trust: &Trust<'_>) -> Result<(), ConnectError> {
    let presented = connection.peer_fingerprint().ok_or_else(|| {
        ConnectError::Failed(Disconnected::Transport(
            "the server shows no certificate".to_owned(),
        ))
    })?;
    let pinned = trust.known.get(trust.host, trust.port);
    for known in [trust.invited, pinned].into_iter().flatten() {
        if known != presented {
            return Err(ConnectError::CertificateChanged { known, presented });
        }
    }
    if pinned.is_some() {
        return Ok(());
    }
    if trust.invited.is_none() && !trust.pin_unknown {
        return Err(ConnectError::CertificateUnknown { presented });
    }
    trust.known.pin(trust.host, trust.port, presented)?;
    Ok(())
}
