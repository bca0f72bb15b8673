//! Files from elsewhere: they enter and are seen, or are refused by the name of what they require. A few of them here;
//! `cargo xtask sweep` opens them all.

use crate::harness::{Program, Scratch, offscreen, samples, turn};
use serde_json::Value;
use std::{fs, path::Path};

/// What of a picture a model must cover at least.
const LEAST_COVERED: f64 = 0.05;

/// One of each kind.
const ENTER: [&str; 4] = [
    "core/BoxInterleaved.glb",
    "animated/AnimatedCube.gltf",
    "omi/OMI_physics_shape/examples/convex/convex_hull.gltf",
    "world/plaza_khr.gltf",
];

/// Share of the last picture that a file's model covers.
fn covered(folder: &Path, file: &Path) -> f64 {
    let words = [
        "open",
        file.to_str().unwrap(),
        "--frames",
        "3",
        "--screenshot",
        "picture.png",
        "--coverage",
        "--stats",
        "stats.json",
    ];
    // Extensions that change nothing may be warned of.
    let ended = Program::start("stoa", &mut offscreen(folder, words)).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let stats: Value =
        serde_json::from_slice(&fs::read(folder.join("stats.json")).unwrap()).unwrap();
    stats["covered_share"].as_f64().unwrap()
}

#[test]
fn files_from_elsewhere_are_entered_and_seen() {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    for name in ENTER {
        let place = Scratch::new();
        let covered = covered(place.path(), &samples.join(name));
        assert!(
            covered >= LEAST_COVERED,
            "{name} covers {covered} of the picture"
        );
    }
}
