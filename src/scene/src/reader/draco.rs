//! KHR_draco_mesh_compression: the vertices and indices of a primitive, unpacked before its accessors are read.
//! The decoder is a foreign one in safe Rust; what it takes is limited, and a fault of its own costs the file alone.

use crate::{
    error::SceneError,
    limits::MAX_ACCESSOR_COUNT,
    source::{accessor::Accessors, json::Item},
};
use draco_core::{
    AttributeValueIndex, DecodeLimits, DecoderBuffer, Mesh, MeshDecoder, PointAttribute, PointIndex,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most bytes of all attributes of one primitive.
const MAX_DECODED_BYTES: u64 = 128 * 1024 * 1024;

/// Gives the accessors of a compressed primitive their bytes; does nothing for others.
pub(crate) fn unpack(primitive: &Item<'_>, accessors: &Accessors<'_>) -> Result<(), SceneError> {
    let Some(packed) = primitive.extension("KHR_draco_mesh_compression") else {
        return Ok(());
    };
    let view = packed
        .require("bufferView")?
        .index(accessors.view_count(), "buffer view")?;
    let bytes = accessors
        .view_bytes(view)
        .ok_or_else(|| packed.fault("names a buffer view without bytes"))?;
    accessors.budget.charge(&packed, bytes.len() as u64)?;
    let mesh = decode(bytes).ok_or_else(|| {
        packed.fault("its Draco data are broken, or larger than what is unpacked at once")
    })?;
    if let Some(reference) = primitive.get("indices") {
        let (count, width) = (mesh.num_faces() * 3, accessors.element_bytes(&reference)?);
        accessors.budget.charge(&packed, (count * width) as u64)?;
        let corners = mesh.faces().iter().flatten();
        let indices = corners.flat_map(|point| point.0.to_le_bytes().into_iter().take(width));
        accessors.provide(&reference, count, indices.collect())?;
    }
    let attributes = primitive.require("attributes")?;
    for (name, id) in packed.require("attributes")?.members() {
        let reference = attributes
            .get(name)
            .ok_or_else(|| id.fault(format!("the primitive has no attribute {name}")))?;
        let attribute = u32::try_from(id.size()?).ok();
        let attribute = attribute.and_then(|id| mesh.attribute_by_unique_id(id));
        let attribute =
            attribute.ok_or_else(|| id.fault("the Draco data have no such attribute"))?;
        let width = attribute.data_type().byte_length() * usize::from(attribute.num_components());
        if width != accessors.element_bytes(&reference)? {
            return Err(id.fault("the Draco data have another type than the accessor"));
        }
        let count = mesh.num_points();
        accessors.budget.charge(&packed, (count * width) as u64)?;
        let values = values(attribute, count, width)
            .ok_or_else(|| id.fault("the Draco data lack some of its values"))?;
        accessors.provide(&reference, count, values)?;
    }
    Ok(())
}

/// A mesh, or nothing when the data are broken.
fn decode(bytes: &[u8]) -> Option<Mesh> {
    let limits = DecodeLimits::default()
        .with_max_points(MAX_ACCESSOR_COUNT as u64)
        .with_max_faces(MAX_ACCESSOR_COUNT as u64 / 3)
        .with_max_decoded_bytes(MAX_DECODED_BYTES);
    let attempt = || {
        let mut mesh = Mesh::new();
        let mut buffer = DecoderBuffer::new(bytes).with_limits(limits);
        let decoded = MeshDecoder::new().decode(&mut buffer, &mut mesh);
        decoded.is_ok().then_some(mesh)
    };
    catch_unwind(AssertUnwindSafe(attempt)).ok().flatten()
}

/// The values of an attribute, point by point.
fn values(attribute: &PointAttribute, count: usize, width: usize) -> Option<Vec<u8>> {
    let data = attribute.buffer().data();
    let stride = usize::try_from(attribute.byte_stride()).ok()?;
    let mut values = Vec::with_capacity(count * width);
    for point in 0..count as u32 {
        let AttributeValueIndex(value) = attribute.mapped_index(PointIndex(point));
        let start = (value as usize).checked_mul(stride)?;
        values.extend_from_slice(data.get(start..start.checked_add(width)?)?);
    }
    Some(values)
}
