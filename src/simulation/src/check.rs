//! What the server believes of a person's motion. Honest people on stairs, lifts and bad networks are never corrected;
//! whoever flies, teleports or walks through walls is put back.

use crate::{
    avatar::{height, jump_speed},
    rules::{
        AVATAR_RADIUS, GROUND_SNAP, JUMP_HEIGHT, MAX_FALL_SPEED, MAX_STEP, RUN_SPEED, TICK_SECS,
    },
    world::Simulation,
};
use glam::Vec3;

/// Allowed speed over the top speed.
const SPEED_MARGIN: f32 = 1.1;
/// Seconds of top speed that may be saved up while packets are late.
const BURST_SECS: f32 = 0.5;
/// Radius of the swept capsule: narrower than the person, since corners are cut between two samples.
const SWEEP_RADIUS: f32 = AVATAR_RADIUS * 0.55;
/// Seconds in the air after which somebody must be falling.
const MAX_HOVER_SECS: f32 = 1.2;
/// How far above the last ground somebody may be without ground below, over the jump height, in metres.
const HEIGHT_MARGIN: f32 = 0.6;
/// Fastest platform that carries people, metres a second.
const MAX_PLATFORM_SPEED: f32 = 15.0;

/// What a client says of its person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotionClaim {
    /// Feet, world space.
    pub position: Vec3,
    /// Low capsule.
    pub is_crouching: bool,
}

/// What the server makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Believed.
    Accept,
    /// Not believed: the person stays where they were.
    Correct(&'static str),
}

/// Memory of one person's motion.
#[derive(Clone, Copy, Debug)]
pub struct MotionCheck {
    accepted: Vec3,
    /// Metres sideways that may still be made.
    allowance: f32,
    /// Height of the last ground.
    ground_height: f32,
    air_secs: f32,
    /// Height at which the current stay in the air began to be watched.
    watched_height: f32,
}

impl MotionCheck {
    /// Begins at a place that the server chose.
    #[must_use]
    pub fn at(position: Vec3) -> Self {
        Self {
            accepted: position,
            allowance: RUN_SPEED * BURST_SECS,
            ground_height: position.y,
            air_secs: 0.0,
            watched_height: position.y,
        }
    }

    /// The last believed position of the feet.
    #[must_use]
    pub fn accepted(&self) -> Vec3 {
        self.accepted
    }

    /// Judges a claim that comes `ticks` after the last one.
    pub fn judge(&mut self, simulation: &Simulation, claim: &MotionClaim, ticks: u64) -> Verdict {
        if !claim.position.is_finite() {
            return Verdict::Correct("a position that is no number");
        }
        let secs = (ticks as f32 * TICK_SECS).min(1.0);
        let platform = simulation.platform_speed(self.accepted);
        let moved = claim.position - self.accepted;
        let sideways = Vec3::new(moved.x, 0.0, moved.z).length();
        let top_speed = RUN_SPEED * SPEED_MARGIN + platform;
        self.allowance = (self.allowance + top_speed * secs).min(top_speed * (BURST_SECS + secs));
        if sideways > self.allowance {
            return Verdict::Correct("faster than anybody can run");
        }
        let rise = jump_speed(simulation.gravity()).max(MAX_STEP / TICK_SECS * 0.25) + platform;
        if moved.y > rise * (secs + BURST_SECS) + MAX_STEP
            || moved.y < -MAX_FALL_SPEED * SPEED_MARGIN * (secs + BURST_SECS)
        {
            return Verdict::Correct("faster than anybody can jump or fall");
        }
        if self.passes_wall(simulation, claim, moved) {
            return Verdict::Correct("through a wall");
        }
        if let Some(reason) = self.hovers(simulation, claim, secs, platform) {
            return Verdict::Correct(reason);
        }
        self.allowance -= sideways;
        self.accepted = claim.position;
        Verdict::Accept
    }

    /// Sweeps a slim capsule above step height: what it meets in the fixed world cannot be walked through.
    fn passes_wall(&self, simulation: &Simulation, claim: &MotionClaim, moved: Vec3) -> bool {
        let low = MAX_STEP + SWEEP_RADIUS + 0.1;
        let high = (height(claim.is_crouching) - SWEEP_RADIUS - 0.05).max(low + 0.02);
        let center = self.accepted + Vec3::Y * (low + high) * 0.5;
        simulation
            .sweep_fixed(center, moved, (high - low) * 0.5, SWEEP_RADIUS)
            .is_some()
    }

    fn hovers(
        &mut self,
        simulation: &Simulation,
        claim: &MotionClaim,
        secs: f32,
        platform: f32,
    ) -> Option<&'static str> {
        if simulation.gravity() <= 0.0 {
            return None;
        }
        if simulation.has_ground(claim.position) {
            (self.ground_height, self.air_secs, self.watched_height) =
                (claim.position.y, 0.0, claim.position.y);
            return None;
        }
        self.air_secs += secs;
        let jump = JUMP_HEIGHT + HEIGHT_MARGIN + platform * 0.5;
        if claim.position.y > self.ground_height + jump {
            return Some("higher than anybody can jump");
        }
        if self.air_secs > MAX_HOVER_SECS {
            if claim.position.y > self.watched_height - 0.5 * self.air_secs {
                return Some("in the air without falling");
            }
            (self.air_secs, self.watched_height) = (0.0, claim.position.y);
        }
        None
    }
}

impl Simulation {
    /// Is there anything to stand on near the feet? Wide enough that edges and steps count.
    fn has_ground(&self, feet: Vec3) -> bool {
        let reach = AVATAR_RADIUS;
        let starts = [
            Vec3::ZERO,
            Vec3::X * reach,
            Vec3::NEG_X * reach,
            Vec3::Z * reach,
            Vec3::NEG_Z * reach,
        ];
        starts.iter().any(|offset| {
            self.cast_ray(
                feet + *offset + Vec3::Y * 0.4,
                Vec3::NEG_Y,
                0.4 + GROUND_SNAP + MAX_STEP,
            )
            .is_some()
        })
    }

    /// Speed of a platform near the feet, metres a second.
    fn platform_speed(&self, feet: Vec3) -> f32 {
        let hit = self.cast_ray(feet + Vec3::Y * 0.5, Vec3::NEG_Y, 1.5);
        let handle = hit
            .and_then(|hit| hit.body)
            .and_then(|index| self.handle(index));
        let speed = handle
            .and_then(|handle| self.rigid_bodies().bodies.get(handle))
            .map_or(0.0, |body| body.velocity_at_point(feet).length());
        if speed.is_finite() {
            speed.min(MAX_PLATFORM_SPEED)
        } else {
            0.0
        }
    }
}
