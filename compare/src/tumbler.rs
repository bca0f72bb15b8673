//! A thing that somebody throws: it flies, turns, bounces, and comes to rest.

use crate::random::Random;
use crate::scene::{HALF_WIDTH_METRES, STEP_SECS};
use glam::{Quat, Vec3};
use replication::{EntitySample, Flags, Kind, Pose};

const GRAVITY: f32 = 9.81;
/// Of the speed, at each bounce.
const BOUNCE: f32 = 0.55;
const FRICTION: f32 = 0.7;
/// A bounce that is slower than this is the last.
const LEAST_BOUNCE: f32 = 0.5;

/// Something.
pub(crate) struct Tumbler {
    pose: Pose,
    pub(crate) rests: bool,
}

impl Tumbler {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut pose = Pose::IDENTITY;
        pose.position = Vec3::new(random.signed(), 0.0, random.signed()) * HALF_WIDTH_METRES;
        pose.rotation = Quat::from_scaled_axis(any(random) * 3.0);
        Self { pose, rests: true }
    }

    /// Throws it, roughly to the middle, so that all things stay near.
    pub(crate) fn throw(&mut self, random: &mut Random) {
        let inward = -self.pose.position / HALF_WIDTH_METRES;
        self.pose.linear_velocity =
            any(random) * 1.5 + inward * 1.5 + Vec3::Y * (3.5 + 2.0 * random.unit());
        self.pose.angular_velocity = any(random) * 5.0;
        self.rests = false;
    }

    /// A step of the simulation.
    pub(crate) fn step(&mut self, random: &mut Random) {
        if self.rests {
            return;
        }
        let pose = &mut self.pose;
        pose.linear_velocity.y -= GRAVITY * STEP_SECS;
        pose.position += pose.linear_velocity * STEP_SECS;
        let turn = Quat::from_scaled_axis(pose.angular_velocity * STEP_SECS);
        pose.rotation = (turn * pose.rotation).normalize();
        if pose.position.y > 0.0 {
            return;
        }
        pose.position.y = 0.0;
        pose.linear_velocity *= Vec3::new(FRICTION, -BOUNCE, FRICTION);
        pose.angular_velocity = pose.angular_velocity * FRICTION + any(random) * 1.5;
        if pose.linear_velocity.y < LEAST_BOUNCE {
            pose.linear_velocity = Vec3::ZERO;
            pose.angular_velocity = Vec3::ZERO;
            self.rests = true;
        }
    }

    /// As a server has it.
    pub(crate) fn sample(&self) -> EntitySample {
        EntitySample {
            kind: Kind::Body,
            pose: self.pose,
            flags: Flags::default().with(Flags::ASLEEP, self.rests),
            emote: 0,
            parent: None,
            teleport: 0,
        }
    }
}

fn any(random: &mut Random) -> Vec3 {
    Vec3::new(random.signed(), random.signed(), random.signed())
}
