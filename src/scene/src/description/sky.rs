//! OMI_environment_sky: what is above and around a scene.

use super::scene::TextureIndex;
use glam::Vec3;

/// A sky of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentSky {
    /// How it is drawn.
    pub kind: EnvironmentSkyKind,
    /// Linear RGB of light from everywhere.
    pub ambient_light_color: Vec3,
    /// Share of light from everywhere that comes from the sky instead, 0 to 1.
    pub ambient_sky_contribution: f32,
}

/// How a sky is drawn. Colours are linear RGB.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvironmentSkyKind {
    /// Between three colours.
    Gradient {
        /// Straight up.
        top: Vec3,
        /// At the horizon.
        horizon: Vec3,
        /// Straight down.
        bottom: Vec3,
        /// Exponent of the way from horizon to top; small ones hug the horizon.
        top_curve: f32,
        /// Exponent of the way from horizon to bottom.
        bottom_curve: f32,
        /// Half angle of the glow around directional lights, radians.
        sun_angle: f32,
        /// Exponent of that glow.
        sun_curve: f32,
    },
    /// A picture all around: width twice the height, straight up at its top.
    Panorama(TextureIndex),
    /// Six pictures: +X, -X, +Y, -Y, +Z, -Z.
    Cubemap([TextureIndex; 6]),
    /// Scattering of light in air.
    Physical {
        /// Below the horizon.
        ground: Vec3,
        /// How strongly haze scatters forward, -1 to 1.
        mie_anisotropy: f32,
        /// Haze, a metre.
        mie_coefficient: f32,
        /// Colour of haze.
        mie_color: Vec3,
        /// Air, a metre.
        rayleigh_coefficient: f32,
        /// Colour of air.
        rayleigh_color: Vec3,
    },
    /// One colour.
    Plain(Vec3),
}
