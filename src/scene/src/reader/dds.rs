//! DirectDraw Surface files (MSFT_texture_dds): the header is read here, the pixels by a library, in the file's worker.
//! The layout of the header is that of Microsoft's "Programming Guide for DDS".

use image_dds::{ImageFormat, Surface, ddsfile::Dds};

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
    let surface = Surface::from_dds(&file).map_err(|error| error.to_string())?;
    if surface.depth > 1 || surface.layers > 1 {
        return Err("it is no flat picture".to_owned());
    }
    let decoded = surface.decode_layers_mipmaps_rgba8(0..1, 0..1);
    let mut pixels = decoded.map_err(|error| error.to_string())?.data;
    if matches!(
        surface.image_format,
        ImageFormat::BC5RgUnorm | ImageFormat::BC5RgSnorm
    ) {
        complete_directions(&mut pixels);
    }
    Ok(pixels)
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
pub(crate) mod tests {
    use super::*;

    /// Block compression, by its four letters.
    const FOUR_LETTERS: u32 = 4;

    /// A file of 4 x 4 pixels with one block.
    pub(crate) fn file(letters: &[u8; 4], block: &[u8]) -> Vec<u8> {
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
    }
}
