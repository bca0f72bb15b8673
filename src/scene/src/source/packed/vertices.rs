//! The vertex codec: each byte of an element is a column of its own, stored as differences in groups of sixteen.

use super::{Reader, unfold};

/// Elements of a group.
const GROUP: usize = 16;
/// Most elements of a block, and most bytes.
const MAX_BLOCK: usize = 256;
const MAX_BLOCK_BYTES: usize = 8_192;

/// Bits a difference takes, by the two bits in a group's header: version 0, and the first two controls of version 1.
const WIDTHS: [[usize; 4]; 3] = [[0, 2, 4, 8], [0, 1, 2, 4], [1, 2, 4, 8]];

pub(super) fn decode(source: &[u8], count: usize, stride: usize) -> Option<Vec<u8>> {
    let is_second = match source.first()? {
        0xA0 => false,
        0xA1 => true,
        _ => return None,
    };
    // The tail: the element before the first one, and in version 1 how channels of four bytes differ.
    let tail_size = stride + if is_second { stride / 4 } else { 0 };
    let tail = source.get(source.len().checked_sub(tail_size)?..)?;
    let padded = tail_size.max(if is_second { 24 } else { 32 });
    let body = source.get(1..source.len().checked_sub(padded)?)?;
    let (before, channels) = tail.split_at(stride);
    let mut state = State {
        reader: Reader(body),
        last: before.to_vec(),
        channels,
        is_second,
        columns: Vec::new(),
    };
    let block = (MAX_BLOCK_BYTES / stride / GROUP * GROUP).min(MAX_BLOCK);
    let mut bytes = vec![0; count * stride];
    for elements in bytes.chunks_mut(block * stride) {
        state.read_block(elements.len() / stride, stride)?;
        for channel in 0..stride / 4 {
            state.undo(channel, elements, stride)?;
        }
    }
    state.reader.0.is_empty().then_some(bytes)
}

struct State<'a> {
    reader: Reader<'a>,
    /// The element before.
    last: Vec<u8>,
    channels: &'a [u8],
    is_second: bool,
    /// Differences of a block, column after column.
    columns: Vec<u8>,
}

impl State<'_> {
    fn read_block(&mut self, elements: usize, stride: usize) -> Option<()> {
        let length = elements.next_multiple_of(GROUP);
        let mut columns = std::mem::take(&mut self.columns);
        columns.clear();
        columns.resize(length * stride, 0);
        let controls = if self.is_second {
            self.reader.take(stride / 4)?
        } else {
            &[]
        };
        for (number, column) in columns.chunks_exact_mut(length).enumerate() {
            let control = controls
                .get(number / 4)
                .map(|control| control >> (number % 4 * 2) & 3);
            let widths = match control {
                None => &WIDTHS[0],
                Some(0) => &WIDTHS[1],
                Some(1) => &WIDTHS[2],
                // All zero.
                Some(2) => continue,
                Some(_) => {
                    column[..elements].copy_from_slice(self.reader.take(elements)?);
                    continue;
                }
            };
            let headers = self.reader.take((length / GROUP).div_ceil(4))?;
            for (number, group) in column.chunks_exact_mut(GROUP).enumerate() {
                let header = headers[number / 4] >> (number % 4 * 2) & 3;
                self.read_group(widths[usize::from(header)], group)?;
            }
        }
        self.columns = columns;
        Some(())
    }

    /// Differences of `width` bits; the largest one says that a whole byte follows instead.
    fn read_group(&mut self, width: usize, group: &mut [u8]) -> Option<()> {
        let group: &mut [u8; GROUP] = group.first_chunk_mut()?;
        if width == 0 {
            return Some(());
        }
        let packed = self.reader.take(width * GROUP / 8)?;
        if width == 8 {
            group.copy_from_slice(packed);
            return Some(());
        }
        match width {
            1 => spread::<1>(packed, group),
            2 => spread::<2>(packed, group),
            _ => spread::<4>(packed, group),
        }
        let escape = (1u8 << width) - 1;
        let marks = group.iter().enumerate();
        let marks = marks.map(|(at, difference)| u16::from(*difference == escape) << at);
        // As bits of a number, so that differences without an escape are passed over at once.
        let mut marks = marks.fold(0, |all, mark| all | mark);
        while marks != 0 {
            group[marks.trailing_zeros() as usize % GROUP] = self.reader.byte()?;
            marks &= marks - 1;
        }
        Some(())
    }

    /// Adds the differences of a block in one channel of four bytes to the element before it.
    fn undo(&mut self, channel: usize, elements: &mut [u8], stride: usize) -> Option<()> {
        let own: &mut [u8; 4] = self.last.as_chunks_mut().0.get_mut(channel)?;
        let length = (elements.len() / stride).next_multiple_of(GROUP);
        let columns = self.columns.get(channel * 4 * length..)?;
        let columns: [&[u8]; 4] = std::array::from_fn(|byte| &columns[byte * length..][..length]);
        let kind = self.channels.get(channel).copied().unwrap_or(0);
        let places = elements
            .chunks_exact_mut(stride)
            .filter_map(|element| element.as_chunks_mut().0.get_mut(channel));
        let each = places
            .enumerate()
            .map(|(element, place)| (columns.map(|column| column[element]), place));
        match kind & 3 {
            0 => {
                let mut sum = u32::from_le_bytes(*own);
                each.for_each(|(difference, place)| {
                    sum = add_bytes(sum, unfold_bytes(u32::from_le_bytes(difference)));
                    *place = sum.to_le_bytes();
                });
                *own = sum.to_le_bytes();
            }
            1 => each.for_each(|([a, b, c, d], place)| {
                let halves = [[a, b], [c, d]].map(u16::from_le_bytes);
                for (own, difference) in own.as_chunks_mut().0.iter_mut().zip(halves) {
                    let before = u16::from_le_bytes(*own);
                    let value = before.wrapping_add(unfold(u32::from(difference)) as u16);
                    *own = value.to_le_bytes();
                }
                *place = *own;
            }),
            2 => each.for_each(|(difference, place)| {
                let turned = u32::from_le_bytes(difference).rotate_right(u32::from(kind >> 4));
                *own = (u32::from_le_bytes(*own) ^ turned).to_le_bytes();
                *place = *own;
            }),
            _ => return None,
        }
        Some(())
    }
}

/// Differences of `W` bits, each into a byte of its own: single bits begin at the lowest, wider ones at the highest.
fn spread<const W: usize>(packed: &[u8], group: &mut [u8; GROUP]) {
    for (own, byte) in group.chunks_exact_mut(8 / W).zip(packed) {
        for (number, difference) in own.iter_mut().enumerate() {
            let shift = if W == 1 { number } else { 8 - W - number * W };
            *difference = byte >> shift & ((1 << W) - 1);
        }
    }
}

/// [`unfold`] of four bytes side by side.
fn unfold_bytes(bytes: u32) -> u32 {
    let odd = (bytes & 0x0101_0101) * 0xFF;
    (bytes >> 1 & 0x7F7F_7F7F) ^ odd
}

/// Sums of four bytes side by side, each wrapped around by itself.
fn add_bytes(one: u32, other: u32) -> u32 {
    let low = (one & 0x7F7F_7F7F) + (other & 0x7F7F_7F7F);
    low ^ (one ^ other) & 0x8080_8080
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_side_by_side_are_each_by_itself() {
        for (one, other) in (0..=255u8).flat_map(|one| (0..=255u8).map(move |other| (one, other))) {
            let four = |a: u8, b: u8| u32::from_le_bytes([a, b, b, a]);
            let sums = add_bytes(four(one, other), four(other, 255)).to_le_bytes();
            let expected = [
                one.wrapping_add(other),
                other.wrapping_add(255),
                other.wrapping_add(255),
                one.wrapping_add(other),
            ];
            assert_eq!(sums, expected, "{one} {other}");
            let unfolded = unfold_bytes(four(one, other)).to_le_bytes();
            let alone = |byte: u8| unfold(u32::from(byte)) as u8;
            assert_eq!(unfolded[..2], [alone(one), alone(other)]);
        }
    }
}
