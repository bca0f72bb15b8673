//! Somebody's own avatar in the pictures of others.

use crate::harness::{
    HostedServer, Program, Scratch, Visitors, checkout, offscreen, picture, turn,
};
use bots::write_box_world;
use image::RgbImage;
use protocol::{ContentHash, WorldAddress};
use serde_json::{Value, json};
use std::{fmt::Write, fs, path::Path};

/// Pictures that the one inside takes, one each second, of somebody who stands before them.
const PICTURES: usize = 90;
/// She says yes when a third one is there beside her and who was there before.
const ADA: &str = "\
0 wait-people 2 150
2 screenshot asked.png
2.1 wait-people 3 150
2.2 press y
";
/// Pixels of a colour that nothing else there has, when somebody wears it.
const MANY: usize = 40;

/// An avatar that comes with the product, all of it in one loud colour that light does not change.
fn loud_avatar() -> Vec<u8> {
    let file = fs::read(checkout().join("assets/avatars/finn.vrm")).unwrap();
    let length = u32::from_le_bytes(file[12..16].try_into().unwrap()) as usize;
    let (json, rest) = file[20..].split_at(length);
    let mut document: Value = serde_json::from_slice(json).unwrap();
    for material in document["materials"].as_array_mut().unwrap() {
        *material = json!({
            "pbrMetallicRoughness": {"baseColorFactor": [1, 0, 1, 1]},
            "extensions": {"KHR_materials_unlit": {}},
        });
    }
    let used = document["extensionsUsed"].as_array_mut().unwrap();
    used.push("KHR_materials_unlit".into());
    let mut json = serde_json::to_vec(&document).unwrap();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut loud = file[..8].to_vec();
    let whole = 20 + json.len() + rest.len();
    loud.extend(u32::try_from(whole).unwrap().to_le_bytes());
    loud.extend(u32::try_from(json.len()).unwrap().to_le_bytes());
    loud.extend(b"JSON");
    loud.extend(json);
    loud.extend(rest);
    loud
}

fn is_loud(picture: &RgbImage) -> bool {
    let loud = picture.pixels().filter(|pixel| {
        let [red, green, blue] = pixel.0;
        red.min(blue) > green.saturating_add(60)
    });
    loud.count() > MANY
}

/// The newest picture that is certainly whole: the one before the last, which may still be written.
fn newest(folder: &Path) -> Option<RgbImage> {
    let taken = (0..PICTURES)
        .rev()
        .map(|number| folder.join(format!("{number}.png")));
    let mut whole = taken.filter(|file| file.exists()).skip(1);
    whole.next().map(|file| picture(&file))
}

#[test]
fn who_is_inside_sees_the_own_avatar_of_who_comes_later() {
    let _turn = turn();
    let scratch = Scratch::new();
    let folder = scratch.path();
    let world = write_box_world(folder, 8).unwrap();
    let server = HostedServer::start(&world, &folder.join("data"));
    let mut script = "0 view\n0 wait-people 2 150\n".to_owned();
    for number in 0..PICTURES {
        writeln!(script, "{number}.5 face Ada").unwrap();
        writeln!(script, "{number}.9 screenshot {number}.png").unwrap();
    }
    fs::write(folder.join("bo.txt"), script).unwrap();
    let address = server.address.to_string();
    let words = [
        "join", &address, "--name", "Bo", "--script", "bo.txt", "--plain",
    ];
    let bo = Program::start("Bo", &mut offscreen(folder, words));

    let visitors = Visitors::new();
    let avatar = loud_avatar();
    let hash = ContentHash(*blake3::hash(&avatar).as_bytes());
    fs::write(folder.join("ada.vrm"), avatar).unwrap();
    fs::write(folder.join("ada.txt"), ADA).unwrap();
    let aside = WorldAddress {
        spawn: Some("balcony".to_owned()),
        ..server.address.clone()
    };
    let mut watcher = visitors.enter(&aside, 1, "Watcher");
    let is_bo_inside = visitors.live_until(&mut [&mut watcher], |people| {
        let bo = people[0].person("Bo");
        bo.is_some_and(|bo| people[0].shown(bo.entity).is_some())
    });
    assert!(is_bo_inside);
    let address = aside.to_string();
    let words = [
        "join", &address, "--name", "Ada", "--avatar", "ada.vrm", "--data", "ada", "--script",
        "ada.txt",
    ];
    let ada = Program::start("Ada", &mut offscreen(folder, words));
    // Bo has asked for the file when he takes pictures of her, and she is asked whether he may have it.
    assert!(visitors.live_until(&mut [&mut watcher], |_| {
        newest(folder).is_some() && folder.join("asked.png").exists()
    }));
    assert!(!is_loud(&newest(folder).unwrap()));
    let mut signal = visitors.enter(&server.address, 2, "Signal");
    let is_seen = visitors.live_until(&mut [&mut watcher, &mut signal], |_| {
        newest(folder).is_some_and(|picture| is_loud(&picture))
    });
    assert!(is_seen, "Bo has not seen it");
    let kept = fs::read_to_string(folder.join("ada/settings.toml")).unwrap();
    assert!(kept.contains(&hash.to_string()), "{kept}");
    ada.kill();
    bo.kill();
    server.stop();
}
