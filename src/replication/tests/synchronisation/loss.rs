//! Nothing that a network does to datagrams makes a client's states wrong, or leaves them old for good.

use crate::harness::{Link, Scene, World};
use replication::Kind;

#[test]
fn every_state_is_exact_on_a_good_link() {
    let mut scene = Scene::new(World::new(1, 20, 20), Link::GOOD, 2);
    for _ in 0..300 {
        scene.send();
    }
    scene.assert_equal();
    assert!(scene.peers[0].decoded == 300);
}

#[test]
fn every_state_is_exact_under_loss_duplication_reordering_and_bursts() {
    for seed in 1..6 {
        let mut scene = Scene::new(World::new(seed, 15, 15), Link::BAD, 3);
        for _ in 0..600 {
            scene.send();
        }
        assert!(scene.peers.iter().all(|peer| peer.decoded > 150));
    }
}

#[test]
fn comes_to_equal_after_motion_stops_and_loss_ends() {
    for seed in 10..16 {
        let mut scene = Scene::new(World::new(seed, 20, 30), Link::BAD, 2);
        for send in 0..200 {
            if send % 20 == 7 {
                let first = *scene.world.samples.keys().next().unwrap();
                scene.world.samples.remove(&first);
                scene.world.spawn(Kind::Body);
            }
            scene.send();
        }
        scene.world.is_moving = false;
        for _ in 0..100 {
            scene.send();
        }
        scene.assert_equal();
    }
}

#[test]
fn a_world_at_rest_costs_next_to_nothing() {
    let mut scene = Scene::new(
        World::new(3, 50, 100),
        Link {
            delay: (2, 2),
            ..Link::GOOD
        },
        1,
    );
    scene.peers[0].budget = 1_400;
    for _ in 0..50 {
        scene.send();
    }
    scene.world.is_moving = false;
    for _ in 0..60 {
        scene.send();
    }
    scene.assert_equal();
    for _ in 0..200 {
        scene.send();
        assert_eq!(scene.peers[0].report.records, 0);
        assert!(
            scene.peers[0].report.bytes <= 12,
            "{}",
            scene.peers[0].report.bytes
        );
    }
    // And it wakes up without a full refresh: what rested is still a baseline.
    scene.world.is_moving = true;
    for _ in 0..4 {
        scene.send();
        assert_eq!(scene.peers[0].report.complete, 0);
    }
}

#[test]
fn counters_wrap_around() {
    let mut scene = Scene::new(
        World::new(4, 2, 2),
        Link {
            loss: 0.1,
            ..Link::GOOD
        },
        1,
    );
    for _ in 0..66_500 {
        scene.send();
    }
    scene.world.is_moving = false;
    for _ in 0..50 {
        scene.send();
    }
    scene.assert_equal();
}

#[test]
fn slots_are_used_again() {
    let mut scene = Scene::new(World::new(5, 5, 5), Link::BAD, 1);
    for send in 0..1_000 {
        if send % 2 == 0 {
            let ids: Vec<_> = scene.world.samples.keys().copied().collect();
            scene.world.samples.remove(&ids[send % ids.len()]);
            scene.world.spawn(if send % 4 == 0 {
                Kind::Avatar
            } else {
                Kind::Body
            });
        }
        scene.send();
    }
    scene.world.is_moving = false;
    for _ in 0..100 {
        scene.send();
    }
    scene.assert_equal();
}

#[test]
fn a_long_silence_of_the_client_ends_in_complete_records_not_in_errors() {
    let mut scene = Scene::new(World::new(6, 10, 10), Link::GOOD, 1);
    for _ in 0..20 {
        scene.send();
    }
    scene.peers[0].up.link.loss = 1.0;
    for _ in 0..200 {
        scene.send();
    }
    scene.peers[0].up.link.loss = 0.0;
    for _ in 0..20 {
        scene.send();
    }
    assert_eq!(scene.peers[0].report.complete, 0);
    scene.assert_equal();
}

#[test]
fn what_went_away_and_came_back_to_rest_is_told() {
    for delay in 0..4 {
        let link = Link {
            delay: (delay, delay),
            ..Link::GOOD
        };
        let mut scene = Scene::new(World::new(30, 2, 2), link, 1);
        scene.world.is_moving = false;
        for send in 0..60 {
            for sample in scene.world.samples.values_mut() {
                let is_away = send % 10 == 3 || send % 7 == 5;
                sample.pose.position.x = if is_away { 1.0 } else { 0.0 };
            }
            scene.send();
        }
        for _ in 0..10 {
            scene.send();
        }
        scene.assert_equal();
    }
}
