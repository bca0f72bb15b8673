//! Files that are things rather than places have no spawn point: one stands before them, on a floor made for it.

use crate::rules::{EYES_BELOW_TOP, STANDING_HEIGHT};
use glam::Vec3;
use scene::Scene;

/// Things lower than this are shown at eye height instead of at one's feet, in metres.
const LOW_THING: f32 = 1.2;
/// Nearest that one stands before the middle of a thing, in metres.
const NEAREST: f32 = 0.45;
/// Furthest, in metres.
const FURTHEST: f32 = 500.0;
/// Distance to the middle in radii of the thing: all of it is in view.
const RADII: f32 = 2.0;

/// How a file without a spawn point is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Feet of who looks, world space; heading 0 faces the thing.
    pub feet: Vec3,
    /// Middle of what is there.
    pub center: Vec3,
    /// Height of the floor, metres.
    pub floor: f32,
}

/// The stage of a file, `None` when it has spawn points of its own.
#[must_use]
pub fn stage(scene: &Scene) -> Option<Stage> {
    if scene.nodes.iter().any(|node| node.spawn_point.is_some()) {
        return None;
    }
    let (low, high) = scene
        .bounds()
        .or_else(|| collider_bounds(scene))
        .unwrap_or((Vec3::NEG_ONE, Vec3::ONE));
    let center = (low + high) * 0.5;
    let radius = (high - low).length() * 0.5;
    let eyes = STANDING_HEIGHT - EYES_BELOW_TOP;
    let floor = if high.y - low.y < LOW_THING {
        low.y.min(center.y - eyes)
    } else {
        low.y
    };
    let away = (radius * RADII).clamp(NEAREST, FURTHEST);
    Some(Stage {
        feet: Vec3::new(center.x, floor, center.z + away),
        center,
        floor,
    })
}

/// Where colliders are, when nothing is drawn.
fn collider_bounds(scene: &Scene) -> Option<(Vec3, Vec3)> {
    let is_solid = |node: &&scene::NodeIndex| {
        let physics = &scene.nodes[node.index()].physics;
        physics.collider.is_some() || physics.trigger.is_some()
    };
    let places = scene
        .visible_nodes()
        .iter()
        .filter(is_solid)
        .map(|&node| Vec3::from(scene.world_from_node(node).translation))
        .collect::<Vec<_>>();
    let first = *places.first()?;
    let (low, high) = places.iter().fold((first, first), |(low, high), &place| {
        (low.min(place), high.max(place))
    });
    Some((low - 1.5, high + 1.5))
}
