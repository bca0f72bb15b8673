//! Avatars that visitors bring: taken in slowly or not at all, checked, and put on the shelves.

use super::{Library, content_hash, respond, shelves::ServedFile};
use crate::limiter::Limiter;
use network::{BulkStream, ReceiveError};
use protocol::{
    BulkResponse, ContentHash,
    limits::{CHUNK_BYTES, MAX_AVATAR_BYTES, STALL_TIMEOUT_SECS, UPLOAD_TIMEOUT_SECS},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};

/// Avatars that a connection may bring at once before the rate counts.
const UPLOAD_BURST: f64 = 4.0;
/// Avatars that a connection may bring in a second on average.
const UPLOADS_PER_SECOND: f64 = 1.0 / 15.0;
/// Longest time that an avatar may take to arrive.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(UPLOAD_TIMEOUT_SECS);

/// What a connection may bring.
pub(super) struct Bringer {
    /// Its person's key.
    owner: String,
    rate: Mutex<Limiter>,
    epoch: Instant,
    /// One avatar at a time.
    turn: Semaphore,
}

impl Bringer {
    pub(super) fn new(owner: String) -> Self {
        Self {
            owner,
            rate: Mutex::new(Limiter::starting(UPLOADS_PER_SECOND, UPLOAD_BURST, 0.0)),
            epoch: Instant::now(),
            turn: Semaphore::new(1),
        }
    }

    fn may_bring(&self) -> bool {
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
        hash: ContentHash,
        bytes: u64,
    ) -> Result<bool, String> {
        if self.get(&hash).is_some() {
            respond(stream, &BulkResponse::Have).await?;
            return Ok(false);
        }
        let taken = self.take_in(stream, bringer, hash, bytes).await;
        let response = match &taken {
            Ok(()) => BulkResponse::Have,
            Err(reason) => BulkResponse::Refused(reason.clone()),
        };
        respond(stream, &response).await?;
        Ok(taken.is_ok())
    }

    /// The text of an error is for the visitor.
    async fn take_in(
        &self,
        stream: &mut BulkStream,
        bringer: &Bringer,
        hash: ContentHash,
        bytes: u64,
    ) -> Result<(), String> {
        if bytes > MAX_AVATAR_BYTES {
            return Err(format!(
                "the avatar has {bytes} bytes, the limit is {MAX_AVATAR_BYTES}"
            ));
        }
        if !bringer.may_bring() {
            return Err("too many avatars in a short time: wait a minute".to_owned());
        }
        let _turn = bringer
            .turn
            .acquire()
            .await
            .map_err(|error| error.to_string())?;
        respond(stream, &BulkResponse::Send).await?;
        let (whole, reserved) = self.read_whole(stream, bytes).await?;
        let turn = Arc::clone(&self.checks).acquire_owned().await;
        let checking = tokio::task::spawn_blocking(move || {
            let verdict = check_avatar(&whole, hash, bytes).map(|()| ServedFile::new(whole));
            drop(turn);
            verdict
        });
        let file = checking.await.map_err(|error| error.to_string())??;
        let has_room = self.add_avatar(&bringer.owner, hash, file);
        drop(reserved);
        if has_room {
            Ok(())
        } else {
            Err("the server has no room for another avatar: try again later".to_owned())
        }
    }

    /// Takes memory for an avatar only as it arrives, of what all uploads have together. It grows by doubling: up to twice
    /// what has arrived.
    async fn read_whole(
        &self,
        stream: &mut BulkStream,
        bytes: u64,
    ) -> Result<(Vec<u8>, OwnedSemaphorePermit), String> {
        let late = |_elapsed| "the avatar did not arrive in time".to_owned();
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
                "the server takes in as many avatars as it can: try again in a minute".to_owned()
            })
    }
}

/// Nobody gets a file that is not what it says or that the gate refuses.
fn check_avatar(bytes: &[u8], hash: ContentHash, announced: u64) -> Result<(), String> {
    if bytes.len() as u64 != announced || content_hash(bytes) != hash {
        return Err("the avatar arrived damaged: try again".to_owned());
    }
    let avatar = scene::load_avatar(bytes, &scene::NoSideFiles)
        .map_err(|error| format!("the avatar cannot be used: {error}"))?;
    if avatar.meta.is_redistribution_allowed || avatar.meta.avatar_permission == "everyone" {
        Ok(())
    } else {
        Err("the avatar's licence does not allow sending it to others".to_owned())
    }
}
