//! Avatars and things that visitors bring: taken in slowly or not at all, checked, and put on the shelves.

use super::{CheckedThing, Library, ServedFile, content_hash, respond, shelves::CheckedAvatar};
use crate::limiter::Limiter;
use network::{BulkStream, ReceiveError};
use protocol::{
    AvatarFiles, BulkResponse, ContentHash, Rights,
    limits::{
        CHUNK_BYTES, MAX_AVATAR_BYTES, MAX_THING_BYTES, STALL_TIMEOUT_SECS, UPLOAD_TIMEOUT_SECS,
    },
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};

/// Files that a connection may bring at once before the rate counts.
const UPLOAD_BURST: f64 = 4.0;
/// Files that a connection may bring in a second on average.
const UPLOADS_PER_SECOND: f64 = 1.0 / 15.0;
/// Longest time that a file may take to arrive.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(UPLOAD_TIMEOUT_SECS);

/// What a file is brought for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To be worn.
    Avatar {
        /// The wearer says to have the right to send it to others.
        is_right_confirmed: bool,
    },
    /// To be placed.
    Thing,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Avatar { .. } => "avatar",
            Self::Thing => "thing",
        }
    }

    const fn max_bytes(self) -> u64 {
        match self {
            Self::Avatar { .. } => MAX_AVATAR_BYTES,
            Self::Thing => MAX_THING_BYTES,
        }
    }
}

/// What was learned of a file.
enum Checked {
    Avatar(CheckedAvatar),
    Thing(CheckedThing),
}

/// What a connection may bring.
pub(super) struct Bringer {
    /// Its person's key.
    owner: String,
    rights: Rights,
    rate: Mutex<Limiter>,
    epoch: Instant,
    /// One file at a time.
    turn: Semaphore,
}

impl Bringer {
    pub(super) fn new(owner: String, rights: Rights) -> Self {
        Self {
            owner,
            rights,
            rate: Mutex::new(Limiter::starting(UPLOADS_PER_SECOND, UPLOAD_BURST, 0.0)),
            epoch: Instant::now(),
            turn: Semaphore::new(1),
        }
    }

    pub(super) const fn rights(&self) -> Rights {
        self.rights
    }

    /// The text of an error is for the visitor.
    fn may_bring(&self, kind: Kind) -> Result<(), &'static str> {
        match kind {
            Kind::Avatar { .. } if self.rights.avatar_files == AvatarFiles::Nobodys => {
                Err("the host does not let people bring avatars of their own")
            }
            Kind::Thing if !self.rights.may_place => {
                Err("the host does not let you place things here")
            }
            Kind::Avatar { .. } | Kind::Thing => Ok(()),
        }
    }

    /// True when the world passes on an avatar file that others may not have by its own licence.
    fn answers_for(&self, kind: Kind) -> bool {
        let is_right_confirmed = matches!(
            kind,
            Kind::Avatar {
                is_right_confirmed: true
            }
        );
        is_right_confirmed && self.rights.avatar_files == AvatarFiles::Confirmed
    }

    fn is_in_time(&self) -> bool {
        let now_secs = self.epoch.elapsed().as_secs_f64();
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        rate.take(now_secs)
    }
}

impl Library {
    /// Answers an offer; true when there is a file now that was not here before.
    pub(super) async fn receive(
        &self,
        stream: &mut BulkStream,
        bringer: &Bringer,
        kind: Kind,
        hash: ContentHash,
        bytes: u64,
    ) -> Result<bool, String> {
        let is_here = bringer.may_bring(kind).is_ok()
            && match kind {
                Kind::Avatar { .. } => self.has_avatar(bringer, kind, &hash),
                // That somebody wears it, or that the world is made of it, says nothing about whether it may be placed.
                Kind::Thing => self.read().things.get(&hash).is_some(),
            };
        if is_here {
            respond(stream, &BulkResponse::Have).await?;
            return Ok(false);
        }
        let taken = self.take_in(stream, bringer, kind, hash, bytes).await;
        let response = match &taken {
            Ok(()) => BulkResponse::Have,
            Err(reason) => BulkResponse::Refused(reason.clone()),
        };
        respond(stream, &response).await?;
        Ok(taken.is_ok())
    }

    /// What others confirmed of a file does not count for who brings it as well.
    fn has_avatar(&self, bringer: &Bringer, kind: Kind, hash: &ContentHash) -> bool {
        let is_answered_for = bringer.answers_for(kind);
        let shelves = self.read();
        match shelves.avatars.get(hash) {
            Some((_, avatar)) => avatar.may_be_shared || is_answered_for,
            None => shelves.get(hash, bringer.rights.avatar_files).is_some(),
        }
    }

    /// The text of an error is for the visitor.
    async fn take_in(
        &self,
        stream: &mut BulkStream,
        bringer: &Bringer,
        kind: Kind,
        hash: ContentHash,
        bytes: u64,
    ) -> Result<(), String> {
        let (name, limit) = (kind.name(), kind.max_bytes());
        bringer.may_bring(kind)?;
        if bytes > limit {
            return Err(format!(
                "the {name} has {bytes} bytes, the limit is {limit}"
            ));
        }
        if !bringer.is_in_time() {
            return Err(format!("too many {name}s in a short time: wait a minute"));
        }
        let _turn = bringer
            .turn
            .acquire()
            .await
            .map_err(|error| error.to_string())?;
        respond(stream, &BulkResponse::Send).await?;
        let (whole, reserved) = self.read_whole(stream, kind, bytes).await?;
        let turn = Arc::clone(&self.checks).acquire_owned().await;
        let is_answered_for = bringer.answers_for(kind);
        let checking = tokio::task::spawn_blocking(move || {
            let verdict = check(kind, is_answered_for, &whole, hash, bytes);
            let verdict = verdict.map(|checked| (checked, ServedFile::new(whole)));
            drop(turn);
            verdict
        });
        let (checked, file) = checking.await.map_err(|error| error.to_string())??;
        let owner = &bringer.owner;
        let has_room = match checked {
            Checked::Avatar(checked) => self.write().avatars.add(owner, hash, file, checked, 0),
            Checked::Thing(checked) => self.add_thing(owner, hash, file, checked),
        };
        drop(reserved);
        if has_room {
            Ok(())
        } else {
            Err(format!(
                "the server has no room for another {name}: try again later"
            ))
        }
    }

    /// Takes memory for a file only as it arrives, of what all uploads have together. It grows by doubling: up to twice
    /// what has arrived.
    async fn read_whole(
        &self,
        stream: &mut BulkStream,
        kind: Kind,
        bytes: u64,
    ) -> Result<(Vec<u8>, OwnedSemaphorePermit), String> {
        let late = |_elapsed| format!("the {} did not arrive in time", kind.name());
        let deadline = Instant::now() + UPLOAD_TIMEOUT;
        let stall = Duration::from_secs(STALL_TIMEOUT_SECS);
        let mut reserved = self.reserve(0)?;
        let mut whole = Vec::new();
        let mut buffer = vec![0; CHUNK_BYTES];
        while (whole.len() as u64) < bytes {
            let reading = timeout(stall, stream.receiver.receive_raw(&mut buffer));
            let read: Result<Option<usize>, ReceiveError> = timeout_at(deadline, reading)
                .await
                .map_err(late)?
                .map_err(late)?;
            let Some(count) = read.map_err(|error| error.to_string())? else {
                break;
            };
            reserved.merge(self.reserve(count)?);
            whole.extend_from_slice(&buffer[..count]);
        }
        Ok((whole, reserved))
    }

    fn reserve(&self, bytes: usize) -> Result<OwnedSemaphorePermit, String> {
        Arc::clone(&self.under_way)
            .try_acquire_many_owned(bytes as u32)
            .map_err(|_full| {
                "the server takes in as many files as it can: try again in a minute".to_owned()
            })
    }
}

/// Nobody gets a file that is not what it says or that the gate refuses.
fn check(
    kind: Kind,
    is_answered_for: bool,
    bytes: &[u8],
    hash: ContentHash,
    announced: u64,
) -> Result<Checked, String> {
    let name = kind.name();
    if bytes.len() as u64 != announced || content_hash(bytes) != hash {
        return Err(format!("the {name} arrived damaged: try again"));
    }
    let unusable = |error: String| format!("the {name} cannot be used: {error}");
    match kind {
        Kind::Avatar { .. } => {
            let avatar = scene::load_avatar(bytes, &scene::NoSideFiles)
                .map_err(|error| unusable(error.to_string()))?;
            let may_be_shared = avatar.meta.may_be_shared();
            if is_answered_for || may_be_shared {
                Ok(Checked::Avatar(CheckedAvatar { may_be_shared }))
            } else {
                Err("the avatar's licence does not allow sending it to others".to_owned())
            }
        }
        Kind::Thing => CheckedThing::of(bytes)
            .map(Checked::Thing)
            .map_err(unusable),
    }
}
