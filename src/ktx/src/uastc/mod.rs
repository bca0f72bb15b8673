//! UASTC: 16 bytes a block, near to what was there, and quickly turned into what an adapter reads (Khronos Data Format
//! Specification, "UASTC"). Of its 19 modes those with one pair of colours, or with two weights, are used: they suit what ETC1S
//! does not, numbers whose channels go their own ways.

mod bc7;
mod block;
mod fit;
mod hints;
mod scale;

use crate::{
    Meaning,
    block::Picture,
    container::{self, Codec},
};
use scale::Scales;

pub use bc7::to_bc7;

/// A picture with all its levels, the largest first, as KTX 2.
#[must_use]
pub fn encode(levels: &[Picture], meaning: Meaning) -> Vec<u8> {
    let scales = Scales::new();
    let data: Vec<Vec<u8>> = levels
        .iter()
        .map(|level| {
            let blocks = level.blocks();
            let encoded = blocks
                .iter()
                .flat_map(|pixels| block::encode(pixels, &scales));
            encoded.collect()
        })
        .collect();
    container::write(levels, meaning, Codec::Uastc, &data)
}

/// Bytes of the blocks of all levels.
#[must_use]
pub fn length(levels: &[Picture]) -> usize {
    let blocks = levels.iter().map(|level| {
        let (columns, rows) = level.size_in_blocks();
        columns * rows
    });
    blocks.sum::<usize>() * 16
}
