//! What outlives the server: here it crashes in process; `processes.rs` kills a real one.

use crate::support::Stage;
use bots::HarnessConfig;
use glam::Vec3;

fn stored(folder: &std::path::Path) -> impl Fn(HarnessConfig) -> HarnessConfig {
    let data = folder.join("data");
    move |config| HarnessConfig {
        data: Some(data.clone()),
        ..config
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_loses_nothing_that_was_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let mut stage = Stage::with(64, stored(data.path()));
    let (mut ada, mut bo) = stage.two().await;
    let thing = ada.bodies()[1].entity;
    let thrown = ada.bodies()[0].entity;
    ada.session.chat("remember me").unwrap();
    ada.session.pin_note("and me").unwrap();
    bo.session.grab(thrown).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    bo.session
        .release(thrown, Vec3::new(-6.0, 2.0, 0.0))
        .unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 6.0).await;
    ada.session.grab(thing).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(ada.holding, Some(thing));
    let lies = bo.shown(thrown).unwrap().position;
    assert!(lies.x < -2.0, "{lies}");

    stage.harness.crash_server().await;
    stage.harness.start_server().unwrap();
    let back = stage
        .harness
        .advance_until(&mut [&mut ada, &mut bo], |people| {
            people
                .iter()
                .all(|person| person.losses > 0 && person.is_inside && !person.people.is_empty())
        })
        .await;
    assert!(back, "they did not come back by themselves");
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(bo.chat.last().unwrap().text, "remember me");
    assert_eq!(bo.notes[0].text, "and me");
    assert_eq!(ada.holding, Some(thing));
    let avatar = ada.welcome.as_ref().unwrap().entity;
    assert_eq!(
        bo.session.view().newest_state(thing).unwrap().parent,
        Some(avatar)
    );
    let restored = bo.shown(thrown).unwrap().position;
    assert!(restored.distance(lies) < 0.01, "{lies} became {restored}");
}

#[tokio::test(start_paused = true)]
async fn who_sat_when_the_server_crashed_stands_afterwards() {
    let mut stage = Stage::new();
    let mut ada = stage.enter(1, "Ada").await;
    ada.session.sit(0).unwrap();
    stage.harness.advance(&mut [&mut ada], 1.0).await;
    assert_eq!(ada.seat, Some(0));
    stage.crash_and_return(&mut ada).await;
    assert_eq!(ada.seat, None, "the server does not keep seats");
}

#[tokio::test(start_paused = true)]
async fn what_a_person_held_falls_when_they_do_not_come_back() {
    let data = tempfile::tempdir().unwrap();
    let mut stage = Stage::with(64, stored(data.path()));
    let (mut ada, mut bo) = stage.two().await;
    let thing = ada.bodies()[1].entity;
    ada.session.grab(thing).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    stage.harness.crash_server().await;
    drop((ada, bo));
    stage.harness.start_server().unwrap();
    let mut cleo = stage.enter(3, "Cleo").await;
    cleo.session.grab(thing).unwrap();
    stage.harness.advance(&mut [&mut cleo], 1.0).await;
    assert_eq!(cleo.denied.len(), 1, "it still waits for Ada");
    stage.harness.advance(&mut [&mut cleo], 32.0).await;
    cleo.session.grab(thing).unwrap();
    stage.harness.advance(&mut [&mut cleo], 1.0).await;
    assert_eq!(cleo.holding, Some(thing));
}
