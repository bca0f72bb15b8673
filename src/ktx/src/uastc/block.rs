//! A block's best form among a few, as 16 bytes.

use super::{
    fit::{self, Line, Points},
    hints,
    scale::{Scale, Scales, Step},
};
use crate::block::Block;

/// A form with lines between colours.
pub(super) struct Mode {
    /// Its number as a code, and the bits of that.
    pub(super) code: (u32, u32),
    /// Bits of the hints.
    pub(super) hint_bits: u32,
    pub(super) channels: usize,
    pub(super) scale: Scale,
    weight_bits: u32,
}

/// Modes 0, 6, 10 and 11 of the specification: opaque, opaque with a channel that has a line of its own, and both with alpha.
pub(super) const OPAQUE: Mode = mode((0x1, 4), 15, 3, Scale::Of192, 4);
pub(super) const OPAQUE_TWO: Mode = mode((0x1b, 5), 15, 3, Scale::Of160, 2);
pub(super) const ALPHA: Mode = mode((0x2, 3), 17, 4, Scale::Of48, 4);
pub(super) const ALPHA_TWO: Mode = mode((0x0, 2), 17, 4, Scale::Of48, 2);
/// Mode 8, a single colour.
pub(super) const SINGLE: (u32, u32) = (0x17, 5);
/// Squared error of a block with one line below which two are not tried: less than two steps of a channel in each pixel.
const GOOD: f32 = 48.0;

const fn mode(
    code: (u32, u32),
    hint_bits: u32,
    channels: usize,
    scale: Scale,
    weight_bits: u32,
) -> Mode {
    Mode {
        code,
        hint_bits,
        channels,
        scale,
        weight_bits,
    }
}

/// A block as 16 bytes.
pub(super) fn encode(pixels: &Block, scales: &Scales) -> [u8; 16] {
    if pixels.iter().all(|pixel| *pixel == pixels[0]) {
        let mut word = Word::default();
        word.put(SINGLE.0, SINGLE.1);
        word.put(u32::from_le_bytes(pixels[0]), 32);
        word.put(hints::single(pixels[0]), 21);
        return word.bits.to_le_bytes();
    }
    let is_opaque = pixels.iter().all(|pixel| pixel[3] == 255);
    let (one, two, hints) = match is_opaque {
        true => (&OPAQUE, &OPAQUE_TWO, hints::opaque(pixels)),
        false => (&ALPHA, &ALPHA_TWO, hints::transparent(pixels)),
    };
    let points: Points = pixels.map(|pixel| {
        std::array::from_fn(|channel| {
            if channel < one.channels {
                f32::from(pixel[channel])
            } else {
                0.0
            }
        })
    });
    let single = fit::fit(&points, one.scale, one.weight_bits, scales);
    if single.error < GOOD {
        return write(one, None, &[single], hints);
    }
    let best = (0..two.channels)
        .map(|channel| (channel, two_lines(&points, channel, two, scales)))
        .min_by(|(_, one), (_, two)| error(one).total_cmp(&error(two)));
    match best {
        Some((channel, lines)) if error(&lines) < single.error => {
            write(two, Some(channel), &lines, hints)
        }
        _ => write(one, None, &[single], hints),
    }
}

fn error(lines: &[Line]) -> f32 {
    lines.iter().map(|line| line.error).sum()
}

/// A line through all channels but one, and one through that.
fn two_lines(points: &Points, channel: usize, mode: &Mode, scales: &Scales) -> [Line; 2] {
    let only = |is_kept: &dyn Fn(usize) -> bool| {
        points.map(|point| std::array::from_fn(|at| if is_kept(at) { point[at] } else { 0.0 }))
    };
    let fit = |points: &Points| fit::fit(points, mode.scale, mode.weight_bits, scales);
    [
        fit(&only(&|at| at != channel)),
        fit(&only(&|at| at == channel)),
    ]
}

/// Bits of a block, the first one lowest.
#[derive(Default)]
pub(super) struct Word {
    pub(super) bits: u128,
    count: u32,
}

impl Word {
    pub(super) fn put(&mut self, value: u32, count: u32) {
        self.bits |= u128::from(value) << self.count;
        self.count += count;
    }

    /// The whole block, with these for the rest of its bits.
    pub(super) fn end(self, rest: u128) -> u128 {
        self.bits | rest << self.count
    }
}

/// `channel` has the second of two lines.
fn write(mode: &Mode, channel: Option<usize>, lines: &[Line], hints: u32) -> [u8; 16] {
    let mut lines = lines.to_vec();
    for line in &mut lines {
        turn(line, mode.weight_bits);
    }
    let mut word = Word::default();
    word.put(mode.code.0, mode.code.1);
    word.put(hints, mode.hint_bits);
    if let Some(channel) = channel {
        word.put(channel as u32, 2);
    }
    let mut steps = Vec::with_capacity(8);
    for at in 0..mode.channels {
        let line = lines
            .get(usize::from(channel == Some(at)))
            .unwrap_or(&lines[0]);
        steps.extend(line.ends.map(|end| end[at]));
    }
    put_steps(&steps, mode.scale, &mut word);
    for place in 0..16 {
        for line in &lines {
            let bits = mode.weight_bits - u32::from(place == 0);
            word.put(line.weights[place].into(), bits);
        }
    }
    word.bits.to_le_bytes()
}

/// Turns a line around whose first weight has its highest bit, for which there is no room.
fn turn(line: &mut Line, weight_bits: u32) {
    let most = (1 << weight_bits) - 1;
    if line.weights[0] > most / 2 {
        line.ends.swap(0, 1);
        line.weights = line.weights.map(|weight| most - weight);
    }
}

/// Digits, five of base 3 or three of base 5 in a number, and then the lowest bits of each value.
fn put_steps(steps: &[Step], scale: Scale, word: &mut Word) {
    let spelling = scale.spelling();
    let (size, bits) = spelling.groups();
    let digit = |step: &Step| u32::from(step.code) >> spelling.bits;
    for group in steps.chunks(size) {
        let number = group
            .iter()
            .rev()
            .fold(0, |all, step| all * spelling.base + digit(step));
        word.put(number, bits[group.len() - 1]);
    }
    for step in steps {
        word.put(
            u32::from(step.code) & ((1 << spelling.bits) - 1),
            spelling.bits,
        );
    }
}
