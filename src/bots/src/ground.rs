//! The world under the feet of bots: one follower simulation for all of a process.

use glam::Vec3;
use simulation::{AvatarInput, AvatarMotion, BodyState, Role, Simulation, WorldRules};
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
    pub fn place_body(&mut self, node: u32, position: Vec3, rotation: glam::Quat) {
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

    /// True when somebody at `feet` can walk `metres` along a heading: no wall, and floor of about the same height.
    #[must_use]
    pub fn is_walkable(&self, feet: Vec3, yaw: f32, metres: f32) -> bool {
        const CHEST: f32 = 1.0;
        const HIGHEST_STEP: f32 = 0.5;
        let direction = glam::Quat::from_rotation_y(yaw) * Vec3::NEG_Z;
        let chest = feet + Vec3::Y * CHEST;
        if self.simulation.cast_ball(chest, direction, 0.3, metres) < metres {
            return false;
        }
        [0.4, 1.0].iter().all(|share| {
            let above = chest + direction * metres * *share;
            self.simulation
                .cast_ray(above, Vec3::NEG_Y, CHEST + HIGHEST_STEP)
                .is_some_and(|hit| (hit.point.y - feet.y).abs() < HIGHEST_STEP)
        })
    }
}
