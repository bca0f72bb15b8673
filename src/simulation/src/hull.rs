//! Convex hulls around the points of a file. The engine's maker of hulls is slow and deep where points are laid out against it, and
//! breaks down where rounding deceives it: it is given few points, and what it breaks down at is not solid.

use crate::{rules::is_moderate, shape::MIN_EXTENT};
use bevy::{log::warn, platform::hash::RandomState};
use bevy_rapier3d::prelude::Collider;
use glam::Vec3;
use rapier3d::{parry::transformation::try_convex_hull, prelude::SharedShape};
use std::{
    collections::{BTreeSet, HashSet},
    panic::catch_unwind,
};

/// Most points around which the engine makes a hull. Of more, only those are left that are outermost in some direction.
const MAX_POINTS: usize = 512;
/// Directions lead from the middle of a cube to its surface, where each axis has one of these coordinates: tangents of equal
/// angles up to 45 degrees. Written out, since machines differ in how they reckon tangents, and all must have the same hulls.
const COORDINATES: [f32; 9] = [
    -1.0,
    -0.668_178_6,
    -0.414_213_57,
    -0.198_912_37,
    0.0,
    0.198_912_37,
    0.414_213_57,
    0.668_178_6,
    1.0,
];

/// The hull around points. `None` without volume, and where the engine finds none: points of a plane or a line would trip it.
pub(crate) fn around(points: &[Vec3]) -> Option<Collider> {
    let first = *points.first()?;
    let (low, high) = points.iter().fold((first, first), |(low, high), &point| {
        (low.min(point), high.max(point))
    });
    let size = high - low;
    if !points.iter().copied().all(is_moderate) || size.min_element() < MIN_EXTENT {
        return None;
    }
    let points = outermost(points, low, size);
    let hull = catch_unwind(|| solid(&points)).unwrap_or_else(|_panic| {
        warn!(
            "the engine broke down at a hull around {} points: it is not solid",
            points.len()
        );
        None
    });
    hull.map(Collider::from)
}

/// The points themselves, each once; of many those that are outermost in some direction, as seen in a box that is as wide as
/// high and deep. Their hull is thinner than that of all by a hundredth of its size where it is round, and has all corners where it is
/// a box.
fn outermost(points: &[Vec3], low: Vec3, size: Vec3) -> Vec<Vec3> {
    let mut known = HashSet::with_hasher(RandomState::default());
    // Zeros of both signs are one.
    let is_new = |point: &Vec3| known.insert((*point + Vec3::ZERO).to_array().map(f32::to_bits));
    let points: Vec<Vec3> = points.iter().copied().filter(is_new).collect();
    if points.len() <= MAX_POINTS {
        return points;
    }
    let in_box: Vec<Vec3> = points.iter().map(|&point| (point - low) / size).collect();
    let chosen: BTreeSet<usize> = directions()
        .map(|direction| outermost_along(&in_box, direction))
        .collect();
    chosen.into_iter().map(|index| points[index]).collect()
}

/// The first of those that are furthest.
fn outermost_along(points: &[Vec3], direction: Vec3) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (index, point) in points.iter().enumerate() {
        let along = point.dot(direction);
        if along > best.1 {
            best = (index, along);
        }
    }
    best.0
}

fn directions() -> impl Iterator<Item = Vec3> {
    let all = COORDINATES.into_iter().flat_map(|x| {
        COORDINATES
            .into_iter()
            .flat_map(move |y| COORDINATES.into_iter().map(move |z| Vec3::new(x, y, z)))
    });
    all.filter(|direction| direction.abs().max_element() == 1.0)
}

fn solid(points: &[Vec3]) -> Option<SharedShape> {
    let (corners, faces) = try_convex_hull(points).ok()?;
    is_closed(&faces).then(|| SharedShape::convex_mesh(corners, &faces))?
}

/// True when each edge has a face on either side, which go around it in opposite ways: on another surface the engine could
/// look for the end of a face for ever.
fn is_closed(faces: &[[u32; 3]]) -> bool {
    let edges = || faces.iter().flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)]);
    let known: BTreeSet<(u32, u32)> = edges().collect();
    known.len() == faces.len() * 3 && edges().all(|(start, end)| known.contains(&(end, start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points all over a ball around the origin, in turns about an axis.
    fn on_a_ball(count: usize) -> Vec<Vec3> {
        let point = |index: usize| {
            let y = 1.0 - 2.0 * (index as f32 + 0.5) / count as f32;
            let angle = index as f32 * 2.399_963_2;
            let across = (1.0 - y * y).sqrt();
            Vec3::new(angle.cos() * across, y, angle.sin() * across)
        };
        (0..count).map(point).collect()
    }

    fn left_of(points: &[Vec3]) -> Vec<Vec3> {
        let low = points.iter().copied().reduce(Vec3::min).unwrap();
        let high = points.iter().copied().reduce(Vec3::max).unwrap();
        outermost(points, low, high - low)
    }

    fn corners_of(hull: &Collider) -> usize {
        hull.raw.as_convex_polyhedron().unwrap().points().len()
    }

    #[test]
    fn of_many_points_few_are_left_and_round_forms_stay_as_they_are_to_a_hundredth() {
        let size = Vec3::new(3.0, 0.2, 1.0);
        let place = Vec3::new(100.0, -20.0, 5.0);
        let points: Vec<Vec3> = on_a_ball(20_000)
            .into_iter()
            .map(|point| point * size + place)
            .collect();
        let left = left_of(&points);
        assert!(left.len() <= MAX_POINTS, "{}", left.len());
        let reach = |points: &[Vec3], direction: Vec3| {
            let along = points.iter().map(|&point| (point - place).dot(direction));
            along.fold(0.0, f32::max)
        };
        for direction in on_a_ball(1_000) {
            let direction = direction / size;
            let (whole, kept) = (reach(&points, direction), reach(&left, direction));
            assert!(kept > whole * 0.988, "{kept} of {whole} along {direction}");
        }
        assert!(around(&points).is_some());
    }

    #[test]
    fn a_box_keeps_its_corners_whatever_is_inside_and_however_often_they_stand() {
        let corner = |number: usize| {
            let is_high = [1, 2, 4].map(|bit| number & bit != 0);
            Vec3::select(is_high.into(), Vec3::new(4.0, 0.5, 1.0), Vec3::ZERO)
        };
        let corners: Vec<Vec3> = (0..8).map(corner).collect();
        assert_eq!(left_of(&corners.repeat(1_000)), corners);
        let middle = (corners[0] + corners[7]) * 0.5;
        let inside = on_a_ball(5_000).into_iter();
        let mut points: Vec<Vec3> = inside.map(|point| middle + point * 0.2).collect();
        points.extend(&corners);
        assert_eq!(left_of(&points), corners);
        assert_eq!(corners_of(&around(&points).unwrap()), 8);
    }

    #[test]
    fn points_that_are_laid_out_against_the_engine_become_few() {
        let flat = on_a_ball(32_000).into_iter();
        let dome = on_a_ball(64_000).into_iter().filter(|point| point.y > 0.0);
        let points: Vec<Vec3> = flat.map(|point| point.with_y(0.0)).chain(dome).collect();
        let hull = around(&points).unwrap();
        assert!(corners_of(&hull) <= MAX_POINTS, "{}", corners_of(&hull));
    }

    #[test]
    fn whatever_lies_on_lines_and_planes_breaks_nothing() {
        let mut state = 1_u32;
        let mut next = |limit: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % limit
        };
        for round in 0..2_000 {
            let (side, count) = (next(4) + 1, next(40));
            let scale = [1.0e-3, 1.0, 1.0e5, 1.0e9][round % 4];
            let points: Vec<Vec3> = (0..count)
                .map(|_| Vec3::new(next(side) as f32, next(side) as f32, next(side) as f32) * scale)
                .collect();
            if let Some(hull) = around(&points) {
                let bounds = hull.raw.compute_local_aabb();
                assert!(bounds.mins.is_finite() && bounds.maxs.is_finite());
            }
        }
        assert!(around(&[Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::NAN, Vec3::Z]).is_none());
        assert!(around(&[Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::Z * 1.0e30]).is_none());
    }

    #[test]
    fn only_a_closed_surface_is_a_hull() {
        let closed = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]];
        assert!(is_closed(&closed));
        assert!(!is_closed(&closed[..3]));
        let mut turned = closed;
        turned[3].swap(0, 1);
        assert!(!is_closed(&turned));
    }
}
