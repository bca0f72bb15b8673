//! The worlds that are shipped: they come to rest, and their ways can be walked.

use crate::support::walk;
use glam::{Vec2, Vec3};
use simulation::{AvatarInput, AvatarMotion, Role, Simulation, WorldRules};
use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

/// Dynamic bodies in the workshop.
const WORKSHOP_BODIES: usize = 250;
/// Ticks of one round of the lift.
const LIFT_ROUND_TICKS: u32 = 24 * 60;

fn load(name: &str) -> (Arc<scene::Scene>, WorldRules) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/worlds");
    let loaded = scene::load_world(&folder.join(name)).expect("a shipped world loads");
    let rules = WorldRules {
        gravity: loaded.manifest.gravity,
    };
    (Arc::new(loaded.scene), rules)
}

fn workshop(role: Role) -> Simulation {
    static WORKSHOP: LazyLock<(Arc<scene::Scene>, WorldRules)> = LazyLock::new(|| load("workshop"));
    let (scene, rules) = &*WORKSHOP;
    Simulation::new(Arc::clone(scene), *rules, role)
}

/// Somebody at a spawn point, after half a second.
fn arrive(simulation: &mut Simulation, title: &str) -> AvatarMotion {
    let place = simulation.spawn_places().iter();
    let place = place.clone().find(|place| place.title == title);
    let place = place.expect("the spawn point is there").clone();
    let mut avatar = AvatarMotion::at(place.position, place.yaw);
    let standing = AvatarInput {
        yaw: place.yaw,
        ..AvatarInput::default()
    };
    walk(simulation, &mut avatar, standing, 30);
    assert!(avatar.is_grounded, "{title}: {avatar:?}");
    avatar
}

/// Walks towards a point until it is reached or the ticks are over; true when it was reached.
fn go(
    simulation: &mut Simulation,
    avatar: &mut AvatarMotion,
    target: Vec2,
    is_crouching: bool,
    ticks: u32,
) -> bool {
    for _ in 0..ticks {
        let away = target - Vec2::new(avatar.position.x, avatar.position.z);
        if away.length() < 0.3 {
            return true;
        }
        let input = AvatarInput {
            walk: Vec2::Y,
            yaw: f32::atan2(-away.x, -away.y),
            is_crouching,
            ..AvatarInput::default()
        };
        walk(simulation, avatar, input, 1);
    }
    false
}

/// Names of dynamic bodies that still move, and of those below the ground.
fn restless_and_lost(simulation: &Simulation) -> (Vec<String>, Vec<String>) {
    let (mut restless, mut lost) = (Vec::new(), Vec::new());
    for (index, body) in simulation.bodies().iter().enumerate() {
        let state = simulation.body(index).expect("the body is there");
        let name = &simulation.scene().nodes[body.node.index()].name;
        if body.is_dynamic && !state.is_sleeping {
            restless.push(name.clone());
        }
        if body.is_dynamic && state.position.y < 0.0 {
            lost.push(name.clone());
        }
    }
    (restless, lost)
}

fn comes_to_rest(simulation: &mut Simulation, secs: u32, most_awake: usize) {
    for _ in 0..secs * 60 {
        simulation.step();
    }
    let (restless, lost) = restless_and_lost(simulation);
    assert!(lost.is_empty(), "below the ground: {lost:?}");
    assert!(restless.len() <= most_awake, "still awake: {restless:?}");
}

#[test]
fn the_plaza_comes_to_rest() {
    let (scene, rules) = load("plaza");
    comes_to_rest(&mut Simulation::new(scene, rules, Role::Authority), 10, 0);
}

#[test]
fn the_workshop_comes_to_rest_as_it_was_built() {
    let mut simulation = workshop(Role::Authority);
    let bodies = simulation.bodies().iter();
    assert_eq!(
        bodies.filter(|body| body.is_dynamic).count(),
        WORKSHOP_BODIES
    );
    let before: Vec<Vec3> = positions(&simulation);
    comes_to_rest(&mut simulation, 20, 5);
    let scene = Arc::clone(simulation.scene());
    for (index, body) in simulation.bodies().iter().enumerate() {
        let name = &scene.nodes[body.node.index()].name;
        let moved = simulation
            .body(index)
            .map(|state| state.position.distance(before[index]));
        let is_standing = [
            "domino_", "crate_", "bar_", "can_", "block_", "lintel_", "barrel_",
        ]
        .iter()
        .any(|kind| name.starts_with(kind));
        if is_standing {
            assert!(moved < Some(0.06), "{name} moved by {moved:?}");
        }
    }
}

fn positions(simulation: &Simulation) -> Vec<Vec3> {
    (0..simulation.bodies().len())
        .map(|index| {
            simulation
                .body(index)
                .map_or(Vec3::ZERO, |state| state.position)
        })
        .collect()
}

#[test]
fn one_domino_fells_all_the_others() {
    let mut simulation = workshop(Role::Authority);
    let dominoes: Vec<usize> = (0..simulation.bodies().len())
        .filter(|&index| {
            let node = simulation.bodies()[index].node;
            simulation.scene().nodes[node.index()]
                .name
                .starts_with("domino_")
        })
        .collect();
    for _ in 0..120 {
        simulation.step();
    }
    let upright = |simulation: &Simulation| {
        let is_upright = |index: &&usize| {
            simulation
                .body(**index)
                .is_some_and(|state| (state.rotation * Vec3::Y).y > 0.9)
        };
        dominoes.iter().filter(is_upright).count()
    };
    assert_eq!(upright(&simulation), dominoes.len());
    let first = dominoes[0];
    let mut state = simulation.body(first).expect("the first domino is there");
    state.angular_velocity = state.rotation * Vec3::X * 3.0;
    state.is_sleeping = false;
    simulation.set_body(first, &state);
    for _ in 0..40 * 60 {
        simulation.step();
    }
    assert_eq!(upright(&simulation), 0);
}

#[test]
fn the_lift_takes_people_to_the_gallery() {
    let mut simulation = workshop(Role::Follower);
    let gallery = simulation.spawn_places().iter();
    let gallery = gallery.clone().find(|place| place.title == "at_gallery");
    let floor = gallery.expect("the gallery is there").position.y;
    // Whatever the lift does when somebody comes.
    for start_tick in [0, 200, 500, 800, 1_100] {
        simulation.set_tick(start_tick);
        let mut avatar = arrive(&mut simulation, "at_lift");
        let lift = Vec2::new(7.0, -11.0);
        assert!(
            go(
                &mut simulation,
                &mut avatar,
                lift,
                false,
                LIFT_ROUND_TICKS + 300
            ),
            "from tick {start_tick} nobody gets on the lift: {avatar:?}"
        );
        let up = Vec2::new(7.0, -13.5);
        assert!(
            go(
                &mut simulation,
                &mut avatar,
                up,
                false,
                LIFT_ROUND_TICKS + 300
            ),
            "from tick {start_tick} nobody gets off at the gallery: {avatar:?}"
        );
        assert!((avatar.position.y - floor).abs() < 0.15, "{avatar:?}");
    }
}

#[test]
fn stairs_lead_to_the_gallery_too() {
    let mut simulation = workshop(Role::Follower);
    let mut avatar = arrive(&mut simulation, "at_lift");
    for target in [Vec2::new(-10.0, -5.5), Vec2::new(-10.0, -13.0)] {
        assert!(
            go(&mut simulation, &mut avatar, target, false, 1_200),
            "{avatar:?}"
        );
    }
    assert!(avatar.position.y > 3.2, "{avatar:?}");
}

#[test]
fn the_tunnel_lets_only_the_low_through() {
    let mut simulation = workshop(Role::Follower);
    let places = simulation.spawn_places();
    let exit = places.iter().find(|place| place.title == "tunnel_exit");
    let exit = exit.expect("the exit is there").position;
    let exit = Vec2::new(exit.x, exit.z);
    let mut avatar = arrive(&mut simulation, "at_tunnel");
    assert!(!go(&mut simulation, &mut avatar, exit, false, 600));
    assert!(
        avatar.position.z > 3.5,
        "upright into the tunnel: {avatar:?}"
    );
    assert!(
        go(&mut simulation, &mut avatar, exit, true, 1_200),
        "stuck: {avatar:?}"
    );
    walk(&mut simulation, &mut avatar, AvatarInput::default(), 10);
    assert!(!avatar.is_crouching, "{avatar:?}");
}

#[test]
fn the_store_door_swings_open_for_who_walks_against_it_and_falls_shut() {
    let mut simulation = workshop(Role::Authority);
    let door = simulation
        .bodies()
        .iter()
        .position(|body| simulation.scene().nodes[body.node.index()].name == "store_door")
        .expect("the door is there");
    let mut avatar = arrive(&mut simulation, "at_lift");
    for (target, ticks) in [(Vec2::new(-5.0, -8.5), 900), (Vec2::new(-5.0, -14.5), 900)] {
        assert!(
            go(&mut simulation, &mut avatar, target, false, ticks),
            "{avatar:?}"
        );
    }
    for _ in 0..600 {
        simulation.step();
    }
    let angle = simulation.body(door).expect("the door is there").rotation;
    assert!(angle.angle_between(glam::Quat::IDENTITY) < 0.2, "{angle:?}");
}
