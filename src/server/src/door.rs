//! The door: takes connections, bounds how many come from one address, and starts a session for each.

use crate::{
    files::Library,
    limiter::Limiter,
    session,
    world::{Inbound, SessionId},
};
use network::{Admission, Handshake, ServerEndpoint};
use protocol::limits::HANDSHAKE_TIMEOUT_SECS;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Connections of one address, or one IPv6 /64, at once, loopback excepted: a class room behind one router fits.
const MAX_CONNECTIONS_PER_ADDRESS: u32 = 64;
/// New connections of one address in a second on average.
const NEW_PER_SECOND: f64 = 4.0;
/// New connections of one address at once.
const NEW_BURST: f64 = 32.0;
/// The first 64 bits of an IPv6 address.
const PREFIX_MASK: u128 = !(u64::MAX as u128);
/// Addresses remembered; beyond that, those without connections are forgotten.
const MAX_ADDRESSES: usize = 16_384;

/// Worlds of a server and their inboxes.
pub(crate) type Worlds = Arc<Vec<(String, mpsc::Sender<Inbound>)>>;

/// What every session needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) library: Library,
    /// Inboxes of the worlds, in the order of the configuration.
    pub(crate) worlds: Worlds,
    addresses: Arc<Mutex<BTreeMap<IpAddr, Visitor>>>,
    next_session: Arc<AtomicU64>,
    epoch: Instant,
}

/// One address.
struct Visitor {
    connections: u32,
    arrivals: Limiter,
}

/// A connection counts against its address until this is dropped.
pub(crate) struct Place {
    door: Door,
    address: IpAddr,
}

impl Door {
    /// Call on the runtime that sessions run on.
    pub(crate) fn new(library: Library, worlds: Vec<(String, mpsc::Sender<Inbound>)>) -> Self {
        Self {
            library,
            worlds: Arc::new(worlds),
            addresses: Arc::default(),
            next_session: Arc::default(),
            epoch: Instant::now(),
        }
    }

    /// Takes connections until the endpoint closes.
    pub(crate) async fn watch(self, endpoint: ServerEndpoint) {
        let judge = |address: SocketAddr, is_validated| self.judge(address.ip(), is_validated);
        while let Some((handshake, place)) = endpoint.accept_if(judge).await {
            drop(tokio::spawn(self.clone().admit(handshake, place)));
        }
    }

    async fn admit(self, handshake: Handshake, place: Option<Place>) {
        let deadline = Instant::now() + Duration::from_secs(HANDSHAKE_TIMEOUT_SECS);
        match handshake.finish().await {
            Ok(connection) => {
                let address = network_of(connection.remote_address().ip());
                let place = place.unwrap_or_else(|| self.take_place(address));
                let session = SessionId(self.next_session.fetch_add(1, Ordering::Relaxed));
                session::run(&self, session, connection, deadline).await;
                drop(place);
            }
            Err(error) => tracing::debug!("a handshake failed: {error}"),
        }
    }

    /// Seconds since the server started.
    pub(crate) fn now_secs(&self) -> f64 {
        self.epoch.elapsed().as_secs_f64()
    }

    /// Charges nobody for what others may have sent in their name: an address counts once it is shown to be the peer's
    /// own, by a Retry or by a complete handshake.
    fn judge(&self, address: IpAddr, is_validated: bool) -> Admission<Option<Place>> {
        let address = network_of(address);
        match (self.has_room(address), is_validated) {
            (true, true) => Admission::Accept(Some(self.take_place(address))),
            (true, false) => Admission::Accept(None),
            (false, false) => Admission::Validate,
            (false, true) => {
                tracing::debug!(%address, "too many connections from one address");
                Admission::Refuse
            }
        }
    }

    fn has_room(&self, address: IpAddr) -> bool {
        let now_secs = self.now_secs();
        address.is_loopback()
            || self.lock().get_mut(&address).is_none_or(|visitor| {
                visitor.connections < MAX_CONNECTIONS_PER_ADDRESS
                    && visitor.arrivals.has_one(now_secs)
            })
    }

    fn take_place(&self, address: IpAddr) -> Place {
        let now_secs = self.now_secs();
        let mut addresses = self.lock();
        if addresses.len() >= MAX_ADDRESSES {
            addresses.retain(|_, visitor| visitor.connections > 0);
        }
        let visitor = addresses.entry(address).or_insert_with(|| Visitor {
            connections: 0,
            arrivals: Limiter::starting(NEW_PER_SECOND, NEW_BURST, now_secs),
        });
        // Of handshakes that ended together, a few more than the rate may have been let in.
        visitor.arrivals.take(now_secs);
        visitor.connections += 1;
        drop(addresses);
        Place {
            door: self.clone(),
            address,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Visitor>> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts as one address: with IPv6 a whole /64, which is the least that a household or a machine gets.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let prefix = u128::from(address) & PREFIX_MASK;
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        other => other,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(visitor) = self.door.lock().get_mut(&self.address) {
            visitor.connections -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door() -> Door {
        Door::new(Library::default(), Vec::new())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn all_addresses_of_an_ipv6_network_share_one_limit() {
        let door = door();
        let mut places = Vec::new();
        for number in 0..1_000 {
            let address = ip(&format!("2001:db8:0:1::{number:x}"));
            if let Admission::Accept(Some(place)) = door.judge(address, true) {
                places.push(place);
            }
        }
        assert_eq!(places.len(), NEW_BURST as usize);
        let neighbour = ip("2001:db8:0:2::1");
        assert!(matches!(door.judge(neighbour, true), Admission::Accept(_)));
        let mapped = ip("::ffff:192.0.2.1");
        assert_eq!(network_of(mapped), ip("192.0.2.1"));
        assert!(network_of(ip("::1")).is_loopback());
    }

    #[test]
    fn a_forged_address_is_charged_to_nobody() {
        let door = door();
        let victim = ip("192.0.2.1");
        for _ in 0..10_000 {
            assert!(matches!(door.judge(victim, false), Admission::Accept(None)));
        }
        assert!(matches!(
            door.judge(victim, true),
            Admission::Accept(Some(_))
        ));
    }

    #[test]
    fn who_is_over_the_limit_must_show_their_address_before_they_are_refused() {
        let door = door();
        let flooder = ip("192.0.2.1");
        let places: Vec<Place> = (0..MAX_CONNECTIONS_PER_ADDRESS)
            .map(|_| door.take_place(flooder))
            .collect();
        assert!(matches!(door.judge(flooder, false), Admission::Validate));
        assert!(matches!(door.judge(flooder, true), Admission::Refuse));
        assert!(matches!(
            door.judge(ip("192.0.2.2"), true),
            Admission::Accept(_)
        ));
        drop(places);
    }
}
