//! What a bot received and has not read: kept in memory, read when the measuring is over.

use replication::{DecodeError, DecodedSnapshot, SnapshotDecoder, TraceEvent, TraceReader};
use session::Recorder;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

/// Shared with the session that records.
#[derive(Clone, Debug)]
pub(crate) struct Recording(Arc<Mutex<Vec<u8>>>);

/// Memory that a recording begins with: it need not be copied while it grows, for half a minute of small snapshots.
const FIRST_BYTES: usize = 256 * 1024;

impl Default for Recording {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Vec::with_capacity(FIRST_BYTES))))
    }
}

impl Write for Recording {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Recording {
    pub(crate) fn recorder(&self) -> io::Result<Recorder> {
        Recorder::new(Box::new(self.clone()))
    }

    /// Reads every snapshot, and forgets them; gives how many datagrams were none.
    pub(crate) fn read(self, mut visit: impl FnMut(&DecodedSnapshot)) -> u64 {
        let trace = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let Ok(records) = TraceReader::new(&trace) else {
            return 1;
        };
        let mut decoder = SnapshotDecoder::new(0);
        let mut broken = 0;
        for record in records {
            match record {
                Ok((_, TraceEvent::Visit { server_tick, .. })) => {
                    decoder = SnapshotDecoder::new(server_tick);
                }
                Ok((_, TraceEvent::Received(bytes))) => match decoder.decode(&bytes) {
                    Ok(snapshot) => visit(snapshot),
                    Err(DecodeError::Late) => {}
                    Err(_) => broken += 1,
                },
                Ok(_) => {}
                Err(_) => broken += 1,
            }
        }
        broken
    }
}
