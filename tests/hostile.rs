//! Hostile files: the server and the client do with each what stands beside it, as the importer does
//! (`hostile_files_have_the_written_outcome_in_the_importer`), and nothing worse.

use crate::harness::{Program, Scratch, offscreen, samples, stoa_server, turn};
use serde_json::{Map, Value};
use std::{fs, path::Path};

/// Of those that load, what the client decodes and draws with some trouble.
const ENTER: [&str; 6] = [
    "image_no_mime.glb",
    "image_truncated.glb",
    "image_unknown_mime.glb",
    "image_wrong_mime.glb",
    "lights_600.glb",
    "skin_300_joints.glb",
];

/// Files with what is expected of each.
fn expected(folder: &Path) -> Map<String, Value> {
    serde_json::from_slice(&fs::read(folder.join("EXPECT.json")).unwrap()).unwrap()
}

fn is_world(name: &str) -> bool {
    name.ends_with(".glb") || name.ends_with(".gltf")
}

#[test]
fn hostile_worlds_have_the_written_outcome_in_the_server() {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    let folder = samples.join("malformed/hostile");
    let mut count = 0;
    for (name, wanted) in expected(&folder).iter().filter(|(name, _)| is_world(name)) {
        count += 1;
        let place = Scratch::new();
        let mut command = stoa_server(&folder.join(name), &place.path().join("data"));
        let mut server = Program::start(name, &mut command);
        if server.is_ready("listening") {
            assert_ne!(wanted["expect"], "reject", "{name} is hosted");
            let ended = server.terminate();
            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert!(!ended.errors.contains("panicked"), "{ended:?}");
        } else {
            assert_eq!(wanted["expect"], "reject", "{name}: {}", server.errors());
            let ended = server.end();
            assert!(ended.line(1).contains(name), "{ended:?}");
        }
    }
    assert!(count > 90, "only {count} files");
}

#[test]
fn hostile_files_that_are_to_be_refused_are_refused_by_the_client() {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    let folder = samples.join("malformed/hostile");
    let mut refused = expected(&folder);
    refused.retain(|_, wanted| wanted["expect"] == "reject");
    let place = Scratch::new();
    for name in refused.keys() {
        let ended = open(place.path(), &folder.join(name));
        assert!(ended.line(1).contains(name), "{ended:?}");
    }
    assert!(refused.len() > 70, "only {} files", refused.len());
}

/// What the server refuses never reaches a client; what it hosts is decoded and drawn by each.
#[test]
fn hostile_worlds_that_load_are_entered_by_the_client() {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    for name in ENTER {
        let place = Scratch::new();
        let file = samples.join("malformed/hostile").join(name);
        let ended = open(place.path(), &file);
        assert_eq!(ended.code, Some(0), "{name}: {ended:?}");
        assert!(!ended.errors.contains("panicked"), "{name}: {ended:?}");
    }
}

fn open(folder: &Path, file: &Path) -> crate::harness::Ended {
    let words = ["open", file.to_str().unwrap(), "--frames", "1"];
    Program::start("stoa", &mut offscreen(folder, words)).end()
}
