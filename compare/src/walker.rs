//! A person who walks about a square, stops, turns, and looks at things.

use crate::random::Random;
use crate::scene::{HALF_WIDTH_METRES, STEP_SECS};
use glam::{Quat, Vec2, Vec3};
use replication::{EntitySample, Flags, Kind, Pose};
use std::f32::consts::{PI, TAU};

const LARGEST_CHANGE: f32 = 9.0;
const TURN_PER_SEC: f32 = 4.0;
/// Of the distance to where somebody looks, each second.
const LOOK_PER_SEC: f32 = 6.0;

/// Somebody.
pub(crate) struct Walker {
    place: Vec2,
    velocity: Vec2,
    goal: Vec2,
    speed: f32,
    rest_secs: f32,
    heading: f32,
    /// Yaw against the heading, and pitch: where the eyes are, and where they want to be.
    gaze: Vec2,
    target: Vec2,
}

impl Walker {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            place: somewhere(random),
            velocity: Vec2::ZERO,
            goal: somewhere(random),
            speed: 1.4,
            rest_secs: random.unit() * 3.0,
            heading: random.signed() * PI,
            gaze: Vec2::ZERO,
            target: Vec2::ZERO,
        }
    }

    /// A step of the simulation.
    pub(crate) fn step(&mut self, random: &mut Random) {
        self.walk(random);
        self.look(random);
    }

    fn walk(&mut self, random: &mut Random) {
        if self.place.distance(self.goal) < 0.5 || random.chance(0.002) {
            self.goal = somewhere(random);
            self.speed = 1.0 + 2.5 * random.unit() * random.unit();
            if random.chance(0.3) {
                self.rest_secs = 1.5 * random.unit();
            }
        }
        self.rest_secs -= STEP_SECS;
        let rests = self.rest_secs > 0.0;
        let wish = if rests {
            Vec2::ZERO
        } else {
            (self.goal - self.place).normalize_or_zero() * self.speed
        };
        // Nobody walks evenly: without the sway, prediction would be too easy.
        let sway = Vec2::new(random.signed(), random.signed()) * 0.8 * self.velocity.length();
        self.velocity += (wish - self.velocity + sway).clamp_length_max(LARGEST_CHANGE * STEP_SECS);
        if rests && self.velocity.length() < 0.05 {
            self.velocity = Vec2::ZERO;
        }
        let edge = Vec2::splat(HALF_WIDTH_METRES);
        self.place = (self.place + self.velocity * STEP_SECS).clamp(-edge, edge);
    }

    fn look(&mut self, random: &mut Random) {
        if self.velocity.length() > 0.2 {
            let wish = (-self.velocity.x).atan2(-self.velocity.y);
            let turn = (wish - self.heading + PI).rem_euclid(TAU) - PI;
            let limit = TURN_PER_SEC * STEP_SECS;
            self.heading += turn.clamp(-limit, limit);
        }
        if random.chance(0.03) {
            self.target = Vec2::new(random.signed() * 1.2, random.signed() * 0.45);
        }
        let tremble = Vec2::new(random.signed() * 0.007, random.signed() * 0.005);
        self.gaze += (self.target - self.gaze) * LOOK_PER_SEC * STEP_SECS + tremble;
    }

    /// As a server has it.
    pub(crate) fn sample(&self) -> EntitySample {
        EntitySample {
            kind: Kind::Avatar,
            pose: Pose {
                position: Vec3::new(self.place.x, 0.0, self.place.y),
                rotation: Quat::from_rotation_y(self.heading + self.gaze.x),
                head_pitch: self.gaze.y,
                linear_velocity: Vec3::new(self.velocity.x, 0.0, self.velocity.y),
                angular_velocity: Vec3::ZERO,
            },
            flags: Flags::GROUNDED,
            emote: 0,
            parent: None,
            teleport: 0,
        }
    }
}

fn somewhere(random: &mut Random) -> Vec2 {
    Vec2::new(random.signed(), random.signed()) * HALF_WIDTH_METRES
}
