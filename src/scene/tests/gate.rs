//! The gate against real and hostile files of the shared sample set.

use crate::samples::{files, samples};
use scene::{ErrorKind, NoSideFiles, Purpose, Scene, load_bytes, load_file, load_world_telling};
use serde_json::{Value, json};

#[test]
fn well_formed_worlds_load_or_name_the_extension_they_require() {
    let Some(root) = samples() else { return };
    let mut found = Vec::new();
    for folder in ["pbr", "core", "animated", "omi", "world", "vrm1", "vrma"] {
        found.extend(files(&root.join(folder)));
    }
    assert!(found.len() > 50, "only {} files", found.len());
    for file in found {
        match load_file(&file, Purpose::World) {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::RequiredExtension => println!("{error}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn surfaces_are_told_as_they_are_in_the_end() {
    let Some(root) = samples() else { return };
    let surfaces = |scene: &Scene| {
        let images: Vec<&str> = scene.images.iter().map(|image| &*image.name).collect();
        let Scene {
            materials,
            textures,
            samplers,
            ..
        } = scene;
        format!("{materials:?} {textures:?} {samplers:?} {images:?}")
    };
    let mut count = 0;
    for folder in ["pbr", "core", "omi", "world", "vrm0", "vrm1"] {
        for file in files(&root.join(folder)) {
            let mut told = None;
            let Ok(loaded) = load_world_telling(&file, &mut |scene| told = Some(scene)) else {
                continue;
            };
            count += 1;
            // VRM 0.x says what its materials are after everything else.
            assert_eq!(told.is_none(), folder == "vrm0", "{}", file.display());
            if let Some(told) = told {
                assert_eq!(surfaces(&told), surfaces(&loaded.scene));
            }
        }
    }
    assert!(count > 30, "only {count} files");
}

#[test]
fn malformed_files_give_a_scene_or_one_line() {
    let Some(root) = samples() else { return };
    let found = files(&root.join("malformed"));
    assert!(found.len() > 100, "only {} files", found.len());
    let mut refused = 0;
    for file in found {
        if let Err(error) = load_file(&file, Purpose::World) {
            refused += 1;
            let line = error.to_string();
            assert!(
                !line.contains('\n') && line.len() > file.display().to_string().len() + 5,
                "{line:?}"
            );
        }
    }
    assert!(refused > 50, "only {refused} were refused");
}

#[test]
fn both_physics_dialects_give_the_same_model() {
    let Some(root) = samples() else { return };
    let [omi, khr] = ["plaza_omi.gltf", "plaza_khr.gltf"].map(|name| {
        load_file(&root.join("world").join(name), Purpose::World)
            .unwrap()
            .scene
    });
    assert!(omi.physics.is_described && khr.physics.is_described);
    assert_eq!(omi.physics.shapes.len(), khr.physics.shapes.len());
    let kinds = |scene: &Scene| {
        scene
            .nodes
            .iter()
            .filter_map(|node| {
                node.physics
                    .motion
                    .as_ref()
                    .map(|motion| (node.name.clone(), motion.kind))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&omi), kinds(&khr));
}

#[test]
fn skins_of_many_joints_are_told_and_of_too_many_stay_unmoved() {
    let cases = [
        (256, None, 256),
        (257, Some("old graphics adapters draw 256"), 257),
        (1_024, Some("old graphics adapters draw 256"), 1_024),
        (1_025, Some("drawn unmoved"), 0),
    ];
    for (count, told, kept) in cases {
        let nodes: Vec<Value> = (0..count).map(|_| json!({})).collect();
        let joints: Vec<usize> = (0..count).collect();
        let document = json!({
            "asset": { "version": "2.0" }, "nodes": nodes, "skins": [{ "joints": joints }],
        });
        let loaded = load_bytes(
            document.to_string().as_bytes(),
            &NoSideFiles,
            Purpose::World,
        );
        let loaded = loaded.unwrap();
        assert_eq!(loaded.scene.skins[0].joints.len(), kept);
        let mut issues = loaded.issues.iter();
        let issue = issues.find(|issue| issue.code == "STOA_SKIN_JOINTS");
        assert_eq!(issue.is_some(), told.is_some(), "{count}");
        let message = issue.map_or("", |issue| &issue.message);
        assert!(message.contains(told.unwrap_or_default()), "{message}");
    }
}

/// A small but complete GLB to damage: one triangle with indices, a material, an animation.
pub(crate) fn small_glb() -> Vec<u8> {
    let mut binary: Vec<u8> = [0f32, 0., 0., 1., 0., 0., 0., 1., 0., 0., 1.]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    binary.extend([0u8, 0, 1, 0, 2, 0, 0, 0]);
    let json = r#"{"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0,"children":[1]},{"translation":[1,2,3]}],
        "meshes":[{"primitives":[{"attributes":{"POSITION":0},"indices":1,"material":0}]}],"materials":[{"pbrMetallicRoughness":{"baseColorFactor":[1,0,0,1]}}],
        "animations":[{"channels":[{"sampler":0,"target":{"node":1,"path":"scale"}}],"samplers":[{"input":2,"output":3}]}],
        "accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]},{"bufferView":1,"componentType":5123,"count":3,"type":"SCALAR"},
        {"bufferView":0,"byteOffset":36,"componentType":5126,"count":2,"type":"SCALAR"},{"bufferView":0,"componentType":5126,"count":2,"type":"VEC3"}],
        "bufferViews":[{"buffer":0,"byteLength":44},{"buffer":0,"byteOffset":44,"byteLength":8}],"buffers":[{"byteLength":52}]}"#;
    let mut json = json.as_bytes().to_vec();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut glb = b"glTF".to_vec();
    let length = 12 + 8 + json.len() + 8 + binary.len();
    for word in [2, length as u32, json.len() as u32, 0x4E4F_534A] {
        glb.extend(word.to_le_bytes());
    }
    glb.extend(&json);
    for word in [binary.len() as u32, 0x004E_4942] {
        glb.extend(word.to_le_bytes());
    }
    glb.extend(&binary);
    glb
}

#[test]
fn a_small_file_is_read_whole() {
    let scene = load_bytes(&small_glb(), &NoSideFiles, Purpose::Prop)
        .unwrap()
        .scene;
    assert_eq!(
        (
            scene.nodes.len(),
            scene.triangle_count(),
            scene.animations.len()
        ),
        (2, 1, 1)
    );
    assert_eq!(scene.meshes[0].primitives[0].normals, [glam::Vec3::Z; 3]);
}

#[test]
fn damaged_bytes_never_panic() {
    let whole = small_glb();
    for length in 0..whole.len() {
        drop(load_bytes(&whole[..length], &NoSideFiles, Purpose::Prop));
    }
    let mut seed = 0x2545_F491_4F6C_DD1Du64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    let numbers: [&[u8]; 8] = [
        b"-1",
        b"1e9",
        b"null",
        b"\"x\"",
        b"[]",
        b"{}",
        b"99",
        b"4294967296",
    ];
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..1 + random() % 4 {
            let at = random() % bytes.len();
            match random() % 3 {
                0 => bytes[at] = random() as u8,
                1 => bytes[at] ^= 1 << (random() % 8),
                _ => {
                    let number = numbers[random() % numbers.len()];
                    let end = (at + number.len()).min(bytes.len());
                    bytes[at..end].copy_from_slice(&number[..end - at]);
                }
            }
        }
        drop(load_bytes(&bytes, &NoSideFiles, Purpose::Prop));
    }
}

#[test]
fn avatars_and_clips_are_read() {
    let Some(root) = samples() else { return };
    let avatar = scene::load_avatar(
        &std::fs::read(root.join("vrm1/knight_vrm1.vrm")).unwrap(),
        &NoSideFiles,
    )
    .unwrap();
    assert!(
        !avatar.expressions.is_empty()
            && !avatar.springs.chains.is_empty()
            && !avatar.meta.authors.is_empty()
    );
    let clips = files(&root.join("vrma"));
    for clip in clips {
        let clip = scene::load_avatar_clip(&std::fs::read(&clip).unwrap(), &NoSideFiles)
            .unwrap_or_else(|error| panic!("{}: {error}", clip.display()));
        assert!(clip.bones.contains_key("hips"));
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_from_the_folder_of_a_world_to_another_file_of_its_host() {
    use std::os::unix::fs::symlink;
    let host = tempfile::tempdir().unwrap();
    let path = |name: &str| host.path().join(name);
    std::fs::write(path("secret.toml"), "title = 'secret'").unwrap();
    std::fs::write(path("secret.glb"), small_glb()).unwrap();
    let world = |name: &str, links: &[(&str, &str)]| {
        std::fs::create_dir_all(path(name).join("inside")).unwrap();
        std::fs::write(path(name).join("inside/own.toml"), "title = 'own'").unwrap();
        std::fs::write(path(name).join("inside/main.toml"), "main = 'a.bin'").unwrap();
        std::fs::write(path(name).join("inside/own.bin"), small_glb()).unwrap();
        for (link, target) in links {
            symlink(target, path(name).join(link)).unwrap();
        }
        let main = scene::main_file(&path(name));
        (main, scene::load_world(&path(name)))
    };
    for (name, links) in [
        (
            "manifest",
            [
                ("world.toml", "../secret.toml"),
                ("a.glb", "inside/own.bin"),
            ],
        ),
        (
            "found",
            [
                ("world.toml", "inside/own.toml"),
                ("a.glb", "../secret.glb"),
            ],
        ),
        (
            "named",
            [
                ("world.toml", "inside/main.toml"),
                ("a.bin", "../secret.glb"),
            ],
        ),
    ] {
        let (main, loaded) = world(name, &links);
        for error in [main.unwrap_err(), loaded.unwrap_err()] {
            assert_eq!(error.kind, ErrorKind::Outside, "{error}");
        }
    }
    // Within the folder a link is as good as a file.
    let links = [
        ("world.toml", "inside/own.toml"),
        ("a.glb", "inside/own.bin"),
    ];
    let (main, loaded) = world("whole", &links);
    assert_eq!(main.unwrap(), path("whole/a.glb"));
    assert_eq!(loaded.unwrap().manifest.title, "own");
    // What a link names that is not there is a main file which is not there yet.
    let links = [("world.toml", "inside/main.toml"), ("a.bin", "absent")];
    let (main, loaded) = world("absent", &links);
    assert!(main.is_ok() && loaded.is_err());
}
