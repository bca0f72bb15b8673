//! Carrying and throwing, at the authority: a carried body is driven by velocity, so that it still collides with the world.

use crate::{
    filter::{AVATAR_GROUP, bits},
    rules::{CARRY_DISTANCE, CARRY_LIMIT, CARRY_PATIENCE_TICKS, CARRY_SPEED, TICK_SECS},
    world::Simulation,
};
use glam::{Quat, Vec3};
use protocol::limits::{MAX_THROW_SPEED, REACH_METRES};

impl Simulation {
    /// Where a body is carried by somebody with these eyes and this view.
    #[must_use]
    pub fn carry_point(eyes: Vec3, yaw: f32, pitch: f32) -> Vec3 {
        let view = Quat::from_rotation_y(yaw)
            * Quat::from_rotation_x(pitch.clamp(-0.9, 0.9))
            * Vec3::NEG_Z;
        eyes + view * CARRY_DISTANCE - Vec3::Y * 0.25
    }

    /// A body is taken in the hand: it neither falls nor bumps into people. Followers say so too of what anybody carries,
    /// since otherwise whoever carries would walk against it.
    pub fn begin_carry(&mut self, index: usize) {
        self.carried.insert(index, 0);
        self.set_carried(index, true);
    }

    /// Moves a carried body towards where it should be. False when it is stuck too far away and falls out of the hand.
    #[must_use]
    pub fn carry(&mut self, index: usize, target: Vec3) -> bool {
        let Some(handle) = self.handle(index) else {
            return false;
        };
        let Some(body) = self
            .rigid_bodies_mut()
            .and_then(|set| set.into_inner().bodies.get_mut(handle))
        else {
            return false;
        };
        // What is carried is its middle, wherever its node's origin is.
        let error = target - body.center_of_mass();
        if !error.is_finite() || error.length() > CARRY_LIMIT + REACH_METRES {
            return false;
        }
        body.set_linvel(
            (error * (0.25 / TICK_SECS)).clamp_length_max(CARRY_SPEED),
            true,
        );
        let spin = body.angvel() * 0.8;
        body.set_angvel(spin, true);
        let ticks = self.carried.entry(index).or_default();
        *ticks = if error.length() > CARRY_LIMIT {
            *ticks + 1
        } else {
            0
        };
        *ticks <= CARRY_PATIENCE_TICKS
    }

    /// A body is let go with a velocity, clamped to what an arm can do.
    pub fn end_carry(&mut self, index: usize, velocity: Vec3) {
        self.carried.remove(&index);
        self.set_carried(index, false);
        let Some(handle) = self.handle(index) else {
            return;
        };
        if let Some(body) = self
            .rigid_bodies_mut()
            .and_then(|set| set.into_inner().bodies.get_mut(handle))
        {
            let velocity = if velocity.is_finite() {
                velocity.clamp_length_max(MAX_THROW_SPEED)
            } else {
                Vec3::ZERO
            };
            body.set_linvel(velocity, true);
        }
    }

    fn set_carried(&mut self, index: usize, is_carried: bool) {
        let Some(handle) = self.handle(index) else {
            return;
        };
        let factor = self
            .bodies()
            .get(index)
            .and_then(|body| self.scene.nodes[body.node.index()].physics.motion.as_ref())
            .map_or(1.0, |motion| motion.gravity_factor);
        let mut parts = Vec::new();
        if let Some(body) = self
            .rigid_bodies_mut()
            .and_then(|set| set.into_inner().bodies.get_mut(handle))
        {
            body.set_gravity_scale(if is_carried { 0.0 } else { factor }, true);
            parts = body.colliders().to_vec();
        }
        let Some(mut colliders) = self.colliders_mut() else {
            return;
        };
        let avatars = bits(AVATAR_GROUP);
        for part in parts {
            if let Some(collider) = colliders.colliders.get_mut(part) {
                let mut groups = collider.collision_groups();
                groups.filter = if is_carried {
                    groups.filter & !avatars
                } else {
                    groups.filter | avatars
                };
                collider.set_collision_groups(groups);
            }
        }
    }
}
