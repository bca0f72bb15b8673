//! Other formats against the same props as glTF.

use crate::convert::{import, require_same_bounds, samples, scene_of};
use std::path::Path;

#[test]
fn props_in_other_formats_equal_their_twins() {
    let Some(root) = samples() else { return };
    let root = root.join("formats");
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    let mut count = 0;
    for (format, flags) in [("fbx", &[][..]), ("fbx", &["--portable"]), ("obj", &[])] {
        for entry in std::fs::read_dir(root.join(format!("kaykit_{format}"))).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != format) {
                continue;
            }
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let twins = root.join("kaykit_gltf");
            let twin = scene_of(&twins.join(format!("{name}.gltf")));
            let mut arguments = vec!["convert", "--textures", twins.to_str().unwrap()];
            arguments.extend(flags);
            let done = import(&arguments, &[&path, &output]);
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            let scene = scene_of(&output);
            require_same_bounds(&scene, &twin, &format!("{name}.{format}"));
            assert_eq!(
                scene.triangle_count(),
                twin.triangle_count(),
                "{name}.{format}"
            );
            assert_eq!(image_sizes(&scene), image_sizes(&twin), "{name}.{format}");
            let is_textured = |scene: &scene::Scene| {
                scene
                    .materials
                    .iter()
                    .any(|own| own.base_color_texture.is_some())
            };
            assert_eq!(is_textured(&scene), is_textured(&twin), "{name}.{format}");
            count += 1;
        }
    }
    assert!(count >= 30, "only {count} props");
}

fn image_sizes(scene: &scene::Scene) -> Vec<(u32, u32)> {
    scene
        .images
        .iter()
        .map(|image| (image.width, image.height))
        .collect()
}

#[test]
fn every_sample_of_other_formats_is_converted() {
    let Some(root) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.glb");
    for (name, triangles) in [
        ("fbx/blender_279_default_7400_binary.fbx", 12),
        ("stl/triangle.stl", 1),
        ("stl/triangle_with_two_solids.stl", 2),
        ("stl/Wuson.stl", 3_732),
        ("stl/Spider_ascii.stl", 1_368),
        ("ply/cube_binary.ply", 12),
        ("ply/cube_binary_starts_with_nl.ply", 12),
        ("ply/float-color.ply", 1),
        ("ply/points.ply", 0),
    ] {
        let done = import(&["convert"], &[&root.join("formats").join(name), &output]);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert_eq!(scene_of(&output).triangle_count(), triangles, "{name}");
    }
}

#[test]
fn unit_and_axis_are_taken_as_told() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["in.stl", "out.glb"].map(|name| folder.path().join(name));
    let text = "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1000 0 0\nvertex 0 0 2000\nendloop\nendfacet\nendsolid\n";
    std::fs::write(&input, text).unwrap();
    let size = |flags: &[&str]| {
        let mut arguments = vec!["convert"];
        arguments.extend(flags);
        assert!(import(&arguments, &[&input, &output]).status.success());
        let (low, high) = scene_of(&output).bounds().unwrap();
        (high - low).round()
    };
    // As what builds things writes it.
    assert_eq!(size(&[]), glam::Vec3::new(1.0, 2.0, 0.0));
    assert_eq!(
        size(&["--unit", "m", "--up", "y"]),
        glam::Vec3::new(1_000.0, 0.0, 2_000.0)
    );
}

#[test]
fn an_image_outside_of_the_folder_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    std::fs::copy(plaza_picture(), folder.path().join("secret.jpg")).unwrap();
    let obj = "mtllib a.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n";
    std::fs::write(inside.join("a.obj"), obj).unwrap();
    std::fs::write(inside.join("a.mtl"), "newmtl a\nmap_Kd ../secret.jpg\n").unwrap();
    let output = folder.path().join("out.glb");
    let done = import(&["convert"], &[&inside.join("a.obj"), &output]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.success() && said.contains("secret.jpg` is left out: it is not there"),
        "{said}"
    );
    assert!(scene_of(&output).images.is_empty());
}

fn plaza_picture() -> std::path::PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    checkout.unwrap().join("docs/pictures/plaza.jpg")
}
