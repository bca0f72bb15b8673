//! Codebooks: few endpoints, and few patterns of steps, that all blocks share.

use super::fit::{Endpoint, STEPS, quantized};
use crate::tree::{self, Point};
use std::collections::BTreeMap;

/// An endpoint for each of `wanted`: at most `most` different ones.
pub(crate) fn endpoints(wanted: &[Endpoint], most: usize) -> Vec<Endpoint> {
    let mut counts: BTreeMap<Endpoint, f32> = BTreeMap::new();
    for endpoint in wanted {
        *counts.entry(*endpoint).or_default() += 1.0;
    }
    let known: Vec<Endpoint> = counts.keys().copied().collect();
    let points: Vec<Point<4>> = counts
        .iter()
        .map(|(endpoint, weight)| Point {
            at: coordinates(*endpoint),
            weight: *weight,
        })
        .collect();
    let mut shared = BTreeMap::new();
    for group in tree::groups(&points, most) {
        let middle = middle(&points, &group);
        let endpoint = nearest_endpoint(middle);
        shared.extend(
            group
                .iter()
                .map(|member| (known[*member as usize], endpoint)),
        );
    }
    let own = |endpoint: &Endpoint| shared.get(endpoint).copied().unwrap_or(*endpoint);
    wanted.iter().map(own).collect()
}

/// A pattern of steps for each of `wanted`, which come with how much they count: at most `most` different ones.
pub(crate) fn patterns(wanted: &[(u32, f32)], most: usize) -> Vec<u32> {
    let mut weights: BTreeMap<u32, f32> = BTreeMap::new();
    for (pattern, weight) in wanted {
        *weights.entry(*pattern).or_default() += weight;
    }
    let known: Vec<u32> = weights.keys().copied().collect();
    let points: Vec<Point<16>> = weights
        .iter()
        .map(|(pattern, weight)| Point {
            at: std::array::from_fn(|place| POSITIONS[(pattern >> (2 * place) & 3) as usize]),
            weight: *weight,
        })
        .collect();
    let mut shared = BTreeMap::new();
    for group in tree::groups(&points, most) {
        let pattern = nearest_pattern(middle(&points, &group));
        shared.extend(
            group
                .iter()
                .map(|member| (known[*member as usize], pattern)),
        );
    }
    let own = |(pattern, _): &(u32, f32)| shared.get(pattern).copied().unwrap_or(*pattern);
    wanted.iter().map(own).collect()
}

/// Where the four steps lie, about: the outer ones are three times as far out in every table.
const POSITIONS: [f32; 4] = [-3.0, -1.0, 1.0, 3.0];

fn coordinates(endpoint: Endpoint) -> [f32; 4] {
    let [red, green, blue] = endpoint.base.map(|value| f32::from(value) * 255.0 / 31.0);
    let reach = STEPS[usize::from(endpoint.table)][3] as f32;
    [red, green, blue, reach]
}

fn nearest_endpoint(at: [f32; 4]) -> Endpoint {
    let reach = at[3];
    let off = |table: &u8| (STEPS[usize::from(*table)][3] as f32 - reach).abs();
    let tables = 0..STEPS.len() as u8;
    let table = tables.min_by(|one, two| off(one).total_cmp(&off(two)));
    Endpoint {
        base: [at[0], at[1], at[2]].map(quantized),
        table: table.unwrap_or_default(),
    }
}

fn nearest_pattern(at: [f32; 16]) -> u32 {
    let step = |value: f32| ((value + 4.0) / 2.0).clamp(0.0, 3.0) as u32;
    let places = at.iter().enumerate();
    places.fold(0, |pattern, (place, value)| {
        pattern | step(*value) << (2 * place)
    })
}

fn middle<const N: usize>(points: &[Point<N>], group: &[u32]) -> [f32; N] {
    let (mut sum, mut weight) = ([0.0f32; N], 0.0f32);
    for member in group {
        let point = &points[*member as usize];
        weight += point.weight;
        for (sum, value) in sum.iter_mut().zip(point.at) {
            *sum += value * point.weight;
        }
    }
    sum.map(|value| value / weight.max(f32::MIN_POSITIVE))
}
