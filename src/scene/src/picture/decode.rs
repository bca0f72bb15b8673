//! The worker's side: pixels with all their levels from a file's bytes.

use super::{
    BASIS, JPEG, REPLY_TAIL, REQUEST_HEAD, Reading, Readings, form_of,
    levels::{self, Mean},
    number_of,
    resize::{fitting, resize},
};
use crate::{
    basis::{self, PixelForm},
    limits,
};
use image::{DynamicImage, RgbaImage, imageops::FilterType};
use std::io::Cursor;

/// Four bytes a pixel, and how many pixels there are in a row and in a column.
type Pixels = (Vec<u8>, (u32, u32));

pub(super) fn decode_here(request: &[u8]) -> Result<Vec<u8>, String> {
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
        covers: readings & 4 != 0,
    };
    if format == BASIS {
        let form = form_of(form).ok_or("it is no request")?;
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
    let form = number_of(made.form);
    end(&mut reply, [made.width, made.height, made.levels, form]);
    Ok(reply)
}

/// The end of a reply.
pub(super) fn end(reply: &mut Vec<u8>, numbers: [u32; REPLY_TAIL / 4]) {
    reply.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
}

/// A reply with a picture of four bytes a pixel.
fn with_levels(
    (mut pixels, mut size): Pixels,
    max_side: u32,
    readings: Readings,
) -> Result<Vec<u8>, String> {
    if size.0 == 0 || size.1 == 0 {
        return Err("it has no pixels".to_owned());
    }
    // How it is read decides between a mean of light and one of numbers, and most pictures that are read as colour are nothing else.
    let reading = readings.each().next().unwrap_or(Reading::Color);
    let mean = mean(reading, readings);
    while size.0.max(size.1) / 2 >= max_side.max(1) {
        (pixels, size) = levels::half(&pixels, size, mean);
    }
    if size.0.max(size.1) > max_side.max(1) {
        (pixels, size) = fit(pixels, size, max_side.max(1), readings.covers)?;
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
        let with_levels = levels::add(own, size.0, size.1, self::mean(reading, readings));
        if reply.is_empty() {
            reply = with_levels;
        } else {
            reply.extend(with_levels);
        }
    }
    let level_count = levels::count(size.0, size.1);
    let form = number_of(PixelForm::Rgba8);
    end(&mut reply, [size.0, size.1, level_count, form]);
    Ok(reply)
}

fn mean(reading: Reading, readings: Readings) -> Mean {
    match reading {
        Reading::Color if readings.covers => Mean::Cover,
        Reading::Color => Mean::Color,
        Reading::Numbers => Mean::Numbers,
    }
}

/// Bytes of a reply with one picture.
fn room(size: (u32, u32)) -> usize {
    let levels = levels::count(size.0, size.1);
    levels::bytes(PixelForm::Rgba8, size.0, size.1, levels) as usize + REPLY_TAIL
}

/// A PNG whose decoder gives four bytes a pixel by itself, with room for its levels: nothing is copied. `None` for others.
fn read_plain(bytes: &[u8]) -> Result<Option<Pixels>, String> {
    let fault = |error: png::DecodingError| error.to_string();
    let limits = png::Limits {
        bytes: usize::try_from(limits::MAX_ONE_IMAGE_BYTES).unwrap_or(usize::MAX),
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(fault)?;
    let size = (reader.info().width, reader.info().height);
    let is_plain = reader.output_color_type() == (png::ColorType::Rgba, png::BitDepth::Eight);
    let is_large = size.0.max(size.1) > limits::MAX_IMAGE_SIDE;
    let bytes = reader.output_buffer_size();
    let Some(bytes) = bytes.filter(|_| is_plain && !is_large) else {
        return Ok(None);
    };
    if bytes as u64 > limits::MAX_ONE_IMAGE_BYTES {
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
    limits.max_image_width = Some(limits::MAX_IMAGE_SIDE);
    limits.max_image_height = Some(limits::MAX_IMAGE_SIDE);
    limits.max_alloc = Some(limits::MAX_ONE_IMAGE_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|error| error.to_string())
}

/// Four bytes a pixel, with room for levels where that costs nothing.
fn four_channels(picture: DynamicImage) -> Pixels {
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
    covers: bool,
) -> Result<Pixels, String> {
    let picture = RgbaImage::from_raw(width, height, pixels).ok_or("it lacks pixels")?;
    let size = fitting((width, height), max_side);
    let picture = resize(&picture.into(), size, FilterType::Triangle, covers);
    Ok((picture.into_rgba8().into_raw(), size))
}
