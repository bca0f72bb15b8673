//! Servers that send nonsense.

use crate::support::{Options, Place, failure_line, secs, start, until};
use network::simulated::LinkConfig;
use protocol::limits::{MAX_AVATAR_BYTES, MAX_MESSAGE_BYTES};
use protocol::{ContentHash, ServerMessage};
use session::{Cache, Session, SessionEvent};
use std::time::Duration;

fn world() -> Options {
    Options {
        files: vec![("scene.glb".to_owned(), b"a scene".to_vec())],
        ..Options::default()
    }
}

#[tokio::test(start_paused = true)]
async fn nonsense_instead_of_a_challenge_is_a_readable_failure() {
    let frames: [&[u8]; 4] = [
        &[0xff; 8],
        &[0, 0, 0, 3, 0xc1, 0xc1, 0xc1],
        &[0, 0, 0, 0],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ];
    for frame in frames {
        let options = Options {
            garbage: Some(frame.to_vec()),
            ..world()
        };
        let place = Place::new(LinkConfig::default(), options);
        let line = failure_line(&mut place.join(1)).await;
        assert!(
            line.starts_with("the server sent what this program does not understand"),
            "{line}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_datagrams_are_counted_and_dropped() {
    let place = Place::new(LinkConfig::default(), world());
    let mut session = place.enter(1).await;
    let did = place.config(1).key.did().to_string();
    secs(1).await;
    let connection = place.server.connection_of(&did);
    let mut seed = 5u32;
    for length in 0..400usize {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 24) as u8
            })
            .collect();
        connection.send_state(bytes).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    session.chat("still well").unwrap();
    until(&mut session, |event| {
        matches!(event, SessionEvent::Done { .. })
    })
    .await;
    assert!(
        session.stats().snapshots_broken > 100,
        "{:?}",
        session.stats()
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_near_its_end_is_refused() {
    for tick in [u64::MAX, 1 << 63, (1 << 48) + 1] {
        let options = Options {
            welcome_tick: Some(tick),
            ..world()
        };
        let place = Place::new(LinkConfig::default(), options);
        let line = failure_line(&mut place.join(1)).await;
        assert!(line.contains("its clock is absurd"), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_welcome_messages_are_short() {
    let place = Place::new(LinkConfig::default(), world());
    let mut session = place.enter(1).await;
    let did = place.config(1).key.did().to_string();
    secs(1).await;
    let reason = "x".repeat(MAX_MESSAGE_BYTES);
    place.server.say_to(&did, ServerMessage::Closing { reason });
    let event = until(&mut session, |event| {
        matches!(event, SessionEvent::Lost { .. })
    })
    .await;
    let SessionEvent::Lost { reason, .. } = event else {
        panic!("{event:?}");
    };
    assert!(reason.contains("over the limit"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn answers_to_nothing_are_dropped() {
    let place = Place::new(LinkConfig::default(), world());
    let mut session = place.enter(1).await;
    let did = place.config(1).key.did().to_string();
    secs(1).await;
    for request in 1_000..1_100 {
        place.server.say_to(&did, ServerMessage::Done { request });
    }
    session.chat("asked").unwrap();
    let done = until(&mut session, |event| {
        matches!(event, SessionEvent::Done { .. })
    })
    .await;
    assert!(matches!(done, SessionEvent::Done { request } if request < 1_000));
}

/// Bytes of all files in a folder and below.
fn bytes_in(folder: &std::path::Path) -> u64 {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                bytes_in(&entry.path())
            } else {
                metadata.len()
            }
        })
        .sum()
}

#[tokio::test(start_paused = true)]
async fn avatars_of_others_make_room_for_each_other() {
    let cap = 1_000_000;
    let mut files = vec![("scene.glb".to_owned(), vec![1; 300_000])];
    files.extend((2..8).map(|number| (format!("{number}.vrm"), vec![number; 300_000])));
    let options = Options {
        files,
        ..Options::default()
    };
    let avatars: Vec<ContentHash> = options.files[1..]
        .iter()
        .map(|(_, content)| crate::support::content_of(content))
        .collect();
    let link = LinkConfig::path(Duration::from_millis(40), Duration::ZERO, 0.0);
    let place = Place::new(link, options);
    // The world is the first file alone; the others are fetched by their hashes.
    place.server.state().options.listed = Some(1);
    let mut config = place.config(1);
    config.cache = Some(Cache::open(place.folder.path(), cap).unwrap());
    let mut session = start(config);
    let event = until(&mut session, |event| {
        matches!(event, SessionEvent::Entered { .. })
    })
    .await;
    let SessionEvent::Entered { files, .. } = event else {
        panic!("{event:?}");
    };
    session.ready().unwrap();
    for hash in avatars {
        session.fetch(hash, 300_000).unwrap();
        until(&mut session, |event| {
            matches!(event, SessionEvent::FileReady { .. })
        })
        .await;
    }
    assert!(bytes_in(&place.folder.path().join("objects")) <= cap);
    assert!(files.main_file().exists());
    session
        .fetch(ContentHash([9; 32]), MAX_AVATAR_BYTES + 1)
        .unwrap();
    let event = until(&mut session, |event| {
        matches!(event, SessionEvent::FileFailed { .. })
    })
    .await;
    assert!(matches!(event, SessionEvent::FileFailed { reason, .. } if reason.contains("larger")));
}

#[test]
fn a_session_that_breaks_off_has_an_end() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = runtime.block_on(async { Place::new(LinkConfig::default(), world()).config(1) });
    let mut session = Session::start(config, runtime.handle());
    assert!(session.try_event().is_none());
    drop(runtime);
    let end = session.try_event().unwrap();
    assert!(matches!(end, SessionEvent::Closed { .. }), "{end:?}");
    assert!(session.try_event().is_none());
}
