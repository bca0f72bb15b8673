//! Limits that yield: between their bounds an axis is free, beyond them a spring pulls it back. The engine's springs pull to
//! one value from both sides, so an axis gets one at the bound that it is beyond, and none between. Axes that are measured
//! together are pulled to the nearest place within the bounds, each by its part of the way; so all of them are damped while they
//! are beyond, not the way back alone.

use crate::plugin::Tick;
use bevy::prelude::{App, ChildOf, Component, IntoScheduleConfigs as _, Query, Transform};
use bevy_rapier3d::prelude::{GenericJoint, ImpulseJoint, JointAxis, MotorModel, PhysicsSet};
use glam::{Quat, Vec3};
use scene::JointLimit;
use std::f32::consts::{PI, TAU};

/// The limits of a joint that yield.
#[derive(Component, Default)]
pub(crate) struct Yielding(Vec<Yield>);

/// A limit of axes of one kind, linear or angular, that are measured together: one is a place or angle with its sign, more
/// are the length of the way along them, or the angle of the turn about what they span.
struct Yield {
    /// One to three.
    axes: Vec<JointAxis>,
    /// Metres or radians.
    min: f32,
    max: f32,
    /// Newton a metre, or newton metres a radian; and the same a second.
    stiffness: f32,
    damping: f32,
    /// What a spring pulls each axis to now.
    pulled_to: Option<[f32; 3]>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Tick, pull.before(PhysicsSet::SyncBackend));
}

impl Yielding {
    /// Takes in a limit with bounds and a stiffness, for axes of one kind; nothing without any.
    pub(crate) fn add(&mut self, axes: Vec<JointAxis>, limit: &JointLimit, stiffness: f32) {
        if !axes.is_empty() {
            self.0.push(Yield {
                axes,
                min: limit.min.unwrap_or(f32::MIN),
                max: limit.max.unwrap_or(f32::MAX),
                stiffness,
                damping: limit.damping,
                pulled_to: None,
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A drive on an axis takes the place of a limit that yields there.
    pub(crate) fn remove(&mut self, axis: JointAxis) {
        for limit in &mut self.0 {
            limit.axes.retain(|own| *own != axis);
        }
        self.0.retain(|limit| !limit.axes.is_empty());
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

    /// Where on its axes the nearest place within the bounds is, for what is beyond them.
    fn nearest(&self, way: Vec3, turn: Quat) -> Option<[f32; 3]> {
        if let [axis] = *self.axes {
            return Some([self.bound(value(axis, way, turn))?, 0.0, 0.0]);
        }
        // The half of a turn in which its angle is between zero and half a turn.
        let turn = if turn.w < 0.0 { -turn } else { turn };
        let parts = self.parts(way, turn);
        let length = Vec3::from(parts).length();
        let is_angular = is_angular(self.axes[0]);
        let measured = if is_angular {
            2.0 * length.atan2(turn.w)
        } else {
            length
        };
        let bound = self.bound(measured)?;
        let direction = Vec3::from(parts).normalize_or(Vec3::X);
        let nearest = if is_angular {
            // As the engine measures a motor's angle.
            let sines = direction * (bound.clamp(0.0, PI) * 0.5).sin();
            sines.map(|sine| 2.0 * sine.clamp(-1.0, 1.0).asin())
        } else {
            direction * bound
        };
        Some(nearest.to_array())
    }

    /// Of each axis: metres, or the part of a unit quaternion.
    fn parts(&self, way: Vec3, turn: Quat) -> [f32; 3] {
        let mut parts = [0.0; 3];
        for (part, axis) in parts.iter_mut().zip(&self.axes) {
            *part = match axis {
                JointAxis::LinX => way.x,
                JointAxis::LinY => way.y,
                JointAxis::LinZ => way.z,
                JointAxis::AngX => turn.x,
                JointAxis::AngY => turn.y,
                JointAxis::AngZ => turn.z,
            };
        }
        parts
    }
}

const fn is_angular(axis: JointAxis) -> bool {
    matches!(axis, JointAxis::AngX | JointAxis::AngY | JointAxis::AngZ)
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
            let nearest = limit.nearest(way, turn);
            if nearest == limit.pulled_to {
                continue;
            }
            limit.pulled_to = nearest;
            // A spring without stiffness and damping would hold the axis fast: one without force lets it go.
            let most = if nearest.is_some() { f32::MAX } else { 0.0 };
            let generic: &mut GenericJoint = joint.data.as_mut();
            for (&axis, target) in limit.axes.iter().zip(nearest.unwrap_or_default()) {
                generic
                    .set_motor_model(axis, MotorModel::ForceBased)
                    .set_motor(axis, target, 0.0, limit.stiffness, limit.damping)
                    .set_motor_max_force(axis, most);
            }
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
