//! The door: takes connections, bounds how many come from one address, and starts a session for each.

use crate::{
    files::Library,
    limiter::Limiter,
    session,
    world::{Inbound, SessionId},
};
use network::{Handshake, ServerEndpoint};
use protocol::limits::HANDSHAKE_TIMEOUT_SECS;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Connections of one address at once, loopback excepted: a class room behind one router fits.
const MAX_CONNECTIONS_PER_ADDRESS: u32 = 64;
/// New connections of one address in a second on average.
const NEW_PER_SECOND: f64 = 4.0;
/// New connections of one address at once.
const NEW_BURST: f64 = 32.0;
/// Addresses remembered; beyond that, those without connections are forgotten.
const MAX_ADDRESSES: usize = 16_384;

/// What every session needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) library: Library,
    /// Inboxes of the worlds, in the order of the configuration.
    pub(crate) worlds: Arc<Vec<(String, mpsc::Sender<Inbound>)>>,
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
        while let Some(handshake) = endpoint.accept().await {
            match self.take_place(&handshake) {
                Some(place) => {
                    let door = self.clone();
                    drop(tokio::spawn(async move {
                        door.admit(handshake, place).await;
                    }));
                }
                None => tracing::debug!(
                    address = %handshake.remote_address().ip(),
                    "too many connections from one address"
                ),
            }
        }
    }

    async fn admit(self, handshake: Handshake, place: Place) {
        let deadline = Instant::now() + Duration::from_secs(HANDSHAKE_TIMEOUT_SECS);
        match handshake.finish().await {
            Ok(connection) => {
                let session = SessionId(self.next_session.fetch_add(1, Ordering::Relaxed));
                session::run(&self, session, connection, deadline).await;
            }
            Err(error) => tracing::debug!("a handshake failed: {error}"),
        }
        drop(place);
    }

    /// Seconds since the server started.
    pub(crate) fn now_secs(&self) -> f64 {
        self.epoch.elapsed().as_secs_f64()
    }

    fn take_place(&self, handshake: &Handshake) -> Option<Place> {
        let address = handshake.remote_address().ip().to_canonical();
        let now_secs = self.now_secs();
        let mut addresses = self.lock();
        if addresses.len() >= MAX_ADDRESSES {
            addresses.retain(|_, visitor| visitor.connections > 0);
        }
        let visitor = addresses.entry(address).or_insert_with(|| Visitor {
            connections: 0,
            arrivals: Limiter::starting(NEW_PER_SECOND, NEW_BURST, now_secs),
        });
        let is_free = address.is_loopback()
            || (visitor.connections < MAX_CONNECTIONS_PER_ADDRESS
                && visitor.arrivals.take(now_secs));
        if !is_free {
            return None;
        }
        visitor.connections += 1;
        drop(addresses);
        Some(Place {
            door: self.clone(),
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Visitor>> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(visitor) = self.door.lock().get_mut(&self.address) {
            visitor.connections -= 1;
        }
    }
}
