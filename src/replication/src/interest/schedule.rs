//! In which send an entity is looked at for a client: tiers of `1 << tier` sends, spread over them by the entity, not by
//! the client, so that clients of the same tier can share what is prepared.

use crate::history::Place;

/// Slowest tier: looked at every 32nd send, 1.6 s.
pub(crate) const SLOWEST_TIER: u8 = 5;
const BUCKETS: usize = (1 << (SLOWEST_TIER + 1)) - 1;
/// Slots that are looked at in every send until the next ranking, at most.
const MAX_FRESH: usize = 64;
/// Leaving slots that are looked at in one send.
const LEAVING_AT_ONCE: usize = 64;

/// Slots of one client by tier and phase.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// One bucket after another: tier 0, both of tier 1, the four of tier 2, and so on.
    slots: Vec<u16>,
    begins: [u16; BUCKETS + 1],
    /// What has come or begun to move since the ranking.
    fresh: Vec<u16>,
    /// What is being taken away.
    leaving: Vec<u16>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            begins: [0; BUCKETS + 1],
            fresh: Vec::new(),
            leaving: Vec::new(),
        }
    }
}

fn bucket(tier: u8, phase: u64) -> usize {
    (1 << tier) - 1 + (phase & ((1 << tier) - 1)) as usize
}

impl Schedule {
    /// Arranges slots anew; each with its tier and the place of its entity.
    pub(crate) fn arrange(&mut self, entries: &[(u16, u8, Place)]) {
        let mut counts = [0_u16; BUCKETS];
        for (_, tier, place) in entries {
            counts[bucket(*tier, u64::from(*place))] += 1;
        }
        self.begins[0] = 0;
        for (index, count) in counts.iter().enumerate() {
            self.begins[index + 1] = self.begins[index] + count;
        }
        self.slots.resize(entries.len(), 0);
        let mut next = self.begins;
        for (slot, tier, place) in entries {
            let bucket = bucket(*tier, u64::from(*place));
            self.slots[usize::from(next[bucket])] = *slot;
            next[bucket] += 1;
        }
        self.fresh.clear();
    }

    /// Looks at a slot in every send until it is ranked; false when there are too many such.
    pub(crate) fn refresh(&mut self, slot: u16) -> bool {
        let has_room = self.fresh.len() < MAX_FRESH;
        if has_room && !self.fresh.contains(&slot) {
            self.fresh.push(slot);
        }
        has_room
    }

    /// Looks at a slot until its entity has been taken away.
    pub(crate) fn note_leaving(&mut self, slot: u16) {
        self.leaving.push(slot);
    }

    /// Calls `visit` with each slot of this send, some of them more than once.
    pub(crate) fn visit_due(&self, send: u64, mut visit: impl FnMut(u16)) {
        for tier in 0..=SLOWEST_TIER {
            let bucket = bucket(tier, send.wrapping_neg());
            let (begin, end) = (self.begins[bucket], self.begins[bucket + 1]);
            let slots = &self.slots[usize::from(begin)..usize::from(end)];
            slots.iter().copied().for_each(&mut visit);
        }
        self.fresh.iter().copied().for_each(&mut visit);
        let leaving = self.leaving.iter().take(LEAVING_AT_ONCE);
        leaving.copied().for_each(&mut visit);
    }

    /// Forgets the leaving slots that are gone, and lets others have their turn.
    pub(crate) fn settle_leaving(&mut self, is_leaving: impl Fn(u16) -> bool) {
        if self.leaving.is_empty() {
            return;
        }
        let turn = LEAVING_AT_ONCE.min(self.leaving.len());
        self.leaving.rotate_left(turn);
        self.leaving.retain(|slot| is_leaving(*slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_has_its_turn_once_in_its_interval() {
        let mut schedule = Schedule::default();
        let entries: Vec<_> = (0..600_u16)
            .map(|slot| (slot, (slot % 6) as u8, Place::from(slot / 6)))
            .collect();
        schedule.arrange(&entries);
        let mut turns = vec![0; entries.len()];
        let mut most = 0;
        for send in 1_000..1_032 {
            let mut count = 0;
            schedule.visit_due(send, |slot| {
                turns[usize::from(slot)] += 1;
                count += 1;
            });
            most = most.max(count);
        }
        for (slot, tier, _) in entries {
            assert_eq!(turns[usize::from(slot)], 32 >> tier, "{slot}");
        }
        assert!(most < 210, "{most} in one send");
    }

    #[test]
    fn what_leaves_is_seen_until_it_is_gone_a_bounded_number_at_once() {
        let mut schedule = Schedule::default();
        (0..200).for_each(|slot| schedule.note_leaving(slot));
        let mut seen = std::collections::BTreeSet::new();
        for send in 0..4 {
            let mut count = 0;
            schedule.visit_due(send, |slot| {
                seen.insert(slot);
                count += 1;
            });
            assert!(count <= LEAVING_AT_ONCE);
            schedule.settle_leaving(|_| true);
        }
        assert_eq!(seen.len(), 200);
        schedule.settle_leaving(|_| false);
        schedule.visit_due(9, |slot| panic!("{slot} is gone"));
    }
}
