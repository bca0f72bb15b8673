//! Records coded once for all clients that share a baseline. In a crowd most clients have acknowledged the same
//! sends, so that the work per client and entity is a look-up and a few steps of the range coder.

use crate::coder::{Coder, Preparer};
use crate::encoder::EncodeReport;
use crate::history::{Place, SharedHistory};
use crate::prediction::{Past, choose_past};
use crate::range_coder::Step;
use crate::record::{
    Form, Known, code_change, code_complete, code_form, code_old_age, needs_extras,
};
use crate::state::{EntityState, Kind};

/// What a record is coded against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Reference {
    /// Acknowledged sends used: bit n is `n + 1` sends ago; the lowest is the baseline.
    past: u32,
    /// Sends since a baseline that has left the masks; zero for none.
    old_age: u32,
}

impl Reference {
    /// A complete record.
    pub(crate) const NOTHING: Self = Self {
        past: 0,
        old_age: 0,
    };

    /// Against the acknowledged sends in `held` (not zero).
    pub(crate) fn acknowledged(held: u32) -> Self {
        Self {
            past: choose_past(held),
            old_age: 0,
        }
    }

    /// Against a baseline `age` sends ago.
    pub(crate) const fn old(age: u32) -> Self {
        Self {
            past: 0,
            old_age: age,
        }
    }

    fn hash(self) -> u64 {
        let both = u64::from(self.past) << 32 | u64::from(self.old_age);
        // Fibonacci hashing (Knuth, The Art of Computer Programming 6.4), and the high bits, which are the best, at both
        // ends.
        let product = both.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        product ^ product >> 32
    }

    /// Send of the baseline, for the snapshot of `send`.
    pub(crate) fn baseline_send(self, send: u64) -> Option<u64> {
        if self.past != 0 {
            return send.checked_sub(u64::from(self.past.trailing_zeros()) + 1);
        }
        if self.old_age == 0 {
            return None;
        }
        send.checked_sub(u64::from(self.old_age))
    }
}

/// A prepared record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Prepared {
    start: u32,
    /// In cost units.
    pub(crate) cost: u32,
    len: u16,
    is_complete: bool,
    is_avatar: bool,
}

impl Prepared {
    /// Adds the record to a report.
    pub(crate) fn count(&self, report: &mut EncodeReport) {
        report.records += 1;
        report.complete += u32::from(self.is_complete);
        let bits = self.cost / crate::coder::COST_UNIT;
        if self.is_avatar {
            report.avatar_bits += bits;
        } else {
            report.body_bits += bits;
        }
    }
}

/// A record of one entity against one reference, in a table of them.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Low bits of the send that it is from; others are as good as empty.
    send: u32,
    place: Place,
    reference: Reference,
    prepared: Prepared,
}

/// Records prepared for one send.
#[derive(Debug)]
pub(crate) struct Preparations {
    send: u64,
    /// A hash table of a power of two. Records against the same reference lie side by side in the order of their places,
    /// in which clients ask for them.
    entries: Vec<Entry>,
    count: usize,
    steps: Vec<Step>,
}

const FIRST_ENTRIES: usize = 1 << 10;
/// Entries for each record: few are looked at until one is found.
const ENTRIES_PER_RECORD: usize = 4;

impl Default for Preparations {
    fn default() -> Self {
        Self {
            send: 0,
            entries: vec![Entry::default(); FIRST_ENTRIES],
            count: 0,
            steps: Vec::new(),
        }
    }
}

impl Preparations {
    /// Forgets what was prepared for another send.
    pub(crate) fn start(&mut self, send: u64) {
        if self.send != send {
            self.send = send;
            self.count = 0;
            self.steps.clear();
        }
    }

    pub(crate) fn steps(&self, prepared: Prepared) -> &[Step] {
        &self.steps[prepared.start as usize..][..usize::from(prepared.len)]
    }

    /// The record of the newest state at `place` against `reference`, whose baseline must be in the history.
    #[inline]
    pub(crate) fn record(
        &mut self,
        history: &SharedHistory,
        place: Place,
        reference: Reference,
    ) -> Prepared {
        let index = self.find(place, reference);
        let entry = &self.entries[index];
        if entry.send == self.send as u32 {
            return entry.prepared;
        }
        self.add(index, history, place, reference)
    }

    /// Where a record is, or would be.
    fn find(&self, place: Place, reference: Reference) -> usize {
        let hash = reference.hash();
        let mask = self.entries.len() - 1;
        let mut index = (hash as usize).wrapping_add(place as usize) & mask;
        // A part of the hash that the first index does not have: records that met do not meet again.
        let stride = (hash >> 32) as usize | 1;
        loop {
            let entry = &self.entries[index];
            let is_other = entry.place != place || entry.reference != reference;
            if entry.send != self.send as u32 || !is_other {
                return index;
            }
            index = index.wrapping_add(stride) & mask;
        }
    }

    #[cold]
    fn add(
        &mut self,
        index: usize,
        history: &SharedHistory,
        place: Place,
        reference: Reference,
    ) -> Prepared {
        let prepared = self.prepare(history, place, reference);
        self.entries[index] = Entry {
            send: self.send as u32,
            place,
            reference,
            prepared,
        };
        self.count += 1;
        if self.count * ENTRIES_PER_RECORD > self.entries.len() {
            self.grow();
        }
        prepared
    }

    fn grow(&mut self) {
        let empty = vec![Entry::default(); self.entries.len() * 2];
        let before = std::mem::replace(&mut self.entries, empty);
        for entry in before {
            if entry.send == self.send as u32 {
                let index = self.find(entry.place, entry.reference);
                self.entries[index] = entry;
            }
        }
    }

    fn prepare(&mut self, history: &SharedHistory, place: Place, reference: Reference) -> Prepared {
        let track = history.track(place);
        let state = track.newest();
        let start = self.steps.len();
        let mut preparer = Preparer::new(&mut self.steps);
        let past = gather_past(history, place, reference);
        if let Some(past) = &past {
            write_change(&mut preparer, past, reference, history.tick(), state);
        } else {
            let form = code_form(&mut preparer, Known::Nothing, Form::Complete);
            debug_assert!(form.is_ok());
            let complete = code_complete(&mut preparer, track.id, state);
            debug_assert!(complete.is_ok());
        }
        let cost = preparer.finish();
        Prepared {
            start: start as u32,
            len: (self.steps.len() - start) as u16,
            cost,
            is_complete: past.is_none(),
            is_avatar: state.kind() == Kind::Avatar,
        }
    }
}

/// The states that a reference names.
fn gather_past(history: &SharedHistory, place: Place, reference: Reference) -> Option<Past<'_>> {
    let send = history.send();
    let track = history.track(place);
    let baseline_send = reference.baseline_send(send)?;
    let baseline = track.at(baseline_send)?;
    let mut past = Past::new(history.tick_of(baseline_send).unwrap_or(0), baseline);
    let mut rest = reference.past & reference.past.wrapping_sub(1);
    while rest != 0 {
        let at = send - u64::from(rest.trailing_zeros()) - 1;
        if let (Some(tick), Some(state)) = (history.tick_of(at), track.at(at)) {
            past.push(tick, state);
        }
        rest &= rest - 1;
    }
    Some(past)
}

/// Everything of a change but the slot.
fn write_change(
    coder: &mut impl Coder,
    past: &Past<'_>,
    reference: Reference,
    tick: u64,
    state: &EntityState,
) {
    if reference.past == 0 {
        let form = code_form(coder, Known::Nothing, Form::OldBaseline);
        debug_assert!(form.is_ok());
        code_old_age(coder, reference.old_age);
    }
    let is_still = state.is_still;
    let has_extras = needs_extras(past.baseline(), state);
    let form = Form::Change {
        is_still,
        has_extras,
    };
    let form = code_form(coder, Known::of(past.baseline()), form);
    debug_assert!(form.is_ok());
    let written = code_change(coder, past, tick, is_still, has_extras, state);
    debug_assert_eq!(written.as_ref(), Ok(state));
}
