//! The file around the blocks: KTX File Format Specification 2.0, with what KHR_texture_basisu allows.

use crate::{Meaning, block::Picture};

const MAGIC: &[u8] = b"\xABKTX 20\xBB\r\n\x1A\n";
/// Bytes of the header, and of an entry of the list of levels.
const HEADER: usize = 80;
const ENTRY: usize = 24;
/// Who made it: a name, a zero, a text, a zero.
const WRITER: &[u8] = b"KTXwriter\0stoa-import\0";
/// Numbers of the Khronos Data Format Specification 1.3: colours as of BT.709, or none; linear or sRGB.
const PRIMARIES: [u32; 2] = [0, 1];
const TRANSFERS: [u32; 2] = [1, 2];
const MODEL_ETC1S: u32 = 163;
const MODEL_UASTC: u32 = 166;
/// Channels of a sample: colours, colours with alpha, and alpha alone.
const RGB: u32 = 0;
const RGBA: u32 = 3;
const AAA: u32 = 15;

/// How the levels are encoded.
pub(crate) enum Codec {
    /// BasisLZ, with what all levels share.
    Etc1s { global: Vec<u8> },
    /// Blocks of 16 bytes.
    Uastc,
}

/// The whole file. `data` are the levels, the largest first.
pub(crate) fn write(
    levels: &[Picture],
    meaning: Meaning,
    codec: Codec,
    data: &[Vec<u8>],
) -> Vec<u8> {
    let (scheme, global, alignment) = match codec {
        Codec::Etc1s { global } => (1, global, 1),
        Codec::Uastc => (0, Vec::new(), 16),
    };
    let format = descriptor(meaning, scheme == 1, crate::has_alpha(levels));
    let mut notes = (WRITER.len() as u32).to_le_bytes().to_vec();
    notes.extend(WRITER);
    notes.resize(notes.len().next_multiple_of(4), 0);
    let format_at = HEADER + ENTRY * data.len();
    let notes_at = format_at + format.len();
    let global_at = (notes_at + notes.len()).next_multiple_of(8);
    let mut file = MAGIC.to_vec();
    let (width, height) = (levels[0].width as u32, levels[0].height as u32);
    let numbers = [0, 1, width, height, 0, 0, 1, data.len() as u32, scheme];
    let places = [format_at, format.len(), notes_at, notes.len()].map(|place| place as u32);
    for number in numbers.into_iter().chain(places) {
        file.extend(number.to_le_bytes());
    }
    let place = if global.is_empty() { 0 } else { global_at };
    for number in [place, global.len()] {
        file.extend((number as u64).to_le_bytes());
    }
    // The smallest level lies first.
    let mut at = match global.len() {
        0 => notes_at + notes.len(),
        length => global_at + length,
    };
    let mut entries = vec![[0; 3]; data.len()];
    for (number, level) in data.iter().enumerate().rev() {
        at = at.next_multiple_of(alignment);
        let unpacked = if scheme == 0 { level.len() } else { 0 };
        entries[number] = [at, level.len(), unpacked];
        at += level.len();
    }
    for number in entries.as_flattened() {
        file.extend((*number as u64).to_le_bytes());
    }
    file.extend(format);
    file.extend(notes);
    if !global.is_empty() {
        file.resize(global_at, 0);
        file.extend(global);
    }
    for (level, [at, ..]) in data.iter().zip(&entries).rev() {
        file.resize(*at, 0);
        file.extend(level);
    }
    file
}

/// The data format descriptor.
fn descriptor(meaning: Meaning, is_etc1s: bool, has_alpha: bool) -> Vec<u8> {
    let place = usize::from(meaning.is_color());
    let (model, bytes, last_bit) = match is_etc1s {
        true => (MODEL_ETC1S, 0, 63),
        false => (MODEL_UASTC, 16, 127),
    };
    let channels: &[u32] = match (is_etc1s, has_alpha) {
        (_, false) => &[RGB],
        (true, true) => &[RGB, AAA],
        (false, true) => &[RGBA],
    };
    let block = 24 + 16 * channels.len() as u32;
    let mut words = vec![
        block + 4,
        0,
        2 | block << 16,
        model | PRIMARIES[place] << 8 | TRANSFERS[place] << 16,
        // Four by four pixels.
        0x0303,
        bytes,
        0,
    ];
    for (number, channel) in channels.iter().enumerate() {
        let first_bit = 64 * number as u32;
        words.extend([first_bit | last_bit << 16 | channel << 24, 0, 0, u32::MAX]);
    }
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}
