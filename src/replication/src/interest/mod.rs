//! What of a world matters to a client, and how often it is looked at for them.
//!
//! Two things set the tier of an entity: its distance, and its rank among all that move, by nearness, size, view and
//! loudness. As many ranks as the client's budget carries are looked at in every send, as many again in every second,
//! twice as many in every fourth, and so on: whoever is in a crowd of a thousand costs no more than in one of two
//! hundred. Resting things have no rank and are looked at when they stir.

mod grid;
mod schedule;

pub(crate) use grid::{Cell, Grid};
pub(crate) use schedule::Schedule;

use crate::encoder::{INTEREST_METRES, ViewPoint};
use crate::history::{Glance, Place, RESTED_SENDS, SharedHistory};
use crate::view::{Binding, ClientView};
use schedule::SLOWEST_TIER;

/// What was sent stays until it is this much further away than its tier says.
const HYSTERESIS: f32 = 1.1;
/// Within these distances an entity is due every send, every 2nd, every 4th; beyond, every 8th.
const TIER_METRES: [f32; 3] = [36.0, 72.0, 144.0];
/// Weight of a direct view: 0.25 behind, 1 in front.
const BEHIND_WEIGHT: f32 = 0.25;
/// Sends between two rankings: one for so many entities, within these bounds. The work of ranking grows with the crowd,
/// so it is done as much less often.
const ENTITIES_PER_RANKING_SEND: u64 = 32;
const LEAST_RANKING_SENDS: u64 = 4;
/// What stirs is told of at once, but no more than so many in one send; when more do, all are ranked anew.
const ROUSED_AT_ONCE: usize = 32;
/// What stirs so near is looked at in every send until it has its rank.
const FRESH_METRES: f32 = 64.0;
const MOST_RANKING_SENDS: u64 = 32;
/// Ranks at the full rate: all, while there are no more than these; in larger crowds at most those.
const SMALL_CROWD: usize = 256;
const MOST_FULL_RANKS: usize = 96;
const LEAST_FULL_RANKS: f32 = 4.0;
/// Share of records that did not fit above which fewer get the full rate, and below which more do.
const TOO_MANY_WITHHELD: f32 = 0.05;
const FEW_WITHHELD: f32 = 0.01;

/// How a client's interest stands.
#[derive(Debug)]
pub(crate) struct Interest {
    pub(crate) schedule: Schedule,
    /// Comings and goings up to this number are known.
    seen_membership: Option<u64>,
    last_ranking: u64,
    next_ranking: u64,
    /// Ranks at the full rate; follows what fits.
    full_ranks: f32,
    /// Records sent and withheld since the last ranking.
    pub(crate) sent: u32,
    pub(crate) withheld: u32,
    /// Something did not fit into the last send.
    pub(crate) is_full: bool,
}

impl Default for Interest {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            seen_membership: None,
            last_ranking: 0,
            next_ranking: 0,
            full_ranks: SMALL_CROWD as f32,
            sent: 0,
            withheld: 0,
            is_full: false,
        }
    }
}

/// Scratch memory of rankings.
#[derive(Debug, Default)]
pub(crate) struct Ranker {
    /// Score and slot of what moves; the bits of the score are inverted, so that the best comes first.
    moving: Vec<u64>,
    entries: Vec<(u16, u8, Place)>,
    arrivals: Vec<Place>,
}

impl Ranker {
    /// Brings a client's interest up to date for a send of `history`.
    pub(crate) fn update(
        &mut self,
        view: &mut ClientView,
        history: &SharedHistory,
        viewer: &ViewPoint,
    ) {
        let send = history.send();
        let is_followed = view
            .interest
            .seen_membership
            .is_some_and(|seen| follow_changes(view, history, viewer, seen));
        view.interest.seen_membership = Some(history.membership());
        let is_upheaval = history.roused().len() > ROUSED_AT_ONCE;
        if !is_followed || view.interest.is_ranking_due(send, is_upheaval) {
            self.rank(view, history, viewer);
            return;
        }
        for place in roused(history) {
            let distance = history.glance(place).position.distance(viewer.position);
            if let Some(index) = view.slot_at(place).filter(|_| distance < FRESH_METRES) {
                view.interest.schedule.refresh(index as u16);
            }
        }
    }

    /// Binds what is in range, unbinds what is not, and gives everything its tier.
    fn rank(&mut self, view: &mut ClientView, history: &SharedHistory, viewer: &ViewPoint) {
        self.arrivals.clear();
        let arrivals = &mut self.arrivals;
        history.visit_near(viewer.position, INTEREST_METRES, |place| {
            let glance = history.glance(place);
            let is_new = view
                .slot_at(place)
                .is_none_or(|index| view.slots[index].id != glance.id);
            if is_new && is_in_range(glance, viewer, 1.0) {
                arrivals.push(place);
            }
        });
        self.moving.clear();
        self.entries.clear();
        for index in 0..view.slots.len() {
            let slot = &mut view.slots[index];
            if slot.binding != Binding::Live {
                continue;
            }
            let glance = history.glance(slot.place);
            let is_there = glance.is_present && glance.id == slot.id;
            if !is_there || !is_in_range(glance, viewer, HYSTERESIS) {
                view.unbind(index);
                continue;
            }
            let distance = glance.position.distance(viewer.position);
            slot.tier = distance_tier(distance, slot.tier);
            let has_rested = history.send() - glance.newest_since >= RESTED_SENDS;
            if has_rested && slot.is_settled(glance) {
                self.entries.push((index as u16, SLOWEST_TIER, slot.place));
            } else {
                let score = urgency(glance, viewer).to_bits();
                self.moving.push(u64::from(!score) << 16 | index as u64);
            }
        }
        for place in &self.arrivals {
            let glance = history.glance(*place);
            if let Some(index) = view.bind(glance.id, *place) {
                let distance = glance.position.distance(viewer.position);
                view.slots[index].tier = distance_tier(distance, 0);
                let score = urgency(glance, viewer).to_bits();
                self.moving.push(u64::from(!score) << 16 | index as u64);
            }
        }
        let most = view.interest.adapt(self.moving.len());
        self.give_tiers(view, most);
        view.interest.schedule.arrange(&self.entries);
        view.interest
            .plan_next(history.send(), view.slots.len(), viewer);
    }

    /// The first `full` ranks get tier 0, as many again tier 1, twice as many tier 2, and so on; or the tier of their
    /// distance, if that is slower.
    fn give_tiers(&mut self, view: &ClientView, full: usize) {
        let mut ranked = self.moving.as_mut_slice();
        let mut slower = SLOWEST_TIER;
        while slower > 0 {
            let border = full << (slower - 1);
            if border < ranked.len() {
                let (nearer, _, _) = ranked.select_nth_unstable(border);
                let count = nearer.len();
                let (nearer, further) = ranked.split_at_mut(count);
                push_all(&mut self.entries, view, further, slower);
                ranked = nearer;
            }
            slower -= 1;
        }
        push_all(&mut self.entries, view, ranked, 0);
    }
}

fn push_all(entries: &mut Vec<(u16, u8, Place)>, view: &ClientView, ranked: &[u64], tier: u8) {
    for key in ranked {
        let index = *key as u16;
        let slot = &view.slots[usize::from(index)];
        entries.push((index, tier.max(slot.tier), slot.place));
    }
}

impl Interest {
    /// How many ranks get the full rate from now on, by what fitted since the last ranking.
    fn adapt(&mut self, moving: usize) -> usize {
        let all = (self.sent + self.withheld).max(1) as f32;
        let withheld = self.withheld as f32 / all;
        if withheld > TOO_MANY_WITHHELD {
            self.full_ranks *= (1.0 - withheld).max(0.5);
        } else if withheld < FEW_WITHHELD {
            self.full_ranks = self.full_ranks * 1.1 + 1.0;
        }
        let most = if moving <= SMALL_CROWD {
            SMALL_CROWD
        } else {
            MOST_FULL_RANKS
        };
        self.full_ranks = self.full_ranks.clamp(LEAST_FULL_RANKS, most as f32);
        (self.sent, self.withheld) = (0, 0);
        self.full_ranks as usize
    }

    fn is_ranking_due(&self, send: u64, is_upheaval: bool) -> bool {
        send >= self.next_ranking
            || (is_upheaval && send >= self.last_ranking + LEAST_RANKING_SENDS)
    }

    fn plan_next(&mut self, send: u64, entities: usize, viewer: &ViewPoint) {
        let wait = (entities as u64 / ENTITIES_PER_RANKING_SEND)
            .clamp(LEAST_RANKING_SENDS, MOST_RANKING_SENDS);
        let is_first = self.next_ranking == 0;
        (self.last_ranking, self.next_ranking) = (send, send + wait);
        if is_first {
            // Clients that came together do not rank together.
            let own = viewer.own.map_or(0, |own| u64::from(own.0));
            self.next_ranking = send + 1 + own % wait;
        }
    }
}

/// What stirs with this send, as much as is looked at; another part of it in each send when it is too much.
pub(crate) fn roused(history: &SharedHistory) -> impl Iterator<Item = Place> {
    let all = history.roused();
    let first = if all.len() > ROUSED_AT_ONCE {
        history.send() as usize % all.len()
    } else {
        0
    };
    let turn = all[first..].iter().chain(&all[..first]);
    turn.take(ROUSED_AT_ONCE).copied()
}

/// Who came since is bound, who left is unbound. False when too much happened for that.
fn follow_changes(
    view: &mut ClientView,
    history: &SharedHistory,
    viewer: &ViewPoint,
    seen: u64,
) -> bool {
    let Some(changes) = history.changes_since(seen) else {
        return false;
    };
    for place in changes {
        let glance = history.glance(*place);
        if let Some(index) = view.slot_at(*place)
            && (view.slots[index].id != glance.id || !glance.is_present)
        {
            view.unbind(index);
        }
        let is_new = glance.is_present && view.slot_at(*place).is_none();
        if is_new
            && is_in_range(glance, viewer, 1.0)
            && let Some(index) = view.bind(glance.id, *place)
            && !view.interest.schedule.refresh(index as u16)
        {
            return false;
        }
    }
    true
}

fn is_in_range(glance: &Glance, viewer: &ViewPoint, margin: f32) -> bool {
    viewer.own != Some(glance.id)
        && glance.position.distance(viewer.position) <= INTEREST_METRES * margin
}

/// Tier of a distance, near borders the tier before.
fn distance_tier(distance: f32, before: u8) -> u8 {
    let of = |distance: f32| {
        TIER_METRES
            .iter()
            .filter(|border| distance > **border)
            .count() as u8
    };
    before.clamp(of(distance / HYSTERESIS), of(distance))
}

/// How urgent one more send without a record of this entity makes it.
pub(crate) fn urgency(glance: &Glance, viewer: &ViewPoint) -> f32 {
    let away = glance.position - viewer.position;
    let distance = away.length().max(0.1);
    let facing = (away.dot(viewer.forward) / distance + 1.0) * 0.5;
    let seen = BEHIND_WEIGHT + (1.0 - BEHIND_WEIGHT) * facing.clamp(0.0, 1.0);
    glance.weight * seen * (glance.size_metres / distance).clamp(0.02, 1.0)
}
