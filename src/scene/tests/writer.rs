//! What the writer makes of files: nothing lost that is not understood, nothing doubled, nothing wrong.

use crate::{
    extensions::RED_PIXEL,
    gate::small_glb,
    samples::{files, samples},
};
use base64::Engine as _;
use scene::{
    FolderFiles, NoSideFiles, Purpose, Scene, check_bytes, load_bytes,
    writer::{Array, ArrayShape, Draft},
};
use serde_json::{Value, json};
use std::path::Path;

fn open(document: &Value) -> Draft {
    Draft::open(document.to_string().as_bytes(), &NoSideFiles, Purpose::Prop).unwrap()
}

/// What a GLB says of itself.
fn json_of(glb: &[u8]) -> Value {
    let length = u32::from_le_bytes([glb[12], glb[13], glb[14], glb[15]]) as usize;
    serde_json::from_slice(&glb[20..20 + length]).unwrap()
}

fn tidy(mut draft: Draft) -> Vec<u8> {
    draft.weld(None);
    draft.merge();
    draft.write(None).unwrap()
}

/// Found by the fuzz target `writer`.
#[test]
fn triangles_without_positions_stay_as_they_are() {
    let mut document = square();
    let attributes = &mut document["meshes"][0]["primitives"][0]["attributes"];
    *attributes = json!({ "PGSITION": 0 });
    let glb = tidy(open(&document));
    assert!(load_bytes(&glb, &NoSideFiles, Purpose::Prop).is_ok());
    assert!(json_of(&glb)["meshes"][0]["primitives"][0]["indices"].is_null());
}

/// Found by the fuzz target `writer`: a file was accepted whose physics were only looked at once it had been written.
#[test]
fn physics_that_no_list_names_are_read_before_and_after() {
    let with_mass = |mass: f32| {
        let mut document = square();
        document["extensionsUsed"] = json!(["KHR_implicit_shapes"]);
        let motion = json!({ "motion": { "mass": mass } });
        document["nodes"][0]["extensions"] = json!({ "KHR_physics_rigid_bodies": motion });
        document
    };
    let mass = |bytes: &[u8]| {
        let scene = load_bytes(bytes, &NoSideFiles, Purpose::Prop)
            .unwrap()
            .scene;
        let motion = scene.nodes[0].physics.motion.as_ref();
        motion.and_then(|motion| motion.mass)
    };
    let document = with_mass(3.0);
    assert_eq!(mass(document.to_string().as_bytes()), Some(3.0));
    assert_eq!(mass(&tidy(open(&document))), Some(3.0));
    let bytes = with_mass(-1.0).to_string();
    assert!(Draft::open(bytes.as_bytes(), &NoSideFiles, Purpose::Prop).is_err());
}

fn data_uri(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("data:application/octet-stream;base64,{text}")
}

/// Two triangles that share an edge, without indices; everything stands twice.
fn square() -> Value {
    let corners: [[f32; 3]; 6] = [
        [0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 1.0, 0.0],
        [1.0, 0.0, 0.0],
        [1.0, 1.0, 0.0],
    ];
    let bytes: Vec<u8> = corners
        .as_flattened()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let accessor = json!({"bufferView": 0, "componentType": 5126, "count": 6, "type": "VEC3",
        "min": [0, 0, 0], "max": [1, 1, 0]});
    let mesh = |place: u32| json!({"primitives": [{"attributes": {"POSITION": place}, "material": place}]});
    let material = json!({"pbrMetallicRoughness": {"roughnessFactor": 0.1}});
    json!({
        "asset": {"version": "2.0", "copyright": "Ada"},
        "scene": 0, "scenes": [{"nodes": [0, 1]}],
        "nodes": [{"mesh": 0, "extras": {"a": [1, 2.5, "x"]}}, {"mesh": 1, "translation": [2, 0, 0]}],
        "meshes": [mesh(0), mesh(1), mesh(0)],
        "materials": [material, material, {"name": "unused"}],
        "accessors": [accessor, accessor, accessor],
        "bufferViews": [{"buffer": 0, "byteLength": 72}],
        "buffers": [{"byteLength": 72, "uri": data_uri(&bytes)}],
    })
}

#[test]
fn what_is_equal_is_written_once_and_what_is_unused_not_at_all() {
    let glb = tidy(open(&square()));
    let json = json_of(&glb);
    let count = |name: &str| json[name].as_array().map_or(0, Vec::len);
    assert_eq!(
        ["meshes", "materials", "accessors", "bufferViews", "buffers"].map(count),
        [1, 1, 2, 2, 1]
    );
    assert_eq!(
        [&json["nodes"][0]["mesh"], &json["nodes"][1]["mesh"]],
        [0, 0]
    );
    assert_eq!(json["accessors"][0]["count"], 4, "equal corners are one");
    assert_eq!(json["nodes"][0]["extras"], json!({"a": [1, 2.5, "x"]}));
    assert_eq!(json["asset"]["copyright"], "Ada");
    let report = check_bytes(&glb, &NoSideFiles, Purpose::Prop);
    let serious: Vec<_> = report
        .issues
        .iter()
        .filter(|issue| issue.severity < 2)
        .collect();
    assert!(serious.is_empty(), "{serious:?}");
    assert_eq!(tidy(open(&square())), glb);
}

#[test]
fn arrays_with_the_same_bytes_become_one_where_all_else_is_equal() {
    let primitive = |place: usize| json!({ "attributes": { "POSITION": place }, "mode": 0 });
    let mut draft = Draft::new(json!({
        "asset": { "version": "2.0" },
        "meshes": [{ "primitives": (0..9).map(primitive).collect::<Vec<_>>() }],
        "nodes": [{ "mesh": 0 }], "scenes": [{ "nodes": [0] }],
        "extensionsUsed": ["KHR_lights_punctual", "ZZ_b", "AA_a", "ZZ_b"],
        "extensionsRequired": ["AA_a", "KHR_absent"],
    }));
    for place in 0..9 {
        let mut array = Array::floats(ArrayShape::Vec3, &[0.0; 3]);
        array.rest = [("extras".to_owned(), json!({ "kind": place % 3 }))]
            .into_iter()
            .collect();
        draft.add(array);
    }
    draft.merge();
    let primitives = draft.list("meshes")[0]["primitives"].as_array().unwrap();
    let places = primitives.iter().map(|own| &own["attributes"]["POSITION"]);
    let places: Value = places.cloned().collect();
    assert_eq!(places, json!([0, 1, 2, 0, 1, 2, 0, 1, 2]));
    assert_eq!(draft.arrays.iter().flatten().count(), 3);
    // Names stay in their order, and what nothing lists is required no more.
    let json = json_of(&draft.write(None).unwrap());
    let used = json!(["KHR_lights_punctual", "ZZ_b", "AA_a", "ZZ_b"]);
    assert_eq!(json["extensionsUsed"], used);
    assert_eq!(json["extensionsRequired"], json!(["AA_a"]));
}

#[test]
fn buffers_and_views_keep_what_is_said_of_them() {
    let mut document = square();
    document["buffers"][0]["extras"] = json!({"of": "buffer"});
    document["bufferViews"][0]["extras"] = json!({"of": "view"});
    let second =
        json!({"byteLength": 4, "uri": data_uri(&[0; 4]), "extras": {"of": "second", "more": 1}});
    document["buffers"].as_array_mut().unwrap().push(second);
    let json = json_of(&tidy(open(&document)));
    let of_both = json!({"of": "buffer", "more": 1});
    assert_eq!(json["buffers"][0]["extras"], of_both);
    assert!(
        json["bufferViews"][0].get("extras").is_none(),
        "views are new ones"
    );
    // What is not understood may name views, which are the old ones then.
    document["extensionsUsed"] = json!(["XYZ_new"]);
    document["nodes"][0]["extensions"] = json!({"XYZ_new": {}});
    let views = |document: &Value| json_of(&tidy(open(document)))["bufferViews"].clone();
    let mut without = document.clone();
    let view = without["bufferViews"][0].as_object_mut().unwrap();
    view.shift_remove("extras");
    assert_eq!(views(&document), views(&without), "nothing is there twice");
    let unknown = json!({"XYZ_new": {"a": 1}});
    document["bufferViews"][0]["extensions"] = unknown.clone();
    document["bufferViews"][0]["name"] = "corners".into();
    document["buffers"][0]["extensions"] = unknown.clone();
    let glb = tidy(open(&document));
    let json = json_of(&glb);
    let view = &json["bufferViews"][0];
    assert_eq!(view["extras"], json!({"of": "view"}));
    assert_eq!(
        (&view["extensions"], &view["name"], &view["byteLength"]),
        (&unknown, &json!("corners"), &json!(72))
    );
    assert_eq!(json["buffers"][0]["extensions"], unknown);
    assert_eq!(json["extensionsUsed"], json!(["XYZ_new"]));
    let report = check_bytes(&glb, &NoSideFiles, Purpose::Prop);
    assert_eq!(report.count(0), 0, "{:?}", report.issues);
}

#[test]
fn what_is_not_understood_keeps_every_number_it_could_name() {
    let mut document = square();
    document["extensionsUsed"] = json!(["XYZ_new"]);
    let unknown = json!({"accessor": 2, "material": 2, "view": 0, "number": 1.0e-9});
    document["nodes"][0]["extensions"] = json!({"XYZ_new": unknown});
    let json = json_of(&tidy(open(&document)));
    assert_eq!(json["nodes"][0]["extensions"]["XYZ_new"], unknown);
    for name in ["nodes", "meshes", "materials"] {
        assert_eq!(json[name], document[name], "{name}");
    }
    assert_eq!(json["accessors"].as_array().unwrap().len(), 3);
    assert_eq!(json["accessors"][2]["count"], 6);
    assert_eq!(json["extensionsUsed"], json!(["XYZ_new"]));
}

#[test]
fn views_that_only_an_unknown_extension_can_name_stay_where_they_are() {
    let mut document = square();
    document["extensionsUsed"] = json!(["XYZ_new"]);
    document["extensions"] = json!({"XYZ_new": {"bufferView": 2}});
    document["bufferViews"] = json!([
        {"buffer": 0, "byteLength": 72},
        {"buffer": 1, "byteLength": 3},
        {"buffer": 1, "byteOffset": 3, "byteLength": 5},
    ]);
    let more = json!({"byteLength": 8, "uri": data_uri(b"abcdefgh")});
    document["buffers"].as_array_mut().unwrap().push(more);
    let glb = tidy(open(&document));
    let view = &json_of(&glb)["bufferViews"][2];
    assert_eq!(view["byteLength"], 5);
    assert!(glb.windows(5).any(|five| five == b"defgh"));
}

#[test]
fn strips_and_fans_become_lists_that_draw_the_same() {
    for (mode, count) in [(5, 4), (6, 4)] {
        let mut document = square();
        document["meshes"] =
            json!([{"primitives": [{"attributes": {"POSITION": 0}, "mode": mode}]}]);
        document["nodes"] = json!([{"mesh": 0}, {"mesh": 0}]);
        let before = load_bytes(document.to_string().as_bytes(), &NoSideFiles, Purpose::Prop);
        let glb = tidy(open(&document));
        let after = load_bytes(&glb, &NoSideFiles, Purpose::Prop).unwrap();
        let corners = |scene: &Scene| -> Vec<glam::Vec3> {
            let primitive = &scene.meshes[0].primitives[0];
            let order = primitive.indices.iter();
            order
                .map(|index| primitive.positions[*index as usize])
                .collect()
        };
        let json = json_of(&glb);
        assert_eq!(json["meshes"][0]["primitives"][0].get("mode"), None);
        assert_eq!(
            corners(&before.unwrap().scene),
            corners(&after.scene),
            "mode {mode}"
        );
        assert_eq!(json["accessors"][0]["count"], count, "mode {mode}");
    }
}

#[test]
fn sparse_and_absent_elements_are_written_out() {
    let mut document = square();
    let first = document["accessors"][0].as_object_mut().unwrap();
    first.remove("bufferView");
    first.insert(
        "sparse".to_owned(),
        json!({
            "count": 1,
            "indices": {"bufferView": 1, "componentType": 5121},
            "values": {"bufferView": 2},
        }),
    );
    document["bufferViews"] = json!([
        {"buffer": 0, "byteLength": 72},
        {"buffer": 1, "byteLength": 1},
        {"buffer": 0, "byteOffset": 12, "byteLength": 12},
    ]);
    document["buffers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"byteLength": 1, "uri": data_uri(&[4])}));
    let glb = open(&document).write(None).unwrap();
    let scene = load_bytes(&glb, &NoSideFiles, Purpose::Prop).unwrap().scene;
    let positions = &scene.meshes[0].primitives[0].positions;
    let mut expected = [glam::Vec3::ZERO; 6];
    expected[4] = glam::Vec3::X;
    assert_eq!(positions[..], expected);
}

#[test]
fn a_draft_that_is_made_here_is_a_file() {
    let mut draft = Draft::new(
        json!({"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}], "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}]}),
    );
    draft.add(Array::floats(
        ArrayShape::Vec3,
        &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.1, 1.0, 0.0],
    ));
    let glb = tidy(draft);
    let json = json_of(&glb);
    assert_eq!(json["accessors"][0]["max"], json!([1, 1, 0]));
    assert_eq!(
        load_bytes(&glb, &NoSideFiles, Purpose::Prop)
            .unwrap()
            .scene
            .triangle_count(),
        1
    );
}

/// What must not change: figures of the scene, and what its JSON says beside data.
fn figures(scene: &Scene) -> (usize, u64, usize, usize, usize) {
    (
        scene.nodes.len(),
        scene.triangle_count(),
        scene.animations.len(),
        scene.skins.len(),
        scene.lights.len(),
    )
}

#[test]
fn every_sample_is_written_without_an_error_and_draws_the_same() {
    let Some(root) = samples() else { return };
    let mut count = 0;
    for folder in [
        "core",
        "animated",
        "omi",
        "world",
        "vrm1",
        "vrm_addon",
        "ext/compressed",
        "formats",
    ] {
        for path in files(&root.join(folder)) {
            if path.metadata().unwrap().len() > 2_000_000 {
                continue;
            }
            count += 1;
            compare(&path);
        }
    }
    assert!(count > 80, "only {count} files");
}

fn compare(path: &Path) {
    let shown = path.display();
    let bytes = std::fs::read(path).unwrap();
    let folder = FolderFiles::new(path.parent().unwrap());
    let before =
        load_bytes(&bytes, &folder, Purpose::World).unwrap_or_else(|error| panic!("{error}"));
    let draft = Draft::open(&bytes, &folder, Purpose::World);
    let glb = tidy(draft.unwrap_or_else(|error| panic!("{shown}: {error}")));
    let after = load_bytes(&glb, &NoSideFiles, Purpose::World)
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!(figures(&before.scene), figures(&after.scene), "{shown}");
    assert_eq!(before.scene.bounds(), after.scene.bounds(), "{shown}");
    let is_new = |code: &str| {
        let report = check_bytes(&bytes, &folder, Purpose::World);
        report.issues.iter().all(|issue| issue.code != code)
    };
    // Weights come out of Draco rounded; the converter makes them sum to one.
    let draco = b"KHR_draco_mesh_compression";
    let is_rounded = bytes.windows(draco.len()).any(|part| part == draco);
    for issue in check_bytes(&glb, &NoSideFiles, Purpose::World).issues {
        if is_rounded && issue.code == "ACCESSOR_WEIGHTS_NON_NORMALIZED" {
            continue;
        }
        assert!(
            issue.severity > 0 || !is_new(issue.code),
            "{shown}: {issue:?}"
        );
    }
}

#[test]
fn a_small_file_survives_being_written_twice() {
    let once = tidy(Draft::open(&small_glb(), &NoSideFiles, Purpose::Prop).unwrap());
    let twice = tidy(Draft::open(&once, &NoSideFiles, Purpose::Prop).unwrap());
    assert_eq!(once, twice);
}

/// Found by fuzzing: what was passed over in reading was all there was to read in what was written.
#[test]
fn every_image_that_a_texture_names_must_be_there() {
    let texture = |extension: &str, source: u32| {
        json!({
            "asset": {"version": "2.0"}, "extensionsUsed": [extension],
            "images": [{"uri": data_uri(RED_PIXEL)}],
            "textures": [{"source": 0, "extensions": {extension: {"source": source}}}],
        })
    };
    for extension in ["EXT_texture_webp", "KHR_texture_basisu", "MSFT_texture_dds"] {
        let load = |source: u32| {
            let text = texture(extension, source).to_string();
            load_bytes(text.as_bytes(), &NoSideFiles, Purpose::World)
        };
        assert!(load(0).is_ok(), "{extension}");
        let error = load(5).unwrap_err();
        assert!(error.place.ends_with("/source"), "{extension}: {error}");
    }
}

#[test]
fn triangles_are_put_into_an_order_unless_something_is_seen_through_them() {
    let order: scene::writer::OrderTriangles<'_> = &|indices, _| {
        let triangles = indices.as_chunks::<3>().0.iter().rev();
        triangles.flatten().copied().collect()
    };
    let first = |mode: &str| {
        let mut document = square();
        document["materials"] = json!([{ "alphaMode": mode }]);
        document["meshes"] = json!([document["meshes"][0]]);
        document["nodes"] = json!([{ "mesh": 0 }, {}]);
        let mut draft = open(&document);
        draft.weld(Some(order));
        let glb = draft.write(None).unwrap();
        let scene = load_bytes(&glb, &NoSideFiles, Purpose::World)
            .unwrap()
            .scene;
        let primitive = &scene.meshes[0].primitives[0];
        primitive.positions[primitive.indices[0] as usize]
    };
    assert_eq!(first("BLEND"), glam::Vec3::ZERO);
    assert_eq!(first("OPAQUE"), glam::Vec3::Y);
}
