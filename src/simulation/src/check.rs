//! What the server believes of a person's motion. Honest people on stairs, lifts and bad networks are never corrected;
//! whoever flies, teleports or walks through walls is put back.

use crate::{
    avatar::{height, jump_speed},
    carried::CarriedPlace,
    query::Hit,
    rules::{
        AVATAR_RADIUS, GROUND_SNAP, JUMP_HEIGHT, MAX_FALL_SPEED, MAX_PLATFORM_SPEED, MAX_STEP,
        RUN_SPEED, TICK_SECS,
    },
    world::Simulation,
};
use glam::{Quat, Vec3};
use scene::NodeIndex;
use std::collections::BTreeSet;

/// Allowed speed over the top speed.
const SPEED_MARGIN: f32 = 1.1;
/// Seconds of top speed that may be saved up while packets are late.
const BURST_SECS: f32 = 0.5;
/// Radius of the swept capsule: narrower than the person, since corners are cut between two samples.
const SWEEP_RADIUS: f32 = AVATAR_RADIUS * 0.55;
/// Ticks for which somebody who stands still on the fixed world is not looked at again.
const STAY_TICKS: u64 = 30;
/// Share of a whole jump's time, and seconds beyond, after which somebody without ground must have fallen.
const HOVER_MARGIN: f32 = 1.15;
const HOVER_MARGIN_SECS: f32 = 0.15;
/// Share of the fall by then that is asked for.
const LEAST_FALL: f32 = 0.4;
/// How far above the last ground somebody may be without ground below, over the jump height, in metres.
const HEIGHT_MARGIN: f32 = 0.6;
/// Ticks for which an animated body must have rested to count as a wall: nobody slips through a door that closes at the
/// client a moment later than here.
const RESTING_TICKS: u64 = 60;

/// What a client says of its person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotionClaim {
    /// When that was.
    pub tick: u64,
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
    /// Of the newest claim.
    tick: u64,
    accepted: Vec3,
    /// The accepted place on what carries it.
    carried: Option<CarriedPlace>,
    /// Metres sideways that may still be made.
    allowance: f32,
    /// Height of the last ground.
    ground_height: f32,
    air_secs: f32,
    /// Height at which the current stay in the air began to be watched.
    watched_height: f32,
    /// Speed of the last platform; who jumps off keeps it until they land.
    platform_speed: f32,
    was_crouching: bool,
    /// Tick up to which who stays exactly there needs no other look: they stood on the fixed world a moment ago.
    stays_until: u64,
}

impl MotionCheck {
    /// Begins at a place that the server chose, at a tick.
    #[must_use]
    pub fn at(position: Vec3, tick: u64) -> Self {
        Self {
            tick,
            accepted: position,
            carried: None,
            allowance: RUN_SPEED * BURST_SECS,
            ground_height: position.y,
            air_secs: 0.0,
            watched_height: position.y,
            platform_speed: 0.0,
            was_crouching: false,
            stays_until: 0,
        }
    }

    /// The last believed position of the feet.
    #[must_use]
    pub fn accepted(&self) -> Vec3 {
        self.accepted
    }

    /// Where somebody has got by a tick who has stood still since the last believed position: a lift goes on with whoever is
    /// not heard of.
    #[must_use]
    pub fn carried_to(&self, simulation: &Simulation, tick: u64) -> Vec3 {
        self.carried
            .and_then(|place| place.at(simulation, tick))
            .unwrap_or(self.accepted)
    }

    /// Judges the next claim.
    pub fn judge(&mut self, simulation: &Simulation, claim: &MotionClaim) -> Verdict {
        let ticks = claim.tick.saturating_sub(self.tick);
        self.tick = self.tick.max(claim.tick);
        if !claim.position.is_finite() {
            return Verdict::Correct("a position that is no number");
        }
        let secs = (ticks as f32 * TICK_SECS).min(1.0);
        if simulation.tick() < self.stays_until
            && claim.position == self.accepted
            && claim.is_crouching == self.was_crouching
        {
            let top_speed = RUN_SPEED * SPEED_MARGIN;
            self.allowance =
                (self.allowance + top_speed * secs).min(top_speed * (BURST_SECS + secs));
            return Verdict::Accept;
        }
        let platform = self.platform_speed(simulation);
        let top_speed = RUN_SPEED * SPEED_MARGIN + platform;
        self.allowance = (self.allowance + top_speed * secs).min(top_speed * (BURST_SECS + secs));
        // A carrier that jumps, as where its animation begins anew, leaves people behind.
        let carried = self.carried_to(simulation, claim.tick);
        let pace = (secs, platform);
        let way = match self.gets_there(simulation, claim, carried, pace) {
            Err(_) if carried != self.accepted => {
                self.gets_there(simulation, claim, self.accepted, pace)
            }
            way => way,
        };
        let sideways = match way {
            Ok(sideways) => sideways,
            Err(reason) => return Verdict::Correct(reason),
        };
        let ground = simulation.ground_near(claim.position);
        if let Some(reason) = self.hovers(simulation, claim, ground, pace) {
            return Verdict::Correct(reason);
        }
        self.allowance -= sideways;
        self.accepted = claim.position;
        self.carried = ground.and_then(|ground| simulation.place_on(ground.body?, claim));
        self.was_crouching = claim.is_crouching;
        Verdict::Accept
    }

    /// The metres sideways from a start to where somebody says to be, or why nobody gets there.
    fn gets_there(
        &self,
        simulation: &Simulation,
        claim: &MotionClaim,
        start: Vec3,
        (secs, platform): (f32, f32),
    ) -> Result<f32, &'static str> {
        let moved = claim.position - start;
        let sideways = moved.with_y(0.0).length();
        if sideways > self.allowance {
            return Err("faster than anybody can run");
        }
        let (_, strongest) = simulation.gravity.range_near(claim.position);
        let rise = rise_speed(strongest) + platform;
        if moved.y > rise * (secs + BURST_SECS) + MAX_STEP
            || moved.y < -MAX_FALL_SPEED * SPEED_MARGIN * (secs + BURST_SECS)
        {
            return Err("faster than anybody can jump or fall");
        }
        if self.passes_wall(simulation, claim, start) {
            return Err("through a wall");
        }
        Ok(sideways)
    }

    /// The part of a stated velocity, metres a second, that [`Self::judge`] would believe in a motion that goes on.
    #[must_use]
    pub fn believe_velocity(&self, simulation: &Simulation, stated: Vec3) -> Vec3 {
        if !stated.is_finite() {
            return Vec3::ZERO;
        }
        let top_speed = RUN_SPEED * SPEED_MARGIN + self.platform_speed;
        let sideways = stated.with_y(0.0).clamp_length_max(top_speed);
        let (_, strongest) = simulation.gravity.range_near(self.accepted);
        let rise = rise_speed(strongest) + self.platform_speed;
        sideways.with_y(stated.y.clamp(-MAX_FALL_SPEED * SPEED_MARGIN, rise))
    }

    fn platform_speed(&mut self, simulation: &Simulation) -> f32 {
        let speed = simulation.platform_speed(self.accepted);
        self.platform_speed = if self.air_secs > 0.0 {
            self.platform_speed.max(speed)
        } else {
            speed
        };
        self.platform_speed
    }

    /// Sweeps a slim capsule above step height: what it meets in the fixed world cannot be walked through.
    fn passes_wall(&self, simulation: &Simulation, claim: &MotionClaim, start: Vec3) -> bool {
        let low = MAX_STEP + SWEEP_RADIUS + 0.1;
        // Who stands up or lies down does so somewhere on the way.
        let is_low = claim.is_crouching || self.was_crouching;
        let high = (height(is_low) - SWEEP_RADIUS - 0.05).max(low + 0.02);
        let center = start + Vec3::Y * (low + high) * 0.5;
        let moved = claim.position - start;
        simulation
            .sweep_walls(center, moved, (high - low) * 0.5, SWEEP_RADIUS)
            .is_some()
    }

    fn hovers(
        &mut self,
        simulation: &Simulation,
        claim: &MotionClaim,
        ground: Option<Hit>,
        (secs, platform): (f32, f32),
    ) -> Option<&'static str> {
        let (gravity, _) = simulation.gravity.range_near(claim.position);
        if gravity <= 0.0 {
            return None;
        }
        if let Some(ground) = ground {
            if ground.body.is_none() {
                self.stays_until = simulation.tick() + STAY_TICKS;
            }
            (self.ground_height, self.air_secs, self.watched_height) =
                (claim.position.y, 0.0, claim.position.y);
            return None;
        }
        self.air_secs += secs;
        let jump = JUMP_HEIGHT + HEIGHT_MARGIN + platform * 0.5;
        if claim.position.y > self.ground_height + jump {
            return Some("higher than anybody can jump");
        }
        let jump_secs = 2.0 * jump_speed(gravity) / gravity;
        if self.air_secs > jump_secs * HOVER_MARGIN + HOVER_MARGIN_SECS {
            let fall = 0.5 * gravity * self.air_secs * (self.air_secs - jump_secs);
            let limit = MAX_FALL_SPEED * (self.air_secs - jump_secs);
            if claim.position.y > self.watched_height - fall.min(limit) * LEAST_FALL {
                return Some("in the air without falling");
            }
            (self.air_secs, self.watched_height) = (TICK_SECS, claim.position.y);
        }
        None
    }
}

/// Fastest way up without a platform, metres a second: a jump or steps.
fn rise_speed(gravity: f32) -> f32 {
    jump_speed(gravity).max(MAX_STEP / TICK_SECS * 0.25)
}

impl Simulation {
    /// True for what cannot be walked through: the fixed world, and what an animation moves while it rests. People see
    /// what moves where it was.
    pub(crate) fn is_wall(&self, body: usize) -> bool {
        let Some(body) = self.bodies().get(body) else {
            return true;
        };
        if !body.is_animated {
            return !body.is_dynamic && !body.is_driven;
        }
        let resting = self.resting.get_or_init(|| self.find_resting());
        resting.contains(&body.node)
    }

    /// Nodes that an animation moves, and that have rested for a while.
    fn find_resting(&self) -> BTreeSet<NodeIndex> {
        let poses = |ago: u64| {
            let tick = self.tick().saturating_sub(ago);
            self.animated.poses(&self.scene, tick)
        };
        let before = [RESTING_TICKS / 2, RESTING_TICKS].map(poses);
        let now = poses(0).into_iter().enumerate();
        let is_resting = |index: usize, position: Vec3, rotation: Quat| {
            before.iter().all(|poses| {
                let (_, (before, turned)) = poses[index];
                before.abs_diff_eq(position, 1e-3) && turned.abs_diff_eq(rotation, 1e-3)
            })
        };
        now.filter(|(index, (_, (position, rotation)))| is_resting(*index, *position, *rotation))
            .map(|(_, (node, _))| node)
            .collect()
    }

    /// The place on a body where a claim has somebody stand. They must have stood there at the time of the claim, which may be
    /// an old one: what stands on the body then is on it now.
    fn place_on(&self, body: usize, claim: &MotionClaim) -> Option<CarriedPlace> {
        let place = CarriedPlace::new(self, body, claim.position, claim.tick)?;
        let now = self.ground_near(place.at(self, self.tick())?)?;
        (now.body == Some(body)).then_some(place)
    }

    /// What there is to stand on near the feet. Wide enough that edges and steps count.
    fn ground_near(&self, feet: Vec3) -> Option<Hit> {
        let reach = AVATAR_RADIUS;
        let starts = [
            Vec3::ZERO,
            Vec3::X * reach,
            Vec3::NEG_X * reach,
            Vec3::Z * reach,
            Vec3::NEG_Z * reach,
        ];
        starts.iter().find_map(|offset| {
            self.cast_ray(
                feet + *offset + Vec3::Y * 0.4,
                Vec3::NEG_Y,
                0.4 + GROUND_SNAP + MAX_STEP,
            )
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
