//! Bytes and acknowledgements that no honest peer sends.

use crate::harness::{Link, Random, Scene, World, log_of};
use glam::Vec3;
use proptest::prelude::*;
use protocol::tick::Wrapped;
use replication::{
    Acknowledgement, ClientDatagram, Flags, OwnSample, SnapshotDecoder, fuzz_client_datagram,
    fuzz_snapshot,
};

fn sample(tick: u64) -> OwnSample {
    OwnSample {
        tick,
        position: Vec3::new(1.005, -2.0, 300.0),
        velocity: Vec3::new(0.5, 0.0, -1.0),
        yaw: 0.0,
        pitch: 0.0,
        flags: Flags::GROUNDED,
        emote: 3,
    }
}

fn datagram() -> ClientDatagram {
    ClientDatagram {
        sequence: 70_000,
        acknowledgement: log_of(&[65_530, 65_540, 65_541]).acknowledgement(),
        correction_echo: 9,
        samples: vec![sample(70_003), sample(70_001), sample(69_999)],
    }
}

#[test]
fn client_datagrams_come_back() {
    let mut bytes = vec![];
    datagram().encode(&mut bytes).unwrap();
    let back = ClientDatagram::decode(&bytes, 69_990, 70_010).unwrap();
    assert_eq!(back.sequence, 70_000);
    assert_eq!(back.acknowledgement, datagram().acknowledgement);
    assert_eq!(back.samples.len(), 3);
    for (ours, theirs) in datagram().samples.iter().zip(&back.samples) {
        assert_eq!(ours.tick, theirs.tick);
        assert!(ours.position.distance(theirs.position) < 0.005);
        assert!(ours.velocity.distance(theirs.velocity) < 0.02);
        assert_eq!((ours.flags, ours.emote), (theirs.flags, theirs.emote));
    }
    assert!(bytes.len() < 60, "{}", bytes.len());
    for length in 0..bytes.len() {
        assert!(ClientDatagram::decode(&bytes[..length], 0, 0).is_err());
    }
}

#[test]
fn numbers_that_are_not_finite_do_not_travel() {
    let mut bad = datagram();
    bad.samples[1].velocity.y = f32::NAN;
    let mut bytes = vec![1];
    assert!(bad.encode(&mut bytes).is_err());
    assert_eq!(bytes, [1]);
}

#[test]
fn a_client_that_lies_about_arrivals_stays_within_its_budget() {
    let mut random = Random::new(5);
    let mut scene = Scene::new(World::new(11, 30, 30), Link::GOOD, 2);
    for _ in 0..300 {
        // The liar acknowledges anything; its decoder may then fail, so its datagrams never reach it.
        scene.peers[0].down.link.loss = 1.0;
        for _ in 0..20 {
            scene.peers[0].view.acknowledge(Acknowledgement {
                newest: Wrapped(random.next() as u16),
                mask: random.next() as u32,
            });
        }
        scene.send();
    }
    scene.world.is_moving = false;
    for _ in 0..30 {
        scene.send();
    }
    scene.peers.remove(0);
    scene.assert_equal();
}

#[test]
fn acknowledging_what_was_never_sent_changes_nothing() {
    let mut scene = Scene::new(
        World::new(12, 5, 5),
        Link {
            loss: 1.0,
            ..Link::GOOD
        },
        1,
    );
    scene.send();
    for ahead in 1..200 {
        scene.peers[0].view.acknowledge(Acknowledgement {
            newest: Wrapped(1 + ahead),
            mask: 0,
        });
    }
    scene.send();
    scene.send();
    scene.send();
    assert_eq!(scene.peers[0].report.complete, 10);
}

#[test]
fn mutated_snapshots_never_panic() {
    let mut random = Random::new(9);
    let mut scene = Scene::new(World::new(13, 10, 10), Link::GOOD, 1);
    let mut honest = vec![];
    let mut encoder = replication::Encoder::new();
    let mut view = replication::ClientView::new();
    for _ in 0..40 {
        scene.send();
        let mut bytes = vec![];
        encoder.encode(
            &mut view,
            &scene.history,
            &Default::default(),
            &scene.peers[0].viewer,
            1200,
            &mut bytes,
        );
        honest.push(bytes);
    }
    for _ in 0..3_000 {
        let mut decoder = SnapshotDecoder::new(65_500);
        for bytes in &honest[..random.below(4)] {
            decoder.decode(bytes).unwrap();
        }
        let mut bytes = honest[random.below(honest.len())].clone();
        for _ in 0..=random.below(4) {
            match random.below(3) {
                0 => bytes.truncate(random.below(bytes.len() + 1)),
                1 => bytes.push(random.next() as u8),
                _ if bytes.is_empty() => {}
                _ => {
                    let at = random.below(bytes.len());
                    bytes[at] ^= 1 << random.below(8);
                }
            }
        }
        // Whatever it says: no panic, and bounded work.
        if decoder.decode(&bytes).is_ok() {
            assert!(decoder.states().count() <= 4096);
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1600)) {
        fuzz_snapshot(&bytes);
        fuzz_client_datagram(&bytes);
    }
}
