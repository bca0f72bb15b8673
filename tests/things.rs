//! A thing that one person brings from the studio and another sees.

use crate::harness::{
    HostedServer, Program, Scratch, Visitors, offscreen, picture, stoa_server, turn,
};
use bots::write_box_world;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A red cube of two metres that stands on its origin, as a GLB file.
fn write_cube(folder: &Path) -> PathBuf {
    let corner = |index: u8| [0, 1, 2].map(|axis| f32::from(index >> axis & 1));
    let positions = (0..8)
        .map(corner)
        .flat_map(|[x, y, z]| [2.0 * x - 1.0, 2.0 * y, 2.0 * z - 1.0])
        .flat_map(f32::to_le_bytes);
    let faces: [u8; 36] = [
        0, 2, 3, 0, 3, 1, 4, 5, 7, 4, 7, 6, 0, 1, 5, 0, 5, 4, 2, 6, 7, 2, 7, 3, 0, 4, 6, 0, 6, 2,
        1, 3, 7, 1, 7, 5,
    ];
    let data: Vec<u8> = positions.chain(faces).collect();
    let document = json!({
        "asset": {"version": "2.0", "copyright": "CC0-1.0"},
        "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "materials": [{"doubleSided": true, "pbrMetallicRoughness":
            {"baseColorFactor": [0.8, 0.0, 0.0, 1.0], "metallicFactor": 0.0}}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3",
             "min": [-1, 0, -1], "max": [1, 2, 1]},
            {"bufferView": 1, "componentType": 5121, "count": 36, "type": "SCALAR"}],
        "bufferViews": [{"buffer": 0, "byteLength": 96},
            {"buffer": 0, "byteOffset": 96, "byteLength": 36}],
        "buffers": [{"byteLength": data.len()}],
    });
    let mut text = document.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let length = 12 + 8 + text.len() + 8 + data.len();
    let words = |words: &[u32]| words.iter().copied().flat_map(u32::to_le_bytes).collect();
    let parts: [Vec<u8>; 5] = [
        b"glTF".to_vec(),
        words(&[2, length as u32, text.len() as u32, 0x4E4F_534A]),
        text,
        words(&[data.len() as u32, 0x004E_4942]),
        data,
    ];
    let file = folder.join("cube.glb");
    fs::write(&file, parts.concat()).unwrap();
    file
}

/// Share of a picture that is red.
fn redness(file: &Path) -> f32 {
    let picture = picture(file);
    let is_red = |pixel: &&image::Rgb<u8>| {
        let [red, green, blue] = pixel.0.map(u32::from);
        red > 50 && red > 4 * green && red > 4 * blue
    };
    picture.pixels().filter(is_red).count() as f32 / picture.pixels().len() as f32
}

#[test]
fn what_one_brings_from_the_studio_another_sees() {
    let _turn = turn();
    let place = Scratch::new();
    let folder = place.path();
    let world = write_box_world(folder, 8).unwrap();
    let manifest = world.join("world.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        format!("{text}[things]\nplace = \"everybody\"\n"),
    )
    .unwrap();
    let cube = write_cube(folder);
    let server = HostedServer::start_with(&mut stoa_server(&world, &folder.join("data")));
    let visitors = Visitors::new();
    let mut watcher = visitors.enter(&server.address, 1, "Watcher");

    // She says yes to looking at it, then to taking it along, and puts it down behind the entrance.
    let script = format!(
        "0 wait-people 1 150\n1 screenshot before.png\n1.5 drop {}\n2.5 press e\n4 press l\n6 press e\n\
         8 turn 180\n8.5 look -5\n10 screenshot held.png\n11 press l\n",
        cube.display()
    );
    fs::write(folder.join("ada.txt"), script).unwrap();
    let address = server.address.to_string();
    let words = ["join", &address, "--name", "Ada", "--script", "ada.txt"];
    let ada = Program::start("Ada", &mut offscreen(folder, words));
    let is_placed = visitors.live_until(&mut [&mut watcher], |people| !people[0].things.is_empty());
    assert!(is_placed, "nothing was placed");
    let thing = &watcher.things[0];
    assert_eq!((thing.title.as_str(), thing.from.as_str()), ("cube", "Ada"));
    assert!(redness(&folder.join("before.png")) < 0.001);
    let seen = redness(&folder.join("held.png"));
    assert!(seen > 0.01, "{seen} of Ada's picture is the cube");

    let script = "0 wait-people 2 150\n1 turn 180\n4 screenshot bo.png\n4.5 quit\n";
    fs::write(folder.join("bo.txt"), script).unwrap();
    let words = [
        "join", &address, "--name", "Bo", "--script", "bo.txt", "--plain",
    ];
    let bo = Program::start("Bo", &mut offscreen(folder, words));
    bo.end().in_order();
    let seen = redness(&folder.join("bo.png"));
    assert!(seen > 0.01, "{seen} of Bo's picture is the cube");
    ada.kill();
    server.stop();
}
