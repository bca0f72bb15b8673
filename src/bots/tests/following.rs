//! A world whose files are saved while people are in it.

use crate::support::Stage;
use bots::{HarnessConfig, Participant};
use glam::Vec3;
use protocol::ContentHash;
use simulation::AvatarMotion;
use std::fs;

/// Replaces words of the world's main file.
fn save(stage: &mut Stage, words: &str, by: &str) {
    let file = stage.world().join("box.gltf");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(words));
    fs::write(&file, text.replacen(words, by, 1)).unwrap();
    for _ in 0..3 {
        stage.harness.look_at_files();
    }
}

/// Waits until both are in the world with another main file than this.
async fn both_see_another(
    stage: &mut Stage,
    ada: &mut Participant,
    bo: &mut Participant,
    before: ContentHash,
) {
    let are_there = stage
        .harness
        .advance_until(&mut [ada, bo], |people| {
            people
                .iter()
                .all(|person| main_file(person) != before && person.people.len() == 1)
        })
        .await;
    assert!(are_there);
    stage.harness.advance(&mut [ada, bo], 1.0).await;
}

fn main_file(person: &Participant) -> ContentHash {
    person.welcome.as_ref().unwrap().world.files[0].hash
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_is_there_for_everybody_and_they_stay_where_they_are() {
    let data = tempfile::tempdir().unwrap();
    let mut stage = Stage::with(64, |config| HarnessConfig {
        data: Some(data.path().join("data")),
        ..config
    });
    let (mut ada, mut bo) = stage.two().await;
    ada.session.chat("before").unwrap();
    let thing = ada.bodies()[1].entity;
    ada.session.grab(thing).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(ada.holding, Some(thing));
    let stood = ada.motion.position;
    let who = ada.welcome.as_ref().unwrap().person;
    let files = main_file(&ada);

    save(&mut stage, "[1, 0.25, 1]", "[1, 0.25, -3]");
    both_see_another(&mut stage, &mut ada, &mut bo, files).await;
    assert_eq!(ada.welcome.as_ref().unwrap().person, who);
    assert_eq!(ada.motion.position, stood);
    assert_eq!(ada.chat.last().unwrap().text, "before");
    assert_eq!(ada.holding, None);
    let moved = bo.bodies()[2].entity;
    let shown = bo.shown(moved).map(|pose| pose.position);
    let is_there = |place: Vec3| place.distance(Vec3::new(1.0, 0.25, -3.0)) < 0.05;
    assert!(shown.is_none_or(is_there), "{shown:?}");
    ada.session.grab(ada.bodies()[0].entity).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(ada.denied, []);
    assert_eq!(ada.holding, Some(ada.bodies()[0].entity));
    assert_eq!(ada.session.stats().losses, 0, "nobody was lost");
}

#[tokio::test(start_paused = true)]
async fn a_broken_file_changes_nothing_and_a_wall_where_one_stood_puts_one_elsewhere() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    ada.motion = AvatarMotion::at(Vec3::new(0.0, 0.0, 2.0), 0.0);
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    let (files, losses) = (main_file(&ada), ada.losses);
    save(&mut stage, "\"asset\"", "\"asset");
    stage.harness.advance(&mut [&mut ada, &mut bo], 2.0).await;
    assert_eq!((main_file(&ada), ada.losses), (files, losses));
    save(&mut stage, "\"asset", "\"asset\"");
    let stood = bo.motion.position;
    // The wall comes to where Ada stands.
    save(&mut stage, "[0, 1.5, -6]", "[0, 1.5, 2]");
    both_see_another(&mut stage, &mut ada, &mut bo, files).await;
    let place = ada.motion.position;
    assert!((place.z - 2.0).abs() > 0.15, "inside the wall at {place}");
    assert!(bo.motion.position.distance(stood) < 0.01);
}
