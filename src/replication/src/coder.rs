//! One description of a record serves both directions: a [`Coder`] is given each value and says what it is.
//! Writing, it hands the value back; reading, it ignores what it was given.

use crate::range_coder::{Group, Interval, RangeDecoder, Step, StepWriter, TOTAL_BITS};
use crate::record::code_gap;
use crate::tables::{Family, MAGNITUDE_SYMBOLS, TableId, Tables};
use std::sync::LazyLock;

/// A direction of coding.
pub(crate) trait Coder {
    /// A symbol of a frozen table.
    fn symbol(&mut self, table: TableId, value: usize) -> usize;

    /// The lowest `count` bits (at most 32) of a number without any model.
    fn bits(&mut self, count: u32, value: u32) -> u32;

    /// Ends what is coded in one step: before and after what is prepared for many.
    fn cut(&mut self);

    /// Yes or no.
    fn question(&mut self, class: usize, value: bool) -> bool {
        self.symbol(TableId::new(Family::Question, class), usize::from(value)) != 0
    }

    /// A magnitude below 2^24 by its class, then the bits that the class leaves open.
    fn magnitude(&mut self, table: TableId, value: u32) -> u32 {
        let symbol = self.symbol(table, magnitude_symbol(value));
        let (base, open_bits) = magnitude_class(symbol);
        base + self.bits(open_bits, value.wrapping_sub(base))
    }

    /// A signed residual: magnitude, then sign with `lean` as the class of sign table.
    fn residual(&mut self, table: TableId, lean: usize, value: i32) -> i32 {
        let magnitude = self.magnitude(table, value.unsigned_abs()) as i32;
        if magnitude == 0 {
            return 0;
        }
        let sign = self.symbol(TableId::new(Family::Sign, lean), usize::from(value < 0));
        if sign == 1 { -magnitude } else { magnitude }
    }

    /// A number whose length is not known: its bit count, then its bits (the highest is implied).
    fn sized(&mut self, value: u32) -> u32 {
        let count = self.bits(6, 32 - value.leading_zeros()).min(32);
        if count <= 1 {
            return count;
        }
        let top = 1_u32 << (count - 1);
        top | self.bits(count - 1, value & (top - 1))
    }

    /// As [`Self::sized`] for signed numbers.
    fn sized_signed(&mut self, value: i32) -> i32 {
        let zigzag = self.sized(((value << 1) ^ (value >> 31)) as u32);
        (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32)
    }
}

/// Class of a magnitude; those beyond 2^24 fall into the last class and must not be coded.
pub(crate) fn magnitude_symbol(value: u32) -> usize {
    if value < 8 {
        return value as usize;
    }
    let octave = 31 - value.leading_zeros();
    let half = (value >> (octave - 1)) & 1;
    (8 + 2 * (octave as usize - 3) + half as usize).min(MAGNITUDE_SYMBOLS - 1)
}

/// Smallest magnitude of a class, and how many bits tell which one it is.
fn magnitude_class(symbol: usize) -> (u32, u32) {
    if symbol < 8 {
        return (symbol as u32, 0);
    }
    let octave = 3 + (symbol as u32 - 8) / 2;
    let half = (symbol as u32) & 1;
    ((2 + half) << (octave - 1), octave - 1)
}

/// Fractions of a bit in which costs are counted.
pub(crate) const COST_UNIT: u32 = 64;

/// Collects steps, to be written once or many times.
pub(crate) struct Preparer<'a> {
    tables: Tables,
    costs: &'static CostTable,
    out: &'a mut Vec<Step>,
    group: Group,
    cost: u32,
}

impl<'a> Preparer<'a> {
    pub(crate) fn new(out: &'a mut Vec<Step>) -> Self {
        Self {
            tables: Tables::get(),
            costs: CostTable::get(),
            out,
            group: Group::default(),
            cost: 0,
        }
    }

    /// Ends the last step. Gives the cost in 1/64 bits, rounded up.
    pub(crate) fn finish(mut self) -> u32 {
        self.cut();
        self.cost
    }

    fn push(&mut self, interval: Interval) {
        self.cost += self.costs.of(interval);
        if let Some(step) = self.group.add(interval) {
            self.out.push(step);
        }
    }
}

impl Coder for Preparer<'_> {
    fn symbol(&mut self, table: TableId, value: usize) -> usize {
        self.push(self.tables.interval(table, value));
        value
    }

    fn bits(&mut self, count: u32, value: u32) -> u32 {
        for_each_part(count, |shift, width| {
            self.push(part_of(value, shift, width));
        });
        value & mask(count)
    }

    fn cut(&mut self) {
        self.out.extend(self.group.cut());
    }
}

/// The entries of gap lists, put together once: each magnitude class costs the same, and most gaps are small.
pub(crate) struct Gaps {
    costs: [u32; MAGNITUDE_SYMBOLS],
    small: Vec<Step>,
}

static GAPS: LazyLock<[Gaps; 2]> = LazyLock::new(|| {
    std::array::from_fn(|list| {
        let entry = |gap| {
            let mut steps = vec![];
            let mut preparer = Preparer::new(&mut steps);
            code_gap(&mut preparer, list, Some(gap));
            let cost = preparer.finish();
            (steps[0], cost)
        };
        Gaps {
            costs: std::array::from_fn(|symbol| entry(magnitude_class(symbol).0).1),
            small: (0..SMALL_GAPS).map(|gap| entry(gap).0).collect(),
        }
    })
});

/// Gaps below this are coded in one step.
const SMALL_GAPS: u32 = 8;

impl Gaps {
    /// Of a list, one of the `GAP_OF` constants.
    pub(crate) fn of(list: usize) -> &'static Self {
        &GAPS[list]
    }

    /// Cost of an entry, in cost units.
    pub(crate) fn cost(&self, gap: u32) -> u32 {
        self.costs[magnitude_symbol(gap)]
    }

    /// The step of a small gap.
    fn small(&self, gap: u32) -> Option<Step> {
        self.small.get(gap as usize).copied()
    }
}

/// Writes at once what is for one client alone, and what was prepared.
pub(crate) struct Writer<'a> {
    tables: Tables,
    out: StepWriter<'a>,
    group: Group,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            tables: Tables::get(),
            out: StepWriter::new(out),
            group: Group::default(),
        }
    }

    /// Appends what was prepared; a step must have ended before.
    #[inline]
    pub(crate) fn write(&mut self, steps: &[Step]) {
        for step in steps {
            self.out.write(*step);
        }
    }

    /// Appends an entry of a gap list; a step must have ended before, and has ended after.
    #[inline]
    pub(crate) fn gap(&mut self, list: usize, gaps: &Gaps, gap: u32) {
        if let Some(step) = gaps.small(gap) {
            return self.out.write(step);
        }
        code_gap(self, list, Some(gap));
        self.cut();
    }

    /// Ends the stream.
    pub(crate) fn finish(mut self) {
        self.cut();
        self.out.finish();
    }

    fn push(&mut self, interval: Interval) {
        if let Some(step) = self.group.add(interval) {
            self.out.write(step);
        }
    }
}

impl Coder for Writer<'_> {
    fn symbol(&mut self, table: TableId, value: usize) -> usize {
        self.push(self.tables.interval(table, value));
        value
    }

    fn bits(&mut self, count: u32, value: u32) -> u32 {
        for_each_part(count, |shift, width| {
            self.push(part_of(value, shift, width));
        });
        value & mask(count)
    }

    fn cut(&mut self) {
        if let Some(step) = self.group.cut() {
            self.out.write(step);
        }
    }
}

impl Coder for RangeDecoder<'_> {
    fn symbol(&mut self, table: TableId, _value: usize) -> usize {
        let tables = Tables::get();
        let symbol = tables.symbol_at(table, self.peek());
        self.consume(tables.interval(table, symbol));
        symbol
    }

    fn bits(&mut self, count: u32, _value: u32) -> u32 {
        let mut value = 0;
        for_each_part(count, |shift, width| {
            let part = u32::from(self.peek()) >> (TOTAL_BITS - width);
            self.consume(Interval {
                start: (part << (TOTAL_BITS - width)) as u16,
                width: 1 << (TOTAL_BITS - width),
            });
            value |= part << shift;
        });
        value
    }

    fn cut(&mut self) {
        RangeDecoder::cut(self);
    }
}

const fn mask(count: u32) -> u32 {
    if count >= 32 {
        u32::MAX
    } else {
        (1 << count) - 1
    }
}

/// Splits `count` bits into parts of at most 8, lowest first.
fn for_each_part(count: u32, mut part: impl FnMut(u32, u32)) {
    let mut shift = 0;
    while shift < count {
        let width = (count - shift).min(8);
        part(shift, width);
        shift += width;
    }
}

/// Some bits of a number, without any model.
const fn part_of(value: u32, shift: u32, width: u32) -> Interval {
    let part = (value >> shift) & ((1 << width) - 1);
    Interval {
        start: (part << (TOTAL_BITS - width)) as u16,
        width: 1 << (TOTAL_BITS - width),
    }
}

/// Cost of an interval by its width, in 1/64 bits, rounded up and with what the coder itself loses.
struct CostTable(Vec<u16>);

static COSTS: LazyLock<CostTable> = LazyLock::new(|| {
    CostTable(
        (0..=1_u32 << TOTAL_BITS)
            .map(|width| {
                let bits = f64::from(TOTAL_BITS) - f64::from(width.max(1)).log2();
                (bits * f64::from(COST_UNIT)).ceil() as u16 + 1
            })
            .collect(),
    )
});

impl CostTable {
    fn get() -> &'static Self {
        &COSTS
    }

    fn of(&self, interval: Interval) -> u32 {
        u32::from(self.0[usize::from(interval.width)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_come_back_at_every_class_border() {
        let mut values = vec![];
        for bit in 0..24 {
            for offset in [-1_i32, 0, 1] {
                values.push(((1_i32 << bit) + offset).unsigned_abs());
                values.push(((3_i32 << bit >> 1) + offset).unsigned_abs());
            }
        }
        let table = TableId::new(Family::BodyX, 5);
        let mut bytes = vec![];
        let mut writer = Writer::new(&mut bytes);
        for value in &values {
            writer.magnitude(table, *value);
            writer.sized_signed(-(*value as i32));
        }
        writer.finish();
        let mut decoder = RangeDecoder::new(&bytes);
        for value in &values {
            assert_eq!(decoder.magnitude(table, 0), *value);
            assert_eq!(decoder.sized_signed(0), -(*value as i32));
        }
    }
}
