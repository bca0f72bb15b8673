//! What a scene asks for once its references are multiplied out: nodes share meshes, meshes are drawn many times, and
//! colliders look for meshes below nodes. All sums stop at the largest number instead of going over it.

use super::{
    physics::{Geometry, GravityKind, MotionKind, Shape},
    scene::{Mesh, MeshIndex, Node, NodeIndex, Primitive, Scene, Topology},
};
use crate::limits::{MAX_HULL_VERTICES, MAX_TAPERED_POINTS};

/// A splat is drawn as an icosahedron.
const TRIANGLES_OF_A_SPLAT: usize = 20;

/// What is drawn of a scene, its levels of detail included. The line around a drawn look (MToon) is not: it draws a primitive once
/// more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Primitives, at each place at which they are drawn.
    pub parts: u64,
    /// Triangles, lines and points at once: of a node and its levels, those of whichever has most.
    pub pieces: u64,
    /// Joints and morph weights, of each part anew.
    pub bends: u64,
}

impl Drawn {
    fn plus(self, other: Self) -> Self {
        Self {
            parts: self.parts.saturating_add(other.parts),
            pieces: self.pieces.saturating_add(other.pieces),
            bends: self.bends.saturating_add(other.bends),
        }
    }
}

/// What colliders, triggers and gravity fields of a scene are built from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Solid {
    /// Colliders and triggers, and the volumes of gravity fields; each mesh and instance below a node is one.
    pub colliders: u64,
    /// [`Mesh::solid_triangle_count`] of those of triangles.
    pub triangles: u64,
    /// Vertices around which there are hulls.
    pub hull_vertices: u64,
    /// Nodes and primitives among which they and joints look for their form and their place: below them, above them, and those that
    /// triggers are made of.
    pub looks: u64,
}

impl Solid {
    fn of_mesh(mesh: &Mesh) -> Self {
        let vertices = mesh.primitives.iter().map(|own| own.positions.len());
        Self {
            colliders: 1,
            triangles: mesh.solid_triangle_count(),
            hull_vertices: vertices.sum::<usize>().min(MAX_HULL_VERTICES) as u64,
            looks: mesh.primitives.len() as u64,
        }
    }

    /// With whether it is convex.
    fn of_shape(shape: Option<&Shape>, of_meshes: &[Self]) -> (Self, bool) {
        match shape {
            Some(Shape::TriangleMesh(mesh)) => (of_meshes[mesh.index()], false),
            Some(Shape::ConvexMesh(mesh)) => (of_meshes[mesh.index()], true),
            Some(shape) if shape.is_tapered() => {
                let own = Self {
                    hull_vertices: MAX_TAPERED_POINTS,
                    ..Self::default()
                };
                (own, true)
            }
            _ => (Self::default(), true),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            colliders: self.colliders.saturating_add(other.colliders),
            triangles: self.triangles.saturating_add(other.triangles),
            hull_vertices: self.hull_vertices.saturating_add(other.hull_vertices),
            looks: self.looks.saturating_add(other.looks),
        }
    }

    fn times(self, count: u64) -> Self {
        Self {
            colliders: self.colliders.saturating_mul(count),
            triangles: self.triangles.saturating_mul(count),
            hull_vertices: self.hull_vertices.saturating_mul(count),
            looks: self.looks.saturating_mul(count),
        }
    }
}

/// Triangles, lines or points of a primitive.
fn pieces(primitive: &Primitive) -> u64 {
    let corners = match primitive.topology {
        Topology::Triangles => 3,
        Topology::Lines => 2,
        Topology::Points => 1,
    };
    let pieces = primitive.indices.len() / corners;
    (pieces + primitive.splats.len() * TRIANGLES_OF_A_SPLAT) as u64
}

impl Mesh {
    /// Triangles that a collider of this mesh counts as: its own, or a third of their corners where these are more, since
    /// it holds the corners that no triangle uses as well.
    #[must_use]
    pub fn solid_triangle_count(&self) -> u64 {
        let triangles = (self.primitives.iter()).filter(|own| own.topology == Topology::Triangles);
        let corners: usize = triangles.map(|own| own.positions.len()).sum();
        self.triangle_count().max(corners as u64 / 3)
    }
}

impl Scene {
    /// What is drawn of the default scene.
    #[must_use]
    pub fn drawn(&self) -> Drawn {
        /// Of a mesh drawn once, and the joints that its primitives take from a skin.
        type OfMesh = (Drawn, u64);
        let of_mesh = |mesh: &Mesh| -> OfMesh {
            let morphing = mesh.primitives.iter().filter(|own| !own.targets.is_empty());
            let skinned = mesh.primitives.iter().filter(|own| !own.joints.is_empty());
            let drawn = Drawn {
                parts: mesh.primitives.len() as u64,
                pieces: mesh.primitives.iter().map(pieces).sum(),
                bends: (morphing.count() * mesh.weights.len()) as u64,
            };
            (drawn, skinned.count() as u64)
        };
        let of_meshes: Vec<OfMesh> = self.meshes.iter().map(of_mesh).collect();
        let at = |node: &Node| -> Drawn {
            let Some(mesh) = node.mesh else {
                return Drawn::default();
            };
            let (drawn, skinned) = of_meshes[mesh.index()];
            let skin = node.skin.and_then(|skin| self.skins.get(skin.index()));
            let joints = skin.map_or(0, |skin| skin.joints.len() as u64);
            let count = node.instances.len().max(1) as u64;
            Drawn {
                parts: drawn.parts.saturating_mul(count),
                pieces: drawn.pieces.saturating_mul(count),
                bends: (drawn.bends.saturating_add(joints * skinned)).saturating_mul(count),
            }
        };
        let of_node = |index: NodeIndex| {
            let node = &self.nodes[index.index()];
            let levels = node.levels.nodes.iter();
            let levels = levels.map(|level| at(&self.nodes[level.index()]));
            levels.fold(at(node), |all, level| Drawn {
                pieces: all.pieces.max(level.pieces),
                ..all.plus(level)
            })
        };
        let nodes = self.nodes_in_scene().into_iter();
        nodes.map(of_node).fold(Drawn::default(), Drawn::plus)
    }

    /// What colliders, triggers and gravity fields are built from.
    #[must_use]
    pub fn solid(&self) -> Solid {
        let of_meshes: Vec<Solid> = self.meshes.iter().map(Solid::of_mesh).collect();
        let at = |node: &Node| {
            let of_mesh = |mesh: MeshIndex| of_meshes[mesh.index()];
            let own = node.mesh.map(of_mesh).unwrap_or_default();
            let own = own.times(node.instances.len().max(1) as u64);
            Solid {
                looks: own.looks.saturating_add(1),
                ..own
            }
        };
        // Children stand after their parents in this order, so sums of subtrees come about from its end.
        let order = self.parents_first();
        let mut below: Vec<Solid> = self.nodes.iter().map(at).collect();
        for node in order.iter().rev() {
            if let Some(parent) = self.nodes[node.index()].parent {
                below[parent.index()] = below[parent.index()].plus(below[node.index()]);
            }
        }
        let mut is_falling = vec![false; self.nodes.len()];
        for node in &order {
            let described = &self.nodes[node.index()];
            is_falling[node.index()] = match &described.physics.motion {
                Some(motion) => motion.kind == MotionKind::Dynamic,
                None => (described.parent).is_some_and(|parent| is_falling[parent.index()]),
            };
        }
        let form = |geometry: &Geometry| match geometry {
            Geometry::NodeMeshes {
                node,
                is_convex_hull,
            } => (below[node.index()], *is_convex_hull),
            Geometry::Shape(shape) => {
                Solid::of_shape(self.physics.shapes.get(*shape as usize), &of_meshes)
            }
        };
        let mut all = Solid::default();
        let depths = self.depths(&order);
        for (own, is_falling) in (0..).map(NodeIndex).zip(is_falling) {
            let node = &self.nodes[own.index()];
            let collider = node.physics.collider.as_ref().map(|part| part.geometry);
            let trigger = self.trigger_geometry(node);
            let colliders = [(own, collider, false), (own, trigger, true)].into_iter();
            let volumes = self.field_geometries(own);
            let volumes = volumes.map(|(part, volume)| (part, volume, true));
            for (part, geometry, is_trigger) in colliders.chain(volumes) {
                let Some(geometry) = geometry else { continue };
                let (mut form, is_hull) = form(&geometry);
                form.colliders = form.colliders.max(1);
                form.looks = form.looks.saturating_add(depths[part.index()]);
                // Triggers are hulls. Of what falls the hull collides, unless an animation moves it: both count.
                if is_hull || is_trigger {
                    form.triangles = 0;
                } else if !is_falling {
                    form.hull_vertices = 0;
                }
                all = all.plus(form);
            }
            let parts = node.physics.trigger.as_ref().map(|part| part.nodes.len());
            let ends = node
                .physics
                .joint
                .map(|joint| depths[own.index()] + depths[joint.connected_node.index()]);
            let looks = parts.unwrap_or_default() as u64 + ends.unwrap_or_default();
            all.looks = all.looks.saturating_add(looks);
        }
        all
    }

    fn trigger_geometry(&self, node: &Node) -> Option<Geometry> {
        node.physics.trigger.as_ref()?.geometry
    }

    /// What a gravity field is made of: its own trigger and those that this is made of, and the body that it pulls to.
    fn field_geometries(
        &self,
        own: NodeIndex,
    ) -> impl Iterator<Item = (NodeIndex, Option<Geometry>)> {
        let node = &self.nodes[own.index()];
        let field = node.gravity.as_ref();
        let target = field.and_then(|field| match field.kind {
            GravityKind::Shaped(shape) => Some(Geometry::Shape(shape)),
            _ => None,
        });
        let parts = field.and(node.physics.trigger.as_ref());
        let parts = parts.into_iter().flat_map(|trigger| &trigger.nodes);
        let parts = parts.map(|part| (*part, self.trigger_geometry(&self.nodes[part.index()])));
        let trigger = field.and_then(|_| self.trigger_geometry(node));
        parts.chain([(own, trigger), (own, target)])
    }

    /// Nodes from the root of the tree to its deepest leaf.
    #[must_use]
    pub fn depth(&self) -> usize {
        let depths = self.depths(&self.parents_first());
        depths.into_iter().max().unwrap_or(0) as usize
    }

    /// Of each node: it and the nodes above it.
    fn depths(&self, parents_first: &[NodeIndex]) -> Vec<u64> {
        let mut depths = vec![1; self.nodes.len()];
        for node in parents_first {
            if let Some(parent) = self.nodes[node.index()].parent {
                depths[node.index()] = depths[parent.index()] + 1;
            }
        }
        depths
    }
}
