//! From world to world through a portal.

use crate::harness::{HostedServer, Program, Scratch, Visitors, offscreen, stoa_server, turn};
use bots::write_box_world;
use protocol::WorldAddress;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A world that is nothing but a floor and a portal on it, whose door is a trigger.
fn write_gate(folder: &Path, uri: &str) -> PathBuf {
    let scene = json!({
        "asset": {"version": "2.0"},
        "extensionsUsed": ["KHR_implicit_shapes", "KHR_physics_rigid_bodies", "OMI_spawn_point", "STOA_portal"],
        "extensions": {"KHR_implicit_shapes": {"shapes": [
            {"type": "box", "box": {"size": [20.0, 0.5, 20.0]}},
            {"type": "box", "box": {"size": [4.0, 4.0, 4.0]}},
        ]}},
        "scene": 0,
        "scenes": [{"nodes": [0, 1, 3]}],
        "nodes": [
            {
                "name": "Floor",
                "translation": [0.0, -0.25, 0.0],
                "extensions": {"KHR_physics_rigid_bodies": {"collider": {"geometry": {"shape": 0}}}},
            },
            {
                "name": "Gate",
                "children": [2],
                "extensions": {"STOA_portal": {"uri": uri, "title": "The hall"}},
            },
            {
                "name": "Door",
                "extensions": {"KHR_physics_rigid_bodies": {"trigger": {"geometry": {"shape": 1}}}},
            },
            {"name": "Spawn", "extensions": {"OMI_spawn_point": {}}},
        ],
    });
    let file = folder.join("gate.gltf");
    fs::write(&file, scene.to_string()).unwrap();
    file
}

#[test]
fn a_portal_leads_to_another_world_of_the_server() {
    let _turn = turn();
    let place = Scratch::new();
    let folder = place.path();
    let hall = write_box_world(folder, 8).unwrap();
    let name = hall.file_name().unwrap().to_str().unwrap();
    let gate = write_gate(folder, &format!("./{name}"));
    let mut command = stoa_server(&gate, &folder.join("data"));
    let server = HostedServer::start_with(command.arg("--world").arg(&hall));
    let in_hall = WorldAddress {
        world: hall.file_stem().unwrap().to_str().unwrap().to_owned(),
        ..server.address.clone()
    };
    assert_eq!(server.address.world, "gate");
    let visitors = Visitors::new();
    let mut at_gate = visitors.enter(&server.address, 1, "Gatekeeper");
    let mut inside = visitors.enter(&in_hall, 2, "Host");

    // He asks and stays; asks again and goes.
    let script =
        "0 wait-people 1 150\n2 press t\n3 press escape\n4 say I stay\n5 press t\n6 press e\n";
    fs::write(folder.join("bo.txt"), script).unwrap();
    let address = server.address.to_string();
    let words = ["join", &address, "--name", "Bo", "--script", "bo.txt"];
    let bo = Program::start("Bo", &mut offscreen(folder, words));
    let is_there = visitors.live_until(&mut [&mut at_gate, &mut inside], |people| {
        people[1].person("Bo").is_some()
    });
    assert!(is_there, "Bo did not arrive");
    assert!(at_gate.chat.iter().any(|line| line.text == "I stay"));
    let has_left = visitors.live_until(&mut [&mut at_gate, &mut inside], |people| {
        people[0].person("Bo").is_none()
    });
    assert!(has_left, "Bo is in two worlds");
    bo.kill();
    server.stop();
}
