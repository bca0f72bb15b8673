//! Bodies that the file animates: moving platforms, lifts, doors. Their poses are a function of the tick alone, so that
//! server and clients agree without a word.

use glam::{Affine3A, Quat, Vec3};
use protocol::TICKS_PER_SECOND;
use scene::{NodeIndex, Sample, Scene, Track, Transform};
use std::collections::BTreeMap;

/// Poses of animated nodes at a tick.
pub(crate) struct AnimatedNodes {
    /// For each animated node: its channels as (animation, channel).
    channels: BTreeMap<NodeIndex, Vec<(usize, usize)>>,
}

impl AnimatedNodes {
    pub(crate) fn new(scene: &Scene) -> Self {
        let mut channels: BTreeMap<NodeIndex, Vec<(usize, usize)>> = BTreeMap::new();
        for animation in scene.ambient_animations() {
            for (index, channel) in scene.animations[animation].channels.iter().enumerate() {
                // Morph weights move no node.
                if matches!(channel.track, Track::Weights { .. } | Track::Weight { .. }) {
                    continue;
                }
                channels
                    .entry(channel.node)
                    .or_default()
                    .push((animation, index));
            }
        }
        Self { channels }
    }

    /// True when an animation moves the node itself.
    pub(crate) fn is_animated(&self, node: NodeIndex) -> bool {
        self.channels.contains_key(&node)
    }

    /// Position and rotation in world space at a tick.
    pub(crate) fn pose(&self, scene: &Scene, node: NodeIndex, tick: u64) -> (Vec3, Quat) {
        let mut world = Affine3A::IDENTITY;
        let mut next = Some(node);
        while let Some(node) = next {
            world = self.local(scene, node, tick).affine() * world;
            next = scene.nodes[node.index()].parent;
        }
        let (_, rotation, translation) = world.to_scale_rotation_translation();
        (
            translation,
            if rotation.is_finite() {
                rotation.normalize()
            } else {
                Quat::IDENTITY
            },
        )
    }

    fn local(&self, scene: &Scene, node: NodeIndex, tick: u64) -> Transform {
        let mut local = scene.nodes[node.index()].transform;
        for &(animation, channel) in self.channels.get(&node).into_iter().flatten() {
            let animation = &scene.animations[animation];
            let secs =
                (tick as f64 / f64::from(TICKS_PER_SECOND)) % f64::from(animation.duration_secs);
            match animation.channels[channel].sample(secs as f32) {
                Sample::Translation(value) => local.translation = value,
                Sample::Rotation(value) => local.rotation = value,
                Sample::Scale(value) => local.scale = value,
                Sample::Weights(_) | Sample::Weight(..) => {}
            }
        }
        local
    }
}
