//! Physics of the canonical scene: one model for OMI_physics_* and KHR_physics_rigid_bodies with KHR_implicit_shapes.
//! Defaults that differ between the dialects were filled in by the reader.

use crate::description::scene::{MeshIndex, Node, NodeIndex, Scene, Transform};
use glam::{Quat, Vec3};

/// What nodes refer to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhysicsWorld {
    /// Shapes, by index.
    pub shapes: Vec<Shape>,
    /// Surface materials, by index.
    pub materials: Vec<SurfaceMaterial>,
    /// Collision filters, by index.
    pub filters: Vec<CollisionFilter>,
    /// Joint descriptions, by index.
    pub joints: Vec<JointDescription>,
    /// OMI_physics_gravity of the whole world, metres a second squared.
    pub gravity: Option<Vec3>,
    /// True when the file uses either dialect; otherwise its drawn meshes are the colliders.
    pub is_described: bool,
}

/// A solid form in its node's space, centred at the origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Full edge lengths, metres.
    Box(Vec3),
    /// Radius, metres.
    Sphere(f32),
    /// Along Y.
    Capsule {
        /// Between the centres of the caps, metres.
        height: f32,
        /// Radius at the top, metres.
        radius_top: f32,
        /// Radius at the bottom, metres.
        radius_bottom: f32,
    },
    /// Along Y.
    Cylinder {
        /// Metres.
        height: f32,
        /// Radius at the top, metres.
        radius_top: f32,
        /// Radius at the bottom, metres.
        radius_bottom: f32,
    },
    /// Facing +Y; unlimited where a size is absent.
    Plane {
        /// Metres along X.
        size_x: Option<f32>,
        /// Metres along Z.
        size_z: Option<f32>,
        /// Solid from below as well.
        is_double_sided: bool,
    },
    /// Convex hull of a mesh's vertices.
    ConvexMesh(MeshIndex),
    /// The triangles of a mesh.
    TriangleMesh(MeshIndex),
}

impl Shape {
    /// True of a capsule or cylinder whose radii differ.
    #[must_use]
    pub fn is_tapered(&self) -> bool {
        match *self {
            Self::Capsule {
                radius_top,
                radius_bottom,
                ..
            }
            | Self::Cylinder {
                radius_top,
                radius_bottom,
                ..
            } => (radius_top - radius_bottom).abs() >= 1e-5,
            _ => false,
        }
    }

    /// Half the edges of the box around it, which is about its origin; a plane without an end reaches `endless` metres. `None` for
    /// what is made of a mesh.
    #[must_use]
    pub fn half_extents(&self, endless: f32) -> Option<Vec3> {
        let half = |size: Option<f32>| size.map_or(endless, |size| size * 0.5);
        match *self {
            Self::Box(edges) => Some(edges * 0.5),
            Self::Sphere(radius) => Some(Vec3::splat(radius)),
            Self::Capsule {
                height,
                radius_top,
                radius_bottom,
            } => {
                let radius = radius_top.max(radius_bottom);
                Some(Vec3::new(radius, height * 0.5 + radius, radius))
            }
            Self::Cylinder {
                height,
                radius_top,
                radius_bottom,
            } => {
                let radius = radius_top.max(radius_bottom);
                Some(Vec3::new(radius, height * 0.5, radius))
            }
            Self::Plane { size_x, size_z, .. } => Some(Vec3::new(half(size_x), 0.0, half(size_z))),
            Self::ConvexMesh(_) | Self::TriangleMesh(_) => None,
        }
    }
}

/// What a collider is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Geometry {
    /// Index into [`PhysicsWorld::shapes`].
    Shape(u32),
    /// Meshes of a node and its descendants, as triangles or as one convex hull.
    NodeMeshes {
        /// The node.
        node: NodeIndex,
        /// Hull instead of triangles.
        is_convex_hull: bool,
    },
}

/// Physics of one node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodePhysics {
    /// Makes this node a body; its descendants without motion belong to it.
    pub motion: Option<Motion>,
    /// A solid part of the nearest body above, or of the fixed world.
    pub collider: Option<ColliderPart>,
    /// A part that only notices.
    pub trigger: Option<TriggerPart>,
    /// A joint between two bodies.
    pub joint: Option<NodeJoint>,
}

/// How a body moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// Which kind.
    pub kind: MotionKind,
    /// Kilograms; `None` is computed from volume, zero is unmovable.
    pub mass: Option<f32>,
    /// Centre of mass in node space; `None` is computed.
    pub center_of_mass: Option<Vec3>,
    /// Principal inertia; `None` is computed, a zero component is unmovable about that axis.
    pub inertia_diagonal: Option<Vec3>,
    /// Orientation of the principal axes.
    pub inertia_orientation: Quat,
    /// Metres a second, node space.
    pub linear_velocity: Vec3,
    /// Radians a second, node space.
    pub angular_velocity: Vec3,
    /// Factor of gravity.
    pub gravity_factor: f32,
}

impl Motion {
    /// True when forces move it: a mass of zero means that none does.
    #[must_use]
    pub fn is_moved_by_forces(&self) -> bool {
        self.kind == MotionKind::Dynamic && self.mass != Some(0.0)
    }

    /// True when the file states a velocity.
    #[must_use]
    pub fn has_velocity(&self) -> bool {
        self.linear_velocity != Vec3::ZERO || self.angular_velocity != Vec3::ZERO
    }
}

impl Scene {
    /// Adds a root node that is solid and not drawn, as worlds made by programs have them.
    pub fn add_solid(
        &mut self,
        transform: Transform,
        shape: Shape,
        motion: Option<Motion>,
    ) -> NodeIndex {
        self.physics.is_described = true;
        self.physics.shapes.push(shape);
        let collider = ColliderPart {
            geometry: Geometry::Shape(self.physics.shapes.len() as u32 - 1),
            material: None,
            filter: None,
        };
        let node = NodeIndex(self.nodes.len() as u32);
        self.roots.push(node);
        self.nodes.push(Node {
            transform,
            physics: NodePhysics {
                motion,
                collider: Some(collider),
                ..NodePhysics::default()
            },
            ..Node::default()
        });
        node
    }
}

/// What an empty `motion` of `KHR_physics_rigid_bodies` means: a body at rest that falls, its mass that of its volume.
impl Default for Motion {
    fn default() -> Self {
        Self {
            kind: MotionKind::Dynamic,
            mass: None,
            center_of_mass: None,
            inertia_diagonal: None,
            inertia_orientation: Quat::IDENTITY,
            linear_velocity: Vec3::ZERO,
            angular_velocity: Vec3::ZERO,
            gravity_factor: 1.0,
        }
    }
}

/// Kinds of body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotionKind {
    /// Never moves.
    Static,
    /// Moved by animation only.
    Kinematic,
    /// Moved by forces.
    Dynamic,
}

/// A solid part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColliderPart {
    /// Its form.
    pub geometry: Geometry,
    /// Index into [`PhysicsWorld::materials`].
    pub material: Option<u32>,
    /// Index into [`PhysicsWorld::filters`].
    pub filter: Option<u32>,
}

/// A part that notices.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerPart {
    /// Its form; `None` when it is made of other nodes.
    pub geometry: Option<Geometry>,
    /// Nodes whose triggers form this one, each once.
    pub nodes: Vec<NodeIndex>,
    /// Index into [`PhysicsWorld::filters`].
    pub filter: Option<u32>,
}

/// Friction and bounce of a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceMaterial {
    /// While at rest.
    pub static_friction: f32,
    /// While sliding.
    pub dynamic_friction: f32,
    /// 0 does not bounce, 1 bounces fully.
    pub restitution: f32,
    /// How two frictions become one.
    pub friction_combine: Combine,
    /// How two restitutions become one.
    pub restitution_combine: Combine,
}

impl Default for SurfaceMaterial {
    fn default() -> Self {
        Self {
            static_friction: 0.6,
            dynamic_friction: 0.6,
            restitution: 0.0,
            friction_combine: Combine::Average,
            restitution_combine: Combine::Average,
        }
    }
}

/// How two values become one; of two different rules the one named first here wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Combine {
    /// Mean.
    Average,
    /// Smaller.
    Minimum,
    /// Larger.
    Maximum,
    /// Product.
    Multiply,
}

/// Which systems a collider belongs to and meets. Both sides must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollisionFilter {
    /// Systems that it belongs to.
    pub systems: Vec<String>,
    /// Meets only these, when given.
    pub collide_with: Option<Vec<String>>,
    /// Meets all but these, when given.
    pub not_collide_with: Option<Vec<String>>,
}

/// A joint on a node: the node's transform is the attachment frame in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeJoint {
    /// Index into [`PhysicsWorld::joints`].
    pub joint: u32,
    /// Its transform is the attachment frame in the other body.
    pub connected_node: NodeIndex,
    /// Do the two bodies collide?
    pub is_colliding: bool,
}

/// What a joint allows; axes without a limit are free.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JointDescription {
    /// Limits.
    pub limits: Vec<JointLimit>,
    /// Motors.
    pub drives: Vec<JointDrive>,
}

/// Bounds of one or more axes together.
#[derive(Clone, Debug, PartialEq)]
pub struct JointLimit {
    /// 0 x, 1 y, 2 z.
    pub linear_axes: Vec<u8>,
    /// 0 x, 1 y, 2 z.
    pub angular_axes: Vec<u8>,
    /// Metres or radians; unbounded when absent.
    pub min: Option<f32>,
    /// Metres or radians; unbounded when absent.
    pub max: Option<f32>,
    /// Soft limit; rigid when absent.
    pub stiffness: Option<f32>,
    /// Damping of a soft limit.
    pub damping: f32,
}

/// A motor on one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JointDrive {
    /// Angular instead of linear.
    pub is_angular: bool,
    /// Independent of mass.
    pub is_acceleration: bool,
    /// 0 x, 1 y, 2 z.
    pub axis: u8,
    /// Newton or newton metres; unlimited when absent.
    pub max_force: Option<f32>,
    /// Metres or radians.
    pub position_target: f32,
    /// Metres or radians a second.
    pub velocity_target: f32,
    /// Force a metre or radian of error.
    pub stiffness: f32,
    /// Force a metre or radian a second of error.
    pub damping: f32,
}

/// Gravity inside a trigger (OMI_physics_gravity).
#[derive(Clone, Debug, PartialEq)]
pub struct GravityField {
    /// Which way it pulls, in its node's space.
    pub kind: GravityKind,
    /// Metres a second squared; negative pushes away.
    pub strength: f32,
    /// Metres from the centre at which it has its strength, and beyond which it falls with the square; 0 is constant.
    pub unit_distance: f32,
    /// Higher ones count first.
    pub priority: i32,
    /// Drops what was summed before it.
    pub is_replacing: bool,
    /// Nothing after it counts.
    pub is_last: bool,
}

/// Which way a field pulls.
#[derive(Clone, Debug, PartialEq)]
pub enum GravityKind {
    /// Along a unit vector.
    Directional(Vec3),
    /// To the node's origin.
    Point,
    /// To the nearest point of a disc of this radius about Y.
    Disc(f32),
    /// To the nearest point of a circle of this radius about Y.
    Torus(f32),
    /// To the nearest point of a line through points.
    Line(Vec<Vec3>),
    /// To the nearest point of a shape's surface; index into [`PhysicsWorld::shapes`].
    Shaped(u32),
}
