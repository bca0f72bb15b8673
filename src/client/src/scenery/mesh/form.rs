//! What of a mesh depends on the node that draws it.

use super::skin_of;
use bevy::math::Affine3A;
use scene::{MeshIndex, NodeIndex, Scene, Skin, Transform};
use std::collections::BTreeSet;

/// How a node draws its mesh. A mesh is built once for each form in which it is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Form {
    /// Bent by joints. The engine draws a mesh whose vertices name joints only with a skin, and any other only without:
    /// what does not fit ends the program.
    pub(crate) is_skinned: bool,
    /// Mirrored by an odd number of negative scales, which turns a surface inside out: its triangles go round the other
    /// way (glTF 2.0, 3.7.4).
    pub(crate) is_mirrored: bool,
}

/// The forms in which a scene draws its meshes, in the file's pose.
pub(crate) struct Forms {
    /// From each node's space to the world's.
    worlds: Vec<Affine3A>,
}

impl Forms {
    /// Goes through all nodes: for a worker thread. The other functions are to be asked about the same scene.
    pub(crate) fn new(scene: &Scene) -> Self {
        let mut worlds = scene.world_transforms();
        for node in scene.nodes_in_scene() {
            let node = &scene.nodes[node.index()];
            // A level stands beside the node that it stands in for.
            let above = node.parent.map(|parent| worlds[parent.index()]);
            for level in &node.levels.nodes {
                let own = scene.nodes[level.index()].transform.affine();
                worlds[level.index()] = above.unwrap_or_default() * own;
            }
        }
        Self { worlds }
    }

    /// From a node's space to the world's.
    pub(crate) fn world_from_node(&self, node: NodeIndex) -> Affine3A {
        self.worlds[node.index()]
    }

    /// The form of what a node draws in a place of its own.
    pub(crate) fn of(&self, scene: &Scene, node: NodeIndex, place: &Transform) -> Form {
        let skin = skin_of(scene, &scene.nodes[node.index()]);
        let drawn = match skin {
            // Joints alone place what they bend.
            Some(skin) => self.bind(&scene.skins[skin]),
            None => self.worlds[node.index()] * place.affine(),
        };
        Form {
            is_skinned: skin.is_some(),
            is_mirrored: drawn.matrix3.determinant() < 0.0,
        }
    }

    /// From the space of a bound mesh to the world's, by the first joint.
    fn bind(&self, skin: &Skin) -> Affine3A {
        let joint = skin.joints.first().map(|joint| self.worlds[joint.index()]);
        let inverse = skin.inverse_bind_matrices.first().copied();
        joint.unwrap_or_default() * Affine3A::from_mat4(inverse.unwrap_or_default())
    }

    /// Every mesh that is drawn, in every form.
    pub(crate) fn all(&self, scene: &Scene) -> BTreeSet<(MeshIndex, Form)> {
        let nodes = &scene.nodes;
        let mut all = BTreeSet::new();
        for node in scene.nodes_in_scene() {
            let levels = nodes[node.index()].levels.nodes.iter().copied();
            for node in std::iter::once(node).chain(levels) {
                let described = &nodes[node.index()];
                let Some(mesh) = described.mesh else { continue };
                if described.instances.is_empty() {
                    all.insert((mesh, self.of(scene, node, &Transform::default())));
                }
                let instances = described.instances.iter();
                all.extend(instances.map(|place| (mesh, self.of(scene, node, place))));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::triangles;
    use super::*;
    use bevy::math::Vec3;
    use scene::{Node, SkinIndex};

    #[test]
    fn joints_decide_whether_what_they_bend_is_mirrored() {
        let mirrored = Transform {
            scale: Vec3::new(1.0, -1.0, 1.0),
            ..Transform::default()
        };
        for (worn, joint) in [(true, false), (false, true)] {
            let at = |is_mirrored| Node {
                skin: Some(SkinIndex(0)),
                transform: if is_mirrored {
                    mirrored
                } else {
                    Transform::default()
                },
                ..Node::default()
            };
            let mut scene = triangles(vec![at(worn), at(joint)], 1);
            scene.nodes[1].mesh = None;
            let form = Forms::new(&scene).of(&scene, NodeIndex(0), &Transform::default());
            assert!(form.is_skinned);
            assert_eq!(form.is_mirrored, joint);
        }
    }
}
