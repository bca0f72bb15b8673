//! Bodies that a follower moves itself for a while, ahead of the server's word.

use crate::world::{BodyState, Role, Simulation};
use glam::{Quat, Vec3};
use protocol::limits::MAX_THROW_SPIN;
use rapier3d::prelude::{Pose, RigidBody, RigidBodyType};

impl Simulation {
    /// From now on forces move this body here, from a state on. False at the authority, where they do anyway, and for
    /// what no force moves.
    pub fn begin_local(&mut self, index: usize, state: &BodyState) -> bool {
        let is_dynamic = self.bodies().get(index).is_some_and(|body| body.is_dynamic);
        if self.role() != Role::Follower || !is_dynamic || !state.is_believable() {
            return false;
        }
        let is_begun = self.change_local(index, |body| {
            body.set_body_type(RigidBodyType::Dynamic, true);
            body.enable_ccd(true);
        });
        if is_begun {
            self.local.insert(index);
            self.put_local(index, state);
        }
        is_begun
    }

    /// From now on the server moves this body again.
    pub fn end_local(&mut self, index: usize) {
        if self.local.remove(&index) {
            self.change_local(index, |body| {
                body.set_body_type(RigidBodyType::KinematicPositionBased, true);
                body.enable_ccd(false);
            });
        }
    }

    /// True while forces move this body here.
    #[must_use]
    pub fn is_local(&self, index: usize) -> bool {
        self.local.contains(&index)
    }

    /// Puts a local body elsewhere; it goes on from there.
    pub(crate) fn put_local(&mut self, index: usize, state: &BodyState) {
        if state.is_believable() {
            self.change_local(index, |body| {
                let pose = Pose::from_parts(state.position, state.rotation.normalize());
                body.set_position(pose, true);
                body.set_linvel(state.linear_velocity, true);
                body.set_angvel(state.angular_velocity, true);
            });
        }
    }

    fn change_local(&mut self, index: usize, change: impl FnOnce(&mut RigidBody)) -> bool {
        let Some(handle) = self.handle(index) else {
            return false;
        };
        let body = self
            .rigid_bodies_mut()
            .and_then(|set| set.into_inner().bodies.get_mut(handle));
        body.map(change).is_some()
    }

    /// A carried body leaves the hand where its carrier says, at the authority. False, and it leaves from where it is,
    /// when that is not believable: not a number, no rotation, further than `reach` from the eyes, or with a wall on
    /// the way there.
    pub fn throw_from(
        &mut self,
        index: usize,
        eyes: Vec3,
        reach: f32,
        (position, rotation): (Vec3, Quat),
        (velocity, spin): (Vec3, Vec3),
    ) -> bool {
        let stated = BodyState {
            position,
            rotation,
            linear_velocity: velocity,
            angular_velocity: spin.clamp_length_max(MAX_THROW_SPIN),
            is_sleeping: false,
        };
        let is_believed = stated.is_believable()
            && (rotation.length_squared() - 1.0).abs() < ROTATION_TOLERANCE
            && self.is_hand_believable(index, eyes, reach, position);
        if is_believed {
            self.set_body(index, &stated);
        }
        self.end_carry(index, velocity);
        is_believed
    }

    fn is_hand_believable(&self, index: usize, eyes: Vec3, reach: f32, position: Vec3) -> bool {
        let Some(body) = self.body(index) else {
            return false;
        };
        let is_free = |from: Vec3| {
            self.sweep_walls(from, position - from, 0.0, HAND_RADIUS)
                .is_none()
        };
        eyes.distance(position) <= reach && is_free(eyes) && is_free(body.position)
    }
}

/// How far from one the squared length of a stated rotation may be.
const ROTATION_TOLERANCE: f32 = 0.1;
/// What is swept from eyes and body to the hand, in metres: narrower than things, since they are held beside walls.
const HAND_RADIUS: f32 = 0.05;
