//! Images that are no PNG or JPEG become PNG: those of EXT_texture_webp and MSFT_texture_dds while a file is read, those of
//! KHR_texture_basisu for whoever reads neither (`crate::basis` is for those who draw them as they are).
//! The decoders are foreign ones. They run in the file's worker, once our own reading of the header has said what it costs.

use super::{dds, plain_ktx};
use crate::{
    basis,
    error::SceneError,
    limits::MAX_IMAGE_SIDE,
    source::{budget::Budget, json::Item},
    worker::Decoder,
};
use basisu::{DecodeFlags, TargetFormat, Transcoder};
use image_webp::WebPDecoder;
use std::io::Cursor;

/// What is said of an image whose header is broken, or contradicts the image.
const NO_HEADER: &str = "its header does not say its size";
/// More than a PNG takes beside its pixels.
const SMALLEST_PNG_BYTES: u64 = 4 * 1024;

/// A WebP to a PNG.
pub(crate) const WEBP_DECODER: Decoder = Decoder {
    name: "webp",
    decode: webp_to_png,
};
/// A KTX 2 with Basis Universal to a PNG.
pub(crate) const BASIS_DECODER: Decoder = Decoder {
    name: "basis",
    decode: basis_to_png,
};

/// A DDS to a PNG.
pub(crate) const DDS_DECODER: Decoder = Decoder {
    name: "dds",
    decode: dds_to_png,
};

/// Encodings of images beside PNG and JPEG.
#[derive(Clone, Copy)]
pub(crate) enum ForeignImage {
    /// RFC 9649.
    WebP,
    /// KTX 2 with Basis Universal: ETC1S or UASTC; or with colours as they are.
    Basis,
    /// DirectDraw Surface.
    Dds,
}

impl ForeignImage {
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::WebP)
        } else if bytes.starts_with(basis::MAGIC) {
            Some(Self::Basis)
        } else if dds::is_one(bytes) {
            Some(Self::Dds)
        } else {
            None
        }
    }

    /// True when it is drawn as it is, and so not converted while a file is read.
    pub(crate) fn stays(self, bytes: &[u8]) -> bool {
        matches!(self, Self::Basis) && !plain_ktx::is_plain(bytes)
    }

    /// The image as a PNG, or one line that says why it is none. Of an animation the first picture, of mipmaps the largest.
    ///
    /// # Errors
    /// [`SceneError`] when it is too large, which its header says before anything is decoded.
    pub(crate) fn to_png(
        self,
        item: &Item<'_>,
        bytes: &[u8],
        budget: &Budget,
    ) -> Result<Result<Vec<u8>, String>, SceneError> {
        let Some(size) = self.size(bytes) else {
            return Ok(Err(NO_HEADER.to_owned()));
        };
        let limit = check_size(item, size, bytes.len(), budget)?;
        let decoder = match self {
            Self::WebP => &WEBP_DECODER,
            Self::Basis => &BASIS_DECODER,
            Self::Dds => &DDS_DECODER,
        };
        let png = budget.worker.decode(decoder, &[bytes], limit);
        if let Ok(png) = &png {
            budget.charge(item, png.len() as u64)?;
        }
        Ok(png)
    }

    /// Width and height, from the header.
    pub(crate) fn size(self, bytes: &[u8]) -> Option<(u32, u32)> {
        match self {
            Self::WebP => webp_size(bytes),
            Self::Basis => basis::size(bytes),
            Self::Dds => dds::size(bytes),
        }
    }
}

/// Width and height of a WebP (RFC 9649): simple lossy, simple lossless, or extended.
pub(crate) fn webp_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let byte = |at: usize| bytes.get(at).copied().map(u32::from);
    Some(match bytes.get(12..16)? {
        b"VP8 " => {
            let side = |at: usize| Some((byte(at)? | byte(at + 1)? << 8) & 0x3FFF);
            (side(26)?, side(28)?)
        }
        b"VP8L" => {
            let bits = byte(21)? | byte(22)? << 8 | byte(23)? << 16 | byte(24)? << 24;
            ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        }
        b"VP8X" => {
            let side = |at: usize| Some((byte(at)? | byte(at + 1)? << 8 | byte(at + 2)? << 16) + 1);
            (side(24)?, side(27)?)
        }
        _ => return None,
    })
}

fn webp_to_png(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let read = |error: image_webp::DecodingError| error.to_string();
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(read)?;
    let (width, height) = decoder.dimensions();
    if webp_size(bytes) != Some((width, height)) {
        return Err(NO_HEADER.to_owned());
    }
    decoder.set_memory_limit(pixel_bytes((width, height)) as usize);
    let size = decoder.output_buffer_size().ok_or(NO_HEADER)?;
    let mut pixels = vec![0; size];
    decoder.read_image(&mut pixels).map_err(read)?;
    let color = match decoder.has_alpha() {
        true => png::ColorType::Rgba,
        false => png::ColorType::Rgb,
    };
    write_png(&pixels, width, height, color)
}

fn basis_to_png(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let stated = ForeignImage::Basis.size(bytes);
    if let Some((width, height)) = stated.filter(|_| plain_ktx::is_plain(bytes)) {
        let (pixels, color) = plain_ktx::pixels(bytes)?;
        return write_png(&pixels, width, height, color);
    }
    let texture = Transcoder::new(bytes).map_err(|error| format!("{error:?}"))?;
    let (width, height) = texture.base_dimensions();
    if stated != Some((width, height)) {
        return Err(NO_HEADER.to_owned());
    }
    let pixels = texture
        .transcode(0, TargetFormat::Rgba32, DecodeFlags::NONE)
        .map_err(|error| format!("{error:?}"))?;
    let size = pixel_bytes((width, height)) as usize;
    let pixels = pixels.get(..size).ok_or("it lacks some of its pixels")?;
    write_png(pixels, width, height, png::ColorType::Rgba)
}

fn dds_to_png(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (width, height) = dds::size(bytes).ok_or(NO_HEADER)?;
    let mut pixels = dds::pixels(bytes)?;
    let has_alpha = |pixel: &[u8; 4]| pixel[3] != u8::MAX;
    if pixels.as_chunks().0.iter().any(has_alpha) {
        return write_png(&pixels, width, height, png::ColorType::Rgba);
    }
    let count = pixels.len() / 4;
    for pixel in 0..count {
        pixels.copy_within(pixel * 4..pixel * 4 + 3, pixel * 3);
    }
    pixels.truncate(count * 3);
    write_png(&pixels, width, height, png::ColorType::Rgb)
}

/// Refuses an image for which there is no room while it is converted: as it comes, as pixels, as a PNG, and what holds both
/// for a while. Returns the most bytes of its PNG, which alone stays and is charged.
pub(super) fn check_size(
    item: &Item<'_>,
    size: (u32, u32),
    bytes: usize,
    budget: &Budget,
) -> Result<usize, SceneError> {
    let (width, height) = size;
    if width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE {
        return Err(item.over_limit(format!(
            "the image has {width} x {height} pixels, the limit is {MAX_IMAGE_SIDE} on a side"
        )));
    }
    let pixels = pixel_bytes(size);
    budget.require(item, pixels * 3 + bytes as u64)?;
    // What cannot be compressed is stored, with a byte for each row and the chunks around it.
    Ok((pixels + pixels / 64 + u64::from(height) + SMALLEST_PNG_BYTES) as usize)
}

fn pixel_bytes((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height) * 4
}

fn write_png(
    pixels: &[u8],
    width: u32,
    height: u32,
    color: png::ColorType,
) -> Result<Vec<u8>, String> {
    let written = |error: png::EncodingError| error.to_string();
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, width, height);
    encoder.set_compression(png::Compression::Fastest);
    encoder.set_color(color);
    let mut writer = encoder.write_header().map_err(written)?;
    writer.write_image_data(pixels).map_err(written)?;
    writer.finish().map_err(written)?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::json;

    #[test]
    fn what_an_image_takes_while_it_is_converted_is_given_back() {
        let side = 64;
        let mut webp = Vec::new();
        let pixels = vec![90; (side * side * 3) as usize];
        image_webp::WebPEncoder::new(&mut webp)
            .encode(&pixels, side, side, image_webp::ColorType::Rgb8)
            .unwrap();
        let tree = json::parse(b"{}").unwrap();
        let item = Item::root(&tree);
        let convert = |budget: &Budget| ForeignImage::WebP.to_png(&item, &webp, budget);
        let peak = u64::from(side * side * 4 * 3) + webp.len() as u64;
        assert!(convert(&Budget::of(peak - 1)).is_err());
        // Room for one at a time, and for eight small PNG.
        let budget = Budget::of(peak + 8 * 1024);
        for _ in 0..8 {
            let left = budget.left();
            let png = convert(&budget).unwrap().unwrap();
            assert_eq!(budget.left(), left - png.len());
        }
    }
}
