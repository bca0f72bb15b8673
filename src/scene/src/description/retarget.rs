//! Moves an avatar by a clip that was made for another skeleton, through the normalised pose of VRM 1.0:
//! the rotation that a bone has beyond its rest pose, expressed in axes parallel to the model's.

use super::{
    animation::Sample,
    avatar::{Avatar, AvatarClip},
    scene::{NodeIndex, Scene},
};
use glam::{Quat, Vec3};
use std::collections::BTreeMap;

/// An avatar's pose at one moment of a clip.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AvatarPose {
    /// Local rotations of the avatar's own nodes, for the bones that the clip moves.
    pub rotations: Vec<(NodeIndex, Quat)>,
    /// Local translation of the avatar's hips, scaled by the height of its hips, when the clip moves them.
    pub hips_translation: Option<(NodeIndex, Vec3)>,
    /// Weights of expressions, 0 to 1.
    pub expressions: BTreeMap<String, f32>,
    /// Rotation of the gaze in the head's space.
    pub gaze: Option<Quat>,
}

impl AvatarClip {
    /// The pose of `avatar` at a time in seconds from the clip's start.
    #[must_use]
    pub fn pose(&self, avatar: &Avatar, secs: f32) -> AvatarPose {
        let mut pose = AvatarPose::default();
        for channel in &self.animation.channels {
            let sample = channel.sample(secs);
            if let Some((name, bone)) = find(&self.bones, channel.node) {
                let Some(&target) = avatar.bones.get(name) else {
                    continue;
                };
                match sample {
                    Sample::Rotation(rotation) => {
                        let rotation = retarget(&self.scene, bone, rotation, &avatar.scene, target);
                        pose.rotations.push((target, rotation));
                    }
                    Sample::Translation(translation) if name == "hips" => {
                        pose.hips_translation =
                            Some((target, self.hips(bone, translation, &avatar.scene, target)));
                    }
                    _ => {}
                }
            } else if let Some((name, _)) = find(&self.expressions, channel.node) {
                if let Sample::Translation(weight) = sample {
                    pose.expressions
                        .insert(name.to_owned(), weight.x.clamp(0.0, 1.0));
                }
            } else if let (true, Sample::Rotation(rotation)) =
                (self.look_at == Some(channel.node), sample)
            {
                pose.gaze = Some(rotation);
            }
        }
        pose
    }

    /// The hips' place in the avatar: the clip's, scaled by the ratio of the heights of the hips at rest.
    fn hips(&self, bone: NodeIndex, moved: Vec3, scene: &Scene, target: NodeIndex) -> Vec3 {
        let clip_parent = parent_rest(&self.scene, bone);
        let avatar_parent = parent_rest(scene, target);
        let rest_height = self.scene.world_from_node(bone).translation.y;
        let target_height = scene.world_from_node(target).translation.y;
        let scale = if rest_height.abs() > 1.0e-4 {
            target_height / rest_height
        } else {
            1.0
        };
        let in_model = clip_parent.transform_point3(moved) * scale;
        let inverse = avatar_parent.inverse();
        if inverse.is_finite() {
            inverse.transform_point3(in_model)
        } else {
            in_model
        }
    }
}

fn find(names: &BTreeMap<String, NodeIndex>, node: NodeIndex) -> Option<(&str, NodeIndex)> {
    names
        .iter()
        .find(|(_, named)| **named == node)
        .map(|(name, node)| (name.as_str(), *node))
}

fn parent_rest(scene: &Scene, node: NodeIndex) -> glam::Affine3A {
    scene
        .nodes
        .get(node.index())
        .and_then(|node| node.parent)
        .map_or(glam::Affine3A::IDENTITY, |parent| {
            scene.world_from_node(parent)
        })
}

/// Rest rotations of a node's parent and of the node, in model space.
fn rest_rotations(scene: &Scene, node: NodeIndex) -> (Quat, Quat) {
    let mut chain = Vec::new();
    let mut next = Some(node);
    while let Some(node) = next.and_then(|index| scene.nodes.get(index.index())) {
        chain.push(node.transform.rotation);
        next = node.parent;
    }
    let parent = chain
        .iter()
        .skip(1)
        .rev()
        .fold(Quat::IDENTITY, |world, local| world * *local);
    let own = chain.first().copied().unwrap_or_default();
    (parent, parent * own)
}

fn retarget(from: &Scene, bone: NodeIndex, rotation: Quat, to: &Scene, target: NodeIndex) -> Quat {
    let (from_parent, from_own) = rest_rotations(from, bone);
    let (to_parent, to_own) = rest_rotations(to, target);
    let normalised = from_parent * rotation * from_own.inverse();
    (to_parent.inverse() * normalised * to_own).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Node, Transform};

    fn chain(rotations: &[Quat]) -> Scene {
        let nodes = rotations.iter().enumerate().map(|(index, rotation)| Node {
            parent: index.checked_sub(1).map(|parent| NodeIndex(parent as u32)),
            transform: Transform {
                rotation: *rotation,
                translation: Vec3::Y,
                ..Transform::default()
            },
            ..Node::default()
        });
        Scene {
            nodes: nodes.collect(),
            ..Scene::default()
        }
    }

    #[test]
    fn the_rest_pose_of_one_is_the_rest_pose_of_another() {
        let from = chain(&[Quat::from_rotation_x(0.4), Quat::from_rotation_z(1.0)]);
        let to = chain(&[Quat::from_rotation_y(0.7), Quat::from_rotation_x(-0.3)]);
        let rest = from.nodes[1].transform.rotation;
        let result = retarget(&from, NodeIndex(1), rest, &to, NodeIndex(1));
        assert!(result.abs_diff_eq(to.nodes[1].transform.rotation, 1.0e-5));
    }

    #[test]
    fn a_turn_about_a_model_axis_stays_one() {
        let from = chain(&[Quat::IDENTITY, Quat::IDENTITY]);
        let to = chain(&[Quat::from_rotation_y(0.7), Quat::from_rotation_x(-0.3)]);
        let turn = Quat::from_rotation_z(0.5);
        let local = retarget(&from, NodeIndex(1), turn, &to, NodeIndex(1));
        let (parent, own) = rest_rotations(&to, NodeIndex(1));
        assert!((parent * local).abs_diff_eq(turn * own, 1.0e-5));
    }
}
