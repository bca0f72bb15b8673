//! The GLB container: header and chunks, each fault at its byte.

use super::{codes, sink::Sink};

const JSON: u32 = 0x4E4F_534A;
const BINARY: u32 = 0x004E_4942;

/// What a container holds.
#[derive(Default)]
pub(super) struct Chunks<'a> {
    pub(super) json: Option<&'a [u8]>,
    pub(super) binary: Option<&'a [u8]>,
    /// The container breaks off: of what its JSON says, only the words can be checked.
    pub(super) is_cut_off: bool,
}

pub(super) fn split<'a>(bytes: &'a [u8], sink: &mut Sink) -> Chunks<'a> {
    let mut splitter = Splitter {
        bytes,
        chunks: Chunks::default(),
        has_json: false,
        has_binary: false,
        has_empty_json: false,
        number: 0,
    };
    splitter.chunks.is_cut_off = splitter.split(sink).is_none();
    splitter.chunks
}

struct Splitter<'a> {
    bytes: &'a [u8],
    chunks: Chunks<'a>,
    has_json: bool,
    has_binary: bool,
    has_empty_json: bool,
    /// Of the chunk that is looked at.
    number: usize,
}

impl<'a> Splitter<'a> {
    fn word(&self, offset: usize) -> Option<u32> {
        let own = self.bytes.get(offset..offset.checked_add(4)?)?;
        Some(u32::from_le_bytes([own[0], own[1], own[2], own[3]]))
    }

    /// Nothing when the container is too broken to look at what it holds.
    fn split(&mut self, sink: &mut Sink) -> Option<()> {
        let (Some(version), Some(length)) = (self.word(4), self.word(8)) else {
            sink.at_byte(&codes::GLB_UNEXPECTED_END_OF_HEADER, self.bytes.len());
            return None;
        };
        if version != 2 {
            sink.at_byte(&codes::GLB_INVALID_VERSION, 4);
            return None;
        }
        let length = length as usize;
        if length < 12 {
            sink.at_byte(&codes::GLB_LENGTH_TOO_SMALL, 8);
        }
        let mut offset = 12;
        while offset < self.bytes.len() {
            if offset == length {
                sink.at_byte(&codes::GLB_EXTRA_DATA, offset);
                return Some(());
            }
            offset = self.chunk(offset, length, sink)?;
            self.number += 1;
        }
        if offset != length {
            sink.at_byte(&codes::GLB_LENGTH_MISMATCH, offset);
        }
        Some(())
    }

    /// Looks at the chunk at `offset` and returns where the next one begins.
    fn chunk(&mut self, offset: usize, length: usize, sink: &mut Sink) -> Option<usize> {
        let (Some(size), Some(kind)) = (self.word(offset), self.word(offset + 4)) else {
            sink.at_byte(&codes::GLB_UNEXPECTED_END_OF_CHUNK_HEADER, self.bytes.len());
            return None;
        };
        if self.has_empty_json {
            // Only a chunk after it ends the empty text.
            self.chunks.json = Some(&[]);
        }
        let size = size as usize;
        let start = offset + 8;
        if !size.is_multiple_of(4) {
            sink.at_byte(&codes::GLB_CHUNK_LENGTH_UNALIGNED, offset);
        }
        if start + size > length {
            sink.at_byte(&codes::GLB_CHUNK_TOO_BIG, offset);
        }
        if self.number == 0 && kind != JSON {
            sink.at_byte(&codes::GLB_UNEXPECTED_FIRST_CHUNK, offset);
        }
        let data = self.bytes.get(start..start + size);
        match kind {
            JSON => {
                if size == 0 {
                    self.has_empty_json = true;
                    sink.at_byte(&codes::GLB_EMPTY_CHUNK, offset);
                }
                if std::mem::replace(&mut self.has_json, true) {
                    sink.at_byte(&codes::GLB_DUPLICATE_CHUNK, offset);
                } else {
                    self.chunks.json = data.filter(|data| !data.is_empty());
                }
            }
            BINARY => {
                if size == 0 {
                    sink.at_byte(&codes::GLB_EMPTY_BIN_CHUNK, offset);
                }
                if std::mem::replace(&mut self.has_binary, true) {
                    sink.at_byte(&codes::GLB_DUPLICATE_CHUNK, offset);
                } else {
                    if self.number > 1 {
                        sink.at_byte(&codes::GLB_UNEXPECTED_BIN_CHUNK, offset);
                    }
                    self.chunks.binary = data;
                }
            }
            _ => sink.at_byte(&codes::GLB_UNKNOWN_CHUNK_TYPE, offset),
        }
        if data.is_none() {
            sink.at_byte(&codes::GLB_UNEXPECTED_END_OF_CHUNK_DATA, self.bytes.len());
            return None;
        }
        Some(start + size)
    }
}
