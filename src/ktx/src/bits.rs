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
}
