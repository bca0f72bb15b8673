//! Blocks of ETC1S as those of BC7 (Khronos Data Format Specification 1.3, "BC7"), of the mode that has a line of colours and one
//! of alpha, each with four weights. The four colours of an endpoint nearly lie like these, but for steps that leave the range of a
//! channel; one line with more weights would come nearer to those, but has no black beside opaque alpha.

use super::fit::{Endpoint, STEPS};
use std::{num::NonZeroU64, sync::LazyLock};

/// The mode, with all channels in their places. The ends of each channel follow, and the weights of two bits, those of alpha last.
const MODE: (u64, u32) = (1 << 5, 8);
const ALPHA_AT: u32 = 50;
const WEIGHTS_AT: u32 = 66;
const ALPHA_WEIGHTS_AT: u32 = 97;
const WEIGHTS: [i32; 4] = [0, 21, 43, 64];
const WHOLE: i32 = 64;
/// Alpha of a block that has none.
pub(super) const OPAQUE: u128 = 0xFFFF << ALPHA_AT;

/// Which of the four steps a block has: a bit for each. The empty set is not asked for.
type Set = usize;
const SETS: usize = 16;
/// Which of [`WEIGHTS`] so many steps have, one after the other. One of these always comes near: where steps leave the range of a
/// channel, they lie closer to each other on one side.
const WAYS: [&[&[u8]]; 5] = [
    &[],
    &[&[1]],
    &[&[0, 3], &[1, 2], &[0, 2], &[1, 3]],
    &[
        &[0, 0, 3],
        &[0, 1, 3],
        &[0, 2, 3],
        &[0, 3, 3],
        &[0, 1, 2],
        &[1, 2, 3],
    ],
    &[
        &[0, 0, 0, 3],
        &[0, 0, 1, 3],
        &[0, 0, 2, 3],
        &[0, 0, 3, 3],
        &[0, 1, 1, 3],
        &[0, 1, 2, 3],
        &[0, 1, 3, 3],
        &[0, 2, 2, 3],
        &[0, 2, 3, 3],
        &[0, 3, 3, 3],
    ],
];
/// Values of a channel of a base colour.
const BASES: usize = 32;

/// Ends as they are written.
#[derive(Clone, Copy)]
enum Form {
    /// Three channels of seven bits, of which the highest is the lowest of eight again.
    Color,
    /// One of eight.
    Alpha,
}

impl Form {
    const fn bits(self) -> u32 {
        match self {
            Self::Color => 7,
            Self::Alpha => 8,
        }
    }

    fn value(self, end: i32) -> i32 {
        match self {
            Self::Color => end << 1 | end >> 6,
            Self::Alpha => end,
        }
    }

    /// The first end of each channel; the second lies above it.
    const fn first_ends(self) -> u64 {
        match self {
            Self::Color => 0x7F | 0x7F << 14 | 0x7F << 28,
            Self::Alpha => 0xFF,
        }
    }
}

/// The endpoints of a codebook as lines.
pub(super) struct Lines {
    endpoints: Vec<Endpoint>,
    /// For each set of steps, once a block has asked for it: of colours, and of alpha.
    colors: Vec<[Option<Line>; SETS]>,
    alphas: Vec<[Option<Line>; SETS]>,
}

impl Lines {
    pub(super) fn new(endpoints: Vec<Endpoint>) -> Self {
        Self {
            colors: vec![[None; SETS]; endpoints.len()],
            alphas: Vec::new(),
            endpoints,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// A block without its alpha, of an endpoint that there is and the steps of its pixels.
    #[inline]
    pub(super) fn color(&mut self, endpoint: usize, steps: u32) -> u128 {
        let set = set_of(steps);
        let line = self.colors[endpoint][set].unwrap_or_else(|| {
            let own = self.endpoints[endpoint];
            let line = COLOR.line(&own.base, own.table, set);
            *self.colors[endpoint][set].insert(line)
        });
        let (ends, weights) = line.with(steps, Form::Color);
        u128::from(MODE.0 | ends << MODE.1) | u128::from(weights) << WEIGHTS_AT
    }

    /// The alpha of a block: the green of its endpoint, all channels of which are the same in files of most writers.
    pub(super) fn alpha(&mut self, endpoint: usize, steps: u32) -> u128 {
        // Most files have none.
        self.alphas.resize(self.endpoints.len(), [None; SETS]);
        let set = set_of(steps);
        let line = self.alphas[endpoint][set].unwrap_or_else(|| {
            let own = self.endpoints[endpoint];
            let line = ALPHA.line(&own.base[1..2], own.table, set);
            *self.alphas[endpoint][set].insert(line)
        });
        let (ends, weights) = line.with(steps, Form::Alpha);
        u128::from(ends) << ALPHA_AT | u128::from(weights) << ALPHA_WEIGHTS_AT
    }
}

/// The lower bit of each pixel.
const EACH: u32 = 0x5555_5555;

/// One bit for each of the pixels that have the first step, the second, and so on.
fn by_step(steps: u32) -> [u32; 4] {
    let (low, high) = (steps & EACH, steps >> 1 & EACH);
    [EACH & !(low | high), low & !high, high & !low, low & high]
}

/// Which steps occur.
fn set_of(steps: u32) -> Set {
    let occurs = by_step(steps).map(|pixels| Set::from(pixels != 0));
    occurs[0] | occurs[1] << 1 | occurs[2] << 2 | occurs[3] << 3
}

/// What all blocks with the same endpoint and the same steps share: both ends of each channel, and above them the weights of the
/// four steps. The lowest bit is none of these, and always set.
#[derive(Clone, Copy)]
struct Line(NonZeroU64);

/// Where the weights lie, two bits each.
const LINE_WEIGHTS_AT: u32 = 48;

impl Line {
    /// The ends and the weights of a block with these steps.
    fn with(self, steps: u32, form: Form) -> (u64, u32) {
        let bits = self.0.get() >> 1;
        let pixels = by_step(steps).into_iter().enumerate();
        let weight = |step: usize| (bits >> (LINE_WEIGHTS_AT + 2 * step as u32)) as u32 & 3;
        let weights: u32 = pixels.map(|(step, own)| own * weight(step)).sum();
        let (one, two) = (
            bits & form.first_ends(),
            bits >> form.bits() & form.first_ends(),
        );
        // The first pixel's weight lacks its highest bit, which must be none.
        let (one, two, weights) = match weights >> 1 & 1 {
            0 => (one, two, weights),
            _ => (two, one, !weights),
        };
        (one | two << form.bits(), weights & 1 | weights >> 2 << 1)
    }
}

/// Two ends for a channel, and the squared error of its steps.
#[derive(Clone, Copy, Default)]
struct Ends {
    ends: [u8; 2],
    error: u32,
}

static COLOR: LazyLock<Tables> = LazyLock::new(|| Tables::new(Form::Color));
static ALPHA: LazyLock<Tables> = LazyLock::new(|| Tables::new(Form::Alpha));

/// Ends by table and base.
type ByBase = [[Ends; BASES]; STEPS.len()];

/// The best ends of a channel.
struct Tables {
    form: Form,
    /// By set of steps, and by way.
    ends: [Vec<ByBase>; SETS],
}

fn ways(set: Set) -> &'static [&'static [u8]] {
    WAYS[set.count_ones() as usize]
}

impl Tables {
    fn new(form: Form) -> Self {
        let by_base = |set: Set, way: &[u8]| -> ByBase {
            std::array::from_fn(|table| {
                std::array::from_fn(|base| best_ends(form, set, way, table, base as u8))
            })
        };
        Self {
            form,
            ends: std::array::from_fn(|set| {
                ways(set).iter().map(|way| by_base(set, way)).collect()
            }),
        }
    }

    fn line(&self, base: &[u8], table: u8, set: Set) -> Line {
        let ends = |way: usize| {
            let by_base = &self.ends[set][way][usize::from(table)];
            base.iter().map(|base| by_base[usize::from(*base)])
        };
        let error = |way: &usize| ends(*way).map(|own| own.error).sum::<u32>();
        let best = (0..ways(set).len()).min_by_key(error).unwrap_or_default();
        let all = ends(best).flat_map(|own| own.ends);
        let put = |(bits, at), end| (bits | u64::from(end) << at, at + self.form.bits());
        let (mut bits, _) = all.fold((0, 0), put);
        for (step, weight) in members(set).zip(ways(set)[best]) {
            bits |= u64::from(*weight) << (LINE_WEIGHTS_AT + 2 * step as u32);
        }
        Line(NonZeroU64::MIN | bits << 1)
    }
}

/// The steps of a set.
fn members(set: Set) -> impl Iterator<Item = usize> {
    (0..4).filter(move |step| set >> step & 1 == 1)
}

/// The ends for one channel: least squares, and then whole numbers near them.
fn best_ends(form: Form, set: Set, way: &[u8], table: usize, base: u8) -> Ends {
    let base = i32::from(base << 3 | base >> 2);
    let values = members(set).map(|step| (base + STEPS[table][step]).clamp(0, 255));
    let weights = way.iter().map(|place| WEIGHTS[usize::from(*place)]);
    let points: Vec<(i32, i32)> = weights.zip(values).collect();
    let most = (1 << form.bits()) - 1;
    let nearest = |value: f32| (value * most as f32 / 255.0).round() as i32;
    let near = |value: f32| {
        let middle = nearest(value);
        (middle - 1..=middle + 1).map(|end| end.clamp(0, most))
    };
    let made = near(low_end(&points)).flat_map(|low| {
        let high = high_end(&points, form.value(low));
        near(high).map(move |high| [low, high])
    });
    let made = made.map(|ends| {
        let [low, high] = ends.map(|end| form.value(end));
        let errors = points.iter().map(|(weight, value)| {
            let made = (low * (WHOLE - weight) + high * weight + WHOLE / 2) / WHOLE;
            (made - value).pow(2) as u32
        });
        Ends {
            ends: ends.map(|end| end as u8),
            error: errors.sum(),
        }
    });
    made.min_by_key(|own| own.error).unwrap_or_default()
}

/// Where the line through points begins that come with their weights; of a single point there.
fn low_end(points: &[(i32, i32)]) -> f32 {
    let mut sums = [0.0f32; 5];
    for (weight, value) in points {
        let (two, value) = (*weight as f32 / WHOLE as f32, *value as f32);
        let one = 1.0 - two;
        let parts = [one * one, one * two, two * two, one * value, two * value];
        sums.iter_mut()
            .zip(parts)
            .for_each(|(sum, part)| *sum += part);
    }
    let [one, both, two, from_one, from_two] = sums;
    match points {
        [(_, value)] => *value as f32,
        _ => (from_one * two - from_two * both) / (one * two - both * both),
    }
}

/// Where it ends when it begins at `low`.
fn high_end(points: &[(i32, i32)], low: i32) -> f32 {
    let (mut wanted, mut squares) = (0.0f32, 0.0f32);
    for (weight, value) in points {
        let two = *weight as f32 / WHOLE as f32;
        wanted += two * (*value as f32 - (1.0 - two) * low as f32);
        squares += two * two;
    }
    wanted / squares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn colors(endpoint: Endpoint, steps: u32) -> [[i32; 4]; 16] {
        let mut lines = Lines::new(vec![endpoint]);
        let block = lines.color(0, steps) | lines.alpha(0, steps);
        testing::bc7(block.to_le_bytes())
    }

    #[test]
    fn one_color_is_kept() {
        for (base, table, step) in (0..32).flat_map(|base| {
            let tables = (0..8).flat_map(move |table| (0..4).map(move |step| (table, step)));
            tables.map(move |(table, step)| (base, table, step))
        }) {
            let endpoint = Endpoint {
                base: [base, 31 - base, 7],
                table,
            };
            let [red, green, blue] = endpoint.colors()[step as usize];
            let wanted = [red, green, blue, green];
            let made = colors(endpoint, step * EACH);
            assert_eq!(made, [wanted; 16], "{endpoint:?} {step}");
        }
    }

    #[test]
    fn each_pixel_has_its_own_step() {
        // Far from the ends of all channels, so that every step has its place.
        let endpoint = Endpoint {
            base: [14, 16, 17],
            table: 4,
        };
        for number in 0..1000u32 {
            let steps = number.wrapping_mul(0x9E37_79B9);
            for (place, made) in colors(endpoint, steps).iter().enumerate() {
                let [red, green, blue] = endpoint.colors()[(steps >> (2 * place) & 3) as usize];
                let wanted = [red, green, blue, green];
                let pairs = made.iter().zip(wanted);
                let off = pairs.map(|(made, wanted)| (made - wanted).abs());
                assert!(off.max().unwrap() <= 3, "{steps:#x} {place}");
            }
        }
    }

    #[test]
    fn opaque_is_opaque() {
        let block = Lines::new(vec![Endpoint::default()]).color(0, 0) | OPAQUE;
        assert_eq!(testing::bc7(block.to_le_bytes()), [[0, 0, 0, 255]; 16]);
    }
}
