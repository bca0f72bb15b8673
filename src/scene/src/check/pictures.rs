//! Headers of images: formats, sizes, and features that glTF passes over.

use super::{codes, codes::Code};
use crate::{limits::MAX_HEADER_PARTS, reader::foreign_image};

/// Formats of images that are recognised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Png,
    Jpeg,
    WebP,
}

impl Format {
    /// The shortest beginning that the Khronos validator takes for a picture.
    const LEAST_BYTES: usize = 14;

    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < Self::LEAST_BYTES {
            None
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"RIFF") && bytes[8..].starts_with(b"WEBPVP") {
            Some(Self::WebP)
        } else {
            None
        }
    }

    pub(super) fn stated(mime: &str) -> Option<Self> {
        [Self::Png, Self::Jpeg, Self::WebP]
            .into_iter()
            .find(|format| format.mime() == mime)
    }

    pub(super) fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }

    /// Size and special features from the header, or what is wrong with it.
    pub(super) fn header(self, bytes: &[u8]) -> Result<Header, &'static Code> {
        match self {
            Self::Png => png_header(bytes),
            Self::Jpeg => jpeg_header(bytes),
            Self::WebP => webp_header(bytes).ok_or(&codes::IMAGE_DATA_INVALID),
        }
    }
}

/// What the header of an image says.
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Colours of its own, pixels that are not square, or animation: glTF passes over all of them.
    pub(super) is_special: bool,
}

/// Which colours the chunks before the pixels speak of; later ones do not undo sRGB (PNG, third edition, 4.3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    Unstated,
    Standard,
    Own,
}

/// Chromaticities of sRGB in the units of a cHRM chunk.
const STANDARD_CHROMATICITIES: [u32; 8] = [
    31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000,
];
/// Gamma of sRGB and of linear values in the units of a gAMA chunk.
const STANDARD_GAMMAS: [u32; 2] = [45_455, 100_000];

fn png_header(bytes: &[u8]) -> Result<Header, &'static Code> {
    let end = &codes::IMAGE_UNEXPECTED_EOS;
    let word = |offset: usize| {
        let own = bytes.get(offset..offset + 4).ok_or(end)?;
        Ok(u32::from_be_bytes([own[0], own[1], own[2], own[3]]))
    };
    let mut offset = 8;
    let mut size = None;
    let mut has_square_pixels = true;
    let [mut primaries, mut transfer] = [Colours::Unstated; 2];
    let stated = |is_standard: bool| match is_standard {
        true => Colours::Standard,
        false => Colours::Own,
    };
    for _ in 0..MAX_HEADER_PARTS {
        let length = word(offset)? as usize;
        let data = offset + 8;
        match bytes.get(offset + 4..data).ok_or(end)? {
            b"IHDR" if size.is_none() => size = Some((word(data)?, word(data + 4)?)),
            b"IDAT" => {
                let (width, height) = size.ok_or(&codes::IMAGE_DATA_INVALID)?;
                return Ok(Header {
                    width,
                    height,
                    is_special: [primaries, transfer].contains(&Colours::Own) || !has_square_pixels,
                });
            }
            _ if size.is_none() => return Err(&codes::IMAGE_DATA_INVALID),
            b"iCCP" => [primaries, transfer] = [Colours::Own; 2],
            b"sRGB" => [primaries, transfer] = [Colours::Standard; 2],
            b"cHRM" if primaries == Colours::Unstated => {
                let mut is_standard = true;
                for (number, standard) in STANDARD_CHROMATICITIES.iter().enumerate() {
                    is_standard &= word(data + number * 4)? == *standard;
                }
                primaries = stated(is_standard);
            }
            b"gAMA" if transfer == Colours::Unstated => {
                transfer = stated(STANDARD_GAMMAS.contains(&word(data)?));
            }
            b"pHYs" => has_square_pixels = word(data)? == word(data + 4)?,
            _ => {}
        }
        offset = offset.saturating_add(length).saturating_add(12);
        if offset >= bytes.len() {
            return Err(end);
        }
    }
    Err(&codes::IMAGE_DATA_INVALID)
}

fn webp_header(bytes: &[u8]) -> Option<Header> {
    let (width, height) = foreign_image::webp_size(bytes)?;
    // In the extended form: an ICC profile, or animation.
    let is_extended = bytes.get(12..16) == Some(b"VP8X");
    Some(Header {
        width,
        height,
        is_special: is_extended && bytes.get(20).is_some_and(|flags| flags & 0x22 != 0),
    })
}

fn jpeg_header(bytes: &[u8]) -> Result<Header, &'static Code> {
    let end = &codes::IMAGE_UNEXPECTED_EOS;
    let at = |offset: usize| bytes.get(offset).copied().ok_or(end);
    let mut offset = 2;
    for _ in 0..MAX_HEADER_PARTS {
        if at(offset)? != 0xFF {
            return Err(&codes::IMAGE_DATA_INVALID);
        }
        let marker = at(offset + 1)?;
        if marker == 0xFF {
            offset += 1;
            continue;
        }
        let length = usize::from(at(offset + 2)?) << 8 | usize::from(at(offset + 3)?);
        if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
            let height = u32::from(at(offset + 5)?) << 8 | u32::from(at(offset + 6)?);
            let width = u32::from(at(offset + 7)?) << 8 | u32::from(at(offset + 8)?);
            return Ok(Header {
                width,
                height,
                is_special: false,
            });
        }
        if length < 2 || marker == 0xDA || marker < 0xC0 {
            return Err(&codes::IMAGE_DATA_INVALID);
        }
        offset += 2 + length;
    }
    Err(&codes::IMAGE_DATA_INVALID)
}
