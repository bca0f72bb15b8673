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

pub(super) fn load(glb: &[u8]) -> Scene {
    load_bytes(glb, &NoSideFiles, Purpose::World).unwrap().scene
}
