//! Frames of a recording.

use crate::rotation::normalise;
use thiserror::Error;

/// Cubes in a frame; the first is the one a person rolls.
pub const CUBES: usize = 901;
/// Bytes of a frame in a recording: eight little-endian i32 a cube.
pub const FRAME_BYTES: usize = CUBES * 32;
/// Steps of a metre.
pub(super) const STEPS_PER_METRE: f64 = 512.0;
/// Largest value of a quantised quaternion component.
pub(super) const PART_LIMIT: i32 = 511;
/// Range of a component: -1 / sqrt(2) at zero, and a step.
const PART_ORIGIN: f64 = std::f64::consts::FRAC_1_SQRT_2;
const PART_STEP: f64 = std::f64::consts::SQRT_2 / 511.0;
/// Positions are within this many steps of the origin.
pub(super) const POSITION_LIMIT: i32 = 1 << 20;

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Not a whole frame.
    #[error("a frame has {FRAME_BYTES} bytes, not {0}")]
    Length(usize),
    /// A value that no cube has.
    #[error("cube {0} has a value out of range")]
    Value(usize),
}

/// One cube, quantised as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Cube {
    /// Index of the largest quaternion component (x, y, z, w).
    pub largest: u8,
    /// The other three, 0..=511.
    pub parts: [i32; 3],
    /// In 1/512 m, z up.
    pub position: [i32; 3],
    /// Touched by the person's cube.
    pub is_interacting: bool,
}

/// All cubes at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Always [`CUBES`].
    pub cubes: Vec<Cube>,
}

impl Frame {
    /// Reads a frame of a recording.
    ///
    /// # Errors
    /// A wrong length, or values out of range.
    pub fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() != FRAME_BYTES {
            return Err(FrameError::Length(bytes.len()));
        }
        let mut cubes = Vec::with_capacity(CUBES);
        for (index, bytes) in bytes.chunks_exact(32).enumerate() {
            let mut values = [0; 8];
            for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(4)) {
                *value = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            let [largest, a, b, c, x, y, z, interacting] = values;
            let parts = [a, b, c];
            let position = [x, y, z];
            let is_valid = (0..4).contains(&largest)
                && parts.iter().all(|part| (0..=PART_LIMIT).contains(part))
                && position
                    .iter()
                    .all(|axis| axis.unsigned_abs() <= POSITION_LIMIT.unsigned_abs())
                && (0..2).contains(&interacting);
            if !is_valid {
                return Err(FrameError::Value(index));
            }
            cubes.push(Cube {
                largest: largest as u8,
                parts,
                position,
                is_interacting: interacting == 1,
            });
        }
        Ok(Self { cubes })
    }
}

impl Cube {
    /// Its rotation as a unit quaternion.
    pub(super) fn quaternion(&self) -> [f64; 4] {
        let largest = usize::from(self.largest & 3);
        let mut quaternion = [0.0; 4];
        let mut squared = 0.0;
        for (place, part) in self.parts.iter().enumerate() {
            let value = f64::from(*part) * PART_STEP - PART_ORIGIN;
            quaternion[place + usize::from(place >= largest)] = value;
            squared += value * value;
        }
        quaternion[largest] = if squared < 1.0 {
            (1.0 - squared).sqrt()
        } else {
            0.0
        };
        normalise(quaternion)
    }
}

/// The components other than `largest` as a recording would have them; not clamped.
pub(super) fn parts_beside(quaternion: [f64; 4], largest: usize) -> [i32; 3] {
    let sign = if quaternion[largest] < 0.0 { -1.0 } else { 1.0 };
    let mut parts = [0; 3];
    for (place, part) in parts.iter_mut().enumerate() {
        let value = quaternion[place + usize::from(place >= largest)] * sign;
        *part = ((value + PART_ORIGIN) / PART_STEP).round() as i32;
    }
    parts
}
