//! What moves under people's feet.

use crate::support::*;
use glam::{Quat, Vec2, Vec3};
use scene::{Animation, Channel, Interpolation, MotionKind, Shape, Track};
use simulation::{AvatarInput, AvatarMotion, Role};

/// A floor that an animation lifts by 4 m in 4 s and lowers again.
pub(crate) fn lift() -> Boxes {
    let [low, high] = [0.05, 4.05].map(|y| Vec3::new(0.0, y, 0.0));
    Boxes::with_floor()
        .platform(low, Vec3::new(2.0, 0.1, 2.0))
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

/// On the way up along the wall of what the lift leads to.
#[test]
fn who_leans_against_a_wall_on_a_lift_is_carried_as_well() {
    let world = lift().fixed(
        Vec3::new(0.0, 2.05, -3.0),
        Vec3::new(4.0, 4.1, 4.0),
        Quat::IDENTITY,
    );
    for yaw in [0.0, 0.6, -1.0] {
        let mut simulation = world.clone().build(Role::Follower);
        let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.2, -0.5));
        walk(&mut simulation, &mut avatar, AvatarInput::default(), 130);
        let lean = AvatarInput {
            yaw,
            walk: Vec2::Y * 0.05,
            ..forward()
        };
        // Above that the top of the wall is a step.
        while simulation.tick() < 330 {
            walk(&mut simulation, &mut avatar, lean, 1);
            let floor = simulation.body(0).unwrap().position.y + 0.05;
            assert!(
                avatar.is_grounded && (avatar.position.y - floor).abs() < 0.06,
                "tick {}, yaw {yaw}: floor {floor}, {avatar:?}",
                simulation.tick()
            );
        }
    }
}

/// As in a client whose picture stood still for a second and a half.
#[test]
fn a_lift_that_jumps_takes_along_who_stands_on_it() {
    let mut simulation = lift().build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.2, 0.0));
    let mut beside = standing(&mut simulation, Vec3::new(3.0, 0.0, 0.0));
    walk(&mut simulation, &mut avatar, AvatarInput::default(), 150);
    let ground = beside.position;
    for jump in [90, 45, 300, 100] {
        let tick = simulation.tick() + jump;
        simulation.set_tick_with(tick, &mut avatar);
        simulation.step();
        walk(&mut simulation, &mut avatar, AvatarInput::default(), 20);
        let floor = simulation.body(0).unwrap().position.y + 0.05;
        let feet = avatar.position.y;
        assert!(
            (feet - floor).abs() < 0.06,
            "after {jump}: feet {feet} floor {floor}"
        );
        assert!(avatar.is_grounded);
    }
    simulation.set_tick_with(300, &mut beside);
    assert_eq!(beside.position, ground);
}

#[test]
fn a_lift_pushes_nobody_through_a_ceiling() {
    let mut simulation = lift()
        .fixed(
            Vec3::new(0.0, 3.6, 0.0),
            Vec3::new(6.0, 0.2, 6.0),
            Quat::IDENTITY,
        )
        .build(Role::Follower);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.2, 0.0));
    while simulation.tick() < 470 {
        let input = AvatarInput {
            walk: Vec2::Y * 0.02,
            ..forward()
        };
        walk(&mut simulation, &mut avatar, input, 1);
        assert!(avatar.position.y < 3.5, "{} {avatar:?}", simulation.tick());
    }
}

/// The server's lift is a moment ahead or behind when it puts somebody onto it.
#[test]
fn who_is_put_a_little_into_a_lift_gets_out_on_top() {
    for tick in [60, 200, 400, 640] {
        for depth in [0.01, 0.03, 0.06, 0.1] {
            let mut simulation = lift().build(Role::Follower);
            simulation.set_tick(tick);
            simulation.step();
            let floor = |simulation: &simulation::Simulation| {
                simulation.body(0).unwrap().position + Vec3::Y * 0.05
            };
            let feet = floor(&simulation) - Vec3::Y * depth;
            let mut avatar = AvatarMotion::at(feet, 0.0);
            walk(&mut simulation, &mut avatar, AvatarInput::default(), 30);
            let away = avatar.position - floor(&simulation);
            assert!(
                away.length() < 0.06,
                "tick {tick}, {depth} m deep: {away} {avatar:?}"
            );
        }
    }
}

#[test]
fn a_lift_of_twelve_seconds_is_where_it_was_after_years() {
    let mut simulation = lift().build(Role::Authority);
    let place = |simulation: &mut simulation::Simulation, tick| {
        simulation.set_tick(tick);
        simulation.body(0).unwrap().position
    };
    let first = place(&mut simulation, 200);
    let later = place(&mut simulation, 200 + 12 * 60 * 10_000_000);
    assert!(first.distance(later) < 1e-3, "{first} and {later}");
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

/// A disc of 4 m that turns once a minute by itself: slower than what falls asleep.
fn turntable() -> Boxes {
    let mut turning = motion(MotionKind::Kinematic, 1.0);
    turning.angular_velocity = Vec3::Y * std::f32::consts::TAU / 60.0;
    let disc = Shape::Cylinder {
        height: 0.2,
        radius_top: 4.0,
        radius_bottom: 4.0,
    };
    Boxes::with_floor().add(Vec3::Y * 0.1, Quat::IDENTITY, disc, Some(turning))
}

#[test]
fn a_turntable_goes_on_turning_and_takes_things_and_people_with_it() {
    let mut simulation = turntable()
        .dynamic(
            Vec3::new(-2.0, 0.36, 0.0),
            Shape::Box(Vec3::splat(0.3)),
            5.0,
        )
        .build(Role::Authority);
    let mut avatar = standing(&mut simulation, Vec3::new(2.5, 0.25, 0.0));
    let start = (simulation.tick(), avatar.position);
    let begun = simulation.body(0).unwrap().rotation;
    walk(
        &mut simulation,
        &mut avatar,
        AvatarInput::default(),
        30 * 60,
    );
    let disc = simulation.body(0).unwrap();
    assert!((disc.position - Vec3::Y * 0.1).length() < 1e-4, "{disc:?}");
    let turned = begun.angle_between(disc.rotation);
    assert!((turned - std::f32::consts::PI).abs() < 0.01, "{turned}");
    let opposite = Vec3::new(-start.1.x, start.1.y, -start.1.z);
    assert!(avatar.position.distance(opposite) < 0.15, "{avatar:?}");
    let thing = simulation.body(1).unwrap().position;
    assert!(thing.x > 1.5, "it turned with the disc: {thing}");
}

#[test]
fn a_body_of_unending_velocity_goes_its_way_through_what_stands_there() {
    let mut sliding = motion(MotionKind::Kinematic, 1.0);
    sliding.linear_velocity = Vec3::X;
    let quarter = Quat::from_rotation_y(std::f32::consts::FRAC_PI_2);
    let mut simulation = Boxes::with_floor()
        .add(Vec3::Y, quarter, Shape::Box(Vec3::ONE), Some(sliding))
        .dynamic(Vec3::new(0.0, 0.5, -2.0), Shape::Box(Vec3::ONE), 500.0)
        .build(Role::Authority);
    for _ in 0..600 {
        simulation.step();
    }
    let body = simulation.body(0).unwrap();
    // In the node's own space its way is +X; the node is turned to -Z.
    let way = Vec3::new(0.0, 1.0, -601.0 / 60.0);
    assert!(body.position.distance(way) < 0.05, "{body:?}");
    assert!(simulation.body(1).unwrap().position.z < -10.0);
    assert!(
        (body.linear_velocity.length() - 1.0).abs() < 1e-5,
        "{body:?}"
    );
}
