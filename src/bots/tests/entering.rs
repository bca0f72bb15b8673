//! Coming in, coming back, and not coming in.

use crate::support::{Stage, sees};
use bots::HarnessConfig;
use network::simulated::LinkConfig;
use protocol::{AvatarChoice, DisplayName, limits::RESUME_SECS};
use session::{Cache, SessionEvent};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_lost_connection_comes_back_as_the_same_person() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = stage.two().await;
    let (person, place) = (bo.person("Ada").unwrap().person, ada.motion.position);
    stage.harness.set_path(1, LinkConfig::cut());
    let gone = stage
        .harness
        .advance_until(&mut [&mut ada, &mut bo], |people| {
            people[1].person("Ada").is_some_and(|ada| !ada.is_connected)
        })
        .await;
    assert!(gone, "the loss was not noticed");
    stage.harness.set_path(1, LinkConfig::default());
    let back = stage
        .harness
        .advance_until(&mut [&mut ada, &mut bo], |people| {
            people[1].person("Ada").is_some_and(|ada| ada.is_connected) && sees(people[0], "Bo")
        })
        .await;
    assert!(back, "Ada did not come back");
    assert_eq!(bo.person("Ada").unwrap().person, person);
    let welcome = ada.welcome.as_ref().unwrap();
    assert!(welcome.is_resumed);
    assert!(ada.motion.position.distance(place) < 0.05);
    ada.session.chat("I am back").unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(bo.chat.last().unwrap().text, "I am back");
}

#[tokio::test(start_paused = true)]
async fn a_changed_name_and_look_outlast_a_lost_connection() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    let person = bo.person("Ada").unwrap().person;
    let avatar = AvatarChoice::Shipped("sen".to_owned());
    let name = DisplayName::new("伊娃").unwrap();
    ada.session.change_persona(name, avatar.clone()).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(bo.person("伊娃").unwrap().person, person);
    stage.harness.set_path(1, LinkConfig::cut());
    stage.harness.advance(&mut [&mut ada, &mut bo], 15.0).await;
    assert!(!bo.person("伊娃").unwrap().is_connected);
    stage.harness.set_path(1, LinkConfig::default());
    stage.harness.advance(&mut [&mut ada, &mut bo], 8.0).await;
    let known = bo.person("伊娃").unwrap();
    assert_eq!((known.person, known.is_connected), (person, true));
    assert_eq!(known.avatar, avatar);
}

#[tokio::test(start_paused = true)]
async fn who_stays_away_leaves_in_the_end() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    stage.harness.set_path(1, LinkConfig::cut());
    let secs = RESUME_SECS as f32 + 15.0;
    stage.harness.advance(&mut [&mut ada, &mut bo], secs).await;
    assert!(bo.people.is_empty());
    assert!(bo.session.view().len() == bo.bodies().len());
}

#[tokio::test(start_paused = true)]
async fn a_second_program_takes_the_place_of_the_first() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    let person = bo.person("Ada").unwrap().person;
    let mut config = stage.harness.session_config(3, "Ada");
    config.key = identity::Key::from_seed(&[1; 32]);
    let mut newer = stage.harness.join_as(config);
    stage
        .harness
        .advance(&mut [&mut ada, &mut bo, &mut newer], 2.0)
        .await;
    assert!(
        matches!(ada.end, Some(SessionEvent::Replaced)),
        "{:?}",
        ada.end
    );
    assert!(newer.is_inside && newer.welcome.as_ref().unwrap().is_resumed);
    let known = bo.person("Ada").unwrap();
    assert_eq!((known.person, known.is_connected), (person, true));
}

#[tokio::test(start_paused = true)]
async fn the_second_of_a_name_gets_a_number() {
    let mut stage = Stage::new();
    let first = stage.enter(1, "Ada").await;
    let second = stage.enter(2, "ADA").await;
    let third = stage.enter(3, "Ada").await;
    let names = [&first, &second, &third].map(|person| person.name().unwrap().to_string());
    assert_eq!(names, ["Ada", "ADA (2)", "Ada (3)"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_world_says_so_and_has_room_again() {
    let mut stage = Stage::with(2, |config| config);
    let (mut ada, mut bo) = stage.two().await;
    let mut third = stage.harness.join(3, "Cleo");
    stage
        .harness
        .advance(&mut [&mut ada, &mut bo, &mut third], 3.0)
        .await;
    let line = failure(third.end.as_ref());
    assert_eq!(line, "the world is full (2 people): try again in a while");
    // Who left in good order, and even who is only away, makes room.
    stage.harness.set_path(2, LinkConfig::cut());
    stage.harness.advance(&mut [&mut ada, &mut bo], 15.0).await;
    let third = stage.enter(3, "Cleo").await;
    assert!(third.person("Bo").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_is_refused_in_one_line() {
    let mut stage = Stage::new();
    let mut config = stage.harness.session_config(1, "Ada");
    config.address.world = "nowhere".to_owned();
    let mut lost = stage.harness.join_as(config);
    let mut config = stage.harness.session_config(2, "Bo");
    config.avatar = AvatarChoice::Shipped("../../etc/passwd".to_owned());
    let mut forger = stage.harness.join_as(config);
    stage
        .harness
        .advance(&mut [&mut lost, &mut forger], 3.0)
        .await;
    assert_eq!(
        failure(lost.end.as_ref()),
        "there is no such world here; there are: box"
    );
    assert!(failure(forger.end.as_ref()).contains("choose another"));
}

fn failure(end: Option<&SessionEvent>) -> String {
    match end {
        Some(SessionEvent::Failed(failure)) => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A world with so many more files of so many bytes, behind a link.
fn with_files(
    config: HarnessConfig,
    count: usize,
    bytes: usize,
    link: LinkConfig,
) -> HarnessConfig {
    let main = config.world.join("box.gltf");
    let mut buffers = Vec::new();
    for number in 0..count {
        let content = vec![number as u8; bytes];
        std::fs::write(config.world.join(format!("{number}.bin")), content).unwrap();
        buffers.push(format!(
            r#"{{"uri": "{number}.bin", "byteLength": {bytes}}}"#
        ));
    }
    let gltf = std::fs::read_to_string(&main).unwrap();
    let list = format!(r#""buffers": [{}], "scene": 0,"#, buffers.join(","));
    std::fs::write(&main, gltf.replacen(r#""scene": 0,"#, &list, 1)).unwrap();
    HarnessConfig { link, ..config }
}

/// Seconds from the first packet to being inside with all files, at most two minutes.
async fn secs_to_enter(stage: &mut Stage) -> f32 {
    let folder = tempfile::tempdir().unwrap();
    let mut config = stage.harness.session_config(1, "Ada");
    config.cache = Some(Cache::open(folder.path(), 100_000_000).unwrap());
    let mut ada = stage.harness.join_as(config);
    let mut secs = 0.0;
    while !ada.is_inside {
        stage.harness.advance(&mut [&mut ada], 0.1).await;
        secs += 0.1;
        assert!(ada.end.is_none() && secs < 120.0, "{secs} s, {:?}", ada.end);
    }
    secs
}

#[tokio::test(start_paused = true)]
async fn a_world_is_entered_over_a_thin_line() {
    let thin = LinkConfig {
        bandwidth: Some(20_000),
        ..LinkConfig::path(Duration::from_millis(60), Duration::ZERO, 0.0)
    };
    let mut stage = Stage::with(8, |config| with_files(config, 6, 200_000, thin));
    let secs = secs_to_enter(&mut stage).await;
    assert!(secs > 60.0, "{secs}");
}

#[tokio::test(start_paused = true)]
async fn files_have_a_long_line_for_themselves_until_the_world_is_loaded() {
    let long = LinkConfig::path(Duration::from_millis(200), Duration::ZERO, 0.0);
    let mut stage = Stage::with(8, |config| with_files(config, 1, 8_000_000, long));
    let secs = secs_to_enter(&mut stage).await;
    assert!(secs < 5.0, "{secs}");
}
