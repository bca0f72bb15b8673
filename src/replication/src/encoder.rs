//! Snapshots for one client after another, from the shared history.
//!
//! For each client: which entities it should know (interest), which of them are due (rate tier, stillness), what
//! their records cost (prepared once for all clients with the same baseline), which fit (priority), then the
//! bytes. An entity is never coded against anything but acknowledged states.

use crate::coder::{COST_UNIT, Coder, Gaps, Writer};
use crate::datagram::{
    CORRECTION_BYTES, MAX_DATAGRAM_BYTES, SNAPSHOT_HEADER_BYTES, SnapshotHeader,
};
use crate::history::{Glance, Place, SharedHistory};
use crate::interest::{Ranker, roused, urgency};
use crate::preparation::{Preparations, Prepared, Reference};
use crate::range_coder::FLUSH_BYTES;
use crate::record::{ARRIVED, GAP_OF_RECORDS, GAP_OF_REMOVALS, NONE_LOST, code_gap};
use crate::tables::{Family, TableId};
use crate::view::{Binding, ClientView, MAX_SINCE_BASELINE, Slot};
use glam::Vec3;
use protocol::EntityId;

/// Entities beyond this distance are not sent, in metres.
pub const INTEREST_METRES: f32 = 256.0;
/// Sends before a still state, a complete record or a removal without an acknowledgement is repeated.
const REPEAT_SENDS: u32 = 3;
/// Factor of the priority of last states: after them there is peace.
const STILL_WEIGHT: f32 = 2.0;
/// Bytes of the body before the first record and after the last.
const BODY_OVERHEAD_BYTES: usize = 8 + FLUSH_BYTES;

/// Where a client looks from; decides what matters to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViewPoint {
    /// The client's own avatar, which is never sent to it (it gets corrections instead).
    pub own: Option<EntityId>,
    /// Eyes in world space, metres.
    pub position: Vec3,
    /// Unit vector along the view.
    pub forward: Vec3,
}

/// What one snapshot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct EncodeReport {
    /// Bytes written, all of them.
    pub bytes: usize,
    /// Entity records written.
    pub records: u32,
    /// Of those, complete ones: spawns and states without a usable baseline.
    pub complete: u32,
    /// Removals written.
    pub removals: u32,
    /// Bits of avatar records.
    pub avatar_bits: u32,
    /// Bits of body records.
    pub body_bits: u32,
    /// Entities that were due and did not fit.
    pub withheld: u32,
    /// Sends for which the longest waiting of those has been due; 255 also stands for more.
    pub oldest_withheld_sends: u32,
}

/// A record that could go into this snapshot.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    slot: u16,
    is_chosen: bool,
    place: Place,
    reference: Reference,
    prepared: Prepared,
    /// Since it was last looked at.
    sends: u32,
}

/// Makes snapshots; holds scratch memory and work shared between clients. One per thread.
///
/// Serves one history: clients of another world need another encoder.
#[derive(Debug, Default)]
pub struct Encoder {
    preparations: Preparations,
    ranker: Ranker,
    /// One bit for each slot that is looked at in this send.
    due: Vec<u64>,
    /// The same as a list.
    listed: Vec<u16>,
    candidates: Vec<Candidate>,
    removals: Vec<u16>,
    /// Candidates by urgency: inverted bits of the priority, then the index.
    order: Vec<u64>,
    references: References,
}

impl Encoder {
    /// An encoder without warm memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one snapshot of the newest record in `history` for the client behind `view` to `out`, at most
    /// `budget_bytes` and [`MAX_DATAGRAM_BYTES`] long (but the fixed part always fits: 45 bytes are enough for
    /// it, and 100 for progress with any record). It counts as sent: call this only when the datagram will be handed to the
    /// network, otherwise skip the send whole. A second call for the same record writes nothing.
    pub fn encode(
        &mut self,
        view: &mut ClientView,
        history: &SharedHistory,
        header: &SnapshotHeader,
        viewer: &ViewPoint,
        budget_bytes: usize,
        out: &mut Vec<u8>,
    ) -> EncodeReport {
        let send = history.send();
        let mut report = EncodeReport::default();
        if send <= view.head() {
            return report;
        }
        view.advance_to(send - 1);
        self.preparations.start(send);
        self.ranker.update(view, history, viewer);
        self.gather(view, history, viewer);
        let fixed = SNAPSHOT_HEADER_BYTES
            + BODY_OVERHEAD_BYTES
            + if header.correction.is_some() {
                CORRECTION_BYTES
            } else {
                0
            };
        let budget = budget_bytes.min(MAX_DATAGRAM_BYTES).saturating_sub(fixed);
        self.choose(
            budget as u32 * 8 * COST_UNIT,
            view,
            history,
            viewer,
            &mut report,
        );
        let start = out.len();
        header.write(send, history.tick(), out);
        self.write_body(view.acknowledged(), out, &mut report);
        report.bytes = out.len() - start;
        view.finish(send);
        for candidate in &self.candidates {
            if candidate.is_chosen {
                view.note_sent(usize::from(candidate.slot));
            }
        }
        for slot in &self.removals {
            view.note_sent(usize::from(*slot));
        }
        view.interest.sent += report.records;
        view.interest.withheld += report.withheld;
        report
    }

    /// Looks at what is due in this send and keeps what has news.
    fn gather(&mut self, view: &mut ClientView, history: &SharedHistory, viewer: &ViewPoint) {
        self.candidates.clear();
        self.removals.clear();
        self.mark_due(view, history);
        self.list_due();
        touch(&self.listed, &view.slots);
        for place in 0..self.listed.len() {
            self.look_at(usize::from(self.listed[place]), view, history, viewer);
        }
        let slots = &view.slots;
        let is_leaving = |index: u16| slots[usize::from(index)].binding == Binding::Leaving;
        view.interest.schedule.settle_leaving(is_leaving);
    }

    /// Marks the slots of this send, so that they come once each and in order.
    fn mark_due(&mut self, view: &ClientView, history: &SharedHistory) {
        self.due.clear();
        self.due.resize(view.slots.len().div_ceil(64), 0);
        let due = &mut self.due;
        let schedule = &view.interest.schedule;
        schedule.visit_due(history.send(), |slot| {
            due[usize::from(slot / 64)] |= 1 << (slot % 64);
        });
        for place in roused(history) {
            if let Some(slot) = view.slot_at(place) {
                due[slot / 64] |= 1 << (slot % 64);
            }
        }
    }

    /// Lists the marked slots in their order.
    fn list_due(&mut self) {
        self.listed.clear();
        for (word, bits) in self.due.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let index = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                self.listed.push(index as u16);
            }
        }
    }

    fn look_at(
        &mut self,
        index: usize,
        view: &mut ClientView,
        history: &SharedHistory,
        viewer: &ViewPoint,
    ) {
        let send = history.send();
        let acknowledged = view.acknowledged();
        // One more when it was looked at and not sent, which does not matter.
        let sends = send as u32 - view.slots[index].head;
        let slot = view.slot(index);
        match slot.binding {
            Binding::Free => return,
            Binding::Leaving => {
                if slot.sent & acknowledged != 0 {
                    view.release(index);
                } else if is_repeat_due(slot) {
                    self.removals.push(index as u16);
                }
                return;
            }
            Binding::Live => {}
        }
        let glance = history.glance(slot.place);
        if !glance.is_present || glance.id != slot.id {
            return view.unbind(index);
        }
        if slot.is_settled(glance) {
            return;
        }
        let reference = self.references.of(slot, acknowledged, send);
        let baseline = reference
            .baseline_send(send)
            .filter(|at| *at >= glance.oldest_since);
        // By when, not by what: something else may have been sent since an equal baseline.
        if glance.is_still && baseline.is_some_and(|at| at >= glance.newest_since) {
            slot.settled_since = glance.newest_since as u32;
            slot.gathered = 0.0;
            slot.waited = 0;
            return;
        }
        if slot.waited == 0 && !is_news(slot, glance, baseline, send) {
            slot.gathered += urgency(glance, viewer) * sends as f32;
            return;
        }
        let reference = baseline.map_or(Reference::NOTHING, |_| reference);
        self.candidates.push(Candidate {
            slot: index as u16,
            is_chosen: false,
            place: slot.place,
            reference,
            prepared: Prepared::default(),
            sends,
        });
    }

    /// Prepares and keeps the most urgent candidates that fit into `budget` (in cost units), removals before all.
    fn choose(
        &mut self,
        budget: u32,
        view: &mut ClientView,
        history: &SharedHistory,
        viewer: &ViewPoint,
        report: &mut EncodeReport,
    ) {
        let most_removals = (budget / (2 * REMOVAL_COST)) as usize;
        self.removals.truncate(most_removals);
        let budget = budget - self.removals.len() as u32 * REMOVAL_COST;
        // Where something did not fit a moment ago it will not now, and most would be prepared for nothing.
        if !view.interest.is_full {
            for candidate in &mut self.candidates {
                candidate.prepare(&mut self.preparations, history);
                candidate.is_chosen = true;
            }
            if self.cost_of_chosen() <= budget {
                return;
            }
        }
        self.rank_candidates(view, history, viewer);
        self.choose_most_urgent(budget, view.slots.len(), history);
        for candidate in self.candidates.iter().filter(|each| !each.is_chosen) {
            let slot = &mut view.slots[usize::from(candidate.slot)];
            let sends = candidate.sends.min(u32::from(u8::MAX)) as u8;
            slot.waited = slot.waited.saturating_add(sends);
            report.withheld += 1;
            report.oldest_withheld_sends = report.oldest_withheld_sends.max(slot.waited.into());
        }
        view.interest.is_full = report.withheld > 0;
    }

    /// Lets the priority of each candidate grow, and puts them in its order.
    fn rank_candidates(
        &mut self,
        view: &mut ClientView,
        history: &SharedHistory,
        viewer: &ViewPoint,
    ) {
        self.order.clear();
        for (index, candidate) in self.candidates.iter().enumerate() {
            let glance = history.glance(candidate.place);
            let slot = &mut view.slots[usize::from(candidate.slot)];
            slot.gathered += urgency(glance, viewer) * candidate.sends as f32;
            let still = if glance.is_still { STILL_WEIGHT } else { 1.0 };
            // Priorities are not negative: their bits are in their order.
            let urgent = u64::from(!(slot.gathered * still).to_bits());
            self.order.push(urgent << 32 | index as u64);
        }
        self.order.sort_unstable();
    }

    /// Prepares candidates in their order until no more fit. The client has `slots` slots.
    fn choose_most_urgent(&mut self, budget: u32, slots: usize, history: &SharedHistory) {
        self.candidates
            .iter_mut()
            .for_each(|each| each.is_chosen = false);
        // How far apart the slots of what is chosen will be is not known yet: as far as those of all candidates.
        let gap = Gaps::of(GAP_OF_RECORDS).cost((slots / self.candidates.len().max(1)) as u32);
        let mut left = budget;
        let mut misfits = 0;
        let mut looked_at = 0;
        for key in &self.order {
            if misfits == MOST_MISFITS || left <= gap {
                break;
            }
            let candidate = &mut self.candidates[*key as u32 as usize];
            candidate.prepare(&mut self.preparations, history);
            looked_at += 1;
            let cost = candidate.prepared.cost + gap;
            candidate.is_chosen = cost <= left;
            if candidate.is_chosen {
                left -= cost;
            } else {
                misfits += 1;
            }
        }
        // Where they are further apart, the least urgent are given back until all is paid.
        let mut cost = self.cost_of_chosen();
        while looked_at > 0 && cost > budget {
            looked_at -= 1;
            let saved = self.give_back(self.order[looked_at] as u32 as usize);
            cost = cost.saturating_add_signed(-saved);
        }
    }

    /// Does without a candidate; gives what that saves.
    fn give_back(&mut self, index: usize) -> i32 {
        if !std::mem::take(&mut self.candidates[index].is_chosen) {
            return 0;
        }
        let slot_of = |candidate: &Candidate| u32::from(candidate.slot);
        let before = self.candidates[..index].iter().rfind(|each| each.is_chosen);
        let after = self.candidates[index + 1..]
            .iter()
            .find(|each| each.is_chosen);
        let first = before.map_or(0, |before| slot_of(before) + 1);
        let candidate = &self.candidates[index];
        let slot = slot_of(candidate);
        let gaps = Gaps::of(GAP_OF_RECORDS);
        let gap = |from: u32, to: u32| gaps.cost(to - from);
        let mut saved = candidate.prepared.cost + gap(first, slot);
        if let Some(after) = after.map(slot_of) {
            saved += gap(slot + 1, after);
            return saved as i32 - gap(first, after) as i32;
        }
        saved as i32
    }

    fn cost_of_chosen(&self) -> u32 {
        let gaps = Gaps::of(GAP_OF_RECORDS);
        let mut next = 0;
        let mut cost = 0;
        for candidate in self.candidates.iter().filter(|each| each.is_chosen) {
            let slot = u32::from(candidate.slot);
            cost += candidate.prepared.cost + gaps.cost(slot - next);
            next = slot + 1;
        }
        cost
    }

    fn write_body(&mut self, acknowledged: u32, out: &mut Vec<u8>, report: &mut EncodeReport) {
        let mut body = Writer::new(out);
        code_mask(&mut body, acknowledged);
        body.cut();
        let gaps = Gaps::of(GAP_OF_REMOVALS);
        let mut next = 0;
        for slot in &self.removals {
            let slot = u32::from(*slot);
            body.gap(GAP_OF_REMOVALS, gaps, slot - next);
            next = slot + 1;
            report.removals += 1;
        }
        code_gap(&mut body, GAP_OF_REMOVALS, None);
        body.cut();
        let gaps = Gaps::of(GAP_OF_RECORDS);
        next = 0;
        for candidate in self.candidates.iter().filter(|each| each.is_chosen) {
            let slot = u32::from(candidate.slot);
            body.gap(GAP_OF_RECORDS, gaps, slot - next);
            next = slot + 1;
            body.write(self.preparations.steps(candidate.prepared));
            candidate.prepared.count(report);
        }
        code_gap(&mut body, GAP_OF_RECORDS, None);
        body.finish();
    }
}

/// Brings slots into the cache, all at once: what a client knows has not been looked at since its last send, and to wait
/// for the memory of one slot after another took half of the time of a send in a large crowd.
fn touch(indices: &[u16], slots: &[Slot]) {
    let heads = indices.iter().map(|index| slots[usize::from(*index)].head);
    std::hint::black_box(heads.fold(0, |all, head| all ^ head));
}

impl Candidate {
    fn prepare(&mut self, preparations: &mut Preparations, history: &SharedHistory) {
        self.prepared = preparations.record(history, self.place, self.reference);
    }
}

/// Records that are prepared and do not fit before the rest, less urgent, is not even tried.
const MOST_MISFITS: u32 = 8;
/// Most that one removal costs.
const REMOVAL_COST: u32 = 28 * COST_UNIT;

/// True when the last record of the slot is old enough to be repeated.
const fn is_repeat_due(slot: &Slot) -> bool {
    slot.sent.trailing_zeros() + 1 >= REPEAT_SENDS
}

/// Codes which of the last 32 snapshots were acknowledged when this one was made.
pub(crate) fn code_mask(coder: &mut impl Coder, mask: u32) -> u32 {
    let newest = coder.symbol(TableId::new(Family::Age, 0), mask.trailing_zeros() as usize);
    if newest >= 31 {
        return if newest == 31 { 1 << 31 } else { 0 };
    }
    let newest = newest as u32;
    let all = u32::MAX << newest;
    if coder.question(NONE_LOST, mask == all) {
        return all;
    }
    let mut result = 1 << newest;
    for bit in newest + 1..32 {
        if coder.question(ARRIVED, mask & (1 << bit) != 0) {
            result |= 1 << bit;
        }
    }
    result
}

/// True when the client lacks something that it can be told now: what moves always has news, unless it was told all of
/// it a moment ago and has not answered yet.
fn is_news(slot: &Slot, glance: &Glance, baseline: Option<u64>, send: u64) -> bool {
    let is_told =
        glance.is_still && u64::from(slot.sent.trailing_zeros()) < send - glance.newest_since;
    let is_waited_for = is_told || baseline.is_none();
    !is_waited_for || is_repeat_due(slot)
}

/// Chooses what records refer to; most slots of a client have the same acknowledged records.
#[derive(Debug)]
struct References {
    /// Acknowledged sends that were chosen from last, and the choice.
    last: (u32, Reference),
}

impl Default for References {
    fn default() -> Self {
        Self {
            last: (0, Reference::NOTHING),
        }
    }
}

impl References {
    /// Chooses what a record of `slot` refers to.
    fn of(&mut self, slot: &Slot, acknowledged: u32, send: u64) -> Reference {
        let held = slot.sent & acknowledged;
        if held != 0 {
            if self.last.0 != held {
                self.last = (held, Reference::acknowledged(held));
            }
            return self.last.1;
        }
        if slot.old_baseline == 0 || slot.since_baseline >= MAX_SINCE_BASELINE {
            return Reference::NOTHING;
        }
        Reference::old(send as u32 - slot.old_baseline)
    }
}
