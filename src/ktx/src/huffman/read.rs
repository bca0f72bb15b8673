//! Huffman codes that somebody wrote, whatever their bits.

use super::{MAX_LENGTH, ORDER, REPEATS, ZEROS};
use crate::bits::BitsRead;

/// Codes of at most so many bits are found in one look.
const QUICK_BITS: u32 = 11;
/// Lengths of codes, and none.
const LENGTHS: usize = MAX_LENGTH as usize + 1;

/// What the codes of an alphabet stand for.
pub(crate) struct CodesRead {
    /// By the next bits: a symbol, and the length of its code; no length where the code is longer, or none.
    quick: Vec<(u16, u8)>,
    /// Symbols in the order of their codes.
    symbols: Vec<u16>,
    /// By length: the first code, how many there are, and where their symbols begin.
    lengths: [(u32, u32, usize); LENGTHS],
}

impl CodesRead {
    /// Reads the codes of one to `most` symbols. Nothing where they are not complete: then not all bits would mean something.
    pub(crate) fn read(bits: &mut BitsRead<'_>, most: usize) -> Option<Self> {
        let used = bits.take(14) as usize;
        let written = bits.take(5) as usize;
        if used > most {
            return None;
        }
        let mut own = [0; ORDER.len()];
        for symbol in ORDER.get(..written)? {
            own[*symbol] = bits.take(3) as u8;
        }
        let own = Self::new(&own)?;
        let mut lengths: Vec<u8> = Vec::with_capacity(used);
        while lengths.len() < used {
            let symbol = own.symbol(bits)? as u8;
            let mut kinds = ZEROS.into_iter().chain(REPEATS);
            let Some((_, least, size)) = kinds.find(|kind| kind.0 == symbol) else {
                lengths.push(symbol);
                continue;
            };
            let is_zero = ZEROS.iter().any(|kind| kind.0 == symbol);
            let last = || lengths.last().copied().filter(|last| *last > 0);
            let length = if is_zero { 0 } else { last()? };
            let count = least + bits.take(size) as usize;
            if count > used - lengths.len() {
                return None;
            }
            lengths.extend(std::iter::repeat_n(length, count));
        }
        Self::new(&lengths)
    }

    fn new(lengths: &[u8]) -> Option<Self> {
        let mut own = [(0, 0, 0); LENGTHS];
        for length in lengths.iter().filter(|length| **length > 0) {
            own.get_mut(usize::from(*length))?.1 += 1;
        }
        let (mut code, mut place, mut filled) = (0u32, 0, 0u32);
        for (length, (first, count, start)) in own.iter_mut().enumerate().skip(1) {
            code <<= 1;
            (*first, *start) = (code, place);
            code += *count;
            place += *count as usize;
            filled += *count << (MAX_LENGTH - length as u32);
        }
        let is_alone = place == 1 && own[1].1 == 1;
        if filled != 1 << MAX_LENGTH && !is_alone {
            return None;
        }
        let mut symbols = vec![0; place];
        let mut quick = vec![(0, 0); 1 << QUICK_BITS];
        let mut seen = [0; LENGTHS];
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, own)| **own > 0) {
            let (first, _, start) = own[usize::from(*length)];
            let seen = &mut seen[usize::from(*length)];
            symbols[start + *seen as usize] = symbol as u16;
            let length = u32::from(*length);
            let code = (first + *seen).reverse_bits() >> (u32::BITS - length);
            *seen += 1;
            if length <= QUICK_BITS {
                let places = quick.iter_mut().skip(code as usize).step_by(1 << length);
                places.for_each(|place| *place = (symbol as u16, length as u8));
            }
        }
        Some(Self {
            quick,
            symbols,
            lengths: own,
        })
    }

    /// The next symbol; nothing where the next bits are no code.
    #[inline]
    pub(crate) fn symbol(&self, bits: &mut BitsRead<'_>) -> Option<u16> {
        let next = bits.peek();
        let (symbol, length) = self.quick[next as usize % (1 << QUICK_BITS)];
        if length > 0 {
            bits.skip(length.into());
            return Some(symbol);
        }
        self.long_symbol(next.reverse_bits(), bits)
    }

    /// By bits of which the highest comes first.
    #[cold]
    fn long_symbol(&self, next: u32, bits: &mut BitsRead<'_>) -> Option<u16> {
        for length in QUICK_BITS + 1..=MAX_LENGTH {
            let (first, count, start) = self.lengths[length as usize];
            let place = (next >> (u32::BITS - length)).wrapping_sub(first);
            if place < count {
                bits.skip(length);
                return Some(self.symbols[start + place as usize]);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Counts, *};
    use crate::bits::Bits;

    #[test]
    fn every_symbol_that_was_written_is_read() {
        // Fibonacci's numbers give codes of all lengths.
        for deep in [1, 2, 3, 12, 24, 40] {
            let mut counts = Counts::new(3 * deep);
            let (mut one, mut two) = (1, 1);
            for place in 0..deep {
                counts.0[3 * place] = one;
                (one, two) = (two, one + two);
            }
            let mut bits = Bits::default();
            let codes = counts.write(&mut bits);
            let symbols = || (0..deep).chain((0..deep).rev()).map(|place| 3 * place);
            symbols().for_each(|symbol| codes.put(symbol, &mut bits));
            let bytes = bits.finish();
            let mut bits = BitsRead::new(&bytes);
            let codes = CodesRead::read(&mut bits, 3 * deep).unwrap();
            for symbol in symbols() {
                assert_eq!(codes.symbol(&mut bits), Some(symbol as u16));
            }
            assert!(!bits.is_past_end());
            assert!(CodesRead::read(&mut BitsRead::new(&bytes), 3 * deep - 3).is_none());
        }
    }

    #[test]
    fn a_length_of_nothing_is_not_repeated() {
        // Four lengths, spelled in two symbols: `first`, and 19, which repeats it three times.
        for (first, is_right) in [(0, false), (2, true)] {
            let mut bits = Bits::default();
            bits.put(4, 14);
            bits.put(ORDER.len() as u32, 5);
            for symbol in ORDER {
                bits.put(u32::from([first, 19].contains(&symbol)), 3);
            }
            // The smaller symbol has the code 0; after 19 there is how much longer the run is.
            bits.put(0b10, 2);
            bits.put(0, 2);
            let bytes = bits.finish();
            let codes = CodesRead::read(&mut BitsRead::new(&bytes), 4);
            assert_eq!(codes.is_some(), is_right);
        }
    }

    #[test]
    fn codes_are_complete_or_of_one_symbol() {
        let is_known = |lengths: &[u8]| CodesRead::new(lengths).is_some();
        assert!(is_known(&[1, 1]) && is_known(&[2, 1, 0, 2]) && is_known(&[0, 1]));
        assert!(!is_known(&[1, 2]) && !is_known(&[1, 1, 1]) && !is_known(&[2]));
        assert!(!is_known(&[]) && !is_known(&[17, 1]) && !is_known(&[0, 0]));
        let alone = CodesRead::new(&[0, 1]).unwrap();
        assert_eq!(alone.symbol(&mut BitsRead::new(&[0])), Some(1));
        assert_eq!(alone.symbol(&mut BitsRead::new(&[1])), None);
        assert!(CodesRead::read(&mut BitsRead::new(&[0; 9]), 9).is_none());
    }
}
