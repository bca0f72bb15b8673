//! KHR_draco_mesh_compression: the vertices and indices of a primitive, unpacked before its accessors are read.
//! The decoder is a foreign one in safe Rust. It runs in the file's worker, and what comes from there is checked.

use crate::{
    error::SceneError,
    limits::{MAX_ACCESSOR_COUNT, MAX_DRACO_ATTRIBUTES},
    source::{accessor::Accessors, json::Item},
    worker::Decoder,
};
use draco_core::{
    AttributeValueIndex, DecodeLimits, DecoderBuffer, Mesh, MeshDecoder, PointAttribute, PointIndex,
};
use std::collections::BTreeMap;

/// Most bytes of all attributes of one primitive.
const MAX_DECODED_BYTES: u64 = 128 * 1024 * 1024;
/// Most bytes of one primitive once its values stand in the order of its points.
const MAX_UNPACKED_BYTES: usize = 256 * 1024 * 1024;
/// Bytes of one index.
const INDEX_BYTES: usize = 4;

/// Draco data to a list of [`Unpacked`].
pub(crate) const DECODER: Decoder = Decoder {
    name: "draco",
    decode,
};

/// Gives the accessors of a compressed primitive their bytes; does nothing for others.
pub(crate) fn unpack(primitive: &Item<'_>, accessors: &Accessors<'_>) -> Result<(), SceneError> {
    let Some(packed) = primitive.extension("KHR_draco_mesh_compression") else {
        return Ok(());
    };
    let named = packed.require("attributes")?;
    if named.count() > MAX_DRACO_ATTRIBUTES {
        return Err(named.over_limit(format!(
            "has {} attributes, the limit is {MAX_DRACO_ATTRIBUTES}",
            named.count()
        )));
    }
    let view = packed
        .require("bufferView")?
        .index(accessors.view_count(), "buffer view")?;
    let bytes = accessors
        .view_bytes(view)
        .ok_or_else(|| packed.fault("names a buffer view without bytes"))?;
    accessors.budget.charge(&packed, bytes.len() as u64)?;
    let limit = accessors.budget.left().min(MAX_UNPACKED_BYTES);
    let worker = &accessors.budget.worker;
    let unpacked = worker
        .decode(&DECODER, &[bytes], limit)
        .map_err(|fault| packed.fault(format!("its Draco data cannot be unpacked: {fault}")))?;
    let mesh = Unpacked::read(&unpacked)
        .ok_or_else(|| packed.fault("its Draco data cannot be unpacked"))?;
    let mut named_bytes = 0;
    if let Some(reference) = primitive.get("indices") {
        let count = mesh.indices.len() / INDEX_BYTES;
        let width = accessors.element_bytes(&reference)?;
        accessors.budget.charge(&packed, (count * width) as u64)?;
        named_bytes += (count * width) as u64;
        let indices = mesh.indices.chunks_exact(INDEX_BYTES);
        let indices = indices.flat_map(|index| index.iter().take(width)).copied();
        accessors.provide(&reference, count, indices.collect())?;
    }
    let attributes = primitive.require("attributes")?;
    for (name, id) in named.members() {
        let reference = attributes
            .get(name)
            .ok_or_else(|| id.fault(format!("the primitive has no attribute {name}")))?;
        let attribute = u32::try_from(id.size()?).ok();
        let attribute = attribute
            .and_then(|attribute| mesh.attributes.get(&attribute))
            .ok_or_else(|| id.fault("the Draco data have no such attribute"))?;
        if attribute.width != accessors.element_bytes(&reference)? {
            return Err(id.fault("the Draco data have another type than the accessor"));
        }
        let size = attribute.values.len() as u64;
        accessors.budget.charge(&packed, size)?;
        named_bytes += size;
        accessors.provide(&reference, mesh.points, attribute.values.to_vec())?;
    }
    // What nothing names was unpacked as well.
    let unnamed = (unpacked.len() as u64).saturating_sub(named_bytes);
    accessors.budget.charge(&packed, unnamed)
}

/// A mesh as it comes from the worker: numbers of 32 bits, little-endian, then bytes.
struct Unpacked<'a> {
    points: usize,
    indices: &'a [u8],
    /// By their numbers.
    attributes: BTreeMap<u32, UnpackedAttribute<'a>>,
}

struct UnpackedAttribute<'a> {
    /// Bytes of one value.
    width: usize,
    /// One for each point.
    values: &'a [u8],
}

impl<'a> Unpacked<'a> {
    /// `points`, `indices` and their bytes, then of each attribute `id`, `width` and its bytes.
    fn read(mut bytes: &'a [u8]) -> Option<Self> {
        fn number(bytes: &mut &[u8]) -> Option<u32> {
            bytes
                .split_off(..4)
                .and_then(|own| own.try_into().ok())
                .map(u32::from_le_bytes)
        }
        let points = number(&mut bytes)? as usize;
        let indices = (number(&mut bytes)? as usize).checked_mul(INDEX_BYTES)?;
        let indices = bytes.split_off(..indices)?;
        let mut attributes = BTreeMap::new();
        while !bytes.is_empty() {
            if attributes.len() == MAX_DRACO_ATTRIBUTES {
                return None;
            }
            let id = number(&mut bytes)?;
            let width = number(&mut bytes)? as usize;
            let values = bytes.split_off(..points.checked_mul(width)?)?;
            // Of those with one number the first is meant.
            attributes
                .entry(id)
                .or_insert(UnpackedAttribute { width, values });
        }
        Some(Self {
            points,
            indices,
            attributes,
        })
    }
}

fn decode(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let limits = DecodeLimits::default()
        .with_max_points(MAX_ACCESSOR_COUNT as u64)
        .with_max_faces(MAX_ACCESSOR_COUNT as u64 / 3)
        .with_max_decoded_bytes(MAX_DECODED_BYTES);
    let mut mesh = Mesh::new();
    let mut buffer = DecoderBuffer::new(bytes).with_limits(limits);
    let decoded = MeshDecoder::new().decode(&mut buffer, &mut mesh);
    let broken = || "they are broken, or larger than what is unpacked at once".to_owned();
    decoded.map_err(|_status| broken())?;
    write(&mesh).ok_or_else(broken)
}

/// What [`Unpacked::read`] reads.
fn write(mesh: &Mesh) -> Option<Vec<u8>> {
    if mesh.num_attributes() as usize > MAX_DRACO_ATTRIBUTES {
        return None;
    }
    let points = mesh.num_points();
    let width = |attribute: &PointAttribute| {
        attribute.data_type().byte_length() * usize::from(attribute.num_components())
    };
    let attributes = || (0..mesh.num_attributes()).map(|index| mesh.attribute(index));
    let size: usize = attributes()
        .map(|attribute| points.saturating_mul(width(attribute)).saturating_add(8))
        .fold(
            mesh.num_faces() * 3 * INDEX_BYTES + 8,
            usize::saturating_add,
        );
    if size > MAX_UNPACKED_BYTES {
        return None;
    }
    let mut bytes = Vec::with_capacity(size);
    let number = |bytes: &mut Vec<u8>, number: usize| {
        let number = u32::try_from(number).ok();
        number.map(|number| bytes.extend(number.to_le_bytes()))
    };
    number(&mut bytes, points)?;
    number(&mut bytes, mesh.num_faces() * 3)?;
    for point in mesh.faces().iter().flatten() {
        bytes.extend(point.0.to_le_bytes());
    }
    for attribute in attributes() {
        number(&mut bytes, attribute.unique_id() as usize)?;
        number(&mut bytes, width(attribute))?;
        append_values(&mut bytes, attribute, points, width(attribute))?;
    }
    Some(bytes)
}

/// The values of an attribute, point by point.
fn append_values(
    bytes: &mut Vec<u8>,
    attribute: &PointAttribute,
    points: usize,
    width: usize,
) -> Option<()> {
    let data = attribute.buffer().data();
    let stride = usize::try_from(attribute.byte_stride()).ok()?;
    for point in 0..points as u32 {
        let AttributeValueIndex(value) = attribute.mapped_index(PointIndex(point));
        let start = (value as usize).checked_mul(stride)?;
        bytes.extend_from_slice(data.get(start..start.checked_add(width)?)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mesh without points and indices, and with so many attributes.
    fn unpacked(attributes: u32) -> Vec<u8> {
        let mut bytes = vec![0; 2 * INDEX_BYTES];
        for id in 0..attributes {
            bytes.extend([id, 4].map(u32::to_le_bytes).as_flattened());
        }
        bytes
    }

    #[test]
    fn a_mesh_has_no_more_attributes_than_may_be() {
        let most = MAX_DRACO_ATTRIBUTES as u32;
        let whole = unpacked(most);
        assert_eq!(
            Unpacked::read(&whole).unwrap().attributes.len(),
            most as usize
        );
        assert!(Unpacked::read(&unpacked(most + 1)).is_none());
    }
}
