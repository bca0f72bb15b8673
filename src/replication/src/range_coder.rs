//! A byte-wise range coder with frozen frequencies that sum to 2^15. Carries go back into the bytes written
//! before (Schindler, "A fast renormalisation for arithmetic coding", 1998). Up to three symbols are put together and
//! coded in one step, which both ends do at the same places. Trailing zero bytes are not written: the decoder reads zeros
//! past the end.

/// Frequencies of a table sum to `1 << TOTAL_BITS`.
pub(crate) const TOTAL_BITS: u32 = 15;
/// Bytes that a finished stream may be longer than the sum of its symbols' costs.
pub(crate) const FLUSH_BYTES: usize = 4;

/// A part of the unit interval, in steps of 2^-[`TOTAL_BITS`]: what one symbol is coded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start: u16,
    pub(crate) width: u16,
}

/// A part of the unit interval in steps of 2^-[`STEP_BITS`]: up to [`GROUP`] symbols one after another. What is coded for
/// many is put together once, and then costs a third of the work for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    start: u64,
    width: u64,
}

/// Symbols that are put together at most.
const GROUP: u32 = 3;
const STEP_BITS: u32 = GROUP * TOTAL_BITS;

/// Puts symbols together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    start: u64,
    width: u64,
    count: u32,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            start: 0,
            width: 1,
            count: 0,
        }
    }
}

impl Group {
    /// Adds a symbol; gives what the group is coded as when it is full.
    pub(crate) fn add(&mut self, interval: Interval) -> Option<Step> {
        // Three symbols of 15 bits fit.
        let start = self.width.wrapping_mul(interval.start.into());
        self.start = (self.start << TOTAL_BITS).wrapping_add(start);
        self.width = self.width.wrapping_mul(interval.width.into());
        self.count = self.count.wrapping_add(1);
        (self.count == GROUP).then(|| self.close())
    }

    /// Ends a group that is not full; nothing when it is empty.
    pub(crate) fn cut(&mut self) -> Option<Step> {
        (self.count > 0).then(|| self.close())
    }

    fn close(&mut self) -> Step {
        let open = TOTAL_BITS * (GROUP - self.count);
        let group = std::mem::take(self);
        Step {
            start: group.start << open,
            width: group.width << open,
        }
    }
}

/// Appends the fewest bytes that tell one step after another.
pub(crate) struct StepWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Where the bytes begin, and where the next one goes. Behind it `out` has room that holds nothing.
    begin: usize,
    next: usize,
    /// The next 64 bits so far, and how much may be added to them.
    low: u64,
    range: u64,
}

impl<'a> StepWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        let begin = out.len();
        out.resize(begin + ROOM, 0);
        Self {
            out,
            begin,
            next: begin,
            low: 0,
            range: u64::MAX,
        }
    }

    /// The innermost work of every send. What is written with `wrapping` cannot wrap, and need not be checked each time.
    #[inline]
    pub(crate) fn write(&mut self, step: Step) {
        let unit = self.range >> STEP_BITS;
        let (low, has_carry) = self.low.overflowing_add(unit.wrapping_mul(step.start));
        if has_carry {
            carry(&mut self.out[self.begin..self.next]);
        }
        let range = unit.wrapping_mul(step.width);
        // Whole bytes that can only change by a carry. All eight are written, that many count.
        let settled = range.leading_zeros() & !(u8::BITS - 1);
        let room = self.out.get_mut(self.next..);
        if let Some(room) = room.and_then(|room| room.first_chunk_mut()) {
            *room = low.to_be_bytes();
        } else {
            self.grow(low);
        }
        self.next = self.next.wrapping_add((settled / u8::BITS) as usize);
        self.low = low.wrapping_shl(settled);
        self.range = range.wrapping_shl(settled);
    }

    /// Makes room, and writes there.
    #[cold]
    fn grow(&mut self, low: u64) {
        self.out.truncate(self.next);
        self.out.extend_from_slice(&low.to_be_bytes());
        self.out.resize(self.next + ROOM, 0);
    }

    /// Ends the stream with the shortest number within what is left.
    pub(crate) fn finish(self) {
        let Self {
            out,
            begin,
            next,
            low,
            range,
        } = self;
        out.truncate(next);
        for count in 0..=size_of::<u64>() {
            let mask = u64::MAX.checked_shr(count as u32 * u8::BITS).unwrap_or(0);
            let (above, has_carry) = low.overflowing_add(mask);
            let value = above & !mask;
            if value.wrapping_sub(low) < range {
                if has_carry {
                    carry(&mut out[begin..]);
                }
                out.extend_from_slice(&value.to_be_bytes()[..count]);
                break;
            }
        }
        while out.len() > begin && out.last() == Some(&0) {
            out.pop();
        }
    }
}

/// Bytes of room that a writer makes at once: a datagram's.
const ROOM: usize = 1_500;

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

/// Reads what a [`StepWriter`] wrote, symbol by symbol.
pub(crate) struct RangeDecoder<'a> {
    bytes: std::slice::Iter<'a, u8>,
    code: u64,
    range: u64,
    /// Of the group that is being read.
    group: Group,
    unit: u64,
    /// Where the rest of the group lies within its part of the interval.
    rest: u64,
    overrun: u32,
}

impl<'a> RangeDecoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self {
            bytes: bytes.iter(),
            code: 0,
            range: u64::MAX,
            group: Group::default(),
            unit: 0,
            rest: 0,
            overrun: 0,
        };
        decoder.shift(size_of::<u64>() as u32);
        decoder.begin();
        decoder
    }

    fn shift(&mut self, bytes: u32) {
        for _ in 0..bytes {
            let next = self.bytes.next().copied().unwrap_or_else(|| {
                self.overrun += 1;
                0
            });
            self.code = (self.code << u8::BITS) | u64::from(next);
        }
    }

    fn begin(&mut self) {
        self.unit = self.range >> STEP_BITS;
        self.rest = (self.code / self.unit).min((1 << STEP_BITS) - 1);
    }

    /// Bits of the group below the next symbol.
    const fn open_bits(&self) -> u32 {
        TOTAL_BITS * (GROUP - 1 - self.group.count)
    }

    /// A point inside the next symbol's interval.
    pub(crate) fn peek(&self) -> u16 {
        ((self.rest / self.group.width) >> self.open_bits()) as u16
    }

    /// Steps over the interval that holds the peeked point.
    pub(crate) fn consume(&mut self, interval: Interval) {
        self.rest -= (u64::from(interval.start) << self.open_bits()) * self.group.width;
        if let Some(step) = self.group.add(interval) {
            self.step_over(step);
        }
    }

    /// Ends a group that is not full, where the writer did.
    pub(crate) fn cut(&mut self) {
        if let Some(step) = self.group.cut() {
            self.step_over(step);
        }
    }

    fn step_over(&mut self, step: Step) {
        // Numbers that no writer makes wrap, and mean nothing.
        self.code = self.code.wrapping_sub(self.unit * step.start);
        let range = self.unit * step.width;
        let settled = range.leading_zeros() / u8::BITS;
        self.range = range << (settled * u8::BITS);
        self.shift(settled);
        self.begin();
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

    /// Symbols, each with whether the group ends after it.
    fn write(symbols: &[(Interval, bool)], out: &mut Vec<u8>) {
        let mut writer = StepWriter::new(out);
        let mut group = Group::default();
        for (interval, is_last) in symbols {
            let full = group.add(*interval);
            let ended = if *is_last { group.cut() } else { None };
            full.into_iter()
                .chain(ended)
                .for_each(|step| writer.write(step));
        }
        group.cut().into_iter().for_each(|step| writer.write(step));
        writer.finish();
    }

    fn read(symbols: &[(Interval, bool)], bytes: &[u8]) {
        let mut decoder = RangeDecoder::new(bytes);
        for (interval, is_last) in symbols {
            let point = decoder.peek();
            assert!(point >= interval.start && point - interval.start < interval.width);
            decoder.consume(*interval);
            if *is_last {
                decoder.cut();
            }
        }
    }

    proptest! {
        #[test]
        fn intervals_come_back(symbols in proptest::collection::vec((0u16..32_767, 1u16..32_767, any::<bool>()), 0..2_000)) {
            let symbols: Vec<_> = symbols
                .iter()
                .map(|&(start, width, is_last)| (Interval { start, width: width.min(32_767 - start).max(1) }, is_last))
                .collect();
            let mut bytes = vec![7, 7];
            write(&symbols, &mut bytes);
            let cost: f64 = symbols.iter().map(|(interval, _)| 15.0 - f64::from(interval.width).log2()).sum();
            prop_assert!(bytes.len() - 2 <= (cost * 1.001 / 8.0) as usize + FLUSH_BYTES);
            prop_assert_eq!(&bytes[..2], &[7, 7]);
            read(&symbols, &bytes[2..]);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..60), cuts in any::<u64>()) {
            let mut decoder = RangeDecoder::new(&bytes);
            for index in 0..500 {
                // The widest symbol, the narrowest, and one between.
                let point = decoder.peek();
                prop_assert!(point < 1 << TOTAL_BITS);
                let (start, width) = match index % 3 {
                    0 => (point, 1),
                    1 => (0, 32_767.max(point + 1)),
                    _ => (point & 0x7fc0, 64),
                };
                decoder.consume(Interval { start, width });
                if cuts >> (index % 64) & 1 == 1 {
                    decoder.cut();
                }
            }
        }
    }

    #[test]
    fn a_carry_goes_through_all_that_was_written() {
        let mut bytes = vec![9, 1, 0xff, 0xff];
        let mut writer = StepWriter {
            begin: 1,
            next: bytes.len(),
            out: &mut bytes,
            low: u64::MAX,
            range: 1 << 56,
        };
        writer.write(Step {
            start: 1,
            width: 1 << 40,
        });
        writer.finish();
        assert_eq!(&bytes[..2], &[9, 2]);
    }
}
