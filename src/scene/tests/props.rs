//! Things that may be placed, and those that may not.

use crate::{
    extensions::{buffer, floats, triangle},
    samples::samples,
};
use scene::{ErrorKind, NoSideFiles, SceneError, load_prop};
use serde_json::{Value, json};

fn load(mut document: Value) -> Result<scene::Prop, SceneError> {
    document["asset"] = json!({ "version": "2.0" });
    load_prop(document.to_string().as_bytes(), &NoSideFiles)
}

/// A triangle on so many nodes.
fn many(count: usize) -> Value {
    let mut document = triangle();
    document["nodes"] = vec![json!({ "mesh": 0 }); count].into();
    document["scenes"] = json!([{ "nodes": (0..count).collect::<Vec<_>>() }]);
    document["scene"] = json!(0);
    document
}

#[test]
fn a_thing_knows_its_size_and_what_it_costs() {
    let prop = load(many(3)).unwrap();
    assert_eq!(prop.cost.triangles, 3);
    assert!(prop.cost.bytes > 100);
    let (low, high) = prop.bounds;
    assert!((high - low).max_element() > 0.0);
}

#[test]
fn what_is_too_much_for_a_thing_is_refused_by_name() {
    let is_over = |document: Value, words: &str| {
        let error = load(document).map(drop).expect_err(words);
        assert_eq!(error.kind, ErrorKind::OverLimit, "{error}");
        assert!(error.fault.contains(words), "{error}");
    };
    assert!(load(many(256)).is_ok());
    is_over(many(257), "primitives drawn");
    let empty = |mut document: Value, count: usize| {
        let nodes = document["nodes"].as_array_mut().unwrap();
        nodes.resize(count, json!({}));
        document
    };
    assert!(load(empty(many(1), 1_000)).is_ok());
    is_over(empty(many(1), 1_001), "nodes");
    let mut large = many(1);
    large["nodes"][0]["scale"] = json!([40, 40, 40]);
    is_over(large, "m large");
    let mut far = many(1);
    far["nodes"][0]["translation"] = json!([0, 31, 0]);
    is_over(far, "from its origin");
}

/// One triangle on some nodes, with more in its buffer: a view and an accessor for each part.
fn with_data(parts: &[(&[u8], Value)]) -> Value {
    let mut document = many(1);
    let corners = floats(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    let mut bytes = corners;
    for (number, (data, accessor)) in parts.iter().enumerate() {
        let view = json!({ "buffer": 0, "byteOffset": bytes.len(), "byteLength": data.len() });
        bytes.extend(*data);
        let mut accessor = accessor.clone();
        accessor["bufferView"] = (number + 1).into();
        document["bufferViews"].as_array_mut().unwrap().push(view);
        document["accessors"].as_array_mut().unwrap().push(accessor);
    }
    document["buffers"] = json!([buffer(&bytes)]);
    document
}

#[test]
fn what_is_drawn_farther_away_than_it_stands_is_refused() {
    let is_far = |document: Value| {
        let error = load(document).map(drop).expect_err("it is far away");
        assert!(error.fault.contains("from its origin"), "{error}");
    };
    // The second joint carries what hangs on it away; the first, by which the place of a skin is told, does not.
    let weights = floats(&[0.0, 1.0, 0.0, 0.0].repeat(3));
    let joints = [0, 1, 0, 0].repeat(3);
    let mut skinned = with_data(&[
        (
            &joints,
            json!({ "componentType": 5121, "count": 3, "type": "VEC4" }),
        ),
        (
            &weights,
            json!({ "componentType": 5126, "count": 3, "type": "VEC4" }),
        ),
    ]);
    let attributes = &mut skinned["meshes"][0]["primitives"][0]["attributes"];
    *attributes = json!({ "POSITION": 0, "JOINTS_0": 1, "WEIGHTS_0": 2 });
    skinned["nodes"] = json!([{ "mesh": 0, "skin": 0 }, {}, { "translation": [0, 100, 0] }]);
    skinned["scenes"] = json!([{ "nodes": [0, 1, 2] }]);
    skinned["skins"] = json!([{ "joints": [1, 2] }]);
    is_far(skinned.clone());
    skinned["nodes"][2]["translation"] = json!([0, 3, 0]);
    assert!(load(skinned).is_ok());
    // A morph target that the file applies.
    let moved = floats(&[0.0, 0.0, 0.0, 0.0, 0.0, 90.0, 0.0, 0.0, 0.0]);
    let accessor = json!({ "componentType": 5126, "count": 3, "type": "VEC3",
        "min": [0, 0, 0], "max": [0, 0, 90] });
    let mut morphed = with_data(&[(&moved, accessor)]);
    morphed["meshes"][0]["primitives"][0]["targets"] = json!([{ "POSITION": 1 }]);
    assert!(load(morphed.clone()).is_ok());
    morphed["nodes"][0]["weights"] = json!([0.5]);
    is_far(morphed);
    // A level of detail beside it.
    let mut leveled = many(1);
    leveled["extensionsUsed"] = json!(["MSFT_lod"]);
    leveled["nodes"] = json!([
        { "mesh": 0, "extensions": { "MSFT_lod": { "ids": [1] } } },
        { "mesh": 0, "scale": [500, 500, 500] },
    ]);
    is_far(leveled);
}

#[test]
fn corners_of_no_triangle_count_where_the_mesh_is_solid_as_it_is_drawn() {
    let corners: Vec<f32> = (0..9_000).map(|number| number as f32 * 1.0e-3).collect();
    let last = corners[8_997..].to_vec();
    let (data, normals) = (floats(&corners), floats(&[0.0, 0.0, 1.0].repeat(3_000)));
    let accessor = json!({ "componentType": 5126, "count": 3_000, "type": "VEC3",
        "min": [0.0, 0.001, 0.002], "max": last });
    let mut document = with_data(&[
        (&data, accessor),
        (
            &normals,
            json!({ "componentType": 5126, "count": 3_000, "type": "VEC3" }),
        ),
        (
            &[0, 0, 1, 0, 2, 0],
            json!({ "componentType": 5123, "count": 3, "type": "SCALAR" }),
        ),
    ]);
    document["meshes"][0]["primitives"][0] =
        json!({ "attributes": { "POSITION": 1, "NORMAL": 2 }, "indices": 3 });
    assert!(load(document.clone()).is_ok());
    document["nodes"] = vec![json!({ "mesh": 0 }); 200].into();
    document["scenes"] = json!([{ "nodes": (0..200).collect::<Vec<_>>() }]);
    let error = load(document).map(drop).unwrap_err();
    assert!(error.fault.contains("solid as they are drawn"), "{error}");
}

#[test]
fn all_things_of_a_world_are_limited_together() {
    let one = scene::PropCost {
        bytes: 1_000,
        triangles: 100_000,
        image_bytes: 4_096,
    };
    let many = |count| (1..count).fold(one, |sum, _| sum.plus(one));
    assert_eq!(many(15).fits_a_world(), Ok(()));
    let error = many(16).fits_a_world().unwrap_err();
    assert!(error.contains("1500000 triangles"), "{error}");
    let huge = scene::PropCost {
        bytes: u64::MAX,
        ..one
    };
    assert!(huge.plus(huge).fits_a_world().is_err());
}

#[test]
fn what_cannot_be_seen_and_what_is_worn_is_not_placed() {
    let error = load(json!({ "nodes": [{}] })).map(drop).unwrap_err();
    assert!(error.fault.contains("draws nothing"), "{error}");
    for extension in ["VRMC_vrm", "VRM"] {
        let mut avatar = many(1);
        avatar["extensionsUsed"] = json!([extension]);
        avatar["extensions"] = json!({ extension: {} });
        let error = load(avatar).map(drop).unwrap_err();
        assert!(error.fault.contains("worn"), "{error}");
    }
}

#[test]
fn known_things_may_be_placed_and_a_fox_of_a_hundred_metres_may_not() {
    let Some(root) = samples() else { return };
    let read = |file: &str| {
        let bytes = std::fs::read(root.join(file)).unwrap();
        load_prop(&bytes, &NoSideFiles)
    };
    for file in ["core/BoxInterleaved.glb", "core/OrientationTest.glb"] {
        assert!(read(file).unwrap().cost.triangles > 0, "{file}");
    }
    let error = read("animated/Fox.glb").map(drop).unwrap_err();
    assert!(error.fault.contains("scale it down"), "{error}");
}
