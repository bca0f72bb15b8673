//! Coming in: new, back after a lost connection, or with a second program that takes the first one's place.

use super::{
    Entrant, Outgoing, Person, SessionId, World,
    motion::Track,
    people::{Link, check_avatar, framed, talk_limiter},
    sending::SEND_GROUPS,
};
use glam::Vec3;
use network::CloseCode;
use protocol::{
    Activity, EntityId, Hello, PersonId, PersonInfo, Refusal, SeatInfo, ServerMessage,
    ToldStatistics, Welcome,
};
use replication::{ClientView, ReceiveLog};
use simulation::{AVATAR_RADIUS, MAX_STEP, SpawnPlace};
use std::sync::Arc;

/// People around one spawn point stand on rings of this many.
const RING: u32 = 8;
/// Distance between rings in metres.
const RING_METRES: f32 = 1.1;
/// Other spawn points that are looked at when there is no room at the wished one.
const MAX_OTHER_SPAWNS: usize = 8;
/// What is in the way of a spawn point and ends below this height above it is stood upon, and how finely the height is
/// looked for, in metres.
const TOP_METRES: f32 = 6.0;
const TOP_STEP_METRES: f32 = 0.25;

impl World {
    /// Lets somebody in, or says why not.
    pub(super) fn enter(&mut self, entrant: Entrant) {
        let session = entrant.session;
        let admitted = self.admit(&entrant.hello);
        let person = match admitted {
            Ok(person) => person,
            Err(refusal) => {
                if entrant.answer.send(Err(refusal)).is_err() {
                    tracing::debug!("somebody was refused who had gone");
                }
                return;
            }
        };
        let (person, is_resumed) = match person {
            Some(person) => (person, true),
            None => (self.add_person(&entrant.hello), false),
        };
        self.attach(person, &entrant);
        self.give_back_held(person);
        let Some(welcome) = self.welcome(person, is_resumed) else {
            return;
        };
        if entrant.answer.send(Ok(welcome.rights)).is_err() {
            self.lose(session, false);
            return;
        }
        let info = self.people[&person].info.clone();
        tracing::info!(name = %info.name, is_resumed, people = self.people.len(), "entered");
        self.tell(person, ServerMessage::Welcome(Box::new(welcome)));
        self.announce(Some(person), &ServerMessage::PersonChanged(info));
    }

    /// The avatar that waits for this key, `None` for somebody new who may come in.
    fn admit(&mut self, hello: &Hello) -> Result<Option<PersonId>, Refusal> {
        if self.closed.is_some() {
            return Err(Refusal::Closing);
        }
        check_avatar(&hello.avatar).map_err(|reason| Refusal::Hello(reason.to_owned()))?;
        let known = self
            .people
            .iter()
            .find(|(_, known)| known.did == hello.did)
            .map(|(person, _)| *person);
        if known.is_some() {
            return Ok(known);
        }
        if self.people.len() >= self.info.capacity as usize && !self.make_room() {
            return Err(Refusal::Full {
                capacity: self.info.capacity,
            });
        }
        Ok(None)
    }

    /// Who is here goes before who may come back.
    fn make_room(&mut self) -> bool {
        let absent = self
            .people
            .iter()
            .filter(|(_, known)| known.link.is_none())
            .min_by_key(|(_, known)| known.leaves_at)
            .map(|(person, _)| *person);
        if let Some(person) = absent {
            self.remove_person(person);
        }
        absent.is_some()
    }

    pub(super) fn add_person(&mut self, hello: &Hello) -> PersonId {
        let id = self.next_id;
        self.next_id += 1;
        let (position, yaw) = self.spawn_place(hello.spawn.as_deref());
        let info = PersonInfo {
            person: PersonId(id),
            entity: EntityId(id),
            name: self.free_name(&hello.name, None),
            avatar: hello.avatar.clone(),
            is_agent: hello.is_agent,
            activity: Activity::Standing,
            is_connected: true,
        };
        let person = Person {
            folded_name: info.name.folded(),
            info,
            did: hello.did.clone(),
            link: None,
            leaves_at: 0,
            track: Track::at(position, yaw, self.tick),
            holding: None,
            talk: talk_limiter(self.now_secs()),
            worn: None,
            obstacle: self.simulation.add_avatar(position),
        };
        self.people.insert(PersonId(id), person);
        PersonId(id)
    }

    /// Gives a person their connection. An older one of the same key is told and ends.
    fn attach(&mut self, person: PersonId, entrant: &Entrant) {
        let tick = self.tick;
        let name = self.free_name(&entrant.hello.name, Some(person));
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        let link = Link {
            session: entrant.session,
            connection: Arc::new(entrant.connection.clone()),
            outbox: entrant.outbox.clone(),
            is_ready: false,
            heard_tick: tick,
            log: ReceiveLog::default(),
            faults: 0,
            view: ClientView::new(),
            group: entrant.session.0 as usize % SEND_GROUPS,
            budget: self.first_budget,
            path: entrant.connection.stats(),
            told: ToldStatistics::default(),
        };
        let older = known.link.replace(link);
        known.info.is_connected = true;
        known.folded_name = name.folded();
        known.info.name = name;
        let avatar = self.placers.seen(entrant.hello.avatar.clone());
        known.worn = self.library.wear(&avatar);
        known.info.avatar = avatar;
        known.track.resume(&self.simulation, tick);
        let position = known.track.newest().position;
        self.simulation.move_avatar(known.obstacle, position);
        if let Some(older) = older {
            self.replace(&older);
        }
        self.sessions.insert(entrant.session, person);
    }

    fn replace(&mut self, older: &Link) {
        let session: SessionId = older.session;
        self.sessions.remove(&session);
        let last = framed(&ServerMessage::Replaced).map(Outgoing::Message);
        let end = Outgoing::Close(CloseCode::Replaced, "the same key entered elsewhere");
        let is_told = last.is_some_and(|last| older.outbox.try_send(last).is_ok());
        if !is_told || older.outbox.try_send(end).is_err() {
            older
                .connection
                .close(CloseCode::Replaced, "the same key entered elsewhere");
        }
    }

    /// Where to appear: at the named spawn point, else the first; around it when others stand there. Where somebody has put
    /// something in the way it is another spawn point, and at last the top of what is in the way.
    pub(super) fn spawn_place(&self, title: Option<&str>) -> (Vec3, f32) {
        let places = self.simulation.spawn_places();
        let wished = title
            .and_then(|title| places.iter().position(|place| place.title == title))
            .unwrap_or(0);
        let others = (0..places.len()).filter(|index| *index != wished);
        let order = std::iter::once(wished).chain(others.take(MAX_OTHER_SPAWNS));
        let mut around = order.flat_map(|index| {
            let SpawnPlace { position, yaw, .. } = places[index];
            let rings = (0..4 * RING).map(move |number| self.beside(position, number));
            std::iter::once(position)
                .chain(rings)
                .map(move |position| (position, yaw))
        });
        let is_empty = |position: Vec3| {
            self.people
                .values()
                .all(|known| known.track.newest().position.distance(position) > 2.0 * AVATAR_RADIUS)
        };
        let has_room = |position: Vec3| self.simulation.has_room(position);
        let free = around.find(|(position, _)| is_empty(*position) && has_room(*position));
        let SpawnPlace { position, yaw, .. } = places[wished];
        free.unwrap_or_else(|| (self.above(position), yaw))
    }

    /// The lowest place with room at a point or above it; the point itself where there is none below [`TOP_METRES`].
    fn above(&self, point: Vec3) -> Vec3 {
        let heights = (0..).map(|step| step as f32 * TOP_STEP_METRES);
        let room = heights
            .take_while(|height| *height < TOP_METRES)
            .map(|height| point + Vec3::Y * height)
            .find(|place| self.simulation.has_room(*place));
        let Some(room) = room.filter(|room| *room != point) else {
            return point;
        };
        // What is no higher than a step counts as room: the ground may be as far above as below.
        let from = room + Vec3::Y * MAX_STEP;
        let ground = self.simulation.cast_ray(from, Vec3::NEG_Y, 2.0 * MAX_STEP);
        ground.map_or(room, |hit| hit.point)
    }

    /// A place on a ring around a spawn point, not through walls.
    fn beside(&self, center: Vec3, number: u32) -> Vec3 {
        let angle = number as f32 / RING as f32 * std::f32::consts::TAU + number as f32 * 0.05;
        let direction = Vec3::new(angle.sin(), 0.0, angle.cos());
        let wished = RING_METRES * (1 + number / RING) as f32;
        let chest = center + Vec3::Y;
        let reached = self
            .simulation
            .cast_ball(chest, direction, AVATAR_RADIUS, wished);
        let place = chest + direction * (reached - 0.05).max(0.0);
        // Onto the ground there, when it is about as high.
        match self.simulation.cast_ray(place, Vec3::NEG_Y, 1.5) {
            Some(hit) => hit.point,
            None => center,
        }
    }

    fn welcome(&self, person: PersonId, is_resumed: bool) -> Option<Welcome> {
        let known = self.people.get(&person)?;
        let sample = known.track.newest();
        Some(Welcome {
            person,
            entity: known.info.entity,
            name: known.info.name.clone(),
            is_resumed,
            tick: self.tick,
            position: sample.position.to_array(),
            yaw: sample.yaw,
            world: self.info.clone(),
            people: self
                .people
                .iter()
                .filter(|(other, _)| **other != person)
                .map(|(_, other)| other.info.clone())
                .collect(),
            bodies: self.body_infos(),
            seats: self
                .seats
                .iter()
                .map(|seat| SeatInfo {
                    node: seat.place.node.0,
                    person: seat.person,
                })
                .collect(),
            chat: self.chat.clone(),
            notes: self.notes.clone(),
            holding: known.holding.map(|number| self.bodies[number].entity),
            things: self.thing_infos(),
            rights: self.placers.rights(&known.did),
        })
    }
}
