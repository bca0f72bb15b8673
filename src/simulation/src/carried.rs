//! Places on what the tick moves: whoever stands on a lift goes along, also while nobody counts the ticks one by one.

use crate::world::Simulation;
use glam::{Affine3A, Vec3};

/// A place on a body that the file animates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CarriedPlace {
    body: usize,
    /// In the body's space, metres.
    local: Vec3,
}

impl CarriedPlace {
    /// The place on a body that is at a point of the world at a tick; `None` for a body that no animation moves.
    pub(crate) fn new(
        simulation: &Simulation,
        body: usize,
        point: Vec3,
        tick: u64,
    ) -> Option<Self> {
        let local = pose(simulation, body, tick)?
            .inverse()
            .transform_point3(point);
        local.is_finite().then_some(Self { body, local })
    }

    /// Where the place is at a tick, world space.
    pub(crate) fn at(&self, simulation: &Simulation, tick: u64) -> Option<Vec3> {
        let point = pose(simulation, self.body, tick)?.transform_point3(self.local);
        point.is_finite().then_some(point)
    }
}

fn pose(simulation: &Simulation, body: usize, tick: u64) -> Option<Affine3A> {
    let body = simulation
        .bodies()
        .get(body)
        .filter(|body| body.is_animated)?;
    let (position, rotation) = simulation
        .animated
        .pose(simulation.scene(), body.node, tick)?;
    Some(Affine3A::from_rotation_translation(rotation, position))
}
