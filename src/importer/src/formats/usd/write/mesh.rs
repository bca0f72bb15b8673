//! Meshes of a stage (OpenUSD, `UsdGeomMesh` and `UsdGeomSubset`): faces as triangles, one primitive for each material.

use super::{
    primvar::{Corner, Primvar, whole},
    skin::Skin,
};
use crate::formats::{
    model::Corners,
    polygon,
    usd::{limits::MAX_CORNER_NUMBERS, stage::values::Values},
};
use glam::Vec3;
use std::collections::BTreeSet;

/// Longest face in corners.
const MAX_FACE_CORNERS: usize = 10_000;
/// Most texture coordinate sets.
const MAX_UV_SETS: usize = 8;

/// What meshes may still cost, all together.
pub(crate) struct Work {
    /// Looks at corners in search of triangles.
    looks: usize,
    /// Numbers of corners.
    numbers: usize,
}

impl Work {
    pub(crate) fn new() -> Self {
        Self {
            looks: polygon::MAX_LOOKS,
            numbers: MAX_CORNER_NUMBERS,
        }
    }

    fn take(&mut self, count: usize) -> Result<(), String> {
        let left = self.numbers.checked_sub(count);
        self.numbers = left.ok_or("its meshes have more corners than there may be")?;
        Ok(())
    }
}

/// A mesh that is read.
pub(crate) struct Mesh {
    points: Vec<[f32; 3]>,
    /// Points of all faces, one after the other.
    corners: Vec<usize>,
    /// Where the corners of each face begin, and how many they are; none of holes.
    faces: Vec<(usize, usize)>,
    is_left_handed: bool,
    normals: Normals,
    /// Names of texture coordinates and what they are.
    pub(crate) uv_sets: Vec<(String, Primvar)>,
    pub(crate) color: Option<Primvar>,
    pub(crate) opacity: Option<Primvar>,
    pub(crate) is_double_sided: bool,
}

enum Normals {
    Told(Primvar),
    /// Of a surface that is meant to be round, by point.
    Round(Vec<[f32; 3]>),
    Flat,
}

impl Mesh {
    /// Reads a mesh; `None` when it has no faces.
    ///
    /// # Errors
    /// One line when it is damaged.
    pub(crate) fn read(values: &Values<'_>, prim: usize) -> Result<Option<Self>, String> {
        let points = values.numbers(prim, "points")?.unwrap_or_default();
        let points = vectors(&points);
        let counts = values
            .numbers(prim, "faceVertexCounts")?
            .unwrap_or_default();
        let corners = values
            .numbers(prim, "faceVertexIndices")?
            .unwrap_or_default();
        let corners: Option<Vec<usize>> = corners.into_iter().map(whole).collect();
        let corners = corners.filter(|corners| corners.iter().all(|own| *own < points.len()));
        let corners = corners.ok_or("a face names a point that is not there")?;
        let holes = values.numbers(prim, "holeIndices")?.unwrap_or_default();
        let holes: BTreeSet<usize> = holes.into_iter().filter_map(whole).collect();
        let mut faces = Vec::with_capacity(counts.len());
        let mut start = 0;
        for (face, count) in counts.into_iter().enumerate() {
            let count = whole(count).filter(|count| *count <= corners.len() - start);
            let count = count.ok_or("its faces have more corners than there are")?;
            if count > MAX_FACE_CORNERS {
                return Err(format!(
                    "a face has {count} corners, the limit is {MAX_FACE_CORNERS}"
                ));
            }
            let is_hole = holes.contains(&face);
            faces.push((start, if is_hole { 0 } else { count }));
            start += count;
        }
        if points.iter().flatten().any(|own| !own.is_finite()) {
            return Err("a point has a number that is none, or infinite".to_owned());
        }
        if faces.is_empty() {
            return Ok(None);
        }
        let normals = match Primvar::read(values, prim, "normals", 3)? {
            Some(own) => Some(own),
            None => Primvar::read_as(values, prim, "normals", 3, "vertex")?,
        };
        let mut own = Self {
            is_left_handed: values.text(prim, "orientation")?.as_deref() == Some("leftHanded"),
            normals: normals.map_or(Normals::Flat, Normals::Told),
            uv_sets: uv_sets(values, prim)?,
            color: Primvar::read(values, prim, "displayColor", 3)?,
            opacity: Primvar::read(values, prim, "displayOpacity", 1)?,
            is_double_sided: values.number(prim, "doubleSided")? == Some(1.0),
            points,
            corners,
            faces,
        };
        let scheme = values.text(prim, "subdivisionScheme")?;
        if matches!(own.normals, Normals::Flat) && scheme.as_deref() != Some("none") {
            own.normals = Normals::Round(own.round_normals());
        }
        Ok(Some(own))
    }

    pub(crate) fn face_count(&self) -> usize {
        self.faces.len()
    }

    /// Each point's normal: those of the faces around it together, by their areas.
    fn round_normals(&self) -> Vec<[f32; 3]> {
        let mut sums = vec![Vec3::ZERO; self.points.len()];
        for (start, count) in &self.faces {
            let own = &self.corners[*start..start + count];
            let point = |place: usize| Vec3::from_array(self.points[own[place % count]]);
            let parts = (1..count.saturating_sub(1))
                .map(|place| (point(place) - point(0)).cross(point(place + 1) - point(0)));
            let normal: Vec3 = parts.sum();
            let normal = if self.is_left_handed { -normal } else { normal };
            for point in own {
                sums[*point] += normal;
            }
        }
        sums.into_iter().map(|own| unit(own.to_array())).collect()
    }

    /// The corners of the triangles of some faces, with the mesh's own colours where they are seen.
    ///
    /// # Errors
    /// One line when there are too many.
    pub(crate) fn corners(
        &self,
        faces: &[usize],
        shows_colors: bool,
        skin: &Skin,
        work: &mut Work,
    ) -> Result<Corners, String> {
        let shows_colors = shows_colors && (self.color.is_some() || self.opacity.is_some());
        let of_skin = skin.numbers();
        let of_one = 6 + 2 * self.uv_sets.len() + if shows_colors { 4 } else { 0 } + of_skin;
        let counts = faces.iter().filter_map(|face| self.faces.get(*face));
        let count: usize = counts.map(|(_, count)| 3 * count.saturating_sub(2)).sum();
        work.take(count.saturating_mul(of_one))?;
        let order = self.triangles(faces, count, &mut work.looks);
        let mut corners = Corners {
            positions: order.iter().map(|own| self.points[own.point]).collect(),
            ..Corners::default()
        };
        match &self.normals {
            Normals::Told(own) => {
                let normal = |corner: &Corner| unit(three(own.at(*corner)));
                corners.normals = order.iter().map(normal).collect();
            }
            Normals::Round(own) => {
                corners.normals = order.iter().map(|corner| own[corner.point]).collect();
            }
            Normals::Flat => {}
        }
        for (_, set) in &self.uv_sets {
            let uv = |corner: &Corner| match set.at(*corner) {
                // Images begin at their upper edge in glTF.
                Some([u, v, ..]) => [finite(*u as f32), finite(1.0 - *v as f32)],
                _ => [0.0, 1.0],
            };
            corners.uv_sets.push(order.iter().map(uv).collect());
        }
        if shows_colors {
            let part = |own: f64| (own as f32).clamp(0.0, 1.0);
            let color = |corner: &Corner| {
                let color = self.color.as_ref().and_then(|own| own.at(*corner));
                let opacity = self.opacity.as_ref().and_then(|own| own.at(*corner));
                let [red, green, blue] =
                    color.map_or([1.0; 3], |own| [own[0], own[1], own[2]].map(part));
                [red, green, blue, opacity.map_or(1.0, |own| part(own[0]))].map(finite)
            };
            corners.colors = order.iter().map(color).collect();
        }
        skin.put(&order, &mut corners);
        Ok(corners)
    }

    fn triangles(&self, faces: &[usize], count: usize, looks: &mut usize) -> Vec<Corner> {
        let mut order = Vec::with_capacity(count);
        for face in faces {
            let Some((start, count)) = self.faces.get(*face).copied() else {
                continue;
            };
            if count < 3 {
                continue;
            }
            let points = &self.corners[start..start + count];
            let triangles = match count {
                3 => vec![[0, 1, 2]],
                _ => {
                    let corners: Vec<[f32; 3]> =
                        points.iter().map(|own| self.points[*own]).collect();
                    polygon::triangles(&corners, looks)
                }
            };
            for [one, two, three] in triangles {
                let turned = if self.is_left_handed {
                    [one, three, two]
                } else {
                    [one, two, three]
                };
                order.extend(turned.map(|place| Corner {
                    face: *face,
                    point: points[place],
                    place: start + place,
                }));
            }
        }
        order
    }
}

/// All texture coordinates, those of the usual name first.
fn uv_sets(values: &Values<'_>, prim: usize) -> Result<Vec<(String, Primvar)>, String> {
    let mut names = BTreeSet::new();
    for opinion in &values.stage.prims[prim].opinions {
        let spec = &values.stage.layers[opinion.layer].prims[opinion.spec];
        for (name, property) in &spec.properties {
            let is_pair = ["texCoord2", "float2", "double2", "half2"]
                .iter()
                .any(|kind| property.type_name.starts_with(kind));
            let name = name.strip_prefix("primvars:").filter(|_| is_pair);
            names.extend(name.map(|name| (name != "st", name)));
        }
    }
    let mut sets = Vec::new();
    for (_, name) in names.into_iter().take(MAX_UV_SETS) {
        if let Some(own) = Primvar::read(values, prim, name, 2)? {
            sets.push((name.to_owned(), own));
        }
    }
    Ok(sets)
}

pub(crate) fn vectors(values: &[f64]) -> Vec<[f32; 3]> {
    let (vectors, _) = values.as_chunks::<3>();
    vectors
        .iter()
        .map(|own| own.map(|part| part as f32))
        .collect()
}

fn three(own: Option<&[f64]>) -> [f32; 3] {
    own.and_then(|own| own.first_chunk::<3>())
        .map_or([0.0; 3], |own| own.map(|part| part as f32))
}

fn finite(own: f32) -> f32 {
    if own.is_finite() { own } else { 0.0 }
}

fn unit(own: [f32; 3]) -> [f32; 3] {
    let own = Vec3::from_array(own);
    own.try_normalize().unwrap_or(Vec3::Y).to_array()
}
