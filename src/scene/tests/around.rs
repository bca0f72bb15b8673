//! What surrounds a scene and moves in it beside nodes: skies, gravity, variants, levels, metadata, animated properties.

use crate::extensions::{buffer, floats, load, read};
use glam::Vec3;
use scene::{
    EnvironmentSkyKind, GravityKind, LightProperty, MaterialIndex, MaterialProperty, NodeIndex,
    Property, Sample, Slot, TransformProperty,
};
use serde_json::{Value, json};

/// A document in which one property goes through some values, a second each.
fn animated(pointer: &str, kind: &str, values: &[f32]) -> Value {
    let keys = values.len()
        / match kind {
            "SCALAR" => 1,
            "VEC2" => 2,
            "VEC3" => 3,
            _ => 4,
        };
    let times: Vec<f32> = (0..keys).map(|key| key as f32).collect();
    let bytes = [floats(&times), floats(values)].concat();
    let split = times.len() * 4;
    json!({
        "extensionsUsed": ["KHR_animation_pointer", "KHR_lights_punctual", "KHR_node_visibility"],
        "buffers": [buffer(&bytes)],
        "bufferViews": [
            { "buffer": 0, "byteLength": split },
            { "buffer": 0, "byteOffset": split, "byteLength": bytes.len() - split },
        ],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": keys, "type": "SCALAR",
                "min": [0.0], "max": [keys as f32 - 1.0] },
            { "bufferView": 1, "componentType": 5126, "count": keys, "type": kind },
        ],
        "textures": [{}],
        "materials": [{ "emissiveFactor": [1.0, 1.0, 1.0], "normalTexture": { "index": 0 },
            "extensions": { "KHR_materials_emissive_strength": { "emissiveStrength": 2.0 } } }],
        "nodes": [{}, {}],
        "cameras": [{ "type": "perspective", "perspective": { "yfov": 1.0, "znear": 0.1 } }],
        "extensions": { "KHR_lights_punctual": { "lights": [{ "type": "point" }] } },
        "animations": [{
            "samplers": [{ "input": 0, "output": 1 }],
            "channels": [{ "sampler": 0, "target": { "path": "pointer",
                "extensions": { "KHR_animation_pointer": { "pointer": pointer } } } }],
        }],
    })
}

#[test]
fn animated_properties_are_read() {
    let material = MaterialIndex(0);
    let cases = [
        (
            "/materials/0/pbrMetallicRoughness/roughnessFactor",
            "SCALAR",
            Property::Material(material, MaterialProperty::Roughness),
        ),
        (
            "/materials/0/extensions/KHR_materials_clearcoat/clearcoatNormalTexture/scale",
            "SCALAR",
            Property::Material(material, MaterialProperty::ClearcoatNormalScale),
        ),
        (
            "/materials/0/emissiveFactor",
            "VEC3",
            Property::Material(material, MaterialProperty::Emissive),
        ),
        (
            "/materials/0/normalTexture/extensions/KHR_texture_transform/offset",
            "VEC2",
            Property::TextureTransform(material, Slot::Normal, TransformProperty::Offset),
        ),
        (
            "/extensions/KHR_lights_punctual/lights/0/intensity",
            "SCALAR",
            Property::Light(scene::LightIndex(0), LightProperty::Intensity),
        ),
        (
            "/nodes/1/extensions/KHR_node_visibility/visible",
            "SCALAR",
            Property::Visibility(NodeIndex(1)),
        ),
    ];
    for (pointer, kind, property) in cases {
        let width = property.width();
        let values: Vec<f32> = (0..2 * width).map(|value| value as f32).collect();
        let scene = read(animated(pointer, kind, &values));
        let channel = &scene.animations[0].properties[0];
        assert_eq!(channel.property, property, "{pointer}");
        let middle: Vec<f32> = (0..width)
            .map(|lane| lane as f32 + width as f32 / 2.0)
            .collect();
        assert_eq!(channel.sample(0.5), middle, "{pointer}");
        assert_eq!(scene.animations[0].duration_secs, 1.0);
    }
}

#[test]
fn a_pointer_to_a_mesh_says_which_nodes_it_leaves_out() {
    let with_nodes = |count: usize| {
        let mut document = animated("/meshes/0/weights", "SCALAR", &[0.0, 1.0]);
        let accessors = document["accessors"].as_array_mut().unwrap();
        accessors.push(json!({ "componentType": 5126, "count": 1, "type": "VEC3" }));
        let position = json!({ "POSITION": accessors.len() - 1 });
        document["meshes"] = json!([{ "primitives": [
            { "attributes": position, "mode": 0, "targets": [position] },
        ] }]);
        document["nodes"] = vec![json!({ "mesh": 0 }); count].into();
        let loaded = load(document).unwrap();
        let told = (loaded.issues.iter())
            .find(|issue| issue.code == "STOA_ANIMATION_MANY_NODES")
            .map(|issue| issue.message.clone());
        (loaded.scene.animations[0].channels.len(), told)
    };
    assert_eq!(with_nodes(256), (256, None));
    let (moved, told) = with_nodes(259);
    assert_eq!(moved, 256);
    assert!(told.unwrap().contains("3 more"));
}

#[test]
fn one_weight_of_a_node_or_of_a_mesh_is_animated_alone() {
    let moved = |pointer: &str| {
        let mut document = animated(pointer, "SCALAR", &[0.0, 1.0]);
        let accessors = document["accessors"].as_array_mut().unwrap();
        accessors.push(json!({ "componentType": 5126, "count": 1, "type": "VEC3" }));
        let position = json!({ "POSITION": accessors.len() - 1 });
        document["meshes"] = json!([{ "primitives": [
            { "attributes": position, "mode": 0, "targets": [position, position, position] },
        ] }]);
        document["nodes"] = json!([{ "mesh": 0 }, {}, { "mesh": 0 }]);
        let scene = read(document);
        let channels = scene.animations[0].channels.iter();
        let moved: Vec<_> = channels.map(|one| (one.node.0, one.sample(0.25))).collect();
        (moved, scene.animations[0].kept.len())
    };
    let quarter = |target: usize| Sample::Weight(target, 0.25);
    assert_eq!(moved("/nodes/2/weights/1"), (vec![(2, quarter(1))], 0));
    let both = vec![(0, quarter(2)), (2, quarter(2))];
    assert_eq!(moved("/meshes/0/weights/2"), (both, 0));
    for nothing in [
        "/nodes/2/weights/3",
        "/nodes/1/weights/0",
        "/meshes/0/weights/3",
        "/meshes/0/weights/",
        "/meshes/0/weights/-1",
        "/meshes/0/weightsx",
    ] {
        assert_eq!(moved(nothing), (Vec::new(), 1), "{nothing}");
    }
}

#[test]
fn pointers_to_nodes_are_ordinary_channels_and_others_are_kept_by_name() {
    let scene = read(animated(
        "/nodes/1/translation",
        "VEC3",
        &[0.0, 0.0, 0.0, 2.0, 0.0, 0.0],
    ));
    assert_eq!(scene.animations[0].channels[0].node, NodeIndex(1));
    for pointer in [
        "/cameras/0/perspective/yfov",
        "/nodes/9/translation",
        "/x",
        "",
        "/materials/0/",
    ] {
        let loaded = load(animated(pointer, "SCALAR", &[0.0, 1.0])).unwrap();
        assert_eq!(loaded.scene.animations[0].kept, [pointer]);
        let told = loaded
            .issues
            .iter()
            .find(|issue| issue.code == "STOA_ANIMATION_POINTER");
        assert!(told.unwrap().message.contains(pointer), "{pointer}");
    }
}

#[test]
fn a_material_takes_animated_factors() {
    let mut material = read(animated("/x", "SCALAR", &[0.0, 1.0])).materials[0].clone();
    assert_eq!(material.emission(), Vec3::splat(2.0));
    material.set(MaterialProperty::EmissiveStrength, &[5.0]);
    assert_eq!(material.emission(), Vec3::splat(5.0));
    material.set(MaterialProperty::Emissive, &[0.0, 1.0, 0.0]);
    assert_eq!(material.emission(), Vec3::Y * 5.0);
    // What has been dark can shine again.
    material.set(MaterialProperty::EmissiveStrength, &[0.0]);
    assert_eq!(material.emission(), Vec3::ZERO);
    material.set(MaterialProperty::EmissiveStrength, &[3.0]);
    assert_eq!(material.emission(), Vec3::Y * 3.0);
    material.set(MaterialProperty::BaseColor, &[0.1, 0.2, 0.3, 0.4]);
    assert_eq!(material.base_color.w, 0.4);
    material.set(MaterialProperty::SheenRoughness, &[0.7]);
    assert_eq!(material.sheen.unwrap().roughness, 0.7);
    material.set_texture_transform(Slot::Normal, TransformProperty::Scale, &[2.0, 3.0]);
    assert_eq!(
        material.texture(Slot::Normal).unwrap().transform.scale.y,
        3.0
    );
    let before = material.clone();
    material.set(MaterialProperty::BaseColor, &[1.0]);
    assert_eq!(material, before);
}

#[test]
fn skies_are_read() {
    let sky = |sky: Value| {
        let scene = read(json!({
            "scene": 0, "scenes": [{ "extensions": { "OMI_environment_sky": { "sky": 1 } } }],
            "textures": [{}, {}],
            "extensions": { "OMI_environment_sky": { "skies": [{ "type": "plain" }, sky] } },
        }));
        scene.sky.unwrap()
    };
    let gradient = sky(json!({ "type": "gradient", "ambientSkyContribution": 0.5,
        "gradient": { "topColor": [0.1, 0.2, 0.3], "bottomCurve": 0.7 } }));
    let EnvironmentSkyKind::Gradient {
        top, bottom_curve, ..
    } = gradient.kind
    else {
        panic!("{gradient:?}")
    };
    assert_eq!((top, bottom_curve), (Vec3::new(0.1, 0.2, 0.3), 0.7));
    assert_eq!(gradient.ambient_sky_contribution, 0.5);
    let plain = sky(json!({ "type": "plain", "plain": { "color": [0.5, 1.0, 1.0] } }));
    assert_eq!(
        plain.kind,
        EnvironmentSkyKind::Plain(Vec3::new(0.5, 1.0, 1.0))
    );
    let round = sky(json!({ "type": "panorama", "panorama": { "equirectangular": 1 } }));
    assert!(matches!(round.kind, EnvironmentSkyKind::Panorama(texture) if texture.0 == 1));
    let cube = sky(json!({ "type": "panorama", "panorama": { "cubemap": [0, 1, 0, 1, 0, 1] } }));
    assert!(matches!(cube.kind, EnvironmentSkyKind::Cubemap(_)));
    let air = sky(json!({ "type": "physical", "physical": { "mieAnisotropy": 0.6 } }));
    assert!(
        matches!(air.kind, EnvironmentSkyKind::Physical { mie_anisotropy, .. } if mie_anisotropy == 0.6)
    );
}

#[test]
fn gravity_of_worlds_and_places_is_read() {
    let scene = read(json!({
        "extensionsUsed": ["OMI_physics_gravity", "OMI_physics_shape", "OMI_physics_body"],
        "extensions": {
            "OMI_physics_gravity": { "gravity": 3.7, "direction": [0.0, -2.0, 0.0] },
            "OMI_physics_shape": { "shapes": [{ "type": "box" }] },
        },
        "nodes": [
            { "extensions": {
                "OMI_physics_body": { "trigger": { "shape": 0 } },
                "OMI_physics_gravity": { "type": "disc", "gravity": -2.0, "priority": 3,
                    "replace": true, "stop": true, "disc": { "radius": 4.0, "unitDistance": 2.0 } },
            } },
            { "extensions": { "OMI_physics_gravity": { "type": "line", "gravity": 1.0,
                "line": { "points": [0, 0, 0, 1, 0, 0] } } } },
        ],
    }));
    assert!((scene.physics.gravity.unwrap() - Vec3::NEG_Y * 3.7).length() < 1e-5);
    let field = scene.nodes[0].gravity.as_ref().unwrap();
    assert_eq!(field.kind, GravityKind::Disc(4.0));
    assert_eq!(
        (field.strength, field.unit_distance, field.priority),
        (-2.0, 2.0, 3)
    );
    assert!(field.is_replacing && field.is_last);
    let line = scene.nodes[1].gravity.as_ref().unwrap();
    assert_eq!(line.kind, GravityKind::Line(vec![Vec3::ZERO, Vec3::X]));
    for broken in [
        json!({ "type": "line", "gravity": 1.0, "line": { "points": [0, 0, 0] } }),
        json!({ "type": "spiral", "gravity": 1.0 }),
        json!({ "type": "shaped", "gravity": 1.0, "shaped": { "shape": 0 } }),
        json!({ "type": "point" }),
    ] {
        let node = json!({ "extensions": { "OMI_physics_gravity": broken } });
        assert!(load(json!({ "nodes": [node] })).is_err(), "{node}");
    }
}

/// An Ogg Opus file up to its channel mapping family.
fn opus(family: u8) -> Vec<u8> {
    let mut bytes = b"OggS".to_vec();
    bytes.resize(28, 0);
    bytes.extend(b"OpusHead");
    bytes.resize(46, 0);
    bytes.push(family);
    bytes
}

/// The clip of a source with files by extensions, of an MP3, a Vorbis and an Opus file.
fn clip_of(own: Option<u32>, extensions: Value, opus: &[u8]) -> Option<u32> {
    let mut source = json!({ "extensions": extensions });
    if let Some(clip) = own {
        source["audio"] = json!(clip);
    }
    let files = [b"mp3".as_slice(), b"OggS", opus];
    let mut start = 0;
    let views = files.map(|file| {
        start += file.len();
        json!({ "buffer": 0, "byteOffset": start - file.len(), "byteLength": file.len() })
    });
    let scene = read(json!({
        "buffers": [buffer(&files.concat())],
        "bufferViews": views,
        "extensions": { "KHR_audio_emitter": {
            "audio": [{ "bufferView": 0, "mimeType": "audio/mpeg" }, { "bufferView": 1 }, { "bufferView": 2 }],
            "sources": [source],
        } },
    }));
    scene.sound.sources[0].clip
}

#[test]
fn vorbis_is_preferred_where_it_is_offered() {
    let vorbis = || json!({ "OMI_audio_ogg_vorbis": { "audio": 1 } });
    assert_eq!(clip_of(Some(0), vorbis(), b""), Some(1));
    assert_eq!(clip_of(None, vorbis(), b""), Some(1));
    assert_eq!(clip_of(Some(0), json!({}), b""), Some(0));
    let wrong = json!({ "OMI_audio_ogg_vorbis": { "audio": 0 } });
    assert_eq!(clip_of(Some(1), wrong, b""), Some(1));
}

#[test]
fn opus_is_preferred_where_it_is_offered_and_can_be_played() {
    let offer = || json!({ "OMI_audio_opus": { "audio": 2 } });
    let both =
        || json!({ "OMI_audio_opus": { "audio": 2 }, "OMI_audio_ogg_vorbis": { "audio": 1 } });
    for own in [Some(0), None] {
        assert_eq!(clip_of(own, offer(), &opus(0)), Some(2));
        assert_eq!(clip_of(own, both(), &opus(0)), Some(2));
    }
    // Many channels, WebM, and a file that is not there.
    for other in [opus(1).as_slice(), b"\x1A\x45\xDF\xA3", b""] {
        assert_eq!(clip_of(Some(0), offer(), other), Some(0));
        assert_eq!(clip_of(Some(0), both(), other), Some(1));
        assert_eq!(clip_of(None, offer(), other), Some(2), "somebody else may");
    }
}

#[test]
fn so_many_lights_shine() {
    let document = |lamps: usize, suns: usize| {
        let light =
            |index: u32| json!({ "extensions": { "KHR_lights_punctual": { "light": index } } });
        let nodes: Vec<Value> = (0..lamps + suns)
            .map(|number| light(u32::from(number < suns)))
            .collect();
        json!({
            "extensions": { "KHR_lights_punctual": { "lights": [{ "type": "point" }, { "type": "directional" }] } },
            "nodes": nodes,
        })
    };
    let shining = |lamps, suns| {
        let loaded = load(document(lamps, suns)).unwrap();
        let told = (loaded.issues.iter()).any(|issue| issue.code == "STOA_MANY_LIGHTS");
        (loaded.scene.shining().len(), told)
    };
    assert_eq!(shining(256, 8), (264, false));
    assert_eq!(shining(300, 2), (258, true));
    assert_eq!(shining(3, 11), (11, true));
}

#[test]
fn variants_give_primitives_other_materials() {
    let mut document = crate::extensions::triangle();
    document["materials"] = json!([{ "name": "plain" }, { "name": "red" }]);
    document["extensions"] = json!({ "KHR_materials_variants": {
        "variants": [{ "name": "Red" }, { "name": "Other" }],
    } });
    let primitive = &mut document["meshes"][0]["primitives"][0];
    primitive["material"] = json!(0);
    primitive["extensions"] = json!({ "KHR_materials_variants": {
        "mappings": [{ "material": 1, "variants": [0] }],
    } });
    let scene = read(document);
    assert_eq!(scene.variants, ["Red", "Other"]);
    let primitive = &scene.meshes[0].primitives[0];
    let material = |variant| primitive.material_in(variant).unwrap().0;
    assert_eq!([None, Some(0), Some(1)].map(material), [0, 1, 0]);
}

#[test]
fn what_may_be_picked_and_pointed_at_is_read() {
    let no = |name: &str, key: &str| json!({ "extensions": { (name): { (key): false } }, "children": [2] });
    let mut nodes = vec![
        json!({}),
        no("KHR_node_selectability", "selectable"),
        json!({}),
    ];
    let scene = read(json!({ "nodes": nodes.clone() }));
    assert_eq!(
        [0, 1, 2].map(|node| scene.is_selectable(NodeIndex(node))),
        [true, false, false]
    );
    assert!(scene.is_hoverable(NodeIndex(2)));
    nodes[1] = no("KHR_node_hoverability", "hoverable");
    let scene = read(json!({ "nodes": nodes }));
    assert_eq!(
        [0, 1, 2].map(|node| scene.is_hoverable(NodeIndex(node))),
        [true, false, false]
    );
}

#[test]
fn levels_of_detail_are_read() {
    let scene = read(json!({ "scenes": [{ "nodes": [0] }], "nodes": [
        { "extensions": { "MSFT_lod": { "ids": [1, 2] } }, "extras": { "MSFT_screencoverage": [0.5, 0.2, 0.01] } },
        {}, {},
    ] }));
    assert_eq!(scene.nodes[0].levels.nodes, [NodeIndex(1), NodeIndex(2)]);
    assert_eq!(scene.nodes[0].levels.coverage, [0.5, 0.2, 0.01]);
}

#[test]
fn metadata_is_kept_and_read() {
    let scene = read(json!({ "extensions": { "KHR_xmp_json_ld": { "packets": [{
        "@context": { "dc": "http://purl.org/dc/elements/1.1/" },
        "dc:title": "Plaza", "dc:creator": { "@list": ["Ada", "Bo"] },
        "dc:rights": { "@type": "rdf:Alt", "rdf:_1": { "@language": "en-us", "@value": "CC0-1.0" } },
        "xmpRights:UsageTerms": "Public domain", "xmpRights:WebStatement": "https://example.org/cc0",
    }] } } }));
    let metadata = &scene.metadata;
    assert_eq!(
        (
            metadata.title.as_str(),
            metadata.creator.as_str(),
            metadata.rights.as_str()
        ),
        ("Plaza", "Ada, Bo", "CC0-1.0")
    );
    assert_eq!(metadata.usage_terms, "Public domain");
    assert_eq!(metadata.web_statement, "https://example.org/cc0");
    let packet: Value = serde_json::from_str(&metadata.packets[0]).unwrap();
    assert_eq!(packet["dc:creator"]["@list"][1], "Bo");
}

#[test]
fn splats_have_size_and_colour() {
    let parts = [
        floats(&[0.0, 0.0, 0.0, 1.0, 2.0, 3.0]),
        floats(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        floats(&[0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0]),
        floats(&[0.5, 1.0]),
        floats(&[1.772_453_9, 0.0, -1.772_453_9, 0.0, 0.0, 0.0]),
    ];
    let kinds = ["VEC3", "VEC3", "VEC4", "SCALAR", "VEC3"];
    let mut offset = 0;
    let views: Vec<Value> = parts
        .iter()
        .map(|part| {
            offset += part.len();
            json!({ "buffer": 0, "byteOffset": offset - part.len(), "byteLength": part.len() })
        })
        .collect();
    let accessors: Vec<Value> = kinds
        .iter()
        .enumerate()
        .map(|(view, kind)| json!({ "bufferView": view, "componentType": 5126, "count": 2, "type": kind }))
        .collect();
    let mut document = json!({
        "extensionsUsed": ["KHR_gaussian_splatting"],
        "buffers": [buffer(&parts.concat())],
        "bufferViews": views,
        "accessors": accessors,
        "meshes": [{ "primitives": [{
            "mode": 0,
            "attributes": {
                "POSITION": 0,
                "KHR_gaussian_splatting:SCALE": 1,
                "KHR_gaussian_splatting:ROTATION": 2,
                "KHR_gaussian_splatting:OPACITY": 3,
                "KHR_gaussian_splatting:SH_DEGREE_0_COEF_0": 4,
            },
            "extensions": { "KHR_gaussian_splatting":
                { "kernel": "ellipse", "colorSpace": "srgb_rec709_display" } },
        }] }],
    });
    document["accessors"][0]["min"] = json!([0.0, 0.0, 0.0]);
    document["accessors"][0]["max"] = json!([1.0, 2.0, 3.0]);
    let scene = read(document.clone());
    let primitive = &scene.meshes[0].primitives[0];
    assert_eq!(primitive.splats[1].deviation, Vec3::new(0.4, 0.5, 0.6));
    assert!((primitive.splats[1].rotation.y - 1.0).abs() < 1e-6);
    let [first, second] = primitive.colors[..] else {
        panic!("{:?}", primitive.colors);
    };
    assert!(
        (first.truncate() - Vec3::new(1.0, 0.214_04, 0.0)).length() < 1e-3,
        "{first}"
    );
    assert_eq!((first.w, second.w), (0.5, 1.0));

    let mut large = document.clone();
    for (view, kind) in kinds.into_iter().enumerate() {
        let many = scene::limits::MAX_SPLATS + 1;
        large["accessors"][view] = json!({ "componentType": 5126, "count": many, "type": kind, "min": [0.0, 0.0, 0.0], "max": [0.0, 0.0, 0.0] });
    }
    let scene = read(large);
    let primitive = &scene.meshes[0].primitives[0];
    assert!(
        primitive.splats.is_empty() && !primitive.colors.is_empty(),
        "points remain"
    );

    document["accessors"][1]["count"] = json!(1);
    assert!(load(document).is_err(), "one size for two splats");
}
