//! Crowds: what a client costs grows far slower than they do, and nobody in them is forgotten.

use crate::harness::{Link, Scene, World};
use protocol::EntityId;

/// 64 kbit/s at 20 sends a second, without headers.
const BUDGET: usize = 342;

fn crowd(people: usize, link: Link) -> Scene {
    let mut scene = Scene::new(World::new(40, people, 0), link, 1);
    scene.peers[0].budget = BUDGET;
    scene
}

/// Records written or withheld in a send, once everybody is known.
fn work_per_send(people: usize) -> f64 {
    let mut scene = crowd(people, Link::GOOD);
    for _ in 0..150 {
        scene.send();
    }
    let mut sum = 0;
    for _ in 0..100 {
        scene.send();
        sum += scene.peers[0].report.records + scene.peers[0].report.withheld;
    }
    f64::from(sum) / 100.0
}

#[test]
fn the_work_for_a_client_grows_far_slower_than_the_crowd() {
    let (few, many) = (work_per_send(250), work_per_send(1_000));
    assert!(few > 40.0, "{few}");
    assert!(many <= few * 2.0, "{few} and {many}");
}

#[test]
fn nobody_in_a_crowd_is_forgotten_and_who_is_near_comes_first() {
    let mut scene = crowd(1_000, Link::GOOD);
    scene.peers[0].budget = 1_200;
    for _ in 0..400 {
        scene.send();
    }
    let peer = &scene.peers[0];
    let now = scene.sends;
    let age = |id: &EntityId| {
        // Who rests, and is known to, needs no news.
        let is_known = peer.decoder.state(*id) == scene.history.state(*id);
        if is_known {
            0
        } else {
            now - peer.heard.get(id).copied().unwrap_or(0)
        }
    };
    let oldest = scene.world.samples.keys().map(age).max().unwrap();
    assert!(oldest <= 100, "somebody waits for {oldest} sends");
    let mut near: Vec<_> = scene.world.samples.iter().collect();
    near.sort_by(|(_, a), (_, b)| {
        let (a, b) = (a.pose.position.length(), b.pose.position.length());
        a.total_cmp(&b)
    });
    let mean = |people: &[(&EntityId, _)]| {
        people.iter().map(|(id, _)| age(id)).sum::<u64>() as f64 / people.len() as f64
    };
    let (front, back) = (mean(&near[..20]), mean(&near[800..]));
    assert!(front * 3.0 < back, "{front} and {back} sends");
}

#[test]
fn every_state_in_a_crowd_is_exact_under_loss_and_comes_to_equal() {
    let mut scene = crowd(400, Link::BAD);
    for _ in 0..200 {
        scene.send();
    }
    scene.world.is_moving = false;
    for _ in 0..300 {
        scene.send();
    }
    scene.assert_equal();
}

#[test]
fn a_whole_crowd_that_stops_is_told_within_two_seconds() {
    let mut scene = crowd(600, Link::GOOD);
    scene.peers[0].budget = 1_200;
    for _ in 0..200 {
        scene.send();
    }
    scene.world.is_moving = false;
    for _ in 0..40 {
        scene.send();
    }
    scene.assert_equal();
}

#[test]
fn what_rests_costs_no_rank_and_is_seen_when_it_stirs() {
    let mut scene = Scene::new(World::new(41, 20, 2_000), Link::GOOD, 1);
    scene.peers[0].budget = 1_200;
    scene.world.is_moving = false;
    for _ in 0..200 {
        scene.send();
    }
    scene.assert_equal();
    let ids: Vec<EntityId> = scene.world.samples.keys().copied().collect();
    for send in 0..40 {
        // The twenty avatars walk among two thousand resting things: each is in every snapshot.
        for id in &ids[..20] {
            scene.world.samples.get_mut(id).unwrap().pose.position.x += 0.05;
        }
        scene.send();
        assert!(scene.peers[0].report.records >= 20, "send {send}");
    }
    let thing = ids[1_500];
    scene.world.samples.get_mut(&thing).unwrap().pose.position.y += 0.1;
    scene.send();
    assert_eq!(scene.peers[0].heard.get(&thing), Some(&scene.sends));
}
