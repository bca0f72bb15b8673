//! Pictures that models name, as glTF takes them.

use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use scene::{
    limits::{MAX_IMAGE_SIDE, MAX_ONE_IMAGE_BYTES},
    worker::{Decoder, Worker},
    writer::foreign_image_to_png,
};
use std::io::Cursor;

/// What is read, as notes tell it.
pub(super) const READ: &str = "PNG, JPEG, WebP, TGA, BMP, TIFF, DDS and KTX 2";

/// Decoders of what becomes a PNG. They are foreign ones and run in the worker of `convert`, where their panics cost one picture.
const TO_PNG: [Decoder; 3] = [
    Decoder {
        name: "bmp",
        decode: |bytes| to_png(bytes, ImageFormat::Bmp),
    },
    Decoder {
        name: "tiff",
        decode: |bytes| to_png(bytes, ImageFormat::Tiff),
    },
    Decoder {
        name: "tga",
        decode: |bytes| to_png(bytes, ImageFormat::Tga),
    },
];

/// A PNG or JPEG as it is, any other picture as a PNG; `None` for what is none, or is too large. By its name one knows a TGA, which
/// begins with nothing of its own.
pub(crate) fn as_gltf(name: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let [bmp, tiff, tga] = &TO_PNG;
    let decoder = if begins(b"\x89PNG") {
        return has_fitting_size(&bytes, ImageFormat::Png).then_some(bytes);
    } else if begins(b"\xFF\xD8") {
        return has_fitting_size(&bytes, ImageFormat::Jpeg).then_some(bytes);
    } else if begins(b"BM") {
        bmp
    } else if begins(b"II*\0") || begins(b"MM\0*") {
        tiff
    } else if name.to_ascii_lowercase().ends_with(".tga") {
        tga
    } else {
        return foreign_image_to_png(&bytes).ok()?;
    };
    let limit = MAX_ONE_IMAGE_BYTES as usize;
    Worker::default().decode(decoder, &[&bytes], limit).ok()
}

fn has_fitting_size(bytes: &[u8], format: ImageFormat) -> bool {
    let size = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions();
    size.is_ok_and(|(width, height)| width.max(height) <= MAX_IMAGE_SIDE)
}

fn to_png(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, String> {
    let fault = |error: image::ImageError| error.to_string();
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_IMAGE_SIDE);
    limits.max_image_height = Some(MAX_IMAGE_SIDE);
    limits.max_alloc = Some(MAX_ONE_IMAGE_BYTES);
    reader.limits(limits);
    let picture = reader.decode().map_err(fault)?;
    let picture = match picture.color().has_alpha() {
        true => seen(DynamicImage::ImageRgba8(picture.into_rgba8())),
        false => DynamicImage::ImageRgb8(picture.into_rgb8()),
    };
    let mut png = Cursor::new(Vec::new());
    picture
        .write_to(&mut png, ImageFormat::Png)
        .map_err(fault)?;
    Ok(png.into_inner())
}

/// Many programs leave the fourth byte of a pixel empty: a picture of which nothing could be seen has no alpha.
fn seen(picture: DynamicImage) -> DynamicImage {
    let alphas = picture.as_bytes().iter().skip(3).step_by(4);
    match alphas.into_iter().all(|alpha| *alpha == 0) {
        true => DynamicImage::ImageRgb8(picture.into_rgb8()),
        false => picture,
    }
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
        let empty = picture([[1, 2, 3, 0], [4, 5, 6, 0]]);
        let png = as_gltf("a.tga", encoded(&empty, ImageFormat::Tga)).unwrap();
        assert!(!decoded(&png).color().has_alpha());
    }

    #[test]
    fn png_and_jpeg_stay_as_they_are() {
        let opaque = DynamicImage::ImageRgb8(picture(COLORS).into_rgb8());
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            // Whatever the name says.
            let bytes = encoded(&opaque, format);
            assert_eq!(as_gltf("a.tga", bytes.clone()), Some(bytes));
        }
    }

    #[test]
    fn what_is_broken_or_too_large_is_no_picture() {
        let opaque = DynamicImage::ImageRgb8(picture(COLORS).into_rgb8());
        for (name, format) in [
            ("a.tga", ImageFormat::Tga),
            ("a.bmp", ImageFormat::Bmp),
            ("a.tif", ImageFormat::Tiff),
            ("a.png", ImageFormat::Png),
        ] {
            let mut bytes = encoded(&opaque, format);
            bytes.truncate(12);
            assert_eq!(as_gltf(name, bytes), None, "{name}");
        }
        assert_eq!(as_gltf("a.psd", b"8BPS".to_vec()), None);
        assert_eq!(as_gltf("a.dds", b"DDS nothing".to_vec()), None);
        let mut large = encoded(&opaque, ImageFormat::Bmp);
        large[18..26].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F]);
        assert_eq!(as_gltf("a.bmp", large), None);
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
                if let Some(png) = as_gltf("a.tga", bytes) {
                    let picture = decoded(&png);
                    assert!(picture.width().max(picture.height()) <= MAX_IMAGE_SIDE);
                }
            }
        }
    }
}
