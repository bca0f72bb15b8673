//! `rollback`: a walled heap of 200 bodies is saved, restored elsewhere and simulated again: does it go on bit for bit,
//! how large is the state against the whole of the engine, and what do six ticks of 50 bodies cost against all of them.

mod heap;

use crate::report::Metric;
use anyhow::{Context, Result, ensure};
use scene::Scene;
use simulation::{Rollback, Simulation};
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    thread,
    time::Instant,
};

/// Steps compared.
const STEPS: u64 = 10_000;
/// Steps between two saves.
const SAVE_STEPS: u64 = 250;
/// Steps until all have fallen into the pit.
const SETTLE_STEPS: u64 = 600;
/// Bodies that are simulated again.
const ISLAND: usize = 50;
/// Ticks that they are simulated again.
const AGAIN_TICKS: usize = 6;
/// Times that this is measured.
const ROUNDS: usize = 60;
const GOAL_STATE_RATIO: f64 = 0.12;
const GOAL_ISLAND_RATIO: f64 = 0.5;
const LEAST_PAIRS: f64 = 2.0;

/// A run with saves.
struct Run {
    /// After each step.
    hashes: Vec<u64>,
    /// Step and state.
    saves: Vec<(u64, Vec<u8>)>,
}

pub(crate) fn run(seed: u64) -> Result<()> {
    let scene = heap::scene(seed);
    let mut simulation = heap::world(&scene);
    let rollback = Rollback::new(&simulation).context("there is no engine")?;
    for _ in 0..SETTLE_STEPS {
        heap::step(&mut simulation);
    }
    let pairs = touching_pairs(&simulation)? / heap::BODIES as f64;
    ensure!(
        pairs >= LEAST_PAIRS,
        "the heap is too loose: {pairs:.2} touching pairs a body"
    );
    let metric = |metric, value, unit, baseline| Metric {
        bench: "rollback",
        metric,
        value,
        unit,
        baseline,
    };
    metric("touching_pairs_per_body", pairs, "", None).print();
    let original = go_on(&rollback, &mut simulation, STEPS);
    let state_bytes = original.saves[0].1.len();
    let differing = differences_from(&scene, &original, 0)?;
    metric(
        "steps_that_differ_after_restore",
        differing as f64,
        "steps",
        None,
    )
    .print_against(0.0, 0.0);
    let differing = differences_on_two_threads(&scene, &original)?;
    metric(
        "steps_that_differ_on_two_threads",
        differing as f64,
        "steps",
        None,
    )
    .print_goal(0.0);
    let full = full_snapshot(&simulation)?;
    metric("state_bytes", state_bytes as f64, "B", Some(full as f64))
        .print_ratio_goal(GOAL_STATE_RATIO);
    let (island_ms, world_ms) = time_again(&scene, &original)?;
    metric("six_ticks_of_50_bodies_ms", island_ms, "ms", Some(world_ms))
        .print_ratio_goal(GOAL_ISLAND_RATIO);
    Ok(())
}

/// Steps on, with a save now and then.
fn go_on(rollback: &Rollback, simulation: &mut Simulation, steps: u64) -> Run {
    let mut run = Run {
        hashes: Vec::new(),
        saves: Vec::new(),
    };
    for step in 0..steps {
        if step.is_multiple_of(SAVE_STEPS) {
            run.saves.push((step, rollback.save(simulation)));
        }
        heap::step(simulation);
        run.hashes.push(hash(simulation));
    }
    run
}

/// Restores a save in a fresh world, goes on to the end, and counts the steps that are not as they were.
fn differences_from(scene: &Arc<Scene>, original: &Run, save: usize) -> Result<usize> {
    let (step, state) = &original.saves[save];
    let mut again = heap::world(scene);
    let rollback = Rollback::new(&again).context("there is no engine")?;
    rollback.restore(&mut again, state)?;
    let hashes = go_on(&rollback, &mut again, STEPS - step).hashes;
    let expected = &original.hashes[*step as usize..];
    ensure!(hashes.len() == expected.len(), "a run is too short");
    let pairs = hashes.iter().zip(expected);
    Ok(pairs.filter(|(one, other)| one != other).count())
}

/// The engine steps on one thread, as it is built here; so two threads mean two worlds at the same time: one from the
/// beginning, one from the middle.
fn differences_on_two_threads(scene: &Arc<Scene>, original: &Run) -> Result<usize> {
    thread::scope(|scope| {
        let saves = [0, original.saves.len() / 2];
        let threads =
            saves.map(|save| scope.spawn(move || differences_from(scene, original, save)));
        let mut differing = 0;
        for thread in threads {
            differing += thread.join().ok().context("a thread ended badly")??;
        }
        Ok(differing)
    })
}

/// Mean milliseconds of going back and simulating some, and of all.
fn time_again(scene: &Arc<Scene>, original: &Run) -> Result<(f64, f64)> {
    let mut scratch = heap::world(scene);
    let rollback = Rollback::new(&scratch).context("there is no engine")?;
    let everything: BTreeSet<usize> = (0..heap::BODIES).collect();
    let (mut island_secs, mut world_secs) = (0.0, 0.0);
    for round in 0..ROUNDS {
        let (_, state) = &original.saves[round % original.saves.len()];
        rollback.restore(&mut scratch, state)?;
        let island = nearest_to_a_corner(&scratch);
        island_secs += time_of(&rollback, &mut scratch, state, &island)?;
        world_secs += time_of(&rollback, &mut scratch, state, &everything)?;
    }
    let per_round = 1_000.0 / ROUNDS as f64;
    Ok((island_secs * per_round, world_secs * per_round))
}

fn time_of(
    rollback: &Rollback,
    scratch: &mut Simulation,
    state: &[u8],
    island: &BTreeSet<usize>,
) -> Result<f64> {
    let start = Instant::now();
    rollback.restore_island(scratch, state, island)?;
    for _ in 0..AGAIN_TICKS {
        scratch.step();
    }
    Ok(start.elapsed().as_secs_f64())
}

fn nearest_to_a_corner(simulation: &Simulation) -> BTreeSet<usize> {
    let corner = glam::Vec3::new(1.0, 2.0, 1.0);
    let mut bodies: Vec<(f32, usize)> = (0..heap::BODIES)
        .filter_map(|index| Some((simulation.body(index)?.position.distance(corner), index)))
        .collect();
    bodies.sort_by(|one, other| one.0.total_cmp(&other.0));
    bodies
        .into_iter()
        .take(ISLAND)
        .map(|(_, index)| index)
        .collect()
}

fn hash(simulation: &Simulation) -> u64 {
    let mut hasher = DefaultHasher::new();
    for index in 0..heap::BODIES {
        let Some(state) = simulation.body(index) else {
            continue;
        };
        let numbers = state.position.to_array().into_iter();
        let numbers = numbers
            .chain(state.rotation.to_array())
            .chain(state.linear_velocity.to_array())
            .chain(state.angular_velocity.to_array());
        for number in numbers {
            number.to_bits().hash(&mut hasher);
        }
        state.is_sleeping.hash(&mut hasher);
    }
    hasher.finish()
}

fn touching_pairs(simulation: &Simulation) -> Result<f64> {
    let whole = Rollback::new(simulation).context("there is no engine")?;
    let (_, _, _, _, narrow_phase, _) = whole.parts();
    let touching = narrow_phase
        .contact_pairs()
        .filter(|pair| pair.has_any_active_contact());
    Ok(touching.count() as f64)
}

/// Bytes of everything that the engine holds, as MessagePack.
fn full_snapshot(simulation: &Simulation) -> Result<usize> {
    let whole = Rollback::new(simulation).context("there is no engine")?;
    Ok(rmp_serde::to_vec(&whole.parts())?.len())
}
