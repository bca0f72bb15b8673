//! People as obstacles in the authority's physics: balls bounce off them, crates stop at them.

use crate::{avatar::height, filter::AVATAR_GROUP, rules::AVATAR_RADIUS, world::Simulation};
use bevy::prelude::{Component, Entity, Transform};
use bevy_rapier3d::prelude::{Collider, CollisionGroups, Group, RapierRigidBodyHandle, RigidBody};
use glam::Vec3;
use rapier3d::prelude::Pose;

/// The obstacle ends so far above the feet, so that what one stands on gives way to weight alone, in metres.
const ABOVE_FEET: f32 = 0.1;
/// A longer way in one tick is no motion and throws nothing aside, in metres.
const LONGEST_STRIDE: f32 = 0.6;

/// Where a person's obstacle is meant to be.
#[derive(Component, Clone, Copy, Debug)]
struct Obstacle {
    feet: Vec3,
    is_crouching: bool,
}

impl Obstacle {
    fn center(&self) -> Vec3 {
        self.feet + Vec3::Y * (height(self.is_crouching) + ABOVE_FEET) * 0.5
    }

    fn collider(&self) -> Collider {
        let half = (height(self.is_crouching) - ABOVE_FEET) * 0.5;
        Collider::capsule_y(half - AVATAR_RADIUS, AVATAR_RADIUS)
    }
}

impl Simulation {
    /// Gives the authority's physics an obstacle for a person; things bounce off it, people pass through each other.
    #[must_use]
    pub fn add_avatar(&mut self, feet: Vec3) -> Entity {
        let obstacle = Obstacle {
            feet,
            is_crouching: false,
        };
        self.world
            .spawn((
                RigidBody::KinematicPositionBased,
                obstacle.collider(),
                CollisionGroups::new(AVATAR_GROUP, Group::all() & !AVATAR_GROUP),
                Transform::from_translation(obstacle.center()),
                obstacle,
            ))
            .id()
    }

    /// Moves a person's obstacle to where they now stand. A jump across the world pushes nothing on its way.
    pub fn move_avatar(&mut self, avatar: Entity, feet: Vec3) {
        let Some(mut obstacle) = self.world.get_mut::<Obstacle>(avatar) else {
            return;
        };
        if !feet.is_finite() {
            return;
        }
        obstacle.feet = feet;
        let center = obstacle.center();
        self.place_obstacle(avatar, center);
    }

    /// Makes a person's obstacle low or high.
    pub fn set_avatar_crouching(&mut self, avatar: Entity, is_crouching: bool) {
        let Some(mut obstacle) = self.world.get_mut::<Obstacle>(avatar) else {
            return;
        };
        if obstacle.is_crouching == is_crouching {
            return;
        }
        obstacle.is_crouching = is_crouching;
        let (collider, center) = (obstacle.collider(), obstacle.center());
        self.world.entity_mut(avatar).insert(collider);
        self.place_obstacle(avatar, center);
    }

    /// Takes a person's obstacle away.
    pub fn remove_avatar(&mut self, avatar: Entity) {
        self.world.despawn(avatar);
    }

    fn place_obstacle(&mut self, avatar: Entity, center: Vec3) {
        let Some(mut transform) = self.world.get_mut::<Transform>(avatar) else {
            return;
        };
        transform.translation = center;
        let Some(handle) = self.world.get::<RapierRigidBodyHandle>(avatar).copied() else {
            return;
        };
        if let Some(body) = self
            .rigid_bodies_mut()
            .and_then(|set| set.into_inner().bodies.get_mut(handle.0))
            && body.position().translation.distance(center) > LONGEST_STRIDE
        {
            body.set_position(Pose::from_translation(center), true);
        }
    }
}
