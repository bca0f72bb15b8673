//! Pictures as they are drawn: decoded apart, with all their mipmaps, in the form that an adapter reads. This is the asking side, which
//! also turns what needs no foreign decoder; `decode.rs` is what the worker does.

mod decode;
mod levels;
mod resize;

use crate::{
    Image, ImageFormat,
    basis::{self, PixelForm},
    limits::MAX_IMAGE_SIDE,
    threads,
    worker::{Decoder, Payload, Worker},
};
use std::{
    sync::{Mutex, PoisonError},
    thread,
};

pub use resize::{fitting, resize};

/// Most bytes of the pixels of one picture.
const MAX_PIXEL_BYTES: usize = 1024 * 1024 * 1024;
/// Bytes that decoding takes for each pixel, about: of the decoder, as four channels, and the reply. A picture that becomes smaller by
/// less than half takes up to twice as many.
const DECODING_BYTES: u64 = 16;
/// Most threads that turn pictures.
const MAX_TURNING_THREADS: usize = 4;
/// Bytes of a request before the picture's, and of a reply after its pixels: numbers of 32 bits, little-endian.
const REQUEST_HEAD: usize = 16;
const REPLY_TAIL: usize = 16;
/// Formats in a request.
const PNG: u32 = 0;
const JPEG: u32 = 1;
const BASIS: u32 = 2;
/// Forms by their numbers between the two processes.
const FORMS: [PixelForm; 4] = [
    PixelForm::Rgba8,
    PixelForm::Bc7,
    PixelForm::Astc4x4,
    PixelForm::Etc2,
];

/// A picture to pixels, for programs that draw: [`crate::worker::serve_if_asked`] takes it. Of a request the first four numbers are
/// the most pixels on a side, the format, the [`Readings`] as bits, and the form in which compressed pictures stay; its bytes follow. The
/// reply has for each reading all levels, then width, height, number of levels and form.
pub const DECODER: Decoder = Decoder {
    name: "picture",
    decode: decode::decode_here,
};

/// How a picture is read: as colour or as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// sRGB.
    Color,
    /// Linear.
    Numbers,
}

/// In which ways a picture is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// As [`Reading::Color`].
    pub color: bool,
    /// As [`Reading::Numbers`].
    pub numbers: bool,
    /// Of colours there is as much as alpha says, so that mipmaps mix them by it. Not for an image that is read as numbers too.
    pub covers: bool,
}

impl Readings {
    /// Each of them, colour first.
    pub fn each(self) -> impl Iterator<Item = Reading> {
        let color = self.color.then_some(Reading::Color);
        color
            .into_iter()
            .chain(self.numbers.then_some(Reading::Numbers))
    }
}

/// A picture of an image, read in one way.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Pixels in a row of the largest level, at least one.
    pub width: u32,
    /// Rows of the largest level, at least one.
    pub height: u32,
    /// How many levels follow each other, each half as wide and high as the one before.
    pub level_count: u32,
    /// What the levels consist of.
    pub form: PixelForm,
    /// All levels, the largest first.
    pub pixels: Vec<u8>,
}

impl Picture {
    /// One white pixel: what is drawn instead of a picture that cannot be had.
    #[must_use]
    pub fn white() -> Self {
        Self {
            width: 1,
            height: 1,
            level_count: 1,
            form: PixelForm::Rgba8,
            pixels: vec![255; 4],
        }
    }
}

/// Decodes images, at most `max_side` pixels wide and high, several at once; what is compressed for adapters comes in `form` where
/// its size allows it. `made` hears once of each image's place, in any order, with its picture in each way in which it is read, in
/// the order of [`Readings::each`], or one line that says why there is none.
pub fn decode_all(
    images: &[(&Image, Readings)],
    max_side: u32,
    form: PixelForm,
    worker: &Worker,
    made: &mut (dyn FnMut(usize, Result<Vec<Picture>, String>) + Send),
) {
    let (own, foreign): (Vec<usize>, Vec<usize>) =
        (0..images.len()).partition(|place| may_turn(images[*place].0, form));
    let made = Mutex::new(made);
    let tell =
        |place, pictures| made.lock().unwrap_or_else(PoisonError::into_inner)(place, pictures);
    // Gives back what is left to the worker.
    let turn = |&place: &usize| {
        let (image, readings) = images[place];
        let Some(pictures) = turned(image, readings, max_side) else {
            return Some(place);
        };
        tell(place, Ok(pictures));
        None
    };
    let turn_all = || {
        let threads = threads::of_machine(MAX_TURNING_THREADS);
        threads::in_order(&own, threads, turn, |&place| Some(place))
    };
    let left = thread::scope(|scope| {
        // While the worker is at those that it must see, this process is at the others.
        let turning = thread::Builder::new().name("pictures".to_owned());
        let turning = turning.spawn_scoped(scope, turn_all);
        ask(images, &foreign, max_side, form, worker, &tell);
        let left = turning.ok().and_then(|turning| turning.join().ok());
        left.unwrap_or_else(|| own.iter().copied().map(Some).collect())
    });
    let left: Vec<usize> = left.into_iter().flatten().collect();
    ask(images, &left, max_side, form, worker, &tell);
}

/// Asks the worker for some of the images.
fn ask(
    images: &[(&Image, Readings)],
    places: &[usize],
    max_side: u32,
    form: PixelForm,
    worker: &Worker,
    tell: &dyn Fn(usize, Result<Vec<Picture>, String>),
) {
    let asked: Vec<_> = places.iter().map(|place| images[*place]).collect();
    let heads: Vec<_> = asked
        .iter()
        .map(|(image, readings)| head(image, *readings, max_side, form))
        .collect();
    let payloads: Vec<_> = asked
        .iter()
        .zip(&heads)
        .map(|((image, _), head)| Payload {
            parts: vec![head, &image.bytes],
            memory_bytes: image.bytes.len() as u64
                + u64::from(image.width) * u64::from(image.height) * DECODING_BYTES,
        })
        .collect();
    worker.decode_all(&DECODER, &payloads, MAX_PIXEL_BYTES, &mut |at, reply| {
        let (image, readings) = asked[at];
        let pictures = reply.and_then(|reply| split(reply, readings));
        let pictures = pictures.and_then(|pictures| require_stated_size(image, pictures));
        tell(places[at], pictures);
    });
}

/// No foreign decoder has to see an image, as far as one knows without looking into it.
fn may_turn(image: &Image, form: PixelForm) -> bool {
    image.format == ImageFormat::Basis && form == PixelForm::Bc7
}

/// A picture that no foreign decoder has to see.
fn turned(image: &Image, readings: Readings, max_side: u32) -> Option<Vec<Picture>> {
    let turned = basis::turn(&image.bytes, max_side)?;
    let picture = Picture {
        width: turned.width,
        height: turned.height,
        level_count: turned.levels,
        form: turned.form,
        pixels: turned.bytes,
    };
    Some(vec![picture; readings.each().count()])
}

/// Pixels of a picture of colours, at most `max_side` wide and high, of its largest level alone.
///
/// # Errors
/// One line that says why there are none.
pub fn decode_one(image: &Image, max_side: u32, worker: &Worker) -> Result<Picture, String> {
    let readings = Readings {
        color: true,
        ..Readings::default()
    };
    let head = head(image, readings, max_side, PixelForm::Rgba8);
    let reply = worker.decode(&DECODER, &[&head, &image.bytes], MAX_PIXEL_BYTES)?;
    let picture = split(reply, readings)?.pop();
    let mut picture = picture.ok_or("it lacks pixels")?;
    picture.level_count = 1;
    let largest = picture.form.bytes(picture.width, picture.height);
    picture.pixels.truncate(largest as usize);
    Ok(picture)
}

fn head(image: &Image, readings: Readings, max_side: u32, form: PixelForm) -> [u8; REQUEST_HEAD] {
    let format = match image.format {
        ImageFormat::Png => PNG,
        ImageFormat::Jpeg => JPEG,
        ImageFormat::Basis => BASIS,
    };
    let bits = [readings.color, readings.numbers, readings.covers];
    let bits = bits.map(u32::from);
    let readings = bits[0] | bits[1] << 1 | bits[2] << 2;
    let mut head = [0; REQUEST_HEAD];
    for (bytes, number) in
        head.as_chunks_mut()
            .0
            .iter_mut()
            .zip([max_side, format, readings, number_of(form)])
    {
        *bytes = number.to_le_bytes();
    }
    head
}

/// Limits are kept by what headers say, and a decoder may read another one than our own code has found.
fn require_stated_size(image: &Image, pictures: Vec<Picture>) -> Result<Vec<Picture>, String> {
    let fits = |own: &Picture| own.width <= image.width && own.height <= image.height;
    match pictures.iter().all(fits) {
        true => Ok(pictures),
        false => Err("it is larger than its header says".to_owned()),
    }
}

/// The pictures of a reply.
fn split(mut reply: Vec<u8>, readings: Readings) -> Result<Vec<Picture>, String> {
    let count = readings.each().count();
    let (width, height, level_count, form) = tail(&reply, count).ok_or("it lacks pixels")?;
    reply.truncate(reply.len() - REPLY_TAIL);
    let bytes = reply.len() / count.max(1);
    let mut pictures: Vec<_> = (0..count)
        .rev()
        .map(|number| Picture {
            width,
            height,
            level_count,
            form,
            pixels: match number {
                0 => std::mem::take(&mut reply),
                _ => reply.split_off(number * bytes),
            },
        })
        .collect();
    pictures.reverse();
    Ok(pictures)
}

/// Width, height, number of levels and form of a reply that has them and so many pictures of them.
fn tail(reply: &[u8], count: usize) -> Option<(u32, u32, u32, PixelForm)> {
    let (pixels, tail) = reply.split_last_chunk::<REPLY_TAIL>()?;
    let [width, height, level_count, form] = *tail.as_chunks().0 else {
        return None;
    };
    let [width, height, level_count] = [width, height, level_count].map(u32::from_le_bytes);
    let form = form_of(u32::from_le_bytes(form))?;
    let is_possible = |side| (1..=MAX_IMAGE_SIDE).contains(&side);
    if !is_possible(width) || !is_possible(height) {
        return None;
    }
    if !(1..=levels::count(width, height)).contains(&level_count) || !form.fits(width, height) {
        return None;
    }
    let bytes = usize::try_from(levels::bytes(form, width, height, level_count)).ok()?;
    let is_whole = bytes.checked_mul(count) == Some(pixels.len());
    is_whole.then_some((width, height, level_count, form))
}

fn number_of(form: PixelForm) -> u32 {
    let place = FORMS.iter().position(|own| *own == form);
    place.unwrap_or_default() as u32
}

fn form_of(number: u32) -> Option<PixelForm> {
    FORMS.get(number as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::DynamicImage;
    use std::io::Cursor;

    fn png(picture: &DynamicImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture
            .write_to(&mut bytes, image::ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    }

    fn described(bytes: Vec<u8>) -> Image {
        Image {
            name: String::new(),
            bytes: bytes.into(),
            format: ImageFormat::Png,
            width: 4,
            height: 4,
        }
    }

    #[test]
    fn pictures_come_in_each_way_in_which_they_are_read() {
        let opaque = image::RgbImage::from_fn(4, 4, |x, _| image::Rgb([255 * (x % 2) as u8; 3]));
        let image = described(png(&opaque.into()));
        let broken = described(vec![1, 2, 3]);
        let larger = Image {
            width: 3,
            ..image.clone()
        };
        let both = Readings {
            color: true,
            numbers: true,
            ..Readings::default()
        };
        let mut all = vec![Vec::new(); 3];
        let mut faults = 0;
        decode_all(
            &[(&image, both), (&broken, both), (&larger, both)],
            8,
            PixelForm::Bc7,
            &Worker::default(),
            &mut |place, pictures| match pictures {
                Ok(pictures) => all[place].extend(pictures),
                Err(_) => faults += 1,
            },
        );
        let [color, numbers] = &all[0][..] else {
            panic!("a picture is read in two ways");
        };
        assert_eq!((all[1].len(), all[2].len(), faults), (0, 0, 2));
        assert_eq!(color.pixels.len(), 4 * (16 + 4 + 1));
        assert_eq!(color.pixels[..8], [0, 0, 0, 255, 255, 255, 255, 255]);
        // Half of the light, and half of the number.
        assert_eq!((color.pixels[64], numbers.pixels[64]), (180, 128));
    }

    #[test]
    fn colours_that_cover_are_mixed_by_their_alpha() {
        let leaf = image::RgbaImage::from_fn(4, 4, |x, _| match x % 2 {
            0 => image::Rgba([10, 200, 30, 255]),
            _ => image::Rgba([255, 0, 255, 0]),
        });
        let image = described(png(&leaf.into()));
        let seen = |covers: bool, max_side: u32| {
            let readings = Readings {
                color: true,
                covers,
                ..Readings::default()
            };
            let mut all = Vec::new();
            let worker = Worker::default();
            let form = PixelForm::Rgba8;
            decode_all(
                &[(&image, readings)],
                max_side,
                form,
                &worker,
                &mut |_, made| {
                    all.extend(made.unwrap());
                },
            );
            all.remove(0)
        };
        // The second level, the first of a picture of half the size, and one of another size.
        assert_eq!(seen(true, 4).pixels[64..68], [10, 200, 30, 128]);
        assert_eq!(seen(true, 2).pixels[..4], [10, 200, 30, 128]);
        let other = seen(true, 3);
        let colors = other.pixels[..4 * 9].chunks(4).filter(|pixel| pixel[3] > 0);
        assert_eq!(other.width, 3);
        for color in colors {
            assert!(color[0] <= 11 && color[2] <= 31, "{color:?}");
        }
        for max_side in [4, 3, 2] {
            let plain = seen(false, max_side).pixels;
            assert!(plain.chunks(4).any(|pixel| pixel[0] > 60 && pixel[3] > 60));
        }
    }

    /// A red picture for adapters, with as many levels as there are sides.
    fn basis(sides: &[usize]) -> Image {
        let level = |side: &usize| ktx::Picture {
            width: *side,
            height: *side,
            pixels: [250, 10, 10, 255].repeat(side * side),
        };
        let levels: Vec<ktx::Picture> = sides.iter().map(level).collect();
        let bytes = ktx::uastc::encode(&levels, ktx::Meaning::Color);
        let side = sides[0] as u32;
        Image {
            format: ImageFormat::Basis,
            width: side,
            height: side,
            ..described(bytes)
        }
    }

    /// Sides, number of levels and form of a picture that may be so large; none when it is broken.
    fn drawn(image: &Image, form: PixelForm, max_side: u32) -> Option<(u32, u32, PixelForm)> {
        let mut all = Vec::new();
        let readings = Readings {
            color: true,
            numbers: true,
            ..Readings::default()
        };
        decode_all(
            &[(image, readings)],
            max_side,
            form,
            &Worker::default(),
            &mut |_, pictures| all.push(pictures),
        );
        let pictures = all.pop()?.ok()?;
        let [color, numbers] = &pictures[..] else {
            panic!("a picture is read in two ways");
        };
        assert_eq!(color.pixels, numbers.pixels);
        Some((color.width, color.level_count, color.form))
    }

    #[test]
    fn compressed_pictures_stay_compressed_with_the_levels_that_they_have() {
        let image = basis(&[16, 8, 4, 2, 1]);
        for form in [PixelForm::Bc7, PixelForm::Astc4x4, PixelForm::Etc2] {
            assert_eq!(drawn(&image, form, 64), Some((16, 5, form)));
            // Of one that is too large the largest levels are left out.
            assert_eq!(drawn(&image, form, 8), Some((8, 4, form)));
            assert_eq!(drawn(&image, form, 9), Some((8, 4, form)));
        }
        let plain = PixelForm::Rgba8;
        assert_eq!(drawn(&image, plain, 8), Some((8, 4, plain)));
    }

    #[test]
    fn what_an_adapter_cannot_take_compressed_becomes_pixels() {
        // Two pixels are no whole block, and mipmaps are made where a file has none.
        let image = basis(&[16, 8, 4, 2, 1]);
        let plain = PixelForm::Rgba8;
        assert_eq!(drawn(&image, PixelForm::Bc7, 2), Some((2, 2, plain)));
        let alone = basis(&[16]);
        assert_eq!(drawn(&alone, PixelForm::Bc7, 64), Some((16, 5, plain)));
        assert_eq!(drawn(&alone, PixelForm::Bc7, 8), Some((8, 4, plain)));
        let picture = decode_one(&image, 64, &Worker::default()).unwrap();
        assert_eq!((picture.width, picture.height), (16, 16));
        assert_eq!(picture.pixels, [250, 10, 10, 255].repeat(16 * 16));
    }

    #[test]
    fn damaged_pictures_for_adapters_are_refused_or_whole() {
        let whole = basis(&[16, 8, 4, 2, 1]);
        for place in 0..whole.bytes.len() {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = whole.bytes.to_vec();
                bytes[place] = value;
                let image = Image {
                    bytes: bytes.into(),
                    ..whole.clone()
                };
                if let Some((width, levels, _)) = drawn(&image, PixelForm::Bc7, 64) {
                    assert!((1..=64).contains(&width) && (1..=7).contains(&levels));
                }
            }
        }
    }

    #[test]
    fn large_pictures_become_as_small_as_is_wanted() {
        for (side, max_side, expected) in [(64, 16, 16), (60, 16, 16), (16, 16, 16), (3, 1, 1)] {
            let picture = DynamicImage::new_rgba8(side, side);
            let image = described(png(&picture));
            let decoded = decode_one(&image, max_side, &Worker::default()).unwrap();
            let size = (decoded.width, decoded.height);
            assert_eq!(size, (expected, expected), "{side}");
        }
    }

    #[test]
    fn replies_that_are_no_pictures_are_refused() {
        let once = Readings {
            color: true,
            numbers: false,
            ..Readings::default()
        };
        let reply = |pixels: usize, numbers: [u32; 4]| {
            let mut reply = vec![7; pixels];
            decode::end(&mut reply, numbers);
            split(reply, once).ok()
        };
        let bc7 = number_of(PixelForm::Bc7);
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
        assert!(split(vec![0; 7], once).is_err());
    }
}
