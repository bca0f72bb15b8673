//! What of a mesh depends on the node that draws it.

use super::skin_of;
use scene::{MeshIndex, NodeIndex, Scene};
use std::collections::BTreeSet;

/// How a node draws its mesh. A mesh is built once for each form in which it is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Form {
    /// Bent by joints. The engine draws a mesh whose vertices name joints only with a skin, and any other only without:
    /// what does not fit ends the program.
    pub(crate) is_skinned: bool,
}

/// The forms in which a scene draws its meshes.
pub(crate) struct Forms<'s> {
    scene: &'s Scene,
}

impl<'s> Forms<'s> {
    pub(crate) fn new(scene: &'s Scene) -> Self {
        Self { scene }
    }

    /// The form of what a node draws.
    pub(crate) fn of(&self, node: NodeIndex) -> Form {
        Form {
            is_skinned: skin_of(self.scene, &self.scene.nodes[node.index()]).is_some(),
        }
    }

    /// Every mesh that is drawn, in every form.
    pub(crate) fn all(&self) -> BTreeSet<(MeshIndex, Form)> {
        let nodes = &self.scene.nodes;
        let drawn = self.scene.visible_nodes().into_iter();
        let with_levels = drawn.flat_map(|node| {
            let levels = nodes[node.index()].levels.nodes.iter().copied();
            std::iter::once(node).chain(levels)
        });
        with_levels
            .filter_map(|node| Some((nodes[node.index()].mesh?, self.of(node))))
            .collect()
    }
}
