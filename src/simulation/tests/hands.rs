//! Pushing, carrying and throwing.

use crate::support::*;
use glam::{Quat, Vec3};
use scene::Shape;
use simulation::{Role, Simulation};

#[test]
fn who_walks_against_a_crate_pushes_it() {
    let mut simulation = Boxes::with_floor()
        .dynamic(
            Vec3::new(0.0, 0.25, -1.5),
            Shape::Box(Vec3::splat(0.5)),
            8.0,
        )
        .build(Role::Authority);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 150);
    let pushed = simulation.body(0).unwrap().position;
    assert!(pushed.z < -2.2 && pushed.y < 0.4, "{pushed:?} {avatar:?}");
}

#[test]
fn a_ball_is_carried_thrown_and_comes_to_rest() {
    let mut simulation = Boxes::with_floor()
        .dynamic(Vec3::new(0.0, 0.15, -1.0), Shape::Sphere(0.15), 0.6)
        .build(Role::Authority);
    let eyes = Vec3::new(0.0, 1.6, 0.0);
    simulation.begin_carry(0);
    for _ in 0..60 {
        assert!(simulation.carry(0, Simulation::carry_point(eyes, 0.0, 0.0)));
        simulation.step();
    }
    let held = simulation.body(0).unwrap().position;
    assert!(
        (held - Simulation::carry_point(eyes, 0.0, 0.0)).length() < 0.1,
        "{held:?}"
    );
    simulation.end_carry(0, Vec3::new(0.0, 30.0, -100.0));
    simulation.step();
    assert!(simulation.body(0).unwrap().linear_velocity.length() <= 12.5);
    for _ in 0..1_500 {
        simulation.step();
    }
    let rest = simulation.body(0).unwrap();
    assert!(rest.position.z < -3.0 && rest.position.y > 0.1, "{rest:?}");
}

#[test]
fn a_carried_body_does_not_go_through_a_wall() {
    let mut simulation = Boxes::with_floor()
        .fixed(
            Vec3::new(0.0, 1.5, -1.0),
            Vec3::new(8.0, 3.0, 0.2),
            Quat::IDENTITY,
        )
        .dynamic(Vec3::new(0.0, 0.25, 0.5), Shape::Box(Vec3::splat(0.5)), 8.0)
        .build(Role::Authority);
    simulation.begin_carry(0);
    for _ in 0..120 {
        let _is_held = simulation.carry(0, Vec3::new(0.0, 1.4, -2.0));
        simulation.step();
    }
    assert!(
        simulation.body(0).unwrap().position.z > -0.8,
        "{:?}",
        simulation.body(0)
    );
}

#[test]
fn a_ball_rolls_away_from_who_walks_against_it() {
    let mut simulation = Boxes::with_floor()
        .dynamic(Vec3::new(0.0, 0.2, -1.2), Shape::Sphere(0.2), 0.8)
        .build(Role::Authority);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 120);
    let ball = simulation.body(0).unwrap();
    assert!(
        ball.position.z < avatar.position.z - 0.5,
        "{ball:?} {avatar:?}"
    );
    assert!(ball.linear_velocity.length() < 6.0, "{ball:?}");
}

#[test]
fn what_is_too_heavy_or_hangs_on_a_joint_is_not_carried() {
    let world = Boxes::with_floor()
        .dynamic(Vec3::new(0.0, 1.0, 0.0), Shape::Box(Vec3::splat(0.4)), 5.0)
        .dynamic(Vec3::new(3.0, 1.0, 0.0), Shape::Box(Vec3::splat(0.4)), 80.0)
        .dynamic(Vec3::new(6.0, 1.0, 0.0), Shape::Box(Vec3::splat(0.4)), 5.0);
    let (free, jointed) = (world.0.nodes.len() as u32 - 3, world.last());
    let world = world.empty(None, Vec3::new(6.0, 1.0, 0.0));
    let anchor = world.last();
    let mut stateless = world.clone();
    // Without a stated mass the volume decides: 64 litres of water.
    let motion = stateless.0.nodes[free as usize].physics.motion.as_mut();
    motion.unwrap().mass = None;
    for role in [Role::Authority, Role::Follower] {
        let simulation = world.clone().hinge(anchor, jointed, 1, 1.0).build(role);
        let carryable = simulation.bodies().iter().map(|body| body.is_carryable);
        assert_eq!(carryable.collect::<Vec<_>>(), [true, false, false]);
        assert!(!stateless.clone().build(role).bodies()[0].is_carryable);
    }
}

#[test]
fn a_stuck_body_falls_out_of_the_hand() {
    let mut simulation = Boxes::with_floor()
        .fixed(
            Vec3::new(0.0, 1.5, -1.0),
            Vec3::new(8.0, 3.0, 0.2),
            Quat::IDENTITY,
        )
        .dynamic(Vec3::new(0.0, 0.25, 0.5), Shape::Box(Vec3::splat(0.5)), 8.0)
        .build(Role::Authority);
    simulation.begin_carry(0);
    let is_dropped = (0..240).any(|tick| {
        let target = Vec3::new(0.0, 1.2, 0.4 - tick as f32 * 0.02);
        let is_held = simulation.carry(0, target);
        simulation.step();
        !is_held
    });
    assert!(is_dropped, "{:?}", simulation.body(0));
}

#[test]
fn who_carries_a_body_does_not_walk_against_it() {
    let mut simulation = Boxes::with_floor()
        .dynamic(Vec3::new(0.0, 1.2, -0.5), Shape::Box(Vec3::splat(0.5)), 8.0)
        .build(Role::Follower);
    simulation.begin_carry(0);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.0));
    walk(&mut simulation, &mut avatar, forward(), 60);
    assert!(avatar.position.z < -1.5, "{avatar:?}");
    simulation.end_carry(0, Vec3::ZERO);
    let mut avatar = standing(&mut simulation, Vec3::new(0.0, 0.1, 0.5));
    walk(&mut simulation, &mut avatar, forward(), 60);
    assert!(avatar.position.z > 0.0, "{avatar:?}");
}

#[test]
fn a_thrown_ball_bounces_off_people() {
    let mut simulation = Boxes::with_floor()
        .dynamic(Vec3::new(0.0, 1.2, 3.0), Shape::Sphere(0.12), 0.5)
        .build(Role::Authority);
    let _person = simulation.add_avatar(Vec3::ZERO);
    simulation.step();
    simulation.begin_carry(0);
    simulation.end_carry(0, Vec3::NEG_Z * 12.0);
    for _ in 0..60 {
        simulation.step();
    }
    let ball = simulation.body(0).unwrap();
    assert!(ball.position.z > 0.3, "{ball:?}");
}

#[test]
fn a_person_put_elsewhere_throws_nothing_aside() {
    let mut simulation = Boxes::with_floor()
        .dynamic(Vec3::new(0.0, 0.25, 0.0), Shape::Box(Vec3::splat(0.5)), 8.0)
        .build(Role::Authority);
    let person = simulation.add_avatar(Vec3::new(-10.0, 0.0, 0.0));
    for _ in 0..30 {
        simulation.step();
    }
    simulation.move_avatar(person, Vec3::new(10.0, 0.0, 0.0));
    for _ in 0..30 {
        simulation.step();
    }
    let crate_state = simulation.body(0).unwrap();
    assert!(
        crate_state.position.with_y(0.0).length() < 0.01,
        "{crate_state:?}"
    );
}

#[test]
fn who_crouches_is_low_for_things_too() {
    let ball_height = |is_crouching: bool| {
        let mut simulation = Boxes::with_floor()
            .dynamic(Vec3::new(0.05, 3.0, 0.0), Shape::Sphere(0.2), 1.0)
            .build(Role::Authority);
        let person = simulation.add_avatar(Vec3::ZERO);
        simulation.set_avatar_crouching(person, is_crouching);
        let mut lowest = f32::MAX;
        for _ in 0..40 {
            simulation.step();
            lowest = lowest.min(simulation.body(0).unwrap().position.y);
        }
        lowest
    };
    assert!(ball_height(false) > 1.8 && ball_height(true) < 1.5);
}
