//! Levels of detail (MSFT_lod): each with about half of the triangles of the one before, over the same vertices.

use super::{quantize::place, simplify::reduce};
use scene::writer::{Array, Draft};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Meshes with fewer triangles are drawn as they are at any distance.
const LEAST_TRIANGLES: usize = 256;
/// A level that keeps more than this share of the one before is not worth its bytes.
const MOST_KEPT: f64 = 0.8;
/// Largest error of the first level, in shares of the size of the mesh; each further one may double it.
const FIRST_ERROR: f32 = 0.01;
/// Share of the picture's height below which the first level may be shown; each further one at half of that.
const FIRST_COVERAGE: f64 = 0.5;

/// Extensions of a node that neither move it nor change what is drawn of it. Its levels go without them.
const BESIDE: [&str; 9] = [
    "KHR_audio_emitter",
    "KHR_node_hoverability",
    "KHR_node_selectability",
    "KHR_physics_rigid_bodies",
    "KHR_xmp_json_ld",
    "OMI_physics_body",
    "OMI_seat",
    "OMI_spawn_point",
    "STOA_portal",
];

/// True for a node that is drawn as its mesh is, where the file has it: no force moves it, and no extension changes it.
fn is_plain(node: &Value) -> bool {
    let extensions = node.get("extensions").and_then(Value::as_object);
    let mut extensions = extensions.into_iter().flatten();
    extensions.all(|(name, own)| BESIDE.contains(&name.as_str()) && own.get("motion").is_none())
}

/// Adds levels to every node with a large mesh that no animation moves.
pub(super) fn add(draft: &mut Draft, levels: usize) {
    if !draft.may_replace_arrays() {
        return;
    }
    let meshes: Vec<Value> = draft.list("meshes").to_vec();
    let mut coarser: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, mesh) in meshes.iter().enumerate() {
        let mut last = mesh.clone();
        for level in 0..levels {
            let Some(next) = simplified(draft, &last, FIRST_ERROR * (1 << level) as f32) else {
                break;
            };
            let Some(Value::Array(all)) = draft.json.get_mut("meshes") else {
                return;
            };
            coarser.entry(number).or_default().push(all.len());
            all.push(next.clone());
            last = next;
        }
    }
    let moved = moved_nodes(draft);
    let count = draft.list("nodes").len();
    let mut added = Vec::new();
    for (number, node) in draft.list_mut("nodes").enumerate() {
        let meshes = place(&node["mesh"]).and_then(|mesh| coarser.get(&mesh));
        let is_still = is_plain(node) && !moved.contains(&number);
        let Some(meshes) = meshes.filter(|_| is_still) else {
            continue;
        };
        let first = count + added.len();
        for mesh in meshes {
            let mut level = node.clone();
            if let Some(level) = level.as_object_mut() {
                level.shift_remove("children");
                level.shift_remove("extras");
                level.shift_remove("extensions");
                level.insert("mesh".to_owned(), (*mesh).into());
            }
            added.push(level);
        }
        let ids: Vec<usize> = (first..first + meshes.len()).collect();
        let mut coverage: Vec<f64> = (0..meshes.len())
            .map(|level| FIRST_COVERAGE / f64::from(1 << level))
            .collect();
        // Below the last number nothing would be shown.
        coverage.push(0.0);
        node["extensions"]["MSFT_lod"] = json!({ "ids": ids });
        if let Some(node) = node.as_object_mut() {
            let extras = node.entry("extras").or_insert_with(|| json!({}));
            if extras.is_object() {
                extras["MSFT_screencoverage"] = coverage.into();
            }
        }
    }
    if let Some(Value::Array(nodes)) = draft.json.get_mut("nodes") {
        nodes.extend(added);
    }
}

fn moved_nodes(draft: &Draft) -> BTreeSet<usize> {
    let animations = draft.list("animations").iter();
    let channels = animations.flat_map(|own| own["channels"].as_array().into_iter().flatten());
    channels
        .filter_map(|channel| place(&channel["target"]["node"]))
        .collect()
}

/// The mesh with about half of its triangles; nothing when it is small, or looks too different.
fn simplified(draft: &mut Draft, mesh: &Value, error: f32) -> Option<Value> {
    let mut coarse = mesh.clone();
    let (mut before, mut after) = (0, 0);
    for primitive in coarse["primitives"].as_array_mut()? {
        if primitive.get("mode").is_some_and(|mode| mode != 4) {
            return None;
        }
        let (indices, positions) = (
            place(&primitive["indices"])?,
            place(&primitive["attributes"]["POSITION"])?,
        );
        // Half of the triangles.
        let target = |count: usize| count / 6 * 3;
        let (indices, fewer) = reduce(draft, indices, positions, target, error)?;
        before += indices.len();
        after += fewer.len();
        // An accessor cannot be empty.
        let kept = if fewer.is_empty() { &indices } else { &fewer };
        primitive["indices"] = draft.add(Array::indices(kept)).into();
    }
    let is_worth_it = before >= LEAST_TRIANGLES * 3 && after as f64 <= before as f64 * MOST_KEPT;
    is_worth_it.then_some(coarse)
}
