//! A network with a small server, and participants on it.

mod server;

pub(crate) use server::{Options, TestServer, content_of};

use identity::Key;
use network::simulated::{LinkConfig, Network};
use network::{ClientEndpoint, KnownServers};
use protocol::{AvatarChoice, DisplayName};
use session::{Cache, Session, SessionConfig, SessionEvent};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 7862);

/// A whole test: network, server, folder for caches.
pub(crate) struct Place {
    pub(crate) network: Network,
    pub(crate) server: TestServer,
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new(link: LinkConfig, options: Options) -> Self {
        let network = Network::new(11);
        network.set_default_link(link);
        Self {
            server: TestServer::start(&network, options),
            network,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn config(&self, seed: u8) -> SessionConfig {
        SessionConfig {
            address: "stoa://10.0.0.1/plaza".parse().unwrap(),
            key: Key::from_seed(&[seed; 32]),
            name: DisplayName::new(&format!("Person {seed}")).unwrap(),
            avatar: AvatarChoice::Shipped("ada".to_owned()),
            is_agent: false,
            program: "test".to_owned(),
            cache: Some(self.cache()),
            known_servers: Arc::new(KnownServers::in_memory()),
            pin_unknown: true,
            endpoint: ClientEndpoint::simulated(self.network.clone(), ip(seed)),
            recorder: None,
            reading: session::Reading::Whole,
        }
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::open(self.folder.path(), 64 * 1024 * 1024).unwrap()
    }

    pub(crate) fn join(&self, seed: u8) -> Session {
        start(self.config(seed))
    }

    /// Joins and is ready.
    pub(crate) async fn enter(&self, seed: u8) -> Session {
        let mut session = self.join(seed);
        until(&mut session, |event| {
            matches!(event, SessionEvent::Entered { .. })
        })
        .await;
        session.ready().unwrap();
        session
    }

    /// Cuts or restores both directions between a participant and the server.
    pub(crate) fn set_path(&self, seed: u8, link: LinkConfig) {
        self.network.set_link(ip(seed), SERVER.ip(), link);
        self.network.set_link(SERVER.ip(), ip(seed), link);
    }
}

pub(crate) fn ip(seed: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 1, seed))
}

pub(crate) fn start(config: SessionConfig) -> Session {
    Session::start(config, &tokio::runtime::Handle::current())
}

/// Takes events until one fits, for at most two minutes of network time; gives that one.
pub(crate) async fn until(
    session: &mut Session,
    fits: impl Fn(&SessionEvent) -> bool,
) -> SessionEvent {
    let waiting = async {
        loop {
            let event = session.next_event().await.unwrap();
            if fits(&event) {
                return event;
            }
            assert!(!event.is_end(), "the session ended early: {event:?}");
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting)
        .await
        .unwrap()
}

/// The last event.
pub(crate) async fn until_end(session: &mut Session) -> SessionEvent {
    until(session, SessionEvent::is_end).await
}

/// What a person would read.
pub(crate) async fn failure_line(session: &mut Session) -> String {
    match until_end(session).await {
        SessionEvent::Failed(failure) => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn internet() -> LinkConfig {
    LinkConfig::path(Duration::from_millis(100), Duration::from_millis(20), 0.05)
}

pub(crate) async fn secs(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}
