//! Joints of a file: limits, drives, attachment frames. KHR_physics_rigid_bodies and OMI_physics_joint mean the same.

use crate::{belong::Belonging, place::frame, yielding::Yielding};
use bevy::prelude::{ChildOf, Entity, Transform, World};
use bevy_rapier3d::prelude::{
    GenericJoint, ImpulseJoint, JointAxesMask, JointAxis, MotorModel, RigidBody, TypedJoint,
};
use glam::{Quat, Vec3};
use scene::{
    JointDescription, JointDrive, JointLimit, NodeIndex, NodeJoint, Scene, limits::MAX_BODY_JOINTS,
};
use std::{collections::BTreeMap, f32::consts::PI};

/// Axes of the engine by glTF's number.
const LINEAR: [JointAxis; 3] = [JointAxis::LinX, JointAxis::LinY, JointAxis::LinZ];
const ANGULAR: [JointAxis; 3] = [JointAxis::AngX, JointAxis::AngY, JointAxis::AngZ];

/// Spawns the joints of the default scene. Ends whose body does not exist are fixed to the world.
pub(crate) fn spawn_joints(
    world: &mut World,
    scene: &Scene,
    order: &[NodeIndex],
    belonging: &Belonging,
    entities: &BTreeMap<NodeIndex, Entity>,
) {
    for (node, joint) in joints(scene, order) {
        let Some(description) = scene.physics.joints.get(joint.joint as usize) else {
            continue;
        };
        let body_of = |node: NodeIndex| {
            let body = belonging.body(node)?;
            Some((body, *entities.get(&body)?))
        };
        let (here, there) = (body_of(node), body_of(joint.connected_node));
        if here == there {
            continue;
        }
        let (own_frame, other_frame) = (
            attachment(scene, node, here.map(|(body, _)| body)),
            attachment(scene, joint.connected_node, there.map(|(body, _)| body)),
        );
        let mut anchor_of = |body: Option<(NodeIndex, Entity)>| {
            body.map_or_else(
                || world.spawn((RigidBody::Fixed, Transform::IDENTITY)).id(),
                |(_, entity)| entity,
            )
        };
        // Limits and targets measure the connected node in the frame of the joint's own node.
        let (first, second) = (anchor_of(here), anchor_of(there));
        let (mut generic, yielding) = describe(description);
        generic
            .set_local_anchor1(own_frame.0)
            .set_local_basis1(own_frame.1)
            .set_local_anchor2(other_frame.0)
            .set_local_basis2(other_frame.1)
            .set_contacts_enabled(joint.is_colliding);
        // One entity carries one joint, so each joint gets an entity of its own below the body.
        let mut spawned = world.spawn((
            ChildOf(second),
            Transform::IDENTITY,
            ImpulseJoint::new(first, TypedJoint::GenericJoint(generic)),
        ));
        if !yielding.is_empty() {
            spawned.insert(yielding);
        }
    }
}

/// Nodes with a joint that holds, and what it holds.
fn joints<'s>(
    scene: &'s Scene,
    order: &'s [NodeIndex],
) -> impl Iterator<Item = (NodeIndex, NodeJoint)> + 's {
    let all = order.iter().filter_map(|&node| {
        let joint = scene.nodes[node.index()].physics.joint?;
        Some((node, joint))
    });
    all.take(MAX_BODY_JOINTS)
}

/// Bodies that a drive moves: a weak one starts too slowly for somebody who may fall asleep.
pub(crate) fn driven_bodies(
    scene: &Scene,
    order: &[NodeIndex],
    belonging: &Belonging,
) -> std::collections::BTreeSet<NodeIndex> {
    joints(scene, order)
        .filter_map(|(node, joint)| {
            let described = scene.physics.joints.get(joint.joint as usize)?;
            let ends = [belonging.body(node), belonging.body(joint.connected_node)];
            (!described.drives.is_empty()).then_some(ends)
        })
        .flatten()
        .flatten()
        .collect()
}

/// Bodies that a joint holds.
pub(crate) fn jointed_bodies(
    scene: &Scene,
    order: &[NodeIndex],
    belonging: &Belonging,
) -> std::collections::BTreeSet<NodeIndex> {
    joints(scene, order)
        .flat_map(|(node, joint)| [belonging.body(node), belonging.body(joint.connected_node)])
        .flatten()
        .collect()
}

/// A node's pose in the space of its body, or of the world.
fn attachment(scene: &Scene, node: NodeIndex, body: Option<NodeIndex>) -> (Vec3, Quat) {
    let (position, rotation) = frame(scene, node);
    let Some(body) = body else {
        return (position, rotation);
    };
    let (body_position, body_rotation) = frame(scene, body);
    let body_from_world = body_rotation.inverse();
    (
        body_from_world * (position - body_position),
        (body_from_world * rotation).normalize(),
    )
}

fn describe(description: &JointDescription) -> (GenericJoint, Yielding) {
    let softens = |limit: &JointLimit| {
        limit.stiffness.is_some() && of_kind(&limit.angular_axes, ANGULAR).len() > 1
    };
    let mut limits = Limits {
        generic: GenericJoint::new(JointAxesMask::empty()),
        coupled: JointAxesMask::empty(),
        yielding: Yielding::default(),
        driven: description.drives.iter().map(driven_axis).collect(),
        turns_yield: description.limits.iter().any(softens),
    };
    for limit in &description.limits {
        limits.add(limit);
    }
    let Limits {
        mut generic,
        coupled,
        yielding,
        ..
    } = limits;
    generic.set_coupled_axes(coupled);
    for drive in &description.drives {
        apply_drive(&mut generic, drive);
    }
    (generic, yielding)
}

/// Axes of the engine by glTF's numbers, each once, ascending.
fn of_kind(numbers: &[u8], all: [JointAxis; 3]) -> Vec<JointAxis> {
    let is_named = |number: u8| numbers.iter().any(|&named| named.min(2) == number);
    (0u8..)
        .zip(all)
        .filter(|(number, _)| is_named(*number))
        .map(|(_, axis)| axis)
        .collect()
}

/// A joint while its limits are gathered.
struct Limits {
    generic: GenericJoint,
    /// Axes that the engine measures together: one group of each kind. Those of further groups are limited each by itself.
    coupled: JointAxesMask,
    yielding: Yielding,
    /// A drive takes the place of a limit that yields there.
    driven: Vec<JointAxis>,
    /// A limit of several angles yields. The engine has no motors for angles that it measures together, so none are.
    turns_yield: bool,
}

impl Limits {
    fn add(&mut self, limit: &JointLimit) {
        let linear = of_kind(&limit.linear_axes, LINEAR);
        let angular = of_kind(&limit.angular_axes, ANGULAR);
        let bounds = (limit.min.unwrap_or(f32::MIN), limit.max.unwrap_or(f32::MAX));
        if bounds.0 > bounds.1 {
            return;
        }
        for axes in [linear, angular] {
            match limit.stiffness {
                Some(stiffness) => self.soften(axes, limit, bounds, stiffness),
                None => self.harden(&axes, bounds),
            }
        }
    }

    fn soften(
        &mut self,
        axes: Vec<JointAxis>,
        limit: &JointLimit,
        (min, max): (f32, f32),
        stiffness: f32,
    ) {
        let pulls = stiffness > 0.0 || limit.damping > 0.0;
        if axes.is_empty() || !pulls || axes.iter().any(|axis| self.driven.contains(axis)) {
            return;
        }
        if min == max && (axes.len() == 1 || min == 0.0) {
            // A spring around one value is a motor without a limit.
            for axis in axes {
                self.generic
                    .set_motor_model(axis, MotorModel::ForceBased)
                    .set_motor(axis, min, 0.0, stiffness, limit.damping);
            }
            return;
        }
        let is_length = axes.len() > 1 && LINEAR.contains(&axes[0]);
        if is_length && !self.couple(mask(&axes)) {
            // The engine measures another group of axes already, and has no second spring for a length.
            self.harden(&axes, (min, max));
            return;
        }
        self.yielding.add(axes, limit, stiffness);
    }

    /// For axes of one kind.
    fn harden(&mut self, axes: &[JointAxis], (min, max): (f32, f32)) {
        if min == 0.0 && max == 0.0 {
            self.generic.lock_axes(mask(axes));
            return;
        }
        let is_angular = axes.first().is_some_and(|axis| ANGULAR.contains(axis));
        // Two linear axes: distance from the third axis' line; three: distance. Two angular axes: a cone.
        let are_together = match axes.len() {
            2 if is_angular => !self.turns_yield && self.couple(mask(axes)),
            2.. if !is_angular => self.couple(mask(axes)),
            _ => true,
        };
        for &axis in axes {
            let bounds = match is_angular {
                false => [min, max],
                // Angles are known within half a turn either way: a limit on one side needs one on the other.
                true if are_together => [min.max(-PI), max.min(PI)],
                true => [-max.min(PI), max.min(PI)],
            };
            self.generic.set_limits(axis, bounds);
        }
    }

    /// True when the engine measures these axes of one kind together.
    fn couple(&mut self, axes: JointAxesMask) -> bool {
        let kind = match axes.intersects(JointAxesMask::LIN_AXES) {
            true => JointAxesMask::LIN_AXES,
            false => JointAxesMask::ANG_AXES,
        };
        let known = self.coupled & kind;
        if known.is_empty() {
            self.coupled |= axes;
        }
        known.is_empty() || known == axes
    }
}

fn driven_axis(drive: &JointDrive) -> JointAxis {
    let axes = if drive.is_angular { ANGULAR } else { LINEAR };
    axes[usize::from(drive.axis.min(2))]
}

fn apply_drive(generic: &mut GenericJoint, drive: &JointDrive) {
    let axis = driven_axis(drive);
    let model = if drive.is_acceleration {
        MotorModel::AccelerationBased
    } else {
        MotorModel::ForceBased
    };
    generic.set_motor_model(axis, model).set_motor(
        axis,
        drive.position_target,
        drive.velocity_target,
        drive.stiffness,
        drive.damping,
    );
    if let Some(force) = drive.max_force {
        generic.set_motor_max_force(axis, force);
    }
}

fn mask(axes: &[JointAxis]) -> JointAxesMask {
    axes.iter().fold(JointAxesMask::empty(), |mask, &axis| {
        mask | JointAxesMask::from_bits_truncate(1 << axis as u8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::Node;

    #[test]
    fn axes_are_counted_once_and_only_two_of_a_kind_are_a_cone() {
        let cone = |axes: &[u8], stiffness: Option<f32>| {
            let limit = JointLimit {
                linear_axes: Vec::new(),
                angular_axes: axes.to_vec(),
                min: Some(0.0),
                max: Some(0.4),
                stiffness,
                damping: 0.0,
            };
            let limits = vec![limit];
            let drives = Vec::new();
            describe(&JointDescription { limits, drives })
        };
        for axes in [[0, 0].as_slice(), &[1, 1, 1], &[2, 7]] {
            assert!(cone(axes, None).0.raw.coupled_axes.is_empty(), "{axes:?}");
        }
        let both = JointAxesMask::ANG_X | JointAxesMask::ANG_Y;
        assert_eq!(cone(&[1, 0], None).0.raw.coupled_axes, both);
        let (soft, yielding) = cone(&[1, 0], Some(5.0));
        assert!(soft.raw.coupled_axes.is_empty() && !yielding.is_empty());
        let (free, yielding) = cone(&[1, 0], Some(0.0));
        assert!(free.raw.limit_axes.is_empty() && yielding.is_empty());
    }

    #[test]
    fn joints_beyond_the_limit_hold_nothing() {
        let with_joint = |index: u32| {
            let mut node = Node::default();
            node.physics.joint = (index > 0).then_some(NodeJoint {
                joint: 0,
                connected_node: NodeIndex(0),
                is_colliding: false,
            });
            node
        };
        let count = MAX_BODY_JOINTS as u32 + 3;
        let scene = Scene {
            nodes: (0..count).map(with_joint).collect(),
            ..Scene::default()
        };
        let order: Vec<NodeIndex> = (0..count).map(NodeIndex).collect();
        let holding: Vec<NodeIndex> = joints(&scene, &order).map(|(node, _)| node).collect();
        assert_eq!(holding, order[1..=MAX_BODY_JOINTS]);
    }
}
