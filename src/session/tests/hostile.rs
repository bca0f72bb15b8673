//! Servers that send nonsense.

use crate::support::{Options, Place, failure_line, secs, until};
use network::simulated::LinkConfig;
use session::SessionEvent;

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
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
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
