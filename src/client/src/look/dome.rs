//! What is above and around a world: our own sky, or the one that the file describes (OMI_environment_sky).

use super::SkyModel;
use crate::scenery::decode_picture;
use bevy::prelude::*;
use image::RgbaImage;
use scene::{EnvironmentSky, EnvironmentSkyKind, LightKind, Scene, Sky, worker::Worker};
use std::f32::consts::{FRAC_PI_2, PI, TAU};

/// Widest picture of a sky in pixels: it is seen through a cube map that is no finer.
const PICTURE_SIDE: u32 = 1024;
/// Heights in metres over which air and haze thin out to a third.
const AIR_METRES: f32 = 8_400.0;
const HAZE_METRES: f32 = 1_250.0;
/// Strength of sunlight before it enters the air, on the scale where 1 is a white wall in the sun.
const SUN_STRENGTH: f32 = 22.0;

/// A sky as a function of direction. Colours are linear, 1 is about a white wall in the sun.
pub(crate) struct Dome {
    /// Gives sun and shadows, and the sky where the file has none.
    pub(crate) model: SkyModel,
    described: Option<Described>,
}

struct Described {
    sky: EnvironmentSky,
    /// Pictures of a panorama: one, or six sides.
    pictures: Vec<RgbaImage>,
    to_sun: Vec3,
}

impl Dome {
    pub(crate) fn new(sky: &Sky, scene: &Scene) -> Self {
        let model = SkyModel::new(sky);
        let described = scene.sky.clone().map(|sky| Described {
            pictures: pictures(&sky, scene),
            sky,
            to_sun: to_sun(scene).unwrap_or(model.to_sun),
        });
        Self { model, described }
    }

    /// What the eye sees in a direction (unit vector).
    pub(crate) fn seen_in(&self, direction: Vec3) -> Vec3 {
        match &self.described {
            Some(described) => described.color(direction),
            None => self.model.seen_in(direction),
        }
    }

    /// Light that comes from a direction, without the sun's disc.
    pub(crate) fn light_from(&self, direction: Vec3) -> Vec3 {
        match &self.described {
            Some(described) => described.color(direction),
            None => self.model.light_from(direction),
        }
    }

    /// Light that falls on rough things from around a direction; the file may want it to come from nowhere in particular.
    pub(crate) fn rough_light_from(&self, direction: Vec3) -> Vec3 {
        let light = self.light_from(direction);
        match &self.described {
            Some(Described { sky, .. }) => sky
                .ambient_light_color
                .lerp(light, sky.ambient_sky_contribution),
            None => light,
        }
    }

    /// Light from everywhere above, as one colour: for haze and for whatever has no map.
    pub(crate) fn mean_light(&self) -> Vec3 {
        if self.described.is_none() {
            return self.model.mean_light();
        }
        let ring = (0..8).map(|step| {
            let angle = step as f32 / 8.0 * TAU;
            self.light_from(Vec3::new(angle.cos(), 0.12, angle.sin()).normalize_or_zero())
        });
        ring.fold(Vec3::ZERO, |sum, light| sum + light) / 8.0
    }
}

impl Described {
    fn color(&self, direction: Vec3) -> Vec3 {
        match &self.sky.kind {
            EnvironmentSkyKind::Plain(color) => *color,
            EnvironmentSkyKind::Gradient { .. } => self.gradient(direction),
            EnvironmentSkyKind::Physical { .. } => self.scattered(direction),
            EnvironmentSkyKind::Panorama(_) => {
                let across = 0.5 + direction.x.atan2(-direction.z) / TAU;
                let down = direction.y.clamp(-1.0, 1.0).acos() / PI;
                self.pictures
                    .first()
                    .map_or(Vec3::ZERO, |picture| pixel(picture, across, down))
            }
            EnvironmentSkyKind::Cubemap(_) => self.side(direction),
        }
    }

    fn gradient(&self, direction: Vec3) -> Vec3 {
        let EnvironmentSkyKind::Gradient {
            top,
            horizon,
            bottom,
            top_curve,
            bottom_curve,
            sun_angle,
            sun_curve,
        } = &self.sky.kind
        else {
            return Vec3::ZERO;
        };
        let height = direction.y.clamp(-1.0, 1.0).asin() / FRAC_PI_2;
        let share = |curve: f32| 1.0 - (1.0 - height.abs()).powf(1.0 / curve);
        let color = if height >= 0.0 {
            horizon.lerp(*top, share(*top_curve))
        } else {
            horizon.lerp(*bottom, share(*bottom_curve))
        };
        // Around the sun it is brighter.
        let away = direction.dot(self.to_sun).clamp(-1.0, 1.0).acos();
        let near = (1.0 - away / sun_angle.max(1e-3)).max(0.0);
        color + *horizon * near.powf(1.0 / sun_curve) * 2.0
    }

    /// One scattering of sunlight in a flat atmosphere, by the phase functions of Rayleigh and of Henyey and Greenstein;
    /// length of the way by Kasten and Young, 1989.
    fn scattered(&self, direction: Vec3) -> Vec3 {
        let EnvironmentSkyKind::Physical {
            ground,
            mie_anisotropy,
            mie_coefficient,
            mie_color,
            rayleigh_coefficient,
            rayleigh_color,
        } = &self.sky.kind
        else {
            return Vec3::ZERO;
        };
        let air = *rayleigh_color * *rayleigh_coefficient;
        let haze = *mie_color * *mie_coefficient;
        let through = |height: f32| {
            let length = way(height);
            (-(air * AIR_METRES + haze * HAZE_METRES) * length).exp()
        };
        let cosine = direction.dot(self.to_sun);
        let g = *mie_anisotropy;
        let of_air = 3.0 / (16.0 * PI) * (1.0 + cosine * cosine);
        let of_haze =
            (1.0 - g * g) / (4.0 * PI * (1.0 + g * g - 2.0 * g * cosine).max(1e-4).powf(1.5));
        let sun =
            through(self.to_sun.y) * SUN_STRENGTH * (self.to_sun.y * 8.0 + 0.6).clamp(0.0, 1.0);
        let scattering = air * AIR_METRES * of_air + haze * HAZE_METRES * of_haze;
        let all = (air * AIR_METRES + haze * HAZE_METRES).max(Vec3::splat(1e-9));
        let seen = |height: f32| sun * scattering / all * (Vec3::ONE - through(height));
        if direction.y >= 0.0 {
            return seen(direction.y);
        }
        let lit = *ground * (sun * self.to_sun.y.max(0.0) / PI + seen(0.5));
        seen(0.0).lerp(lit, (-direction.y * 8.0).min(1.0))
    }

    /// Sides in the order +X, -X, +Y, -Y, +Z, -Z, each seen from inside with its top up.
    fn side(&self, direction: Vec3) -> Vec3 {
        let size = direction.abs();
        let (side, across, down, depth) = if size.x >= size.y && size.x >= size.z {
            if direction.x > 0.0 {
                (0, direction.z, -direction.y, size.x)
            } else {
                (1, -direction.z, -direction.y, size.x)
            }
        } else if size.y >= size.z {
            if direction.y > 0.0 {
                (2, -direction.x, -direction.z, size.y)
            } else {
                (3, -direction.x, direction.z, size.y)
            }
        } else if direction.z > 0.0 {
            (4, -direction.x, -direction.y, size.z)
        } else {
            (5, direction.x, -direction.y, size.z)
        };
        let at = |value: f32| (value / depth.max(1e-6) + 1.0) * 0.5;
        self.pictures
            .get(side)
            .map_or(Vec3::ZERO, |picture| pixel(picture, at(across), at(down)))
    }
}

/// Length of the way of light through the air, in heights of the air, by the sine of its height.
fn way(sine: f32) -> f32 {
    let degrees = sine.clamp(0.0, 1.0).asin().to_degrees();
    1.0 / (sine.clamp(0.0, 1.0) + 0.505_72 * (degrees + 6.079_95).powf(-1.636_4))
}

/// A pixel as linear colour; 0 to 1 from the left and from the top.
fn pixel(picture: &RgbaImage, across: f32, down: f32) -> Vec3 {
    let place = |share: f32, size: u32| ((share * size as f32) as u32).min(size.saturating_sub(1));
    let (x, y) = (
        place(across, picture.width()),
        place(down, picture.height()),
    );
    let [red, green, blue, _] = picture.get_pixel(x, y).0;
    let color = Color::srgb_u8(red, green, blue).to_linear();
    Vec3::new(color.red, color.green, color.blue)
}

fn pictures(sky: &EnvironmentSky, scene: &Scene) -> Vec<RgbaImage> {
    let textures = match &sky.kind {
        EnvironmentSkyKind::Panorama(texture) => vec![*texture],
        EnvironmentSkyKind::Cubemap(textures) => textures.to_vec(),
        _ => Vec::new(),
    };
    let worker = Worker::new();
    textures
        .into_iter()
        .map(|texture| {
            let image = scene.textures[texture.index()].image;
            image.map_or_else(
                || RgbaImage::from_pixel(1, 1, image::Rgba([255; 4])),
                |image| decode_picture(&scene.images[image.index()], PICTURE_SIDE, &worker),
            )
        })
        .collect()
}

/// Towards the first lamp of the file that shines from one direction.
fn to_sun(scene: &Scene) -> Option<Vec3> {
    let node = scene.nodes_in_scene().into_iter().find(|node| {
        let light = scene.nodes[node.index()].light;
        light
            .is_some_and(|light| matches!(scene.lights[light.index()].kind, LightKind::Directional))
    })?;
    let back = scene.world_from_node(node).transform_vector3(Vec3::Z);
    back.try_normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dome(kind: EnvironmentSkyKind, contribution: f32) -> Dome {
        let scene = Scene {
            sky: Some(EnvironmentSky {
                kind,
                ambient_light_color: Vec3::new(0.5, 0.0, 0.0),
                ambient_sky_contribution: contribution,
            }),
            ..Scene::default()
        };
        Dome::new(&Sky::default(), &scene)
    }

    #[test]
    fn a_plain_sky_is_one_colour_and_light_may_come_from_nowhere() {
        let cyan = Vec3::new(0.0, 1.0, 1.0);
        let plain = dome(EnvironmentSkyKind::Plain(cyan), 1.0);
        assert_eq!(plain.seen_in(Vec3::NEG_Y), cyan);
        assert_eq!(plain.rough_light_from(Vec3::X), cyan);
        let ambient = dome(EnvironmentSkyKind::Plain(cyan), 0.0);
        assert_eq!(ambient.rough_light_from(Vec3::X), Vec3::new(0.5, 0.0, 0.0));
    }

    #[test]
    fn a_gradient_has_its_colours_where_they_belong() {
        let gradient = dome(
            EnvironmentSkyKind::Gradient {
                top: Vec3::Z,
                horizon: Vec3::Y,
                bottom: Vec3::X,
                top_curve: 0.2,
                bottom_curve: 0.2,
                sun_angle: 0.0,
                sun_curve: 0.15,
            },
            1.0,
        );
        assert!(gradient.seen_in(Vec3::Y).abs_diff_eq(Vec3::Z, 1e-3));
        assert!(gradient.seen_in(Vec3::X).abs_diff_eq(Vec3::Y, 1e-3));
        assert!(gradient.seen_in(Vec3::NEG_Y).abs_diff_eq(Vec3::X, 1e-3));
    }

    #[test]
    fn air_is_blue_and_mars_is_not() {
        let air = |rayleigh_color: Vec3, rayleigh_coefficient: f32| {
            let kind = EnvironmentSkyKind::Physical {
                ground: Vec3::splat(0.3),
                mie_anisotropy: 0.8,
                mie_coefficient: 2.0e-5,
                mie_color: Vec3::ONE,
                rayleigh_coefficient,
                rayleigh_color,
            };
            dome(kind, 1.0)
        };
        let earth = air(Vec3::new(0.3, 0.5, 1.0), 3.0e-5).seen_in(Vec3::Y);
        assert!(earth.z > 1.5 * earth.x, "{earth}");
        let mars = air(Vec3::new(1.0, 0.67, 0.5), 2.0e-6).seen_in(Vec3::Y);
        assert!(mars.x > mars.z, "{mars}");
        let none = air(Vec3::ZERO, 0.0);
        for step in 0..300 {
            let (a, b) = (step as f32 * 0.71, step as f32 * 0.137);
            let light = none.seen_in(Vec3::new(a.cos() * b.cos(), b.sin(), a.sin() * b.cos()));
            assert!(light.is_finite() && light.min_element() >= 0.0, "{light}");
        }
    }

    #[test]
    fn pictures_surround_the_world() {
        let mut picture = RgbaImage::from_pixel(4, 2, image::Rgba([0, 0, 0, 255]));
        // Straight ahead (-Z) is the middle of the picture; a quarter to the right is +X.
        picture.put_pixel(3, 0, image::Rgba([255, 0, 0, 255]));
        let described = Described {
            sky: EnvironmentSky {
                kind: EnvironmentSkyKind::Panorama(scene::TextureIndex(0)),
                ambient_light_color: Vec3::ONE,
                ambient_sky_contribution: 1.0,
            },
            pictures: vec![picture],
            to_sun: Vec3::Y,
        };
        assert_eq!(
            described.color(Vec3::new(0.9, 0.1, 0.1).normalize_or_zero()),
            Vec3::X
        );
        assert_eq!(
            described.color(Vec3::new(-0.9, 0.1, 0.0).normalize_or_zero()),
            Vec3::ZERO
        );
        let sides =
            (0..6).map(|side| RgbaImage::from_pixel(1, 1, image::Rgba([0, 0, side * 50, 255])));
        let cube = Described {
            pictures: sides.collect(),
            sky: EnvironmentSky {
                kind: EnvironmentSkyKind::Cubemap([scene::TextureIndex(0); 6]),
                ..described.sky
            },
            to_sun: Vec3::Y,
        };
        assert!(cube.color(Vec3::NEG_Z).z > cube.color(Vec3::Z).z);
        assert!(cube.color(Vec3::Y).z > cube.color(Vec3::X).z);
    }
}
