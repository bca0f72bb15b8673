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

#[tokio::test(start_paused = true)]
async fn what_is_thrown_over_who_crouches_flies_on() {
    for is_crouching in [false, true] {
        let mut stage = Stage::new();
        let (mut ada, mut bo) = stage.two().await;
        let crouching = AvatarInput {
            is_crouching,
            ..AvatarInput::default()
        };
        let inputs = [crouching, AvatarInput::default()];
        let walking = AvatarInput {
            walk: Vec2::Y,
            ..AvatarInput::default()
        };
        // Away from the boxes.
        ada.motion.yaw += std::f32::consts::PI;
        let people = &mut [&mut ada, &mut bo];
        let away = [walking, AvatarInput::default()];
        stage.harness.advance_with(people, &away, 1.5).await;
        let thing = bo.bodies()[1].entity;
        bo.session.grab(thing).unwrap();
        let people = &mut [&mut ada, &mut bo];
        stage.harness.advance_with(people, &inputs, 1.0).await;
        assert_eq!(bo.holding, Some(thing));
        let aim = ada.motion.position - bo.motion.position;
        bo.motion.yaw = f32::atan2(-aim.x, -aim.z);
        let people = &mut [&mut ada, &mut bo];
        stage.harness.advance_with(people, &inputs, 1.0).await;
        let direction = aim.normalize_or_zero();
        let velocity = direction * 9.0 + Vec3::Y * 2.0;
        bo.session.release(thing, velocity).unwrap();
        let people = &mut [&mut ada, &mut bo];
        stage.harness.advance_with(people, &inputs, 0.5).await;
        let (_, entities) = stage.harness.truth();
        let thrown = entities.iter().find(|known| known.entity == thing).unwrap();
        let beyond = (thrown.pose.position - ada.motion.position).dot(direction);
        assert_eq!(beyond > 1.0, is_crouching, "{beyond} m beyond Ada");
    }
}
