//! Who is told of what: range, budget, fairness.

use crate::harness::{Link, Scene, World};
use glam::Vec3;
use protocol::EntityId;
use replication::SNAPSHOT_HEADER_BYTES;
use std::collections::BTreeMap;

#[test]
fn a_small_budget_is_never_exceeded_and_nobody_starves() {
    let mut scene = Scene::new(World::new(7, 100, 100), Link::GOOD, 1);
    scene.peers[0].budget = 200;
    let mut last_news: BTreeMap<EntityId, u64> = BTreeMap::new();
    for send in 0..400 {
        scene.send();
        assert!(scene.peers[0].report.oldest_withheld_sends < 200);
        if send > 200 {
            for (id, state) in scene.history.states() {
                if scene.peers[0].decoder.state(id) == Some(state) {
                    last_news.insert(id, send);
                }
            }
        }
    }
    assert_eq!(last_news.len(), 200);
    assert!(last_news.values().all(|send| *send > 260), "{last_news:?}");
}

#[test]
fn the_own_avatar_is_not_sent() {
    let mut scene = Scene::new(World::new(8, 5, 0), Link::GOOD, 1);
    let own = *scene.world.samples.keys().next().unwrap();
    scene.peers[0].viewer.own = Some(own);
    for _ in 0..10 {
        scene.send();
    }
    assert_eq!(scene.peers[0].decoder.state(own), None);
    assert_eq!(scene.peers[0].decoder.states().count(), 4);
}

#[test]
fn what_is_out_of_range_leaves_and_comes_back() {
    let mut scene = Scene::new(
        World::new(9, 5, 5),
        Link {
            delay: (1, 2),
            ..Link::GOOD
        },
        1,
    );
    for _ in 0..20 {
        scene.send();
    }
    assert_eq!(scene.peers[0].decoder.states().count(), 10);
    scene.peers[0].viewer.position = Vec3::X * 5_000.0;
    for _ in 0..20 {
        scene.send();
    }
    assert_eq!(scene.peers[0].decoder.states().count(), 0);
    scene.peers[0].viewer.position = Vec3::ZERO;
    scene.world.is_moving = false;
    for _ in 0..20 {
        scene.send();
    }
    scene.assert_equal();
}

#[test]
fn far_things_come_at_a_lower_rate() {
    let mut records = vec![];
    for distance in [0.0, 100.0, 200.0] {
        let mut scene = Scene::new(World::new(10, 20, 0), Link::GOOD, 1);
        scene.peers[0].viewer.position = Vec3::Y * distance;
        let mut sum = 0;
        for _ in 0..100 {
            scene.send();
            sum += scene.peers[0].report.records;
        }
        records.push(sum);
    }
    assert!(
        records[1] * 2 < records[0] && records[2] * 3 < records[1] * 2,
        "{records:?}"
    );
}

#[test]
fn what_never_moved_is_told_to_be_still() {
    let mut scene = Scene::new(World::new(21, 3, 3), Link::GOOD, 1);
    scene.world.is_moving = false;
    for _ in 0..8 {
        scene.send();
    }
    scene.assert_equal();
}

#[test]
fn what_the_bytes_are_spent_on_adds_up_to_what_came() {
    let mut scene = Scene::new(World::new(5, 20, 20), Link::GOOD, 1);
    let peer = &mut scene.peers[0];
    peer.decoder = std::mem::take(&mut peer.decoder).metering();
    let mut body_bits = 0.0;
    for _ in 0..200 {
        scene.send();
        body_bits += 8.0 * (scene.peers[0].report.bytes - SNAPSHOT_HEADER_BYTES) as f64;
    }
    let costs = *scene.peers[0].decoder.costs().unwrap();
    // A body ends with a whole byte, and the coder keeps at most two in hand.
    let spare = body_bits - costs.total();
    assert!((-200.0..200.0 * 24.0).contains(&spare), "{spare} {costs:?}");
    for part in [
        costs.bookkeeping,
        costs.avatar_positions,
        costs.avatar_headings,
        costs.body_positions,
        costs.body_rotations,
    ] {
        assert!(part > 0.01 * costs.total(), "{costs:?}");
    }
}
