//! How people get about, and where they are when something goes wrong.

use crate::support::Stage;
use bots::Participant;
use glam::{Vec2, Vec3};
use simulation::AvatarInput;

/// Straight ahead, as fast as possible.
fn running() -> AvatarInput {
    AvatarInput {
        walk: Vec2::Y,
        is_running: true,
        ..AvatarInput::default()
    }
}

/// Where somebody is on the server.
fn place_of(stage: &Stage, person: &Participant) -> Vec3 {
    let entity = person.welcome.as_ref().unwrap().entity;
    let (_, entities) = stage.harness.truth();
    let known = entities.iter().find(|known| known.entity == entity);
    known.unwrap().pose.position
}

#[tokio::test(start_paused = true)]
async fn who_walks_off_the_edge_of_the_world_is_put_at_a_spawn_point_once() {
    let mut stage = Stage::over_internet();
    let mut ada = stage.enter(1, "Ada").await;
    let spawn = ada.motion.position;
    // Away from the wall.
    ada.motion.yaw += std::f32::consts::PI;
    let mut is_over = false;
    for _ in 0..15 * 60 {
        let is_falling = ada.motion.position.y < -1.0;
        let input = if is_over || is_falling {
            AvatarInput::default()
        } else {
            running()
        };
        stage.harness.tick_with(&mut [&mut ada], &[input]).await;
        is_over |= is_falling;
    }
    assert!(is_over, "{:?}", ada.motion);
    assert!(
        ada.motion.position.distance(spawn) < 0.1,
        "{:?}",
        ada.motion
    );
    assert!(place_of(&stage, &ada).distance(spawn) < 0.1);
    assert_eq!(ada.session.stats().corrections, 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_of_the_server_motion_is_told_at_once() {
    let mut stage = Stage::new();
    let mut ada = stage.enter(1, "Ada").await;
    stage.harness.advance(&mut [&mut ada], 2.0).await;
    stage.harness.is_paused = true;
    stage.harness.advance(&mut [&mut ada], 8.0).await;
    stage.harness.is_paused = false;
    stage.harness.advance(&mut [&mut ada], 2.0).await;
    let start = place_of(&stage, &ada);
    // Away from the boxes.
    ada.motion.yaw += std::f32::consts::PI;
    let people = &mut [&mut ada];
    stage.harness.advance_with(people, &[running()], 1.0).await;
    let walked = place_of(&stage, &ada).distance(start);
    assert!(walked > 2.0, "{walked} m are known of");
}
