//! Trust on first use.

use crate::support::{LIMIT, SERVER, World};
use network::simulated::LinkConfig;
use network::{Certificate, ConnectError, ServerEndpoint, Trust};
use protocol::Fingerprint;

async fn accept_all(server: ServerEndpoint) {
    while let Some(handshake) = server.accept().await {
        tokio::spawn(async move {
            if let Ok(connection) = handshake.finish().await {
                connection.closed().await;
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_certificate_is_pinned_only_where_allowed() {
    let world = World::new(LinkConfig::default());
    tokio::spawn(accept_all(world.server.clone()));
    let asking = Trust {
        pin_unknown: false,
        ..world.trust()
    };
    let error = world
        .client()
        .connect(SERVER, asking, LIMIT)
        .await
        .unwrap_err();
    let presented = world.server.fingerprint();
    assert!(
        matches!(error, ConnectError::CertificateUnknown { presented: shown } if shown == presented)
    );
    let connection = world
        .client()
        .connect(SERVER, world.trust(), LIMIT)
        .await
        .unwrap();
    assert_eq!(connection.peer_fingerprint(), Some(presented));
    assert_eq!(world.known.get("10.0.0.1", 7862), Some(presented));
    // Known by now, so nobody needs to be asked.
    world.client().connect(SERVER, asking, LIMIT).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_changed_certificate_is_refused_and_named() {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    let known = world.server.fingerprint();
    drop((near, far));
    world.server.close(network::CloseCode::Closing, "");
    world.server.wait_idle().await;
    let World {
        network,
        server,
        known: pins,
    } = world;
    drop(server);
    // Let the old endpoint give its address back.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let certificate = Certificate::temporary().unwrap();
    let server = ServerEndpoint::simulated(&network, SERVER, &certificate).unwrap();
    tokio::spawn(accept_all(server.clone()));
    let world = World {
        network,
        server,
        known: pins,
    };
    let error = world
        .client()
        .connect(SERVER, world.trust(), LIMIT)
        .await
        .unwrap_err();
    let ConnectError::CertificateChanged {
        known: was,
        presented,
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((was, presented), (known, certificate.fingerprint()));
    assert_eq!(world.known.get("10.0.0.1", 7862), Some(known));
}

#[tokio::test(start_paused = true)]
async fn an_invitation_must_name_the_certificate() {
    let world = World::new(LinkConfig::default());
    tokio::spawn(accept_all(world.server.clone()));
    let invited = |fingerprint| Trust {
        invited: Some(fingerprint),
        pin_unknown: false,
        ..world.trust()
    };
    let wrong = invited(Fingerprint([9; 32]));
    let error = world
        .client()
        .connect(SERVER, wrong, LIMIT)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ConnectError::CertificateChanged { .. }),
        "{error}"
    );
    assert_eq!(world.known.get("10.0.0.1", 7862), None);
    let right = invited(world.server.fingerprint());
    world.client().connect(SERVER, right, LIMIT).await.unwrap();
}
