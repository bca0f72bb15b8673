//! `stoa-import convert` of zip archives.

use crate::{
    convert::{import, samples, scene_of},
    zip_sample::archive,
};
use std::path::{Path, PathBuf};

const OBJ: &[u8] = b"mtllib a.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n";
const MTL: &[u8] = b"newmtl a\nmap_Kd C:\\art\\wood.jpg\n";
/// A triangle whose buffer lies beside it.
const GLTF: &[u8] = br#"{"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0}],
    "meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"buffers":[{"byteLength":36,"uri":"in/a.bin"}],
    "bufferViews":[{"buffer":0,"byteLength":36}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,
    "type":"VEC3","min":[0,0,0],"max":[1,1,0]}]}"#;

fn picture() -> Vec<u8> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    std::fs::read(checkout.unwrap().join("docs/pictures/plaza.jpg")).unwrap()
}

fn buffer() -> Vec<u8> {
    let positions = [0.0_f32, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    positions.iter().flat_map(|own| own.to_le_bytes()).collect()
}

/// An archive in a folder that goes with it, and where its result is to be.
fn place(files: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["in.ZIP", "out.glb"].map(|name| folder.path().join(name));
    std::fs::write(&input, archive(files)).unwrap();
    (folder, input, output)
}

#[test]
fn a_model_in_an_archive_finds_what_lies_in_it() {
    let picture = picture();
    let (_folder, input, output) = place(&[
        ("chair/source/chair.obj", OBJ),
        ("chair/source/a.mtl", MTL),
        ("chair/textures/wood.jpg", &picture),
        ("chair/readme.txt", b"hello"),
    ]);
    let done = import(&["convert", "--up", "z"], &[&input, &output]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}");
    assert!(said.contains("`chair/source/chair.obj` in it"), "{said}");
    let scene = scene_of(&output);
    assert_eq!(scene.triangle_count(), 1);
    assert!(scene.materials[0].base_color_texture.is_some());
    // Where the file lies does not matter to its name, and what was told of it counts.
    assert!(scene.nodes.iter().any(|node| node.name == "chair"));
    assert!(scene.bounds().unwrap().1.y < 0.001);
}

#[test]
fn a_gltf_in_an_archive_keeps_its_buffers() {
    let buffer = buffer();
    let (_folder, input, output) = place(&[("hall/a.gltf", GLTF), ("hall/in/a.bin", &buffer)]);
    assert!(import(&["convert"], &[&input, &output]).status.success());
    assert_eq!(scene_of(&output).triangle_count(), 1);
    // What it names and is not in it is missing, wherever it may lie on the disk.
    let (folder, input, output) = place(&[("a.gltf", GLTF)]);
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in/a.bin"), &buffer).unwrap();
    let done = import(&["convert"], &[&input, &output]);
    let fault = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1));
    for told in ["`a.gltf` in it: ", "in/a.bin", "not in the archive"] {
        assert!(fault.contains(told), "{fault}");
    }
    assert!(fault.lines().count() == 1 && !output.exists());
}

#[test]
fn an_avatar_in_an_archive_is_one_when_the_result_is_called_so() {
    let Some(root) = samples() else { return };
    let avatar = std::fs::read(root.join("vrm1/conformance/mtoon_default.vrm")).unwrap();
    let (folder, input, output) = place(&[("mira.vrm", &avatar)]);
    for (output, is_told) in [(output, true), (folder.path().join("out.vrm"), false)] {
        let done = import(&["convert"], &[&input, &output]);
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{said}");
        assert_eq!(said.contains("unpack it to wear it"), is_told, "{said}");
    }
}

#[test]
fn an_archive_without_one_model_is_refused_by_name() {
    for (files, told) in [
        (&[("a.txt", &b"x"[..])][..], "there is no model in it"),
        (
            &[("a.obj", OBJ), ("b.obj", OBJ)],
            "there are 2 models in it",
        ),
        (&[("a.obj", b"")], "`a.obj` in it: "),
    ] {
        let (_folder, input, output) = place(files);
        let done = import(&["convert"], &[&input, &output]);
        let fault = String::from_utf8_lossy(&done.stderr);
        assert!(fault.contains(told), "{fault}");
        assert!(!done.status.success() && fault.lines().count() == 1);
    }
}
