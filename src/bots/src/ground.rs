//! The world under the feet of bots: one follower simulation for all of a process.

use glam::{Quat, Vec3};
use simulation::{
    AvatarInput, AvatarMotion, BodyState, GROUND_ACCELERATION, Role, SKIN, Simulation, TICK_SECS,
    WALK_SPEED, WorldRules,
};
use std::{path::Path, sync::Arc};

/// Somewhere to walk.
pub struct Ground {
    simulation: Simulation,
}

impl Ground {
    /// Reads a world from disk.
    ///
    /// # Errors
    /// The gate's line.
    pub fn load(path: &Path) -> Result<Self, String> {
        let loaded = scene::load_world(path).map_err(|error| error.to_string())?;
        let rules = WorldRules {
            gravity: loaded.manifest.gravity,
        };
        let mut simulation = Simulation::new(Arc::new(loaded.scene), rules, Role::Follower);
        // Rays and sweeps find only what a step has sorted.
        simulation.step();
        Ok(Self { simulation })
    }

    pub(crate) const fn simulation(&self) -> &Simulation {
        &self.simulation
    }

    pub(crate) const fn simulation_mut(&mut self) -> &mut Simulation {
        &mut self.simulation
    }

    /// Moves somebody by one tick.
    pub fn advance(&self, motion: &mut AvatarMotion, input: &AvatarInput) {
        self.simulation.advance_avatar(motion, input);
    }

    /// Moves lifts and doors to where they are at a server tick, and bodies to where they were last put.
    pub fn step(&mut self, tick: u64) {
        self.simulation.set_tick(tick);
        self.simulation.step();
    }

    /// Puts a body where the server says it is.
    pub fn place_body(&mut self, node: u32, position: Vec3, rotation: Quat) {
        if let Some(index) = self.simulation.body_of_node(scene::NodeIndex(node)) {
            let state = BodyState {
                position,
                rotation,
                linear_velocity: Vec3::ZERO,
                angular_velocity: Vec3::ZERO,
                is_sleeping: false,
            };
            self.simulation.set_body(index, &state);
        }
    }

    /// What is before somebody at `feet` along a heading, so many metres far.
    #[must_use]
    pub fn way(&self, feet: Vec3, yaw: f32, metres: f32) -> Way {
        const CHEST: f32 = 1.0;
        const KNEE: f32 = 0.35;
        const HIGHEST_STEP: f32 = 0.5;
        const FLAT: f32 = 0.01;
        let direction = Quat::from_rotation_y(yaw) * Vec3::NEG_Z;
        let chest = feet + Vec3::Y * CHEST;
        if self.simulation.cast_ball(chest, direction, 0.3, metres) < metres {
            return Way::Blocked;
        }
        let mut steepest: f32 = 0.0;
        for share in [0.4, 0.7, 1.0] {
            let above = chest + direction * metres * share;
            let Some(hit) = self
                .simulation
                .cast_ray(above, Vec3::NEG_Y, CHEST + HIGHEST_STEP)
            else {
                return Way::Blocked;
            };
            let is_still = hit.body.is_none();
            steepest = steepest.max((hit.point.y - feet.y).abs());
            if !is_still {
                steepest = steepest.max(FLAT * 2.0);
            }
        }
        if steepest >= HIGHEST_STEP {
            return Way::Blocked;
        }
        let knee = feet + Vec3::Y * KNEE;
        let is_clear = self.simulation.cast_ball(knee, direction, 0.2, metres) >= metres;
        // The feet stand a little above the ground.
        if is_clear && steepest < FLAT + SKIN {
            Way::Flat
        } else {
            Way::Rough
        }
    }
}

/// What is before somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A wall or a drop.
    Blocked,
    /// Steps, slopes, things in the way: to be walked with care.
    Rough,
    /// Nothing at all, and even fixed ground.
    Flat,
}

/// Moves somebody by one tick where the way is [`Way::Flat`]: nothing there needs to be asked of the world, which is
/// what lets one process walk a thousand bots.
pub(crate) fn stride(motion: &mut AvatarMotion, input: &AvatarInput) {
    let wished = Quat::from_rotation_y(input.yaw) * Vec3::new(input.walk.x, 0.0, -input.walk.y);
    let change = wished * WALK_SPEED - motion.velocity;
    motion.yaw = input.yaw;
    motion.pitch = input.pitch;
    motion.velocity += change.clamp_length_max(GROUND_ACCELERATION * TICK_SECS);
    motion.position += motion.velocity * TICK_SECS;
}
