//! A small model for tests.

use scene::{
    NoSideFiles, Purpose, Scene, load_bytes,
    writer::{Array, ArrayShape, Draft},
};
use serde_json::json;

/// Corners of the triangle, before its node moves it.
pub(super) const CORNERS: [[f32; 3]; 3] = [[0.0; 3], [9.0, 0.0, 0.0], [0.0, 4.0, 3.0]];

/// A GLB with one triangle somewhere.
pub(super) fn triangle(at: [f32; 3]) -> Vec<u8> {
    let mut draft = Draft::new(json!({
        "asset": { "version": "2.0" },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "translation": at }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
    }));
    draft.add(Array::floats(ArrayShape::Vec3, CORNERS.as_flattened()));
    draft.write(None).unwrap()
}

/// A GLB that draws about so many triangles: one mesh of a thousand, in many places.
pub(super) fn instances(triangles: usize) -> Vec<u8> {
    let places = triangles / 1_000;
    let mut draft = Draft::new(json!({
        "asset": { "version": "2.0" },
        "extensionsUsed": ["EXT_mesh_gpu_instancing"],
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{
            "mesh": 0,
            "extensions": { "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": 1 } } },
        }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
    }));
    let mesh = CORNERS.repeat(1_000);
    draft.add(Array::floats(ArrayShape::Vec3, mesh.as_flattened()));
    let places: Vec<f32> = (0..3 * places).map(|value| value as f32).collect();
    draft.add(Array::floats(ArrayShape::Vec3, &places));
    draft.write(None).unwrap()
}

pub(super) fn load(glb: &[u8]) -> Scene {
    load_bytes(glb, &NoSideFiles, Purpose::World).unwrap().scene
}
