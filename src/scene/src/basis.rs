//! KTX 2 with Basis Universal (KHR_texture_basisu): what its header says, and its levels in the form that an adapter reads.

use crate::limits::MAX_IMAGE_SIDE;
use ::ktx::{etc1s, uastc};
use basisu::{DecodeFlags, TargetFormat, Transcoder};

/// What a KTX 2 begins with.
pub(crate) const MAGIC: &[u8] = b"\xABKTX 20\xBB\r\n\x1A\n";
/// Bytes of the header, and of each entry of the list of levels after it.
const HEADER: usize = 80;
const ENTRY: usize = 24;
/// Where an entry says how long its level is without a scheme.
const UNPACKED_IN_ENTRY: usize = 16;
/// What a file says beside its pictures when these are frames.
const VIDEO: &[u8] = b"KTXanimData\0";
/// Where the header says where global data lie.
const GLOBAL_IN_HEADER: usize = 64;
/// Bytes of a data format descriptor of one sample or two; where colour model and transfer function stand in it, and which they are:
/// ETC1S with the scheme BasisLZ or UASTC with none; linear or sRGB.
const DESCRIPTOR_BYTES: [usize; 2] = [44, 60];
const MODEL_IN_DESCRIPTOR: usize = 12;
const MODEL_AND_SCHEME: [(u8, u32); 2] = [(163, 1), (166, 0)];
const TRANSFER_IN_DESCRIPTOR: usize = 14;
const TRANSFERS: [u8; 2] = [1, 2];
/// Pixels on a side of a block.
const BLOCK_SIDE: u32 = 4;
/// Colours of ETC1S are not smoothed across blocks on the way to BC7, which would take twice the time.
const FLAGS: DecodeFlags = DecodeFlags::NO_ETC1S_CHROMA_FILTERING;

/// Forms of pixels in an adapter's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PixelForm {
    /// Four bytes a pixel, in rows.
    #[default]
    Rgba8,
    /// Blocks of four by four pixels, 16 bytes each.
    Bc7,
    /// The same of another kind.
    Astc4x4,
    /// The same of another kind.
    Etc2,
}

impl PixelForm {
    /// Bytes of a level.
    #[must_use]
    pub fn bytes(self, width: u32, height: u32) -> u64 {
        match self {
            Self::Rgba8 => u64::from(width) * u64::from(height) * 4,
            _ => {
                u64::from(width.div_ceil(BLOCK_SIDE)) * u64::from(height.div_ceil(BLOCK_SIDE)) * 16
            }
        }
    }

    /// Adapters take compressed pictures of whole blocks alone.
    #[must_use]
    pub fn fits(self, width: u32, height: u32) -> bool {
        self == Self::Rgba8
            || (width.is_multiple_of(BLOCK_SIDE) && height.is_multiple_of(BLOCK_SIDE))
    }

    fn target(self) -> TargetFormat {
        match self {
            Self::Rgba8 => TargetFormat::Rgba32,
            Self::Bc7 => TargetFormat::Bc7Rgba,
            Self::Astc4x4 => TargetFormat::Astc4x4Rgba,
            Self::Etc2 => TargetFormat::Etc2Rgba,
        }
    }
}

/// A picture as an adapter reads it.
pub struct Transcoded {
    /// Pixels in a row of the largest level.
    pub width: u32,
    /// Rows of the largest level.
    pub height: u32,
    /// How many levels follow each other, each half as wide and high as the one before.
    pub levels: u32,
    /// What the levels consist of.
    pub form: PixelForm,
    /// All levels, the largest first.
    pub bytes: Vec<u8>,
}

/// Width and height, when the header is whole, speaks of one flat picture, and all its levels lie in the file. A size beyond the
/// limit is told whatever else is wrong: it refuses the file.
pub(crate) fn size(ktx: &[u8]) -> Option<(u32, u32)> {
    let word = |at: usize| Some(u32::from_le_bytes(*ktx.get(at..)?.first_chunk()?));
    if !ktx.starts_with(MAGIC) {
        return None;
    }
    let (width, height) = (word(20)?, word(24)?);
    if width.max(height) > MAX_IMAGE_SIDE {
        return Some((width, height));
    }
    let (depth, layers, faces, levels) = (word(28)?, word(32)?, word(36)?, word(40)?);
    if depth > 1 || layers > 1 || faces != 1 || levels > 32 - width.max(height).leading_zeros() {
        return None;
    }
    for entry in 0..levels.max(1) as usize {
        level(ktx, entry)?;
    }
    Some((width, height))
}

/// The bytes of a level, as the list of levels says where they are.
fn level(ktx: &[u8], number: usize) -> Option<&[u8]> {
    part(ktx, HEADER + number * ENTRY)
}

/// The bytes that two numbers say the place and length of.
fn part(ktx: &[u8], numbers_at: usize) -> Option<&[u8]> {
    let entry = ktx.get(numbers_at..)?.first_chunk::<16>()?;
    let [start, length] = *entry.as_chunks().0 else {
        return None;
    };
    let [start, length] = [start, length].map(u64::from_le_bytes);
    let end = start.checked_add(length)?;
    ktx.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

/// The levels of a file that are at most `max_side` pixels wide and high, or its smallest, in `form` where they fit it and as
/// pixels otherwise. To be called in a worker: the decoder is a foreign one.
///
/// # Errors
/// One line that says what is wrong with the file.
pub fn transcode(ktx: &[u8], form: PixelForm, max_side: u32) -> Result<Transcoded, String> {
    let fault = |error: basisu::Error| format!("{error:?}");
    let stated = size(ktx).ok_or("its header is broken")?;
    let texture = Transcoder::new(ktx).map_err(fault)?;
    let count = texture.level_count();
    if texture.base_dimensions() != stated || !is_possible(stated) {
        return Err("its header does not say its size".to_owned());
    }
    let first = first_level(stated, count, max_side);
    let at = |level: u32| size_at(stated, level);
    let (width, height) = at(first);
    let form = if form.fits(width, height) {
        form
    } else {
        PixelForm::Rgba8
    };
    let length = |level: u32| form.bytes(at(level).0, at(level).1) as usize;
    let mut bytes = vec![0; (first..count).map(length).sum()];
    let mut rest = &mut bytes[..];
    for level in first..count {
        let (own, more) = std::mem::take(&mut rest).split_at_mut(length(level));
        let target = form.target();
        let made = texture.transcode_into(level, target, FLAGS, own);
        made.map_err(fault)?;
        rest = more;
    }
    Ok(Transcoded {
        width,
        height,
        levels: count - first,
        form,
        bytes,
    })
}

/// The same as BC7, where own code can make it: of ETC1S, and of UASTC as the importer writes it. That takes a fraction of the
/// decoder's time, and no worker. `None` for any other, and for what is broken.
pub(crate) fn turn(ktx: &[u8], max_side: u32) -> Option<Transcoded> {
    let word = |at: usize| Some(u32::from_le_bytes(*ktx.get(at..)?.first_chunk()?));
    let stated = size(ktx).filter(|stated| is_possible(*stated))?;
    let [format, type_size, depth, scheme] = [word(12)?, word(16)?, word(28)?, word(44)?];
    let count = word(40).filter(|count| *count > 0)?;
    // What the decoder refuses is refused here as well, so that a picture does not depend on the adapter.
    let descriptor = ktx.get(word(48)? as usize..)?.get(..word(52)? as usize)?;
    let samples = DESCRIPTOR_BYTES
        .iter()
        .position(|own| *own == descriptor.len())?
        + 1;
    let model = descriptor[MODEL_IN_DESCRIPTOR];
    let is_known = MODEL_AND_SCHEME.contains(&(model, scheme))
        && TRANSFERS.contains(&descriptor[TRANSFER_IN_DESCRIPTOR]);
    let notes = ktx.get(word(56)? as usize..)?.get(..word(60)? as usize)?;
    let is_moving = notes.windows(VIDEO.len()).any(|key| key == VIDEO);
    let first = first_level(stated, count, max_side);
    let (width, height) = size_at(stated, first);
    let form = PixelForm::Bc7;
    let is_plain = (format, type_size, depth) == (0, 1, 0) && !is_moving && is_known;
    // Where a file lacks levels they are made from pixels.
    let lacks_levels = count - first == 1 && width.max(height) > 1;
    if !is_plain || lacks_levels || !form.fits(width, height) {
        return None;
    }
    let mut shared = match scheme {
        0 => None,
        _ => Some(etc1s::Shared::read(
            part(ktx, GLOBAL_IN_HEADER)?,
            count as usize,
        )?),
    };
    // There are two samples where there is alpha.
    if let Some(shared) = &shared
        && shared.has_alpha()? != (samples == 2)
    {
        return None;
    }
    let length = |level: u32| {
        let (width, height) = size_at(stated, level);
        form.bytes(width, height) as usize
    };
    let mut bytes = vec![0; (first..count).map(length).sum()];
    let mut rest = &mut bytes[..];
    for number in first..count {
        let (own, more) = std::mem::take(&mut rest).split_at_mut(length(number));
        let level = level(ktx, number as usize)?;
        let unpacked_at = HEADER + number as usize * ENTRY + UNPACKED_IN_ENTRY;
        let is_turned = match &mut shared {
            // Nothing says how long it is without a scheme (KTX File Format Specification 2.0, "BasisLZ").
            Some(_) if ktx.get(unpacked_at..)?.first_chunk::<8>()? != &[0; 8] => false,
            Some(shared) => shared.to_bc7(number as usize, level, size_at(stated, number), own),
            None => uastc::to_bc7(level, own),
        };
        is_turned.then_some(())?;
        rest = more;
    }
    Some(Transcoded {
        width,
        height,
        levels: count - first,
        form,
        bytes,
    })
}

fn is_possible((width, height): (u32, u32)) -> bool {
    let mut sides = [width, height].into_iter();
    sides.all(|side| (1..=MAX_IMAGE_SIDE).contains(&side))
}

fn size_at((width, height): (u32, u32), level: u32) -> (u32, u32) {
    ((width >> level).max(1), (height >> level).max(1))
}

/// The first level that is not too large, or the last one.
fn first_level(stated: (u32, u32), count: u32, max_side: u32) -> u32 {
    let is_large = |level: &u32| {
        let (width, height) = size_at(stated, *level);
        width.max(height) > max_side
    };
    let first = (0..count).take_while(is_large).count() as u32;
    first.min(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of noise whose alpha is at least so much.
    fn levels(least_alpha: u8) -> [ktx::Picture; 5] {
        let pixel = |at: usize| {
            let [one, two] = [at * at / 7, 9 * at].map(|value| value as u8);
            [one, two, one / 2, two.max(least_alpha)]
        };
        [16, 8, 4, 2, 1].map(|side| ktx::Picture {
            width: side,
            height: side,
            pixels: (0..side * side).flat_map(pixel).collect(),
        })
    }

    /// The smaller kind.
    fn small(least_alpha: u8) -> Vec<u8> {
        let quality = etc1s::Quality {
            price: 1.0,
            blocks_per_endpoint: 1,
            blocks_per_pattern: 1,
        };
        etc1s::encode(&levels(least_alpha), ktx::Meaning::Color, quality).bytes
    }

    fn shape(made: &Transcoded) -> (u32, u32, u32, PixelForm, usize) {
        let Transcoded {
            width,
            height,
            levels,
            form,
            bytes,
        } = made;
        (*width, *height, *levels, *form, bytes.len())
    }

    #[test]
    fn what_the_importer_writes_is_turned_as_the_decoder_turns_it() {
        let good = uastc::encode(&levels(0), ktx::Meaning::Numbers);
        for file in [&good, &small(0), &small(255)] {
            for max_side in [64, 8, 5] {
                let own = turn(file, max_side).unwrap();
                let theirs = transcode(file, PixelForm::Bc7, max_side).unwrap();
                assert_eq!(shape(&own), shape(&theirs));
                // Blocks of ETC1S may be others that are as near.
                assert!(file != &good || own.bytes == theirs.bytes);
            }
            // Two pixels are no whole block.
            assert!(turn(file, 2).is_none());
        }
        // The first of the levels lies last; the code of its first block is none that is written.
        let mut other = good.clone();
        let first = good.len() - 16 * 16;
        other[first] = 0x7f;
        assert!(turn(&other, 64).is_none() && turn(&other, 8).is_some());
    }

    #[test]
    fn what_the_decoder_refuses_is_not_turned_either() {
        let good = uastc::encode(&levels(0), ktx::Meaning::Numbers);
        // Any block of ETC1S may be something, and any block of UASTC of many modes.
        let header = good.len() - uastc::length(&levels(0));
        for (file, checked) in [
            (good, header),
            (small(0), usize::MAX),
            (small(255), usize::MAX),
        ] {
            assert!(turn(&file, 64).is_some());
            for length in 0..file.len() {
                assert!(turn(&file[..length], 64).is_none(), "{length}");
            }
            for place in 0..file.len().min(checked) {
                for value in [0, 1, 2, 0x7f, 0xff] {
                    let mut other = file.clone();
                    other[place] = value;
                    let own = turn(&other, 64);
                    let theirs = transcode(&other, PixelForm::Bc7, 64);
                    let own = own.as_ref().map(shape);
                    let theirs = theirs.as_ref().ok().map(shape);
                    assert!(own.is_none() || own == theirs, "{place} {value}");
                }
            }
        }
    }
}
