//! Meshes as fine as people can feel, and no finer: a step beside what is finely drawn or scanned costs no more than one beside
//! what is coarse.

use bevy::platform::hash::RandomState;
use glam::{IVec3, Vec3};
use std::collections::{HashMap, HashSet};

/// Corners and triangles.
pub(crate) type Triangles = (Vec<Vec3>, Vec<[u32; 3]>);

/// What is solid as it is drawn is so to this fineness, in metres: people feel no less.
pub(crate) const DRAWN_FINENESS: f32 = 0.01;
/// Triangles of one mesh in a cubic metre beyond which it is made coarser there.
const CROWD: u32 = 1_000;
/// The coarsest that is made, in metres: a third of a step that is walked up.
const COARSEST: f32 = 0.1;
/// Slivers longer than so many cells stay solid.
const LONG_SLIVER: f32 = 5.0;

/// How fine a mesh is kept, by cubic metre.
struct Fineness {
    /// Metres; 0 keeps every corner.
    finest: f32,
    crowded: HashMap<IVec3, f32, RandomState>,
}

impl Fineness {
    /// Where there are too many triangles, as fine as that many can be which cover the same area.
    fn of(points: &[Vec3], faces: &[[u32; 3]], finest: f32) -> Self {
        // Quick, and seeded anew in each process: a file that aims at it has to guess.
        let mut metres: HashMap<IVec3, (u32, f32), _> =
            HashMap::with_hasher(RandomState::default());
        for face in faces {
            let [a, b, c] = face.map(|corner| points[corner as usize]);
            let (count, area) = metres.entry(cell((a + b + c) / 3.0, 1.0)).or_default();
            *count += 1;
            *area += (b - a).cross(c - a).length() * 0.5;
        }
        let crowded = metres.into_iter().filter(|(_, (count, _))| *count > CROWD);
        // A cell of a grid takes two triangles.
        let crowded = crowded.map(|(metre, (_, area))| {
            let needed = (area * 2.0 / CROWD as f32).sqrt();
            (metre, needed.clamp(finest, COARSEST))
        });
        Self {
            finest,
            crowded: crowded.collect(),
        }
    }

    fn at(&self, point: Vec3) -> f32 {
        if self.crowded.is_empty() {
            return self.finest;
        }
        let own = self.crowded.get(&cell(point, 1.0));
        own.copied().unwrap_or(self.finest)
    }
}

/// One corner stands for all in its cell of a grid, and triangles within a cell vanish, as corners of no triangle do. The
/// first corner of a cell keeps its place, so that what is coarse already stays as it is, and so do long slivers: wires and
/// blades. Cells are `finest` metres wide, wider where the mesh is crowded; with 0 what is not crowded stays as it is.
pub(crate) fn coarser(points: Vec<Vec3>, faces: Vec<[u32; 3]>, finest: f32) -> Triangles {
    let fineness = Fineness::of(&points, &faces, finest);
    if finest == 0.0 && fineness.crowded.is_empty() {
        return (points, faces);
    }
    let mut is_corner = vec![false; points.len()];
    for &corner in faces.as_flattened() {
        is_corner[corner as usize] = true;
    }
    let mut cells = HashMap::with_hasher(RandomState::default());
    let mut kept = Vec::new();
    let number = |(&point, is_corner): (&Vec3, bool)| {
        if !is_corner {
            return 0;
        }
        let fineness = fineness.at(point);
        let next = kept.len() as u32;
        let number = match fineness > 0.0 {
            true => *cells
                .entry((cell(point, fineness), fineness.to_bits()))
                .or_insert(next),
            false => next,
        };
        if number == next {
            kept.push(point);
        }
        number
    };
    let numbers: Vec<u32> = points.iter().zip(is_corner).map(number).collect();
    let mut known = HashSet::with_hasher(RandomState::default());
    let mut coarse = Vec::new();
    for face in faces {
        let [a, b, c] = face.map(|corner| numbers[corner as usize]);
        if a != b && b != c && c != a {
            let mut corners = [a, b, c];
            corners.sort_unstable();
            if known.insert(corners) {
                coarse.push([a, b, c]);
            }
            continue;
        }
        let [a, b, c] = face.map(|corner| points[corner as usize]);
        let longest = [b - a, c - b, a - c]
            .map(Vec3::length)
            .into_iter()
            .fold(0.0, f32::max);
        if longest > fineness.at((a + b + c) / 3.0) * LONG_SLIVER {
            let start = kept.len() as u32;
            kept.extend([a, b, c]);
            coarse.push([start, start + 1, start + 2]);
        }
    }
    (kept, coarse)
}

fn cell(point: Vec3, width: f32) -> IVec3 {
    (point / width).floor().as_ivec3()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A level square sheet with so many corners along each edge.
    fn sheet(side: u32, width: f32) -> Triangles {
        let step = width / (side - 1) as f32;
        let point = |index: u32| Vec3::new((index % side) as f32, 0.0, (index / side) as f32);
        let points = (0..side * side).map(|index| point(index) * step + Vec3::Y * 3.0);
        let corner = |x: u32, z: u32| x + z * side;
        let faces = (0..side - 1)
            .flat_map(|z| (0..side - 1).map(move |x| (x, z)))
            .flat_map(|(x, z)| {
                let [a, b] = [corner(x, z), corner(x + 1, z)];
                let [c, d] = [corner(x, z + 1), corner(x + 1, z + 1)];
                [[a, c, b], [b, c, d]]
            });
        (points.collect(), faces.collect())
    }

    fn area((points, faces): &Triangles) -> f32 {
        let doubled = faces.iter().map(|face| {
            let [a, b, c] = face.map(|corner| points[corner as usize]);
            (b - a).cross(c - a).length()
        });
        doubled.sum::<f32>() * 0.5
    }

    #[test]
    fn fine_meshes_become_coarser_and_coarse_ones_and_wires_stay() {
        // A vertex every millimetre.
        let (points, faces) = sheet(201, 0.2);
        let coarse = coarser(points, faces, DRAWN_FINENESS);
        assert!(coarse.1.len() <= 2 * CROWD as usize, "{}", coarse.1.len());
        assert!((area(&coarse) - 0.04).abs() < 0.005, "{}", area(&coarse));
        // A hand's breadth, as it is drawn.
        let (points, faces) = sheet(11, 0.1);
        assert_eq!(
            coarser(points.clone(), faces.clone(), DRAWN_FINENESS)
                .1
                .len(),
            200
        );
        assert_eq!(coarser(points.clone(), faces.clone(), 0.0), (points, faces));

        let square = vec![Vec3::ZERO, Vec3::X, Vec3::Z, Vec3::X + Vec3::Z];
        let two = vec![[0, 2, 1], [1, 2, 3]];
        let kept = coarser(square.clone(), two.clone(), DRAWN_FINENESS);
        assert_eq!(kept, (square, two));

        let wire = vec![Vec3::ZERO, Vec3::X * 0.004, Vec3::new(0.001, 3.0, 0.0)];
        assert_eq!(coarser(wire, vec![[0, 1, 2]], DRAWN_FINENESS).1.len(), 1);
        let crumb = vec![Vec3::ZERO, Vec3::X * 0.004, Vec3::Z * 0.004];
        assert!(coarser(crumb, vec![[0, 1, 2]], DRAWN_FINENESS).1.is_empty());
    }

    #[test]
    fn a_scan_is_thinned_out_and_what_stands_elsewhere_in_the_mesh_is_not() {
        // Four metres wide with a corner every centimetre; a small stair stands beside it.
        let (mut points, mut faces) = sheet(401, 4.0);
        let start = points.len() as u32;
        points.extend(
            [Vec3::ZERO, Vec3::X * 0.02, Vec3::Y * 0.02].map(|point| point - Vec3::X * 9.0),
        );
        faces.push([start, start + 1, start + 2]);
        let before = area(&(points.clone(), faces.clone()));
        let coarse = coarser(points.clone(), faces, 0.0);
        assert!(
            coarse.1.len() < 16 * CROWD as usize * 5 / 4,
            "{}",
            coarse.1.len()
        );
        assert!(
            coarse
                .0
                .iter()
                .any(|point| *point == points[start as usize + 1])
        );
        assert!(
            (area(&coarse) - before).abs() < 0.8,
            "{} {before}",
            area(&coarse)
        );
    }
}
