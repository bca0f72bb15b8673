//! `--simplify`: triangles without which a mesh looks the same.

use super::quantize::place;
use meshopt::{
    SimplifyOptions, simplify_decoder, simplify_with_attributes_and_locks_decoder as simplify_with,
};
use scene::writer::{Array, Draft};
use serde_json::Value;

/// Largest error in shares of the size of a mesh: about half a step of its rounded positions.
const LARGEST_ERROR: f32 = 1.0e-4;

/// What a change of a normal weighs: one by as much as its rounding, a 128th, counts as the largest error.
const NORMAL_WEIGHT: f32 = LARGEST_ERROR * 128.0;
/// The same of texture coordinates, which are rounded to a 4,096th.
const UV_WEIGHT: f32 = LARGEST_ERROR * 4_096.0;

/// Leaves out triangles that change the shape and the look of their mesh by no more than rounding does. Borders stay as they
/// are, so that parts still meet; what morph targets or joints move stays whole, and so does what is painted.
pub(super) fn simplify(draft: &mut Draft) {
    if !draft.may_replace_arrays() {
        return;
    }
    for own in draft.triangles() {
        let primitive = &draft.json["meshes"][own.mesh]["primitives"][own.primitive];
        let Some(look) = look(draft, primitive) else {
            continue;
        };
        let Some((indices, points)) = mesh(draft, own.indices, own.positions) else {
            continue;
        };
        let locks = vec![false; points.len()];
        let lanes = look.weights.len();
        if look.values.len() != points.len() * lanes {
            continue;
        }
        let stride = lanes * size_of::<f32>();
        let options = SimplifyOptions::LockBorder;
        let fewer = simplify_with(
            &indices,
            &points,
            &look.values,
            &look.weights,
            stride,
            &locks,
            0,
            LARGEST_ERROR,
            options,
            None,
        );
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
    let (indices, points) = mesh(draft, indices, positions)?;
    let options = SimplifyOptions::LockBorder;
    let fewer = simplify_decoder(
        &indices,
        &points,
        target(indices.len()),
        error,
        options,
        None,
    );
    Some((indices, fewer))
}

/// Indices and points; `None` where these form no mesh.
fn mesh(draft: &Draft, indices: usize, positions: usize) -> Option<(Vec<u32>, Vec<[f32; 3]>)> {
    let array = |place: usize| draft.arrays.get(place)?.as_ref();
    let indices = array(indices)?.to_indices()?;
    let positions = array(positions)?.to_floats();
    let (points, _) = positions.as_chunks::<3>();
    let is_whole = indices.iter().all(|index| (*index as usize) < points.len());
    is_whole.then(|| (indices, points.to_vec()))
}

/// Most numbers of a vertex that meshopt weighs; more would be written beyond its memory.
const MAX_WEIGHED: usize = 32;

/// What vertices look like beside where they are, vertex by vertex.
struct Look {
    values: Vec<f32>,
    weights: Vec<f32>,
}

/// The normals and texture coordinates of a primitive; `None` where more depends on its vertices.
fn look(draft: &Draft, primitive: &Value) -> Option<Look> {
    let attributes = primitive["attributes"].as_object()?;
    let is_more = |name: &String| name.starts_with("JOINTS_") || name.starts_with("COLOR_");
    if primitive.get("targets").is_some() || attributes.keys().any(is_more) {
        return None;
    }
    let mut columns = Vec::new();
    let mut weights = Vec::new();
    for (name, value) in attributes {
        let weight = match name.as_str() {
            "NORMAL" => NORMAL_WEIGHT,
            name if name.starts_with("TEXCOORD_") => UV_WEIGHT,
            _ => continue,
        };
        let array = draft.arrays.get(place(value)?)?.as_ref()?;
        let lanes = array.shape.lanes();
        weights.extend(std::iter::repeat_n(weight, lanes));
        columns.push((lanes, array.to_floats()));
    }
    if weights.len() > MAX_WEIGHED {
        return None;
    }
    let count = columns.iter().map(|(lanes, values)| values.len() / lanes);
    let mut values = Vec::new();
    for vertex in 0..count.min().unwrap_or(0) {
        for (lanes, own) in &columns {
            values.extend(&own[vertex * lanes..(vertex + 1) * lanes]);
        }
    }
    Some(Look { values, weights })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::writer::{ArrayShape, Component};
    use serde_json::json;

    /// Squares on a side of the plane.
    const SIDE: u32 = 8;

    /// A flat plane with texture coordinates that `bend` moves; triangles left of it.
    fn left(bend: fn(f32) -> f32, more: impl IntoIterator<Item = (String, Array)>) -> usize {
        let corner = |number: u32| {
            let (x, y) = (number % (SIDE + 1), number / (SIDE + 1));
            [x, y].map(|part| part as f32 / SIDE as f32)
        };
        let corners: Vec<[f32; 2]> = (0..(SIDE + 1).pow(2)).map(corner).collect();
        let positions: Vec<f32> = corners.iter().flat_map(|[x, y]| [*x, *y, 0.0]).collect();
        let normals = [0.0, 0.0, 1.0].repeat(corners.len());
        let uvs: Vec<f32> = corners.iter().flat_map(|[x, y]| [bend(*x), *y]).collect();
        let squares = (0..SIDE * SIDE).map(|square| square / SIDE * (SIDE + 1) + square % SIDE);
        let below = SIDE + 1;
        let indices: Vec<u32> = squares
            .flat_map(|at| [at, at + 1, at + below, at + 1, at + below + 1, at + below])
            .collect();
        let mut draft = Draft::new(json!({}));
        let mut attributes = json!({
            "POSITION": draft.add(Array::floats(ArrayShape::Vec3, &positions)),
            "NORMAL": draft.add(Array::floats(ArrayShape::Vec3, &normals)),
            "TEXCOORD_0": draft.add(Array::floats(ArrayShape::Vec2, &uvs)),
        });
        for (name, array) in more {
            attributes[name] = draft.add(array).into();
        }
        let indices = draft.add(Array::indices(&indices));
        draft.json["meshes"] =
            json!([{ "primitives": [{ "attributes": attributes, "indices": indices }] }]);
        simplify(&mut draft);
        let kept = place(&draft.json["meshes"][0]["primitives"][0]["indices"]).unwrap();
        draft.arrays[kept].as_ref().unwrap().count() / 3
    }

    #[test]
    fn what_one_would_see_stays() {
        let all = (SIDE * SIDE * 2) as usize;
        let vertices = (SIDE + 1).pow(2) as usize;
        let straight = left(|x| x, None);
        assert!(straight <= all / 2, "{straight}");
        // A texture that is bent over a flat plane.
        let bent = left(|x| x * x, None);
        assert!(bent > straight, "{bent} {straight}");
        let bytes = || vec![1; vertices * 4];
        let joints = Array::new(ArrayShape::Vec4, Component::U8, false, bytes());
        assert_eq!(left(|x| x, [("JOINTS_0".to_owned(), joints)]), all);
        let colors = Array::new(ArrayShape::Vec4, Component::U8, true, bytes());
        assert_eq!(left(|x| x, [("COLOR_0".to_owned(), colors)]), all);
        // One number more than can be weighed: three of the normal, two of each set.
        let sets = |count: usize| {
            let flat = vec![0.0; vertices * 2];
            (1..count).map(move |set| {
                let array = Array::floats(ArrayShape::Vec2, &flat);
                (format!("TEXCOORD_{set}"), array)
            })
        };
        assert!(left(|x| x, sets(14)) <= all / 2);
        assert_eq!(left(|x| x, sets(15)), all);
    }
}
