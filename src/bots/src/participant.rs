//! A session with a body and a memory: what a front-end keeps, without pictures.

use crate::own_hands::OwnHands;
use glam::Vec3;
use identity::Key;
use network::{ClientEndpoint, KnownServers};
use protocol::{
    AvatarChoice, BodyInfo, ChatLine, ContentHash, Denial, DisplayName, EntityId, Note, PersonId,
    PersonInfo, PlacedThing, SHIPPED_AVATARS, ServerStatistics, Welcome, WorldAddress,
};
use replication::{Flags, Pose};
use session::{ActionError, Cache, OwnMotion, Session, SessionConfig, SessionEvent, WorldFiles};
use simulation::AvatarMotion;
use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::runtime::Handle;

/// Somebody in a world.
pub struct Participant {
    /// The session underneath.
    pub session: Session,
    /// Where oneself is.
    pub motion: AvatarMotion,
    /// Runs, for others to see.
    pub is_running: bool,
    /// As of the last entry.
    pub welcome: Option<Welcome>,
    /// Where the world's files are, when they were asked for.
    pub files: Option<WorldFiles>,
    /// Everybody else.
    pub people: BTreeMap<PersonId, PersonInfo>,
    /// Lines heard since the entry, history included.
    pub chat: Vec<ChatLine>,
    /// Notes on the board.
    pub notes: Vec<Note>,
    /// What people have placed.
    pub things: Vec<PlacedThing>,
    /// Files that came or went, by content: where they are, nothing for one's own, or why not.
    pub transferred: BTreeMap<ContentHash, Result<Option<PathBuf>, String>>,
    /// Gestures seen.
    pub emotes: Vec<(PersonId, String)>,
    /// Requests carried out.
    pub done: Vec<u32>,
    /// Requests not carried out.
    pub denied: Vec<(u32, Denial)>,
    /// Body in the hand.
    pub holding: Option<EntityId>,
    /// Seat sat on.
    pub seat: Option<u32>,
    /// Newest figures of the server.
    pub statistics: Option<ServerStatistics>,
    /// Connections lost.
    pub losses: u32,
    /// The last event of the session, once it is over.
    pub end: Option<SessionEvent>,
    /// True after the first entry.
    pub is_inside: bool,
    own_hands: Option<Box<OwnHands>>,
}

impl fmt::Debug for Participant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Participant")
            .field("welcome", &self.welcome)
            .field("holding", &self.holding)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

impl Participant {
    /// Takes over a session that has just been started.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session,
            motion: AvatarMotion::at(Vec3::ZERO, 0.0),
            is_running: false,
            welcome: None,
            files: None,
            people: BTreeMap::new(),
            chat: Vec::new(),
            notes: Vec::new(),
            things: Vec::new(),
            transferred: BTreeMap::new(),
            emotes: Vec::new(),
            done: Vec::new(),
            denied: Vec::new(),
            holding: None,
            seat: None,
            statistics: None,
            losses: 0,
            end: None,
            is_inside: false,
            own_hands: None,
        }
    }

    /// With a world of its own, in which what it carries and throws moves at once, as in a desktop client.
    ///
    /// # Errors
    /// Why the world cannot be read, fit to show.
    pub fn with_own_hands(self, world: &Path) -> Result<Self, String> {
        Ok(Self {
            own_hands: Some(Box::new(OwnHands::load(world)?)),
            ..self
        })
    }

    /// Takes a body in the hand; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn grab(&mut self, entity: EntityId) -> Result<u32, ActionError> {
        match &mut self.own_hands {
            Some(hands) => hands.grab(&self.session, entity),
            None => self.session.grab(entity),
        }
    }

    /// Lets go of a body with a velocity in metres a second; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn throw(&mut self, entity: EntityId, velocity: Vec3) -> Result<u32, ActionError> {
        match &mut self.own_hands {
            Some(hands) => hands.throw(&self.session, entity, velocity),
            None => self.session.release(entity, velocity),
        }
    }

    /// Joins a world by its address, as an agent with a new key; files are fetched into `cache` where there is one.
    ///
    /// # Errors
    /// What the system says when it gives no random numbers; names that break the rules.
    pub fn join(
        address: &WorldAddress,
        name: &str,
        cache: Option<Cache>,
        runtime: &Handle,
    ) -> io::Result<Self> {
        let config = SessionConfig {
            address: address.clone(),
            key: Key::generate().map_err(io::Error::other)?,
            name: DisplayName::new(name).map_err(io::Error::other)?,
            avatar: AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned()),
            is_agent: true,
            program: concat!("stoa-bots ", env!("CARGO_PKG_VERSION")).to_owned(),
            cache,
            known_servers: Arc::new(KnownServers::in_memory()),
            pin_unknown: true,
            endpoint: ClientEndpoint::udp(),
            recorder: None,
            reading: session::Reading::Whole,
        };
        Ok(Self::new(Session::start(config, runtime)))
    }

    /// Takes what has happened, and says where oneself is. Call it each tick, after moving [`Self::motion`].
    pub fn tick(&mut self) {
        while let Some(event) = self.session.try_event() {
            self.take(event);
        }
        if self.is_inside {
            let flags = Flags::default()
                .with(Flags::GROUNDED, self.motion.is_grounded)
                .with(Flags::CROUCHING, self.motion.is_crouching)
                .with(Flags::RUNNING, self.is_running);
            self.session.set_motion(OwnMotion {
                position: self.motion.position,
                yaw: self.motion.yaw,
                pitch: self.motion.pitch,
                velocity: self.motion.velocity + self.motion.ground_velocity,
                flags,
                emote: 0,
            });
            if let (Some(hands), Some(welcome)) = (&mut self.own_hands, &self.welcome) {
                hands.tick(&self.session, &self.motion, welcome.entity);
            }
        }
    }

    fn is_other(&self, person: PersonId) -> bool {
        self.welcome
            .as_ref()
            .is_some_and(|welcome| welcome.person != person)
    }

    /// Somebody else by name.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<&PersonInfo> {
        self.people
            .values()
            .find(|person| person.name.as_str() == name)
    }

    /// Where an entity is shown now.
    #[must_use]
    pub fn shown(&self, entity: EntityId) -> Option<Pose> {
        if let Some(hands) = &self.own_hands {
            return hands.shown(&self.session, entity);
        }
        let now_secs = self.session.now_secs();
        self.session.view().pose(entity, now_secs)
    }

    /// Bodies of the world.
    #[must_use]
    pub fn bodies(&self) -> &[BodyInfo] {
        self.welcome
            .as_ref()
            .map_or(&[], |welcome| welcome.bodies.as_slice())
    }

    /// The name that the server gave.
    #[must_use]
    pub fn name(&self) -> Option<&DisplayName> {
        self.welcome.as_ref().map(|welcome| &welcome.name)
    }

    fn take(&mut self, event: SessionEvent) {
        if let Some(hands) = &mut self.own_hands {
            hands.hear(&self.session, &event);
        }
        match event {
            SessionEvent::Entered { welcome, files } => {
                self.files = Some(files);
                self.enter(*welcome);
                at_best(self.session.ready());
            }
            SessionEvent::Resumed(welcome) => self.enter(*welcome),
            SessionEvent::PersonChanged(person) if self.is_other(person.person) => {
                drop(self.people.insert(person.person, person));
            }
            SessionEvent::PersonChanged(_) => {}
            SessionEvent::PersonLeft(person) => drop(self.people.remove(&person)),
            SessionEvent::Chat(line) => self.chat.push(line),
            SessionEvent::NotePinned(note) => self.notes.push(note),
            SessionEvent::NoteRemoved(id) => self.notes.retain(|note| note.id != id),
            SessionEvent::ThingPlaced(thing) => self.things.push(thing),
            SessionEvent::ThingTakenAway(id) => self.things.retain(|thing| thing.thing != id),
            SessionEvent::FileReady { hash, path } => {
                drop(self.transferred.insert(hash, Ok(Some(path))));
            }
            SessionEvent::Offered { hash } => drop(self.transferred.insert(hash, Ok(None))),
            SessionEvent::FileFailed { hash, reason } => {
                drop(self.transferred.insert(hash, Err(reason)));
            }
            SessionEvent::Emote { person, name } => self.emotes.push((person, name)),
            SessionEvent::Done { request } => self.done.push(request),
            SessionEvent::Denied { request, reason } => self.denied.push((request, reason)),
            SessionEvent::Holding(entity) => self.holding = entity,
            SessionEvent::Sitting(seat) => self.seat = seat,
            SessionEvent::Statistics { statistics, .. } => self.statistics = Some(statistics),
            SessionEvent::Correction(correction) => {
                self.motion = AvatarMotion::at(correction.position, correction.yaw);
            }
            SessionEvent::Lost { .. } => self.losses += 1,
            end if end.is_end() => {
                self.is_inside = false;
                self.end = Some(end);
            }
            _ => {}
        }
    }

    fn enter(&mut self, welcome: Welcome) {
        self.motion = AvatarMotion::at(welcome.position.into(), welcome.yaw);
        self.people = welcome
            .people
            .iter()
            .map(|person| (person.person, person.clone()))
            .collect();
        self.chat.clone_from(&welcome.chat);
        self.notes.clone_from(&welcome.notes);
        self.things.clone_from(&welcome.things);
        self.holding = welcome.holding;
        let mut seats = welcome.seats.iter();
        self.seat = seats
            .position(|seat| seat.person == Some(welcome.person))
            .map(|seat| seat as u32);
        if let Some(hands) = &mut self.own_hands {
            hands.enter(&welcome.bodies);
        }
        self.is_inside = true;
        self.welcome = Some(welcome);
    }
}

/// For what may as well not be done: an action that is refused because too much waits, or all is over.
pub(crate) fn at_best<T>(action: Result<T, ActionError>) {
    if let Err(reason) = action {
        tracing::trace!("not done: {reason}");
    }
}
