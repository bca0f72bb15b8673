//! Why an entry failed: one readable line each.

use crate::cache::CacheError;
use network::{ConnectError, Disconnected, ResolveError};
use protocol::{Fingerprint, Refusal};
use std::net::SocketAddr;

/// Why there is no way in. The text says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The host name has no address.
    #[error(transparent)]
    NameNotResolved(ResolveError),
    /// No answer within five seconds.
    #[error(
        "{host} ({address}) does not answer: check the address, and that the server runs and its UDP port is open"
    )]
    Unreachable {
        /// As in the address.
        host: String,
        /// Where it was tried.
        address: SocketAddr,
    },
    /// The server did not finish the entry in time.
    #[error("{0} answered, but did not finish the entry in time: try again")]
    TooSlow(String),
    /// The server takes no new connections at the moment.
    #[error("{0} has too many visitors at its door: try again in a while")]
    Busy(String),
    /// The server refuses the entry.
    #[error("{0}")]
    Refused(Refusal),
    /// The other end speaks another version, or something else.
    #[error("{0} speaks no version of Stoa that this program knows: update the older of the two")]
    Version(String),
    /// Another certificate than before, or than the invitation says.
    #[error(
        "{host} shows another certificate than before: ask the host whether that is right; otherwise somebody may be listening (known {known}, now {presented})"
    )]
    CertificateChanged {
        /// As in the address.
        host: String,
        /// What was known.
        known: Fingerprint,
        /// What the server shows.
        presented: Fingerprint,
    },
    /// Never seen before, and the front-end did not allow to trust it unasked.
    #[error("{host} is not known yet: compare its certificate {presented} with what the host says")]
    CertificateUnknown {
        /// As in the address.
        host: String,
        /// What the server shows.
        presented: Fingerprint,
    },
    /// The server describes a world that cannot be.
    #[error("the world cannot be entered, its description is broken: {0}: tell the host")]
    WorldBroken(String),
    /// A file of the world is not what the server says it is, or cannot be had from it.
    #[error("the file {path} of the world cannot be fetched: {reason}: tell the host")]
    WorldFile {
        /// Path inside the world.
        path: String,
        /// One line.
        reason: String,
    },
    /// The disk is full, or the cache cannot be written.
    #[error(transparent)]
    Cache(CacheError),
    /// The server broke the protocol.
    #[error(
        "the server sent what this program does not understand ({0}): update the older of the two"
    )]
    Protocol(String),
    /// The connection ended in the middle of the entry.
    #[error("the connection ended during the entry: {0}: try again")]
    Disconnected(Disconnected),
    /// This machine gives no socket, thread, or place to remember servers.
    #[error("{0}")]
    Here(String),
}

impl Failure {
    /// After a first entry: whether trying again may help without anybody doing something.
    #[must_use]
    pub(crate) const fn is_passing(&self) -> bool {
        match self {
            Self::NameNotResolved(_)
            | Self::Unreachable { .. }
            | Self::TooSlow(_)
            | Self::Busy(_)
            | Self::Disconnected(_)
            | Self::Here(_)
            | Self::Refused(Refusal::Full { .. } | Refusal::Closing | Refusal::Proof) => true,
            Self::Refused(_)
            | Self::Version(_)
            | Self::CertificateChanged { .. }
            | Self::CertificateUnknown { .. }
            | Self::WorldBroken(_)
            | Self::WorldFile { .. }
            | Self::Cache(_)
            | Self::Protocol(_) => false,
        }
    }

    pub(crate) fn of_connect(error: ConnectError, host: &str) -> Self {
        let host = host.to_owned();
        match error {
            ConnectError::Unreachable { address } => Self::Unreachable { host, address },
            ConnectError::Busy => Self::Busy(host),
            ConnectError::Version => Self::Version(host),
            ConnectError::CertificateChanged { known, presented } => Self::CertificateChanged {
                host,
                known,
                presented,
            },
            ConnectError::CertificateUnknown { presented } => {
                Self::CertificateUnknown { host, presented }
            }
            ConnectError::Pins(_) | ConnectError::Socket(_) => Self::Here(error.to_string()),
            ConnectError::Failed(reason) => Self::Disconnected(reason),
        }
    }
}
