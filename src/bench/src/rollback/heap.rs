//! The world of the rollback bench: a walled pit with a heap of boxes and balls, stirred so that it never sleeps.

use crate::random::Random;
use glam::Vec3;
use scene::{Motion, Scene, Shape, Transform};
use simulation::{BodyState, Role, Simulation, WorldRules};
use std::sync::Arc;

/// Bodies in the heap.
pub(super) const BODIES: usize = 200;
/// Side of a box and diameter of a ball, in metres.
const SIZE: f32 = 0.4;
/// Bodies beside each other in a layer, each way, as they are dropped.
const ROW: usize = 4;
/// Ticks between two kicks.
const KICK_TICKS: u64 = 20;
/// Speed that a kicked body gets, metres a second.
const KICK_SPEED: f32 = 2.5;

/// Describes the pit.
pub(super) fn scene(seed: u64) -> Arc<Scene> {
    let mut random = Random::new(seed);
    let mut scene = Scene::default();
    let half = ROW as f32 * SIZE * 0.6;
    add(
        &mut scene,
        Vec3::NEG_Y * 0.5,
        Shape::Box(Vec3::new(20.0, 1.0, 20.0)),
        false,
    );
    for (x, z) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
        let size = Vec3::new(1.0 + 8.0 * f32::abs(z), 30.0, 1.0 + 8.0 * f32::abs(x));
        let place = Vec3::new(x, 0.0, z) * (half + 0.5) + Vec3::Y * 15.0;
        add(&mut scene, place, Shape::Box(size), false);
    }
    for number in 0..BODIES {
        let (layer, place) = (number / (ROW * ROW), number % (ROW * ROW));
        let grid = Vec3::new((place % ROW) as f32, 0.0, (place / ROW) as f32);
        let middle = Vec3::new(1.0, 0.0, 1.0) * (ROW - 1) as f32 * 0.5;
        let shaken = Vec3::new(random.signed(), 0.0, random.signed()) * SIZE * 0.05;
        let height = SIZE * (0.6 + 1.1 * layer as f32);
        let position = (grid - middle) * SIZE * 1.15 + shaken + Vec3::Y * height;
        let shape = if random.chance(0.3) {
            Shape::Sphere(SIZE * 0.5)
        } else {
            Shape::Box(Vec3::splat(SIZE))
        };
        add(&mut scene, position, shape, true);
    }
    Arc::new(scene)
}

fn add(scene: &mut Scene, position: Vec3, shape: Shape, is_dynamic: bool) {
    let place = Transform {
        translation: position,
        ..Transform::default()
    };
    let motion = is_dynamic.then(|| Motion {
        mass: Some(4.0),
        ..Motion::default()
    });
    scene.add_solid(place, shape, motion);
}

/// A fresh world of the pit.
pub(super) fn world(scene: &Arc<Scene>) -> Simulation {
    let rules = WorldRules { gravity: 9.81 };
    Simulation::new(Arc::clone(scene), rules, Role::Authority)
}

/// One tick. Now and then some body is kicked, which and how follows from the tick.
pub(super) fn step(simulation: &mut Simulation) {
    let tick = simulation.tick();
    if tick.is_multiple_of(KICK_TICKS) {
        let mut random = Random::new(tick);
        let index = (random.unit() * BODIES as f32) as usize % BODIES;
        if let Some(state) = simulation.body(index) {
            let kick = Vec3::new(random.signed(), 1.0, random.signed()) * KICK_SPEED;
            simulation.set_body(
                index,
                &BodyState {
                    linear_velocity: kick,
                    is_sleeping: false,
                    ..state
                },
            );
        }
    }
    simulation.step();
}
