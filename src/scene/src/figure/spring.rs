//! VRMC_springBone: hair and cloth that swing. Verlet steps as the specification writes them; where it counts in steps
//! we count in sixtieths of a second, so that hair is as stiff at 144 pictures a second as at 60.

use super::skeleton::Skeleton;
use crate::{
    description::{
        avatar::{SpringChain, SpringCollider, SpringJoint, Springs},
        scene::NodeIndex,
    },
    limits::{MAX_SPRING_CONTACTS, MAX_SPRING_JOINTS},
};
use glam::{Affine3A, Quat, Vec3};
use std::collections::{BTreeMap, BTreeSet};

/// Steps a second for which stiffness and drag are meant.
const STEPS_PER_SECOND: f32 = 60.0;
/// Longest step in seconds: after a pause hair goes on, it does not explode.
const LONGEST_STEP_SECS: f32 = 1.0 / 30.0;
/// Most steps of one update; what is left of a longer pause is forgotten.
const MOST_STEPS: u32 = 3;

/// Hair and cloth of one figure in motion.
#[derive(Clone, Debug, Default)]
pub struct SpringMotion {
    chains: Vec<ChainMotion>,
    /// Colliders that some chain meets.
    colliders: Vec<usize>,
    last_step_secs: f32,
    is_settled: bool,
}

#[derive(Clone, Debug)]
struct ChainMotion {
    joints: Vec<JointMotion>,
    /// Places among those that some chain meets.
    colliders: Vec<usize>,
    center: Option<NodeIndex>,
}

#[derive(Clone, Debug)]
struct JointMotion {
    joint: SpringJoint,
    /// Nodes between what moved or was placed before and this joint, whose places are out of date.
    path: Vec<NodeIndex>,
    /// The next joint in this one's space, at rest.
    tail: Vec3,
    /// Where the tail is and was, in the chain's centre space.
    now: Vec3,
    before: Vec3,
}

/// A collider in the world.
struct Body {
    from: Vec3,
    to: Vec3,
    radius: f32,
    is_inside: bool,
    normal: Option<Vec3>,
}

impl SpringMotion {
    /// At rest. Chains beyond [`MAX_SPRING_JOINTS`] or [`MAX_SPRING_CONTACTS`] stay stiff.
    #[must_use]
    pub fn new(springs: &Springs, skeleton: &Skeleton) -> Self {
        let (mut joints, mut contacts) = (0, 0);
        let mut chosen: Vec<&SpringChain> = springs
            .chains
            .iter()
            .filter(|chain| !chain.joints.is_empty())
            .filter(|chain| {
                joints += chain.joints.len();
                contacts += chain.joints.len() * chain.colliders.len();
                joints <= MAX_SPRING_JOINTS && contacts <= MAX_SPRING_CONTACTS
            })
            .collect();
        // A chain that hangs from another comes after it.
        chosen.sort_by_key(|chain| {
            let first = chain.joints.first().map(|joint| joint.node);
            ancestors(skeleton, first).len()
        });
        let mut fresh = BTreeSet::new();
        let mut places = BTreeMap::new();
        let mut colliders = Vec::new();
        let chains = chosen
            .into_iter()
            .map(|chain| {
                let joints = joints_of(chain, skeleton, &mut fresh);
                let met = chain
                    .colliders
                    .iter()
                    .filter(|collider| !joints.is_empty() && **collider < springs.colliders.len());
                let met = met.map(|&collider| {
                    *places.entry(collider).or_insert_with(|| {
                        colliders.push(collider);
                        colliders.len() - 1
                    })
                });
                ChainMotion {
                    colliders: met.collect(),
                    joints,
                    center: chain.center,
                }
            })
            .filter(|chain| !chain.joints.is_empty())
            .collect();
        Self {
            chains,
            colliders,
            last_step_secs: 1.0 / STEPS_PER_SECOND,
            is_settled: false,
        }
    }

    /// True when nothing swings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chains.iter().all(|chain| chain.joints.is_empty())
    }

    /// Forgets all motion: for a figure that was put elsewhere.
    pub fn reset(&mut self) {
        self.is_settled = false;
    }

    /// Goes on by `secs` and turns the joints. Places in the world are those of the last [`Skeleton::place`]; those of the
    /// joints are brought up to date.
    pub fn advance(&mut self, springs: &Springs, skeleton: &mut Skeleton, secs: f32) {
        if !self.is_settled {
            self.settle(skeleton);
        }
        if secs.is_nan() || secs <= 0.0 {
            return;
        }
        let steps = (secs / LONGEST_STEP_SECS).ceil().min(MOST_STEPS as f32) as u32;
        let step_secs = (secs / steps as f32).min(LONGEST_STEP_SECS);
        let bodies: Vec<Body> = self
            .colliders
            .iter()
            .filter_map(|collider| springs.colliders.get(*collider))
            .map(|collider| Body::of(collider, skeleton))
            .collect();
        for _ in 0..steps {
            let stretch = step_secs / self.last_step_secs;
            for chain in &mut self.chains {
                chain.step(skeleton, &bodies, step_secs, stretch);
            }
            self.last_step_secs = step_secs;
        }
    }

    /// Puts all tails where they are at rest.
    fn settle(&mut self, skeleton: &mut Skeleton) {
        for chain in &mut self.chains {
            let world_from_center = center(skeleton, chain.center);
            for joint in &mut chain.joints {
                joint.refresh(skeleton);
                let rest = skeleton.rest(joint.joint.node).rotation;
                skeleton.set_rotation(joint.joint.node, rest);
                skeleton.refresh(joint.joint.node);
                let tail = skeleton
                    .world(joint.joint.node)
                    .transform_point3(joint.tail);
                joint.now = world_from_center.inverse().transform_point3(tail);
                joint.before = joint.now;
            }
        }
        self.last_step_secs = 1.0 / STEPS_PER_SECOND;
        self.is_settled = true;
    }
}

impl ChainMotion {
    fn step(&mut self, skeleton: &mut Skeleton, bodies: &[Body], secs: f32, stretch: f32) {
        let world_from_center = center(skeleton, self.center);
        let center_from_world = world_from_center.inverse();
        let steps = secs * STEPS_PER_SECOND;
        for motion in &mut self.joints {
            motion.refresh(skeleton);
            let joint = &motion.joint;
            let rest = skeleton.rest(joint.node).rotation;
            skeleton.set_rotation(joint.node, rest);
            skeleton.refresh(joint.node);
            let at_rest = skeleton.world(joint.node);
            let head = Vec3::from(at_rest.translation);
            let bone = at_rest.transform_vector3(motion.tail);
            let length = bone.length();
            let axis = skeleton.world_rotation(joint.node) * motion.tail.normalize_or(Vec3::Y);
            let now = world_from_center.transform_point3(motion.now);
            let before = world_from_center.transform_point3(motion.before);
            let inertia = (now - before) * stretch * (1.0 - joint.drag_force).powf(steps);
            let pull = axis * joint.stiffness + joint.gravity_direction * joint.gravity_power;
            let keep = |tail: Vec3| head + (tail - head).normalize_or(axis) * length;
            let mut next = keep(now + inertia + pull * secs * steps);
            for &index in &self.colliders {
                if let Some(pushed) = bodies
                    .get(index)
                    .and_then(|body| body.push(next, joint.hit_radius))
                {
                    next = keep(pushed);
                }
            }
            if !next.is_finite() {
                next = head + axis * length;
            }
            motion.before = motion.now;
            motion.now = center_from_world.transform_point3(next);
            let way = at_rest.inverse().transform_point3(next);
            let turn = Quat::from_rotation_arc(
                motion.tail.normalize_or(Vec3::Y),
                way.normalize_or(motion.tail.normalize_or(Vec3::Y)),
            );
            skeleton.set_rotation(joint.node, (rest * turn).normalize());
            skeleton.refresh(joint.node);
        }
    }
}

impl JointMotion {
    fn refresh(&self, skeleton: &mut Skeleton) {
        for &node in &self.path {
            skeleton.refresh(node);
        }
    }
}

impl Body {
    fn of(collider: &SpringCollider, skeleton: &Skeleton) -> Self {
        let world = skeleton.world(collider.node);
        let scale = world.matrix3.determinant().abs().cbrt();
        let from = world.transform_point3(collider.offset);
        Self {
            from,
            to: collider
                .tail
                .map_or(from, |tail| world.transform_point3(tail)),
            radius: collider.radius * scale,
            is_inside: collider.is_inside,
            normal: collider
                .plane_normal
                .map(|normal| skeleton.world_rotation(collider.node) * normal),
        }
    }

    /// Where a ball goes that must not be in the collider, or must not leave it; `None` when it is well placed.
    fn push(&self, point: Vec3, hit_radius: f32) -> Option<Vec3> {
        if let Some(normal) = self.normal {
            let depth = hit_radius - (point - self.from).dot(normal);
            return (depth > 0.0).then(|| point + normal * depth);
        }
        let along = self.to - self.from;
        let share = (point - self.from).dot(along) / along.length_squared().max(f32::MIN_POSITIVE);
        let nearest = self.from + along * share.clamp(0.0, 1.0);
        let way = point - nearest;
        let distance = way.length();
        if self.is_inside {
            let room = self.radius - hit_radius;
            (distance > room).then(|| nearest + way.normalize_or_zero() * room.max(0.0))
        } else {
            let room = self.radius + hit_radius;
            (distance < room).then(|| nearest + way.normalize_or(Vec3::Y) * room)
        }
    }
}

fn joints_of(
    chain: &SpringChain,
    skeleton: &Skeleton,
    fresh: &mut BTreeSet<NodeIndex>,
) -> Vec<JointMotion> {
    let mut joints = Vec::new();
    for pair in chain.joints.windows(2) {
        let (joint, next) = (pair[0], pair[1].node);
        // The way from the next joint up to this one; a chain that leaves its branch ends there.
        let above = ancestors(skeleton, Some(next));
        let Some(between) = above.iter().position(|&node| node == joint.node) else {
            break;
        };
        let tail = above[..between]
            .iter()
            .fold(skeleton.rest(next).translation, |tail, &node| {
                skeleton.rest(node).affine().transform_point3(tail)
            });
        if tail.length_squared() < 1e-12 {
            continue;
        }
        let mut path: Vec<NodeIndex> = Vec::new();
        let up = ancestors(skeleton, Some(joint.node));
        if let Some(last) = up.iter().position(|node| fresh.contains(node)) {
            path.extend(up[..last].iter().rev());
        }
        // Each joint places what is above it, so that the next one on the same way need not.
        fresh.extend(&path);
        if !fresh.insert(joint.node) {
            // What was placed below it is out of date once it swings.
            fresh.retain(|&node| !ancestors(skeleton, Some(node)).contains(&joint.node));
        }
        joints.push(JointMotion {
            joint,
            path,
            tail,
            now: Vec3::ZERO,
            before: Vec3::ZERO,
        });
    }
    joints
}

/// Nodes above a node, nearest first.
fn ancestors(skeleton: &Skeleton, node: Option<NodeIndex>) -> Vec<NodeIndex> {
    let mut above = Vec::new();
    let mut next = node.and_then(|node| skeleton.parent(node));
    while let Some(node) = next {
        above.push(node);
        next = skeleton.parent(node);
    }
    above
}

fn center(skeleton: &Skeleton, node: Option<NodeIndex>) -> Affine3A {
    let world = node.map_or(Affine3A::IDENTITY, |node| skeleton.world(node));
    if world.inverse().is_finite() {
        world
    } else {
        Affine3A::IDENTITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::scene::{Node, Scene, Transform};

    /// Three nodes in a row along X, 10 cm apart, the first at a height of one metre; a fourth stands there by itself.
    fn strand() -> Skeleton {
        let node = |number: u32, translation| Node {
            parent: number.checked_sub(1).filter(|_| number < 3).map(NodeIndex),
            children: (number < 2)
                .then_some(NodeIndex(number + 1))
                .into_iter()
                .collect(),
            transform: Transform {
                translation,
                ..Transform::default()
            },
            ..Node::default()
        };
        Skeleton::new(&Scene {
            nodes: vec![
                node(0, Vec3::Y),
                node(1, Vec3::X * 0.1),
                node(2, Vec3::X * 0.1),
                node(3, Vec3::Y),
            ],
            roots: vec![NodeIndex(0), NodeIndex(3)],
            ..Scene::default()
        })
    }

    const BALL: SpringCollider = SpringCollider {
        node: NodeIndex(3),
        offset: Vec3::ZERO,
        tail: None,
        radius: 0.05,
        is_inside: false,
        plane_normal: None,
    };

    fn springs(stiffness: f32, gravity_power: f32, drag_force: f32) -> Springs {
        let joint = |node| SpringJoint {
            node: NodeIndex(node),
            hit_radius: 0.01,
            stiffness,
            gravity_power,
            gravity_direction: Vec3::NEG_Y,
            drag_force,
        };
        Springs {
            colliders: Vec::new(),
            chains: vec![SpringChain {
                joints: (0..3).map(joint).collect(),
                colliders: Vec::new(),
                center: None,
            }],
        }
    }

    /// Goes on for some seconds and gives where the end of the strand is.
    fn swing(
        springs: &Springs,
        skeleton: &mut Skeleton,
        motion: &mut SpringMotion,
        secs: f32,
    ) -> Vec3 {
        for _ in 0..(secs * 60.0) as u32 {
            skeleton.place(Vec3::ZERO, Quat::IDENTITY);
            motion.advance(springs, skeleton, 1.0 / 60.0);
        }
        skeleton.refresh_path(NodeIndex(2), &mut BTreeSet::new());
        skeleton.world(NodeIndex(2)).translation.into()
    }

    fn settled(springs: &Springs) -> Vec3 {
        let mut skeleton = strand();
        let mut motion = SpringMotion::new(springs, &skeleton);
        swing(springs, &mut skeleton, &mut motion, 4.0)
    }

    #[test]
    fn one_step_is_the_one_of_the_specification() {
        let springs = springs(0.0, 0.6, 0.4);
        let mut skeleton = strand();
        let mut motion = SpringMotion::new(&springs, &skeleton);
        motion.advance(&springs, &mut skeleton, 1.0 / 60.0);
        // From (0.1, 1, 0): down by 0.6 / 60, then back to 10 cm from the joint.
        let expected = Vec3::Y + Vec3::new(0.1, -0.01, 0.0).normalize_or_zero() * 0.1;
        let tail = skeleton.world(NodeIndex(0)).transform_point3(Vec3::X * 0.1);
        assert!(tail.abs_diff_eq(expected, 1e-6), "{tail}");
        motion.advance(&springs, &mut skeleton, 1.0 / 60.0);
        let moved = expected - Vec3::new(0.1, 1.0, 0.0);
        let next = expected + moved * 0.6 + Vec3::NEG_Y * 0.01;
        let next = Vec3::Y + (next - Vec3::Y).normalize_or_zero() * 0.1;
        let tail = skeleton.world(NodeIndex(0)).transform_point3(Vec3::X * 0.1);
        assert!(tail.abs_diff_eq(next, 1e-6), "{tail}");
    }

    #[test]
    fn gravity_pulls_down_and_stiffness_holds() {
        let limp = settled(&springs(0.0, 1.0, 0.4));
        assert!(limp.abs_diff_eq(Vec3::new(0.0, 0.8, 0.0), 0.01), "{limp}");
        let stiff = settled(&springs(4.0, 0.0, 0.4));
        assert!(stiff.abs_diff_eq(Vec3::new(0.2, 1.0, 0.0), 1e-4), "{stiff}");
    }

    #[test]
    fn colliders_push_out_or_keep_in() {
        let with = |collider: SpringCollider| {
            let mut springs = springs(0.0, 1.0, 0.4);
            springs.colliders.push(collider);
            springs.chains[0].colliders.push(0);
            settled(&springs)
        };
        let ball = BALL;
        let plane = SpringCollider {
            plane_normal: Some(Vec3::Y),
            ..ball
        };
        let mut skeleton = strand();
        let body = Body::of(&plane, &skeleton);
        let pushed = body.push(Vec3::new(0.3, 0.9, 0.0), 0.01).unwrap();
        assert!(pushed.abs_diff_eq(Vec3::new(0.3, 1.01, 0.0), 1e-6));
        let body = Body::of(
            &SpringCollider {
                is_inside: true,
                ..ball
            },
            &skeleton,
        );
        let kept = body.push(Vec3::new(0.2, 1.0, 0.0), 0.01).unwrap();
        assert!(kept.abs_diff_eq(Vec3::new(0.04, 1.0, 0.0), 1e-6));
        assert_eq!(body.push(Vec3::new(0.02, 1.0, 0.0), 0.01), None);
        let capsule = SpringCollider {
            tail: Some(Vec3::Z),
            ..ball
        };
        let body = Body::of(&capsule, &skeleton);
        let pushed = body.push(Vec3::new(0.02, 1.0, 0.5), 0.01).unwrap();
        assert!(pushed.abs_diff_eq(Vec3::new(0.06, 1.0, 0.5), 1e-6));
        skeleton.place(Vec3::X, Quat::IDENTITY);
        // A ball under the strand bends it aside.
        let below = with(SpringCollider {
            offset: Vec3::new(0.02, -0.2, 0.0),
            ..ball
        });
        let free = with(SpringCollider {
            radius: 0.0,
            offset: Vec3::X * 9.0,
            ..ball
        });
        assert!(below.distance(free) > 0.02, "{below} {free}");
    }

    #[test]
    fn rest_at_another_rate_is_the_same_and_a_pause_explodes_nothing() {
        let springs = springs(0.5, 0.5, 0.4);
        let expected = settled(&springs);
        let mut skeleton = strand();
        let mut motion = SpringMotion::new(&springs, &skeleton);
        for secs in std::iter::repeat_n(1.0 / 144.0, 600).chain([30.0, f32::NAN]) {
            skeleton.place(Vec3::ZERO, Quat::IDENTITY);
            motion.advance(&springs, &mut skeleton, secs);
        }
        skeleton.refresh_path(NodeIndex(2), &mut BTreeSet::new());
        let end = Vec3::from(skeleton.world(NodeIndex(2)).translation);
        assert!(end.abs_diff_eq(expected, 2e-3), "{end} {expected}");
    }

    #[test]
    fn a_center_takes_its_own_motion_out_and_a_reset_takes_all() {
        let lag = |center: Option<NodeIndex>, is_reset: bool| {
            let mut springs = springs(0.1, 0.0, 0.0);
            springs.chains[0].center = center;
            // The strand hangs from a node that does not swing.
            springs.chains[0].joints.remove(0);
            let mut skeleton = strand();
            let mut motion = SpringMotion::new(&springs, &skeleton);
            motion.advance(&springs, &mut skeleton, 1.0 / 60.0);
            skeleton.place(Vec3::Z * 0.05, Quat::IDENTITY);
            if is_reset {
                motion.reset();
            }
            motion.advance(&springs, &mut skeleton, 1.0 / 60.0);
            skeleton.refresh_path(NodeIndex(2), &mut BTreeSet::new());
            let world = skeleton.world(NodeIndex(2)).translation.z;
            0.05 - world
        };
        assert!(lag(None, false) > 0.02);
        assert!(lag(Some(NodeIndex(0)), false).abs() < 1e-4);
        assert!(lag(None, true).abs() < 1e-4);
    }

    #[test]
    fn too_many_joints_or_contacts_stay_stiff() {
        let mut springs = springs(0.0, 1.0, 0.4);
        springs.chains[0].colliders = vec![0; MAX_SPRING_CONTACTS];
        assert!(SpringMotion::new(&springs, &strand()).is_empty());
        springs.chains[0].colliders.clear();
        assert!(!SpringMotion::new(&springs, &strand()).is_empty());
        let joint = springs.chains[0].joints[0];
        springs.chains[0].joints = vec![joint; MAX_SPRING_JOINTS + 1];
        assert!(SpringMotion::new(&springs, &strand()).is_empty());
    }

    #[test]
    fn ways_to_joints_are_placed_once_and_colliders_only_where_some_chain_meets_them() {
        // A strand of 100 nodes, the first of which swings, and 50 pairs of nodes at its end.
        let (trunk, tufts) = (100u32, 50u32);
        let node = |parent: Option<u32>| Node {
            parent: parent.map(NodeIndex),
            transform: Transform {
                translation: Vec3::X * 0.1,
                ..Transform::default()
            },
            ..Node::default()
        };
        let mut nodes: Vec<Node> = (0..trunk)
            .map(|number| node(number.checked_sub(1)))
            .collect();
        for tuft in 0..tufts {
            nodes.extend([node(Some(trunk - 1)), node(Some(trunk + 2 * tuft))]);
        }
        let count = nodes.len();
        let skeleton = Skeleton::new(&Scene {
            nodes,
            ..Scene::default()
        });
        let joint = springs(1.0, 0.0, 0.5).chains[0].joints[0];
        let chain = |first: u32| SpringChain {
            joints: [first, first + 1]
                .map(|node| SpringJoint {
                    node: NodeIndex(node),
                    ..joint
                })
                .to_vec(),
            colliders: vec![7, 7, 3],
            center: None,
        };
        let firsts = (0..tufts).map(|tuft| trunk + 2 * tuft);
        let springs = Springs {
            colliders: vec![BALL; 8],
            chains: [0].into_iter().chain(firsts).map(chain).collect(),
        };
        let motion = SpringMotion::new(&springs, &skeleton);
        let joints = motion.chains.iter().flat_map(|chain| &chain.joints);
        let placed: usize = joints.map(|joint| joint.path.len()).sum();
        assert!((trunk as usize - 2..count).contains(&placed), "{placed}");
        assert_eq!(motion.colliders, [7, 3]);
        assert_eq!(motion.chains[1].colliders, [0, 0, 1]);
    }
}
