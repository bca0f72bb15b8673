//! What is written never takes the place of a designer's file.

use crate::convert::import;
use std::{
    fs,
    path::{Path, PathBuf},
};

const TRIANGLE: &str = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";
const WORLD: &str = r#"{"asset":{"version":"2.0","generator":"a modeller"}}"#;

/// A GLB that a modeller made.
pub(crate) fn glb(json: &str) -> Vec<u8> {
    let mut text = json.as_bytes().to_vec();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut bytes = b"glTF\x02\0\0\0".to_vec();
    bytes.extend((20 + text.len() as u32).to_le_bytes());
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(b"JSON");
    bytes.extend(text);
    bytes
}

/// Runs the program on files of a folder and says how it ended; every file is afterwards as it was, and there is no other.
fn changes_nothing(folder: &Path, arguments: &[&str], names: &[&str]) -> (Option<i32>, String) {
    let look = || {
        let entries = fs::read_dir(folder).unwrap();
        let mut files: Vec<(PathBuf, Vec<u8>)> = entries
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = look();
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let done = import(arguments, &paths);
    assert!(look() == before, "{arguments:?} {names:?}");
    let line = String::from_utf8(done.stderr).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    (done.status.code(), line)
}

#[test]
fn no_file_of_a_designer_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["a.glb", "b.glb"] {
        fs::write(folder.join(name), glb(WORLD)).unwrap();
    }
    fs::write(folder.join("hall.gltf"), WORLD).unwrap();
    fs::write(folder.join("a.obj"), TRIANGLE).unwrap();
    for (arguments, names, reason) in [
        (&["convert"][..], &["a.glb", "b.glb"][..], "not made by"),
        (&["convert"], &["a.glb", "a.glb"], "is a file that is read"),
        (&["convert"], &["a.obj", "a.obj"], ".glb or .vrm"),
        (&["convert"], &["a.glb", "hall.gltf"], ".glb or .vrm"),
        (&["preview"], &["a.glb", "b.glb"], ".png"),
    ] {
        let (code, line) = changes_nothing(folder, arguments, names);
        assert_eq!(code, Some(1), "{line}");
        assert!(line.contains(reason), "{line}");
    }
    let (code, line) = changes_nothing(folder, &["check", "--html"], &["a.glb", "b.glb"]);
    assert_eq!(code, Some(2), "{line}");
    assert!(line.contains(".html or .htm"), "{line}");
}

#[test]
fn what_the_importer_made_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["a.obj", "out.glb"].map(|name| folder.path().join(name));
    fs::write(&input, TRIANGLE).unwrap();
    for _ in 0..2 {
        let done = import(&["convert"], &[&input, &output]);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_result_with_many_notes_is_whole_and_counts_those_that_it_does_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["a.obj", "out.glb"].map(|name| folder.path().join(name));
    let mut library = String::new();
    let mut object = "mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\n".to_owned();
    for number in 0..25 {
        let image = format!("{number}{}.png", "\u{1F3DB}".repeat(110));
        library.push_str(&format!("newmtl m{number}\nmap_Kd {image}\n"));
        object.push_str(&format!("usemtl m{number}\nf 1/1 2/1 3/1\n"));
    }
    fs::write(folder.path().join("a.mtl"), library).unwrap();
    fs::write(&input, object).unwrap();
    let done = import(&["convert"], &[&input, &output]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(fs::read(&output).unwrap().starts_with(b"glTF"));
    let told = String::from_utf8(done.stdout).unwrap();
    let notes = told
        .lines()
        .filter(|line| line.contains("is left out: it is not there"));
    assert!(told.len() > 4_096);
    let notes = notes.count();
    // What is said of OBJ and of old materials counts as well.
    let rest = (0..3).map(|others| format!("and {} more notes", 25 + others - notes));
    assert!(
        (15..=20).contains(&notes) && rest.into_iter().any(|rest| told.contains(&rest)),
        "{told}"
    );
}

#[test]
fn a_fault_that_holds_much_of_the_file_leaves_the_last_result() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["a.gltf", "out.glb"].map(|name| folder.path().join(name));
    fs::write(&input, r#"{"asset":{"version":"2.0"}}"#).unwrap();
    assert!(import(&["convert"], &[&input, &output]).status.success());
    let good = fs::read(&output).unwrap();
    let name = "x".repeat(100_000);
    let json = format!(
        r#"{{"asset":{{"version":"2.0"}},"extensionsUsed":["{name}"],"extensionsRequired":["{name}"]}}"#
    );
    fs::write(&input, json).unwrap();
    let done = import(&["convert"], &[&input, &output]);
    assert_eq!(done.status.code(), Some(1));
    let line = String::from_utf8(done.stderr).unwrap();
    assert!(
        line.lines().count() == 1 && line.len() < 2_048,
        "{}",
        line.len()
    );
    assert!(fs::read(&output).unwrap() == good);
}
