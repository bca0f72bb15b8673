//! Files that are things rather than places have no spawn point: one stands before them, on a floor made for it.

use crate::rules::{AVATAR_RADIUS, EYES_BELOW_TOP, SKIN, STANDING_HEIGHT, is_moderate};
use glam::{Affine3A, Vec2, Vec3};
use scene::{Geometry, Mesh, Motion, MotionKind, NodeIndex, Primitive, Scene, Shape, Topology};

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
/// Share of the view's area that the surface of a slender thing takes; its ends may then be out of view.
const LEAST_AREA: f32 = 0.12;
/// Loose things up to this size are shown inside a rail, so that they do not roll away; in metres.
const RAILED_THING: f32 = 10.0;
/// How far the rail is from what it surrounds, in sizes of that.
const RAIL_MARGIN: f32 = 0.25;
/// Height of the rail, in heights of what it surrounds.
const RAIL_HEIGHT: f32 = 0.75;
/// Half side of a plane without an end, as far as it counts here, in metres.
const PLANE_REACH: f32 = 1.0;
/// Share of a slender thing's length that stays in view.
const LEAST_LENGTH: f32 = 0.55;
/// Strips in which it is told where most of a thing is.
const STRIPS: usize = 40;
/// A part is better than another from so much more on.
const MORE: f32 = 1.02;
/// Primitives, and triangles of them, that are looked at to learn how much of its front a thing fills; of more, every n-th
/// stands for its neighbours.
const SEEN_PARTS: usize = 10_000;
const SEEN_TRIANGLES: usize = 20_000;

/// How a file without a spawn point is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Feet of who looks, world space; heading 0 faces the thing.
    pub feet: Vec3,
    /// How many times closer a small thing is looked at than its bounds let one step, 1 or more.
    pub zoom: f32,
    /// What one looks at: the middle of what is there, or of the part of a slender thing in which most is seen.
    pub center: Vec3,
    /// Height of the floor, metres.
    pub floor: f32,
    /// Lowest and highest corner of a block under a low thing that would fall to the floor otherwise.
    pub plinth: Option<(Vec3, Vec3)>,
    /// Lowest and highest corner of what a rail surrounds. It holds back loose things, and neither people nor what they
    /// carry.
    pub rail: Option<(Vec3, Vec3)>,
}

/// The stage of a file, `None` when it has spawn points of its own.
pub(crate) fn stage(scene: &Scene) -> Option<Stage> {
    if scene.nodes.iter().any(|node| node.spawn_point.is_some()) {
        return None;
    }
    let (low, high) = scene
        .bounds()
        .filter(are_moderate)
        .or_else(|| collider_bounds(scene))
        .unwrap_or((Vec3::NEG_ONE, Vec3::ONE));
    let size = high - low;
    let middle = (low + high) * 0.5;
    let front = Front::new(scene, low, high);
    let wanted = distance(front.whole(middle), front.area().min(size.x * size.y));
    let view = 2.0 * HALF_VIEW * wanted;
    let center = Vec3::new(front.best(0, view * ASPECT), front.best(1, view), middle.z);
    let parts = || {
        let nodes = scene.nodes_in_scene().into_iter();
        nodes.map(|node| &scene.nodes[node.index()].physics)
    };
    let is_dynamic = |motion: &Motion| motion.kind == MotionKind::Dynamic;
    let falls = parts().any(|physics| physics.motion.as_ref().is_some_and(is_dynamic));
    // What hangs on joints stays by itself, and swings further than a rail would let it.
    let rolls = falls
        && parts().all(|physics| physics.joint.is_none())
        && size.max_element() < RAILED_THING;
    let (lowest, highest) = match collider_bounds(scene) {
        Some((lower, higher)) if falls => (low.min(lower), high.max(higher)),
        _ => (low, high),
    };
    let eyes = STANDING_HEIGHT - EYES_BELOW_TOP;
    let floor = if high.y - lowest.y < LOW_THING {
        lowest.y.min(center.y - eyes)
    } else {
        lowest.y
    };
    let room = if rolls {
        (highest - lowest).with_y(0.0).max_element() * RAIL_MARGIN
    } else {
        0.0
    };
    let around = Vec3::new(room, 0.0, room);
    let (lowest, highest) = (lowest - around, highest + around);
    // From the middle, since most of a thing is no nearer than that.
    let nearest = highest.z - center.z + NEAREST;
    let away = wanted.min(FURTHEST).max(nearest);
    let plinth =
        (falls && floor < lowest.y).then(|| (lowest.with_y(floor), highest.with_y(lowest.y)));
    let rail = rolls.then(|| {
        let top = lowest.y + (highest.y - lowest.y) * RAIL_HEIGHT;
        (lowest, highest.with_y(top))
    });
    Some(Stage {
        plinth,
        rail,
        zoom: (away / wanted.max(f32::EPSILON)).max(1.0),
        feet: Vec3::new(center.x, floor, center.z + away),
        center,
        floor,
    })
}

/// From how far something is seen well: from `whole` metres all of it fits the view; what is slender, so that its surface
/// of an `area` would be small then, is seen from nearer.
fn distance(whole: f32, area: f32) -> f32 {
    if area <= 0.0 {
        // Colliders, lines or points.
        return whole;
    }
    let large = (area / (4.0 * HALF_VIEW * HALF_VIEW * ASPECT * LEAST_AREA)).sqrt();
    whole.min(large.max(whole * FILL * LEAST_LENGTH))
}

/// What is drawn as seen from the front: areas in square metres; parts behind each other count each.
struct Front {
    /// Between the lowest and the highest corner, in strips from left to right and from below to above.
    strips: [[f32; STRIPS]; 2],
    low: Vec2,
    high: Vec2,
    /// Some of the vertices; without any, the corners of the bounds.
    points: Vec<Vec3>,
}

impl Front {
    fn new(scene: &Scene, low: Vec3, high: Vec3) -> Self {
        let mut front = Self {
            strips: [[0.0; STRIPS]; 2],
            low: low.truncate(),
            high: high.truncate(),
            points: Vec::new(),
        };
        let in_mesh =
            |mesh: &Mesh| -> usize { mesh.primitives.iter().map(|own| own.indices.len()).sum() };
        let of_mesh: Vec<usize> = scene.meshes.iter().map(in_mesh).collect();
        let (mut parts, mut corners) = (0usize, 0usize);
        scene.each_drawn(|_, mesh| {
            parts = parts.saturating_add(scene.meshes[mesh.index()].primitives.len());
            corners = corners.saturating_add(of_mesh[mesh.index()]);
        });
        let each_part = parts.div_ceil(SEEN_PARTS).max(1);
        let each = corners.div_ceil(SEEN_TRIANGLES * 3 * each_part).max(1);
        let weight = (each_part * each) as f32;
        // Parts that still have to pass before the next one that is looked at.
        let mut wait = 0;
        scene.each_drawn(|place, mesh| {
            let primitives = &scene.meshes[mesh.index()].primitives;
            let mut next = wait;
            while let Some(primitive) = primitives.get(next) {
                front.look_at(&place, primitive, each, weight);
                next += each_part;
            }
            wait = next - primitives.len();
        });
        if front.points.is_empty() {
            front.points = [low.x, high.x]
                .into_iter()
                .flat_map(|x| [low.y, high.y].map(|y| (x, y)))
                .flat_map(|(x, y)| [low.z, high.z].map(|z| Vec3::new(x, y, z)))
                .collect();
        }
        front
    }

    /// Counts one of `each` triangles, lines or points, with a `weight` for those that it stands for.
    fn look_at(&mut self, place: &Affine3A, primitive: &Primitive, each: usize, weight: f32) {
        let is_solid = primitive.topology == Topology::Triangles;
        let size = if is_solid { 3 } else { 1 };
        for corners in primitive.indices.chunks_exact(size).step_by(each) {
            let point = |index: &u32| place.transform_point3(primitive.positions[*index as usize]);
            self.points.extend(corners.iter().map(point));
            if let [a, b, c] = corners {
                let [a, b, c] = [a, b, c].map(|index| point(index).truncate());
                // Half of it, since what is closed has a back as large as its front.
                let area = (b - a).perp_dot(c - a).abs() * 0.25;
                self.add(a.min(b).min(c), a.max(b).max(c), area * weight);
            }
        }
    }

    /// From how far before a middle every point is in view.
    fn whole(&self, middle: Vec3) -> f32 {
        let distances = self.points.iter().map(|&point| {
            let aside = (point - middle).abs();
            aside.y.max(aside.x / ASPECT) / (HALF_VIEW * FILL) + point.z - middle.z
        });
        distances.fold(0.0, f32::max)
    }

    fn add(&mut self, low: Vec2, high: Vec2, area: f32) {
        if !area.is_finite() {
            return;
        }
        for axis in 0..2 {
            let size = (self.high[axis] - self.low[axis]).max(f32::EPSILON);
            let strip = |place: f32| {
                (((place - self.low[axis]) / size * STRIPS as f32) as usize).min(STRIPS - 1)
            };
            let (first, last) = (strip(low[axis]), strip(high[axis]));
            for strip in first..=last {
                self.strips[axis][strip] += area / (last - first + 1) as f32;
            }
        }
    }

    fn area(&self) -> f32 {
        self.strips[0].iter().sum()
    }

    /// Middle of the part of so many metres in which most is seen, along an axis; of several, the one nearest the middle.
    fn best(&self, axis: usize, length: f32) -> f32 {
        let (low, high) = (self.low[axis], self.high[axis]);
        let middle = (low + high) * 0.5;
        let share = length / (high - low).max(f32::EPSILON);
        if share >= 1.0 {
            return middle;
        }
        let count = ((share * STRIPS as f32) as usize).clamp(1, STRIPS);
        let places = self.strips[axis]
            .windows(count)
            .enumerate()
            .map(|(first, strips)| {
                let place =
                    low + (high - low) * (first as f32 + count as f32 * 0.5) / STRIPS as f32;
                (strips.iter().sum::<f32>(), place)
            });
        let mut best = (0.0, middle);
        for (area, place) in places {
            let is_nearer = (place - middle).abs() < (best.1 - middle).abs();
            if area > best.0 * MORE || (area * MORE > best.0 && is_nearer) {
                best = (area.max(best.0), place);
            }
        }
        best.1
    }
}

/// True of corners between which everything can be measured without a number that overflows.
fn are_moderate((low, high): &(Vec3, Vec3)) -> bool {
    is_moderate(*low) && is_moderate(*high)
}

/// Where colliders and triggers of simple shapes are, in world space; `None` without any, and of what is too large to be solid.
fn collider_bounds(scene: &Scene) -> Option<(Vec3, Vec3)> {
    let worlds = scene.world_transforms();
    let nodes = scene.nodes_in_scene().into_iter();
    nodes
        .filter_map(|node| part_bounds(scene, node, &worlds[node.index()]))
        .filter(are_moderate)
        .reduce(|(low, high), (lower, higher)| (low.min(lower), high.max(higher)))
}

/// Where a node's collider and trigger are, in world space.
fn part_bounds(scene: &Scene, node: NodeIndex, world: &Affine3A) -> Option<(Vec3, Vec3)> {
    let physics = &scene.nodes[node.index()].physics;
    let collider = physics.collider.as_ref().map(|part| part.geometry);
    let trigger = physics.trigger.as_ref().and_then(|part| part.geometry);
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
    if let Shape::ConvexMesh(mesh) | Shape::TriangleMesh(mesh) = shape {
        return scene.meshes.get(mesh.index())?.bounds();
    }
    let half = shape.half_extents(PLANE_REACH)?;
    Some((-half, half))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares of the view that a flat front, filled by half or wholly, takes in height, width and area.
    fn shares(width: f32, height: f32, filled: f32) -> (f32, f32, f32) {
        let whole = height.max(width / ASPECT) / (2.0 * HALF_VIEW * FILL);
        let view = 2.0 * HALF_VIEW * distance(whole, width * height * filled);
        let (up, across) = (height / view, width / view / ASPECT);
        (up, across, up * across * filled)
    }

    #[test]
    fn things_fill_the_view_and_slender_ones_are_large_enough() {
        for (width, height, filled) in [
            (1.0, 1.0, 1.0),
            (3.0, 1.0, 0.5),
            (0.6, 1.0, 0.5),
            (200.0, 80.0, 0.0),
        ] {
            let (up, across, _) = shares(width, height, filled);
            assert!((up.max(across) - FILL).abs() < 1e-3, "{up} {across}");
        }
        for (width, height) in [(0.15, 1.0), (12.0, 1.0)] {
            let (up, across, area) = shares(width, height, 1.0);
            assert!(
                area > LEAST_AREA - 1e-3 && up.max(across) < 1.0 / LEAST_LENGTH + 1e-3,
                "{up} {across} {area}"
            );
        }
        assert!(distance(0.0, 0.0).is_finite());
    }

    #[test]
    fn the_fuller_part_of_a_slender_thing_is_looked_at() {
        let mut front = Front {
            strips: [[0.0; STRIPS]; 2],
            low: Vec2::ZERO,
            high: Vec2::new(0.1, 1.0),
            points: Vec::new(),
        };
        front.add(Vec2::new(0.04, 0.0), Vec2::new(0.06, 1.0), 0.02);
        assert!((front.best(1, 0.5) - 0.5).abs() < 0.02, "all is alike");
        front.add(Vec2::new(0.0, 0.8), Vec2::new(0.1, 1.0), 0.02);
        assert!((front.best(1, 0.5) - 0.75).abs() < 0.06);
        assert_eq!(front.best(1, 2.0), 0.5, "all of it is in view");
    }
}
