//! One's own motion, and that of others.

use crate::support::{Options, Place, internet, secs, until};
use glam::Vec3;
use network::simulated::LinkConfig;
use protocol::EntityId;
use replication::Flags;
use session::{OwnMotion, Session, SessionEvent};
use std::time::Duration;

/// Walks along x at 1.4 m/s for so many seconds, 60 frames a second, as a front-end does.
async fn walk(
    session: &mut Session,
    from_secs: f64,
    for_secs: f64,
) -> Option<replication::Correction> {
    let mut correction = None;
    let frames = (for_secs * 60.0) as u32;
    for frame in 0..frames {
        while let Some(event) = session.try_event() {
            if let SessionEvent::Correction(received) = event {
                correction = Some(received);
            }
        }
        let at = from_secs + f64::from(frame) / 60.0;
        session.set_motion(motion(Vec3::new(1.4 * at as f32, 0.0, 0.0)));
        tokio::time::sleep(Duration::from_micros(16_667)).await;
    }
    correction
}

fn motion(position: Vec3) -> OwnMotion {
    OwnMotion {
        position,
        yaw: 0.5,
        pitch: 0.0,
        velocity: Vec3::new(1.4, 0.0, 0.0),
        flags: Flags::GROUNDED,
        emote: 0,
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_is_seen_walking_evenly_over_a_bad_path() {
    let options = Options {
        files: vec![("scene.glb".to_owned(), Vec::new())],
        ..Options::default()
    };
    let place = Place::new(internet(), options);
    let mut walker = place.enter(1).await;
    let watcher = place.enter(2).await;
    let watching = async {
        secs(3).await;
        let mut places = Vec::new();
        for _frame in 0..900 {
            tokio::time::sleep(Duration::from_micros(16_667)).await;
            let now_secs = watcher.now_secs();
            let pose = watcher.view().pose(EntityId(1), now_secs).unwrap();
            places.push(pose.position.x);
        }
        places
    };
    let (_, places) = tokio::join!(walk(&mut walker, 0.0, 19.0), watching);
    let steps: Vec<_> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let walked = places.last().unwrap() - places[0];
    assert!((20.0..22.0).contains(&walked), "walked {walked} m in 15 s");
    let uneven = steps
        .iter()
        .filter(|step| !(0.0..0.07).contains(*step))
        .count();
    // The path loses and delays by chance: of a short walk chance would decide.
    assert!(
        uneven < 45,
        "{uneven} of 899 frames go back or jump: {steps:?}"
    );
    let age_secs = watcher.view().state_age_secs(watcher.now_secs()).unwrap();
    assert!(age_secs < 0.25, "{age_secs}");
    let stats = watcher.stats();
    assert!(
        stats.snapshots > 100 && stats.snapshots_broken == 0,
        "{stats:?}"
    );
    assert!(
        stats.rtt > Duration::from_millis(90) && stats.bytes_in > 5000,
        "{stats:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn motion_from_before_a_correction_is_not_sent_as_applied() {
    let corrected = Vec3::new(-7.0, 0.0, 2.0);
    let options = Options {
        files: vec![("scene.glb".to_owned(), Vec::new())],
        correction: Some(corrected),
        ..Options::default()
    };
    let place = Place::new(
        LinkConfig::path(Duration::from_millis(80), Duration::ZERO, 0.0),
        options,
    );
    let did = place.config(1).key.did().to_string();
    let mut session = place.enter(1).await;
    // Frames without a look at the events: the correction waits.
    for _frame in 0..60 {
        session.set_motion(motion(Vec3::X));
        tokio::time::sleep(Duration::from_millis(16)).await;
    }
    assert!(matches!(place.server.motion_of(&did), Some((_, 0))));
    let event = until(&mut session, |event| {
        matches!(event, SessionEvent::Correction(_))
    })
    .await;
    let SessionEvent::Correction(correction) = event else {
        panic!("no correction");
    };
    assert!(correction.position.distance(corrected) < 0.01);
    session.set_motion(OwnMotion {
        velocity: Vec3::ZERO,
        ..motion(correction.position)
    });
    secs(1).await;
    let (sample, echoed) = place.server.motion_of(&did).unwrap();
    assert_eq!(echoed, 1);
    assert!(sample.position.distance(corrected) < 0.01, "{sample:?}");
    assert_eq!(session.stats().corrections, 1);
}

#[tokio::test(start_paused = true)]
async fn the_scene_stays_while_the_connection_is_lost() {
    let options = Options {
        files: vec![("scene.glb".to_owned(), Vec::new())],
        ..Options::default()
    };
    let place = Place::new(internet(), options);
    let mut walker = place.enter(1).await;
    let mut watcher = place.enter(2).await;
    walk(&mut walker, 0.0, 2.0).await;
    place.set_path(2, LinkConfig::cut());
    until(&mut watcher, |event| {
        matches!(event, SessionEvent::Lost { .. })
    })
    .await;
    assert!(watcher.view().contains(EntityId(1)));
    place.set_path(2, internet());
    until(&mut watcher, |event| {
        matches!(event, SessionEvent::Resumed(_))
    })
    .await;
    assert!(watcher.view().contains(EntityId(1)));
    walk(&mut walker, 2.0, 4.0).await;
    let now_secs = watcher.now_secs();
    let seen = watcher
        .view()
        .pose(EntityId(1), now_secs)
        .unwrap()
        .position
        .x;
    assert!((seen - 1.4 * 6.0).abs() < 0.6, "{seen}");
}
