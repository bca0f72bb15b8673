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
    is_seen_when_dropped("animated/AnimatedCube.gltf");
}

#[test]
fn a_dropped_file_of_another_format_is_seen_and_one_comes_back() {
    is_seen_when_dropped("formats/kaykit_fbx/Barrel_A.fbx");
}

/// A sample that is dropped at home is seen with its report, without it, and no more when one is back.
#[track_caller]
fn is_seen_when_dropped(sample: &str) {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    let place = Scratch::new();
    let file = samples.join(sample);
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

/// Writes a cube of one colour as OBJ, with its material library.
fn write_obj(folder: &Path, colour: [f32; 3]) {
    let [red, green, blue] = colour;
    let mut text = "mtllib cube.mtl\nusemtl paint\n".to_owned();
    for corner in 0..8 {
        let [x, y, z] = [0, 1, 2].map(|axis| f64::from(corner >> axis & 1) - 0.5);
        text.push_str(&format!("v {x} {y} {z}\n"));
    }
    for face in [
        "1 5 7 3", "2 4 8 6", "1 2 6 5", "3 7 8 4", "1 3 4 2", "5 6 8 7",
    ] {
        text.push_str(&format!("f {face}\n"));
    }
    fs::write(
        folder.join("cube.mtl"),
        format!("newmtl paint\nKd {red} {green} {blue}\n"),
    )
    .unwrap();
    fs::write(folder.join("cube.obj"), text).unwrap();
}

/// Folders of conversions that are left where passing files are kept.
fn left_over(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains("converted")).collect()
}

#[test]
fn an_opened_file_of_another_format_is_converted_and_again_when_it_is_saved() {
    let _turn = turn();
    let place = Scratch::new();
    let [before, hidden, after] =
        ["before.png", "hidden.png", "after.png"].map(|name| place.path().join(name));
    write_obj(place.path(), [0.6, 0.02, 0.02]);
    let script = "4 screenshot before.png\n4.5 press r\n5 screenshot hidden.png\n\
                  5.5 press r\n20 screenshot after.png\n20.5 quit\n";
    fs::write(place.path().join("script.txt"), script).unwrap();
    let words = ["open", "cube.obj", "--script", "script.txt"];
    let mut command = offscreen(place.path(), words);
    let mut program = Program::start("stoa", command.env("TMPDIR", place.path()));
    program.wait_for("picture", |_| hidden.exists().then_some(()));
    assert_eq!(left_over(place.path()).len(), 1);
    write_obj(place.path(), [0.02, 0.6, 0.02]);
    let ended = program.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(left_over(place.path()), [""; 0]);
    let (shown, bare) = (brightness_of_report(&before), brightness_of_report(&hidden));
    assert!(
        shown + 40.0 < bare,
        "{shown} with the report, {bare} without"
    );
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
fn a_broken_file_of_another_format_ends_nothing_and_is_told_in_a_line() {
    let _turn = turn();
    let place = Scratch::new();
    fs::write(
        place.path().join("broken.fbx"),
        b"Kaydara FBX Binary  \0\x1a\0and no more",
    )
    .unwrap();
    let script = "4 screenshot home.png\n4.5 drop broken.fbx\n6 screenshot told.png\n\
                  6.5 press escape\n8 screenshot back.png\n8.5 quit\n";
    play(&place, &[], script);
    let [home, told, back] = ["home", "told", "back"]
        .map(|name| Blocks::of(&picture(&place.path().join(format!("{name}.png")))));
    let is_told = home.mean_difference(&told);
    assert!(is_told > 20.0, "{is_told} from home when told");
    let returned = home.mean_difference(&back);
    assert!(returned < 8.0, "{returned} from home when back");
    let words = ["open", "broken.fbx"];
    let ended = Program::start("stoa", &mut offscreen(place.path(), words)).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let last = ended.errors.lines().last().unwrap_or_default();
    assert!(
        last.contains("broken.fbx cannot be shown") && last.contains("glTF"),
        "{ended:?}"
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
