//! What the server knows of one client's knowledge.

use crate::datagram::Acknowledgement;
use crate::history::Place;
use protocol::EntityId;

/// Slots of one client: entities that it may know at once.
pub(crate) const MAX_SLOTS: usize = 4096;
/// Snapshots that a mask reaches back.
pub(crate) const MASK_SENDS: u32 = 32;
/// Records of one entity that may follow its baseline: the client keeps that many and the baseline.
pub(crate) const MAX_SINCE_BASELINE: u8 = 31;

/// What a slot is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    Free,
    Live,
    /// The entity left; its removal is repeated until acknowledged.
    Leaving,
}

/// An entity of this client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) id: EntityId,
    pub(crate) place: Place,
    pub(crate) binding: Binding,
    /// Snapshots that held a record of it: bit n is `n` before the view's head.
    pub(crate) sent: u32,
    /// Newest acknowledged send that has left the masks.
    pub(crate) old_baseline: Option<u64>,
    /// Records sent after `old_baseline`.
    pub(crate) since_baseline: u8,
    /// Priority gathered since the last record.
    pub(crate) gathered: f32,
    /// Sends for which it was due and did not fit.
    pub(crate) waited: u32,
    /// Distance tier: sent every `1 << tier` sends.
    pub(crate) tier: u8,
    /// The client is known to hold the newest, still state.
    pub(crate) is_settled: bool,
}

/// What the server knows of one client's knowledge: slots, what was sent when, what arrived. One per client.
#[derive(Debug, Default)]
pub struct ClientView {
    pub(crate) slots: Vec<Slot>,
    free: Vec<u16>,
    /// Place to slot + 1, zero for none; grows to the history's size.
    slot_of_place: Vec<u16>,
    /// Send that bit 0 of every mask stands for: the last snapshot made, or the one before the next.
    head: u64,
    /// Snapshots made.
    sent: u32,
    /// Snapshots that arrived.
    acknowledged: u32,
    pub(crate) seen_membership: Option<u64>,
}

impl ClientView {
    /// A client that knows nothing yet. Also right for one that reconnected with an empty decoder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the client says has arrived. Numbers never sent, and ones too old to matter, are ignored: a
    /// client that lies spoils its own picture alone.
    pub fn acknowledge(&mut self, acknowledgement: Acknowledgement) {
        let newest = acknowledgement.newest.nearest_to(self.head);
        let Some(back) = self.head.checked_sub(newest) else {
            return;
        };
        if back >= u64::from(MASK_SENDS) {
            return;
        }
        let arrived = ((u64::from(acknowledgement.mask) << 1) | 1) << back;
        self.acknowledged |= arrived as u32 & self.sent;
    }

    pub(crate) const fn head(&self) -> u64 {
        self.head
    }

    pub(crate) const fn acknowledged(&self) -> u32 {
        self.acknowledged
    }

    /// Moves the masks on until bit 0 stands for `head`.
    pub(crate) fn advance_to(&mut self, head: u64) {
        let by = (head - self.head).min(u64::from(MASK_SENDS)) as u32;
        if by == 0 {
            return;
        }
        for slot in &mut self.slots {
            let falling = slot.sent & self.acknowledged & !low_bits(MASK_SENDS - by);
            if falling != 0 {
                let newest = falling.trailing_zeros();
                slot.old_baseline = self.head.checked_sub(u64::from(newest));
                slot.since_baseline = (slot.sent & low_bits(newest)).count_ones() as u8;
            }
            slot.sent = shift_left(slot.sent, by);
        }
        self.sent = shift_left(self.sent, by);
        self.acknowledged = shift_left(self.acknowledged, by);
        self.head = head;
    }

    /// Notes that the snapshot of `send` was made; the records in it are noted by [`Self::note_sent`] after this.
    pub(crate) fn finish(&mut self, send: u64) {
        self.advance_to(send);
        self.sent |= 1;
    }

    /// Slot of the entity at a place of the history.
    pub(crate) fn slot_at(&self, place: Place) -> Option<usize> {
        match self.slot_of_place.get(place as usize) {
            None | Some(0) => None,
            Some(slot) => Some(usize::from(*slot) - 1),
        }
    }

    /// Binds a slot, if there is a free one.
    pub(crate) fn bind(&mut self, id: EntityId, place: Place) {
        let slot = Slot {
            id,
            place,
            binding: Binding::Live,
            sent: 0,
            old_baseline: None,
            since_baseline: 0,
            gathered: 0.0,
            waited: 0,
            tier: 0,
            is_settled: false,
        };
        let index = if let Some(index) = self.free.pop() {
            self.slots[usize::from(index)] = slot;
            index
        } else if self.slots.len() < MAX_SLOTS {
            self.slots.push(slot);
            self.slots.len() as u16 - 1
        } else {
            return;
        };
        if self.slot_of_place.len() <= place as usize {
            self.slot_of_place.resize(place as usize + 1, 0);
        }
        self.slot_of_place[place as usize] = index + 1;
    }

    /// Starts to take an entity away from the client; at once if nothing of it was ever sent.
    pub(crate) fn unbind(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        if let Some(entry) = self.slot_of_place.get_mut(slot.place as usize)
            && usize::from(*entry) == index + 1
        {
            *entry = 0;
        }
        if slot.sent == 0 && slot.old_baseline.is_none() && slot.since_baseline == 0 {
            self.release(index);
            return;
        }
        slot.binding = Binding::Leaving;
        slot.sent = 0;
        slot.old_baseline = None;
        slot.waited = 0;
    }

    /// Frees a slot whose removal arrived.
    pub(crate) fn release(&mut self, index: usize) {
        self.slots[index].binding = Binding::Free;
        self.free.push(index as u16);
    }

    /// Notes that snapshot `head` held a record of the slot.
    pub(crate) fn note_sent(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        slot.sent |= 1;
        slot.since_baseline = slot.since_baseline.saturating_add(1);
        slot.gathered = 0.0;
        slot.waited = 0;
    }
}

const fn low_bits(count: u32) -> u32 {
    if count >= 32 {
        u32::MAX
    } else {
        (1 << count) - 1
    }
}

const fn shift_left(mask: u32, by: u32) -> u32 {
    if by >= 32 { 0 } else { mask << by }
}
