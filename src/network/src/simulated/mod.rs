//! A network in memory: delay, jitter, loss, duplication, reordering, narrow links and changing addresses, from a
//! seed. With tokio's paused clock, minutes of it pass in milliseconds.

mod link;
mod random;
mod socket;

pub use link::LinkConfig;

use link::Link;
use random::Random;
use socket::{Packet, SimulatedSocket};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// First port given by [`Network::any_socket`].
const FIRST_PORT: u16 = 40_000;

/// The network; cheap to clone.
#[derive(Clone, Debug)]
pub struct Network(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    random: Random,
    default_link: LinkConfig,
    /// Settings by (sender, receiver) for pairs that differ from the default.
    configs: HashMap<(IpAddr, IpAddr), LinkConfig>,
    /// State by (sender, receiver).
    links: HashMap<(IpAddr, IpAddr), Link>,
    sockets: HashMap<SocketAddr, std::sync::Weak<SimulatedSocket>>,
    next_port: u16,
    next_packet: u64,
    totals: Totals,
}

/// What the network did so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Totals {
    /// Packets handed to the network.
    pub sent: u64,
    /// Of those, lost at random, in a full queue, for their size, or because nobody was there.
    pub lost: u64,
    /// Copies made.
    pub duplicated: u64,
}

impl Network {
    /// An empty network where every link is perfect.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            random: Random::new(seed),
            default_link: LinkConfig::default(),
            configs: HashMap::new(),
            links: HashMap::new(),
            sockets: HashMap::new(),
            next_port: FIRST_PORT,
            next_packet: 0,
            totals: Totals::default(),
        })))
    }

    /// Sets what every direction of every pair is like, but for those set by [`Self::set_link`].
    pub fn set_default_link(&self, config: LinkConfig) {
        self.lock().default_link = config;
    }

    /// Sets one direction between two machines. Packets under way keep their fate.
    pub fn set_link(&self, from: IpAddr, to: IpAddr, config: LinkConfig) {
        self.lock().configs.insert((from, to), config);
    }

    /// From now on packets from and to the socket at `from` have the address `to`, as when a home router starts
    /// anew. Packets under way to the old address are lost. False when there is no such socket, or `to` is taken.
    pub fn move_address(&self, from: SocketAddr, to: SocketAddr) -> bool {
        let mut inner = self.lock();
        if inner.live_socket(to).is_some() {
            return false;
        }
        let Some(socket) = inner.live_socket(from) else {
            return false;
        };
        inner.sockets.remove(&from);
        inner.sockets.insert(to, Arc::downgrade(&socket));
        socket.set_public_address(to);
        true
    }

    /// What happened so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.lock().totals
    }

    pub(crate) fn socket(&self, address: SocketAddr) -> io::Result<Arc<SimulatedSocket>> {
        let mut inner = self.lock();
        if inner.live_socket(address).is_some() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let socket = Arc::new(SimulatedSocket::new(self.clone(), address));
        inner.sockets.insert(address, Arc::downgrade(&socket));
        Ok(socket)
    }

    pub(crate) fn any_socket(&self, ip: IpAddr) -> io::Result<Arc<SimulatedSocket>> {
        let port = {
            let mut inner = self.lock();
            let port = inner.next_port;
            inner.next_port = port.checked_add(1).unwrap_or(FIRST_PORT);
            port
        };
        self.socket(SocketAddr::new(ip, port))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides the fate of one packet.
    fn send(&self, from: SocketAddr, to: SocketAddr, packet: &Packet) {
        let mut inner = self.lock();
        inner.totals.sent += 1;
        let pair = (from.ip(), to.ip());
        let config = inner
            .configs
            .get(&pair)
            .copied()
            .unwrap_or(inner.default_link);
        let Some(receiver) = inner.live_socket(to) else {
            inner.totals.lost += 1;
            return;
        };
        let Inner { links, random, .. } = &mut *inner;
        let link = links.entry(pair).or_default();
        let copies = if random.chance(config.duplication) {
            2
        } else {
            1
        };
        let now = Instant::now();
        let arrivals: Vec<_> = (0..copies)
            .map(|_| link.arrival(&config, random, now, packet.bytes.len()))
            .collect();
        inner.totals.duplicated += copies - 1;
        for arrival in arrivals {
            match arrival {
                Some(at) => {
                    let number = inner.next_packet;
                    inner.next_packet += 1;
                    receiver.deliver(at, number, packet.clone());
                }
                None => inner.totals.lost += 1,
            }
        }
    }
}

impl Inner {
    fn live_socket(&self, address: SocketAddr) -> Option<Arc<SimulatedSocket>> {
        self.sockets.get(&address)?.upgrade()
    }
}
