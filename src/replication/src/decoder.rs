//! The receiving end of snapshots.

use crate::costs::{Metering, StateCosts};
use crate::datagram::{Acknowledgement, DecodeError, MAX_DATAGRAM_BYTES, Reader, SnapshotHeader};
use crate::encoder::code_mask;
use crate::prediction::{Past, choose_past};
use crate::range_coder::RangeDecoder;
use crate::receive_log::ReceiveLog;
use crate::record::{
    Form, GAP_OF_RECORDS, GAP_OF_REMOVALS, Known, code_change, code_complete, code_form, code_gap,
    code_old_age,
};
use crate::state::{EntityState, Flags, Orientation};
use crate::training::{Counting, Reading, SymbolCounts};
use crate::view::{MASK_SENDS, MAX_SINCE_BASELINE, MAX_SLOTS};
use protocol::EntityId;
use std::collections::{HashMap, VecDeque};

/// Zero bytes that a body may be short of: trimmed ones, and those the decoder reads ahead.
const MAX_TRIMMED_BYTES: u32 = 64;
/// Samples kept of each entity: everything that may follow a baseline, and the baseline.
const KEPT_SAMPLES: usize = MAX_SINCE_BASELINE as usize + 2;

/// What one snapshot said. Valid until the next one is decoded.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DecodedSnapshot {
    /// Server tick of the states.
    pub tick: u64,
    /// Sequence number, for statistics.
    pub sequence: u64,
    /// Acknowledgements, timing, correction.
    pub header: SnapshotHeader,
    /// New states; an id not known before is a spawn.
    pub updates: Vec<(EntityId, EntityState)>,
    /// Entities that left the world or this client's range.
    pub removed: Vec<EntityId>,
}

/// A datagram of which all but the body has been read.
struct Opened<'a> {
    sequence: u64,
    tick: u64,
    header: SnapshotHeader,
    body: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    sequence: u64,
    tick: u64,
    state: EntityState,
}

/// One entity as received.
#[derive(Debug)]
struct Entity {
    id: EntityId,
    /// Sequence of the newest sample, and which snapshots up to it held one: bit n for `n` before it.
    newest: u64,
    held: u32,
    /// Oldest first.
    samples: VecDeque<Sample>,
}

/// Knows every entity that the server has told of, as of the newest snapshot.
#[derive(Debug, Default)]
pub struct SnapshotDecoder {
    log: ReceiveLog,
    snapshot: DecodedSnapshot,
    slots: Vec<Option<Entity>>,
    slot_of: HashMap<EntityId, usize>,
    /// Records and removals of the snapshot being read; they count only when all of it could be read.
    read: Vec<(usize, EntityId, EntityState)>,
    freed: Vec<usize>,
    /// Symbols seen, while tables are trained.
    counts: Option<SymbolCounts>,
    /// What was spent on what, where that is wanted.
    costs: Option<StateCosts>,
}

impl SnapshotDecoder {
    /// Knows nothing. `server_tick` is the tick of the welcome: the 16-bit ticks are restored next to it.
    #[must_use]
    pub fn new(server_tick: u64) -> Self {
        Self {
            snapshot: DecodedSnapshot {
                tick: server_tick,
                ..DecodedSnapshot::default()
            },
            ..Self::default()
        }
    }

    /// Reads one datagram. On an error nothing has changed, and nothing is acknowledged.
    ///
    /// # Errors
    /// [`DecodeError::Late`] for duplicates and datagrams older than the newest (drop them silently); the others
    /// when the bytes are not what [`Encoder::encode`](crate::Encoder::encode) writes.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<&DecodedSnapshot, DecodeError> {
        let opened = self.open(bytes)?;
        self.read_body(opened.body, opened.sequence, opened.tick)?;
        self.accept(&opened);
        self.commit(opened.sequence, opened.tick);
        Ok(&self.snapshot)
    }

    /// Reads what stands before the entities, and counts the datagram as received: for who keeps it and reads the
    /// entities later, with another decoder. One that has done this can [`Self::decode`] no more.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_header(&mut self, bytes: &[u8]) -> Result<&DecodedSnapshot, DecodeError> {
        let opened = self.open(bytes)?;
        self.accept(&opened);
        Ok(&self.snapshot)
    }

    fn open<'a>(&self, bytes: &'a [u8]) -> Result<Opened<'a>, DecodeError> {
        if bytes.len() > MAX_DATAGRAM_BYTES {
            return Err(DecodeError::TooLong);
        }
        let mut reader = Reader::new(bytes);
        let (sequence, tick, header) = SnapshotHeader::read(&mut reader)?;
        let sequence = sequence.nearest_to(self.snapshot.sequence);
        if self.log.newest().is_some_and(|newest| sequence <= newest) {
            return Err(DecodeError::Late);
        }
        Ok(Opened {
            sequence,
            tick: tick.nearest_to(self.snapshot.tick),
            header,
            body: reader.rest(),
        })
    }

    fn accept(&mut self, opened: &Opened<'_>) {
        self.log.insert(opened.sequence);
        self.snapshot.tick = opened.tick;
        self.snapshot.sequence = opened.sequence;
        self.snapshot.header = opened.header;
    }

    fn read_body(&mut self, bytes: &[u8], sequence: u64, tick: u64) -> Result<(), DecodeError> {
        self.read.clear();
        self.freed.clear();
        let mut coder = RangeDecoder::new(bytes);
        if let Some(mut counts) = self.counts.take() {
            let mut counting = Counting {
                coder,
                counts: &mut counts,
            };
            let result = self.read_lists(&mut counting, sequence, tick);
            self.counts = Some(counts);
            return result;
        }
        let Some(mut costs) = self.costs else {
            return self.read_lists(&mut coder, sequence, tick);
        };
        self.read_lists(&mut Metering::new(coder, &mut costs), sequence, tick)?;
        self.costs = Some(costs);
        Ok(())
    }

    fn read_lists(
        &mut self,
        coder: &mut impl Reading,
        sequence: u64,
        tick: u64,
    ) -> Result<(), DecodeError> {
        let acknowledged = code_mask(coder, 0);
        coder.cut();
        if acknowledged & !self.received_before(sequence) != 0 {
            return Err(DecodeError::Invalid("acknowledges what was not received"));
        }
        let mut next = 0;
        while let Some(slot) = next_slot(coder, GAP_OF_REMOVALS, next)? {
            self.freed.push(slot);
            next = slot + 1;
        }
        next = 0;
        while let Some(slot) = next_slot(coder, GAP_OF_RECORDS, next)? {
            let (id, state) = self.read_record(coder, slot, acknowledged, sequence, tick)?;
            coder.cut();
            self.read.push((slot, id, state));
            next = slot + 1;
            if coder.is_far_past_end(MAX_TRIMMED_BYTES) {
                return Err(DecodeError::Truncated);
            }
        }
        Ok(())
    }

    /// Which snapshots before `sequence` arrived: bit n for the one `n + 1` before it.
    fn received_before(&self, sequence: u64) -> u32 {
        let Some(newest) = self.log.newest() else {
            return 0;
        };
        let mask = self.log.acknowledgement().map_or(0, |log| log.mask);
        let all = (u64::from(mask) << 1) | 1;
        match sequence - newest {
            ahead @ 1..=32 => (all << (ahead - 1)) as u32,
            _ => 0,
        }
    }

    fn read_record(
        &self,
        coder: &mut impl Reading,
        slot: usize,
        acknowledged: u32,
        sequence: u64,
        tick: u64,
    ) -> Result<(EntityId, EntityState), DecodeError> {
        let entity = self.slots.get(slot).and_then(Option::as_ref);
        let held = entity.map_or(0, |entity| entity.held(sequence)) & acknowledged;
        let mut past = entity.and_then(|entity| entity.past(held, sequence));
        let known = past
            .as_ref()
            .map_or(Known::Nothing, |past| Known::of(past.baseline()));
        let mut form = code_form(coder, known, Form::Complete)?;
        if form == Form::OldBaseline {
            let age = u64::from(code_old_age(coder, 0));
            past = entity.and_then(|entity| entity.old_past(sequence.checked_sub(age)?));
            let known = past
                .as_ref()
                .map_or(Known::Nothing, |past| Known::of(past.baseline()));
            form = code_form(coder, known, Form::Complete)?;
        }
        match (form, entity, past) {
            (Form::Complete, _, _) => code_complete(coder, EntityId(0), &BLANK),
            (
                Form::Change {
                    is_still,
                    has_extras,
                },
                Some(entity),
                Some(past),
            ) => code_change(coder, &past, tick, is_still, has_extras, &BLANK)
                .map(|state| (entity.id, state)),
            _ => Err(DecodeError::Invalid(
                "refers to a state that was never sent",
            )),
        }
    }

    /// Makes what was read true.
    fn commit(&mut self, sequence: u64, tick: u64) {
        self.snapshot.updates.clear();
        self.snapshot.removed.clear();
        for slot in &self.freed {
            let Some(entity) = self.slots.get_mut(*slot).and_then(Option::take) else {
                continue;
            };
            if self.slot_of.get(&entity.id) == Some(slot) {
                self.slot_of.remove(&entity.id);
                self.snapshot.removed.push(entity.id);
            }
        }
        for (slot, id, state) in self.read.drain(..) {
            if self.slots.len() <= slot {
                self.slots.resize_with(slot + 1, || None);
            }
            let is_bound = self.slots[slot]
                .as_ref()
                .is_some_and(|entity| entity.id == id);
            if !is_bound {
                if let Some(other) = self.slots[slot].take() {
                    self.slot_of.remove(&other.id);
                    self.snapshot.removed.push(other.id);
                }
                if let Some(before) = self.slot_of.insert(id, slot) {
                    self.slots[before] = None;
                }
            }
            let entity = self.slots[slot].get_or_insert_with(|| Entity {
                id,
                newest: sequence,
                held: 0,
                samples: VecDeque::new(),
            });
            entity.push(Sample {
                sequence,
                tick,
                state,
            });
            self.snapshot.updates.push((id, state));
        }
    }

    /// Counts symbols from now on: how the frozen tables are trained.
    #[must_use]
    pub fn counting(mut self) -> Self {
        self.counts = Some(SymbolCounts::default());
        self
    }

    /// Adds up from now on what the bits of snapshots are spent on.
    #[must_use]
    pub fn metering(mut self) -> Self {
        self.costs = Some(StateCosts::default());
        self
    }

    /// What the bits were spent on since [`Self::metering`]; nothing without it.
    #[must_use]
    pub const fn costs(&self) -> Option<&StateCosts> {
        self.costs.as_ref()
    }

    /// The symbols counted so far.
    #[must_use]
    pub const fn symbol_counts(&self) -> Option<&SymbolCounts> {
        self.counts.as_ref()
    }

    /// What to put into the next client datagram.
    #[must_use]
    pub fn acknowledgement(&self) -> Option<Acknowledgement> {
        self.log.acknowledgement()
    }

    /// Newest state of an entity.
    #[must_use]
    pub fn state(&self, id: EntityId) -> Option<&EntityState> {
        let slot = self.slot_of.get(&id)?;
        self.slots.get(*slot)?.as_ref()?.newest()
    }

    /// Newest state of every entity, in no particular order.
    pub fn states(&self) -> impl Iterator<Item = (EntityId, &EntityState)> {
        self.slots
            .iter()
            .flatten()
            .filter_map(|entity| Some((entity.id, entity.newest()?)))
    }
}

/// The next slot of a gap list.
fn next_slot(
    coder: &mut impl Reading,
    list: usize,
    next: usize,
) -> Result<Option<usize>, DecodeError> {
    let gap = code_gap(coder, list, Some(0));
    coder.cut();
    let Some(gap) = gap else {
        return Ok(None);
    };
    let slot = next + gap as usize;
    if slot >= MAX_SLOTS {
        return Err(DecodeError::Invalid("slot out of range"));
    }
    Ok(Some(slot))
}

/// What the shared description of a record is given when it reads: it ignores the values.
const BLANK: EntityState = EntityState {
    position: [0; 3],
    orientation: Orientation::Heading { yaw: 0, pitch: 0 },
    velocity: None,
    flags: Flags(0),
    emote: 0,
    parent: None,
    teleport: 0,
    is_still: false,
};

impl Entity {
    fn newest(&self) -> Option<&EntityState> {
        self.samples.back().map(|sample| &sample.state)
    }

    fn push(&mut self, sample: Sample) {
        if self.samples.len() >= KEPT_SAMPLES {
            self.samples.pop_front();
        }
        let by = (sample.sequence - self.newest).min(u64::from(u64::BITS)) as u32;
        let shifted = u64::from(self.held).checked_shl(by).unwrap_or(0);
        self.held = shifted as u32 | 1;
        self.newest = sample.sequence;
        self.samples.push_back(sample);
    }

    /// Which snapshots before `sequence` held a record of it: bit n for the one `n + 1` before.
    fn held(&self, sequence: u64) -> u32 {
        let ahead = (sequence - self.newest).clamp(1, u64::from(MASK_SENDS) + 1) as u32;
        (u64::from(self.held) << (ahead - 1)) as u32
    }

    /// The states that a prediction uses when the server knows those in `known`, a part of [`Self::held`], to be here.
    fn past(&self, known: u32, sequence: u64) -> Option<Past<'_>> {
        let held = self.held(sequence);
        let mut chosen = choose_past(known);
        let mut past: Option<Past<'_>> = None;
        while chosen != 0 {
            let bit = chosen & chosen.wrapping_neg();
            chosen &= !bit;
            // There is a sample for each bit, the newest last: no other needs to be looked at.
            let newer = (held & (bit - 1)).count_ones() as usize;
            let index = self.samples.len().checked_sub(newer + 1)?;
            let sample = &self.samples[index];
            match &mut past {
                Some(past) => past.push(sample.tick, &sample.state),
                None => past = Some(Past::new(sample.tick, &sample.state)),
            }
        }
        past
    }

    /// The state of one snapshot as a baseline.
    fn old_past(&self, sequence: u64) -> Option<Past<'_>> {
        self.samples
            .iter()
            .rev()
            .find(|sample| sample.sequence == sequence)
            .map(|sample| Past::new(sample.tick, &sample.state))
    }
}
