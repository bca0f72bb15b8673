//! What a check says of a file that is right, and of which something comes to nothing.

use crate::extensions::{buffer, floats};
use scene::{
    Issue, NoSideFiles, Outcome, Purpose, Report, check_bytes,
    limits::{MAX_BODY_JOINTS, MAX_COLLISION_SYSTEMS, MAX_SPLATS, MAX_SPRING_CONTACTS},
};
use serde_json::{Value, json};

fn report(mut document: Value, purpose: Purpose) -> Report {
    document["asset"] = json!({ "version": "2.0" });
    let report = check_bytes(document.to_string().as_bytes(), &NoSideFiles, purpose);
    assert_ne!(report.outcome, Outcome::Reject, "{:?}", report.refusal);
    report
}

/// Every finding with a code of ours, but what extensions are passed over.
fn told(document: Value, purpose: Purpose) -> Vec<Issue> {
    let all = report(document, purpose).issues.into_iter();
    all.filter(|issue| issue.code.starts_with("STOA_"))
        .filter(|issue| issue.code != "STOA_EXTENSION_NOT_READ")
        .inspect(|issue| {
            assert!(
                issue.severity > 0 && issue.remedy().ends_with('.'),
                "{issue:?}"
            );
        })
        .collect()
}

/// The same of a world, each as code, severity, place and message.
fn of_world(document: Value) -> Vec<String> {
    let told = told(document, Purpose::World).into_iter();
    told.map(|issue| {
        let Issue {
            code,
            severity,
            pointer,
            message,
            ..
        } = issue;
        format!("{code} {severity} {pointer}: {message}")
    })
    .collect()
}

#[test]
fn textures_on_more_uv_sets_than_two_are_told() {
    let material = |set: u64| {
        json!({
            "pbrMetallicRoughness": { "baseColorTexture": { "index": 0, "texCoord": set } },
            "extensions": {
                "KHR_materials_clearcoat": { "clearcoatTexture": { "index": 0, "texCoord": 0,
                    "extensions": { "KHR_texture_transform": { "texCoord": set } } } },
                // Nothing of it is drawn at all.
                "KHR_materials_subsurface": { "anyTexture": { "index": 0, "texCoord": 7 } },
            },
        })
    };
    let document = |set: u64| {
        json!({
            "extensionsUsed": ["KHR_materials_clearcoat", "KHR_texture_transform", "KHR_materials_subsurface"],
            "textures": [{}], "materials": [{}, material(set)],
        })
    };
    for two in [1, 2] {
        assert_eq!(of_world(document(two)), Vec::<String>::new());
    }
    let mut three = document(2);
    let own = &mut three["materials"][1];
    own["normalTexture"] = json!({ "index": 0, "texCoord": 1 });
    own["occlusionTexture"] = json!({ "index": 0 });
    let told = of_world(three);
    assert_eq!(told.len(), 1, "{told:?}");
    let place = "STOA_UV_SET 1 /materials/1/pbrMetallicRoughness/baseColorTexture: ";
    assert!(told[0].starts_with(place), "{told:?}");
    assert!(told[0].contains("(2 textures in all)"), "{told:?}");
}

#[test]
fn textures_of_a_variant_on_uv_sets_that_the_mesh_has_not_are_told() {
    let document = |variant: u64, own: u64| {
        let mut document = crate::extensions::triangle();
        let material = |set: u64| json!({ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0, "texCoord": set } } });
        document["extensionsUsed"] = json!(["KHR_materials_variants"]);
        document["extensions"] =
            json!({ "KHR_materials_variants": { "variants": [{ "name": "Other" }] } });
        document["textures"] = json!([{}]);
        document["materials"] = json!([material(own), material(variant)]);
        let primitive = &mut document["meshes"][0]["primitives"][0];
        primitive["material"] = json!(0);
        primitive["extensions"] = json!({ "KHR_materials_variants": {
            "mappings": [{ "material": 1, "variants": [0] }],
        } });
        document
    };
    let told = |variant, own| {
        let told = of_world(document(variant, own)).into_iter();
        told.filter(|line| line.starts_with("STOA_UV_SET"))
            .collect::<Vec<_>>()
    };
    for (variant, own) in [(0, 1), (3, 3)] {
        assert_eq!(told(variant, own), Vec::<String>::new());
    }
    for (variant, own) in [(2, 0), (0, 2)] {
        let told = told(variant, own);
        assert!(
            told.len() == 1 && told[0].contains("/materials/1/"),
            "{told:?}"
        );
    }
}

#[test]
fn vertices_that_follow_more_than_four_joints_are_told() {
    let document = |fifth: f32, skin: Option<usize>| {
        let rest = [1.0 - fifth, 0.0, 0.0, 0.0];
        let bytes = floats(&[rest, [fifth, 0.0, 0.0, 0.0]].concat());
        let bytes = [bytes, floats(&[0.2, 0.2, 0.2, 0.2])].concat();
        let view = |number: usize| json!({ "buffer": 0, "byteOffset": 16 * number, "byteLength": 16, "byteStride": 16 });
        let weights = |view: usize| json!({ "bufferView": view, "componentType": 5126, "count": 1, "type": "VEC4" });
        let mut node = json!({ "mesh": 0 });
        if let Some(skin) = skin {
            node["skin"] = skin.into();
        }
        json!({
            "buffers": [buffer(&bytes)],
            "bufferViews": [view(0), view(1), view(2)],
            "accessors": [
                { "componentType": 5126, "count": 1, "type": "VEC3", "min": [0, 0, 0], "max": [0, 0, 0] },
                { "componentType": 5121, "count": 1, "type": "VEC4" },
                weights(0), weights(1), weights(2),
            ],
            "meshes": [{ "primitives": [{ "mode": 0, "attributes": {
                "POSITION": 0, "JOINTS_0": 1, "JOINTS_1": 1,
                "WEIGHTS_0": if fifth > 0.0 { 4 } else { 2 }, "WEIGHTS_1": 3,
            } }] }],
            "nodes": [node, {}], "skins": [{ "joints": [1] }],
            "scene": 0, "scenes": [{ "nodes": [0, 1] }],
        })
    };
    // A second set that holds nothing takes nothing away, and neither does one that nothing follows.
    assert_eq!(of_world(document(0.0, Some(0))), Vec::<String>::new());
    assert_eq!(of_world(document(0.2, None)), Vec::<String>::new());
    let told = of_world(document(0.2, Some(0)));
    assert_eq!(told.len(), 1, "{told:?}");
    let place = "STOA_INFLUENCES 1 /meshes/0/primitives/0/attributes/WEIGHTS_1: ";
    assert!(told[0].starts_with(place), "{told:?}");
}

#[test]
fn splats_without_room_are_told() {
    let name = "KHR_gaussian_splatting";
    let document = |count: usize| {
        let accessor = |kind: &str| json!({ "componentType": 5126, "count": count, "type": kind, "min": [0, 0, 0], "max": [0, 0, 0] });
        let mut rotation = accessor("VEC4");
        rotation["min"] = json!([0, 0, 0, 0]);
        rotation["max"] = json!([0, 0, 0, 0]);
        json!({
            "extensionsUsed": [name], "accessors": [accessor("VEC3"), accessor("VEC3"), rotation],
            "meshes": [{ "primitives": [{ "mode": 0, "attributes": { "POSITION": 0,
                "KHR_gaussian_splatting:SCALE": 1, "KHR_gaussian_splatting:ROTATION": 2 },
                "extensions": { (name): { "kernel": "ellipse", "colorSpace": "srgb_rec709_display" } } }] }],
        })
    };
    assert_eq!(of_world(document(10)), Vec::<String>::new());
    let told = of_world(document(MAX_SPLATS + 1));
    assert_eq!(told.len(), 1, "{told:?}");
    let place =
        "STOA_SPLATS_AS_POINTS 1 /meshes/0/primitives/0/extensions/KHR_gaussian_splatting: ";
    assert!(told[0].starts_with(place), "{told:?}");
}

/// A file whose animations each move some nodes along for so many seconds.
fn animated(animations: &[(&str, &[usize], f32)]) -> Value {
    let lasting = |secs: f32| if secs > 0.0 { 0 } else { 2 };
    let one = |(name, nodes, secs): &(&str, &[usize], f32)| {
        let channel = |node: &usize| json!({ "sampler": 0, "target": { "node": node, "path": "translation" } });
        json!({
            "name": name,
            "samplers": [{ "input": lasting(*secs), "output": lasting(*secs) + 1 }],
            "channels": nodes.iter().map(channel).collect::<Vec<_>>(),
        })
    };
    let bytes = floats(&[0.0, 1.0]);
    json!({
        "buffers": [buffer(&bytes)], "bufferViews": [{ "buffer": 0, "byteLength": bytes.len() }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 2, "type": "SCALAR", "min": [0], "max": [1] },
            { "componentType": 5126, "count": 2, "type": "VEC3" },
            { "bufferView": 0, "componentType": 5126, "count": 1, "type": "SCALAR", "min": [0], "max": [0] },
            { "componentType": 5126, "count": 1, "type": "VEC3" },
        ],
        "nodes": [{ "name": "Lift" }, { "name": "Door" }, {}],
        "animations": animations.iter().map(one).collect::<Vec<_>>(),
    })
}

#[test]
fn animations_that_do_not_play_are_told_with_the_one_that_plays_instead() {
    let apart = animated(&[("Up", &[0], 1.0), ("Open", &[1], 1.0)]);
    assert_eq!(of_world(apart), Vec::<String>::new());
    let both: &[(&str, &[usize], f32)] = &[
        ("Up", &[0], 1.0),
        ("Open", &[2, 0], 1.0),
        ("Down", &[0], 1.0),
        ("Shut", &[1, 2], 1.0),
    ];
    assert_eq!(
        of_world(animated(both)),
        [
            "STOA_ANIMATION_LEFT_OUT 2 /animations/1: does not play: the animation `Up` moves the node `Lift` as \
            well (2 animations in all)"
        ]
    );
    assert_eq!(
        of_world(animated(&[("Death", &[0], 1.0), ("Idle", &[0], 1.0)])),
        [
            "STOA_ANIMATION_LEFT_OUT 2 /animations/0: does not play: the animation `Idle` moves the node `Lift` as well"
        ]
    );
    let still = of_world(animated(&[("Pose", &[0], 0.0)]));
    assert_eq!(
        still,
        ["STOA_ANIMATION_LEFT_OUT 2 /animations/0: does not play: all its keys are at one time"]
    );
}

#[test]
fn a_host_chooses_which_animations_play() {
    let all: &[(&str, &[usize], f32)] = &[
        ("Up", &[0], 1.0),
        ("Down", &[0], 1.0),
        ("Open", &[1], 1.0),
        ("Both", &[0, 1], 1.0),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut document = animated(all);
    document["asset"] = json!({ "version": "2.0" });
    std::fs::write(folder.path().join("a.gltf"), document.to_string()).unwrap();
    let playing = |manifest: &str| {
        std::fs::write(folder.path().join("world.toml"), manifest).unwrap();
        let world = scene::load_world(folder.path()).unwrap();
        (world.scene.ambient_animations(), world.issues)
    };
    assert_eq!(playing("").0, [0, 2]);
    assert_eq!(playing("animations = ['Down']").0, [1]);
    // What is named first goes before.
    assert_eq!(playing("animations = ['Both', 'Open', 'Up']").0, [3]);
    assert_eq!(
        playing("animations = ['Open', 'Both', 'Up', 'Open']").0,
        [2, 0]
    );
    assert_eq!(playing("animations = []").0, [0_usize; 0]);
    let (found, issues) = playing("animations = ['Sideways', 'Up']");
    assert_eq!(found, [0]);
    assert_eq!(issues.len(), 1);
    assert!(issues[0].message.contains("no animation `Sideways`"));
}

#[test]
fn where_a_graph_says_what_plays_nothing_plays_by_itself() {
    let mut document = animated(&[("Up", &[0], 1.0), ("Open", &[1], 1.0)]);
    let plays = |document: &Value| crate::extensions::read(document.clone()).ambient_animations();
    document["extensionsUsed"] = json!(["KHR_interactivity"]);
    document["extensions"] = json!({ "KHR_interactivity": { "graphs": [] } });
    assert_eq!(plays(&document), [0, 1]);
    document["extensions"]["KHR_interactivity"]["graphs"] = json!([{}]);
    assert_eq!(plays(&document), [0_usize; 0]);
    let told = of_world(document);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("STOA_ANIMATION_OF_GRAPH 2 /animations/0: "));
}

#[test]
fn scenes_and_cameras_that_nobody_sees_are_told() {
    let mut document = json!({
        "nodes": [{}, {}, {}], "scene": 1,
        "scenes": [{ "nodes": [0] }, { "nodes": [1] }, { "nodes": [1] }, { "nodes": [2] }],
    });
    let told = of_world(document.clone());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("STOA_SCENE_NOT_SHOWN 2 /scenes/0: "));
    assert!(told[0].ends_with("(2 scenes in all)"), "{told:?}");
    document["scenes"] = json!([{ "nodes": [] }, { "nodes": [0, 1, 2] }]);
    document["cameras"] =
        json!([{ "type": "perspective", "perspective": { "yfov": 1.0, "znear": 0.1 } }]);
    let told = of_world(document);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("STOA_CAMERA_NOT_USED 2 /cameras/0: "));
}

#[test]
fn what_a_thing_leaves_behind_is_told() {
    let mut document = crate::extensions::triangle();
    document["nodes"] = json!([{ "mesh": 0, "extensions": { "OMI_spawn_point": {} } }]);
    document["extensionsUsed"] = json!(["OMI_spawn_point"]);
    let as_prop = told(document.clone(), Purpose::Prop);
    let messages: Vec<_> = as_prop.iter().map(|issue| issue.message.as_str()).collect();
    assert_eq!(messages, ["as a thing it is without its spawn points"]);
    assert!(told(document, Purpose::World).is_empty());
}

/// A world with a floor of 20 by 20 m, drawn, 0.2 m thick, and the root objects of a dialect of physics.
fn hall(nodes: Value, extensions: Value) -> Value {
    let corners: Vec<f32> = (0..8)
        .flat_map(|corner| {
            [(1, 10.0), (2, 0.1), (4, 10.0)]
                .map(|(bit, half)| if corner & bit == 0 { -half } else { half })
        })
        .collect();
    json!({
        "extensionsUsed": ["OMI_physics_shape", "OMI_physics_body", "OMI_spawn_point",
            "KHR_physics_rigid_bodies", "KHR_implicit_shapes"],
        "buffers": [buffer(&floats(&corners))],
        "bufferViews": [{ "buffer": 0, "byteLength": 96 }],
        "accessors": [{ "bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3",
            "min": [-10.0, -0.1, -10.0], "max": [10.0, 0.1, 10.0] }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "mode": 5 }] }],
        "nodes": nodes, "extensions": extensions,
    })
}

fn omi(size: [f32; 3]) -> Value {
    json!({ "OMI_physics_shape": { "shapes": [{ "type": "box", "box": { "size": size } },
        { "type": "trimesh", "trimesh": { "mesh": 0 } }] } })
}

fn solid(shape: usize) -> Value {
    json!({ "OMI_physics_body": { "collider": { "shape": shape } } })
}

#[test]
fn a_floor_that_one_falls_through_is_told() {
    let world = |spawn: f32, collider: Value, size: [f32; 3]| {
        let arrival =
            json!({ "translation": [spawn, 0.1, 0.0], "extensions": { "OMI_spawn_point": {} } });
        let nodes = json!([{ "name": "Floor", "mesh": 0 }, arrival, collider]);
        of_world(hall(nodes, omi(size)))
    };
    let at = |x: f32| json!({ "translation": [x, -0.3, 0.0], "extensions": solid(0) });
    // A crate on the floor makes no floor, and one who arrives there falls.
    let told = world(5.0, at(0.0), [2.0, 2.0, 2.0]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("STOA_PHYSICS_NOT_SOLID 1 /nodes/0: "),
        "{told:?}"
    );
    // Whoever arrives above the crate does not: but they go through the rest.
    let told = world(0.0, at(0.0), [2.0, 2.0, 2.0]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("STOA_PHYSICS_NOT_SOLID 2 /nodes/0: "),
        "{told:?}"
    );
    // A box of the floor's size below it is enough, whatever node it is on; so are the floor's own triangles.
    assert_eq!(world(5.0, at(0.0), [20.0, 0.5, 20.0]), Vec::<String>::new());
    let own = json!([{ "mesh": 0, "extensions": solid(1) }]);
    assert_eq!(of_world(hall(own, omi([1.0; 3]))), Vec::<String>::new());
    // Where the file says nothing of physics, what is drawn is solid.
    let plain = json!([{ "mesh": 0 }]);
    assert_eq!(of_world(hall(plain, json!({}))), Vec::<String>::new());
    // What moves, what is hidden and what is small is no floor.
    let moving = json!([
        { "mesh": 0, "extensions": { "OMI_physics_body": { "motion": { "type": "dynamic" } } } },
        { "mesh": 0, "scale": [0.05, 1.0, 0.05] },
        { "mesh": 0, "extensions": { "KHR_node_visibility": { "visible": false } } },
    ]);
    let mut document = hall(moving, omi([1.0; 3]));
    document["extensionsUsed"] = json!([
        "OMI_physics_shape",
        "OMI_physics_body",
        "KHR_node_visibility"
    ]);
    assert_eq!(of_world(document), Vec::<String>::new());
}

#[test]
fn meshes_below_a_solid_node_are_solid() {
    let khr = |node: usize| json!({ "KHR_physics_rigid_bodies": { "collider": { "geometry": { "node": node } } } });
    let nodes = json!([
        { "children": [1], "extensions": khr(0) },
        { "mesh": 0 },
        { "mesh": 0, "translation": [50.0, 0.0, 0.0] },
    ]);
    let told = of_world(hall(nodes, json!({})));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("STOA_PHYSICS_NOT_SOLID 2 /nodes/2: "),
        "{told:?}"
    );
}

#[test]
fn falling_bodies_of_triangles_are_told_to_become_hulls() {
    let body = |motion: Value| {
        let body = json!({ "OMI_physics_body": { "motion": motion, "collider": { "shape": 1 } } });
        of_world(hall(
            json!([{ "mesh": 0, "extensions": body }]),
            omi([1.0; 3]),
        ))
    };
    assert_eq!(body(json!({ "type": "kinematic" })), Vec::<String>::new());
    let told = body(json!({ "type": "dynamic" }));
    assert_eq!(told.len(), 1, "{told:?}");
    let place = "STOA_PHYSICS_HULL 2 /nodes/0/extensions/OMI_physics_body/collider: ";
    assert!(told[0].starts_with(place), "{told:?}");
}

#[test]
fn the_dialect_that_is_not_read_is_told() {
    let khr = json!({ "collider": { "geometry": { "node": 0 } } });
    let both = |second: Value| {
        let mut first = solid(1);
        first["KHR_physics_rigid_bodies"] = khr.clone();
        let nodes = json!([{ "mesh": 0, "extensions": first }, { "extensions": second }]);
        of_world(hall(nodes, omi([1.0; 3])))
    };
    let told = both(json!({}));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("STOA_PHYSICS_DIALECT 2 : "), "{told:?}");
    let told = both(solid(0));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("STOA_PHYSICS_DIALECT 1 /nodes/1: "),
        "{told:?}"
    );
}

#[test]
fn more_collision_systems_than_are_told_apart_are_told() {
    let world = |count: usize| {
        let names: Vec<String> = (0..count)
            .map(|number| format!("system {number}"))
            .collect();
        let mut extensions = omi([1.0; 3]);
        extensions["OMI_physics_body"] = json!({ "collisionFilters": [
            { "collisionSystems": names[1..], "notCollideWithSystems": [names[0]] },
        ] });
        of_world(hall(
            json!([{ "mesh": 0, "extensions": solid(1) }]),
            extensions,
        ))
    };
    assert_eq!(world(MAX_COLLISION_SYSTEMS), Vec::<String>::new());
    let told = world(MAX_COLLISION_SYSTEMS + 1);
    assert_eq!(told.len(), 1, "{told:?}");
    let place = "STOA_PHYSICS_SYSTEMS 1 /extensions/OMI_physics_body/collisionFilters: ";
    assert!(told[0].starts_with(place), "{told:?}");
}

#[test]
fn joints_beyond_those_that_hold_are_told() {
    let document = |joints: usize| {
        let joint = |_| json!({ "extensions": { "OMI_physics_joint": { "joint": 0, "connectedNode": 0 } } });
        let mut nodes: Vec<Value> = (0..joints).map(joint).collect();
        nodes.push(
            json!({ "extensions": { "OMI_physics_body": { "motion": { "type": "dynamic" } } } }),
        );
        json!({
            "extensionsUsed": ["OMI_physics_body", "OMI_physics_joint"],
            "extensions": { "OMI_physics_joint": { "physicsJoints": [{}] } },
            "scene": 0, "scenes": [{ "nodes": (0..nodes.len()).collect::<Vec<_>>() }], "nodes": nodes,
        })
    };
    let told = |joints| {
        let told = of_world(document(joints)).into_iter();
        told.filter(|line| line.starts_with("STOA_PHYSICS_JOINTS"))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(MAX_BODY_JOINTS), Vec::<String>::new());
    let told = told(MAX_BODY_JOINTS + 2);
    let place = format!("STOA_PHYSICS_JOINTS 1 /nodes/{MAX_BODY_JOINTS}: ");
    assert!(told.len() == 1 && told[0].starts_with(&place), "{told:?}");
    assert!(told[0].contains("(2 nodes in all)"), "{told:?}");
}

/// Of an avatar of which nothing is to be told.
const NOTHING: [(&str, String); 0] = [];

/// An avatar that may be sent to others, and keeps every rule.
fn good_avatar() -> Value {
    let mut document = crate::avatars::least_avatar();
    document["extensions"]["VRMC_vrm"]["meta"]["avatarPermission"] = json!("everyone");
    document
}

fn of_avatar(document: &Value) -> Vec<(&'static str, String)> {
    let told = told(document.clone(), Purpose::Avatar).into_iter();
    told.map(|issue| {
        assert_eq!(issue.severity, 1, "{issue:?}");
        (issue.code, issue.pointer)
    })
    .collect()
}

#[test]
fn avatars_that_others_do_not_see_are_told() {
    assert_eq!(of_avatar(&good_avatar()), NOTHING);
    let mut document = crate::avatars::least_avatar();
    let unseen = |place: &str| [("STOA_VRM_NOT_SHARED", place.to_owned())];
    assert_eq!(of_avatar(&document), unseen("/extensions/VRMC_vrm/meta"));
    document["extensions"]["VRMC_vrm"]["meta"]["allowRedistribution"] = json!(true);
    assert_eq!(of_avatar(&document), NOTHING);
    let mut old = crate::extensions::old_avatar();
    assert_eq!(of_avatar(&old), NOTHING);
    old["extensions"]["VRM"]["meta"] = json!({ "title": "Old", "author": "Someone" });
    assert_eq!(of_avatar(&old), unseen("/extensions/VRM/meta"));
}

#[test]
fn bones_that_need_another_one_are_told() {
    let with = |bones: &[&str]| {
        let mut document = good_avatar();
        let list = document["nodes"].as_array_mut().unwrap();
        let first = list.len();
        list.extend((0..bones.len()).map(|_| json!({})));
        for (number, bone) in bones.iter().enumerate() {
            let node = first + number;
            // Node 11 is the left hand, to which no other node hangs.
            let parent = if number > 0 { node - 1 } else { 11 };
            document["nodes"][parent]["children"] = json!([node]);
            document["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"][bone] =
                json!({ "node": node });
        }
        of_avatar(&document)
    };
    let without = |bone: &str| {
        let place = format!("/extensions/VRMC_vrm/humanoid/humanBones/{bone}");
        [("STOA_VRM_BONE_PARENT", place)]
    };
    let fingers = [
        "leftIndexProximal",
        "leftIndexIntermediate",
        "leftIndexDistal",
    ];
    assert_eq!(with(&fingers), NOTHING);
    assert_eq!(with(&fingers[1..]), without("leftIndexIntermediate"));
    assert_eq!(
        with(&["leftThumbProximal", "leftThumbDistal"]),
        without("leftThumbProximal")
    );
}

#[test]
fn another_licence_and_an_oblong_picture_are_told() {
    let mut document = good_avatar();
    let meta = &mut document["extensions"]["VRMC_vrm"]["meta"];
    meta["licenseUrl"] = json!("https://example.org/licence");
    let place = "/extensions/VRMC_vrm/meta/licenseUrl".to_owned();
    assert_eq!(of_avatar(&document), [("STOA_VRM_LICENSE", place)]);

    let picture = |width: u32| {
        let mut document = good_avatar();
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, width, 2);
        encoder.set_color(png::ColorType::Grayscale);
        let mut writer = encoder.write_header().unwrap();
        writer
            .write_image_data(&vec![0; 2 * width as usize])
            .unwrap();
        writer.finish().unwrap();
        document["buffers"] = json!([buffer(&png)]);
        document["bufferViews"] = json!([{ "buffer": 0, "byteLength": png.len() }]);
        document["images"] = json!([{ "bufferView": 0, "mimeType": "image/png" }]);
        document["extensions"]["VRMC_vrm"]["meta"]["thumbnailImage"] = json!(0);
        of_avatar(&document)
    };
    assert_eq!(picture(2), NOTHING);
    let place = "/extensions/VRMC_vrm/meta/thumbnailImage".to_owned();
    assert_eq!(picture(4), [("STOA_VRM_THUMBNAIL", place)]);
}

#[test]
fn chains_that_end_early_or_hang_stiff_are_told() {
    let with = |chains: &[&[usize]], colliders: usize| {
        let mut document = good_avatar();
        let chain = |nodes: &&[usize]| {
            let joints: Vec<Value> = nodes.iter().map(|node| json!({ "node": node })).collect();
            json!({ "joints": joints, "colliderGroups": [0] })
        };
        let collider = json!({ "node": 0, "shape": { "sphere": { "radius": 0.1 } } });
        document["extensionsUsed"] = json!(["VRMC_vrm", "VRMC_springBone"]);
        document["extensions"]["VRMC_springBone"] = json!({
            "specVersion": "1.0",
            "colliders": vec![collider; colliders],
            "colliderGroups": [{ "colliders": (0..colliders).collect::<Vec<_>>() }],
            "springs": chains.iter().map(chain).collect::<Vec<_>>(),
        });
        of_avatar(&document)
    };
    // From the left upper arm to the hand; nodes between two joints may be left out.
    assert_eq!(with(&[&[9, 11]], 1), NOTHING);
    let place = "/extensions/VRMC_springBone/springs/1/joints/1".to_owned();
    let cut = [("STOA_VRM_SPRING_CUT", place)];
    assert_eq!(with(&[&[9, 11], &[12, 10, 14]], 1), cut);
    let stiff = [(
        "STOA_VRM_SPRING_STIFF",
        "/extensions/VRMC_springBone".to_owned(),
    )];
    assert_eq!(with(&[&[9, 10, 11]], MAX_SPRING_CONTACTS / 3 + 1), stiff);
}
