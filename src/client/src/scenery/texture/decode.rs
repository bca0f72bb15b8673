//! From a file's bytes to pixels with all their levels, apart: see `scene::worker`.

use super::{Reading, levels};
use image::{DynamicImage, RgbaImage};
use scene::worker::{Decoder, Payload, Worker};
use std::io::Cursor;

/// Most bytes of the pixels of one picture.
const MAX_PIXEL_BYTES: usize = 1024 * 1024 * 1024;
/// Bytes that decoding takes for each pixel at most: of the decoder, as four channels, and the reply.
const DECODING_BYTES: u64 = 16;
/// Bytes of a request before the picture's, and of a reply after its pixels: numbers of 32 bits, little-endian.
const REQUEST_HEAD: usize = 12;
const REPLY_TAIL: usize = 8;

/// A PNG or JPEG to pixels. Of a request the first three numbers are the most pixels on a side, the format (0 is PNG), and the
/// [`Readings`]; its bytes follow. The reply has for each reading four bytes a pixel with all levels, then width and height.
pub(crate) const PICTURE_DECODER: Decoder = Decoder {
    name: "picture",
    decode: decode_here,
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
    /// Four bytes a pixel, all levels, the largest first.
    pub(super) pixels: Vec<u8>,
}

impl Decoded {
    /// What is drawn instead of a picture that cannot be had.
    pub(super) fn white() -> Self {
        Self {
            width: 1,
            height: 1,
            pixels: vec![255; 4],
        }
    }
}

/// Decodes images, at most `max_side` pixels wide, several at once. `made` hears of each image's place and of the picture in
/// each way in which it is read, once and in any order; a picture that cannot be had is white.
pub(super) fn decode_all(
    images: &[(&scene::Image, Readings)],
    max_side: u32,
    worker: &Worker,
    made: &mut dyn FnMut(usize, Reading, Decoded),
) {
    let heads: Vec<_> = images
        .iter()
        .map(|(image, readings)| head(image, *readings, max_side))
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
    let head = head(image, readings, max_side);
    let reply = worker.decode(&PICTURE_DECODER, &[&head, &image.bytes], MAX_PIXEL_BYTES);
    let decoded = pictures(image, reply, readings).pop();
    let Decoded {
        width,
        height,
        mut pixels,
    } = decoded.unwrap_or_else(Decoded::white);
    pixels.truncate(width as usize * height as usize * 4);
    RgbaImage::from_raw(width, height, pixels)
        .unwrap_or_else(|| RgbaImage::from_pixel(1, 1, image::Rgba([255; 4])))
}

fn head(image: &scene::Image, readings: Readings, max_side: u32) -> [u8; REQUEST_HEAD] {
    let is_jpeg = u32::from(image.format == scene::ImageFormat::Jpeg);
    let readings = u32::from(readings.color) | u32::from(readings.numbers) << 1;
    let mut head = [0; REQUEST_HEAD];
    for (bytes, number) in head
        .as_chunks_mut()
        .0
        .iter_mut()
        .zip([max_side, is_jpeg, readings])
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
    let [width, height] = *tail.as_chunks().0 else {
        return None;
    };
    let (width, height) = (u32::from_le_bytes(width), u32::from_le_bytes(height));
    reply.truncate(reply.len() - REPLY_TAIL);
    let is_possible = |side| (1..=scene::limits::MAX_IMAGE_SIDE).contains(&side);
    if !is_possible(width) || !is_possible(height) {
        return None;
    }
    let bytes = usize::try_from(levels::bytes(width, height)).ok()?;
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
            pixels,
        });
    }
    Some(pictures)
}

fn decode_here(request: &[u8]) -> Result<Vec<u8>, String> {
    let (head, bytes) = request
        .split_first_chunk::<REQUEST_HEAD>()
        .ok_or("it is no request")?;
    let [max_side, is_jpeg, readings] = *head.as_chunks().0 else {
        return Err("it is no request".to_owned());
    };
    let (max_side, readings) = (u32::from_le_bytes(max_side), u32::from_le_bytes(readings));
    let readings = Readings {
        color: readings & 1 != 0,
        numbers: readings & 2 != 0,
    };
    let is_jpeg = u32::from_le_bytes(is_jpeg) != 0;
    let plain = if is_jpeg { None } else { read_plain(bytes)? };
    let (mut pixels, mut size) = match plain {
        Some(plain) => plain,
        None => four_channels(read(bytes, is_jpeg)?),
    };
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
    reply.extend(size.0.to_le_bytes());
    reply.extend(size.1.to_le_bytes());
    Ok(reply)
}

/// Bytes of a reply with one picture.
fn room(size: (u32, u32)) -> usize {
    levels::bytes(size.0, size.1) as usize + REPLY_TAIL
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
        let reply = |pixels: usize, width: u32, height: u32| {
            let mut reply = vec![7; pixels];
            reply.extend(width.to_le_bytes());
            reply.extend(height.to_le_bytes());
            reply
        };
        assert!(split(reply(4, 1, 1), 1).is_some());
        for (pixels, width, height) in [(3, 1, 1), (8, 1, 1), (0, 0, 0), (0, 0, 7)] {
            assert!(split(reply(pixels, width, height), 1).is_none());
        }
        assert!(split(reply(4, u32::MAX, u32::MAX), 1).is_none());
        assert!(split(vec![0; 7], 1).is_none());
    }
}
