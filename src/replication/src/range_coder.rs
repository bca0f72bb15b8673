//! A byte-wise range coder with frozen frequencies that sum to 2^15. Carries go back into the bytes written
//! before (Schindler, "A fast renormalisation for arithmetic coding", 1998). Trailing zero bytes are not written:
//! the decoder reads zeros past the end.

/// Frequencies of a table sum to `1 << TOTAL_BITS`.
pub(crate) const TOTAL_BITS: u32 = 15;
const BOTTOM: u32 = 1 << 24;
/// Bytes that a finished stream may be longer than the sum of its symbols' costs.
pub(crate) const FLUSH_BYTES: usize = 4;

/// A part of the unit interval, in steps of `1 >> TOTAL_BITS`: what one symbol is coded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start: u16,
    pub(crate) width: u16,
}

/// Appends the fewest bytes that tell one interval after another. The state lives in registers: this is the innermost
/// loop of every send.
pub(crate) fn write_intervals(intervals: &[Interval], out: &mut Vec<u8>) {
    let start = out.len();
    // A carry, bits of `held_bits` that are settled but for a carry, and 32 bits more.
    let mut low = 0_u64;
    let mut held_bits = 0_u32;
    let mut range = u32::MAX;
    for interval in intervals {
        let unit = range >> TOTAL_BITS;
        low += u64::from(unit) * u64::from(interval.start);
        range = unit * u32::from(interval.width);
        if range >= BOTTOM {
            continue;
        }
        // Above the bottom again, which settles a byte or two.
        let settled = range.leading_zeros() & !7;
        low <<= settled;
        range <<= settled;
        held_bits += settled;
        if held_bits >= 16 {
            held_bits -= 16;
            let place = 32 + held_bits;
            let bytes = low >> place;
            if bytes > u64::from(u16::MAX) {
                carry(&mut out[start..]);
            }
            out.extend_from_slice(&(bytes as u16).to_be_bytes());
            low &= (1 << place) - 1;
        }
    }
    for zero_bits in [24_u32, 16, 8, 0] {
        let mask = (1_u64 << zero_bits) - 1;
        let value = (low + mask) & !mask;
        if value < low + u64::from(range) {
            if value >> (32 + held_bits) != 0 {
                carry(&mut out[start..]);
            }
            let bytes = (value << (32 - held_bits)).to_be_bytes();
            let count = 4 + held_bits as usize / 8;
            out.extend_from_slice(&bytes[..count]);
            break;
        }
    }
    while out.len() > start && out.last() == Some(&0) {
        out.pop();
    }
}

/// Adds one to a number that has been written, its last byte the lowest.
#[cold]
fn carry(written: &mut [u8]) {
    for byte in written.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return;
        }
    }
}

/// Reads intervals.
pub(crate) struct RangeDecoder<'a> {
    bytes: std::slice::Iter<'a, u8>,
    code: u32,
    range: u32,
    overrun: u32,
}

impl<'a> RangeDecoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self {
            bytes: bytes.iter(),
            code: 0,
            range: u32::MAX,
            overrun: 0,
        };
        for _ in 0..4 {
            decoder.code = (decoder.code << 8) | decoder.next_byte();
        }
        decoder
    }

    fn next_byte(&mut self) -> u32 {
        self.bytes.next().map_or_else(
            || {
                self.overrun += 1;
                0
            },
            |byte| u32::from(*byte),
        )
    }

    /// A point inside the next symbol's interval.
    pub(crate) fn peek(&self) -> u16 {
        let unit = self.range >> TOTAL_BITS;
        (self.code / unit).min((1 << TOTAL_BITS) - 1) as u16
    }

    /// Steps over the interval that holds the peeked point.
    pub(crate) fn consume(&mut self, interval: Interval) {
        let unit = self.range >> TOTAL_BITS;
        self.code = self.code.wrapping_sub(unit * u32::from(interval.start));
        self.range = unit * u32::from(interval.width);
        while self.range < BOTTOM {
            self.code = (self.code << 8) | self.next_byte();
            self.range <<= 8;
        }
    }

    /// True when more zeros were read past the end than a finished stream leaves away: it was cut short.
    /// Trimming may leave away any number of zeros, so this bounds work, it does not detect every cut.
    pub(crate) const fn is_far_past_end(&self, allowance: u32) -> bool {
        self.overrun > allowance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn intervals_come_back(symbols in proptest::collection::vec((0u16..32_767, 1u16..32_767), 0..400)) {
            let intervals: Vec<Interval> = symbols
                .iter()
                .map(|&(start, width)| Interval { start, width: width.min(32_767 - start).max(1) })
                .collect();
            let mut bytes = vec![7, 7];
            write_intervals(&intervals, &mut bytes);
            let cost: f64 = intervals.iter().map(|interval| 15.0 - f64::from(interval.width).log2()).sum();
            prop_assert!(bytes.len() - 2 <= (cost * 1.001 / 8.0) as usize + FLUSH_BYTES);
            prop_assert_eq!(&bytes[..2], &[7, 7]);
            let mut decoder = RangeDecoder::new(&bytes[2..]);
            for interval in intervals {
                let point = decoder.peek();
                prop_assert!(point >= interval.start && point - interval.start < interval.width);
                decoder.consume(interval);
            }
        }
    }
}
