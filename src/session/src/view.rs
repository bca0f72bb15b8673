//! Everything that moves, as far as this participant has been told, at any moment.

use protocol::{EntityId, TICKS_PER_SECOND, TICKS_PER_SEND};
use replication::{
    Acknowledgement, Correction, DecodeError, EntityState, Interpolator, PlayoutDelay, Pose,
    ServerClock, SnapshotDecoder, StateCosts,
};
use std::collections::BTreeMap;

/// Seconds between two snapshots.
const SEND_SECS: f64 = TICKS_PER_SEND as f64 / TICKS_PER_SECOND as f64;
/// Seconds after a return in which entities of the visit before are kept, until the server names them again.
const CONFIRM_SECS: f64 = 2.0;

/// A clock that is further from the tick in a welcome, in ticks, tells nothing: the server had stood still. Ways of the
/// internet are shorter.
const CLOCK_FAULT_TICKS: f64 = TICKS_PER_SECOND as f64;

/// A step of the shown time beyond that of the frames is smoothed away, in ticks; usual ones are far smaller.
const TIME_JUMP_TICKS: f64 = 0.5;

/// How much of a snapshot is read when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reading {
    /// All of it.
    #[default]
    Whole,
    /// What stands before the entities, so that it is acknowledged; the view stays empty. A process that is many
    /// participants at once, and shares a machine with the server that it measures, records them and reads the rest when
    /// the measuring is over.
    Header,
}

/// Decoded snapshots on the server's time. Times are seconds of [`Session::now_secs`](crate::Session::now_secs).
#[derive(Debug)]
pub struct WorldView {
    reading: Reading,
    decoder: SnapshotDecoder,
    clock: ServerClock,
    delay: PlayoutDelay,
    entities: BTreeMap<EntityId, Entity>,
    newest_tick: Option<u64>,
    /// Until when entities that were not named again are kept.
    confirm_until: Option<f64>,
    counts: SnapshotCounts,
}

/// How many snapshots came, and how they fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct SnapshotCounts {
    pub(crate) used: u64,
    pub(crate) late: u64,
    pub(crate) broken: u64,
}

#[derive(Debug)]
struct Entity {
    interpolator: Interpolator,
    is_confirmed: bool,
}

impl WorldView {
    pub(crate) fn new(reading: Reading) -> Self {
        Self {
            reading,
            decoder: SnapshotDecoder::new(0).metering(),
            clock: ServerClock::new(),
            delay: PlayoutDelay::new(SEND_SECS),
            entities: BTreeMap::new(),
            newest_tick: None,
            confirm_until: None,
            counts: SnapshotCounts::default(),
        }
    }

    /// Calls `visit` with the pose of every known entity at local time `now_secs`, and with its state for what
    /// does not interpolate. Nothing before the first snapshot. One's own avatar is not among them.
    pub fn sample(&self, now_secs: f64, mut visit: impl FnMut(EntityId, Pose, &EntityState)) {
        let Some(playout_tick) = self.playout_tick(now_secs) else {
            return;
        };
        for (id, entity) in &self.entities {
            let pose = entity.interpolator.sample(playout_tick);
            visit(*id, pose, entity.interpolator.state_at(playout_tick));
        }
    }

    /// The pose of one entity at local time `now_secs`; `None` when it is not known.
    #[must_use]
    pub fn pose(&self, entity: EntityId, now_secs: f64) -> Option<Pose> {
        let playout_tick = self.playout_tick(now_secs)?;
        let entity = self.entities.get(&entity)?;
        Some(entity.interpolator.sample(playout_tick))
    }

    /// The newest state received of one entity, ahead of what is shown.
    #[must_use]
    pub fn newest_state(&self, entity: EntityId) -> Option<&EntityState> {
        Some(self.entities.get(&entity)?.interpolator.newest())
    }

    /// The newest state received of every entity with the server tick it is of, in the order of their ids.
    pub fn newest_states(&self) -> impl Iterator<Item = (EntityId, u64, &EntityState)> {
        self.entities.iter().map(|(id, entity)| {
            let interpolator = &entity.interpolator;
            (*id, interpolator.newest_tick(), interpolator.newest())
        })
    }

    /// Server tick of the newest snapshot; `None` before the first.
    #[must_use]
    pub const fn newest_tick(&self) -> Option<u64> {
        self.newest_tick
    }

    /// The newest that is known of one entity, ahead of what is shown: server tick, pose, state.
    #[must_use]
    pub fn news(&self, entity: EntityId) -> Option<(u64, Pose, &EntityState)> {
        let interpolator = &self.entities.get(&entity)?.interpolator;
        let newest = interpolator.newest();
        Some((
            interpolator.newest_tick(),
            interpolator.newest_pose(),
            newest,
        ))
    }

    /// True when the server has told of this entity and it is still there.
    #[must_use]
    pub fn contains(&self, entity: EntityId) -> bool {
        self.entities.contains_key(&entity)
    }

    /// Known entities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entities.len()
    }

    /// True while nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Server tick, with fraction, that is shown at local time `now_secs`.
    #[must_use]
    pub fn playout_tick(&self, now_secs: f64) -> Option<f64> {
        self.delay.playout_tick(&self.clock, now_secs)
    }

    /// Server tick, with fraction, whose snapshot would arrive at local time `now_secs`: the clock of one's own
    /// motion.
    #[must_use]
    pub fn server_tick(&self, now_secs: f64) -> Option<f64> {
        self.clock.tick_at(now_secs)
    }

    /// How long ago the server was in the newest state that has come, without the time that the fastest packet
    /// takes. Grows while nothing comes.
    #[must_use]
    pub fn state_age_secs(&self, now_secs: f64) -> Option<f64> {
        let tick = self.clock.tick_at(now_secs)?;
        Some((tick - self.newest_tick? as f64) / f64::from(TICKS_PER_SECOND))
    }

    /// How far behind the server's clock the world is shown, in seconds.
    #[must_use]
    pub const fn playout_delay_secs(&self) -> f64 {
        self.delay.delay_secs()
    }

    /// What the bits of the snapshots of this visit were spent on.
    #[must_use]
    pub fn costs(&self) -> StateCosts {
        self.decoder.costs().copied().unwrap_or_default()
    }

    pub(crate) const fn counts(&self) -> SnapshotCounts {
        self.counts
    }

    pub(crate) fn acknowledgement(&self) -> Option<Acknowledgement> {
        self.decoder.acknowledgement()
    }

    /// A visit begins. On a return what was known stays until the server has had time to name it again.
    pub(crate) fn begin_visit(&mut self, server_tick: u64, is_return: bool, now_secs: f64) {
        let is_same_run = self.newest_tick.is_none_or(|newest| newest <= server_tick);
        if is_return && is_same_run {
            for entity in self.entities.values_mut() {
                entity.is_confirmed = false;
            }
            self.confirm_until = Some(now_secs + CONFIRM_SECS);
            self.set_clock(server_tick, now_secs);
        } else {
            self.entities.clear();
            self.newest_tick = None;
            self.confirm_until = None;
            self.clock = ServerClock::new();
            self.delay = PlayoutDelay::new(SEND_SECS);
        }
        self.decoder = SnapshotDecoder::new(server_tick).metering();
    }

    /// The clock of the same world goes on, so that what is shown neither vanishes nor jumps; unless it is far from
    /// what the server says.
    fn set_clock(&mut self, server_tick: u64, now_secs: f64) {
        let (Some(estimate), Some(shown_tick)) =
            (self.server_tick(now_secs), self.playout_tick(now_secs))
        else {
            return;
        };
        if (estimate - server_tick as f64).abs() <= CLOCK_FAULT_TICKS {
            return;
        }
        self.clock = ServerClock::new();
        self.clock.observe(server_tick, now_secs);
        self.delay = PlayoutDelay::new(SEND_SECS);
        if let Some(playout_tick) = self.playout_tick(now_secs) {
            shift_time(&mut self.entities, shown_tick, playout_tick);
        }
    }

    /// Takes one state datagram; gives the correction that it carries.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        now_secs: f64,
    ) -> Result<Option<Correction>, DecodeError> {
        let read = match self.reading {
            Reading::Whole => self.decoder.decode(bytes),
            Reading::Header => self.decoder.decode_header(bytes),
        };
        let snapshot = match read {
            Ok(snapshot) => snapshot,
            Err(error) => {
                match error {
                    DecodeError::Late => self.counts.late += 1,
                    _ => self.counts.broken += 1,
                }
                return Err(error);
            }
        };
        let tick = snapshot.tick;
        let shown_tick = self.delay.playout_tick(&self.clock, now_secs);
        self.clock.observe(tick, now_secs);
        self.delay.observe(&self.clock, tick, now_secs);
        let playout_tick = self
            .delay
            .playout_tick(&self.clock, now_secs)
            .unwrap_or(tick as f64);
        if let Some(shown_tick) =
            shown_tick.filter(|shown| (playout_tick - shown).abs() > TIME_JUMP_TICKS)
        {
            shift_time(&mut self.entities, shown_tick, playout_tick);
        }
        for (id, state) in &snapshot.updates {
            match self.entities.get_mut(id) {
                Some(entity) => {
                    entity.interpolator.push(tick, state, playout_tick);
                    entity.is_confirmed = true;
                }
                None => {
                    let entity = Entity {
                        interpolator: Interpolator::new(tick, state),
                        is_confirmed: true,
                    };
                    self.entities.insert(*id, entity);
                }
            }
        }
        for id in &snapshot.removed {
            self.entities.remove(id);
        }
        self.newest_tick = Some(tick);
        self.counts.used += 1;
        let correction = snapshot.header.correction;
        if self.confirm_until.is_some_and(|until| now_secs > until) {
            self.confirm_until = None;
            self.entities.retain(|_, entity| entity.is_confirmed);
        }
        Ok(correction)
    }
}

/// What was shown at one tick is shown at another, and goes on from there.
fn shift_time(entities: &mut BTreeMap<EntityId, Entity>, shown_tick: f64, playout_tick: f64) {
    for entity in entities.values_mut() {
        entity.interpolator.shift_time(shown_tick, playout_tick);
    }
}
