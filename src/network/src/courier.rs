//! Takes state datagrams from a thread outside the runtime to many connections at once. Waking a sleeping runtime is a
//! system call: a world wakes it once a tick with this, rather than once a client.

use crate::connection::{Connection, StateError};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Batches that may wait. A runtime that is further behind gets no more state: it would be stale.
const MAX_BATCHES: usize = 4;

/// State datagrams, each with its connection.
pub type Batch = Vec<(Arc<Connection>, Vec<u8>)>;

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
                for (connection, bytes) in batch {
                    deliver(&connection, bytes);
                }
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

/// Sends one datagram. What shrank meanwhile fits again at the next send; a lost connection is told by its session.
pub fn deliver(connection: &Connection, bytes: Vec<u8>) {
    match connection.send_state(bytes) {
        Ok(()) | Err(StateError::TooLong | StateError::Disconnected(_)) => {}
        Err(StateError::Unsupported) => tracing::debug!("a peer takes no datagrams"),
    }
}
