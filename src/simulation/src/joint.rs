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
    let mut generic = GenericJoint::new(JointAxesMask::empty());
    let mut coupled = JointAxesMask::empty();
    let mut yielding = Yielding::default();
    for limit in &description.limits {
        apply_limit(&mut generic, limit, &mut coupled, &mut yielding);
    }
    // The engine measures only one group of axes of each kind together; further ones were limited axis by axis.
    generic.set_coupled_axes(coupled);
    for drive in &description.drives {
        let axis = apply_drive(&mut generic, drive);
        yielding.remove(axis);
    }
    (generic, yielding)
}

fn apply_limit(
    generic: &mut GenericJoint,
    limit: &JointLimit,
    coupled: &mut JointAxesMask,
    yielding: &mut Yielding,
) {
    let linear = limit.linear_axes.iter();
    let linear: Vec<JointAxis> = linear
        .map(|&axis| LINEAR[usize::from(axis.min(2))])
        .collect();
    let angular = limit.angular_axes.iter();
    let angular: Vec<JointAxis> = angular
        .map(|&axis| ANGULAR[usize::from(axis.min(2))])
        .collect();
    let (min, max) = (limit.min.unwrap_or(f32::MIN), limit.max.unwrap_or(f32::MAX));
    if min > max {
        return;
    }
    if let Some(stiffness) = limit.stiffness {
        for axes in [linear, angular] {
            if min == max && (axes.len() < 2 || min == 0.0) {
                // A spring around one value is a motor without a limit.
                for axis in axes {
                    generic
                        .set_motor_model(axis, MotorModel::ForceBased)
                        .set_motor(axis, min, 0.0, stiffness, limit.damping);
                }
            } else {
                yielding.add(axes, limit, stiffness);
            }
        }
        return;
    }
    if min == 0.0 && max == 0.0 {
        generic.lock_axes(mask(&linear) | mask(&angular));
        return;
    }
    // Two linear axes: distance from the third axis' line; three: distance. Two angular axes: a cone.
    if linear.len() > 1 && !coupled.intersects(JointAxesMask::LIN_AXES) {
        *coupled |= mask(&linear);
    }
    if angular.len() == 2 && !coupled.intersects(JointAxesMask::ANG_AXES) {
        *coupled |= mask(&angular);
    }
    for axis in linear {
        generic.set_limits(axis, [min, max]);
    }
    for axis in angular {
        // Angles are known within half a turn either way: a limit on one side needs one on the other.
        generic.set_limits(axis, [min.max(-PI), max.min(PI)]);
    }
}

/// Gives the axis that is driven.
fn apply_drive(generic: &mut GenericJoint, drive: &JointDrive) -> JointAxis {
    let axes = if drive.is_angular { ANGULAR } else { LINEAR };
    let axis = axes[usize::from(drive.axis.min(2))];
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
    axis
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
