//! A server and a client on a simulated network.

use network::simulated::{LinkConfig, Network};
use network::{Certificate, ClientEndpoint, Connection, KnownServers, ServerEndpoint, Trust};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

pub(crate) const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 7862);
pub(crate) const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) server: ServerEndpoint,
    pub(crate) known: KnownServers,
}

impl World {
    pub(crate) fn new(link: LinkConfig) -> Self {
        let network = Network::new(7);
        network.set_default_link(link);
        let certificate = Certificate::temporary().unwrap();
        let server = ServerEndpoint::simulated(&network, SERVER, &certificate).unwrap();
        Self {
            network,
            server,
            known: KnownServers::in_memory(),
        }
    }

    pub(crate) fn client(&self) -> ClientEndpoint {
        ClientEndpoint::simulated(self.network.clone(), CLIENT)
    }

    pub(crate) fn trust(&self) -> Trust<'_> {
        Trust {
            host: "10.0.0.1",
            port: SERVER.port(),
            invited: None,
            known: &self.known,
            pin_unknown: true,
        }
    }

    /// Both ends of a new connection: client, server.
    pub(crate) async fn connect(&self) -> (Connection, Connection) {
        let client = self.client();
        let accept = async { self.server.accept().await.unwrap().finish().await.unwrap() };
        let (near, far) = tokio::join!(client.connect(SERVER, self.trust(), LIMIT), accept);
        (near.unwrap(), far)
    }
}

pub(crate) fn internet() -> LinkConfig {
    LinkConfig::path(Duration::from_millis(100), Duration::from_millis(20), 0.05)
}
