//! The server's memory of quantised states, shared by all clients: recorded once a send.

use crate::interest::{Cell, Grid};
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

/// Comings and goings that are remembered for clients that have not seen them yet.
const MAX_CHANGES: usize = 1024;
/// Sends after which somebody who stopped counts as having come to rest, for those who look seldom.
const REST_SENDS: u64 = 2;
/// What has not moved for so many sends rests, and rouses those who look at it seldom when it stirs. Who turns slowly is
/// still in many sends between two steps of the quantiser, and is watched all the while.
pub(crate) const RESTED_SENDS: u64 = 8;
/// Factor of what is in somebody's hand.
const HELD_WEIGHT: f32 = 2.0;
/// Least factor: nobody is forgotten.
const LEAST_WEIGHT: f32 = 0.01;

/// What is looked at of an entity for every client, kept together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glance {
    pub(crate) id: EntityId,
    pub(crate) position: Vec3,
    pub(crate) size_metres: f32,
    pub(crate) weight: f32,
    /// Send from which on the newest state was so.
    pub(crate) newest_since: u64,
    /// Send from which on states are remembered.
    pub(crate) oldest_since: u64,
    pub(crate) is_present: bool,
    pub(crate) is_still: bool,
}

/// One entity and its distinct states.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) id: EntityId,
    cell: Cell,
    /// (send from which on it was so, state), oldest first; never empty.
    states: VecDeque<(u64, EntityState)>,
    recorded: u64,
}

impl Track {
    /// Newest state.
    pub(crate) fn newest(&self) -> &EntityState {
        &self.states[self.states.len() - 1].1
    }

    /// State at a send; none when it is forgotten.
    pub(crate) fn at(&self, send: u64) -> Option<&EntityState> {
        // Where there is a state of each send, this is it; where there are fewer, it is one of the next.
        let back = self.recorded.saturating_sub(send) as usize;
        let mut index = (self.states.len() - 1).saturating_sub(back);
        while let Some((since, _)) = self.states.get(index + 1)
            && *since <= send
        {
            index += 1;
        }
        let (since, state) = &self.states[index];
        (*since <= send).then_some(state)
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
    /// Of each track.
    glances: Vec<Glance>,
    grid: Grid,
    /// What began to move with the newest send, or came to rest a little before.
    roused: Vec<Place>,
    /// What came to rest with each of the last sends, the newest last.
    stopped: VecDeque<Vec<Place>>,
    /// Where somebody came or left, the newest last; the last one's number is `membership`.
    changes: VecDeque<Place>,
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
    pub fn record(&mut self, tick: u64, entities: &[(EntityId, EntityState, Salience)]) {
        self.send += 1;
        if self.ticks.len() >= HISTORY_SENDS as usize {
            self.ticks.pop_front();
        }
        let previous_tick = self.ticks.back().copied();
        self.ticks.push_back(tick);
        let elapsed_secs = previous_tick.map_or(1.0, |previous| {
            tick.saturating_sub(previous).max(1) as f32 / TICKS_PER_SECOND as f32
        });
        self.roused.clear();
        let mut stopped = if self.stopped.len() as u64 > REST_SENDS {
            self.stopped.pop_front().unwrap_or_default()
        } else {
            Vec::new()
        };
        stopped.clear();
        for (id, state, salience) in entities {
            let place = self.place_of(*id, state);
            self.record_one(place, state, salience, elapsed_secs, &mut stopped);
        }
        self.stopped.push_back(stopped);
        self.rouse_rested();
        self.drop_absent();
    }

    fn record_one(
        &mut self,
        place: Place,
        state: &EntityState,
        salience: &Salience,
        elapsed_secs: f32,
        stopped: &mut Vec<Place>,
    ) {
        let track = &mut self.tracks[place as usize];
        track.recorded = self.send;
        let (since, previous) = track
            .states
            .back()
            .map_or((self.send, None), |(since, state)| (*since, Some(state)));
        let state = refine(previous, *state, elapsed_secs);
        let was_still = previous.is_some_and(|previous| previous.is_still);
        let has_rested = self.send - since >= RESTED_SENDS;
        if previous.is_none_or(|last| *last != state) {
            track.push(self.send, state);
        }
        match (was_still, state.is_still) {
            (true, false) if has_rested => self.roused.push(place),
            (false, true) => stopped.push(place),
            _ => {}
        }
        let position = state.position_in_world();
        let cell = Grid::cell_of(position);
        if cell != track.cell {
            self.grid.remove(track.cell, place);
            self.grid.insert(cell, place);
            track.cell = cell;
        }
        let held = if state.parent.is_some() {
            HELD_WEIGHT
        } else {
            1.0
        };
        let (oldest, newest) = (track.states.front(), track.states.back());
        self.glances[place as usize] = Glance {
            id: track.id,
            position,
            size_metres: salience.size_metres,
            weight: salience.weight.max(LEAST_WEIGHT) * held,
            newest_since: newest.map_or(0, |(since, _)| *since),
            oldest_since: oldest.map_or(0, |(since, _)| *since),
            is_present: true,
            is_still: state.is_still,
        };
    }

    /// Adds what came to rest some sends ago, and still rests, to what is roused: its last state shall go to those who
    /// look at it seldom. What only pauses for a send is not worth their while.
    fn rouse_rested(&mut self) {
        let Some(at) = self.send.checked_sub(REST_SENDS) else {
            return;
        };
        if self.stopped.len() as u64 <= REST_SENDS {
            return;
        }
        let glances = &self.glances;
        let rested = self.stopped.front().into_iter().flatten().filter(|place| {
            let glance = &glances[**place as usize];
            glance.is_still && glance.newest_since == at
        });
        self.roused.extend(rested);
    }

    fn place_of(&mut self, id: EntityId, state: &EntityState) -> Place {
        if let Some(place) = self.places.get(&id) {
            return *place;
        }
        let position = state.position_in_world();
        let cell = Grid::cell_of(position);
        let glance = Glance {
            id,
            position,
            size_metres: 0.0,
            weight: LEAST_WEIGHT,
            newest_since: self.send,
            oldest_since: self.send,
            is_present: true,
            is_still: false,
        };
        let place = if let Some(place) = self.free.pop() {
            self.glances[place as usize] = glance;
            place
        } else {
            self.tracks.push(Track {
                id,
                cell,
                states: VecDeque::new(),
                recorded: 0,
            });
            self.glances.push(glance);
            self.tracks.len() as Place - 1
        };
        let track = &mut self.tracks[place as usize];
        track.id = id;
        track.cell = cell;
        track.states.clear();
        self.grid.insert(cell, place);
        self.places.insert(id, place);
        self.present.push(place);
        self.note_change(place);
        place
    }

    fn drop_absent(&mut self) {
        let mut index = 0;
        while index < self.present.len() {
            let place = self.present[index];
            let track = &self.tracks[place as usize];
            if track.recorded == self.send {
                index += 1;
                continue;
            }
            self.glances[place as usize].is_present = false;
            self.grid.remove(track.cell, place);
            self.places.remove(&track.id);
            self.free.push(place);
            self.present.swap_remove(index);
            self.note_change(place);
        }
    }

    fn note_change(&mut self, place: Place) {
        self.membership += 1;
        if self.changes.len() >= MAX_CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(place);
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

    /// Calls `visit` with the places of all present entities within a distance of a point, and perhaps a little beyond.
    pub(crate) fn visit_near(&self, center: Vec3, radius: f32, visit: impl FnMut(Place)) {
        self.grid.visit_near(center, radius, visit);
    }

    /// What began to move with the newest send, or came to rest a little before.
    pub(crate) fn roused(&self) -> &[Place] {
        &self.roused
    }

    /// Places of the comings and goings after the one with this number; none when some are forgotten.
    pub(crate) fn changes_since(&self, membership: u64) -> Option<impl Iterator<Item = &Place>> {
        let count = usize::try_from(self.membership.checked_sub(membership)?).ok()?;
        let first = self.changes.len().checked_sub(count)?;
        Some(self.changes.range(first..))
    }

    /// Grows whenever an entity comes or goes.
    pub(crate) const fn membership(&self) -> u64 {
        self.membership
    }

    pub(crate) fn track(&self, place: Place) -> &Track {
        &self.tracks[place as usize]
    }

    pub(crate) fn glance(&self, place: Place) -> &Glance {
        &self.glances[place as usize]
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
