//! What is done with each extension: the tests that the table in `docs/CONFORMANCE.md` names.

use crate::dds::red_dds;
use base64::Engine as _;
use glam::{Vec2, Vec3};
use scene::{
    EXTENSIONS, ErrorKind, LightKind, Loaded, NoSideFiles, NodeIndex, Purpose, Scene, SceneError,
    Shape, Support, check_bytes, load_bytes, writer::Draft,
};
use serde_json::{Value, json};

/// A document with what every one needs added.
pub(crate) fn load(mut document: Value) -> Result<Loaded, SceneError> {
    document["asset"] = json!({ "version": "2.0" });
    load_bytes(
        document.to_string().as_bytes(),
        &NoSideFiles,
        Purpose::World,
    )
}

pub(crate) fn read(document: Value) -> Scene {
    load(document).unwrap().scene
}

/// A buffer in the document itself.
pub(crate) fn buffer(bytes: &[u8]) -> Value {
    let data = base64::engine::general_purpose::STANDARD.encode(bytes);
    let uri = format!("data:application/octet-stream;base64,{data}");
    json!({ "uri": uri, "byteLength": bytes.len() })
}

pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// One triangle.
pub(crate) fn triangle() -> Value {
    let bytes = floats(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    json!({
        "buffers": [buffer(&bytes)], "bufferViews": [{ "buffer": 0, "byteLength": bytes.len() }],
        "accessors": [{ "bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3",
            "min": [0.0, 0.0, 0.0], "max": [1.0, 1.0, 0.0] }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
    })
}

/// Names some extensions as used and required.
fn requiring(names: &[&str]) -> Value {
    json!({ "extensionsUsed": names, "extensionsRequired": names })
}

#[test]
fn what_is_passed_over_is_named() {
    let passed = EXTENSIONS
        .iter()
        .filter(|extension| extension.support == Support::PassedOver);
    for name in passed.map(|extension| extension.name).chain(["XYZ_new"]) {
        let error = load(requiring(&[name])).unwrap_err();
        assert_eq!(error.kind, ErrorKind::RequiredExtension, "{name}");
        assert!(error.fault.contains(name), "{error}");
        let issues = load(json!({ "extensionsUsed": [name] })).unwrap().issues;
        let told = issues
            .iter()
            .find(|issue| issue.code == "STOA_EXTENSION_NOT_READ");
        assert!(told.unwrap().message.contains(name));
    }
}

#[test]
fn a_required_part_may_be_required() {
    for extension in EXTENSIONS {
        if extension.support != Support::PassedOver {
            load(requiring(&[extension.name])).unwrap();
        }
    }
}

#[test]
fn material_lobes_are_read() {
    let scene = read(json!({ "materials": [{
        "emissiveFactor": [0.5, 0.0, 0.0],
        "extensions": {
            "KHR_materials_anisotropy": { "anisotropyStrength": 0.3 },
            "KHR_materials_clearcoat": { "clearcoatFactor": 0.4, "clearcoatRoughnessFactor": 0.1 },
            "KHR_materials_diffuse_transmission": { "diffuseTransmissionFactor": 0.35 },
            "KHR_materials_dispersion": { "dispersion": 0.2 },
            "KHR_materials_emissive_strength": { "emissiveStrength": 4.0 },
            "KHR_materials_ior": { "ior": 1.33 },
            "KHR_materials_iridescence": { "iridescenceFactor": 0.7 },
            "KHR_materials_sheen": { "sheenColorFactor": [0.0, 0.0, 0.6] },
            "KHR_materials_specular": { "specularFactor": 0.25 },
            "KHR_materials_transmission": { "transmissionFactor": 0.9 },
            "KHR_materials_unlit": {},
            "KHR_materials_volume": { "thicknessFactor": 0.05, "attenuationDistance": 2.0 },
        },
    }] }));
    let material = &scene.materials[0];
    assert_eq!(material.emission(), Vec3::new(2.0, 0.0, 0.0));
    assert_eq!(material.anisotropy, 0.3);
    assert_eq!(
        (material.clearcoat, material.clearcoat_roughness),
        (0.4, 0.1)
    );
    assert_eq!(
        (material.dispersion, material.index_of_refraction),
        (0.2, 1.33)
    );
    assert_eq!(material.iridescence.unwrap().factor, 0.7);
    assert_eq!(material.sheen.unwrap().color, Vec3::new(0.0, 0.0, 0.6));
    assert_eq!((material.specular, material.transmission), (0.25, 0.9));
    assert_eq!(
        (material.thickness, material.attenuation_distance),
        (0.05, 2.0)
    );
    assert_eq!(material.diffuse_transmission, 0.35);
    assert!(material.is_unlit);
}

#[test]
fn old_gloss_becomes_roughness() {
    let gloss = |specular: f32| {
        let scene = read(
            json!({ "materials": [{ "extensions": { "KHR_materials_pbrSpecularGlossiness": {
            "diffuseFactor": [0.2, 0.4, 0.6, 0.5], "specularFactor": [specular, specular, specular],
            "glossinessFactor": 0.75,
        } } }] }),
        );
        scene.materials[0].clone()
    };
    let plastic = gloss(0.04);
    assert_eq!((plastic.metallic, plastic.roughness), (0.0, 0.25));
    assert_eq!(plastic.base_color.to_array(), [0.2, 0.4, 0.6, 0.5]);
    assert_eq!(gloss(1.0).metallic, 1.0);
    let with_picture = read(
        json!({ "textures": [{}, {}], "materials": [{ "extensions": {
        "KHR_materials_pbrSpecularGlossiness": { "diffuseTexture": { "index": 0 }, "specularFactor": [0.5, 0.4, 0.3],
            "glossinessFactor": 0.75, "specularGlossinessTexture": { "index": 1 } },
    } }] }),
    );
    let material = &with_picture.materials[0];
    assert_eq!((material.metallic, material.glossiness), (0.0, Some(0.75)));
    assert_eq!(material.specular_color, Vec3::new(0.5, 0.4, 0.3));
    let reflected = material.specular_color_texture.unwrap().texture;
    assert_eq!(reflected, scene::TextureIndex(1));
}

#[test]
fn texture_transforms_are_read() {
    let scene = read(json!({
        "textures": [{}],
        "materials": [{ "normalTexture": { "index": 0, "extensions": { "KHR_texture_transform": {
            "offset": [0.5, 0.25], "rotation": 1.5, "scale": [2.0, 3.0], "texCoord": 1,
        } } } }],
    }));
    let slot = scene.materials[0].normal_texture.unwrap();
    assert_eq!(slot.uv_set, 1);
    assert_eq!(slot.transform.offset, Vec2::new(0.5, 0.25));
    assert_eq!(
        (slot.transform.rotation, slot.transform.scale),
        (1.5, Vec2::new(2.0, 3.0))
    );
}

#[test]
fn quantized_vertices_become_floats() {
    let scene = read(json!({
        "extensionsUsed": ["KHR_mesh_quantization"], "extensionsRequired": ["KHR_mesh_quantization"],
        "buffers": [buffer(&[0, 0, 0, 9, 255, 0, 0, 9, 0, 51, 0, 9])],
        "bufferViews": [{ "buffer": 0, "byteLength": 12, "byteStride": 4 }],
        "accessors": [{ "bufferView": 0, "componentType": 5121, "normalized": true, "count": 3, "type": "VEC3",
            "min": [0, 0, 0], "max": [255, 51, 0] }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
    }));
    let positions = &scene.meshes[0].primitives[0].positions;
    assert_eq!(positions[..], [Vec3::ZERO, Vec3::X, Vec3::Y * 0.2]);
}

/// Three corners, then three times, all as doubles.
fn doubles() -> Value {
    let values = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.5, 2.0];
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value: &f64| value.to_le_bytes())
        .collect();
    json!({
        "asset": { "version": "2.0" },
        "extensionsUsed": ["KHR_accessor_float64"], "extensionsRequired": ["KHR_accessor_float64"],
        "buffers": [buffer(&bytes)],
        "bufferViews": [
            { "buffer": 0, "byteLength": 72, "target": 34962 }, { "buffer": 0, "byteOffset": 72, "byteLength": 24 },
            { "buffer": 0, "byteLength": 72 },
        ],
        "accessors": [
            { "bufferView": 0, "componentType": 5130, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 0.1, 0] },
            { "bufferView": 1, "componentType": 5130, "count": 3, "type": "SCALAR", "min": [0], "max": [2] },
            { "bufferView": 2, "componentType": 5130, "count": 3, "type": "VEC3" },
            { "componentType": 5130, "count": 1, "type": "MAT4" },
        ],
        "skins": [{ "joints": [0], "inverseBindMatrices": 3 }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
        "nodes": [{ "mesh": 0 }], "scenes": [{ "nodes": [0] }], "scene": 0,
        "animations": [{
            "channels": [{ "sampler": 0, "target": { "node": 0, "path": "translation" } }],
            "samplers": [{ "input": 1, "output": 2 }],
        }],
    })
}

#[test]
fn doubles_become_floats() {
    let scene = read(doubles());
    let corners = [Vec3::ZERO, Vec3::X, Vec3::Y * 0.1];
    assert_eq!(scene.meshes[0].primitives[0].positions[..], corners);
    assert_eq!(scene.animations.len(), 1);

    let text = doubles().to_string();
    let report = check_bytes(text.as_bytes(), &NoSideFiles, Purpose::World);
    let told: Vec<_> = report
        .issues
        .iter()
        .map(|issue| (issue.code, &issue.pointer))
        .collect();
    assert_eq!(report.count(0) + report.count(1), 0, "{told:?}");

    let draft = Draft::open(text.as_bytes(), &NoSideFiles, Purpose::World).unwrap();
    let glb = draft.write(None).unwrap();
    let again = load_bytes(&glb, &NoSideFiles, Purpose::World)
        .unwrap()
        .scene;
    assert_eq!(again.meshes[0].primitives[0].positions[..], corners);
    let written = String::from_utf8_lossy(&glb);
    assert!(!written.contains("float64") && !written.contains("5130"));
}

#[test]
fn doubles_are_read_where_a_file_says_that_it_has_them_and_when_a_float_can_hold_them() {
    let mut undeclared = doubles();
    undeclared["extensionsUsed"] = json!([]);
    undeclared["extensionsRequired"] = json!([]);
    let text = undeclared.to_string();
    let report = check_bytes(text.as_bytes(), &NoSideFiles, Purpose::World);
    let place = "/accessors/0/componentType";
    assert!(
        report
            .issues
            .iter()
            .any(|issue| issue.code == "VALUE_NOT_IN_LIST" && issue.pointer == place)
    );
    assert_eq!(load(undeclared).unwrap_err().place, place);

    for number in [1.0e39, f64::NAN] {
        let mut large = doubles();
        let mut values = [0.0; 12];
        values[1] = number;
        let bytes = values.iter().flat_map(|value: &f64| value.to_le_bytes());
        large["buffers"] = json!([buffer(&bytes.collect::<Vec<u8>>())]);
        let error = load(large).unwrap_err();
        assert!(error.fault.contains("not a number"), "{error}");
    }

    let mut crooked = doubles();
    crooked["bufferViews"][1]["byteOffset"] = json!(68);
    let text = crooked.to_string();
    let report = check_bytes(text.as_bytes(), &NoSideFiles, Purpose::World);
    assert!(
        report
            .issues
            .iter()
            .any(|issue| issue.code == "ACCESSOR_TOTAL_OFFSET_ALIGNMENT")
    );
}

#[test]
fn doubles_between_others_and_in_place_of_others_are_read() {
    let values = [
        7.0, 1.0, 2.0, 3.0, 7.0, 4.0, 5.0, 6.0, 7.0, 850_000.0, 8.0, 9.0, 0.001,
    ];
    let mut bytes: Vec<u8> = values
        .iter()
        .flat_map(|value: &f64| value.to_le_bytes())
        .collect();
    bytes.extend([1, 0, 0, 0]);
    let document = json!({
        "asset": { "version": "2.0" },
        "extensionsUsed": ["KHR_accessor_float64"], "extensionsRequired": ["KHR_accessor_float64"],
        "buffers": [buffer(&bytes)],
        "bufferViews": [
            { "buffer": 0, "byteOffset": 8, "byteLength": 56, "byteStride": 32 },
            { "buffer": 0, "byteOffset": 72, "byteLength": 24 }, { "buffer": 0, "byteOffset": 104, "byteLength": 1 },
        ],
        "accessors": [{
            "bufferView": 0, "componentType": 5130, "count": 2, "type": "VEC3", "min": [1, 2, 3], "max": [850000, 8, 9],
            "sparse": { "count": 1, "indices": { "bufferView": 2, "componentType": 5121 }, "values": { "bufferView": 1 } },
        }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "mode": 0 }] }],
    });
    let text = document.to_string();
    let expected = [Vec3::new(1.0, 2.0, 3.0), Vec3::new(850_000.0, 8.0, 9.0)];
    let loaded = load(document).unwrap();
    assert_eq!(loaded.scene.meshes[0].primitives[0].positions[..], expected);
    assert!(
        loaded
            .issues
            .iter()
            .all(|issue| issue.code != "STOA_DOUBLES_ROUNDED")
    );
    let draft = Draft::open(text.as_bytes(), &NoSideFiles, Purpose::World).unwrap();
    let again = load_bytes(&draft.write(None).unwrap(), &NoSideFiles, Purpose::World).unwrap();
    assert_eq!(again.scene.meshes[0].primitives[0].positions[..], expected);

    let mut far = doubles();
    let values = [
        6_378_137.12,
        0.0,
        0.0,
        1.0,
        0.0,
        0.0,
        0.0,
        0.1,
        0.0,
        0.0,
        0.5,
        2.0,
    ];
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value: &f64| value.to_le_bytes())
        .collect();
    far["buffers"] = json!([buffer(&bytes)]);
    let issues = load(far).unwrap().issues;
    let told = issues
        .iter()
        .find(|issue| issue.code == "STOA_DOUBLES_ROUNDED");
    assert_eq!(told.unwrap().pointer, "/accessors/0");
}

#[test]
fn hidden_nodes_are_not_drawn() {
    let scene = read(json!({
        "scene": 0, "scenes": [{ "nodes": [0, 2] }],
        "nodes": [
            { "children": [1], "extensions": { "KHR_node_visibility": { "visible": false } } },
            {}, {},
        ],
    }));
    let hidden = [0, 1, 2].map(|node| scene.is_hidden(NodeIndex(node)));
    assert_eq!(hidden, [true, true, false]);
}

#[test]
fn instances_are_read() {
    let bytes = floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let scene = read(json!({
        "buffers": [buffer(&bytes)], "bufferViews": [{ "buffer": 0, "byteLength": bytes.len() }],
        "accessors": [{ "bufferView": 0, "componentType": 5126, "count": 2, "type": "VEC3" }],
        "nodes": [{ "extensions": { "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": 0 } } } }],
    }));
    let places = scene.nodes[0]
        .instances
        .iter()
        .map(|instance| instance.translation);
    assert!(places.eq([Vec3::new(1.0, 2.0, 3.0), Vec3::new(4.0, 5.0, 6.0)]));
}

#[test]
fn lights_are_read() {
    let scene = read(json!({
        "extensions": { "KHR_lights_punctual": { "lights": [
            { "type": "point", "intensity": 20.0, "range": 5.0 },
            { "type": "directional", "color": [1.0, 0.5, 0.0] },
        ] } },
        "nodes": [{ "extensions": { "KHR_lights_punctual": { "light": 1 } } }],
    }));
    assert_eq!(
        (scene.lights[0].intensity, scene.lights[0].range),
        (20.0, Some(5.0))
    );
    let light = &scene.lights[scene.nodes[0].light.unwrap().index()];
    assert_eq!(light.color, Vec3::new(1.0, 0.5, 0.0));
    assert!(matches!(light.kind, LightKind::Directional));
}

#[test]
fn emitters_of_a_scene_are_read() {
    let scene = read(json!({
        "buffers": [buffer(b"sound")], "bufferViews": [{ "buffer": 0, "byteLength": 5 }],
        "extensions": { "KHR_audio_emitter": {
            "audio": [{ "bufferView": 0, "mimeType": "audio/mpeg" }],
            "sources": [{ "audio": 0, "gain": 0.5, "loop": true }],
            "emitters": [{ "type": "positional", "sources": [0] }],
        } },
        "nodes": [{ "extensions": { "KHR_audio_emitter": { "emitter": 0 } } }],
    }));
    assert_eq!(scene.sound.clips[0].bytes[..], *b"sound");
    assert!(scene.sound.sources[0].is_looping && scene.sound.sources[0].gain == 0.5);
    assert_eq!(scene.nodes[0].emitters, [0]);
}

#[test]
fn seats_and_spawn_points_are_read() {
    let scene = read(json!({ "nodes": [
        { "extensions": { "OMI_seat": { "back": [0, 0, -1], "foot": [0, -1, 0], "knee": [0, 0, 0.5] } } },
        { "extensions": { "OMI_spawn_point": { "title": "Gate" } } },
        { "extensions": { "STOA_notice_board": { "size": [2, 1] } } },
    ] }));
    assert_eq!(scene.nodes[0].seat.as_ref().unwrap().back, Vec3::NEG_Z);
    assert_eq!(scene.nodes[1].spawn_point.as_ref().unwrap().title, "Gate");
    assert_eq!(scene.nodes[2].notice_board, Some(Vec2::new(2.0, 1.0)));
}

#[test]
fn portals_and_links_are_read() {
    let scene = read(json!({ "nodes": [
        { "extensions": { "STOA_portal": { "uri": "stoa://example.org/hall" } } },
        { "extensions": { "OMI_link": { "uri": "https://example.org", "title": "Out" } } },
        { "extensions": { "STOA_portal": { "uri": "file:///etc/passwd" } } },
    ] }));
    assert_eq!(
        scene.nodes[0].portal.as_ref().unwrap().uri,
        "stoa://example.org/hall"
    );
    assert_eq!(scene.nodes[1].portal.as_ref().unwrap().title, "Out");
    assert!(scene.nodes[2].portal.is_none());
}

/// A figure of VRM 0.x: bones as a list, everything about it in one extension.
pub(crate) fn old_avatar() -> Value {
    let bones = [
        ("hips", None, [0.0, 1.0, 0.0]),
        ("spine", Some(0), [0.0, 0.2, 0.0]),
        ("head", Some(1), [0.0, 0.4, 0.0]),
        ("leftUpperLeg", Some(0), [-0.1, 0.0, 0.0]),
        ("leftLowerLeg", Some(3), [0.0, -0.4, 0.0]),
        ("leftFoot", Some(4), [0.0, -0.4, 0.0]),
        ("rightUpperLeg", Some(0), [0.1, 0.0, 0.0]),
        ("rightLowerLeg", Some(6), [0.0, -0.4, 0.0]),
        ("rightFoot", Some(7), [0.0, -0.4, 0.0]),
        ("leftUpperArm", Some(1), [-0.2, 0.3, 0.0]),
        ("leftLowerArm", Some(9), [-0.3, 0.0, 0.0]),
        ("leftHand", Some(10), [-0.3, 0.0, 0.0]),
        ("rightUpperArm", Some(1), [0.2, 0.3, 0.0]),
        ("rightLowerArm", Some(12), [0.3, 0.0, 0.0]),
        ("rightHand", Some(13), [0.3, 0.0, 0.0]),
    ];
    let children = |number: usize| {
        let below = |child: &usize| bones[*child].1 == Some(number);
        (0..bones.len()).filter(below).collect::<Vec<_>>()
    };
    let node = |number: usize| match children(number) {
        none if none.is_empty() => json!({ "translation": bones[number].2 }),
        some => json!({ "translation": bones[number].2, "children": some }),
    };
    let nodes: Vec<Value> = (0..bones.len()).map(node).collect();
    let human = bones.iter().enumerate();
    let human = human.map(|(number, bone)| json!({ "bone": bone.0, "node": number }));
    json!({
        "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }], "nodes": nodes,
        "materials": [{ "name": "skin" }], "extensionsUsed": ["VRM"],
        "extensions": { "VRM": {
            "meta": { "title": "Old", "author": "Someone", "licenseName": "CC_BY_ND",
                "allowedUserName": "Everyone", "commercialUssageName": "Allow" },
            "humanoid": { "humanBones": human.collect::<Vec<_>>() },
            "firstPerson": { "firstPersonBoneOffset": { "x": 0.0, "y": 0.1, "z": 0.05 } },
            "blendShapeMaster": { "blendShapeGroups": [
                { "presetName": "joy", "name": "Joy", "materialValues": [
                    { "materialName": "skin", "propertyName": "_Color", "targetValue": [1.0, 0.0, 0.0, 1.0] },
                ] },
                { "presetName": "unknown", "name": "Wink" },
            ] },
            "secondaryAnimation": { "boneGroups": [{ "bones": [9], "stiffiness": 2.0, "colliderGroups": [] }] },
        } },
    })
}

#[test]
fn old_avatars_become_new_ones() {
    let bytes = old_avatar().to_string();
    let avatar = scene::load_avatar(bytes.as_bytes(), &NoSideFiles).unwrap();
    let worlds = avatar.scene.world_transforms();
    let place = |bone: &str| Vec3::from(worlds[avatar.bones[bone].index()].translation);
    // Seen from the front, the left hand is on the right: +X of a figure that faces +Z.
    assert!(place("leftHand").abs_diff_eq(Vec3::new(0.8, 1.5, 0.0), 1.0e-5));
    assert_eq!(avatar.look_offset_from_head, Vec3::new(0.0, 0.1, -0.05));
    assert_eq!(avatar.expressions["happy"].colors.len(), 1);
    assert!(avatar.expressions.contains_key("Wink"));
    // Three bones of the arm and the end that hangs from the hand.
    assert_eq!(avatar.springs.chains[0].joints.len(), 4);
    assert_eq!(avatar.springs.chains[0].joints[0].stiffness, 2.0);
    let meta = &avatar.meta;
    assert_eq!(
        (meta.name.as_str(), meta.authors[0].as_str()),
        ("Old", "Someone")
    );
    assert_eq!(meta.license_url, "VRM 0.x: CC_BY_ND");
    assert_eq!(meta.modification, "prohibited");
    assert!(meta.is_redistribution_allowed && meta.is_credit_required);
}

#[test]
fn old_sample_avatars_face_the_way_new_ones_do() {
    let Some(root) = crate::samples::samples() else {
        return;
    };
    let mut count = 0;
    for file in crate::samples::files(&root.join("vrm_addon"))
        .into_iter()
        .chain(crate::samples::files(&root.join("vrm0")))
    {
        let bytes = std::fs::read(&file).unwrap();
        let Ok(avatar) = scene::load_avatar(&bytes, &NoSideFiles) else {
            continue;
        };
        let worlds = avatar.scene.world_transforms();
        let x = |bone: &str| worlds[avatar.bones[bone].index()].translation.x;
        assert!(x("leftHand") > x("rightHand"), "{}", file.display());
        count += 1;
    }
    assert!(count > 20, "only {count} avatars");
}

/// One red pixel, losslessly (RFC 9649).
pub(crate) const RED_PIXEL: &[u8] =
    b"RIFF\x1c\0\0\0WEBPVP8L\x0f\0\0\0\x2f\0\0\0\0\x07\x10\xfd\x8f\xfe\x07\x22\xa2\xff\x01\0";

#[test]
fn webp_images_become_png() {
    let name = "EXT_texture_webp";
    let scene = read(json!({
        "extensionsUsed": [name], "extensionsRequired": [name],
        "buffers": [buffer(RED_PIXEL)],
        "bufferViews": [{ "buffer": 0, "byteLength": RED_PIXEL.len() }],
        "images": [{ "bufferView": 0, "mimeType": "image/webp" }],
        "textures": [{ "extensions": { (name): { "source": 0 } } }],
    }));
    let image = &scene.images[scene.textures[0].image.unwrap().index()];
    let pixels = pixels_of_png(&image.bytes);
    assert_eq!(
        (image.width, image.height, &pixels[..3]),
        (1, 1, &[255, 0, 0][..])
    );
}

fn pixels_of_png(bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.starts_with(b"\x89PNG"));
    let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info();
    let mut reader = reader.unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

#[test]
fn a_picture_that_is_not_there_is_told_and_the_rest_is_shown() {
    let mut document = triangle();
    document["images"] = json!([{ "uri": "gone.png" }]);
    document["textures"] = json!([{ "source": 0 }]);
    document["materials"] =
        json!([{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } } }]);
    let loaded = load(document.clone()).unwrap();
    assert!(loaded.scene.images[0].bytes.is_empty());
    let told = loaded
        .issues
        .iter()
        .find(|issue| issue.code == "STOA_IMAGE_MISSING");
    assert!(told.unwrap().message.contains("gone.png"));
    // One that leads out of the folder is no mistake.
    document["images"] = json!([{ "uri": "../gone.png" }]);
    assert_eq!(load(document).unwrap_err().kind, ErrorKind::Outside);
}

#[test]
fn dds_images_become_png() {
    let name = "MSFT_texture_dds";
    let dds = red_dds();
    let document = |source: Value| {
        let mut texture = json!({ "extensions": { (name): { "source": 0 } } });
        if !source.is_null() {
            texture["source"] = source;
        }
        json!({
            "asset": { "version": "2.0" }, "extensionsUsed": [name],
            "buffers": [buffer(&dds)], "bufferViews": [{ "buffer": 0, "byteLength": dds.len() }],
            "images": [
                { "bufferView": 0, "mimeType": "image/vnd-ms.dds" },
                { "uri": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=" },
            ],
            "textures": [texture, { "source": 1 }],
            "materials": [{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } },
                "emissiveTexture": { "index": 1 } }],
        })
    };
    let scene = read(document(Value::Null));
    let image = &scene.images[scene.textures[0].image.unwrap().index()];
    let pixels = pixels_of_png(&image.bytes);
    assert_eq!((image.width, image.height), (4, 4));
    assert_eq!(pixels[..4], [255, 0, 0, 255]);
    let text = document(Value::Null).to_string();
    let report = check_bytes(text.as_bytes(), &NoSideFiles, Purpose::World);
    let of_dds = report
        .issues
        .iter()
        .filter(|issue| issue.pointer.starts_with("/images/0"));
    let severities: Vec<u8> = of_dds.map(|issue| report.severity(issue)).collect();
    assert!(severities.iter().all(|severity| *severity > 1) && !severities.is_empty());
    let draft = Draft::open(text.as_bytes(), &NoSideFiles, Purpose::World).unwrap();
    let glb = draft.write(None).unwrap();
    assert!(load_bytes(&glb, &NoSideFiles, Purpose::World).is_ok());

    // Beside a PNG nothing has to be converted, and nothing is told of it.
    let loaded = load(document(json!(1))).unwrap();
    assert_eq!(loaded.scene.textures[0].image.unwrap().index(), 1);
    assert!(loaded.scene.images[0].bytes.is_empty());
    assert!(
        loaded
            .issues
            .iter()
            .all(|issue| issue.code != "STOA_IMAGE_NOT_READ")
    );
}

#[test]
fn a_spot_light_with_a_hard_edge_is_read() {
    let name = "KHR_lights_punctual";
    let light = |inner: f32| {
        load(json!({
            "extensionsUsed": [name],
            "extensions": { (name): { "lights": [{ "type": "spot",
                "spot": { "innerConeAngle": inner, "outerConeAngle": 0.5 } }] } },
            "nodes": [{ "extensions": { (name): { "light": 0 } } }],
        }))
    };
    let loaded = light(0.5).unwrap();
    assert!(
        loaded
            .issues
            .iter()
            .any(|issue| issue.code == "STOA_LIGHT_CONE")
    );
    assert!(light(0.6).is_err());
}

#[test]
fn shapes_of_both_revisions_of_khr_physics_are_read() {
    let shape = |shape: Value| {
        let mut document = triangle();
        document["extensionsUsed"] = json!(["KHR_collision_shapes", "KHR_physics_rigid_bodies"]);
        document["extensions"] = json!({ "KHR_collision_shapes": { "shapes": [shape] } });
        document["nodes"] = json!([{ "extensions": { "KHR_physics_rigid_bodies": {
            "collider": { "geometry": { "shape": 0 } } } } }]);
        read(document).physics.shapes[0]
    };
    let mesh = json!({ "type": "mesh", "mesh": { "mesh": 0 } });
    assert!(matches!(shape(mesh.clone()), Shape::TriangleMesh(_)));
    let mut hull = mesh;
    hull["extensions"] = json!({ "KHR_physics_rigid_bodies": { "convexHull": true } });
    assert!(matches!(shape(hull), Shape::ConvexMesh(_)));
}
