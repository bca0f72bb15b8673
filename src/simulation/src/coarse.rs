//! Meshes as fine as people can feel, and no finer: a step beside what is finely drawn or scanned costs no more than one beside
//! what is coarse. What is crowded all the same is cut off: each triangle in one place is asked for contacts, sweeps and rays.

use bevy::platform::hash::RandomState;
use glam::{IVec3, Vec3};
use std::collections::{HashMap, HashSet};

/// Corners and triangles.
pub(crate) type Triangles = (Vec<Vec3>, Vec<[u32; 3]>);

/// What is solid as it is drawn is so to this fineness, in metres: people feel no less.
pub(crate) const DRAWN_FINENESS: f32 = 0.01;
/// Widths of cells where a mesh is made coarser, in metres, from the first to the last that is tried: steps of a stair keep their form.
const WIDTHS: std::ops::RangeInclusive<f32> = 0.002..=0.035;
/// By how much cells grow where they have to.
const COARSENING: f32 = 2.0;
/// Slivers longer than so many cells stay solid.
const LONG_SLIVER: f32 = 5.0;
/// How much further than a cubic metre its triangles are counted when some are cut off, in metres.
const REACH: f32 = 0.25;

/// How many triangles there may be.
#[derive(Clone, Copy)]
struct Density {
    /// In a cubic metre, beyond which they are made coarser there.
    crowd: u32,
    /// Within [`REACH`] of a cubic metre, several times what there is of coarse ones; the smallest of more are not solid.
    most: u32,
}

/// Of one mesh: as fine as a scan with a corner every centimetre.
const OF_A_MESH: Density = Density {
    crowd: 16_000,
    most: 128_000,
};
/// Of all of a thing, which anybody may have placed.
const OF_A_THING: Density = Density {
    crowd: 1_000,
    most: 24_000,
};

/// A mesh as it is solid: `finest` metres fine, or as fine as it is with 0.
pub(crate) fn solid((points, faces): Triangles, finest: f32) -> Triangles {
    let parts = vec![0; points.len()];
    let soup = Soup {
        points,
        faces,
        parts,
    };
    let soup = soup.solid(finest, OF_A_MESH);
    (soup.points, soup.faces)
}

/// The meshes of a thing as they are solid together, in one space; `None` when they stay as they are.
pub(crate) fn solid_together(meshes: &[Triangles]) -> Option<Vec<Triangles>> {
    let mut soup = Soup::default();
    for (part, (points, faces)) in (0..).zip(meshes) {
        let start = soup.points.len() as u32;
        soup.points.extend(points);
        soup.parts.resize(soup.points.len(), part);
        let faces = faces.iter().map(|face| face.map(|corner| corner + start));
        soup.faces.extend(faces);
    }
    if soup.faces.len() <= OF_A_THING.crowd as usize {
        return None;
    }
    let before = soup.faces.len();
    let soup = soup.solid(0.0, OF_A_THING);
    if soup.faces.len() == before {
        return None;
    }
    let mut apart = vec![Triangles::default(); meshes.len()];
    let mut numbers = vec![u32::MAX; soup.points.len()];
    for face in soup.faces {
        let (points, faces) = &mut apart[soup.parts[face[0] as usize] as usize];
        faces.push(face.map(|corner| {
            let number = &mut numbers[corner as usize];
            if *number == u32::MAX {
                *number = points.len() as u32;
                points.push(soup.points[corner as usize]);
            }
            *number
        }));
    }
    Some(apart)
}

/// Triangles of one mesh or of several in one space.
#[derive(Default)]
struct Soup {
    points: Vec<Vec3>,
    faces: Vec<[u32; 3]>,
    /// Whose each point is.
    parts: Vec<u32>,
}

impl Soup {
    fn solid(self, finest: f32, density: Density) -> Self {
        let mut soup = self.coarser(finest, density.crowd);
        soup.cut_off(density.most);
        soup
    }

    /// One corner stands for all in its cell of a grid, and triangles within a cell vanish, as corners of no triangle do. The
    /// first corner of a cell keeps its place, so that what is coarse already stays as it is, and so do long slivers: wires and
    /// blades. Cells are `finest` metres wide, wider where the mesh is crowded; with 0 what is not crowded stays as it is.
    fn coarser(self, finest: f32, crowd: u32) -> Self {
        let mut fineness = Fineness::of(&self, finest, crowd);
        if finest == 0.0 && fineness.crowded.is_empty() {
            return self;
        }
        let mut coarse = self.merged(&fineness);
        while fineness.coarsen(&coarse) {
            coarse = self.merged(&fineness);
        }
        coarse
    }

    fn merged(&self, fineness: &Fineness) -> Self {
        let (mut coarse, numbers) = self.without_faces(fineness);
        let mut known = HashSet::with_hasher(RandomState::default());
        let mut thin = Vec::new();
        let mut is_used = vec![false; coarse.points.len()];
        for &face in &self.faces {
            let mut corners = face.map(|corner| numbers[corner as usize]);
            let [a, b, c] = corners;
            corners.sort_unstable();
            if a == b || b == c || c == a {
                thin.push((corners, face));
            } else if known.insert(corners) {
                coarse.faces.push([a, b, c]);
                for corner in corners {
                    is_used[corner as usize] = true;
                }
            }
        }
        for (corners, face) in thin {
            let [a, b, c] = face.map(|corner| self.points[corner as usize]);
            let longest = [b - a, c - b, a - c]
                .map(Vec3::length)
                .into_iter()
                .fold(0.0, f32::max);
            let cell = fineness.at((a + b + c) / 3.0);
            // Where cells are wide a rail or a pole lies in one row of them: one sliver of it stays for every two cells.
            let is_alone = || {
                cell > fineness.finest
                    && corners[0] != corners[2]
                    && corners.iter().any(|corner| !is_used[*corner as usize])
            };
            if longest > cell * LONG_SLIVER || (is_alone() && known.insert(corners)) {
                let start = coarse.points.len() as u32;
                coarse.points.extend([a, b, c]);
                coarse.parts.extend([self.parts[face[0] as usize]; 3]);
                coarse.faces.push([start, start + 1, start + 2]);
            }
        }
        coarse
    }

    /// The corners that stand for all, and for each point the number of its own.
    fn without_faces(&self, fineness: &Fineness) -> (Self, Vec<u32>) {
        let mut is_corner = vec![false; self.points.len()];
        for &corner in self.faces.as_flattened() {
            is_corner[corner as usize] = true;
        }
        let mut cells = HashMap::with_hasher(RandomState::default());
        let mut kept = Self::default();
        let number = |((&point, &part), is_corner): ((&Vec3, &u32), bool)| {
            if !is_corner {
                return 0;
            }
            let width = fineness.at(point);
            let next = kept.points.len() as u32;
            let number = match width > 0.0 {
                true => *cells
                    .entry((cell(point, width), width.to_bits(), part))
                    .or_insert(next),
                false => next,
            };
            if number == next {
                kept.points.push(point);
                kept.parts.push(part);
            }
            number
        };
        let corners = self.points.iter().zip(&self.parts).zip(is_corner);
        let numbers = corners.map(number).collect();
        (kept, numbers)
    }

    /// Takes away the smallest of the triangles that are crowded.
    fn cut_off(&mut self, most: u32) {
        if self.faces.len() <= most as usize {
            return;
        }
        let (points, faces) = (&self.points, &mut self.faces);
        let bounds = |face: &[u32; 3]| {
            let [a, b, c] = face.map(|corner| points[corner as usize]);
            (
                a.min(b).min(c) - Vec3::splat(REACH),
                a.max(b).max(c) + Vec3::splat(REACH),
            )
        };
        // A triangle touches at most two cells of its level along each axis. Cells of a level are half as wide as those of the next.
        let level = |face: &[u32; 3]| {
            let (low, high) = bounds(face);
            let extent = (high - low).max_element();
            extent.max(1.0).log2().ceil() as i32
        };
        // Extents are not negative, so that their bits are in their order.
        let size = |face: &[u32; 3]| {
            let (low, high) = bounds(face);
            (high - low).max_element().to_bits()
        };
        faces.sort_by_cached_key(|face| std::cmp::Reverse((level(face), size(face))));
        let highest = faces.first().map_or(0, level);
        // For each cell: triangles of its level, and of the larger ones around it.
        let mut cells: HashMap<(i32, IVec3), u32, _> = HashMap::with_hasher(RandomState::default());
        faces.retain(|face| {
            let (level, (low, high)) = (level(face), bounds(face));
            let width = (level as f32).exp2();
            let (low, high) = (cell(low, width), cell(high, width));
            let mut touched = [None; 27];
            let mut place = 0;
            for x in low.x..=high.x {
                for y in low.y..=high.y {
                    for z in low.z..=high.z {
                        if place < touched.len() {
                            touched[place] = Some((level, IVec3::new(x, y, z)));
                            place += 1;
                        }
                    }
                }
            }
            let touched = || touched.iter().flatten();
            for &(level, own) in touched() {
                if !cells.contains_key(&(level, own)) {
                    let above = (level + 1..=highest).find_map(|above| {
                        let around = own >> (above - level);
                        cells.get(&(above, around)).copied()
                    });
                    cells.insert((level, own), above.unwrap_or_default());
                }
            }
            let has_room = touched().all(|own| cells[own] < most);
            if has_room {
                for own in touched() {
                    *cells.entry(*own).or_default() += 1;
                }
            }
            has_room
        });
    }
}

/// How fine a mesh is kept, by cubic metre.
struct Fineness {
    /// Metres; 0 keeps every corner.
    finest: f32,
    /// Triangles in a cubic metre that are too many.
    crowd: u32,
    crowded: HashMap<IVec3, f32, RandomState>,
}

impl Fineness {
    /// Where there are too many triangles, as fine as that many can be which cover the same area.
    fn of(soup: &Soup, finest: f32, most: u32) -> Self {
        let crowded = match soup.faces.len() > most as usize {
            true => crowds(soup),
            false => HashMap::default(),
        };
        let crowded = crowded.into_iter();
        let crowded = crowded.filter(|(_, crowd)| crowd.count > most);
        // A cell of a grid takes two triangles.
        let crowded = crowded.map(|(metre, crowd)| {
            let needed = (crowd.area * 2.0 / most as f32).sqrt();
            // What has no area to speak of needs some width all the same.
            let least = finest.max(*WIDTHS.start());
            (metre, needed.clamp(least, *WIDTHS.end()))
        });
        Self {
            finest,
            crowd: most,
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

    /// Makes it coarser where there are still too many triangles: what is rough lies in several layers of cells. False when nothing
    /// changes.
    fn coarsen(&mut self, soup: &Soup) -> bool {
        if self.crowded.is_empty() {
            return false;
        }
        let mut has_changed = false;
        let most = self.crowd / 4 * 5;
        let crowds = crowds(soup);
        self.crowded.iter_mut().for_each(|(metre, fineness)| {
            let count = crowds.get(metre).map_or(0, |crowd| crowd.count);
            if count > most && *fineness < *WIDTHS.end() {
                *fineness = (*fineness * COARSENING).min(*WIDTHS.end());
                has_changed = true;
            }
        });
        has_changed
    }
}

/// What is in a cubic metre.
#[derive(Clone, Copy, Default)]
struct Crowd {
    count: u32,
    area: f32,
}

/// By the middles of triangles.
fn crowds(Soup { points, faces, .. }: &Soup) -> HashMap<IVec3, Crowd, RandomState> {
    // Quick, and seeded anew in each process: a file that aims at it has to guess.
    let mut crowds: HashMap<IVec3, Crowd, _> = HashMap::with_hasher(RandomState::default());
    for face in faces {
        let [a, b, c] = face.map(|corner| points[corner as usize]);
        let crowd = crowds.entry(cell((a + b + c) / 3.0, 1.0)).or_default();
        crowd.count += 1;
        crowd.area += (b - a).cross(c - a).length() * 0.5;
    }
    crowds
}

fn cell(point: Vec3, width: f32) -> IVec3 {
    (point / width).floor().as_ivec3()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec3Swizzles as _;

    const CROWD: u32 = OF_A_THING.crowd;
    const MOST: u32 = OF_A_THING.most;

    fn soup((points, faces): Triangles) -> Soup {
        let parts = vec![0; points.len()];
        Soup {
            points,
            faces,
            parts,
        }
    }

    fn coarser(points: Vec<Vec3>, faces: Vec<[u32; 3]>, finest: f32) -> Triangles {
        let soup = soup((points, faces)).coarser(finest, CROWD);
        (soup.points, soup.faces)
    }

    fn cut_off(points: &[Vec3], faces: Vec<[u32; 3]>) -> Vec<[u32; 3]> {
        let mut soup = soup((points.to_vec(), faces));
        soup.cut_off(MOST);
        soup.faces
    }

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
        // Four metres wide with a corner every centimetre; something small stands beside it.
        let (mut points, mut faces) = sheet(401, 4.0);
        let start = points.len() as u32;
        let small = [Vec3::ZERO, Vec3::X * 0.02, Vec3::Y * 0.02];
        points.extend(small.map(|point| point - Vec3::X * 9.0));
        faces.push([start, start + 1, start + 2]);
        let before = area(&(points.clone(), faces.clone()));
        let coarse = coarser(points.clone(), faces, 0.0);
        assert!(
            coarse.1.len() < 16 * CROWD as usize * 2,
            "{}",
            coarse.1.len()
        );
        assert!(coarse.0.contains(&points[start as usize + 1]));
        let after = area(&coarse);
        assert!((after - before).abs() < 0.8, "{after} {before}");
    }

    #[test]
    fn a_rail_over_crowded_ground_stays() {
        // Rings of four corners every 7 cm, 4 cm wide, over ground with a corner every centimetre, and a wall.
        let (mut points, mut faces) = sheet(201, 2.0);
        let wall: Vec<Vec3> = points.iter().map(|point| point.yxz()).collect();
        let ground = points.len() as u32;
        points.extend(wall);
        let wall_faces: Vec<_> = faces
            .iter()
            .map(|face| face.map(|at| at + ground))
            .collect();
        faces.extend(wall_faces);
        let start = points.len() as u32;
        for ring in 0..28 {
            let center = Vec3::new(0.07 * ring as f32, 3.4, 0.5);
            let corners = [Vec3::Y, Vec3::Z, Vec3::NEG_Y, Vec3::NEG_Z];
            points.extend(corners.map(|way| center + way * 0.02));
        }
        for ring in 0..27u32 {
            for side in 0..4 {
                let [a, b] = [side, (side + 1) % 4].map(|corner| start + ring * 4 + corner);
                faces.extend([[a, a + 4, b], [b, a + 4, b + 4]]);
            }
        }
        let (kept, coarse) = coarser(points, faces, 0.0);
        // What is left of it reaches along its whole length.
        let rail = coarse
            .iter()
            .map(|face| face.map(|corner| kept[corner as usize]));
        let rail = rail.filter(|face| {
            face.iter()
                .all(|point| point.y > 3.3 && point.z > 0.4 && point.x > 0.2)
        });
        let mut spans: Vec<(f32, f32)> = rail
            .map(|face| {
                let along = face.map(|point| point.x);
                (
                    along.iter().copied().fold(f32::MAX, f32::min),
                    along.into_iter().fold(0.0, f32::max),
                )
            })
            .collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut reached = 0.3;
        for (from, to) in spans {
            assert!(from < reached + 0.01, "a gap from {reached} to {from}");
            reached = f32::max(reached, to);
        }
        assert!(reached > 1.8, "{reached}");
    }

    /// A number from -0.5 to 0.5 that looks as if by chance.
    fn noise(seed: u32) -> f32 {
        let mixed = (seed ^ 0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
        let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
        (mixed ^ (mixed >> 16)) as f32 / u32::MAX as f32 - 0.5
    }

    #[test]
    fn of_what_people_make_nothing_is_cut_off() {
        // Corners along an edge, metres, roughness; a thing has at most 100,000 triangles.
        let of_a_mesh = [
            (134, 4.0, 0.015),
            (401, 4.0, 0.0),
            (401, 4.0, 0.03),
            (101, 4.0, 0.2),
            (601, 3.0, 0.05),
        ];
        let of_a_thing = [
            (129, 4.0, 0.015),
            (129, 2.0, 0.03),
            (129, 1.0, 0.02),
            (101, 2.0, 0.2),
            (129, 1.5, 0.0),
        ];
        let meshes = of_a_mesh.map(|case| (case, OF_A_MESH));
        let things = of_a_thing.map(|case| (case, OF_A_THING));
        for ((side, width, roughness), density) in meshes.into_iter().chain(things) {
            for height in [0.0, 0.5, 0.99] {
                let (mut points, mut faces) = sheet(side, width);
                for (seed, point) in (0..).zip(&mut points) {
                    point.y = height + noise(seed) * roughness;
                }
                // A wall and a ceiling of the same kind in the same mesh.
                let count = points.len() as u32;
                let wall: Vec<Vec3> = points.iter().map(|point| point.yxz()).collect();
                let ceiling = points.iter().map(|point| *point + Vec3::Y * 2.5);
                let ceiling: Vec<Vec3> = ceiling.collect();
                let plain = faces.clone();
                for (part, more) in (1..).zip([wall, ceiling]) {
                    points.extend(more);
                    faces.extend(plain.iter().map(|face| face.map(|at| at + part * count)));
                }
                let mut soup = soup((points, faces)).coarser(0.0, density.crowd);
                let number = soup.faces.len();
                soup.cut_off(density.most);
                assert_eq!(
                    soup.faces.len(),
                    number,
                    "{side} {width} {roughness} {height}"
                );
            }
        }
    }

    #[test]
    fn what_has_next_to_no_area_is_made_coarser_in_an_end() {
        let needle = |index: u32| {
            let x = noise(index) * 0.2;
            [x, x + 0.6, x + 0.3].map(|x| Vec3::new(x, index as f32 * 1.0e-24, 0.0))
        };
        let points: Vec<Vec3> = (0..3_000).flat_map(needle).collect();
        let faces: Vec<[u32; 3]> = (0..9_000)
            .step_by(3)
            .map(|at| [at, at + 1, at + 2])
            .collect();
        for finest in [0.0, DRAWN_FINENESS] {
            let (_, coarse) = coarser(points.clone(), faces.clone(), finest);
            assert!(!coarse.is_empty() && coarse.len() <= faces.len());
        }
    }

    #[test]
    fn what_crosses_one_place_is_cut_off() {
        let mut points = Vec::new();
        for seed in 0..120_000 {
            points.push(Vec3::new(noise(seed * 3), noise(seed * 3 + 1), noise(seed * 3 + 2)) * 2.0);
        }
        // Behind all of them one that is larger, and one elsewhere.
        points.extend([Vec3::ZERO, Vec3::X, Vec3::Z].map(|corner| corner * 50.0));
        points.extend([Vec3::ZERO, Vec3::X, Vec3::Z].map(|corner| corner + 90.0));
        let faces = (0..points.len() as u32).step_by(3);
        let faces: Vec<[u32; 3]> = faces.map(|at| [at, at + 1, at + 2]).collect();
        let last = faces[faces.len() - 2..].to_vec();
        let kept = cut_off(&points, faces);
        assert!(last.iter().all(|face| kept.contains(face)));
        let near = kept.len() as u32;
        assert!((MOST / 2..=2 * MOST).contains(&near), "{near}");
    }

    #[test]
    fn meshes_of_a_thing_are_crowded_together_and_stay_apart() {
        let mesh = |number: u32| {
            let (points, faces) = sheet(51, 1.0);
            let lifted = points
                .into_iter()
                .map(|point| point + Vec3::Y * (number as f32 * 0.004));
            (lifted.collect::<Vec<Vec3>>(), faces)
        };
        assert!(solid_together(&[sheet(11, 1.0)]).is_none());
        let many: Vec<Triangles> = (0..10).map(mesh).collect();
        let apart = solid_together(&many).unwrap();
        assert_eq!(apart.len(), 10);
        let total: usize = apart.iter().map(|(_, faces)| faces.len()).sum();
        assert!(total <= MOST as usize && total < 10 * 5_000 / 2, "{total}");
        for (number, (points, faces)) in apart.iter().enumerate() {
            let height = 3.0 + number as f32 * 0.004;
            assert!(points.iter().all(|point| (point.y - height).abs() < 1e-4));
            assert!(
                faces
                    .iter()
                    .flatten()
                    .all(|&corner| (corner as usize) < points.len())
            );
        }
    }
}
