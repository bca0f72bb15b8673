//! What is written, read by a transcoder of other authors.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use basisu::{DecodeFlags, TargetFormat, Transcoder};
use ktx::{
    Meaning, Picture,
    etc1s::{self, Quality},
    mipmaps, uastc,
};

/// Least likeness of a picture that has become ETC2, in decibels.
const LEAST_OF_ETC2: f64 = 30.0;
const QUALITY: Quality = Quality {
    price: 30.0,
    blocks_per_endpoint: 8,
    blocks_per_pattern: 8,
};

/// A picture with smooth parts, edges and some noise, the same for the same seed.
fn picture(width: usize, height: usize, seed: u32, has_alpha: bool) -> Picture {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let noise = (random() % 9) as usize;
            let is_tile = (x / 16 + y / 16).is_multiple_of(2);
            let red = (x * 255 / width) / if is_tile { 1 } else { 2 };
            let blue = if is_tile { 200 } else { 40 };
            let color = [red + noise, y * 240 / height + noise, blue + noise];
            pixels.extend(color.map(|value| value.min(255) as u8));
            pixels.push(if has_alpha {
                (x * 255 / width) as u8
            } else {
                255
            });
        }
    }
    Picture {
        width,
        height,
        pixels,
    }
}

/// The file of a picture with all its levels, in one of the two kinds.
fn encoded(picture: Picture, meaning: Meaning, is_small: bool) -> Vec<u8> {
    let levels = mipmaps(picture, meaning);
    match is_small {
        true => etc1s::encode(&levels, meaning, QUALITY).bytes,
        false => uastc::encode(&levels, meaning),
    }
}

/// Likeness of pixels in decibels, transparency among them.
fn decibels(one: &[u8], two: &[u8]) -> f64 {
    assert_eq!(one.len(), two.len());
    let squares: f64 = one
        .iter()
        .zip(two)
        .map(|(one, two)| f64::from(one.abs_diff(*two)).powi(2))
        .sum();
    10.0 * (255.0 * 255.0 * one.len() as f64 / squares.max(1.0)).log10()
}

#[test]
fn pictures_look_like_their_source() {
    for (is_small, has_alpha, least) in [
        (true, false, 32.0),
        (true, true, 32.0),
        (false, false, 42.0),
        (false, true, 38.0),
    ] {
        let source = picture(128, 64, 7, has_alpha);
        let pixels = source.pixels.clone();
        let file = encoded(source, Meaning::Color, is_small);
        let texture = Transcoder::new(&file).unwrap();
        assert_eq!(texture.base_dimensions(), (128, 64));
        assert_eq!(texture.has_alpha(), has_alpha);
        let made = texture.transcode(0, TargetFormat::Rgba32, DecodeFlags::NONE);
        let likeness = decibels(&pixels, &made.unwrap());
        assert!(likeness > least, "{is_small} {has_alpha}: {likeness}");
        if !is_small {
            // For which the file has hints.
            let made = texture.transcode(0, TargetFormat::Etc2Rgba, DecodeFlags::NONE);
            let likeness = decibels(&pixels, &from_etc2(&made.unwrap(), 128));
            assert!(likeness > LEAST_OF_ETC2, "{has_alpha} ETC2: {likeness}");
        }
    }
}

#[test]
fn every_size_has_all_its_levels() {
    for (width, height, is_small) in [
        (4, 4, true),
        (4, 4, false),
        (256, 4, true),
        (20, 36, false),
        (36, 100, true),
    ] {
        let file = encoded(picture(width, height, 3, false), Meaning::Numbers, is_small);
        let texture = Transcoder::new(&file).unwrap();
        assert_eq!(texture.level_count(), width.max(height).ilog2() + 1);
        for level in 0..texture.level_count() {
            for form in [TargetFormat::Bc7Rgba, TargetFormat::Astc4x4Rgba] {
                texture.transcode(level, form, DecodeFlags::NONE).unwrap();
            }
        }
    }
}

#[test]
fn pictures_of_one_colour_and_of_noise_are_written_too() {
    let noise: Vec<u8> = (0..64 * 64 * 4u32)
        .map(|place| (place.wrapping_mul(2_654_435_761) >> 23) as u8)
        .collect();
    let flat = [12, 200, 90, 255].repeat(64 * 64);
    for (pixels, is_small, least) in [
        (flat.clone(), true, 38.0),
        (flat, false, 60.0),
        (noise.clone(), true, 5.0),
        (noise, false, 10.0),
    ] {
        let source = Picture {
            width: 64,
            height: 64,
            pixels: pixels.clone(),
        };
        let file = encoded(source, Meaning::Numbers, is_small);
        let texture = Transcoder::new(&file).unwrap();
        let made = texture.transcode(0, TargetFormat::Rgba32, DecodeFlags::NONE);
        let likeness = decibels(&pixels, &made.unwrap());
        assert!(likeness >= least, "{is_small}: {likeness}");
    }
}

#[test]
fn the_descriptor_says_what_the_numbers_mean() {
    for (meaning, primaries, transfer) in [(Meaning::Color, 1, 2), (Meaning::Numbers, 0, 1)] {
        for (is_small, model) in [(true, 163), (false, 166)] {
            let file = encoded(picture(16, 16, 1, false), meaning, is_small);
            let word = |at: usize| u32::from_le_bytes(*file[at..].first_chunk().unwrap());
            let at = word(48) as usize;
            assert_eq!(word(at), word(52));
            assert_eq!(file[at + 12..at + 16], [model, primaries, transfer, 0]);
            // No format of its own, one flat picture, five levels.
            assert_eq!([12, 28, 32, 36, 40].map(word), [0, 0, 0, 1, 5]);
            // UASTC lies at multiples of its blocks.
            for level in 0..5 {
                assert!(is_small || word(80 + 24 * level).is_multiple_of(16));
            }
        }
    }
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    for is_small in [true, false] {
        let file = || encoded(picture(64, 64, 5, true), Meaning::Color, is_small);
        assert!(file() == file());
    }
}

/// Colours and transparency of ETC2 blocks whose colours are in the individual or differential mode.
fn from_etc2(blocks: &[u8], width: usize) -> Vec<u8> {
    const STEPS: [[i32; 2]; 8] = [
        [2, 8],
        [5, 17],
        [9, 29],
        [13, 42],
        [18, 60],
        [24, 80],
        [33, 106],
        [47, 183],
    ];
    // The first table and the fourteenth, which are all that comes of UASTC.
    const ALPHAS: [[i32; 8]; 2] = [
        [-3, -6, -9, -15, 2, 5, 8, 14],
        [-1, -2, -3, -10, 0, 1, 2, 9],
    ];
    let blocks = blocks.as_chunks::<16>().0;
    let columns = width / 4;
    let mut pixels = vec![0; blocks.len() * 64];
    for (number, block) in blocks.iter().enumerate() {
        let alpha = u64::from_be_bytes(*block.first_chunk().unwrap());
        let color = u64::from_be_bytes(*block.last_chunk().unwrap());
        let bits = |at: u32, count: u32| (color >> at & ((1 << count) - 1)) as i32;
        let is_near = bits(33, 1) == 1;
        let is_flipped = bits(32, 1) == 1;
        let table = ALPHAS[usize::from(alpha >> 48 & 15 != 0)];
        for place in 0..16usize {
            let (x, y) = (place / 4, place % 4);
            let is_second = if is_flipped { y >= 2 } else { x >= 2 };
            let base = |at: u32| match (is_near, is_second) {
                (true, false) => bits(at + 3, 5) << 3 | bits(at + 3, 5) >> 2,
                (true, true) => {
                    let change = (bits(at, 3) ^ 4) - 4;
                    let value = bits(at + 3, 5) + change;
                    value << 3 | value >> 2
                }
                (false, false) => bits(at + 4, 4) * 17,
                (false, true) => bits(at, 4) * 17,
            };
            let steps = STEPS[bits(if is_second { 34 } else { 37 }, 3) as usize];
            let step = steps[bits(place as u32, 1) as usize];
            let step = if bits(16 + place as u32, 1) == 1 {
                -step
            } else {
                step
            };
            let selector = (alpha >> (45 - 3 * place) & 7) as usize;
            let own = (alpha >> 56) as i32 + table[selector] * (alpha >> 52 & 15) as i32;
            let at = ((number / columns * 4 + y) * width + number % columns * 4 + x) * 4;
            let colors = [56, 48, 40].map(|channel| base(channel) + step);
            for (channel, value) in colors.into_iter().chain([own]).enumerate() {
                pixels[at + channel] = value.clamp(0, 255) as u8;
            }
        }
    }
    pixels
}

#[test]
fn the_stated_likeness_is_the_one_that_a_reader_finds() {
    for (has_alpha, tolerance) in [(false, 0.01), (true, 1.0)] {
        let source = picture(64, 32, 9, has_alpha);
        let pixels = source.pixels.clone();
        let encoded = etc1s::encode(&mipmaps(source, Meaning::Color), Meaning::Color, QUALITY);
        let texture = Transcoder::new(&encoded.bytes).unwrap();
        let made = texture.transcode(0, TargetFormat::Rgba32, DecodeFlags::NONE);
        let found = decibels(&pixels, &made.unwrap());
        // An alpha that is not used is no channel there, and has no error here.
        let unused = if has_alpha {
            0.0
        } else {
            10.0 * (4.0f64 / 3.0).log10()
        };
        let stated = encoded.decibels + unused;
        assert!((found - stated).abs() < tolerance, "{found} {stated}");
    }
}
