//! How alike two pictures look: the mean structural similarity of Wang, Bovik, Sheikh and Simoncelli, "Image quality
//! assessment: from error visibility to structural similarity", IEEE Transactions on Image Processing 13 (4), 2004,
//! with the constants and the window of that paper, on luma (ITU-R BT.601).

use crate::picture::Picture;

/// Half the side of the window, and how wide its Gaussian is, in pixels.
const REACH: usize = 5;
const DEVIATION: f64 = 1.5;
const SIDE: usize = 2 * REACH + 1;
/// The paper's (K1 L)² and (K2 L)² for values up to 255.
const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
/// Within so much of the ground's luma, and so little variance, a window shows nothing else.
const GROUND_LUMA: f64 = 3.0;
const GROUND_VARIANCE: f64 = 4.0;

/// How alike two pictures are: 1 for equal ones, about 0 for those that have nothing in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Likeness {
    /// Mean over all windows.
    pub(crate) whole: f64,
    /// Mean over windows where either picture shows something else than the ground; 1 when there are none.
    pub(crate) shown: f64,
}

/// Compares two pictures of one size whose first pixel is the ground; none when the sizes differ or a side is shorter than
/// the window.
pub(crate) fn compare(first: &Picture, second: &Picture) -> Option<Likeness> {
    let (width, height) = (first.width(), first.height());
    if (width, height) != (second.width(), second.height()) || width.min(height) < SIDE {
        return None;
    }
    let (x, y) = (luma(first), luma(second));
    let ground = (x[0], y[0]);
    let mean = |values: &[f64]| blurred(values, width);
    let products = |a: &[f64], b: &[f64]| -> Vec<f64> {
        let products: Vec<f64> = a.iter().zip(b).map(|(a, b)| a * b).collect();
        mean(&products)
    };
    let (mean_x, mean_y) = (mean(&x), mean(&y));
    let (xx, yy, xy) = (products(&x, &x), products(&y, &y), products(&x, &y));
    let (mut whole, mut shown, mut shown_count) = (0.0, 0.0, 0_u32);
    for index in 0..mean_x.len() {
        let (mean_x, mean_y) = (mean_x[index], mean_y[index]);
        let variance_x = xx[index] - mean_x * mean_x;
        let variance_y = yy[index] - mean_y * mean_y;
        let covariance = xy[index] - mean_x * mean_y;
        let alike = (2.0 * mean_x * mean_y + C1) * (2.0 * covariance + C2)
            / ((mean_x * mean_x + mean_y * mean_y + C1) * (variance_x + variance_y + C2));
        whole += alike;
        let is_ground = |mean: f64, variance: f64, ground: f64| {
            (mean - ground).abs() < GROUND_LUMA && variance < GROUND_VARIANCE
        };
        if !(is_ground(mean_x, variance_x, ground.0) && is_ground(mean_y, variance_y, ground.1)) {
            shown += alike;
            shown_count += 1;
        }
    }
    Some(Likeness {
        whole: whole / mean_x.len() as f64,
        shown: match shown_count {
            0 => 1.0,
            count => shown / f64::from(count),
        },
    })
}

fn luma(picture: &Picture) -> Vec<f64> {
    let luma = |[red, green, blue]: &[u8; 3]| {
        0.299 * f64::from(*red) + 0.587 * f64::from(*green) + 0.114 * f64::from(*blue)
    };
    picture.pixels().iter().map(luma).collect()
}

/// Weighted means of all windows that lie within the picture.
fn blurred(values: &[f64], width: usize) -> Vec<f64> {
    let weights: [f64; SIDE] = std::array::from_fn(|place| {
        let away = place as f64 - REACH as f64;
        (-away * away / (2.0 * DEVIATION * DEVIATION)).exp()
    });
    let sum: f64 = weights.iter().sum();
    let weights = weights.map(|weight| weight / sum);
    let weighted = |at: &dyn Fn(usize) -> f64| -> f64 {
        weights
            .iter()
            .enumerate()
            .map(|(place, weight)| weight * at(place))
            .sum()
    };
    let across: Vec<f64> = values
        .chunks_exact(width)
        .flat_map(|row| {
            row.windows(SIDE)
                .map(|window| weighted(&|place| window[place]))
        })
        .collect();
    let width = width - SIDE + 1;
    (0..across.len() - (SIDE - 1) * width)
        .map(|first| weighted(&|place| across[first + place * width]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stripes with a contrast, around a brightness.
    fn stripes(brightness: f64, contrast: f64) -> Picture {
        let mut picture = Picture::filled(64, 48, [0; 3]);
        for y in 0..48 {
            for x in 0..64 {
                let value = brightness + contrast * (x as f64 * 0.9 + y as f64 * 0.4).sin();
                picture.set(x, y, [value.round() as u8; 3]);
            }
        }
        picture
    }

    fn shown(first: &Picture, second: &Picture) -> f64 {
        compare(first, second).unwrap().shown
    }

    #[test]
    fn a_picture_is_like_itself() {
        let picture = stripes(120.0, 60.0);
        let likeness = compare(&picture, &picture).unwrap();
        assert!((likeness.whole - 1.0).abs() < 1e-9 && (likeness.shown - 1.0).abs() < 1e-9);
    }

    #[test]
    fn even_pictures_compare_by_their_brightness_alone() {
        let [first, second] = [100, 150].map(|grey| Picture::filled(20, 20, [grey; 3]));
        let likeness = compare(&first, &second).unwrap();
        let expected = (2.0 * 100.0 * 150.0 + C1) / (100.0 * 100.0 + 150.0 * 150.0 + C1);
        assert!((likeness.whole - expected).abs() < 1e-9, "{likeness:?}");
    }

    #[test]
    fn half_the_contrast_costs_what_the_formula_says() {
        // Of one pattern with contrasts a and b the structure is equal: 2ab / (a² + b²), but for the constant.
        let likeness = shown(&stripes(120.0, 80.0), &stripes(120.0, 40.0));
        assert!((likeness - 0.8).abs() < 0.02, "{likeness}");
    }

    #[test]
    fn the_negative_of_a_picture_is_its_opposite() {
        assert!(shown(&stripes(128.0, 60.0), &stripes(128.0, -60.0)) < -0.9);
    }

    #[test]
    fn the_ground_does_not_hide_what_differs() {
        let mut first = Picture::filled(200, 200, [90; 3]);
        let mut second = first.clone();
        first.paste(&stripes(120.0, 60.0), 60, 60);
        second.paste(&stripes(120.0, -60.0), 60, 60);
        let likeness = compare(&first, &second).unwrap();
        assert!(likeness.whole > 0.7 && likeness.shown < 0.0, "{likeness:?}");
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        let picture = |width, height| Picture::filled(width, height, [0; 3]);
        assert!(compare(&picture(20, 20), &picture(21, 20)).is_none());
        assert!(compare(&picture(20, 10), &picture(20, 10)).is_none());
    }
}
