//! EXT_texture_webp: images become PNG, which everything after the gate can read.

use crate::{
    error::SceneError,
    limits::MAX_IMAGE_SIDE,
    source::{budget::Budget, json::Item},
};
use image_webp::WebPDecoder;
use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// True for WebP (RFC 9649).
pub(super) fn is_webp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}

/// The image as a PNG; `None` when it is broken. Of an animation, the first picture.
///
/// # Errors
/// [`SceneError`] when it is too large, which its header says before anything is decoded.
pub(super) fn to_png(
    item: &Item<'_>,
    bytes: &[u8],
    budget: &Budget,
) -> Result<Option<Vec<u8>>, SceneError> {
    let open = || WebPDecoder::new(Cursor::new(bytes)).ok();
    let Some(mut decoder) = guard(open) else {
        return Ok(None);
    };
    let (width, height) = decoder.dimensions();
    if width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE {
        return Err(item.over_limit(format!(
            "the image has {width} x {height} pixels, the limit is {MAX_IMAGE_SIDE} on a side"
        )));
    }
    let channels: u8 = if decoder.has_alpha() { 4 } else { 3 };
    let size = u64::from(width) * u64::from(height) * u64::from(channels);
    // Once as pixels, once as a PNG, and once inside the decoder.
    budget.charge(item, size.saturating_mul(3))?;
    decoder.set_memory_limit(size as usize);
    let decode = || {
        let mut pixels = vec![0; size as usize];
        decoder.read_image(&mut pixels).ok()?;
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, width, height);
        encoder.set_compression(png::Compression::Fastest);
        encoder.set_color(match channels {
            4 => png::ColorType::Rgba,
            _ => png::ColorType::Rgb,
        });
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(&pixels).ok()?;
        writer.finish().ok()?;
        Some(png)
    };
    Ok(guard(decode))
}

/// A fault of the foreign decoder costs the image alone.
fn guard<T>(decode: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decode)).ok().flatten()
}
