//! UDP sockets with large buffers: packet input is the first thing that overflows under load.

mod coarse;
mod gathering;

use coarse::CoarseRuntime;
use quinn::{AsyncUdpSocket, Runtime, TokioRuntime};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

/// What the system granted; it may be far less than wished (on Linux see `net.core.rmem_max`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketBuffers {
    /// Bytes for packets that have arrived.
    pub receive_bytes: usize,
    /// Bytes for packets to be sent.
    pub send_bytes: usize,
}

impl SocketBuffers {
    /// Wished size of each, in bytes.
    pub const WISHED_BYTES: usize = 8 * 1024 * 1024;
}

/// Binds a UDP socket. An IPv6 wildcard takes IPv4 as well.
pub(crate) fn bind(address: SocketAddr) -> io::Result<(UdpSocket, SocketBuffers)> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // The system may refuse or cap either; what counts is what it granted.
    for refused in [
        socket
            .set_recv_buffer_size(SocketBuffers::WISHED_BYTES)
            .err(),
        socket
            .set_send_buffer_size(SocketBuffers::WISHED_BYTES)
            .err(),
    ]
    .into_iter()
    .flatten()
    {
        tracing::debug!("socket buffer size refused: {refused}");
    }
    let granted = SocketBuffers {
        receive_bytes: socket.recv_buffer_size()?,
        send_bytes: socket.send_buffer_size()?,
    };
    socket.bind(&address.into())?;
    Ok((socket.into(), granted))
}

/// A socket, and the runtime for its connections.
pub(crate) type Wrapped = (Arc<dyn AsyncUdpSocket>, Arc<dyn Runtime>);

/// Reads packets as they come, as quinn does by itself. Needs a tokio runtime.
pub(crate) fn plain(socket: UdpSocket, _buffers: SocketBuffers) -> io::Result<Wrapped> {
    let socket = TokioRuntime.wrap_udp_socket(socket)?;
    Ok((socket, Arc::new(TokioRuntime)))
}

/// Gathers the packets of many connections, whose timers fire together. Needs a tokio runtime.
pub(crate) fn gathering(socket: UdpSocket, buffers: SocketBuffers) -> io::Result<Wrapped> {
    let socket = gathering::GatheringSocket::new(socket, buffers.receive_bytes)?;
    Ok((Arc::new(socket), Arc::new(CoarseRuntime)))
}

/// A socket on any free port, for IPv6 and IPv4, or for IPv4 alone where there is no IPv6.
pub(crate) fn bind_any() -> io::Result<(UdpSocket, SocketBuffers)> {
    bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)))
        .or_else(|_| bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn granted_buffers_are_reported() {
        let (socket, buffers) = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        assert_ne!(socket.local_addr().unwrap().port(), 0);
        assert!(buffers.receive_bytes > 0 && buffers.send_bytes > 0);
    }
}
