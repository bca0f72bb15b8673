//! What is solid, or not, otherwise than a designer may think.

use super::Places;
use crate::{
    description::{
        animation::Track,
        physics::{Geometry, MotionKind, Shape},
        scene::{Mesh, NodeIndex, Scene, corners},
    },
    error::Issue,
    limits::{MAX_BODY_JOINTS, MAX_COLLISION_SYSTEMS},
    reader::body::{Dialects, KHR_BODY, OMI_PARTS},
    source::json::Item,
};
use glam::{Affine3A, Vec3};
use std::collections::BTreeSet;

/// What is smaller along all axes but one is decoration and may well be walked through, in metres.
const LARGE_METRES: f32 = 2.0;
/// How far from what is drawn its collider may lie, and a floor from the feet that stand on it, in metres.
const NEAR_METRES: f32 = 0.5;
/// Share of a large part that colliders cover when it counts as solid.
const COVERED_SHARE: f32 = 0.5;
/// How far a plane without an end reaches from its middle, in metres.
const PLANE_METRES: f32 = 1_000.0;
/// Most pairs of a large part and a collider that are compared; parts beyond are not told.
const MAX_PAIRS: usize = 2_000_000;

/// The dialect that is not read of a file that uses both.
pub(super) fn other_dialect(root: &Item<'_>) -> Option<Issue> {
    let dialects = Dialects::of(root).ok()?;
    if !(dialects.is_khr && dialects.is_omi) {
        return None;
    }
    let has_omi = |item: &Item<'_>| OMI_PARTS.iter().any(|name| item.extension(name).is_some());
    let nodes = root.get("nodes");
    let nodes = (0..nodes.map_or(0, |nodes| nodes.count()))
        .filter_map(|index| nodes.and_then(|nodes| nodes.element(index)));
    let mut places = Places::default();
    for item in nodes.filter(|item| has_omi(item) && item.extension(KHR_BODY).is_none()) {
        places.add(|| item.pointer());
    }
    let what = "its physics is passed over: the file uses both dialects, and then KHR_physics_rigid_bodies alone is read";
    if places.count > 0 {
        return places.told("STOA_PHYSICS_DIALECT", 1, what, "nodes");
    }
    places.add(String::new);
    let what = "the file describes its physics twice: KHR_physics_rigid_bodies is read, and OMI_physics_body is not";
    places.told("STOA_PHYSICS_DIALECT", 2, what, "")
}

/// Names of collision systems for which there is no bit of their own.
pub(super) fn further_systems(root: &Item<'_>, scene: &Scene) -> Option<Issue> {
    let names: BTreeSet<&String> = (scene.physics.filters.iter())
        .flat_map(|filter| {
            let lists = [&filter.collide_with, &filter.not_collide_with];
            let lists = lists.into_iter().flatten().flatten();
            filter.systems.iter().chain(lists)
        })
        .collect();
    if names.len() <= MAX_COLLISION_SYSTEMS {
        return None;
    }
    let list = [KHR_BODY, OMI_PARTS[0]].into_iter().find_map(|name| {
        let list = root.extension(name)?.get("collisionFilters")?;
        (list.count() == scene.physics.filters.len()).then(|| list.pointer())
    });
    let mut places = Places::default();
    places.add(|| list.unwrap_or_default());
    let what = format!(
        "the filters name {} collision systems: those after the first {MAX_COLLISION_SYSTEMS} count as the last of these",
        names.len()
    );
    places.told("STOA_PHYSICS_SYSTEMS", 1, &what, "")
}

/// Nodes of the default scene, in a file that describes physics.
pub(super) struct Solids<'s> {
    scene: &'s Scene,
    order: Vec<NodeIndex>,
    /// What the nearest motion says, the node's own included; what an animation moves is kinematic.
    kinds: Vec<MotionKind>,
    worlds: Vec<Affine3A>,
    of_meshes: Vec<Option<Extent>>,
}

impl<'s> Solids<'s> {
    pub(super) fn new(scene: &'s Scene) -> Self {
        let order = scene.nodes_in_scene();
        let playing = scene.ambient_animations().into_iter();
        let channels = playing.flat_map(|index| &scene.animations[index].channels);
        // Morph weights move no node.
        let channels = channels.filter(|channel| {
            !matches!(channel.track, Track::Weights { .. } | Track::Weight { .. })
        });
        let animated: BTreeSet<NodeIndex> = channels.map(|channel| channel.node).collect();
        let mut is_animated = vec![false; scene.nodes.len()];
        let mut kinds = vec![MotionKind::Static; scene.nodes.len()];
        for index in &order {
            let node = &scene.nodes[index.index()];
            let parent = node.parent.map(NodeIndex::index);
            is_animated[index.index()] =
                animated.contains(index) || parent.is_some_and(|parent| is_animated[parent]);
            let own = node
                .physics
                .motion
                .as_ref()
                .map(|motion| match motion.kind {
                    MotionKind::Dynamic if !motion.is_moved_by_forces() => MotionKind::Static,
                    kind => kind,
                });
            let inherited = parent.map_or(MotionKind::Static, |parent| kinds[parent]);
            kinds[index.index()] = if is_animated[index.index()] {
                MotionKind::Kinematic
            } else {
                own.unwrap_or(inherited)
            };
        }
        let bounds = scene.meshes.iter().map(Mesh::bounds);
        Self {
            scene,
            order,
            kinds,
            worlds: scene.world_transforms(),
            of_meshes: bounds
                .map(|bounds| bounds.map(|(low, high)| Extent { low, high }))
                .collect(),
        }
    }

    /// Joints beyond those that hold.
    pub(super) fn further_joints(&self, root: &Item<'_>) -> Option<Issue> {
        let list = root.get("nodes");
        let mut places = Places::default();
        let has_joint =
            |index: &&NodeIndex| self.scene.nodes[index.index()].physics.joint.is_some();
        for index in self.order.iter().filter(has_joint).skip(MAX_BODY_JOINTS) {
            let item = list.and_then(|list| list.element(index.index()));
            places.add(|| item.map(|item| item.pointer()).unwrap_or_default());
        }
        let what = format!(
            "its joint holds nothing: those of the first {MAX_BODY_JOINTS} nodes with joints do"
        );
        places.told("STOA_PHYSICS_JOINTS", 1, &what, "nodes")
    }

    /// Bodies that fall and are made of triangles: the hull of these collides.
    pub(super) fn hulls(&self, root: &Item<'_>) -> Option<Issue> {
        let list = root.get("nodes");
        let mut places = Places::default();
        for index in &self.order {
            let collider = self.scene.nodes[index.index()].physics.collider.as_ref();
            let is_of_triangles = collider.is_some_and(|part| match part.geometry {
                Geometry::NodeMeshes { is_convex_hull, .. } => !is_convex_hull,
                Geometry::Shape(shape) => {
                    let shape = self.scene.physics.shapes.get(shape as usize);
                    matches!(shape, Some(Shape::TriangleMesh(_)))
                }
            });
            if !is_of_triangles || self.kinds[index.index()] != MotionKind::Dynamic {
                continue;
            }
            let item = list.and_then(|list| list.element(index.index()));
            let body = item.and_then(|item| {
                let body = item.extension(KHR_BODY);
                body.or_else(|| item.extension(OMI_PARTS[0]))?
                    .get("collider")
            });
            places.add(|| body.map(|body| body.pointer()).unwrap_or_default());
        }
        let what = "a body that falls collides as the convex hull of its triangles: what is hollow is filled";
        places.told("STOA_PHYSICS_HULL", 2, what, "colliders")
    }

    /// Large parts that are drawn where nothing is solid, in a file that says what is.
    pub(super) fn bare_parts(&self) -> Option<Issue> {
        let solid = self.fixed_colliders();
        let parts = self.large_parts();
        let compared = parts.into_iter().take(MAX_PAIRS / solid.len().max(1));
        let bare: Vec<_> = compared
            .filter(|(_, part)| !part.is_covered(&solid))
            .collect();
        let mut spawn_points =
            (self.order.iter()).filter(|node| self.scene.nodes[node.index()].spawn_point.is_some());
        // Everybody whose address names no other arrives there.
        let feet = spawn_points.next();
        let feet = feet.map(|node| Vec3::from(self.worlds[node.index()].translation));
        let feet = feet.filter(|feet| !solid.iter().any(|solid| solid.is_under(*feet)));
        let floor = feet.and_then(|feet| bare.iter().find(|(_, part)| part.is_under(feet)));
        let (node, _) = floor.or_else(|| bare.first())?;
        let places = Places {
            first: format!("/nodes/{}", node.0),
            count: bare.len(),
        };
        if floor.is_some() {
            let what = "is drawn below the first spawn point, and nothing is solid there: people fall through";
            places.told(
                "STOA_PHYSICS_NOT_SOLID",
                1,
                what,
                "parts that are not solid",
            )
        } else {
            let what = "is drawn and not solid, since the file says what is: people go through it";
            places.told("STOA_PHYSICS_NOT_SOLID", 2, what, "large parts")
        }
    }

    /// What is drawn, large, and stays where it is.
    fn large_parts(&self) -> Vec<(NodeIndex, Extent)> {
        let mut parts = Vec::new();
        let mut is_hidden = vec![false; self.scene.nodes.len()];
        for &index in &self.order {
            let node = &self.scene.nodes[index.index()];
            let above = node.parent.is_some_and(|parent| is_hidden[parent.index()]);
            is_hidden[index.index()] = node.is_hidden || above;
            let mesh = node.mesh.filter(|mesh| {
                !is_hidden[index.index()]
                    && node.skin.is_none()
                    && self.kinds[index.index()] == MotionKind::Static
                    && self.scene.meshes[mesh.index()].triangle_count() > 0
            });
            let Some(own) = mesh.and_then(|mesh| self.of_meshes[mesh.index()]) else {
                continue;
            };
            let world = self.worlds[index.index()];
            let at = |place: Affine3A| (index, own.moved(&place));
            if node.instances.is_empty() {
                parts.push(at(world));
            }
            let instances = node.instances.iter();
            parts.extend(instances.map(|instance| at(world * instance.affine())));
        }
        parts.retain(|(_, part)| part.is_large());
        parts
    }

    /// Where colliders are that do not move.
    fn fixed_colliders(&self) -> Vec<Extent> {
        let mut extents = Vec::new();
        for &index in &self.order {
            let collider = self.scene.nodes[index.index()].physics.collider.as_ref();
            let Some(part) = collider.filter(|_| self.kinds[index.index()] == MotionKind::Static)
            else {
                continue;
            };
            let world = self.worlds[index.index()];
            match part.geometry {
                Geometry::Shape(shape) => {
                    let shape = self.scene.physics.shapes.get(shape as usize);
                    let own = shape.and_then(|shape| self.extent_of(shape));
                    extents.extend(own.map(|own| own.moved(&world)));
                }
                Geometry::NodeMeshes { node, .. } => self.add_meshes(index, node, &mut extents),
            }
        }
        extents
    }

    /// Meshes of a node and of those below it, where they are drawn and, for a collider elsewhere, where it borrows them.
    fn add_meshes(&self, collider: NodeIndex, source: NodeIndex, extents: &mut Vec<Extent>) {
        let borrowed = self.worlds[collider.index()] * self.worlds[source.index()].inverse();
        let mut open = vec![source];
        while let Some(index) = open.pop() {
            let node = &self.scene.nodes[index.index()];
            open.extend(&node.children);
            let mesh = node.mesh.and_then(|mesh| self.of_meshes[mesh.index()]);
            let Some(own) = mesh else { continue };
            let world = self.worlds[index.index()];
            let instances = node.instances.iter().map(|instance| instance.affine());
            let at_node = node.instances.is_empty().then_some(Affine3A::IDENTITY);
            for place in at_node.into_iter().chain(instances) {
                let drawn = own.moved(&(world * place));
                extents.push(drawn);
                if source != collider && borrowed.is_finite() {
                    extents.push(drawn.moved(&borrowed));
                }
            }
        }
    }

    fn extent_of(&self, shape: &Shape) -> Option<Extent> {
        if let Shape::ConvexMesh(mesh) | Shape::TriangleMesh(mesh) = *shape {
            return self.of_meshes[mesh.index()];
        }
        let half = shape.half_extents(PLANE_METRES)?;
        Some(Extent {
            low: -half,
            high: half,
        })
    }
}

/// A box along the axes.
#[derive(Clone, Copy)]
struct Extent {
    low: Vec3,
    high: Vec3,
}

impl Extent {
    /// The box around it in the space that `place` leads to.
    fn moved(&self, place: &Affine3A) -> Self {
        let corners = corners(self.low, self.high).map(|corner| place.transform_point3(corner));
        let [first, rest @ ..] = corners;
        let start = Self {
            low: first,
            high: first,
        };
        rest.into_iter().fold(start, |all, corner| Self {
            low: all.low.min(corner),
            high: all.high.max(corner),
        })
    }

    fn size(&self) -> Vec3 {
        self.high - self.low
    }

    /// True of floors, walls and whole buildings.
    fn is_large(&self) -> bool {
        let size = self.size().to_array();
        size.iter().filter(|size| **size >= LARGE_METRES).count() >= 2
    }

    /// True when most of it, looked at along its thinnest axis, lies at colliders. Where these lie upon each other they count twice:
    /// rather too little is told than too much.
    fn is_covered(&self, solid: &[Self]) -> bool {
        let size = self.size();
        let thin = size.min_position();
        let [across, along] = [(thin + 1) % 3, (thin + 2) % 3];
        let shared = |other: &Self, axis: usize| {
            self.high[axis].min(other.high[axis]) - self.low[axis].max(other.low[axis])
        };
        let covered: f32 = solid
            .iter()
            .filter(|other| shared(other, thin) >= -NEAR_METRES)
            .map(|other| shared(other, across).max(0.0) * shared(other, along).max(0.0))
            .sum();
        covered >= COVERED_SHARE * size[across] * size[along]
    }

    /// True when it begins below somebody's feet.
    fn is_under(&self, feet: Vec3) -> bool {
        let is_within = |axis: usize| self.low[axis] <= feet[axis] && feet[axis] <= self.high[axis];
        is_within(0) && is_within(2) && self.low.y <= feet.y + NEAR_METRES
    }
}
