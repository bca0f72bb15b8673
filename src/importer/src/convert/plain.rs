//! For programs that read core glTF alone: vertex data in types that it has.

use scene::writer::{Array, Component, Draft};

/// What a sum of weights may differ from one.
const LARGEST_ROUNDING: f32 = 1.0e-6;

/// Turns quantized vertex data into floats.
pub(super) fn dequantize(draft: &mut Draft) {
    if !draft.may_replace_arrays() {
        return;
    }
    for (place, name, is_target) in draft.attributes() {
        let Some(array) = draft.arrays[place].as_mut() else {
            continue;
        };
        if name.starts_with("WEIGHTS_") && array.component == Component::F32 {
            array.bytes = sum_to_one(array).bytes;
        }
        let is_geometry = matches!(name.as_str(), "POSITION" | "NORMAL" | "TANGENT");
        let is_share =
            array.is_normalized && matches!(array.component, Component::U8 | Component::U16);
        let is_uv = name.starts_with("TEXCOORD_") && (is_target || !is_share);
        if (is_geometry || is_uv) && array.component != Component::F32 {
            let mut values = array.to_floats();
            if matches!(name.as_str(), "NORMAL" | "TANGENT") && !is_target {
                make_unit(&mut values, array.shape.lanes());
            }
            *array = Array {
                rest: array.rest.clone(),
                ..Array::floats(array.shape, &values)
            };
        }
    }
}

/// Weights of vertices sum to one; where they do not by more than rounding explains, they are made to.
fn sum_to_one(array: &Array) -> Array {
    let mut values = array.to_floats();
    for weights in values.chunks_exact_mut(array.shape.lanes()) {
        let sum: f32 = weights.iter().sum();
        if sum > 0.0 && (sum - 1.0).abs() > LARGEST_ROUNDING {
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
    }
    Array::floats(array.shape, &values)
}

/// Whole numbers hold a unit vector about; floats are taken at their word.
fn make_unit(values: &mut [f32], lanes: usize) {
    for vector in values.chunks_exact_mut(lanes) {
        let length = vector[..3]
            .iter()
            .map(|part| part * part)
            .sum::<f32>()
            .sqrt();
        if length > 0.0 {
            vector[..3].iter_mut().for_each(|part| *part /= length);
        }
    }
}
