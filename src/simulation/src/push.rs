//! Pushing, at the authority: whoever presses against a loose thing moves it, as hard as a person can.

use crate::{
    avatar::height,
    filter::avatar_obstacles,
    rules::{AVATAR_MASS, AVATAR_RADIUS, MAX_PUSH_FORCE, PUSH_MARGIN, PUSH_SPEED, TICK_SECS},
    world::Simulation,
};
use glam::Vec3;
use rapier3d::prelude::{Aabb, Capsule, Pose, QueryFilter, RigidBodyHandle};

/// Something so near below the feet is stood on, in metres.
const STANDING_GAP: f32 = 0.08;
/// Most that a light thing is pressed down, metres a second squared.
const LIGHTEST_FOOTING: f32 = 60.0;
/// The pushing capsule ends so far above the feet, so that what one stands on is not pushed, in metres.
const ABOVE_FEET: f32 = 0.08;

impl Simulation {
    /// Pushes what is within [`PUSH_MARGIN`] of a person's sides, and weighs on what they stand on: a seesaw tips. The
    /// client's own motion stops at its capsule, so only who walks against a thing comes so near.
    pub fn push_around(&mut self, feet: Vec3, is_crouching: bool) {
        if !feet.is_finite() || !self.has_loose_body_near(feet, is_crouching) {
            return;
        }
        self.weigh_on_ground(feet);
        for (handle, away, depth) in self.pressed(feet, is_crouching, QueryFilter::only_dynamic()) {
            let Some(body) = self
                .rigid_bodies_mut()
                .and_then(|set| set.into_inner().bodies.get_mut(handle))
            else {
                continue;
            };
            let wished = PUSH_SPEED * (depth / PUSH_MARGIN).min(1.0);
            let missing = wished - body.linvel().dot(away);
            if missing > 0.0 {
                let impulse = (missing * body.mass()).min(MAX_PUSH_FORCE * TICK_SECS);
                body.apply_impulse(away * impulse, true);
            }
        }
    }

    /// Most people have nothing loose about them: one look at the tree tells.
    fn has_loose_body_near(&self, feet: Vec3, is_crouching: bool) -> bool {
        let reach = Vec3::new(1.0, 0.0, 1.0) * (AVATAR_RADIUS + PUSH_MARGIN);
        let around = Aabb::new(
            feet - reach - Vec3::Y * STANDING_GAP,
            feet + reach + Vec3::Y * height(is_crouching),
        );
        let filter = QueryFilter::only_dynamic().exclude_sensors();
        let has_one = self.query(filter, |pipeline| {
            pipeline
                .intersect_aabb_conservative(around)
                .next()
                .is_some()
        });
        has_one.unwrap_or(false)
    }

    fn weigh_on_ground(&mut self, feet: Vec3) {
        let weight = AVATAR_MASS * self.gravity_at(feet) * TICK_SECS;
        let Some((handle, point)) = self.ground_below(feet, STANDING_GAP) else {
            return;
        };
        let bodies = self.rigid_bodies_mut();
        if let Some(body) = bodies
            .and_then(|set| set.into_inner().bodies.get_mut(handle))
            .filter(|body| body.is_dynamic())
        {
            // Upon something light a person balances rather than rams it into the ground.
            let held = weight.min(body.mass() * LIGHTEST_FOOTING * TICK_SECS);
            body.apply_impulse_at_point(Vec3::NEG_Y * held, point, true);
        }
    }

    /// Loose things beside a person or below them, whoever moves them here.
    pub(crate) fn touched(&self, feet: Vec3, is_crouching: bool) -> Vec<usize> {
        let beside = self.pressed(feet, is_crouching, QueryFilter::default());
        let below = self.ground_below(feet, STANDING_GAP);
        let handles = beside.into_iter().map(|(handle, _, _)| handle);
        let handles = handles.chain(below.map(|(handle, _)| handle));
        let indices = handles.filter_map(|handle| self.index_of_handle(handle));
        indices
            .filter(|index| {
                self.bodies()
                    .get(*index)
                    .is_some_and(|body| body.is_dynamic)
            })
            .collect()
    }

    /// Bodies beside a person: handle, direction away from the person, how deep in the margin.
    fn pressed(
        &self,
        feet: Vec3,
        is_crouching: bool,
        filter: QueryFilter<'_>,
    ) -> Vec<(RigidBodyHandle, Vec3, f32)> {
        let radius = AVATAR_RADIUS + PUSH_MARGIN;
        let (low, high) = (feet.y + ABOVE_FEET, feet.y + height(is_crouching));
        let half = ((high - low) * 0.5 - radius).max(0.01);
        let center = Vec3::new(feet.x, (low + high) * 0.5, feet.z);
        let capsule = Capsule::new_y(half, radius);
        let filter = filter.exclude_sensors().groups(avatar_obstacles());
        let near = self.query(filter, |pipeline| {
            let mut near = Vec::new();
            for (_, collider) in pipeline.intersect_shape(Pose::from_translation(center), &capsule)
            {
                let Some(parent) = collider.parent() else {
                    continue;
                };
                let middle = Vec3::new(
                    feet.x,
                    collider.position().translation.y.clamp(low, high),
                    feet.z,
                );
                let nearest = collider
                    .shape()
                    .project_point(collider.position(), middle, true);
                let outward = if nearest.is_inside {
                    collider.position().translation - middle
                } else {
                    nearest.point - middle
                };
                let flat = Vec3::new(outward.x, 0.0, outward.z);
                let depth = if nearest.is_inside {
                    radius
                } else {
                    radius - flat.length()
                };
                if let Some(away) = flat.try_normalize().filter(|_| depth > 0.0) {
                    near.push((parent, away, depth));
                }
            }
            near
        });
        near.unwrap_or_default()
    }
}
