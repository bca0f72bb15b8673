//! USD as programs write it, by the program as people start it.

use crate::convert::{import, require_same_bounds, scene_of};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// Makes one scene and exports it as glTF and as USD.
const IN_BLENDER: &str = include_str!("usd/blender.py");

/// True when Blender is there with all that the scene needs; otherwise it is told.
fn has_blender() -> bool {
    let needs = "import bpy, numpy, sys; sys.exit(0 if 'usd_export' in dir(bpy.ops.wm) else 9)";
    let mut command = Command::new("blender");
    command.args([
        "--background",
        "--factory-startup",
        "--python-exit-code",
        "9",
    ]);
    command.args(["--python-expr", needs]).stdin(Stdio::null());
    let is_there = command.output().is_ok_and(|done| done.status.success());
    if !is_there {
        println!(
            "NOT CHECKED: Blender with a USD exporter is not installed: nothing was compared with its glTF"
        );
    }
    is_there
}

#[test]
fn a_scene_that_blender_exports_as_usd_is_the_one_that_it_exports_as_gltf() {
    if !has_blender() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("scene.py");
    std::fs::write(&script, IN_BLENDER).unwrap();
    let mut blender = Command::new("blender");
    blender.args([
        "--background",
        "--factory-startup",
        "--python-exit-code",
        "9",
        "--python",
    ]);
    blender.arg(&script).arg("--").arg(folder.path());
    let done = blender.stdin(Stdio::null()).output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let twin = scene_of(&folder.path().join("scene.glb"));
    for ending in ["usdz", "usdc", "usda"] {
        let input = folder.path().join(format!("scene.{ending}"));
        compare(&input, &folder.path().join("out.glb"), &twin);
    }
}

/// Of the shape's weights and the times of their keys, which are the same numbers, each has its own place.
#[test]
fn one_of_each_thing_that_usd_has_is_converted_without_an_error() {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/usd/all.usdc");
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    for flags in [&["convert"][..], &["convert", "--portable"]] {
        let done = import(flags, &[&input, &output]);
        let fault = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{fault}");
        assert_eq!(scene_of(&output).triangle_count(), 45);
    }
}

fn compare(input: &Path, output: &Path, twin: &scene::Scene) {
    let done = import(&["convert", "--portable"], &[input, output]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let scene = scene_of(output);
    require_same_bounds(&scene, twin, "usd");
    assert_eq!(scene.triangle_count(), twin.triangle_count());
    let materials = |scene: &scene::Scene| {
        let mut own: Vec<String> = scene
            .materials
            .iter()
            .map(|own| {
                let maps = [
                    own.base_color_texture.is_some(),
                    own.metallic_roughness_texture.is_some(),
                    own.normal_texture.is_some(),
                ];
                let color = (own.base_color * 1000.0).round();
                format!("{} {maps:?} {color} {:?}", own.name, own.alpha_mode)
            })
            .collect();
        own.sort();
        own
    };
    assert_eq!(materials(&scene), materials(twin));
    assert_eq!(scene.images.len(), twin.images.len());
}
