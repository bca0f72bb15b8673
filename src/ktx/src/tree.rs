//! Vector quantization: many weighted points in groups of near ones, by halving the group that is spread widest until there are
//! as many as wanted.

use std::{cmp::Ordering, collections::BinaryHeap};

/// A point and how much it counts.
#[derive(Clone, Copy)]
pub(crate) struct Point<const N: usize> {
    pub(crate) at: [f32; N],
    pub(crate) weight: f32,
}

/// Some of the points, with the direction in which they are spread widest.
struct Group {
    members: Vec<u32>,
    /// How far the points are from their middle in that direction: squares, weighted.
    spread: f32,
    axis: usize,
    middle: f32,
}

impl Group {
    fn new<const N: usize>(points: &[Point<N>], members: Vec<u32>) -> Self {
        let (mut sum, mut squares, mut weight) = ([0.0f64; N], [0.0f64; N], 0.0f64);
        for member in &members {
            let point = &points[*member as usize];
            let own = f64::from(point.weight);
            weight += own;
            for (axis, value) in point.at.iter().enumerate() {
                let value = f64::from(*value);
                sum[axis] += own * value;
                squares[axis] += own * value * value;
            }
        }
        let mut widest = (0, 0.0, 0.0);
        for (axis, (sum, squares)) in sum.iter().zip(&squares).enumerate() {
            let middle = sum / weight.max(f64::MIN_POSITIVE);
            let spread = squares - sum * middle;
            if spread > widest.1 {
                widest = (axis, spread, middle);
            }
        }
        Self {
            members,
            axis: widest.0,
            spread: widest.1 as f32,
            middle: widest.2 as f32,
        }
    }
}

impl Ord for Group {
    /// The widest is the greatest; the first member decides among equals.
    fn cmp(&self, other: &Self) -> Ordering {
        let own = self.spread.total_cmp(&other.spread);
        own.then_with(|| other.members.first().cmp(&self.members.first()))
    }
}

impl PartialOrd for Group {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Group {}

/// At most `most` groups of places in `points`; none is empty.
pub(crate) fn groups<const N: usize>(points: &[Point<N>], most: usize) -> Vec<Vec<u32>> {
    if points.is_empty() {
        return Vec::new();
    }
    let all = (0..points.len() as u32).collect();
    let mut heap = BinaryHeap::from([Group::new(points, all)]);
    let mut done = Vec::new();
    while let Some(group) = heap.pop() {
        let is_enough = done.len() + heap.len() + 1 >= most;
        if is_enough || group.spread <= 0.0 {
            done.push(group.members);
            continue;
        }
        let is_low = |member: &u32| points[*member as usize].at[group.axis] < group.middle;
        let (low, high): (Vec<u32>, Vec<u32>) = group.members.iter().copied().partition(is_low);
        if low.is_empty() || high.is_empty() {
            done.push(group.members);
            continue;
        }
        heap.push(Group::new(points, low));
        heap.push(Group::new(points, high));
    }
    done
}
