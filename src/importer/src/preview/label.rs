//! Names of cells, written into a picture with letters of five by eight dots.

use image::{Rgb, RgbImage};

/// Rows and columns of a letter, and dots between two letters.
const ROWS: u32 = 8;
const COLUMNS: u32 = 5;
const GAP: u32 = 1;
/// Cells of so many pixels have letters whose dots are one pixel.
const CELL_A_DOT: u32 = 128;
/// Dots around a name.
const MARGIN: u32 = 3;
/// What is left of the picture below a name.
const SHADE: f32 = 0.25;
const INK: Rgb<u8> = Rgb([246, 241, 232]);

/// The letters that names of presets have; each row's dots from the left, highest bit first.
const LETTERS: [(char, [u8; 8]); 25] = [
    ('a', [0, 0, 0b01110, 0b00001, 0b01111, 0b10001, 0b01111, 0]),
    (
        'b',
        [
            0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b10001, 0b11110, 0,
        ],
    ),
    (
        'd',
        [
            0b00001, 0b00001, 0b01111, 0b10001, 0b10001, 0b10001, 0b01111, 0,
        ],
    ),
    ('e', [0, 0, 0b01110, 0b10001, 0b11111, 0b10000, 0b01110, 0]),
    (
        'f',
        [
            0b00110, 0b01001, 0b01000, 0b11100, 0b01000, 0b01000, 0b01000, 0,
        ],
    ),
    (
        'g',
        [0, 0, 0b01111, 0b10001, 0b10001, 0b01111, 0b00001, 0b01110],
    ),
    (
        'h',
        [
            0b10000, 0b10000, 0b10110, 0b11001, 0b10001, 0b10001, 0b10001, 0,
        ],
    ),
    (
        'i',
        [0b00100, 0, 0b01100, 0b00100, 0b00100, 0b00100, 0b01110, 0],
    ),
    (
        'k',
        [
            0b10000, 0b10000, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010, 0,
        ],
    ),
    (
        'l',
        [
            0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110, 0,
        ],
    ),
    ('n', [0, 0, 0b10110, 0b11001, 0b10001, 0b10001, 0b10001, 0]),
    ('o', [0, 0, 0b01110, 0b10001, 0b10001, 0b10001, 0b01110, 0]),
    (
        'p',
        [0, 0, 0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000],
    ),
    ('r', [0, 0, 0b10110, 0b11001, 0b10000, 0b10000, 0b10000, 0]),
    ('s', [0, 0, 0b01111, 0b10000, 0b01110, 0b00001, 0b11110, 0]),
    (
        't',
        [
            0b01000, 0b01000, 0b11100, 0b01000, 0b01000, 0b01001, 0b00110, 0,
        ],
    ),
    ('u', [0, 0, 0b10001, 0b10001, 0b10001, 0b10011, 0b01101, 0]),
    ('w', [0, 0, 0b10001, 0b10001, 0b10101, 0b10101, 0b01010, 0]),
    ('x', [0, 0, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001, 0]),
    (
        'y',
        [0, 0, 0b10001, 0b10001, 0b10001, 0b01111, 0b00001, 0b01110],
    ),
    (
        'D',
        [
            0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110, 0,
        ],
    ),
    (
        'L',
        [
            0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111, 0,
        ],
    ),
    (
        'R',
        [
            0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001, 0,
        ],
    ),
    (
        'U',
        [
            0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110, 0,
        ],
    ),
    (' ', [0; 8]),
];

/// Writes a name at the lower edge of a cell, given by its left upper corner, its width and its height in pixels.
pub(super) fn write(
    picture: &mut RgbImage,
    (left, top): (u32, u32),
    (width, height): (u32, u32),
    name: &str,
) {
    let dot = (height / CELL_A_DOT).max(1);
    let strip = (ROWS + 2 * MARGIN) * dot;
    let first_row = top + height.saturating_sub(strip);
    for y in first_row..top + height {
        for x in left..left + width {
            if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
                pixel.0 = pixel.0.map(|channel| (f32::from(channel) * SHADE) as u8);
            }
        }
    }
    let length = name.chars().count() as u32 * (COLUMNS + GAP) * dot;
    let mut at = left + width.saturating_sub(length) / 2;
    for letter in name.chars() {
        let known = LETTERS.iter().find(|(known, _)| *known == letter);
        let rows = known.map_or([0; 8], |(_, rows)| *rows);
        for (row, dots) in (0..).zip(rows) {
            for column in (0..COLUMNS).filter(|column| dots >> (COLUMNS - 1 - column) & 1 == 1) {
                let corner = (at + column * dot, first_row + (MARGIN + row) * dot);
                fill(picture, corner, dot);
            }
        }
        at += (COLUMNS + GAP) * dot;
    }
}

fn fill(picture: &mut RgbImage, (left, top): (u32, u32), side: u32) {
    for y in top..top + side {
        for x in left..left + side {
            if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
                *pixel = INK;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_within_its_cell() {
        let mut picture = RgbImage::from_pixel(300, 200, Rgb([90, 90, 90]));
        write(&mut picture, (100, 50), (150, 128), "surprised");
        let ink = |x: &u32, y: &u32| picture.get_pixel(*x, *y) == &INK;
        let inked: Vec<(u32, u32)> = (0..300)
            .flat_map(|x| (0..200).map(move |y| (x, y)))
            .filter(|(x, y)| ink(x, y))
            .collect();
        assert!(inked.len() > 60);
        assert!(
            inked
                .iter()
                .all(|(x, y)| (100..250).contains(x) && (160..178).contains(y))
        );
        // A cell at the edge is cut off.
        write(&mut picture, (290, 190), (150, 128), "sad");
    }

    #[test]
    fn every_name_of_a_preset_has_its_letters() {
        for name in super::super::faces::names() {
            for letter in name.chars() {
                assert!(
                    LETTERS.iter().any(|(known, _)| *known == letter),
                    "{letter} of {name}"
                );
            }
        }
    }
}
