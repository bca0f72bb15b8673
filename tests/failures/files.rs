//! Files that are no worlds: `stoa open` ends with one line that names the fault.

use crate::harness::{Program, Scratch, offscreen, samples, turn};
use std::path::Path;

/// Damaged in ten different ways, and a word of what each line must say.
const MALFORMED: [(&str, &str); 10] = [
    ("hostile/empty_file.glb", ""),
    ("hostile/glb_truncated_json.glb", ""),
    ("hostile/glb_version_3.glb", "version"),
    ("hostile/json_deep_nesting.gltf", ""),
    ("hostile/accessor_count_huge.glb", "accessors/"),
    ("hostile/node_cycle.glb", "more than one parent"),
    ("hostile/required_unknown_extension.glb", "requires"),
    ("hostile/uri_traversal.gltf", ".."),
    ("hostile/not_gltf_png.glb", ""),
    ("hostile/instancing_bomb.glb", ""),
];

fn open(folder: &Path, file: &Path) -> crate::harness::Ended {
    let words = ["open", file.to_str().unwrap(), "--frames", "1"];
    Program::start("stoa", &mut offscreen(folder, words)).end()
}

#[test]
fn malformed_files_end_the_program_with_one_line_each() {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    let place = Scratch::new();
    for (name, word) in MALFORMED {
        let file = samples.join("malformed").join(name);
        let ended = open(place.path(), &file);
        let line = ended.line(1);
        let stem = file.file_name().unwrap().to_str().unwrap();
        assert!(line.contains(stem), "{name} is not named: {line}");
        assert!(line.contains(word), "{name}: {line}");
    }
}

#[test]
fn a_world_that_is_not_there_is_named() {
    let place = Scratch::new();
    let ended = open(place.path(), Path::new("no_such_world.glb"));
    assert!(ended.line(1).contains("no_such_world.glb"), "{ended:?}");
}
