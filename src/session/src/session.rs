//! The handle that a front-end holds. Nothing here waits.

use crate::cache::Cache;
use crate::event::SessionEvent;
use crate::motion::{Basis, OwnMotion, TimedMotion};
use crate::record::Recorder;
use crate::run;
use crate::view::{Reading, WorldView};
use identity::{Did, Key};
use network::{ClientEndpoint, KnownServers, PathStats};
use protocol::{
    AvatarChoice, ClientMessage, ContentHash, DisplayName, EntityId, HandPose, Welcome,
    WorldAddress,
};
use replication::TraceEvent;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self as std_mpsc, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Events that wait for the front-end; while there are more, the session reads no further.
const MAX_EVENTS: usize = 4096;
/// Actions that wait for the session.
const MAX_COMMANDS: usize = 256;

/// Longest wait for a thread when its session is dropped: it says goodbye, so that the avatar is gone at once.
const LEAVE_LIMIT: Duration = Duration::from_millis(1500);

/// Everything that a session needs to know.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Where to.
    pub address: WorldAddress,
    /// Who.
    pub key: Key,
    /// Wished name.
    pub name: DisplayName,
    /// Look.
    pub avatar: AvatarChoice,
    /// True for agents and bots.
    pub is_agent: bool,
    /// Name and release of the program, for the server's log.
    pub program: String,
    /// Where files are kept; `None` fetches none, for participants that need no scene.
    pub cache: Option<Cache>,
    /// Certificates seen before.
    pub known_servers: Arc<KnownServers>,
    /// Trust the certificate of a server that was never seen before.
    pub pin_unknown: bool,
    /// How to reach servers.
    pub endpoint: ClientEndpoint,
    /// Takes down every state datagram.
    pub recorder: Option<Recorder>,
    /// How much of snapshots is read.
    pub reading: Reading,
}

/// A participant in a world. Dropping it leaves in good order; where the session has a thread of its own, that
/// takes a round trip, and at most a second and a half.
#[derive(Debug)]
pub struct Session {
    events: mpsc::Receiver<SessionEvent>,
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    next_request: AtomicU32,
    basis: Basis,
    /// The last event has been given.
    is_over: bool,
    did: Did,
    /// Tells that the thread of a session that has one is through.
    finished: Option<Mutex<std_mpsc::Receiver<()>>>,
}

/// What the handle and the running session share.
#[derive(Debug)]
pub(crate) struct Shared {
    epoch: Instant,
    view: Mutex<WorldView>,
    motion: Mutex<Option<TimedMotion>>,
    stats: Mutex<SessionStats>,
    recorder: Option<Recorder>,
    /// Bytes in and out of connections that have ended.
    past_bytes: Mutex<(u64, u64)>,
}

/// What the handle tells the running session.
#[derive(Debug)]
pub(crate) enum Command {
    /// To be sent as it is; with the request number, where it has one.
    Send(ClientMessage, Option<u32>),
    /// The world is loaded.
    Ready,
    /// Get a file.
    Fetch(ContentHash, u64),
    /// Give a file to the server.
    Offer(Offer),
    /// Go.
    Leave,
}

/// A file for the server.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) hash: ContentHash,
    pub(crate) file: Arc<[u8]>,
    pub(crate) kind: OfferKind,
}

/// What a file is offered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfferKind {
    /// To be worn; the wearer has the right to send it to others, though its licence may not say so.
    Avatar { is_right_confirmed: bool },
    /// To be placed.
    Thing,
}

/// An action was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// Too many actions wait.
    #[error("too much at once: wait a moment")]
    Busy,
    /// The session is over.
    #[error("the session is over")]
    Over,
}

/// Figures of a session, over all its connections.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct SessionStats {
    /// True while admitted and connected.
    pub is_connected: bool,
    /// Smoothed round trip.
    pub rtt: Duration,
    /// UDP payload bytes received.
    pub bytes_in: u64,
    /// UDP payload bytes sent.
    pub bytes_out: u64,
    /// Datagrams with one's own motion sent in this visit; also the sequence number of the next.
    pub datagrams_out: u64,
    /// Their bytes, over all visits.
    pub datagram_bytes_out: u64,
    /// Snapshots used.
    pub snapshots: u64,
    /// Snapshots that came after a newer one, or twice.
    pub snapshots_late: u64,
    /// Datagrams that were no snapshots.
    pub snapshots_broken: u64,
    /// Times that the connection was lost.
    pub losses: u32,
    /// Corrections of one's own motion.
    pub corrections: u32,
}

impl Session {
    /// Starts on a tokio runtime of the caller.
    #[must_use]
    pub fn start(config: SessionConfig, runtime: &Handle) -> Self {
        let (session, task) = Self::prepare(config, runtime);
        runtime.spawn(task);
        session
    }

    /// Starts on a thread of its own, named `session`.
    ///
    /// # Errors
    /// What the system says when it gives no thread.
    pub fn spawn(config: SessionConfig) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .thread_name("session files")
            .build()?;
        let (mut session, task) = Self::prepare(config, runtime.handle());
        let (through, finished) = std_mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || {
                runtime.block_on(task);
                // Files may still be written; nobody waits for them.
                runtime.shutdown_background();
                drop(through);
            })?;
        session.finished = Some(Mutex::new(finished));
        Ok(session)
    }

    fn prepare(
        config: SessionConfig,
        runtime: &Handle,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (event_sender, events) = mpsc::channel(MAX_EVENTS);
        let (commands, command_receiver) = mpsc::channel(MAX_COMMANDS);
        let epoch = {
            // The runtime's clock may be a paused one.
            let _entered = runtime.enter();
            Instant::now()
        };
        let shared = Arc::new(Shared {
            epoch,
            view: Mutex::new(WorldView::new(config.reading)),
            motion: Mutex::new(None),
            stats: Mutex::new(SessionStats::default()),
            recorder: config.recorder.clone(),
            past_bytes: Mutex::new((0, 0)),
        });
        let session = Self {
            did: config.key.did(),
            events,
            commands,
            shared: shared.clone(),
            next_request: AtomicU32::new(1),
            basis: Basis::default(),
            is_over: false,
            finished: None,
        };
        let task = run::run(config, shared, event_sender, command_receiver);
        (session, task)
    }

    /// The next event, `None` when there is none now.
    pub fn try_event(&mut self) -> Option<SessionEvent> {
        let event = match self.events.try_recv() {
            Ok(event) => event,
            Err(mpsc::error::TryRecvError::Empty) => return None,
            Err(mpsc::error::TryRecvError::Disconnected) => self.broken_off()?,
        };
        self.note(&event);
        Some(event)
    }

    /// Waits for the next event, for front-ends that are tasks themselves; `None` when the session is over.
    pub async fn next_event(&mut self) -> Option<SessionEvent> {
        let event = match self.events.recv().await {
            Some(event) => event,
            None => self.broken_off()?,
        };
        self.note(&event);
        Some(event)
    }

    /// The last event of a session that ended without one: a fault here, and still an end.
    fn broken_off(&self) -> Option<SessionEvent> {
        (!self.is_over).then(|| SessionEvent::Closed {
            reason: "the session broke off".to_owned(),
        })
    }

    /// Who one is here: whoever wrote a note is named by it.
    #[must_use]
    pub const fn did(&self) -> &Did {
        &self.did
    }

    /// Motion counts from the events that the front-end had seen when it set it.
    fn note(&mut self, event: &SessionEvent) {
        self.is_over |= event.is_end();
        match event {
            SessionEvent::Entered { .. } | SessionEvent::Resumed(_) => {
                self.basis = Basis {
                    visit: self.basis.visit.wrapping_add(1),
                    correction: 0,
                };
            }
            SessionEvent::Correction(correction) => self.basis.correction = correction.id,
            _ => {}
        }
    }

    /// The world is loaded: from now on one is there for others.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn ready(&self) -> Result<(), ActionError> {
        self.command(Command::Ready)
    }

    /// Where oneself is now; the newest value is sent 30 times a second. Call it each frame.
    pub fn set_motion(&self, motion: OwnMotion) {
        self.set_past_motion(motion, Duration::ZERO);
    }

    /// Where oneself was a while ago, for a front-end that catches up with time it has lost.
    pub fn set_past_motion(&self, motion: OwnMotion, age: Duration) {
        *self.shared.motion() = Some(TimedMotion {
            motion,
            at_secs: self.now_secs() - age.as_secs_f64(),
            basis: self.basis,
        });
    }

    /// Says something to everybody; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn chat(&self, text: &str) -> Result<u32, ActionError> {
        let text = text.to_owned();
        self.request(|request| ClientMessage::Chat { request, text })
    }

    /// Pins a note; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn pin_note(&self, text: &str) -> Result<u32, ActionError> {
        let text = text.to_owned();
        self.request(|request| ClientMessage::PinNote { request, text })
    }

    /// Takes a note of one's own down; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn remove_note(&self, note: u64) -> Result<u32, ActionError> {
        self.request(|request| ClientMessage::RemoveNote { request, note })
    }

    /// Takes a body in the hand; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn grab(&self, entity: EntityId) -> Result<u32, ActionError> {
        self.request(|request| ClientMessage::Grab { request, entity })
    }

    /// Lets go with a velocity in world space, metres a second; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn release(&self, entity: EntityId, velocity: glam::Vec3) -> Result<u32, ActionError> {
        self.throw(entity, velocity, None)
    }

    /// As [`Self::release`], from where oneself has the body at this moment; [`SessionEvent::Thrown`] tells when its
    /// flight began on the server, and whether there.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn throw(
        &self,
        entity: EntityId,
        velocity: glam::Vec3,
        hand: Option<HandPose>,
    ) -> Result<u32, ActionError> {
        let velocity = velocity.to_array();
        self.request(|request| ClientMessage::Release {
            request,
            entity,
            velocity,
            hand,
        })
    }

    /// Sits down on a seat, by its index in the welcome; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn sit(&self, seat: u32) -> Result<u32, ActionError> {
        self.request(|request| ClientMessage::Sit { request, seat })
    }

    /// Stands up.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn stand(&self) -> Result<(), ActionError> {
        self.command(Command::Send(ClientMessage::Stand, None))
    }

    /// Shows a gesture.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn emote(&self, name: &str) -> Result<(), ActionError> {
        self.command(Command::Send(ClientMessage::Emote(name.to_owned()), None))
    }

    /// Changes name and look; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn change_persona(
        &self,
        name: DisplayName,
        avatar: AvatarChoice,
    ) -> Result<u32, ActionError> {
        self.request(|request| ClientMessage::ChangePersona {
            request,
            name,
            avatar,
        })
    }

    /// Asks how the server fares, where it tells; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn ask_statistics(&self) -> Result<u32, ActionError> {
        self.request(|request| ClientMessage::AskStatistics { request })
    }

    /// Gets a file of `bytes` length by its content id, for example somebody's avatar. Answered by
    /// [`SessionEvent::FileReady`] or [`SessionEvent::FileFailed`].
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn fetch(&self, hash: ContentHash, bytes: u64) -> Result<(), ActionError> {
        self.command(Command::Fetch(hash, bytes))
    }

    /// Gives the server one's own avatar file, so that others can fetch it. Nothing of it leaves before this call.
    /// `is_right_confirmed` says that the wearer has the right to send it to others, which counts in worlds with
    /// [`AvatarFiles::Confirmed`](protocol::AvatarFiles::Confirmed). Answered by [`SessionEvent::Offered`] or
    /// [`SessionEvent::FileFailed`]; gives its content id. To be called again after [`SessionEvent::Resumed`].
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn offer_avatar(
        &self,
        file: Arc<[u8]>,
        is_right_confirmed: bool,
    ) -> Result<ContentHash, ActionError> {
        self.offer_as(OfferKind::Avatar { is_right_confirmed }, file)
    }

    /// Gives the server the file of a thing, where one may place things: before [`Self::place`]. Everybody who is there
    /// fetches it once it is placed. Answered by [`SessionEvent::Offered`] or [`SessionEvent::FileFailed`]; gives its
    /// content id.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn offer_thing(&self, file: Arc<[u8]>) -> Result<ContentHash, ActionError> {
        self.offer_as(OfferKind::Thing, file)
    }

    fn offer_as(&self, kind: OfferKind, file: Arc<[u8]>) -> Result<ContentHash, ActionError> {
        let hash = ContentHash(*blake3::hash(&file).as_bytes());
        self.command(Command::Offer(Offer { hash, file, kind }))?;
        Ok(hash)
    }

    /// Places a thing whose file the server has: the file's origin at `position` in metres, turned by `yaw` radians about
    /// +Y; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn place(
        &self,
        hash: ContentHash,
        title: &str,
        position: glam::Vec3,
        yaw: f32,
    ) -> Result<u32, ActionError> {
        let title = title.to_owned();
        let position = position.to_array();
        self.request(|request| ClientMessage::Place {
            request,
            hash,
            title,
            position,
            yaw,
        })
    }

    /// Takes a placed thing away; gives the request's number.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn take_away(&self, thing: u64) -> Result<u32, ActionError> {
        self.request(|request| ClientMessage::TakeAway { request, thing })
    }

    /// Leaves in good order; [`SessionEvent::Closed`] follows.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn leave(&self) -> Result<(), ActionError> {
        self.command(Command::Leave)
    }

    /// Seconds since the session began, by the clock that [`WorldView`] reckons with.
    #[must_use]
    pub fn now_secs(&self) -> f64 {
        self.shared.now_secs()
    }

    /// What moves. Hold it briefly: the session waits for it when a snapshot comes.
    pub fn view(&self) -> MutexGuard<'_, WorldView> {
        self.shared.view()
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        let counts = self.shared.view().counts();
        SessionStats {
            snapshots: counts.used,
            snapshots_late: counts.late,
            snapshots_broken: counts.broken,
            ..*self.shared.stats()
        }
    }

    fn request(&self, make: impl FnOnce(u32) -> ClientMessage) -> Result<u32, ActionError> {
        let request = self.next_request.fetch_add(1, Ordering::Relaxed);
        self.command(Command::Send(make(request), Some(request)))?;
        Ok(request)
    }

    fn command(&self, command: Command) -> Result<(), ActionError> {
        self.commands
            .try_send(command)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => ActionError::Busy,
                mpsc::error::TrySendError::Closed(_) => ActionError::Over,
            })
    }
}

/// Front-ends share it between their threads.
const _: () = {
    const fn is_shareable<T: Send + Sync>() {}
    is_shareable::<Session>();
};

impl Drop for Session {
    fn drop(&mut self) {
        // Nobody takes events any more; who waits to tell one goes on.
        self.events.close();
        let Some(finished) = self.finished.take() else {
            return;
        };
        let finished = finished
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if self.leave().is_ok()
            && finished.recv_timeout(LEAVE_LIMIT) == Err(RecvTimeoutError::Timeout)
        {
            tracing::debug!("the session took too long to leave");
        }
    }
}

impl Shared {
    pub(crate) fn now_secs(&self) -> f64 {
        Instant::now().duration_since(self.epoch).as_secs_f64()
    }

    pub(crate) fn view(&self) -> MutexGuard<'_, WorldView> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn motion(&self) -> MutexGuard<'_, Option<TimedMotion>> {
        self.motion.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stats(&self) -> MutexGuard<'_, SessionStats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn past_bytes(&self) -> MutexGuard<'_, (u64, u64)> {
        self.past_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin_visit(&self, welcome: &Welcome) {
        *self.motion() = None;
        self.stats().is_connected = true;
        self.record(|| TraceEvent::Visit {
            server_tick: welcome.tick,
            is_return: welcome.is_resumed,
        });
        self.view()
            .begin_visit(welcome.tick, welcome.is_resumed, self.now_secs());
    }

    /// Takes something down, where that is wanted.
    pub(crate) fn record(&self, event: impl FnOnce() -> TraceEvent) {
        if let Some(recorder) = &self.recorder {
            recorder.note(self.now_secs(), &event());
        }
    }

    /// Takes the figures of the connection that lives.
    pub(crate) fn set_path(&self, path: &PathStats) {
        let (past_in, past_out) = *self.past_bytes();
        let mut stats = self.stats();
        stats.rtt = path.rtt;
        stats.bytes_in = past_in + path.bytes_in;
        stats.bytes_out = past_out + path.bytes_out;
    }

    pub(crate) fn end_connection(&self) {
        let mut stats = self.stats();
        stats.is_connected = false;
        *self.past_bytes() = (stats.bytes_in, stats.bytes_out);
    }
}
