//! Skins and shapes of FBX meshes.

use super::{fbx::finite, model::Model};
use scene::{
    limits::{MAX_JOINTS, MAX_MORPH_TARGETS},
    writer::{Array, ArrayShape},
};
use serde_json::json;
use std::collections::BTreeMap;
use ufbx::{BlendChannel, Matrix, Mesh, SkinDeformer};

/// Four joints of a vertex, and their weights.
pub(super) type Influences = ([u16; 4], [f32; 4]);

/// A morph target.
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) weight: f32,
    pub(super) offsets: BTreeMap<usize, [f32; 3]>,
}

fn deformer(mesh: &Mesh) -> Option<&SkinDeformer> {
    let skin = mesh.skin_deformers.iter().next()?;
    let is_whole = skin
        .clusters
        .iter()
        .all(|cluster| cluster.bone_node.is_some());
    let is_fitting = !skin.clusters.is_empty() && skin.clusters.len() <= MAX_JOINTS;
    (is_whole && is_fitting).then_some(skin)
}

/// The four strongest joints of every vertex and their weights, which sum to one; nothing without a skin.
pub(super) fn influences(mesh: &Mesh, model: &mut Model<'_>) -> Vec<Influences> {
    let Some(skin) = deformer(mesh) else {
        if mesh.skin_deformers.iter().next().is_some() {
            model.note(format!(
                "a skin without bones, or with more than {MAX_JOINTS}, is left out"
            ));
        }
        return Vec::new();
    };
    if skin.max_weights_per_vertex > 4 {
        model.note("of more than four bones a vertex the strongest are kept");
    }
    let loose = skin
        .vertices
        .iter()
        .filter(|own| own.num_weights == 0)
        .count();
    if loose > 0 {
        model.note(format!(
            "vertices that follow no bone follow the first one: {loose}"
        ));
    }
    let vertices = skin.vertices.iter();
    vertices
        .map(|vertex| {
            let start = vertex.weight_begin as usize;
            let own = skin.weights.get(start..start + vertex.num_weights as usize);
            let own = own.unwrap_or_default().iter();
            strongest(own.map(|weight| (weight.cluster_index as u16, weight.weight)))
        })
        .collect()
}

/// The four strongest joints of a vertex and their weights, which sum to one; the first joint alone where none has a weight.
pub(super) fn strongest(all: impl Iterator<Item = (u16, f64)>) -> Influences {
    let narrow = all.map(|(joint, weight)| (joint, weight as f32));
    let mut own: Vec<(u16, f32)> = narrow
        .filter(|(_, weight)| *weight > 0.0 && weight.is_finite())
        .collect();
    own.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    own.truncate(4);
    let largest = own.first().map_or(1.0, |(_, weight)| *weight);
    // As shares of the largest their sum is a number, however large or small they are.
    let shares: Vec<f32> = own.iter().map(|(_, weight)| weight / largest).collect();
    let sum: f32 = shares.iter().sum();
    let (mut joints, mut weights) = ([0; 4], [0.0; 4]);
    for (place, ((joint, _), share)) in own.iter().zip(shares).enumerate() {
        joints[place] = *joint;
        weights[place] = share / sum;
    }
    if own.is_empty() {
        weights[0] = 1.0;
    }
    (joints, weights)
}

/// The skin of a mesh; nothing when it has none, or its bones are not among the nodes.
pub(super) fn write(
    mesh: &Mesh,
    places: &BTreeMap<u32, usize>,
    model: &mut Model<'_>,
) -> Option<usize> {
    let skin = deformer(mesh)?;
    let mut joints = Vec::new();
    let mut matrices = Vec::new();
    for cluster in &skin.clusters {
        let bone = cluster.bone_node.as_ref()?;
        joints.push(*places.get(&bone.element.element_id)?);
        matrices.extend(columns(&cluster.geometry_to_bone));
    }
    let matrices = model.add(Array::floats(ArrayShape::Mat4, &matrices));
    Some(model.push(
        "skins",
        json!({ "joints": joints, "inverseBindMatrices": matrices }),
    ))
}

fn columns(own: &Matrix) -> [f32; 16] {
    [
        own.m00, own.m10, own.m20, 0.0, own.m01, own.m11, own.m21, 0.0, own.m02, own.m12, own.m22,
        0.0, own.m03, own.m13, own.m23, 1.0,
    ]
    .map(|value| value as f32)
}

/// What each morph target of a mesh comes from.
pub(super) fn channels(mesh: &Mesh) -> impl Iterator<Item = &BlendChannel> {
    all_channels(mesh).take(MAX_MORPH_TARGETS)
}

fn all_channels(mesh: &Mesh) -> impl Iterator<Item = &BlendChannel> {
    let deformers = mesh.blend_deformers.iter();
    let channels = deformers.flat_map(|deformer| deformer.channels.iter());
    let channels = channels.map(|channel| &**channel);
    channels.filter(|channel| channel.target_shape.is_some())
}

/// The weight of a morph target at rest.
pub(super) fn weight(channel: &BlendChannel) -> f32 {
    (channel.weight as f32).clamp(0.0, 1.0)
}

/// Morph targets: the last shape of every channel.
pub(super) fn shapes(mesh: &Mesh, model: &mut Model<'_>) -> Vec<Shape> {
    let count = all_channels(mesh).count();
    if count > MAX_MORPH_TARGETS {
        model.note(format!(
            "of {count} morph targets of a mesh only the first {MAX_MORPH_TARGETS} are kept"
        ));
    }
    channels(mesh)
        .filter_map(|channel| {
            let shape = channel.target_shape.as_ref()?;
            let offsets = shape
                .offset_vertices
                .iter()
                .zip(shape.position_offsets.iter());
            let offsets =
                offsets.map(|(vertex, own)| (*vertex as usize, [own.x, own.y, own.z].map(finite)));
            Some(Shape {
                name: channel.element.name.to_string(),
                weight: weight(channel),
                offsets: offsets.collect(),
            })
        })
        .collect()
}
