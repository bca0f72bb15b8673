//! `throwing`: things thrown at 8 to 12 m/s that bounce three times, over 100 ms round trip, 20 ms jitter and 5 %
//! loss: how soon the thrower sees it, how far from the truth two observers show it at the display time they state,
//! and how old that is, through the product's own server and session.

mod baseline;
mod court;
mod measure;

use crate::random::Random;
use crate::report::Metric;
use anyhow::{Context, Result, anyhow, ensure};
use bots::{Harness, HarnessConfig, Participant};
use glam::{Quat, Vec3};
use measure::{Course, Frame, Outcome};
use protocol::{EntityId, TICKS_PER_SECOND};
use session::Recorder;
use simulation::AvatarInput;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

const PASS_ERROR_METRES: f64 = 0.10;
const GOAL_ERROR_METRES: f64 = 0.05;
const PASS_AGE_RATIO: f64 = 0.8;
const GOAL_AGE_RATIO: f64 = 0.65;
const GOAL_POPS_PER_MINUTE: f64 = 1.0;
/// Speed of throws in metres a second.
const SPEEDS: (f32, f32) = (8.0, 12.0);
/// Pitch of throws in radians.
const PITCHES: (f32, f32) = (0.2, 0.7);
/// Ticks for which a thing is carried before it is thrown.
const CARRY_TICKS: u32 = TICKS_PER_SECOND;
/// Longest wait for a thing to be in the hand.
const GRAB_TICKS: u32 = 3 * TICKS_PER_SECOND;
/// Ticks watched after the throw.
const FLIGHT_TICKS: u32 = 6 * TICKS_PER_SECOND;

/// Everybody there.
struct Cast {
    harness: Harness,
    people: [Participant; 3],
    traces: [Buffer; 3],
}

pub(crate) fn run(seed: u64) -> Result<()> {
    let course = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?
        .block_on(throw_all(seed))?;
    report(&course.outcome()?);
    Ok(())
}

fn report(outcome: &Outcome) {
    let metric = |metric, value, unit, baseline| Metric {
        bench: "throwing",
        metric,
        value,
        unit,
        baseline,
    };
    metric("throws", outcome.throws as f64, "", None).print();
    metric(
        "throw_seen_after_frames",
        outcome.seen_after_frames,
        "frames",
        None,
    )
    .print_against(1.0, 1.0);
    let (ours, theirs) = (&outcome.observers, &outcome.baseline);
    metric(
        "observers_rms_error_metres",
        ours.rms_metres,
        "m",
        Some(theirs.rms_metres),
    )
    .print_against(PASS_ERROR_METRES, GOAL_ERROR_METRES);
    metric(
        "observers_p99_error_metres",
        ours.p99_metres,
        "m",
        Some(theirs.p99_metres),
    )
    .print();
    metric("displayed_age_ms", ours.age_ms, "ms", Some(theirs.age_ms))
        .print_ratio_against(PASS_AGE_RATIO, GOAL_AGE_RATIO);
    metric(
        "observers_pops_per_minute",
        ours.pops_per_minute,
        "1/min",
        Some(theirs.pops_per_minute),
    )
    .print_goal(GOAL_POPS_PER_MINUTE);
    metric(
        "thrower_pops_per_minute",
        outcome.thrower_pops_per_minute,
        "1/min",
        None,
    )
    .print_goal(GOAL_POPS_PER_MINUTE);
    metric(
        "thrower_error_at_rest_metres",
        outcome.thrower_rest_error_metres,
        "m",
        None,
    )
    .print();
    metric(
        "thrower_error_in_flight_rms_metres",
        outcome.thrower_flight_rms_metres,
        "m",
        None,
    )
    .print();
}

async fn throw_all(seed: u64) -> Result<Course> {
    let folder = tempfile::tempdir()?;
    let mut cast = Cast::gather(court::write(folder.path())?, seed).await?;
    let mut random = Random::new(seed);
    let mut course = Course::default();
    let things: Vec<EntityId> = cast.people[0]
        .bodies()
        .iter()
        .map(|body| body.entity)
        .collect();
    ensure!(things.len() == court::THINGS, "the court is not complete");
    for thing in things {
        throw_one(&mut cast, &mut course, &mut random, thing).await?;
    }
    course.read_traces([&cast.traces[1].bytes(), &cast.traces[2].bytes()])?;
    Ok(course)
}

/// Takes a thing, carries it a while, throws it, and watches it until it lies.
async fn throw_one(
    cast: &mut Cast,
    course: &mut Course,
    random: &mut Random,
    thing: EntityId,
) -> Result<()> {
    course.begin_throw(thing);
    cast.people[0]
        .grab(thing)
        .map_err(|error| anyhow!("{error}"))?;
    let mut waited = 0;
    while cast.people[0].holding != Some(thing) {
        ensure!(
            waited < GRAB_TICKS,
            "{thing:?} was not given: {:?}",
            cast.people[0].denied.last()
        );
        waited += 1;
        cast.tick(course).await;
    }
    let yaw = random.signed() * std::f32::consts::PI;
    let pitch = PITCHES.0 + (PITCHES.1 - PITCHES.0) * random.unit();
    cast.people[0].motion.yaw = yaw;
    cast.people[0].motion.pitch = pitch;
    for _ in 0..CARRY_TICKS {
        cast.tick(course).await;
    }
    let speed = SPEEDS.0 + (SPEEDS.1 - SPEEDS.0) * random.unit();
    let direction = Quat::from_rotation_y(yaw) * Quat::from_rotation_x(pitch) * Vec3::NEG_Z;
    cast.people[0]
        .throw(thing, direction * speed)
        .map_err(|error| anyhow!("{error}"))?;
    course.note_release(direction);
    for _ in 0..FLIGHT_TICKS {
        cast.tick(course).await;
    }
    Ok(())
}

impl Cast {
    async fn gather(world: std::path::PathBuf, seed: u64) -> Result<Self> {
        let config = HarnessConfig {
            seed,
            ..HarnessConfig::new(world.clone()).over_internet()
        };
        let harness = Harness::start(config).map_err(|error| anyhow!(error))?;
        let traces: [Buffer; 3] = Default::default();
        let mut people = Vec::new();
        for (number, (name, spawn)) in [("Thrower", "Thrower"), ("East", "East"), ("West", "West")]
            .into_iter()
            .enumerate()
        {
            let mut config = harness.session_config(number as u8 + 1, name);
            config.address.spawn = Some(spawn.to_owned());
            config.recorder = Some(Recorder::new(Box::new(traces[number].clone()))?);
            people.push(harness.join_as(config));
        }
        let thrower = people.remove(0).with_own_hands(&world);
        people.insert(0, thrower.map_err(|error| anyhow!(error))?);
        let people: [Participant; 3] = people.try_into().ok().context("three people")?;
        let mut cast = Self {
            harness,
            people,
            traces,
        };
        let mut course = Course::default();
        for _ in 0..10 * TICKS_PER_SECOND {
            cast.tick(&mut course).await;
        }
        ensure!(
            cast.people.iter().all(|person| person.is_inside),
            "somebody did not come in"
        );
        Ok(cast)
    }

    /// One frame of everybody, which is one tick.
    async fn tick(&mut self, course: &mut Course) {
        let [thrower, east, west] = &mut self.people;
        let still = [AvatarInput::default(); 3];
        self.harness
            .tick_with(&mut [thrower, east, west], &still)
            .await;
        let (tick, truth) = self.harness.truth();
        course.note_truth(tick, &truth);
        let Some(thing) = course.thing() else { return };
        let thrown = self.people[0].shown(thing);
        let watched = [1, 2].map(|number| {
            let observer = &self.people[number];
            let now_secs = observer.session.now_secs();
            let view = observer.session.view();
            Some((
                now_secs,
                view.playout_tick(now_secs)?,
                view.pose(thing, now_secs)?.position,
            ))
        });
        // The picture is drawn when the next tick of the server is due.
        course.note_frame(Frame {
            true_tick: tick as f64 + 1.0,
            thrown,
            watched,
        });
    }
}

/// A recording in memory.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
