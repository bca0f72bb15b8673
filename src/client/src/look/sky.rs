//! The sky as a function of direction: colours of a clear atmosphere that depend on the sun's height, with clouds, hills
//! of haze at the horizon, and a sun. Own model, fitted by eye to photographs of evenings; everything else follows it.

use bevy::prelude::*;
use scene::{Sky, SkyKind};
use std::f32::consts::{PI, TAU};

/// Hour at which the sun rises; it sets at 24 minus this.
const SUNRISE_HOUR: f32 = 6.0;
/// Height of the sun at noon in radians.
const NOON_HEIGHT: f32 = 1.05;
/// Cosine of the sun's apparent radius; larger than true, as bright suns look.
const SUN_COSINE: f32 = 0.999_55;

/// Colours by day, in the evening and at night: of sunlight, of the sky, of the glow around a low sun, of the ground.
const SUN: [Vec3; 3] = [
    Vec3::new(1.0, 0.95, 0.86),
    Vec3::new(1.0, 0.60, 0.27),
    Vec3::new(0.05, 0.07, 0.12),
];
const ZENITH: [Vec3; 3] = [
    Vec3::new(0.10, 0.26, 0.62),
    Vec3::new(0.13, 0.21, 0.44),
    Vec3::new(0.006, 0.010, 0.025),
];
const HORIZON: [Vec3; 3] = [
    Vec3::new(0.52, 0.68, 0.88),
    Vec3::new(0.92, 0.55, 0.33),
    Vec3::new(0.02, 0.028, 0.05),
];
const GLOW: [Vec3; 3] = [
    Vec3::new(0.30, 0.27, 0.20),
    Vec3::new(1.15, 0.50, 0.14),
    Vec3::ZERO,
];
const GROUND: [Vec3; 3] = [
    Vec3::new(0.26, 0.25, 0.22),
    Vec3::new(0.22, 0.15, 0.11),
    Vec3::new(0.008, 0.009, 0.012),
];

/// A sky at one time of day. Colours are linear, 1 is about a white wall in the sun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SkyModel {
    /// Unit vector towards the sun.
    pub(crate) to_sun: Vec3,
    /// Colour and strength of sunlight.
    pub(crate) sun: Vec3,
    zenith: Vec3,
    horizon: Vec3,
    /// Glow around the sun, near the horizon.
    glow: Vec3,
    ground: Vec3,
    clouds: f32,
}

impl SkyModel {
    pub(crate) fn new(sky: &Sky) -> Self {
        let day = (sky.time_of_day - SUNRISE_HOUR) / (24.0 - 2.0 * SUNRISE_HOUR);
        // Colours are those of the time, whatever height is stated; but without a sun it is night.
        let height_then = (day * PI).sin() * NOON_HEIGHT;
        let height = sky.sun_elevation.map_or(height_then, f32::to_radians);
        // The stated azimuth is that of noon; the sun goes round at fifteen degrees an hour.
        let azimuth = sky.sun_azimuth.to_radians() + (sky.time_of_day - 12.0) / 24.0 * TAU * 0.6;
        let to_sun = Vec3::new(
            azimuth.sin() * height.cos(),
            height.sin(),
            -azimuth.cos() * height.cos(),
        );
        // 0 at night, 1 by day; and how low the sun stands.
        let light = smooth(-0.12, 0.12, height);
        let low = 1.0 - smooth(0.2, 0.95, height_then);
        let mix = |[day, evening, night]: [Vec3; 3]| night.lerp(day.lerp(evening, low), light);
        let stated = |color: Option<[f32; 3]>, usual| color.map_or_else(|| mix(usual), Vec3::from);
        Self {
            to_sun,
            sun: mix(SUN) * (0.15 + 0.85 * light) * (1.0 - 0.25 * low),
            zenith: stated(sky.top_color, ZENITH),
            horizon: stated(sky.horizon_color, HORIZON),
            glow: match sky.kind {
                SkyKind::Physical => mix(GLOW),
                SkyKind::Gradient => Vec3::ZERO,
            },
            ground: stated(sky.bottom_color, GROUND),
            clouds: sky.clouds,
        }
    }

    /// Light that comes from a direction (unit vector), without the sun's disc.
    pub(crate) fn light_from(&self, direction: Vec3) -> Vec3 {
        let up = direction.y;
        let towards = direction.dot(self.to_sun).max(0.0);
        if up < 0.0 {
            let haze = self.horizon * 0.55 + self.glow * towards.powi(6) * 0.2;
            return haze.lerp(self.ground, smooth(0.0, 0.25, -up));
        }
        let band = (1.0 - up).powi(5);
        let mut color = self.zenith.lerp(self.horizon, band);
        let near_horizon = (1.0 - up).powi(3);
        color += self.glow * (towards.powi(8) * near_horizon * 0.9 + towards.powi(64) * 0.5);
        if self.clouds > 0.0 {
            color = self.add_clouds(color, direction, towards);
        }
        color
    }

    /// What the eye sees in a direction: the light with the sun's disc in it.
    pub(crate) fn seen_in(&self, direction: Vec3) -> Vec3 {
        let cosine = direction.dot(self.to_sun);
        let disc = smooth(SUN_COSINE - 0.0004, SUN_COSINE, cosine);
        self.light_from(direction) + self.sun * disc * 12.0
    }

    /// Light from everywhere above, as one colour: for haze and for whatever has no map.
    pub(crate) fn mean_light(&self) -> Vec3 {
        let ring = (0..8).map(|step| {
            let angle = step as f32 / 8.0 * TAU;
            self.light_from(Vec3::new(angle.cos(), 0.12, angle.sin()).normalize_or_zero())
        });
        ring.fold(Vec3::ZERO, |sum, light| sum + light) / 8.0
    }

    fn add_clouds(&self, color: Vec3, direction: Vec3, towards: f32) -> Vec3 {
        // Seen on a plane high above; it recedes towards the horizon.
        let reach = 1.0 / (direction.y + 0.12);
        let (x, z) = (direction.x * reach * 1.4, direction.z * reach * 1.4);
        let shape = noise(x, z) * 0.55
            + noise(x * 2.3 + 7.0, z * 2.1) * 0.28
            + noise(x * 5.1, z * 4.7 + 3.0) * 0.17;
        let edge = 0.78 - 0.45 * self.clouds;
        let cover = smooth(edge, edge + 0.28, shape) * smooth(0.02, 0.16, direction.y);
        let lit =
            self.horizon * 0.75 + self.sun * (0.35 + 0.9 * towards.powi(6)) + self.glow * 0.12;
        color.lerp(lit, cover * 0.85)
    }
}

fn smooth(from: f32, to: f32, value: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Value noise between 0 and 1.
fn noise(x: f32, y: f32) -> f32 {
    let (cell_x, cell_y) = (x.floor(), y.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - cell_x), ease(y - cell_y));
    let corner = |dx: f32, dy: f32| {
        let mut hash =
            (cell_x + dx) as i32 as u32 ^ ((cell_y + dy) as i32 as u32).wrapping_mul(0x9E37_79B1);
        hash = (hash ^ (hash >> 15)).wrapping_mul(0x85EB_CA77);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xC2B2_AE3D);
        (hash >> 8) as f32 / 16_777_216.0
    };
    let top = corner(0.0, 0.0) + (corner(1.0, 0.0) - corner(0.0, 0.0)) * u;
    let bottom = corner(0.0, 1.0) + (corner(1.0, 1.0) - corner(0.0, 1.0)) * u;
    top + (bottom - top) * v
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evenings_are_warm_and_noons_are_blue() {
        let at = |hour: f32| {
            SkyModel::new(&Sky {
                time_of_day: hour,
                ..Sky::default()
            })
        };
        let (evening, noon, night) = (at(17.4), at(12.0), at(1.0));
        assert!(evening.sun.x > 2.0 * evening.sun.z && noon.sun.z > 0.7 * noon.sun.x);
        assert!(noon.light_from(Vec3::Y).z > 2.0 * noon.light_from(Vec3::Y).x);
        assert!(
            night.mean_light().max_element() < 0.1 && noon.to_sun.y > 0.8 && night.to_sun.y < 0.0
        );
    }

    #[test]
    fn a_world_states_its_sun_and_its_colours() {
        let sky = Sky {
            sun_elevation: Some(30.0),
            top_color: Some([1.0, 0.0, 0.0]),
            horizon_color: Some([0.0, 1.0, 0.0]),
            bottom_color: Some([0.0, 0.0, 1.0]),
            clouds: 0.0,
            ..Sky::default()
        };
        let model = SkyModel::new(&sky);
        assert!((model.to_sun.y - 0.5).abs() < 1.0e-6, "{}", model.to_sun);
        assert!(model.light_from(model.to_sun).x > 1.0e-3);
        let plain = SkyModel::new(&Sky {
            kind: SkyKind::Gradient,
            ..sky
        });
        for (direction, color) in [
            (Vec3::Y, Vec3::X),
            (Vec3::Z, Vec3::Y),
            (Vec3::NEG_Y, Vec3::Z),
        ] {
            assert!(plain.light_from(direction).distance(color) < 1.0e-5);
        }
        assert!(plain.light_from(plain.to_sun).z.abs() < 1.0e-6);
        let set = SkyModel::new(&Sky {
            sun_elevation: Some(-40.0),
            ..Sky::default()
        });
        assert!(set.mean_light().max_element() < 0.1 && set.sun.max_element() < 0.1);
    }

    #[test]
    fn light_is_finite_and_positive_everywhere() {
        let model = SkyModel::new(&Sky {
            time_of_day: 18.0,
            clouds: 1.0,
            ..Sky::default()
        });
        for step in 0..500 {
            let (a, b) = (step as f32 * 0.71, step as f32 * 0.137);
            let light = model.seen_in(Vec3::new(a.cos() * b.cos(), b.sin(), a.sin() * b.cos()));
            assert!(light.is_finite() && light.min_element() >= 0.0, "{light}");
        }
    }
}
