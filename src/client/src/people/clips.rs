//! The animation set: VRMA clips, read once, sampled as normalised rotations that fit any humanoid.

use super::pose::CLIPS;
use crate::app::Config;
use bevy::prelude::*;
use scene::{AvatarClip, Gaze, NoSideFiles, NodeIndex, Purpose, Sample, Scene};
use std::collections::BTreeMap;

/// A clip made ready for retargeting.
pub(super) struct Clip {
    clip: AvatarClip,
    /// For each bone: its channels, rest rotation, and rest rotation of its parent in world space.
    bones: BTreeMap<String, ClipBone>,
    /// Channels of the nodes whose X is the weight of an expression, by its name.
    expressions: BTreeMap<String, Vec<usize>>,
    /// Channels of the node whose rotation is the gaze.
    gaze: Vec<usize>,
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
    pub(super) fn new(clip: AvatarClip) -> Self {
        let channels_of = |node: NodeIndex| -> Vec<usize> {
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
        let expressions = clip.expressions.iter();
        let expressions = expressions.map(|(name, &node)| (name.clone(), channels_of(node)));
        Self {
            expressions: expressions.collect(),
            gaze: clip.look_at.map(channels_of).unwrap_or_default(),
            clip,
            bones,
            hips_height,
        }
    }

    /// Expressions with their weights at a time (VRMC_vrm_animation: the X of a node).
    pub(super) fn expressions(&self, secs: f32) -> impl Iterator<Item = (&str, f32)> {
        self.expressions.iter().map(move |(name, channels)| {
            let moved = channels.iter().find_map(|&channel| {
                match self.clip.animation.channels[channel].sample(secs) {
                    Sample::Translation(way) => Some(way.x),
                    _ => None,
                }
            });
            let rest = || {
                let node = self.clip.expressions[name];
                self.clip.scene.nodes[node.index()].transform.translation.x
            };
            (name.as_str(), moved.unwrap_or_else(rest).clamp(0.0, 1.0))
        })
    }

    /// Where it looks at a time; straight on where it does not say.
    pub(super) fn gaze(&self, secs: f32) -> Gaze {
        let turned = self.gaze.iter().find_map(|&channel| {
            match self.clip.animation.channels[channel].sample(secs) {
                Sample::Rotation(rotation) => Some(Gaze::along(rotation * Vec3::Z)),
                _ => None,
            }
        });
        turned.unwrap_or_default()
    }

    /// A bone's rotation away from the T-pose, in world axes, and the way of the hips; that of the T-pose where the clip does not
    /// move it.
    pub(super) fn pose(&self, bone: &str, secs: f32) -> (Quat, Option<Vec3>) {
        let sampled = self.sample(bone, secs);
        sampled.map_or((Quat::IDENTITY, None), |pose| (pose.normalized, pose.hips))
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

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use std::f32::consts::FRAC_PI_2;

    /// A second in which the hips go up by their height and turn, somebody becomes happy and looks to their left.
    fn clip() -> Clip {
        let turn = Quat::from_rotation_y(FRAC_PI_2).to_array();
        let rows: [&[f32]; 6] = [
            &[0.0, 1.0],
            &[0.0, 1.0, 0.0, 0.0, 2.0, 0.0],
            &[0.0, 0.0, 0.0, 1.0],
            &turn,
            &[0.0; 3],
            &[2.0, 0.0, 0.0],
        ];
        let floats: Vec<u8> = rows
            .concat()
            .iter()
            .flat_map(|own| own.to_le_bytes())
            .collect();
        let accessor = |offset: usize, count: usize, kind: &str| serde_json::json!({ "bufferView": 0, "byteOffset": offset * 4, "componentType": 5126, "count": count, "type": kind });
        let mut times = accessor(0, 2, "SCALAR");
        (times["min"], times["max"]) = (serde_json::json!([0]), serde_json::json!([1]));
        let sampler = |output: usize| serde_json::json!({ "input": 0, "output": output });
        let channel = |sampler: usize, node: usize, path: &str| serde_json::json!({ "sampler": sampler, "target": { "node": node, "path": path } });
        let document = serde_json::json!({
            "asset": { "version": "2.0" },
            "scene": 0, "scenes": [{ "nodes": [0, 1, 2, 3] }],
            "nodes": [{ "translation": [0, 1, 0] }, {}, {}, { "translation": [0.25, 0, 0] }],
            "extensionsUsed": ["VRMC_vrm_animation"],
            "extensions": { "VRMC_vrm_animation": {
                "specVersion": "1.0",
                "humanoid": { "humanBones": { "hips": { "node": 0 } } },
                "expressions": { "preset": { "happy": { "node": 1 } }, "custom": { "smug": { "node": 3 } } },
                "lookAt": { "node": 2 },
            } },
            "animations": [{
                "channels": [
                    channel(0, 0, "translation"), channel(1, 0, "rotation"), channel(2, 1, "translation"),
                    channel(1, 2, "rotation"),
                ],
                "samplers": [sampler(1), sampler(2), sampler(3)],
            }],
            "accessors": [times, accessor(2, 2, "VEC3"), accessor(8, 2, "VEC4"), accessor(16, 2, "VEC3")],
            "bufferViews": [{ "buffer": 0, "byteLength": floats.len() }],
            "buffers": [{
                "byteLength": floats.len(),
                "uri": format!("data:application/octet-stream;base64,{}", STANDARD.encode(&floats)),
            }],
        });
        let bytes = serde_json::to_vec(&document).unwrap();
        Clip::new(scene::load_avatar_clip(&bytes, &NoSideFiles).unwrap())
    }

    #[test]
    fn a_clip_moves_bones_expressions_and_gaze() {
        let clip = clip();
        let (turned, hips) = clip.pose("hips", 1.0);
        assert!(turned.angle_between(Quat::from_rotation_y(FRAC_PI_2)) < 1e-3);
        assert!(hips.unwrap().distance(Vec3::Y) < 1e-5);
        assert_eq!(clip.pose("head", 1.0), (Quat::IDENTITY, None));
        let weights = |secs| clip.expressions(secs).collect::<Vec<_>>();
        assert_eq!(weights(0.25), [("happy", 0.5), ("smug", 0.25)]);
        assert_eq!(weights(1.0)[0], ("happy", 1.0), "weights end at one");
        let gaze = clip.gaze(0.5);
        assert!((gaze.yaw_degrees - 45.0).abs() < 0.1, "{gaze:?}");
        assert!(gaze.pitch_degrees.abs() < 0.1);
    }
}
