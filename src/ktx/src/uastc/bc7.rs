//! Blocks of UASTC as those of BC7 (Khronos Data Format Specification 1.3, "UASTC" and "BC7"), for the modes that `block.rs`
//! writes: they fit so well that only the lowest bits of colours are chosen. Ties are broken as Basis Universal breaks them.

use super::{
    block::{self, Mode, Word},
    scale::Scale,
};
use std::sync::LazyLock;

/// Squared errors of two ends are summed in this type by Basis Universal, and differ by its rounding alone where they are equal.
type Error = f32;

/// The mode of BC7 with one line, weights of four bits, and colours of seven bits with a lowest bit for each end.
const ONE_LINE: (u32, u32) = (1 << 6, 7);
/// The one with two lines, weights of two bits, seven bits for three channels, and eight for one that any may change places with.
const TWO_LINES: (u32, u32) = (1 << 5, 6);
/// The second of four bits and of two that a block of a single colour has for all weights; both mean this share of 64.
const SINGLE_WEIGHTS: [u32; 2] = [5, 1];
const SINGLE_SHARE: u32 = 21;

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

/// Blocks of BC7 from as many of UASTC, 16 bytes each. False, with some of them made, where a block has another mode than this
/// crate writes, or where the lengths are not those of as many blocks.
pub fn to_bc7(uastc: &[u8], bc7: &mut [u8]) -> bool {
    let ((blocks, odd), (made, left)) = (uastc.as_chunks(), bc7.as_chunks_mut());
    let tables = &*TABLES;
    let turn = |(made, block): (&mut [u8; 16], &[u8; 16])| {
        let turned = tables.turn(u128::from_le_bytes(*block));
        turned.map(|bits| *made = bits.to_le_bytes()).is_some()
    };
    blocks.len() == made.len()
        && odd.len() + left.len() == 0
        && made.iter_mut().zip(blocks).all(turn)
}

/// What a single colour becomes: two ends of seven bits, and the squared error.
#[derive(Clone, Copy)]
struct Ends {
    error: u32,
    ends: [u32; 2],
}

struct Tables {
    /// What the codes of each scale stand for.
    values: [[u8; 256]; 3],
    /// By lowest bit and value of eight bits: the seven bits above it, and the squared error.
    nearest: [[(u8, Error); 256]; 2],
    /// By lowest bit and value.
    single: [[Ends; 256]; 2],
    /// By value, where the lowest bit repeats the highest.
    single_without: [Ends; 256],
}

impl Tables {
    fn new() -> Self {
        let scales = [Scale::Of48, Scale::Of160, Scale::Of192];
        Self {
            values: scales.map(|scale| std::array::from_fn(|code| scale.value(code as u32) as u8)),
            nearest: [0, 1].map(|lowest| std::array::from_fn(|value| nearest(lowest, value))),
            single: [0, 1].map(|lowest| single(|seven| seven << 1 | lowest)),
            single_without: single(|seven| seven << 1 | seven >> 6),
        }
    }

    fn turn(&self, bits: u128) -> Option<u128> {
        let has = |(code, length): (u32, u32)| field(bits, 0, length) == code;
        if let Some(mode) = [&block::OPAQUE, &block::ALPHA]
            .into_iter()
            .find(|mode| has(mode.code))
        {
            let (ends, at) = self.ends(bits, mode.code.1 + mode.hint_bits, mode);
            return Some(self.one_line(ends, mode.channels, bits >> at));
        }
        let two = [&block::OPAQUE_TWO, &block::ALPHA_TWO];
        if let Some(mode) = two.into_iter().find(|mode| has(mode.code)) {
            let at = mode.code.1 + mode.hint_bits;
            let channel = field(bits, at, 2) as usize;
            let (ends, at) = self.ends(bits, at + 2, mode);
            return Some(two_lines(ends, channel, bits >> at));
        }
        has(block::SINGLE).then(|| {
            let color = field(bits, block::SINGLE.1, 32).to_le_bytes();
            self.single_color(color)
        })
    }

    /// Both ends of the lines, all channels, 255 where a mode has none; and where the weights begin.
    fn ends(&self, bits: u128, mut at: u32, mode: &Mode) -> ([[u8; 4]; 2], u32) {
        let spelling = mode.scale.spelling();
        let count = 2 * mode.channels;
        let mut codes = [0; 8];
        let (size, widths) = spelling.groups();
        for group in codes[..count].chunks_mut(size) {
            let width = widths[group.len() - 1];
            let mut number = field(bits, at, width);
            at += width;
            for code in group {
                // Written twice, since the machine divides by a known number in a fraction of the time.
                (number, *code) = match spelling.base {
                    3 => (number / 3, number % 3),
                    _ => (number / 5, number % 5),
                };
            }
        }
        let mut ends = [[255; 4]; 2];
        for (place, code) in codes[..count].iter().enumerate() {
            let code = code << spelling.bits | field(bits, at, spelling.bits);
            at += spelling.bits;
            ends[place % 2][place / 2] = self.values[mode.scale as usize][code as usize];
        }
        (ends, at)
    }

    fn one_line(&self, ends: [[u8; 4]; 2], channels: usize, weights: u128) -> u128 {
        let mut sevens = [[127; 4]; 2];
        let mut lowest = [0; 2];
        for ((end, sevens), lowest) in ends.iter().zip(&mut sevens).zip(&mut lowest) {
            let error = |lowest: usize| -> Error {
                let parts = end[..channels].iter();
                parts
                    .map(|value| self.nearest[lowest][usize::from(*value)].1)
                    .sum()
            };
            *lowest = usize::from(error(1) < error(0));
            for (seven, value) in sevens.iter_mut().zip(&end[..channels]) {
                *seven = self.nearest[*lowest][usize::from(*value)].0;
            }
        }
        let mut word = Word::default();
        word.put(ONE_LINE.0, ONE_LINE.1);
        for channel in 0..4 {
            for sevens in sevens {
                word.put(sevens[channel].into(), 7);
            }
        }
        for lowest in lowest {
            word.put(lowest as u32, 1);
        }
        word.end(weights)
    }

    fn single_color(&self, color: [u8; 4]) -> u128 {
        let error = |own: &[Ends; 256]| -> u32 {
            color
                .iter()
                .map(|value| own[usize::from(*value)].error)
                .sum()
        };
        let [even, odd] = [error(&self.single[0]), error(&self.single[1])];
        let mut word = Word::default();
        if even.min(odd) == 0 {
            let lowest = usize::from(odd < even);
            word.put(ONE_LINE.0, ONE_LINE.1);
            for value in color {
                for end in self.single[lowest][usize::from(value)].ends {
                    word.put(end, 7);
                }
            }
            word.put(lowest as u32 * 0b11, 2);
            return word.end(weights(SINGLE_WEIGHTS[0], 4));
        }
        word.put(TWO_LINES.0, TWO_LINES.1);
        word.put(0, 2);
        for value in &color[..3] {
            for end in self.single_without[usize::from(*value)].ends {
                word.put(end, 7);
            }
        }
        word.put(color[3].into(), 8);
        word.put(color[3].into(), 8);
        word.end(weights(SINGLE_WEIGHTS[1], 2))
    }
}

/// `channel` has a line of its own.
fn two_lines(mut ends: [[u8; 4]; 2], channel: usize, weights: u128) -> u128 {
    let mut word = Word::default();
    word.put(TWO_LINES.0, TWO_LINES.1);
    word.put((channel as u32 + 1) % 4, 2);
    for end in &mut ends {
        end.swap(channel, 3);
    }
    for channel in 0..3 {
        for end in ends {
            word.put((u32::from(end[channel]) * 127 + 127) / 255, 7);
        }
    }
    for end in ends {
        word.put(end[3].into(), 8);
    }
    // Both weights of a pixel follow each other here, and all of the second line come after all of the first there.
    let (first, rest) = (weights as u32, (weights >> 2) as u64);
    word.put(first & 1 | every_other_pair(rest) << 1, 31);
    word.put(first >> 1 & 1 | every_other_pair(rest >> 2) << 1, 31);
    word.bits
}

/// The lower two of every four bits, beside each other.
fn every_other_pair(bits: u64) -> u32 {
    let pairs = bits & 0x3333_3333_3333_3333;
    let fours = (pairs | pairs >> 2) & 0x0F0F_0F0F_0F0F_0F0F;
    let eights = (fours | fours >> 4) & 0x00FF_00FF_00FF_00FF;
    let sixteens = (eights | eights >> 8) & 0x0000_FFFF_0000_FFFF;
    (sixteens | sixteens >> 16) as u32
}

/// The same weight for all pixels; the first lacks its highest bit.
fn weights(weight: u32, bits: u32) -> u128 {
    let rest = (0..15).fold(0, |all, _| all << bits | u128::from(weight));
    rest << (bits - 1) | u128::from(weight)
}

fn field(bits: u128, at: u32, count: u32) -> u32 {
    (bits >> at) as u32 & (u32::MAX >> (32 - count))
}

/// The seven bits above a lowest bit that come nearest to a value, and their squared error.
fn nearest(lowest: u8, value: usize) -> (u8, Error) {
    let share = value as Error / 255.0;
    let lowest = i32::from(lowest);
    let halved = ((share * 255.0 - lowest as Error) / 2.0 + 0.5) as i32;
    let made = (halved * 2 + lowest).clamp(lowest, 254 + lowest);
    let off = made as Error - share * 255.0;
    ((made >> 1) as u8, off * off)
}

/// For each value the first two ends between which it lies, or comes nearest to lie, at the weight of single colours. `eight` are
/// the eight bits of seven.
fn single(eight: impl Fn(u32) -> u32) -> [Ends; 256] {
    let mut first = [None; 256];
    for place in 0..128 * 128 {
        let ends = [place / 128, place % 128];
        let [low, high] = ends.map(&eight);
        let value = (low * (64 - SINGLE_SHARE) + high * SINGLE_SHARE + 32) >> 6;
        first[value as usize].get_or_insert((place, ends));
    }
    std::array::from_fn(|value| {
        let all = first.iter().enumerate();
        let known = all.filter_map(|(own, made)| made.map(|(place, ends)| (own, place, ends)));
        let error = |own: usize| (own.abs_diff(value) * own.abs_diff(value)) as u32;
        let best = known.min_by_key(|(own, place, _)| (error(*own), *place));
        best.map_or(
            Ends {
                error: u32::MAX >> 4,
                ends: [0; 2],
            },
            |(own, _, ends)| Ends {
                error: error(own),
                ends,
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Meaning, Picture,
        container::{self, Codec},
        uastc,
    };
    use basisu::{DecodeFlags, TargetFormat, Transcoder};

    /// Numbers without a pattern that one would see.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            self.0 ^ self.0 >> 29
        }
    }

    const SIDE: usize = 128;

    /// One picture of blocks as Basis Universal turns them, and as they are turned here.
    fn both(uastc: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
        let picture = Picture {
            width: SIDE,
            height: uastc.len() / SIDE * 4 / 16 * 4,
            pixels: vec![0; uastc.len() * 4],
        };
        let file = container::write(
            &[picture],
            Meaning::Numbers,
            Codec::Uastc,
            &[uastc.to_vec()],
        );
        let transcoder = Transcoder::new(&file).unwrap();
        let flags = DecodeFlags::from_bits(0);
        let theirs = transcoder
            .transcode(0, TargetFormat::Bc7Rgba, flags)
            .unwrap();
        let mut ours = vec![0; uastc.len()];
        let is_made = to_bc7(uastc, &mut ours);
        (theirs, is_made.then_some(ours))
    }

    #[test]
    fn any_block_of_these_modes_is_turned_as_basis_universal_turns_it() {
        let mut numbers = Numbers(7);
        let modes = [
            &block::OPAQUE,
            &block::OPAQUE_TWO,
            &block::ALPHA,
            &block::ALPHA_TWO,
        ];
        let codes = modes
            .map(|mode| mode.code)
            .into_iter()
            .chain([block::SINGLE]);
        for (code, length) in codes {
            let blocks: Vec<u8> = (0..SIDE / 4 * 128)
                .flat_map(|_| {
                    let bits = u128::from(numbers.next()) << 64 | u128::from(numbers.next());
                    (bits >> length << length | u128::from(code)).to_le_bytes()
                })
                .collect();
            let (theirs, ours) = both(&blocks);
            assert!(ours == Some(theirs), "mode of code {code:#x}");
        }
    }

    #[test]
    fn every_picture_that_is_written_here_can_be_turned() {
        let mut numbers = Numbers(9);
        for (calm, opaque) in [(0, true), (3, true), (5, false), (8, true), (8, false)] {
            let mut pixels: Vec<u8> = (0..SIDE * SIDE * 4)
                .map(|_| (numbers.next() as u8).checked_shr(calm).unwrap_or_default())
                .collect();
            for pixel in pixels.as_chunks_mut::<4>().0.iter_mut().filter(|_| opaque) {
                pixel[3] = 255;
            }
            let picture = Picture {
                width: SIDE,
                height: SIDE,
                pixels,
            };
            let file = uastc::encode(&[picture], Meaning::Numbers);
            let blocks = &file[file.len() - SIDE * SIDE..];
            let (theirs, ours) = both(blocks);
            assert!(ours == Some(theirs), "{calm} {opaque}");
        }
    }

    #[test]
    fn other_modes_and_lengths_are_left_to_others() {
        let mut made = [0; 16];
        let known = (0..128u128).filter(|start| to_bc7(&start.to_le_bytes(), &mut made));
        // Codes of 4, 5, 3, 2 and 5 bits.
        assert_eq!(known.count(), 8 + 4 + 16 + 32 + 4);
        assert!(!to_bc7(&[0; 15], &mut made));
        assert!(!to_bc7(&[0; 32], &mut made));
        assert!(!to_bc7(&[0; 16], &mut made[..12]));
        assert!(to_bc7(&[], &mut []));
    }
}
