//! Compression of vertex data and indices as EXT_meshopt_compression stores them, decoded by every reader of it.

use super::{
    keys::{self, Role},
    quantize::NORMAL_BITS,
};
use meshopt::{
    decode_filter_oct, decode_filter_quat, encode_filter_oct, encode_filter_quat,
    encode_index_buffer, encode_index_sequence, encode_vertex_buffer_level,
};
use scene::writer::{Array, ArrayShape, Component, Draft, Packed};
use std::collections::BTreeSet;

/// Most bits of the mantissa of a float that the exponential filter holds, its sign left out.
const MANTISSA_BITS: i32 = 23;
/// Powers of two that the filter can multiply with; beyond them floats lose bits.
const EXPONENTS: std::ops::RangeInclusive<i32> = -100..=100;
/// Bits of each component of a quaternion.
const QUATERNION_BITS: i32 = 16;
/// Version 0 of the vertex codec is the one that EXT_meshopt_compression has.
const VERTEX_VERSION: i32 = 0;
const LEVEL: i32 = 3;

/// Says of every array how it is stored.
pub(super) fn pack(draft: &mut Draft) {
    if !draft.may_replace_arrays() {
        return;
    }
    let triangles: BTreeSet<usize> = draft.triangles().iter().map(|own| own.indices).collect();
    let vertex_data = draft.attributes();
    let directions: BTreeSet<usize> = vertex_data
        .iter()
        .filter(|(_, name, is_target)| !is_target && matches!(name.as_str(), "NORMAL" | "TANGENT"))
        .map(|(place, ..)| *place)
        .collect();
    let vertex_data: BTreeSet<usize> = vertex_data.iter().map(|(place, ..)| *place).collect();
    let indices = index_arrays(draft);
    let rotations = keys::roles(draft);
    for place in 0..draft.arrays.len() {
        let Some(array) = draft.arrays[place].as_mut() else {
            continue;
        };
        if rotations.get(&place) == Some(&Role::Rotation) {
            pack_rotations(array);
        } else if indices.contains(&place) {
            let mode = if triangles.contains(&place) {
                "TRIANGLES"
            } else {
                "INDICES"
            };
            array.packed = pack_indices(array, mode);
        } else if directions.contains(&place)
            && array.component == Component::F32
            && matches!(array.shape, ArrayShape::Vec3 | ArrayShape::Vec4)
        {
            pack_directions(array);
        } else {
            array.packed = pack_values(array, vertex_data.contains(&place));
        }
    }
}

fn index_arrays(draft: &Draft) -> BTreeSet<usize> {
    let meshes = draft.list("meshes").iter();
    let primitives = meshes.flat_map(|mesh| mesh["primitives"].as_array().into_iter().flatten());
    primitives
        .filter_map(|primitive| primitive["indices"].as_u64())
        .map(|place| place as usize)
        .collect()
}

fn pack_indices(array: &Array, mode: &'static str) -> Option<Packed> {
    let is_fitting = matches!(array.component, Component::U16 | Component::U32);
    let is_whole = mode == "INDICES" || array.count().is_multiple_of(3);
    (is_fitting && is_whole).then(|| Packed {
        mode,
        filter: "NONE",
        bytes: array.bytes.clone(),
    })
}

/// Quaternions become shares of 16 bits, which core glTF has for animations.
fn pack_rotations(array: &mut Array) {
    if array.component != Component::F32 || array.shape != ArrayShape::Vec4 {
        return;
    }
    let values = array.to_floats();
    let quaternions: Vec<[f32; 4]> = values
        .chunks_exact(4)
        .map(|four| {
            let length = four.iter().map(|part| part * part).sum::<f32>().sqrt();
            match length > 0.0 {
                true => [
                    four[0] / length,
                    four[1] / length,
                    four[2] / length,
                    four[3] / length,
                ],
                false => [0.0, 0.0, 0.0, 1.0],
            }
        })
        .collect();
    let filtered = encode_filter_quat(&quaternions, QUATERNION_BITS);
    let mut decoded = filtered.clone();
    decode_filter_quat(&mut decoded);
    let to_bytes = |values: &[[i16; 4]]| -> Vec<u8> {
        let numbers = values.iter().flatten();
        numbers.flat_map(|number| number.to_le_bytes()).collect()
    };
    *array = Array {
        rest: array.rest.clone(),
        packed: Some(attributes("QUATERNION", to_bytes(&filtered))),
        ..Array::new(array.shape, Component::I16, true, to_bytes(&decoded))
    };
}

fn attributes(filter: &'static str, bytes: Vec<u8>) -> Packed {
    Packed {
        mode: "ATTRIBUTES",
        filter,
        bytes: bytes.into(),
    }
}

/// Directions become shares of 8 bits, folded onto an octahedron; they were put onto its grid before.
fn pack_directions(array: &mut Array) {
    let lanes = array.shape.lanes();
    let values = array.to_floats();
    let vectors: Vec<[f32; 4]> = values
        .chunks_exact(lanes)
        .map(|own| [own[0], own[1], own[2], own.get(3).copied().unwrap_or(0.0)])
        .collect();
    let folded: Vec<[i8; 4]> = encode_filter_oct(&vectors, NORMAL_BITS);
    let mut decoded = folded.clone();
    decode_filter_oct(&mut decoded);
    let plain = decoded.iter().flat_map(|vector| vector[..lanes].iter());
    let plain = plain.map(|byte| *byte as u8).collect();
    let packed = folded.iter().flatten().map(|byte| *byte as u8).collect();
    *array = Array {
        rest: array.rest.clone(),
        packed: Some(attributes("OCTAHEDRAL", packed)),
        ..Array::new(array.shape, Component::I8, true, plain)
    };
}

fn pack_values(array: &Array, is_vertex_data: bool) -> Option<Packed> {
    if array.component == Component::F32
        && array.shape.lanes() <= 4
        && let Some(bytes) = exponential(array)
    {
        return Some(attributes("EXPONENTIAL", bytes));
    }
    let size = array.element_bytes();
    if !is_vertex_data && !size.is_multiple_of(4) {
        return None;
    }
    let stride = size.next_multiple_of(4);
    let mut bytes = vec![0; stride * array.count()];
    for (own, element) in bytes
        .chunks_exact_mut(stride)
        .zip(array.bytes.chunks_exact(size))
    {
        own[..size].copy_from_slice(element);
    }
    Some(attributes("NONE", bytes))
}

/// Floats as whole numbers times powers of two, one power for each lane; `None` when that loses a bit.
fn exponential(array: &Array) -> Option<Vec<u8>> {
    let lanes = array.shape.lanes();
    let values = array.to_floats();
    let powers: Vec<i32> = (0..lanes)
        .map(|lane| {
            values
                .iter()
                .skip(lane)
                .step_by(lanes)
                .filter_map(|value| lowest_bit(*value))
                .min()
                .unwrap_or(0)
        })
        .collect();
    if powers.iter().any(|power| !EXPONENTS.contains(power)) {
        return None;
    }
    let mut bytes = Vec::with_capacity(values.len() * 4);
    for element in values.chunks_exact(lanes) {
        for (value, power) in element.iter().zip(&powers) {
            let mantissa = f64::from(*value) / 2.0f64.powi(*power);
            if !mantissa.is_finite() || mantissa.abs() >= f64::from(1 << MANTISSA_BITS) {
                return None;
            }
            let word = (*power << 24) | (mantissa as i32 & 0x00FF_FFFF);
            bytes.extend(word.to_le_bytes());
        }
    }
    Some(bytes)
}

/// The power of two of a float's lowest bit that is set; `None` of zero.
fn lowest_bit(value: f32) -> Option<i32> {
    let bits = value.to_bits();
    let exponent = (bits >> 23 & 0xFF) as i32;
    let mantissa = bits & 0x007F_FFFF;
    match (exponent, mantissa) {
        (_, 0) if exponent > 0 => Some(exponent - 127),
        (0, 0) => None,
        (0, mantissa) => Some(mantissa.trailing_zeros() as i32 - 149),
        (exponent, mantissa) => Some(exponent - 127 - 23 + mantissa.trailing_zeros() as i32),
    }
}

/// Compresses what lies in a view.
pub(super) fn compress(mode: &'static str, bytes: &[u8], stride: usize) -> Option<Vec<u8>> {
    let packed = match mode {
        "ATTRIBUTES" => vertices(bytes, stride),
        _ => {
            let indices = indices(bytes, stride);
            let count = indices
                .iter()
                .max()
                .map_or(0, |largest| *largest as usize + 1);
            if mode == "TRIANGLES" {
                encode_index_buffer(&indices, count).ok()
            } else {
                encode_index_sequence(&indices, count).ok()
            }
        }
    };
    packed.filter(|packed| packed.len() < bytes.len())
}

fn indices(bytes: &[u8], stride: usize) -> Vec<u32> {
    let number = |bytes: &[u8]| {
        let mut word = [0; 4];
        word[..stride].copy_from_slice(bytes);
        u32::from_le_bytes(word)
    };
    bytes.chunks_exact(stride).map(number).collect()
}

fn vertices(bytes: &[u8], stride: usize) -> Option<Vec<u8>> {
    fn of<const N: usize>(bytes: &[u8]) -> Option<Vec<u8>> {
        let elements = bytes.as_chunks::<N>().0;
        encode_vertex_buffer_level(elements, LEVEL, Some(VERTEX_VERSION)).ok()
    }
    match stride {
        4 => of::<4>(bytes),
        8 => of::<8>(bytes),
        12 => of::<12>(bytes),
        16 => of::<16>(bytes),
        64 => of::<64>(bytes),
        _ => None,
    }
}
