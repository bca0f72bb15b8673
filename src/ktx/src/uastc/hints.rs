//! What a block says beside its colours, for readers that turn it into ETC1 or ETC2: which tables of steps suit it, so that
//! they need not search.

use crate::{
    block::Block,
    etc1s::fit::{self, STEPS},
};

/// Keeps the colours of both halves as they are.
const NO_BIAS: u32 = 13;
/// Two halves side by side.
const LEFT_AND_RIGHT: u32 = 0;
/// Differences of base colours that fit into three bits.
const DIFFERENCES: std::ops::RangeInclusive<i32> = -4..=3;
/// From the least to the greatest step of ETC2's first table for alpha.
const ALPHA_REACH: u32 = 29;

/// For a block of colours alone: 15 bits.
pub(super) fn opaque(pixels: &Block) -> u32 {
    colors(pixels) << 2 | NO_BIAS << 10
}

/// For a block with alpha: 17 bits.
pub(super) fn transparent(pixels: &Block) -> u32 {
    let alpha = || pixels.iter().map(|pixel| u32::from(pixel[3]));
    let reach = alpha().max().unwrap_or_default() - alpha().min().unwrap_or_default();
    let factor = (reach + ALPHA_REACH / 2) / ALPHA_REACH;
    colors(pixels) << 1 | factor.clamp(1, 15) << 13
}

/// For a block of one colour: 21 bits.
pub(super) fn single(color: [u8; 4]) -> u32 {
    let pixels = fit::colors(&[color; 16]);
    let endpoint = fit::fit(&pixels);
    let step = fit::best_steps(&endpoint.errors(&pixels)) & 3;
    let [red, green, blue] = endpoint.base.map(u32::from);
    1 | u32::from(endpoint.table) << 1 | step << 4 | red << 6 | green << 11 | blue << 16
}

/// How the halves lie, whether the second base colour is told by its difference, and the tables of both.
fn colors(pixels: &Block) -> u32 {
    let pixels = fit::colors(pixels);
    let half = |is_right: bool| {
        let own = pixels.iter().enumerate();
        own.filter(move |(place, _)| (place % 4 >= 2) == is_right)
            .map(|(_, pixel)| *pixel)
    };
    let sum = |is_right, channel: usize| half(is_right).map(|pixel| pixel[channel]).sum::<i32>();
    let base = |is_right, channel| (sum(is_right, channel) * 31 + 1020) / (8 * 255);
    let is_near =
        (0..3).all(|channel| DIFFERENCES.contains(&(base(true, channel) - base(false, channel))));
    let table = |is_right| {
        let grey = |pixel: [i32; 3]| pixel.iter().sum::<i32>();
        let mean = half(is_right).map(grey).sum::<i32>() / 8;
        let reach = half(is_right)
            .map(|pixel| (grey(pixel) - mean).abs() / 3)
            .max();
        let off = |table: &usize| STEPS[*table][3].abs_diff(reach.unwrap_or_default());
        (0..STEPS.len()).min_by_key(off).unwrap_or_default() as u32
    };
    LEFT_AND_RIGHT | u32::from(is_near) << 1 | table(false) << 2 | table(true) << 5
}
