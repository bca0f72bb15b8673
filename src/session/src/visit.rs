//! One connection, from the welcome to its end.

use crate::event::{Progress, SessionEvent, Stage};
use crate::failure::Failure;
use crate::fetch::{self, FetchError};
use crate::motion::MotionSender;
use crate::session::{Command, Offer, SessionConfig, Shared};
use crate::told::Told;
use crate::world_files::{self, WorldFiles};
use network::{CloseCode, Connection, Disconnected, ReceiveError, StreamReceiver, StreamSender};
use protocol::limits::{MAX_AVATAR_BYTES, MAX_DATAGRAMS_PER_SECOND};
use protocol::{
    AvatarChoice, ClientMessage, ContentHash, Denial, DisplayName, FileEntry, ServerMessage,
    Welcome, WorldInfo,
};
use replication::TraceEvent;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

/// Client datagrams a second.
const MOTION_RATE: u32 = 30;
const _: () = assert!(MOTION_RATE < MAX_DATAGRAMS_PER_SECOND);
/// Of these, between two looks at the figures of the path.
const STATS_TICKS: u32 = 6;
/// Files that are fetched at the same time.
const FETCHES_AT_ONCE: usize = 6;
/// Files on their way in or out beside the world's; more are refused.
const MAX_TRANSFERS: usize = 256;
/// Messages that wait to be sent.
const MAX_OUTGOING: usize = 256;
/// Requests that wait for an answer.
const MAX_PENDING: usize = 1024;
/// Messages of the server that wait while the world is fetched.
const MAX_WAITING_MESSAGES: usize = 4096;
/// Their bytes as they travelled.
const MAX_WAITING_BYTES: usize = 8 * 1024 * 1024;
/// Between two reports of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// From the end of the server's messages to that of the connection.
const FAREWELL_LIMIT: Duration = Duration::from_secs(3);
/// For a last message to arrive.
const LEAVE_LIMIT: Duration = Duration::from_secs(1);

/// How a visit ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The connection is gone; come back.
    Lost(String),
    /// The world has changed; come back at once.
    Changed(String),
    /// Nothing more to do: the last event.
    Over(SessionEvent),
}

/// One connection in which one has been admitted.
pub(crate) struct Visit<'a> {
    pub(crate) config: &'a SessionConfig,
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) events: &'a mpsc::Sender<SessionEvent>,
    pub(crate) commands: &'a mut mpsc::Receiver<Command>,
    pub(crate) connection: Connection,
    pub(crate) receiver: StreamReceiver,
    pub(crate) outgoing: mpsc::Sender<ClientMessage>,
    pub(crate) motion: MotionSender,
    /// What the server has told of.
    pub(crate) told: Told,
    /// Files of the world, which stay in the cache.
    pub(crate) world_files: Arc<[FileEntry]>,
    /// Numbers of requests without an answer.
    pub(crate) pending: BTreeSet<u32>,
    pub(crate) transfers: JoinSet<Transferred>,
    /// Files on their way in, with their bytes, and out: each is answered once, however the connection ends.
    pub(crate) fetching: BTreeMap<ContentHash, u64>,
    pub(crate) offering: BTreeSet<ContentHash>,
    pub(crate) is_ready: bool,
    /// Datagrams that were due.
    pub(crate) ticks: u32,
    /// The change of name and look that was asked for last.
    pub(crate) wished: Option<Persona>,
    /// Name and look that the server has agreed to, other than those of the configuration.
    pub(crate) persona: Option<Persona>,
}

/// How one wants to be known.
pub(crate) struct Persona {
    /// The request for it.
    pub(crate) request: u32,
    pub(crate) name: DisplayName,
    pub(crate) avatar: AvatarChoice,
}

/// What became of a file.
pub(crate) enum Transferred {
    /// On its way in: where it is on disk, or why it is not.
    Fetched(ContentHash, Result<PathBuf, FetchError>),
    /// On its way out: the server has it, or why not.
    Offered(ContentHash, Result<(), FetchError>),
}

/// Something to react to.
enum Input {
    Message(Result<ServerMessage, ReceiveError>),
    State(Result<Vec<u8>, Disconnected>),
    Command(Option<Command>),
    Transferred(Transferred),
    Tick,
}

/// Sends messages in order, so that nothing else waits for the stream. Ends with its queue.
pub(crate) fn spawn_writer(mut sender: StreamSender) -> mpsc::Sender<ClientMessage> {
    let (outgoing, mut queue) = mpsc::channel::<ClientMessage>(MAX_OUTGOING);
    tokio::spawn(async move {
        while let Some(message) = queue.recv().await {
            if let Err(error) = sender.send(&message).await {
                tracing::debug!("a message was not sent: {error}");
                if !matches!(error, network::SendError::Wire(_)) {
                    return;
                }
            }
        }
        sender.finish();
        sender.finished().await;
    });
    outgoing
}

/// Gets the files of a world, while messages of the server wait in `waiting`.
pub(crate) async fn fetch_world(
    config: &SessionConfig,
    connection: &Connection,
    receiver: &mut StreamReceiver,
    world: &WorldInfo,
    events: &mpsc::Sender<SessionEvent>,
    waiting: &mut Vec<ServerMessage>,
) -> Result<WorldFiles, Failure> {
    let Some(cache) = &config.cache else {
        return Ok(WorldFiles::default());
    };
    world_files::check(world).map_err(Failure::WorldBroken)?;
    let files = distinct(&world.files);
    let total = files.iter().map(|entry| entry.bytes).sum();
    let done = Arc::new(AtomicI64::new(0));
    let fetching = fetch_all(cache, connection, files, &done);
    tokio::pin!(fetching);
    let mut waiting_bytes = 0;
    let mut progress = tokio::time::interval(PROGRESS_INTERVAL);
    loop {
        tokio::select! {
            result = &mut fetching => {
                result?;
                break;
            }
            message = receiver.receive::<ServerMessage>() => match message {
                Ok(message)
                    if waiting.len() < MAX_WAITING_MESSAGES
                        && waiting_bytes < MAX_WAITING_BYTES =>
                {
                    waiting_bytes += receiver.last_bytes();
                    waiting.push(message);
                }
                Ok(_) => return Err(Failure::Protocol("too many messages".to_owned())),
                Err(ReceiveError::Malformed(error)) => tracing::debug!("{error}"),
                Err(ReceiveError::Disconnected(reason)) => return Err(Failure::Disconnected(reason)),
                Err(other) => return Err(Failure::Protocol(other.to_string())),
            },
            _ = progress.tick() => report(events, done.load(Ordering::Relaxed), total),
        }
    }
    report(events, i64::try_from(total).unwrap_or(i64::MAX), total);
    let (cache, world) = (cache.clone(), world.clone());
    fetch::blocking(move || WorldFiles::lay_out(&cache, &world))
        .await
        .map_err(|error| world_failure(error, "the folder"))
}

async fn fetch_all(
    cache: &crate::cache::Cache,
    connection: &Connection,
    files: Vec<FileEntry>,
    done: &Arc<AtomicI64>,
) -> Result<(), Failure> {
    let (room, needed) = (cache.clone(), files.clone());
    fetch::blocking(move || room.make_room(&needed, &[]))
        .await
        .map_err(|error| world_failure(error, "the whole"))?;
    let mut entries = files.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < FETCHES_AT_ONCE
            && let Some(entry) = entries.next()
        {
            let (connection, cache) = (connection.clone(), cache.clone());
            let done = done.clone();
            running.spawn(async move {
                let count = |bytes| {
                    done.fetch_add(bytes, Ordering::Relaxed);
                };
                let result =
                    fetch::fetch(&connection, &cache, entry.hash, entry.bytes, count).await;
                result.map_err(|error| world_failure(error, &entry.path))
            });
        }
        match running.join_next().await {
            None => return Ok(()),
            Some(Ok(result)) => {
                result?;
            }
            Some(Err(error)) => return Err(Failure::Here(format!("a fetch stopped: {error}"))),
        }
    }
}

/// Each content once, whatever it is called.
fn distinct(files: &[FileEntry]) -> Vec<FileEntry> {
    let mut seen = BTreeSet::new();
    let is_first = |entry: &&FileEntry| seen.insert(entry.hash.0);
    files.iter().filter(is_first).cloned().collect()
}

fn world_failure(error: FetchError, path: &str) -> Failure {
    match error {
        FetchError::Disconnected(reason) => Failure::Disconnected(reason),
        FetchError::Cache(error) => Failure::Cache(error),
        FetchError::Broken(reason) => Failure::WorldFile {
            path: path.to_owned(),
            reason,
        },
    }
}

fn report(events: &mpsc::Sender<SessionEvent>, bytes: i64, total: u64) {
    let bytes = u64::try_from(bytes).unwrap_or(0).min(total);
    let fraction = if total == 0 {
        1.0
    } else {
        bytes as f32 / total as f32
    };
    report_stage(events, Stage::Downloading { bytes, total }, Some(fraction));
}

/// Progress is worth nothing when the front-end is behind.
pub(crate) fn report_stage(
    events: &mpsc::Sender<SessionEvent>,
    stage: Stage,
    fraction: Option<f32>,
) {
    let progress = SessionEvent::Progress(Progress { stage, fraction });
    if events.try_send(progress).is_err() {
        tracing::trace!("progress was not told");
    }
}

impl Visit<'_> {
    /// Runs until the connection or the session ends.
    pub(crate) async fn run(&mut self, welcome: &Welcome, waiting: Vec<ServerMessage>) -> End {
        tracing::debug!("inside as {} ({:?})", welcome.name.as_str(), welcome.person);
        if self.is_ready {
            self.send(ClientMessage::Ready);
        }
        for message in waiting {
            if let Some(end) = self.on_message(message).await {
                return end;
            }
        }
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / MOTION_RATE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let input = self.next_input(&mut ticks).await;
            if let Some(end) = self.on_input(input).await {
                return end;
            }
        }
    }

    async fn next_input(&mut self, ticks: &mut Interval) -> Input {
        tokio::select! {
            message = self.receiver.receive::<ServerMessage>() => Input::Message(message),
            state = self.connection.receive_state() => Input::State(state),
            command = self.commands.recv() => Input::Command(command),
            Some(Ok(transferred)) = self.transfers.join_next() => Input::Transferred(transferred),
            _ = ticks.tick() => Input::Tick,
        }
    }

    async fn on_input(&mut self, input: Input) -> Option<End> {
        match input {
            Input::Message(Ok(message)) => return self.on_message(message).await,
            Input::Message(Err(ReceiveError::Malformed(error))) => {
                tracing::debug!("a message was not understood: {error}");
            }
            Input::Message(Err(ReceiveError::Disconnected(reason))) | Input::State(Err(reason)) => {
                return Some(ended(reason));
            }
            Input::Message(Err(other)) => {
                // Whoever ends the stream in order says a moment later why.
                if let ReceiveError::Ended = other
                    && let Ok(reason) =
                        tokio::time::timeout(FAREWELL_LIMIT, self.connection.closed()).await
                {
                    return Some(ended(reason));
                }
                self.connection.close(CloseCode::Protocol, "");
                return Some(End::Lost(other.to_string()));
            }
            Input::State(Ok(bytes)) => self.on_state(&bytes).await,
            Input::Command(Some(command)) => return self.on_command(command).await,
            Input::Command(None) => return Some(self.leave().await),
            Input::Transferred(transferred) => {
                let event = self.on_transferred(transferred);
                self.tell(event).await;
            }
            Input::Tick => self.on_tick(),
        }
        None
    }

    async fn on_message(&mut self, message: ServerMessage) -> Option<End> {
        if !self.told.take(&message) || !self.answers(&message) {
            tracing::debug!("a message that says nothing new or breaks a limit was dropped");
            return None;
        }
        let event = match message {
            ServerMessage::PersonChanged(person) => SessionEvent::PersonChanged(person),
            ServerMessage::PersonLeft(person) => SessionEvent::PersonLeft(person),
            ServerMessage::Chat(line) => SessionEvent::Chat(line),
            ServerMessage::NotePinned(note) => SessionEvent::NotePinned(note),
            ServerMessage::NoteRemoved(note) => SessionEvent::NoteRemoved(note),
            ServerMessage::ThingPlaced(thing) => SessionEvent::ThingPlaced(thing),
            ServerMessage::ThingTakenAway(thing) => SessionEvent::ThingTakenAway(thing),
            ServerMessage::Emote { person, name } => SessionEvent::Emote { person, name },
            ServerMessage::Done { request } => {
                if let Some(persona) = self.wished.take_if(|wish| wish.request == request) {
                    self.persona = Some(persona);
                }
                SessionEvent::Done { request }
            }
            ServerMessage::Denied { request, reason } => SessionEvent::Denied { request, reason },
            ServerMessage::Statistics {
                request,
                statistics,
            } => SessionEvent::Statistics {
                request,
                statistics,
            },
            ServerMessage::Holding(entity) => SessionEvent::Holding(entity),
            ServerMessage::Thrown {
                request,
                entity,
                tick,
                is_as_stated,
            } => SessionEvent::Thrown {
                request,
                entity,
                tick,
                is_as_stated,
            },
            ServerMessage::Sitting(seat) => SessionEvent::Sitting(seat),
            ServerMessage::Replaced => return Some(End::Over(SessionEvent::Replaced)),
            ServerMessage::Closing { reason } => return Some(End::Lost(reason)),
            ServerMessage::Challenge { .. }
            | ServerMessage::Refused(_)
            | ServerMessage::Welcome(_) => {
                tracing::debug!("a message out of its time was ignored");
                return None;
            }
        };
        self.tell(event).await;
        None
    }

    fn on_transferred(&mut self, transferred: Transferred) -> SessionEvent {
        let (hash, error) = match transferred {
            Transferred::Fetched(hash, result) => {
                self.fetching.remove(&hash);
                match result {
                    Ok(path) => return SessionEvent::FileReady { hash, path },
                    Err(error) => (hash, error),
                }
            }
            Transferred::Offered(hash, result) => {
                self.offering.remove(&hash);
                match result {
                    Ok(()) => return SessionEvent::Offered { hash },
                    Err(error) => (hash, error),
                }
            }
        };
        let reason = error.to_string();
        SessionEvent::FileFailed { hash, reason }
    }

    /// False for an answer to what was not asked.
    fn answers(&mut self, message: &ServerMessage) -> bool {
        match message {
            ServerMessage::Done { request }
            | ServerMessage::Denied { request, .. }
            | ServerMessage::Statistics { request, .. } => self.pending.remove(request),
            _ => true,
        }
    }

    async fn on_state(&mut self, bytes: &[u8]) {
        self.shared.record(|| TraceEvent::Received(bytes.to_vec()));
        let taken = self.shared.view().take(bytes, self.shared.now_secs());
        if let Ok(Some(correction)) = taken
            && self.motion.correct(&correction)
        {
            self.shared.stats().corrections += 1;
            self.tell(SessionEvent::Correction(correction)).await;
        }
    }

    async fn on_command(&mut self, command: Command) -> Option<End> {
        match command {
            Command::Send(message, request) => {
                if let Some(request) = request {
                    if self.pending.len() >= MAX_PENDING {
                        let reason = Denial::TooFast;
                        self.tell(SessionEvent::Denied { request, reason }).await;
                        return None;
                    }
                    self.pending.insert(request);
                }
                if let ClientMessage::ChangePersona {
                    request,
                    name,
                    avatar,
                } = &message
                {
                    self.wished = Some(Persona {
                        request: *request,
                        name: name.clone(),
                        avatar: avatar.clone(),
                    });
                }
                self.send(message);
            }
            Command::Ready => {
                if !self.is_ready {
                    self.is_ready = true;
                    self.send(ClientMessage::Ready);
                }
            }
            Command::Fetch(hash, bytes) => self.start_fetch(hash, bytes).await,
            Command::Offer(offer) => self.start_offer(offer).await,
            Command::Leave => return Some(self.leave().await),
        }
        None
    }

    async fn start_fetch(&mut self, hash: ContentHash, bytes: u64) {
        let Some(cache) = self.config.cache.clone() else {
            let reason = "this session keeps no files".to_owned();
            return self.tell(SessionEvent::FileFailed { hash, reason }).await;
        };
        if self.fetching.contains_key(&hash) {
            // One answer is for all who asked.
            return;
        }
        if self.transfers.len() >= MAX_TRANSFERS {
            let reason = "too many files at once".to_owned();
            return self.tell(SessionEvent::FileFailed { hash, reason }).await;
        }
        if bytes > MAX_AVATAR_BYTES {
            let reason = "it is larger than an avatar or a thing may be".to_owned();
            return self.tell(SessionEvent::FileFailed { hash, reason }).await;
        }
        self.fetching.insert(hash, bytes);
        let world_files = self.world_files.clone();
        let mut needed = world_files.to_vec();
        needed.extend(self.fetching.iter().map(|(hash, bytes)| FileEntry {
            path: String::new(),
            bytes: *bytes,
            hash: *hash,
        }));
        let connection = self.connection.clone();
        self.transfers.spawn(async move {
            let room = cache.clone();
            let making = fetch::blocking(move || room.make_room(&needed, &world_files));
            let result = match making.await {
                Ok(()) => fetch::fetch(&connection, &cache, hash, bytes, |_| {}).await,
                Err(error) => Err(error),
            };
            Transferred::Fetched(hash, result)
        });
    }

    async fn start_offer(&mut self, offer: Offer) {
        let hash = offer.hash;
        if self.offering.contains(&hash) {
            return;
        }
        if self.transfers.len() >= MAX_TRANSFERS {
            let reason = "too many files at once".to_owned();
            return self.tell(SessionEvent::FileFailed { hash, reason }).await;
        }
        self.offering.insert(hash);
        let connection = self.connection.clone();
        self.transfers.spawn(async move {
            let result = fetch::offer(&connection, &offer).await;
            Transferred::Offered(hash, result)
        });
    }

    /// Sends acknowledgements and motion, unless the last ones have not left yet.
    fn on_tick(&mut self) {
        if self.ticks.is_multiple_of(STATS_TICKS) {
            self.update_stats();
        }
        self.ticks = self.ticks.wrapping_add(1);
        if !self.is_ready || self.connection.has_unsent_state() {
            return;
        }
        let motion = *self.shared.motion();
        let datagram = {
            let view = self.shared.view();
            let tick_of = |at_secs| view.server_tick(at_secs);
            self.motion.next(motion, tick_of, view.acknowledgement())
        };
        let mut bytes = Vec::with_capacity(128);
        if let Err(error) = datagram.encode(&mut bytes) {
            tracing::debug!("motion that cannot be told was dropped: {error}");
            self.motion.clear();
            return;
        }
        self.shared.record(|| TraceEvent::Sent(bytes.clone()));
        let count = bytes.len() as u64;
        if let Err(error) = self.connection.send_state(bytes) {
            tracing::debug!("motion was not sent: {error}");
        }
        let mut stats = self.shared.stats();
        stats.datagrams_out = datagram.sequence + 1;
        stats.datagram_bytes_out += count;
    }

    pub(crate) fn update_stats(&self) {
        self.shared.set_path(&self.connection.stats());
    }

    fn send(&self, message: ClientMessage) {
        if self.outgoing.try_send(message).is_err() {
            // The server has not read for so long that the queue is full: it will notice when it does.
            self.connection.close(CloseCode::TooSlow, "");
        }
    }

    async fn tell(&self, event: SessionEvent) {
        // A front-end that is gone shows in the command queue.
        if self.events.send(event).await.is_err() {
            tracing::trace!("nobody listens");
        }
    }

    async fn leave(&mut self) -> End {
        self.send(ClientMessage::Leave);
        // The server closes when it has read it.
        let closing = self.connection.closed();
        if tokio::time::timeout(LEAVE_LIMIT, closing).await.is_err() {
            self.connection.close(CloseCode::Done, "");
        }
        End::Over(SessionEvent::Closed {
            reason: "you left".to_owned(),
        })
    }
}

/// What the end of a connection means.
fn ended(reason: Disconnected) -> End {
    match reason {
        Disconnected::Closed {
            code: CloseCode::Replaced,
            ..
        } => End::Over(SessionEvent::Replaced),
        Disconnected::Closed {
            code: CloseCode::Changed,
            reason,
        } => End::Changed(reason),
        Disconnected::Closed { code, ref reason } if code.is_final() => {
            End::Over(SessionEvent::Closed {
                reason: if reason.is_empty() {
                    "the host ended the visit".to_owned()
                } else {
                    reason.clone()
                },
            })
        }
        other => End::Lost(other.to_string()),
    }
}
