//! Limits that yield: between their bounds an axis is free, beyond them a spring pulls it back. The engine's springs pull to
//! one value from both sides, so an axis gets one at the bound that it is beyond, and none between.

use crate::plugin::Tick;
use bevy::prelude::{App, ChildOf, Component, IntoScheduleConfigs as _, Query, Transform};
use bevy_rapier3d::prelude::{GenericJoint, ImpulseJoint, JointAxis, MotorModel, PhysicsSet};
use glam::{Quat, Vec3};
use scene::JointLimit;
use std::f32::consts::{PI, TAU};

/// The limits of a joint that yield.
#[derive(Component, Default)]
pub(crate) struct Yielding(Vec<Yield>);

/// A limit of one axis.
struct Yield {
    axis: JointAxis,
    /// Metres or radians.
    min: f32,
    max: f32,
    /// Newton a metre, or newton metres a radian; and the same a second.
    stiffness: f32,
    damping: f32,
    /// The bound that a spring pulls to now.
    pulled_to: Option<f32>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Tick, pull.before(PhysicsSet::SyncBackend));
}

impl Yielding {
    /// Takes in a limit with bounds and a stiffness, for axes that are measured each by itself.
    pub(crate) fn add(&mut self, axes: &[JointAxis], limit: &JointLimit, stiffness: f32) {
        self.0.extend(axes.iter().map(|&axis| Yield {
            axis,
            min: limit.min.unwrap_or(f32::MIN),
            max: limit.max.unwrap_or(f32::MAX),
            stiffness,
            damping: limit.damping,
            pulled_to: None,
        }));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A drive on an axis takes the place of a limit that yields there.
    pub(crate) fn remove(&mut self, axis: JointAxis) {
        self.0.retain(|limit| limit.axis != axis);
    }
}

impl Yield {
    /// The bound that a value is beyond.
    fn bound(&self, value: f32) -> Option<f32> {
        if value < self.min {
            Some(self.min)
        } else if value > self.max {
            Some(self.max)
        } else {
            None
        }
    }
}

fn pull(
    mut joints: Query<(&mut ImpulseJoint, &mut Yielding, &ChildOf)>,
    places: Query<&Transform>,
) {
    for (mut joint, mut limits, above) in &mut joints {
        let (Ok(first), Ok(second)) = (places.get(joint.parent), places.get(above.parent())) else {
            continue;
        };
        let (way, turn) = between(joint.data.as_ref(), first, second);
        for limit in &mut limits.0 {
            let bound = limit.bound(value(limit.axis, way, turn));
            if bound == limit.pulled_to {
                continue;
            }
            limit.pulled_to = bound;
            // A spring without stiffness and damping would hold the axis fast: one without force lets it go.
            let (target, most) = bound.map_or((0.0, 0.0), |bound| (bound, f32::MAX));
            let generic: &mut GenericJoint = joint.data.as_mut();
            generic
                .set_motor_model(limit.axis, MotorModel::ForceBased)
                .set_motor(limit.axis, target, 0.0, limit.stiffness, limit.damping)
                .set_motor_max_force(limit.axis, most);
        }
    }
}

/// Where the second frame of a joint is in the first: position and rotation.
fn between(joint: &GenericJoint, first: &Transform, second: &Transform) -> (Vec3, Quat) {
    let at = |place: &Transform, anchor: Vec3, basis: Quat| {
        (
            place.translation + place.rotation * anchor,
            place.rotation * basis,
        )
    };
    let (from, basis) = at(first, joint.local_anchor1(), joint.local_basis1());
    let (to, other) = at(second, joint.local_anchor2(), joint.local_basis2());
    let back = basis.inverse();
    (back * (to - from), back * other)
}

/// Metres along an axis, or radians about it, within half a turn either way.
fn value(axis: JointAxis, way: Vec3, turn: Quat) -> f32 {
    let angle = |part: f32| {
        let angle = 2.0 * part.atan2(turn.w);
        if angle > PI {
            angle - TAU
        } else if angle < -PI {
            angle + TAU
        } else {
            angle
        }
    };
    match axis {
        JointAxis::LinX => way.x,
        JointAxis::LinY => way.y,
        JointAxis::LinZ => way.z,
        JointAxis::AngX => angle(turn.x),
        JointAxis::AngY => angle(turn.y),
        JointAxis::AngZ => angle(turn.z),
    }
}
