//! Files that travel: a world's own, and avatars and things that people brought. By content id, in chunks with hashes of
//! their own.

mod shelves;
#[cfg(test)]
mod tests;
mod thing;
mod upload;

pub(crate) use shelves::ServedFile;
pub(crate) use thing::{CheckedThing, StandingFile};

use crate::{door::Worlds, limiter::Limiter, world::Inbound};
use network::{BulkStream, Connection};
use protocol::{
    AvatarChoice, BulkRequest, BulkResponse, ContentHash, FileEntry, Rights,
    limits::{CHUNK_BYTES, MAX_CLIENT_STREAMS, STALL_TIMEOUT_SECS},
};
use scene::WorldFile;
use shelves::Shelves;
use std::{
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use upload::{Bringer, Kind};

/// Files that are checked at once: each check may take a worker's whole memory.
const MAX_CHECKS: usize = 2;
/// Bytes of files that have arrived and are not checked yet, of all connections together.
const MAX_BYTES_UNDER_WAY: usize = 256 * 1024 * 1024;
/// Streams of one connection that are answered at once: as many as a client may have open beside its control stream, so
/// that none waits for the end of another.
const MAX_STREAMS: usize = MAX_CLIENT_STREAMS as usize - 1;
/// Requests of one connection in a second on average; more wait.
const REQUESTS_PER_SECOND: f64 = 20.0;
/// Requests of one connection before the rate counts: all files of a world, and avatars of who is there.
const REQUEST_BURST: f64 = 2048.0;
/// Pause of a connection that asks too much.
const REQUEST_PAUSE: Duration = Duration::from_millis(50);

/// Content id of bytes.
pub(crate) fn content_hash(bytes: &[u8]) -> ContentHash {
    ContentHash(*blake3::hash(bytes).as_bytes())
}

/// Everything that a server gives out. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Library {
    shelves: Arc<RwLock<Shelves>>,
    checks: Arc<Semaphore>,
    under_way: Arc<Semaphore>,
}

impl Default for Library {
    fn default() -> Self {
        Self {
            shelves: Arc::default(),
            checks: Arc::new(Semaphore::new(MAX_CHECKS)),
            under_way: Arc::new(Semaphore::new(MAX_BYTES_UNDER_WAY)),
        }
    }
}

/// A world has these files: while this lives, they can be fetched.
pub(crate) struct Shelved {
    library: Library,
    hashes: Vec<ContentHash>,
}

impl Drop for Shelved {
    fn drop(&mut self) {
        let mut shelves = self.library.write();
        for hash in self.hashes.drain(..) {
            shelves.remove_world_file(hash);
        }
    }
}

/// Somebody wears an avatar file: while this lives, it stays.
pub(crate) struct Worn {
    library: Library,
    hash: ContentHash,
}

impl Drop for Worn {
    fn drop(&mut self) {
        self.library.write().avatars.end_use(self.hash);
    }
}

impl Library {
    /// Puts the files of a world where they can be fetched, and lists them.
    pub(crate) fn shelve(&self, files: Vec<WorldFile>) -> (Vec<FileEntry>, Shelved) {
        let mut entries = Vec::new();
        for file in files {
            let hash = content_hash(&file.bytes);
            let bytes = file.bytes.len() as u64;
            // Hashing the chunks takes a while, for which nobody else waits.
            let served = ServedFile::new(file.bytes);
            self.write().add_world_file(hash, served);
            entries.push(FileEntry {
                path: file.path,
                bytes,
                hash,
            });
        }
        let shelved = Shelved {
            library: self.clone(),
            hashes: entries.iter().map(|entry| entry.hash).collect(),
        };
        (entries, shelved)
    }

    /// Somebody puts an avatar on; nothing to hold where it is no file.
    pub(crate) fn wear(&self, avatar: &AvatarChoice) -> Option<Worn> {
        let AvatarChoice::File { hash, .. } = *avatar else {
            return None;
        };
        self.write().avatars.begin_use(hash);
        let library = self.clone();
        Some(Worn { library, hash })
    }

    fn get(&self, hash: &ContentHash, rights: Rights) -> Option<Arc<ServedFile>> {
        self.read().get(hash, rights.avatar_files)
    }

    fn read(&self) -> RwLockReadGuard<'_, Shelves> {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelves> {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the requests for files of a connection whose person has the key `owner`, until it ends. They may bring
    /// what they have the rights to.
    pub(crate) async fn serve(
        self,
        connection: Connection,
        owner: String,
        rights: Rights,
        worlds: Worlds,
    ) {
        let bringer = Arc::new(Bringer::new(owner, rights));
        let epoch = Instant::now();
        let mut rate = Limiter::starting(REQUESTS_PER_SECOND, REQUEST_BURST, 0.0);
        let mut answers = JoinSet::new();
        while let Ok(stream) = connection.accept_bulk().await {
            while !rate.take(epoch.elapsed().as_secs_f64()) {
                sleep(REQUEST_PAUSE).await;
            }
            while answers.try_join_next().is_some() {}
            while answers.len() >= MAX_STREAMS {
                answers.join_next().await;
            }
            let (library, bringer, worlds) = (self.clone(), bringer.clone(), worlds.clone());
            answers.spawn(async move {
                if let Err(reason) = library.answer(stream, &bringer, &worlds).await {
                    tracing::debug!("a file was not served: {reason}");
                }
            });
        }
    }

    async fn answer(
        &self,
        mut stream: BulkStream,
        bringer: &Bringer,
        worlds: &Worlds,
    ) -> Result<(), String> {
        let stall = Duration::from_secs(STALL_TIMEOUT_SECS);
        let request = timeout(stall, stream.receiver.receive::<BulkRequest>())
            .await
            .map_err(|_elapsed| "nothing was asked for".to_owned())?
            .map_err(|error| error.to_string())?;
        match request {
            BulkRequest::Fetch { hash, first_chunk } => {
                let file = self.get(&hash, bringer.rights());
                send(&mut stream, file, first_chunk).await
            }
            BulkRequest::Offer {
                hash,
                bytes,
                is_right_confirmed,
            } => {
                let kind = Kind::Avatar { is_right_confirmed };
                if self
                    .receive(&mut stream, bringer, kind, hash, bytes)
                    .await?
                {
                    for (id, world) in worlds.iter() {
                        if world.send(Inbound::AvatarArrived(hash)).await.is_err() {
                            tracing::debug!("the world {id} has ended");
                        }
                    }
                }
                Ok(())
            }
            BulkRequest::OfferThing { hash, bytes } => {
                let kind = Kind::Thing;
                self.receive(&mut stream, bringer, kind, hash, bytes)
                    .await
                    .map(drop)
            }
        }
    }
}

async fn send(
    stream: &mut BulkStream,
    file: Option<Arc<ServedFile>>,
    first_chunk: u32,
) -> Result<(), String> {
    let Some(file) = file else {
        let reason = "there is no such file here".to_owned();
        return respond(stream, &BulkResponse::Refused(reason)).await;
    };
    respond(
        stream,
        &BulkResponse::File {
            bytes: file.bytes.len() as u64,
            chunks: file.chunks.clone(),
        },
    )
    .await?;
    for chunk in file.bytes.chunks(CHUNK_BYTES).skip(first_chunk as usize) {
        stream
            .sender
            .send_raw(chunk)
            .await
            .map_err(|error| error.to_string())?;
    }
    stream.sender.finish();
    Ok(())
}

async fn respond(stream: &mut BulkStream, response: &BulkResponse) -> Result<(), String> {
    stream
        .sender
        .send(response)
        .await
        .map_err(|error| error.to_string())
}
