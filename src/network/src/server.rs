//! The listening end.

use crate::certificate::Certificate;
use crate::close::{CloseCode, Disconnected};
use crate::connection::Connection;
use crate::simulated::Network;
use crate::socket::{self, SocketBuffers};
use crate::transport::{self, Tuning};
use protocol::Fingerprint;
use protocol::limits::{HANDSHAKE_TIMEOUT_SECS, MAX_UNPROVEN_CONNECTIONS, RETRY_ABOVE_UNPROVEN};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A socket that takes connections. Needs a tokio runtime; cheap to clone.
#[derive(Clone, Debug)]
pub struct ServerEndpoint {
    quic: quinn::Endpoint,
    fingerprint: Fingerprint,
    buffers: SocketBuffers,
    unproven: Arc<AtomicUsize>,
    tuning: Tuning,
}

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address} (UDP): {source}: choose another address or port")]
    Socket {
        /// The wished address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error("the server certificate cannot be used: {0}")]
    Certificate(String),
}

/// What becomes of a connection that comes in.
#[derive(Debug)]
pub enum Admission<T> {
    /// It may try its handshake.
    Accept(T),
    /// It must first show that its address is its own (QUIC Retry), and is then judged again.
    Validate,
    /// It is told that the server takes no connections now.
    Refuse,
}

/// A connection that comes in. Dropping it refuses it.
#[derive(Debug)]
pub struct Handshake {
    connecting: quinn::Connecting,
    slot: UnprovenSlot,
    tuning: Tuning,
}

/// A connection that did not come about. Worth a debug line, no more: anybody can cause it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// Not complete within [`HANDSHAKE_TIMEOUT_SECS`].
    #[error("the handshake took too long")]
    TimedOut,
    /// QUIC or TLS failed.
    #[error(transparent)]
    Failed(Disconnected),
}

/// One of the places for connections that have not proved who they are; given back when dropped.
#[derive(Debug)]
pub(crate) struct UnprovenSlot(Arc<AtomicUsize>);

impl UnprovenSlot {
    fn take(count: &Arc<AtomicUsize>) -> Option<Self> {
        count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < MAX_UNPROVEN_CONNECTIONS).then_some(taken + 1)
            })
            .ok()
            .map(|_taken| Self(count.clone()))
    }
}

impl Drop for UnprovenSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ServerEndpoint {
    /// Listens on a UDP address; port 0 takes any free one.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(listen: SocketAddr, certificate: &Certificate) -> Result<Self, BindError> {
        Self::bind_with(listen, certificate, socket::gathering)
    }

    /// The same with quinn's own way of reading its socket, for comparisons.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind_plain(listen: SocketAddr, certificate: &Certificate) -> Result<Self, BindError> {
        Self::bind_with(listen, certificate, socket::plain)
    }

    fn bind_with(
        listen: SocketAddr,
        certificate: &Certificate,
        wrap: impl FnOnce(UdpSocket, SocketBuffers) -> io::Result<socket::Wrapped>,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError::Socket {
            address: listen,
            source,
        };
        let (socket, buffers) = socket::bind(listen).map_err(failed)?;
        let (socket, runtime) = wrap(socket, buffers).map_err(failed)?;
        let quic = quinn::Endpoint::new_with_abstract_socket(
            transport::with_ids(),
            Some(config(certificate, Tuning::Stoa)?),
            socket,
            runtime,
        )
        .map_err(failed)?;
        Ok(Self::new(quic, certificate, buffers, Tuning::Stoa))
    }

    /// Listens on an address of a simulated network.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn simulated(
        network: &Network,
        listen: SocketAddr,
        certificate: &Certificate,
    ) -> Result<Self, BindError> {
        Self::simulated_with(network, listen, certificate, Tuning::Stoa)
    }

    /// The same with other QUIC settings, for comparisons.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn simulated_with(
        network: &Network,
        listen: SocketAddr,
        certificate: &Certificate,
        tuning: Tuning,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError::Socket {
            address: listen,
            source,
        };
        let quic = quinn::Endpoint::new_with_abstract_socket(
            transport::with_ids(),
            Some(config(certificate, tuning)?),
            network.socket(listen).map_err(failed)?,
            Arc::new(quinn::TokioRuntime),
        )
        .map_err(failed)?;
        let none = SocketBuffers {
            receive_bytes: 0,
            send_bytes: 0,
        };
        Ok(Self::new(quic, certificate, none, tuning))
    }

    fn new(
        quic: quinn::Endpoint,
        certificate: &Certificate,
        buffers: SocketBuffers,
        tuning: Tuning,
    ) -> Self {
        Self {
            quic,
            tuning,
            fingerprint: certificate.fingerprint(),
            buffers,
            unproven: Arc::default(),
        }
    }

    /// The next connection that may try its handshake, `None` when the endpoint is closed. Strangers over the
    /// limits are turned away here. Finish the handshake in a task of its own.
    pub async fn accept(&self) -> Option<Handshake> {
        let everybody = |_address, _is_validated| Admission::Accept(());
        Some(self.accept_if(everybody).await?.0)
    }

    /// As [`Self::accept`], of those whom `judge` lets in; gives what it gave for them. It is told the address, and
    /// whether that has been shown to be the peer's own: until then anybody can forge it.
    pub async fn accept_if<T>(
        &self,
        mut judge: impl FnMut(SocketAddr, bool) -> Admission<T>,
    ) -> Option<(Handshake, T)> {
        loop {
            let incoming = self.quic.accept().await?;
            let is_validated = incoming.remote_address_validated();
            let unproven = self.unproven.load(Ordering::Relaxed);
            let admission = if unproven >= RETRY_ABOVE_UNPROVEN && !is_validated {
                Admission::Validate
            } else {
                judge(incoming.remote_address(), is_validated)
            };
            let given = match admission {
                Admission::Accept(given) => given,
                Admission::Validate => {
                    if incoming.retry().is_err() {
                        tracing::debug!("a retry was not possible");
                    }
                    continue;
                }
                Admission::Refuse => {
                    incoming.refuse();
                    continue;
                }
            };
            let Some(slot) = UnprovenSlot::take(&self.unproven) else {
                incoming.refuse();
                continue;
            };
            match incoming.accept() {
                Ok(connecting) => {
                    let handshake = Handshake {
                        connecting,
                        slot,
                        tuning: self.tuning,
                    };
                    return Some((handshake, given));
                }
                Err(error) => tracing::debug!("a connection attempt failed: {error}"),
            }
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.quic.local_addr()
    }

    /// Fingerprint of its certificate.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Socket buffers that the system granted; zero on a simulated network.
    #[must_use]
    pub const fn socket_buffers(&self) -> SocketBuffers {
        self.buffers
    }

    /// Connections that have not proved who they are.
    #[must_use]
    pub fn unproven(&self) -> usize {
        self.unproven.load(Ordering::Relaxed)
    }

    /// Closes every connection and takes no more.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.quic
            .close(quinn::VarInt::from_u32(code as u32), reason.as_bytes());
    }

    /// Waits until every peer has been told of the end, or has been given the time for it.
    pub async fn wait_idle(&self) {
        self.quic.wait_idle().await;
    }
}

impl Handshake {
    /// Who asks.
    #[must_use]
    pub fn remote_address(&self) -> SocketAddr {
        self.connecting.remote_address()
    }

    /// Completes the TLS handshake.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub async fn finish(self) -> Result<Connection, HandshakeError> {
        let limit = Duration::from_secs(HANDSHAKE_TIMEOUT_SECS);
        let quic = tokio::time::timeout(limit, self.connecting)
            .await
            .map_err(|_elapsed| HandshakeError::TimedOut)?
            .map_err(|error| HandshakeError::Failed(error.into()))?;
        Ok(Connection::new(quic, Some(self.slot), None, self.tuning))
    }
}

fn config(certificate: &Certificate, tuning: Tuning) -> Result<quinn::ServerConfig, BindError> {
    let tls = certificate
        .tls_config()
        .map_err(|error| BindError::Certificate(error.to_string()))?;
    transport::server(tls, tuning).map_err(BindError::Certificate)
}
