//! The server's memory of quantised states, shared by all clients: recorded once a send.

use crate::state::EntityState;
use glam::Vec3;
use protocol::quantisation::VELOCITY;
use protocol::{EntityId, TICKS_PER_SECOND};
use std::collections::{HashMap, VecDeque};

/// Sends that the history reaches back.
pub(crate) const HISTORY_SENDS: u64 = 64;
/// Largest error of a velocity that receivers derive from motion, in metres a second: above it, it travels.
const VELOCITY_TOLERANCE: f32 = 0.6;

/// How much an entity matters, besides where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Salience {
    /// Radius of its bounds in metres: larger things matter from further away.
    pub size_metres: f32,
    /// Factor: 4 speaking, held or thrown; 2 avatars; 1 moving things.
    pub weight: f32,
}

impl Salience {
    /// Of an ordinary avatar.
    pub const AVATAR: Self = Self {
        size_metres: 1.0,
        weight: 2.0,
    };
}

/// Position of an entity in the history's tables; given to another entity only after it is gone.
pub(crate) type Place = u32;

/// One entity and its distinct states.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) id: EntityId,
    pub(crate) is_present: bool,
    pub(crate) salience: Salience,
    pub(crate) position: Vec3,
    /// (send from which on it was so, state), oldest first; never empty.
    states: VecDeque<(u64, EntityState)>,
    recorded: u64,
}

impl Track {
    /// Newest state.
    pub(crate) fn newest(&self) -> &EntityState {
        &self.states[self.states.len() - 1].1
    }

    /// Send from which on the newest state was so.
    pub(crate) fn newest_since(&self) -> u64 {
        self.states[self.states.len() - 1].0
    }

    /// State at a send; none when it is forgotten.
    pub(crate) fn at(&self, send: u64) -> Option<&EntityState> {
        self.states
            .iter()
            .rev()
            .find(|(since, _)| *since <= send)
            .map(|(_, state)| state)
    }

    fn push(&mut self, send: u64, state: EntityState) {
        if self.states.len() >= HISTORY_SENDS as usize {
            self.states.pop_front();
        }
        self.states.push_back((send, state));
    }
}

/// States of every entity at the last 64 sends.
#[derive(Debug, Default)]
pub struct SharedHistory {
    send: u64,
    /// Ticks of the sends, the newest last.
    ticks: VecDeque<u64>,
    tracks: Vec<Track>,
    places: HashMap<EntityId, Place>,
    free: Vec<Place>,
    present: Vec<Place>,
    membership: u64,
}

impl SharedHistory {
    /// An empty world.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records the world at `tick`, which must grow from call to call. Entities that were there before and are
    /// not named now are gone, and their ids must not come back. Call once per send, before encoding for any client.
    pub fn record(
        &mut self,
        tick: u64,
        entities: impl IntoIterator<Item = (EntityId, EntityState, Salience)>,
    ) {
        self.send += 1;
        if self.ticks.len() >= HISTORY_SENDS as usize {
            self.ticks.pop_front();
        }
        let previous_tick = self.ticks.back().copied();
        self.ticks.push_back(tick);
        let elapsed_secs = previous_tick.map_or(1.0, |previous| {
            tick.saturating_sub(previous).max(1) as f32 / TICKS_PER_SECOND as f32
        });
        for (id, state, salience) in entities {
            let place = self.place_of(id, &state);
            let track = &mut self.tracks[place as usize];
            track.salience = salience;
            track.recorded = self.send;
            track.position = state.position_in_world();
            let state = refine(
                track.states.back().map(|(_, state)| state),
                state,
                elapsed_secs,
            );
            if track.states.back().is_none_or(|(_, last)| *last != state) {
                track.push(self.send, state);
            }
        }
        self.drop_absent();
    }

    fn place_of(&mut self, id: EntityId, state: &EntityState) -> Place {
        if let Some(place) = self.places.get(&id) {
            return *place;
        }
        self.membership += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.tracks.push(Track {
                id,
                is_present: false,
                salience: Salience::AVATAR,
                position: state.position_in_world(),
                states: VecDeque::new(),
                recorded: 0,
            });
            self.tracks.len() as Place - 1
        });
        let track = &mut self.tracks[place as usize];
        track.id = id;
        track.is_present = true;
        track.states.clear();
        self.places.insert(id, place);
        self.present.push(place);
        place
    }

    fn drop_absent(&mut self) {
        let mut index = 0;
        while index < self.present.len() {
            let place = self.present[index];
            let track = &mut self.tracks[place as usize];
            if track.recorded == self.send {
                index += 1;
                continue;
            }
            track.is_present = false;
            self.places.remove(&track.id);
            self.free.push(place);
            self.present.swap_remove(index);
            self.membership += 1;
        }
    }

    /// Tick of the newest record; zero before the first.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.ticks.back().copied().unwrap_or(0)
    }

    /// Number of the newest record; the sequence number of the snapshots made from it.
    pub(crate) const fn send(&self) -> u64 {
        self.send
    }

    /// Tick of a send; none when it is forgotten.
    pub(crate) fn tick_of(&self, send: u64) -> Option<u64> {
        let back = usize::try_from(self.send.checked_sub(send)?).ok()?;
        let index = self.ticks.len().checked_sub(back + 1)?;
        self.ticks.get(index).copied()
    }

    /// Places of all present entities, in no particular order.
    pub(crate) fn present(&self) -> &[Place] {
        &self.present
    }

    /// Grows whenever an entity comes or goes.
    pub(crate) const fn membership(&self) -> u64 {
        self.membership
    }

    pub(crate) fn track(&self, place: Place) -> &Track {
        &self.tracks[place as usize]
    }

    /// Newest state of an entity, as receivers will have it.
    #[must_use]
    pub fn state(&self, id: EntityId) -> Option<&EntityState> {
        self.places
            .get(&id)
            .map(|place| self.tracks[*place as usize].newest())
    }

    /// Newest states of all entities.
    pub fn states(&self) -> impl Iterator<Item = (EntityId, &EntityState)> {
        self.present.iter().map(|place| {
            let track = &self.tracks[*place as usize];
            (track.id, track.newest())
        })
    }
}

/// Marks stillness, and keeps the velocity only where motion does not tell it.
fn refine(previous: Option<&EntityState>, state: EntityState, elapsed_secs: f32) -> EntityState {
    let mut refined = EntityState {
        is_still: previous.is_some_and(|previous| previous.looks_like(&state)),
        ..state
    };
    let actual = state.velocity_in_world().unwrap_or(Vec3::ZERO);
    let derived = match previous {
        Some(previous) if previous.teleport == state.teleport => {
            (state.position_in_world() - previous.position_in_world()) / elapsed_secs
        }
        _ => Vec3::ZERO,
    };
    let tolerance = VELOCITY_TOLERANCE + VELOCITY.step();
    if refined.is_still || actual.distance_squared(derived) <= tolerance * tolerance {
        refined.velocity = None;
    }
    refined
}
