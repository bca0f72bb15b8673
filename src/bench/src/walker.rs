//! People who walk, stop, turn and look about: what crowds of benches are made of.

use crate::random::Random;
use glam::{Quat, Vec2, Vec3};
use replication::{EntitySample, Flags, Kind, Pose};
use std::f32::consts::{PI, TAU};

/// Radius of the square, within the nearest tier.
const RADIUS_METRES: f32 = 18.0;
const STEP_SECS: f32 = 1.0 / 60.0;

/// Somebody in the crowd.
pub(crate) struct Walker {
    position: Vec2,
    velocity: Vec2,
    goal: Vec2,
    speed: f32,
    pause_secs: f32,
    yaw: f32,
    look_yaw: f32,
    pitch: f32,
    look: Vec2,
}

impl Walker {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            position: Vec2::new(random.signed(), random.signed()) * RADIUS_METRES * 0.7,
            velocity: Vec2::ZERO,
            goal: Vec2::ZERO,
            speed: 1.4,
            pause_secs: random.unit() * 3.0,
            yaw: random.signed() * PI,
            look_yaw: 0.0,
            pitch: 0.0,
            look: Vec2::ZERO,
        }
    }

    /// One tick: seeks a goal with limited acceleration and a gait's sway, turns into the motion, looks at things.
    pub(crate) fn step(&mut self, random: &mut Random) {
        if self.position.distance(self.goal) < 0.5 || random.chance(0.002) {
            self.goal = Vec2::new(random.signed(), random.signed()) * RADIUS_METRES * 0.7;
            self.speed = 1.0 + 2.5 * random.unit() * random.unit();
            self.pause_secs = if random.chance(0.3) {
                1.5 * random.unit()
            } else {
                0.0
            };
        }
        self.pause_secs -= STEP_SECS;
        let wished = if self.pause_secs > 0.0 {
            Vec2::ZERO
        } else {
            (self.goal - self.position).normalize_or_zero() * self.speed
        };
        let sway = Vec2::new(random.normal(), random.normal()) * 0.12 * self.velocity.length();
        let change = (wished - self.velocity + sway * 4.0).clamp_length_max(9.0 * STEP_SECS);
        self.velocity += change;
        if self.pause_secs > 0.0 && self.velocity.length() < 0.05 {
            self.velocity = Vec2::ZERO;
        }
        self.position += self.velocity * STEP_SECS;
        if random.chance(0.03) {
            self.look = Vec2::new(random.signed() * 1.2, random.normal() * 0.25);
        }
        let heading = if self.velocity.length() > 0.2 {
            (-self.velocity.x).atan2(-self.velocity.y)
        } else {
            self.yaw
        };
        let turn = (heading - self.yaw + PI).rem_euclid(TAU) - PI;
        self.yaw += turn.clamp(-4.0 * STEP_SECS, 4.0 * STEP_SECS);
        self.look_yaw += (self.look.x - self.look_yaw) * 6.0 * STEP_SECS + random.normal() * 0.004;
        self.pitch += (self.look.y - self.pitch) * 6.0 * STEP_SECS + random.normal() * 0.003;
        self.pitch = self.pitch.clamp(-1.4, 1.4);
    }

    /// Where they are, as a server has it.
    pub(crate) fn sample(&self) -> EntitySample {
        let yaw = self.yaw + self.look_yaw;
        EntitySample {
            kind: Kind::Avatar,
            pose: Pose {
                position: Vec3::new(self.position.x, 0.0, self.position.y),
                rotation: Quat::from_rotation_y(yaw),
                head_pitch: self.pitch,
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
