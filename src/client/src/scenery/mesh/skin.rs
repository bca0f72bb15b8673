//! Skins in the engine.

use super::super::spawn::engine_transform;
use bevy::{
    mesh::skinning::{SkinnedMesh, SkinnedMeshInverseBindposes},
    prelude::*,
};
use scene::{Node, NodeIndex, Scene};
use std::collections::BTreeMap;

/// The skins of one spawned scene; each is made once, however many nodes wear it.
pub(crate) struct Skins<'s> {
    scene: &'s Scene,
    root: Entity,
    entities: &'s BTreeMap<NodeIndex, Entity>,
    made: BTreeMap<usize, SkinnedMesh>,
}

impl<'s> Skins<'s> {
    pub(crate) fn new(
        scene: &'s Scene,
        root: Entity,
        entities: &'s BTreeMap<NodeIndex, Entity>,
    ) -> Self {
        Self {
            scene,
            root,
            entities,
            made: BTreeMap::new(),
        }
    }

    /// What bends the mesh of a node, if anything does. A joint that is not drawn stands still where the file has it.
    pub(crate) fn of(
        &mut self,
        commands: &mut Commands<'_, '_>,
        node: &Node,
        bind_poses: impl FnOnce(usize) -> Handle<SkinnedMeshInverseBindposes>,
    ) -> Option<SkinnedMesh> {
        let skin = skin_of(self.scene, node)?;
        if let Some(made) = self.made.get(&skin) {
            return Some(made.clone());
        }
        let joints = self.scene.skins[skin].joints.iter();
        let joints = joints.map(|&joint| {
            let drawn = self.entities.get(&joint).copied();
            drawn.unwrap_or_else(|| {
                let world = self.scene.world_from_node(joint);
                let still = scene::Transform::from_matrix(&Mat4::from(world));
                let place = engine_transform(&still);
                let bundle = (place, Visibility::Inherited, ChildOf(self.root));
                commands.spawn(bundle).id()
            })
        });
        let made = SkinnedMesh {
            joints: joints.collect(),
            inverse_bindposes: bind_poses(skin),
        };
        self.made.insert(skin, made.clone());
        Some(made)
    }
}

/// Index of a node's skin when its mesh can be bent by it.
pub(crate) fn skin_of(scene: &Scene, node: &Node) -> Option<usize> {
    let skin = node.skin?.index();
    let mesh = node.mesh?;
    let has_joints = scene.meshes[mesh.index()]
        .primitives
        .iter()
        .any(|primitive| !primitive.joints.is_empty());
    (has_joints && skin < scene.skins.len()).then_some(skin)
}
