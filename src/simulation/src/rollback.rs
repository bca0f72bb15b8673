//! Going back: the state of a world in a few dozen bytes a body, from which it goes on bit for bit.
//!
//! What the engine does next depends on more than poses and velocities: on contacts kept from the step before, on the
//! order of its lists and trees. All of it together is some three kilobytes a body in a heap. Instead of keeping that,
//! [`Rollback::save`] makes the running engine forget it: everything but the saved numbers is put back to how it was when
//! the `Rollback` was made, in the running world as in every one that is restored. Both then go on alike, because they
//! are alike. The price is one step whose contacts begin cold at each save.

use crate::world::{BodyState, Simulation};
use bevy_rapier3d::plugin::context::{
    RapierContextColliders, RapierContextSimulation, RapierRigidBodySet,
};
use glam::{Quat, Vec3};
use rapier3d::prelude::{
    CCDSolver, ColliderSet, DefaultBroadPhase, IslandManager, NarrowPhase, PhysicsPipeline, Pose,
    RigidBodySet, RigidBodyType,
};
use std::collections::BTreeSet;
use thiserror::Error;

/// Bytes before the bodies: tick, number of bodies.
const HEADER_BYTES: usize = 12;
/// Bytes of a body: 13 numbers of 4, the time since it could sleep, whether it sleeps.
const BODY_BYTES: usize = 57;

/// Why a state cannot be restored; the world is then as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// Of another length than this world's states have.
    #[error("the state is not of this world")]
    OtherWorld,
    /// A number that is none.
    #[error("the state is damaged")]
    Damaged,
}

/// What all states of a world have in common. Two worlds of the same scene have the same, when it is made before their
/// first step and no person's obstacle is in them.
pub struct Rollback {
    bodies: RigidBodySet,
    colliders: ColliderSet,
    islands: IslandManager,
    broad_phase: DefaultBroadPhase,
    narrow_phase: NarrowPhase,
    ccd_solver: CCDSolver,
}

#[derive(Clone, Copy)]
struct Saved {
    state: BodyState,
    can_sleep_secs: f32,
}

impl Rollback {
    /// Takes down what a world has before its first step; `None` when the engine is not there.
    #[must_use]
    pub fn new(simulation: &Simulation) -> Option<Self> {
        let engine = simulation.engine()?;
        Some(Self {
            bodies: simulation.rigid_bodies().bodies.clone(),
            colliders: simulation.colliders()?.colliders.clone(),
            islands: engine.islands.clone(),
            broad_phase: engine.broad_phase.clone(),
            narrow_phase: engine.narrow_phase.clone(),
            ccd_solver: engine.ccd_solver.clone(),
        })
    }

    /// Everything that was taken down, to be measured or serialised.
    #[must_use]
    pub const fn parts(
        &self,
    ) -> (
        &RigidBodySet,
        &ColliderSet,
        &IslandManager,
        &DefaultBroadPhase,
        &NarrowPhase,
        &CCDSolver,
    ) {
        (
            &self.bodies,
            &self.colliders,
            &self.islands,
            &self.broad_phase,
            &self.narrow_phase,
            &self.ccd_solver,
        )
    }

    /// The state of a world, which goes on from exactly that state.
    pub fn save(&self, simulation: &mut Simulation) -> Vec<u8> {
        let count = simulation.bodies().len();
        let mut bytes = Vec::with_capacity(HEADER_BYTES + count * BODY_BYTES);
        bytes.extend_from_slice(&simulation.tick().to_le_bytes());
        bytes.extend_from_slice(&(count as u32).to_le_bytes());
        for index in 0..count {
            saved_of(simulation, index).write(&mut bytes);
        }
        // Our own bytes are of this world, and what is not finite stays where the base has it.
        let _result = self.restore(simulation, &bytes);
        bytes
    }

    /// Goes back to a state.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn restore(&self, simulation: &mut Simulation, bytes: &[u8]) -> Result<(), RestoreError> {
        self.restore_with(simulation, bytes, |_| true)
    }

    /// Goes back to a state in which only some bodies move: the others stand where it has them, and cost next to
    /// nothing. For the few that must be simulated again.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn restore_island(
        &self,
        simulation: &mut Simulation,
        bytes: &[u8],
        island: &BTreeSet<usize>,
    ) -> Result<(), RestoreError> {
        self.restore_with(simulation, bytes, |index| island.contains(&index))
    }

    fn restore_with(
        &self,
        simulation: &mut Simulation,
        bytes: &[u8],
        is_moving: impl Fn(usize) -> bool,
    ) -> Result<(), RestoreError> {
        let count = simulation.bodies().len();
        let (tick, saved) = read(bytes, count)?;
        self.forget(simulation);
        simulation.put_tick(tick);
        for (index, saved) in saved.iter().enumerate() {
            put(simulation, index, saved, is_moving(index));
        }
        Ok(())
    }

    /// Everything as it was in the beginning.
    fn forget(&self, simulation: &mut Simulation) {
        let context = simulation.context();
        let world = &mut simulation.world;
        if let Some(mut set) = world.get_mut::<RapierRigidBodySet>(context) {
            set.bodies.clone_from(&self.bodies);
        }
        if let Some(mut set) = world.get_mut::<RapierContextColliders>(context) {
            set.colliders.clone_from(&self.colliders);
        }
        if let Some(mut engine) = world.get_mut::<RapierContextSimulation>(context) {
            engine.islands.clone_from(&self.islands);
            engine.broad_phase.clone_from(&self.broad_phase);
            engine.narrow_phase.clone_from(&self.narrow_phase);
            engine.ccd_solver.clone_from(&self.ccd_solver);
            engine.pipeline = PhysicsPipeline::new();
        }
    }
}

fn saved_of(simulation: &Simulation, index: usize) -> Saved {
    let body = simulation
        .handle(index)
        .and_then(|handle| simulation.rigid_bodies().bodies.get(handle));
    Saved {
        state: simulation.body(index).unwrap_or(BodyState {
            position: Vec3::ZERO,
            rotation: Quat::IDENTITY,
            linear_velocity: Vec3::ZERO,
            angular_velocity: Vec3::ZERO,
            is_sleeping: false,
        }),
        can_sleep_secs: body.map_or(0.0, |body| body.activation().time_since_can_sleep),
    }
}

fn put(simulation: &mut Simulation, index: usize, saved: &Saved, is_moving: bool) {
    let Some(handle) = simulation.handle(index) else {
        return;
    };
    let Some(body) = simulation
        .rigid_bodies_mut()
        .and_then(|set| set.into_inner().bodies.get_mut(handle))
    else {
        return;
    };
    let state = &saved.state;
    // As it is, bit for bit: a rotation is not made unit again.
    body.set_position(Pose::from_parts(state.position, state.rotation), true);
    if !body.is_dynamic() {
        return;
    }
    if !is_moving {
        body.set_body_type(RigidBodyType::Fixed, false);
        return;
    }
    body.set_linvel(state.linear_velocity, true);
    body.set_angvel(state.angular_velocity, true);
    if state.is_sleeping {
        body.sleep();
    }
    body.activation_mut().time_since_can_sleep = saved.can_sleep_secs;
}

impl Saved {
    fn write(&self, bytes: &mut Vec<u8>) {
        for number in self.numbers() {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.push(u8::from(self.state.is_sleeping));
    }

    fn numbers(&self) -> [f32; 14] {
        let state = &self.state;
        let [a, b, c] = state.position.to_array();
        let [d, e, f, g] = state.rotation.to_array();
        let [h, i, j] = state.linear_velocity.to_array();
        let [k, l, m] = state.angular_velocity.to_array();
        [a, b, c, d, e, f, g, h, i, j, k, l, m, self.can_sleep_secs]
    }

    fn read(row: &[u8]) -> Result<Self, RestoreError> {
        let number = |index: usize| {
            let at = index * 4;
            f32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]])
        };
        let vector = |at: usize| Vec3::new(number(at), number(at + 1), number(at + 2));
        let state = BodyState {
            position: vector(0),
            rotation: Quat::from_xyzw(number(3), number(4), number(5), number(6)),
            linear_velocity: vector(7),
            angular_velocity: vector(10),
            is_sleeping: row[BODY_BYTES - 1] != 0,
        };
        let can_sleep_secs = number(13);
        if state.is_believable() && can_sleep_secs.is_finite() {
            Ok(Self {
                state,
                can_sleep_secs,
            })
        } else {
            Err(RestoreError::Damaged)
        }
    }
}

fn read(bytes: &[u8], count: usize) -> Result<(u64, Vec<Saved>), RestoreError> {
    let (header, rows) = bytes
        .split_first_chunk::<HEADER_BYTES>()
        .ok_or(RestoreError::OtherWorld)?;
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *header;
    let tick = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let stated = u32::from_le_bytes([i, j, k, l]) as usize;
    if stated != count || rows.len() != count * BODY_BYTES {
        return Err(RestoreError::OtherWorld);
    }
    let saved = rows.chunks_exact(BODY_BYTES).map(Saved::read);
    Ok((tick, saved.collect::<Result<_, _>>()?))
}
