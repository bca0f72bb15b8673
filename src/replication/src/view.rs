//! What the server knows of one client's knowledge.

use crate::datagram::Acknowledgement;
use crate::history::{Glance, Place};
use crate::interest::Interest;
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

/// An entity of this client. A server has a million of these when a thousand people see a thousand: 32 bytes each, and
/// sends counted in 32 bits, which is enough for seven years.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) id: EntityId,
    pub(crate) place: Place,
    pub(crate) binding: Binding,
    /// Send that bit 0 of `sent` stands for; brought to the view's head when the slot is looked at.
    pub(crate) head: u32,
    /// Snapshots that held a record of it: bit n is `n` before `head`.
    pub(crate) sent: u32,
    /// Newest acknowledged send that has left the masks, zero for none.
    pub(crate) old_baseline: u32,
    /// Records sent after `old_baseline`.
    pub(crate) since_baseline: u8,
    /// Sends for which it was due and did not fit, as far as that can be counted.
    pub(crate) waited: u8,
    /// Priority gathered since the last record.
    pub(crate) gathered: f32,
    /// Tier of its distance: sent every `1 << tier` sends, or less often.
    pub(crate) tier: u8,
    /// The client is known to hold the still state that began with this send; zero for none.
    pub(crate) settled_since: u32,
}

const _: () = assert!(size_of::<Slot>() == 32);

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
    /// Snapshots that arrived, further back than the client can still acknowledge: slots that are seldom looked at
    /// find here what became of their last record.
    acknowledged: u128,
    pub(crate) interest: Interest,
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
        self.acknowledged |= u128::from(arrived as u32 & self.sent);
    }

    pub(crate) const fn head(&self) -> u64 {
        self.head
    }

    pub(crate) const fn acknowledged(&self) -> u32 {
        self.acknowledged as u32
    }

    /// Moves the masks on until bit 0 stands for `head`.
    pub(crate) fn advance_to(&mut self, head: u64) {
        let by = (head - self.head).min(u64::from(u128::BITS)) as u32;
        if by == 0 {
            return;
        }
        self.sent = self.sent.checked_shl(by).unwrap_or(0);
        self.acknowledged = self.acknowledged.checked_shl(by).unwrap_or(0);
        self.head = head;
    }

    /// The slot with its mask brought to the view's head.
    pub(crate) fn slot(&mut self, index: usize) -> &mut Slot {
        let slot = &mut self.slots[index];
        if slot.head != self.head as u32 {
            slot.advance_to(self.head as u32, self.acknowledged);
        }
        slot
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

    /// Binds a slot, if there is a free one, and gives its index.
    pub(crate) fn bind(&mut self, id: EntityId, place: Place) -> Option<usize> {
        let slot = Slot {
            id,
            place,
            binding: Binding::Live,
            head: self.head as u32,
            sent: 0,
            old_baseline: 0,
            since_baseline: 0,
            gathered: 0.0,
            waited: 0,
            tier: 0,
            settled_since: 0,
        };
        let index = if let Some(index) = self.free.pop() {
            self.slots[usize::from(index)] = slot;
            index
        } else if self.slots.len() < MAX_SLOTS {
            self.slots.push(slot);
            self.slots.len() as u16 - 1
        } else {
            return None;
        };
        if self.slot_of_place.len() <= place as usize {
            self.slot_of_place.resize(place as usize + 1, 0);
        }
        self.slot_of_place[place as usize] = index + 1;
        Some(usize::from(index))
    }

    /// Starts to take an entity away from the client; at once if nothing of it was ever sent.
    pub(crate) fn unbind(&mut self, index: usize) {
        let slot = self.slots[index];
        if let Some(entry) = self.slot_of_place.get_mut(slot.place as usize)
            && usize::from(*entry) == index + 1
        {
            *entry = 0;
        }
        if slot.sent == 0 && slot.old_baseline == 0 && slot.since_baseline == 0 {
            self.release(index);
            return;
        }
        let head = self.head as u32;
        let slot = &mut self.slots[index];
        slot.binding = Binding::Leaving;
        slot.head = head;
        slot.sent = 0;
        slot.old_baseline = 0;
        slot.waited = 0;
        self.interest.schedule.note_leaving(index as u16);
    }

    /// Frees a slot whose removal arrived.
    pub(crate) fn release(&mut self, index: usize) {
        self.slots[index].binding = Binding::Free;
        self.free.push(index as u16);
    }

    /// Notes that snapshot `head` held a record of the slot.
    pub(crate) fn note_sent(&mut self, index: usize) {
        let slot = self.slot(index);
        slot.sent |= 1;
        slot.since_baseline = slot.since_baseline.saturating_add(1);
        slot.gathered = 0.0;
        slot.waited = 0;
    }
}

impl Slot {
    /// True when the client holds the newest state, and nothing has changed since.
    pub(crate) fn is_settled(&self, glance: &Glance) -> bool {
        glance.is_still && u64::from(self.settled_since) == glance.newest_since
    }

    /// Moves the mask on. The newest acknowledged record that leaves it becomes the old baseline.
    fn advance_to(&mut self, head: u32, acknowledged: u128) {
        let by = head - self.head;
        self.head = head;
        if by == 1 {
            return self.advance_by_one(acknowledged);
        }
        // What is further back than `acknowledged` reaches counts as lost, which costs bytes and breaks nothing.
        let sent = u128::from(self.sent).checked_shl(by).unwrap_or(0);
        let falling = (sent & acknowledged) >> u32::BITS;
        if falling != 0 {
            let newest = u32::BITS + falling.trailing_zeros();
            let after = sent & ((1 << newest) - 1);
            self.old_baseline = head.saturating_sub(newest);
            self.since_baseline = after.count_ones() as u8;
        }
        self.sent = sent as u32;
    }

    /// The same in the usual case, for what is sent each time.
    fn advance_by_one(&mut self, acknowledged: u128) {
        let falls = self.sent & 1 << 31 != 0;
        self.sent <<= 1;
        if falls && acknowledged & 1 << u32::BITS != 0 {
            self.old_baseline = self.head.saturating_sub(u32::BITS);
            self.since_baseline = self.sent.count_ones() as u8;
        }
    }
}
