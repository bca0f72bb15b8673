//! `stoa-import convert`.

use crate::dds::red_dds;
use scene::{
    FolderFiles, ImageFormat, NoSideFiles, Purpose, Scene, Shape,
    basis::{self, PixelForm},
    check_bytes, load_bytes,
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

pub(crate) fn import(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stoa-import"))
        .args(arguments)
        .args(paths)
        .output()
        .unwrap()
}

pub(crate) fn samples() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)?
        .join("shared/data/gltf");
    if folder.exists() {
        return Some(folder);
    }
    println!(
        "the sample files are not beside the checkout ({}): nothing was tested",
        folder.display()
    );
    None
}

/// A world that comes with the product.
fn plaza() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    checkout.unwrap().join("assets/worlds/plaza/plaza.glb")
}

pub(crate) fn scene_of(path: &Path) -> Scene {
    let bytes = std::fs::read(path).unwrap();
    let folder = FolderFiles::new(path.parent().unwrap());
    load_bytes(&bytes, &folder, Purpose::World).unwrap().scene
}

/// What was made is as large as its twin, and where it is.
pub(crate) fn require_same_bounds(made: &Scene, twin: &Scene, name: &str) {
    /// Largest difference of a side.
    const TOLERANCE_METRES: f32 = 0.001;
    let ((low, high), (twin_low, twin_high)) = made.bounds().zip(twin.bounds()).unwrap();
    let error = (low - twin_low).abs().max((high - twin_high).abs());
    assert!(
        error.max_element() <= TOLERANCE_METRES,
        "{name}: {low} {high} {twin_low} {twin_high}"
    );
}

#[test]
fn the_same_file_gives_the_same_bytes_with_one_thread_and_with_two() {
    let folder = tempfile::tempdir().unwrap();
    for portable in [&[][..], &["--portable"]] {
        let results = ["1", "2", "2"].map(|threads| {
            let output = folder.path().join("out.glb");
            let mut arguments = vec!["convert", "--threads", threads];
            arguments.extend(portable);
            let done = import(&arguments, &[&plaza(), &output]);
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            std::fs::read(output).unwrap()
        });
        assert!(results[0] == results[1] && results[1] == results[2]);
    }
}

#[test]
fn a_world_stays_what_it_was_and_becomes_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    let done = import(&["convert", "--json"], &[&plaza(), &output]);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let bytes = &report["figures"]["bytes"];
    assert!(
        bytes["after"].as_u64() < bytes["before"].as_u64(),
        "{bytes}"
    );
    assert_alike(&plaza(), &output);
}

#[test]
fn pictures_that_the_validator_does_not_know_are_no_findings() {
    const OF_PICTURES: [&str; 2] = ["IMAGE_UNRECOGNIZED_FORMAT", "UNUSED_OBJECT"];
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    assert!(import(&["convert"], &[&plaza(), &output]).status.success());
    let report = check_bytes(
        &std::fs::read(&output).unwrap(),
        &NoSideFiles,
        Purpose::World,
    );
    for code in OF_PICTURES {
        let mut found = report.issues.iter().filter(|issue| issue.code == code);
        let issue = found
            .find(|issue| issue.pointer.starts_with("/images/"))
            .unwrap();
        assert_eq!(report.severity(issue), 2, "{code}");
        assert!(report.remedy(issue).starts_with("Nothing has to be done: "));
    }
    assert!(report.count_here(1) < report.count(1));
    // None is lost.
    let all: usize = (0..4).map(|severity| report.count(severity)).sum();
    let here: usize = (0..4).map(|severity| report.count_here(severity)).sum();
    assert_eq!(all, here);
}

#[test]
fn what_cannot_be_converted_is_told_in_one_line_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.glb"), folder.path().join("out.glb"));
    std::fs::write(&input, "no such thing").unwrap();
    for input in [input, folder.path().join("absent.glb")] {
        let done = import(&["convert"], &[&input, &output]);
        let line = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1));
        assert!(
            line.contains("is not converted: ") && line.lines().count() == 1,
            "{line}"
        );
        assert!(!output.exists());
    }
}

/// The same things at the same places, as far as rounding allows.
fn assert_alike(input: &Path, output: &Path) {
    let (before, after) = (scene_of(input), scene_of(output));
    let shown = input.display();
    assert_eq!(before.nodes.len(), after.nodes.len(), "{shown}");
    assert_eq!(before.triangle_count(), after.triangle_count(), "{shown}");
    assert_eq!(before.animations.len(), after.animations.len(), "{shown}");
    let Some(((low, high), (new_low, new_high))) = before.bounds().zip(after.bounds()) else {
        return;
    };
    let tolerance = (high - low).max_element() / 8_192.0;
    assert!(
        (low - new_low).abs().max_element() <= tolerance,
        "{shown}: {low} {new_low}"
    );
    assert!(
        (high - new_high).abs().max_element() <= tolerance,
        "{shown}: {high} {new_high}"
    );
}

#[test]
fn every_kind_of_sample_is_converted_without_an_error() {
    let Some(root) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    for name in [
        "animated/Fox.glb",
        "animated/MorphStressTest.gltf",
        "animated/AnimatedCube.gltf",
        "core/BoxInterleaved.glb",
        "core/SimpleSparseAccessor.gltf",
        "core/TextureTransformTest/TextureTransformTest.gltf",
        "ext/cubeQuantized.glb",
        "ext/compressed/AnimatedMorphCube.draco_edgebreaker.glb",
        "ext/compressed/AnimatedMorphCube.meshopt_high.glb",
        "ext/compressed/Fox.webp.glb",
        "ext/instancing/InstanceTest.glb",
        "ext/XmpJsonLd.gltf",
        "omi/OMI_physics_joint/examples/pendulum_balls.gltf",
        "vrm1/knight_vrm1.vrm",
        "vrm_addon/basic_armature.vrm",
        "world/plaza_omi.gltf",
        "world/plaza_khr.gltf",
        "world/splats.gltf",
    ] {
        let input = root.join(name);
        if !input.exists() {
            println!("{name} is absent");
            continue;
        }
        for arguments in [&["convert"][..], &["convert", "--portable"]] {
            let done = import(arguments, &[&input, &output]);
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            assert_alike(&input, &output);
            let bytes = std::fs::read(&output).unwrap();
            let report = check_bytes(&bytes, &NoSideFiles, Purpose::World);
            let packed = report.extensions.iter().any(|own| {
                let packings = ["meshopt", "draco", "quantization"];
                packings.iter().any(|packing| own.name.contains(packing))
            });
            assert!(!packed || arguments.len() == 1, "{name} is not plain");
        }
    }
}

#[test]
fn the_plain_form_of_an_avatar_requires_nothing_of_vrm() {
    let Some(root) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    let input = root.join("vrm1/conformance/smoke_spring.vrm");
    for (arguments, is_asked) in [
        (&["convert"][..], true),
        (&["convert", "--portable"], false),
    ] {
        let done = import(arguments, &[&input, &output]);
        assert!(done.status.success());
        let bytes = std::fs::read(&output).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let (_, required) = text
            .split_once("\"extensionsRequired\":[")
            .unwrap_or_default();
        let required = required.split(']').next().unwrap_or_default();
        assert_eq!(required.contains("VRMC_vrm"), is_asked, "{required}");
        assert!(text.contains("\"VRMC_vrm\":{"), "it is an avatar still");
    }
}

#[test]
fn colliders_are_added_where_they_are_asked_for() {
    let Some(root) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    let input = root.join("formats/kaykit_gltf/Barrel_A.gltf");
    for (kind, is_kind) in [
        (
            "box",
            (|shape| matches!(shape, Shape::Box { .. })) as fn(&Shape) -> bool,
        ),
        ("hull", |shape| matches!(shape, Shape::ConvexMesh(_))),
        ("trimesh", |shape| matches!(shape, Shape::TriangleMesh(_))),
    ] {
        let done = import(&["convert", "--physics", kind], &[&input, &output]);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        let scene = scene_of(&output);
        assert!(
            scene.physics.is_described && scene.physics.shapes.iter().all(is_kind),
            "{kind}"
        );
        let solid = scene
            .nodes
            .iter()
            .filter(|node| node.physics.collider.is_some());
        assert_eq!(solid.count(), 1, "{kind}");
    }
    let done = import(
        &["convert", "--physics", "box"],
        &[&root.join("world/plaza_omi.gltf"), &output],
    );
    assert!(String::from_utf8_lossy(&done.stdout).contains("physics of its own"));
}

#[test]
fn levels_of_detail_have_fewer_triangles_each_and_change_nothing_near() {
    let Some(root) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    let input = root.join("pbr/SheenCloth.glb");
    // What is solid has levels as well, and they are not.
    let done = import(
        &[
            "convert",
            "--levels",
            "3",
            "--physics",
            "trimesh",
            "--portable",
        ],
        &[&input, &output],
    );
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let (before, after) = (scene_of(&input), scene_of(&output));
    assert_eq!(before.triangle_count(), after.triangle_count());
    let bytes = std::fs::read(&output).unwrap();
    let text = u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]) as usize;
    let json: Value = serde_json::from_slice(&bytes[20..20 + text]).unwrap();
    let nodes = json["nodes"].as_array().unwrap();
    let base = nodes
        .iter()
        .find(|node| node["extensions"].get("MSFT_lod").is_some())
        .unwrap();
    let levels = base["extensions"]["MSFT_lod"]["ids"].as_array().unwrap();
    let bodies = nodes
        .iter()
        .filter(|node| node["extensions"].get("OMI_physics_body").is_some());
    assert_eq!(bodies.count(), 1);
    assert!(base["extensions"].get("OMI_physics_body").is_some());
    let triangles = |node: &Value| {
        let mesh = node["mesh"].as_u64().unwrap() as usize;
        let primitives = after.meshes[mesh].primitives.iter();
        primitives
            .map(|primitive| primitive.indices.len() / 3)
            .sum::<usize>()
    };
    let levels = levels
        .iter()
        .map(|id| &nodes[id.as_u64().unwrap() as usize]);
    let counts: Vec<usize> = std::iter::once(base).chain(levels).map(triangles).collect();
    assert!(
        counts.len() > 1 && counts.windows(2).all(|pair| pair[1] * 5 <= pair[0] * 4),
        "{counts:?}"
    );
    let coverage = base["extras"]["MSFT_screencoverage"].as_array().unwrap();
    assert_eq!(coverage.len(), counts.len());
}

#[test]
fn what_changes_nothing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    let gltf = folder.path().join("a.gltf");
    let text =
        r#"{"asset":{"version":"2.0"},"extensionsUsed":["XYZ_new"],"extensions":{"XYZ_new":{}}}"#;
    std::fs::write(&gltf, text).unwrap();
    let obj = folder.path().join("a.obj");
    std::fs::write(&obj, "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n").unwrap();
    for (flags, input, told, is_told) in [
        (&[][..], &gltf, "XYZ_new", true),
        (&["--unit", "cm"], &gltf, "`--unit`", true),
        (&["--textures", "."], &gltf, "`--textures`", true),
        (&[], &gltf, "change", false),
        (&[], &obj, "metres with Y up", true),
        (&["--unit", "cm"], &obj, "Y is taken as up", true),
        (&["--unit", "cm", "--up", "z"], &obj, "states no", false),
    ] {
        let done = import(&[&["convert"], flags].concat(), &[input, &output]);
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert_eq!(said.contains(told), is_told, "{flags:?}: {said}");
    }
}

#[test]
fn a_thing_is_made_of_a_file_with_others_beside_it_and_is_as_small_as_things_are() {
    let Some(root) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    let barrel = root.join("formats/kaykit_gltf/Barrel_A.gltf");
    let refused = import(&["check", "--as", "prop"], &[&barrel]);
    let said = String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("STOA_SIDE_FILES"), "{said}");
    assert!(
        import(&["convert", "--as", "prop"], &[&barrel, &output])
            .status
            .success()
    );
    assert!(
        import(&["check", "--as", "prop"], &[&output])
            .status
            .success()
    );
    // The hall of the plaza is no thing, whatever it is written as.
    let done = import(&["convert", "--as", "prop"], &[&plaza(), &output]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success() && said.contains("limit"), "{said}");
}

#[test]
fn the_check_of_a_folder_reads_its_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("hall");
    std::fs::create_dir(&world).unwrap();
    std::fs::copy(plaza(), world.join("hall.glb")).unwrap();
    std::fs::write(world.join("world.toml"), "titel = \"Hall\"\n").unwrap();
    let done = import(&["check"], &[&world]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert!(
        said.contains("STOA_MANIFEST_KEY") && said.contains("titel"),
        "{said}"
    );
    std::fs::write(world.join("world.toml"), "gravity = 700\n").unwrap();
    let done = import(&["check"], &[&world]);
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn images_are_no_larger_than_asked_for() {
    let Some(root) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    for name in [
        "animated/AnimatedCube.gltf",
        "core/AlphaBlendModeTest.glb",
        "ext/compressed/Fox.webp.glb",
    ] {
        let done = import(
            &["convert", "--max-texture", "64"],
            &[&root.join(name), &output],
        );
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        let images = scene_of(&output).images;
        assert!(
            images
                .iter()
                .all(|image| image.width.max(image.height) == 64),
            "{name}"
        );
    }
}

/// The transfer function that a KTX 2 states: 2 is sRGB, 1 is linear.
fn transfer(ktx: &[u8]) -> u8 {
    let word = |at: usize| u32::from_le_bytes(*ktx[at..].first_chunk().unwrap());
    ktx[word(48) as usize + 14]
}

#[test]
fn images_become_what_adapters_take_and_are_no_larger() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    let sum = |scene: &Scene| -> usize { scene.images.iter().map(|image| image.bytes.len()).sum() };
    let before = scene_of(&plaza());
    assert!(import(&["convert"], &[&plaza(), &output]).status.success());
    let after = scene_of(&output);
    assert!(sum(&after) * 20 <= sum(&before) * 21);
    let mut compressed = 0;
    for material in &after.materials {
        for (slot, expected) in [
            (material.base_color_texture, 2),
            (material.normal_texture, 1),
            (material.metallic_roughness_texture, 1),
        ] {
            let image = slot.and_then(|slot| after.textures[slot.texture.index()].image);
            let image = image.map(|image| &after.images[image.index()]);
            let Some(image) = image.filter(|image| image.format == ImageFormat::Basis) else {
                continue;
            };
            compressed += 1;
            assert_eq!(transfer(&image.bytes), expected, "{}", material.name);
            assert_eq!((image.width % 4, image.height % 4), (0, 0));
            let made = basis::transcode(&image.bytes, PixelForm::Bc7, u32::MAX).unwrap();
            assert_eq!(made.levels, image.width.max(image.height).ilog2() + 1);
        }
    }
    assert!(compressed > 3, "only {compressed} images are compressed");
    let bytes = std::fs::read(&output).unwrap();
    let report = check_bytes(&bytes, &NoSideFiles, Purpose::World);
    let source = check_bytes(
        &std::fs::read(plaza()).unwrap(),
        &NoSideFiles,
        Purpose::World,
    );
    let drawn = |report: scene::Report| report.summary.unwrap().texture_bytes();
    assert!(drawn(report) < drawn(source));
    // What was compressed is read again, and undone for other programs.
    let plain = folder.path().join("plain.glb");
    let done = import(&["convert", "--portable"], &[&output, &plain]);
    assert!(done.status.success());
    let images = scene_of(&plain).images;
    assert!(
        images
            .iter()
            .all(|image| image.format != ImageFormat::Basis)
    );
    let sizes = |images: &[scene::Image]| -> Vec<(u32, u32)> {
        images
            .iter()
            .map(|image| (image.width, image.height))
            .collect()
    };
    assert_eq!(sizes(&images), sizes(&after.images));
}

#[test]
fn what_others_put_into_a_file_stays_and_what_is_shared_is_rounded_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("a.gltf"), folder.path().join("out.glb"));
    // A ball whose normals are its positions.
    let points: Vec<[f32; 3]> = (0..60)
        .map(|number| {
            let (turn, height) = (number as f32 * 2.4, 1.0 - number as f32 / 29.5);
            let radius = (1.0 - height * height).max(0.0).sqrt();
            [turn.cos() * radius, height, turn.sin() * radius]
        })
        .collect();
    let bytes: Vec<u8> = points
        .as_flattened()
        .iter()
        .flat_map(|own| own.to_le_bytes())
        .collect();
    std::fs::write(folder.path().join("a.bin"), &bytes).unwrap();
    let extras = serde_json::json!({ "asset": "chair", "below": { "attributes": [1, 2] } });
    let document = serde_json::json!({
        "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 1, "extras": extras, "extensions": { "KHR_physics_rigid_bodies": {
            "collider": { "geometry": { "shape": 0 } } } } }],
        "meshes": [
            { "primitives": [{ "attributes": { "POSITION": 0 }, "mode": 0 }] },
            { "primitives": [{ "attributes": { "POSITION": 0, "NORMAL": 0 } }] },
            { "name": "hull", "primitives": [{ "attributes": { "POSITION": 0 } }] }],
        "extensionsUsed": ["KHR_collision_shapes", "KHR_physics_rigid_bodies"],
        "extensions": { "KHR_collision_shapes": { "shapes": [{ "type": "convex", "convex": { "mesh": 2 } }] } },
        "buffers": [{ "uri": "a.bin", "byteLength": bytes.len() }],
        "bufferViews": [{ "buffer": 0, "byteLength": bytes.len() }],
        "accessors": [{ "bufferView": 0, "componentType": 5126, "count": points.len(), "type": "VEC3",
            "min": [-1.0, -1.0, -1.0], "max": [1.0, 1.0, 1.0] }],
    });
    std::fs::write(&input, document.to_string()).unwrap();
    let done = import(&["convert"], &[&input, &output]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let scene = scene_of(&output);
    let mesh = scene.nodes[0].mesh.unwrap();
    for position in &scene.meshes[mesh.index()].primitives[0].positions {
        assert!((position.length() - 1.0).abs() < 1.0e-3, "{position}");
    }
    let Shape::ConvexMesh(hull) = scene.physics.shapes[0] else {
        panic!("{:?}", scene.physics.shapes);
    };
    assert_eq!(scene.meshes[hull.index()].name, "hull");
    let bytes = std::fs::read(&output).unwrap();
    let text = u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]) as usize;
    let json: Value = serde_json::from_slice(&bytes[20..20 + text]).unwrap();
    assert_eq!(json["nodes"][0]["extras"], extras);
}

/// A square with these texture coordinates at its far corner, a material that repeats its picture, and an unknown extension.
fn tiled(folder: &Path, repeats: f32, unknown: &str) -> PathBuf {
    let corners = [[0.0f32, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    let places = [[0.0f32, 0.0], [0.3001, 0.0], [0.0, 0.3001]];
    let floats = corners.as_flattened().iter().chain(places.as_flattened());
    let bytes: Vec<u8> = floats.flat_map(|own| own.to_le_bytes()).collect();
    std::fs::write(folder.join("a.bin"), &bytes).unwrap();
    let mut picture = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_fn(64, 64, |x, y| {
        image::Rgb([(x * 4) as u8, (y * 4) as u8, 90])
    });
    pixels
        .write_to(&mut picture, image::ImageFormat::Png)
        .unwrap();
    std::fs::write(folder.join("a.png"), picture.into_inner()).unwrap();
    let document = serde_json::json!({
        "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "extensions": { (unknown): { "image": 0 } } }],
        "extensionsUsed": [unknown, "KHR_texture_transform"],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0, "TEXCOORD_0": 1 }, "material": 0 }] }],
        "materials": [{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0, "extensions": {
            "KHR_texture_transform": { "scale": [repeats, 1.0] } } } } }],
        "textures": [{ "source": 0 }], "images": [{ "uri": "a.png" }],
        "buffers": [{ "uri": "a.bin", "byteLength": bytes.len() }],
        "bufferViews": [{ "buffer": 0, "byteLength": 36 }, { "buffer": 0, "byteOffset": 36, "byteLength": 24 }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0] },
            { "bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC2" }],
    });
    let path = folder.join("a.gltf");
    std::fs::write(&path, document.to_string()).unwrap();
    path
}

#[test]
fn a_dds_becomes_what_other_programs_read_and_goes_where_a_png_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiled(folder.path(), 1.0, "KHR_node_selectability");
    let plain: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let mut broken = red_dds();
    broken.truncate(130);
    let output = folder.path().join("out.glb");
    for (is_alone, dds) in [(true, red_dds()), (false, red_dds()), (false, broken)] {
        std::fs::write(folder.path().join("a.dds"), dds).unwrap();
        let mut document = plain.clone();
        let used = document["extensionsUsed"].as_array_mut().unwrap();
        used.push("MSFT_texture_dds".into());
        let images = document["images"].as_array_mut().unwrap();
        images.push(serde_json::json!({ "uri": "a.dds" }));
        document["textures"][0]["extensions"]["MSFT_texture_dds"]["source"] = 1.into();
        if is_alone {
            document["textures"][0]
                .as_object_mut()
                .unwrap()
                .remove("source");
        }
        std::fs::write(&path, document.to_string()).unwrap();
        for flags in [&["convert"][..], &["convert", "--portable"]] {
            let done = import(flags, &[&path, &output]);
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            let glb = std::fs::read(&output).unwrap();
            let text = String::from_utf8_lossy(&glb);
            assert!(
                !text.contains("MSFT_texture_dds") && !text.contains("DDS "),
                "{flags:?}"
            );
            let scene = scene_of(&output);
            let shown = scene.textures[0].image.unwrap();
            let is_red = scene.images[shown.index()].width == 4;
            assert_eq!((scene.images.len(), is_red), (1, is_alone), "{flags:?}");
        }
    }
}

#[test]
fn coordinates_of_textures_that_repeat_are_rounded_more_finely() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    for repeats in [1.0f32, 500.0] {
        let input = tiled(folder.path(), repeats, "KHR_node_selectability");
        assert!(import(&["convert"], &[&input, &output]).status.success());
        let scene = scene_of(&output);
        let places = &scene.meshes[0].primitives[0].uv_sets[0];
        let place = places.iter().map(|place| place.x).fold(0.0, f32::max);
        let error = (place - 0.3001).abs() * repeats;
        assert!(error <= 1.0 / 8_192.0 + 1.0e-4, "{repeats}: {error}");
    }
}

#[test]
fn an_image_that_something_unknown_may_read_stays_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    for (name, side) in [("XYZ_lut", 64), ("KHR_node_selectability", 32)] {
        let input = tiled(folder.path(), 1.0, name);
        let done = import(&["convert", "--max-texture", "32"], &[&input, &output]);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert_eq!(scene_of(&output).images[0].width, side, "{name}");
    }
}
