//! Streams: framed messages (a big-endian `u32` length and that many bytes of MessagePack) and raw file bytes.
//! Every future here may be dropped and called again without losing its place.

use crate::close::Disconnected;
use crate::connection::Pace;
use protocol::{WireError, decode_message, encode_message};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const LENGTH_BYTES: usize = 4;
/// A file stream that can send nothing for so long lets the next one try.
const LONGEST_TURN: Duration = Duration::from_millis(500);
/// What is allocated for a message before any of it has arrived.
const FIRST_ALLOCATION_BYTES: usize = 16 * 1024;

/// Both halves of a stream.
#[derive(Debug)]
pub struct ControlStream {
    /// Outgoing half.
    pub sender: StreamSender,
    /// Incoming half.
    pub receiver: StreamReceiver,
}

/// Outgoing half of a stream.
#[derive(Debug)]
pub struct StreamSender {
    stream: quinn::SendStream,
    limit: usize,
    /// Frames, of which a part has left already.
    pending: Vec<u8>,
    sent: usize,
    /// Of streams for files: what holds them back while state travels.
    pace: Option<Pace>,
}

/// Incoming half of a stream.
#[derive(Debug)]
pub struct StreamReceiver {
    stream: quinn::RecvStream,
    limit: usize,
    length: [u8; LENGTH_BYTES],
    length_filled: usize,
    body: Vec<u8>,
    /// Of the message that was received last.
    last_bytes: usize,
    /// Of streams for files: how much has arrived.
    counter: Option<Arc<AtomicU64>>,
}

/// A message as it travels, encoded once for all who are told; cheap to clone.
#[derive(Clone, Debug)]
pub struct Frame(Arc<[u8]>);

impl Frame {
    /// Encodes a message of at most `limit` bytes.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn new<T: Serialize>(message: &T, limit: usize) -> Result<Self, WireError> {
        let body = encode_message(message, limit)?;
        let length = (body.len() as u32).to_be_bytes();
        Ok(Self([&length[..], &body].concat().into()))
    }
}

/// A message or bytes cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The connection is gone.
    #[error(transparent)]
    Disconnected(#[from] Disconnected),
    /// The message is over the limit, or cannot be encoded. Nothing was sent.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The peer does not want more of this stream.
    #[error("the other side stopped reading")]
    Stopped,
}

/// A message or bytes cannot be received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The connection is gone.
    #[error(transparent)]
    Disconnected(#[from] Disconnected),
    /// The length prefix is over the limit. Nothing was allocated; the stream is of no more use.
    #[error("a message of {actual} bytes is over the limit of {limit}")]
    TooLong {
        /// What the prefix says.
        actual: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// One message cannot be understood; the next one can be received.
    #[error(transparent)]
    Malformed(WireError),
    /// The peer ended the stream, between messages.
    #[error("the other side ended the stream")]
    Ended,
    /// The peer ended the stream inside a message.
    #[error("the stream ended inside a message")]
    Truncated,
    /// The peer gave the stream up.
    #[error("the other side gave the stream up")]
    Reset,
}

impl StreamSender {
    pub(crate) fn new(stream: quinn::SendStream, limit: usize) -> Self {
        Self {
            stream,
            limit,
            pending: Vec::new(),
            sent: 0,
            pace: None,
        }
    }

    pub(crate) fn set_pace(&mut self, pace: Pace) {
        self.pace = Some(pace);
    }

    pub(crate) fn set_priority(&self, priority: i32) {
        if self.stream.set_priority(priority).is_err() {
            tracing::trace!("stream was closed before");
        }
    }

    /// Sends one message; ready when the transport has taken all of it. When the future is dropped before,
    /// the message still leaves whole: the rest goes first at the next call.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send<T: Serialize>(&mut self, message: &T) -> Result<(), SendError> {
        let frame = Frame::new(message, self.limit)?;
        self.flush().await?;
        self.queue(&frame);
        self.flush().await
    }

    /// Takes a message that leaves with the next [`Self::flush`]: several together cost fewer packets.
    pub fn queue(&mut self, frame: &Frame) {
        if self.sent == self.pending.len() {
            self.pending.clear();
            self.sent = 0;
        }
        self.pending.extend_from_slice(&frame.0);
    }

    /// Sends file bytes as they are. Call only where the protocol expects no more frames. While state travels on
    /// the same connection, files go no faster than the path takes without a queue.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.flush().await?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let piece = match &self.pace {
                Some(pace) => pace.wait(rest.len()).await,
                None => rest.len(),
            };
            let mut unsent = &rest[..piece];
            rest = &rest[piece..];
            while !unsent.is_empty() {
                let taken = write(&mut self.stream, self.pace.as_ref(), unsent).await?;
                unsent = &unsent[taken..];
            }
        }
        Ok(())
    }

    /// Says that nothing more comes.
    pub fn finish(&mut self) {
        if self.stream.finish().is_err() {
            tracing::trace!("stream was finished before");
        }
    }

    /// Waits until the peer has acknowledged everything, after [`Self::finish`], or the connection is gone.
    pub async fn finished(&mut self) {
        if let Err(error) = self.stream.stopped().await {
            tracing::trace!("stream ended early: {error}");
        }
    }

    /// Sends what was queued; ready when the transport has taken all of it.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn flush(&mut self) -> Result<(), SendError> {
        while self.sent < self.pending.len() {
            let unsent = &self.pending[self.sent..];
            self.sent += write(&mut self.stream, self.pace.as_ref(), unsent).await?;
        }
        Ok(())
    }
}

impl StreamReceiver {
    pub(crate) fn new(stream: quinn::RecvStream, limit: usize) -> Self {
        Self {
            stream,
            limit,
            length: [0; LENGTH_BYTES],
            length_filled: 0,
            body: Vec::new(),
            last_bytes: 0,
            counter: None,
        }
    }

    /// From now on messages may have so many bytes.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// Bytes of the message that was received last.
    #[must_use]
    pub const fn last_bytes(&self) -> usize {
        self.last_bytes
    }

    pub(crate) fn set_counter(&mut self, counter: Arc<AtomicU64>) {
        self.counter = Some(counter);
    }

    fn count(&self, bytes: usize) {
        if let Some(counter) = &self.counter {
            counter.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }

    /// Receives one message. The length is checked before anything is allocated.
    ///
    /// # Errors
    /// [`ReceiveError`]; after [`ReceiveError::Malformed`] the next message can be received.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<T, ReceiveError> {
        while self.length_filled < LENGTH_BYTES {
            match self
                .stream
                .read(&mut self.length[self.length_filled..])
                .await?
            {
                Some(count) => self.length_filled += count,
                None if self.length_filled == 0 => return Err(ReceiveError::Ended),
                None => return Err(ReceiveError::Truncated),
            }
        }
        let length = u32::from_be_bytes(self.length) as usize;
        if length > self.limit {
            return Err(ReceiveError::TooLong {
                actual: length,
                limit: self.limit,
            });
        }
        while self.body.len() < length {
            self.receive_part(length).await?;
        }
        let message = decode_message(&self.body, self.limit);
        self.length_filled = 0;
        self.last_bytes = length;
        self.body = Vec::new();
        message.map_err(ReceiveError::Malformed)
    }

    /// Grows the body only as bytes arrive: a length that somebody claims costs nothing.
    async fn receive_part(&mut self, length: usize) -> Result<(), ReceiveError> {
        let missing = length - self.body.len();
        match self
            .stream
            .read_chunk(missing.min(FIRST_ALLOCATION_BYTES), true)
            .await?
        {
            Some(chunk) => {
                self.body.extend_from_slice(&chunk.bytes);
                self.count(chunk.bytes.len());
            }
            None => return Err(ReceiveError::Truncated),
        }
        Ok(())
    }

    /// Receives file bytes into `buffer`: how many, `None` at the end of the stream.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub async fn receive_raw(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, ReceiveError> {
        let count = self.stream.read(buffer).await?;
        self.count(count.unwrap_or(0));
        Ok(count)
    }

    /// Tells the peer to stop sending.
    pub fn stop(&mut self) {
        if self.stream.stop(quinn::VarInt::from_u32(0)).is_err() {
            tracing::trace!("stream had ended before");
        }
    }
}

/// Hands bytes to the transport; how many it took. File streams take turns for what it can keep; one whose peer does
/// not read lets others go first.
async fn write(
    stream: &mut quinn::SendStream,
    pace: Option<&Pace>,
    bytes: &[u8],
) -> Result<usize, SendError> {
    let Some(pace) = pace else {
        return Ok(stream.write(bytes).await?);
    };
    loop {
        let _turn = pace.turn().await;
        if let Ok(taken) = tokio::time::timeout(LONGEST_TURN, stream.write(bytes)).await {
            return Ok(taken?);
        }
    }
}

impl From<quinn::WriteError> for SendError {
    fn from(error: quinn::WriteError) -> Self {
        match error {
            quinn::WriteError::ConnectionLost(error) => Self::Disconnected(error.into()),
            quinn::WriteError::ClosedStream => Self::Disconnected(Disconnected::Here),
            quinn::WriteError::Stopped(_) | quinn::WriteError::ZeroRttRejected => Self::Stopped,
        }
    }
}

impl From<quinn::ReadError> for ReceiveError {
    fn from(error: quinn::ReadError) -> Self {
        match error {
            quinn::ReadError::ConnectionLost(error) => Self::Disconnected(error.into()),
            quinn::ReadError::ClosedStream => Self::Ended,
            quinn::ReadError::Reset(_)
            | quinn::ReadError::IllegalOrderedRead
            | quinn::ReadError::ZeroRttRejected => Self::Reset,
        }
    }
}
