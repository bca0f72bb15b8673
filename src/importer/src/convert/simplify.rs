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
        let Some((indices, fewer)) =
            reduce(draft, own.indices, own.positions, |_| 0, LARGEST_ERROR)
        else {
            continue;
        };
        // An accessor cannot be empty.
        if !fewer.is_empty() && fewer.len() < indices.len() {
            let place = draft.add(Array::indices(&fewer));
            draft.json["meshes"][own.mesh]["primitives"][own.primitive]["indices"] = place.into();
        }
    }
}

/// The indices of a primitive, and fewer that draw nearly the same: `target` says how many of so many are enough, `error`
/// is the largest in shares of the size. The places are those of arrays; `None` where these form no mesh.
pub(super) fn reduce(
    draft: &Draft,
    indices: usize,
    positions: usize,
    target: impl Fn(usize) -> usize,
    error: f32,
) -> Option<(Vec<u32>, Vec<u32>)> {
    let array = |place: usize| draft.arrays.get(place)?.as_ref();
    let indices = array(indices)?.to_indices()?;
    let positions = array(positions)?.to_floats();
    let (points, _) = positions.as_chunks::<3>();
    if indices.iter().any(|index| *index as usize >= points.len()) {
        return None;
    }
    let options = SimplifyOptions::LockBorder;
    let fewer = simplify_decoder(
        &indices,
        points,
        target(indices.len()),
        error,
        options,
        None,
    );
    Some((indices, fewer))
}
