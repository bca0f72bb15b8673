//! Recordings of a session: which datagrams came and went, and when, and what was true on the server.
//!
//! A trace is the 8 bytes of [`TRACE_MAGIC`] (the last is the version of the format), the 4 bytes of
//! [`tables_version`](crate::tables_version), and records. All integers are little-endian:
//!
//! | bytes | field |
//! |---|---|
//! | 1 | kind: 1 visit, 2 snapshot received, 3 datagram sent, 4 truth |
//! | 4 | microseconds since the record before |
//! | 4 | length of the payload |
//! | length | payload |
//!
//! A visit's payload is the server tick of the welcome (8) and 1 for a return, else 0. A datagram's is the datagram.
//! A truth's is the tick (8) and for each entity: id 4, kind 1 (0 avatar, 1 body), flags 1, position 3 x 4,
//! rotation 4 x 4, head pitch 4, linear velocity 3 x 4 (32-bit floating point, as the server's simulation has them).

use crate::datagram::MAX_DATAGRAM_BYTES;
use crate::state::{Flags, Kind, Pose};
use glam::{Quat, Vec3};
use protocol::EntityId;
use thiserror::Error;

/// First bytes of a trace; the last one is the version.
pub const TRACE_MAGIC: [u8; 8] = *b"STOATRC\x01";
/// Longest trace that is written or read, in bytes.
pub const MAX_TRACE_BYTES: usize = 512 * 1024 * 1024;
/// Most entities of one truth.
pub const MAX_TRACE_ENTITIES: usize = 8_192;

const HEADER_BYTES: usize = TRACE_MAGIC.len() + 4;
const ENTITY_BYTES: usize = 50;
const VISIT_BYTES: usize = 9;
const KIND_VISIT: u8 = 1;
const KIND_RECEIVED: u8 = 2;
const KIND_SENT: u8 = 3;
const KIND_TRUTH: u8 = 4;

/// Why a trace cannot be read, or cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TraceError {
    /// Not a trace, or of another version of the format.
    #[error("this is not a trace of version 1")]
    NotATrace,
    /// The snapshots in it were coded with other tables.
    #[error("the trace was recorded by a program with other tables")]
    OtherTables,
    /// Longer than [`MAX_TRACE_BYTES`].
    #[error("the trace is longer than {MAX_TRACE_BYTES} bytes")]
    TooLong,
    /// Ends in the middle of a record, as after a crash.
    #[error("the trace ends in the middle of a record")]
    Truncated,
    /// A record that no program wrote.
    #[error("the trace is damaged: {0}")]
    Damaged(&'static str),
}

/// An entity as the server's simulation had it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueEntity {
    /// Which.
    pub entity: EntityId,
    /// Avatar or body.
    pub kind: Kind,
    /// Where; the angular velocity is not recorded.
    pub pose: Pose,
    /// What it does.
    pub flags: Flags,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum TraceEvent {
    /// A connection was admitted.
    Visit {
        /// Server tick of the welcome.
        server_tick: u64,
        /// Back to an avatar that waited.
        is_return: bool,
    },
    /// A state datagram of the server arrived.
    Received(Vec<u8>),
    /// A state datagram went to the server.
    Sent(Vec<u8>),
    /// What was true on the server.
    Truth {
        /// Server tick.
        tick: u64,
        /// Everything that moves.
        entities: Vec<TrueEntity>,
    },
}

/// Makes the bytes of a trace. Times must not decrease; one that does counts as the time before.
#[derive(Debug, Default)]
pub struct TraceWriter {
    micros: u64,
}

impl TraceWriter {
    /// Appends the beginning of a trace, whose first moment is 0.
    pub fn begin(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&TRACE_MAGIC);
        out.extend_from_slice(&crate::tables_version().to_le_bytes());
        Self::default()
    }

    /// Appends a record of what happened at `at_secs` since the beginning.
    pub fn write(&mut self, at_secs: f64, event: &TraceEvent, out: &mut Vec<u8>) {
        let micros = (at_secs.max(0.0) * 1.0e6) as u64;
        let since = micros.saturating_sub(self.micros).min(u64::from(u32::MAX));
        self.micros += since;
        out.push(event.kind());
        out.extend_from_slice(&(since as u32).to_le_bytes());
        let length_at = out.len();
        out.extend_from_slice(&[0; 4]);
        event.write_payload(out);
        let length = (out.len() - length_at - 4) as u32;
        out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
    }
}

impl TraceEvent {
    const fn kind(&self) -> u8 {
        match self {
            Self::Visit { .. } => KIND_VISIT,
            Self::Received(_) => KIND_RECEIVED,
            Self::Sent(_) => KIND_SENT,
            Self::Truth { .. } => KIND_TRUTH,
        }
    }

    fn write_payload(&self, out: &mut Vec<u8>) {
        match self {
            Self::Visit {
                server_tick,
                is_return,
            } => {
                out.extend_from_slice(&server_tick.to_le_bytes());
                out.push(u8::from(*is_return));
            }
            Self::Received(bytes) | Self::Sent(bytes) => {
                out.extend_from_slice(&bytes[..bytes.len().min(MAX_DATAGRAM_BYTES)]);
            }
            Self::Truth { tick, entities } => {
                out.extend_from_slice(&tick.to_le_bytes());
                for entity in entities.iter().take(MAX_TRACE_ENTITIES) {
                    entity.write(out);
                }
            }
        }
    }

    fn read_payload(kind: u8, payload: &[u8]) -> Result<Self, TraceError> {
        match kind {
            KIND_VISIT if payload.len() == VISIT_BYTES => Ok(Self::Visit {
                server_tick: u64_at(payload).ok_or(TraceError::Truncated)?,
                is_return: payload[VISIT_BYTES - 1] != 0,
            }),
            KIND_RECEIVED if payload.len() <= MAX_DATAGRAM_BYTES => {
                Ok(Self::Received(payload.to_vec()))
            }
            KIND_SENT if payload.len() <= MAX_DATAGRAM_BYTES => Ok(Self::Sent(payload.to_vec())),
            KIND_TRUTH => {
                let tick = u64_at(payload).ok_or(TraceError::Damaged("a truth without a tick"))?;
                let rows = &payload[8..];
                if !rows.len().is_multiple_of(ENTITY_BYTES)
                    || rows.len() / ENTITY_BYTES > MAX_TRACE_ENTITIES
                {
                    return Err(TraceError::Damaged("a truth of odd length"));
                }
                let entities = rows.chunks_exact(ENTITY_BYTES).map(TrueEntity::read);
                let entities = entities.collect::<Result<_, _>>()?;
                Ok(Self::Truth { tick, entities })
            }
            _ => Err(TraceError::Damaged("an unknown record")),
        }
    }
}

impl TrueEntity {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.entity.0.to_le_bytes());
        out.push(u8::from(self.kind == Kind::Body));
        out.push(self.flags.0);
        let pose = &self.pose;
        let numbers = pose.position.to_array().into_iter();
        let numbers = numbers
            .chain(pose.rotation.to_array())
            .chain([pose.head_pitch])
            .chain(pose.linear_velocity.to_array());
        for number in numbers {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    fn read(row: &[u8]) -> Result<Self, TraceError> {
        let float = |index: usize| {
            let at = 6 + index * 4;
            let bytes = [row[at], row[at + 1], row[at + 2], row[at + 3]];
            f32::from_le_bytes(bytes)
        };
        let numbers: [f32; 11] = std::array::from_fn(float);
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(TraceError::Damaged("a number that is none"));
        }
        let [x, y, z, a, b, c, d, head_pitch, u, v, w] = numbers;
        let rotation = Quat::from_xyzw(a, b, c, d);
        if (rotation.length_squared() - 1.0).abs() > 1.0e-2 {
            return Err(TraceError::Damaged("a rotation that is none"));
        }
        Ok(Self {
            entity: EntityId(u32::from_le_bytes([row[0], row[1], row[2], row[3]])),
            kind: match row[4] {
                0 => Kind::Avatar,
                1 => Kind::Body,
                _ => return Err(TraceError::Damaged("an entity of an unknown kind")),
            },
            flags: Flags(row[5]),
            pose: Pose {
                position: Vec3::new(x, y, z),
                rotation,
                head_pitch,
                linear_velocity: Vec3::new(u, v, w),
                angular_velocity: Vec3::ZERO,
            },
        })
    }
}

/// Reads a trace record by record: seconds since the beginning, and what happened. Ends after the first error.
#[derive(Debug)]
pub struct TraceReader<'a> {
    rest: &'a [u8],
    micros: u64,
}

impl<'a> TraceReader<'a> {
    /// Begins with the whole of a trace.
    ///
    /// # Errors
    /// [`TraceError::NotATrace`], [`TraceError::OtherTables`], [`TraceError::TooLong`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, TraceError> {
        if bytes.len() > MAX_TRACE_BYTES {
            return Err(TraceError::TooLong);
        }
        let (head, rest) = bytes
            .split_at_checked(HEADER_BYTES)
            .ok_or(TraceError::NotATrace)?;
        if !head.starts_with(&TRACE_MAGIC) {
            return Err(TraceError::NotATrace);
        }
        if head[TRACE_MAGIC.len()..] != crate::tables_version().to_le_bytes() {
            return Err(TraceError::OtherTables);
        }
        Ok(Self { rest, micros: 0 })
    }

    fn read(&mut self) -> Result<(f64, TraceEvent), TraceError> {
        let (kind, since, length) = match self.rest {
            [kind, a, b, c, d, e, f, g, h, ..] => (
                *kind,
                u32::from_le_bytes([*a, *b, *c, *d]),
                u32::from_le_bytes([*e, *f, *g, *h]) as usize,
            ),
            _ => return Err(TraceError::Truncated),
        };
        let (payload, rest) = self.rest[9..]
            .split_at_checked(length)
            .ok_or(TraceError::Truncated)?;
        let event = TraceEvent::read_payload(kind, payload)?;
        self.rest = rest;
        self.micros += u64::from(since);
        Ok((self.micros as f64 / 1.0e6, event))
    }
}

impl Iterator for TraceReader<'_> {
    type Item = Result<(f64, TraceEvent), TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.rest = &[];
        }
        Some(read)
    }
}

fn u64_at(bytes: &[u8]) -> Option<u64> {
    bytes
        .first_chunk::<8>()
        .map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events() -> Vec<(f64, TraceEvent)> {
        let entity = TrueEntity {
            entity: EntityId(7),
            kind: Kind::Body,
            pose: Pose {
                position: Vec3::new(1.0, 2.0, 3.0),
                linear_velocity: Vec3::NEG_Y,
                ..Pose::IDENTITY
            },
            flags: Flags::HELD,
        };
        vec![
            (
                0.0,
                TraceEvent::Visit {
                    server_tick: 1 << 40,
                    is_return: true,
                },
            ),
            (0.5, TraceEvent::Received(vec![1, 2, 3])),
            (0.5, TraceEvent::Sent(Vec::new())),
            (
                70.25,
                TraceEvent::Truth {
                    tick: 9,
                    entities: vec![entity; 2],
                },
            ),
        ]
    }

    fn written() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = TraceWriter::begin(&mut bytes);
        for (at_secs, event) in events() {
            writer.write(at_secs, &event, &mut bytes);
        }
        bytes
    }

    #[test]
    fn what_was_written_is_read() {
        let read: Result<Vec<_>, _> = TraceReader::new(&written()).unwrap().collect();
        assert_eq!(read.unwrap(), events());
    }

    #[test]
    fn a_trace_cut_anywhere_gives_what_came_before_the_cut() {
        let bytes = written();
        for length in HEADER_BYTES..bytes.len() {
            let read: Vec<_> = TraceReader::new(&bytes[..length]).unwrap().collect();
            let whole = read.iter().filter(|record| record.is_ok()).count();
            assert!(whole < events().len());
            assert!(read.len() <= whole + 1, "it goes on after an error");
        }
    }

    #[test]
    fn other_files_and_other_tables_are_refused() {
        assert_eq!(
            TraceReader::new(b"glTF").unwrap_err(),
            TraceError::NotATrace
        );
        let mut bytes = written();
        bytes[HEADER_BYTES - 1] ^= 1;
        assert_eq!(
            TraceReader::new(&bytes).unwrap_err(),
            TraceError::OtherTables
        );
    }

    proptest! {
        #[test]
        fn damaged_traces_never_panic(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
            let mut bytes = written();
            for (place, value) in changes {
                let place = HEADER_BYTES + place % (bytes.len() - HEADER_BYTES);
                bytes[place] = value;
            }
            let read = TraceReader::new(&bytes).unwrap().count();
            prop_assert!(read <= bytes.len());
        }
    }
}
