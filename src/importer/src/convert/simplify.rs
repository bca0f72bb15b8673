//! `--simplify`: triangles without which a mesh looks the same.

use meshopt::{SimplifyOptions, simplify_decoder};
use scene::writer::{Array, Draft};

/// Largest error in shares of the size of a mesh: about half a step of its rounded positions.
const LARGEST_ERROR: f32 = 1.0e-4;

/// Leaves out triangles that change the shape of their mesh by no more than rounding does. Borders stay as they are, so
/// that parts still meet; what morph targets move stays whole.
pub(super) fn simplify(draft: &mut Draft) {
    if !draft.may_replace_arrays() {
        return;
    }
    for own in draft.triangles() {
        let primitive = &draft.json["meshes"][own.mesh]["primitives"][own.primitive];
        if primitive.get("targets").is_some() {
            continue;
        }
        let array = |place: usize| draft.arrays.get(place)?.as_ref();
        let indices = array(own.indices).and_then(Array::to_indices);
        let positions = array(own.positions).map(Array::to_floats);
        let (Some(indices), Some(positions)) = (indices, positions) else {
            continue;
        };
        let (points, _) = positions.as_chunks::<3>();
        if indices.iter().any(|index| *index as usize >= points.len()) {
            continue;
        }
        let options = SimplifyOptions::LockBorder;
        let fewer = simplify_decoder(&indices, points, 0, LARGEST_ERROR, options, None);
        // An accessor cannot be empty.
        if !fewer.is_empty() && fewer.len() < indices.len() {
            let place = draft.add(Array::indices(&fewer));
            draft.json["meshes"][own.mesh]["primitives"][own.primitive]["indices"] = place.into();
        }
    }
}
