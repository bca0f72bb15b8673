//! How people move.

use crate::support::*;
use glam::{Quat, Vec3};
use simulation::{AvatarInput, AvatarMotion, CROUCHING_HEIGHT, JUMP_HEIGHT, Role};

#[test]
fn people_walk_at_walking_speed_and_stop() {
    let mut simulation = Boxes::with_floor().build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 120);
    assert!((avatar.position.z + 3.6).abs() < 0.2, "{avatar:?}");
    walk(&mut simulation, &mut avatar, AvatarInput::default(), 20);
    assert!(
        avatar.velocity.length() < 0.01 && avatar.position.y.abs() < 0.06,
        "{avatar:?}"
    );
}

#[test]
fn steps_are_climbed_and_walls_are_not() {
    let mut world = Boxes::with_floor();
    for step in 0..5 {
        let height = 0.18 * (step + 1) as f32;
        world = world.fixed(
            Vec3::new(0.0, height * 0.5, -2.0 - 0.35 * step as f32),
            Vec3::new(4.0, height, 0.35),
            Quat::IDENTITY,
        );
    }
    let mut simulation = world
        .fixed(
            Vec3::new(0.0, 1.5, -6.0),
            Vec3::new(10.0, 3.0, 0.5),
            Quat::IDENTITY,
        )
        .fixed(
            Vec3::new(0.0, 0.45, -4.6),
            Vec3::new(4.0, 0.9, 2.2),
            Quat::IDENTITY,
        )
        .build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 400);
    assert!((avatar.position.y - 0.9).abs() < 0.08, "{avatar:?}");
    assert!(
        avatar.position.z > -5.5 && avatar.position.z < -5.3,
        "{avatar:?}"
    );
}

#[test]
fn gentle_slopes_are_walked_and_steep_ones_are_not() {
    let climb = |degrees: f32| {
        let tilt = Quat::from_rotation_x(degrees.to_radians());
        let mut simulation = Boxes::with_floor()
            .fixed(
                tilt * Vec3::new(0.0, -0.5, -6.0) + Vec3::Z * -1.0,
                Vec3::new(6.0, 1.0, 12.0),
                tilt,
            )
            .build(Role::Follower);
        let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 1.0));
        walk(&mut simulation, &mut avatar, forward(), 300);
        avatar.position.y
    };
    assert!(climb(40.0) > 2.0, "{}", climb(40.0));
    assert!(climb(50.0) < 0.7, "{}", climb(50.0));
}

#[test]
fn a_jump_reaches_its_height() {
    let mut simulation = Boxes::with_floor().build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    let mut top = 0.0f32;
    for tick in 0..90 {
        walk(
            &mut simulation,
            &mut avatar,
            AvatarInput {
                is_jumping: tick == 0,
                ..AvatarInput::default()
            },
            1,
        );
        top = top.max(avatar.position.y);
    }
    assert!((top - JUMP_HEIGHT).abs() < 0.1, "{top}");
    assert!(avatar.is_grounded);
}

#[test]
fn a_low_tunnel_needs_a_crouch_and_keeps_people_low() {
    let clear = CROUCHING_HEIGHT + 0.12;
    let mut simulation = Boxes::with_floor()
        .fixed(
            Vec3::new(0.0, clear + 0.5, -4.0),
            Vec3::new(6.0, 1.0, 4.0),
            Quat::IDENTITY,
        )
        .build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 200);
    assert!(
        avatar.position.z > -2.1,
        "walked into the tunnel upright: {avatar:?}"
    );
    walk(
        &mut simulation,
        &mut avatar,
        AvatarInput {
            is_crouching: true,
            ..forward()
        },
        120,
    );
    assert!(avatar.position.z < -3.0, "{avatar:?}");
    walk(&mut simulation, &mut avatar, forward(), 10);
    assert!(avatar.is_crouching, "stood up inside the roof");
    walk(&mut simulation, &mut avatar, forward(), 400);
    assert!(
        !avatar.is_crouching && avatar.position.z < -6.0,
        "{avatar:?}"
    );
}

/// How much of five steps somebody climbs who walks against them.
fn climbed(rise: f32, tread: f32, is_running: bool) -> f32 {
    let mut world = Boxes::with_floor();
    for step in 0..5 {
        let height = rise * (step + 1) as f32;
        world = world.fixed(
            Vec3::new(0.0, height * 0.5, -2.0 - tread * step as f32),
            Vec3::new(4.0, height, tread),
            Quat::IDENTITY,
        );
    }
    let mut simulation = world.build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    let input = AvatarInput {
        is_running,
        ..forward()
    };
    let mut top = 0.0f32;
    for _ in 0..600 {
        walk(&mut simulation, &mut avatar, input, 1);
        top = top.max(avatar.position.y);
    }
    top / (rise * 5.0)
}

#[test]
fn stairs_of_every_common_size_are_climbed() {
    for (rise, tread) in [(0.16, 0.3), (0.25, 0.28), (0.3, 0.35), (0.34, 2.0)] {
        for is_running in [false, true] {
            let share = climbed(rise, tread, is_running);
            assert!(
                (share - 1.0).abs() < 0.02,
                "{rise} {tread} {is_running}: {share}"
            );
        }
    }
    for is_running in [false, true] {
        assert!(climbed(0.4, 2.0, is_running) < 0.05, "too high to step on");
    }
}

#[test]
fn steep_slopes_are_slid_down_and_not_jumped_up() {
    let tilt = Quat::from_rotation_x(55f32.to_radians());
    let mut simulation = Boxes::with_floor()
        .fixed(
            tilt * Vec3::new(0.0, -0.5, -6.0) + Vec3::Z * -1.0,
            Vec3::new(6.0, 1.0, 12.0),
            tilt,
        )
        .build(Role::Follower);
    let mut avatar = AvatarMotion::at(Vec3::new(0.0, 5.2, -4.0), 0.0);
    walk(&mut simulation, &mut avatar, AvatarInput::default(), 180);
    assert!(
        avatar.position.y < 0.3 && avatar.is_grounded,
        "stuck on the slope: {avatar:?}"
    );
    let input = AvatarInput {
        is_jumping: true,
        is_running: true,
        ..forward()
    };
    let mut top = 0.0f32;
    for _ in 0..600 {
        walk(&mut simulation, &mut avatar, input, 1);
        top = top.max(avatar.position.y);
    }
    assert!(top < 1.6, "climbed it by jumping: {top}");
}

#[test]
fn nobody_is_stuck_between_two_steep_slopes() {
    let slope = |side: f32| {
        let tilt = Quat::from_rotation_z(side * 55f32.to_radians());
        (tilt * Vec3::new(side * 3.0, -0.5, 0.0), tilt)
    };
    let mut world = Boxes::default();
    for side in [1.0, -1.0] {
        let (position, tilt) = slope(side);
        world = world.fixed(position, Vec3::new(6.0, 1.0, 6.0), tilt);
    }
    let mut simulation = world.build(Role::Follower);
    let mut avatar = AvatarMotion::at(Vec3::new(0.4, 2.0, 0.0), 0.0);
    walk(&mut simulation, &mut avatar, AvatarInput::default(), 120);
    assert!(avatar.is_grounded, "{avatar:?}");
    let start = avatar.position.y;
    let mut top = start;
    for tick in 0..60 {
        let input = AvatarInput {
            is_jumping: tick == 0,
            ..AvatarInput::default()
        };
        walk(&mut simulation, &mut avatar, input, 1);
        top = top.max(avatar.position.y);
    }
    assert!(top > start + 0.5, "no jump out: {avatar:?}");
}

#[test]
fn who_walks_off_a_ledge_falls_and_lands() {
    let mut simulation = Boxes::with_floor()
        .fixed(Vec3::Y * 1.0, Vec3::new(2.0, 2.0, 2.0), Quat::IDENTITY)
        .build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 2.1, 0.0));
    let mut heights = vec![avatar.position.y];
    for _ in 0..150 {
        walk(&mut simulation, &mut avatar, forward(), 1);
        heights.push(avatar.position.y);
    }
    assert!(
        avatar.is_grounded && avatar.position.y.abs() < 0.05,
        "{avatar:?}"
    );
    let fastest = heights.windows(2).map(|pair| (pair[0] - pair[1]) * 60.0);
    let fastest = fastest.fold(0.0, f32::max);
    assert!(fastest < 7.5, "fell at {fastest} m/s");
}
