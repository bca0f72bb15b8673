//! From the scene's shapes to colliders, with the node's scale baked in.

use crate::{
    coarse::{DRAWN_FINENESS, Triangles, solid},
    hull,
    rules::is_moderate,
};
use bevy_rapier3d::prelude::Collider;
use glam::{Affine3A, Quat, Vec3};
use rapier3d::{parry::bounding_volume::Aabb, prelude::Pose};
use scene::{
    Geometry, MeshIndex, Node, NodeIndex, Scene, Shape, Topology, limits::MAX_HULL_VERTICES,
};

/// Edge of a plane that has no edge, in metres. Far enough to walk for a quarter of an hour, near enough for single
/// precision. The engine's own half-space is not used: its contacts with capsules come out mirrored (parry 0.30).
const ENDLESS: f32 = 2_000.0;
/// Half the thickness of what is under an endless plane, in metres.
const HALF_THICKNESS: f32 = 1.0;

/// Points around the rim of a tapered form that becomes a convex hull.
const RIM_POINTS: usize = 20;

/// Smallest extent of a collider in metres; anything thinner collides with nothing.
pub(crate) const MIN_EXTENT: f32 = 1.0e-4;

/// A collider and where it lies relative to its body.
pub(crate) struct PlacedCollider {
    pub(crate) collider: Collider,
    pub(crate) translation: Vec3,
    pub(crate) rotation: Quat,
    /// Rolls.
    pub(crate) is_round: bool,
}

impl PlacedCollider {
    /// Bounds in the space of its body.
    pub(crate) fn bounds(&self) -> Aabb {
        let pose = Pose::from_parts(self.translation, self.rotation);
        self.collider.raw.compute_aabb(&pose)
    }

    fn is_moderate(&self) -> bool {
        let bounds = self.bounds();
        is_moderate(bounds.mins) && is_moderate(bounds.maxs)
    }
}

/// Colliders of a node's geometry; `body_from_node` may scale. None where the form is empty or broken, or so large that the
/// engine cannot reckon with it. With `is_hull` the hull stands in for loose triangles.
pub(crate) fn place(
    scene: &Scene,
    node: NodeIndex,
    geometry: Geometry,
    body_from_node: &Affine3A,
    is_hull: bool,
) -> Vec<PlacedCollider> {
    let mut placed = form(scene, node, geometry, body_from_node, is_hull);
    placed.retain(PlacedCollider::is_moderate);
    placed
}

fn form(
    scene: &Scene,
    node: NodeIndex,
    geometry: Geometry,
    body_from_node: &Affine3A,
    is_hull: bool,
) -> Vec<PlacedCollider> {
    match geometry {
        Geometry::Shape(index) => scene
            .physics
            .shapes
            .get(index as usize)
            .and_then(|shape| place_shape(scene, *shape, body_from_node, is_hull))
            .into_iter()
            .collect(),
        Geometry::NodeMeshes {
            node: source,
            is_convex_hull,
        } => {
            // Meshes below the collider's node keep their places. Those of a node elsewhere are only borrowed: a shape is
            // in the space of the node that it is associated with, and many colliders may name one node.
            let is_own = is_at_or_below(scene, source, node);
            let origin = if is_own { node } else { source };
            let body_from_world = *body_from_node * scene.world_from_node(origin).inverse();
            meshes_below(scene, source)
                .into_iter()
                .filter_map(|(mesh, world)| {
                    let is_hull = is_hull || is_convex_hull;
                    place_mesh(scene, mesh, &(body_from_world * world), is_hull)
                })
                .collect()
        }
    }
}

/// A drawn mesh as a collider of triangles, in the space that `to` leads to. Vertices nearer than [`DRAWN_FINENESS`] to
/// each other are one.
pub(crate) fn drawn(scene: &Scene, mesh: MeshIndex, to: &Affine3A) -> Option<PlacedCollider> {
    let (points, faces) = solid(triangles(scene, mesh, to)?, DRAWN_FINENESS);
    // A thing smaller than that is no obstacle.
    let collider = (!faces.is_empty()).then(|| Collider::trimesh(points, faces).ok())??;
    Some(at_origin(collider))
}

/// Places at which a node's mesh is drawn, in the space that `place` leads to from the node.
pub(crate) fn instances(node: &Node, place: Affine3A) -> Vec<Affine3A> {
    if node.instances.is_empty() {
        return vec![place];
    }
    let instances = node.instances.iter();
    instances
        .map(|instance| place * instance.affine())
        .collect()
}

/// Solid ground whose top lies `-offset` above its centre.
pub(crate) fn endless_ground() -> (Collider, Vec3) {
    let half = ENDLESS * 0.5;
    (
        Collider::cuboid(half, HALF_THICKNESS, half),
        Vec3::NEG_Y * HALF_THICKNESS,
    )
}

/// A block around its centre, of half edge lengths.
pub(crate) fn block(half: Vec3) -> Collider {
    Collider::cuboid(half.x, half.y, half.z)
}

/// Corners and triangles of a mesh; `None` without any, or where a corner is nowhere that the engine can reckon with.
fn triangles(scene: &Scene, mesh: MeshIndex, to: &Affine3A) -> Option<Triangles> {
    let (mut points, mut faces) = (Vec::new(), Vec::new());
    for primitive in scene.meshes[mesh.index()]
        .primitives
        .iter()
        .filter(|primitive| primitive.topology == Topology::Triangles)
    {
        let start = points.len() as u32;
        points.extend(
            primitive
                .positions
                .iter()
                .map(|&position| to.transform_point3(position)),
        );
        faces.extend(
            primitive
                .indices
                .chunks_exact(3)
                .map(|corner| [start + corner[0], start + corner[1], start + corner[2]]),
        );
    }
    let is_sound = !faces.is_empty() && points.iter().copied().all(is_moderate);
    is_sound.then_some((points, faces))
}

fn place_mesh(
    scene: &Scene,
    mesh: MeshIndex,
    to: &Affine3A,
    is_hull: bool,
) -> Option<PlacedCollider> {
    let collider = if is_hull {
        mesh_hull(scene, mesh, to)
    } else {
        let (points, mut faces) = triangles(scene, mesh, to)?;
        // Nothing is held back by what has no area, and millions of that may lie in one place.
        faces.retain(|face| {
            let [a, b, c] = face.map(|corner| points[corner as usize]);
            (b - a).cross(c - a) != Vec3::ZERO
        });
        let (points, faces) = solid((points, faces), 0.0);
        (!faces.is_empty()).then(|| Collider::trimesh(points, faces).ok())?
    }?;
    Some(at_origin(collider))
}

fn at_origin(collider: Collider) -> PlacedCollider {
    PlacedCollider {
        collider,
        translation: Vec3::ZERO,
        rotation: Quat::IDENTITY,
        is_round: false,
    }
}

fn mesh_hull(scene: &Scene, mesh: MeshIndex, to: &Affine3A) -> Option<Collider> {
    let positions = scene.meshes[mesh.index()]
        .primitives
        .iter()
        .flat_map(|primitive| &primitive.positions);
    let points: Vec<Vec3> = positions
        .take(MAX_HULL_VERTICES)
        .map(|&position| to.transform_point3(position))
        .collect();
    hull::around(&points)
}

fn is_at_or_below(scene: &Scene, node: NodeIndex, top: NodeIndex) -> bool {
    let above = |node: &NodeIndex| scene.nodes[node.index()].parent;
    std::iter::successors(Some(node), above).any(|node| node == top)
}

fn meshes_below(scene: &Scene, root: NodeIndex) -> Vec<(MeshIndex, Affine3A)> {
    let mut order = vec![(root, scene.world_from_node(root))];
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(&(node, world)) = order.get(next) {
        let drawn = &scene.nodes[node.index()];
        let place = |child: &NodeIndex| {
            let child_transform = scene.nodes[child.index()].transform;
            (*child, world * child_transform.affine())
        };
        order.extend(drawn.children.iter().map(place));
        if let Some(mesh) = drawn.mesh {
            let places = instances(drawn, world);
            found.extend(places.into_iter().map(|place| (mesh, place)));
        }
        next += 1;
    }
    found
}

fn is_round(shape: Shape) -> bool {
    matches!(
        shape,
        Shape::Sphere(_) | Shape::Capsule { .. } | Shape::Cylinder { .. }
    )
}

/// A horizontal surface about the origin, metres.
fn rectangle(size_x: f32, size_z: f32) -> Option<Collider> {
    let (x, z) = (size_x * 0.5, size_z * 0.5);
    if !is_moderate(Vec3::new(x, 0.0, z)) {
        return None;
    }
    let corners = vec![
        Vec3::new(-x, 0.0, -z),
        Vec3::new(-x, 0.0, z),
        Vec3::new(x, 0.0, z),
        Vec3::new(x, 0.0, -z),
    ];
    Collider::trimesh(corners, vec![[0, 1, 2], [0, 2, 3]]).ok()
}

fn place_shape(
    scene: &Scene,
    shape: Shape,
    to: &Affine3A,
    is_hull: bool,
) -> Option<PlacedCollider> {
    let (scale, rotation, translation) = to.to_scale_rotation_translation();
    // Negative scale counts as positive; a form without any extent collides with nothing.
    let scale = scale.abs();
    if !(scale.is_finite() && rotation.is_finite() && translation.is_finite())
        || scale.max_element() < MIN_EXTENT
    {
        return None;
    }
    let across = scale.x.max(scale.z);
    let collider = match shape {
        Shape::Box(size) => {
            let half = (size * scale * 0.5).max(Vec3::splat(MIN_EXTENT));
            Collider::cuboid(half.x, half.y, half.z)
        }
        Shape::Sphere(radius) => Some(radius * scale.max_element())
            .filter(|radius| *radius >= MIN_EXTENT)
            .map(Collider::ball)?,
        Shape::Capsule {
            height, radius_top, ..
        } if !shape.is_tapered() => Collider::capsule_y(
            height * scale.y * 0.5,
            (radius_top * across).max(MIN_EXTENT),
        ),
        Shape::Cylinder {
            height, radius_top, ..
        } if !shape.is_tapered() => Collider::cylinder(
            (height * scale.y * 0.5).max(MIN_EXTENT),
            (radius_top * across).max(MIN_EXTENT),
        ),
        Shape::Capsule {
            height,
            radius_top,
            radius_bottom,
        } => hull::around(&tapered(height, radius_top, radius_bottom, scale, true))?,
        Shape::Cylinder {
            height,
            radius_top,
            radius_bottom,
        } => hull::around(&tapered(height, radius_top, radius_bottom, scale, false))?,
        Shape::Plane {
            size_x: None,
            size_z: None,
            ..
        } => {
            let (collider, offset) = endless_ground();
            return Some(PlacedCollider {
                collider,
                translation: translation + rotation * offset,
                rotation,
                is_round: false,
            });
        }
        Shape::Plane { size_x, size_z, .. } => rectangle(
            size_x.unwrap_or(ENDLESS) * scale.x,
            size_z.unwrap_or(ENDLESS) * scale.z,
        )?,
        Shape::ConvexMesh(mesh) => return place_mesh(scene, mesh, to, true),
        Shape::TriangleMesh(mesh) => return place_mesh(scene, mesh, to, is_hull),
    };
    Some(PlacedCollider {
        collider,
        translation,
        rotation,
        is_round: is_round(shape),
    })
}

/// Points on a cone frustum, with rounded ends for a capsule.
fn tapered(
    height: f32,
    radius_top: f32,
    radius_bottom: f32,
    scale: Vec3,
    is_rounded: bool,
) -> Vec<Vec3> {
    let rings: &[f32] = if is_rounded {
        &[0.0, 0.35, 0.7, 0.95]
    } else {
        &[0.0]
    };
    let mut points = Vec::new();
    for (end, radius) in [(0.5, radius_top), (-0.5, radius_bottom)] {
        for &lift in rings {
            let ring = radius * (1.0 - lift * lift).sqrt();
            let y = height * end + radius * lift * f32::signum(end);
            points.extend((0..RIM_POINTS).map(|index| {
                let angle = index as f32 / RIM_POINTS as f32 * std::f32::consts::TAU;
                Vec3::new(angle.cos() * ring, y, angle.sin() * ring) * scale
            }));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tapered_shapes_have_no_more_points_than_are_counted() {
        for is_rounded in [false, true] {
            let points = tapered(1.0, 0.3, 0.2, Vec3::ONE, is_rounded).len() as u64;
            assert!(points <= scene::limits::MAX_TAPERED_POINTS, "{points}");
        }
    }

    #[test]
    fn triangles_without_area_are_not_solid() {
        let triangle = |third: Vec3| scene::Primitive {
            topology: Topology::Triangles,
            positions: vec![Vec3::ZERO, Vec3::X, third],
            normals: Vec::new(),
            tangents: Vec::new(),
            uv_sets: Vec::new(),
            colors: Vec::new(),
            joints: Vec::new(),
            joint_weights: Vec::new(),
            indices: vec![0, 1, 2],
            targets: Vec::new(),
            material: None,
            variants: Vec::new(),
            splats: Vec::new(),
        };
        let solid = |third: Vec3| {
            let mut scene = Scene::default();
            scene.meshes.push(scene::Mesh {
                name: String::new(),
                primitives: vec![triangle(third)],
                target_names: Vec::new(),
                weights: Vec::new(),
            });
            place_mesh(&scene, MeshIndex(0), &Affine3A::IDENTITY, false).is_some()
        };
        assert!(solid(Vec3::Z));
        for third in [Vec3::ZERO, Vec3::X, Vec3::X * 0.5] {
            assert!(!solid(third), "{third}");
        }
    }
}
