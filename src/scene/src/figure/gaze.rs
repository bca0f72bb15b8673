//! Look-at of VRM 1.0: from a point in the world to turned eyes or to weights of expressions.

use super::skeleton::Skeleton;
use crate::description::avatar::{Avatar, LookAt};
use glam::{Quat, Vec3};

/// Where somebody looks, relative to their head, in degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gaze {
    /// To their left is positive.
    pub yaw_degrees: f32,
    /// Down is positive.
    pub pitch_degrees: f32,
}

impl Gaze {
    /// Along a vector in look-at space: X to the left, Y up, Z ahead. A vector without length looks ahead.
    #[must_use]
    pub fn along(direction: Vec3) -> Self {
        let flat = direction.x.hypot(direction.z);
        let gaze = Self {
            yaw_degrees: direction.x.atan2(direction.z).to_degrees(),
            pitch_degrees: (-direction.y).atan2(flat).to_degrees(),
        };
        if gaze.yaw_degrees.is_finite() && gaze.pitch_degrees.is_finite() {
            gaze
        } else {
            Self::default()
        }
    }

    /// At a point in the world, from the avatar's head as it is now.
    #[must_use]
    pub fn at(avatar: &Avatar, skeleton: &Skeleton, target: Vec3) -> Self {
        let Some(&head) = avatar.bones.get("head") else {
            return Self::default();
        };
        let eyes = skeleton
            .world(head)
            .transform_point3(avatar.look_offset_from_head);
        let turn = skeleton.world_rotation(head) * skeleton.rest_in_model(Some(head)).inverse();
        Self::along(turn.inverse() * (target - eyes))
    }

    /// Part of the way to another gaze.
    #[must_use]
    pub fn lerp(self, other: Self, share: f32) -> Self {
        let mix = |from: f32, to: f32| from + (to - from) * share;
        Self {
            yaw_degrees: mix(self.yaw_degrees, other.yaw_degrees),
            pitch_degrees: mix(self.pitch_degrees, other.pitch_degrees),
        }
    }
}

impl LookAt {
    /// Rotation of the left and the right eye away from the T-pose, in axes parallel to the model's.
    #[must_use]
    pub fn eye_rotations(&self, gaze: Gaze) -> [Quat; 2] {
        let sideways = if gaze.yaw_degrees > 0.0 {
            [&self.outer, &self.inner]
        } else {
            [&self.inner, &self.outer]
        };
        let upright = if gaze.pitch_degrees > 0.0 {
            &self.down
        } else {
            &self.up
        };
        let pitch = upright
            .apply(gaze.pitch_degrees)
            .copysign(gaze.pitch_degrees);
        sideways.map(|range| {
            let yaw = range.apply(gaze.yaw_degrees).copysign(gaze.yaw_degrees);
            Quat::from_rotation_y(yaw.to_radians()) * Quat::from_rotation_x(pitch.to_radians())
        })
    }

    /// Weights of the four expressions of the gaze.
    #[must_use]
    pub fn expression_weights(&self, gaze: Gaze) -> [(&'static str, f32); 4] {
        let weight = |is_meant: bool, value: f32| if is_meant { value } else { 0.0 };
        let sideways = self.outer.apply(gaze.yaw_degrees);
        [
            ("lookLeft", weight(gaze.yaw_degrees > 0.0, sideways)),
            ("lookRight", weight(gaze.yaw_degrees < 0.0, sideways)),
            (
                "lookDown",
                weight(
                    gaze.pitch_degrees > 0.0,
                    self.down.apply(gaze.pitch_degrees),
                ),
            ),
            (
                "lookUp",
                weight(gaze.pitch_degrees < 0.0, self.up.apply(gaze.pitch_degrees)),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::avatar::GazeRange;

    fn look(is_by_expression: bool) -> LookAt {
        let range = |input_max_degrees, output_scale| GazeRange {
            input_max_degrees,
            output_scale,
        };
        LookAt {
            is_by_expression,
            inner: range(90.0, 8.0),
            outer: range(90.0, 12.0),
            down: range(30.0, 10.0),
            up: range(0.0, 1.0),
        }
    }

    fn degrees(rotation: Quat) -> (f32, f32) {
        let ahead = rotation * Vec3::Z;
        let gaze = Gaze::along(ahead);
        (gaze.yaw_degrees, gaze.pitch_degrees)
    }

    #[test]
    fn left_and_down_are_positive() {
        let gaze = Gaze::along(Vec3::new(1.0, -1.0, 0.0));
        assert!((gaze.yaw_degrees - 90.0).abs() < 1e-4);
        assert!((gaze.pitch_degrees - 45.0).abs() < 1e-4);
        assert_eq!(Gaze::along(Vec3::ZERO), Gaze::default());
    }

    #[test]
    fn each_eye_has_its_own_range() {
        let gaze = Gaze {
            yaw_degrees: 45.0,
            pitch_degrees: 60.0,
        };
        let [left, right] = look(false).eye_rotations(gaze).map(degrees);
        assert!((left.0 - 6.0).abs() < 1e-3 && (left.1 - 10.0).abs() < 1e-3);
        assert!((right.0 - 4.0).abs() < 1e-3);
        let [left, _] = look(false)
            .eye_rotations(Gaze {
                yaw_degrees: -45.0,
                pitch_degrees: 0.0,
            })
            .map(degrees);
        assert!((left.0 + 4.0).abs() < 1e-3);
    }

    #[test]
    fn expressions_use_the_outer_range_and_a_range_of_zero_is_all_or_nothing() {
        let weights = look(true).expression_weights(Gaze {
            yaw_degrees: -45.0,
            pitch_degrees: -1.0,
        });
        assert_eq!(
            weights,
            [
                ("lookLeft", 0.0),
                ("lookRight", 6.0),
                ("lookDown", 0.0),
                ("lookUp", 1.0)
            ]
        );
    }
}
