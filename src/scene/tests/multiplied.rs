//! What references multiply: files of a few kilobytes that ask for work and memory which their bytes do not pay for.

use crate::{
    extensions::{buffer, floats, load, old_avatar, triangle},
    samples::samples,
};
use glam::Vec3;
use scene::{
    Avatar, ErrorKind, FirstPersonRule, NoSideFiles, Purpose, Report, SceneError, Track,
    check_bytes,
    limits::{
        MAX_ACCESSOR_COUNT, MAX_ATTRIBUTE_SETS, MAX_CHECKED_BYTES, MAX_DRACO_ATTRIBUTES,
        MAX_JSON_BYTES, MAX_WARNINGS,
    },
    load_avatar,
    writer::Draft,
};
use serde_json::{Map, Value, json};

/// The file is over a limit, in these words.
fn is_over(document: Value, words: &str) {
    let error = refused(document);
    assert_eq!(error.kind, ErrorKind::OverLimit, "{error}");
    assert!(error.fault.contains(words), "{error}");
}

fn check(document: &Value) -> Report {
    check_bytes(
        document.to_string().as_bytes(),
        &NoSideFiles,
        Purpose::World,
    )
}

fn refused(document: Value) -> SceneError {
    load(document).map(drop).expect_err("it loads")
}

#[test]
fn morph_targets_have_an_attribute_and_cost_what_draws_them() {
    let morphing = |targets: Vec<Value>| {
        let mut document = triangle();
        let primitive = &mut document["meshes"][0]["primitives"][0];
        primitive["targets"] = Value::from(targets);
        document
    };
    assert!(load(morphing(vec![json!({ "POSITION": 0 }); 256])).is_ok());
    let error = refused(morphing(vec![json!({})]));
    assert_eq!(error.place, "/meshes/0/primitives/0/targets/0");
    assert!(error.fault.contains("attribute"), "{error}");

    // Tangents are not read, and yet what draws has room for them: 48 bytes a vertex and target.
    let mut document = morphing(vec![json!({ "TANGENT": 0 }); 256]);
    document["accessors"] = json!([{ "componentType": 5126, "count": 60_000, "type": "VEC3" }]);
    is_over(document, "memory once it is read");
}

/// The head of a PNG, which is all that the gate looks at.
fn png_head(side: u32, bits: u8) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend([side.to_be_bytes(), side.to_be_bytes()].concat());
    png.extend([bits, 6, 0, 0, 0]);
    png
}

#[test]
fn images_that_no_decoder_may_decode_are_refused() {
    let with_image = |png: Vec<u8>| {
        json!({ "buffers": [buffer(&png)],
            "bufferViews": [{ "buffer": 0, "byteLength": png.len() }],
            "images": [{ "bufferView": 0, "mimeType": "image/png" }] })
    };
    assert!(load(with_image(png_head(11_585, 8))).is_ok());
    assert!(load(with_image(png_head(8_192, 16))).is_ok());
    is_over(with_image(png_head(12_000, 8)), "12000 x 12000");
    is_over(with_image(png_head(9_000, 16)), "9000 x 9000");
}

#[test]
fn more_images_than_may_be_shown_together_can_be_made_smaller() {
    let with_images = |count: usize| {
        let png = png_head(8_192, 8);
        json!({ "asset": { "version": "2.0" }, "buffers": [buffer(&png)],
            "bufferViews": [{ "buffer": 0, "byteLength": png.len() }],
            "images": vec![json!({ "bufferView": 0, "mimeType": "image/png" }); count] })
    };
    let words = "images together";
    assert!(load(with_images(4)).is_ok());
    is_over(with_images(5), words);
    let open = |count| {
        let text = with_images(count).to_string();
        Draft::open(text.as_bytes(), &NoSideFiles, Purpose::World)
    };
    assert!(open(64).is_ok());
    let error = open(65).err().unwrap();
    assert!(error.fault.contains(words), "{error}");
}

/// The head of a WebP of 4,096 pixels a side, and nothing behind it.
fn webp_head() -> Vec<u8> {
    let side = 4_095u32;
    let mut webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f".to_vec();
    webp.extend((side | side << 14).to_le_bytes());
    webp.extend([0; 8]);
    webp
}

fn with_webp(count: usize) -> Value {
    let webp = webp_head();
    let image = json!({ "bufferView": 0, "mimeType": "image/webp" });
    json!({ "asset": { "version": "2.0" }, "buffers": [buffer(&webp)],
        "bufferViews": [{ "buffer": 0, "byteLength": webp.len() }],
        "images": vec![image; count] })
}

#[test]
fn images_that_fail_to_be_decoded_are_counted() {
    assert!(load(with_webp(16)).is_ok());
    is_over(with_webp(17), "images together");
    // Of one that is too large for itself that is told.
    let report = check(&{
        let mut webp = webp_head();
        webp[21..25].copy_from_slice(&[0xFF; 4]);
        let mut document = with_webp(1);
        document["buffers"] = json!([buffer(&webp)]);
        document
    });
    let refusal = report.refusal.unwrap().to_string();
    assert!(!refusal.contains("together"), "{refusal}");
}

#[test]
fn a_report_goes_by_the_heads_of_what_it_does_not_decode() {
    let report = check(&with_webp(4));
    let codes = report.issues.iter().map(|issue| issue.code);
    // Two have as many pixels as are decoded.
    assert_eq!(
        codes.filter(|code| *code == "STOA_IMAGE_NOT_READ").count(),
        2
    );
}

#[test]
fn parts_of_joints_and_filters_are_counted_together() {
    let joints = |joints: usize| {
        let joint = json!({ "limits": vec![json!({}); 64] });
        json!({ "extensions": { "OMI_physics_joint": { "physicsJoints": vec![joint; joints] } } })
    };
    assert!(load(joints(1_562)).is_ok());
    is_over(joints(1_563), "limits and drives together");
    let mut filters = json!({ "extensions": { "OMI_physics_body": { "collisionFilters":
        vec![json!({ "collisionSystems": vec!["a"; 64] }); 1_563] } } });
    is_over(filters.clone(), "names together");
    filters["extensions"]["OMI_physics_body"]["collisionFilters"] = json!([]);
    assert!(load(filters).is_ok());
}

#[test]
fn of_endless_lists_of_extensions_nothing_more_is_told() {
    let names: Vec<String> = (0..=100_000).map(|number| format!("A_{number}")).collect();
    for version in ["2.0", "1.0"] {
        let report = check(&json!({ "asset": { "version": version }, "extensionsUsed": names }));
        assert!(report.refusal.is_some());
        assert!(report.extensions.is_empty() && report.issues.len() < 3);
    }
}

#[test]
fn names_without_end_are_cut_where_they_are_told() {
    let name = "~".repeat(1 << 20);
    let mut document = triangle();
    document["asset"] = json!({ "version": "2.0" });
    document["meshes"][0]["primitives"][0]["targets"] = json!([{ name: 9 }]);
    let report = check(&document);
    assert!(
        report
            .issues
            .iter()
            .any(|issue| issue.pointer.contains("~0"))
    );
    let longest = report.issues.iter().map(|issue| issue.pointer.len()).max();
    assert!(longest < Some(1_000), "{longest:?}");
}

/// Adds accessors without bytes, whose elements are zero.
fn zeros(document: &mut Value, accessors: &[(u32, usize, &str)]) {
    let accessors = accessors.iter().map(|(component, count, kind)| {
        json!({ "componentType": component, "count": count, "type": kind })
    });
    document["accessors"] = accessors.collect();
}

/// A document whose one mesh has so many primitives of one point.
fn points(primitives: usize, nodes: Vec<Value>) -> Value {
    let mut document = json!({
        "meshes": [{ "primitives": vec![json!({ "attributes": { "POSITION": 0 }, "mode": 0 }); primitives] }],
        "nodes": nodes,
    });
    zeros(&mut document, &[(5126, 1, "VEC3")]);
    document
}

#[test]
fn what_is_drawn_is_counted_at_each_node_instance_and_level() {
    let words = "primitives drawn";
    let nodes = |count: usize| vec![json!({ "mesh": 0 }); count];
    assert!(load(points(2_000, nodes(200))).is_ok());
    is_over(points(2_000, nodes(201)), words);

    let mut instanced = points(
        4,
        vec![json!({ "mesh": 0, "extensions": {
        "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": 1 } } } })],
    );
    zeros(
        &mut instanced,
        &[(5126, 1, "VEC3"), (5126, 100_001, "VEC3")],
    );
    is_over(instanced, words);

    let mut nodes = vec![json!({ "extensions": { "MSFT_lod": { "ids": vec![13; 16] } } }); 13];
    nodes.push(json!({ "mesh": 0 }));
    let mut levels = points(2_000, nodes);
    levels["scenes"] = json!([{ "nodes": (0..13).collect::<Vec<_>>() }]);
    is_over(levels, words);
}

#[test]
fn triangles_of_a_level_are_counted_where_it_has_more_than_its_node() {
    let level = json!({ "extensions": { "MSFT_lod": { "ids": [200] } } });
    let of_nodes = |count: usize| {
        let mut nodes = vec![level.clone(); 200];
        nodes.push(json!({ "mesh": 0 }));
        let mut document = json!({
            "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
            "nodes": nodes, "scenes": [{ "nodes": (0..count).collect::<Vec<_>>() }],
        });
        zeros(
            &mut document,
            &[(5126, 3, "VEC3"), (5123, 303_000, "SCALAR")],
        );
        document
    };
    assert!(load(of_nodes(198)).is_ok());
    is_over(of_nodes(200), "triangles, lines and points");
    let mut points = of_nodes(68);
    points["meshes"][0]["primitives"][0]["mode"] = json!(0);
    is_over(points, "triangles, lines and points");
}

#[test]
fn joints_of_what_is_drawn_are_counted() {
    let attributes = json!({ "POSITION": 0, "JOINTS_0": 1, "WEIGHTS_0": 2 });
    let drawn = vec![json!({ "mesh": 0, "skin": 0 }); 80];
    let nodes = [drawn, vec![json!({}); 256]].concat();
    let mut document = json!({
        "meshes": [{ "primitives": vec![json!({ "attributes": attributes, "mode": 0 }); 100] }],
        "nodes": nodes,
        "skins": [{ "joints": (80..336).collect::<Vec<_>>() }],
    });
    zeros(
        &mut document,
        &[(5126, 1, "VEC3"), (5121, 1, "VEC4"), (5126, 1, "VEC4")],
    );
    is_over(document, "joints and morph weights");
}

/// Nodes, and so many more with a body of one kind, which names a geometry.
fn solid(document: &mut Value, count: usize, body: &Value) {
    let name = "KHR_physics_rigid_bodies";
    document["extensionsUsed"] = json!([name, "KHR_implicit_shapes"]);
    let node = json!({ "extensions": { (name): body } });
    let nodes = document["nodes"].as_array_mut().unwrap();
    nodes.extend(vec![node; count]);
}

#[test]
fn colliders_are_counted_with_the_meshes_and_nodes_below_them() {
    let root = |below: usize| json!({ "children": (1..=below).collect::<Vec<_>>() });
    let collider = json!({ "collider": { "geometry": { "node": 0 } } });
    let trigger = json!({ "trigger": { "geometry": { "node": 0 } } });

    let meshes = |count: usize| [vec![root(count)], vec![json!({ "mesh": 0 }); count]].concat();
    for body in [&collider, &trigger] {
        let mut document = points(1, meshes(400));
        solid(&mut document, 251, body);
        is_over(document, "colliders and triggers");
    }

    let mut instanced = points(
        1,
        vec![json!({ "mesh": 0, "extensions": {
        "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": 1 } } } })],
    );
    zeros(
        &mut instanced,
        &[(5126, 1, "VEC3"), (5126, 100_001, "VEC3")],
    );
    assert!(load(instanced.clone()).is_ok());
    solid(&mut instanced, 1, &collider);
    is_over(instanced, "colliders and triggers");

    let mut empty = points(1, [vec![root(40_000)], vec![json!({}); 40_000]].concat());
    solid(&mut empty, 99, &collider);
    assert!(load(empty.clone()).is_ok());
    let listing = json!({ "trigger": { "nodes": (0..3_000).collect::<Vec<_>>() } });
    let mut listed = empty.clone();
    solid(&mut listed, 13, &listing);
    assert!(load(listed.clone()).is_ok());
    solid(&mut listed, 1, &listing);
    is_over(listed, "below colliders");
    solid(&mut empty, 2, &trigger);
    is_over(empty, "below colliders");
}

#[test]
fn colliders_and_joints_are_counted_with_the_nodes_above_them() {
    let deep = |body: Value, count: usize| {
        let below = (1..=4_000).map(|below| vec![below]);
        let mut nodes: Vec<Value> = below.map(|below| json!({ "children": below })).collect();
        nodes[3_998] = json!({ "children": (3_999..3_999 + count).collect::<Vec<_>>() });
        nodes.truncate(3_999);
        let mut document = json!({ "nodes": nodes,
            "extensions": {
                "KHR_implicit_shapes": { "shapes": [{ "type": "box" }] },
                "KHR_physics_rigid_bodies": { "physicsJoints": [{ "limits": [] }] },
            } });
        solid(&mut document, count, &body);
        document
    };
    let collider = json!({ "collider": { "geometry": { "shape": 0 } } });
    assert!(load(deep(collider.clone(), 999)).is_ok());
    is_over(deep(collider, 1_001), "above");
    let joint = json!({ "joint": { "joint": 0, "connectedNode": 3_999 } });
    assert!(load(deep(joint.clone(), 499)).is_ok());
    is_over(deep(joint, 501), "above");
}

#[test]
fn volumes_of_gravity_are_counted_at_each_field_that_is_made_of_them() {
    let document = |parts: usize, fields: usize| {
        let trigger = |body: Value| json!({ "OMI_physics_body": { "trigger": body } });
        let part = json!({ "extensions": trigger(json!({ "shape": 0 })) });
        let mut field = trigger(json!({ "nodes": (0..parts).collect::<Vec<_>>() }));
        field["OMI_physics_gravity"] = json!({ "type": "point", "gravity": 1.0 });
        let field = json!({ "extensions": field });
        let names = [
            "OMI_physics_shape",
            "OMI_physics_body",
            "OMI_physics_gravity",
        ];
        let nodes = [vec![part; parts], vec![field; fields]].concat();
        json!({ "extensionsUsed": names, "nodes": nodes,
            "extensions": { "OMI_physics_shape": { "shapes": [{ "type": "box" }] } } })
    };
    assert!(load(document(1_000, 90)).is_ok());
    is_over(document(1_000, 101), "colliders and triggers");

    // Named many times it counts once; a body to pull to counts as well.
    let mut often = document(1, 1);
    let path = "/nodes/1/extensions";
    let field = often.pointer_mut(path).unwrap();
    field["OMI_physics_body"]["trigger"]["nodes"] = vec![0; 99_999].into();
    field["OMI_physics_gravity"] =
        json!({ "type": "shaped", "gravity": 1.0, "shaped": { "shape": 0 } });
    let scene = load(often).unwrap().scene;
    assert_eq!(
        scene.nodes[1].physics.trigger.as_ref().unwrap().nodes.len(),
        1
    );
    // The part, the part of the field, and the body.
    assert_eq!(scene.solid().colliders, 3);
}

#[test]
fn hulls_of_tapered_shapes_are_counted() {
    let document = |top: f32, colliders: usize| {
        let node = json!({ "extensions": { "OMI_physics_body": { "collider": { "shape": 0 } } } });
        json!({
            "extensions": { "OMI_physics_shape": { "shapes": [
                { "type": "capsule", "capsule": { "height": 1, "radiusTop": top, "radiusBottom": 0.5 } },
            ] } },
            "nodes": vec![node; colliders],
        })
    };
    let hulls = |top| load(document(top, 3)).unwrap().scene.solid().hull_vertices;
    assert_eq!((hulls(0.5), hulls(0.4)), (0, 480));
    assert!(load(document(0.5, 13_000)).is_ok());
    is_over(document(0.4, 13_000), "vertices of hulls");
}

#[test]
fn each_set_of_joints_has_weights() {
    let load_with = |attributes: Value| {
        let mut document = triangle();
        let accessor =
            |component: u32| json!({ "componentType": component, "count": 3, "type": "VEC4" });
        let accessors = document["accessors"].as_array_mut().unwrap();
        let joints = accessors.len();
        accessors.extend([accessor(5121), accessor(5126)]);
        let own = &mut document["meshes"][0]["primitives"][0]["attributes"];
        for (name, kind) in attributes.as_object().unwrap() {
            own[name] = json!(joints + kind.as_u64().unwrap() as usize);
        }
        load(document)
    };
    let whole = json!({ "JOINTS_0": 0, "WEIGHTS_0": 1, "JOINTS_1": 0, "WEIGHTS_1": 1 });
    assert!(load_with(whole).is_ok());
    for odd in [
        json!({ "JOINTS_0": 0, "JOINTS_1": 0, "WEIGHTS_1": 1 }),
        json!({ "JOINTS_1": 0, "WEIGHTS_0": 1, "WEIGHTS_1": 1 }),
    ] {
        let fault = load_with(odd).err().unwrap();
        assert!(fault.to_string().contains("come in pairs"), "{fault}");
    }
}

#[test]
fn a_node_is_nowhere_that_numbers_do_not_reach() {
    let nested = |scale: f32| {
        let node = json!({ "scale": [scale, scale, scale] });
        let mut above = node.clone();
        above["children"] = json!([1]);
        json!({ "nodes": [above, node] })
    };
    assert!(load(nested(1.0e4)).is_ok());
    for (scale, place) in [
        (1.0e5, "/nodes/1"),
        (1.0e20, "/nodes/0"),
        (3.0e38, "/nodes/0"),
    ] {
        let error = refused(nested(scale));
        assert_eq!(
            (error.kind, error.place.as_str()),
            (ErrorKind::OverLimit, place)
        );
    }
    let matrix = json!({ "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1e30, 0, 0, 1] });
    is_over(json!({ "nodes": [matrix] }), "further away");
}

#[test]
fn of_channels_that_move_the_same_the_first_counts() {
    let mut document = json!({ "nodes": [{}, {}] });
    let bytes = floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    document["buffers"] = json!([buffer(&bytes)]);
    document["bufferViews"] = json!([{ "buffer": 0, "byteLength": bytes.len() }]);
    let output = |at: usize| {
        json!({ "bufferView": 0, "byteOffset": at * 4, "componentType": 5126, "count": 1,
            "type": "VEC3" })
    };
    let input = json!({ "bufferView": 0, "componentType": 5126, "count": 1, "type": "SCALAR" });
    document["accessors"] = json!([input, output(1), output(4)]);
    let channel = |sampler: usize, node: usize, path: &str| json!({ "sampler": sampler, "target": { "node": node, "path": path } });
    let pointer = json!({ "sampler": 1, "target": { "path": "pointer", "extensions": {
        "KHR_animation_pointer": { "pointer": "/nodes/0/translation" } } } });
    document["animations"] = json!([{
        "samplers": [{ "input": 0, "output": 1 }, { "input": 0, "output": 2 }],
        "channels": [channel(0, 0, "translation"), channel(1, 0, "translation"), pointer,
            channel(1, 0, "scale"), channel(1, 1, "translation")],
    }]);
    let loaded = load(document).unwrap();
    let channels = &loaded.scene.animations[0].channels;
    let nodes: Vec<u32> = channels.iter().map(|channel| channel.node.0).collect();
    assert_eq!(nodes, [0, 0, 1]);
    let first = Track::Translation(vec![Vec3::new(1.0, 2.0, 3.0)]);
    assert_eq!(channels[0].track, first);
    let told = loaded.issues.iter();
    let told = told.filter(|issue| issue.code == "STOA_ANIMATION_TWICE");
    assert_eq!(told.count(), 2);
}

#[test]
fn hulls_are_counted_by_their_vertices_and_meshes_by_those_without_triangles() {
    let with_shapes = |vertices: usize, mode: u32, kind: &str, motion: Value, count: usize| {
        let attributes = json!({ "POSITION": 0, "NORMAL": 0 });
        let mut document = json!({ "nodes": [],
            "meshes": [{ "primitives": [{ "attributes": attributes, "indices": 1, "mode": mode }] }],
            "extensions": { "KHR_implicit_shapes": { "shapes": [
                { "type": kind, (kind): { "mesh": 0 } },
            ] } } });
        zeros(
            &mut document,
            &[(5126, vertices, "VEC3"), (5123, 3, "SCALAR")],
        );
        let mut body = json!({ "collider": { "geometry": { "shape": 0 } } });
        if !motion.is_null() {
            body["motion"] = motion;
        }
        solid(&mut document, count, &body);
        document
    };
    let still = Value::Null;
    assert!(load(with_shapes(80_000, 0, "convex", still.clone(), 30)).is_ok());
    is_over(
        with_shapes(80_000, 0, "convex", still.clone(), 31),
        "vertices of hulls",
    );
    // Of what falls the hull collides.
    let falling = json!({ "mass": 1.0 });
    is_over(
        with_shapes(80_000, 4, "trimesh", falling, 31),
        "vertices of hulls",
    );
    assert!(load(with_shapes(300_000, 4, "trimesh", still.clone(), 40)).is_ok());
    is_over(
        with_shapes(300_000, 4, "trimesh", still, 41),
        "triangles of colliders",
    );
}

#[test]
fn springs_of_an_old_avatar_share_what_new_ones_have_each() {
    let with_springs = |groups: usize, bones: usize, colliders: usize| {
        let mut document = old_avatar();
        let nodes = document["nodes"].as_array_mut().unwrap();
        let first = nodes.len();
        nodes.resize(first + bones, json!({}));
        document["extensions"]["VRM"]["secondaryAnimation"] = json!({
            "colliderGroups": [{ "node": 0, "colliders": vec![json!({}); colliders] }],
            "boneGroups": [{
                "colliderGroups": vec![0; groups],
                "bones": (first..first + bones).collect::<Vec<_>>(),
            }],
        });
        load_avatar(document.to_string().as_bytes(), &NoSideFiles)
    };
    assert_eq!(with_springs(3, 20, 2).unwrap().springs.chains.len(), 20);
    for (refused, words) in [
        (with_springs(60_000, 2, 0), "groups of colliders"),
        (with_springs(1, 1, 110_000), "colliders"),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OverLimit, "{error}");
        assert!(error.fault.contains(words), "{error}");
    }
}

/// An avatar of VRM 0.x which says so many times who sees its mesh, one point at so many nodes.
fn old_annotations(flag: &str, nodes: usize, annotations: usize) -> Value {
    let mut document = old_avatar();
    document["accessors"] = json!([{ "componentType": 5126, "count": 1, "type": "VEC3" }]);
    document["meshes"] =
        json!([{ "primitives": [{ "attributes": { "POSITION": 0 }, "mode": 0 }] }]);
    let list = document["nodes"].as_array_mut().unwrap();
    list.extend(vec![json!({ "mesh": 0 }); nodes]);
    let annotation = json!({ "mesh": 0, "firstPersonFlag": flag });
    document["extensions"]["VRM"]["firstPerson"]["meshAnnotations"] =
        vec![annotation; annotations].into();
    document
}

fn read_avatar(document: &Value) -> Result<Avatar, SceneError> {
    load_avatar(document.to_string().as_bytes(), &NoSideFiles)
}

#[test]
fn what_an_old_avatar_says_of_a_mesh_is_not_repeated_at_each_node() {
    let rules = |flag: &str, nodes: usize| -> Vec<FirstPersonRule> {
        let avatar = read_avatar(&old_annotations(flag, nodes, 1)).unwrap();
        avatar.first_person.iter().map(|(_, rule)| *rule).collect()
    };
    for (flag, rule) in [
        ("Auto", FirstPersonRule::Auto),
        ("Both", FirstPersonRule::Both),
        ("ThirdPersonOnly", FirstPersonRule::ThirdPersonOnly),
        ("FirstPersonOnly", FirstPersonRule::FirstPersonOnly),
    ] {
        assert_eq!(rules(flag, 2), [rule; 2]);
    }
    // Said at each node it would be longer than what is read.
    let long = "A".repeat(MAX_JSON_BYTES / 900);
    assert_eq!(rules(&long, 900), [FirstPersonRule::Auto; 900]);
    // One annotation more than there may be is made, and no further ones for the last mesh.
    let error = read_avatar(&old_annotations("Auto", 900, 112)).unwrap_err();
    assert!(error.fault.contains("has 100001 elements"), "{error}");
}

#[test]
fn what_an_old_avatar_becomes_is_bounded() {
    let with = |colliders: usize| {
        let mut document = old_annotations("ThirdPersonOnly", 900, 111);
        let vrm = &mut document["extensions"]["VRM"];
        vrm["meta"]["version"] = "v".repeat(2_000_000).into();
        vrm["secondaryAnimation"]["colliderGroups"] =
            json!([{ "node": 0, "colliders": vec![json!({}); colliders] }]);
        read_avatar(&document)
    };
    assert_eq!(with(1_000).unwrap().first_person.len(), 99_900);
    let error = with(100_000).unwrap_err();
    assert_eq!(error.kind, ErrorKind::OverLimit, "{error}");
    assert_eq!(error.place, "/extensions/VRM", "{error}");
    assert!(error.fault.contains("as VRM 1.0"), "{error}");
}

#[test]
fn no_more_is_told_of_an_avatar_than_is_kept() {
    let mut document = old_avatar();
    let bones = &mut document["extensions"]["VRM"]["humanoid"]["humanBones"];
    let again = vec![json!({ "bone": "hips", "node": 0 }); MAX_WARNINGS + 1];
    bones.as_array_mut().unwrap().extend(again);
    let told = read_avatar(&document).unwrap().issues;
    assert_eq!(told.len(), MAX_WARNINGS);
    assert!(told.iter().all(|issue| issue.code == "STOA_VRM_BONE_TWICE"));
}

#[test]
fn a_channel_that_moves_a_mesh_counts_at_each_node_with_it() {
    let channels = |count: usize| {
        let mut document = triangle();
        document["meshes"][0]["primitives"][0]["targets"] = json!([{ "POSITION": 0 }]);
        document["nodes"] = vec![json!({ "mesh": 0 }); 256].into();
        let accessors = document["accessors"].as_array_mut().unwrap();
        let zero = accessors.len();
        accessors.push(json!({ "componentType": 5126, "count": 1, "type": "SCALAR" }));
        let channel = json!({ "sampler": 0, "target": { "path": "pointer", "extensions": {
            "KHR_animation_pointer": { "pointer": "/meshes/0/weights" } } } });
        document["animations"] = json!([{
            "samplers": [{ "input": zero, "output": zero }],
            "channels": vec![channel; count],
        }]);
        document
    };
    assert!(load(channels(50)).is_ok());
    is_over(channels(14_000), "memory once it is read");
}

#[test]
fn draco_data_fill_no_accessor_of_another_type() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("ext/compressed");
    let mut document: Value =
        serde_json::from_slice(&std::fs::read(folder.join("BoxDraco.gltf")).unwrap()).unwrap();
    let packed = std::fs::read(folder.join("0.bin")).unwrap();
    document["buffers"] = json!([buffer(&packed)]);
    assert!(load(document.clone()).is_ok());
    for (component, kind) in [(5126, "VEC2"), (5123, "VEC2"), (5121, "VEC4")] {
        let mut broken = document.clone();
        // What names the indices as something else is read first.
        broken["accessors"][0] = json!({ "componentType": component, "count": 36, "type": kind });
        broken["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = json!(0);
        refused(broken);
    }
}

#[test]
fn draco_attributes_are_counted_before_the_data_are_looked_at() {
    let mut document = triangle();
    let names = (0..=MAX_DRACO_ATTRIBUTES).map(|number| (format!("_{number}"), json!(0)));
    let names: Map<String, Value> = names.collect();
    document["meshes"][0]["primitives"][0]["extensions"] =
        json!({ "KHR_draco_mesh_compression": { "bufferView": 0, "attributes": names } });
    is_over(document, "257 attributes");
}

#[test]
fn the_check_counts_what_sparse_accessors_name() {
    let bytes = vec![0; 1 << 20];
    let sparse = json!({ "componentType": 5121, "count": 1, "type": "SCALAR", "sparse": {
        "count": 1 << 20,
        "indices": { "bufferView": 0, "componentType": 5121 },
        "values": { "bufferView": 0 },
    } });
    let document = |count: usize| {
        json!({
            "asset": { "version": "2.0" }, "buffers": [buffer(&bytes)],
            "bufferViews": [{ "buffer": 0, "byteLength": bytes.len() }],
            "accessors": vec![sparse.clone(); count],
        })
    };
    let check = |count: usize| {
        let text = document(count).to_string();
        check_bytes(text.as_bytes(), &NoSideFiles, Purpose::World)
    };
    assert!(!check(2).is_cut_short);
    let many = MAX_CHECKED_BYTES as usize / bytes.len() / size_of::<usize>();
    assert!(check(many).is_cut_short);
}

#[test]
fn the_check_looks_at_no_more_elements_and_sets_of_joints_than_are_read() {
    let check = |count: usize, sets: usize| {
        let zero = |component: u32, is_normalized: bool| {
            json!({ "componentType": component, "count": count, "type": "VEC4",
                "normalized": is_normalized, "sparse": { "count": 1,
                "indices": { "bufferView": 0, "componentType": 5121 },
                "values": { "bufferView": 0 } } })
        };
        let names = (0..sets).flat_map(|set| {
            let [joints, weights] = ["JOINTS", "WEIGHTS"].map(|name| format!("{name}_{set}"));
            [(joints, json!(0)), (weights, json!(1))]
        });
        let attributes: Map<String, Value> = names.collect();
        let document = json!({
            "asset": { "version": "2.0" }, "buffers": [buffer(&[0; 4])],
            "bufferViews": [{ "buffer": 0, "byteLength": 4 }],
            "accessors": [zero(5121, false), zero(5121, true)],
            "meshes": [{ "primitives": [{ "attributes": attributes, "mode": 0 }] }],
            "nodes": [{ "mesh": 0, "skin": 0 }], "skins": [{ "joints": [0] }],
        });
        let text = document.to_string();
        check_bytes(text.as_bytes(), &NoSideFiles, Purpose::World)
    };
    let has_sum = |report: &Report| {
        let mut issues = report.issues.iter();
        issues.any(|issue| issue.code == "ACCESSOR_WEIGHTS_NON_NORMALIZED")
    };
    for (count, sets, is_whole) in [
        (2, MAX_ATTRIBUTE_SETS, true),
        (2, MAX_ATTRIBUTE_SETS + 1, false),
        (MAX_ACCESSOR_COUNT + 1, 1, false),
    ] {
        let report = check(count, sets);
        assert_eq!(has_sum(&report), is_whole, "{count} {sets}");
        assert_eq!(report.is_cut_short, !is_whole, "{count} {sets}");
    }
}
