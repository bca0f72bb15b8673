//! Bodies that the file animates: moving platforms, lifts, doors. Their poses are a function of the tick alone, so that
//! server and clients agree without a word.

use glam::{Affine3A, Quat, Vec3};
use protocol::{TICKS_PER_SECOND, limits::MAX_BODIES};
use scene::{NodeIndex, Sample, Scene, Track, Transform};
use std::collections::BTreeMap;

/// Most bodies that animations move; what belongs to further ones is not solid.
pub(crate) const MAX_ANIMATED_BODIES: usize = MAX_BODIES;
/// Most nodes that are moved in each tick: these bodies, and animated nodes above them.
const MAX_MOVED_NODES: usize = 10_000;
/// Most animated nodes above each other that move a body.
const MAX_MOVED_DEPTH: usize = 64;

/// Poses of animated nodes at a tick.
pub(crate) struct AnimatedNodes {
    /// For each animated node: its channels as (animation, channel), at most one for each of place, rotation and scale.
    channels: BTreeMap<NodeIndex, Vec<(usize, usize)>>,
    /// Bodies and what moves them, parents first, so that each node is reckoned once a tick.
    moved: Vec<Moved>,
    place_in_moved: BTreeMap<NodeIndex, usize>,
    bodies: usize,
}

/// A node that is moved in each tick.
struct Moved {
    node: NodeIndex,
    /// The nearest above it, by its place in the list.
    above: Option<usize>,
    depth: usize,
    /// From the space of the node's parent to that of the node `above`, or to the world: nothing between them moves.
    above_from_parent: Affine3A,
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
        Self {
            channels,
            moved: Vec::new(),
            place_in_moved: BTreeMap::new(),
            bodies: 0,
        }
    }

    /// True when an animation moves the node itself.
    pub(crate) fn is_animated(&self, node: NodeIndex) -> bool {
        self.channels.contains_key(&node)
    }

    /// Moves a body's node from now on. False when that would be too much in a tick.
    pub(crate) fn carry(&mut self, scene: &Scene, node: NodeIndex) -> bool {
        if self.bodies >= MAX_ANIMATED_BODIES {
            return false;
        }
        // From the node upwards: what moves, and what stands still between that and what moves next.
        let mut links = vec![(node, Affine3A::IDENTITY)];
        let mut top = self.place_in_moved.get(&node).copied();
        if top.is_some() {
            links.clear();
        }
        let mut next = scene.nodes[node.index()].parent.filter(|_| top.is_none());
        while let Some(index) = next {
            top = self.place_in_moved.get(&index).copied();
            if top.is_some() {
                break;
            }
            let parent = &scene.nodes[index.index()];
            if self.is_animated(index) {
                links.push((index, Affine3A::IDENTITY));
            } else if let Some((_, still)) = links.last_mut() {
                *still = parent.transform.affine() * *still;
            }
            next = parent.parent;
        }
        let depth = top.map_or(0, |top| self.moved[top].depth);
        if self.moved.len() + links.len() > MAX_MOVED_NODES || depth + links.len() > MAX_MOVED_DEPTH
        {
            return false;
        }
        for (node, above_from_parent) in links.into_iter().rev() {
            self.place_in_moved.insert(node, self.moved.len());
            self.moved.push(Moved {
                node,
                above: top,
                depth: top.map_or(0, |top| self.moved[top].depth) + 1,
                above_from_parent,
            });
            top = Some(self.moved.len() - 1);
        }
        self.bodies += 1;
        true
    }

    /// Position and rotation in world space at a tick, of each node that is moved.
    pub(crate) fn poses(&self, scene: &Scene, tick: u64) -> Vec<(NodeIndex, (Vec3, Quat))> {
        let mut worlds: Vec<Affine3A> = Vec::with_capacity(self.moved.len());
        for moved in &self.moved {
            let above = moved
                .above
                .map_or(Affine3A::IDENTITY, |above| worlds[above]);
            worlds.push(above * self.above_from_node(scene, moved, tick));
        }
        let nodes = self.moved.iter().map(|moved| moved.node);
        nodes.zip(worlds.iter().map(pose_of)).collect()
    }

    /// The same of one node that is moved.
    pub(crate) fn pose(&self, scene: &Scene, node: NodeIndex, tick: u64) -> Option<(Vec3, Quat)> {
        let first = self.moved.get(*self.place_in_moved.get(&node)?);
        let links = std::iter::successors(first, |link| Some(&self.moved[link.above?]));
        let links: Vec<Affine3A> = links
            .map(|link| self.above_from_node(scene, link, tick))
            .collect();
        let down = links.into_iter().rev();
        let world = down.fold(Affine3A::IDENTITY, |above, link| above * link);
        Some(pose_of(&world))
    }

    fn above_from_node(&self, scene: &Scene, moved: &Moved, tick: u64) -> Affine3A {
        moved.above_from_parent * self.local(scene, moved.node, tick).affine()
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

fn pose_of(world: &Affine3A) -> (Vec3, Quat) {
    let (_, rotation, translation) = world.to_scale_rotation_translation();
    let rotation = if rotation.is_finite() {
        rotation.normalize()
    } else {
        Quat::IDENTITY
    };
    (translation, rotation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{Animation, Channel, Interpolation, Node};

    /// So many animated nodes below each other, with a node that stands still above each, and so many bodies below the last; and the
    /// first of the bodies.
    fn chain(animated: u32, bodies: u32) -> (Scene, NodeIndex) {
        let mut scene = Scene::default();
        let first = animated * 2;
        for index in 0..first + bodies {
            let parent = index.min(first).checked_sub(1).map(NodeIndex);
            scene.nodes.push(Node {
                parent,
                transform: Transform {
                    translation: Vec3::X,
                    rotation: Quat::from_rotation_y(0.1),
                    ..Transform::default()
                },
                ..Node::default()
            });
        }
        let channels = (0..animated).map(|index| Channel {
            node: NodeIndex(index * 2 + 1),
            times: vec![0.0, 1.0],
            interpolation: Interpolation::Linear,
            track: Track::Translation(vec![Vec3::ZERO, Vec3::Y]),
        });
        scene.animations.push(Animation {
            channels: channels.collect(),
            duration_secs: 1.0,
            ..Animation::default()
        });
        (scene, NodeIndex(first))
    }

    #[test]
    fn what_moves_many_bodies_is_reckoned_once_a_tick() {
        let (scene, first) = chain(20, 100);
        let mut animated = AnimatedNodes::new(&scene);
        for body in first.0..first.0 + 100 {
            assert!(animated.carry(&scene, NodeIndex(body)));
        }
        let poses = animated.poses(&scene, 30);
        assert_eq!(poses.len(), 20 + 100);
        for (node, pose) in poses {
            assert_eq!(animated.pose(&scene, node, 30), Some(pose));
        }
        // Half a second of each: half way up instead of aside.
        let (start, _) = animated.pose(&scene, NodeIndex(1), 30).unwrap();
        assert!(start.distance(Vec3::new(1.0, 0.5, 0.0)) < 1e-5, "{start}");
    }

    #[test]
    fn a_body_below_too_much_that_moves_does_not_move() {
        let (scene, first) = chain(MAX_MOVED_DEPTH as u32, 1);
        assert!(!AnimatedNodes::new(&scene).carry(&scene, first));
        let (scene, first) = chain(MAX_MOVED_DEPTH as u32 - 1, MAX_ANIMATED_BODIES as u32 + 1);
        let mut animated = AnimatedNodes::new(&scene);
        let bodies = first.0..scene.nodes.len() as u32;
        let carried = bodies.filter(|&body| animated.carry(&scene, NodeIndex(body)));
        assert_eq!(carried.count(), MAX_ANIMATED_BODIES);

        // Ten more nodes than may be, in chains of ten.
        let (mut scene, _) = chain(MAX_MOVED_NODES as u32 + 10, 0);
        for node in &mut scene.nodes {
            node.parent = node.parent.filter(|parent| parent.0 % 20 != 19);
        }
        let mut animated = AnimatedNodes::new(&scene);
        let ends = (19..scene.nodes.len() as u32).step_by(20);
        let carried = ends.filter(|&end| animated.carry(&scene, NodeIndex(end)));
        assert_eq!(carried.count(), MAX_MOVED_NODES / 10);
    }
}
