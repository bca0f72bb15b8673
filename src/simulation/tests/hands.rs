//! Pushing, carrying and throwing.

use crate::support::*;
use glam::{Quat, Vec3};
use scene::Shape;
use simulation::{BodyNews, BodyState, Hands, Role, Simulation};

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
fn a_hand_with_an_absurd_rotation_harms_nothing() {
    let home = Vec3::new(0.0, 0.15, -1.0);
    let mut simulation = Boxes::with_floor()
        .dynamic(home, Shape::Sphere(0.15), 0.6)
        .build(Role::Authority);
    let eyes = Vec3::new(0.0, 1.6, 0.0);
    let place = Simulation::carry_point(eyes, 0.0, 0.0);
    for length in [1e20, 1e10, 3.0, 0.5, 0.0, f32::NAN] {
        simulation.begin_carry(0);
        let rotation = Quat::from_xyzw(length, 0.0, 0.0, 0.0);
        let throw = (Vec3::new(0.0, 2.0, -2.0), Vec3::ZERO);
        let is_as_stated = simulation.throw_from(0, eyes, 4.0, (place, rotation), throw);
        assert!(!is_as_stated, "{length}");
        let before = simulation.body(0).unwrap().position;
        simulation.step();
        let state = simulation.body(0).unwrap();
        assert!(state.position != before && state.rotation.is_normalized());
        assert!(!simulation.is_switched_off(0));
    }
    let absurd = BodyState {
        rotation: Quat::from_xyzw(1e20, 0.0, 0.0, 0.0),
        ..simulation.body(0).unwrap()
    };
    simulation.set_body(0, &absurd);
    simulation.step();
    assert!(!simulation.is_switched_off(0));
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

/// A ball in reach of somebody at the origin, in a world that is another's to decide, and in that other's.
fn two_worlds() -> (Simulation, Simulation) {
    let court =
        || Boxes::with_floor().dynamic(Vec3::new(0.0, 0.15, -1.0), Shape::Sphere(0.15), 0.6);
    (
        court().build(Role::Authority),
        court().build(Role::Follower),
    )
}

fn hand() -> Vec3 {
    Simulation::carry_point(Vec3::new(0.0, 1.6, 0.0), 0.3, 0.2)
}

/// Carries the ball in the follower's world for a second.
fn carried(follower: &mut Simulation) -> Hands {
    let mut hands = Hands::default();
    let lies = follower.body(0).unwrap();
    assert!(hands.take(follower, 0, &lies));
    for _ in 0..60 {
        hands.carry(follower, hand());
        follower.step();
        hands.note_step(follower);
    }
    hands
}

fn news(tick: u64, state: BodyState) -> BodyNews {
    BodyNews {
        tick,
        state,
        is_held: false,
        is_held_by_me: false,
    }
}

#[test]
fn what_a_follower_throws_flies_as_it_does_at_the_authority() {
    let (mut server, mut client) = two_worlds();
    let mut hands = carried(&mut client);
    assert!(client.body(0).unwrap().position.distance(hand()) < 0.05);
    server.begin_carry(0);
    for _ in 0..60 {
        assert!(server.carry(0, hand()));
        server.step();
    }
    let velocity = Vec3::new(-3.0, 4.0, -8.0);
    let begin = hands.throw(&mut client, velocity).unwrap();
    let eyes = Vec3::new(0.0, 1.6, 0.0);
    let place = (begin.position, begin.rotation);
    assert!(server.throw_from(0, eyes, 4.0, place, (velocity, begin.angular_velocity)));
    for tick in 0..240 {
        server.step();
        client.step();
        hands.note_step(&client);
        let (there, here) = (server.body(0).unwrap(), client.body(0).unwrap());
        assert!(
            there.position.distance(here.position) < 1e-3,
            "{there:?} {here:?} in tick {tick}"
        );
        assert!(here.position.y > 0.1);
    }
    assert!(client.body(0).unwrap().position.z < -4.0);
}

#[test]
fn a_hand_that_cannot_be_where_it_is_said_to_be_throws_from_where_the_thing_is() {
    let eyes = Vec3::new(0.0, 1.6, 0.0);
    let begin = || {
        let mut server = Boxes::with_floor()
            .fixed(
                Vec3::new(0.0, 1.5, -2.0),
                Vec3::new(8.0, 3.0, 0.2),
                Quat::IDENTITY,
            )
            .dynamic(Vec3::new(0.0, 0.15, -1.0), Shape::Sphere(0.15), 0.6)
            .build(Role::Authority);
        server.begin_carry(0);
        for _ in 0..60 {
            assert!(server.carry(0, hand()));
            server.step();
        }
        server
    };
    let throw = |position: Vec3, rotation: Quat, velocity: Vec3, spin: Vec3| {
        let mut server = begin();
        let was = server.body(0).unwrap();
        let is_as_stated = server.throw_from(0, eyes, 4.0, (position, rotation), (velocity, spin));
        let state = server.body(0).unwrap();
        assert!(state.is_believable());
        assert!(state.linear_velocity.length() <= 12.01, "{state:?}");
        assert!(state.angular_velocity.length() <= 20.01, "{state:?}");
        assert!(is_as_stated || state.position.distance(was.position) < 1e-3);
        is_as_stated
    };
    let (near, still) = (hand() + Vec3::X * 0.3, Vec3::ZERO);
    assert!(throw(near, Quat::IDENTITY, Vec3::NEG_Z, still));
    assert!(
        throw(near, Quat::IDENTITY, Vec3::NEG_Z * 1e6, Vec3::Y * 1e6),
        "held to what an arm can do"
    );
    // Teleported, and behind the wall.
    assert!(!throw(
        Vec3::new(0.0, 1.6, 5.0),
        Quat::IDENTITY,
        still,
        still
    ));
    assert!(!throw(
        Vec3::new(0.0, 1.5, -2.6),
        Quat::IDENTITY,
        still,
        still
    ));
    // Numbers that are none.
    assert!(!throw(Vec3::NAN, Quat::IDENTITY, still, still));
    assert!(!throw(
        near,
        Quat::from_xyzw(0.0, 0.0, 0.0, 0.0),
        still,
        still
    ));
    assert!(!throw(
        near,
        Quat::IDENTITY,
        Vec3::splat(f32::INFINITY),
        still
    ));
    assert!(!throw(near, Quat::IDENTITY, still, Vec3::splat(f32::NAN)));
}

#[test]
fn a_flight_that_the_server_has_otherwise_is_corrected_without_a_pop() {
    let (mut server, mut client) = two_worlds();
    let mut hands = carried(&mut client);
    let velocity = Vec3::new(0.0, 3.0, -8.0);
    let begin = hands.throw(&mut client, velocity).unwrap();
    // The server has it fly from elsewhere, a little otherwise, and its word takes twelve ticks.
    let elsewhere = BodyState {
        position: begin.position + Vec3::new(0.4, 0.0, 0.2),
        linear_velocity: velocity + Vec3::X,
        ..begin
    };
    server.set_body(0, &elsewhere);
    hands.confirm_throw(0, 1_001);
    let mut told = Vec::new();
    let mut shown = begin.position;
    for tick in 0..400_usize {
        server.step();
        told.push(server.body(0).unwrap());
        client.step();
        hands.note_step(&client);
        if let Some(late) = tick.checked_sub(12) {
            hands.compare(
                &mut client,
                0,
                &news(1_001 + late as u64, told[late]),
                &told[late],
            );
        }
        hands.fade(1.0 / 60.0);
        let now = hands.shown(0, &told[tick.saturating_sub(12)], 1.0);
        let speed = client.body(0).unwrap().linear_velocity.length().max(1.0);
        let step = now.position.distance(shown);
        assert!(step < speed / 60.0 + 0.1, "{step} m in tick {tick}");
        shown = now.position;
    }
    let rests = server.body(0).unwrap().position;
    assert!(shown.distance(rests) < 0.1, "{shown} instead of {rests}");
}

#[test]
fn what_is_not_granted_glides_back() {
    let (_, mut client) = two_worlds();
    let lies = client.body(0).unwrap();
    let mut hands = carried(&mut client);
    hands.give_back(&mut client, 0, &lies);
    assert!(!client.is_local(0) && hands.held().is_none());
    let mut before = hands.shown(0, &lies, 1.0).position;
    assert!(before.distance(hand()) < 0.1, "it does not jump");
    for _ in 0..120 {
        hands.fade(1.0 / 60.0);
        let now = hands.shown(0, &lies, 1.0).position;
        assert!(now.distance(before) < 0.1);
        before = now;
    }
    assert!(before.distance(lies.position) < 0.01);
    assert_eq!(hands.bodies().count(), 0, "nothing is left to do");
}

#[test]
fn a_flight_without_news_is_the_servers_again_after_two_seconds() {
    let (_, mut client) = two_worlds();
    let mut hands = carried(&mut client);
    hands.throw(&mut client, Vec3::NEG_Z * 9.0).unwrap();
    let last = client.body(0).unwrap();
    for tick in 0..130 {
        // The first news is one itself.
        assert_eq!(hands.moves(0), tick <= 121, "in tick {tick}");
        client.step();
        hands.note_step(&client);
        hands.compare(&mut client, 0, &news(77, last), &last);
    }
}
