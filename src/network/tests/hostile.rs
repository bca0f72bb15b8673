//! Strangers at the door.

use crate::support::{CLIENT, LIMIT, SERVER, World};
use network::simulated::{LinkConfig, Network};
use network::{ConnectError, HandshakeError};
use protocol::limits::{HANDSHAKE_TIMEOUT_SECS, MAX_UNPROVEN_CONNECTIONS, RETRY_ABOVE_UNPROVEN};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn nobody_there_is_reported_in_time() {
    let world = World::new(LinkConfig::default());
    let nobody = "10.0.0.99:7862".parse().unwrap();
    let start = Instant::now();
    let error = world
        .client()
        .connect(nobody, world.trust(), LIMIT)
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { address } if address == nobody));
    assert_eq!(start.elapsed(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn strangers_above_the_limit_are_turned_away_and_proven_people_do_not_count() {
    let world = World::new(LinkConfig::default());
    let mut held = Vec::new();
    let server = world.server.clone();
    let (give, mut take) = tokio::sync::mpsc::channel(MAX_UNPROVEN_CONNECTIONS);
    tokio::spawn(async move {
        while let Some(handshake) = server.accept().await {
            let give = give.clone();
            tokio::spawn(async move {
                if let Ok(connection) = handshake.finish().await {
                    give.send(connection).await.unwrap();
                }
            });
        }
    });
    let client = world.client();
    for _ in 0..MAX_UNPROVEN_CONNECTIONS {
        let near = client.connect(SERVER, world.trust(), LIMIT).await.unwrap();
        held.push((near, take.recv().await.unwrap()));
    }
    const { assert!(RETRY_ABOVE_UNPROVEN < MAX_UNPROVEN_CONNECTIONS) };
    assert_eq!(world.server.unproven(), MAX_UNPROVEN_CONNECTIONS);
    let error = client
        .connect(SERVER, world.trust(), LIMIT)
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::Busy), "{error}");
    held[0].1.set_proven();
    client.connect(SERVER, world.trust(), LIMIT).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_falls_silent_in_the_handshake_is_given_up() {
    let world = World::new(LinkConfig::default());
    let network: Network = world.network.clone();
    network.set_link(SERVER.ip(), CLIENT, LinkConfig::cut());
    let client = world.client();
    let connecting = client.connect(SERVER, world.trust(), LIMIT);
    let serving = async {
        let handshake = world.server.accept().await.unwrap();
        let start = Instant::now();
        let error = handshake.finish().await.unwrap_err();
        assert!(matches!(
            error,
            HandshakeError::TimedOut | HandshakeError::Failed(_)
        ));
        start.elapsed()
    };
    let (near, elapsed) = tokio::join!(connecting, serving);
    assert!(matches!(near, Err(ConnectError::Unreachable { .. })));
    assert!(elapsed <= Duration::from_secs(HANDSHAKE_TIMEOUT_SECS));
    assert_eq!(world.server.unproven(), 0);
}

#[tokio::test]
async fn garbage_on_the_socket_harms_nobody() {
    let certificate = network::Certificate::temporary().unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let server = network::ServerEndpoint::bind(listen, &certificate).unwrap();
    let address = server.local_address().unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut seed = 1u64;
    for _ in 0..2000 {
        let length = (seed >> 33) as usize % 1500;
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 56) as u8
            })
            .collect();
        seed = seed.wrapping_add(1 << 34);
        socket.send_to(&bytes, address).unwrap();
    }
    let known = network::KnownServers::in_memory();
    let trust = network::Trust {
        host: "127.0.0.1",
        port: address.port(),
        invited: Some(certificate.fingerprint()),
        known: &known,
        pin_unknown: false,
    };
    let client = network::ClientEndpoint::udp();
    let accept = async {
        loop {
            if let Ok(connection) = server.accept().await.unwrap().finish().await {
                return connection;
            }
        }
    };
    let (near, far) = tokio::join!(client.connect(address, trust, LIMIT), accept);
    let near = near.unwrap();
    assert_eq!(near.exporter().unwrap(), far.exporter().unwrap());
}
