//! Transforms of prims: `xformOpOrder` and what it names (OpenUSD, `UsdGeomXformable`), at rest and over time.

use crate::formats::usd::{limits::MAX_KEYS, stage::values::Values};
use glam::{DMat3, DMat4, DQuat, DVec3};
use serde_json::{Value as Json, json};

/// Largest turn in degrees between two keys: rotations between are the shortest.
const MAX_TURN: f64 = 90.0;
/// By what a matrix may differ from what is written of it.
const SHEAR: f64 = 1.0e-4;

/// One step of a transform.
struct Step {
    /// What it does: `translate`, `rotateXYZ` ...
    kind: String,
    is_inverse: bool,
    value: Vec<f64>,
    /// Empty when it stands still.
    samples: Vec<(f64, Vec<f64>)>,
}

/// The steps of a transform, the last of which comes first to what is transformed.
#[derive(Default)]
pub(crate) struct Transform {
    steps: Vec<Step>,
    /// What is above does not move it.
    pub(crate) is_from_root: bool,
}

impl Transform {
    pub(crate) fn read(values: &Values<'_>, prim: usize) -> Result<Self, String> {
        let mut own = Self::default();
        for name in values.texts(prim, "xformOpOrder")? {
            if name == "!resetXformStack!" {
                own.is_from_root = true;
                own.steps.clear();
                continue;
            }
            let (name, is_inverse) = match name.strip_prefix("!invert!") {
                Some(name) => (name, true),
                None => (name.as_str(), false),
            };
            let Some(kind) = name.split(':').nth(1) else {
                continue;
            };
            if own.steps.len() >= MAX_STEPS {
                return Err(format!("a transform has more than {MAX_STEPS} steps"));
            }
            let samples = values.samples(prim, name)?;
            own.steps.push(Step {
                kind: kind.to_owned(),
                is_inverse,
                value: values.numbers(prim, name)?.unwrap_or_default(),
                samples: if samples.len() > 1 {
                    samples
                } else {
                    Vec::new()
                },
            });
        }
        Ok(own)
    }

    /// At rest, or at a time.
    pub(crate) fn matrix(&self, time: Option<f64>) -> DMat4 {
        let steps = self.steps.iter();
        steps.fold(DMat4::IDENTITY, |all, step| all * step.matrix(time))
    }

    /// Times of keys; none when nothing moves. Wide turns get some between.
    pub(crate) fn times(&self) -> Vec<f64> {
        let samples = || self.steps.iter().map(|step| &step.samples);
        let mut times: Vec<f64> = samples().flatten().map(|(time, _)| *time).collect();
        for step in self
            .steps
            .iter()
            .filter(|step| step.kind.starts_with("rotate"))
        {
            for pair in step.samples.windows(2) {
                let turns = pair[0].1.iter().zip(&pair[1].1);
                let widest = turns
                    .map(|(one, other)| (other - one).abs())
                    .fold(0.0, f64::max);
                let parts = (widest / MAX_TURN).ceil().min(MAX_PARTS);
                let length = pair[1].0 - pair[0].0;
                let between =
                    (1..parts as usize).map(|part| pair[0].0 + length * part as f64 / parts);
                times.extend(between);
            }
        }
        times.sort_by(f64::total_cmp);
        times.dedup();
        times.truncate(MAX_KEYS);
        times
    }
}

/// Most steps of a transform.
const MAX_STEPS: usize = 64;
/// Most keys in the place of one.
const MAX_PARTS: f64 = 64.0;

impl Step {
    fn matrix(&self, time: Option<f64>) -> DMat4 {
        let between;
        let value = match time.filter(|_| !self.samples.is_empty()) {
            Some(time) => {
                between = at(&self.samples, time, self.kind == "orient");
                &between
            }
            None => &self.value,
        };
        let matrix = step(&self.kind, value).unwrap_or(DMat4::IDENTITY);
        match self.is_inverse && matrix.determinant() != 0.0 {
            true => matrix.inverse(),
            false => matrix,
        }
    }
}

/// A value at a time, on a straight line between samples.
pub(crate) fn at(samples: &[(f64, Vec<f64>)], time: f64, is_rotation: bool) -> Vec<f64> {
    let next = samples.partition_point(|(own, _)| *own < time);
    let (Some(before), Some(after)) = (samples.get(next.saturating_sub(1)), samples.get(next))
    else {
        return samples
            .last()
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
    };
    let length = after.0 - before.0;
    let share = if length > 0.0 {
        (time - before.0) / length
    } else {
        1.0
    };
    let pairs = || before.1.iter().zip(&after.1);
    // Of a rotation the nearer one of two that are the same.
    let dot: f64 = pairs().map(|(one, other)| one * other).sum();
    let sign = if is_rotation && dot < 0.0 { -1.0 } else { 1.0 };
    pairs()
        .map(|(one, other)| one + (sign * other - one) * share)
        .collect()
}

fn step(kind: &str, value: &[f64]) -> Option<DMat4> {
    let three = || Some(DVec3::from_array(*value.first_chunk::<3>()?));
    let one = || value.first().copied();
    Some(match kind {
        "translate" => DMat4::from_translation(three()?),
        "translateX" => DMat4::from_translation(DVec3::X * one()?),
        "translateY" => DMat4::from_translation(DVec3::Y * one()?),
        "translateZ" => DMat4::from_translation(DVec3::Z * one()?),
        "scale" => DMat4::from_scale(three()?),
        "scaleX" => DMat4::from_scale(DVec3::new(one()?, 1.0, 1.0)),
        "scaleY" => DMat4::from_scale(DVec3::new(1.0, one()?, 1.0)),
        "scaleZ" => DMat4::from_scale(DVec3::new(1.0, 1.0, one()?)),
        "orient" => DMat4::from_quat(quaternion(value.first_chunk()?)),
        "transform" => matrix(value.first_chunk()?),
        _ => turns(kind.strip_prefix("rotate")?, value)?,
    })
}

/// Rows of vectors that stand before a matrix are columns of one before vectors.
pub(crate) fn matrix(rows: &[f64; 16]) -> DMat4 {
    DMat4::from_cols_array(rows)
}

/// A rotation from its real part and the others; none from what is no rotation.
pub(crate) fn quaternion([w, x, y, z]: &[f64; 4]) -> DQuat {
    let own = DQuat::from_xyzw(*x, *y, *z, *w);
    match own.length() > 0.0 && own.is_finite() {
        true => own.normalize(),
        false => DQuat::IDENTITY,
    }
}

/// Turns around the axes in the order of their names.
fn turns(axes: &str, value: &[f64]) -> Option<DMat4> {
    let mut all = DMat4::IDENTITY;
    for axis in axes.chars() {
        let (place, axis) = match axis {
            'X' => (0, DVec3::X),
            'Y' => (1, DVec3::Y),
            'Z' => (2, DVec3::Z),
            _ => return None,
        };
        let place = if axes.len() == 1 { 0 } else { place };
        all = DMat4::from_axis_angle(axis, value.get(place)?.to_radians()) * all;
    }
    Some(all)
}

/// Translation, rotation and scale as glTF has them; what is not finite is none.
pub(crate) struct Parts {
    pub(crate) translation: [f32; 3],
    pub(crate) rotation: [f32; 4],
    pub(crate) scale: [f32; 3],
    /// The matrix is more than that: it leans.
    pub(crate) is_sheared: bool,
}

pub(crate) fn parts(matrix: &DMat4) -> Parts {
    let (scale, rotation, translation) = matrix.to_scale_rotation_translation();
    let is_rotation = rotation.is_finite() && rotation.length() > 0.5;
    let rotation = if is_rotation {
        rotation.normalize()
    } else {
        DQuat::IDENTITY
    };
    let again = DMat3::from_quat(rotation) * DMat3::from_diagonal(scale);
    let size = scale.abs().max_element();
    let differs = !again.abs_diff_eq(DMat3::from_mat4(*matrix), SHEAR * size);
    let finite = |own: DVec3, rest: DVec3| if own.as_vec3().is_finite() { own } else { rest };
    Parts {
        translation: finite(translation, DVec3::ZERO).as_vec3().to_array(),
        rotation: rotation.as_quat().to_array(),
        scale: finite(scale, DVec3::ONE).as_vec3().to_array(),
        is_sheared: is_rotation && differs,
    }
}

/// Puts a transform into a node.
pub(crate) fn put(node: &mut Json, parts: &Parts) {
    for (name, values, rest) in [
        ("translation", &parts.translation[..], &[0.0; 3][..]),
        ("rotation", &parts.rotation, &[0.0, 0.0, 0.0, 1.0]),
        ("scale", &parts.scale, &[1.0; 3]),
    ] {
        if values != rest {
            node[name] = json!(values);
        }
    }
}
