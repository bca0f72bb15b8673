//! A file that is dropped on the window: it is seen in the studio with its report, and one comes back to where one was; a
//! broken one ends nothing.

use crate::harness::{Blocks, Program, Scratch, checkout, offscreen, picture, samples, turn};
use image::RgbImage;
use std::{fs, path::Path};

/// Mean brightness where the report stands, and the keys that show it again do not, 0 to 255.
fn brightness_of_report(file: &Path) -> f32 {
    let picture = picture(file);
    let inside = |x: u32, y: u32| (15..90).contains(&x) && (75..165).contains(&y);
    let pixels: Vec<f32> = RgbImage::enumerate_pixels(&picture)
        .filter(|(x, y, _)| inside(*x, *y))
        .map(|(_, _, pixel)| {
            pixel
                .0
                .iter()
                .map(|&channel| f32::from(channel))
                .sum::<f32>()
                / 3.0
        })
        .collect();
    pixels.iter().sum::<f32>() / pixels.len() as f32
}

/// Runs `stoa` with a script and gives back what it drew into.
fn play(place: &Scratch, words: &[&str], script: &str) {
    fs::write(place.path().join("script.txt"), script).unwrap();
    let words = words.iter().copied().chain(["--script", "script.txt"]);
    let ended = Program::start("stoa", &mut offscreen(place.path(), words)).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.errors.contains("panicked"), "{ended:?}");
}

#[test]
fn a_dropped_file_is_seen_with_its_report_and_one_comes_back() {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    let place = Scratch::new();
    let file = samples.join("animated/AnimatedCube.gltf");
    let script = format!(
        "4 screenshot home.png\n4.5 drop {}\n9 screenshot report.png\n9.5 press r\n\
         10 screenshot hidden.png\n10.5 press b\n15 screenshot back.png\n15.5 quit\n",
        file.display()
    );
    play(&place, &[], &script);
    let [home, report, hidden, back] =
        ["home", "report", "hidden", "back"].map(|name| place.path().join(format!("{name}.png")));
    let (shown, bare) = (brightness_of_report(&report), brightness_of_report(&hidden));
    assert!(
        shown + 40.0 < bare,
        "{shown} with the report, {bare} without"
    );
    let blocks = |file| Blocks::of(&picture(file));
    let away = blocks(&home).mean_difference(&blocks(&hidden));
    let returned = blocks(&home).mean_difference(&blocks(&back));
    assert!(
        returned < 8.0 && returned * 3.0 < away,
        "{returned} from home when back, {away} in the studio"
    );
}

#[test]
fn an_opened_file_has_its_report_beside_it() {
    let _turn = turn();
    let place = Scratch::new();
    let file = checkout().join("assets/avatars/mira.vrm");
    let words = ["open", file.to_str().unwrap()];
    let script = "5 screenshot report.png\n5.5 press r\n6 screenshot hidden.png\n6.5 quit\n";
    play(&place, &words, script);
    let [shown, bare] =
        ["report.png", "hidden.png"].map(|name| brightness_of_report(&place.path().join(name)));
    assert!(
        shown + 40.0 < bare,
        "{shown} with the report, {bare} without"
    );
}

/// Writes a cube of one colour, linear RGB.
fn write_cube(folder: &Path, [red, green, blue]: [f32; 3]) {
    let corners = (0..8_u32).flat_map(|corner| {
        (0..3).flat_map(move |axis| {
            let side: f32 = if corner >> axis & 1 == 1 { 0.5 } else { -0.5 };
            side.to_le_bytes()
        })
    });
    let faces: [u8; 36] = [
        0, 4, 6, 0, 6, 2, 1, 3, 7, 1, 7, 5, 0, 1, 5, 0, 5, 4, 2, 6, 7, 2, 7, 3, 0, 2, 3, 0, 3, 1,
        4, 5, 7, 4, 7, 6,
    ];
    let bytes: Vec<u8> = corners.chain(faces).collect();
    fs::write(folder.join("cube.bin"), bytes).unwrap();
    let text = format!(
        r#"{{"asset": {{"version": "2.0"}}, "scene": 0, "scenes": [{{"nodes": [0]}}], "nodes": [{{"mesh": 0}}],
        "meshes": [{{"primitives": [{{"attributes": {{"POSITION": 0}}, "indices": 1, "material": 0}}]}}],
        "materials": [{{"pbrMetallicRoughness": {{"baseColorFactor": [{red}, {green}, {blue}, 1],
            "metallicFactor": 0}}}}],
        "accessors": [{{"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3",
            "min": [-0.5, -0.5, -0.5], "max": [0.5, 0.5, 0.5]}},
            {{"bufferView": 1, "componentType": 5121, "count": 36, "type": "SCALAR"}}],
        "bufferViews": [{{"buffer": 0, "byteLength": 96}}, {{"buffer": 0, "byteOffset": 96, "byteLength": 36}}],
        "buffers": [{{"byteLength": 132, "uri": "cube.bin"}}]}}"#
    );
    fs::write(folder.join("cube.gltf"), text).unwrap();
}

/// Pixels that are red, and pixels that are green.
fn red_and_green(file: &Path) -> (usize, usize) {
    let picture = picture(file);
    let count = |channel: usize, other: usize| {
        let is_so = |pixel: &&image::Rgb<u8>| pixel.0[channel] > pixel.0[other].saturating_add(60);
        picture.pixels().filter(is_so).count()
    };
    (count(0, 1), count(1, 0))
}

#[test]
fn what_is_saved_to_an_opened_file_is_seen() {
    let _turn = turn();
    let place = Scratch::new();
    let [before, after] = ["before.png", "after.png"].map(|name| place.path().join(name));
    write_cube(place.path(), [0.6, 0.02, 0.02]);
    let script = "4 screenshot before.png\n14 screenshot after.png\n14.5 quit\n";
    fs::write(place.path().join("script.txt"), script).unwrap();
    let words = ["open", "cube.gltf", "--script", "script.txt"];
    let mut program = Program::start("stoa", &mut offscreen(place.path(), words));
    program.wait_for("picture", |_| before.exists().then_some(()));
    write_cube(place.path(), [0.02, 0.6, 0.02]);
    let ended = program.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ((red, few_green), (few_red, green)) = (red_and_green(&before), red_and_green(&after));
    assert!(
        red > 500 && few_green < red / 10,
        "{red} red, {few_green} green"
    );
    assert!(
        green > 500 && few_red < green / 10,
        "{few_red} red, {green} green"
    );
}

#[test]
fn broken_and_hostile_files_end_nothing() {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    let place = Scratch::new();
    let mut script = "4 screenshot home.png\n".to_owned();
    let mut now = 4.5;
    let names = [
        "bufferview_oob.glb",
        "draco_garbage.glb",
        "empty_file.glb",
        "node_billion_laughs.glb",
        "not_gltf_png.glb",
        "glb_truncated_json.glb",
        "no such file.glb",
    ];
    for name in names {
        let file = samples.join("malformed/hostile").join(name);
        script.push_str(&format!(
            "{now} drop {}\n{} screenshot {name}.png\n{} press escape\n",
            file.display(),
            now + 1.0,
            now + 1.5
        ));
        now += 2.0;
    }
    script.push_str(&format!("{now} screenshot back.png\n{} quit\n", now + 0.5));
    play(&place, &[], &script);
    let blocks = |name: &str| Blocks::of(&picture(&place.path().join(name)));
    let home = blocks("home.png");
    for name in names {
        let told = home.mean_difference(&blocks(&format!("{name}.png")));
        assert!(told > 20.0, "{name} differs from home by {told}");
    }
    let returned = home.mean_difference(&blocks("back.png"));
    assert!(returned < 8.0, "{returned} from home when back");
}
