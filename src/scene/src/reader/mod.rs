//! From a checked document to the canonical scene, one file for each part of the format.

mod animate;
pub(crate) mod around;
pub(crate) mod body;
pub(crate) mod dds;
pub(crate) mod document;
pub(crate) mod draco;
mod emitter;
mod expression;
mod follow;
pub(crate) mod foreign_image;
pub(crate) mod humanoid;
mod light;
mod mesh;
mod node;
mod plain_ktx;
mod pointer;
mod portal;
pub(crate) mod prop;
mod skin;
mod spring;
mod surface;
mod toon;
pub(crate) mod transform;
pub(crate) mod vrm0;

/// A channel of a colour from the transfer function of sRGB (IEC 61966-2-1).
#[must_use]
pub fn linear_from_srgb(encoded: f32) -> f32 {
    if encoded <= 0.040_45 {
        encoded / 12.92
    } else {
        ((encoded + 0.055) / 1.055).powf(2.4)
    }
}

/// A channel of a colour by the transfer function of sRGB (IEC 61966-2-1).
#[must_use]
pub fn srgb_from_linear(linear: f32) -> f32 {
    if linear <= 0.003_130_8 {
        linear * 12.92
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    }
}
