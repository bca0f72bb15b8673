//! Files over bulk streams: chunk by chunk, each verified before it is kept; and the offer of one's own avatar or thing.

use crate::cache::{Cache, CacheError, Part};
use crate::session::{Offer, OfferKind};
use network::{BulkStream, Connection, Disconnected, ReceiveError, SendError};
use protocol::limits::{
    CHUNK_BYTES, MAX_WORLD_FILE_BYTES, STALL_TIMEOUT_SECS, UPLOAD_TIMEOUT_SECS,
};
use protocol::{BulkRequest, BulkResponse, ContentHash};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Tries to get a chunk right before the file counts as broken.
const MAX_BAD_CHUNKS: u32 = 3;
/// Longest wait for the next bytes of any file.
const STALL: Duration = Duration::from_secs(STALL_TIMEOUT_SECS);
/// Longest time for one's own file to go, and for another of one's own before it.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(UPLOAD_TIMEOUT_SECS);

/// A file did not come.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The connection is gone; what came so far is kept.
    #[error(transparent)]
    Disconnected(#[from] Disconnected),
    /// This end cannot keep it.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The server does not have it, or sent something else.
    #[error("{0}")]
    Broken(String),
}

impl From<SendError> for FetchError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Disconnected(reason) => Self::Disconnected(reason),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<ReceiveError> for FetchError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Disconnected(reason) => Self::Disconnected(reason),
            other => Self::Broken(other.to_string()),
        }
    }
}

/// How a try to get the rest of a file ended.
enum Try {
    Complete,
    BadChunk,
}

/// Gets one file of `bytes` length into the cache; goes on where an earlier try ended. `on_bytes` is told how
/// many more bytes are here, negative when some turned out bad.
pub(crate) async fn fetch(
    connection: &Connection,
    cache: &Cache,
    hash: ContentHash,
    bytes: u64,
    on_bytes: impl Fn(i64) + Send,
) -> Result<PathBuf, FetchError> {
    if bytes > MAX_WORLD_FILE_BYTES {
        return Err(FetchError::Broken(
            "it is larger than any file may be".to_owned(),
        ));
    }
    let found = cache.clone();
    if let Some(path) = blocking(move || Ok(found.find(hash))).await? {
        on_bytes(i64::try_from(bytes).unwrap_or(i64::MAX));
        return Ok(path);
    }
    let opened = cache.clone();
    let mut part = blocking(move || opened.part(hash)).await?;
    let mut bad_chunks = 0;
    loop {
        let (rest, outcome) = fetch_rest(connection, part, hash, bytes, &on_bytes).await?;
        part = rest;
        match outcome {
            Try::Complete => break,
            Try::BadChunk => bad_chunks += 1,
        }
        if bad_chunks == MAX_BAD_CHUNKS {
            return Err(FetchError::Broken(
                "a part of it came damaged or not at all, several times".to_owned(),
            ));
        }
    }
    let cache = cache.clone();
    blocking(move || part.finish(&cache, hash))
        .await?
        .ok_or_else(|| FetchError::Broken("its content is not what the server says".to_owned()))
}

async fn fetch_rest(
    connection: &Connection,
    mut part: Part,
    hash: ContentHash,
    bytes: u64,
    on_bytes: &(impl Fn(i64) + Send),
) -> Result<(Part, Try), FetchError> {
    let mut stream = connection.open_bulk().await?;
    let first_chunk = part.whole_chunks();
    stream
        .sender
        .send(&BulkRequest::Fetch { hash, first_chunk })
        .await?;
    stream.sender.finish();
    let chunks = file_response(connection, &mut stream, bytes).await?;
    let verified;
    (part, verified) = blocking({
        let chunks = chunks.clone();
        move || {
            let verified = part.keep_verified(&chunks)?;
            Ok((part, verified))
        }
    })
    .await?;
    if verified < first_chunk {
        // The server goes on after what was damaged here: ask again.
        stream.receiver.stop();
        return Ok((part, Try::BadChunk));
    }
    on_bytes(i64::try_from(part.bytes()).unwrap_or(i64::MAX));
    let resumed = part.bytes();
    for expected in chunks.iter().skip(verified as usize) {
        let length = (bytes - part.bytes()).min(CHUNK_BYTES as u64) as usize;
        let Some(chunk) = receive_chunk(connection, &mut stream, length).await? else {
            on_bytes(-i64::try_from(part.bytes()).unwrap_or(i64::MAX));
            return Ok((part, Try::BadChunk));
        };
        let expected = *expected;
        let is_good;
        (part, is_good) = blocking(move || {
            let is_good = blake3::hash(&chunk).as_bytes() == &expected.0;
            if is_good {
                part.append(&chunk)?;
            }
            Ok((part, is_good))
        })
        .await?;
        if !is_good {
            stream.receiver.stop();
            on_bytes(-i64::try_from(part.bytes()).unwrap_or(i64::MAX));
            return Ok((part, Try::BadChunk));
        }
        on_bytes(length as i64);
    }
    tracing::debug!(
        "file {hash}: {} bytes fetched, {resumed} were here",
        part.bytes() - resumed
    );
    Ok((part, Try::Complete))
}

async fn file_response(
    connection: &Connection,
    stream: &mut BulkStream,
    bytes: u64,
) -> Result<Arc<[ContentHash]>, FetchError> {
    match in_time(connection, stream.receiver.receive::<BulkResponse>()).await? {
        BulkResponse::File {
            bytes: actual,
            chunks,
        } => {
            if actual != bytes || chunks.len() as u64 != bytes.div_ceil(CHUNK_BYTES as u64) {
                return Err(FetchError::Broken(
                    "its length is not what the server says".to_owned(),
                ));
            }
            Ok(chunks.into())
        }
        BulkResponse::Refused(reason) => Err(FetchError::Broken(reason)),
        BulkResponse::Send | BulkResponse::Have => Err(FetchError::Broken(
            "the server's answer does not fit the question".to_owned(),
        )),
    }
}

/// A chunk, `None` when the stream ends before it does.
async fn receive_chunk(
    connection: &Connection,
    stream: &mut BulkStream,
    length: usize,
) -> Result<Option<Vec<u8>>, FetchError> {
    let mut chunk = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match in_time(
            connection,
            stream.receiver.receive_raw(&mut chunk[filled..]),
        )
        .await?
        {
            Some(count) => filled += count,
            None => return Ok(None),
        }
    }
    Ok(Some(chunk))
}

/// Offers a file: the server takes it, or has it already.
pub(crate) async fn offer(connection: &Connection, offer: &Offer) -> Result<(), FetchError> {
    let mut stream = connection.open_bulk().await?;
    let (hash, file) = (offer.hash, &*offer.file);
    let bytes = file.len() as u64;
    let request = match offer.kind {
        OfferKind::Avatar { is_right_confirmed } => BulkRequest::Offer {
            hash,
            bytes,
            is_right_confirmed,
        },
        OfferKind::Thing => BulkRequest::OfferThing { hash, bytes },
    };
    stream.sender.send(&request).await?;
    // Another upload of this connection may come first.
    match within(UPLOAD_TIMEOUT, stream.receiver.receive::<BulkResponse>()).await?? {
        BulkResponse::Have => return Ok(()),
        BulkResponse::Refused(reason) => return Err(FetchError::Broken(reason)),
        BulkResponse::Send => {}
        BulkResponse::File { .. } => {
            return Err(FetchError::Broken(
                "the server's answer does not fit the offer".to_owned(),
            ));
        }
    }
    match stream.sender.send_raw(file).await {
        // It has had enough, and says why.
        Ok(()) | Err(SendError::Stopped) => {
            stream.sender.finish();
            // A thin path needs its time for what has been handed over.
            within(UPLOAD_TIMEOUT, stream.sender.finished()).await?;
        }
        Err(error) => return Err(error.into()),
    }
    match in_time(connection, stream.receiver.receive::<BulkResponse>()).await? {
        BulkResponse::Have => Ok(()),
        BulkResponse::Refused(reason) => Err(FetchError::Broken(reason)),
        BulkResponse::Send | BulkResponse::File { .. } => Err(FetchError::Broken(
            "the server's answer does not fit the offer".to_owned(),
        )),
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, FetchError> {
    let late = |_elapsed| FetchError::Broken("the server stopped taking it".to_owned());
    tokio::time::timeout(limit, work).await.map_err(late)
}

/// Waits for as long as anything arrives on any file stream of the connection: on a thin path they wait for each other.
async fn in_time<T>(
    connection: &Connection,
    receiving: impl Future<Output = Result<T, ReceiveError>>,
) -> Result<T, FetchError> {
    tokio::pin!(receiving);
    let mut arrived = connection.bulk_bytes_in();
    loop {
        if let Ok(received) = tokio::time::timeout(STALL, &mut receiving).await {
            return Ok(received?);
        }
        let before = std::mem::replace(&mut arrived, connection.bulk_bytes_in());
        if arrived == before {
            return Err(FetchError::Broken(
                "the server stopped sending it".to_owned(),
            ));
        }
    }
}

/// Runs work on files away from the async tasks.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CacheError> + Send + 'static,
) -> Result<T, FetchError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(FetchError::Broken(format!(
            "work on files stopped: {error}"
        ))),
    }
}
