//! Pictures that models name, as glTF takes them.

use image::{ColorType, DynamicImage, ImageFormat, ImageReader, Limits};
use scene::{
    limits::{MAX_IMAGE_SIDE, MAX_ONE_IMAGE_BYTES},
    worker::{Decoder, Worker},
    writer::{foreign_image_size, foreign_image_to_png},
};
use std::io::Cursor;

/// Decoders of what becomes a PNG. They are foreign ones and run in the worker of `convert`, where their panics cost one picture.
const BMP: Decoder = Decoder {
    name: "bmp",
    decode: |bytes| to_png(bytes, ImageFormat::Bmp),
};
const TIFF: Decoder = Decoder {
    name: "tiff",
    decode: |bytes| match is_packed_as_jpeg(bytes) {
        // The library bounds all ways of packing but this one.
        Some(false) => to_png(bytes, ImageFormat::Tiff),
        Some(true) => Err("it is a TIFF packed as JPEG".to_owned()),
        None => Err(DAMAGED.to_owned()),
    },
};
const TGA: Decoder = Decoder {
    name: "tga",
    decode: |bytes| to_png(bytes, ImageFormat::Tga),
};

const DAMAGED: &str = "it is damaged";
/// The tag of a TIFF that says how it is packed (TIFF 6.0, section 3), and its values for JPEG, old and new.
const COMPRESSION: u16 = 259;
const JPEG: [u16; 2] = [6, 7];

/// A PNG or JPEG as it is, any other picture as a PNG. What it is, its bytes say; but a TGA begins with nothing of its own and is known
/// by its name.
///
/// # Errors
/// Why it is none, in words that follow its name.
pub(crate) fn as_gltf(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let convert = |decoder: &Decoder| {
        let limit = MAX_ONE_IMAGE_BYTES as usize;
        Worker::default().decode(decoder, &[&bytes], limit)
    };
    if begins(b"\x89PNG") {
        check_size(&bytes, ImageFormat::Png).map(|()| bytes)
    } else if begins(b"\xFF\xD8") {
        check_size(&bytes, ImageFormat::Jpeg).map(|()| bytes)
    } else if begins(b"BM") {
        convert(&BMP)
    } else if begins(b"II*\0") || begins(b"MM\0*") {
        convert(&TIFF)
    } else if foreign_image_size(&bytes).is_some() {
        let png = foreign_image_to_png(&bytes).map_err(|error| error.fault)?;
        png.ok_or_else(|| DAMAGED.to_owned())
    } else if name.to_ascii_lowercase().ends_with(".tga") {
        convert(&TGA)
    } else {
        let known = "PNG, JPEG, WebP, TGA, BMP, TIFF, DDS and KTX 2";
        Err(format!("it is none that is read ({known})"))
    }
}

/// Refuses what the gate would refuse, and the model with it.
fn check_size(bytes: &[u8], format: ImageFormat) -> Result<(), String> {
    let size = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions();
    let (width, height) = size.map_err(|_broken| DAMAGED.to_owned())?;
    let decoded = u64::from(width) * u64::from(height) * 4;
    match width.max(height) <= MAX_IMAGE_SIDE && decoded <= MAX_ONE_IMAGE_BYTES {
        true => Ok(()),
        false => Err(format!("its {width} x {height} pixels are too many")),
    }
}

fn to_png(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, String> {
    check_size(bytes, format)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    // Twice: some decoders hold a second picture.
    limits.max_alloc = Some(2 * MAX_ONE_IMAGE_BYTES);
    reader.limits(limits);
    let picture = reader.decode().map_err(|_broken| DAMAGED.to_owned())?;
    let picture = match picture.color() {
        ColorType::L8 | ColorType::L16 => DynamicImage::ImageLuma8(picture.into_luma8()),
        color if color.has_alpha() => seen(picture),
        _ => DynamicImage::ImageRgb8(picture.into_rgb8()),
    };
    let mut png = Cursor::new(Vec::new());
    let written = picture.write_to(&mut png, ImageFormat::Png);
    written.map_err(|error| error.to_string())?;
    Ok(png.into_inner())
}

/// Many programs leave the fourth byte of a pixel empty, or fill it: a picture of which nothing could be seen has no alpha, and neither has
/// one of which all is.
fn seen(picture: DynamicImage) -> DynamicImage {
    let picture = picture.into_rgba8();
    let mut alphas = picture.pixels().map(|pixel| pixel.0[3]);
    let first = alphas.next().unwrap_or(0);
    let is_plain = matches!(first, 0 | u8::MAX) && alphas.all(|alpha| alpha == first);
    let picture = DynamicImage::ImageRgba8(picture);
    match is_plain {
        true => DynamicImage::ImageRgb8(picture.into_rgb8()),
        false => picture,
    }
}

/// Whether the first picture of a TIFF is; `None` for what is cut off.
fn is_packed_as_jpeg(tiff: &[u8]) -> Option<bool> {
    let is_big_endian = tiff.starts_with(b"MM");
    let word = |at: usize| {
        let own = tiff.get(at..)?.first_chunk()?;
        Some(match is_big_endian {
            true => u16::from_be_bytes(*own),
            false => u16::from_le_bytes(*own),
        })
    };
    let long = tiff.get(4..)?.first_chunk()?;
    let directory = match is_big_endian {
        true => u32::from_be_bytes(*long),
        false => u32::from_le_bytes(*long),
    };
    let directory = usize::try_from(directory).ok()?;
    let count = usize::from(word(directory)?);
    for entry in 0..count {
        let at = directory.checked_add(2 + entry * 12)?;
        if word(at)? == COMPRESSION && JPEG.contains(&word(at.checked_add(8)?)?) {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    const COLORS: [[u8; 4]; 2] = [[200, 100, 50, 255], [10, 20, 30, 255]];

    fn picture(colors: [[u8; 4]; 2]) -> DynamicImage {
        let mut picture = RgbaImage::new(2, 1);
        for (x, color) in (0..).zip(colors) {
            picture.put_pixel(x, 0, Rgba(color));
        }
        picture.into()
    }

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn decoded(png: &[u8]) -> DynamicImage {
        image::load_from_memory_with_format(png, ImageFormat::Png).unwrap()
    }

    #[test]
    fn what_tools_write_becomes_a_png_of_the_same_pixels() {
        let opaque = DynamicImage::ImageRgb8(picture(COLORS).into_rgb8());
        let written = [
            ("a.tga", ImageFormat::Tga),
            ("A.TGA", ImageFormat::Tga),
            ("a.bmp", ImageFormat::Bmp),
            ("a.tif", ImageFormat::Tiff),
            ("of no known name", ImageFormat::Tiff),
        ];
        for (name, format) in written {
            let png = as_gltf(name, encoded(&opaque, format)).unwrap();
            assert_eq!(decoded(&png), opaque, "{name}");
        }
        let deep = DynamicImage::ImageRgb16(opaque.clone().into_rgb16());
        let png = as_gltf("a.tif", encoded(&deep, ImageFormat::Tiff)).unwrap();
        assert_eq!(decoded(&png), opaque);
    }

    #[test]
    fn alpha_stays_unless_nothing_could_be_seen() {
        let cut_out = picture([[1, 2, 3, 0], [4, 5, 6, 255]]);
        let png = as_gltf("a.tga", encoded(&cut_out, ImageFormat::Tga)).unwrap();
        assert_eq!(decoded(&png), cut_out);
        for alpha in [0, 255] {
            let plain = picture([[1, 2, 3, alpha], [4, 5, 6, alpha]]);
            let png = as_gltf("a.tga", encoded(&plain, ImageFormat::Tga)).unwrap();
            assert!(!decoded(&png).color().has_alpha());
        }
        let grey = DynamicImage::ImageLuma8(picture(COLORS).into_luma8());
        let png = as_gltf("a.tga", encoded(&grey, ImageFormat::Tga)).unwrap();
        assert_eq!(decoded(&png), grey);
    }

    #[test]
    fn png_and_jpeg_stay_as_they_are() {
        let opaque = DynamicImage::ImageRgb8(picture(COLORS).into_rgb8());
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            // Whatever the name says.
            let bytes = encoded(&opaque, format);
            assert_eq!(as_gltf("a.tga", bytes.clone()), Ok(bytes));
        }
    }

    #[test]
    fn a_picture_is_what_its_bytes_say_whatever_its_name() {
        let webp = b"RIFF\x1c\0\0\0WEBPVP8L\x0f\0\0\0\x2f\0\0\0\0\x07\x10\xfd\x8f\xfe\x07\x22\xa2\xff\x01\0";
        assert!(
            as_gltf("a.tga", webp.to_vec())
                .unwrap()
                .starts_with(b"\x89PNG")
        );
        let fault = as_gltf("a.psd", b"8BPS".to_vec()).unwrap_err();
        assert!(fault.contains("none that is read"), "{fault}");
    }

    #[test]
    fn what_is_damaged_or_too_large_is_told_so() {
        let opaque = DynamicImage::ImageRgb8(picture(COLORS).into_rgb8());
        let cut = |format| {
            let mut bytes = encoded(&opaque, format);
            bytes.truncate(12);
            bytes
        };
        let tiff = encoded(&opaque, ImageFormat::Tiff);
        let entry = COMPRESSION.to_le_bytes();
        let at = tiff.windows(2).rposition(|own| own == entry).unwrap();
        let mut jpeg = tiff;
        jpeg[at + 8] = 7;
        let wide = |width: u32, height: u32| {
            let mut bmp = encoded(&opaque, ImageFormat::Bmp);
            bmp[18..26].copy_from_slice([width, height].map(u32::to_le_bytes).as_flattened());
            bmp
        };
        for (name, bytes, told) in [
            ("a.tga", cut(ImageFormat::Tga), DAMAGED),
            ("a.bmp", cut(ImageFormat::Bmp), DAMAGED),
            ("a.tif", cut(ImageFormat::Tiff), DAMAGED),
            ("a.png", cut(ImageFormat::Png), DAMAGED),
            ("a.tif", jpeg, "packed as JPEG"),
            ("a.bmp", wide(20_000, 1), "20000 x 1 pixels are too many"),
            ("a.bmp", wide(16_384, 16_384), "16384 x 16384 pixels"),
        ] {
            let fault = as_gltf(name, bytes).unwrap_err();
            assert!(fault.contains(told), "{name}: {fault}");
        }
    }

    #[test]
    fn damaged_pictures_are_read_or_refused() {
        let picture = RgbaImage::from_fn(17, 9, |x, y| Rgba([x as u8 * 9, y as u8 * 5, 77, 255]));
        let mut state = 7u32;
        let mut random = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        for format in [ImageFormat::Tga, ImageFormat::Bmp, ImageFormat::Tiff] {
            let whole = encoded(&picture.clone().into(), format);
            for _ in 0..2_000 {
                let mut bytes = whole.clone();
                for _ in 0..=random(4) {
                    // Headers are at the beginning, or at the end.
                    let place = random(64).min(bytes.len() - 1);
                    let at = [place, bytes.len() - 1 - place, random(bytes.len())][random(3)];
                    bytes[at] = random(256) as u8;
                }
                bytes.truncate(whole.len() - random(2) * random(whole.len()));
                if let Ok(png) = as_gltf("a.tga", bytes) {
                    let picture = decoded(&png);
                    assert!(picture.width().max(picture.height()) <= MAX_IMAGE_SIDE);
                }
            }
        }
    }
}
