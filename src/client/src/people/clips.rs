//! The animation set: VRMA clips, read once, sampled as normalised rotations that fit any humanoid.

use super::pose::CLIPS;
use crate::app::Config;
use bevy::prelude::*;
use scene::{AvatarClip, NoSideFiles, NodeIndex, Purpose, Sample, Scene};
use std::collections::BTreeMap;

/// A clip made ready for retargeting.
pub(super) struct Clip {
    clip: AvatarClip,
    /// For each bone: its channels, rest rotation, and rest rotation of its parent in world space.
    bones: BTreeMap<String, ClipBone>,
    /// Height of the hips above the ground at rest, metres.
    hips_height: f32,
}

struct ClipBone {
    channels: Vec<usize>,
    rest: Quat,
    parent_in_world: Quat,
}

/// All clips, in the order of [`CLIPS`]; missing ones are not played.
#[derive(Resource, Default)]
pub(super) struct Clips(pub(super) Vec<Option<Clip>>);

/// A bone's pose in a clip.
pub(super) struct BonePose {
    /// Rotation away from the T-pose, in world axes.
    pub(super) normalized: Quat,
    /// Way of the hips from their rest place, in hip heights.
    pub(super) hips: Option<Vec3>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Clips>().add_systems(Startup, read);
}

fn read(config: Res<Config>, mut clips: ResMut<Clips>) {
    let folder = config.0.assets.join("animations");
    clips.0 = CLIPS
        .iter()
        .map(|name| {
            let path = folder.join(format!("{name}.vrma"));
            let bytes = scene::read_bounded(&path, Purpose::AnimationClip.limit())
                .map_err(|error| tracing::warn!("{error}"))
                .ok()?;
            let clip = scene::load_avatar_clip(&bytes, &NoSideFiles)
                .map_err(|error| tracing::warn!("{}: {error}", path.display()))
                .ok()?;
            Some(Clip::new(clip))
        })
        .collect();
}

/// Rotation of a node in world space at rest.
pub(super) fn rest_in_world(scene: &Scene, node: Option<NodeIndex>) -> Quat {
    let Some(node) = node else {
        return Quat::IDENTITY;
    };
    let (_, rotation, _) = scene.world_from_node(node).to_scale_rotation_translation();
    if rotation.is_finite() {
        rotation.normalize()
    } else {
        Quat::IDENTITY
    }
}

impl Clip {
    fn new(clip: AvatarClip) -> Self {
        let channels_of = |node: NodeIndex| {
            clip.animation
                .channels
                .iter()
                .enumerate()
                .filter(|(_, channel)| channel.node == node)
                .map(|(index, _)| index)
                .collect()
        };
        let bones = clip
            .bones
            .iter()
            .map(|(name, &node)| {
                let described = &clip.scene.nodes[node.index()];
                let bone = ClipBone {
                    channels: channels_of(node),
                    rest: described.transform.rotation,
                    parent_in_world: rest_in_world(&clip.scene, described.parent),
                };
                (name.clone(), bone)
            })
            .collect();
        let hips_height = clip
            .bones
            .get("hips")
            .map_or(1.0, |&hips| clip.scene.world_from_node(hips).translation.y)
            .max(0.05);
        Self {
            clip,
            bones,
            hips_height,
        }
    }

    /// Length in seconds.
    pub(super) fn duration_secs(&self) -> f32 {
        self.clip.animation.duration_secs.max(1e-3)
    }

    /// A bone's pose at a time; `None` when the clip does not move it.
    pub(super) fn sample(&self, bone: &str, secs: f32) -> Option<BonePose> {
        let described = self
            .bones
            .get(bone)
            .filter(|bone| !bone.channels.is_empty())?;
        let mut pose = BonePose {
            normalized: Quat::IDENTITY,
            hips: None,
        };
        for &channel in &described.channels {
            match self.clip.animation.channels[channel].sample(secs) {
                Sample::Rotation(rotation) => {
                    let parent = described.parent_in_world;
                    pose.normalized =
                        (parent * rotation * described.rest.inverse() * parent.inverse())
                            .normalize();
                }
                Sample::Translation(translation) if bone == "hips" => {
                    let node = self.clip.bones["hips"];
                    let rest = self.clip.scene.nodes[node.index()].transform.translation;
                    pose.hips =
                        Some(described.parent_in_world * (translation - rest) / self.hips_height);
                }
                _ => {}
            }
        }
        Some(pose)
    }
}
