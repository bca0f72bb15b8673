//! Who is inside, and how they are told things.

use super::{Hold, SessionId, World, announcements::Announcement};
use crate::{files::Worn, limiter::Limiter};
use network::{CloseCode, Connection, Frame, PathStats, StateBudget};
use protocol::{
    Activity, AvatarChoice, ContentHash, Denial, DisplayName, PersonId, PersonInfo,
    SHIPPED_AVATARS, ServerMessage, TICKS_PER_SECOND, ToldStatistics,
    limits::{
        LOADING_TIMEOUT_SECS, MAX_CHAT_PER_TEN_SECONDS, MAX_EMOTE_BYTES, MAX_MESSAGE_BYTES,
        MAX_WELCOME_BYTES, RESUME_SECS, SILENCE_TIMEOUT_SECS,
    },
};
use replication::{ClientView, ReceiveLog};
use simulation::SeatPlace;
use std::{collections::HashSet, sync::Arc};
use tokio::sync::mpsc;

use super::motion::Track;

/// Ticks between two rounds of announcements.
const ANNOUNCE_TICKS: u64 = 6;

/// What a world hands to a session.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    /// A message for the control stream.
    Message(Frame),
    /// The end, after everything before it has arrived.
    Close(CloseCode, &'static str),
}

/// A participant.
pub(super) struct Person {
    pub(super) info: PersonInfo,
    /// The name in the form in which two count as the same.
    pub(super) folded_name: String,
    pub(super) did: String,
    /// `None` while the connection is lost.
    pub(super) link: Option<Link>,
    /// Tick at which an absent person leaves for good.
    pub(super) leaves_at: u64,
    pub(super) track: Track,
    /// Index of the body in their hand.
    pub(super) holding: Option<usize>,
    pub(super) talk: Limiter,
    /// Keeps the file of their avatar where others fetch it.
    pub(super) worn: Option<Worn>,
    /// The obstacle in the simulation.
    pub(super) obstacle: bevy::prelude::Entity,
}

/// The connection of somebody who is there.
pub(super) struct Link {
    pub(super) session: SessionId,
    pub(super) connection: Arc<Connection>,
    pub(super) outbox: mpsc::Sender<Outgoing>,
    pub(super) is_ready: bool,
    /// Tick of the last datagram, or of the entry.
    pub(super) heard_tick: u64,
    pub(super) log: ReceiveLog,
    pub(super) faults: u32,
    pub(super) view: ClientView,
    pub(super) group: usize,
    pub(super) budget: StateBudget,
    /// As of one of the last sends.
    pub(super) path: PathStats,
    /// Since the person asked before.
    pub(super) told: ToldStatistics,
}

/// A place to sit and who is on it.
pub(super) struct Seat {
    pub(super) place: SeatPlace,
    pub(super) person: Option<PersonId>,
}

impl Seat {
    pub(super) fn new(place: &SeatPlace) -> Self {
        Self {
            place: *place,
            person: None,
        }
    }
}

/// A message as it travels. What cannot be encoded is a fault of ours, and is told to nobody.
pub(super) fn framed(message: &ServerMessage) -> Option<Frame> {
    let limit = match message {
        ServerMessage::Welcome(_) => MAX_WELCOME_BYTES,
        _ => MAX_MESSAGE_BYTES,
    };
    match Frame::new(message, limit) {
        Ok(frame) => Some(frame),
        Err(error) => {
            tracing::error!("a message cannot be told: {error}");
            None
        }
    }
}

/// Whom a message is news of.
fn is_about(message: &ServerMessage) -> Option<PersonId> {
    match message {
        ServerMessage::PersonChanged(info) => Some(info.person),
        ServerMessage::PersonLeft(person) => Some(*person),
        _ => None,
    }
}

/// Chat lines, notes, gestures, changes of name or look, and seats taken.
pub(super) fn talk_limiter(now_secs: f64) -> Limiter {
    let burst = f64::from(MAX_CHAT_PER_TEN_SECONDS);
    Limiter::starting(burst / 10.0, burst, now_secs)
}

impl World {
    /// Queues a message for one person. Who does not read is sent away.
    pub(super) fn tell(&mut self, person: PersonId, message: ServerMessage) {
        if let Some(frame) = framed(&message) {
            self.tell_shared(person, &frame);
        }
    }

    fn tell_shared(&mut self, person: PersonId, frame: &Frame) {
        let Some(link) = self
            .people
            .get(&person)
            .and_then(|known| known.link.as_ref())
        else {
            return;
        };
        if link
            .outbox
            .try_send(Outgoing::Message(frame.clone()))
            .is_err()
        {
            link.connection
                .close(CloseCode::TooSlow, "the other side reads too slowly");
            let session = link.session;
            self.lose(session, false);
        }
    }

    /// Queues a message for everybody.
    pub(super) fn tell_all(&mut self, message: ServerMessage) {
        self.tell_others(None, message);
    }

    /// Queues a message for everybody but one.
    pub(super) fn tell_others(&mut self, but: Option<PersonId>, message: ServerMessage) {
        if is_about(&message).is_some() && !self.announcements.is_empty() {
            // After what was said of the same person before.
            self.announce(but, &message);
        } else if let Some(frame) = framed(&message) {
            self.tell_framed(but, &frame);
        }
    }

    /// Tells everybody but one that somebody came or left, soon: when a crowd comes, each is told of several together.
    /// Nobody is told any more of a world that closes.
    pub(super) fn announce(&mut self, but: Option<PersonId>, message: &ServerMessage) {
        if self.closed.is_none()
            && let Some(person) = is_about(message)
            && let Some(frame) = framed(message)
        {
            self.announcements.push(Announcement { person, but, frame });
        }
    }

    /// Says what was to be announced.
    pub(super) fn make_announcements(&mut self) {
        if !self.tick.is_multiple_of(ANNOUNCE_TICKS) {
            return;
        }
        for news in self.announcements.next_round() {
            self.tell_framed(news.but, &news.frame);
        }
    }

    fn tell_framed(&mut self, but: Option<PersonId>, frame: &Frame) {
        let everybody: Vec<PersonId> = self.people.keys().copied().collect();
        for person in everybody {
            if Some(person) != but {
                self.tell_shared(person, frame);
            }
        }
    }

    /// Ends a connection with a last sentence; the avatar stays for a while.
    pub(super) fn dismiss(&mut self, person: PersonId, code: CloseCode, reason: &'static str) {
        let Some(link) = self
            .people
            .get(&person)
            .and_then(|known| known.link.as_ref())
        else {
            return;
        };
        let session = link.session;
        tracing::info!(person = person.0, reason, "sent away");
        if link.outbox.try_send(Outgoing::Close(code, reason)).is_err() {
            link.connection.close(code, reason);
        }
        self.lose(session, false);
    }

    /// A connection is gone. The avatar waits for its person, unless they left in good order.
    pub(super) fn lose(&mut self, session: SessionId, in_order: bool) {
        let Some(person) = self.sessions.remove(&session) else {
            return;
        };
        let leaves_at = self.tick + RESUME_SECS * u64::from(TICKS_PER_SECOND);
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        known.link = None;
        known.leaves_at = leaves_at;
        known.info.is_connected = false;
        known.track.stop();
        tracing::info!(name = %known.info.name, in_order, "connection ended");
        if in_order {
            self.remove_person(person);
        } else {
            let info = known.info.clone();
            // Not at once: whom that finds with a full queue is lost as well, and so on.
            self.announce(Some(person), &ServerMessage::PersonChanged(info));
        }
    }

    /// Somebody leaves for good: their things fall, their seat is free.
    pub(super) fn remove_person(&mut self, person: PersonId) {
        self.drop_held(person);
        let Some(known) = self.people.remove(&person) else {
            return;
        };
        for seat in &mut self.seats {
            if seat.person == Some(person) {
                seat.person = None;
            }
        }
        for body in &mut self.bodies {
            if body.hold == Hold::Asked(person) {
                // The change under way is undone when the disk confirms it.
                body.hold = Hold::Free;
            }
        }
        self.simulation.remove_avatar(known.obstacle);
        tracing::info!(name = %known.info.name, "left");
        self.announce(None, &ServerMessage::PersonLeft(person));
    }

    /// Sends away who is stuck, and lets go of who has been away too long.
    pub(super) fn watch_people(&mut self) {
        let second = u64::from(TICKS_PER_SECOND);
        if !self.tick.is_multiple_of(second / 2) {
            return;
        }
        let mut gone = Vec::new();
        let mut stuck = Vec::new();
        for (person, known) in &self.people {
            match &known.link {
                None if self.tick >= known.leaves_at => gone.push(*person),
                None => {}
                Some(link) => {
                    let limit = if link.is_ready {
                        SILENCE_TIMEOUT_SECS
                    } else {
                        LOADING_TIMEOUT_SECS
                    };
                    if self.tick - link.heard_tick > limit * second {
                        stuck.push(*person);
                    }
                }
            }
        }
        for person in gone {
            self.remove_person(person);
        }
        for person in stuck {
            self.dismiss(
                person,
                CloseCode::TimedOut,
                "nothing was heard for too long",
            );
        }
        self.forget_absent_holders();
    }

    /// The world is loaded at the other end: state may flow.
    pub(super) fn set_ready(&mut self, person: PersonId) {
        let tick = self.tick;
        if let Some(link) = self
            .people
            .get_mut(&person)
            .and_then(|known| known.link.as_mut())
        {
            link.is_ready = true;
            link.heard_tick = tick;
            // Until now files had the path for themselves.
            let bytes_per_sec = link.budget.bytes_per_sec() as u64;
            link.connection.set_state_budget(bytes_per_sec);
        }
    }

    pub(super) fn gesture(&mut self, person: PersonId, name: &str) {
        let now_secs = self.now_secs();
        let is_name = !name.is_empty()
            && name.len() <= MAX_EMOTE_BYTES
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let may = self
            .people
            .get_mut(&person)
            .is_some_and(|known| known.talk.take(now_secs));
        if is_name && may {
            let name = name.to_owned();
            self.tell_others(Some(person), ServerMessage::Emote { person, name });
        }
    }

    pub(super) fn change_persona(
        &mut self,
        person: PersonId,
        request: u32,
        name: &DisplayName,
        avatar: AvatarChoice,
    ) {
        if let Err(reason) = check_avatar(&avatar) {
            return self.deny(person, request, Denial::Other(reason.to_owned()));
        }
        let now_secs = self.now_secs();
        let name = self.free_name(name, Some(person));
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        // Everybody is told: as bounded as talk.
        if !known.talk.take(now_secs) {
            return self.deny(person, request, Denial::TooFast);
        }
        known.folded_name = name.folded();
        known.info.name = name;
        let avatar = self.placers.seen(avatar);
        known.worn = self.library.wear(&avatar);
        known.info.avatar = avatar;
        let info = known.info.clone();
        self.tell_all(ServerMessage::PersonChanged(info));
        self.done(person, request);
    }

    /// An avatar file can be fetched now: who saw its wearer without it tries again.
    pub(super) fn announce_avatar(&mut self, hash: ContentHash) {
        let wearers: Vec<PersonInfo> = self
            .people
            .values()
            .filter(|known| matches!(&known.info.avatar, AvatarChoice::File { hash: worn, .. } if *worn == hash))
            .map(|known| known.info.clone())
            .collect();
        for info in wearers {
            self.tell_others(Some(info.person), ServerMessage::PersonChanged(info));
        }
    }

    /// The wished name, with a number when somebody else has it.
    pub(super) fn free_name(&self, wished: &DisplayName, own: Option<PersonId>) -> DisplayName {
        let others = self
            .people
            .iter()
            .filter(|(person, _)| Some(**person) != own);
        let taken: HashSet<&str> = others
            .map(|(_, known)| known.folded_name.as_str())
            .collect();
        let mut name = wished.clone();
        let mut number = 2;
        while taken.contains(name.folded().as_str()) {
            name = wished.numbered(number);
            number += 1;
        }
        name
    }

    /// Somebody sits down.
    pub(super) fn sit(&mut self, person: PersonId, request: u32, index: u32) {
        let Some((place, taken)) = self
            .seats
            .get(index as usize)
            .map(|seat| (seat.place, seat.person))
        else {
            return self.deny(person, request, Denial::Unknown);
        };
        if taken == Some(person) {
            self.done(person, request);
            return self.tell(person, ServerMessage::Sitting(Some(index)));
        }
        if taken.is_some() {
            return self.deny(person, request, Denial::Taken);
        }
        let now_secs = self.now_secs();
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        // Everybody is told: as bounded as talk. Nobody stands up more often than they sit down.
        if !known.talk.take(now_secs) {
            return self.deny(person, request, Denial::TooFast);
        }
        if known.track.eyes().distance(place.position) > super::hands::REACH_WITH_MARGIN {
            return self.deny(person, request, Denial::OutOfReach);
        }
        known.track.sit(&place);
        known.info.activity = Activity::Sitting(index);
        let info = known.info.clone();
        for (number, seat) in self.seats.iter_mut().enumerate() {
            if number == index as usize {
                seat.person = Some(person);
            } else if seat.person == Some(person) {
                seat.person = None;
            }
        }
        self.done(person, request);
        self.tell(person, ServerMessage::Sitting(Some(index)));
        self.tell_all(ServerMessage::PersonChanged(info));
    }

    /// Somebody stands up, where they stood before. Who stands is told so: their program believed otherwise.
    pub(super) fn stand(&mut self, person: PersonId) {
        let tick = self.tick;
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        if known.info.activity == Activity::Standing {
            return self.tell(person, ServerMessage::Sitting(None));
        }
        known.info.activity = Activity::Standing;
        known.track.stand(tick);
        let info = known.info.clone();
        for seat in &mut self.seats {
            if seat.person == Some(person) {
                seat.person = None;
            }
        }
        self.tell(person, ServerMessage::Sitting(None));
        self.tell_all(ServerMessage::PersonChanged(info));
    }
}

/// Rules on what somebody may look like.
pub(crate) fn check_avatar(avatar: &AvatarChoice) -> Result<(), &'static str> {
    let is_fine = match avatar {
        // Each name that is new to a client makes it load a whole avatar.
        AvatarChoice::Shipped(name) => SHIPPED_AVATARS.contains(&name.as_str()),
        AvatarChoice::File { bytes, .. } => {
            (1..=protocol::limits::MAX_AVATAR_BYTES).contains(bytes)
        }
    };
    if is_fine {
        Ok(())
    } else {
        Err("the avatar is none of those that every client has, or too large: choose another")
    }
}
