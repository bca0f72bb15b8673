//! The best ETC1S block for 16 pixels: a base colour of five bits a channel, one of eight tables of steps along the greys, and
//! for each pixel one of its four steps (Khronos Data Format Specification, "ETC1S").

use crate::block::Pixel;

/// Steps of each table, from dark to bright.
pub(crate) const STEPS: [[i32; 4]; 8] = [
    [-8, -2, 2, 8],
    [-17, -5, 5, 17],
    [-29, -9, 9, 29],
    [-42, -13, 13, 42],
    [-60, -18, 18, 60],
    [-80, -24, 24, 80],
    [-106, -33, 33, 106],
    [-183, -47, 47, 183],
];
/// Share of a table's widest step, or of the pixels' reach, beyond which the one does not fit the other.
const COARSEST: f32 = 0.4;
/// Largest value of a channel of a base colour.
const MAX_BASE: i32 = 31;

/// Three channels of 16 pixels.
pub(crate) type Colors = [[i32; 3]; 16];

/// What the colours of a block lie on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Endpoint {
    /// Five bits a channel.
    pub(crate) base: [u8; 3],
    /// Which of [`STEPS`].
    pub(crate) table: u8,
}

/// Squared error of each pixel with each of the four steps.
pub(crate) type Errors = [[u32; 4]; 16];

impl Endpoint {
    /// The four colours.
    pub(crate) fn colors(self) -> [[i32; 3]; 4] {
        let base = self.base.map(|value| i32::from(value << 3 | value >> 2));
        STEPS[usize::from(self.table)].map(|step| base.map(|value| (value + step).clamp(0, 255)))
    }

    pub(crate) fn errors(self, pixels: &Colors) -> Errors {
        let colors = self.colors();
        pixels.map(|pixel| colors.map(|color| distance(pixel, color)))
    }

    /// Error of a block whose pixels have their best steps.
    pub(crate) fn error(self, pixels: &Colors) -> u32 {
        self.errors(pixels).iter().map(|four| least(four).1).sum()
    }
}

/// Which step of each pixel is best: two bits each, the first pixel's lowest.
pub(crate) fn best_steps(errors: &Errors) -> u32 {
    let steps = errors.iter().enumerate();
    steps.fold(0, |all, (place, four)| all | least(four).0 << (2 * place))
}

/// Error of a block with these steps.
pub(crate) fn error_of_steps(errors: &Errors, steps: u32) -> u32 {
    let each = errors.iter().enumerate();
    each.map(|(place, four)| four[(steps >> (2 * place) & 3) as usize])
        .sum()
}

fn distance(one: [i32; 3], two: [i32; 3]) -> u32 {
    let [red, green, blue] = [one[0] - two[0], one[1] - two[1], one[2] - two[2]];
    (red * red + green * green + blue * blue) as u32
}

fn least(four: &[u32; 4]) -> (u32, u32) {
    let mut best = (0, four[0]);
    for (step, error) in four.iter().enumerate().skip(1) {
        if *error < best.1 {
            best = (step as u32, *error);
        }
    }
    best
}

/// Colours of a block.
pub(crate) fn colors(block: &[Pixel; 16]) -> Colors {
    wide(&channels(block, false))
}

pub(crate) fn wide(pixels: &[[u8; 3]; 16]) -> Colors {
    pixels.map(|pixel| pixel.map(i32::from))
}

/// Colours of a block in few bytes; `alpha` as greys instead where that is wanted.
pub(crate) fn channels(block: &[Pixel; 16], is_alpha: bool) -> [[u8; 3]; 16] {
    block.map(|[red, green, blue, alpha]| match is_alpha {
        true => [alpha; 3],
        false => [red, green, blue],
    })
}

/// The endpoint with the least error that is found.
pub(crate) fn fit(pixels: &Colors) -> Endpoint {
    let mean: [f32; 3] = std::array::from_fn(|channel| {
        pixels.iter().map(|pixel| pixel[channel]).sum::<i32>() as f32 / 16.0
    });
    let grey = mean.iter().sum::<f32>();
    let along = pixels.map(|pixel| (pixel.iter().sum::<i32>() as f32 - grey) / 3.0);
    let reach = along.iter().fold(0.0f32, |most, own| most.max(own.abs()));
    let mut best = (u32::MAX, Endpoint::default());
    for (table, steps) in STEPS.iter().enumerate() {
        let (small, large) = (steps[2] as f32, steps[3] as f32);
        // What is far too coarse or too fine is never best.
        let is_coarse = table > 0 && large * COARSEST > reach;
        let is_fine = table + 1 < STEPS.len() && large < reach * COARSEST;
        if is_coarse || is_fine {
            continue;
        }
        let between = (small + large) / 2.0;
        let step = |own: f32| if own.abs() < between { small } else { large }.copysign(own);
        let shift = along.iter().map(|own| step(*own)).sum::<f32>() / 16.0;
        let base = mean.map(|value| quantized(value - shift));
        let table = table as u8;
        best = best.min(with_error(Endpoint { base, table }, pixels));
    }
    let first = best.1;
    for channel in 0..3 {
        for step in [-1, 1] {
            let mut base = first.base;
            base[channel] = (i32::from(base[channel]) + step).clamp(0, MAX_BASE) as u8;
            best = best.min(with_error(Endpoint { base, ..first }, pixels));
        }
    }
    best.1
}

fn with_error(endpoint: Endpoint, pixels: &Colors) -> (u32, Endpoint) {
    (endpoint.error(pixels), endpoint)
}

/// Five bits.
pub(crate) fn quantized(value: f32) -> u8 {
    (value * MAX_BASE as f32 / 255.0)
        .round()
        .clamp(0.0, MAX_BASE as f32) as u8
}
