//! The fixed parts of both state datagrams, byte by byte (all integers little-endian).
//!
//! Server to client:
//!
//! | bytes | field |
//! |---|---|
//! | 2 | sequence number of this snapshot (wraps) |
//! | 2 | server tick of the state (wraps) |
//! | 2 | newest client datagram received |
//! | 1 | mask: bit n set when the one `n + 1` before it arrived too |
//! | 1 | input timing: ticks that the newest sample came early (positive) or late, signed |
//! | 1 | flags: 1 the two acknowledgement fields are valid, 2 a correction follows |
//! | 22 | correction, if flagged: id 1, position 3 x 4 (5 mm), yaw 1, pitch 1, velocity 3 x 2 (2 cm/s), activity 1 |
//! | rest | body: range-coded records, see `record.rs` |
//!
//! Client to server, see [`ClientDatagram`].

use crate::state::{Flags, Pose};
use glam::{Quat, Vec3};
use protocol::quantisation::{
    AVATAR_POSITION, QuantisationError, VELOCITY, dequantise_pitch, dequantise_yaw, quantise_pitch,
    quantise_yaw,
};
use protocol::tick::Wrapped;
use thiserror::Error;

/// Largest state datagram that either end builds or reads, in bytes.
pub const MAX_DATAGRAM_BYTES: usize = 1452;
/// Most samples of the own avatar in one client datagram.
pub const MAX_OWN_SAMPLES: usize = 4;
/// Bytes before the body of a snapshot that has no correction.
pub const SNAPSHOT_HEADER_BYTES: usize = 9;
/// Bytes of a correction.
pub const CORRECTION_BYTES: usize = 22;

const FLAG_HAS_ACKNOWLEDGEMENT: u8 = 1;
const FLAG_HAS_CORRECTION: u8 = 2;

/// Why a datagram cannot be read. The datagram is dropped; the connection lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Not newer than what was read before: late or a duplicate. Harmless.
    #[error("the datagram is not newer than the last one")]
    Late,
    /// Ends in the middle of something.
    #[error("the datagram ends too early")]
    Truncated,
    /// Longer than [`MAX_DATAGRAM_BYTES`].
    #[error("the datagram is longer than allowed")]
    TooLong,
    /// Names state that this end does not hold, or values out of range.
    #[error("the datagram makes no sense: {0}")]
    Invalid(&'static str),
}

/// Where the server puts a client's own avatar after refusing its motion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correction {
    /// Grows by one (wrapping) with each refusal; the client echoes it, and samples before the echo are ignored.
    pub id: u8,
    /// Feet in world space, metres.
    pub position: Vec3,
    /// Heading in radians about +Y.
    pub yaw: f32,
    /// Pitch of the head in radians.
    pub pitch: f32,
    /// Metres a second.
    pub velocity: Vec3,
    /// What the avatar is doing.
    pub flags: Flags,
}

/// Which datagrams of the other end arrived: the newest, and bit n of the mask for the one `n + 1` before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Acknowledgement {
    /// Newest sequence number received.
    pub newest: Wrapped,
    /// Earlier ones. A snapshot carries the lowest 8 bits only.
    pub mask: u32,
}

/// What a snapshot says besides entities.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct SnapshotHeader {
    /// Client datagrams received, none before the first; from a [`ReceiveLog`](crate::ReceiveLog).
    pub acknowledgement: Option<Acknowledgement>,
    /// How many ticks before it was needed the newest own sample came; negative is late.
    pub input_timing: i8,
    /// Repeated in every snapshot until the client echoes its id.
    pub correction: Option<Correction>,
}

/// The avatar of the client at one tick, as the client moved it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OwnSample {
    /// Server tick, as the client's clock has it, at which the avatar was here.
    pub tick: u64,
    /// Feet in world space, metres. Travels in 5 mm steps.
    pub position: Vec3,
    /// Metres a second. Travels in 2 cm/s steps.
    pub velocity: Vec3,
    /// Heading in radians about +Y.
    pub yaw: f32,
    /// Pitch of the head in radians, positive looks up.
    pub pitch: f32,
    /// What the avatar is doing.
    pub flags: Flags,
    /// Gesture shown, 0 for none.
    pub emote: u8,
}

impl OwnSample {
    /// As a pose, for the simulation.
    #[must_use]
    pub fn pose(&self) -> Pose {
        Pose {
            position: self.position,
            rotation: Quat::from_rotation_y(self.yaw),
            head_pitch: self.pitch,
            linear_velocity: self.velocity,
            angular_velocity: Vec3::ZERO,
        }
    }
}

/// What a client sends 30 times a second.
///
/// | bytes | field |
/// |---|---|
/// | 2 | sequence number (wraps) |
/// | 1 | flags: 1 the two acknowledgement fields are valid |
/// | 2 | newest snapshot received |
/// | 4 | mask: bit n set when the snapshot `n + 1` before it arrived too |
/// | 1 | id of the last correction applied, 0 before the first |
/// | 1 | number of samples, 0..=4 |
/// | 2 | tick of the newest sample (wraps) |
/// | each sample | newest first: see below |
///
/// A sample is a row of variable-length integers (7 bits a byte, lowest first, zigzag), each the difference to
/// the sample before it in the row (the first to zero): ticks back (from the first sample's tick), position x, y,
/// z, velocity x, y, z, yaw, pitch; then the activity byte and the gesture byte.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ClientDatagram {
    /// Grows by one with each datagram; on the wire modulo 65,536.
    pub sequence: u64,
    /// Snapshots received, none before the first; from [`SnapshotDecoder::acknowledgement`](crate::SnapshotDecoder::acknowledgement).
    pub acknowledgement: Option<Acknowledgement>,
    /// Last correction applied.
    pub correction_echo: u8,
    /// Newest first, the older ones repeated in case their datagram was lost; at most [`MAX_OWN_SAMPLES`].
    pub samples: Vec<OwnSample>,
}

impl SnapshotHeader {
    /// Appends the fixed part of a snapshot.
    pub(crate) fn write(&self, sequence: u64, tick: u64, out: &mut Vec<u8>) {
        let acknowledgement = self.acknowledgement.unwrap_or_default();
        let mut flags = 0;
        if self.acknowledgement.is_some() {
            flags |= FLAG_HAS_ACKNOWLEDGEMENT;
        }
        if self.correction.is_some() {
            flags |= FLAG_HAS_CORRECTION;
        }
        out.extend_from_slice(&Wrapped::of(sequence).0.to_le_bytes());
        out.extend_from_slice(&Wrapped::of(tick).0.to_le_bytes());
        out.extend_from_slice(&acknowledgement.newest.0.to_le_bytes());
        out.push((acknowledgement.mask & 0xff) as u8);
        out.push(self.input_timing as u8);
        out.push(flags);
        if let Some(correction) = &self.correction {
            correction.write(out);
        }
    }

    /// Reads the fixed part: sequence, tick, header.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<(Wrapped, Wrapped, Self), DecodeError> {
        let sequence = Wrapped(reader.u16()?);
        let tick = Wrapped(reader.u16()?);
        let newest = Wrapped(reader.u16()?);
        let mask = u32::from(reader.u8()?);
        let input_timing = reader.u8()? as i8;
        let flags = reader.u8()?;
        if flags & !(FLAG_HAS_ACKNOWLEDGEMENT | FLAG_HAS_CORRECTION) != 0 {
            return Err(DecodeError::Invalid("unknown flags"));
        }
        let has_acknowledgement = flags & FLAG_HAS_ACKNOWLEDGEMENT != 0;
        let correction = if flags & FLAG_HAS_CORRECTION != 0 {
            Some(Correction::read(reader)?)
        } else {
            None
        };
        let header = Self {
            acknowledgement: has_acknowledgement.then_some(Acknowledgement { newest, mask }),
            input_timing,
            correction,
        };
        Ok((sequence, tick, header))
    }
}

impl Correction {
    /// A correction whose numbers are not finite travels as zeros: it comes from our own simulation, which never
    /// makes such, and a wrong place is corrected again.
    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.id);
        let position = AVATAR_POSITION
            .quantise3(self.position.to_array())
            .unwrap_or_default();
        for axis in position {
            out.extend_from_slice(&axis.to_le_bytes());
        }
        out.push(quantise_yaw(self.yaw).unwrap_or_default());
        out.push(quantise_pitch(self.pitch).unwrap_or_default() as u8);
        for axis in self.velocity.to_array() {
            let steps = VELOCITY.quantise_clamped(axis).unwrap_or_default() as i16;
            out.extend_from_slice(&steps.to_le_bytes());
        }
        out.push(self.flags.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let id = reader.u8()?;
        let mut position = [0.0; 3];
        for axis in &mut position {
            let steps = reader.u32()? as i32;
            if steps.unsigned_abs() > AVATAR_POSITION.limit().unsigned_abs() {
                return Err(DecodeError::Invalid("corrected position out of range"));
            }
            *axis = AVATAR_POSITION.dequantise(steps);
        }
        let yaw = dequantise_yaw(reader.u8()?);
        let pitch = dequantise_pitch(reader.u8()? as i8);
        let mut velocity = [0.0; 3];
        for axis in &mut velocity {
            *axis = VELOCITY.dequantise(i32::from(reader.u16()? as i16));
        }
        Ok(Self {
            id,
            position: Vec3::from_array(position),
            yaw,
            pitch,
            velocity: Vec3::from_array(velocity),
            flags: Flags(reader.u8()?),
        })
    }
}

/// Integers of a sample that travel as differences.
const SAMPLE_FIELDS: usize = 8;

impl ClientDatagram {
    /// Appends the datagram to `out`; at most [`MAX_OWN_SAMPLES`] samples travel, the newest ones.
    ///
    /// # Errors
    /// Samples with numbers that are not finite or out of range; `out` is then as before.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), QuantisationError> {
        let start = out.len();
        let result = self.try_encode(out);
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn try_encode(&self, out: &mut Vec<u8>) -> Result<(), QuantisationError> {
        let acknowledgement = self.acknowledgement.unwrap_or_default();
        let samples = &self.samples[..self.samples.len().min(MAX_OWN_SAMPLES)];
        let newest_tick = samples.first().map_or(0, |sample| sample.tick);
        out.extend_from_slice(&Wrapped::of(self.sequence).0.to_le_bytes());
        out.push(u8::from(self.acknowledgement.is_some()) * FLAG_HAS_ACKNOWLEDGEMENT);
        out.extend_from_slice(&acknowledgement.newest.0.to_le_bytes());
        out.extend_from_slice(&acknowledgement.mask.to_le_bytes());
        out.push(self.correction_echo);
        out.push(samples.len() as u8);
        out.extend_from_slice(&Wrapped::of(newest_tick).0.to_le_bytes());
        let mut previous = [0; SAMPLE_FIELDS];
        let mut previous_tick = newest_tick;
        for sample in samples {
            let fields = sample.quantise()?;
            write_varint(previous_tick.wrapping_sub(sample.tick) as i32, out);
            for (field, before) in fields.iter().zip(previous) {
                write_varint(field.wrapping_sub(before), out);
            }
            out.push(sample.flags.0);
            out.push(sample.emote);
            previous = fields;
            previous_tick = sample.tick;
        }
        Ok(())
    }

    /// Reads a datagram. `expected_sequence` and `server_tick` are what the 16-bit counters are restored next to:
    /// the newest sequence number seen from this client, and the server's tick now.
    ///
    /// # Errors
    /// Anything that [`Self::encode`] would not have written.
    pub fn decode(
        bytes: &[u8],
        expected_sequence: u64,
        server_tick: u64,
    ) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_DATAGRAM_BYTES {
            return Err(DecodeError::TooLong);
        }
        let mut reader = Reader::new(bytes);
        let sequence = Wrapped(reader.u16()?).nearest_to(expected_sequence);
        let flags = reader.u8()?;
        if flags & !FLAG_HAS_ACKNOWLEDGEMENT != 0 {
            return Err(DecodeError::Invalid("unknown flags"));
        }
        let newest = Wrapped(reader.u16()?);
        let mask = reader.u32()?;
        let correction_echo = reader.u8()?;
        let count = usize::from(reader.u8()?);
        if count > MAX_OWN_SAMPLES {
            return Err(DecodeError::Invalid("too many samples"));
        }
        let mut tick = Wrapped(reader.u16()?).nearest_to(server_tick);
        let mut samples = Vec::with_capacity(count);
        let mut previous = [0; SAMPLE_FIELDS];
        for _ in 0..count {
            let back = reader.varint()?;
            tick = u64::try_from(back)
                .ok()
                .and_then(|back| tick.checked_sub(back))
                .ok_or(DecodeError::Invalid("samples out of order"))?;
            for field in &mut previous {
                *field = reader.varint()?.wrapping_add(*field);
            }
            let flags = Flags(reader.u8()?);
            let emote = reader.u8()?;
            samples.push(OwnSample::dequantise(previous, tick, flags, emote)?);
        }
        if !reader.is_empty() {
            return Err(DecodeError::Invalid("bytes after the end"));
        }
        Ok(Self {
            sequence,
            acknowledgement: (flags & FLAG_HAS_ACKNOWLEDGEMENT != 0)
                .then_some(Acknowledgement { newest, mask }),
            correction_echo,
            samples,
        })
    }
}

impl OwnSample {
    fn quantise(&self) -> Result<[i32; SAMPLE_FIELDS], QuantisationError> {
        let [x, y, z] = AVATAR_POSITION.quantise3(self.position.to_array())?;
        let mut velocity = [0; 3];
        for (steps, axis) in velocity.iter_mut().zip(self.velocity.to_array()) {
            *steps = VELOCITY.quantise_clamped(axis)?;
        }
        let yaw = i32::from(quantise_yaw(self.yaw)?);
        let pitch = i32::from(quantise_pitch(self.pitch)?);
        Ok([x, y, z, velocity[0], velocity[1], velocity[2], yaw, pitch])
    }

    fn dequantise(
        fields: [i32; SAMPLE_FIELDS],
        tick: u64,
        flags: Flags,
        emote: u8,
    ) -> Result<Self, DecodeError> {
        let [x, y, z, velocity_x, velocity_y, velocity_z, yaw, pitch] = fields;
        let within = |value: i32, limit: i32| value.unsigned_abs() <= limit.unsigned_abs();
        if ![x, y, z]
            .iter()
            .all(|axis| within(*axis, AVATAR_POSITION.limit()))
        {
            return Err(DecodeError::Invalid("position out of range"));
        }
        let velocity = [velocity_x, velocity_y, velocity_z];
        if !velocity.iter().all(|axis| within(*axis, VELOCITY.limit())) {
            return Err(DecodeError::Invalid("velocity out of range"));
        }
        let (Ok(yaw), Ok(pitch)) = (u8::try_from(yaw), i8::try_from(pitch)) else {
            return Err(DecodeError::Invalid("angle out of range"));
        };
        Ok(Self {
            tick,
            position: Vec3::from_array(AVATAR_POSITION.dequantise3([x, y, z])),
            velocity: Vec3::from_array(VELOCITY.dequantise3(velocity)),
            yaw: dequantise_yaw(yaw),
            pitch: dequantise_pitch(pitch),
            flags,
            emote,
        })
    }
}

/// Zigzag, then 7 bits a byte, lowest first, the highest bit set on all but the last.
fn write_varint(value: i32, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 31)) as u32;
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Reads fixed fields off the front of a datagram.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    fn take<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], DecodeError> {
        let (head, rest) = self
            .bytes
            .split_first_chunk::<COUNT>()
            .ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(*head)
    }

    fn u8(&mut self) -> Result<u8, DecodeError> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, DecodeError> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.take().map(u32::from_le_bytes)
    }

    fn varint(&mut self) -> Result<i32, DecodeError> {
        let mut value = 0_u32;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i32 ^ -((value & 1) as i32));
            }
        }
        Err(DecodeError::Invalid("number too long"))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Everything not read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.bytes
    }
}
