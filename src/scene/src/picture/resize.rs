//! Pictures of other sizes than half.

use image::{
    DynamicImage, GenericImageView, Rgba, RgbaImage,
    imageops::{self, FilterType},
};

/// The size of a picture whose longer side becomes `most_pixels`; the shorter one keeps its share of it.
#[must_use]
pub fn fitting((width, height): (u32, u32), most_pixels: u32) -> (u32, u32) {
    let share = f64::from(most_pixels) / f64::from(width.max(height).max(1));
    let fit = |side: u32| ((f64::from(side) * share).round() as u32).max(1);
    (fit(width), fit(height))
}

/// A picture of another size. Of one that `covers` there is as much as alpha says, so that what is left out lends its colour to
/// nothing.
#[must_use]
pub fn resize(
    picture: &DynamicImage,
    (width, height): (u32, u32),
    filter: FilterType,
    covers: bool,
) -> DynamicImage {
    if !covers || !picture.color().has_alpha() {
        return picture.resize_exact(width, height, filter);
    }
    let weighted = imageops::resize(&Weighted(picture), width, height, filter);
    let pixels = weighted
        .pixels()
        .flat_map(|Rgba([red, green, blue, weight])| {
            let byte = |value: f32| (value * 255.0).round() as u8;
            let [red, green, blue] = [red, green, blue].map(|channel| byte(channel / weight));
            [red, green, blue, byte((weight - LEAST) / SCALE)]
        });
    RgbaImage::from_raw(width, height, pixels.collect()).map_or_else(
        || picture.resize_exact(width, height, filter),
        DynamicImage::from,
    )
}

/// Weight of what is left out: colours of which nothing is seen have one yet, for adapters mix neighbours.
const LEAST: f32 = 1.0 / 4096.0;
/// Filters go beyond the brightest beside edges, and what goes beyond one is cut off: so weights and what they weigh are smaller.
const SCALE: f32 = 0.5;

/// A picture whose colours are weighted by its alpha, which is their weight.
struct Weighted<'p>(&'p DynamicImage);

impl GenericImageView for Weighted<'_> {
    type Pixel = Rgba<f32>;

    fn dimensions(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Rgba<f32> {
        let Rgba(pixel) = self.0.get_pixel(x, y);
        let [red, green, blue, alpha] = pixel.map(|value| f32::from(value) / 255.0);
        let weight = alpha * SCALE + LEAST;
        let [red, green, blue] = [red, green, blue].map(|channel| channel * weight);
        Rgba([red, green, blue, weight])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: [u8; 4] = [20, 200, 40, 255];

    /// The largest difference of any colour from the leaf's, and the same resized without weights.
    fn spoilt(is_leaf: impl Fn(u32, u32) -> bool) -> (u8, u8) {
        let pixel = |x, y| match is_leaf(x, y) {
            true => Rgba(LEAF),
            false => Rgba([255, 0, 255, 0]),
        };
        let picture = DynamicImage::from(RgbaImage::from_fn(64, 32, pixel));
        let size = fitting((64, 32), 24);
        assert_eq!(size, (24, 12));
        let sized = |covers| resize(&picture, size, FilterType::CatmullRom, covers).into_rgba8();
        let (made, plain) = (sized(true), sized(false));
        for (made, plain) in made.pixels().zip(plain.pixels()) {
            assert!(made.0[3].abs_diff(plain.0[3]) <= 1);
        }
        let most = |picture: &RgbaImage| {
            let seen = picture.pixels().filter(|pixel| pixel.0[3] > 15);
            let off = seen.flat_map(|pixel| (0..3).map(|at| pixel.0[at].abs_diff(LEAF[at])));
            off.max().unwrap()
        };
        (most(&made), most(&plain))
    }

    #[test]
    fn what_is_left_out_lends_no_colour_to_a_smaller_picture() {
        let noise = spoilt(|x, y| (x * x + y * y) % 7 < 3);
        let edge = spoilt(|x, y| x > 20 && y < 17);
        for (made, plain) in [noise, edge] {
            assert!(made <= 2 && plain > 40, "{made} {plain}");
        }
    }

    #[test]
    fn what_is_opaque_or_nowhere_is_resized_as_it_is() {
        for alpha in [0, 255] {
            let pixel = |x: u32, y: u32| Rgba([(x * 9) as u8, (y * 20) as u8, 90, alpha]);
            let picture = DynamicImage::from(RgbaImage::from_fn(16, 12, pixel));
            let sized =
                |covers| resize(&picture, (9, 7), FilterType::Triangle, covers).into_rgba8();
            for (made, plain) in sized(true).pixels().zip(sized(false).pixels()) {
                let off = made
                    .0
                    .iter()
                    .zip(plain.0)
                    .map(|(one, two)| one.abs_diff(two));
                assert!(off.max() <= Some(1), "{made:?} {plain:?}");
            }
        }
    }
}
