//! One world while it runs: people, bodies, talk, stored state. A plain value that is stepped tick by tick, by a
//! thread at 60 Hz or by a test; everything from outside comes through one bounded inbox.

mod announcements;
mod changing;
mod entry;
mod hands;
mod keeping;
mod motion;
mod people;
mod sending;
mod talk;
#[cfg(test)]
mod tests;
mod things;
mod truth;

use crate::{
    files::{Library, Shelved},
    hosted::{HostedWorld, WorldContent},
    placers::Placers,
    statistics::Statistics,
    store::Store,
    watch::Watch,
};
use announcements::Announcements;
use hands::Letting;
use keeping::Pending;
use network::{CloseCode, Connection, Courier, StateBudget};
use people::{Person, Seat};
use protocol::{
    BodyInfo, ChatLine, ClientMessage, ContentHash, Denial, EntityId, Hello, Note, PersonId,
    Refusal, Rights, ServerMessage, ServerStatistics, TICKS_PER_SECOND, WorldInfo,
};
use replication::{EntityState, Salience};
use scene::NodeIndex;
use sending::{Detail, SEND_GROUPS, SendGroup};
use simulation::{BodyState, Simulation};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Instant,
};
use things::{Placing, Standing};
use tokio::sync::{mpsc, oneshot};

pub(crate) use people::Outgoing;
pub(crate) use sending::first_budget;

/// Messages from sessions that wait for one world.
pub(crate) const MAX_INBOX: usize = 8_192;

/// Number of one connection, never reused while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) u64);

/// What a world runs under.
#[derive(Clone)]
pub(crate) struct Conditions {
    pub(crate) library: Library,
    pub(crate) watch: Option<Watch>,
    pub(crate) first_budget: StateBudget,
    /// Takes state to the clients; without one, the world's own thread does.
    pub(crate) courier: Option<Courier>,
}

/// What sessions tell a world.
pub(crate) enum Inbound {
    /// Somebody proved who they are and wants in.
    Enter(Box<Entrant>),
    /// A reliable message.
    Message(SessionId, ClientMessage),
    /// A state datagram.
    Datagram(SessionId, Vec<u8>),
    /// A connection ended; in good order when its person left.
    Gone(SessionId, bool),
    /// An avatar file of a visitor has arrived and may be fetched.
    AvatarArrived(ContentHash),
    /// The world's files have changed.
    Changed(Box<WorldContent>),
    /// Save everything, tell everybody, and answer when it is done.
    Close(String, oneshot::Sender<()>),
}

/// Somebody at the door.
pub(crate) struct Entrant {
    pub(crate) session: SessionId,
    pub(crate) hello: Hello,
    pub(crate) connection: Connection,
    pub(crate) outbox: mpsc::Sender<Outgoing>,
    pub(crate) answer: oneshot::Sender<Result<Rights, Refusal>>,
}

/// A body that people can move.
struct Body {
    /// Index in the simulation.
    index: usize,
    node: NodeIndex,
    entity: EntityId,
    initial: BodyState,
    size_metres: f32,
    is_carryable: bool,
    hold: Hold,
    teleport: u8,
    /// Let go before the disk had confirmed the hold.
    early_release: Option<(u32, Letting)>,
    /// Tick of the last release, for which it matters more to others.
    released_tick: Option<u64>,
    saved: Option<BodyState>,
}

/// Whose hand a body is in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hold {
    Free,
    /// Asked for; the disk has not confirmed yet.
    Asked(PersonId),
    Held(PersonId),
    /// Held when the server stopped; waits until that tick for its holder.
    Awaits(String, u64),
}

/// A running world.
pub(crate) struct World {
    info: WorldInfo,
    /// Keeps the world's files where they can be fetched.
    shelved: Shelved,
    simulation: Simulation,
    tick: u64,
    bodies: Vec<Body>,
    seats: Vec<Seat>,
    people: BTreeMap<PersonId, Person>,
    sessions: HashMap<SessionId, PersonId>,
    next_id: u32,
    chat: Vec<ChatLine>,
    notes: Vec<Note>,
    /// What people have placed, oldest first.
    things: Vec<Standing>,
    /// Who may place things.
    placers: Placers,
    next_line: u64,
    next_note: u64,
    next_thing: u64,
    store: Store,
    pending: BTreeMap<u64, Pending>,
    is_saving_poses: bool,
    /// Nodes whose holder on disk may be wrong because a write failed.
    unsaved_holds: BTreeSet<u32>,
    groups: [SendGroup; SEND_GROUPS],
    detail: Detail,
    /// Memory for what is recorded in a send.
    states: Vec<(EntityId, EntityState, Salience)>,
    inbox: mpsc::Receiver<Inbound>,
    /// Where the avatars are that people wear.
    library: Library,
    announcements: Announcements,
    statistics: Statistics,
    /// Of each new client.
    first_budget: StateBudget,
    courier: Option<Courier>,
    closed: Option<oneshot::Sender<()>>,
    is_closed: bool,
}

impl World {
    /// Makes a world ready to run, as its store left it.
    pub(crate) fn new(
        hosted: HostedWorld,
        inbox: mpsc::Receiver<Inbound>,
        conditions: Conditions,
    ) -> Self {
        let WorldContent {
            info,
            simulation,
            shelved,
            placers,
        } = hosted.content;
        let bodies = list_bodies(&simulation, 1);
        let seats = simulation.seat_places().iter().map(Seat::new).collect();
        let restored = hosted.restored;
        let mut world = Self {
            next_id: bodies.len() as u32 + 1,
            info,
            shelved,
            simulation,
            tick: 0,
            bodies,
            seats,
            people: BTreeMap::new(),
            sessions: HashMap::new(),
            next_line: restored.chat.last().map_or(1, |line| line.id + 1),
            next_note: restored.notes.last().map_or(1, |note| note.id + 1),
            next_thing: restored
                .things
                .last()
                .map_or(1, |(thing, _)| thing.thing + 1),
            chat: restored.chat,
            notes: restored.notes,
            things: Vec::new(),
            placers,
            store: hosted.store,
            pending: BTreeMap::new(),
            is_saving_poses: false,
            unsaved_holds: BTreeSet::new(),
            groups: Default::default(),
            detail: Detail::default(),
            states: Vec::new(),
            inbox,
            library: conditions.library,
            announcements: Announcements::default(),
            statistics: Statistics::watched_by(conditions.watch),
            first_budget: conditions.first_budget,
            courier: conditions.courier,
            closed: None,
            is_closed: false,
        };
        world.restore_things(restored.things);
        world.restore(&restored.poses, restored.holds);
        world
    }

    /// One tick: what came in, what the disk confirmed, physics, what goes out. `late_secs` is how late it begins;
    /// a world that runs late sends less before it steps less.
    pub(crate) fn step(&mut self, late_secs: f64) {
        let began = Instant::now();
        self.tick += 1;
        self.take_inbox();
        self.settle_changes();
        self.watch_people();
        self.carry_bodies();
        self.simulation.step();
        self.rescue_bodies();
        self.rescue_people();
        self.save_poses();
        self.make_announcements();
        self.send_states(late_secs);
        self.finish_closing();
        let work_secs = began.elapsed().as_secs_f64();
        self.detail.note(work_secs);
        self.statistics.note_tick(work_secs, late_secs);
    }

    /// True once everything is saved and everybody told, after [`Inbound::Close`].
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Tick of the world.
    pub(crate) fn tick(&self) -> u64 {
        self.tick
    }

    fn now_secs(&self) -> f64 {
        self.tick as f64 / f64::from(TICKS_PER_SECOND)
    }

    fn take_inbox(&mut self) {
        for _ in 0..MAX_INBOX {
            let Ok(inbound) = self.inbox.try_recv() else {
                return;
            };
            match inbound {
                Inbound::Enter(entrant) => self.enter(*entrant),
                Inbound::Message(session, message) => self.hear(session, message),
                Inbound::Datagram(session, bytes) => self.follow(session, &bytes),
                Inbound::Gone(session, in_order) => self.lose(session, in_order),
                Inbound::AvatarArrived(hash) => self.announce_avatar(hash),
                Inbound::Changed(content) => self.change(*content),
                Inbound::Close(reason, answer) => self.begin_closing(reason, answer),
            }
        }
    }

    fn hear(&mut self, session: SessionId, message: ClientMessage) {
        let Some(&person) = self.sessions.get(&session) else {
            return;
        };
        match message {
            ClientMessage::Hello(_) | ClientMessage::Proof(_) => {
                self.dismiss(person, CloseCode::Protocol, "it said hello twice");
            }
            ClientMessage::Ready => self.set_ready(person),
            ClientMessage::Chat { request, text } => self.say(person, request, &text),
            ClientMessage::PinNote { request, text } => self.pin_note(person, request, &text),
            ClientMessage::RemoveNote { request, note } => self.remove_note(person, request, note),
            ClientMessage::Grab { request, entity } => self.grab(person, request, entity),
            ClientMessage::Release {
                request,
                entity,
                velocity,
                hand,
            } => self.release(person, request, entity, Letting { velocity, hand }),
            ClientMessage::Sit { request, seat } => self.sit(person, request, seat),
            ClientMessage::Stand => self.stand(person),
            ClientMessage::Emote(name) => self.gesture(person, &name),
            ClientMessage::ChangePersona {
                request,
                name,
                avatar,
            } => self.change_persona(person, request, &name, avatar),
            ClientMessage::Place {
                request,
                hash,
                title,
                position,
                yaw,
            } => {
                let placing = Placing {
                    hash,
                    title,
                    position,
                    yaw,
                };
                self.place(person, request, placing);
            }
            ClientMessage::TakeAway { request, thing } => self.take_away(person, request, thing),
            ClientMessage::AskStatistics { request } => self.tell_statistics(person, request),
            // The session ends by itself after it.
            ClientMessage::Leave => {}
        }
    }

    fn tell_statistics(&mut self, person: PersonId, request: u32) {
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        let link = known.link.as_mut();
        let is_here = link
            .as_ref()
            .is_some_and(|link| link.connection.remote_address().ip().is_loopback());
        let told = link.map_or_else(Default::default, |link| std::mem::take(&mut link.told));
        let may_know_all = known.info.is_agent || is_here;
        let all = may_know_all.then(|| self.statistics.report(self.tick, self.people.len()));
        let statistics = ServerStatistics {
            told,
            ..all.unwrap_or_default()
        };
        self.tell(
            person,
            ServerMessage::Statistics {
                request,
                statistics,
            },
        );
    }

    fn done(&mut self, person: PersonId, request: u32) {
        self.tell(person, ServerMessage::Done { request });
    }

    fn deny(&mut self, person: PersonId, request: u32, reason: Denial) {
        self.tell(person, ServerMessage::Denied { request, reason });
    }

    fn body_infos(&self) -> Vec<BodyInfo> {
        self.bodies
            .iter()
            .map(|body| BodyInfo {
                entity: body.entity,
                node: body.node.0,
                is_carryable: body.is_carryable,
            })
            .collect()
    }
}

/// Bodies that travel, under numbers from `first` on.
fn list_bodies(simulation: &Simulation, first: u32) -> Vec<Body> {
    let bodies = simulation.bodies().iter().enumerate();
    bodies
        .filter(|(_, body)| body.travels())
        .filter_map(|(index, body)| Some((index, body, simulation.body(index)?)))
        .enumerate()
        .map(|(number, (index, body, initial))| Body {
            index,
            node: body.node,
            entity: EntityId(first + number as u32),
            initial: BodyState {
                is_sleeping: false,
                ..initial
            },
            size_metres: sending::size_of(simulation.scene(), body.node),
            is_carryable: body.is_carryable,
            hold: Hold::Free,
            teleport: 0,
            early_release: None,
            released_tick: None,
            saved: None,
        })
        .collect()
}
