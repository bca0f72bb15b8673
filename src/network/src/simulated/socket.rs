//! A UDP socket of the simulated network, as quinn wants it.

use super::Network;
use quinn::udp::{EcnCodepoint, RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::time::{Instant, Sleep};

/// Packets that wait in one socket at most, as in a real one.
const MAX_WAITING: usize = 8192;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packet {
    pub(super) from: SocketAddr,
    pub(super) bytes: Vec<u8>,
    is_congested: bool,
    is_ecn_capable: bool,
}

#[derive(Debug)]
pub(crate) struct SimulatedSocket {
    network: Network,
    local: SocketAddr,
    inbox: Mutex<Inbox>,
}

#[derive(Debug)]
struct Inbox {
    /// The address that others see.
    public: SocketAddr,
    packets: BinaryHeap<Reverse<(Instant, u64, Packet)>>,
    timer: Option<Pin<Box<Sleep>>>,
    waker: Option<Waker>,
}

impl SimulatedSocket {
    pub(super) fn new(network: Network, address: SocketAddr) -> Self {
        Self {
            network,
            local: address,
            inbox: Mutex::new(Inbox {
                public: address,
                packets: BinaryHeap::new(),
                timer: None,
                waker: None,
            }),
        }
    }

    /// Moves to another address; what was under way to the old one is lost.
    pub(super) fn set_public_address(&self, address: SocketAddr) {
        let mut inbox = self.lock();
        inbox.public = address;
        inbox.packets.clear();
    }

    pub(super) fn deliver(&self, at: Instant, number: u64, packet: Packet) {
        let mut inbox = self.lock();
        if inbox.packets.len() < MAX_WAITING {
            inbox.packets.push(Reverse((at, number, packet)));
        }
        if let Some(waker) = inbox.waker.take() {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    fn pop_arrived(&mut self, now: Instant) -> Option<Packet> {
        let Reverse((at, _, _)) = self.packets.peek()?;
        if *at > now {
            return None;
        }
        self.packets.pop().map(|Reverse((_, _, packet))| packet)
    }

    /// Wakes the reader when the next packet arrives. True when one has arrived meanwhile.
    fn arm(&mut self, cx: &mut Context<'_>) -> bool {
        self.waker = Some(cx.waker().clone());
        let Some(Reverse((at, _, _))) = self.packets.peek() else {
            return false;
        };
        let at = *at;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(cx).is_ready()
    }
}

impl AsyncUdpSocket for SimulatedSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(AlwaysWritable)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let from = self.lock().public;
        let size = transmit
            .segment_size
            .unwrap_or(transmit.contents.len())
            .max(1);
        for bytes in transmit.contents.chunks(size) {
            let packet = Packet {
                from,
                bytes: bytes.to_vec(),
                is_congested: transmit.ecn == Some(EcnCodepoint::Ce),
                is_ecn_capable: transmit.ecn.is_some(),
            };
            self.network.send(from, transmit.destination, &packet);
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut inbox = self.lock();
        let places = buffers.len().min(meta.len());
        let mut count = 0;
        loop {
            let now = Instant::now();
            while count < places {
                let Some(packet) = inbox.pop_arrived(now) else {
                    break;
                };
                let length = packet.bytes.len().min(buffers[count].len());
                buffers[count][..length].copy_from_slice(&packet.bytes[..length]);
                meta[count] = RecvMeta {
                    addr: packet.from,
                    len: length,
                    stride: length,
                    ecn: packet.ecn(),
                    dst_ip: None,
                };
                count += 1;
            }
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
            if !inbox.arm(cx) {
                return Poll::Pending;
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    fn may_fragment(&self) -> bool {
        false
    }
}

impl Packet {
    fn ecn(&self) -> Option<EcnCodepoint> {
        match (self.is_congested, self.is_ecn_capable) {
            (true, _) => Some(EcnCodepoint::Ce),
            (false, true) => Some(EcnCodepoint::Ect0),
            (false, false) => None,
        }
    }
}

#[derive(Debug)]
struct AlwaysWritable;

impl UdpPoller for AlwaysWritable {
    fn poll_writable(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
