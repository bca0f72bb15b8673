//! What people place in a world: asked for, stored, put up, told of, and taken away again.

use super::{
    PersonId, World,
    keeping::Pending,
    talk::{clean, unix_secs},
};
use crate::{files::StandingFile, store::Change};
use glam::{Quat, Vec3};
use protocol::{
    ContentHash, Denial, PlacedThing, ServerMessage,
    limits::{MAX_THING_COORDINATE_METRES, MAX_THING_TITLE_BYTES, MAX_THINGS, PLACE_METRES},
};
use scene::PropCost;
use simulation::{AVATAR_RADIUS, STANDING_HEIGHT, Simulation};
use std::sync::Arc;

/// How far the server lets a thing be placed: a little further than the client, which sees itself a moment later.
const REACH: f32 = PLACE_METRES + 1.0;
/// Room that a thing leaves around somebody, in metres.
const BERTH: f32 = 0.05;

/// What somebody asks for.
pub(super) struct Placing {
    pub(super) hash: ContentHash,
    pub(super) title: String,
    pub(super) position: [f32; 3],
    pub(super) yaw: f32,
}

/// A thing that stands in the world, or is about to.
pub(super) struct Standing {
    pub(super) info: PlacedThing,
    file: StandingFile,
}

/// The space that a thing takes: a box in its own space, and where that is.
struct Space {
    low: Vec3,
    high: Vec3,
    position: Vec3,
    turn: Quat,
}

impl Space {
    fn of(thing: &Standing) -> Self {
        let (low, high) = thing.file.about.bounds;
        Self {
            low,
            high,
            position: Vec3::from_array(thing.info.position),
            turn: Quat::from_rotation_y(thing.info.yaw),
        }
    }

    fn inside(&self, point: Vec3) -> Vec3 {
        self.turn.inverse() * (point - self.position)
    }

    fn distance(&self, point: Vec3) -> f32 {
        let inside = self.inside(point);
        inside.distance(inside.clamp(self.low, self.high))
    }

    /// True when somebody who stands there would touch the box.
    fn holds(&self, feet: Vec3) -> bool {
        let inside = self.inside(feet);
        let side = AVATAR_RADIUS + BERTH;
        let low = self.low - Vec3::new(side, STANDING_HEIGHT + BERTH, side);
        let high = self.high + Vec3::new(side, 0.0, side);
        inside.cmpge(low).all() && inside.cmplt(high).all()
    }
}

impl World {
    /// What stands here, for who enters.
    pub(super) fn thing_infos(&self) -> Vec<PlacedThing> {
        self.things.iter().map(|thing| thing.info.clone()).collect()
    }

    /// Puts up again what stood here when the server stopped. What the gate does not take any more stays in the store.
    pub(super) fn restore_things(&mut self, things: Vec<(PlacedThing, Vec<u8>)>) {
        for (info, bytes) in things {
            if self.things.len() == MAX_THINGS {
                tracing::warn!(
                    world = self.info.id,
                    "more than {MAX_THINGS} things are stored, the newest are not shown"
                );
                return;
            }
            match self.library.stand_again(&info.did, bytes) {
                Ok(file) => self.set_up(Standing { info, file }),
                Err(fault) => tracing::warn!(
                    world = self.info.id,
                    "the thing `{}` is not shown any more: {fault}",
                    scene::printable(&info.title)
                ),
            }
        }
    }

    pub(super) fn place(&mut self, person: PersonId, request: u32, placing: Placing) {
        let standing = match self.judge(person, placing) {
            Ok(standing) => standing,
            Err(reason) => return self.deny(person, request, reason),
        };
        self.next_thing += 1;
        let change = Change::Place(standing.info.clone(), Arc::clone(&standing.file.file));
        let pending = Pending::Place {
            person,
            request,
            standing: Box::new(standing),
        };
        self.submit(change, pending, person, request);
    }

    /// The thing as it will stand, or why it will not.
    pub(super) fn judge(&mut self, person: PersonId, placing: Placing) -> Result<Standing, Denial> {
        let now_secs = self.now_secs();
        let known = self.people.get_mut(&person).ok_or(Denial::Unknown)?;
        if !self.placers.rights(&known.did).may_place {
            return Err(Denial::NotAllowed);
        }
        if !known.talk.take(now_secs) {
            return Err(Denial::TooFast);
        }
        let title = clean(&placing.title, MAX_THING_TITLE_BYTES);
        let title = title
            .filter(|title| !title.contains('\n'))
            .ok_or(Denial::Text)?;
        let (from, did) = (known.info.name.to_string(), known.did.clone());
        let eyes = known.track.eyes();
        let is_far = |at: &f32| at.is_nan() || at.abs() > MAX_THING_COORDINATE_METRES;
        if !placing.yaw.is_finite() || placing.position.iter().any(is_far) {
            return Err(Denial::OutOfReach);
        }
        let file = self.library.stand(placing.hash).ok_or(Denial::NoFile)?;
        let standing = Standing {
            info: PlacedThing {
                thing: self.next_thing,
                hash: placing.hash,
                bytes: file.file.bytes.len() as u64,
                title,
                from,
                did,
                position: placing.position,
                yaw: placing.yaw,
                unix_secs: unix_secs(),
            },
            file,
        };
        let space = Space::of(&standing);
        if space.distance(eyes) > REACH {
            return Err(Denial::OutOfReach);
        }
        self.has_room(&standing)?;
        if self.is_occupied(&space) {
            return Err(Denial::Occupied);
        }
        Ok(standing)
    }

    fn has_room(&self, standing: &Standing) -> Result<(), Denial> {
        let full = |limit: String| Err(Denial::NoRoom(limit));
        let under_way = || {
            self.pending.values().filter_map(|pending| match pending {
                Pending::Place { standing, .. } => Some(&**standing),
                _ => None,
            })
        };
        let all = || self.things.iter().chain(under_way());
        let own = all().filter(|other| other.info.did == standing.info.did);
        if own.count() >= self.placers.each_at_most {
            return full(format!(
                "at most {} of each person",
                self.placers.each_at_most
            ));
        }
        if all().count() >= self.placers.at_most {
            return full(format!("at most {} in this world", self.placers.at_most));
        }
        let costs = all().map(|thing| thing.file.about.cost);
        let sum = costs.fold(standing.file.about.cost, PropCost::plus);
        sum.fits_a_world().map_err(Denial::NoRoom)
    }

    /// True when somebody is there, or will be: nothing is put upon anybody.
    fn is_occupied(&self, space: &Space) -> bool {
        let people = self.people.values();
        let feet = people.map(|known| known.track.newest().position);
        let spawns = self.simulation.spawn_places().iter();
        feet.chain(spawns.map(|place| place.position))
            .any(|feet| space.holds(feet))
    }

    pub(super) fn take_away(&mut self, person: PersonId, request: u32, id: u64) {
        let Some(known) = self.people.get(&person) else {
            return;
        };
        let Some(thing) = self.things.iter().find(|thing| thing.info.thing == id) else {
            return self.deny(person, request, Denial::Unknown);
        };
        // Whoever may no longer place still may clear away.
        let is_own = thing.info.did == known.did;
        if !is_own && !self.placers.rights(&known.did).may_take_away_all {
            return self.deny(person, request, Denial::NotYours);
        }
        let pending = Pending::TakeAway {
            person,
            request,
            thing: id,
        };
        self.submit(Change::TakeAway(id), pending, person, request);
    }

    /// The disk has it: it stands, and everybody hears of it.
    pub(super) fn put_up(&mut self, standing: Standing) {
        self.tell_all(ServerMessage::ThingPlaced(standing.info.clone()));
        self.set_up(standing);
    }

    fn set_up(&mut self, standing: Standing) {
        set(&mut self.simulation, &standing);
        self.things.push(standing);
    }

    /// Puts everything into a simulation that knows of no things yet.
    pub(super) fn set_things(&mut self) {
        for standing in &self.things {
            set(&mut self.simulation, standing);
        }
    }

    /// The disk has let go of it.
    pub(super) fn take_down(&mut self, id: u64) {
        self.simulation.remove_thing(id);
        self.things.retain(|thing| thing.info.thing != id);
        self.tell_all(ServerMessage::ThingTakenAway(id));
    }
}

fn set(simulation: &mut Simulation, standing: &Standing) {
    let info = &standing.info;
    let position = Vec3::from_array(info.position);
    simulation.add_thing(info.thing, &standing.file.about.shape, position, info.yaw);
}
