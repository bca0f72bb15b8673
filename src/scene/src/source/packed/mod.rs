//! Compressed buffer views: EXT_meshopt_compression and KHR_meshopt_compression (versions 0 and 1 of the vertex codec).
//! Written from the extensions' specifications; every read is bounded, so that broken data give an error and no more.

mod filters;
mod indices;
mod vertices;

use crate::{
    error::SceneError,
    limits::MAX_ACCESSOR_COUNT,
    source::{budget::Budget, json::Item},
};

/// Both names of the one extension; the newer wins where a view has both.
const NAMES: [&str; 2] = ["KHR_meshopt_compression", "EXT_meshopt_compression"];

/// The compression of a buffer view, when it has one.
pub(super) fn of<'a>(view: &Item<'a>) -> Option<Item<'a>> {
    NAMES.iter().find_map(|name| view.extension(name))
}

/// The bytes that a compressed view stands for. `source` holds what its extension names.
pub(super) fn decode(
    packed: &Item<'_>,
    source: &[u8],
    budget: &Budget,
) -> Result<Vec<u8>, SceneError> {
    let count = packed.require("count")?.size()? as usize;
    let stride_item = packed.require("byteStride")?;
    let stride = stride_item.size()? as usize;
    if count > MAX_ACCESSOR_COUNT {
        return Err(packed.over_limit(format!(
            "it has {count} elements, the limit is {MAX_ACCESSOR_COUNT}"
        )));
    }
    let mode = packed.require("mode")?;
    let filter = packed
        .get("filter")
        .map_or(Ok("NONE"), |name| name.text())?;
    let is_fitting = match mode.text()? {
        "ATTRIBUTES" => stride.is_multiple_of(4) && (4..=256).contains(&stride),
        "TRIANGLES" => matches!(stride, 2 | 4) && count.is_multiple_of(3),
        _ => matches!(stride, 2 | 4),
    };
    if !is_fitting {
        return Err(stride_item.fault("does not fit the mode of compression"));
    }
    budget.charge(packed, (count * stride) as u64)?;
    let decoded = match mode.text()? {
        "ATTRIBUTES" => vertices::decode(source, count, stride),
        "TRIANGLES" => indices::triangles(source, count, stride),
        "INDICES" => indices::sequence(source, count, stride),
        _ => return Err(mode.fault("is not a mode of compression")),
    };
    let mut bytes = decoded.ok_or_else(|| packed.fault("its compressed data are broken"))?;
    let is_filtered = match filter {
        "NONE" => true,
        "OCTAHEDRAL" => filters::octahedral(&mut bytes, stride),
        "QUATERNION" => filters::quaternion(&mut bytes, stride),
        "EXPONENTIAL" => filters::exponential(&mut bytes),
        "COLOR" => filters::color(&mut bytes, stride),
        _ => false,
    };
    if is_filtered {
        Ok(bytes)
    } else {
        Err(packed.fault(format!(
            "the filter `{filter}` does not exist for this stride"
        )))
    }
}

/// Bytes that are read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|front| front[0])
    }

    /// A number in groups of seven bits, lowest first (LEB128).
    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

/// Signed numbers as unsigned ones: the lowest bit is the sign.
fn unfold(number: u32) -> u32 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}
