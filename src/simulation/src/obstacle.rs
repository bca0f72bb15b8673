//! People as obstacles in the authority's physics: balls bounce off them, crates stop at them. The engine is told of
//! somebody only while there is something loose about them: in a crowd most would be moved for nothing.

use crate::{avatar::height, filter::AVATAR_GROUP, rules::AVATAR_RADIUS, world::Simulation};
use bevy::prelude::{Component, Entity, Transform};
use bevy_rapier3d::prelude::{Collider, CollisionGroups, Group, RapierRigidBodyHandle, RigidBody};
use glam::Vec3;
use rapier3d::prelude::{Aabb, Pose, QueryFilter};

/// The obstacle ends so far above the feet, so that what one stands on gives way to weight alone, in metres.
const ABOVE_FEET: f32 = 0.1;
/// A longer way in one tick is no motion and throws nothing aside, in metres.
const LONGEST_STRIDE: f32 = 0.6;

/// An obstacle is in the engine while something loose is within so many metres of it: further than anything flies in a
/// tick.
const LOOSE_METRES: f32 = 2.5;
/// Ticks after the last of that for which it stays: to come and go costs more than to be there.
const STAY_TICKS: u8 = 30;

/// Where a person's obstacle is meant to be.
#[derive(Component, Clone, Copy, Debug)]
struct Obstacle {
    feet: Vec3,
    is_crouching: bool,
    /// Something loose was near in the last step.
    is_near_loose: bool,
    /// The engine's body, and ticks since it was last needed.
    body: Option<(Entity, u8)>,
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
            is_near_loose: true,
            body: None,
        };
        let avatar = self.world.spawn(obstacle).id();
        self.obstacles.push(avatar);
        avatar
    }

    /// Moves a person's obstacle to where they now stand. A jump across the world pushes nothing on its way.
    pub fn move_avatar(&mut self, avatar: Entity, feet: Vec3) {
        if let Some(mut obstacle) = self.world.get_mut::<Obstacle>(avatar)
            && feet.is_finite()
        {
            obstacle.feet = feet;
        }
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
        let collider = obstacle.collider();
        if let Some((body, _)) = obstacle.body {
            self.world.entity_mut(body).insert(collider);
        }
    }

    /// True when a person may touch something loose: nothing about them gives way otherwise.
    #[must_use]
    pub fn is_near_loose(&self, avatar: Entity) -> bool {
        let obstacle = self.world.get::<Obstacle>(avatar);
        obstacle.is_some_and(|obstacle| obstacle.is_near_loose)
    }

    /// Takes a person's obstacle away.
    pub fn remove_avatar(&mut self, avatar: Entity) {
        self.obstacles.retain(|known| *known != avatar);
        let obstacle = self.world.get::<Obstacle>(avatar).copied();
        if let Some((body, _)) = obstacle.and_then(|obstacle| obstacle.body) {
            self.world.despawn(body);
        }
        self.world.despawn(avatar);
    }

    /// Before each step: puts the obstacles that matter where their people stand.
    pub(crate) fn place_obstacles(&mut self) {
        for number in 0..self.obstacles.len() {
            let avatar = self.obstacles[number];
            let Some(before) = self.world.get::<Obstacle>(avatar).copied() else {
                continue;
            };
            let mut obstacle = before;
            self.place_obstacle(&mut obstacle);
            if (obstacle.is_near_loose, obstacle.body) != (before.is_near_loose, before.body)
                && let Some(mut known) = self.world.get_mut::<Obstacle>(avatar)
            {
                *known = obstacle;
            }
        }
    }

    fn place_obstacle(&mut self, obstacle: &mut Obstacle) {
        obstacle.is_near_loose = self.has_loose_thing_about(obstacle);
        let Some((body, idle_ticks)) = obstacle.body else {
            if obstacle.is_near_loose {
                obstacle.body = Some((self.spawn_obstacle(obstacle), 0));
            }
            return;
        };
        let idle_ticks = if obstacle.is_near_loose {
            0
        } else {
            idle_ticks + 1
        };
        if idle_ticks > STAY_TICKS {
            self.world.despawn(body);
            obstacle.body = None;
            return;
        }
        obstacle.body = Some((body, idle_ticks));
        self.move_obstacle(body, obstacle.center());
    }

    /// The engine takes it in with this step.
    fn spawn_obstacle(&mut self, obstacle: &Obstacle) -> Entity {
        let parts = (
            RigidBody::KinematicPositionBased,
            obstacle.collider(),
            CollisionGroups::new(AVATAR_GROUP, Group::all() & !AVATAR_GROUP),
            Transform::from_translation(obstacle.center()),
        );
        self.world.spawn(parts).id()
    }

    fn move_obstacle(&mut self, body: Entity, center: Vec3) {
        let handle = self.world.get::<RapierRigidBodyHandle>(body).copied();
        let is_jump = handle
            .and_then(|handle| self.rigid_bodies().bodies.get(handle.0))
            .is_some_and(|body| body.position().translation.distance(center) > LONGEST_STRIDE);
        if is_jump
            && let Some(handle) = handle
            && let Some(body) = self
                .rigid_bodies_mut()
                .and_then(|set| set.into_inner().bodies.get_mut(handle.0))
        {
            body.set_position(Pose::from_translation(center), true);
        }
        if let Some(mut transform) = self.world.get_mut::<Transform>(body)
            && transform.translation != center
        {
            transform.translation = center;
        }
    }

    fn has_loose_thing_about(&self, obstacle: &Obstacle) -> bool {
        let half = Vec3::new(
            AVATAR_RADIUS,
            height(obstacle.is_crouching) * 0.5,
            AVATAR_RADIUS,
        ) + Vec3::splat(LOOSE_METRES);
        let around = Aabb::from_half_extents(obstacle.center(), half);
        self.query(QueryFilter::only_dynamic(), |pipeline| {
            pipeline
                .intersect_aabb_conservative(around)
                .next()
                .is_some()
        })
        // Before there is a tree, nobody knows.
        .unwrap_or(true)
    }
}
