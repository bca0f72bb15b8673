//! Images: within a limit of pixels, and as adapters take them, or in formats that every program reads where that is asked for.
//! What is neither stays as it is, unless a lossless encoder needs fewer bytes or the limit demands it.

use super::{compressed, meanings};
use image::{
    DynamicImage, GenericImageView, ImageFormat, codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use ktx::Meaning;
use scene::{
    picture, threads,
    writer::{Draft, foreign_image_to_png},
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
    sync::Arc,
};

/// What a KTX 2 begins with.
const KTX2: &[u8] = b"\xABKTX 20\xBB";
/// Where a texture names its image: itself, or an extension.
const SOURCE: &str = "source";
const BASIS: &str = "KHR_texture_basisu";
const WEBP: &str = "EXT_texture_webp";
const DDS: &str = "MSFT_texture_dds";
/// Quality of JPEG images that are made smaller. Others stay as they are: every new encoding loses a little.
const JPEG_QUALITY: u8 = 88;
/// Pixels of a PNG for which two ways of encoding are tried.
const MOST_PIXELS_TO_TRY_TWICE: u64 = 512 * 512;
/// Level of compression of PNG images, of 9.
const PNG_LEVEL: u8 = 6;

/// Most pixels of all images together that are encoded for adapters, so that there is time for it; further ones stay PNG or JPEG.
const MOST_PIXELS_TO_COMPRESS: u64 = 64 * 1024 * 1024;
/// Memory that encoding an image for adapters takes of each of its pixels, that making it smaller takes of each of the source's, and
/// that all images take which are worked on at once.
const BYTES_PER_PIXEL: u64 = 64;
const SOURCE_BYTES_PER_PIXEL: u64 = 16;
const MOST_ENCODING_BYTES: u64 = 1024 * 1024 * 1024;
/// Bytes that images for adapters may take more than as PNG and JPEG, all together: a share of those, and a little beside it.
const MOST_MORE_PERCENT: usize = 5;
const MOST_MORE_BYTES: usize = 8 * 1024;

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

/// An image as it comes.
struct Task {
    bytes: Arc<[u8]>,
    /// What it is known to mean.
    meaning: Option<Meaning>,
    /// It is encoded for adapters as well.
    is_for_adapters: bool,
}

/// Works on every image. A broken one stays as it is.
///
/// # Errors
/// One line when an image is too large.
pub(super) fn improve(draft: &mut Draft, wishes: Wishes) -> Result<(), String> {
    let second = match draft.may_replace_arrays() {
        true => leave_out_second_choices(draft),
        false => BTreeSet::new(),
    };
    let places: Vec<usize> = image_places(draft, &second);
    let sources: Vec<Arc<[u8]>> = places
        .iter()
        .filter_map(|place| draft.blobs.get(*place)?.clone())
        .collect();
    if sources.len() != places.len() {
        return Err("an image has no bytes".to_owned());
    }
    let mut left = MOST_PIXELS_TO_COMPRESS;
    // Where something unknown may read an image, it stays what it is.
    let (meanings, wishes) = match draft.may_replace_arrays() {
        true => (meanings(draft), wishes),
        false => {
            let most_pixels = u32::MAX;
            (
                BTreeMap::new(),
                Wishes {
                    most_pixels,
                    ..wishes
                },
            )
        }
    };
    let tasks: Vec<Task> = places
        .iter()
        .zip(sources)
        .map(|(place, bytes)| {
            let meaning = meanings.get(place).copied();
            Task {
                is_for_adapters: meaning.is_some()
                    && !wishes.is_plain
                    && take_pixels(&mut left, &bytes, wishes.most_pixels),
                meaning,
                bytes,
            }
        })
        .collect();
    let all_bytes = most_bytes(tasks.iter().map(|task| task.bytes.len()).sum());
    let improve = |task: &Task| improve_image(task, all_bytes, wishes);
    let lost = |_: &Task| Ok(Improved::default());
    let encoding = sizes_to_compress(&tasks, wishes.most_pixels).map(|own| own * BYTES_PER_PIXEL);
    let decoding = (tasks.iter())
        .filter_map(|task| pixels(&task.bytes, u32::MAX))
        .map(|own| own * SOURCE_BYTES_PER_PIXEL);
    let largest = encoding.chain(decoding).max().unwrap_or(0);
    let at_once = MOST_ENCODING_BYTES / largest.max(1);
    let threads = wishes.threads.min(at_once.max(1) as usize);
    let results = threads::in_order(&tasks, threads, improve, lost);
    let mut improved = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    let sizes: Vec<usize> = tasks.iter().map(|task| task.bytes.len()).collect();
    keep_small(&mut improved, &sizes);
    for (place, improved) in places.iter().zip(improved) {
        if let Some(bytes) = improved.compressed.or(improved.plain) {
            draft.blobs[*place] = Some(bytes.into());
        }
    }
    name_types(draft);
    name_sources(draft);
    Ok(())
}

/// New bytes of an image, as far as there are any.
#[derive(Default)]
struct Improved {
    /// As PNG or JPEG.
    plain: Option<Vec<u8>>,
    /// As adapters take it.
    compressed: Option<Vec<u8>>,
}

/// The meanings of images by the places of their bytes; those that share their bytes must agree, but for what their alpha means.
fn meanings(draft: &Draft) -> BTreeMap<usize, Meaning> {
    let by_image = meanings::of_images(draft);
    let mut all: BTreeMap<usize, Option<Meaning>> = BTreeMap::new();
    for (number, image) in draft.list("images").iter().enumerate() {
        let meaning = by_image.get(&number).copied();
        if let Some(place) = image["bufferView"].as_u64() {
            let known = all.entry(place as usize).or_insert(meaning);
            *known = known.zip(meaning).and_then(|(one, two)| one.and(two));
        }
    }
    let known = all.into_iter();
    known
        .filter_map(|(place, meaning)| Some((place, meaning?)))
        .collect()
}

/// Pixels of an image once it is as small as it must be.
fn pixels(bytes: &[u8], most_pixels: u32) -> Option<u64> {
    let (width, height) = size(bytes)?;
    let side = width.max(height).max(1);
    let share = f64::from(most_pixels.min(side)) / f64::from(side);
    Some((f64::from(width) * f64::from(height) * share * share) as u64)
}

/// Pixels of each image that is encoded for adapters.
fn sizes_to_compress(tasks: &[Task], most_pixels: u32) -> impl Iterator<Item = u64> {
    let tasks = tasks.iter().filter(|task| task.is_for_adapters);
    tasks.filter_map(move |task| pixels(&task.bytes, most_pixels))
}

/// True when an image is still among those that are encoded for adapters.
fn take_pixels(left: &mut u64, bytes: &[u8], most_pixels: u32) -> bool {
    let size = pixels(bytes, most_pixels);
    let size = size.filter(|pixels| pixels * BYTES_PER_PIXEL <= MOST_ENCODING_BYTES);
    let rest = size.and_then(|pixels| left.checked_sub(pixels));
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

/// What images may take together that take `plain` as PNG and JPEG.
fn most_bytes(plain: usize) -> usize {
    plain + plain / 100 * MOST_MORE_PERCENT + MOST_MORE_BYTES
}

/// Leaves images PNG or JPEG, those first that would grow most, until all together are no larger than they may be.
fn keep_small(improved: &mut [Improved], sizes: &[usize]) {
    let plain = |place: usize, improved: &[Improved]| {
        improved[place]
            .plain
            .as_ref()
            .map_or(sizes[place], Vec::len)
    };
    let all: usize = (0..sizes.len()).map(|place| plain(place, improved)).sum();
    let most = most_bytes(all);
    loop {
        let growth = |place: usize| {
            let compressed = improved[place].compressed.as_ref()?;
            Some(compressed.len() as i64 - plain(place, improved) as i64)
        };
        let places = (0..sizes.len()).filter_map(|place| Some((growth(place)?, place)));
        let growths: Vec<(i64, usize)> = places.collect();
        let sum: i64 = growths.iter().map(|(growth, _)| growth).sum();
        let Some((_, largest)) = growths
            .into_iter()
            .max()
            .filter(|_| all as i64 + sum > most as i64)
        else {
            return;
        };
        improved[largest].compressed = None;
    }
}

/// What a texture shows stands at itself; what it names beside that, for programs that read more, is left out. Returns the images that no
/// texture names any more.
fn leave_out_second_choices(draft: &mut Draft) -> BTreeSet<usize> {
    let source = |own: &Value| own[SOURCE].as_u64().map(|source| source as usize);
    let mut left_out = BTreeSet::new();
    for texture in draft.list_mut("textures") {
        if source(texture).is_none() {
            continue;
        }
        for name in [WEBP, DDS] {
            left_out.extend(source(&texture["extensions"][name]));
            if let Some(texture) = texture.as_object_mut() {
                remove_source(texture, name);
            }
        }
    }
    for texture in draft.list("textures") {
        let extensions = &texture["extensions"];
        let named = [
            texture,
            &extensions[BASIS],
            &extensions[WEBP],
            &extensions[DDS],
        ];
        for named in named.into_iter().filter_map(source) {
            left_out.remove(&named);
        }
    }
    left_out
}

/// Where the bytes of images are, but of those that are left out.
fn image_places(draft: &Draft, left_out: &BTreeSet<usize>) -> Vec<usize> {
    let images = draft.list("images").iter().enumerate();
    let images = images.filter(|(image, _)| !left_out.contains(image));
    let views = images.map(|(_, image)| &image["bufferView"]);
    let mut places: Vec<usize> = views
        .filter_map(|view| view.as_u64().map(|place| place as usize))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// New bytes of an image; for adapters in no more than `most_bytes`.
fn improve_image(task: &Task, most_bytes: usize, wishes: Wishes) -> Result<Improved, String> {
    let bytes = &*task.bytes;
    let is_foreign = !bytes.starts_with(b"\x89PNG") && !bytes.starts_with(b"\xFF\xD8");
    // What is too large to be converted stays as well; the gate has passed it, so that nothing shows it.
    let as_png = (is_foreign.then(|| foreign_image_to_png(bytes).ok().flatten())).flatten();
    let source = as_png.as_deref().unwrap_or(bytes);
    let reader = image::ImageReader::new(Cursor::new(source)).with_guessed_format();
    let known = [ImageFormat::Png, ImageFormat::Jpeg].map(Some);
    let reader = (reader.ok()).filter(|reader| known.contains(&reader.format()));
    let format = reader.as_ref().and_then(image::ImageReader::format);
    let is_small_jpeg =
        format == Some(ImageFormat::Jpeg) && !is_large_image(source, wishes.most_pixels);
    if is_small_jpeg && !task.is_for_adapters {
        return Ok(Improved::default());
    }
    let Some(picture) = reader.and_then(|reader| reader.decode().ok()) else {
        return match is_foreign && wishes.is_plain {
            true => Err("one of its images cannot be read, and so not be made a PNG".to_owned()),
            false => Ok(Improved::default()),
        };
    };
    let (width, height) = picture.dimensions();
    let is_large = width.max(height) > wishes.most_pixels;
    // Hardly any program reads a DDS.
    let is_changed = is_large || (is_foreign && (wishes.is_plain || bytes.starts_with(b"DDS ")));
    let picture = match is_large {
        true => {
            let size = picture::fitting((width, height), wishes.most_pixels);
            let covers = task.meaning == Some(Meaning::Cover);
            picture::resize(&picture, size, FilterType::CatmullRom, covers)
        }
        false => picture,
    };
    let is_compressed = bytes.starts_with(KTX2) && !is_large;
    let meaning = task
        .meaning
        .filter(|_| task.is_for_adapters && !is_compressed);
    let encoded = match format {
        _ if is_small_jpeg => None,
        Some(ImageFormat::Jpeg) => to_jpeg(&picture),
        _ if is_changed || !is_foreign => to_png(&picture),
        _ => None,
    };
    Ok(Improved {
        plain: encoded.filter(|encoded| is_changed || encoded.len() < bytes.len()),
        compressed: meaning.and_then(|meaning| compressed::encode(&picture, meaning, most_bytes)),
    })
}

/// Width and height, of images of every format that is read.
fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let known = reader.ok().and_then(|reader| reader.into_dimensions().ok());
    known.or_else(|| scene::writer::foreign_image_size(bytes))
}

/// What the header says, so that nothing is decoded that stays as it is.
fn is_large_image(bytes: &[u8], most_pixels: u32) -> bool {
    size(bytes).is_some_and(|(width, height)| width.max(height) > most_pixels)
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
            Some(bytes) if bytes.starts_with(KTX2) => "image/ktx2",
            _ => continue,
        };
        image["mimeType"] = kind.into();
    }
}

/// Textures name their image as core glTF does, or by the extension for it.
fn name_sources(draft: &mut Draft) {
    let kinds = draft.list("images").iter().map(|image| &image["mimeType"]);
    let named_by: Vec<Option<&'static str>> = kinds
        .map(|kind| match kind.as_str() {
            Some("image/png" | "image/jpeg") => Some(SOURCE),
            Some("image/ktx2") => Some(BASIS),
            _ => None,
        })
        .collect();
    let textures = draft.list_mut("textures");
    for texture in textures.filter_map(Value::as_object_mut) {
        for name in [SOURCE, BASIS, WEBP, DDS] {
            let named = match name {
                SOURCE => texture.get(SOURCE),
                _ => texture
                    .get("extensions")
                    .and_then(|all| all[name].get(SOURCE)),
            };
            let source = named.and_then(Value::as_u64).map(|source| source as usize);
            let kind = source.and_then(|source| *named_by.get(source)?);
            let (Some(source), Some(kind)) = (source, kind.filter(|kind| *kind != name)) else {
                continue;
            };
            remove_source(texture, name);
            if kind == SOURCE {
                texture.entry(SOURCE).or_insert_with(|| source.into());
            } else {
                let extensions = texture.entry("extensions").or_insert_with(|| json!({}));
                extensions[BASIS] = json!({ SOURCE: source });
                // Readers may choose either; this one is what was made for them.
                remove_source(texture, WEBP);
                remove_source(texture, DDS);
            }
        }
    }
}

fn remove_source(texture: &mut Map<String, Value>, name: &str) {
    if name == SOURCE {
        texture.shift_remove(SOURCE);
    } else if let Some(Value::Object(extensions)) = texture.get_mut("extensions") {
        extensions.shift_remove(name);
        if extensions.is_empty() {
            texture.shift_remove("extensions");
        }
    }
}
