//! Connections that end, and the way back.

use crate::support::{Options, Place, content_of, internet, ip, secs, until, until_end};
use network::CloseCode;
use network::simulated::LinkConfig;
use protocol::ServerMessage;
use session::SessionEvent;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

fn world() -> Options {
    Options {
        files: vec![("scene.glb".to_owned(), b"a scene".to_vec())],
        ..Options::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_told_and_comes_back_as_the_same_person() {
    let place = Place::new(internet(), world());
    let mut session = place.enter(1).await;
    let mut other = place.enter(2).await;
    secs(2).await;
    place.set_path(1, LinkConfig::cut());
    session.chat("into the void").unwrap();
    let begin = Instant::now();
    let lost = until(&mut session, |event| {
        matches!(event, SessionEvent::Lost { .. })
    })
    .await;
    assert!(
        begin.elapsed() < Duration::from_secs(12),
        "noticed after {:?}",
        begin.elapsed()
    );
    assert!(
        matches!(lost, SessionEvent::Lost { tries: 0, retry_in, .. } if retry_in == Duration::from_millis(500))
    );
    assert!(!session.stats().is_connected);
    // Each further try is told.
    until(&mut session, |event| {
        matches!(event, SessionEvent::Lost { tries: 2, .. })
    })
    .await;
    place.set_path(1, internet());
    let resumed = until(&mut session, |event| {
        matches!(event, SessionEvent::Resumed(_))
    })
    .await;
    let SessionEvent::Resumed(welcome) = resumed else {
        panic!("not resumed");
    };
    assert!(welcome.is_resumed);
    assert_eq!(welcome.person.0, 1);
    // The front-end has loaded the world already, so the session says so by itself.
    session.chat("back").unwrap();
    until(
        &mut other,
        |event| matches!(event, SessionEvent::Chat(line) if line.text == "back"),
    )
    .await;
    assert_eq!(place.server.state().readies, 3);
    assert_eq!(session.stats().losses, 1);
    assert!(session.stats().is_connected);
}

#[tokio::test(start_paused = true)]
async fn requests_without_an_answer_are_denied() {
    let place = Place::new(LinkConfig::default(), world());
    let mut session = place.enter(1).await;
    secs(1).await;
    place.set_path(1, LinkConfig::cut());
    let request = session.chat("lost").unwrap();
    until(
        &mut session,
        |event| matches!(event, SessionEvent::Denied { request: denied, .. } if *denied == request),
    )
    .await;
    until(&mut session, |event| {
        matches!(event, SessionEvent::Lost { .. })
    })
    .await;
    let request = session.chat("not even sent").unwrap();
    until(
        &mut session,
        |event| matches!(event, SessionEvent::Denied { request: denied, .. } if *denied == request),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn files_on_their_way_when_the_connection_goes_are_answered() {
    // Nothing is lost, so that the server's last word overtakes its answers.
    let path = LinkConfig::path(Duration::from_millis(100), Duration::ZERO, 0.0);
    let place = Place::new(path, world());
    let mut session = place.enter(1).await;
    secs(1).await;
    let (wanted, own) = (content_of(b"far away"), content_of(b"my own"));
    session.fetch(wanted, 8).unwrap();
    session.fetch(wanted, 8).unwrap();
    assert_eq!(
        session
            .offer_avatar(b"my own".as_slice().into(), false)
            .unwrap(),
        own
    );
    let did = place.config(1).key.did().to_string();
    let reason = "back in a minute".to_owned();
    place.server.say_to(&did, ServerMessage::Closing { reason });
    let mut failed = Vec::new();
    loop {
        match session.next_event().await.unwrap() {
            SessionEvent::FileFailed { hash, reason } => {
                assert!(reason.contains("lost on the way"), "{reason}");
                failed.push(hash);
            }
            SessionEvent::Lost { .. } => break,
            _ => {}
        }
    }
    failed.sort_unstable();
    let mut expected = [wanted, own];
    expected.sort_unstable();
    assert_eq!(failed, expected, "each once");
}

#[tokio::test(start_paused = true)]
async fn one_can_leave_while_the_connection_is_lost() {
    let place = Place::new(LinkConfig::default(), world());
    let mut session = place.enter(1).await;
    place.set_path(1, LinkConfig::cut());
    until(&mut session, |event| {
        matches!(event, SessionEvent::Lost { .. })
    })
    .await;
    session.leave().unwrap();
    assert!(matches!(
        until_end(&mut session).await,
        SessionEvent::Closed { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_starts_anew_is_waited_for() {
    let place = Place::new(internet(), world());
    let mut session = place.enter(1).await;
    let did = place.config(1).key.did().to_string();
    let reason = "back in a minute".to_owned();
    place.server.say_to(&did, ServerMessage::Closing { reason });
    let lost = until(&mut session, |event| {
        matches!(event, SessionEvent::Lost { .. })
    })
    .await;
    assert!(matches!(lost, SessionEvent::Lost { reason, .. } if reason == "back in a minute"));
    until(&mut session, |event| {
        matches!(event, SessionEvent::Resumed(_))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_world_that_changed_meanwhile_is_loaded_anew() {
    let place = Place::new(internet(), world());
    let mut session = place.enter(1).await;
    let did = place.config(1).key.did().to_string();
    secs(1).await;
    place.server.state().options.files[0].1 = b"another scene".to_vec();
    place
        .server
        .connection_of(&did)
        .close(CloseCode::Closing, "a new world");
    let event = until(&mut session, |event| {
        matches!(event, SessionEvent::Entered { .. })
    })
    .await;
    let SessionEvent::Entered { files, .. } = event else {
        panic!("not entered");
    };
    assert_eq!(std::fs::read(files.main_file()).unwrap(), b"another scene");
    // Not ready before it is loaded.
    secs(1).await;
    assert_eq!(place.server.state().readies, 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_address_of_the_participant_is_not_a_loss() {
    let place = Place::new(internet(), world());
    let mut session = place.enter(1).await;
    let did = place.config(1).key.did().to_string();
    secs(1).await;
    let old = place.server.connection_of(&did).remote_address();
    let new = SocketAddr::new(ip(1), 51_000);
    assert!(place.network.move_address(old, new));
    session.chat("from elsewhere").unwrap();
    until(&mut session, |event| {
        assert!(!matches!(event, SessionEvent::Lost { .. }));
        matches!(event, SessionEvent::Done { .. })
    })
    .await;
    assert_eq!(place.server.connection_of(&did).remote_address(), new);
}
