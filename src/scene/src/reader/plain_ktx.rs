//! KTX 2 whose pixels are colours as they are, eight bits a channel, in one piece or packed by Zstandard: no Basis Universal,
//! and nothing that glTF names, but some files hold it. KTX File Format Specification 2.0.

use ruzstd::io::Read;

/// Bytes of the header before the list of levels, and of that list's first entry.
const HEADER: usize = 80;
const LEVEL: usize = 24;
/// Forms of pixels, by their numbers in Vulkan: R8G8B8 and R8G8B8A8, linear or sRGB.
const RGB: [u32; 2] = [23, 29];
const RGBA: [u32; 2] = [37, 43];
/// Ways of packing: none, Zstandard.
const AS_IT_IS: u32 = 0;
const ZSTANDARD: u32 = 2;

/// True when the file says what its pixels are, as one with Basis Universal does not.
pub(crate) fn is_plain(ktx: &[u8]) -> bool {
    word(ktx, 12).is_some_and(|format| format != 0)
}

/// The pixels of the largest picture, in rows from the top, and what a pixel consists of.
///
/// # Errors
/// One line when the file is cut off or holds another form of pixels, or more than one flat picture.
pub(crate) fn pixels(ktx: &[u8]) -> Result<(Vec<u8>, png::ColorType), String> {
    let field = |at: usize| word(ktx, at).ok_or_else(|| "it is cut off".to_owned());
    let (format, width, height) = (field(12)?, field(20)?, field(24)?);
    let (depth, layers, faces, packing) = (field(28)?, field(32)?, field(36)?, field(44)?);
    let color = match format {
        _ if RGB.contains(&format) => png::ColorType::Rgb,
        _ if RGBA.contains(&format) => png::ColorType::Rgba,
        _ => {
            return Err(format!(
                "its pixels have the form {format}, which is not read"
            ));
        }
    };
    if depth > 1 || layers > 1 || faces != 1 {
        return Err("it is no flat picture".to_owned());
    }
    let size = u64::from(width) * u64::from(height) * color.samples() as u64;
    let size = usize::try_from(size).map_err(|error| error.to_string())?;
    let data = level(ktx).ok_or("it is cut off")?;
    let pixels = match packing {
        AS_IT_IS => data.get(..size).map(<[u8]>::to_vec),
        ZSTANDARD => unpack(data, size),
        _ => {
            return Err(format!(
                "it is packed in the way {packing}, which is not read"
            ));
        }
    };
    Ok((pixels.ok_or("it lacks some of its pixels")?, color))
}

/// The bytes of the largest picture.
fn level(ktx: &[u8]) -> Option<&[u8]> {
    let long = |at: usize| {
        let low = u64::from(word(ktx, at)?);
        usize::try_from(low | u64::from(word(ktx, at + 4)?) << 32).ok()
    };
    ktx.get(HEADER..HEADER + LEVEL)?;
    let start = long(HEADER)?;
    ktx.get(start..start.checked_add(long(HEADER + 8)?)?)
}

fn unpack(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut decoder = ruzstd::StreamingDecoder::new(packed).ok()?;
    let mut pixels = vec![0; size];
    decoder.read_exact(&mut pixels).ok()?;
    Some(pixels)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let own = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([own[0], own[1], own[2], own[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of 2 x 1 pixels.
    fn ktx(format: u32, packing: u32, data: &[u8]) -> Vec<u8> {
        let mut file = b"\xABKTX 20\xBB\r\n\x1A\n".to_vec();
        for field in [format, 1, 2, 1, 0, 0, 1, 1, packing] {
            file.extend(field.to_le_bytes());
        }
        file.resize(HEADER, 0);
        for field in [HEADER + LEVEL, data.len(), 6] {
            file.extend((field as u64).to_le_bytes());
        }
        file.extend(data);
        file
    }

    #[test]
    fn plain_pixels_are_read() {
        let file = ktx(23, AS_IT_IS, &[1, 2, 3, 4, 5, 6]);
        assert!(is_plain(&file));
        let (read, color) = pixels(&file).unwrap();
        assert_eq!((read, color), (vec![1, 2, 3, 4, 5, 6], png::ColorType::Rgb));
    }

    #[test]
    fn packed_pixels_are_read() {
        // A frame with one block, stored as it is (RFC 8878): magic, descriptor, window, block header, bytes.
        let frame = [
            0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0x31, 0x00, 0x00, 9, 8, 7, 6, 5, 4,
        ];
        let (read, _) = pixels(&ktx(29, ZSTANDARD, &frame)).unwrap();
        assert_eq!(read, [9, 8, 7, 6, 5, 4]);
        for end in 0..frame.len() {
            assert!(pixels(&ktx(29, ZSTANDARD, &frame[..end])).is_err());
        }
    }

    #[test]
    fn what_is_cut_off_or_other_is_refused() {
        let whole = ktx(23, AS_IT_IS, &[1, 2, 3, 4, 5, 6]);
        for end in 0..whole.len() {
            assert!(pixels(&whole[..end]).is_err(), "{end}");
        }
        assert!(pixels(&ktx(37, AS_IT_IS, &[0; 6])).is_err(), "too few");
        assert!(pixels(&ktx(97, AS_IT_IS, &[0; 64])).is_err(), "halves");
        assert!(pixels(&ktx(23, 3, &[0; 64])).is_err(), "another packing");
        let mut cube = whole;
        cube[36] = 6;
        assert!(pixels(&cube).is_err());
    }
}
