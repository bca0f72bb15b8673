//! From a host name to addresses.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Longest wait for the name service.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Addresses that are tried at most.
const MAX_ADDRESSES: usize = 4;

/// A host name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name service says no.
    #[error(
        "the name {host} is not known: check its spelling and the network connection ({reason})"
    )]
    Unknown {
        /// The name.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// The name service does not answer.
    #[error("the name service did not answer for {host}: check the network connection")]
    Silent {
        /// The name.
        host: String,
    },
}

/// Addresses of `host`, at most four, in the system's order. IP addresses need no name service.
///
/// # Errors
/// [`ResolveError`].
pub async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unknown = |reason: String| ResolveError::Unknown {
        host: host.to_owned(),
        reason,
    };
    let found = tokio::time::timeout(TIMEOUT, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_elapsed| ResolveError::Silent {
            host: host.to_owned(),
        })?
        .map_err(|error| unknown(error.to_string()))?;
    let addresses: Vec<_> = found.take(MAX_ADDRESSES).collect();
    if addresses.is_empty() {
        return Err(unknown("no address".to_owned()));
    }
    Ok(addresses)
}
