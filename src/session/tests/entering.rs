//! The way in, and each reason for which it is closed.

use crate::support::{
    Options, Place, SERVER, TestServer, failure_line, internet, start, until, until_end,
};
use network::simulated::LinkConfig;
use network::{Certificate, ClientEndpoint, CloseCode, KnownServers, ServerEndpoint};
use protocol::limits::HANDSHAKE_TIMEOUT_SECS;
use protocol::{ClientMessage, DisplayName, Hello, Proof, Refusal, ServerMessage};
use session::{Failure, Session, SessionEvent, Stage};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

fn world() -> Options {
    Options {
        files: vec![("scene.glb".to_owned(), b"a scene".to_vec())],
        ..Options::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_participant_enters_talks_and_leaves_over_a_bad_path() {
    let place = Place::new(internet(), world());
    let mut session = place.join(1);
    let mut stages = Vec::new();
    let (welcome, files) = loop {
        match session.next_event().await.unwrap() {
            SessionEvent::Progress(progress) => stages.push(progress.stage),
            SessionEvent::Entered { welcome, files } => break (welcome, files),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        stages[..3],
        [Stage::Resolving, Stage::Connecting, Stage::Proving]
    );
    assert_eq!(stages.last(), Some(&Stage::Loading));
    assert_eq!(welcome.name.as_str(), "Person 1");
    assert_eq!(std::fs::read(files.main_file()).unwrap(), b"a scene");
    session.ready().unwrap();
    let mut other = place.enter(2).await;
    let request = session.chat("Χαίρετε 你好").unwrap();
    let heard = until(&mut other, |event| matches!(event, SessionEvent::Chat(_))).await;
    assert!(matches!(heard, SessionEvent::Chat(line) if line.text == "Χαίρετε 你好"));
    until(
        &mut session,
        |event| matches!(event, SessionEvent::Done { request: done } if *done == request),
    )
    .await;
    session.leave().unwrap();
    assert!(matches!(
        until_end(&mut session).await,
        SessionEvent::Closed { .. }
    ));
    assert!(session.next_event().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn each_refusal_is_told_in_its_own_words() {
    for refusal in [
        Refusal::Version { server: 9 },
        Refusal::Full { capacity: 8 },
        Refusal::NoSuchWorld {
            worlds: vec!["plaza".to_owned()],
        },
        Refusal::Proof,
        Refusal::Hello("the name is not allowed".to_owned()),
        Refusal::Barred("see the rules".to_owned()),
        Refusal::Closing,
    ] {
        let place = Place::new(
            internet(),
            Options {
                refusal: Some(refusal.clone()),
                ..world()
            },
        );
        assert_eq!(failure_line(&mut place.join(1)).await, refusal.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_reported_after_five_seconds() {
    let place = Place::new(LinkConfig::cut(), world());
    let begin = Instant::now();
    let line = failure_line(&mut place.join(1)).await;
    assert!(
        line.starts_with("10.0.0.1 (10.0.0.1:7862) does not answer"),
        "{line}"
    );
    assert_eq!(begin.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_given_up() {
    let place = Place::new(
        internet(),
        Options {
            is_silent: true,
            ..world()
        },
    );
    let begin = Instant::now();
    let line = failure_line(&mut place.join(1)).await;
    assert!(line.contains("did not finish the entry in time"), "{line}");
    assert!(begin.elapsed() < Duration::from_secs(HANDSHAKE_TIMEOUT_SECS + 2));
}

#[tokio::test]
async fn a_name_without_an_address_is_named() {
    let place = Place::new(LinkConfig::default(), world());
    let mut config = place.config(1);
    config.address = "stoa://no-such-host.invalid/plaza".parse().unwrap();
    let line = failure_line(&mut start(config)).await;
    assert!(line.contains("no-such-host.invalid"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_changed_certificate_keeps_everybody_out() {
    let place = Place::new(LinkConfig::default(), world());
    let known_servers = Arc::new(KnownServers::in_memory());
    let mut config = place.config(1);
    config.known_servers = known_servers.clone();
    let mut session = start(config.clone());
    until(&mut session, |event| {
        matches!(event, SessionEvent::Entered { .. })
    })
    .await;
    let known = known_servers.get("10.0.0.1", SERVER.port()).unwrap();
    known_servers
        .pin("10.0.0.1", SERVER.port(), protocol::Fingerprint([1; 32]))
        .unwrap();
    let SessionEvent::Failed(failure) = until_end(&mut start(config)).await else {
        panic!("the session should have failed");
    };
    assert!(
        failure
            .to_string()
            .contains("shows another certificate than before")
    );
    assert!(matches!(failure, Failure::CertificateChanged { presented, .. } if presented == known));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_server_is_asked_about() {
    let place = Place::new(LinkConfig::default(), world());
    let mut config = place.config(1);
    config.pin_unknown = false;
    let SessionEvent::Failed(failure) = until_end(&mut start(config)).await else {
        panic!("the session should have failed");
    };
    assert!(matches!(failure, Failure::CertificateUnknown { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_proof_is_worth_nothing_on_another_connection() {
    let place = Place::new(LinkConfig::default(), world());
    let config = place.config(1);
    let connect = async || {
        let trust = network::Trust {
            host: "10.0.0.1",
            port: SERVER.port(),
            invited: None,
            known: &config.known_servers,
            pin_unknown: true,
        };
        config
            .endpoint
            .connect(SERVER, trust, Duration::from_secs(5))
            .await
            .unwrap()
    };
    let (one, other) = (connect().await, connect().await);
    let mut control = one.open_control().await.unwrap();
    let hello = Hello {
        version: protocol::PROTOCOL_VERSION,
        features: Vec::new(),
        program: String::new(),
        world: String::new(),
        spawn: None,
        did: config.key.did().to_string(),
        name: DisplayName::new("Thief").unwrap(),
        avatar: config.avatar.clone(),
        is_agent: false,
    };
    control
        .sender
        .send(&ClientMessage::Hello(hello))
        .await
        .unwrap();
    let ServerMessage::Challenge { nonce } = control.receiver.receive().await.unwrap() else {
        panic!("a challenge was due");
    };
    // Signed for the right nonce, but for what another server saw.
    let foreign = other.exporter().unwrap();
    let signature = identity::prove(&config.key, &foreign, &nonce.try_into().unwrap()).to_vec();
    control
        .sender
        .send(&ClientMessage::Proof(Proof { signature }))
        .await
        .unwrap();
    let answer = control.receiver.receive::<ServerMessage>().await.unwrap();
    assert_eq!(answer, ServerMessage::Refused(Refusal::Proof));
}

#[tokio::test(start_paused = true)]
async fn the_newer_of_two_sessions_of_a_key_stays() {
    let place = Place::new(internet(), world());
    let mut older = place.enter(1).await;
    let mut newer = place.enter(1).await;
    assert!(matches!(
        until_end(&mut older).await,
        SessionEvent::Replaced
    ));
    newer.chat("still here").unwrap();
    until(&mut newer, |event| {
        matches!(event, SessionEvent::Done { .. })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_is_sent_away_does_not_come_back() {
    let place = Place::new(internet(), world());
    let mut session = place.enter(1).await;
    let did = place.config(1).key.did().to_string();
    place
        .server
        .connection_of(&did)
        .close(CloseCode::Removed, "be kind next time");
    let end = until_end(&mut session).await;
    assert!(matches!(end, SessionEvent::Closed { reason } if reason == "be kind next time"));
}

#[tokio::test(start_paused = true)]
async fn an_invitation_lets_in_without_asking_and_only_to_its_server() {
    let place = Place::new(LinkConfig::default(), world());
    let mut config = place.config(1);
    config.pin_unknown = false;
    config.address.fingerprint = Some(place.server.endpoint.fingerprint());
    until(&mut start(config.clone()), |event| {
        matches!(event, SessionEvent::Entered { .. })
    })
    .await;
    config.known_servers = Arc::new(KnownServers::in_memory());
    config.address.fingerprint = Some(protocol::Fingerprint([3; 32]));
    let line = failure_line(&mut start(config)).await;
    assert!(line.contains("shows another certificate"), "{line}");
}

#[tokio::test]
async fn a_session_on_its_own_thread_enters_over_real_udp() {
    let certificate = Certificate::temporary().unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let endpoint = ServerEndpoint::bind(listen, &certificate).unwrap();
    let port = endpoint.local_address().unwrap().port();
    let server = TestServer::on(endpoint, world());
    let place = Place::new(LinkConfig::default(), world());
    let mut config = place.config(1);
    config.endpoint = ClientEndpoint::udp();
    config.address = format!("stoa://localhost:{port}/plaza").parse().unwrap();
    let mut session = Session::spawn(config).unwrap();
    until(&mut session, |event| {
        matches!(event, SessionEvent::Entered { .. })
    })
    .await;
    session.ready().unwrap();
    session.chat("over the wire").unwrap();
    until(&mut session, |event| {
        matches!(event, SessionEvent::Done { .. })
    })
    .await;
    assert_eq!(server.state().readies, 1);
    // Dropping blocks until the goodbye has arrived, as at the end of a program.
    tokio::task::spawn_blocking(move || drop(session))
        .await
        .unwrap();
    assert_eq!(server.state().leaves, 1);
}
