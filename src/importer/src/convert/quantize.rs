//! Vertices and keys in as many bits as one can see. Types stay what they are where they can: a rounded float needs no
//! scaled node, so that physics, skins and animations keep their spaces.

use super::{keys, weights};
use meshopt::encode_filter_oct;
use scene::{
    srgb_from_linear,
    writer::{Array, ArrayShape, Component, Draft},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Steps over the longest side of a mesh.
const POSITION_STEPS: f32 = 16_384.0;
/// Largest step of positions in units of the mesh: half of it is the largest error.
const LARGEST_POSITION_STEP: f32 = 1.0 / 512.0;
/// Step of texture coordinates: a quarter of a pixel of a 1,024-pixel texture.
const UV_STEP: f32 = 1.0 / 4_096.0;
/// Most repeats of a texture for which the step is made finer: beyond, floats have no more bits.
const MOST_REPEATS: f32 = 4_096.0;
/// Step of what morph targets add to normals and tangents.
const TURN_STEP: f32 = 1.0 / 256.0;
/// Largest error of a colour on the screen: one and a half of 255 steps.
const LARGEST_COLOR_ERROR: f32 = 1.5 / 255.0;
/// Step of key times, in seconds.
const TIME_STEP: f32 = 1.0 / 16_384.0;
/// Step of morph weights over time.
const WEIGHT_STEP: f32 = 1.0 / 4_096.0;
/// Steps over the range of translations and scales over time.
const MOTION_STEPS: f32 = 32_768.0;
/// Bits of each of the two numbers that stand for a direction.
pub(super) const NORMAL_BITS: i32 = 8;

/// Rounds vertices and keys.
pub(super) fn quantize(draft: &mut Draft) {
    if !draft.may_replace_arrays() {
        return;
    }
    part_kinds(draft);
    let steps = position_steps(draft);
    let uv_step = uv_step(draft);
    for (place, name, is_target) in draft.attributes() {
        let Some(array) = draft.arrays[place].as_mut() else {
            continue;
        };
        let step = steps.get(&place).copied().unwrap_or(uv_step);
        if let Some(fresh) = vertex_array(array, &name, is_target, step) {
            *array = Array {
                rest: array.rest.clone(),
                ..fresh
            };
        }
    }
    weights::round(draft);
    quantize_keys(draft);
}

/// What an array is rounded as: that of a target's normals is none of a normal's.
fn kind(name: &str, is_target: bool) -> (&str, bool) {
    (name.split('_').next().unwrap_or_default(), is_target)
}

/// Gives each kind of attribute an array of its own where several share one: they are rounded differently.
fn part_kinds(draft: &mut Draft) {
    let mut parted: BTreeMap<(usize, String, bool), usize> = BTreeMap::new();
    let mut owners: BTreeMap<usize, (String, bool)> = BTreeMap::new();
    for (place, name, is_target) in draft.attributes() {
        let (own, is_target) = kind(&name, is_target);
        let own = (own.to_owned(), is_target);
        let owner = owners.entry(place).or_insert_with(|| own.clone());
        let key = (place, own.0.clone(), is_target);
        if *owner == own || parted.contains_key(&key) {
            continue;
        }
        if let Some(copy) = draft.arrays.get(place).cloned().flatten() {
            parted.insert(key, draft.add(copy));
        }
    }
    if parted.is_empty() {
        return;
    }
    let rename = |set: &mut Value, is_target: bool| {
        for (name, value) in set.as_object_mut().into_iter().flatten() {
            let (own, is_target) = kind(name, is_target);
            let fresh =
                place(value).and_then(|place| parted.get(&(place, own.to_owned(), is_target)));
            if let Some(fresh) = fresh {
                *value = (*fresh).into();
            }
        }
    };
    for mesh in draft.list_mut("meshes") {
        let primitives = mesh["primitives"].as_array_mut().into_iter().flatten();
        for primitive in primitives {
            if let Some(set) = primitive.get_mut("attributes") {
                rename(set, false);
            }
            let targets = primitive.get_mut("targets").and_then(Value::as_array_mut);
            for set in targets.into_iter().flatten() {
                rename(set, true);
            }
        }
    }
}

/// The step of texture coordinates: finer where a material repeats its textures.
fn uv_step(draft: &Draft) -> f32 {
    let mut largest = 1.0f32;
    for material in draft.list("materials") {
        largest = largest.max(largest_scale(material));
    }
    UV_STEP / 2.0f32.powi(largest.min(MOST_REPEATS).log2().ceil() as i32)
}

/// Largest factor of a texture's transform at or below a value.
fn largest_scale(value: &Value) -> f32 {
    match value {
        Value::Object(members) => {
            let own = members
                .get("KHR_texture_transform")
                .map(|own| &own["scale"]);
            let own = own.and_then(Value::as_array).into_iter().flatten();
            let own = own.filter_map(Value::as_f64).map(|own| own.abs() as f32);
            let below = members.values().map(largest_scale);
            own.chain(below).fold(0.0, f32::max)
        }
        Value::Array(elements) => elements.iter().map(largest_scale).fold(0.0, f32::max),
        _ => 0.0,
    }
}

/// The step of every array with positions: that of its mesh, so that parts of a mesh still meet.
fn position_steps(draft: &Draft) -> BTreeMap<usize, f32> {
    let mut steps: BTreeMap<usize, f32> = BTreeMap::new();
    for mesh in draft.list("meshes") {
        let primitives = || mesh["primitives"].as_array().into_iter().flatten();
        let bases: Vec<usize> = primitives()
            .filter_map(|primitive| place(&primitive["attributes"]["POSITION"]))
            .collect();
        let targets = primitives()
            .flat_map(|primitive| primitive["targets"].as_array().into_iter().flatten())
            .filter_map(|target| place(&target["POSITION"]));
        let extents = bases
            .iter()
            .filter_map(|place| Some(extent(draft.arrays.get(*place)?.as_ref()?)));
        let extent = extents.fold(0.0f32, f32::max);
        let step = power_of_two(extent / POSITION_STEPS).min(LARGEST_POSITION_STEP);
        for place in bases.iter().copied().chain(targets) {
            let known = steps.entry(place).or_insert(step);
            *known = known.min(step);
        }
    }
    steps
}

/// A number that names something.
pub(super) fn place(value: &Value) -> Option<usize> {
    value.as_u64().map(|place| place as usize)
}

/// Longest side of the box around three-component floats.
fn extent(array: &Array) -> f32 {
    let values = array.to_floats();
    let lanes = array.shape.lanes();
    let sides = (0..lanes).map(|lane| {
        let lane = values.iter().skip(lane).step_by(lanes);
        let (low, high) = lane.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
        high - low
    });
    sides.fold(0.0, f32::max)
}

/// The largest power of two that is not larger; of nothing a very small one.
fn power_of_two(value: f32) -> f32 {
    2.0f32.powi(value.max(1.0e-30).log2().floor() as i32)
}

fn vertex_array(array: &Array, name: &str, is_target: bool, step: f32) -> Option<Array> {
    let is_float = array.component == Component::F32;
    let kind = name.split('_').next().unwrap_or_default();
    match (kind, is_target) {
        ("POSITION", _) if is_float => Some(rounded(array, step)),
        ("TEXCOORD", _) if is_float => Some(rounded(array, step)),
        ("NORMAL" | "TANGENT", true) if is_float => Some(rounded(array, TURN_STEP)),
        ("NORMAL", false) if is_float && array.shape == ArrayShape::Vec3 => Some(directions(array)),
        ("TANGENT", false) if is_float && array.shape == ArrayShape::Vec4 => {
            Some(directions(array))
        }
        ("COLOR", false) if is_float || array.component == Component::U16 => colors(array),
        ("JOINTS", false) if array.component == Component::U16 => small_joints(array),
        _ => None,
    }
}

fn rounded(array: &Array, step: f32) -> Array {
    let mut values = array.to_floats();
    for value in &mut values {
        let near = (*value / step).round() * step;
        if near.is_finite() {
            // Not minus zero: it has other bytes.
            *value = near + 0.0;
        }
    }
    Array::floats(array.shape, &values)
}

/// Unit vectors on the grid of the octahedral filter; a fourth number is a sign.
fn directions(array: &Array) -> Array {
    let lanes = array.shape.lanes();
    let values = array.to_floats();
    let vectors: Vec<[f32; 4]> = values
        .chunks_exact(lanes)
        .map(|vector| {
            let sign = vector.get(3).map_or(1.0, |sign| 1.0f32.copysign(*sign));
            let length = vector[..3]
                .iter()
                .map(|part| part * part)
                .sum::<f32>()
                .sqrt();
            match length > 0.0 {
                true => [
                    vector[0] / length,
                    vector[1] / length,
                    vector[2] / length,
                    sign,
                ],
                false => [0.0, 1.0, 0.0, sign],
            }
        })
        .collect();
    let folded: Vec<[i8; 4]> = encode_filter_oct(&vectors, NORMAL_BITS);
    let unfolded = folded.iter().zip(&vectors).flat_map(|(folded, vector)| {
        let [x, y, one] = [folded[0], folded[1], folded[2]].map(f32::from);
        let (x, y) = (x / one, y / one);
        let z = 1.0 - x.abs() - y.abs();
        let fold = (-z).max(0.0);
        let (x, y) = (x - fold.copysign(x), y - fold.copysign(y));
        let length = (x * x + y * y + z * z).sqrt();
        // Not minus zero: it has other bytes.
        [
            x / length + 0.0,
            y / length + 0.0,
            z / length + 0.0,
            vector[3],
        ]
        .into_iter()
        .take(lanes)
    });
    Array::floats(array.shape, &unfolded.collect::<Vec<f32>>())
}

/// Colours as bytes, or where one sees that, because dark ones lie close together, as twice as many; those brighter than white stay floats.
fn colors(array: &Array) -> Option<Array> {
    let values = array.to_floats();
    let byte = |value: &f32| (value * 255.0).round() as u8;
    let is_seen = |value: &f32| {
        let near = f32::from(byte(value)) / 255.0;
        (srgb_from_linear(*value) - srgb_from_linear(near)).abs() > LARGEST_COLOR_ERROR
    };
    let mut colors = values.chunks_exact(array.shape.lanes());
    if !values.iter().all(|value| (0.0..=1.0).contains(value)) {
        return None;
    }
    if !colors.any(|color| color.iter().take(3).any(is_seen)) {
        let bytes = values.iter().map(byte).collect();
        return Some(Array::new(array.shape, Component::U8, true, bytes));
    }
    Some(Array::shares(array.shape, &values))
}

fn small_joints(array: &Array) -> Option<Array> {
    let joints = array.bytes.chunks_exact(2);
    let joints: Option<Vec<u8>> = joints.map(|two| (two[1] == 0).then_some(two[0])).collect();
    joints.map(|bytes| Array::new(array.shape, Component::U8, false, bytes))
}

/// Rounds key times and what they move, unless a curve or something else uses the same array.
fn quantize_keys(draft: &mut Draft) {
    for (place, role) in keys::roles(draft) {
        let Some(array) = draft.arrays[place].as_mut() else {
            continue;
        };
        if array.component != Component::F32 {
            continue;
        }
        let step = match role {
            keys::Role::Time => TIME_STEP,
            keys::Role::Weights => WEIGHT_STEP,
            keys::Role::Motion => power_of_two(extent(array).max(largest(array)) / MOTION_STEPS),
            keys::Role::Rotation | keys::Role::Other => continue,
        };
        let fresh = rounded(array, step);
        let grows = |values: &[f32]| values.windows(2).all(|pair| pair[0] < pair[1]);
        if role != keys::Role::Time || grows(&fresh.to_floats()) {
            array.bytes = fresh.bytes;
        }
    }
}

fn largest(array: &Array) -> f32 {
    array
        .to_floats()
        .iter()
        .fold(0.0, |largest, value| value.abs().max(largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_take_two_bytes_only_where_one_sees_it() {
        let kind = |values: &[f32]| {
            let array = Array::floats(ArrayShape::Vec4, values);
            let rounded = colors(&array).unwrap();
            for (near, value) in rounded.to_floats().iter().zip(values) {
                assert!((near - value).abs() <= 0.5 / 255.0 + f32::EPSILON);
            }
            rounded.component
        };
        let bright = [1.0, 0.5, 0.25, 1.0, 0.0, 1.0, 0.7, 0.003];
        assert_eq!(kind(&bright), Component::U8);
        assert_eq!(kind(&[0.006, 0.5, 0.5, 1.0]), Component::U16);
        let brighter = Array::floats(ArrayShape::Vec4, &[1.5, 0.0, 0.0, 1.0]);
        assert!(colors(&brighter).is_none());
    }
}
