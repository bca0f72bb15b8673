//! Where an entity should be by now, from states that both ends hold. Integers, and for rotations only IEEE
//! additions, multiplications, divisions and square roots of f64, which are the same on every machine.

use crate::rotation::{half_turn, inverse, multiply, normalise, turn_of};
use crate::state::{EntityState, Orientation, heading_difference};
use protocol::quantisation::{ROTATION_STEP, SmallestThree};

/// Most states of the past that a prediction uses.
pub(crate) const MAX_PAST: usize = 4;
/// Sends before the baseline that a prediction may reach back to.
pub(crate) const REACH_SENDS: u32 = 8;
/// Ticks over which motion is extrapolated at most.
const MAX_HORIZON_TICKS: i64 = 90;

/// Acknowledged states of one entity, newest (the baseline) first, with their ticks; where whoever keeps them has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past<'a> {
    count: usize,
    ticks: [i64; MAX_PAST],
    states: [&'a EntityState; MAX_PAST],
}

impl<'a> Past<'a> {
    /// The baseline alone.
    pub(crate) const fn new(tick: u64, baseline: &'a EntityState) -> Self {
        Self {
            count: 1,
            ticks: [tick as i64; MAX_PAST],
            states: [baseline; MAX_PAST],
        }
    }

    /// Adds an older state; ignored when there is no room.
    pub(crate) fn push(&mut self, tick: u64, state: &'a EntityState) {
        if self.count < MAX_PAST {
            self.ticks[self.count] = tick as i64;
            self.states[self.count] = state;
            self.count += 1;
        }
    }

    pub(crate) const fn baseline(&self) -> &'a EntityState {
        self.states[0]
    }
}

/// Which of the acknowledged sends (bit n: `n + 1` sends ago) a prediction uses: the newest three and the oldest
/// within reach of the newest. Zero when there is none.
pub(crate) fn choose_past(held: u32) -> u32 {
    if held == 0 {
        return 0;
    }
    let newest = held.trailing_zeros();
    let reach = (u64::from(u32::MAX) >> (32 - (newest + REACH_SENDS + 1).min(32))) as u32;
    let mut rest = held & reach;
    let mut chosen = 1 << (31 - rest.leading_zeros());
    for _ in 0..MAX_PAST - 1 {
        let lowest = rest & rest.wrapping_neg();
        chosen |= lowest;
        rest &= !lowest;
    }
    chosen
}

/// A prediction and how far off it may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prediction {
    /// Position in steps.
    pub(crate) position: [i32; 3],
    /// Typical error of the position, in eighths of a step, by how well the past was predictable.
    pub(crate) position_error: [u32; 3],
    /// Sign by which an axis is likelier to be off: that of the last surprise.
    pub(crate) position_lean: [i32; 3],
    /// Orientation.
    pub(crate) orientation: PredictedOrientation,
}

/// A predicted orientation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PredictedOrientation {
    /// Of an avatar, with typical errors in eighths of a step and leanings.
    Heading {
        yaw: u8,
        yaw_error: u32,
        yaw_lean: i32,
        pitch: i8,
        pitch_error: u32,
        pitch_lean: i32,
    },
    /// Of a body, as a unit quaternion, with its typical error in eighths of a step.
    Rotation { quaternion: [f64; 4], error: u32 },
}

impl Prediction {
    /// The state `past` leads to at `tick`, or the baseline itself for an entity that came to rest.
    pub(crate) fn new(past: &Past<'_>, tick: u64, is_still: bool) -> Self {
        let baseline = past.baseline();
        let horizon = (tick as i64 - past.ticks[0]).clamp(1, MAX_HORIZON_TICKS);
        let motion = Motion::new(past, horizon);
        let limit = baseline.kind().position_quantiser().limit();
        let mut prediction = Self {
            position: baseline.position,
            position_error: [0; 3],
            position_lean: [0; 3],
            orientation: motion.orientation(past, is_still),
        };
        for axis in 0..3 {
            let (ahead, error, lean) = motion.axis(past, axis);
            if !is_still {
                prediction.position[axis] =
                    (baseline.position[axis].saturating_add(ahead)).clamp(-limit, limit);
            }
            prediction.position_error[axis] = error;
            prediction.position_lean[axis] = lean;
        }
        prediction
    }
}

/// Which states of the past tell the velocity.
struct Motion {
    horizon: i64,
    /// Index of the state that the velocity is measured against; none at rest or after a jump.
    lever: Option<usize>,
    /// True when three states in a row are usable: the last surprise is known.
    has_surprise: bool,
}

impl Motion {
    fn new(past: &Past<'_>, horizon: i64) -> Self {
        let baseline = past.baseline();
        let is_usable = |index: usize| {
            index < past.count
                && past.states[index].teleport == baseline.teleport
                && past.ticks[index] < past.ticks[index - 1]
                && past.ticks[0] - past.ticks[index] <= MAX_HORIZON_TICKS
        };
        if baseline.is_still || !is_usable(1) {
            return Self {
                horizon,
                lever: None,
                has_surprise: false,
            };
        }
        let has_surprise = is_usable(2) && !past.states[1].is_still;
        let last = past.count - 1;
        let is_straight = has_surprise
            && last >= 2
            && (2..past.count).all(is_usable)
            && (0..3).all(|axis| bend(past, axis, last).abs() <= STRAIGHT_STEPS);
        Self {
            horizon,
            lever: Some(if is_straight { last } else { 1 }),
            has_surprise,
        }
    }

    /// Steps ahead of the baseline, typical error in eighths of a step, and sign of the last surprise.
    fn axis(&self, past: &Past<'_>, axis: usize) -> (i32, u32, i32) {
        let baseline = past.baseline();
        let position = |index: usize| i64::from(past.states[index].position[axis]);
        let surprise = if self.has_surprise {
            let before = past.ticks[1] - past.ticks[2];
            let last = past.ticks[0] - past.ticks[1];
            let expected = divide_rounded((position(1) - position(2)) * last, before);
            position(0) - position(1) - expected
        } else {
            0
        };
        let (ahead, error) = if let Some(velocity) = baseline.velocity {
            let per_second = steps_per_velocity_step(baseline);
            let ahead = divide_rounded(i64::from(velocity[axis]) * self.horizon, per_second);
            (ahead, 4 * self.horizon)
        } else if let Some(lever) = self.lever {
            let span = past.ticks[0] - past.ticks[lever];
            let ahead = divide_rounded((position(0) - position(lever)) * self.horizon, span);
            let last = (past.ticks[0] - past.ticks[1]).max(1);
            let error = if self.has_surprise {
                (4 + 8 * surprise.abs()) * (self.horizon + last) / (2 * last)
            } else {
                8 + 2 * (position(0) - position(1)).abs() * self.horizon / last
            };
            (ahead, error)
        } else {
            (0, 8 * self.horizon)
        };
        let ahead = ahead.clamp(-i64::from(i32::MAX / 4), i64::from(i32::MAX / 4)) as i32;
        (
            ahead,
            error.clamp(0, 1 << 24) as u32,
            surprise.signum() as i32,
        )
    }

    fn orientation(&self, past: &Past<'_>, is_still: bool) -> PredictedOrientation {
        match past.baseline().orientation {
            Orientation::Heading { yaw, pitch } => self.heading(past, yaw, pitch, is_still),
            Orientation::Rotation(parts) => self.rotation(past, parts, is_still),
        }
    }

    fn heading(&self, past: &Past<'_>, yaw: u8, pitch: i8, is_still: bool) -> PredictedOrientation {
        let angles = |index: usize| match past.states[index].orientation {
            Orientation::Heading { yaw, pitch } => (yaw, i32::from(pitch)),
            Orientation::Rotation(_) => (yaw, i32::from(pitch)),
        };
        let mut turned = (0, 0);
        let mut before = (0, 0);
        let mut horizon = self.horizon;
        if self.lever.is_some() {
            let last = (past.ticks[0] - past.ticks[1]).max(1);
            horizon = (self.horizon * 2 / last).max(1);
            turned = (
                heading_difference(yaw, angles(1).0),
                i32::from(pitch) - angles(1).1,
            );
            if self.has_surprise {
                before = (
                    heading_difference(angles(1).0, angles(2).0),
                    angles(1).1 - angles(2).1,
                );
            }
        }
        // Heads and hips do not keep turning: most of the rate is lost over a round trip.
        let ahead = |turned: i32| {
            if is_still {
                0
            } else {
                divide_rounded(i64::from(turned) * horizon.min(6), 4).clamp(-64, 64) as i32
            }
        };
        let error = |turned: i32, before: i32| {
            (2 + 4 * i64::from(turned.abs()) + 8 * i64::from((turned - before).abs())) * horizon / 2
        };
        PredictedOrientation::Heading {
            yaw: yaw.wrapping_add(ahead(turned.0) as u8),
            yaw_error: error(turned.0, before.0).clamp(0, 1 << 20) as u32,
            yaw_lean: (turned.0 - before.0).signum(),
            pitch: (i32::from(pitch) + ahead(turned.1)).clamp(-64, 64) as i8,
            pitch_error: error(turned.1, before.1).clamp(0, 1 << 20) as u32,
            pitch_lean: (turned.1 - before.1).signum(),
        }
    }

    fn rotation(
        &self,
        past: &Past<'_>,
        parts: SmallestThree,
        is_still: bool,
    ) -> PredictedOrientation {
        let baseline = unit_quaternion(parts);
        let quaternion = |index: usize| match past.states[index].orientation {
            Orientation::Rotation(parts) => unit_quaternion(parts),
            Orientation::Heading { .. } => baseline,
        };
        let Some(lever) = self.lever else {
            return PredictedOrientation::Rotation {
                quaternion: baseline,
                error: (8 * self.horizon) as u32,
            };
        };
        let span = (past.ticks[0] - past.ticks[lever]) as f64;
        let ahead = extrapolate(quaternion(lever), baseline, self.horizon as f64 / span);
        let last = (past.ticks[0] - past.ticks[1]).max(1);
        let error = if self.has_surprise {
            let before = (past.ticks[1] - past.ticks[2]).max(1);
            let expected = extrapolate(quaternion(2), quaternion(1), last as f64 / before as f64);
            let surprise = (difference_in_steps(expected, baseline) * 8.0) as i64;
            (4 + surprise) * (self.horizon + last) / (2 * last)
        } else {
            16 * self.horizon
        };
        PredictedOrientation::Rotation {
            quaternion: if is_still { baseline } else { ahead },
            error: error.clamp(0, 1 << 20) as u32,
        }
    }
}

/// A path counts as straight while it bends by at most this many steps: then the whole of it tells the velocity.
const STRAIGHT_STEPS: i64 = 2;

/// How far the state after the baseline lies off the line from state `last` to the baseline, in steps.
fn bend(past: &Past<'_>, axis: usize, last: usize) -> i64 {
    let position = |index: usize| i64::from(past.states[index].position[axis]);
    let span = past.ticks[0] - past.ticks[last];
    let part = past.ticks[1] - past.ticks[last];
    position(1) - position(last) - divide_rounded((position(0) - position(last)) * part, span)
}

/// Ticks in which a velocity of one step moves something by one position step: the quantisers' 2 cm/s and 5 mm
/// or 2 mm.
fn steps_per_velocity_step(state: &EntityState) -> i64 {
    match state.orientation {
        Orientation::Heading { .. } => 15,
        Orientation::Rotation(_) => 6,
    }
}

/// `numerator / denominator` rounded half away from zero; `denominator` below one counts as one.
pub(crate) fn divide_rounded(numerator: i64, denominator: i64) -> i64 {
    let denominator = denominator.max(1);
    let half = denominator / 2;
    if numerator >= 0 {
        (numerator + half) / denominator
    } else {
        -((half - numerator) / denominator)
    }
}

/// A quaternion (x, y, z, w) of length one.
fn unit_quaternion(parts: SmallestThree) -> [f64; 4] {
    let small = parts
        .components
        .map(|component| f64::from(component) * f64::from(ROTATION_STEP));
    let squared = small[0] * small[0] + small[1] * small[1] + small[2] * small[2];
    let largest = if squared < 1.0 {
        (1.0 - squared).sqrt()
    } else {
        0.0
    };
    let mut quaternion = [0.0; 4];
    let chosen = usize::from(parts.largest & 3);
    quaternion[chosen] = largest;
    for (place, part) in small.iter().enumerate() {
        quaternion[place + usize::from(place >= chosen)] = *part;
    }
    normalise(quaternion)
}

/// Turns on from `from` through `to` by `factor` times the turn between them.
fn extrapolate(from: [f64; 4], to: [f64; 4], factor: f64) -> [f64; 4] {
    let turn = half_turn(multiply(to, inverse(from)));
    normalise(multiply(turn_of(turn.map(|part| part * factor)), to))
}

/// Largest difference of a component, in steps, whichever sign either quaternion has.
fn difference_in_steps(a: [f64; 4], b: [f64; 4]) -> f64 {
    let dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
    let sign = if dot < 0.0 { -1.0 } else { 1.0 };
    let mut most = 0.0;
    for index in 0..4 {
        let difference = (a[index] - sign * b[index]).abs() / f64::from(ROTATION_STEP);
        if difference > most {
            most = difference;
        }
    }
    if most < 2000.0 { most } else { 2000.0 }
}

/// The components other than `largest` in steps, with the sign that makes `largest` positive.
pub(crate) fn components_beside(quaternion: [f64; 4], largest: usize) -> [i32; 3] {
    let sign = if quaternion[largest] < 0.0 { -1.0 } else { 1.0 };
    let mut components = [0; 3];
    for (place, component) in components.iter_mut().enumerate() {
        let index = place + usize::from(place >= largest);
        *component = (quaternion[index] * sign / f64::from(ROTATION_STEP)).round() as i32;
    }
    components
}
