//! From samples at server ticks to a smooth pose at any server time.
//!
//! Between two samples: a cubic Hermite curve through both positions with the velocities there, and the shortest
//! turn. Past the newest: the motion goes on ever slower and comes to rest. When a sample surprises, what was shown
//! does not jump: the difference is kept as an offset that decays.

use crate::state::{EntityState, Kind, Pose};
use glam::{Quat, Vec3};
use protocol::quantisation::{HEADINGS_PER_TURN, ROTATION_STEP};
use protocol::tick::seconds_of_ticks;
use std::cell::Cell;

/// Samples kept of an entity.
const RING: usize = 32;
/// Samples of what nobody looks at, above which all but the newest are forgotten: as many of those as the longest delay
/// of the display may need.
const UNSEEN: usize = 12;
const KEPT: usize = 6;
/// Motion goes on unchanged for so long without word, in seconds: as long as one lost snapshot is usually missed.
const SURE_SECS: f32 = 0.06;
/// Time constant with which it dies down after that, in seconds.
const COAST_SECS: f32 = 0.2;
/// Rate at which offsets of bodies decay, per second: they move faster than people, and nobody looks at their gait.
const BODY_DECAY: f32 = 12.0;
/// Rate at which small and large offsets decay, per second, and the sizes where that changes, in metres.
const SLOW_DECAY: f32 = 3.1;
const FAST_DECAY: f32 = 9.8;
const SMALL_OFFSET_METRES: f32 = 0.25;
const LARGE_OFFSET_METRES: f32 = 1.0;
/// Fastest that an offset decays, in metres a second: 5 cm in a frame of 60 a second.
const FASTEST_DECAY: f32 = 3.0;
/// Offsets above this are not smoothed, in metres.
const SNAP_METRES: f32 = 5.0;
/// Rate at which offsets of rotation decay, per second.
const TURN_DECAY: f32 = 9.8;
/// Most ticks between two samples over which their difference tells a velocity: 8 sends of 3 ticks.
const MOST_VELOCITY_TICKS: u64 = 24;
/// Ticks before a sample after a rest at which the motion began: one send.
const WAKE_TICKS: u64 = 3;

#[derive(Clone, Copy, Debug)]
struct Sample {
    tick: u64,
    state: EntityState,
    position: Vec3,
    rotation: Quat,
    pitch: f32,
    /// Velocity at the sample: as it travelled, or as the samples up to this one tell.
    linear: Vec3,
    angular: Vec3,
}

/// What was shown and what the samples say now, at one moment.
#[derive(Clone, Copy, Debug)]
struct Offset {
    at_tick: f64,
    position: Vec3,
    rotation: Quat,
}

/// The last 32 samples of one entity, and the visual error left over from the last surprise. What nobody looks at keeps
/// a few and costs next to nothing: of a thousand people only some are in view.
#[derive(Clone, Debug)]
pub struct Interpolator {
    samples: Vec<Sample>,
    /// Samples ever taken; the newest is at `count - 1` modulo the ring.
    count: usize,
    offset: Offset,
    /// True when it was shown since the newest sample came.
    is_watched: Cell<bool>,
}

impl Interpolator {
    /// An entity seen for the first time.
    #[must_use]
    pub fn new(tick: u64, state: &EntityState) -> Self {
        let mut interpolator = Self {
            samples: Vec::new(),
            count: 0,
            offset: Offset {
                at_tick: tick as f64,
                position: Vec3::ZERO,
                rotation: Quat::IDENTITY,
            },
            is_watched: Cell::new(false),
        };
        interpolator.insert(tick, state);
        interpolator
    }

    /// Takes a sample. `playout_tick` is the server time shown now: what was shown then continues without a
    /// jump, unless the sample is a teleport or more than 5 m off. Samples not newer than the newest are ignored.
    pub fn push(&mut self, tick: u64, state: &EntityState, playout_tick: f64) {
        if tick <= self.newest_tick() {
            return;
        }
        if !self.is_watched.get() {
            self.push_unseen(tick, state);
            return;
        }
        let is_jump = state.teleport != self.newest().teleport;
        let shown = self.sample(playout_tick);
        self.insert(tick, state);
        self.is_watched.set(false);
        if is_jump {
            self.offset.position = Vec3::ZERO;
            self.offset.rotation = Quat::IDENTITY;
            return;
        }
        self.go_on_from(&shown, playout_tick);
    }

    /// The time that is shown jumps: what was shown goes on without a jump, unless it is more than 5 m off.
    pub fn shift_time(&mut self, from_tick: f64, to_tick: f64) {
        let shown = self.sample(from_tick);
        self.go_on_from(&shown, to_tick);
    }

    /// Keeps what differs between a shown pose and the samples as the offset at `playout_tick`.
    fn go_on_from(&mut self, shown: &Pose, playout_tick: f64) {
        let told = self.curve(playout_tick);
        let kind = self.newest().kind();
        let position = shown.position - told.position;
        // A prediction may move freely inside the box that the quantised value vouches for.
        let step = kind.position_quantiser().step();
        let is_surprise = position.length() > step * 0.5 && position.length() <= SNAP_METRES;
        let rotation = (shown.rotation * told.rotation.conjugate()).normalize();
        let least_turn = match kind {
            Kind::Avatar => std::f32::consts::PI / HEADINGS_PER_TURN as f32,
            Kind::Body => ROTATION_STEP,
        };
        self.offset = Offset {
            at_tick: playout_tick,
            position: if is_surprise { position } else { Vec3::ZERO },
            rotation: if shorter_angle(rotation) > least_turn {
                rotation
            } else {
                Quat::IDENTITY
            },
        };
    }

    /// Nothing was shown: nothing can jump, and old samples are of no use.
    fn push_unseen(&mut self, tick: u64, state: &EntityState) {
        if self.count > UNSEEN {
            let kept: [Sample; KEPT] = std::array::from_fn(|index| *self.back(KEPT - 1 - index));
            self.samples.clear();
            self.samples.extend(kept);
            self.count = KEPT;
        }
        self.insert(tick, state);
        self.offset.position = Vec3::ZERO;
        self.offset.rotation = Quat::IDENTITY;
    }

    /// The pose at server time `playout_tick` (with fraction). Before the oldest sample it is the oldest's.
    #[must_use]
    pub fn sample(&self, playout_tick: f64) -> Pose {
        self.is_watched.set(true);
        let mut pose = self.curve(playout_tick);
        let elapsed = seconds_of_ticks(playout_tick - self.offset.at_tick).max(0.0) as f32;
        pose.position += decayed(self.newest().kind(), self.offset.position, elapsed);
        let left = (-TURN_DECAY * elapsed).exp();
        pose.rotation = (Quat::IDENTITY.slerp(shortest(self.offset.rotation), left)
            * pose.rotation)
            .normalize();
        pose
    }

    /// The newest state received, for what does not interpolate: flags, gesture, parent.
    #[must_use]
    pub fn newest(&self) -> &EntityState {
        &self.back(0).state
    }

    /// Where the entity was in the newest state, with the velocity that the samples tell.
    #[must_use]
    pub fn newest_pose(&self) -> Pose {
        coast(self.back(0), self.newest_tick() as f64)
    }

    /// Server tick of the newest state.
    #[must_use]
    pub fn newest_tick(&self) -> u64 {
        self.back(0).tick
    }

    /// The state to show at `playout_tick`, for what does not interpolate.
    #[must_use]
    pub fn state_at(&self, playout_tick: f64) -> &EntityState {
        let mut back = 0;
        while self.has(back + 1) && self.back(back).tick as f64 > playout_tick {
            back += 1;
        }
        &self.back(back).state
    }

    fn has(&self, back: usize) -> bool {
        back < self.count.min(RING)
    }

    /// The sample `back` before the newest; the oldest for more than there are.
    fn back(&self, back: usize) -> &Sample {
        let back = back.min(self.count.min(RING) - 1);
        &self.samples[(self.count - 1 - back) % RING]
    }

    fn insert(&mut self, tick: u64, state: &EntityState) {
        let mut sample = Sample {
            tick,
            state: *state,
            position: state.position_in_world(),
            rotation: state.rotation_in_world(),
            pitch: state.head_pitch(),
            linear: Vec3::ZERO,
            angular: Vec3::ZERO,
        };
        if self.count > 0 && !state.is_still {
            sample.linear = self.linear_velocity_at(&sample);
            sample.angular = self.angular_velocity_at(&sample);
        }
        if let Some(velocity) = state.velocity_in_world() {
            sample.linear = velocity;
        }
        if self.samples.len() < RING {
            self.samples.push(sample);
        } else {
            self.samples[self.count % RING] = sample;
        }
        self.count += 1;
    }

    /// Velocity at a new sample from it and the two before: the slope of the parabola through all three.
    fn linear_velocity_at(&self, sample: &Sample) -> Vec3 {
        let previous = self.back(0);
        let Some(span) = span(previous, sample) else {
            return Vec3::ZERO;
        };
        let slope = (sample.position - previous.position) / span;
        if previous.state.is_still || previous.state.velocity.is_some() || !self.has(1) {
            return slope;
        }
        let before = self.back(1);
        let Some(before_span) = self::span(before, previous) else {
            return slope;
        };
        let before_slope = (previous.position - before.position) / before_span;
        // Bounded, because three samples around a bounce tell of a speed that never was.
        let bend = (slope - before_slope) * (span / (span + before_span));
        slope + bend.clamp_length_max(slope.length() * 0.5 + 0.25)
    }

    fn angular_velocity_at(&self, sample: &Sample) -> Vec3 {
        let previous = self.back(0);
        span(previous, sample).map_or(Vec3::ZERO, |span| {
            shortest(sample.rotation * previous.rotation.conjugate()).to_scaled_axis() / span
        })
    }

    /// What the samples alone say.
    fn curve(&self, playout_tick: f64) -> Pose {
        let newest = self.back(0);
        if playout_tick >= newest.tick as f64 {
            return coast(newest, playout_tick);
        }
        let mut back = 1;
        while self.has(back) {
            let from = self.back(back);
            if from.tick as f64 <= playout_tick {
                return between(from, self.back(back - 1), playout_tick);
            }
            back += 1;
        }
        rest(self.back(back - 1))
    }
}

/// What is left of an offset: it decays by a rate that grows with its size, but never faster than
/// [`FASTEST_DECAY`].
fn decayed(kind: Kind, offset: Vec3, elapsed: f32) -> Vec3 {
    let size = offset.length();
    if size <= 0.0 {
        return Vec3::ZERO;
    }
    let part = ((size - SMALL_OFFSET_METRES) / (LARGE_OFFSET_METRES - SMALL_OFFSET_METRES))
        .clamp(0.0, 1.0);
    let rate = match kind {
        Kind::Avatar => SLOW_DECAY + (FAST_DECAY - SLOW_DECAY) * part,
        Kind::Body => BODY_DECAY,
    };
    // Down to the size whose rate is slow enough it shrinks evenly.
    let even = size.min(FASTEST_DECAY / rate);
    let even_secs = (size - even) / FASTEST_DECAY;
    let left = if elapsed < even_secs {
        size - FASTEST_DECAY * elapsed
    } else {
        even * (-rate * (elapsed - even_secs)).exp()
    };
    offset * (left / size)
}

/// Seconds from one sample to a later one, when they are near enough and not a jump apart.
fn span(from: &Sample, to: &Sample) -> Option<f32> {
    let ticks = to.tick.saturating_sub(from.tick);
    let is_continuous = from.state.teleport == to.state.teleport && ticks > 0;
    if from.state.is_still {
        return is_continuous.then(|| seconds_of_ticks(ticks.min(WAKE_TICKS) as f64) as f32);
    }
    (is_continuous && ticks <= MOST_VELOCITY_TICKS).then(|| seconds_of_ticks(ticks as f64) as f32)
}

fn rest(sample: &Sample) -> Pose {
    Pose {
        position: sample.position,
        rotation: sample.rotation,
        head_pitch: sample.pitch,
        linear_velocity: Vec3::ZERO,
        angular_velocity: Vec3::ZERO,
    }
}

/// Past the newest sample: on as before for a moment, then `v t0 (1 - exp(-t / t0))`, which saturates.
fn coast(newest: &Sample, playout_tick: f64) -> Pose {
    let elapsed = seconds_of_ticks(playout_tick - newest.tick as f64) as f32;
    let sure = elapsed.min(SURE_SECS);
    let left = (-(elapsed - sure) / COAST_SECS).exp();
    let reach = sure + COAST_SECS * (1.0 - left);
    let turn = Quat::from_scaled_axis(newest.angular * reach);
    Pose {
        position: newest.position + newest.linear * reach,
        rotation: (turn * newest.rotation).normalize(),
        head_pitch: newest.pitch,
        linear_velocity: newest.linear * left,
        angular_velocity: newest.angular * left,
    }
}

/// Between two samples.
fn between(from: &Sample, to: &Sample, playout_tick: f64) -> Pose {
    if from.state.teleport != to.state.teleport {
        return rest(from);
    }
    // What rested did so until the send before the first motion.
    let start_tick = if from.state.is_still {
        from.tick.max(to.tick.saturating_sub(WAKE_TICKS))
    } else {
        from.tick
    };
    let ticks = (to.tick - start_tick).max(1) as f64;
    let part = ((playout_tick - start_tick as f64) / ticks).clamp(0.0, 1.0) as f32;
    let span = seconds_of_ticks(ticks) as f32;
    let (position, linear_velocity) = hermite(from, to, part, span);
    let turn = shortest(to.rotation * from.rotation.conjugate());
    Pose {
        position,
        rotation: (Quat::IDENTITY.slerp(turn, part) * from.rotation).normalize(),
        head_pitch: from.pitch + (to.pitch - from.pitch) * part,
        linear_velocity,
        angular_velocity: turn.to_scaled_axis() / span,
    }
}

/// Position and velocity on the cubic Hermite curve.
fn hermite(from: &Sample, to: &Sample, part: f32, span: f32) -> (Vec3, Vec3) {
    let (square, cube) = (part * part, part * part * part);
    let position = from.position * (2.0 * cube - 3.0 * square + 1.0)
        + from.linear * span * (cube - 2.0 * square + part)
        + to.position * (3.0 * square - 2.0 * cube)
        + to.linear * span * (cube - square);
    let velocity = (from.position - to.position) * ((6.0 * square - 6.0 * part) / span)
        + from.linear * (3.0 * square - 4.0 * part + 1.0)
        + to.linear * (3.0 * square - 2.0 * part);
    (position, velocity)
}

/// The same rotation by the shorter way.
fn shortest(rotation: Quat) -> Quat {
    if rotation.w < 0.0 {
        -rotation
    } else {
        rotation
    }
}

fn shorter_angle(rotation: Quat) -> f32 {
    2.0 * rotation.xyz().length().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{EntitySample, Flags};

    fn state(kind: Kind, position: Vec3, yaw: f32) -> EntityState {
        let mut state = EntityState::quantise(&EntitySample {
            kind,
            pose: Pose {
                position,
                rotation: Quat::from_rotation_y(yaw),
                ..Pose::IDENTITY
            },
            flags: Flags::default(),
            emote: 0,
            parent: None,
            teleport: 0,
        })
        .unwrap();
        state.velocity = None;
        state
    }

    fn circle(tick: f64) -> Vec3 {
        let angle = (tick / 60.0) as f32;
        Vec3::new(angle.cos(), 0.0, angle.sin()) * 3.0
    }

    #[test]
    fn follows_a_circle_closely_between_and_shortly_past_the_samples() {
        let mut interpolator = Interpolator::new(0, &state(Kind::Body, circle(0.0), 0.0));
        for send in 1..100_u64 {
            let tick = send * 3;
            interpolator.push(
                tick,
                &state(Kind::Body, circle(tick as f64), 0.0),
                tick as f64 - 4.0,
            );
            if send < 5 {
                continue;
            }
            for back in [1.0, 2.5, 3.7] {
                let at = tick as f64 - back;
                let error = interpolator.sample(at).position.distance(circle(at));
                assert!(error < 0.01, "{error} m at {at}");
            }
            let ahead = interpolator.sample(tick as f64 + 2.0).position;
            assert!(ahead.distance(circle(tick as f64 + 2.0)) < 0.05);
        }
    }

    #[test]
    fn silence_coasts_to_a_stop() {
        let mut interpolator = Interpolator::new(0, &state(Kind::Avatar, Vec3::ZERO, 0.0));
        for send in 1..10_u64 {
            let position = Vec3::X * (send as f32 * 0.2);
            interpolator.push(
                send * 3,
                &state(Kind::Avatar, position, 0.0),
                send as f64 * 3.0 - 4.0,
            );
        }
        let far = interpolator.sample(1_000.0);
        assert!(
            (far.position.x - (1.8 + 4.0 * (SURE_SECS + COAST_SECS))).abs() < 0.02,
            "{far:?}"
        );
        assert!(far.linear_velocity.length() < 1.0e-3);
    }

    #[test]
    fn a_surprise_does_not_jump_and_fades() {
        let mut interpolator = Interpolator::new(0, &state(Kind::Avatar, Vec3::ZERO, 0.0));
        for send in 1..10_u64 {
            let position = Vec3::X * (send as f32 * 0.2);
            interpolator.push(
                send * 3,
                &state(Kind::Avatar, position, 0.0),
                send as f64 * 3.0,
            );
        }
        let before = interpolator.sample(33.0);
        interpolator.push(
            30,
            &state(Kind::Avatar, Vec3::new(1.8, 0.0, 0.3), 1.0),
            33.0,
        );
        let after = interpolator.sample(33.0);
        assert!(before.position.distance(after.position) < 0.003);
        assert!(before.rotation.angle_between(after.rotation) < 0.01);
        let mut still = state(Kind::Avatar, Vec3::new(1.8, 0.0, 0.3), 1.0);
        still.is_still = true;
        interpolator.push(33, &still, 34.0);
        let late = interpolator.sample(34.0 + 180.0);
        assert!(
            late.position.distance(Vec3::new(1.8, 0.0, 0.3)) < 0.003,
            "{late:?}"
        );
    }

    #[test]
    fn a_teleport_snaps_and_is_not_crossed() {
        let mut interpolator = Interpolator::new(0, &state(Kind::Avatar, Vec3::ZERO, 0.0));
        let mut there = state(Kind::Avatar, Vec3::X * 2.0, 0.0);
        there.teleport = 1;
        interpolator.push(3, &there, 1.0);
        assert_eq!(interpolator.sample(2.9).position, Vec3::ZERO);
        assert!((interpolator.sample(3.0).position.x - 2.0).abs() < 1.0e-3);
    }

    #[test]
    fn what_rested_starts_late_rather_than_early() {
        let mut rested = state(Kind::Body, Vec3::ZERO, 0.0);
        rested.is_still = true;
        let mut interpolator = Interpolator::new(0, &rested);
        interpolator.push(600, &state(Kind::Body, Vec3::X * 0.1, 0.0), 594.0);
        assert!(interpolator.sample(590.0).position.length() < 0.002);
        assert!(interpolator.sample(596.9).position.length() < 0.002);
        let moving = interpolator.sample(599.0).position.x;
        assert!(moving > 0.03 && moving < 0.1, "{moving}");
    }
}
