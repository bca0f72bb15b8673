//! Things that come into a running world and go again.

use crate::support::Boxes;
use glam::{Quat, Vec3};
use scene::Shape;
use simulation::{Role, Simulation, ThingShape, WorldRules};
use std::{f32::consts::FRAC_PI_2, sync::Arc};

const RULES: WorldRules = WorldRules { gravity: 9.81 };

fn world(boxes: Boxes) -> Simulation {
    Simulation::new(Arc::new(boxes.0), RULES, Role::Authority)
}

/// A bench: four metres along its X, a metre high, half a metre deep, standing on its origin.
fn bench() -> ThingShape {
    let size = Vec3::new(4.0, 1.0, 0.5);
    ThingShape::of(
        &Boxes::default()
            .fixed(Vec3::Y * 0.5, size, Quat::IDENTITY)
            .0,
    )
}

/// How high the world is at a place.
fn top(simulation: &Simulation, x: f32, z: f32) -> f32 {
    let above = Vec3::new(x, 10.0, z);
    let hit = simulation.cast_ray(above, Vec3::NEG_Y, 20.0);
    hit.map_or(f32::NEG_INFINITY, |hit| hit.point.y)
}

#[test]
fn a_thing_is_solid_where_and_how_it_is_put_until_it_is_taken_away() {
    let mut simulation = world(Boxes::with_floor());
    simulation.step();
    simulation.add_thing(7, &bench(), Vec3::new(5.0, 0.0, 0.0), FRAC_PI_2);
    simulation.step();
    let hit = simulation.cast_ray(Vec3::new(5.0, 3.0, 0.0), Vec3::NEG_Y, 9.0);
    assert_eq!(hit.map(|hit| hit.thing), Some(Some(7)));
    // Turned by a quarter, its length lies along Z.
    assert!((top(&simulation, 5.0, 1.8) - 1.0).abs() < 1e-3);
    assert!(top(&simulation, 6.8, 0.0).abs() < 1e-3);
    // Put again, it is there once.
    simulation.add_thing(7, &bench(), Vec3::new(-5.0, 0.0, 0.0), 0.0);
    simulation.step();
    assert!(top(&simulation, 5.0, 1.8).abs() < 1e-3);
    assert!((top(&simulation, -6.8, 0.0) - 1.0).abs() < 1e-3);
    simulation.remove_thing(7);
    simulation.step();
    assert!(top(&simulation, -6.8, 0.0).abs() < 1e-3);
}

#[test]
fn what_sleeps_on_a_thing_falls_when_it_is_taken_away() {
    let crate_size = Vec3::splat(0.4);
    let boxes = Boxes::with_floor().dynamic(Vec3::new(0.0, 1.3, 0.0), Shape::Box(crate_size), 2.0);
    let mut simulation = world(boxes);
    simulation.add_thing(1, &bench(), Vec3::ZERO, 0.0);
    for _ in 0..300 {
        simulation.step();
    }
    let height = |simulation: &Simulation| simulation.body(0).unwrap().position.y;
    assert!(
        (height(&simulation) - 1.2).abs() < 0.05,
        "{}",
        height(&simulation)
    );
    assert!(simulation.body(0).unwrap().is_sleeping);
    simulation.remove_thing(1);
    for _ in 0..120 {
        simulation.step();
    }
    assert!(
        (height(&simulation) - 0.2).abs() < 0.05,
        "{}",
        height(&simulation)
    );
}

#[test]
fn a_thing_knows_how_far_it_is_solid() {
    let (low, high) = bench().bounds().unwrap();
    assert!(low.distance(Vec3::new(-2.0, 0.0, -0.25)) < 1e-3, "{low}");
    assert!(high.distance(Vec3::new(2.0, 1.0, 0.25)) < 1e-3, "{high}");
    assert_eq!(ThingShape::default().bounds(), None);
}

#[test]
fn a_thing_that_would_be_nowhere_is_not_there_at_all() {
    let mut simulation = world(Boxes::with_floor());
    for (position, yaw) in [
        (Vec3::NAN, 0.0),
        (Vec3::INFINITY, 0.0),
        (Vec3::ZERO, f32::NAN),
    ] {
        simulation.add_thing(1, &bench(), position, yaw);
        simulation.step();
        assert!(top(&simulation, 0.0, 0.0).abs() < 1e-3);
    }
}
