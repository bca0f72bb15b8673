//! Bots over real sockets.

use bots::{Behaviour, SwarmConfig, swarm, write_box_world};
use server::{Server, ServerConfig};
use session::Reading;
use std::net::{Ipv4Addr, SocketAddr};

#[test]
fn snapshots_that_bots_read_afterwards_are_all_whole() {
    let folder = tempfile::tempdir().unwrap();
    let config = ServerConfig {
        worlds: vec![write_box_world(folder.path(), 8).unwrap()],
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..ServerConfig::default()
    };
    let server = Server::start(&config).unwrap();
    let report = swarm(&SwarmConfig {
        address: server.addresses()[0].clone(),
        count: 4,
        settle_secs: 0,
        seconds: 2,
        joins_per_sec: 60,
        behaviour: Behaviour::Walk,
        reading: Reading::Header,
        seed: 7,
    })
    .unwrap();
    assert_eq!((report.bots, report.disconnects, report.broken), (4, 0, 0));
    for window in &report.windows {
        assert!(window.snapshots > 0, "{window:?}");
        let sends = (window.ticks.1 - window.ticks.0) / u64::from(protocol::TICKS_PER_SEND);
        assert!(window.snapshots <= sends, "{window:?}");
    }
}
