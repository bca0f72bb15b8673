//! Smaller and smaller pictures, each pixel the mean of four: of light where the numbers are colours.

use crate::{
    Meaning,
    block::{Picture, Pixel},
};

/// The picture and every smaller one, down to one pixel.
#[must_use]
pub fn mipmaps(picture: Picture, meaning: Meaning) -> Vec<Picture> {
    let light = light(meaning);
    let mut levels = vec![picture];
    while let Some(last) = levels
        .last()
        .filter(|last| (last.width, last.height) != (1, 1))
    {
        levels.push(half(last, meaning, &light));
    }
    levels
}

/// What each number is in light.
fn light(meaning: Meaning) -> [f32; 256] {
    std::array::from_fn(|value| {
        let share = value as f32 / 255.0;
        match meaning {
            Meaning::Numbers => share,
            // IEC 61966-2-1.
            Meaning::Color | Meaning::Cover if share <= 0.04045 => share / 12.92,
            Meaning::Color | Meaning::Cover => ((share + 0.055) / 1.055).powf(2.4),
        }
    })
}

fn half(picture: &Picture, meaning: Meaning, light: &[f32; 256]) -> Picture {
    let (width, height) = ((picture.width / 2).max(1), (picture.height / 2).max(1));
    let pixels = picture.pixels.as_chunks::<4>().0;
    let at = |x: usize, y: usize| {
        pixels[y.min(picture.height - 1) * picture.width + x.min(picture.width - 1)]
    };
    let mut made = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (x, y) = (2 * x, 2 * y);
            let four = [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)];
            made.push(mean(four, meaning, light));
        }
    }
    Picture {
        width,
        height,
        pixels: made.into_flattened(),
    }
}

fn mean(four: [Pixel; 4], meaning: Meaning, light: &[f32; 256]) -> Pixel {
    let is_seen = four.iter().any(|pixel| pixel[3] > 0);
    let weights = match meaning {
        Meaning::Cover if is_seen => four.map(|pixel| f32::from(pixel[3])),
        _ => [1.0; 4],
    };
    let color = |channel: usize| {
        let parts = four.iter().zip(weights);
        let sum: f32 = parts
            .map(|(pixel, weight)| light[usize::from(pixel[channel])] * weight)
            .sum();
        let mean = sum / weights.iter().sum::<f32>();
        // The first number that is no darker, or the one before where that is nearer.
        let above = light.partition_point(|own| *own < mean).min(255);
        let below = above.saturating_sub(1);
        let is_below = mean - light[below] < light[above] - mean;
        (if is_below { below } else { above }) as u8
    };
    let alpha = four.iter().map(|pixel| u16::from(pixel[3])).sum::<u16>();
    [color(0), color(1), color(2), (alpha.div_ceil(4)) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_lends_no_colour() {
        let leaf = [[10, 200, 30, 255], [255, 0, 255, 0]];
        let small = |pixels: [Pixel; 2], meaning| {
            let picture = Picture {
                width: 2,
                height: 1,
                pixels: pixels.concat(),
            };
            mipmaps(picture, meaning)[1].pixels.clone()
        };
        assert_eq!(small(leaf, Meaning::Cover), [10, 200, 30, 128]);
        assert_ne!(small(leaf, Meaning::Color)[..3], [10, 200, 30]);
        let nothing = leaf.map(|[red, green, blue, _]| [red, green, blue, 0]);
        let both = [Meaning::Cover, Meaning::Color].map(|meaning| small(nothing, meaning));
        assert_eq!(both[0], both[1]);
    }

    #[test]
    fn levels_go_down_to_one_pixel_and_keep_light_or_numbers() {
        let pixels = [[0, 0, 0, 255], [255, 255, 255, 255]]
            .repeat(8)
            .into_flattened();
        for (meaning, middle) in [(Meaning::Color, 188), (Meaning::Numbers, 127)] {
            let picture = Picture {
                width: 8,
                height: 2,
                pixels: pixels.clone(),
            };
            let levels = mipmaps(picture, meaning);
            let sizes: Vec<_> = levels
                .iter()
                .map(|level| (level.width, level.height))
                .collect();
            assert_eq!(sizes, [(8, 2), (4, 1), (2, 1), (1, 1)]);
            for level in &levels[1..] {
                assert!(
                    level
                        .pixels
                        .chunks(4)
                        .all(|pixel| { pixel[0].abs_diff(middle) <= 1 && pixel[3] == 255 })
                );
            }
        }
    }
}
