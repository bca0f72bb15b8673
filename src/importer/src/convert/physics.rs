//! Colliders on request: one for each node with a mesh, in the dialect of OMI.

use super::quantize::place;
use clap::ValueEnum;
use scene::writer::Draft;
use serde_json::{Value, json};

/// What is solid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Physics {
    /// The box around each mesh.
    Box,
    /// The convex hull of each mesh.
    Hull,
    /// Every triangle.
    Trimesh,
}

/// Extensions of a file that says itself what is solid.
const OWN: [&str; 2] = ["OMI_physics_body", "KHR_physics_rigid_bodies"];

/// Gives every node with a mesh a collider. Returns what is worth telling.
pub(super) fn add(draft: &mut Draft, physics: Physics) -> Option<String> {
    if OWN.iter().any(|name| draft.uses_extension(name)) {
        return Some("it has physics of its own, which stays: no colliders are added".to_owned());
    }
    let boxes: Vec<Option<Box3>> = draft
        .list("meshes")
        .iter()
        .map(|mesh| bounds(draft, mesh))
        .collect();
    let mut shapes = Vec::new();
    let mut added = Vec::new();
    let count = draft.list("nodes").len();
    for node in draft.list_mut("nodes") {
        let mesh = place(&node["mesh"]);
        let bounds = mesh.and_then(|mesh| *boxes.get(mesh)?);
        let (Some(mesh), Some((low, high)), None) = (mesh, bounds, node.get("skin")) else {
            continue;
        };
        let body = json!({ "collider": { "shape": shapes.len() } });
        match physics {
            Physics::Hull => shapes.push(json!({ "type": "convex", "convex": { "mesh": mesh } })),
            Physics::Trimesh => {
                shapes.push(json!({ "type": "trimesh", "trimesh": { "mesh": mesh } }));
            }
            Physics::Box => {
                let size: Vec<f32> = (0..3)
                    .map(|axis| (high[axis] - low[axis]).max(THINNEST))
                    .collect();
                shapes.push(json!({ "type": "box", "box": { "size": size } }));
                // A shape lies around its node: that of a box is in the middle of the mesh.
                let center: Vec<f32> = (0..3).map(|axis| (high[axis] + low[axis]) / 2.0).collect();
                let child =
                    json!({ "translation": center, "extensions": { "OMI_physics_body": body } });
                push_child(node, count + added.len());
                added.push(child);
                continue;
            }
        }
        extensions(node)["OMI_physics_body"] = body;
    }
    if shapes.is_empty() {
        return Some("no node has a mesh that could be solid".to_owned());
    }
    if let Some(Value::Array(nodes)) = draft.json.get_mut("nodes") {
        nodes.extend(added);
    }
    extensions(&mut draft.json)["OMI_physics_shape"] = json!({ "shapes": shapes });
    None
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
    let primitives = mesh["primitives"].as_array()?.iter();
    let triangles = primitives.filter(|own| own.get("mode").is_none_or(|mode| mode == 4));
    let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    for primitive in triangles {
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
