//! For programs that read core glTF alone: vertex data in types that it has, and no requirement that they need not meet.

use super::weights;
use scene::writer::{Array, Component, Draft};

/// Extensions of VRM add a meaning to meshes that can be drawn without it: where a file requires them, other programs refuse it.
pub(super) fn ask_less(draft: &mut Draft) {
    if let Some(required) = draft.json["extensionsRequired"].as_array_mut() {
        required.retain(|name| {
            name.as_str()
                .is_none_or(|name| !name.starts_with("VRMC_") && name != "VRM")
        });
    }
}

/// Turns quantized vertex data into floats.
pub(super) fn dequantize(draft: &mut Draft) {
    if !draft.may_replace_arrays() {
        return;
    }
    weights::normalize(draft);
    for (place, name, is_target) in draft.attributes() {
        let Some(array) = draft.arrays[place].as_mut() else {
            continue;
        };
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
