//! VRMC_node_constraint: nodes that follow others. Formulas: the specification's pages on roll, aim and rotation.

use super::skeleton::Skeleton;
use crate::description::{
    avatar::{ConstraintKind, NodeConstraint},
    scene::NodeIndex,
};
use glam::{Quat, Vec3};
use std::collections::BTreeSet;

/// Turns every node that follows another. `constraints` stand in the order of their dependencies, as the reader gives
/// them; places in the world are those of the last [`Skeleton::place`], and brought up to date where an aim needs it.
pub fn apply_constraints(constraints: &[NodeConstraint], skeleton: &mut Skeleton) {
    // Constraints above an aim's ends come before it, so that what is fresh stays so.
    let mut fresh = BTreeSet::new();
    for constraint in constraints {
        let rest = skeleton.rest(constraint.node).rotation;
        let target = match constraint.kind {
            ConstraintKind::Roll(axis) => roll(skeleton, constraint, axis),
            ConstraintKind::Rotation => rest * turn_of_source(skeleton, constraint),
            ConstraintKind::Aim(axis) => aim(skeleton, constraint, axis, &mut fresh),
        };
        let rotation = rest.slerp(target, constraint.weight);
        if rotation.is_finite() {
            skeleton.set_rotation(constraint.node, rotation.normalize());
            fresh.remove(&constraint.node);
        }
    }
}

/// How far the source has turned from its rest, in its own axes.
fn turn_of_source(skeleton: &Skeleton, constraint: &NodeConstraint) -> Quat {
    let rest = skeleton.rest(constraint.source).rotation;
    rest.inverse() * skeleton.local(constraint.source).rotation
}

fn roll(skeleton: &Skeleton, constraint: &NodeConstraint, axis: Vec3) -> Quat {
    let source_rest = skeleton.rest(constraint.source).rotation;
    let rest = skeleton.rest(constraint.node).rotation;
    let turn = source_rest * turn_of_source(skeleton, constraint) * source_rest.inverse();
    let turn = rest.inverse() * turn * rest;
    // What the turn does to the axis itself is taken out again: the rest is the roll.
    let bend = arc(axis, turn * axis);
    rest * bend.inverse() * turn
}

fn aim(
    skeleton: &mut Skeleton,
    constraint: &NodeConstraint,
    axis: Vec3,
    fresh: &mut BTreeSet<NodeIndex>,
) -> Quat {
    skeleton.refresh_path(constraint.source, fresh);
    skeleton.refresh_path(constraint.node, fresh);
    let rest = skeleton.rest(constraint.node).rotation;
    let (_, parent) = skeleton.parent_in_world(constraint.node);
    let way =
        skeleton.world(constraint.source).translation - skeleton.world(constraint.node).translation;
    let from = parent * (rest * axis);
    let to = Vec3::from(way).normalize_or(from);
    parent.inverse() * arc(from, to) * parent * rest
}

/// The shortest turn from one unit vector to another.
fn arc(from: Vec3, to: Vec3) -> Quat {
    Quat::from_rotation_arc(from.normalize_or(Vec3::Z), to.normalize_or(Vec3::Z))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::scene::{Node, Scene, Transform};

    /// Two nodes beside each other, one metre apart along X.
    fn pair(rest: Quat) -> Skeleton {
        let node = |translation, rotation| Node {
            transform: Transform {
                translation,
                rotation,
                ..Transform::default()
            },
            ..Node::default()
        };
        Skeleton::new(&Scene {
            nodes: vec![node(Vec3::ZERO, rest), node(Vec3::X, Quat::IDENTITY)],
            roots: vec![NodeIndex(0), NodeIndex(1)],
            ..Scene::default()
        })
    }

    fn follow(skeleton: &mut Skeleton, kind: ConstraintKind, weight: f32) -> Quat {
        let constraint = NodeConstraint {
            node: NodeIndex(0),
            source: NodeIndex(1),
            weight,
            kind,
        };
        apply_constraints(&[constraint], skeleton);
        skeleton.local(NodeIndex(0)).rotation
    }

    #[test]
    fn a_rotation_is_taken_by_its_weight_from_rest() {
        let rest = Quat::from_rotation_z(0.5);
        let mut skeleton = pair(rest);
        skeleton.set_rotation(NodeIndex(1), Quat::from_rotation_x(0.8));
        let full = follow(&mut skeleton, ConstraintKind::Rotation, 1.0);
        assert!(full.abs_diff_eq(rest * Quat::from_rotation_x(0.8), 1e-6));
        let half = follow(&mut skeleton, ConstraintKind::Rotation, 0.5);
        assert!(half.abs_diff_eq(rest * Quat::from_rotation_x(0.4), 1e-5));
    }

    #[test]
    fn a_roll_takes_the_turn_about_its_axis_alone() {
        let mut skeleton = pair(Quat::IDENTITY);
        let bend = Quat::from_rotation_z(1.0);
        skeleton.set_rotation(NodeIndex(1), bend * Quat::from_rotation_x(0.6));
        let rolled = follow(&mut skeleton, ConstraintKind::Roll(Vec3::X), 1.0);
        assert!(rolled.abs_diff_eq(Quat::from_rotation_x(0.6), 1e-5));
        let across = follow(&mut skeleton, ConstraintKind::Roll(Vec3::Y), 0.0);
        assert!(across.abs_diff_eq(Quat::IDENTITY, 1e-6));
    }

    #[test]
    fn an_aim_points_its_axis_at_the_source() {
        let mut skeleton = pair(Quat::from_rotation_y(0.3));
        skeleton.set_translation(NodeIndex(1), Vec3::new(0.0, 3.0, 4.0));
        skeleton.place(Vec3::new(5.0, 0.0, 0.0), Quat::from_rotation_y(2.0));
        let aimed = follow(&mut skeleton, ConstraintKind::Aim(Vec3::Z), 1.0);
        assert!((aimed * Vec3::Z).abs_diff_eq(Vec3::new(0.0, 0.6, 0.8), 1e-5));
    }

    #[test]
    fn what_several_aims_look_along_is_placed_once() {
        let mut skeleton = pair(Quat::IDENTITY);
        let mut fresh = BTreeSet::new();
        let there = |skeleton: &Skeleton| skeleton.world(NodeIndex(1)).translation.x;
        skeleton.set_translation(NodeIndex(1), Vec3::X * 2.0);
        skeleton.refresh_path(NodeIndex(1), &mut fresh);
        skeleton.set_translation(NodeIndex(1), Vec3::X * 3.0);
        skeleton.refresh_path(NodeIndex(1), &mut fresh);
        assert_eq!(there(&skeleton), 2.0);
        fresh.clear();
        skeleton.refresh_path(NodeIndex(1), &mut fresh);
        assert_eq!(there(&skeleton), 3.0);
    }

    #[test]
    fn an_aim_sees_what_an_earlier_one_has_turned() {
        // The second node hangs below the first, which an aim turns after both were placed.
        let node = |parent: Option<u32>, children: Vec<NodeIndex>, translation| Node {
            parent: parent.map(NodeIndex),
            children,
            transform: Transform {
                translation,
                ..Transform::default()
            },
            ..Node::default()
        };
        let mut skeleton = Skeleton::new(&Scene {
            nodes: vec![
                node(None, vec![NodeIndex(1)], Vec3::ZERO),
                node(Some(0), Vec::new(), Vec3::Z),
                node(None, Vec::new(), Vec3::X * 4.0),
            ],
            roots: vec![NodeIndex(0), NodeIndex(2)],
            ..Scene::default()
        });
        let aim = |node: u32, source: u32| NodeConstraint {
            node: NodeIndex(node),
            source: NodeIndex(source),
            weight: 1.0,
            kind: ConstraintKind::Aim(Vec3::Z),
        };
        apply_constraints(&[aim(0, 2), aim(1, 2), aim(2, 1)], &mut skeleton);
        let ahead = skeleton.local(NodeIndex(2)).rotation * Vec3::Z;
        assert!(ahead.abs_diff_eq(Vec3::NEG_X, 1e-5), "{ahead}");
    }
}
