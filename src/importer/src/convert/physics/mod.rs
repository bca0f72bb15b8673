//! Colliders on request: one for each node with a mesh, or a compound of several, in the dialect of OMI.

mod parts;

use super::quantize::place;
use clap::ValueEnum;
use parts::{Hull, Surface};
use scene::{
    limits::MAX_NODES,
    threads,
    writer::{Array, ArrayShape, Draft},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// Most triangles of all meshes together of which convex parts are made.
const MAX_PART_TRIANGLES: usize = 300_000;
/// Longest time for the convex parts of all meshes; the mesh that is at work then is still finished.
const MAX_PART_TIME: Duration = Duration::from_secs(30);

/// What is solid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Physics {
    /// The box around each mesh.
    Box,
    /// The convex hull of each mesh.
    Hull,
    /// Several convex hulls of each mesh, between which its hollows stay open.
    Parts,
    /// Every triangle.
    Trimesh,
}

/// Extensions of a file that says itself what is solid.
const OWN: [&str; 2] = ["OMI_physics_body", "KHR_physics_rigid_bodies"];

/// Gives every node with a mesh a collider, with so many threads. Returns what is worth telling.
///
/// # Errors
/// One line when convex parts would take too long, or there would be too many.
pub(super) fn add(
    draft: &mut Draft,
    physics: Physics,
    threads: usize,
) -> Result<Option<String>, String> {
    if OWN.iter().any(|name| draft.uses_extension(name)) {
        let told = "it has physics of its own, which stays: no colliders are added";
        return Ok(Some(told.to_owned()));
    }
    let boxes: Vec<Option<Box3>> = draft
        .list("meshes")
        .iter()
        .map(|mesh| bounds(draft, mesh))
        .collect();
    let mut shapes = Vec::new();
    let parts = match physics {
        Physics::Parts => write_parts(draft, threads, &mut shapes)?,
        _ => BTreeMap::new(),
    };
    let mut added = Vec::new();
    let count = draft.list("nodes").len();
    let mut has_flat = false;
    for node in draft.list_mut("nodes") {
        if count + added.len() > MAX_NODES {
            return Err(format!(
                "with its colliders it has more than {MAX_NODES} nodes: choose `--physics hull` or `trimesh`"
            ));
        }
        let mesh = solid_mesh(node);
        let bounds = mesh.and_then(|mesh| *boxes.get(mesh)?);
        let (Some(mesh), Some((low, high))) = (mesh, bounds) else {
            continue;
        };
        let mut add_child = |node: &mut Value, child: Value| {
            push_child(node, count + added.len());
            added.push(child);
        };
        let own = parts.get(&mesh).map(Vec::as_slice);
        match (physics, own) {
            (Physics::Parts, Some([shape])) => extensions(node)[BODY] = collider(*shape),
            (Physics::Parts, Some(all)) => {
                for shape in all {
                    add_child(node, json!({ "extensions": { BODY: collider(*shape) } }));
                }
            }
            (Physics::Box, _) => {
                let size: Vec<f32> = (0..3)
                    .map(|axis| (high[axis] - low[axis]).max(THINNEST))
                    .collect();
                // A shape lies around its node: that of a box is in the middle of the mesh.
                let center: Vec<f32> = (0..3).map(|axis| (high[axis] + low[axis]) / 2.0).collect();
                let body = json!({ BODY: collider(shapes.len()) });
                shapes.push(json!({ "type": "box", "box": { "size": size } }));
                add_child(node, json!({ "translation": center, "extensions": body }));
            }
            (Physics::Hull, _) => {
                extensions(node)[BODY] = collider(shapes.len());
                shapes.push(convex(mesh));
            }
            (Physics::Trimesh | Physics::Parts, _) => {
                has_flat |= physics == Physics::Parts;
                extensions(node)[BODY] = collider(shapes.len());
                shapes.push(json!({ "type": "trimesh", "trimesh": { "mesh": mesh } }));
            }
        }
    }
    if shapes.is_empty() {
        return Ok(Some("no node has a mesh that could be solid".to_owned()));
    }
    if let Some(Value::Array(nodes)) = draft.json.get_mut("nodes") {
        nodes.extend(added);
    }
    extensions(&mut draft.json)["OMI_physics_shape"] = json!({ "shapes": shapes });
    let told =
        "what is flat, or cannot be taken apart, has no convex parts and is solid as it is drawn";
    Ok(has_flat.then(|| told.to_owned()))
}

/// Extension of nodes that are solid.
const BODY: &str = "OMI_physics_body";

fn collider(shape: usize) -> Value {
    json!({ "collider": { "shape": shape } })
}

fn convex(mesh: usize) -> Value {
    json!({ "type": "convex", "convex": { "mesh": mesh } })
}

/// The mesh of a node that gets a collider: joints would move away from under one.
fn solid_mesh(node: &Value) -> Option<usize> {
    place(&node["mesh"]).filter(|_| node.get("skin").is_none())
}

/// Writes the convex parts of all meshes that get colliders, as meshes that nothing draws; their shapes by mesh. Those that
/// have none are not among them.
fn write_parts(
    draft: &mut Draft,
    threads: usize,
    shapes: &mut Vec<Value>,
) -> Result<BTreeMap<usize, Vec<usize>>, String> {
    let nodes = draft.list("nodes").iter();
    let meshes: BTreeSet<usize> = nodes.filter_map(solid_mesh).collect();
    let surfaces: Vec<(usize, Surface)> = meshes
        .into_iter()
        .filter_map(|mesh| Some((mesh, surface(draft, draft.list("meshes").get(mesh)?))))
        .collect();
    let triangles: usize = surfaces.iter().map(|(_, own)| own.triangles.len()).sum();
    if triangles > MAX_PART_TRIANGLES {
        return Err(format!(
            "it has {triangles} triangles, and convex parts are made of at most {MAX_PART_TRIANGLES}: choose `--physics hull` or `trimesh`"
        ));
    }
    let started = Instant::now();
    let make = |(_, surface): &(usize, Surface)| match started.elapsed() > MAX_PART_TIME {
        true => Err(()),
        false => Ok(parts::of(surface)),
    };
    let made = threads::in_order(&surfaces, threads, make, |_| Ok(None));
    let mut places = BTreeMap::new();
    for ((mesh, _), parts) in surfaces.iter().zip(made) {
        let parts = parts.map_err(|()| {
            let secs = MAX_PART_TIME.as_secs();
            format!("its convex parts take more than {secs} seconds: choose `--physics hull` or `trimesh`")
        })?;
        let own = parts.into_iter().flatten().filter_map(|hull| {
            let hull = write_hull(draft, &hull)?;
            shapes.push(convex(hull));
            Some(shapes.len() - 1)
        });
        let own: Vec<usize> = own.collect();
        if !own.is_empty() {
            places.insert(*mesh, own);
        }
    }
    Ok(places)
}

/// A hull as a mesh; its place.
fn write_hull(draft: &mut Draft, hull: &Hull) -> Option<usize> {
    let mut vectors =
        |own: &[[f32; 3]]| draft.add(Array::floats(ArrayShape::Vec3, own.as_flattened()));
    let attributes = json!({ "POSITION": vectors(&hull.points), "NORMAL": vectors(&hull.normals) });
    let indices = draft.add(Array::indices(hull.triangles.as_flattened()));
    let primitive = json!({ "attributes": attributes, "indices": indices });
    let meshes = draft.json.get_mut("meshes")?.as_array_mut()?;
    meshes.push(json!({ "primitives": [primitive] }));
    Some(meshes.len() - 1)
}

/// The triangles of a mesh.
fn surface(draft: &Draft, mesh: &Value) -> Surface {
    let mut surface = Surface::default();
    for primitive in triangle_lists(mesh) {
        let array = |value: &Value| draft.arrays.get(place(value)?)?.as_ref();
        let Some(positions) = array(&primitive["attributes"]["POSITION"]) else {
            continue;
        };
        let start = surface.points.len() as u32;
        let positions = positions.to_floats();
        let (points, _) = positions.as_chunks::<3>();
        let count = points.len() as u32;
        surface.points.extend_from_slice(points);
        let indices = array(&primitive["indices"]).and_then(Array::to_indices);
        let indices = indices.unwrap_or_else(|| (0..count).collect());
        let (triangles, _) = indices.as_chunks::<3>();
        let whole = triangles
            .iter()
            .filter(|own| own.iter().all(|corner| *corner < count));
        surface
            .triangles
            .extend(whole.map(|own| own.map(|corner| start + corner)));
    }
    surface
}

fn triangle_lists(mesh: &Value) -> impl Iterator<Item = &Value> {
    let primitives = mesh["primitives"].as_array().into_iter().flatten();
    primitives.filter(|own| own.get("mode").is_none_or(|mode| mode == 4))
}

/// Thinnest box in metres: none is flat.
const THINNEST: f32 = 0.001;

type Box3 = ([f32; 3], [f32; 3]);

fn push_child(node: &mut Value, child: usize) {
    match node.get_mut("children") {
        Some(Value::Array(children)) => children.push(child.into()),
        _ => node["children"] = json!([child]),
    }
}

fn extensions(object: &mut Value) -> &mut Value {
    if object.get("extensions").is_none() {
        object["extensions"] = json!({});
    }
    &mut object["extensions"]
}

/// The box around the positions of a mesh with triangles.
fn bounds(draft: &Draft, mesh: &Value) -> Option<Box3> {
    let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    for primitive in triangle_lists(mesh) {
        let array = draft
            .arrays
            .get(place(&primitive["attributes"]["POSITION"])?)?
            .as_ref()?;
        for point in array.to_floats().chunks_exact(3) {
            for axis in 0..3 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
    }
    (low[0] <= high[0]).then_some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mesh in two pieces, at so many nodes.
    fn dumbbell(nodes: usize) -> Draft {
        let mut draft = Draft::new(json!({ "asset": { "version": "2.0" } }));
        let tetrahedron = [
            [0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, 1.0],
        ];
        let far = tetrahedron.map(|[x, y, z]: [f32; 3]| [x + 5.0, y, z]);
        let points = [tetrahedron, far].concat();
        let positions = draft.add(Array::floats(ArrayShape::Vec3, points.as_flattened()));
        let one = [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3];
        let both = [one, one.map(|corner| corner + 4)].concat();
        let indices = draft.add(Array::indices(&both));
        let primitive = json!({ "attributes": { "POSITION": positions }, "indices": indices });
        draft.json["meshes"] = json!([{ "primitives": [primitive] }]);
        draft.json["nodes"] = vec![json!({ "mesh": 0 }); nodes].into();
        draft
    }

    #[test]
    fn nodes_with_one_mesh_share_its_parts() {
        let mut draft = dumbbell(3);
        assert_eq!(add(&mut draft, Physics::Parts, 2), Ok(None));
        let shapes = draft.json["extensions"]["OMI_physics_shape"]["shapes"].as_array();
        assert_eq!(shapes.map(Vec::len), Some(2));
        assert_eq!(draft.list("nodes").len(), 3 + 3 * 2);
        assert_eq!(draft.list("meshes").len(), 1 + 2);
    }

    #[test]
    fn more_nodes_than_there_may_be_are_refused_before_they_are_made() {
        let mut draft = dumbbell(MAX_NODES / 2);
        let fault = add(&mut draft, Physics::Parts, 1).unwrap_err();
        assert!(fault.contains("more than 100000 nodes"), "{fault}");
    }
}
