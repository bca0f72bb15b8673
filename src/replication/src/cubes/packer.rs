//! The contest's own manner, written from its description: a bit packer with fixed classes, prediction from the
//! frames six and twelve before, and no entropy coding. Its 11-bit escape has an escape of its own, which the
//! recordings need in a few frames.

use super::contexts::minus;
use super::frame::{CUBES, Cube, Frame};

/// Most changed cubes that an index list may name.
const MAX_LISTED: usize = 256;
/// Least height of a predicted cube.
const LEAST_HEIGHT: i32 = 105;
/// Bits of a residual that no class holds, and the value that says that not even these do.
const ESCAPE_BITS: u32 = 11;
const ESCAPE: u32 = (1 << ESCAPE_BITS) - 1;
/// Gaps of an index list: smallest gap of a class, bits of the prefix, bits of the value.
const GAPS: [(u32, u32, u32); 7] = [
    (1, 1, 0),
    (2, 2, 3),
    (7, 3, 3),
    (15, 4, 4),
    (31, 5, 5),
    (63, 6, 6),
    (127, 6, 10),
];
/// Classes of a residual: first value, prefix, bits.
const POSITION_CLASSES: [(u32, u32, u32); 3] = [(0, 1, 5), (32, 2, 6), (96, 2, 7)];
const POSITION_LIMIT: u32 = 224;
const PART_CLASSES: [(u32, u32, u32); 3] = [(0, 1, 4), (16, 2, 5), (48, 2, 7)];
const PART_DIFFERENCE_LIMIT: u32 = 176;

/// Appends `frame` against `base` (six frames before) and `before` (twelve, or `base` again).
pub fn pack(base: &Frame, before: &Frame, frame: &Frame, out: &mut Vec<u8>) {
    let mut bits = Bits { out, free: 0 };
    let changed: Vec<usize> = (0..CUBES)
        .filter(|index| frame.cubes[*index] != base.cubes[*index])
        .collect();
    let is_listed =
        (1..=MAX_LISTED).contains(&changed.len()) && list_cost(&changed) <= CUBES as u32;
    bits.put(u32::from(is_listed), 1);
    if is_listed {
        put_list(&mut bits, &changed);
    } else {
        for index in 0..CUBES {
            bits.put(u32::from(changed.binary_search(&index).is_ok()), 1);
        }
    }
    for index in changed {
        put_cube(
            &mut bits,
            &base.cubes[index],
            &before.cubes[index],
            &frame.cubes[index],
        );
    }
}

/// Reads what [`pack`] wrote. None when the bytes are not that.
#[must_use]
pub fn unpack(base: &Frame, before: &Frame, bytes: &[u8]) -> Option<Frame> {
    let mut bits = Source { bytes, at: 0 };
    let mut frame = base.clone();
    let changed: Vec<usize> = if bits.get(1) == 1 {
        get_list(&mut bits)?
    } else {
        (0..CUBES).filter(|_| bits.get(1) == 1).collect()
    };
    for index in changed {
        let cube = frame.cubes.get_mut(index)?;
        *cube = get_cube(&mut bits, &base.cubes[index], &before.cubes[index]);
        // What comes next is predicted from it.
        if !cube.is_valid() {
            return None;
        }
    }
    Some(frame)
}

fn list_cost(changed: &[usize]) -> u32 {
    let gaps = changed.windows(2).map(|pair| match pair[1] - pair[0] {
        1 => 1,
        2..=6 => 4,
        7..=14 => 6,
        15..=30 => 8,
        31..=62 => 10,
        63..=126 => 12,
        _ => 17,
    });
    18 + gaps.sum::<u32>()
}

fn put_list(bits: &mut Bits<'_>, changed: &[usize]) {
    bits.put(changed.len() as u32 - 1, 8);
    bits.put(changed[0] as u32, 10);
    for pair in changed.windows(2) {
        let gap = (pair[1] - pair[0]) as u32;
        let class = GAPS
            .iter()
            .rposition(|(first, _, _)| *first <= gap)
            .unwrap_or(0);
        let (first, prefix, width) = GAPS[class];
        bits.put_prefix(class, prefix);
        bits.put(gap - first, width);
    }
}

fn get_list(bits: &mut Source<'_>) -> Option<Vec<usize>> {
    let count = bits.get(8) + 1;
    let mut index = bits.get(10);
    let mut changed = vec![index as usize];
    for _ in 1..count {
        let (first, _, width) = GAPS[bits.get_prefix(GAPS.len())];
        index += first + bits.get(width);
        if index as usize >= CUBES {
            return None;
        }
        changed.push(index as usize);
    }
    Some(changed)
}

fn put_cube(bits: &mut Bits<'_>, base: &Cube, before: &Cube, cube: &Cube) {
    bits.put(u32::from(cube.is_interacting), 1);
    let has_moved = cube.position != base.position;
    bits.put(u32::from(has_moved), 1);
    if has_moved {
        let residual = minus(cube.position, expected_position(base, before)).map(zigzag);
        put_position(bits, residual);
    }
    let difference = minus(cube.parts, base.parts).map(zigzag);
    let is_relative =
        cube.largest == base.largest && difference.iter().all(|part| *part < PART_DIFFERENCE_LIMIT);
    bits.put(u32::from(is_relative), 1);
    if !is_relative {
        bits.put(u32::from(cube.largest), 2);
        for part in cube.parts {
            bits.put(part.unsigned_abs(), 9);
        }
        return;
    }
    let is_small = difference.iter().all(|part| *part <= 3);
    bits.put(u32::from(is_small), 1);
    for part in difference {
        if is_small {
            bits.put(part, 2);
        } else {
            bits.put_class(&PART_CLASSES, part);
        }
    }
}

fn put_position(bits: &mut Bits<'_>, residual: [u32; 3]) {
    let is_small = residual.iter().all(|axis| *axis <= 15);
    bits.put(u32::from(is_small), 1);
    if is_small {
        for axis in residual {
            bits.put(axis, 4);
        }
        return;
    }
    let is_large = residual.iter().any(|axis| *axis >= POSITION_LIMIT);
    bits.put(u32::from(is_large), 1);
    for axis in residual {
        if !is_large {
            bits.put_class(&POSITION_CLASSES, axis);
        } else if axis < ESCAPE {
            bits.put(axis, ESCAPE_BITS);
        } else {
            bits.put(ESCAPE, ESCAPE_BITS);
            bits.put(axis, 32);
        }
    }
}

fn get_cube(bits: &mut Source<'_>, base: &Cube, before: &Cube) -> Cube {
    let mut cube = Cube {
        is_interacting: bits.get(1) == 1,
        ..*base
    };
    if bits.get(1) == 1 {
        let expected = expected_position(base, before);
        let residual = get_position(bits);
        for axis in 0..3 {
            cube.position[axis] = expected[axis].wrapping_add(unzigzag(residual[axis]));
        }
    }
    if bits.get(1) == 0 {
        cube.largest = bits.get(2) as u8;
        cube.parts = std::array::from_fn(|_| bits.get(9) as i32);
        return cube;
    }
    let is_small = bits.get(1) == 1;
    for part in &mut cube.parts {
        let difference = if is_small {
            bits.get(2)
        } else {
            bits.get_class(&PART_CLASSES)
        };
        *part = part.wrapping_add(unzigzag(difference));
    }
    cube
}

fn get_position(bits: &mut Source<'_>) -> [u32; 3] {
    if bits.get(1) == 1 {
        return std::array::from_fn(|_| bits.get(4));
    }
    let is_large = bits.get(1) == 1;
    std::array::from_fn(|_| {
        if !is_large {
            return bits.get_class(&POSITION_CLASSES);
        }
        match bits.get(ESCAPE_BITS) {
            ESCAPE => bits.get(32),
            value => value,
        }
    })
}

/// The base moved on by the motion of the last six frames with some drag, and gravity.
fn expected_position(base: &Cube, before: &Cube) -> [i32; 3] {
    let mut expected = [0; 3];
    for (axis, expected) in expected.iter_mut().enumerate() {
        let step = base.position[axis] - before.position[axis];
        let drag = (0.062 * f64::from(step)).ceil() as i32;
        *expected = base.position[axis] + step - drag;
    }
    expected[2] = (expected[2] - 3).max(LEAST_HEIGHT);
    expected
}

const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

const fn unzigzag(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

/// Writes bits, highest first.
struct Bits<'a> {
    out: &'a mut Vec<u8>,
    /// Unused low bits of the last byte.
    free: u32,
}

impl Bits<'_> {
    fn put(&mut self, value: u32, count: u32) {
        for shift in (0..count).rev() {
            if self.free == 0 {
                self.out.push(0);
                self.free = 8;
            }
            self.free -= 1;
            if let Some(last) = self.out.last_mut() {
                *last |= (((value >> shift) & 1) as u8) << self.free;
            }
        }
    }

    /// Zeros, one for each class before, then a one unless it is the last of its length.
    fn put_prefix(&mut self, class: usize, length: u32) {
        let is_last = class as u32 == length;
        self.put(u32::from(!is_last), length);
    }

    fn put_class(&mut self, classes: &[(u32, u32, u32)], value: u32) {
        let class = classes
            .iter()
            .rposition(|(first, _, _)| *first <= value)
            .unwrap_or(0);
        let (first, prefix, width) = classes[class];
        self.put_prefix(class, prefix);
        self.put(value - first, width);
    }
}

/// Reads bits; zeros past the end.
struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Source<'_> {
    fn get(&mut self, count: u32) -> u32 {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8).copied().unwrap_or(0);
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        value
    }

    fn get_prefix(&mut self, classes: usize) -> usize {
        (0..classes - 1)
            .find(|_| self.get(1) == 1)
            .unwrap_or(classes - 1)
    }

    fn get_class(&mut self, classes: &[(u32, u32, u32)]) -> u32 {
        let (first, _, width) = classes[self.get_prefix(classes.len())];
        first + self.get(width)
    }
}
