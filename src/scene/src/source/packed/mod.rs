//! Compressed buffer views: EXT_meshopt_compression and KHR_meshopt_compression (versions 0 and 1 of the vertex codec).
//! Written from the extensions' specifications; every read is bounded, so that broken data give an error and no more.

mod filters;
mod indices;
mod vertices;

use crate::{
    error::SceneError,
    limits::MAX_ACCESSOR_COUNT,
    source::{budget::Budget, json::Item},
    threads,
};

/// Both names of the one extension; the newer wins where a view has both.
const NAMES: [&str; 2] = ["KHR_meshopt_compression", "EXT_meshopt_compression"];

/// Unpacked bytes of a file for which threads are started, and most threads.
const BYTES_WORTH_THREADS: u64 = 256 * 1024;
const MAX_THREADS: usize = 4;

/// The compression of a buffer view, when it has one.
pub(crate) fn of<'a>(view: &Item<'a>) -> Option<Item<'a>> {
    NAMES.iter().find_map(|name| view.extension(name))
}

/// How a compressed view is unpacked, as its extension says it.
pub(super) struct Plan {
    count: usize,
    stride: usize,
    mode: Mode,
    filter: Filter,
}

enum Mode {
    Attributes,
    Triangles,
    Indices,
}

enum Filter {
    None,
    Octahedral,
    Quaternion,
    Exponential,
    Color,
}

impl Plan {
    /// Checks what an extension says, and takes memory for what will be unpacked.
    pub(super) fn read(packed: &Item<'_>, budget: &Budget) -> Result<Self, SceneError> {
        let count = packed.require("count")?.size()? as usize;
        let stride_item = packed.require("byteStride")?;
        let stride = stride_item.size()? as usize;
        if count > MAX_ACCESSOR_COUNT {
            return Err(packed.over_limit(format!(
                "it has {count} elements, the limit is {MAX_ACCESSOR_COUNT}"
            )));
        }
        let mode_item = packed.require("mode")?;
        let mode = match mode_item.text()? {
            "ATTRIBUTES" => Mode::Attributes,
            "TRIANGLES" => Mode::Triangles,
            "INDICES" => Mode::Indices,
            _ => return Err(mode_item.fault("is not a mode of compression")),
        };
        let is_fitting = match mode {
            Mode::Attributes => stride.is_multiple_of(4) && (4..=256).contains(&stride),
            Mode::Triangles => matches!(stride, 2 | 4) && count.is_multiple_of(3),
            Mode::Indices => matches!(stride, 2 | 4),
        };
        if !is_fitting {
            return Err(stride_item.fault("does not fit the mode of compression"));
        }
        let filter = packed
            .get("filter")
            .map_or(Ok("NONE"), |name| name.text())?;
        let filter = match (filter, stride) {
            ("NONE", _) => Filter::None,
            ("OCTAHEDRAL", 4 | 8) => Filter::Octahedral,
            ("QUATERNION", 8) => Filter::Quaternion,
            ("EXPONENTIAL", _) => Filter::Exponential,
            ("COLOR", 4 | 8) => Filter::Color,
            _ => {
                return Err(packed.fault(format!(
                    "the filter `{filter}` does not exist for this stride"
                )));
            }
        };
        let plan = Self {
            count,
            stride,
            mode,
            filter,
        };
        budget.charge(packed, plan.bytes())?;
        Ok(plan)
    }

    /// Bytes once they are unpacked.
    pub(super) fn bytes(&self) -> u64 {
        self.count as u64 * self.stride as u64
    }

    /// The bytes that a compressed view stands for; `None` when its data are broken.
    pub(super) fn unpack(&self, source: &[u8]) -> Option<Vec<u8>> {
        let (count, stride) = (self.count, self.stride);
        let mut bytes = match self.mode {
            Mode::Attributes => vertices::decode(source, count, stride),
            Mode::Triangles => indices::triangles(source, count, stride),
            Mode::Indices => indices::sequence(source, count, stride),
        }?;
        match self.filter {
            Filter::None => {}
            Filter::Octahedral => filters::octahedral(&mut bytes, stride),
            Filter::Quaternion => filters::quaternion(&mut bytes, stride),
            Filter::Exponential => filters::exponential(&mut bytes),
            Filter::Color => filters::color(&mut bytes, stride),
        }
        Some(bytes)
    }
}

/// Threads that are worth their start for so many bytes.
pub(super) fn threads_for(bytes: u64) -> usize {
    if bytes < BYTES_WORTH_THREADS {
        return 1;
    }
    threads::of_machine(MAX_THREADS)
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
