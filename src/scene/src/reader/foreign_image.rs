//! EXT_texture_webp and KHR_texture_basisu: images become PNG, which everything after the gate can read.
//! The decoders are foreign ones; what they take is limited, and a fault of their own costs the image alone.

use crate::{
    error::SceneError,
    limits::MAX_IMAGE_SIDE,
    source::{budget::Budget, json::Item},
};
use basisu::{DecodeFlags, TargetFormat, Transcoder};
use image_webp::WebPDecoder;
use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

const KTX2_MAGIC: &[u8] = b"\xABKTX 20\xBB\r\n\x1A\n";

/// Encodings of images beside PNG and JPEG.
#[derive(Clone, Copy)]
pub(crate) enum ForeignImage {
    /// RFC 9649.
    WebP,
    /// KTX 2 with Basis Universal: ETC1S or UASTC.
    Basis,
}

impl ForeignImage {
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::WebP)
        } else if bytes.starts_with(KTX2_MAGIC) {
            Some(Self::Basis)
        } else {
            None
        }
    }

    /// The image as a PNG; `None` when it is broken. Of an animation the first picture, of mipmaps the largest.
    ///
    /// # Errors
    /// [`SceneError`] when it is too large, which its header says before anything is decoded.
    pub(crate) fn to_png(
        self,
        item: &Item<'_>,
        bytes: &[u8],
        budget: &Budget,
    ) -> Result<Option<Vec<u8>>, SceneError> {
        budget.charge(item, bytes.len() as u64)?;
        match self {
            Self::WebP => webp_to_png(item, bytes, budget),
            Self::Basis => basis_to_png(item, bytes, budget),
        }
    }
}

fn webp_to_png(
    item: &Item<'_>,
    bytes: &[u8],
    budget: &Budget,
) -> Result<Option<Vec<u8>>, SceneError> {
    let Some(mut decoder) = guard(|| WebPDecoder::new(Cursor::new(bytes)).ok()) else {
        return Ok(None);
    };
    let has_alpha = decoder.has_alpha();
    let size = charge(item, decoder.dimensions(), budget)?;
    let (width, height) = decoder.dimensions();
    decoder.set_memory_limit(size);
    Ok(guard(|| {
        let mut pixels = vec![0; decoder.output_buffer_size()?];
        decoder.read_image(&mut pixels).ok()?;
        let color = match has_alpha {
            true => png::ColorType::Rgba,
            false => png::ColorType::Rgb,
        };
        write_png(&pixels, width, height, color)
    }))
}

fn basis_to_png(
    item: &Item<'_>,
    bytes: &[u8],
    budget: &Budget,
) -> Result<Option<Vec<u8>>, SceneError> {
    // Width and height stand at fixed places of the header.
    let word = |at: usize| {
        let own = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes([own[0], own[1], own[2], own[3]]))
    };
    let Some((width, height)) = word(20).zip(word(24)) else {
        return Ok(None);
    };
    charge(item, (width, height), budget)?;
    Ok(guard(|| {
        let texture = Transcoder::new(bytes).ok()?;
        if texture.base_dimensions() != (width, height) {
            return None;
        }
        let pixels = texture
            .transcode(0, TargetFormat::Rgba32, DecodeFlags::NONE)
            .ok()?;
        let size = width as usize * height as usize * 4;
        write_png(pixels.get(..size)?, width, height, png::ColorType::Rgba)
    }))
}

/// Takes memory for an image: as pixels, as a PNG, and inside its decoder. Returns the bytes of its pixels.
fn charge(
    item: &Item<'_>,
    (width, height): (u32, u32),
    budget: &Budget,
) -> Result<usize, SceneError> {
    if width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE {
        return Err(item.over_limit(format!(
            "the image has {width} x {height} pixels, the limit is {MAX_IMAGE_SIDE} on a side"
        )));
    }
    let size = u64::from(width) * u64::from(height) * 4;
    budget.charge(item, size * 3)?;
    Ok(size as usize)
}

fn write_png(pixels: &[u8], width: u32, height: u32, color: png::ColorType) -> Option<Vec<u8>> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, width, height);
    encoder.set_compression(png::Compression::Fastest);
    encoder.set_color(color);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(png)
}

fn guard<T>(decode: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decode)).ok().flatten()
}
