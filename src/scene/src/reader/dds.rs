//! DirectDraw Surface files (MSFT_texture_dds): the header is read here, the pixels by a library, in the file's worker.
//! The layout of the header is that of Microsoft's "Programming Guide for DDS".

use image_dds::{
    ImageFormat, Surface,
    ddsfile::{D3DFormat, Dds, PixelFormat, PixelFormatFlags},
};

/// What a file begins with, and the length of its header.
const MAGIC: &[u8] = b"DDS ";
const HEADER_BYTES: u32 = 124;

/// True for what begins as such a file does.
pub(crate) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Width and height, from the header.
pub(crate) fn size(dds: &[u8]) -> Option<(u32, u32)> {
    let word = |at: usize| {
        let own = dds.get(at..at + 4)?;
        Some(u32::from_le_bytes([own[0], own[1], own[2], own[3]]))
    };
    let is_header = is_one(dds) && word(4)? == HEADER_BYTES;
    is_header.then_some((word(16)?, word(12)?))
}

/// The pixels of the largest picture, RGBA, in rows from the top.
///
/// # Errors
/// One line when the file is broken, holds another form of pixels than the library knows, or more than one flat picture.
pub(crate) fn pixels(dds: &[u8]) -> Result<Vec<u8>, String> {
    let file = Dds::read(dds).map_err(|error| error.to_string())?;
    let (mut surface, has_alpha) = surface(&file)?;
    if surface.depth > 1 || surface.layers > 1 {
        return Err("it is no flat picture".to_owned());
    }
    // Of smaller ones the header may say what it likes.
    (surface.mipmaps, surface.depth) = (1, 1);
    let decoded = surface.decode_layers_mipmaps_rgba8(0..1, 0..1);
    let mut pixels = decoded.map_err(|error| error.to_string())?.data;
    if !has_alpha {
        pixels
            .iter_mut()
            .skip(3)
            .step_by(4)
            .for_each(|own| *own = u8::MAX);
    }
    if matches!(
        surface.image_format,
        ImageFormat::BC5RgUnorm | ImageFormat::BC5RgSnorm
    ) {
        complete_directions(&mut pixels);
    }
    Ok(pixels)
}

/// The picture as the library sees it, and whether its fourth bytes mean anything.
fn surface(file: &Dds) -> Result<(Surface<&[u8]>, bool), String> {
    // Old forms that it does not know, but whose bytes lie as those of another one.
    let as_another = match file.get_d3d_format() {
        Some(D3DFormat::X8R8G8B8) => Some(ImageFormat::Bgra8Unorm),
        Some(D3DFormat::X8B8G8R8) => Some(ImageFormat::Rgba8Unorm),
        _ => is_grey(&file.header.spf).then_some(ImageFormat::R8Unorm),
    };
    if let Some(image_format) = as_another {
        let surface = Surface {
            width: file.get_width(),
            height: file.get_height(),
            depth: file.get_depth(),
            layers: file.get_num_array_layers(),
            mipmaps: 1,
            image_format,
            data: &file.data[..],
        };
        return Ok((surface, false));
    }
    let surface = Surface::from_dds(file).map_err(|error| error.to_string())?;
    match surface.image_format {
        // The library reads it as if nothing were below zero.
        ImageFormat::BC6hRgbSfloat => Err("its pixels may be below zero".to_owned()),
        _ => Ok((surface, true)),
    }
}

/// One byte of brightness a pixel.
fn is_grey(form: &PixelFormat) -> bool {
    let others = PixelFormatFlags::FOURCC | PixelFormatFlags::RGB | PixelFormatFlags::ALPHA_PIXELS;
    form.flags.contains(PixelFormatFlags::LUMINANCE)
        && !form.flags.intersects(others)
        && form.rgb_bit_count == Some(8)
}

/// Two channels are the directions of a normal map, whose third follows from their length.
fn complete_directions(pixels: &mut [u8]) {
    for pixel in pixels.as_chunks_mut::<4>().0 {
        let [x, y] = [pixel[0], pixel[1]].map(|value| f32::from(value) / 127.5 - 1.0);
        let z = (1.0 - x * x - y * y).max(0.0).sqrt();
        pixel[2] = ((z + 1.0) * 127.5).round() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Block compression, by its four letters.
    const FOUR_LETTERS: u32 = 4;

    /// A file of 4 x 4 pixels with one block.
    fn file(letters: &[u8; 4], block: &[u8]) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        // Which fields are stated (caps, height, width, form of pixels), then height and width.
        for field in [HEADER_BYTES, 0x1007, 4, 4] {
            file.extend(field.to_le_bytes());
        }
        file.resize(76, 0);
        for field in [32, FOUR_LETTERS] {
            file.extend(field.to_le_bytes());
        }
        file.extend(letters);
        file.resize(108, 0);
        file.extend(0x1000u32.to_le_bytes());
        file.resize(128, 0);
        file.extend(block);
        file
    }

    #[test]
    fn blocks_of_colours_are_read() {
        // Two colours of 5, 6 and 5 bits, red and blue; the first row shows the second, all others the first.
        let dds = file(b"DXT1", &[0x00, 0xF8, 0x1F, 0x00, 0x55, 0, 0, 0]);
        assert_eq!(size(&dds), Some((4, 4)));
        let pixels = pixels(&dds).unwrap();
        assert_eq!(pixels.len(), 4 * 4 * 4);
        assert_eq!(pixels[..4], [0, 0, 255, 255]);
        assert_eq!(pixels[16..20], [255, 0, 0, 255]);
    }

    #[test]
    fn directions_of_two_channels_get_their_third() {
        // Each channel: two values, and for every pixel the first of them.
        let channel = |value: u8| [value, value, 0, 0, 0, 0, 0, 0];
        let dds = file(b"ATI2", [channel(128), channel(255)].as_flattened());
        let sideways = pixels(&dds).unwrap();
        assert_eq!(sideways[..4], [128, 255, 128, 255]);
        let dds = file(b"ATI2", [channel(128), channel(128)].as_flattened());
        assert_eq!(pixels(&dds).unwrap()[..4], [128, 128, 255, 255]);
    }

    #[test]
    fn old_forms_without_alpha_are_read() {
        let plain = |bits: u32, kind: u32, masks: [u32; 4], pixels: &[u8]| {
            let mut dds = file(b"\0\0\0\0", pixels);
            dds[80..84].copy_from_slice(&kind.to_le_bytes());
            dds[88..92].copy_from_slice(&bits.to_le_bytes());
            dds[92..108].copy_from_slice(masks.map(u32::to_le_bytes).as_flattened());
            dds
        };
        let [rgb, grey] = [0x40, 0x2_0000];
        let blue_first = plain(
            32,
            rgb,
            [0xFF_0000, 0xFF00, 0xFF, 0],
            [10, 20, 30, 0].repeat(16).as_slice(),
        );
        assert_eq!(pixels(&blue_first).unwrap()[..4], [30, 20, 10, 255]);
        let shades = plain(8, grey, [0xFF, 0, 0, 0], &[77; 16]);
        assert_eq!(pixels(&shades).unwrap()[..4], [77, 77, 77, 255]);
    }

    #[test]
    fn what_is_cut_off_or_no_flat_picture_is_refused() {
        let whole = file(b"DXT1", &[0; 8]);
        for end in 0..whole.len() {
            assert!(pixels(&whole[..end]).is_err(), "{end}");
        }
        assert!(pixels(&file(b"XYZ1", &[0; 8])).is_err());
        let mut large = whole.clone();
        large[12..20].fill(0xFF);
        assert_eq!(size(&large), Some((u32::MAX, u32::MAX)));
        assert!(pixels(&large).is_err());
        let mut cube = whole;
        cube[112..116].copy_from_slice(&0xFE00u32.to_le_bytes());
        assert!(pixels(&cube).is_err());
        // Smaller pictures that are not there are not missed.
        let mut levels = file(b"DXT1", &[0; 8]);
        levels[28] = 9;
        assert!(pixels(&levels).is_ok());
    }
}
