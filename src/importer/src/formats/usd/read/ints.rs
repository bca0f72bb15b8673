//! Compressed parts of the binary form of USD: LZ4 blocks, and whole numbers as differences from the one before (OpenUSD,
//! `pxr/usd/usd/integerCoding.h`; AOUSD Core Specification 1.0, section 16.3).

use crate::formats::usd::limits::MAX_VALUES_OF_ONE;

/// Unpacks a block that may not become larger than `most` bytes.
///
/// # Errors
/// One line when it is damaged.
pub(crate) fn unpack(bytes: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let damaged = || "a compressed part is damaged".to_owned();
    // How many chunks there are: one is told by none; more are for parts of more than 2 GB.
    let (0, block) = bytes.split_first().ok_or_else(damaged)? else {
        return Err("a compressed part is too large".to_owned());
    };
    // No block becomes 256 times as large.
    let room = most.min(block.len().saturating_mul(256));
    let mut unpacked = vec![0; room];
    let size =
        lz4_flex::block::decompress_into(block, &mut unpacked).map_err(|_fault| damaged())?;
    unpacked.truncate(size);
    Ok(unpacked)
}

/// Most bytes of so many numbers before they are unpacked.
fn most_bytes(count: usize, width: usize) -> usize {
    width + count.div_ceil(4) + count * width
}

/// Unpacks so many numbers of 4 or 8 bytes.
///
/// # Errors
/// One line when they are damaged, or too many.
pub(crate) fn unpack_ints(bytes: &[u8], count: usize, width: usize) -> Result<Vec<i64>, String> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if count > MAX_VALUES_OF_ONE {
        return Err(format!(
            "a list has {count} numbers, the limit is {MAX_VALUES_OF_ONE}"
        ));
    }
    let unpacked = unpack(bytes, most_bytes(count, width))?;
    let damaged = || "a list of whole numbers is cut off".to_owned();
    let (common, rest) = unpacked.split_at_checked(width).ok_or_else(damaged)?;
    let (codes, mut rest) = rest
        .split_at_checked(count.div_ceil(4))
        .ok_or_else(damaged)?;
    let common = signed(common);
    let mut value = 0i64;
    let mut values = Vec::with_capacity(count);
    for place in 0..count {
        let code = codes[place / 4] >> (place % 4 * 2) & 3;
        let delta = match code {
            0 => common,
            _ => {
                let size = width << code >> 3;
                let (own, after) = rest.split_at_checked(size).ok_or_else(damaged)?;
                rest = after;
                signed(own)
            }
        };
        value = value.wrapping_add(delta);
        if width == 4 {
            value = i64::from(value as i32);
        }
        values.push(value);
    }
    Ok(values)
}

/// A number of one to eight bytes with a sign, the lowest byte first.
fn signed(bytes: &[u8]) -> i64 {
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    let unused = 64 - 8 * bytes.len() as u32;
    i64::from_le_bytes(whole) << unused >> unused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_of_all_sizes_are_added_up() {
        // One that repeats, and one of one, two and four bytes.
        let mut plain = 3i32.to_le_bytes().to_vec();
        plain.push(0b11_10_01_00);
        plain.push(0b00);
        plain.extend([0xFF]);
        plain.extend(1_000i16.to_le_bytes());
        plain.extend((-100_000i32).to_le_bytes());
        // No chunks, and a block of so many bytes as they are.
        let packed = [vec![0, (plain.len() as u8) << 4], plain].concat();
        let values = unpack_ints(&packed, 5, 4).unwrap();
        assert_eq!(values, [3, 2, 1_002, -98_998, -98_995]);
        for cut in 0..packed.len() {
            assert!(unpack_ints(&packed[..cut], 5, 4).is_err(), "{cut}");
        }
        assert!(unpack_ints(&packed, usize::MAX, 4).is_err());
        assert!(unpack(&[2, 0, 0, 0, 0], 10).is_err());
    }
}
