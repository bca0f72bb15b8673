//! The GLB container: header and chunks, each fault at its byte.

use super::{codes, sink::Sink};

const JSON: u32 = 0x4E4F_534A;
const BINARY: u32 = 0x004E_4942;

/// What a container holds.
#[derive(Default)]
pub(super) struct Chunks<'a> {
    pub(super) json: Option<&'a [u8]>,
    pub(super) binary: Option<&'a [u8]>,
    /// The container is so broken that its JSON is not looked at.
    pub(super) is_fatal: bool,
}

pub(super) fn split<'a>(bytes: &'a [u8], sink: &mut Sink) -> Chunks<'a> {
    let mut chunks = Chunks::default();
    let word = |offset: usize| {
        let own = bytes.get(offset..offset.checked_add(4)?)?;
        Some(u32::from_le_bytes([own[0], own[1], own[2], own[3]]))
    };
    let (Some(version), Some(length)) = (word(4), word(8)) else {
        sink.at_byte(&codes::GLB_UNEXPECTED_END_OF_HEADER, bytes.len());
        chunks.is_fatal = true;
        return chunks;
    };
    if version != 2 {
        sink.at_byte(&codes::GLB_INVALID_VERSION, 4);
        chunks.is_fatal = true;
        return chunks;
    }
    let length = length as usize;
    if length < 12 {
        sink.at_byte(&codes::GLB_LENGTH_TOO_SMALL, 8);
    }
    let mut offset = 12;
    let (mut has_json, mut has_binary, mut number) = (false, false, 0);
    let mut has_empty_json = false;
    while offset < bytes.len() {
        if offset == length {
            sink.at_byte(&codes::GLB_EXTRA_DATA, offset);
            return chunks;
        }
        let (Some(size), Some(kind)) = (word(offset), word(offset + 4)) else {
            sink.at_byte(&codes::GLB_UNEXPECTED_END_OF_CHUNK_HEADER, bytes.len());
            chunks.is_fatal = true;
            return chunks;
        };
        if has_empty_json {
            // Only a chunk after it ends the empty text.
            chunks.json = Some(&[]);
        }
        let size = size as usize;
        let start = offset + 8;
        if !size.is_multiple_of(4) {
            sink.at_byte(&codes::GLB_CHUNK_LENGTH_UNALIGNED, offset);
        }
        if start + size > length {
            sink.at_byte(&codes::GLB_CHUNK_TOO_BIG, offset);
        }
        if number == 0 && kind != JSON {
            sink.at_byte(&codes::GLB_UNEXPECTED_FIRST_CHUNK, offset);
        }
        let is_known = match kind {
            JSON if size == 0 => {
                has_empty_json = true;
                sink.at_byte(&codes::GLB_EMPTY_CHUNK, offset);
                true
            }
            BINARY if size == 0 => {
                sink.at_byte(&codes::GLB_EMPTY_BIN_CHUNK, offset);
                true
            }
            JSON | BINARY => true,
            _ => {
                sink.at_byte(&codes::GLB_UNKNOWN_CHUNK_TYPE, offset);
                false
            }
        };
        let data = bytes.get(start..start + size);
        if is_known {
            let has = if kind == JSON {
                &mut has_json
            } else {
                &mut has_binary
            };
            if std::mem::replace(has, true) {
                sink.at_byte(&codes::GLB_DUPLICATE_CHUNK, offset);
            } else if kind == JSON {
                chunks.json = data.filter(|data| !data.is_empty());
            } else {
                if number > 1 {
                    sink.at_byte(&codes::GLB_UNEXPECTED_BIN_CHUNK, offset);
                }
                chunks.binary = data;
            }
        }
        if data.is_none() {
            sink.at_byte(&codes::GLB_UNEXPECTED_END_OF_CHUNK_DATA, bytes.len());
            chunks.is_fatal = true;
            return chunks;
        }
        number += 1;
        offset = start + size;
    }
    if offset != length {
        sink.at_byte(&codes::GLB_LENGTH_MISMATCH, offset);
    }
    chunks
}
