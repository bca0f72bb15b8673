//! What moves under people's feet.

use crate::support::*;
use glam::{Quat, Vec3};
use scene::{Animation, Channel, Interpolation, MotionKind, Shape, Track};
use simulation::{AvatarInput, Role};

/// A floor that an animation lifts by 4 m in 4 s and lowers again.
pub(crate) fn lift() -> Boxes {
    let [low, high] = [0.05, 4.05].map(|y| Vec3::new(0.0, y, 0.0));
    Boxes::with_floor()
        .add(
            low,
            Quat::IDENTITY,
            Shape::Box(Vec3::new(2.0, 0.1, 2.0)),
            Some(motion(MotionKind::Kinematic, 1.0)),
        )
        .moved(&[
            (0.0, low),
            (2.0, low),
            (6.0, high),
            (8.0, high),
            (12.0, low),
        ])
}

#[test]
fn a_lift_carries_people_up_and_down() {
    let mut simulation = lift().build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.2, 0.0));
    let mut top = 0.0f32;
    while simulation.tick() < 12 * 60 {
        walk(&mut simulation, &mut avatar, AvatarInput::default(), 1);
        top = top.max(avatar.position.y);
        let floor = simulation.body(0).unwrap().position.y + 0.05;
        assert!(
            (avatar.position.y - floor).abs() < 0.06,
            "tick {}: feet {} floor {floor}",
            simulation.tick(),
            avatar.position.y
        );
    }
    assert!((top - 4.1).abs() < 0.1, "{top}");
}

#[test]
fn authority_and_follower_agree_on_animated_bodies() {
    let (mut authority, mut follower) =
        (lift().build(Role::Authority), lift().build(Role::Follower));
    follower.set_tick(200);
    authority.set_tick(200);
    for _ in 0..50 {
        authority.step();
        follower.step();
        assert_eq!(
            authority.body(0).unwrap().position,
            follower.body(0).unwrap().position
        );
    }
}

#[test]
fn a_shuttle_carries_people_sideways() {
    let [here, there] = [-6.0, 6.0].map(|x| Vec3::new(x, 0.5, 0.0));
    let mut simulation = Boxes::with_floor()
        .add(
            here,
            Quat::IDENTITY,
            Shape::Box(Vec3::new(3.0, 0.2, 3.0)),
            None,
        )
        .moved(&[
            (0.0, here),
            (1.0, here),
            (5.0, there),
            (7.0, there),
            (11.0, here),
        ])
        .build(Role::Follower);
    assert!(
        simulation.bodies()[0].is_animated,
        "an animated collider without motion is a body"
    );
    let mut avatar = standing(&mut simulation, Vec3::new(-5.0, 0.65, 0.5));
    while simulation.tick() < 6 * 60 {
        walk(&mut simulation, &mut avatar, AvatarInput::default(), 1);
    }
    assert!(
        (avatar.position - Vec3::new(7.0, 0.6, 0.5)).length() < 0.15,
        "{avatar:?}"
    );
}

#[test]
fn a_carousel_turns_people_with_it() {
    let mut world = Boxes::with_floor().add(
        Vec3::Y * 0.1,
        Quat::IDENTITY,
        Shape::Cylinder {
            height: 0.2,
            radius_top: 4.0,
            radius_bottom: 4.0,
        },
        Some(motion(MotionKind::Kinematic, 1.0)),
    );
    let turn = |share: f32| Quat::from_rotation_y(share * std::f32::consts::TAU);
    world.0.animations.push(Animation {
        name: "turns".to_owned(),
        duration_secs: 12.0,
        channels: vec![Channel {
            node: world.last(),
            times: vec![0.0, 3.0, 6.0, 9.0, 12.0],
            interpolation: Interpolation::Linear,
            track: Track::Rotation([0.0, 0.25, 0.5, 0.75, 1.0].map(turn).to_vec()),
        }],
        ..Animation::default()
    });
    let mut simulation = world.build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(3.0, 0.25, 0.0));
    let start = avatar.position;
    walk(
        &mut simulation,
        &mut avatar,
        AvatarInput::default(),
        12 * 60,
    );
    assert!(
        (avatar.position - start).length() < 0.15,
        "{start} {avatar:?}"
    );
    assert!((avatar.ground_turn - std::f32::consts::TAU / 12.0).abs() < 0.01);
}

#[test]
fn a_jump_in_time_throws_nobody() {
    let mut simulation = lift().build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.2, 0.0));
    simulation.set_tick(7 * 60);
    walk(&mut simulation, &mut avatar, AvatarInput::default(), 60);
    assert!(avatar.position.y.abs() < 0.2, "{avatar:?}");
}

#[test]
fn followers_stand_on_bodies_where_the_server_has_them() {
    let mut simulation = Boxes::with_floor()
        .dynamic(Vec3::new(0.0, 0.5, 0.0), Shape::Box(Vec3::ONE), 20.0)
        .build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 1.1, 0.0));
    let mut state = simulation.body(0).unwrap();
    for _ in 0..120 {
        state.position.x += 0.01;
        simulation.set_body(0, &state);
        walk(&mut simulation, &mut avatar, AvatarInput::default(), 1);
    }
    assert!(
        (avatar.position - Vec3::new(1.2, 1.0, 0.0)).length() < 0.1,
        "{avatar:?}"
    );
}
