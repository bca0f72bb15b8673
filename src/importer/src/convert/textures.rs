//! Images: within a limit of pixels, in formats that every program reads where that is asked for, and as few bytes as
//! a lossless encoder needs. Files stay as they are unless the result is smaller or the limit demands it.

use super::threads;
use image::{
    DynamicImage, GenericImageView, ImageFormat, codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use scene::writer::{Draft, foreign_image_to_png};
use serde_json::Value;
use std::{io::Cursor, sync::Arc};

/// Quality of JPEG images that are made smaller. Others stay as they are: every new encoding loses a little.
const JPEG_QUALITY: u8 = 88;
/// Pixels of a PNG for which two ways of encoding are tried.
const MOST_PIXELS_TO_TRY_TWICE: u64 = 512 * 512;
/// Level of compression of PNG images, of 9.
const PNG_LEVEL: u8 = 6;

/// What is asked of images.
#[derive(Clone, Copy)]
pub(super) struct Wishes {
    /// Most pixels on a side.
    pub(super) most_pixels: u32,
    /// PNG and JPEG alone.
    pub(super) is_plain: bool,
    /// Threads that work on images.
    pub(super) threads: usize,
}

/// Works on every image. A broken one stays as it is.
///
/// # Errors
/// One line when an image is too large.
pub(super) fn improve(draft: &mut Draft, wishes: Wishes) -> Result<(), String> {
    let places: Vec<usize> = image_places(draft);
    let sources: Vec<Arc<[u8]>> = places
        .iter()
        .filter_map(|place| draft.blobs.get(*place)?.clone())
        .collect();
    if sources.len() != places.len() {
        return Err("an image has no bytes".to_owned());
    }
    let improve = |bytes: &Arc<[u8]>| improve_image(bytes, wishes);
    let results = threads::in_order(&sources, wishes.threads, improve, |_| Ok(None));
    for (place, result) in places.iter().zip(results) {
        if let Some(bytes) = result? {
            draft.blobs[*place] = Some(bytes.into());
        }
    }
    name_types(draft);
    name_plain_sources(draft);
    Ok(())
}

fn image_places(draft: &Draft) -> Vec<usize> {
    let views = draft
        .list("images")
        .iter()
        .map(|image| &image["bufferView"]);
    let mut places: Vec<usize> = views
        .filter_map(|view| view.as_u64().map(|place| place as usize))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// New bytes of an image, or nothing when it stays.
fn improve_image(bytes: &[u8], wishes: Wishes) -> Result<Option<Vec<u8>>, String> {
    let is_foreign = !bytes.starts_with(b"\x89PNG") && !bytes.starts_with(b"\xFF\xD8");
    let as_png = match is_foreign {
        true => foreign_image_to_png(bytes).map_err(|error| error.to_string())?,
        false => None,
    };
    let source = as_png.as_deref().unwrap_or(bytes);
    let reader = image::ImageReader::new(Cursor::new(source)).with_guessed_format();
    let format = reader.as_ref().ok().and_then(image::ImageReader::format);
    if format == Some(ImageFormat::Jpeg) && !is_large_image(source, wishes.most_pixels) {
        return Ok(None);
    }
    let Some(picture) = reader.ok().and_then(|reader| reader.decode().ok()) else {
        return match is_foreign && wishes.is_plain {
            true => Err("one of its images cannot be read, and so not be made a PNG".to_owned()),
            false => Ok(None),
        };
    };
    let (width, height) = picture.dimensions();
    let is_large = width.max(height) > wishes.most_pixels;
    let is_changed = is_large || (wishes.is_plain && is_foreign);
    let picture = match is_large {
        true => resize(&picture, wishes.most_pixels),
        false => picture,
    };
    let encoded = match format {
        Some(ImageFormat::Jpeg) => to_jpeg(&picture),
        _ if is_changed || !is_foreign => to_png(&picture),
        _ => None,
    };
    Ok(encoded.filter(|encoded| is_changed || encoded.len() < bytes.len()))
}

/// What the header says, so that nothing is decoded that stays as it is.
fn is_large_image(bytes: &[u8], most_pixels: u32) -> bool {
    let reader = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let size = reader.ok().and_then(|reader| reader.into_dimensions().ok());
    size.is_some_and(|(width, height)| width.max(height) > most_pixels)
}

/// The longer side becomes `most_pixels`, the shorter one keeps its share of it.
fn resize(picture: &DynamicImage, most_pixels: u32) -> DynamicImage {
    picture.resize(most_pixels, most_pixels, FilterType::CatmullRom)
}

fn to_jpeg(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    let plain = match picture {
        DynamicImage::ImageLuma8(_) => picture.clone(),
        _ => DynamicImage::ImageRgb8(picture.to_rgb8()),
    };
    plain.write_with_encoder(encoder).ok()?;
    Some(bytes)
}

/// A small PNG, without an alpha that hides nothing. Better compression than this takes ten times as long for two percent.
fn to_png(picture: &DynamicImage) -> Option<Vec<u8>> {
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};
    let reduced = reduce(picture);
    let picture = reduced.as_ref().unwrap_or(picture);
    let encode = |filter| {
        let mut bytes = Vec::new();
        let level = CompressionType::Level(PNG_LEVEL);
        let encoder = PngEncoder::new_with_quality(&mut bytes, level, filter);
        picture.write_with_encoder(encoder).ok()?;
        Some(bytes)
    };
    // Photographs want a filter, drawings none; the second attempt takes long.
    let (width, height) = picture.dimensions();
    let is_small = u64::from(width) * u64::from(height) <= MOST_PIXELS_TO_TRY_TWICE;
    let second = is_small.then(|| encode(FilterType::NoFilter)).flatten();
    let both = [encode(FilterType::Adaptive), second];
    both.into_iter().flatten().min_by_key(Vec::len)
}

/// The same pixels in fewer channels.
fn reduce(picture: &DynamicImage) -> Option<DynamicImage> {
    match picture {
        DynamicImage::ImageRgba8(pixels) => {
            let is_opaque = pixels.pixels().all(|pixel| pixel.0[3] == 255);
            is_opaque.then(|| DynamicImage::ImageRgb8(picture.to_rgb8()))
        }
        DynamicImage::ImageLumaA8(pixels) => {
            let is_opaque = pixels.pixels().all(|pixel| pixel.0[1] == 255);
            is_opaque.then(|| DynamicImage::ImageLuma8(picture.to_luma8()))
        }
        _ => None,
    }
}

/// States what each image is now.
fn name_types(draft: &mut Draft) {
    let blobs = draft.blobs.clone();
    for image in draft.list_mut("images") {
        let place = image["bufferView"].as_u64().map(|place| place as usize);
        let bytes = place.and_then(|place| blobs.get(place)?.as_ref());
        let kind = match bytes {
            Some(bytes) if bytes.starts_with(b"\x89PNG") => "image/png",
            Some(bytes) if bytes.starts_with(b"\xFF\xD8") => "image/jpeg",
            _ => continue,
        };
        image["mimeType"] = kind.into();
    }
}

/// Textures name an image that has become PNG or JPEG as core glTF does.
fn name_plain_sources(draft: &mut Draft) {
    let kinds = draft.list("images").iter().map(|image| &image["mimeType"]);
    let is_plain: Vec<bool> = kinds
        .map(|kind| kind == "image/png" || kind == "image/jpeg")
        .collect();
    let textures = draft.list_mut("textures");
    for texture in textures.filter_map(Value::as_object_mut) {
        for name in ["KHR_texture_basisu", "EXT_texture_webp"] {
            let Some(Value::Object(extensions)) = texture.get_mut("extensions") else {
                continue;
            };
            let source = extensions
                .get(name)
                .and_then(|foreign| foreign["source"].as_u64());
            let Some(source) =
                source.filter(|source| is_plain.get(*source as usize) == Some(&true))
            else {
                continue;
            };
            extensions.shift_remove(name);
            if extensions.is_empty() {
                texture.shift_remove("extensions");
            }
            texture.entry("source").or_insert_with(|| source.into());
        }
    }
}
