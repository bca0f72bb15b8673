//! What the two processes say to each other: a request is a number, a name and a payload, its reply the number and a result or
//! one line, before which the stages of the work may be named. Each part but these has its length before it, little-endian.
//! Replies come in the order in which the work is done.

use std::io::{self, Read, Write};

/// Longest line of a reply.
const MAX_FAULT_BYTES: u64 = 4 * 1024;
/// What a reply begins with: a fault, a result, or a stage, after which there is more.
const FAULT: u8 = 0;
const RESULT: u8 = 1;
const STAGE: u8 = 2;
/// Room that is made before the bytes for it have come, and that the system gives as they do. A reply that outgrows it is moved:
/// pictures of 4,096 by 4,096 with their mipmaps do not.
const FIRST_BYTES: u64 = 96 * 1024 * 1024;

/// What is asked of a worker.
pub(super) struct Request {
    /// Names it in the reply.
    pub(super) number: u32,
    pub(super) decoder: String,
    /// Largest result that is taken.
    pub(super) limit: u64,
    pub(super) payload: Vec<u8>,
}

pub(super) fn write_request(
    writer: &mut impl Write,
    number: u32,
    decoder: &str,
    parts: &[&[u8]],
    limit: usize,
) -> io::Result<()> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    writer.write_all(&number.to_le_bytes())?;
    writer.write_all(&[decoder.len() as u8])?;
    writer.write_all(decoder.as_bytes())?;
    writer.write_all(&(limit as u64).to_le_bytes())?;
    writer.write_all(&(length as u64).to_le_bytes())?;
    for part in parts {
        writer.write_all(part)?;
    }
    writer.flush()
}

pub(super) fn read_request(reader: &mut impl Read) -> io::Result<Request> {
    let (mut number, mut length) = ([0; 4], [0]);
    reader.read_exact(&mut number)?;
    reader.read_exact(&mut length)?;
    let decoder = read_bytes(reader, length[0].into())?;
    let limit = read_number(reader)?;
    let payload = read_sized(reader, u64::MAX)?;
    Ok(Request {
        number: u32::from_le_bytes(number),
        decoder: String::from_utf8_lossy(&decoder).into_owned(),
        limit,
        payload,
    })
}

pub(super) fn write_reply(
    writer: &mut impl Write,
    number: u32,
    result: &Result<Vec<u8>, String>,
) -> io::Result<()> {
    let (kind, bytes) = match result {
        Ok(bytes) => (RESULT, bytes.as_slice()),
        Err(fault) => (FAULT, fault.as_bytes()),
    };
    writer.write_all(&[kind])?;
    writer.write_all(&number.to_le_bytes())?;
    writer.write_all(&(bytes.len() as u64).to_le_bytes())?;
    writer.write_all(bytes)?;
    writer.flush()
}

pub(super) fn write_stage(writer: &mut impl Write, stage: u8) -> io::Result<()> {
    writer.write_all(&[STAGE, stage])?;
    writer.flush()
}

/// The reply of a worker, which is trusted no more than the payload that it has seen, with the number of its request. `told`
/// hears of the stages before it.
pub(super) fn read_reply(
    reader: &mut impl Read,
    limit: usize,
    told: &mut dyn FnMut(u8),
) -> io::Result<(u32, Result<Vec<u8>, String>)> {
    let mut kind = [0];
    reader.read_exact(&mut kind)?;
    while kind == [STAGE] {
        let mut stage = [0];
        reader.read_exact(&mut stage)?;
        told(stage[0]);
        reader.read_exact(&mut kind)?;
    }
    let mut number = [0; 4];
    reader.read_exact(&mut number)?;
    let number = u32::from_le_bytes(number);
    if kind == [RESULT] {
        return Ok((number, Ok(read_sized(reader, limit as u64)?)));
    }
    let fault = read_sized(reader, MAX_FAULT_BYTES)?;
    Ok((number, Err(one_line(&String::from_utf8_lossy(&fault)))))
}

/// A text as one line that can be shown.
pub(super) fn one_line(text: &str) -> String {
    let text = text.trim();
    text.replace(|character: char| character.is_control(), " ")
}

fn read_sized(reader: &mut impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let length = read_number(reader)?;
    if length > limit {
        return Err(io::ErrorKind::InvalidData.into());
    }
    read_bytes(reader, length)
}

fn read_number(reader: &mut impl Read) -> io::Result<u64> {
    let mut number = [0; 8];
    reader.read_exact(&mut number)?;
    Ok(u64::from_le_bytes(number))
}

fn read_bytes(reader: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length.min(FIRST_BYTES) as usize);
    reader.take(length).read_to_end(&mut bytes)?;
    match bytes.len() as u64 == length {
        true => Ok(bytes),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
