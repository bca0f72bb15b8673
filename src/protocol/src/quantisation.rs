//! How real numbers become integers on the wire: one declaration per field, used by both ends. The step of a
//! field is also what the interpolator may move inside freely: the value vouched for is a box, not a point.

use thiserror::Error;

/// A number that cannot travel.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum QuantisationError {
    /// NaN or infinite.
    #[error("{field} is not a finite number")]
    NotFinite {
        /// Name of the field.
        field: &'static str,
    },
    /// Outside the range of the field.
    #[error("{field} is {value}, outside +-{limit}")]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
        /// The number.
        value: f32,
        /// Largest magnitude allowed.
        limit: f32,
    },
    /// A rotation whose length is too far from one.
    #[error("the rotation is not a unit quaternion")]
    NotUnit,
}

/// A linear quantiser: multiples of a step, symmetric about zero, rounded to nearest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiser {
    field: &'static str,
    step: f32,
    limit: i32,
}

impl Quantiser {
    /// A quantiser of `step` units whose integers stay within `-limit..=limit`.
    #[must_use]
    pub const fn new(field: &'static str, step: f32, limit: i32) -> Self {
        Self { field, step, limit }
    }

    /// Width of a step in the field's unit; the error of a quantised value is at most half of it.
    #[must_use]
    pub const fn step(&self) -> f32 {
        self.step
    }

    /// Largest magnitude of the integers.
    #[must_use]
    pub const fn limit(&self) -> i32 {
        self.limit
    }

    /// The nearest multiple of the step.
    ///
    /// # Errors
    /// NaN, infinity and values beyond the limit.
    pub fn quantise(&self, value: f32) -> Result<i32, QuantisationError> {
        if !value.is_finite() {
            return Err(QuantisationError::NotFinite { field: self.field });
        }
        let steps = (f64::from(value) / f64::from(self.step)).round();
        if steps.abs() > f64::from(self.limit) {
            return Err(QuantisationError::OutOfRange {
                field: self.field,
                value,
                limit: self.step * self.limit as f32,
            });
        }
        Ok(steps as i32)
    }

    /// As [`Self::quantise`], but a value beyond the limit becomes the limit.
    ///
    /// # Errors
    /// NaN and infinity.
    pub fn quantise_clamped(&self, value: f32) -> Result<i32, QuantisationError> {
        let limit = f64::from(self.step) * f64::from(self.limit);
        if !value.is_finite() {
            return Err(QuantisationError::NotFinite { field: self.field });
        }
        self.quantise(f64::from(value).clamp(-limit, limit) as f32)
    }

    /// The value of an integer.
    #[must_use]
    pub fn dequantise(&self, steps: i32) -> f32 {
        (f64::from(steps) * f64::from(self.step)) as f32
    }

    /// Quantises each axis.
    ///
    /// # Errors
    /// As [`Self::quantise`].
    pub fn quantise3(&self, value: [f32; 3]) -> Result<[i32; 3], QuantisationError> {
        Ok([
            self.quantise(value[0])?,
            self.quantise(value[1])?,
            self.quantise(value[2])?,
        ])
    }

    /// The value of each axis.
    #[must_use]
    pub fn dequantise3(&self, steps: [i32; 3]) -> [f32; 3] {
        steps.map(|axis| self.dequantise(axis))
    }
}

/// Position of an avatar's feet in world space: 5 mm, within 10 km of the origin.
pub const AVATAR_POSITION: Quantiser = Quantiser::new("avatar position", 0.005, 1 << 21);
/// Position of a body's origin in world space: 2 mm, within 8 km of the origin.
pub const BODY_POSITION: Quantiser = Quantiser::new("body position", 0.002, 1 << 22);
/// Linear velocity an axis: 2 cm/s, up to 163 m/s.
pub const VELOCITY: Quantiser = Quantiser::new("velocity", 0.02, (1 << 13) - 1);
/// Angular velocity an axis: 0.02 rad/s, up to 163 rad/s.
pub const ANGULAR_VELOCITY: Quantiser = Quantiser::new("angular velocity", 0.02, (1 << 13) - 1);

/// Headings in a full turn; one step is 1.41 degrees. Yaw and pitch together stay within 1 degree of the truth.
pub const HEADINGS_PER_TURN: i32 = 256;

/// Largest magnitude of a quantised pitch: straight up or down.
pub const PITCH_LIMIT: i32 = HEADINGS_PER_TURN / 4;

/// Yaw in radians about +Y to headings `0..HEADINGS_PER_TURN`; any number of turns is fine.
///
/// # Errors
/// NaN and infinity.
pub fn quantise_yaw(yaw_radians: f32) -> Result<u8, QuantisationError> {
    if !yaw_radians.is_finite() {
        return Err(QuantisationError::NotFinite { field: "yaw" });
    }
    let turns = f64::from(yaw_radians) / std::f64::consts::TAU;
    let heading = (turns * f64::from(HEADINGS_PER_TURN)).round();
    Ok(heading.rem_euclid(f64::from(HEADINGS_PER_TURN)) as u8)
}

/// Radians in `-PI..PI` of a heading.
#[must_use]
pub fn dequantise_yaw(heading: u8) -> f32 {
    f32::from(heading as i8) * (std::f32::consts::TAU / HEADINGS_PER_TURN as f32)
}

/// Head pitch in radians (positive looks up), clamped to straight up and down.
///
/// # Errors
/// NaN and infinity.
pub fn quantise_pitch(pitch_radians: f32) -> Result<i8, QuantisationError> {
    if !pitch_radians.is_finite() {
        return Err(QuantisationError::NotFinite { field: "pitch" });
    }
    let turns = f64::from(pitch_radians) / std::f64::consts::TAU;
    let limit = f64::from(PITCH_LIMIT);
    Ok((turns * f64::from(HEADINGS_PER_TURN))
        .round()
        .clamp(-limit, limit) as i8)
}

/// Radians of a quantised pitch.
#[must_use]
pub fn dequantise_pitch(pitch: i8) -> f32 {
    f32::from(pitch) * (std::f32::consts::TAU / HEADINGS_PER_TURN as f32)
}

/// A unit quaternion as the index of its largest component (x, y, z, w) and the other three, in order, in steps
/// of [`ROTATION_STEP`], with the sign chosen so that the largest is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct SmallestThree {
    /// 0..=3.
    pub largest: u8,
    /// Each within `-ROTATION_LIMIT..=ROTATION_LIMIT`.
    pub components: [i16; 3],
}

/// Step of a transmitted quaternion component: a little below a thousandth, so that half of it and the rounding of an `f32`
/// stay within 0.0005.
pub const ROTATION_STEP: f32 = 1.0 / 1001.0;
/// No component but the largest exceeds 1 / sqrt(2): 707.8 steps.
pub const ROTATION_LIMIT: i16 = 708;

impl SmallestThree {
    /// Quantises a quaternion (x, y, z, w) of length 1 +- 1 %; it is normalised first.
    ///
    /// # Errors
    /// NaN, infinity, or a length that is far from one.
    pub fn quantise(rotation: [f32; 4]) -> Result<Self, QuantisationError> {
        let wide = rotation.map(f64::from);
        let squared: f64 = wide.iter().map(|part| part * part).sum();
        if !squared.is_finite() {
            return Err(QuantisationError::NotFinite { field: "rotation" });
        }
        if !(0.98..=1.02).contains(&squared) {
            return Err(QuantisationError::NotUnit);
        }
        let length = squared.sqrt();
        let mut largest = 3;
        for index in 0..3 {
            if wide[index].abs() > wide[largest].abs() {
                largest = index;
            }
        }
        let scale = wide[largest].signum() / (length * f64::from(ROTATION_STEP));
        let limit = f64::from(ROTATION_LIMIT);
        let mut components = [0; 3];
        for (place, component) in components.iter_mut().enumerate() {
            let index = place + usize::from(place >= largest);
            *component = (wide[index] * scale).round().clamp(-limit, limit) as i16;
        }
        Ok(Self {
            largest: largest as u8,
            components,
        })
    }

    /// The unit quaternion (x, y, z, w). Components that no unit quaternion has are scaled down to one.
    #[must_use]
    pub fn dequantise(self) -> [f32; 4] {
        let parts = self
            .components
            .map(|component| f64::from(component) * f64::from(ROTATION_STEP));
        let squared: f64 = parts.iter().map(|part| part * part).sum();
        let largest = (1.0 - squared).max(0.0).sqrt();
        let length = (squared + largest * largest).sqrt();
        let mut rotation = [0.0; 4];
        let chosen = usize::from(self.largest & 3);
        rotation[chosen] = (largest / length) as f32;
        for (place, part) in parts.iter().enumerate() {
            rotation[place + usize::from(place >= chosen)] = (part / length) as f32;
        }
        rotation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_not_finite() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(AVATAR_POSITION.quantise(bad).is_err());
            assert!(AVATAR_POSITION.quantise_clamped(bad).is_err());
            assert!(quantise_yaw(bad).is_err());
            assert!(quantise_pitch(bad).is_err());
            assert!(SmallestThree::quantise([bad, 0.0, 0.0, 1.0]).is_err());
        }
        assert!(AVATAR_POSITION.quantise(1.0e9).is_err());
        assert_eq!(VELOCITY.quantise_clamped(1.0e9), Ok(VELOCITY.limit()));
        assert!(SmallestThree::quantise([0.0; 4]).is_err());
    }

    proptest! {
        #[test]
        fn values_come_back_within_half_a_step(value in -8_000.0f32..8_000.0) {
            for quantiser in [AVATAR_POSITION, BODY_POSITION] {
                let back = quantiser.dequantise(quantiser.quantise(value).unwrap());
                // Half a step, and the rounding of f32 itself.
                prop_assert!((back - value).abs() <= quantiser.step() * 0.5 + value.abs() * 1.0e-6);
            }
        }

        #[test]
        fn integers_come_back_exactly(steps in -4_000_000i32..4_000_000) {
            prop_assert_eq!(BODY_POSITION.quantise(BODY_POSITION.dequantise(steps)), Ok(steps));
        }

        #[test]
        fn angles_come_back_within_half_a_step(yaw in -20.0f32..20.0, pitch in -1.5f32..1.5) {
            let half = std::f32::consts::PI / HEADINGS_PER_TURN as f32 + 1.0e-5;
            let error = (dequantise_yaw(quantise_yaw(yaw).unwrap()) - yaw).rem_euclid(std::f32::consts::TAU);
            prop_assert!(error.min(std::f32::consts::TAU - error) <= half);
            prop_assert!((dequantise_pitch(quantise_pitch(pitch).unwrap()) - pitch).abs() <= half);
        }

        #[test]
        fn rotations_come_back(parts in proptest::array::uniform4(-1.0f32..1.0)) {
            let length = parts.iter().map(|part| part * part).sum::<f32>().sqrt();
            prop_assume!(length > 0.01);
            let rotation = parts.map(|part| part / length);
            let back = SmallestThree::quantise(rotation).unwrap().dequantise();
            let dot: f32 = (0..4).map(|index| back[index] * rotation[index]).sum();
            prop_assert!(dot.abs() > 0.999_99);
        }

        #[test]
        fn any_components_make_a_unit_quaternion(largest in 0u8..4, components in any::<[i16; 3]>()) {
            let rotation = SmallestThree { largest, components }.dequantise();
            let squared: f32 = rotation.iter().map(|part| part * part).sum();
            prop_assert!((squared - 1.0).abs() < 1.0e-3);
        }
    }
}
