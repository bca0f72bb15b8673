//! The nodes of one avatar while it moves: where each is, relative to its parent and in the world.

use crate::description::scene::{NodeIndex, Scene, Transform};
use glam::{Affine3A, Quat, Vec3};
use std::collections::BTreeSet;

/// Transforms of all nodes of a scene, at rest and now.
#[derive(Clone, Debug)]
pub struct Skeleton {
    /// Nodes of the default scene, parents before children.
    order: Vec<NodeIndex>,
    parents: Vec<Option<NodeIndex>>,
    rest: Vec<Transform>,
    rest_in_model: Vec<Quat>,
    local: Vec<Transform>,
    world: Vec<Affine3A>,
    rotation: Vec<Quat>,
    world_from_model: (Vec3, Quat),
}

impl Skeleton {
    /// At rest, with the model at the origin of the world.
    #[must_use]
    pub fn new(scene: &Scene) -> Self {
        let rest: Vec<Transform> = scene.nodes.iter().map(|node| node.transform).collect();
        let mut skeleton = Self {
            order: scene.nodes_in_scene(),
            parents: scene.nodes.iter().map(|node| node.parent).collect(),
            local: rest.clone(),
            world: vec![Affine3A::IDENTITY; rest.len()],
            rotation: vec![Quat::IDENTITY; rest.len()],
            rest_in_model: Vec::new(),
            rest,
            world_from_model: (Vec3::ZERO, Quat::IDENTITY),
        };
        skeleton.place(Vec3::ZERO, Quat::IDENTITY);
        skeleton.rest_in_model = skeleton.rotation.clone();
        skeleton
    }

    /// The node above.
    #[must_use]
    pub fn parent(&self, node: NodeIndex) -> Option<NodeIndex> {
        self.parents[node.index()]
    }

    /// Relative to the parent, at rest.
    #[must_use]
    pub fn rest(&self, node: NodeIndex) -> &Transform {
        &self.rest[node.index()]
    }

    /// Rotation at rest in axes of the model; that of the model itself for `None`.
    #[must_use]
    pub fn rest_in_model(&self, node: Option<NodeIndex>) -> Quat {
        node.map_or(Quat::IDENTITY, |node| self.rest_in_model[node.index()])
    }

    /// Relative to the parent, now.
    #[must_use]
    pub fn local(&self, node: NodeIndex) -> &Transform {
        &self.local[node.index()]
    }

    /// Turns a node; its place in the world follows with [`Self::place`] or [`Self::refresh`].
    pub fn set_rotation(&mut self, node: NodeIndex, rotation: Quat) {
        self.local[node.index()].rotation = rotation;
    }

    /// Moves a node; its place in the world follows with [`Self::place`] or [`Self::refresh`].
    pub fn set_translation(&mut self, node: NodeIndex, translation: Vec3) {
        self.local[node.index()].translation = translation;
    }

    /// Turns a node so that its rotation away from the T-pose, in axes parallel to the model's, is this one.
    pub fn set_normalised_rotation(&mut self, node: NodeIndex, normalised: Quat) {
        let parent = self.rest_in_model(self.parent(node));
        let rest = self.rest(node).rotation;
        self.set_rotation(
            node,
            (parent.inverse() * normalised * parent * rest).normalize(),
        );
    }

    /// Places the model in the world and every node with it.
    pub fn place(&mut self, position: Vec3, rotation: Quat) {
        self.world_from_model = (position, rotation);
        for index in 0..self.order.len() {
            self.refresh(self.order[index]);
        }
    }

    /// Places one node by its parent's place.
    pub fn refresh(&mut self, node: NodeIndex) {
        let local = self.local[node.index()];
        let (parent, turn) = self.parent_in_world(node);
        self.world[node.index()] = parent * local.affine();
        self.rotation[node.index()] = turn * local.rotation;
    }

    /// Places a node and everything above it, but for what is `fresh` already: it is after this call.
    pub fn refresh_path(&mut self, node: NodeIndex, fresh: &mut BTreeSet<NodeIndex>) {
        let mut path = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.filter(|node| fresh.insert(*node)) {
            path.push(node);
            next = self.parent(node);
        }
        for node in path.into_iter().rev() {
            self.refresh(node);
        }
    }

    /// From a node's space to the world.
    #[must_use]
    pub fn world(&self, node: NodeIndex) -> Affine3A {
        self.world[node.index()]
    }

    /// A node's rotation in the world.
    #[must_use]
    pub fn world_rotation(&self, node: NodeIndex) -> Quat {
        self.rotation[node.index()]
    }

    /// Space and rotation of what a node hangs from.
    #[must_use]
    pub fn parent_in_world(&self, node: NodeIndex) -> (Affine3A, Quat) {
        match self.parent(node) {
            Some(parent) => (self.world[parent.index()], self.rotation[parent.index()]),
            None => {
                let (position, rotation) = self.world_from_model;
                (
                    Affine3A::from_rotation_translation(rotation, position),
                    rotation,
                )
            }
        }
    }
}
