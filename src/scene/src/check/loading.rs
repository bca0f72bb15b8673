//! How long whoever enters waits for a file: an estimate from what the file holds, the same on every machine.

use super::{
    model::{index, list, size},
    report::Summary,
};
use crate::source::{json::Item, packed};
use std::collections::BTreeSet;

/// Bits a second of the line over which the file comes. Chosen, not measured: a household's line that others use meanwhile.
const LINE_BITS_PER_SEC: u64 = 50_000_000;
/// Nanoseconds for each byte that comes. What else is read takes little beside it: JSON 8.3 ns a byte and plain vertices 1.2
/// (`import` in `docs/PERFORMANCE.md`).
const LINE_NANOS: u64 = 8 * 1_000_000_000 / LINE_BITS_PER_SEC;
// What decoding takes of a processor was measured once with a debug build as that of `docs/PERFORMANCE.md`, on two cores that did
// other work too, by a program made for the purpose: `picture::decode_all` with mipmaps, and `load_file` of a packed file less that
// of its plain one.
/// Nanoseconds for each byte of a PNG or JPEG once it is decoded: 6.1 and 7.3 with FlightHelmet's and SheenCloth's pictures, 3.3
/// and 4.6 with those of the plaza and the workshop, 10.9 with AlphaBlendModeTest's large JPEGs.
const PIXEL_NANOS: u64 = 7;
/// The same where pictures stay compressed: 5.2 and 5.9 with FlightHelmet's and SheenCloth's as `convert` writes them.
const BLOCK_NANOS: u64 = 6;
/// Nanoseconds for each byte that meshopt packed: 10 of the Fox; SheenCloth takes 17 with all that is read of it.
const MESHOPT_NANOS: u64 = 17;
/// Nanoseconds for each byte that Draco packed, which are far fewer: 132 of the Fox, and 25 where it is packed in sequence.
const DRACO_NANOS: u64 = 132;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// Bytes of compressed geometry, before it is unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedBytes {
    /// Of `KHR_meshopt_compression` and `EXT_meshopt_compression`, animations included.
    pub meshopt: u64,
    /// Of `KHR_draco_mesh_compression`.
    pub draco: u64,
}

impl PackedBytes {
    /// Those of a file: of its compressed buffer views, and of those that its primitives unpack, each once.
    pub(super) fn of(root: Item<'_>) -> Self {
        let views = list(root, "bufferViews");
        let packed = views.iter().filter_map(packed::of);
        let meshopt = packed.filter_map(|packed| size(packed, "byteLength"));
        let meshopt = meshopt.fold(0, u64::saturating_add);
        let meshes = list(root, "meshes").into_iter();
        let primitives = meshes.flat_map(|mesh| list(mesh, "primitives"));
        let draco = primitives.filter_map(|primitive| {
            let packed = primitive.extension("KHR_draco_mesh_compression")?;
            index(packed, "bufferView")
        });
        let draco: BTreeSet<usize> = draco.collect();
        let draco = draco.into_iter().filter_map(|view| views.get(view));
        let draco = draco.filter_map(|view| size(*view, "byteLength"));
        Self {
            meshopt,
            draco: draco.fold(0, u64::saturating_add),
        }
    }
}

/// Milliseconds until everything that a file holds can be drawn: it comes over the line, then one processor decodes it.
pub(super) fn millis(summary: &Summary) -> u64 {
    let pixels = summary.image_bytes.saturating_sub(summary.block_bytes);
    let parts = [
        (summary.bytes, LINE_NANOS),
        (pixels, PIXEL_NANOS),
        (summary.block_bytes, BLOCK_NANOS),
        (summary.packed_bytes.meshopt, MESHOPT_NANOS),
        (summary.packed_bytes.draco, DRACO_NANOS),
    ];
    let nanos = parts.map(|(bytes, nanos)| bytes.saturating_mul(nanos));
    let nanos = nanos.into_iter().fold(0, u64::saturating_add);
    nanos.div_ceil(NANOS_PER_MILLI)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::json;

    #[test]
    fn each_part_of_the_wait_is_counted() {
        let millis = |summary| millis(&summary);
        let nothing = Summary::default();
        assert_eq!(millis(nothing), 0);
        let bytes = LINE_BITS_PER_SEC / 8;
        assert_eq!(millis(Summary { bytes, ..nothing }), 1_000);
        let plain = Summary {
            image_bytes: 4 * 2_048 * 2_048,
            ..nothing
        };
        let compressed = Summary {
            image_bytes: plain.image_bytes / 4,
            block_bytes: plain.image_bytes / 4,
            ..nothing
        };
        assert_eq!([millis(plain), millis(compressed)], [118, 26]);
        let packed_bytes = PackedBytes {
            meshopt: NANOS_PER_MILLI,
            draco: 2 * NANOS_PER_MILLI,
        };
        let packed = Summary {
            packed_bytes,
            ..nothing
        };
        assert_eq!(millis(packed), MESHOPT_NANOS + 2 * DRACO_NANOS);
    }

    #[test]
    fn compressed_geometry_is_counted_once() {
        let text = br#"{
            "bufferViews": [
                { "byteLength": 9000, "extensions": { "EXT_meshopt_compression": { "byteLength": 100 } } },
                { "byteLength": 20 },
                { "byteLength": 7 }
            ],
            "meshes": [{ "primitives": [
                { "extensions": { "KHR_draco_mesh_compression": { "bufferView": 1 } } },
                { "extensions": { "KHR_draco_mesh_compression": { "bufferView": 1 } } },
                { "extensions": { "KHR_draco_mesh_compression": { "bufferView": 99 } } },
                {}
            ] }, 5]
        }"#;
        let tree = json::parse(text).unwrap();
        let packed = PackedBytes::of(Item::root(&tree));
        assert_eq!([packed.meshopt, packed.draco], [100, 20]);
    }
}
