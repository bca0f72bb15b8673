//! The icon: a stoa before an evening sky, drawn by arithmetic at any size.

/// Sky above, sky at the horizon, and stone, as sRGB.
const NIGHT: [f32; 3] = [38.0, 44.0, 78.0];
const EVENING: [f32; 3] = [243.0, 178.0, 96.0];
const STONE: [f32; 3] = [28.0, 24.0, 36.0];
/// Roundness of the corners as a share of the side.
const CORNER: f32 = 0.22;
/// Samples along each side of a pixel, for smooth edges.
const SAMPLES: u32 = 4;

/// RGBA bytes of a square icon, rows from the top.
pub(super) fn draw(side: u32) -> Vec<u8> {
    let mut pixels = Vec::with_capacity((side * side * 4) as usize);
    for y in 0..side {
        for x in 0..side {
            pixels.extend(pixel(x, y, side));
        }
    }
    pixels
}

/// The mean over the samples of a pixel.
fn pixel(x: u32, y: u32, side: u32) -> [u8; 4] {
    let count = (SAMPLES * SAMPLES) as f32;
    let (mut color, mut cover) = ([0.0; 3], 0.0);
    for sample in 0..SAMPLES * SAMPLES {
        let at = |whole: u32, part: u32| {
            (whole as f32 + (part as f32 + 0.5) / SAMPLES as f32) / side as f32
        };
        let (u, v) = (at(x, sample % SAMPLES), at(y, sample / SAMPLES));
        if is_inside(u, v) {
            cover += 1.0;
            for (sum, channel) in color.iter_mut().zip(seen(u, v)) {
                *sum += channel;
            }
        }
    }
    let channel = |sum: f32| (sum / f32::max(cover, 1.0)).round() as u8;
    [
        channel(color[0]),
        channel(color[1]),
        channel(color[2]),
        (cover / count * 255.0).round() as u8,
    ]
}

/// Inside the square with round corners; `u` and `v` go from 0 to 1, down from the top left.
fn is_inside(u: f32, v: f32) -> bool {
    let out = |t: f32| ((t - 0.5).abs() - (0.5 - CORNER)).max(0.0);
    out(u).hypot(out(v)) <= CORNER
}

fn seen(u: f32, v: f32) -> [f32; 3] {
    if is_stone(u, v) {
        return STONE;
    }
    let warmth = v * v;
    std::array::from_fn(|channel| NIGHT[channel] + (EVENING[channel] - NIGHT[channel]) * warmth)
}

/// A gable, a beam, four columns and two steps.
fn is_stone(u: f32, v: f32) -> bool {
    let from_middle = (u - 0.5).abs();
    let is_gable = (0.2..0.36).contains(&v) && from_middle < (v - 0.2) / 0.16 * 0.36;
    let is_beam = (0.36..0.42).contains(&v) && from_middle < 0.34;
    let is_column = (0.42..0.74).contains(&v)
        && [0.1, 0.29]
            .iter()
            .any(|place| (from_middle - place).abs() < 0.042);
    let is_step = (0.74..0.79).contains(&v) && from_middle < 0.36
        || (0.79..0.85).contains(&v) && from_middle < 0.41;
    is_gable || is_beam || is_column || is_step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_has_round_corners_a_bright_horizon_and_dark_columns() {
        let side = 64;
        let icon = draw(side);
        assert_eq!(icon.len(), (side * side * 4) as usize);
        let at = |x: u32, y: u32| {
            let start = ((y * side + x) * 4) as usize;
            &icon[start..start + 4]
        };
        assert_eq!(at(0, 0)[3], 0);
        assert_eq!(at(32, 62)[3], 255);
        assert!(at(32, 45)[0] > 100 && at(14, 45)[0] < 60);
    }
}
