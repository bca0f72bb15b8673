//! Rays and sweeps through the world as it stands after the last tick.

use crate::{
    filter::{avatar_obstacles, ray_obstacles},
    rules::{AVATAR_RADIUS, CROUCHING_HEIGHT, GROUND_SNAP, MAX_STEP, SKIN},
    world::Simulation,
};
use glam::Vec3;
use rapier3d::{
    parry::query::ShapeCastOptions,
    prelude::{
        Ball, Capsule, Collider, ColliderHandle, Pose, QueryFilter, QueryPipeline, Ray,
        RigidBodyHandle, RigidBodySet, Shape,
    },
};

/// Rays to the ground start so far above the feet, in metres.
const RAY_LIFT: f32 = 0.3;

/// What a ray or sweep met first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Metres along the ray.
    pub distance: f32,
    /// Where, world space.
    pub point: Vec3,
    /// Index in [`Simulation::bodies`], when it is a body that moves.
    pub body: Option<usize>,
    /// Id of the thing that it is, when somebody [placed](Simulation::add_thing) it.
    pub thing: Option<u64>,
}

impl Simulation {
    /// First thing along a ray, `direction` of unit length.
    #[must_use]
    pub fn cast_ray(&self, origin: Vec3, direction: Vec3, limit: f32) -> Option<Hit> {
        let ray = Ray::new(origin, direction);
        self.query(
            QueryFilter::default()
                .exclude_sensors()
                .groups(ray_obstacles()),
            |pipeline| {
                let (collider, distance) = pipeline.cast_ray(&ray, limit, true)?;
                Some(Hit {
                    distance,
                    point: origin + direction * distance,
                    body: self.body_of_collider(collider),
                    thing: self.thing_of_collider(collider),
                })
            },
        )?
    }

    /// How far a ball can move along `direction` (unit length) before it touches something, at most `limit`: for cameras.
    #[must_use]
    pub fn cast_ball(&self, origin: Vec3, direction: Vec3, radius: f32, limit: f32) -> f32 {
        self.sweep(
            &Ball::new(radius),
            origin,
            direction * limit,
            QueryFilter::default()
                .exclude_sensors()
                .groups(ray_obstacles()),
        )
        .map_or(limit, |fraction| fraction * limit)
    }

    /// Share of a motion that a capsule can make before it meets a wall; `None` when all of it.
    pub(crate) fn sweep_walls(
        &self,
        from: Vec3,
        motion: Vec3,
        half_height: f32,
        radius: f32,
    ) -> Option<f32> {
        let is_wall = |_: ColliderHandle, collider: &Collider| {
            let body = collider.parent();
            body.is_none_or(|body| {
                self.index_of_handle(body)
                    .is_none_or(|index| self.is_wall(index))
            })
        };
        let filter = QueryFilter::exclude_dynamic()
            .exclude_sensors()
            .groups(avatar_obstacles())
            .predicate(&is_wall);
        self.sweep(&Capsule::new_y(half_height, radius), from, motion, filter)
    }

    /// True when somebody has room there at least to crouch, with their feet at `feet`; what is no higher than a step is in
    /// nobody's way.
    #[must_use]
    pub fn has_room(&self, feet: Vec3) -> bool {
        let radius = AVATAR_RADIUS - SKIN;
        let (low, high) = (MAX_STEP + radius, CROUCHING_HEIGHT - radius);
        let center = feet + Vec3::Y * (low + high) * 0.5;
        self.is_free(center, (high - low) * 0.5, radius, None)
    }

    /// True when a capsule at a place touches nothing solid, but for one body.
    pub(crate) fn is_free(
        &self,
        center: Vec3,
        half_height: f32,
        radius: f32,
        but_for: Option<RigidBodyHandle>,
    ) -> bool {
        let filter = QueryFilter {
            exclude_rigid_body: but_for,
            ..QueryFilter::default()
        };
        let filter = filter.exclude_sensors().groups(avatar_obstacles());
        let capsule = Capsule::new_y(half_height, radius);
        self.query(filter, |pipeline| {
            pipeline
                .intersect_shape(Pose::from_translation(center), &capsule)
                .next()
                .is_none()
        })
        .unwrap_or(true)
    }

    fn sweep(
        &self,
        shape: &dyn Shape,
        from: Vec3,
        motion: Vec3,
        filter: QueryFilter<'_>,
    ) -> Option<f32> {
        if motion.length_squared() < 1e-12 {
            return None;
        }
        let options = ShapeCastOptions {
            stop_at_penetration: false,
            ..ShapeCastOptions::with_max_time_of_impact(1.0)
        };
        self.query(filter, |pipeline| {
            pipeline
                .cast_shape(&Pose::from_translation(from), motion, shape, options)
                .map(|(_, hit)| hit.time_of_impact)
        })?
    }

    /// What a person's feet stand on, when it is a body: its handle and where. What is carried carries nobody.
    pub(crate) fn ground_below(&self, feet: Vec3, reach: f32) -> Option<(RigidBodyHandle, Vec3)> {
        self.ground_below_point(feet + Vec3::Y * RAY_LIFT, RAY_LIFT + reach)
    }

    /// The body that is met first straight below a point, and where.
    pub(crate) fn ground_below_point(
        &self,
        origin: Vec3,
        reach: f32,
    ) -> Option<(RigidBodyHandle, Vec3)> {
        let ray = Ray::new(origin, Vec3::NEG_Y);
        let filter = QueryFilter::default()
            .exclude_sensors()
            .groups(avatar_obstacles());
        let (collider, distance) =
            self.query(filter, |pipeline| pipeline.cast_ray(&ray, reach, true))??;
        let body = self.colliders()?.colliders.get(collider)?.parent()?;
        Some((body, origin + Vec3::NEG_Y * distance))
    }

    /// Index of what somebody stands on, when the tick moves it.
    pub(crate) fn animated_ground(&self, feet: Vec3) -> Option<usize> {
        let (handle, _) = self.ground_below(feet, GROUND_SNAP)?;
        self.animated_index(handle)
    }

    /// Index of a body that the tick moves.
    pub(crate) fn animated_index(&self, handle: RigidBodyHandle) -> Option<usize> {
        let index = self.index_of_handle(handle)?;
        self.bodies().get(index)?.is_animated.then_some(index)
    }

    /// Runs a query on the engine's tree; `None` before there is one.
    pub(crate) fn query<T>(
        &self,
        filter: QueryFilter<'_>,
        ask: impl FnOnce(&QueryPipeline<'_>) -> T,
    ) -> Option<T> {
        let (engine, colliders) = (self.engine()?, self.colliders()?);
        let pipeline = engine.broad_phase.as_query_pipeline(
            engine.narrow_phase.query_dispatcher(),
            &self.rigid_bodies().bodies,
            &colliders.colliders,
            filter,
        );
        Some(ask(&pipeline))
    }

    /// The tree as the character controller shall see it: without bodies, so that it does not add the motion of
    /// platforms, which is ours to add once.
    pub(crate) fn query_as_fixed<T>(
        &self,
        filter: QueryFilter<'_>,
        ask: impl FnOnce(&QueryPipeline<'_>) -> T,
    ) -> Option<T> {
        let (engine, colliders) = (self.engine()?, self.colliders()?);
        let nothing = RigidBodySet::new();
        let pipeline = engine.broad_phase.as_query_pipeline(
            engine.narrow_phase.query_dispatcher(),
            &nothing,
            &colliders.colliders,
            filter,
        );
        Some(ask(&pipeline))
    }

    pub(crate) fn body_of_collider(&self, collider: ColliderHandle) -> Option<usize> {
        let parent = self.colliders()?.colliders.get(collider)?.parent()?;
        self.index_of_handle(parent)
    }
}
