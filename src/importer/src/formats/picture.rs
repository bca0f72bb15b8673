//! Pictures that models name, as glTF takes them.

use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use scene::{
    limits::{MAX_IMAGE_SIDE, MAX_ONE_IMAGE_BYTES},
    writer::foreign_image_to_png,
};
use std::io::Cursor;

/// What is read, as notes tell it.
pub(super) const READ: &str = "PNG, JPEG, WebP, TGA, BMP, TIFF, DDS and KTX 2";

/// A PNG or JPEG as it is, any other picture as a PNG; `None` for what is none, or is too large. By its name one knows a TGA, which
/// begins with nothing of its own.
pub(super) fn as_gltf(name: &str, bytes: Vec<u8>) -> Option<Vec<u8>> {
    let plain = [ImageFormat::Png, ImageFormat::Jpeg];
    if let Some(format) = format_of(name, &bytes) {
        return match plain.contains(&format) {
            true => has_fitting_size(&bytes, format).then_some(bytes),
            false => to_png(&bytes, format),
        };
    }
    foreign_image_to_png(&bytes).ok()?
}

fn format_of(name: &str, bytes: &[u8]) -> Option<ImageFormat> {
    let beginnings: [(&[u8], _); 5] = [
        (b"\x89PNG", ImageFormat::Png),
        (b"\xFF\xD8", ImageFormat::Jpeg),
        (b"BM", ImageFormat::Bmp),
        (b"II*\0", ImageFormat::Tiff),
        (b"MM\0*", ImageFormat::Tiff),
    ];
    let known = beginnings.iter().find(|(own, _)| bytes.starts_with(own));
    let is_tga = || name.to_ascii_lowercase().ends_with(".tga");
    match known {
        Some((_, format)) => Some(*format),
        None => is_tga().then_some(ImageFormat::Tga),
    }
}

fn has_fitting_size(bytes: &[u8], format: ImageFormat) -> bool {
    let size = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions();
    size.is_ok_and(|(width, height)| width.max(height) <= MAX_IMAGE_SIDE)
}

fn to_png(bytes: &[u8], format: ImageFormat) -> Option<Vec<u8>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_IMAGE_SIDE);
    limits.max_image_height = Some(MAX_IMAGE_SIDE);
    limits.max_alloc = Some(MAX_ONE_IMAGE_BYTES);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let picture = match picture.color().has_alpha() {
        true => seen(DynamicImage::ImageRgba8(picture.into_rgba8())),
        false => DynamicImage::ImageRgb8(picture.into_rgb8()),
    };
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
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
}
