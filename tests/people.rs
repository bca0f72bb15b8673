//! Two people with the real client in the real plaza: they see each other, move, and talk.

use crate::harness::{
    Blocks, HostedServer, Program, Scratch, Visitors, checkout, offscreen, picture, stoa_bots, turn,
};
use bots::{Participant, write_box_world};
use glam::Vec3;
use image::imageops;
use protocol::WorldAddress;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// Their scripts wait for others to come: each who does is a signal to go on, given when what was before has been seen.
const ADA: &str = "\
0 wait-people 3 150
0.1 say Χαίρε, Bo
0.1 goto -2.5 0 13.5
4 wait-people 4 150
4.1 face Bo
4.2 turn 30
4.8 screenshot ada_with_bo.png
4.9 wait-people 6 150
5.1 screenshot ada_alone.png
5.3 quit
";
const BO: &str = "\
0 wait-people 3 150
0.1 say 你好
0.1 goto 0 0 11
4 wait-people 5 150
4.1 run right 3
7.3 wait-people 6 150
7.8 quit
";
/// Where they go: a picture shows both, whoever came in first.
const ADA_STANDS: Vec3 = Vec3::new(-2.5, 0.0, 13.5);
const BO_STANDS: Vec3 = Vec3::new(0.0, 0.0, 11.0);
/// A block that differs by more steps has something else in it.
const OTHER_STEPS: f32 = 24.0;

fn join(folder: &Path, address: &WorldAddress, name: &str, script: &str) -> Program {
    let file = |kind: &str| format!("{}.{kind}", name.to_lowercase());
    fs::write(folder.join(file("txt")), script).unwrap();
    let mut words = vec!["join".to_owned(), address.to_string()];
    for (flag, value) in [
        ("--name", name.to_owned()),
        ("--script", file("txt")),
        ("--stats", file("json")),
        ("--screenshot", file("png")),
    ] {
        words.extend([flag.to_owned(), value]);
    }
    words.push("--plain".to_owned());
    Program::start(name, &mut offscreen(folder, words))
}

/// Somebody who looks on, and the ones whose entries are signals.
struct Conductor {
    /// Where those arrive, out of everybody's way.
    aside: WorldAddress,
    visitors: Visitors,
    watcher: Participant,
    signals: Vec<Participant>,
}

impl Conductor {
    /// Where somebody is; nothing before they are there in body.
    fn place(watcher: &Participant, name: &str) -> Option<Vec3> {
        let entity = watcher.person(name)?.entity;
        watcher.shown(entity).map(|pose| pose.position)
    }

    /// Waits for something, and gives the next signal then.
    #[track_caller]
    fn when(&mut self, what: &str, is_so: impl Fn(&Participant) -> bool) {
        let mut people = vec![&mut self.watcher];
        people.extend(&mut self.signals);
        let has_been = self
            .visitors
            .live_until(&mut people, |people| is_so(people[0]));
        let watcher = &self.watcher;
        let places = ["Ada", "Bo"].map(|name| Self::place(watcher, name));
        assert!(
            has_been,
            "not seen: {what}; Ada and Bo are at {places:?}, said was {:?}",
            watcher.chat
        );
        let number = 2 + self.signals.len() as u8;
        let signal = self
            .visitors
            .enter(&self.aside, number, &format!("Signal {number}"));
        self.signals.push(signal);
    }
}

#[test]
fn two_people_in_the_plaza_see_each_other_move_and_talk() {
    let _turn = turn();
    let scratch = Scratch::new();
    let folder = scratch.path();
    let world = checkout().join("assets/worlds/plaza");
    let server = HostedServer::start(&world, &folder.join("data"));
    let visitors = Visitors::new();
    let aside = WorldAddress {
        spawn: Some("west".to_owned()),
        ..server.address.clone()
    };
    let mut conductor = Conductor {
        watcher: visitors.enter(&aside, 1, "Watcher"),
        aside,
        visitors,
        signals: Vec::new(),
    };
    let ada = join(folder, &server.address, "Ada", ADA);
    let bo = join(folder, &server.address, "Bo", BO);
    let place = Conductor::place;
    conductor.when("both come in", |watcher| {
        place(watcher, "Ada").is_some() && place(watcher, "Bo").is_some()
    });
    conductor.when("both walk and talk", |watcher| {
        let have_come = [("Ada", ADA_STANDS), ("Bo", BO_STANDS)]
            .iter()
            .all(|(name, goal)| {
                place(watcher, name).is_some_and(|place| place.distance(*goal) < 0.5)
            });
        watcher.chat.len() == 2 && have_come
    });
    conductor.when("Ada takes a picture", |_| {
        folder.join("ada_with_bo.png").exists()
    });
    let stood_at = place(&conductor.watcher, "Bo").unwrap();
    conductor.when("Bo runs away", |watcher| {
        place(watcher, "Bo").is_some_and(|bo| bo.distance(stood_at) > 6.0)
    });
    // Bo waits for as many as were there before Ada left.
    conductor.when("Ada takes a picture without Bo", |_| {
        folder.join("ada_alone.png").exists()
    });
    ada.end().in_order();
    bo.end().in_order();
    drop(conductor);
    server.stop();

    saw(folder, "ada", "Bo");
    saw(folder, "bo", "Ada");
    shows_who_goes(folder);
}

/// Checks that one saw the other move and heard both.
fn saw(folder: &Path, who: &str, other: &str) {
    let file = fs::read(folder.join(format!("{who}.json"))).unwrap();
    let stats: Value = serde_json::from_slice(&file).unwrap();
    let people = stats["people_seen"].as_array().unwrap();
    let person = people.iter().find(|person| person["name"] == other);
    let moved = person.unwrap()["distance_moved_m"].as_f64().unwrap();
    assert!(moved > 0.8, "{other} moved {moved} m in the eyes of {who}");
    let chat: BTreeSet<(&str, &str)> = stats["chat"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["from"].as_str().unwrap(),
                line["text"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(chat, [("Ada", "Χαίρε, Bo"), ("Bo", "你好")].into());
    assert_eq!(stats["errors"].as_array().unwrap().len(), 0, "{stats:#}");
}

/// Ada looked past Bo, so that she herself did not hide him, and looked on when he had run away to the right: where he
/// was something has gone, and not on the left.
fn shows_who_goes(folder: &Path) {
    let with_bo = picture(&folder.join("ada_with_bo.png"));
    let alone = picture(&folder.join("ada_alone.png"));
    assert_eq!(with_bo.dimensions(), (320, 180));
    assert!(Blocks::of(&with_bo).spread() > 20.0, "an empty picture");
    let changed = |left| {
        let part = |picture| imageops::crop_imm(picture, left, 50, 30, 100).to_image();
        Blocks::of(&part(&with_bo)).share_beyond(&Blocks::of(&part(&alone)), OTHER_STEPS)
    };
    let there = changed(175);
    let left = [10, 45, 80].map(changed).into_iter().fold(0.0, f32::max);
    assert!(
        there > 0.03,
        "Bo is not in the picture: {there} of where he was has changed"
    );
    assert!(
        left < there / 3.0,
        "everything has changed: {left} on the left, {there} where he was"
    );
}

#[test]
fn a_swarm_that_has_ended_has_left() {
    let _turn = turn();
    let scratch = Scratch::new();
    let world = write_box_world(scratch.path(), 16).unwrap();
    let server = HostedServer::start(&world, &scratch.path().join("data"));
    let visitors = Visitors::new();
    let mut ada = visitors.enter(&server.address, 1, "Ada");
    let before = ada.people.len();
    let mut swarm = Program::start("swarm", &mut stoa_bots(&server.address, 5));
    assert!(
        visitors.live_until(&mut [&mut ada], |people| people[0].people.len()
            == before + 5)
    );
    while !swarm.is_over() {
        visitors.live(&mut [&mut ada], std::time::Duration::from_millis(50));
    }
    assert_eq!(swarm.end().code, Some(0));
    // Who is merely lost stays for half a minute.
    visitors.live(&mut [&mut ada], std::time::Duration::from_secs(1));
    assert_eq!(ada.people.len(), before, "{:?}", ada.people.values());
    server.stop();
}
