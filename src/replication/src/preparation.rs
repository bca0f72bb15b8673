//! Records coded once for all clients that share a baseline. In a crowd most clients have acknowledged the same
//! sends, so that the work per client and entity is a look-up and the copying of a few intervals.

use crate::coder::{Coder, Preparer};
use crate::encoder::EncodeReport;
use crate::history::{Place, SharedHistory};
use crate::prediction::{Past, choose_past};
use crate::range_coder::Interval;
use crate::record::{
    Form, Known, code_change, code_complete, code_form, code_old_age, needs_extras,
};
use crate::state::{EntityState, Kind};

/// What a record is coded against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A record of one entity against one reference; an entity has a few.
#[derive(Clone, Copy, Debug)]
struct Variant {
    reference: Reference,
    prepared: Prepared,
    /// Number of the next variant of the same entity, [`NONE`] after the last.
    next: u32,
}

const NONE: u32 = u32::MAX;

/// Records prepared for one send.
#[derive(Debug, Default)]
pub(crate) struct Preparations {
    send: u64,
    /// By place: the send from which an entry is, and the number of the entity's first variant. Clients ask for places
    /// in their order, so that entries and variants are met one after another.
    firsts: Vec<(u32, u32)>,
    variants: Vec<Variant>,
    intervals: Vec<Interval>,
}

impl Preparations {
    /// Forgets what was prepared for another send.
    pub(crate) fn start(&mut self, send: u64) {
        if self.send != send {
            self.send = send;
            self.variants.clear();
            self.intervals.clear();
        }
    }

    pub(crate) fn intervals(&self, prepared: Prepared) -> &[Interval] {
        &self.intervals[prepared.start as usize..][..prepared.len as usize]
    }

    /// The record of the newest state at `place` against `reference`, whose baseline must be in the history.
    pub(crate) fn record(
        &mut self,
        history: &SharedHistory,
        place: Place,
        reference: Reference,
    ) -> Prepared {
        let stamp = self.send as u32;
        let entry = place as usize;
        if entry >= self.firsts.len() {
            let unused = (stamp.wrapping_sub(1), NONE);
            self.firsts.resize(entry + 1, unused);
        }
        let first = match self.firsts[entry] {
            (at, first) if at == stamp => first,
            _ => NONE,
        };
        let mut index = first;
        while let Some(variant) = self.variants.get(index as usize) {
            if variant.reference == reference {
                return variant.prepared;
            }
            index = variant.next;
        }
        let prepared = self.prepare(history, place, reference);
        self.firsts[entry] = (stamp, self.variants.len() as u32);
        self.variants.push(Variant {
            reference,
            prepared,
            next: first,
        });
        prepared
    }

    fn prepare(&mut self, history: &SharedHistory, place: Place, reference: Reference) -> Prepared {
        let track = history.track(place);
        let state = track.newest();
        let start = self.intervals.len();
        let mut preparer = Preparer::new(&mut self.intervals);
        let past = gather_past(history, place, reference);
        if let Some(past) = &past {
            write_change(&mut preparer, past, reference, history.tick(), state);
        } else {
            let form = code_form(&mut preparer, Known::Nothing, Form::Complete);
            debug_assert!(form.is_ok());
            let complete = code_complete(&mut preparer, track.id, state);
            debug_assert!(complete.is_ok());
        }
        let cost = preparer.cost();
        Prepared {
            start: start as u32,
            len: (self.intervals.len() - start) as u16,
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
