//! Files that travel: a world's own, and avatars that people brought. By content id, in chunks with hashes of their own.

use crate::world::Inbound;
use network::{BulkStream, Connection};
use protocol::{
    BulkRequest, BulkResponse, ContentHash,
    limits::{CHUNK_BYTES, MAX_AVATAR_BYTES},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::{Semaphore, mpsc};

/// Avatars of visitors that are kept at once; the oldest goes.
const MAX_VISITORS_AVATARS: usize = 256;

/// Avatars that are checked at once: each check may take a worker's whole memory.
const MAX_CHECKS: usize = 2;

/// A file and the hashes of its chunks.
pub(crate) struct ServedFile {
    bytes: Vec<u8>,
    chunks: Vec<ContentHash>,
}

impl ServedFile {
    fn new(bytes: Vec<u8>) -> Self {
        let chunks = bytes.chunks(CHUNK_BYTES).map(content_hash).collect();
        Self { bytes, chunks }
    }
}

/// Content id of bytes.
pub(crate) fn content_hash(bytes: &[u8]) -> ContentHash {
    ContentHash(*blake3::hash(bytes).as_bytes())
}

/// Everything that a server gives out. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Library {
    shelves: Arc<RwLock<Shelves>>,
    checks: Arc<Semaphore>,
}

#[derive(Default)]
struct Shelves {
    worlds: BTreeMap<ContentHash, Arc<ServedFile>>,
    avatars: Vec<(ContentHash, Arc<ServedFile>)>,
}

impl Default for Library {
    fn default() -> Self {
        Self {
            shelves: Arc::default(),
            checks: Arc::new(Semaphore::new(MAX_CHECKS)),
        }
    }
}

impl Library {
    /// Adds a file of a world.
    pub(crate) fn add_world_file(&self, bytes: Vec<u8>) -> ContentHash {
        let hash = content_hash(&bytes);
        self.shelves
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .worlds
            .insert(hash, Arc::new(ServedFile::new(bytes)));
        hash
    }

    fn get(&self, hash: &ContentHash) -> Option<Arc<ServedFile>> {
        let shelves = self.shelves.read().unwrap_or_else(PoisonError::into_inner);
        shelves
            .worlds
            .get(hash)
            .or_else(|| {
                shelves
                    .avatars
                    .iter()
                    .find(|(known, _)| known == hash)
                    .map(|(_, file)| file)
            })
            .cloned()
    }

    fn add_avatar(&self, hash: ContentHash, bytes: Vec<u8>) {
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        if shelves.avatars.len() >= MAX_VISITORS_AVATARS {
            shelves.avatars.remove(0);
        }
        shelves
            .avatars
            .push((hash, Arc::new(ServedFile::new(bytes))));
    }

    /// Answers a connection's requests for files until it ends. One file at a time a connection: bulk must not disturb state.
    pub(crate) async fn serve(self, connection: Connection, world: mpsc::Sender<Inbound>) {
        while let Ok(mut stream) = connection.accept_bulk().await {
            if let Err(reason) = self.answer(&mut stream, &world).await {
                tracing::debug!("a file was not served: {reason}");
            }
        }
    }

    async fn answer(
        &self,
        stream: &mut BulkStream,
        world: &mpsc::Sender<Inbound>,
    ) -> Result<(), String> {
        match stream
            .receiver
            .receive::<BulkRequest>()
            .await
            .map_err(|error| error.to_string())?
        {
            BulkRequest::Fetch { hash, first_chunk } => self.send(stream, &hash, first_chunk).await,
            BulkRequest::Offer { hash, bytes } => {
                self.receive(stream, hash, bytes).await?;
                if self.get(&hash).is_some()
                    && world.send(Inbound::AvatarArrived(hash)).await.is_err()
                {
                    tracing::debug!("the world has ended");
                }
                Ok(())
            }
        }
    }

    async fn send(
        &self,
        stream: &mut BulkStream,
        hash: &ContentHash,
        first_chunk: u32,
    ) -> Result<(), String> {
        let Some(file) = self.get(hash) else {
            return respond(
                stream,
                &BulkResponse::Refused("there is no such file here".to_owned()),
            )
            .await;
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

    async fn receive(
        &self,
        stream: &mut BulkStream,
        hash: ContentHash,
        bytes: u64,
    ) -> Result<(), String> {
        if self.get(&hash).is_some() {
            return respond(stream, &BulkResponse::Have).await;
        }
        if bytes > MAX_AVATAR_BYTES {
            return respond(
                stream,
                &BulkResponse::Refused(format!(
                    "the avatar has {bytes} bytes, the limit is {MAX_AVATAR_BYTES}"
                )),
            )
            .await;
        }
        respond(stream, &BulkResponse::Send).await?;
        let mut whole = Vec::new();
        let mut buffer = vec![0; CHUNK_BYTES];
        while (whole.len() as u64) < bytes {
            let Some(count) = stream
                .receiver
                .receive_raw(&mut buffer)
                .await
                .map_err(|error| error.to_string())?
            else {
                break;
            };
            whole.extend_from_slice(&buffer[..count]);
        }
        let turn = Arc::clone(&self.checks).acquire_owned().await;
        let checking = tokio::task::spawn_blocking(move || {
            let verdict = check_avatar(&whole, hash, bytes).map(|()| whole);
            drop(turn);
            verdict
        });
        let verdict = match checking.await.map_err(|error| error.to_string())? {
            Ok(whole) => {
                self.add_avatar(hash, whole);
                BulkResponse::Have
            }
            Err(reason) => BulkResponse::Refused(reason),
        };
        respond(stream, &verdict).await
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

async fn respond(stream: &mut BulkStream, response: &BulkResponse) -> Result<(), String> {
    stream
        .sender
        .send(response)
        .await
        .map_err(|error| error.to_string())
}
