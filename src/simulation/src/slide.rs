//! A capsule moves through the world: slides along walls, walks up slopes and steps, keeps to the ground.
//!
//! rapier's character controller does the sliding. Steps and footing are our own: its steps end at three quarters of a
//! capsule's radius, and to it the steepest slope is ground.

use crate::{
    filter::avatar_obstacles,
    rules::{AVATAR_RADIUS, GROUND_SNAP, MAX_SLOPE, MAX_STEP, SKIN, TICK_SECS},
    world::Simulation,
};
use glam::Vec3;
use rapier3d::{
    control::{CharacterLength, KinematicCharacterController},
    parry::query::{ShapeCastHit, ShapeCastOptions},
    prelude::{Capsule, Pose, QueryFilter, QueryPipeline, Ray, RigidBodyHandle},
};

/// Less than this share of the wished way, and there is something in the way that may be a step.
const HINDERED: f32 = 0.95;
/// A step's top is looked for so far beyond the capsule, in metres.
const PROBE: f32 = 0.06;

/// What is under the feet after a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footing {
    /// Nothing.
    Air,
    /// Something too steep to stand on.
    Steep,
    /// Ground.
    Ground,
}

/// A move as it was made.
pub(crate) struct Slid {
    /// Metres.
    pub(crate) translation: Vec3,
    pub(crate) footing: Footing,
}

/// A capsule that is to be moved.
pub(crate) struct Mover {
    pub(crate) feet: Vec3,
    pub(crate) height: f32,
    /// Keeps to the ground and climbs steps.
    pub(crate) is_grounded: bool,
}

impl Mover {
    /// Moves by a wished translation, as far as the world lets it.
    pub(crate) fn slide(&self, simulation: &Simulation, wished: Vec3) -> Slid {
        let filter = QueryFilter::default()
            .exclude_sensors()
            .groups(avatar_obstacles());
        let slid = simulation.query_as_fixed(filter, |world| {
            let plain = self.walk(world, Vec3::ZERO, wished, self.is_grounded);
            let translation = if self.is_grounded {
                self.step_up(world, wished, plain).unwrap_or(plain)
            } else {
                plain
            };
            Slid {
                translation,
                footing: self.footing(world, translation),
            }
        });
        slid.unwrap_or(Slid {
            translation: wished,
            footing: Footing::Air,
        })
    }

    /// The way that is made of a wished one which somebody is carried by a body.
    pub(crate) fn carry(
        &self,
        simulation: &Simulation,
        wished: Vec3,
        carrier: RigidBodyHandle,
    ) -> Vec3 {
        let filter = QueryFilter::default()
            .exclude_sensors()
            .exclude_rigid_body(carrier)
            .groups(avatar_obstacles());
        let made =
            simulation.query_as_fixed(filter, |world| self.walk(world, Vec3::ZERO, wished, false));
        made.unwrap_or(wished)
    }

    fn capsule(&self) -> Capsule {
        Capsule::new_y(self.height * 0.5 - AVATAR_RADIUS, AVATAR_RADIUS)
    }

    /// Where the capsule is after a translation.
    fn pose(&self, translation: Vec3) -> Pose {
        Pose::from_translation(self.feet + translation + Vec3::Y * (self.height * 0.5 + SKIN))
    }

    fn walk(&self, world: &QueryPipeline<'_>, from: Vec3, wished: Vec3, is_snapping: bool) -> Vec3 {
        let controller = KinematicCharacterController {
            up: Vec3::Y,
            offset: CharacterLength::Absolute(SKIN),
            slide: true,
            autostep: None,
            max_slope_climb_angle: MAX_SLOPE,
            min_slope_slide_angle: MAX_SLOPE,
            snap_to_ground: is_snapping.then_some(CharacterLength::Absolute(GROUND_SNAP)),
            normal_nudge_factor: 1.0e-4,
        };
        let moved = controller.move_shape(
            TICK_SECS,
            world,
            &self.capsule(),
            &self.pose(from),
            wished,
            |_| {},
        );
        from + moved.translation
    }

    /// Tries the same way from as high as a step may be, and comes down there; only if there is something to stand on.
    fn step_up(&self, world: &QueryPipeline<'_>, wished: Vec3, plain: Vec3) -> Option<Vec3> {
        let flat = wished.with_y(0.0);
        let direction = flat.try_normalize()?;
        let progress = plain.dot(direction);
        if progress > flat.length() * HINDERED {
            return None;
        }
        let top = self.feet + direction * (AVATAR_RADIUS + SKIN + PROBE + flat.length());
        let top = ground_at(world, top, MAX_STEP, MAX_STEP + SKIN)?;
        if top.y < self.feet.y + SKIN {
            return None;
        }
        let lift = self
            .cast(world, Vec3::ZERO, Vec3::Y * MAX_STEP)
            .map_or(MAX_STEP, |hit| hit.time_of_impact * MAX_STEP);
        let lifted = self.walk(world, Vec3::Y * lift, flat, false);
        if lifted.dot(direction) < progress + 1.0e-3 {
            return None;
        }
        let drop = lifted.y.max(0.0);
        let fallen = self
            .cast(world, lifted, Vec3::NEG_Y * drop)
            .map_or(drop, |hit| hit.time_of_impact * drop);
        Some(lifted - Vec3::Y * fallen)
    }

    fn footing(&self, world: &QueryPipeline<'_>, translation: Vec3) -> Footing {
        let reach = SKIN * 1.5;
        let Some(hit) = self.cast(world, translation, Vec3::NEG_Y * reach) else {
            return Footing::Air;
        };
        if hit.normal1.y >= MAX_SLOPE.cos() {
            return Footing::Ground;
        }
        let feet = self.feet + translation;
        // A wall that one leans against is met before the ground that one stands on.
        if ground_at(world, feet, SKIN, reach).is_some() {
            return Footing::Ground;
        }
        // On the edge of a step the normal leans, while what the edge belongs to is level.
        let outward = (hit.witness1 - feet).with_y(0.0).normalize_or_zero();
        let beyond = hit.witness1.with_y(feet.y) + outward * SKIN;
        if ground_at(world, beyond, MAX_STEP, MAX_STEP).is_some_and(|top| top.y < feet.y + MAX_STEP)
        {
            Footing::Ground
        } else {
            Footing::Steep
        }
    }

    /// First touch on a way, as a share of it.
    fn cast(&self, world: &QueryPipeline<'_>, from: Vec3, way: Vec3) -> Option<ShapeCastHit> {
        let options = ShapeCastOptions {
            target_distance: SKIN,
            stop_at_penetration: false,
            max_time_of_impact: 1.0,
            compute_impact_geometry_on_penetration: true,
        };
        let hit = world.cast_shape(&self.pose(from), way, &self.capsule(), options);
        hit.map(|(_, hit)| hit)
    }
}

/// Ground that can be stood on, above or below a point by no more than `above` and `below`.
fn ground_at(world: &QueryPipeline<'_>, point: Vec3, above: f32, below: f32) -> Option<Vec3> {
    let origin = point + Vec3::Y * (above + SKIN);
    let ray = Ray::new(origin, Vec3::NEG_Y);
    let (_, hit) = world.cast_ray_and_get_normal(&ray, above + SKIN + below, true)?;
    let is_ground = hit.time_of_impact > 0.0 && hit.normal.y >= MAX_SLOPE.cos();
    is_ground.then(|| origin + Vec3::NEG_Y * hit.time_of_impact)
}
