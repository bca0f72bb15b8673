//! How the frozen tables are made: count symbols while decoding recordings, then mix the counts into the tables.

use crate::coder::Coder;
use crate::range_coder::{RangeDecoder, TOTAL_BITS};
use crate::tables::{MAX_SYMBOLS, TABLES, TableId, Tables};

/// Weight of the present table against the counts, in symbols.
const PRIOR_SYMBOLS: f64 = 40.0;

/// How often each symbol of each table occurred.
#[derive(Clone, Debug)]
pub struct SymbolCounts(Vec<u32>);

impl Default for SymbolCounts {
    fn default() -> Self {
        Self(vec![0; TABLES * MAX_SYMBOLS])
    }
}

impl SymbolCounts {
    /// Adds the counts of another recording.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }

    /// The file of frozen tables that fits these counts.
    #[must_use]
    pub fn frequencies(&self) -> Vec<u8> {
        let tables = Tables::get();
        let mut bytes = Vec::with_capacity(self.0.len() * 2);
        for (table, counts) in self.0.chunks_exact(MAX_SYMBOLS).enumerate() {
            let table = TableId::at(table);
            let widths: Vec<f64> = (0..MAX_SYMBOLS)
                .map(|symbol| f64::from(tables.interval(table, symbol).width))
                .collect();
            for frequency in fit(counts, &widths) {
                bytes.extend_from_slice(&frequency.to_le_bytes());
            }
        }
        bytes
    }
}

/// Frequencies that sum to the total, at least 1 where the present width is not zero.
fn fit(counts: &[u32], widths: &[f64]) -> Vec<u16> {
    let total = f64::from(1_u32 << TOTAL_BITS);
    let sum: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let mut frequencies: Vec<u16> = counts
        .iter()
        .zip(widths)
        .map(|(count, width)| {
            if *width == 0.0 {
                return 0;
            }
            let share = (f64::from(*count) + PRIOR_SYMBOLS * width / total) / (sum + PRIOR_SYMBOLS);
            ((share * total) as u16).max(1)
        })
        .collect();
    let mut excess = frequencies.iter().map(|each| i32::from(*each)).sum::<i32>() - total as i32;
    while excess != 0 {
        let Some(largest) = frequencies.iter_mut().max() else {
            break;
        };
        // Taken from, or given to, the most frequent one, which feels it least.
        let part = excess.clamp(-64, 64.min(i32::from(*largest) - 1));
        *largest = (i32::from(*largest) - part) as u16;
        excess -= part;
    }
    frequencies
}

/// A coder that reads.
pub(crate) trait Reading: Coder {
    /// See [`RangeDecoder::is_far_past_end`].
    fn is_far_past_end(&self, allowance: u32) -> bool;
}

impl Reading for RangeDecoder<'_> {
    fn is_far_past_end(&self, allowance: u32) -> bool {
        RangeDecoder::is_far_past_end(self, allowance)
    }
}

/// Counts what it reads.
pub(crate) struct Counting<'a, 'b> {
    pub(crate) coder: RangeDecoder<'a>,
    pub(crate) counts: &'b mut SymbolCounts,
}

impl Coder for Counting<'_, '_> {
    fn symbol(&mut self, table: TableId, value: usize) -> usize {
        let symbol = self.coder.symbol(table, value);
        self.counts.0[table.index() * MAX_SYMBOLS + symbol] += 1;
        symbol
    }

    fn bits(&mut self, count: u32, value: u32) -> u32 {
        self.coder.bits(count, value)
    }

    fn cut(&mut self) {
        self.coder.cut();
    }
}

impl Reading for Counting<'_, '_> {
    fn is_far_past_end(&self, allowance: u32) -> bool {
        self.coder.is_far_past_end(allowance)
    }
}
