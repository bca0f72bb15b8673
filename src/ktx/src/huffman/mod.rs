//! Huffman codes as BasisLZ writes them (KTX File Format Specification 2.0, "BasisLZ": Huffman coding): canonical codes of at
//! most 16 bits whose lengths stand before what they encode.

mod read;

use crate::bits::Bits;
use std::{cmp::Reverse, collections::BinaryHeap};

pub(crate) use read::CodesRead;

/// Longest code of a symbol, and of a code's length.
const MAX_LENGTH: u32 = 16;
const MAX_LENGTH_OF_LENGTHS: u32 = 7;
/// Symbols beside the lengths 0 to 16: runs of zeros, and of the length before. Each with its shortest run and the bits
/// that say how much longer it is.
const ZEROS: [(u8, usize, u32); 2] = [(18, 11, 7), (17, 3, 3)];
const REPEATS: [(u8, usize, u32); 2] = [(20, 7, 7), (19, 3, 2)];
/// The order in which the lengths of codes of lengths are written.
const ORDER: [usize; 21] = [
    17, 18, 19, 20, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15, 16,
];

/// How often each symbol of an alphabet occurs.
pub(crate) struct Counts(Vec<u32>);

/// Codes of an alphabet: bits, the first one lowest, and their number.
pub(crate) struct Codes(Vec<(u32, u8)>);

impl Counts {
    pub(crate) fn new(symbols: usize) -> Self {
        Self(vec![0; symbols])
    }

    pub(crate) fn add(&mut self, symbol: usize) {
        self.0[symbol] += 1;
    }

    /// The best codes, which also go into `bits` for whoever reads them. There is at least one.
    pub(crate) fn write(mut self, bits: &mut Bits) -> Codes {
        if self.0.iter().all(|count| *count == 0) {
            self.0[0] = 1;
        }
        let lengths = lengths(&self.0, MAX_LENGTH);
        write_lengths(&lengths, bits);
        codes(&lengths)
    }
}

impl Codes {
    pub(crate) fn put(&self, symbol: usize, bits: &mut Bits) {
        let (code, length) = self.0[symbol];
        bits.put(code, length.into());
    }
}

/// Lengths of the codes of symbols: none for a symbol that does not occur, at most `most` for others.
fn lengths(counts: &[u32], most: u32) -> Vec<u8> {
    let mut counts = counts.to_vec();
    loop {
        let lengths = free_lengths(&counts);
        if lengths.iter().all(|length| u32::from(*length) <= most) {
            return lengths;
        }
        // Nearer to each other, they get codes nearer to each other.
        for count in counts.iter_mut().filter(|count| **count > 0) {
            *count = (*count / 2).max(1);
        }
    }
}

/// Huffman's own lengths, however long.
fn free_lengths(counts: &[u32]) -> Vec<u8> {
    let used = || counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let mut heap: BinaryHeap<Reverse<(u64, usize)>> = used()
        .map(|(symbol, count)| Reverse((u64::from(*count), symbol)))
        .collect();
    let mut lengths = vec![0u8; counts.len()];
    if let (1, Some(Reverse((_, only)))) = (heap.len(), heap.peek()) {
        lengths[*only] = 1;
        return lengths;
    }
    // Numbers from here on are pairs, each with its two parts.
    let mut pairs: Vec<[usize; 2]> = Vec::new();
    while let (Some(Reverse((one, left))), Some(Reverse((two, right)))) = (heap.pop(), heap.pop()) {
        if heap.is_empty() {
            pairs.push([left, right]);
            break;
        }
        heap.push(Reverse((one + two, counts.len() + pairs.len())));
        pairs.push([left, right]);
    }
    let mut depths = vec![0u8; pairs.len()];
    for (number, parts) in pairs.iter().enumerate().rev() {
        for part in parts {
            let depth = depths[number].saturating_add(1);
            match part.checked_sub(counts.len()) {
                Some(pair) => depths[pair] = depth,
                None => lengths[*part] = depth,
            }
        }
    }
    lengths
}

/// Canonical codes: shorter ones first, among equals in the order of the symbols; read from the first bit on.
fn codes(lengths: &[u8]) -> Codes {
    let mut codes = vec![(0, 0); lengths.len()];
    let mut next = 0u32;
    for length in 1..=MAX_LENGTH as u8 {
        for (symbol, _) in lengths
            .iter()
            .enumerate()
            .filter(|(_, own)| **own == length)
        {
            codes[symbol] = (next.reverse_bits() >> (32 - length), length);
            next += 1;
        }
        next <<= 1;
    }
    Codes(codes)
}

fn write_lengths(lengths: &[u8], bits: &mut Bits) {
    let used = lengths
        .iter()
        .rposition(|length| *length > 0)
        .map_or(0, |last| last + 1);
    bits.put(used as u32, 14);
    let runs = runs(&lengths[..used]);
    let mut counts = vec![0; ORDER.len()];
    for (symbol, ..) in &runs {
        counts[usize::from(*symbol)] += 1;
    }
    let own = self::lengths(&counts, MAX_LENGTH_OF_LENGTHS);
    let written = ORDER
        .iter()
        .rposition(|symbol| own[*symbol] > 0)
        .map_or(0, |last| last + 1);
    bits.put(written as u32, 5);
    for symbol in &ORDER[..written] {
        bits.put(own[*symbol].into(), 3);
    }
    let codes = codes(&own);
    for (symbol, more, count) in runs {
        codes.put(symbol.into(), bits);
        bits.put(more, count);
    }
}

/// Lengths as symbols, each with a number behind it and the bits of that.
fn runs(lengths: &[u8]) -> Vec<(u8, u32, u32)> {
    let mut runs = Vec::new();
    let mut place = 0;
    while let Some(&length) = lengths.get(place) {
        let mut left = lengths[place..]
            .iter()
            .take_while(|own| **own == length)
            .count();
        place += left;
        let kinds = if length == 0 { ZEROS } else { REPEATS };
        if length > 0 {
            runs.push((length, 0, 0));
            left -= 1;
        }
        for (symbol, least, bits) in kinds {
            while left >= least {
                let taken = left.min(least + (1 << bits) - 1);
                runs.push((symbol, (taken - least) as u32, bits));
                left -= taken;
            }
        }
        runs.extend(std::iter::repeat_n((length, 0, 0), left));
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_complete_and_no_longer_than_allowed() {
        // Fibonacci's numbers give the deepest tree.
        let mut counts = vec![1, 1];
        for place in 2..40 {
            counts.push(counts[place - 1] + counts[place - 2]);
        }
        counts.insert(7, 0);
        for most in [7, 16] {
            let lengths = lengths(&counts, most);
            let room = |length: &u8| 1u64 << (40 - length);
            let filled: u64 = lengths.iter().filter(|length| **length > 0).map(room).sum();
            assert_eq!(filled, 1 << 40);
            assert!(lengths.iter().all(|length| u32::from(*length) <= most));
            assert_eq!(lengths[7], 0);
        }
    }

    #[test]
    fn runs_say_every_length() {
        let lengths = [[0u8; 200].as_slice(), &[3; 150], &[0, 0, 4, 4], &[5]].concat();
        let mut read = Vec::new();
        for (symbol, more, _) in runs(&lengths) {
            let all = ZEROS.iter().chain(&REPEATS);
            match all.into_iter().find(|kind| kind.0 == symbol) {
                None => read.push(symbol),
                Some((_, least, _)) => {
                    let value = if symbol < 19 {
                        0
                    } else {
                        *read.last().unwrap()
                    };
                    read.extend(std::iter::repeat_n(value, least + more as usize));
                }
            }
        }
        assert_eq!(read, lengths);
    }
}
