//! From a file's bytes to pixels with all their levels, apart: see `scene::worker`.

use super::{Reading, forms, levels};
use image::{DynamicImage, RgbaImage};
use scene::{
    basis::{self, PixelForm},
    worker::{Decoder, Payload, Worker},
};
use std::io::Cursor;

/// Most bytes of the pixels of one picture.
const MAX_PIXEL_BYTES: usize = 1024 * 1024 * 1024;
/// Bytes that decoding takes for each pixel at most: of the decoder, as four channels, and the reply.
const DECODING_BYTES: u64 = 16;
/// Bytes of a request before the picture's, and of a reply after its pixels: numbers of 32 bits, little-endian.
const REQUEST_HEAD: usize = 16;
const REPLY_TAIL: usize = 16;
/// Formats in a request.
const PNG: u32 = 0;
const JPEG: u32 = 1;
const BASIS: u32 = 2;

/// A picture to pixels. Of a request the first four numbers are the most pixels on a side, the format, the [`Readings`], and
/// the form in which compressed pictures stay; its bytes follow. The reply has for each reading all levels, then width, height,
/// number of levels and form.
pub(crate) const PICTURE_DECODER: Decoder = Decoder {
    name: "picture",
    decode: decode_here,
    prepare: Some(basis::prepare),
};

/// In which ways a picture is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Readings {
    pub(super) color: bool,
    pub(super) numbers: bool,
}

impl Readings {
    fn each(self) -> impl Iterator<Item = Reading> {
        let color = self.color.then_some(Reading::Color);
        color
            .into_iter()
            .chain(self.numbers.then_some(Reading::Numbers))
    }
}

/// A picture of an image, read in one way.
#[derive(Clone)]
pub(super) struct Decoded {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) level_count: u32,
    pub(super) form: PixelForm,
    /// All levels, the largest first.
    pub(super) pixels: Vec<u8>,
}

impl Decoded {
    /// What is drawn instead of a picture that cannot be had.
    pub(super) fn white() -> Self {
        Self {
            width: 1,
            height: 1,
            level_count: 1,
            form: PixelForm::Rgba8,
            pixels: vec![255; 4],
        }
    }
}

/// Decodes images, at most `max_side` pixels wide, several at once; what is compressed for adapters comes in `form`. `made` hears of each image's place and of the picture in
/// each way in which it is read, once and in any order; a picture that cannot be had is white.
pub(super) fn decode_all(
    images: &[(&scene::Image, Readings)],
    max_side: u32,
    form: PixelForm,
    worker: &Worker,
    made: &mut dyn FnMut(usize, Reading, Decoded),
) {
    let heads: Vec<_> = images
        .iter()
        .map(|(image, readings)| head(image, *readings, max_side, form))
        .collect();
    let payloads: Vec<_> = images
        .iter()
        .zip(&heads)
        .map(|((image, _), head)| Payload {
            parts: vec![head, &image.bytes],
            memory_bytes: image.bytes.len() as u64
                + u64::from(image.width) * u64::from(image.height) * DECODING_BYTES,
        })
        .collect();
    worker.decode_all(
        &PICTURE_DECODER,
        &payloads,
        MAX_PIXEL_BYTES,
        &mut |place, reply| {
            let (image, readings) = images[place];
            let mut pictures = pictures(image, reply, readings);
            for reading in readings.each() {
                made(
                    place,
                    reading,
                    pictures.pop().unwrap_or_else(Decoded::white),
                );
            }
        },
    );
}

/// Pixels of a picture of colours, at most `max_side` wide; white when they cannot be had.
pub(crate) fn decode_picture(image: &scene::Image, max_side: u32, worker: &Worker) -> RgbaImage {
    let readings = Readings {
        color: true,
        numbers: false,
    };
    let head = head(image, readings, max_side, PixelForm::Rgba8);
    let reply = worker.decode(&PICTURE_DECODER, &[&head, &image.bytes], MAX_PIXEL_BYTES);
    let decoded = pictures(image, reply, readings).pop();
    let Decoded {
        width,
        height,
        mut pixels,
        ..
    } = decoded.unwrap_or_else(Decoded::white);
    pixels.truncate(width as usize * height as usize * 4);
    RgbaImage::from_raw(width, height, pixels)
        .unwrap_or_else(|| RgbaImage::from_pixel(1, 1, image::Rgba([255; 4])))
}

fn head(
    image: &scene::Image,
    readings: Readings,
    max_side: u32,
    form: PixelForm,
) -> [u8; REQUEST_HEAD] {
    let format = match image.format {
        scene::ImageFormat::Png => PNG,
        scene::ImageFormat::Jpeg => JPEG,
        scene::ImageFormat::Basis => BASIS,
    };
    let readings = u32::from(readings.color) | u32::from(readings.numbers) << 1;
    let mut head = [0; REQUEST_HEAD];
    for (bytes, number) in
        head.as_chunks_mut()
            .0
            .iter_mut()
            .zip([max_side, format, readings, forms::number(form)])
    {
        *bytes = number.to_le_bytes();
    }
    head
}

/// The pictures of a reply, the last reading first; none when it is a fault.
fn pictures(
    image: &scene::Image,
    reply: Result<Vec<u8>, String>,
    readings: Readings,
) -> Vec<Decoded> {
    if image.bytes.is_empty() {
        return Vec::new();
    }
    let parts = reply.and_then(|reply| {
        split(reply, readings.each().count()).ok_or_else(|| "it lacks pixels".to_owned())
    });
    parts.unwrap_or_else(|fault| {
        tracing::warn!(
            "the image `{}` cannot be decoded and is drawn white: {fault}",
            image.name
        );
        Vec::new()
    })
}

/// So many pictures, the last one first.
fn split(mut reply: Vec<u8>, count: usize) -> Option<Vec<Decoded>> {
    let (_, tail) = reply.split_last_chunk::<REPLY_TAIL>()?;
    let [width, height, level_count, form] = *tail.as_chunks().0 else {
        return None;
    };
    let [width, height, level_count] = [width, height, level_count].map(u32::from_le_bytes);
    let form = forms::of_number(u32::from_le_bytes(form))?;
    reply.truncate(reply.len() - REPLY_TAIL);
    let is_possible = |side| (1..=scene::limits::MAX_IMAGE_SIDE).contains(&side);
    if !is_possible(width) || !is_possible(height) {
        return None;
    }
    if !(1..=levels::count(width, height)).contains(&level_count) || !form.fits(width, height) {
        return None;
    }
    let bytes = usize::try_from(levels::bytes(form, width, height, level_count)).ok()?;
    if bytes.checked_mul(count) != Some(reply.len()) {
        return None;
    }
    let mut pictures = Vec::with_capacity(count);
    for number in (0..count).rev() {
        let pixels = match number {
            0 => std::mem::take(&mut reply),
            _ => reply.split_off(number * bytes),
        };
        pictures.push(Decoded {
            width,
            height,
            level_count,
            form,
            pixels,
        });
    }
    Some(pictures)
}

fn decode_here(request: &[u8]) -> Result<Vec<u8>, String> {
    let (head, bytes) = request
        .split_first_chunk::<REQUEST_HEAD>()
        .ok_or("it is no request")?;
    let [max_side, format, readings, form] = *head.as_chunks().0 else {
        return Err("it is no request".to_owned());
    };
    let [max_side, format, readings, form] =
        [max_side, format, readings, form].map(u32::from_le_bytes);
    let readings = Readings {
        color: readings & 1 != 0,
        numbers: readings & 2 != 0,
    };
    if format == BASIS {
        let form = forms::of_number(form).ok_or("it is no request")?;
        return transcode(bytes, form, max_side, readings);
    }
    let is_jpeg = format == JPEG;
    let plain = if is_jpeg { None } else { read_plain(bytes)? };
    let picture = match plain {
        Some(plain) => plain,
        None => four_channels(read(bytes, is_jpeg)?),
    };
    with_levels(picture, max_side, readings)
}

/// A compressed picture as the adapter reads it, with the levels that it has; of one that lacks them they are made.
fn transcode(
    bytes: &[u8],
    form: PixelForm,
    max_side: u32,
    readings: Readings,
) -> Result<Vec<u8>, String> {
    let mut made = basis::transcode(bytes, form, max_side)?;
    let full = levels::count(made.width, made.height);
    if made.levels == 1 && full > 1 {
        if made.form != PixelForm::Rgba8 {
            made = basis::transcode(bytes, PixelForm::Rgba8, max_side)?;
        }
        return with_levels((made.bytes, (made.width, made.height)), max_side, readings);
    }
    let mut reply = made.bytes;
    if readings.each().count() > 1 {
        reply.extend_from_within(..);
    }
    let form = forms::number(made.form);
    end(&mut reply, [made.width, made.height, made.levels, form]);
    Ok(reply)
}

/// The end of a reply.
fn end(reply: &mut Vec<u8>, numbers: [u32; REPLY_TAIL / 4]) {
    reply.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
}

/// A reply with a picture of four bytes a pixel.
fn with_levels(
    (mut pixels, mut size): (Vec<u8>, (u32, u32)),
    max_side: u32,
    readings: Readings,
) -> Result<Vec<u8>, String> {
    if size.0 == 0 || size.1 == 0 {
        return Err("it has no pixels".to_owned());
    }
    // How it is read decides between a mean of light and one of numbers, and most pictures that are read as colour are nothing else.
    let reading = readings.each().next().unwrap_or(Reading::Color);
    while size.0.max(size.1) / 2 >= max_side.max(1) {
        (pixels, size) = levels::half(&pixels, size, reading);
    }
    if size.0.max(size.1) > max_side.max(1) {
        (pixels, size) = fit(pixels, size, max_side.max(1))?;
    }
    pixels.reserve_exact(room(size).saturating_sub(pixels.len()));
    let mut reply = Vec::new();
    let mut each = readings.each().peekable();
    while let Some(reading) = each.next() {
        let own = if each.peek().is_some() {
            pixels.clone()
        } else {
            std::mem::take(&mut pixels)
        };
        let with_levels = levels::add(own, size.0, size.1, reading);
        if reply.is_empty() {
            reply = with_levels;
        } else {
            reply.extend(with_levels);
        }
    }
    let level_count = levels::count(size.0, size.1);
    let form = forms::number(PixelForm::Rgba8);
    end(&mut reply, [size.0, size.1, level_count, form]);
    Ok(reply)
}

/// Bytes of a reply with one picture.
fn room(size: (u32, u32)) -> usize {
    let levels = levels::count(size.0, size.1);
    levels::bytes(PixelForm::Rgba8, size.0, size.1, levels) as usize + REPLY_TAIL
}

/// A PNG whose decoder gives four bytes a pixel by itself, with room for its levels: nothing is copied. `None` for others.
fn read_plain(bytes: &[u8]) -> Result<Option<(Vec<u8>, (u32, u32))>, String> {
    let fault = |error: png::DecodingError| error.to_string();
    let limits = png::Limits {
        bytes: usize::try_from(scene::limits::MAX_ONE_IMAGE_BYTES).unwrap_or(usize::MAX),
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(fault)?;
    let size = (reader.info().width, reader.info().height);
    let is_plain = reader.output_color_type() == (png::ColorType::Rgba, png::BitDepth::Eight);
    let is_large = size.0.max(size.1) > scene::limits::MAX_IMAGE_SIDE;
    let bytes = reader.output_buffer_size();
    let Some(bytes) = bytes.filter(|_| is_plain && !is_large) else {
        return Ok(None);
    };
    if bytes as u64 > scene::limits::MAX_ONE_IMAGE_BYTES {
        return Ok(None);
    }
    let mut pixels = vec![0; room(size).max(bytes)];
    reader.next_frame(&mut pixels).map_err(fault)?;
    pixels.truncate(bytes);
    Ok(Some((pixels, size)))
}

fn read(bytes: &[u8], is_jpeg: bool) -> Result<DynamicImage, String> {
    let mut reader = image::ImageReader::new(Cursor::new(bytes));
    reader.set_format(if is_jpeg {
        image::ImageFormat::Jpeg
    } else {
        image::ImageFormat::Png
    });
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(scene::limits::MAX_IMAGE_SIDE);
    limits.max_image_height = Some(scene::limits::MAX_IMAGE_SIDE);
    limits.max_alloc = Some(scene::limits::MAX_ONE_IMAGE_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|error| error.to_string())
}

/// Four bytes a pixel, with room for levels where that costs nothing.
fn four_channels(picture: DynamicImage) -> (Vec<u8>, (u32, u32)) {
    let size = (picture.width(), picture.height());
    let pixels = match picture {
        // As most JPEGs are; the general way is slow.
        DynamicImage::ImageRgb8(picture) => {
            let pixels = picture.as_raw().as_chunks::<3>().0;
            let opaque = |&[red, green, blue]: &[u8; 3]| [red, green, blue, 255];
            let mut made = Vec::with_capacity(room(size).div_ceil(4));
            made.extend(pixels.iter().map(opaque));
            made.into_flattened()
        }
        other => other.into_rgba8().into_raw(),
    };
    (pixels, size)
}

/// The picture at most so many pixels wide and high.
fn fit(
    pixels: Vec<u8>,
    (width, height): (u32, u32),
    max_side: u32,
) -> Result<(Vec<u8>, (u32, u32)), String> {
    let picture = RgbaImage::from_raw(width, height, pixels).ok_or("it lacks pixels")?;
    let filter = image::imageops::FilterType::Triangle;
    let picture = DynamicImage::ImageRgba8(picture).resize(max_side, max_side, filter);
    let size = (picture.width(), picture.height());
    Ok((picture.into_rgba8().into_raw(), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(picture: &DynamicImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture
            .write_to(&mut bytes, image::ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    }

    fn described(bytes: Vec<u8>) -> scene::Image {
        scene::Image {
            name: String::new(),
            bytes: bytes.into(),
            format: scene::ImageFormat::Png,
            width: 4,
            height: 4,
        }
    }

    #[test]
    fn pictures_come_in_each_way_in_which_they_are_read() {
        let opaque = image::RgbImage::from_fn(4, 4, |x, _| image::Rgb([255 * (x % 2) as u8; 3]));
        let image = described(png(&opaque.into()));
        let broken = described(vec![1, 2, 3]);
        let both = Readings {
            color: true,
            numbers: true,
        };
        let mut all = Vec::new();
        decode_all(
            &[(&image, both), (&broken, both)],
            8,
            PixelForm::Bc7,
            &Worker::default(),
            &mut |place, reading, decoded| {
                all.push((place, reading, decoded.width, decoded.pixels));
            },
        );
        all.sort();
        let [color, numbers, white, _] = &all[..] else {
            panic!("two pictures are read in two ways");
        };
        assert_eq!((color.1, numbers.1), (Reading::Color, Reading::Numbers));
        assert_eq!(color.3.len(), 4 * (16 + 4 + 1));
        assert_eq!(color.3[..8], [0, 0, 0, 255, 255, 255, 255, 255]);
        // Half of the light, and half of the number.
        assert_eq!((color.3[64], numbers.3[64]), (180, 128));
        assert_eq!((white.0, white.2, &white.3[..]), (1, 1, &[255; 4][..]));
    }

    /// A red picture for adapters, with as many levels as there are sides.
    fn basis(sides: &[usize]) -> scene::Image {
        let level = |side: &usize| ktx::Picture {
            width: *side,
            height: *side,
            pixels: [250, 10, 10, 255].repeat(side * side),
        };
        let levels: Vec<ktx::Picture> = sides.iter().map(level).collect();
        let bytes = ktx::uastc::encode(&levels, ktx::Meaning::Color);
        let side = sides[0] as u32;
        scene::Image {
            format: scene::ImageFormat::Basis,
            width: side,
            height: side,
            ..described(bytes)
        }
    }

    /// Sides, number of levels and form of a picture that may be so large.
    fn drawn(image: &scene::Image, form: PixelForm, max_side: u32) -> (u32, u32, PixelForm) {
        let mut all = Vec::new();
        let readings = Readings {
            color: true,
            numbers: true,
        };
        decode_all(
            &[(image, readings)],
            max_side,
            form,
            &Worker::default(),
            &mut |_, _, decoded| all.push(decoded),
        );
        let [color, numbers] = &all[..] else {
            panic!("a picture is read in two ways");
        };
        assert_eq!(color.pixels, numbers.pixels);
        (color.width, color.level_count, color.form)
    }

    #[test]
    fn compressed_pictures_stay_compressed_with_the_levels_that_they_have() {
        let image = basis(&[16, 8, 4, 2, 1]);
        for form in [PixelForm::Bc7, PixelForm::Astc4x4, PixelForm::Etc2] {
            assert_eq!(drawn(&image, form, 64), (16, 5, form));
            // Of one that is too large the largest levels are left out.
            assert_eq!(drawn(&image, form, 8), (8, 4, form));
            assert_eq!(drawn(&image, form, 9), (8, 4, form));
        }
        assert_eq!(drawn(&image, PixelForm::Rgba8, 8), (8, 4, PixelForm::Rgba8));
    }

    #[test]
    fn what_an_adapter_cannot_take_compressed_becomes_pixels() {
        // Two pixels are no whole block, and mipmaps are made where a file has none.
        let image = basis(&[16, 8, 4, 2, 1]);
        assert_eq!(drawn(&image, PixelForm::Bc7, 2), (2, 2, PixelForm::Rgba8));
        let alone = basis(&[16]);
        assert_eq!(drawn(&alone, PixelForm::Bc7, 64), (16, 5, PixelForm::Rgba8));
        assert_eq!(drawn(&alone, PixelForm::Bc7, 8), (8, 4, PixelForm::Rgba8));
        let picture = decode_picture(&image, 64, &Worker::default());
        assert_eq!(picture.dimensions(), (16, 16));
        assert_eq!(picture.get_pixel(9, 9).0, [250, 10, 10, 255]);
    }

    #[test]
    fn damaged_pictures_for_adapters_are_white_or_whole() {
        let whole = basis(&[16, 8, 4, 2, 1]);
        for place in 0..whole.bytes.len() {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = whole.bytes.to_vec();
                bytes[place] = value;
                let image = scene::Image {
                    bytes: bytes.into(),
                    ..whole.clone()
                };
                let (width, levels, _) = drawn(&image, PixelForm::Bc7, 64);
                assert!((1..=64).contains(&width) && (1..=7).contains(&levels));
            }
        }
    }

    #[test]
    fn large_pictures_become_as_small_as_is_wanted() {
        for (side, max_side, expected) in [(64, 16, 16), (60, 16, 16), (16, 16, 16), (3, 1, 1)] {
            let picture = DynamicImage::new_rgba8(side, side);
            let image = described(png(&picture));
            let decoded = decode_picture(&image, max_side, &Worker::default());
            assert_eq!(decoded.dimensions(), (expected, expected), "{side}");
        }
    }

    #[test]
    fn replies_that_are_no_pictures_are_refused() {
        let reply = |pixels: usize, numbers: [u32; 4]| {
            let mut reply = vec![7; pixels];
            end(&mut reply, numbers);
            split(reply, 1)
        };
        let bc7 = forms::number(PixelForm::Bc7);
        assert!(reply(4, [1, 1, 1, 0]).is_some());
        assert!(reply(16 * 4 * 4 / 3 + 16, [16, 16, 5, 0]).is_none());
        assert!(reply(16 * (4 + 1 + 1), [8, 8, 3, bc7]).is_some());
        for (pixels, numbers) in [
            (3, [1, 1, 1, 0]),
            (8, [1, 1, 1, 0]),
            (8, [1, 1, 2, 0]),
            (0, [1, 1, 0, 0]),
            (0, [0, 0, 1, 0]),
            (0, [0, 7, 1, 0]),
            (4, [1, 1, 1, 9]),
            (16, [2, 2, 1, bc7]),
            (4, [u32::MAX, u32::MAX, 1, 0]),
        ] {
            assert!(reply(pixels, numbers).is_none(), "{numbers:?}");
        }
        assert!(split(vec![0; 7], 1).is_none());
    }
}
