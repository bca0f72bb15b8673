//! Skeletons, the meshes that they bend, and shapes that meshes take (OpenUSD, "UsdSkel").

use super::{
    mesh::vectors,
    primvar::{Corner, whole},
    transform::{self, matrix},
    writer::Writer,
};
use crate::formats::{
    model::{Corners, shown},
    skin::strongest,
    usd::stage::values::Values,
};
use glam::DMat4;
use scene::{
    limits::{MAX_JOINTS, MAX_MORPH_TARGETS},
    writer::{Array, ArrayShape},
};
use serde_json::json;
use std::collections::BTreeMap;

/// Most numbers of influences that belong to one point.
const MAX_INFLUENCES: usize = 64;

/// A skeleton whose joints are nodes.
pub(crate) struct Skeleton {
    /// Their paths among themselves.
    pub(crate) joints: Vec<String>,
    /// Their nodes.
    pub(crate) nodes: Vec<usize>,
    /// Where they were when meshes were bound to them.
    binds: Vec<DMat4>,
}

impl Skeleton {
    /// Writes the joints of a skeleton, and returns those nodes that lie directly below its own.
    ///
    /// # Errors
    /// One line when a layer is damaged there, or there are too many nodes.
    pub(crate) fn write(
        writer: &mut Writer<'_, '_>,
        prim: usize,
        room: &mut usize,
    ) -> Result<(Self, Vec<usize>), String> {
        let joints = writer.values.texts(prim, "joints")?;
        *room = room
            .checked_sub(joints.len())
            .ok_or("its skeletons have too many joints")?;
        let binds = matrices(writer.values, prim, "bindTransforms", joints.len())?;
        let rests = matrices(writer.values, prim, "restTransforms", joints.len())?;
        let places: BTreeMap<&str, usize> = joints
            .iter()
            .enumerate()
            .map(|(place, joint)| (joint.as_str(), place))
            .collect();
        // The nearest above a joint that is a joint; itself is none, and what names it twice is no circle.
        let above: Vec<Option<usize>> = joints
            .iter()
            .map(|joint| {
                let mut path = joint.as_str();
                std::iter::from_fn(|| {
                    path = path.rsplit_once('/')?.0;
                    Some(places.get(path).copied())
                })
                .flatten()
                .next()
            })
            .collect();
        let mut nodes = Vec::new();
        for (place, joint) in joints.iter().enumerate() {
            let local = match (&rests, &binds) {
                (Some(rests), _) => rests[place],
                (None, Some(binds)) => match above[place] {
                    Some(above) => inverse(&binds[above]) * binds[place],
                    None => binds[place],
                },
                (None, None) => DMat4::IDENTITY,
            };
            let name = joint.rsplit('/').next().unwrap_or_default();
            let mut node = json!({ "name": name });
            transform::put(&mut node, &transform::parts(&local));
            nodes.push(writer.model.push("nodes", node));
        }
        let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut roots = Vec::new();
        for (place, above) in above.iter().enumerate() {
            match above {
                Some(above) => children
                    .entry(nodes[*above])
                    .or_default()
                    .push(nodes[place]),
                None => roots.push(nodes[place]),
            }
        }
        for (node, children) in children {
            writer.model.node(node)["children"] = children.into();
        }
        let own = Self {
            binds: binds.unwrap_or_else(|| vec![DMat4::IDENTITY; joints.len()]),
            joints,
            nodes,
        };
        Ok((own, roots))
    }

    /// The node of a joint.
    pub(crate) fn node(&self, joint: &str) -> Option<usize> {
        let place = self.joints.iter().position(|own| own == joint)?;
        self.nodes.get(place).copied()
    }
}

fn matrices(
    values: &Values<'_>,
    prim: usize,
    name: &str,
    count: usize,
) -> Result<Option<Vec<DMat4>>, String> {
    let own = values.numbers(prim, name)?.unwrap_or_default();
    let (rows, _) = own.as_chunks::<16>();
    Ok((rows.len() >= count).then(|| rows.iter().take(count).map(matrix).collect()))
}

fn inverse(own: &DMat4) -> DMat4 {
    match own.determinant().abs() > 0.0 {
        true => own.inverse(),
        false => DMat4::IDENTITY,
    }
}

/// How a mesh is bent, by its points.
pub(crate) struct Skin {
    joints: Vec<[u16; 4]>,
    weights: Vec<[f32; 4]>,
    /// All points have what the first has.
    is_rigid: bool,
    pub(crate) shapes: Vec<Shape>,
}

/// A shape that a mesh can take.
pub(crate) struct Shape {
    pub(crate) name: String,
    /// What it adds to points.
    offsets: BTreeMap<usize, [f32; 3]>,
}

impl Skin {
    /// Reads what bends a mesh, and writes the skin for it; nothing when nothing does.
    ///
    /// # Errors
    /// One line when a layer is damaged there.
    pub(crate) fn read(
        writer: &mut Writer<'_, '_>,
        mesh: usize,
        skeleton: Option<&Skeleton>,
    ) -> Result<(Self, Option<usize>), String> {
        let mut own = Self {
            joints: Vec::new(),
            weights: Vec::new(),
            is_rigid: false,
            shapes: shapes(writer, mesh)?,
        };
        let place = match skeleton {
            Some(skeleton) => own.bind(writer, mesh, skeleton)?,
            None => None,
        };
        Ok((own, place))
    }

    fn bind(
        &mut self,
        writer: &mut Writer<'_, '_>,
        mesh: usize,
        skeleton: &Skeleton,
    ) -> Result<Option<usize>, String> {
        const INDICES: &str = "primvars:skel:jointIndices";
        let values = writer.values;
        let indices = values.numbers(mesh, INDICES)?.unwrap_or_default();
        let weights = values
            .numbers(mesh, "primvars:skel:jointWeights")?
            .unwrap_or_default();
        if indices.is_empty() || indices.len() != weights.len() {
            return Ok(None);
        }
        let names = values.texts(mesh, "skel:joints")?;
        let joints: Vec<usize> = match names.is_empty() {
            true => (0..skeleton.joints.len()).collect(),
            false => {
                let place = |name: &String| skeleton.joints.iter().position(|own| own == name);
                names
                    .iter()
                    .take(MAX_JOINTS + 1)
                    .map(|name| place(name).unwrap_or(0))
                    .collect()
            }
        };
        if joints.is_empty() || joints.len() > MAX_JOINTS || skeleton.joints.is_empty() {
            writer.model.note(format!(
                "a skin without joints, or with more than {MAX_JOINTS}, is left out"
            ));
            return Ok(None);
        }
        let size = values.element_size(mesh, INDICES).min(MAX_INFLUENCES);
        self.is_rigid = values.interpolation(mesh, INDICES) == Some("constant");
        let is_known = |(joint, weight): (f64, f64)| {
            let joint = whole(joint).filter(|joint| *joint < joints.len())?;
            Some((joint as u16, weight))
        };
        let pairs = indices.chunks(size).zip(weights.chunks(size));
        for (indices, weights) in pairs {
            let pairs = indices.iter().copied().zip(weights.iter().copied());
            let own = strongest(pairs.filter_map(is_known));
            self.joints.push(own.0);
            self.weights.push(own.1);
        }
        if size > 4 {
            writer
                .model
                .note("of more than four joints a point the strongest are kept");
        }
        let geometry = values.numbers(mesh, "primvars:skel:geomBindTransform")?;
        let geometry = geometry.and_then(|own| own.first_chunk().map(matrix));
        let geometry = geometry.unwrap_or(DMat4::IDENTITY);
        let inverses: Vec<f32> = joints
            .iter()
            .flat_map(|joint| {
                (inverse(&skeleton.binds[*joint]) * geometry)
                    .as_mat4()
                    .to_cols_array()
            })
            .collect();
        if inverses.iter().any(|own| !own.is_finite()) {
            return Err("a skeleton has a number that is none, or infinite".to_owned());
        }
        let inverses = writer.model.add(Array::floats(ArrayShape::Mat4, &inverses));
        let nodes: Vec<usize> = joints.iter().map(|joint| skeleton.nodes[*joint]).collect();
        let skin = json!({ "joints": nodes, "inverseBindMatrices": inverses });
        Ok(Some(writer.model.push("skins", skin)))
    }

    /// How many numbers a corner has of it.
    pub(crate) fn numbers(&self) -> usize {
        self.shapes.len() * 3 + if self.joints.is_empty() { 0 } else { 6 }
    }

    pub(crate) fn put(&self, order: &[Corner], corners: &mut Corners) {
        let place = |corner: &Corner| if self.is_rigid { 0 } else { corner.point };
        if !self.joints.is_empty() {
            // Every point needs one.
            let own = |corner: &Corner| {
                let joints = self.joints.get(place(corner)).copied().unwrap_or_default();
                let weights = self.weights.get(place(corner)).copied();
                (joints, weights.unwrap_or([1.0, 0.0, 0.0, 0.0]))
            };
            (corners.joints, corners.weights) = order.iter().map(own).unzip();
        }
        for shape in &self.shapes {
            let offset = |corner: &Corner| {
                shape
                    .offsets
                    .get(&corner.point)
                    .copied()
                    .unwrap_or_default()
            };
            corners.targets.push(order.iter().map(offset).collect());
        }
    }
}

fn shapes(writer: &mut Writer<'_, '_>, mesh: usize) -> Result<Vec<Shape>, String> {
    let values = writer.values;
    let names = values.texts(mesh, "skel:blendShapes")?;
    let targets = values.targets(mesh, "skel:blendShapeTargets");
    if names.len() > MAX_MORPH_TARGETS {
        let name = shown(&values.stage.prims[mesh].name);
        writer.model.note(format!(
            "of the shapes of `{name}` the first {MAX_MORPH_TARGETS} are kept"
        ));
    }
    let mut shapes = Vec::new();
    for (name, target) in names.into_iter().zip(targets).take(MAX_MORPH_TARGETS) {
        let Some(prim) = values.stage.find(&target) else {
            continue;
        };
        let offsets = vectors(&values.numbers(prim, "offsets")?.unwrap_or_default());
        let offsets =
            offsets
                .into_iter()
                .map(|own| match own.iter().all(|part| part.is_finite()) {
                    true => own,
                    false => [0.0; 3],
                });
        let points = values.numbers(prim, "pointIndices")?;
        let offsets = match points {
            Some(points) => points
                .into_iter()
                .zip(offsets)
                .filter_map(|(point, own)| Some((whole(point)?, own)))
                .collect(),
            None => offsets.enumerate().collect(),
        };
        shapes.push(Shape { name, offsets });
    }
    Ok(shapes)
}
