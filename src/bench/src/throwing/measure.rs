//! What was shown against what was true.

use super::baseline::Snapshots;
use anyhow::{Context, Result, ensure};
use glam::Vec3;
use protocol::{EntityId, TICKS_PER_SECOND, tick::seconds_of_ticks};
use replication::{Flags, Pose, TrueEntity};

/// A step of the picture that differs by more from the step of the truth is a pop, in metres.
const POP_METRES: f32 = 0.1;
/// A thing that moves down and then up faster than this has bounced, metres a second.
const BOUNCE_SPEED: f32 = 0.15;
/// Bounces of a flight that are measured.
const BOUNCES: usize = 3;
/// Ticks of a flight after the last bounce.
const AFTER_BOUNCE_TICKS: u64 = 6;
/// A thing that moved so far along the throw is seen to fly, in metres.
const SEEN_METRES: f32 = 0.05;
/// Seconds of a frame.
const FRAME_SECS: f32 = 1.0 / TICKS_PER_SECOND as f32;

/// One picture of everybody.
pub(super) struct Frame {
    /// The server's tick at this moment.
    pub(super) true_tick: f64,
    /// What the thrower sees of the thing.
    pub(super) thrown: Option<Pose>,
    /// What each observer sees: local time, the tick that is shown, position.
    pub(super) watched: [Option<(f64, f64, Vec3)>; 2],
}

struct Truth {
    tick: u64,
    position: Vec3,
    velocity: Vec3,
    is_held: bool,
}

struct Throw {
    thing: EntityId,
    truth: Vec<Truth>,
    frames: Vec<Frame>,
    /// Frames before the throw, and where it went.
    release: Option<(usize, Vec3)>,
}

/// Everything noted in a run.
#[derive(Default)]
pub(super) struct Course {
    throws: Vec<Throw>,
    baselines: Vec<Snapshots>,
}

/// How well a way of showing did.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) rms_metres: f64,
    pub(super) p99_metres: f64,
    pub(super) age_ms: f64,
    pub(super) pops_per_minute: f64,
}

/// What came of a run.
pub(super) struct Outcome {
    /// Throws with all their bounces.
    pub(super) throws: usize,
    /// Most frames from a throw until its thrower saw it.
    pub(super) seen_after_frames: f64,
    pub(super) observers: Shown,
    pub(super) baseline: Shown,
    pub(super) thrower_pops_per_minute: f64,
    /// Largest distance between the thrower's picture and the truth when all is at rest.
    pub(super) thrower_rest_error_metres: f64,
    /// Thrower's picture against the truth as long after its release.
    pub(super) thrower_flight_rms_metres: f64,
}

impl Course {
    pub(super) fn begin_throw(&mut self, thing: EntityId) {
        self.throws.push(Throw {
            thing,
            truth: Vec::new(),
            frames: Vec::new(),
            release: None,
        });
    }

    pub(super) fn thing(&self) -> Option<EntityId> {
        self.throws.last().map(|throw| throw.thing)
    }

    /// The throw was made just now.
    pub(super) fn note_release(&mut self, direction: Vec3) {
        if let Some(throw) = self.throws.last_mut() {
            throw.release = Some((throw.frames.len(), direction));
        }
    }

    pub(super) fn note_truth(&mut self, tick: u64, entities: &[TrueEntity]) {
        let Some(throw) = self.throws.last_mut() else {
            return;
        };
        let Some(entity) = entities.iter().find(|entity| entity.entity == throw.thing) else {
            return;
        };
        throw.truth.push(Truth {
            tick,
            position: entity.pose.position,
            velocity: entity.pose.linear_velocity,
            is_held: entity.flags.contains(Flags::HELD),
        });
    }

    pub(super) fn note_frame(&mut self, frame: Frame) {
        if let Some(throw) = self.throws.last_mut() {
            throw.frames.push(frame);
        }
    }

    /// Takes what each observer received.
    pub(super) fn read_traces(&mut self, traces: [&[u8]; 2]) -> Result<()> {
        for trace in traces {
            self.baselines.push(Snapshots::of_trace(trace)?);
        }
        Ok(())
    }

    pub(super) fn outcome(&self) -> Result<Outcome> {
        let (mut ours, mut theirs) = (Tally::default(), Tally::default());
        let mut thrower = ThrowerTally::default();
        let mut throws = 0;
        for throw in &self.throws {
            let flight = throw.flight().context("a thing was not let go")?;
            throws += usize::from(flight.bounces >= BOUNCES);
            for (number, baseline) in self.baselines.iter().enumerate() {
                let shown =
                    |frame: &Frame| frame.watched[number].map(|(_, tick, place)| (tick, place));
                ours.add(throw, &flight, shown);
                theirs.add(throw, &flight, |frame| {
                    let (now_secs, _, _) = frame.watched[number]?;
                    baseline.shown(throw.thing, now_secs)
                });
            }
            thrower.add(throw, &flight)?;
        }
        ensure!(throws > 0, "nothing bounced {BOUNCES} times");
        Ok(Outcome {
            throws,
            seen_after_frames: thrower.seen_after_frames as f64,
            observers: ours.shown(),
            baseline: theirs.shown(),
            thrower_pops_per_minute: per_minute(thrower.pops, thrower.frames),
            thrower_rest_error_metres: thrower.rest_error,
            thrower_flight_rms_metres: rms(&thrower.flight_errors),
        })
    }
}

/// Ticks of a flight that are measured, first and last.
struct Flight {
    first: u64,
    last: u64,
    bounces: usize,
}

impl Throw {
    fn flight(&self) -> Option<Flight> {
        let held = self.truth.iter().position(|truth| truth.is_held)?;
        let released = held + self.truth[held..].iter().position(|truth| !truth.is_held)?;
        let (mut bounces, mut last) = (0, self.truth.last()?.tick);
        for pair in self.truth[released..].windows(2) {
            if pair[0].velocity.y < -BOUNCE_SPEED && pair[1].velocity.y > BOUNCE_SPEED {
                bounces += 1;
                if bounces == BOUNCES {
                    last = last.min(pair[1].tick + AFTER_BOUNCE_TICKS);
                }
            }
        }
        Some(Flight {
            first: self.truth[released].tick,
            last,
            bounces,
        })
    }

    /// Where the thing was at a tick with fraction.
    fn truth_at(&self, tick: f64) -> Option<Vec3> {
        let before = self.truth_of(tick.floor() as u64)?;
        let after = self.truth_of(tick.floor() as u64 + 1).unwrap_or(before);
        Some(before.position.lerp(after.position, tick.fract() as f32))
    }

    fn truth_of(&self, tick: u64) -> Option<&Truth> {
        let place = self.truth.partition_point(|truth| truth.tick < tick);
        self.truth.get(place).filter(|truth| truth.tick == tick)
    }
}

#[derive(Default)]
struct Tally {
    errors: Vec<f64>,
    ages_ms: Vec<f64>,
    frames: usize,
    pops: usize,
}

impl Tally {
    fn add(
        &mut self,
        throw: &Throw,
        flight: &Flight,
        shown: impl Fn(&Frame) -> Option<(f64, Vec3)>,
    ) {
        let mut before: Option<(Vec3, Vec3)> = None;
        for frame in &throw.frames {
            let seen =
                shown(frame).and_then(|(tick, place)| Some((tick, place, throw.truth_at(tick)?)));
            let Some((tick, place, truth)) = seen else {
                before = None;
                continue;
            };
            if let Some((place_before, truth_before)) = before {
                self.frames += 1;
                let surprise = (place - place_before) - (truth - truth_before);
                self.pops += usize::from(surprise.length() > POP_METRES);
            }
            before = Some((place, truth));
            if tick >= flight.first as f64 && tick <= flight.last as f64 {
                self.errors.push(f64::from(place.distance(truth)));
                self.ages_ms
                    .push(seconds_of_ticks(frame.true_tick - tick) * 1_000.0);
            }
        }
    }

    fn shown(mut self) -> Shown {
        self.errors.sort_by(f64::total_cmp);
        let p99 = (self.errors.len().saturating_sub(1) as f64 * 0.99) as usize;
        Shown {
            rms_metres: rms(&self.errors),
            p99_metres: self.errors.get(p99).copied().unwrap_or_default(),
            age_ms: self.ages_ms.iter().sum::<f64>() / self.ages_ms.len().max(1) as f64,
            pops_per_minute: per_minute(self.pops, self.frames),
        }
    }
}

#[derive(Default)]
struct ThrowerTally {
    seen_after_frames: usize,
    frames: usize,
    pops: usize,
    rest_error: f64,
    flight_errors: Vec<f64>,
}

impl ThrowerTally {
    fn add(&mut self, throw: &Throw, flight: &Flight) -> Result<()> {
        let (released, direction) = throw.release.context("a thing was not thrown")?;
        let poses: Vec<Pose> = throw
            .frames
            .iter()
            .filter_map(|frame| frame.thrown)
            .collect();
        ensure!(
            poses.len() == throw.frames.len(),
            "the thrower lost sight of a thing"
        );
        let hand = poses[released - 1].position;
        let seen = poses[released..]
            .iter()
            .position(|pose| (pose.position - hand).dot(direction) > SEEN_METRES);
        self.seen_after_frames = self
            .seen_after_frames
            .max(seen.map_or(usize::MAX, |frame| frame + 1));
        for pair in poses.windows(2) {
            self.frames += 1;
            self.pops += usize::from(surprise(&pair[0], &pair[1]) > POP_METRES);
        }
        for (after, pose) in poses[released..].iter().enumerate() {
            let tick = flight.first + after as u64;
            if tick > flight.last {
                break;
            }
            if let Some(truth) = throw.truth_of(tick) {
                self.flight_errors
                    .push(f64::from(pose.position.distance(truth.position)));
            }
        }
        if let (Some(pose), Some(truth)) = (poses.last(), throw.truth.last()) {
            let error = f64::from(pose.position.distance(truth.position));
            self.rest_error = self.rest_error.max(error);
        }
        Ok(())
    }
}

/// How far the step of the picture is from all that the velocities before and after it explain: a thing that bounces
/// within a frame moves with the one for a part of it and with the other for the rest.
fn surprise(before: &Pose, after: &Pose) -> f32 {
    let step = after.position - before.position;
    let (from, to) = (
        before.linear_velocity * FRAME_SECS,
        after.linear_velocity * FRAME_SECS,
    );
    let along = to - from;
    let share = if along.length_squared() > 0.0 {
        ((step - from).dot(along) / along.length_squared()).clamp(0.0, 1.0)
    } else {
        0.0
    };
    step.distance(from + along * share)
}

fn rms(errors: &[f64]) -> f64 {
    let squares: f64 = errors.iter().map(|error| error * error).sum();
    (squares / errors.len().max(1) as f64).sqrt()
}

fn per_minute(pops: usize, frames: usize) -> f64 {
    pops as f64 * 60.0 * f64::from(TICKS_PER_SECOND) / frames.max(1) as f64
}
