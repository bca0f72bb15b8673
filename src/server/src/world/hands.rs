//! Things in people's hands: who may take what, carrying, letting go. A change of hands counts once it is on disk.

use super::{Body, Hold, PersonId, World, keeping::Pending, sending};
use crate::store::Change;
use glam::{Quat, Vec3};
use protocol::{Denial, EntityId, HandPose, ServerMessage, TICKS_PER_SECOND, limits::REACH_METRES};
use simulation::{AVATAR_RADIUS, BodyState};

/// Reach as the server sees it: both ends are a little apart in time.
pub(super) const REACH_WITH_MARGIN: f32 = REACH_METRES + 1.0;

/// How somebody lets go.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Letting {
    pub(super) velocity: [f32; 3],
    pub(super) hand: Option<HandPose>,
}

impl World {
    pub(super) fn grab(&mut self, person: PersonId, request: u32, entity: EntityId) {
        let number = match self.may_grab(person, entity) {
            Ok(number) => number,
            Err(reason) => return self.deny(person, request, reason),
        };
        let Some(known) = self.people.get(&person) else {
            return;
        };
        let change = Change::Hold {
            node: self.bodies[number].node.0,
            did: Some(known.did.clone()),
        };
        let pending = Pending::Grab {
            person,
            request,
            number,
        };
        if self.submit(change, pending, person, request) {
            self.bodies[number].hold = Hold::Asked(person);
        }
    }

    fn may_grab(&self, person: PersonId, entity: EntityId) -> Result<usize, Denial> {
        let known = self.people.get(&person).ok_or(Denial::Unknown)?;
        let number = self.body_of(entity).ok_or(Denial::Unknown)?;
        let body = &self.bodies[number];
        let state = self.simulation.body(body.index).ok_or(Denial::Unknown)?;
        if !body.is_carryable {
            return Err(Denial::NotCarryable);
        }
        if body.hold != Hold::Free {
            return Err(Denial::Taken);
        }
        if known.holding.is_some()
            || self
                .bodies
                .iter()
                .any(|other| other.hold == Hold::Asked(person))
        {
            return Err(Denial::Other("your hands are full".to_owned()));
        }
        let eyes = known.track.eyes();
        let distance = eyes.distance(state.position) - body.size_metres.min(REACH_METRES);
        if distance > REACH_WITH_MARGIN || self.is_hidden(eyes, state.position, body) {
            return Err(Denial::OutOfReach);
        }
        Ok(number)
    }

    /// Something that does not move stands between eyes and body.
    fn is_hidden(&self, eyes: Vec3, target: Vec3, body: &Body) -> bool {
        let away = target - eyes;
        let Some(direction) = away.try_normalize() else {
            return false;
        };
        let limit = away.length() - body.size_metres.max(0.1);
        limit > 0.0
            && self
                .simulation
                .cast_ray(eyes, direction, limit)
                .is_some_and(|hit| hit.body.is_none())
    }

    /// Somebody lets go. The body flies at once; that it is in nobody's hand is acknowledged when the disk knows.
    pub(super) fn release(
        &mut self,
        person: PersonId,
        request: u32,
        entity: EntityId,
        letting: Letting,
    ) {
        if let Some(number) = self.body_of(entity)
            && self.bodies[number].hold == Hold::Asked(person)
            && self.bodies[number].early_release.is_none()
        {
            self.bodies[number].early_release = Some((request, letting));
            return;
        }
        let held = self.people.get(&person).and_then(|known| known.holding);
        let Some(number) = held.filter(|number| self.bodies[*number].entity == entity) else {
            return self.deny(person, request, Denial::Unknown);
        };
        let is_as_stated = self.let_go(person, number, &letting);
        let tick = self.tick;
        self.tell(
            person,
            ServerMessage::Thrown {
                request,
                entity,
                tick,
                is_as_stated,
            },
        );
        self.tell_holding(person);
        let change = Change::Hold {
            node: self.bodies[number].node.0,
            did: None,
        };
        let pending = Pending::Release {
            person,
            request,
            number,
        };
        if !self.submit(change, pending, person, request) {
            self.keep_hold(number);
        }
    }

    /// The disk has it: the body is in the hand.
    pub(super) fn finish_grab(&mut self, person: PersonId, request: u32, number: usize) {
        if self.bodies[number].hold != Hold::Asked(person) || !self.people.contains_key(&person) {
            // Its taker left meanwhile.
            self.bodies[number].early_release = None;
            self.keep_hold(number);
            return;
        }
        self.take_in_hand(person, number);
        self.done(person, request);
        self.tell_holding(person);
        let entity = self.bodies[number].entity;
        if let Some((request, letting)) = self.bodies[number].early_release.take() {
            self.release(person, request, entity, letting);
        }
    }

    /// The disk does not take it: nobody holds the body.
    pub(super) fn refuse_grab(&mut self, person: PersonId, number: usize) {
        let body = &mut self.bodies[number];
        if body.hold == Hold::Asked(person) {
            body.hold = Hold::Free;
        }
        if let Some((request, _)) = body.early_release.take() {
            self.deny(person, request, Denial::Unknown);
        }
        // An earlier release may have been refused together with it.
        self.keep_hold(number);
    }

    pub(super) fn take_in_hand(&mut self, person: PersonId, number: usize) {
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        known.holding = Some(number);
        self.bodies[number].hold = Hold::Held(person);
        self.simulation.begin_carry(self.bodies[number].index);
    }

    /// The flight begins where the thrower says when that can be believed. True when it does.
    fn let_go(&mut self, person: PersonId, number: usize, letting: &Letting) -> bool {
        let body = &mut self.bodies[number];
        body.hold = Hold::Free;
        body.released_tick = Some(self.tick);
        let index = body.index;
        let Some(known) = self.people.get_mut(&person) else {
            self.simulation.end_carry(index, Vec3::ZERO);
            return false;
        };
        known.holding = None;
        let velocity = Vec3::from_array(letting.velocity);
        let Some(hand) = letting.hand else {
            self.simulation.end_carry(index, velocity);
            return false;
        };
        self.simulation.throw_from(
            index,
            known.track.eyes(),
            REACH_WITH_MARGIN,
            (hand.position.into(), Quat::from_array(hand.rotation)),
            (velocity, hand.spin.into()),
        )
    }

    fn tell_holding(&mut self, person: PersonId) {
        let held = self.people.get(&person).and_then(|known| known.holding);
        let entity = held.map(|number| self.bodies[number].entity);
        self.tell(person, ServerMessage::Holding(entity));
    }

    /// What somebody holds falls, without their asking.
    pub(super) fn drop_held(&mut self, person: PersonId) {
        let Some(number) = self.people.get(&person).and_then(|known| known.holding) else {
            return;
        };
        self.let_go(person, number, &Letting::default());
        self.keep_hold(number);
        self.tell_holding(person);
    }

    /// Moves what is carried, pushes what people walk against.
    pub(super) fn carry_bodies(&mut self) {
        let mut lost = Vec::new();
        for (person, known) in &self.people {
            let may_push = !known.track.is_seated()
                && known.link.is_some()
                && self.simulation.is_near_loose(known.obstacle);
            if may_push {
                let sample = known.track.newest();
                let is_crouching = sample.flags.contains(replication::Flags::CROUCHING);
                self.simulation.push_around(sample.position, is_crouching);
            }
            if let Some(number) = known.holding {
                let index = self.bodies[number].index;
                if !self.simulation.carry(index, known.track.hand()) {
                    lost.push(*person);
                }
            }
        }
        for person in lost {
            self.drop_held(person);
        }
    }

    /// Puts bodies that fell out of the world, or out of the numbers, back to where the file has them.
    pub(super) fn rescue_bodies(&mut self) {
        let lowest = self.simulation.kill_height();
        for number in 0..self.bodies.len() {
            let body = &self.bodies[number];
            let is_lost = self.simulation.body(body.index).is_none_or(|state| {
                !state.is_believable() || state.position.y < lowest || !sending::is_in_range(&state)
            });
            if !is_lost && !self.simulation.is_switched_off(body.index) {
                continue;
            }
            if let Hold::Held(person) = body.hold {
                self.drop_held(person);
            }
            let body = &mut self.bodies[number];
            body.teleport = body.teleport.wrapping_add(1);
            let mut state = body.initial;
            // What nothing pushes would never move again.
            if !self.simulation.bodies()[body.index].is_driven {
                state.linear_velocity = Vec3::ZERO;
                state.angular_velocity = Vec3::ZERO;
            }
            self.simulation.set_body(body.index, &state);
        }
    }

    /// Gives somebody back what they held when the server stopped, unless they hold something already.
    pub(super) fn give_back_held(&mut self, person: PersonId) {
        let Some(known) = self.people.get(&person) else {
            return;
        };
        if known.holding.is_some() {
            return;
        }
        let (did, eyes, hand) = (known.did.clone(), known.track.eyes(), known.track.hand());
        let number = self
            .bodies
            .iter()
            .position(|body| matches!(&body.hold, Hold::Awaits(holder, _) if *holder == did));
        let Some(number) = number else { return };
        let position = self.room_before(eyes, hand, self.bodies[number].size_metres);
        let body = &mut self.bodies[number];
        body.teleport = body.teleport.wrapping_add(1);
        if let Some(state) = self.simulation.body(body.index) {
            let at_hand = BodyState {
                position,
                linear_velocity: Vec3::ZERO,
                angular_velocity: Vec3::ZERO,
                is_sleeping: false,
                ..state
            };
            self.simulation.set_body(body.index, &at_hand);
        }
        self.take_in_hand(person, number);
    }

    /// The hand, or as far on the way to it from the eyes as something fits: not in a wall, and not behind one.
    fn room_before(&self, eyes: Vec3, hand: Vec3, size_metres: f32) -> Vec3 {
        let Some(direction) = (hand - eyes).try_normalize() else {
            return hand;
        };
        let radius = size_metres.min(AVATAR_RADIUS);
        let room = self
            .simulation
            .cast_ball(eyes, direction, radius, eyes.distance(hand));
        eyes + direction * room
    }

    /// Who held something when the server stopped has some time to come back for it.
    pub(super) fn forget_absent_holders(&mut self) {
        for number in 0..self.bodies.len() {
            if matches!(self.bodies[number].hold, Hold::Awaits(_, until) if self.tick >= until) {
                self.bodies[number].hold = Hold::Free;
                self.keep_hold(number);
            }
        }
    }

    /// Tells the disk that nobody holds a body; until it takes that, once a second.
    pub(super) fn keep_hold(&mut self, number: usize) {
        if self.bodies[number].hold == Hold::Free {
            self.unsaved_holds.insert(self.bodies[number].node.0);
            self.save_holds();
        }
    }

    fn body_of(&self, entity: EntityId) -> Option<usize> {
        self.bodies
            .binary_search_by_key(&entity, |body| body.entity)
            .ok()
    }
}

/// True for a while after a body was let go: it probably flies.
pub(super) fn is_thrown(body: &Body, tick: u64) -> bool {
    body.released_tick
        .is_some_and(|released| tick - released < 3 * u64::from(TICKS_PER_SECOND))
}
