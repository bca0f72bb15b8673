//! Pictures that are put together: channels that other formats take from several pictures lie in one of glTF.

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageReader, RgbaImage,
    imageops::{FilterType, resize},
};
use std::{io::Cursor, sync::Arc};

/// Most pixels on a side of a picture whose channels come from several: larger ones are made smaller.
const MAX_COMBINED_SIDE: u32 = 4_096;
/// Most pixels that are looked at to put pictures together; what needs more is left out.
const MAX_COMBINED_PIXELS: u64 = 256 * 1024 * 1024;

/// What pictures may still cost.
pub(crate) struct Pixels(u64);

impl Pixels {
    pub(crate) fn new() -> Self {
        Self(MAX_COMBINED_PIXELS)
    }

    /// Counts what is decoded, and what is made of it.
    fn take(&mut self, (width, height): (u32, u32)) -> Option<()> {
        self.0 = self.0.checked_sub(u64::from(width) * u64::from(height))?;
        Some(())
    }

    /// Decodes a picture while there is room.
    fn decode(&mut self, bytes: &[u8]) -> Option<DynamicImage> {
        let reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .ok()?;
        self.take(reader.into_dimensions().ok()?)?;
        image::load_from_memory(bytes).ok()
    }
}

/// How many channels a picture has; `None` when it is none.
pub(crate) fn channels(bytes: &[u8]) -> Option<u8> {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    Some(reader.into_decoder().ok()?.color_type().channel_count())
}

/// One channel of a picture, as it is read.
pub(crate) struct Channel {
    pub(crate) bytes: Arc<[u8]>,
    /// Which one, 0 to 3.
    pub(crate) place: usize,
    /// What its values, 0 to 1, are multiplied with, and what is added then.
    pub(crate) scale: f64,
    pub(crate) bias: f64,
}

impl Channel {
    fn read(&self, pixels: &mut Pixels) -> Option<GrayImage> {
        let image = pixels.decode(&self.bytes)?.into_rgba8();
        let value = |own: u8| {
            (f64::from(own) * self.scale + self.bias * 255.0)
                .round()
                .clamp(0.0, 255.0) as u8
        };
        let (width, height) = image.dimensions();
        let values = image.pixels().map(|pixel| value(pixel.0[self.place]));
        GrayImage::from_raw(width, height, values.collect())
    }
}

/// A PNG of channels, each white where it is not told. `None` when one of them is no picture, or they are too many.
pub(crate) fn combine(channels: [Option<Channel>; 4], pixels: &mut Pixels) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    for channel in channels {
        read.push(match channel {
            Some(channel) => Some(channel.read(pixels)?),
            None => None,
        });
    }
    let sizes = || read.iter().flatten().map(GrayImage::dimensions);
    let most = |own: Option<u32>| own.map(|own| own.min(MAX_COMBINED_SIDE));
    let width = most(sizes().map(|size| size.0).max())?;
    let height = most(sizes().map(|size| size.1).max())?;
    pixels.take((width, height))?;
    let fitting = read.into_iter().map(|own| match own {
        Some(own) if own.dimensions() != (width, height) => {
            Some(resize(&own, width, height, FilterType::Triangle))
        }
        own => own,
    });
    let fitting: Vec<Option<GrayImage>> = fitting.collect();
    let is_opaque = fitting.last().is_none_or(Option::is_none);
    let mut whole = RgbaImage::from_pixel(width, height, image::Rgba([255; 4]));
    for (place, own) in fitting.iter().enumerate() {
        let Some(own) = own else { continue };
        for (pixel, value) in whole.pixels_mut().zip(own.pixels()) {
            pixel.0[place] = value.0[0];
        }
    }
    encode(DynamicImage::ImageRgba8(whole), is_opaque)
}

/// A PNG of the colours of one picture with a channel of another one as its alpha; without colours they are white.
pub(crate) fn with_alpha(
    colors: Option<&[u8]>,
    alpha: &Channel,
    pixels: &mut Pixels,
) -> Option<Vec<u8>> {
    let alpha = alpha.read(pixels)?;
    let colors = match colors {
        Some(colors) => pixels.decode(colors)?.into_rgba8(),
        None => RgbaImage::from_pixel(alpha.width(), alpha.height(), image::Rgba([255; 4])),
    };
    let (width, height) = (
        colors.width().max(alpha.width()).min(MAX_COMBINED_SIDE),
        colors.height().max(alpha.height()).min(MAX_COMBINED_SIDE),
    );
    pixels.take((width, height))?;
    let mut whole = match colors.dimensions() == (width, height) {
        true => colors,
        false => resize(&colors, width, height, FilterType::Triangle),
    };
    let alpha = match alpha.dimensions() == (width, height) {
        true => alpha,
        false => resize(&alpha, width, height, FilterType::Triangle),
    };
    for (pixel, value) in whole.pixels_mut().zip(alpha.pixels()) {
        pixel.0[3] = value.0[0];
    }
    encode(DynamicImage::ImageRgba8(whole), false)
}

fn encode(image: DynamicImage, is_opaque: bool) -> Option<Vec<u8>> {
    let image = match is_opaque {
        true => DynamicImage::ImageRgb8(image.into_rgb8()),
        false => image,
    };
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png).ok()?;
    Some(png.into_inner())
}
