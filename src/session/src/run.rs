//! A session from its start to its end: one visit after another.

use crate::event::{SessionEvent, Stage};
use crate::failure::Failure;
use crate::handshake::{connect, enter};
use crate::motion::MotionSender;
use crate::session::{Command, Offer, SessionConfig, Shared};
use crate::told::Told;
use crate::visit::{End, Visit, fetch_world, report_stage, spawn_writer};
use crate::world_files::WorldFiles;
use network::{CloseCode, Connection, ControlStream};
use protocol::{ContentHash, Denial, FileEntry, ServerMessage, Welcome};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Wait before one comes back to a world that has changed: a server that says so over and over is not asked without a pause.
const CHANGED_WAIT: Duration = Duration::from_millis(100);
/// First wait after a lost connection; doubles with each try.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Longest wait between tries.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A visit that lasted so long begins the waits anew; a shorter one may be ended for the same reason again.
const STEADY_VISIT: Duration = Duration::from_secs(10);
/// Doublings after which the wait stays as it is.
const MAX_DOUBLINGS: u32 = 16;

/// How a try ended.
enum Attempt {
    /// Not inside. After a first entry, passing failures are tried again.
    Failed(Failure),
    /// Was inside, and the connection was lost.
    Lost(String),
    /// Was inside, and the world has changed.
    Changed(String),
    /// The session has ended; its last event.
    Over(SessionEvent),
}

/// What lasts from visit to visit.
struct Course {
    config: Arc<SessionConfig>,
    shared: Arc<Shared>,
    events: mpsc::Sender<SessionEvent>,
    commands: mpsc::Receiver<Command>,
    visits: u32,
    /// True once a server has let one in, even if the files did not come then.
    was_welcomed: bool,
    /// The files that the front-end has been given, once it has.
    files: Option<Vec<FileEntry>>,
    is_ready: bool,
}

/// Admitted, with all files on disk.
struct Admission {
    connection: Connection,
    control: ControlStream,
    welcome: Box<Welcome>,
    /// `None` when the front-end has the files already.
    files: Option<WorldFiles>,
    /// What the server said meanwhile.
    waiting: Vec<ServerMessage>,
}

/// Not admitted, or without the files.
struct Rejection {
    failure: Failure,
    was_welcomed: bool,
}

pub(crate) async fn run(
    config: SessionConfig,
    shared: Arc<Shared>,
    events: mpsc::Sender<SessionEvent>,
    commands: mpsc::Receiver<Command>,
) {
    let mut course = Course {
        config: Arc::new(config),
        shared,
        events,
        commands,
        visits: 0,
        was_welcomed: false,
        files: None,
        is_ready: false,
    };
    let last = course.run().await;
    course.shared.end_connection();
    course.tell(last).await;
}

/// Everything up to being inside.
async fn approach(
    config: Arc<SessionConfig>,
    events: mpsc::Sender<SessionEvent>,
    known_files: Option<Vec<FileEntry>>,
) -> Result<Admission, Rejection> {
    let outside = |failure| Rejection {
        failure,
        was_welcomed: false,
    };
    report_stage(&events, Stage::Resolving, None);
    let on_resolved = || report_stage(&events, Stage::Connecting, None);
    let connection = connect(&config, on_resolved).await.map_err(outside)?;
    report_stage(&events, Stage::Proving, None);
    let (mut control, welcome) = enter(&connection, &config).await.map_err(outside)?;
    let mut waiting = Vec::new();
    let files = if known_files.as_ref() == Some(&welcome.world.files) {
        None
    } else {
        let fetching = fetch_world(
            &config,
            &connection,
            &mut control.receiver,
            &welcome.world,
            &events,
            &mut waiting,
        );
        let files = fetching.await.map_err(|failure| {
            connection.close(CloseCode::Done, "");
            Rejection {
                failure,
                was_welcomed: true,
            }
        })?;
        report_stage(&events, Stage::Loading, None);
        Some(files)
    };
    Ok(Admission {
        connection,
        control,
        welcome,
        files,
        waiting,
    })
}

impl Course {
    /// Gives the last event.
    async fn run(&mut self) -> SessionEvent {
        let mut tries = 0;
        loop {
            let begin = Instant::now();
            let mut is_called_back = false;
            let reason = match self.attempt().await {
                Attempt::Over(last) => return last,
                Attempt::Failed(failure) if self.was_welcomed && failure.is_passing() => {
                    failure.to_string()
                }
                Attempt::Failed(failure) => return SessionEvent::Failed(failure),
                Attempt::Lost(reason) => {
                    if begin.elapsed() >= STEADY_VISIT {
                        tries = 0;
                    }
                    self.shared.stats().losses += 1;
                    reason
                }
                Attempt::Changed(reason) => {
                    is_called_back = true;
                    reason
                }
            };
            self.shared.end_connection();
            let retry_in = if is_called_back {
                CHANGED_WAIT
            } else {
                (FIRST_WAIT * 2u32.saturating_pow(tries)).min(LONGEST_WAIT)
            };
            self.tell(SessionEvent::Lost {
                reason,
                retry_in,
                tries,
            })
            .await;
            if !is_called_back {
                tries = (tries + 1).min(MAX_DOUBLINGS);
            }
            if let Some(last) = self.wait(retry_in).await {
                return last;
            }
        }
    }

    /// One way in and, where it succeeds, the visit.
    async fn attempt(&mut self) -> Attempt {
        let approaching = approach(self.config.clone(), self.events.clone(), self.files.clone());
        tokio::pin!(approaching);
        let admission = loop {
            let command = tokio::select! {
                admission = &mut approaching => break admission,
                command = self.commands.recv() => command,
            };
            if let Some(last) = self.answer_outside(command).await {
                return Attempt::Over(last);
            }
        };
        match admission {
            Ok(admission) => self.visit(admission).await,
            Err(rejection) => {
                self.was_welcomed |= rejection.was_welcomed;
                Attempt::Failed(rejection.failure)
            }
        }
    }

    async fn visit(&mut self, admission: Admission) -> Attempt {
        let Admission {
            connection,
            control,
            welcome,
            files,
            waiting,
        } = admission;
        self.visits = self.visits.wrapping_add(1);
        self.was_welcomed = true;
        self.shared.begin_visit(&welcome);
        self.files = Some(welcome.world.files.clone());
        let event = match files {
            Some(files) => {
                self.is_ready = false;
                SessionEvent::Entered {
                    welcome: welcome.clone(),
                    files,
                }
            }
            None => SessionEvent::Resumed(welcome.clone()),
        };
        self.tell(event).await;
        let mut visit = Visit {
            config: &self.config,
            shared: &self.shared,
            events: &self.events,
            commands: &mut self.commands,
            connection,
            receiver: control.receiver,
            outgoing: spawn_writer(control.sender),
            motion: MotionSender::new(self.visits),
            told: Told::of(&welcome),
            world_files: welcome.world.files.as_slice().into(),
            fetching: BTreeMap::new(),
            pending: BTreeSet::new(),
            transfers: JoinSet::new(),
            offering: BTreeSet::new(),
            is_ready: self.is_ready,
            ticks: 0,
            wished: None,
            persona: None,
        };
        let end = visit.run(&welcome, waiting).await;
        visit.update_stats();
        let unanswered = std::mem::take(&mut visit.pending);
        let cut_off: BTreeSet<_> = visit
            .fetching
            .keys()
            .chain(&visit.offering)
            .copied()
            .collect();
        self.is_ready = visit.is_ready;
        let persona = visit.persona.take();
        drop(visit);
        if let Some(persona) = persona {
            // Who comes back comes back as who they were when the connection was lost.
            let config = Arc::make_mut(&mut self.config);
            config.name = persona.name;
            config.avatar = persona.avatar;
        }
        self.answer_cut_off(cut_off, unanswered).await;
        match end {
            End::Lost(reason) => Attempt::Lost(reason),
            End::Changed(reason) => Attempt::Changed(reason),
            End::Over(last) => Attempt::Over(last),
        }
    }

    /// Answers what a lost connection leaves open: files on their way, and requests.
    async fn answer_cut_off(&self, files: BTreeSet<ContentHash>, requests: BTreeSet<u32>) {
        for hash in files {
            let reason = "the connection was lost on the way".to_owned();
            self.tell(SessionEvent::FileFailed { hash, reason }).await;
        }
        for request in requests {
            let reason =
                Denial::Other("the connection was lost before the server answered".to_owned());
            self.tell(SessionEvent::Denied { request, reason }).await;
        }
    }

    /// Waits, and answers what comes meanwhile. The last event when the front-end goes.
    async fn wait(&mut self, time: Duration) -> Option<SessionEvent> {
        let end = tokio::time::sleep(time);
        tokio::pin!(end);
        loop {
            let command = tokio::select! {
                () = &mut end => return None,
                command = self.commands.recv() => command,
            };
            if let Some(last) = self.answer_outside(command).await {
                return Some(last);
            }
        }
    }

    /// Answers a command while there is no connection.
    async fn answer_outside(&mut self, command: Option<Command>) -> Option<SessionEvent> {
        match command {
            None | Some(Command::Leave) => {
                return Some(SessionEvent::Closed {
                    reason: "you left".to_owned(),
                });
            }
            Some(Command::Send(_, Some(request))) => {
                let reason = Denial::Other("there is no connection now".to_owned());
                self.tell(SessionEvent::Denied { request, reason }).await;
            }
            Some(Command::Send(_, None)) => {}
            Some(Command::Ready) => self.is_ready = true,
            Some(Command::Fetch(hash, _) | Command::Offer(Offer { hash, .. })) => {
                let reason = "there is no connection now".to_owned();
                self.tell(SessionEvent::FileFailed { hash, reason }).await;
            }
        }
        None
    }

    async fn tell(&self, event: SessionEvent) {
        if self.events.send(event).await.is_err() {
            tracing::trace!("nobody listens");
        }
    }
}
