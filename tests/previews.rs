//! A preview shows the side that one asks for.

use crate::harness::{Scratch, picture, stoa_import, turn};
use std::{fs, path::Path};

/// A wall two metres wide that has both faces: its right half red, its left half blue, seen from the front (+Z).
const WALL: &str = "\
mtllib wall.mtl
v -1 0 0
v 0 0 0
v 1 0 0
v -1 1 0
v 0 1 0
v 1 1 0
usemtl red
f 2 3 6 5
f 5 6 3 2
usemtl blue
f 1 2 5 4
f 4 5 2 1
";
const MATERIALS: &str = "newmtl red\nKd 0.8 0 0\nnewmtl blue\nKd 0 0 0.8\n";

/// Whether the left and the right half of a picture are rather red than blue.
fn halves(folder: &Path, from: &str) -> [bool; 2] {
    let file = folder.join("wall.png");
    let done = stoa_import()
        .args([
            "preview", "--sun", "none", "--size", "128x64", "--from", from,
        ])
        .args([folder.join("wall.obj"), file.clone()])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let picture = picture(&file);
    assert_eq!(picture.dimensions(), (128, 64));
    [32, 96].map(|x| {
        let [red, _, blue] = picture.get_pixel(x, 32).0;
        assert!(red.abs_diff(blue) > 60, "{red} {blue}");
        red > blue
    })
}

#[test]
fn a_preview_shows_the_side_that_one_asks_for() {
    let _turn = turn();
    let place = Scratch::new();
    fs::write(place.path().join("wall.obj"), WALL).unwrap();
    fs::write(place.path().join("wall.mtl"), MATERIALS).unwrap();
    assert_eq!(halves(place.path(), "0,0"), [false, true]);
    assert_eq!(halves(place.path(), "180,0"), [true, false]);
}
