//! Limits that yield: between their bounds an axis is free, beyond them a spring pulls it back. The engine's springs pull to
//! one value from both sides, so an axis gets one at the bound that it is beyond, and none between. Linear axes that are measured
//! together have one spring, along the way; angular ones have one each, whose targets move with the turn from tick to tick, so
//! that what turns sideways meanwhile is slowed a little.

use crate::plugin::Tick;
use bevy::prelude::{App, ChildOf, Component, IntoScheduleConfigs as _, Query, Transform};
use bevy_rapier3d::prelude::{GenericJoint, ImpulseJoint, JointAxis, MotorModel, PhysicsSet};
use glam::{Quat, Vec3};
use scene::JointLimit;
use std::f32::consts::{PI, TAU};

/// The limits of a joint that yield.
#[derive(Component, Default)]
pub(crate) struct Yielding(Vec<Yield>);

/// A limit of axes of one kind, linear or angular. One is measured as a place or angle with its sign; more are, together, as the
/// length of the way along them, or as the angle by which they turn.
struct Yield {
    /// One to three, ascending; several linear ones are coupled in the engine.
    axes: Vec<JointAxis>,
    /// Metres or radians.
    min: f32,
    max: f32,
    /// Newton a metre, or newton metres a radian; and the same a second.
    stiffness: f32,
    damping: f32,
    /// What springs pull to now, by axis; a length has one for all.
    pulled_to: Option<[f32; 3]>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Tick, pull.before(PhysicsSet::SyncBackend));
}

impl Yielding {
    /// Takes in a limit with bounds and a stiffness, for some axes of one kind.
    pub(crate) fn add(&mut self, axes: Vec<JointAxis>, limit: &JointLimit, stiffness: f32) {
        self.0.push(Yield {
            axes,
            min: limit.min.unwrap_or(f32::MIN),
            max: limit.max.unwrap_or(f32::MAX),
            stiffness: stiffness.max(0.0),
            damping: limit.damping.max(0.0),
            pulled_to: None,
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Yield {
    /// Axes with a spring.
    fn pulled(&self) -> &[JointAxis] {
        let is_length = self.axes.len() > 1 && !is_angular(self.axes[0]);
        &self.axes[..if is_length { 1 } else { self.axes.len() }]
    }

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

    /// What springs pull to that is beyond the bounds.
    fn targets(&self, way: Vec3, turn: Quat) -> Option<[f32; 3]> {
        if is_angular(self.axes[0]) {
            return self.angles(turn);
        }
        let along = |axis: &JointAxis| value(*axis, way, turn);
        let bound = match self.axes.as_slice() {
            [axis] => self.bound(along(axis))?,
            axes => {
                let squares = axes.iter().map(|axis| along(axis).powi(2));
                self.bound(squares.sum::<f32>().sqrt())?.max(0.0)
            }
        };
        Some([bound, 0.0, 0.0])
    }

    fn angles(&self, turn: Quat) -> Option<[f32; 3]> {
        // Of the two that are the same turn, the shorter one.
        let turn = if turn.w < 0.0 { -turn } else { turn };
        let mut halves = [0.0; 3];
        for (half, axis) in halves.iter_mut().zip(&self.axes) {
            *half = turn.xyz()[place(*axis)];
        }
        let length = Vec3::from(halves).length();
        let (angle, about) = match self.axes[..] {
            [axis] => (value(axis, Vec3::ZERO, turn), Vec3::X),
            // Whatever the turn about the third axis is, it swings that axis by this.
            [first, second] => {
                let third = Vec3::AXES[3 - place(first) - place(second)];
                let about = third.cross(turn * third);
                let about = Vec3::new(about[place(first)], about[place(second)], 0.0);
                (2.0 * length.min(1.0).asin(), about)
            }
            _ => (2.0 * length.min(1.0).asin(), Vec3::from(halves)),
        };
        let bound = self.bound(angle)?;
        let bound = if self.axes.len() > 1 {
            bound.max(0.0)
        } else {
            bound
        };
        let beyond = about.normalize_or(Vec3::X) * (angle - bound);
        // The engine measures each axis as this, of which the spring's way back is to be left.
        let measured = halves.map(|half: f32| 2.0 * half.clamp(-1.0, 1.0).asin());
        Some((Vec3::from(measured) - beyond).to_array())
    }
}

const fn is_angular(axis: JointAxis) -> bool {
    matches!(axis, JointAxis::AngX | JointAxis::AngY | JointAxis::AngZ)
}

/// Of an axis among those of its kind.
const fn place(axis: JointAxis) -> usize {
    match axis {
        JointAxis::LinX | JointAxis::AngX => 0,
        JointAxis::LinY | JointAxis::AngY => 1,
        JointAxis::LinZ | JointAxis::AngZ => 2,
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
            let targets = limit.targets(way, turn);
            if targets == limit.pulled_to {
                continue;
            }
            limit.pulled_to = targets;
            // A spring without stiffness and damping would hold the axis fast: one without force lets it go.
            let most = if targets.is_some() { f32::MAX } else { 0.0 };
            let generic: &mut GenericJoint = joint.data.as_mut();
            for (&axis, target) in limit.pulled().iter().zip(targets.unwrap_or_default()) {
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
    if is_angular(axis) {
        angle(turn.xyz()[place(axis)])
    } else {
        way[place(axis)]
    }
}
