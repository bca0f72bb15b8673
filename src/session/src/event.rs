//! What a session tells its front-end.

use crate::failure::Failure;
use crate::world_files::WorldFiles;
use protocol::{
    ChatLine, ContentHash, Denial, EntityId, Note, PersonId, PersonInfo, PlacedThing,
    ServerStatistics, Welcome,
};
use replication::Correction;
use std::path::PathBuf;
use std::time::Duration;

/// Something happened. After [`Closed`](Self::Closed), [`Replaced`](Self::Replaced) or
/// [`Failed`](Self::Failed) nothing more comes.
#[derive(Debug)]
pub enum SessionEvent {
    /// On the way in.
    Progress(Progress),
    /// Admitted, and the world's files are on disk: load them, then call [`Session::ready`](crate::Session::ready).
    /// Comes again after a lost connection when the world's files have changed meanwhile.
    Entered {
        /// Everything about the world and oneself.
        welcome: Box<Welcome>,
        /// Where its files are. Empty when the session does not fetch them.
        files: WorldFiles,
    },
    /// Somebody entered, came back, or changed.
    PersonChanged(PersonInfo),
    /// Somebody left.
    PersonLeft(PersonId),
    /// A chat line, also one's own.
    Chat(ChatLine),
    /// A note was pinned.
    NotePinned(Note),
    /// A note was taken down.
    NoteRemoved(u64),
    /// A thing was placed: fetch its file.
    ThingPlaced(PlacedThing),
    /// A thing was taken away.
    ThingTakenAway(u64),
    /// Somebody shows a gesture.
    Emote {
        /// Who.
        person: PersonId,
        /// Which.
        name: String,
    },
    /// A request was carried out.
    Done {
        /// Number that the action returned.
        request: u32,
    },
    /// A request was not carried out.
    Denied {
        /// Number that the action returned.
        request: u32,
        /// Why.
        reason: Denial,
    },
    /// How the server fares.
    Statistics {
        /// Number that the question returned.
        request: u32,
        /// Over the last ten seconds.
        statistics: ServerStatistics,
    },
    /// One holds a body now, or none.
    Holding(Option<EntityId>),
    /// A body left one's hand, as one asked: its flight began on the server.
    Thrown {
        /// Number that the action returned.
        request: u32,
        /// The body.
        entity: EntityId,
        /// The server tick whose state is the first one after letting go.
        tick: u64,
        /// True when it began where [`Session::throw`](crate::Session::throw) said.
        is_as_stated: bool,
    },
    /// One sits on a seat now, or stands.
    Sitting(Option<u32>),
    /// The server did not accept one's motion: go on from here. Whatever is set by
    /// [`Session::set_motion`](crate::Session::set_motion) after this event was taken counts as going on from it.
    Correction(Correction),
    /// A file asked for by [`Session::fetch`](crate::Session::fetch) is on disk.
    FileReady {
        /// Its content id.
        hash: ContentHash,
        /// Where it is; it may be gone after the session.
        path: PathBuf,
    },
    /// The server has the file that one offered.
    Offered {
        /// Its content id.
        hash: ContentHash,
    },
    /// A file asked for by [`Session::fetch`](crate::Session::fetch), or offered, did not get there.
    FileFailed {
        /// Its content id.
        hash: ContentHash,
        /// One line.
        reason: String,
    },
    /// The connection is lost; the session comes back by itself.
    Lost {
        /// One line.
        reason: String,
        /// Until the next try.
        retry_in: Duration,
        /// Tries so far, from 0.
        tries: u32,
    },
    /// Back in the same world after a lost connection; nothing needs to be loaded. Lists are as of now, requests
    /// without an answer have been denied.
    Resumed(Box<Welcome>),
    /// The same key entered elsewhere. The end.
    Replaced,
    /// Left, or sent away. The end.
    Closed {
        /// One line.
        reason: String,
    },
    /// Entry failed. The end.
    Failed(Failure),
}

/// How far the entry is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// 0 to 1 within the stage, where that is known.
    pub fraction: Option<f32>,
}

/// Stages of an entry, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Asking for the host's address.
    Resolving,
    /// Waiting for the server's answer.
    Connecting,
    /// Proving who one is.
    Proving,
    /// Fetching the world's files.
    Downloading {
        /// Bytes on disk.
        bytes: u64,
        /// Of all files.
        total: u64,
    },
    /// The front-end loads the world.
    Loading,
}

impl SessionEvent {
    /// True for the last event of a session.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Replaced | Self::Closed { .. } | Self::Failed(_))
    }
}
