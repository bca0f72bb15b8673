//! Drives one library through the scene, checks what its clients hold after every send, and adds up what it cost.

use crate::peer::{Peer, Traffic};
use crate::scene::{SENDS_PER_SEC, Scene};
use anyhow::{Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Sends in which the clients come to know the world, neither counted nor checked. Stoa, which sends one datagram at a time,
/// needs up to 250 until it tells 200 people of everything at the full rate.
const WARM_UP_SENDS: u64 = 300;
/// What a client may be wrong by.
const MOST_ERROR_METRES: f32 = 0.005;
const MOST_ERROR_DEGREES: f32 = 1.0;

/// Size of a crowd.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) people: usize,
    pub(crate) things: usize,
}

/// What a library cost.
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    pub(crate) size: Size,
    /// To one client, without what a socket adds.
    pub(crate) kbit_per_sec: f64,
    /// To one client, each of which a socket adds its headers to.
    pub(crate) packets_per_send: f64,
    /// For each entity that is not where it was at the send before.
    pub(crate) bytes_per_update: f64,
    /// Processor time of the server.
    pub(crate) micros_per_client_send: f64,
    pub(crate) error_metres: f32,
    pub(crate) error_degrees: f32,
}

/// Runs one library.
pub(crate) fn measure<P: Peer>(size: Size, seed: u64, seconds: u64) -> Result<Cost> {
    let mut scene = Scene::new(seed, size.people, size.things)?;
    let mut peer = P::new(size.people, &scene)?;
    let mut total = Traffic::default();
    let (mut updates, mut spent) = (0, Duration::ZERO);
    let mut error = (0.0_f32, 0.0_f32);
    let sends = seconds * SENDS_PER_SEC;
    for send in 0..WARM_UP_SENDS + sends {
        let changed = scene.step()?;
        peer.put(&scene)?;
        let started = processor_time();
        peer.send();
        let finished = processor_time();
        let traffic = peer.deliver()?;
        if send < WARM_UP_SENDS {
            continue;
        }
        for client in 0..size.people {
            ensure!(
                peer.holds(client, &scene.states),
                "{}: client {client} holds another world than the server after send {send}",
                P::NAME
            );
        }
        let (metres, degrees) = scene.error();
        error = (error.0.max(metres), error.1.max(degrees));
        total.packets += traffic.packets;
        total.bytes += traffic.bytes;
        updates += changed * size.people;
        spent += finished.saturating_sub(started);
    }
    ensure!(
        error.0 <= MOST_ERROR_METRES && error.1 <= MOST_ERROR_DEGREES,
        "the steps are too coarse"
    );
    let client_sends = (sends * size.people as u64) as f64;
    let bytes = total.bytes as f64;
    Ok(Cost {
        name: P::NAME,
        size,
        kbit_per_sec: bytes * 8.0 / 1_000.0 / (seconds * size.people as u64) as f64,
        packets_per_send: total.packets as f64 / client_sends,
        bytes_per_update: bytes / updates.max(1) as f64,
        micros_per_client_send: spent.as_secs_f64() * 1.0e6 / client_sends,
        error_metres: error.0,
        error_degrees: error.1,
    })
}

/// Of all threads of this process: a library may start some.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lightyear::Lightyear, replicon::Replicon, stoa::Stoa};

    const SMALL: Size = Size {
        people: 4,
        things: 20,
    };

    /// Holds what was delivered, and is found out when it was not.
    fn is_checked<P: Peer>() {
        assert!(measure::<P>(SMALL, 1, 2).is_ok());
        let mut scene = Scene::new(2, SMALL.people, SMALL.things).unwrap();
        let mut peer = P::new(SMALL.people, &scene).unwrap();
        for _ in 0..30 {
            scene.step().unwrap();
            peer.put(&scene).unwrap();
            peer.send();
            peer.deliver().unwrap();
        }
        assert!(peer.holds(3, &scene.states));
        scene.step().unwrap();
        peer.put(&scene).unwrap();
        peer.send();
        assert!(!peer.holds(3, &scene.states));
    }

    #[test]
    fn clients_hold_the_world_and_are_found_out_when_they_do_not() {
        is_checked::<Stoa>();
        is_checked::<Replicon>();
        is_checked::<Lightyear>();
    }
}
