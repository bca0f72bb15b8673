//! Pictures in memory: read from PNG and WebP, written as PNG, shrunk and put beside each other.

use crate::command::Failure;
use std::{
    fs::File,
    io::{BufReader, BufWriter, Cursor},
    path::Path,
};

/// Most bytes that one picture may take in memory: more than any of ours.
const MOST_BYTES: usize = 256 << 20;

/// Red, green and blue as the screen shows them (sRGB), 0 to 255.
pub(crate) type Color = [u8; 3];

/// Pixels in rows from the top, each from the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    width: usize,
    pixels: Vec<Color>,
}

impl Picture {
    /// A picture of one colour.
    pub(crate) fn filled(width: usize, height: usize, color: Color) -> Self {
        Self {
            width,
            pixels: vec![color; width * height],
        }
    }

    /// Reads a PNG or WebP file, by the ending of its name; what is transparent shows `behind`.
    ///
    /// # Errors
    /// The file cannot be read, or holds no picture of eight bits a channel.
    pub(crate) fn read(path: &Path, behind: Color) -> Result<Self, Failure> {
        let is_webp = path
            .extension()
            .is_some_and(|extension| extension == "webp");
        let read = if is_webp { read_webp } else { read_png };
        read(path, behind).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }

    /// Writes it as PNG.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let write = || -> Result<(), String> {
            let file = File::create(path).map_err(text)?;
            let (width, height) = (self.width as u32, self.height() as u32);
            let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
            encoder.set_color(png::ColorType::Rgb);
            let mut writer = encoder.write_header().map_err(text)?;
            let bytes = self.pixels.as_flattened();
            writer.write_image_data(bytes).map_err(text)?;
            writer.finish().map_err(text)
        };
        write().map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn height(&self) -> usize {
        self.pixels.len() / self.width.max(1)
    }

    pub(crate) fn pixels(&self) -> &[Color] {
        &self.pixels
    }

    /// Changes one pixel; nothing happens outside of the picture.
    pub(crate) fn set(&mut self, x: usize, y: usize, color: Color) {
        if x < self.width
            && let Some(pixel) = self.pixels.get_mut(y * self.width + x)
        {
            *pixel = color;
        }
    }

    /// Puts another picture into it; what lies outside is left out.
    pub(crate) fn paste(&mut self, other: &Self, left: usize, top: usize) {
        for (index, pixel) in other.pixels.iter().enumerate() {
            self.set(
                left + index % other.width,
                top + index / other.width,
                *pixel,
            );
        }
    }

    /// The same picture in another size: each pixel is the mean of what it covers.
    pub(crate) fn resized(&self, width: usize, height: usize) -> Self {
        let span = |index: usize, own: usize, wished: usize| {
            let first = index * own / wished;
            first..((index + 1) * own / wished).max(first + 1).min(own)
        };
        let mut resized = Self::filled(width, height, [0; 3]);
        for (index, pixel) in resized.pixels.iter_mut().enumerate() {
            let columns = span(index % width, self.width, width);
            let rows = span(index / width, self.height(), height);
            let count = (columns.len() * rows.len()).max(1) as u32;
            let mut sums = [count / 2; 3];
            for y in rows {
                for covered in &self.pixels[y * self.width..][columns.clone()] {
                    for (sum, channel) in sums.iter_mut().zip(covered) {
                        *sum += u32::from(*channel);
                    }
                }
            }
            *pixel = sums.map(|sum| (sum / count) as u8);
        }
        resized
    }

    /// From bytes with `channels` a pixel: one of grey, two with an alpha, three colours, four with an alpha.
    fn from_bytes(
        (width, height): (u32, u32),
        channels: usize,
        bytes: &[u8],
        behind: Color,
    ) -> Result<Self, String> {
        let (width, height) = (width as usize, height as usize);
        if width == 0 || !(1..=4).contains(&channels) || bytes.len() < width * height * channels {
            return Err("this form of a picture is not read".to_owned());
        }
        let pixels = bytes.chunks_exact(channels).take(width * height);
        let pixels = pixels.map(|pixel| match *pixel {
            [grey] => [grey; 3],
            [grey, alpha] => over([grey; 3], alpha, behind),
            [red, green, blue] => [red, green, blue],
            [red, green, blue, alpha] => over([red, green, blue], alpha, behind),
            _ => behind,
        });
        Ok(Self {
            width,
            pixels: pixels.collect(),
        })
    }
}

fn over(color: Color, alpha: u8, behind: Color) -> Color {
    let alpha = u32::from(alpha);
    let mix = |front: u8, back: u8| {
        ((u32::from(front) * alpha + u32::from(back) * (255 - alpha) + 127) / 255) as u8
    };
    std::array::from_fn(|channel| mix(color[channel], behind[channel]))
}

fn read_png(path: &Path, behind: Color) -> Result<Picture, String> {
    let file = BufReader::new(File::open(path).map_err(text)?);
    let mut decoder = png::Decoder::new(file);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(text)?;
    let size = reader.output_buffer_size();
    let size = size.filter(|size| *size <= MOST_BYTES).ok_or("too large")?;
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes).map_err(text)?;
    let channels = frame.color_type.samples();
    Picture::from_bytes((frame.width, frame.height), channels, &bytes, behind)
}

fn read_webp(path: &Path, behind: Color) -> Result<Picture, String> {
    let file = std::fs::read(path).map_err(text)?;
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(file)).map_err(text)?;
    let size = decoder.output_buffer_size();
    let size = size.filter(|size| *size <= MOST_BYTES).ok_or("too large")?;
    let mut bytes = vec![0; size];
    decoder.read_image(&mut bytes).map_err(text)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    Picture::from_bytes(decoder.dimensions(), channels, &bytes, behind)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_comes_back_from_its_file() {
        let path = std::env::temp_dir().join(format!("xtask-picture-{}.png", std::process::id()));
        let mut picture = Picture::filled(3, 2, [10, 20, 30]);
        picture.set(2, 1, [255, 0, 7]);
        picture.set(3, 0, [1, 1, 1]);
        picture.write(&path).unwrap();
        let read = Picture::read(&path, [0; 3]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read.unwrap(), picture);
    }

    #[test]
    fn what_is_transparent_shows_what_is_behind() {
        let bytes = [200, 100, 0, 255, 200, 100, 0, 0];
        let picture = Picture::from_bytes((2, 1), 4, &bytes, [9, 9, 9]).unwrap();
        assert_eq!(picture.pixels(), [[200, 100, 0], [9, 9, 9]]);
        assert!(Picture::from_bytes((3, 1), 4, &bytes, [0; 3]).is_err());
    }

    #[test]
    fn a_smaller_picture_holds_means() {
        let mut picture = Picture::filled(4, 2, [0; 3]);
        picture.paste(&Picture::filled(2, 2, [100, 200, 50]), 3, 0);
        let small = picture.resized(2, 2);
        assert_eq!(small.pixels()[0], [0; 3]);
        assert_eq!(small.pixels()[1], [50, 100, 25], "half of it is covered");
        assert_eq!((small.width(), small.height()), (2, 2));
    }
}
