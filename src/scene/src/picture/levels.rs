//! Mipmaps: each level is the mean of four pixels of the one before.

use crate::basis::PixelForm;

/// Bytes of a pixel.
const PIXEL: usize = 4;
/// Every other byte of two pixels: with room beside each for sums.
const EVERY_OTHER: u64 = 0x00ff_00ff_00ff_00ff;
/// The same of one pixel.
const OF_ONE: u32 = 0x00ff_00ff;
/// Whole roots of every mean of four squares.
static ROOTS: [u8; 255 * 255 + 1] = roots();

/// How four pixels become one.
#[derive(Clone, Copy)]
pub(super) enum Mean {
    /// Of light.
    Color,
    /// Of the light of what is there, by alpha; of all light where nothing is.
    Cover,
    /// Of numbers.
    Numbers,
}

/// Levels of a picture, down to one pixel.
pub(super) fn count(width: u32, height: u32) -> u32 {
    32 - width.max(height).leading_zeros()
}

/// Bytes of so many levels of a picture, at most 32.
pub(super) fn bytes(form: PixelForm, width: u32, height: u32, levels: u32) -> u64 {
    let at = |level: u32| form.bytes((width >> level).max(1), (height >> level).max(1));
    (0..levels).map(at).sum()
}

/// The pixels and every smaller level after them. `pixels` has four bytes for each of `width` times `height`, neither of
/// which is zero, and best room for [`bytes`] of all levels.
pub(super) fn add(mut pixels: Vec<u8>, width: u32, height: u32, mean: Mean) -> Vec<u8> {
    let (mut start, mut size) = (0, (width as usize, height as usize));
    while size != (1, 1) {
        let end = pixels.len();
        let half = (halved(size.0), halved(size.1));
        pixels.resize(end + half.0 * half.1 * PIXEL, 0);
        let (above, below) = pixels.split_at_mut(end);
        halve(&above[start..], size, below, mean);
        (start, size) = (end, half);
    }
    pixels
}

/// A picture of half the size.
pub(super) fn half(
    pixels: &[u8],
    (width, height): (u32, u32),
    mean: Mean,
) -> (Vec<u8>, (u32, u32)) {
    let size = (width as usize, height as usize);
    let smaller = (halved(size.0), halved(size.1));
    let mut half = vec![0; smaller.0 * smaller.1 * PIXEL];
    halve(pixels, size, &mut half, mean);
    (half, (smaller.0 as u32, smaller.1 as u32))
}

fn halved(side: usize) -> usize {
    (side / 2).max(1)
}

fn halve(pixels: &[u8], size: (usize, usize), half: &mut [u8], mean: Mean) {
    match mean {
        Mean::Color => halve_by(pixels, size, half, mean_of_colors),
        Mean::Cover => halve_by(pixels, size, half, mean_of_covers),
        Mean::Numbers => halve_by(pixels, size, half, mean_of_numbers),
    }
}

fn halve_by(
    pixels: &[u8],
    (width, height): (usize, usize),
    half: &mut [u8],
    mean: impl Fn(u64, u64) -> u32,
) {
    let row = |y: usize| &pixels[y.min(height - 1) * width * PIXEL..][..width * PIXEL];
    let rows = half.chunks_exact_mut(halved(width) * PIXEL);
    for (y, made) in rows.enumerate() {
        let (top, bottom) = (row(2 * y), row(2 * y + 1));
        if let (1, Some(top), Some(bottom)) = (width, top.first_chunk(), bottom.first_chunk()) {
            made.copy_from_slice(&mean(twice(*top), twice(*bottom)).to_le_bytes());
            continue;
        }
        let (made, (top, bottom)) = (
            made.as_chunks_mut().0,
            (top.as_chunks(), bottom.as_chunks()),
        );
        for ((made, top), bottom) in made.iter_mut().zip(top.0).zip(bottom.0) {
            *made = mean(u64::from_le_bytes(*top), u64::from_le_bytes(*bottom)).to_le_bytes();
        }
    }
}

/// A pixel beside itself.
#[inline]
fn twice(pixel: [u8; PIXEL]) -> u64 {
    let pixel = u64::from(u32::from_le_bytes(pixel));
    pixel | pixel << 32
}

/// Mean of four pixels, two in each argument, rounded up; all channels at once.
#[inline]
fn mean_of_numbers(top: u64, bottom: u64) -> u32 {
    let mean = |top: u64, bottom: u64| {
        let pairs = (top & EVERY_OTHER) + (bottom & EVERY_OTHER);
        let sums = pairs as u32 + (pairs >> 32) as u32;
        ((sums + 0x0003_0003) >> 2) & OF_ONE
    };
    mean(top, bottom) | mean(top >> 8, bottom >> 8) << 8
}

/// Mean in light rather than in numbers: squares stand in for the sRGB curve, within one step of it. Transparency is a number.
#[inline]
fn mean_of_colors(top: u64, bottom: u64) -> u32 {
    let square = |two: u64, shift: u32| {
        let value = (two >> shift) as u32 & 0xff;
        value * value
    };
    let root = |channel: u32| {
        let (left, right) = (channel * 8, channel * 8 + 32);
        let sum =
            square(top, left) + square(top, right) + square(bottom, left) + square(bottom, right);
        u32::from(ROOTS[sum as usize / 4]) << left
    };
    let alpha = mean_of_numbers(top, bottom) & 0xff00_0000;
    root(0) | root(1) | root(2) | alpha
}

/// The same of as much of each pixel as its alpha says.
#[inline]
fn mean_of_covers(top: u64, bottom: u64) -> u32 {
    let pixels = [top, top >> 32, bottom, bottom >> 32].map(|two| two as u32);
    let weights = pixels.map(|pixel| pixel >> 24);
    let all: u32 = weights.iter().sum();
    if all == 0 || weights == [weights[0]; 4] {
        return mean_of_colors(top, bottom);
    }
    let root = |shift: u32| {
        let parts = pixels.iter().zip(weights);
        let sum: u32 = parts
            .map(|(pixel, weight)| (pixel >> shift & 0xff).pow(2) * weight)
            .sum();
        u32::from(ROOTS[(sum / all) as usize]) << shift
    };
    let alpha = mean_of_numbers(top, bottom) & 0xff00_0000;
    root(0) | root(8) | root(16) | alpha
}

const fn roots() -> [u8; 255 * 255 + 1] {
    let mut roots = [0; 255 * 255 + 1];
    let (mut square, mut root) = (0, 0usize);
    while square < roots.len() {
        if (root + 1) * (root + 1) <= square {
            root += 1;
        }
        roots[square] = root as u8;
        square += 1;
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One channel of four pixels, as it is written in a book.
    fn expected(four: [u8; 4], is_color: bool) -> u8 {
        let four = four.map(f64::from);
        if is_color {
            let squares: f64 = four.iter().map(|value| value * value).sum();
            (squares / 4.0).sqrt().floor() as u8
        } else {
            (four.iter().sum::<f64>() / 4.0).ceil() as u8
        }
    }

    proptest! {
        #[test]
        fn each_pixel_is_the_mean_of_four(
            (width, height, pixels) in (1u32..9, 1u32..9).prop_flat_map(|(width, height)| {
                let bytes = (width * height * 4) as usize;
                (Just(width), Just(height), proptest::collection::vec(any::<u8>(), bytes))
            }),
            is_color: bool,
        ) {
            let mean = if is_color { Mean::Color } else { Mean::Numbers };
            let (half, (half_width, half_height)) = half(&pixels, (width, height), mean);
            let at = |x: u32, y: u32, channel: u32| {
                let place = y.min(height - 1) * width + x.min(width - 1);
                pixels[(place * 4 + channel) as usize]
            };
            for (place, value) in half.iter().enumerate() {
                let (channel, place) = (place as u32 % 4, place as u32 / 4);
                let (x, y) = (2 * (place % half_width), 2 * (place / half_width));
                let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)]
                    .map(|(x, y)| at(x, y, channel));
                prop_assert_eq!(*value, expected(four, is_color && channel < 3));
            }
            prop_assert_eq!(half.len() as u32, half_width * half_height * 4);
            let all = add(pixels.clone(), width, height, mean);
            let levels = count(width, height);
            prop_assert_eq!(all.len() as u64, bytes(PixelForm::Rgba8, width, height, levels));
            prop_assert_eq!(&all[..pixels.len()], &pixels[..]);
        }
    }

    #[test]
    fn what_is_left_out_lends_no_colour() {
        let leaf = [
            [10, 200, 30, 255],
            [255, 0, 255, 0],
            [90, 90, 90, 51],
            [1, 2, 3, 0],
        ];
        let small = |pixels: [[u8; 4]; 4], mean| half(pixels.as_flattened(), (2, 2), mean).0;
        // Five parts of the first, and one of the third.
        let light =
            |first: f64, third: f64| ((5.0 * first.powi(2) + third.powi(2)) / 6.0).sqrt() as u8;
        let expected = [light(10.0, 90.0), light(200.0, 90.0), light(30.0, 90.0), 77];
        assert_eq!(small(leaf, Mean::Cover), expected);
        let even = leaf.map(|[red, green, blue, _]| [red, green, blue, 9]);
        assert_eq!(small(even, Mean::Cover), small(even, Mean::Color));
        let none = leaf.map(|[red, green, blue, _]| [red, green, blue, 0]);
        assert_eq!(small(none, Mean::Cover), small(none, Mean::Color));
        // As many of all as sums have room for.
        assert_eq!(
            small(
                [
                    [255, 255, 255, 255],
                    [255; 4],
                    [255; 4],
                    [255, 255, 255, 254]
                ],
                Mean::Cover
            ),
            [255; 4]
        );
    }

    #[test]
    fn levels_go_down_to_one_pixel_and_keep_a_colour() {
        assert_eq!((count(8, 2), count(1, 1), count(5, 9)), (4, 1, 4));
        let all = add([200, 100, 50, 255].repeat(16), 8, 2, Mean::Color);
        assert_eq!(all, [200, 100, 50, 255].repeat(16 + 4 + 2 + 1));
    }
}
