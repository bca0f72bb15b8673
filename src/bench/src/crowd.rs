//! `crowd`: 100 avatars in view, walking, stopping, turning and looking about; every one is within 5 mm and 1 degree
//! at every send, at full rate. Packet headers and acknowledgements count.

use crate::link::{Link, PACKET_BYTES};
use crate::random::Random;
use crate::report::Metric;
use crate::trace;
use crate::walker::Walker;
use anyhow::{Result, ensure};
use glam::Vec3;
use protocol::EntityId;
use replication::{EntityState, Kind, Orientation, Salience, SymbolCounts, ViewPoint};
use std::collections::BTreeMap;
use std::f32::consts::PI;
use std::path::Path;

const AVATARS: usize = 100;
const SENDS_PER_SEC: f64 = 20.0;
const TICKS_PER_SEND: u64 = 3;
/// Sends measured: a minute, after the spawns are acknowledged.
const SENDS: u64 = 1_200;
const WARM_UP_SENDS: u64 = 20;
const PASS_KBIT: f64 = 50.0;
const GOAL_KBIT: f64 = 40.0;
/// Least entropy that the motion must have, in bits an update.
const LEAST_ENTROPY_BITS: f64 = 12.0;
const MOST_ERROR_METRES: f32 = 0.005;
const MOST_ERROR_RADIANS: f32 = PI / 180.0;

/// Order-0 entropy of the second differences of each field, summed: a floor for coders that know no more.
#[derive(Default)]
struct Entropy {
    fields: [BTreeMap<i32, u32>; 5],
    past: BTreeMap<EntityId, [[i32; 5]; 2]>,
}

impl Entropy {
    fn add(&mut self, id: EntityId, state: &EntityState) {
        let Orientation::Heading { yaw, pitch } = state.orientation else {
            return;
        };
        let [x, y, z] = state.position;
        let now = [x, y, z, i32::from(yaw), i32::from(pitch)];
        let past = self.past.entry(id).or_insert([now; 2]);
        for field in 0..5 {
            let mut residual = now[field] - 2 * past[0][field] + past[1][field];
            if field == 3 {
                residual = i32::from(residual as i8);
            }
            *self.fields[field].entry(residual).or_default() += 1;
        }
        *past = [now, past[0]];
    }

    fn bits_per_update(&self) -> f64 {
        self.fields
            .iter()
            .map(|counts| {
                let total: f64 = counts.values().map(|count| f64::from(*count)).sum();
                counts
                    .values()
                    .map(|count| f64::from(*count) / total)
                    .map(|share| -share * share.log2())
                    .sum::<f64>()
            })
            .sum()
    }
}

/// What a run of the scene gave.
struct Outcome {
    kbit_per_sec: f64,
    floor_kbit_per_sec: f64,
    entropy_bits: f64,
    bits_per_update: f64,
    error_metres: f32,
    error_radians: f32,
    encode_micros: f64,
    counts: SymbolCounts,
}

pub(crate) fn run(seed: u64, trace: Option<&Path>) -> Result<()> {
    if let Some(path) = trace {
        return run_trace(path);
    }
    let near = simulate(seed, 0)?;
    ensure!(
        near.entropy_bits >= LEAST_ENTROPY_BITS,
        "the motion is too easy: {:.1} bits an update",
        near.entropy_bits
    );
    let far = simulate(seed, 2)?;
    let metric = |metric, value, unit, baseline| Metric {
        bench: "crowd",
        metric,
        value,
        unit,
        baseline,
    };
    for (name, outcome) in [
        ("kbit_per_sec_per_receiver", &near),
        ("kbit_per_sec_per_receiver_at_100_ms", &far),
    ] {
        metric(
            name,
            outcome.kbit_per_sec,
            "kbit/s",
            Some(outcome.floor_kbit_per_sec),
        )
        .print_against(PASS_KBIT, GOAL_KBIT);
    }
    metric(
        "entropy_of_second_differences",
        near.entropy_bits,
        "bit",
        None,
    )
    .print();
    metric(
        "bits_per_update",
        near.bits_per_update,
        "bit",
        Some(near.entropy_bits),
    )
    .print();
    let error_metres = f64::from(near.error_metres);
    metric("largest_error_metres", error_metres, "m", None)
        .print_against(f64::from(MOST_ERROR_METRES), f64::from(MOST_ERROR_METRES));
    let error_radians = f64::from(near.error_radians);
    metric("largest_error_radians", error_radians, "rad", None)
        .print_against(f64::from(MOST_ERROR_RADIANS), f64::from(MOST_ERROR_RADIANS));
    metric(
        "encode_micros_per_send_one_client",
        near.encode_micros,
        "us",
        None,
    )
    .print();
    Ok(())
}

/// The same measure for the avatars of a recording, with acknowledgements 100 ms late.
fn run_trace(path: &Path) -> Result<()> {
    let resent = trace::resend(path, Kind::Avatar, 2)?;
    let metric = |metric, value, unit| Metric {
        bench: "crowd",
        metric,
        value,
        unit,
        baseline: None,
    };
    metric("avatars_of_trace", resent.entities, "").print();
    metric("snapshots_of_trace", resent.snapshots as f64, "").print();
    let kbit = metric(
        "kbit_per_sec_per_receiver_of_trace",
        resent.kbit_per_sec,
        "kbit/s",
    );
    // The targets are for a full crowd.
    if resent.entities >= AVATARS as f64 {
        kbit.print_against(PASS_KBIT, GOAL_KBIT);
    } else {
        kbit.print();
    }
    metric("bytes_per_update_of_trace", resent.bytes_per_update, "B").print();
    metric("encode_micros_of_trace", resent.encode_micros, "us").print();
    Ok(())
}

/// Symbols of a run, for training.
pub(crate) fn symbol_counts(seed: u64) -> Result<SymbolCounts> {
    let mut counts = simulate(seed, 0)?.counts;
    counts.add(&simulate(seed + 1, 2)?.counts);
    counts.add(&simulate(seed + 2, 1)?.counts);
    Ok(counts)
}

fn simulate(seed: u64, lag_sends: usize) -> Result<Outcome> {
    let mut random = Random::new(seed);
    let mut walkers: Vec<Walker> = (0..AVATARS).map(|_| Walker::new(&mut random)).collect();
    let viewer = ViewPoint {
        own: None,
        position: Vec3::Y * 1.6,
        forward: Vec3::NEG_Z,
    };
    let mut link = Link::new(viewer, lag_sends);
    let mut entropy = Entropy::default();
    let (mut error_metres, mut error_radians) = (0.0_f32, 0.0_f32);
    for send in 0..SENDS + WARM_UP_SENDS {
        for _ in 0..TICKS_PER_SEND {
            for walker in &mut walkers {
                walker.step(&mut random);
            }
        }
        if send == WARM_UP_SENDS {
            link.start_counting();
        }
        let mut entities = Vec::with_capacity(AVATARS);
        for (index, walker) in walkers.iter().enumerate() {
            let state = EntityState::quantise(&walker.sample())?;
            entities.push((EntityId(index as u32 + 1), state, Salience::AVATAR));
        }
        link.send(100 + send * TICKS_PER_SEND, &entities)?;
        for (index, walker) in walkers.iter().enumerate() {
            let id = EntityId(index as u32 + 1);
            let Some(state) = link.decoder.state(id) else {
                continue;
            };
            let truth = walker.sample().pose;
            error_metres = error_metres.max(state.position_in_world().distance(truth.position));
            let yaw = state.rotation_in_world().angle_between(truth.rotation);
            error_radians = error_radians
                .max(yaw)
                .max((state.head_pitch() - truth.head_pitch).abs());
            if send >= WARM_UP_SENDS {
                entropy.add(id, state);
            }
        }
    }
    let packets = link.packets as f64;
    let kbit_per_sec = |bytes: f64| bytes / packets * 8.0 * SENDS_PER_SEC / 1_000.0;
    let entropy_bits = entropy.bits_per_update();
    let floor_bytes = packets * (50.0 + entropy_bits * AVATARS as f64 / 8.0);
    Ok(Outcome {
        kbit_per_sec: kbit_per_sec((link.payload_bytes + link.packets * PACKET_BYTES) as f64),
        floor_kbit_per_sec: kbit_per_sec(floor_bytes),
        entropy_bits,
        bits_per_update: link.payload_bytes as f64 * 8.0 / (packets * AVATARS as f64),
        error_metres,
        error_radians,
        encode_micros: link.encode_time.as_secs_f64() * 1.0e6 / packets,
        counts: link.symbol_counts(),
    })
}
