//! Two colours, and where between them each of 16 pixels lies.

use super::scale::{Scale, Scales, Step};

/// How often the widest direction of a block's colours is made better.
const ROUNDS: usize = 4;

/// Pixels of a block with the channels that count; the others are zero.
pub(super) type Points = [[f32; 4]; 16];

/// A pair of colours with a weight for each pixel.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) ends: [[Step; 4]; 2],
    pub(super) weights: [u8; 16],
    /// Squares over all channels that count.
    pub(super) error: f32,
}

/// Shares in 64ths that weights of a number of bits stand for.
pub(super) fn shares(bits: u32) -> &'static [u8] {
    match bits {
        2 => &[0, 21, 43, 64],
        3 => &[0, 9, 18, 27, 37, 46, 55, 64],
        _ => &[0, 4, 8, 12, 17, 21, 25, 29, 35, 39, 43, 47, 52, 56, 60, 64],
    }
}

/// The best line that is found, with weights of so many bits.
pub(super) fn fit(points: &Points, scale: Scale, bits: u32, scales: &Scales) -> Line {
    let mean = mean(points);
    let direction = direction(points, mean);
    let along = points.map(|point| dot(minus(point, mean), direction));
    let low = along.iter().copied().fold(f32::MAX, f32::min);
    let high = along.iter().copied().fold(f32::MIN, f32::max);
    let at = |share: f32| std::array::from_fn(|channel| mean[channel] + direction[channel] * share);
    let first = line(points, [at(low), at(high)], scale, bits, scales);
    let better = line(
        points,
        solved(points, &first.weights, bits),
        scale,
        bits,
        scales,
    );
    if better.error < first.error {
        better
    } else {
        first
    }
}

/// The line between two colours, brought to a scale.
fn line(points: &Points, ends: [[f32; 4]; 2], scale: Scale, bits: u32, scales: &Scales) -> Line {
    let ends = ends.map(|end| end.map(|value| scales.nearest(scale, value)));
    let [from, to] = ends.map(|end| end.map(|step| f32::from(step.value)));
    let way = minus(to, from);
    let length = dot(way, way).max(1e-6);
    let shares = shares(bits);
    let most = (shares.len() - 1) as f32;
    let (mut weights, mut error) = ([0; 16], 0.0);
    for (weight, point) in weights.iter_mut().zip(points) {
        let own = dot(minus(*point, from), way) / length * most;
        let place = own.round().clamp(0.0, most) as usize;
        let share = f32::from(shares[place]) / 64.0;
        let off = minus(
            *point,
            std::array::from_fn(|channel| from[channel] + way[channel] * share),
        );
        *weight = place as u8;
        error += dot(off, off);
    }
    Line {
        ends,
        weights,
        error,
    }
}

/// The ends that suit weights best: least squares.
fn solved(points: &Points, weights: &[u8; 16], bits: u32) -> [[f32; 4]; 2] {
    let shares = shares(bits);
    let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
    let (mut ax, mut bx) = ([0.0; 4], [0.0; 4]);
    for (weight, point) in weights.iter().zip(points) {
        let b = f32::from(shares[usize::from(*weight)]) / 64.0;
        let a = 1.0 - b;
        aa += a * a;
        ab += a * b;
        bb += b * b;
        for ((ax, bx), value) in ax.iter_mut().zip(&mut bx).zip(point) {
            *ax += a * value;
            *bx += b * value;
        }
    }
    let determinant = aa * bb - ab * ab;
    if determinant.abs() < 1e-4 {
        let mean = mean(points);
        return [mean, mean];
    }
    let solve = |channel: usize| {
        let (ax, bx) = (ax[channel], bx[channel]);
        [
            (bb * ax - ab * bx) / determinant,
            (aa * bx - ab * ax) / determinant,
        ]
    };
    let all: [[f32; 2]; 4] = std::array::from_fn(solve);
    [all.map(|[from, _]| from), all.map(|[_, to]| to)]
}

/// The unit vector along which points are spread widest: by powers of their covariance.
fn direction(points: &Points, mean: [f32; 4]) -> [f32; 4] {
    let mut covariance = [[0.0f32; 4]; 4];
    for point in points {
        let off = minus(*point, mean);
        for (row, value) in covariance.iter_mut().zip(off) {
            for (sum, other) in row.iter_mut().zip(off) {
                *sum += value * other;
            }
        }
    }
    let widest =
        (0..4).max_by(|one, two| covariance[*one][*one].total_cmp(&covariance[*two][*two]));
    let mut direction = covariance[widest.unwrap_or_default()];
    for _ in 0..ROUNDS {
        let length = dot(direction, direction).sqrt();
        if length < 1e-6 {
            return [0.0; 4];
        }
        direction = direction.map(|value| value / length);
        direction = covariance.map(|row| dot(row, direction));
    }
    let length = dot(direction, direction).sqrt().max(1e-12);
    direction.map(|value| value / length)
}

fn mean(points: &Points) -> [f32; 4] {
    let mut sum = [0.0; 4];
    for point in points {
        for (sum, value) in sum.iter_mut().zip(point) {
            *sum += value;
        }
    }
    sum.map(|value| value / 16.0)
}

fn minus(one: [f32; 4], two: [f32; 4]) -> [f32; 4] {
    std::array::from_fn(|channel| one[channel] - two[channel])
}

fn dot(one: [f32; 4], two: [f32; 4]) -> f32 {
    one.iter().zip(two).map(|(one, two)| one * two).sum()
}
