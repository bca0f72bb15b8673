//! Little worlds of boxes, and people who walk in them tick by tick.

use glam::{Quat, Vec2, Vec3};
use scene::{
    Animation, Channel, Interpolation, JointDescription, JointLimit, Mesh, Motion, MotionKind,
    Node, NodeIndex, NodeJoint, Primitive, Scene, Shape, SurfaceMaterial, Topology, Track,
    Transform,
};
use simulation::{AvatarInput, AvatarMotion, Role, Simulation, WorldRules};
use std::sync::Arc;

/// Builds little worlds of boxes.
#[derive(Clone, Default)]
pub(crate) struct Boxes(pub(crate) Scene);

impl Boxes {
    pub(crate) fn with_floor() -> Self {
        Self::default().fixed(
            Vec3::new(0.0, -0.5, 0.0),
            Vec3::new(60.0, 1.0, 60.0),
            Quat::IDENTITY,
        )
    }

    pub(crate) fn add(
        mut self,
        position: Vec3,
        rotation: Quat,
        shape: Shape,
        motion: Option<Motion>,
    ) -> Self {
        let place = Transform {
            translation: position,
            rotation,
            scale: Vec3::ONE,
        };
        self.0.add_solid(place, shape, motion);
        self
    }

    pub(crate) fn fixed(self, position: Vec3, size: Vec3, rotation: Quat) -> Self {
        self.add(position, rotation, Shape::Box(size), None)
    }

    /// A box that an animation may move.
    pub(crate) fn platform(self, position: Vec3, size: Vec3) -> Self {
        self.add(
            position,
            Quat::IDENTITY,
            Shape::Box(size),
            Some(motion(MotionKind::Kinematic, 1.0)),
        )
    }

    pub(crate) fn dynamic(self, position: Vec3, shape: Shape, mass: f32) -> Self {
        self.add(
            position,
            Quat::IDENTITY,
            shape,
            Some(motion(MotionKind::Dynamic, mass)),
        )
    }

    /// Index of the node that was added last.
    pub(crate) fn last(&self) -> NodeIndex {
        NodeIndex(self.0.nodes.len() as u32 - 1)
    }

    /// An empty node: below another, or in the world.
    pub(crate) fn empty(mut self, parent: Option<NodeIndex>, position: Vec3) -> Self {
        let index = NodeIndex(self.0.nodes.len() as u32);
        match parent {
            Some(parent) => self.0.nodes[parent.index()].children.push(index),
            None => self.0.roots.push(index),
        }
        self.0.nodes.push(Node {
            parent,
            transform: Transform {
                translation: position,
                ..Transform::default()
            },
            ..Node::default()
        });
        self
    }

    /// A hinge on node `from` that carries node `to`, about one axis, within an angle either way.
    pub(crate) fn hinge(mut self, from: NodeIndex, to: NodeIndex, axis: u8, angle: f32) -> Self {
        let limit = |linear: &[u8], angular: &[u8], angle: f32| JointLimit {
            linear_axes: linear.to_vec(),
            angular_axes: angular.to_vec(),
            min: Some(-angle),
            max: Some(angle),
            stiffness: None,
            damping: 0.0,
        };
        let others: Vec<u8> = (0..3).filter(|other| *other != axis).collect();
        self.0.physics.joints.push(JointDescription {
            limits: vec![
                limit(&[0, 1, 2], &[], 0.0),
                limit(&[], &others, 0.0),
                limit(&[], &[axis], angle),
            ],
            drives: Vec::new(),
        });
        self.0.nodes[from.index()].physics.joint = Some(NodeJoint {
            joint: self.0.physics.joints.len() as u32 - 1,
            connected_node: to,
            is_colliding: false,
        });
        self
    }

    /// Gives the last node's collider a surface.
    pub(crate) fn with_surface(mut self, surface: SurfaceMaterial) -> Self {
        self.0.physics.materials.push(surface);
        let material = self.0.physics.materials.len() as u32 - 1;
        let last = self.last();
        if let Some(part) = &mut self.0.nodes[last.index()].physics.collider {
            part.material = Some(material);
        }
        self
    }

    /// Moves the last node along keys of (seconds, place), looping.
    pub(crate) fn moved(mut self, keys: &[(f32, Vec3)]) -> Self {
        let node = self.last();
        self.0.animations.push(Animation {
            name: format!("moves {}", node.0),
            duration_secs: keys.last().map_or(1.0, |key| key.0),
            channels: vec![Channel {
                node,
                times: keys.iter().map(|key| key.0).collect(),
                interpolation: Interpolation::Linear,
                track: Track::Translation(keys.iter().map(|key| key.1).collect()),
            }],
            ..Animation::default()
        });
        self
    }

    pub(crate) fn build(self, role: Role) -> Simulation {
        let mut simulation = Simulation::new(Arc::new(self.0), WorldRules { gravity: 9.81 }, role);
        simulation.step();
        simulation
    }
}

/// A mesh of one primitive that says where its corners are, and nothing else.
pub(crate) fn mesh(positions: Vec<Vec3>, indices: Vec<u32>) -> Mesh {
    let primitive = Primitive {
        topology: Topology::Triangles,
        positions,
        normals: Vec::new(),
        tangents: Vec::new(),
        uv_sets: Vec::new(),
        colors: Vec::new(),
        joints: Vec::new(),
        joint_weights: Vec::new(),
        indices,
        targets: Vec::new(),
        material: None,
        variants: Vec::new(),
        splats: Vec::new(),
    };
    Mesh {
        primitives: vec![primitive],
        ..Mesh::default()
    }
}

pub(crate) fn motion(kind: MotionKind, mass: f32) -> Motion {
    Motion {
        kind,
        mass: Some(mass),
        ..Motion::default()
    }
}

/// Walks straight on for some ticks; the obstacle follows, as on the server.
pub(crate) fn walk(
    simulation: &mut Simulation,
    avatar: &mut AvatarMotion,
    input: AvatarInput,
    ticks: u32,
) {
    let obstacle = simulation.add_avatar(avatar.position);
    for _ in 0..ticks {
        simulation.advance_avatar(avatar, &input);
        simulation.move_avatar(obstacle, avatar.position);
        simulation.set_avatar_crouching(obstacle, avatar.is_crouching);
        simulation.push_around(avatar.position, avatar.is_crouching);
        simulation.step();
    }
    simulation.remove_avatar(obstacle);
}

pub(crate) fn forward() -> AvatarInput {
    AvatarInput {
        walk: Vec2::Y,
        ..AvatarInput::default()
    }
}

pub(crate) fn standing(simulation: &mut Simulation, position: Vec3) -> AvatarMotion {
    let mut avatar = AvatarMotion::at(position, 0.0);
    walk(simulation, &mut avatar, AvatarInput::default(), 30);
    assert!(avatar.is_grounded, "{avatar:?}");
    avatar
}
