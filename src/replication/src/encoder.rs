//! Snapshots for one client after another, from the shared history.
//!
//! For each client: which entities it should know (interest), which of them are due (rate tier, stillness), what
//! their records cost (prepared once for all clients with the same baseline), which fit (priority), then the
//! bytes. An entity is never coded against anything but acknowledged states.

use crate::coder::{COST_UNIT, Coder, gap_cost};
use crate::datagram::{
    CORRECTION_BYTES, MAX_DATAGRAM_BYTES, SNAPSHOT_HEADER_BYTES, SnapshotHeader,
};
use crate::history::SharedHistory;
use crate::preparation::{Preparations, Prepared, Reference};
use crate::range_coder::{FLUSH_BYTES, RangeEncoder};
use crate::record::{ARRIVED, GAP_OF_RECORDS, GAP_OF_REMOVALS, NONE_LOST, code_gap};
use crate::state::EntityState;
use crate::tables::{Family, TableId};
use crate::view::{Binding, ClientView, MAX_SINCE_BASELINE, Slot};
use glam::Vec3;
use protocol::EntityId;

/// Entities beyond this distance are not sent, in metres.
pub const INTEREST_METRES: f32 = 256.0;
/// What was sent stays until it is this much further away than its tier says.
const HYSTERESIS: f32 = 1.1;
/// Within these distances an entity is due every send, every 2nd, every 4th; beyond, every 8th.
const TIER_METRES: [f32; 3] = [24.0, 64.0, 128.0];
/// Sends between two looks at who is in range.
const INTEREST_SENDS: u64 = 4;
/// Sends before a still state, a complete record or a removal without an acknowledgement is repeated.
const REPEAT_SENDS: u32 = 3;
/// Weight of a direct view: 0.25 behind, 1 in front.
const BEHIND_WEIGHT: f32 = 0.25;
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
    /// Sends for which the longest waiting of those has been due.
    pub oldest_withheld_sends: u32,
}

/// A record that could go into this snapshot.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    slot: u16,
    is_chosen: bool,
    prepared: Prepared,
    priority: f32,
}

/// Makes snapshots; holds scratch memory and work shared between clients. One per thread.
///
/// Serves one history: clients of another world need another encoder.
#[derive(Debug, Default)]
pub struct Encoder {
    preparations: Preparations,
    candidates: Vec<Candidate>,
    removals: Vec<u16>,
    order: Vec<u32>,
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
        update_interest(view, history, viewer);
        self.gather(view, history, viewer);
        let fixed = SNAPSHOT_HEADER_BYTES
            + BODY_OVERHEAD_BYTES
            + if header.correction.is_some() {
                CORRECTION_BYTES
            } else {
                0
            };
        let budget = budget_bytes.min(MAX_DATAGRAM_BYTES).saturating_sub(fixed);
        self.choose(budget as u32 * 8 * COST_UNIT, view, &mut report);
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
        report
    }

    /// Finds what is due and prepares it.
    fn gather(&mut self, view: &mut ClientView, history: &SharedHistory, viewer: &ViewPoint) {
        self.candidates.clear();
        self.removals.clear();
        let send = history.send();
        let acknowledged = view.acknowledged();
        for index in 0..view.slots.len() {
            let slot = &mut view.slots[index];
            match slot.binding {
                Binding::Free => continue,
                Binding::Leaving => {
                    if slot.sent & acknowledged != 0 {
                        view.release(index);
                    } else if is_repeat_due(slot) {
                        self.removals.push(index as u16);
                    }
                    continue;
                }
                Binding::Live => {}
            }
            let track = history.track(slot.place);
            if !track.is_present || track.id != slot.id {
                view.unbind(index);
                continue;
            }
            let state = track.newest();
            if slot.is_settled && state.is_still {
                continue;
            }
            let reference = Reference::of(slot, acknowledged, send);
            let baseline_send = reference.baseline_send(send);
            let baseline = baseline_send.and_then(|at| track.at(at));
            // By when, not by what: something else may have been sent since an equal baseline.
            slot.is_settled = state.is_still
                && baseline.is_some()
                && baseline_send.is_some_and(|at| at >= track.newest_since());
            if slot.is_settled {
                slot.gathered = 0.0;
                slot.waited = 0;
                continue;
            }
            let is_due = if state.is_still {
                let is_told = slot.sent.trailing_zeros() < (send - track.newest_since()) as u32;
                !is_told || is_repeat_due(slot)
            } else {
                slot.since_baseline == 0 || (send + index as u64).is_multiple_of(1 << slot.tier)
            };
            let is_complete = baseline.is_none();
            if slot.waited == 0 && (!is_due || (is_complete && !is_repeat_due(slot))) {
                continue;
            }
            let reference = if is_complete {
                Reference::NOTHING
            } else {
                reference
            };
            let prepared = self.preparations.record(history, slot.place, reference);
            slot.gathered += priority(
                state,
                track.salience.weight,
                track.salience.size_metres,
                track.position,
                viewer,
            );
            let priority = slot.gathered * if state.is_still { 2.0 } else { 1.0 };
            self.push(index, prepared, priority);
        }
    }

    fn push(&mut self, slot: usize, prepared: Prepared, priority: f32) {
        self.candidates.push(Candidate {
            slot: slot as u16,
            is_chosen: true,
            prepared,
            priority,
        });
    }

    /// Keeps the most urgent candidates that fit into `budget` (in cost units), removals before all.
    fn choose(&mut self, budget: u32, view: &mut ClientView, report: &mut EncodeReport) {
        let most_removals = (budget / (2 * REMOVAL_COST)) as usize;
        self.removals.truncate(most_removals);
        let budget = budget - self.removals.len() as u32 * REMOVAL_COST;
        if self.cost_of_chosen() <= budget {
            return;
        }
        self.order.clear();
        self.order.extend(0..self.candidates.len() as u32);
        let candidates = &mut self.candidates;
        self.order.sort_unstable_by(|a, b| {
            let (a, b) = (&candidates[*a as usize], &candidates[*b as usize]);
            b.priority.total_cmp(&a.priority).then(a.slot.cmp(&b.slot))
        });
        let mut left = budget;
        for index in &self.order {
            let candidate = &mut candidates[*index as usize];
            let cost = candidate.prepared.cost + LEAST_GAP_COST;
            candidate.is_chosen = cost <= left;
            if candidate.is_chosen {
                left -= cost;
            }
        }
        // Gaps between slots were counted at their least: give back the least urgent until all is paid.
        while self.cost_of_chosen() > budget {
            let candidates = &mut self.candidates;
            let last = self
                .order
                .iter()
                .rposition(|index| candidates[*index as usize].is_chosen);
            let Some(last) = last else {
                break;
            };
            candidates[self.order[last] as usize].is_chosen = false;
            self.order.truncate(last);
        }
        for candidate in self.candidates.iter().filter(|each| !each.is_chosen) {
            let slot = &mut view.slots[usize::from(candidate.slot)];
            slot.waited += 1;
            report.withheld += 1;
            report.oldest_withheld_sends = report.oldest_withheld_sends.max(slot.waited);
        }
    }

    fn cost_of_chosen(&self) -> u32 {
        let mut next = 0;
        let mut cost = 0;
        for candidate in self.candidates.iter().filter(|each| each.is_chosen) {
            let slot = u32::from(candidate.slot);
            cost += candidate.prepared.cost + gap_cost(GAP_OF_RECORDS, slot - next);
            next = slot + 1;
        }
        cost
    }

    fn write_body(&self, acknowledged: u32, out: &mut Vec<u8>, report: &mut EncodeReport) {
        let mut encoder = RangeEncoder::new(out);
        code_mask(&mut encoder, acknowledged);
        let mut next = 0;
        for slot in &self.removals {
            let slot = u32::from(*slot);
            code_gap(&mut encoder, GAP_OF_REMOVALS, Some(slot - next));
            next = slot + 1;
            report.removals += 1;
        }
        code_gap(&mut encoder, GAP_OF_REMOVALS, None);
        next = 0;
        for candidate in self.candidates.iter().filter(|each| each.is_chosen) {
            let slot = u32::from(candidate.slot);
            code_gap(&mut encoder, GAP_OF_RECORDS, Some(slot - next));
            next = slot + 1;
            for interval in self.preparations.intervals(candidate.prepared) {
                encoder.encode(*interval);
            }
            candidate.prepared.count(report);
        }
        code_gap(&mut encoder, GAP_OF_RECORDS, None);
        encoder.finish();
    }
}

/// Most that one removal costs.
const REMOVAL_COST: u32 = 28 * COST_UNIT;
/// Least that the slot number of a record costs.
const LEAST_GAP_COST: u32 = COST_UNIT / 8;

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

/// How urgent one more send without a record of this entity makes it.
fn priority(
    state: &EntityState,
    weight: f32,
    size: f32,
    position: Vec3,
    viewer: &ViewPoint,
) -> f32 {
    let away = position - viewer.position;
    let distance = away.length().max(0.1);
    let facing = (away.dot(viewer.forward) / distance + 1.0) * 0.5;
    let held = if state.parent.is_some() { 2.0 } else { 1.0 };
    let seen = BEHIND_WEIGHT + (1.0 - BEHIND_WEIGHT) * facing.clamp(0.0, 1.0);
    weight.max(0.01) * held * seen * (size / distance).clamp(0.02, 1.0)
}

/// Binds what came into range, unbinds what left it, and sets the rate tiers.
fn update_interest(view: &mut ClientView, history: &SharedHistory, viewer: &ViewPoint) {
    let membership = history.membership();
    if view.seen_membership == Some(membership) && !history.send().is_multiple_of(INTEREST_SENDS) {
        return;
    }
    view.seen_membership = Some(membership);
    for place in history.present() {
        let track = history.track(*place);
        let distance = track.position.distance(viewer.position);
        let is_own = viewer.own == Some(track.id);
        let bound = view
            .slot_at(*place)
            .filter(|index| view.slots[*index].id == track.id);
        match bound {
            Some(index) if is_own || distance > INTEREST_METRES * HYSTERESIS => view.unbind(index),
            Some(index) => {
                let slot = &mut view.slots[index];
                slot.tier = tier(distance, slot.tier);
            }
            None if !is_own && distance <= INTEREST_METRES => view.bind(track.id, *place),
            None => {}
        }
    }
}

/// Tier of a distance, near borders the tier before.
fn tier(distance: f32, before: u8) -> u8 {
    let of = |distance: f32| {
        TIER_METRES
            .iter()
            .filter(|border| distance > **border)
            .count() as u8
    };
    before.clamp(of(distance / HYSTERESIS), of(distance))
}

/// Chooses what a record of `slot` refers to.
impl Reference {
    fn of(slot: &Slot, acknowledged: u32, send: u64) -> Self {
        let held = slot.sent & acknowledged;
        if held != 0 {
            return Self::acknowledged(held);
        }
        match slot.old_baseline {
            Some(baseline) if slot.since_baseline < MAX_SINCE_BASELINE => {
                u32::try_from(send - baseline).map_or(Self::NOTHING, Self::old)
            }
            _ => Self::NOTHING,
        }
    }
}
