//! Takes state datagrams from a thread outside the runtime to many connections at once. Waking a sleeping runtime is a
//! system call: a world wakes it once a tick with this, rather than once a client.

use crate::connection::{Connection, StateError};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Batches that may wait. A runtime that is further behind gets no more state: it would be stale.
const MAX_BATCHES: usize = 4;

/// State datagrams, each with its connection. They are written one after another into one piece of memory, and QUIC sends
/// from there: one allocation for all of them.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Receivers and lengths, in the order of the bytes.
    datagrams: Vec<(Arc<Connection>, usize)>,
}

impl Batch {
    /// Without datagrams, with memory for so many and for so many bytes in all.
    #[must_use]
    pub fn with_capacity(datagrams: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            datagrams: Vec::with_capacity(datagrams),
        }
    }

    /// Adds a datagram for `connection`: what `write` appends to the bytes that it is given.
    pub fn add<T>(
        &mut self,
        connection: Arc<Connection>,
        write: impl FnOnce(&mut Vec<u8>) -> T,
    ) -> T {
        let before = self.bytes.len();
        let result = write(&mut self.bytes);
        let length = self.bytes.len().saturating_sub(before);
        self.datagrams.push((connection, length));
        result
    }

    /// Sends all of it, soon or never. What shrank meanwhile fits again at the next send; a lost connection is told by
    /// its session.
    pub fn deliver(self) {
        let mut rest = Bytes::from(self.bytes);
        for (connection, length) in self.datagrams {
            match connection.send_shared(rest.split_to(length.min(rest.len()))) {
                Ok(()) | Err(StateError::TooLong | StateError::Disconnected(_)) => {}
                Err(StateError::Unsupported) => tracing::debug!("a peer takes no datagrams"),
            }
        }
    }

    /// How many datagrams.
    #[must_use]
    pub const fn datagram_count(&self) -> usize {
        self.datagrams.len()
    }

    /// Bytes of all datagrams.
    #[must_use]
    pub const fn byte_count(&self) -> usize {
        self.bytes.len()
    }
}

/// Sends batches of state datagrams; cheap to clone. Ends with its last clone.
#[derive(Clone, Debug)]
pub struct Courier {
    batches: mpsc::Sender<Batch>,
}

impl Courier {
    /// Starts on the runtime that this is called on.
    #[must_use]
    pub fn start() -> Self {
        let (batches, mut waiting) = mpsc::channel::<Batch>(MAX_BATCHES);
        drop(tokio::spawn(async move {
            while let Some(batch) = waiting.recv().await {
                batch.deliver();
            }
        }));
        Self { batches }
    }

    /// Hands a batch over. False when the runtime is so far behind that it was dropped.
    #[must_use]
    pub fn send(&self, batch: Batch) -> bool {
        self.batches.try_send(batch).is_ok()
    }
}
