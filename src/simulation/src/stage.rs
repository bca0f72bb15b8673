//! Files that are things rather than places have no spawn point: one stands before them, on a floor made for it.

use crate::rules::{AVATAR_RADIUS, EYES_BELOW_TOP, SKIN, STANDING_HEIGHT};
use glam::Vec3;
use scene::{Geometry, MotionKind, NodeIndex, Scene, Shape};

/// Things lower than this are shown at eye height instead of at one's feet, in metres.
const LOW_THING: f32 = 1.5;
/// Nearest that one stands before a thing, in metres: one does not touch it.
const NEAREST: f32 = AVATAR_RADIUS + SKIN;
/// Furthest, in metres.
const FURTHEST: f32 = 500.0;
/// Half of what is in view at a distance of one, upwards: the tangent of half the usual field of view.
const HALF_VIEW: f32 = 0.577;
/// Width of a view by its height.
const ASPECT: f32 = 16.0 / 9.0;
/// Share of the view's height or width that a thing takes.
const FILL: f32 = 0.85;
/// Share of the view's area that the front of a slender thing takes; its ends may then be out of view.
const LEAST_AREA: f32 = 0.2;
/// How far a plinth reaches beyond what stands on it, in sizes of that.
const PLINTH_MARGIN: f32 = 0.0;
/// Half side of a plane without an end, as far as it counts here, in metres.
const PLANE_REACH: f32 = 1.0;
/// Share of a slender thing's length that stays in view.
const LEAST_LENGTH: f32 = 0.65;

/// How a file without a spawn point is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Feet of who looks, world space; heading 0 faces the thing.
    pub feet: Vec3,
    /// Middle of what is there.
    pub center: Vec3,
    /// Height of the floor, metres.
    pub floor: f32,
    /// Lowest and highest corner of a block under a low thing that would fall to the floor otherwise.
    pub plinth: Option<(Vec3, Vec3)>,
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
    let eyes = STANDING_HEIGHT - EYES_BELOW_TOP;
    let floor = if high.y - low.y < LOW_THING {
        low.y.min(center.y - eyes)
    } else {
        low.y
    };
    let size = high - low;
    let away = size.z * 0.5 + distance(size.x, size.y).clamp(NEAREST, FURTHEST);
    let is_loose = scene.visible_nodes().into_iter().any(|node| {
        let motion = scene.nodes[node.index()].physics.motion.as_ref();
        motion.is_some_and(|motion| motion.kind == MotionKind::Dynamic)
    });
    let plinth = (is_loose && floor < low.y).then(|| {
        let margin = Vec3::new(size.x, 0.0, size.z) * PLINTH_MARGIN;
        ((low - margin).with_y(floor), high.with_y(low.y) + margin)
    });
    Some(Stage {
        plinth,
        feet: Vec3::new(center.x, floor, center.z + away),
        center,
        floor,
    })
}

/// From how far a front of this width and height is seen well: all of it, or a slender one large enough.
fn distance(width: f32, height: f32) -> f32 {
    let whole = height.max(width / ASPECT) / (2.0 * HALF_VIEW);
    let large = (width * height / (4.0 * HALF_VIEW * HALF_VIEW * ASPECT * LEAST_AREA)).sqrt();
    (whole / FILL).min(large.max(whole * LEAST_LENGTH))
}

/// Where colliders are, when nothing is drawn.
fn collider_bounds(scene: &Scene) -> Option<(Vec3, Vec3)> {
    let nodes = scene.visible_nodes().into_iter();
    nodes
        .filter_map(|node| part_bounds(scene, node))
        .reduce(|(low, high), (lower, higher)| (low.min(lower), high.max(higher)))
}

/// Where a node's collider and trigger are, in world space.
fn part_bounds(scene: &Scene, node: NodeIndex) -> Option<(Vec3, Vec3)> {
    let physics = &scene.nodes[node.index()].physics;
    let collider = physics.collider.as_ref().map(|part| part.geometry);
    let trigger = physics.trigger.as_ref().and_then(|part| part.geometry);
    let world = scene.world_from_node(node);
    let shapes = [collider, trigger].into_iter().flatten();
    let boxes = shapes.filter_map(|geometry| match geometry {
        Geometry::Shape(index) => shape_bounds(scene, *scene.physics.shapes.get(index as usize)?),
        // Meshes are drawn, and count as such.
        Geometry::NodeMeshes { .. } => None,
    });
    boxes
        .flat_map(|(low, high)| {
            (0..8).map(move |corner| {
                let pick = |axis: usize| if corner >> axis & 1 == 0 { low } else { high }[axis];
                world.transform_point3(Vec3::new(pick(0), pick(1), pick(2)))
            })
        })
        .map(|point| (point, point))
        .reduce(|(low, high), (lower, higher)| (low.min(lower), high.max(higher)))
}

/// In the shape's own space.
fn shape_bounds(scene: &Scene, shape: Shape) -> Option<(Vec3, Vec3)> {
    let half = match shape {
        Shape::Box(size) => size * 0.5,
        Shape::Sphere(radius) => Vec3::splat(radius),
        Shape::Capsule {
            height,
            radius_top,
            radius_bottom,
        } => {
            let radius = radius_top.max(radius_bottom);
            Vec3::new(radius, height * 0.5 + radius, radius)
        }
        Shape::Cylinder {
            height,
            radius_top,
            radius_bottom,
        } => {
            let radius = radius_top.max(radius_bottom);
            Vec3::new(radius, height * 0.5, radius)
        }
        Shape::Plane { size_x, size_z, .. } => Vec3::new(
            size_x.map_or(PLANE_REACH, |size| size * 0.5),
            0.0,
            size_z.map_or(PLANE_REACH, |size| size * 0.5),
        ),
        Shape::ConvexMesh(mesh) | Shape::TriangleMesh(mesh) => {
            return scene.meshes.get(mesh.index())?.bounds();
        }
    };
    Some((-half, half))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares of the view that a front takes in height, width and area.
    fn shares(width: f32, height: f32) -> (f32, f32, f32) {
        let view = 2.0 * HALF_VIEW * distance(width, height);
        let (up, across) = (height / view, width / view / ASPECT);
        (up, across, up * across)
    }

    #[test]
    fn things_fill_the_view_and_slender_ones_are_large_enough() {
        for (width, height) in [(1.0, 1.0), (3.0, 1.0), (0.6, 1.0), (200.0, 80.0)] {
            let (up, across, _) = shares(width, height);
            assert!((up.max(across) - FILL).abs() < 1e-3, "{up} {across}");
        }
        for (width, height) in [(0.15, 1.0), (12.0, 1.0)] {
            let (up, across, area) = shares(width, height);
            assert!(
                area > 0.08 && up.max(across) < 1.0 / LEAST_LENGTH + 1e-3,
                "{up} {across}"
            );
        }
        assert!(distance(0.0, 0.0).is_finite());
    }
}
