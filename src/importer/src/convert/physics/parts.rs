//! Convex parts of a mesh, between which its hollows stay open: approximate convex decomposition (V-HACD: Mamou, "Volumetric
//! hierarchical approximate convex decomposition", Game Engine Gems 3, 2016), as `parry3d` has it.

use parry3d::{
    math::Vector,
    transformation::{
        try_convex_hull,
        vhacd::{VHACD, VHACDParameters},
        voxelization::VoxelSet,
    },
};
use std::panic::catch_unwind;

/// Most parts of a mesh.
const MAX_PARTS: u32 = 32;
/// Most vertices of a part.
const MAX_VERTICES: usize = 64;
/// Steps along the longest side of a mesh in which its inside is looked at: hollows narrower than one of them are filled.
const RESOLUTION: u32 = 64;
/// What a part may fill that the mesh does not, in shares of the whole mesh's hull.
const MOST_FILLED: f32 = 0.003;
/// Half the thickness of plates, in shares of the size of their mesh; rounding leaves that much. What is thinner is flat.
const HALF_THICKNESS: f32 = 1.0 / 4_096.0;

/// A mesh as corners and triangles; each triangle names corners that are there.
#[derive(Default)]
pub(super) struct Surface {
    pub(super) points: Vec<[f32; 3]>,
    pub(super) triangles: Vec<[u32; 3]>,
}

/// A convex form with its triangles.
#[derive(Debug, PartialEq)]
pub(super) struct Hull {
    pub(super) points: Vec<[f32; 3]>,
    /// One for each point, so that readers need not split points to have some.
    pub(super) normals: Vec<[f32; 3]>,
    pub(super) triangles: Vec<[u32; 3]>,
}

/// The parts of a mesh, the same each time; `None` for what has none: flat things, and those on which the algorithm fails.
pub(super) fn of(surface: &Surface) -> Option<Vec<Hull>> {
    let (middle, size) = extent(&surface.points)?;
    let to_unit = |point: &[f32; 3]| (Vector::from(*point) - middle) / size;
    let points: Vec<Vector> = surface.points.iter().map(to_unit).collect();
    // It has asserts and unwraps of its own, about which a mesh cannot know.
    let hulls = catch_unwind(|| decompose(&points, &surface.triangles)).ok()??;
    let from_unit = |point: &Vector| (*point * size + middle).to_array();
    let hulls = hulls.into_iter().map(|form| Hull {
        points: form.points.iter().map(from_unit).collect(),
        normals: form.normals(),
        triangles: form.triangles,
    });
    Some(hulls.collect())
}

/// The middle and the longest side of the box around points; `None` where it has no size.
fn extent(points: &[[f32; 3]]) -> Option<(Vector, f32)> {
    let first = Vector::from(*points.first()?);
    let (low, high) = points.iter().fold((first, first), |(low, high), point| {
        let point = Vector::from(*point);
        (low.min(point), high.max(point))
    });
    let size: f32 = (high - low).max_element();
    // Of numbers that are none or infinite the size is no number that has an inverse.
    let is_sound = points.iter().flatten().all(|part| part.is_finite());
    (is_sound && size.is_normal() && size.recip().is_normal()).then(|| ((low + high) / 2.0, size))
}

/// A form without dents, in shares of the size of the mesh.
#[derive(Clone, Default)]
struct Form {
    points: Vec<Vector>,
    triangles: Vec<[u32; 3]>,
    volume: f32,
    /// What it holds beside that which it was made of.
    filled: f32,
}

impl Form {
    fn of(points: Vec<Vector>, triangles: Vec<[u32; 3]>) -> Self {
        let origin = points.first().copied().unwrap_or_default();
        let volumes = corners(&points, &triangles).map(|own| volume(own.map(|own| own - origin)));
        let volume = volumes.sum();
        Self {
            points,
            triangles,
            volume,
            filled: 0.0,
        }
    }

    /// The hull of points; `None` for what is flatter than a plate.
    fn around(points: &[Vector]) -> Option<Self> {
        let (points, triangles) = try_convex_hull(points).ok()?;
        let area: f32 = corners(&points, &triangles)
            .map(|own| normal(own).length() / 2.0)
            .sum();
        let form = Self::of(points, triangles);
        // Of a plate the area is twice that of a side.
        (form.volume >= area / 2.0 * HALF_THICKNESS).then_some(form)
    }

    /// A plate where points lie in one plane.
    fn plate(points: &[Vector]) -> Option<Self> {
        // Of points in a plane it is the polygon around them, from both sides.
        let (points, triangles) = try_convex_hull(points).ok()?;
        let normals = corners(&points, &triangles).map(normal);
        let longest =
            normals.max_by(|one, other| one.length_squared().total_cmp(&other.length_squared()));
        let up = longest?.try_normalize()?;
        let right = up.any_orthonormal_vector();
        let front = up.cross(right);
        let origin = points[0];
        // The builder of hulls needs more height than a plate has.
        let sides = points.iter().map(|point| *point - origin).flat_map(|own| {
            [-1.0, 1.0].map(|side| Vector::new(own.dot(right), own.dot(front), side))
        });
        let (points, triangles) = try_convex_hull(&sides.collect::<Vec<_>>()).ok()?;
        let back =
            |own: Vector| origin + right * own.x + front * own.y + up * own.z * HALF_THICKNESS;
        Some(Self::of(points.into_iter().map(back).collect(), triangles))
    }

    fn normals(&self) -> Vec<[f32; 3]> {
        let mut sums = vec![Vector::ZERO; self.points.len()];
        for (own, corners) in self
            .triangles
            .iter()
            .zip(corners(&self.points, &self.triangles))
        {
            for corner in own {
                sums[*corner as usize] += normal(corners);
            }
        }
        sums.iter()
            .map(|sum| sum.normalize_or(Vector::Y).to_array())
            .collect()
    }

    /// The hull of both.
    fn joined(&self, other: &Self) -> Option<Self> {
        let both = Self::around(&[&self.points[..], &other.points].concat())?;
        let filled =
            self.filled + other.filled + (both.volume - self.volume - other.volume).max(0.0);
        Some(Self { filled, ..both }.with_few_vertices())
    }

    /// The hull of the vertices that lie farthest in each of so many directions.
    fn with_few_vertices(self) -> Self {
        if self.points.len() <= MAX_VERTICES {
            return self;
        }
        let mut places: Vec<usize> = (0..MAX_VERTICES)
            .filter_map(|number| {
                let direction = direction(number);
                let along = |place: &usize| self.points[*place].dot(direction);
                (0..self.points.len()).max_by(|one, other| along(one).total_cmp(&along(other)))
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        let fewer: Vec<Vector> = places.iter().map(|place| self.points[*place]).collect();
        let fewer = Self::around(&fewer).or_else(|| Self::plate(&fewer));
        fewer.map_or_else(Self::default, |fewer| Self {
            filled: self.filled,
            ..fewer
        })
    }
}

fn decompose(points: &[Vector], triangles: &[[u32; 3]]) -> Option<Vec<Form>> {
    let whole = Form::around(points)?;
    if is_convex(&whole, points, triangles) {
        return Some(vec![whole.with_few_vertices()]);
    }
    let parameters = VHACDParameters {
        resolution: RESOLUTION,
        concavity: MOST_FILLED,
        convex_hull_downsampling: 1,
        // It may make twice as many.
        max_convex_hulls: MAX_PARTS / 2,
        ..VHACDParameters::default()
    };
    let made = VHACD::decompose(&parameters, points, triangles, true);
    let parts = made.voxel_parts().iter().filter(|part| !part.is_empty());
    let forms: Vec<Form> = parts
        .filter_map(|part| form(part, points, triangles))
        .map(Form::with_few_vertices)
        .collect();
    let mut forms = join(forms, whole.volume * MOST_FILLED);
    forms.retain(|form| !form.triangles.is_empty());
    (!forms.is_empty()).then_some(forms)
}

/// True for a closed mesh that fills its hull, and has nothing inside.
fn is_convex(hull: &Form, points: &[Vector], triangles: &[[u32; 3]]) -> bool {
    let middle = points.iter().sum::<Vector>() / points.len() as f32;
    let volumes = corners(points, triangles).map(|own| volume(own.map(|own| own - middle)));
    if (volumes.sum::<f32>().abs() - hull.volume).abs() > hull.volume * MOST_FILLED {
        return false;
    }
    let coarse = hull.clone().with_few_vertices();
    let planes: Vec<(Vector, Vector)> = corners(&coarse.points, &coarse.triangles)
        .map(|own| (own[0], normal(own).normalize_or_zero()))
        .collect();
    corners(points, triangles).all(|own| {
        let center = own.iter().sum::<Vector>() / 3.0;
        let mut depths = planes.iter().map(|(on, out)| out.dot(*on - center));
        depths.any(|depth| depth < 1.0 / RESOLUTION as f32)
    })
}

/// The hull of what a part has of the mesh; what is flat becomes a plate.
fn form(part: &VoxelSet, points: &[Vector], triangles: &[[u32; 3]]) -> Option<Form> {
    let (own, _) = part.compute_exact_convex_hull(points, triangles);
    Form::around(&own)
        .or_else(|| Form::plate(&own))
        .or_else(|| Form::around(&part.compute_convex_hull(1).0))
}

/// Joins what needs not be apart: the cells in which a mesh is looked at have stairs where it has slopes, and cuts there are
/// in vain.
fn join(forms: Vec<Form>, most_filled: f32) -> Vec<Form> {
    let mut forms: Vec<Option<Form>> = forms.into_iter().map(Some).collect();
    let pair = |forms: &[Option<Form>], one: usize, other: usize| {
        let joined = forms[one].as_ref()?.joined(forms[other].as_ref()?)?;
        (joined.filled <= most_filled).then_some((one, other, joined))
    };
    let mut pairs = Vec::new();
    for other in 0..forms.len() {
        pairs.extend((0..other).filter_map(|one| pair(&forms, one, other)));
    }
    let fills = |(.., joined): &(usize, usize, Form)| joined.filled;
    let least = |pairs: &[(usize, usize, Form)]| {
        let places = 0..pairs.len();
        places.min_by(|one, other| fills(&pairs[*one]).total_cmp(&fills(&pairs[*other])))
    };
    while let Some(best) = least(&pairs) {
        let (one, other, joined) = pairs.swap_remove(best);
        forms[other] = None;
        forms[one] = Some(joined);
        pairs.retain(|(first, second, _)| {
            ![one, other].iter().any(|own| own == first || own == second)
        });
        let others = (0..forms.len()).filter(|own| *own != one);
        pairs.extend(others.filter_map(|other| pair(&forms, one, other)));
    }
    forms.into_iter().flatten().collect()
}

/// One of [`MAX_VERTICES`] directions that are spread evenly: the spiral of Fibonacci.
fn direction(number: usize) -> Vector {
    let height = 1.0 - (2.0 * number as f32 + 1.0) / MAX_VERTICES as f32;
    let turn = number as f32 * std::f32::consts::PI * (3.0 - 5.0f32.sqrt());
    let radius = (1.0 - height * height).sqrt();
    Vector::new(turn.cos() * radius, height, turn.sin() * radius)
}

/// The corners of triangles.
fn corners(points: &[Vector], triangles: &[[u32; 3]]) -> impl Iterator<Item = [Vector; 3]> {
    let corner = |number: u32| points[number as usize];
    triangles.iter().map(move |own| own.map(corner))
}

/// The vector that stands on a triangle and is twice as long as its area.
fn normal([one, two, three]: [Vector; 3]) -> Vector {
    (two - one).cross(three - one)
}

/// What lies between a triangle and the origin.
fn volume([one, two, three]: [Vector; 3]) -> f32 {
    one.cross(two).dot(three) / 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sphere of many triangles.
    fn sphere(rings: u32, around: u32) -> Surface {
        let mut surface = Surface::default();
        for ring in 0..=rings {
            for step in 0..around {
                let up = std::f32::consts::PI * ring as f32 / rings as f32;
                let turn = std::f32::consts::TAU * step as f32 / around as f32;
                let point = [up.sin() * turn.cos(), up.cos(), up.sin() * turn.sin()];
                surface.points.push(point);
            }
        }
        for ring in 0..rings {
            for step in 0..around {
                let corner = |ring: u32, step: u32| ring * around + step % around;
                let (a, b) = (corner(ring, step), corner(ring, step + 1));
                let (c, d) = (corner(ring + 1, step), corner(ring + 1, step + 1));
                surface.triangles.extend([[a, b, c], [b, d, c]]);
            }
        }
        surface
    }

    #[test]
    fn what_is_round_is_one_part_of_few_vertices() {
        let parts = of(&sphere(32, 64)).unwrap();
        assert_eq!(parts.len(), 1);
        assert!(parts[0].points.len() <= MAX_VERTICES);
        let is_near = |point: &[f32; 3]| {
            let length = point.iter().map(|part| part * part).sum::<f32>().sqrt();
            (length - 1.0).abs() < 0.01
        };
        assert!(parts[0].points.iter().all(is_near), "{:?}", parts[0].points);
    }

    #[test]
    fn what_has_no_volume_has_no_parts() {
        let square = [
            [0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [1.0, 0.0, 1.0],
            [0.0, 0.0, 1.0],
        ];
        let triangles = vec![[0, 1, 2], [0, 2, 3]];
        for points in [
            square,
            [[1.0; 3]; 4],
            [[0.0; 3], [f32::MAX; 3], [f32::MIN; 3], [1.0; 3]],
            [[f32::NAN; 3]; 4],
            [[1.0e-40, 0.0, 0.0]; 4],
        ] {
            let triangles = triangles.clone();
            let points = points.to_vec();
            assert_eq!(of(&Surface { points, triangles }), None);
        }
        assert_eq!(of(&Surface::default()), None);
    }

    #[test]
    fn sheets_that_stand_on_each_other_are_thin_parts() {
        let sheet = |turn: fn(f32, f32) -> [f32; 3]| {
            [
                turn(0.0, 0.0),
                turn(1.0, 0.0),
                turn(1.0, 1.0),
                turn(0.0, 1.0),
            ]
        };
        let floor = sheet(|x, z| [x, 0.0, z]);
        let wall = sheet(|x, y| [x, y, 0.0]);
        let parts = of(&Surface {
            points: [floor, wall].concat(),
            triangles: vec![[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]],
        });
        let parts = parts.unwrap();
        assert!(
            parts.len() > 1 && parts.len() <= MAX_PARTS as usize,
            "{}",
            parts.len()
        );
        for part in parts {
            let side = |axis: usize| {
                let along = || part.points.iter().map(|point| point[axis]);
                along().fold(f32::MIN, f32::max) - along().fold(f32::MAX, f32::min)
            };
            // One step of the looking, and its rounding.
            let thinnest = side(1).min(side(2));
            assert!(
                thinnest > 0.0 && thinnest < 2.0 / RESOLUTION as f32,
                "{thinnest}"
            );
        }
    }
}
