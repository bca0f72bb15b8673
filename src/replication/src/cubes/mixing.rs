//! Binary arithmetic coding with probabilities mixed from several contexts (logistic mixing as in the PAQ family:
//! Mahoney, "Adaptive weighing of context models for lossless data compression", 2005). Integers and tables only,
//! so that both ends agree on every machine.

use std::sync::LazyLock;

/// Counters of each context.
const COUNTERS: usize = 1 << 16;
/// Sets of weights of a mixer, and of final corrections.
pub(super) const SETS: usize = 512;
/// Fraction bits of weights.
const WEIGHT_BITS: u32 = 12;
/// Further fraction bits of weights that learn.
const FINE_BITS: u32 = 4;
/// Largest fine weight.
const FINE_LIMIT: i32 = (i16::MAX as i32) << FINE_BITS;
/// Logits, in 1/256, lie within +-2047.
const LOGIT_LIMIT: i32 = 2047;
/// Intervals of the final correction.
const CORRECTION_STEPS: usize = 32;
/// Logits of an interval.
const STEP_WIDTH: usize = 4096 / CORRECTION_STEPS;
/// Speed at which weights learn.
const LEARNING_RATE: i32 = 2;
/// Count at which a counter stops to slow down.
const COUNT_LIMIT: u32 = 250;

/// 65536 / (1 + exp(-x / 256)) for x = -2048, -1984 .. 2048.
const LOGISTIC: [i32; 65] = [
    22, 28, 36, 47, 60, 77, 98, 126, 162, 208, 267, 342, 439, 562, 720, 922, 1179, 1506, 1921,
    2446, 3108, 3938, 4971, 6249, 7812, 9702, 11955, 14595, 17625, 21025, 24743, 28693, 32768,
    36843, 40793, 44511, 47911, 50941, 53581, 55834, 57724, 59287, 60565, 61598, 62428, 63090,
    63615, 64030, 64357, 64614, 64816, 64974, 65097, 65194, 65269, 65328, 65374, 65410, 65438,
    65459, 65476, 65489, 65500, 65508, 65514,
];

struct Tables {
    /// Probability of a logit shifted by 2048.
    squash: Vec<u16>,
    /// Logit of the upper 12 bits of a probability.
    stretch: Vec<i16>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let squash: Vec<u16> = (0..4096)
        .map(|at: usize| {
            let (low, part) = (at / 64, (at % 64) as i32);
            ((LOGISTIC[low] * (64 - part) + LOGISTIC[low + 1] * part) / 64) as u16
        })
        .collect();
    let mut stretch = vec![0; 4096];
    let mut logit = 0;
    for (at, value) in stretch.iter_mut().enumerate() {
        while logit < 4095 && u32::from(squash[logit]) < at as u32 * 16 + 8 {
            logit += 1;
        }
        *value = (logit as i16 - 2048).clamp(-2047, 2047);
    }
    Tables { squash, stretch }
});

/// Reciprocals `65536 / (n + 1.6)` by which a counter seen n times moves.
const RATES: [i32; 256] = {
    let mut rates = [0; 256];
    let mut n = 0;
    while n < 256 {
        rates[n] = 65536 * 10 / (n as i32 * 10 + 16);
        n += 1;
    }
    rates
};

/// Reads or writes one bit with the probability (16 bit) that it is set.
pub(super) trait BitIo {
    fn bit(&mut self, probability: u16, bit: bool) -> bool;
}

/// Where a decision stands: a counter of each context, and which weights and correction to use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<const N: usize> {
    pub(super) counters: [u16; N],
    pub(super) sets: [u16; 2],
}

/// A decision that was coded, kept until it is known to have arrived: then both ends learn from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision<const N: usize> {
    place: Place<N>,
    correction: u16,
    bit: bool,
}

/// Everything that adapts, for decisions with `N` contexts.
pub(super) struct Model<const N: usize> {
    /// Probability in the upper 22 bits, count in the lower 10.
    counters: Vec<u32>,
    weights: [Vec<[i16; N]>; 2],
    corrections: Vec<u16>,
    /// Weights with more fraction bits, which learn.
    fine_weights: [Vec<[i32; N]>; 2],
}

/// A probability and what it came from.
struct Estimate<const N: usize> {
    inputs: [i16; N],
    logits: [i16; 2],
    correction: u16,
    probability: u16,
}

impl<const N: usize> Model<N> {
    /// A model that knows nothing, learns from decisions.
    pub(super) fn untrained() -> Self {
        let start = (1 << WEIGHT_BITS) / N as i32 * 2;
        Self {
            counters: vec![1 << 31; N * COUNTERS],
            weights: std::array::from_fn(|_| vec![[start as i16; N]; SETS]),
            corrections: (0..SETS * (CORRECTION_STEPS + 1))
                .map(|at| {
                    let logit = (at % (CORRECTION_STEPS + 1)) * (4096 / CORRECTION_STEPS);
                    TABLES.squash[logit.min(4095)]
                })
                .collect(),
            fine_weights: std::array::from_fn(|_| vec![[start << FINE_BITS; N]; SETS]),
        }
    }

    /// Codes a bit, without learning from it yet.
    pub(super) fn code(
        &self,
        io: &mut impl BitIo,
        log: &mut Vec<Decision<N>>,
        place: &Place<N>,
        bit: bool,
    ) -> bool {
        let estimate = self.estimate(place);
        let bit = io.bit(estimate.probability, bit);
        log.push(Decision {
            place: *place,
            correction: estimate.correction,
            bit,
        });
        bit
    }

    fn estimate(&self, place: &Place<N>) -> Estimate<N> {
        let tables = &*TABLES;
        let mut inputs = [0; N];
        for (index, counter) in place.counters.iter().enumerate() {
            let counter = self.counters[index * COUNTERS + usize::from(*counter)];
            let logit = i32::from(tables.stretch[(counter >> 20) as usize]);
            // A counter that has seen little says little.
            let confidence = CONFIDENCE[(counter & 1023).min(31) as usize];
            inputs[index] = ((logit * confidence) >> 8) as i16;
        }
        let mut logits = [0; 2];
        for (mixer, logit) in logits.iter_mut().enumerate() {
            let weights = &self.weights[mixer][usize::from(place.sets[mixer])];
            let mut sum = 0;
            for index in 0..N {
                sum += i32::from(weights[index]) * i32::from(inputs[index]);
            }
            *logit = (sum >> WEIGHT_BITS).clamp(-LOGIT_LIMIT, LOGIT_LIMIT) as i16;
        }
        let position = ((i32::from(logits[0]) + i32::from(logits[1]) + 4096) >> 1) as usize;
        let mixed = i32::from(tables.squash[position]);
        // What became of such estimates here before.
        let low = usize::from(place.sets[0]) * (CORRECTION_STEPS + 1) + position / STEP_WIDTH;
        let part = (position % STEP_WIDTH) as i32;
        let corrected = (i32::from(self.corrections[low]) * (STEP_WIDTH as i32 - part)
            + i32::from(self.corrections[low + 1]) * part)
            / STEP_WIDTH as i32;
        Estimate {
            inputs,
            logits,
            correction: (low + usize::from(part >= STEP_WIDTH as i32 / 2)) as u16,
            probability: i32::midpoint(mixed, corrected).clamp(24, 65512) as u16,
        }
    }

    /// Learns from decisions that both ends know.
    pub(super) fn learn(&mut self, decisions: &[Decision<N>]) {
        for decision in decisions {
            self.learn_weights(decision);
            let target = if decision.bit { 65535 } else { 0 };
            let correction = &mut self.corrections[usize::from(decision.correction)];
            let value = i32::from(*correction);
            *correction = (value + ((target - value) >> 6)) as u16;
            for (index, counter) in decision.place.counters.iter().enumerate() {
                let counter = &mut self.counters[index * COUNTERS + usize::from(*counter)];
                *counter = updated(*counter, decision.bit);
            }
        }
    }

    fn learn_weights(&mut self, decision: &Decision<N>) {
        // Anew, because many decisions of a frame share weights: gradients from before would overshoot.
        let estimate = self.estimate(&decision.place);
        let target = if decision.bit { 65535 } else { 0 };
        for mixer in 0..2 {
            let set = usize::from(decision.place.sets[mixer]);
            let logit = i32::from(estimate.logits[mixer]);
            let own = i32::from(TABLES.squash[(logit + 2048) as usize]);
            let error = (target - own) * LEARNING_RATE;
            let fine_weights = &mut self.fine_weights[mixer][set];
            let weights = &mut self.weights[mixer][set];
            for index in 0..N {
                let fine = &mut fine_weights[index];
                *fine += (i32::from(estimate.inputs[index]) * error + (1 << 13)) >> 14;
                *fine = (*fine).clamp(-FINE_LIMIT, FINE_LIMIT);
                weights[index] = (*fine >> FINE_BITS) as i16;
            }
        }
    }

    /// Appends what was learnt, for [`Self::load`]: weights, corrections, then of each counter seen often enough
    /// its distance to the one before, probability and confidence.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        for weight in self.weights.iter().flatten().flatten() {
            out.extend_from_slice(&weight.to_le_bytes());
        }
        for correction in &self.corrections {
            out.extend_from_slice(&correction.to_le_bytes());
        }
        let seen: Vec<(usize, u32)> = self
            .counters
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, counter)| counter & 1023 >= SAVED_COUNT)
            .collect();
        out.extend_from_slice(&(seen.len() as u32).to_le_bytes());
        let mut last = 0;
        for (index, counter) in seen {
            let logit = i32::from(TABLES.stretch[(counter >> 20) as usize]);
            let sureness = (counter & 1023).ilog2() as i32 - SAVED_COUNT.ilog2() as i32;
            let gap = index - last;
            if gap >= 255 {
                out.push(255);
                out.extend_from_slice(&(gap as u32).to_le_bytes());
            } else {
                out.push(gap as u8);
            }
            out.push(((logit + 2048) / 64 * 4 + sureness.min(3)) as u8);
            last = index;
        }
    }

    /// Takes what [`Self::save`] wrote off the front of `bytes`.
    pub(super) fn load(bytes: &mut &[u8]) -> Option<Self> {
        let mut model = Self::untrained();
        let mut next = || {
            let (head, rest) = bytes.split_first_chunk::<2>()?;
            *bytes = rest;
            Some(u16::from_le_bytes(*head))
        };
        for weight in model.weights.iter_mut().flatten().flatten() {
            *weight = next()? as i16;
        }
        let fine_weights = model.fine_weights.iter_mut().flatten().flatten();
        for (fine, weight) in fine_weights.zip(model.weights.iter().flatten().flatten()) {
            *fine = i32::from(*weight) << FINE_BITS;
        }
        for correction in &mut model.corrections {
            *correction = next()?;
        }
        let count = usize::from(next()?) + (usize::from(next()?) << 16);
        let mut next = || {
            let (head, rest) = bytes.split_first()?;
            *bytes = rest;
            Some(usize::from(*head))
        };
        let mut index = 0;
        for _ in 0..count {
            index += match next()? {
                255 => next()? | next()? << 8 | next()? << 16 | next()? << 24,
                gap => gap,
            };
            let state = next()?;
            let logit = state / 4 * 64 + 32;
            *model.counters.get_mut(index)? =
                (u32::from(TABLES.squash[logit]) << 16 & !1023) | START_COUNTS[state % 4];
        }
        Some(model)
    }
}

/// Counters seen less often are not saved.
const SAVED_COUNT: u32 = 250;
/// Counts that loaded counters start with, by how often they were seen: low enough to adapt to other recordings.
const START_COUNTS: [u32; 4] = [100; 4];

/// A counter after one more bit.
fn updated(counter: u32, bit: bool) -> u32 {
    let count = counter & 1023;
    let value = i64::from(counter >> 10);
    let goal = if bit { (1 << 22) - 1 } else { 0 };
    let moved = value + (((goal - value) * i64::from(RATES[count as usize & 255])) >> 16);
    (moved as u32) << 10 | (count + 1).min(COUNT_LIMIT)
}

/// Weight of a counter's opinion by how often it was seen, in 1/256.
const CONFIDENCE: [i32; 32] = {
    let mut table = [0; 32];
    let mut n = 0;
    while n < 32 {
        table[n] = 256 * (n as i32 * 4) / (n as i32 * 4 + 6);
        n += 1;
    }
    table
};

/// Writes bits: a carry-less binary arithmetic coder with 32-bit bounds.
pub(super) struct BitWriter<'a> {
    low: u32,
    high: u32,
    start: usize,
    out: &'a mut Vec<u8>,
}

impl<'a> BitWriter<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            low: 0,
            high: u32::MAX,
            start: out.len(),
            out,
        }
    }

    /// Writes the fewest bytes that tell the interval; zeros at the end are left away.
    pub(super) fn finish(self) {
        for zero_bits in [24_u32, 16, 8, 0] {
            let mask = (1_u64 << zero_bits) - 1;
            let value = (u64::from(self.low) + mask) & !mask;
            if value <= u64::from(self.high) {
                self.out.extend_from_slice(&(value as u32).to_be_bytes());
                break;
            }
        }
        while self.out.len() > self.start && self.out.last() == Some(&0) {
            self.out.pop();
        }
    }
}

/// Upper end of the part of an interval that stands for a set bit.
fn split(low: u32, high: u32, probability: u16) -> u32 {
    low + ((u64::from(high - low) * u64::from(probability)) >> 16) as u32
}

impl BitIo for BitWriter<'_> {
    fn bit(&mut self, probability: u16, bit: bool) -> bool {
        let middle = split(self.low, self.high, probability);
        if bit {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.out.push((self.high >> 24) as u8);
            self.low <<= 8;
            self.high = (self.high << 8) | 255;
        }
        bit
    }
}

/// Reads bits; zeros past the end.
pub(super) struct BitReader<'a> {
    low: u32,
    high: u32,
    code: u32,
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut reader = Self {
            low: 0,
            high: u32::MAX,
            code: 0,
            bytes: bytes.iter(),
        };
        for _ in 0..4 {
            reader.code = (reader.code << 8) | reader.next_byte();
        }
        reader
    }

    fn next_byte(&mut self) -> u32 {
        self.bytes.next().map_or(0, |byte| u32::from(*byte))
    }
}

impl BitIo for BitReader<'_> {
    fn bit(&mut self, probability: u16, _bit: bool) -> bool {
        let middle = split(self.low, self.high, probability);
        let bit = self.code <= middle;
        if bit {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.low <<= 8;
            self.high = (self.high << 8) | 255;
            self.code = (self.code << 8) | self.next_byte();
        }
        bit
    }
}
