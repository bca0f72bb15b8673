//! Bits one after the other, the lowest of a byte first.

/// A stream that grows.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// Bits that make no whole byte yet, and how many.
    rest: u64,
    count: u32,
}

impl Bits {
    /// Appends the lowest `count` bits of `value`, at most 32, the lowest first.
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        self.rest |= u64::from(value) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.rest as u8);
            self.rest >>= 8;
            self.count -= 8;
        }
    }

    /// A number in groups of `size` bits, each followed by a bit that says whether there are more.
    pub(crate) fn put_groups(&mut self, mut value: u32, size: u32) {
        loop {
            let group = value & ((1 << size) - 1);
            value >>= size;
            self.put(group | u32::from(value != 0) << size, size + 1);
            if value == 0 {
                return;
            }
        }
    }

    /// The bytes; the last one is filled up with zeros.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.rest as u8);
        }
        self.bytes
    }
}

/// Bits that somebody wrote, the lowest of a byte first. Beyond the end there are zeros: whoever reads asks afterwards.
pub(crate) struct BitsRead<'b> {
    bytes: &'b [u8],
    /// Bytes that have been taken into `rest`.
    taken: usize,
    /// The next bits, the lowest first. Of these `count` are counted as taken, at most 63; those above are zero, or what comes.
    rest: u64,
    count: u32,
}

impl<'b> BitsRead<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes,
            taken: 0,
            rest: 0,
            count: 0,
        }
    }

    /// The next 32 bits, without taking them.
    pub(crate) fn peek(&mut self) -> u32 {
        if self.count < u32::BITS {
            self.fill();
        }
        self.rest as u32
    }

    /// Takes at most 32 bits, after a look at them.
    pub(crate) fn skip(&mut self, count: u32) {
        self.rest >>= count;
        self.count -= count;
    }

    /// A number of at most 31 bits.
    pub(crate) fn take(&mut self, count: u32) -> u32 {
        let number = self.peek() & ((1 << count) - 1);
        self.skip(count);
        number
    }

    /// A number in groups of `size` bits; nothing when it is too large.
    pub(crate) fn take_groups(&mut self, size: u32) -> Option<u32> {
        let mut value = 0;
        for place in (0..u32::BITS - size).step_by(size as usize) {
            value |= self.take(size) << place;
            if self.take(1) == 0 {
                return Some(value);
            }
        }
        None
    }

    /// More was taken than there is.
    pub(crate) fn is_past_end(&self) -> bool {
        self.taken * 8 > self.bytes.len() * 8 + self.count as usize
    }

    fn fill(&mut self) {
        let left = self.bytes.get(self.taken..).unwrap_or_default();
        let eight = left.first_chunk().copied().unwrap_or_else(|| {
            let mut last = [0; 8];
            last[..left.len()].copy_from_slice(left);
            last
        });
        self.rest |= u64::from_le_bytes(eight) << self.count;
        self.taken += (u64::BITS - 1 - self.count) as usize / 8;
        // The sum of the count and the bits of the bytes that have been taken, for any count.
        self.count |= 56;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_bit_comes_first() {
        let mut bits = Bits::default();
        bits.put(1, 1);
        bits.put(0b10, 2);
        bits.put(0x1ff, 9);
        // 300 in groups of four: 12 and more, 2 and more, 1.
        bits.put_groups(300, 4);
        assert_eq!(bits.finish(), [0xfd, 0xcf, 0x65, 0x00]);
    }

    #[test]
    fn what_was_written_is_read() {
        let numbers = (0..500u32).map(|number| (number.wrapping_mul(0x9E37_79B9), number % 32));
        let numbers = numbers.map(|(number, count)| (number & ((1 << count) - 1), count));
        let mut bits = Bits::default();
        for (number, count) in numbers.clone() {
            bits.put(number, count);
            bits.put_groups(number >> 8, 4);
        }
        let bytes = bits.finish();
        let mut read = BitsRead::new(&bytes);
        for (number, count) in numbers {
            assert_eq!(read.take(count), number);
            assert_eq!(read.take_groups(4), Some(number >> 8));
        }
        assert!(!read.is_past_end());
        assert_eq!((read.take(8), read.is_past_end()), (0, true));
        assert_eq!(BitsRead::new(&[0xff; 9]).take_groups(4), None);
    }
}
