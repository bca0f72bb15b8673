//! The server's memory of quantised states, shared by all clients: recorded once a send.

use crate::state::EntityState;
use glam::Vec3;
use protocol::EntityId;
use std::collections::HashMap;

/// How much an entity matters, besides where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Salience {
    /// Radius of its bounds in metres: larger things matter from further away.
    pub size_metres: f32,
    /// Factor: 4 speaking, held or thrown; 2 avatars; 1 moving things.
    pub weight: f32,
}

/// States of every entity at the last 64 sends.
#[derive(Debug, Default)]
pub struct SharedHistory {
    tick: u64,
    entities: HashMap<EntityId, (EntityState, Salience, Vec3)>,
}

impl SharedHistory {
    /// An empty world.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records the world at `tick`, which must grow from call to call. Entities that were there before and are
    /// not named now are gone. Call once per send, before encoding for any client.
    pub fn record(
        &mut self,
        tick: u64,
        entities: impl IntoIterator<Item = (EntityId, EntityState, Salience)>,
    ) {
        self.tick = tick;
        self.entities.clear();
        for (id, state, salience) in entities {
            let position = state.position_in_world();
            self.entities.insert(id, (state, salience, position));
        }
    }

    /// Tick of the newest record.
    #[must_use]
    pub const fn tick(&self) -> u64 {
        self.tick
    }
}
