//! One server, one data folder: a second server, a damaged store, an orderly stop.

use crate::harness::{
    CLOCK_ERROR_SECS, Flight, HostedServer, Program, Scratch, Visitors, lost_secs, skipped,
    stoa_server, turn,
};
use bots::{Participant, write_box_world};
use glam::Vec3;
use std::{fs, path::Path, time::Duration};

/// Upward, metres a second: in the air for 2.5 s.
const THROW: Vec3 = Vec3::new(0.0, 12.0, 0.0);

fn store(data: &Path) -> std::path::PathBuf {
    data.join("worlds/box.redb")
}

#[test]
fn a_second_server_on_one_data_folder_is_refused_and_the_first_goes_on() {
    let _turn = turn();
    let place = Scratch::new();
    let world = write_box_world(place.path(), 8).unwrap();
    let data = place.path().join("data");
    let server = HostedServer::start(&world, &data);
    let second = Program::start("second", &mut stoa_server(&world, &data)).end();
    let line = second.line(1);
    assert!(line.contains("in use by another server"), "{line}");
    assert!(line.contains(data.to_str().unwrap()), "{line}");

    let visitors = Visitors::new();
    let mut ada = visitors.enter(&server.address, 1, "Ada");
    ada.session.chat("still here").unwrap();
    assert!(visitors.live_until(&mut [&mut ada], |people| people[0].done.len() == 1));
    drop(ada);
    server.stop();
    // The lock goes with its holder.
    HostedServer::start(&world, &data).stop();
}

#[test]
fn a_damaged_store_is_named_and_left_as_it_is() {
    let _turn = turn();
    let place = Scratch::new();
    let world = write_box_world(place.path(), 8).unwrap();
    let data = place.path().join("data");
    HostedServer::start(&world, &data).stop();
    let whole = fs::read(store(&data)).unwrap();
    let mut overwritten = whole.clone();
    overwritten[..4096].fill(0xa5);
    let cut = whole[..whole.len() / 3].to_vec();
    for damaged in [overwritten, cut, b"no store".to_vec(), Vec::new()] {
        fs::write(store(&data), &damaged).unwrap();
        let ended = Program::start("stoa-server", &mut stoa_server(&world, &data)).end();
        let line = ended.line(1);
        assert!(line.contains(store(&data).to_str().unwrap()), "{line}");
        assert!(line.contains("restore a backup"), "{line}");
        let kept = fs::read(store(&data)).unwrap();
        assert!(kept == damaged, "the damaged store was changed");
    }
    fs::write(store(&data), &whole).unwrap();
    HostedServer::start(&world, &data).stop();
}

#[test]
fn a_server_that_is_asked_to_stop_saves_the_last_moment_and_exits_with_0() {
    let _turn = turn();
    let place = Scratch::new();
    let world = write_box_world(place.path(), 8).unwrap();
    let data = place.path().join("data");
    let server = HostedServer::start(&world, &data);
    let visitors = Visitors::new();
    let mut ada = visitors.enter(&server.address, 1, "Ada");
    let thing = ada.bodies()[1].entity;
    ada.session.grab(thing).unwrap();
    assert!(visitors.live_until(&mut [&mut ada], |people| people[0].holding == Some(thing)));
    visitors.live(&mut [&mut ada], Duration::from_millis(500));
    ada.session.release(thing, THROW).unwrap();
    assert!(visitors.live_until(&mut [&mut ada], |people| people[0].holding.is_none()));
    let mut before = Flight::of(thing);
    watch(&visitors, &mut before, &mut ada, 0.5);
    drop(ada);
    server.stop();
    before.server_is_gone();
    let Some(last) = before.last() else {
        return skipped("the machine is too slow to see a thing in the air");
    };

    let server = HostedServer::start(&world, &data);
    let mut bo = visitors.enter(&server.address, 2, "Bo");
    let mut after = Flight::of(thing);
    let is_seen = visitors.live_until(&mut [&mut bo], |people| {
        after.watch(people[0]);
        after.first_secs().is_some()
    });
    assert!(is_seen, "the box that was thrown is not there");
    watch(&visitors, &mut after, &mut bo, 0.3);
    let Some(lost) = lost_secs(last, &after) else {
        return skipped("the machine is too slow to see where a thing in the air goes on");
    };
    // It flew on until the server had saved it, which is after it was last seen: how long after depends on the machine.
    assert!(
        lost < 2.0 * CLOCK_ERROR_SECS,
        "{lost} s of motion lost: {last:?}, then {after:?}"
    );
}

fn watch(visitors: &Visitors, flight: &mut Flight, person: &mut Participant, secs: f32) {
    for _ in 0..(secs * 60.0) as u32 {
        visitors.live(&mut [person], Duration::from_millis(16));
        flight.watch(person);
    }
}
