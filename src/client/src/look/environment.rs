//! Cube maps from the sky: what is seen, and the light that it throws on rough and on shiny things. Made on a worker
//! thread from the same function, so that they agree, and by arithmetic alone, so that any adapter can have them.

use super::Dome;
use bevy::{
    asset::RenderAssetUsages,
    image::{Image, ImageSampler},
    math::Vec3,
    render::render_resource::{
        Extent3d, TextureDimension, TextureFormat, TextureViewDescriptor, TextureViewDimension,
    },
};

/// Directions that one texel of a light map gathers.
const GATHERED: usize = 48;
/// Side of the map of light on rough things.
const DIFFUSE_SIDE: u32 = 8;
/// Side of the sharpest map of light on shiny things.
const SPECULAR_SIDE: u32 = 32;

/// The three maps.
pub(super) struct Environment {
    pub(super) seen: Image,
    pub(super) diffuse: Image,
    pub(super) specular: Image,
}

pub(super) fn make(sky: &Dome, seen_side: u32) -> Environment {
    Environment {
        seen: cube(seen_side, 1, |direction, _| sky.seen_in(direction)),
        diffuse: cube(DIFFUSE_SIDE, 1, |direction, _| gather(sky, direction, 1.0)),
        specular: cube(
            SPECULAR_SIDE,
            SPECULAR_SIDE.ilog2() + 1,
            |direction, roughness| {
                if roughness == 0.0 {
                    sky.light_from(direction)
                } else {
                    gather(sky, direction, roughness)
                }
            },
        ),
    }
}

/// Mean light around a direction: over the hemisphere by cosine at roughness 1, in a narrower lobe below.
fn gather(sky: &Dome, direction: Vec3, roughness: f32) -> Vec3 {
    let (side, over) = direction.any_orthonormal_pair();
    let mut sum = Vec3::ZERO;
    for index in 0..GATHERED {
        // Points of a golden spiral: evenly spread without chance.
        let share = (index as f32 + 0.5) / GATHERED as f32;
        let radius = share.sqrt() * roughness;
        let angle = index as f32 * 2.399_963_2;
        let up = (1.0 - radius * radius).max(0.0).sqrt();
        sum += sky.rough_light_from(
            (direction * up + (side * angle.cos() + over * angle.sin()) * radius)
                .normalize_or_zero(),
        );
    }
    sum / GATHERED as f32
}

/// A cube map with mipmaps; `light` gets the direction of a texel and the roughness that its level stands for.
fn cube(side: u32, levels: u32, light: impl Fn(Vec3, f32) -> Vec3) -> Image {
    let mut data = Vec::new();
    for face in 0..6 {
        for level in 0..levels {
            let level_side = (side >> level).max(1);
            let roughness = if levels > 1 {
                level as f32 / (levels - 1) as f32
            } else {
                0.0
            };
            for y in 0..level_side {
                for x in 0..level_side {
                    let at = |index: u32| (index as f32 + 0.5) / level_side as f32 * 2.0 - 1.0;
                    let color = light(direction(face, at(x), at(y)), roughness);
                    for channel in [color.x, color.y, color.z, 1.0] {
                        data.extend(half(channel).to_le_bytes());
                    }
                }
            }
        }
    }
    let size = Extent3d {
        width: side,
        height: side,
        depth_or_array_layers: 6,
    };
    let mut image = Image::new_uninit(
        size,
        TextureDimension::D2,
        TextureFormat::Rgba16Float,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.mip_level_count = levels;
    image.data = Some(data);
    image.texture_view_descriptor = Some(TextureViewDescriptor {
        dimension: Some(TextureViewDimension::Cube),
        ..Default::default()
    });
    image.sampler = ImageSampler::linear();
    image
}

/// Direction of a texel of a cube map, faces in the order +X, -X, +Y, -Y, +Z, -Z. Cube maps are left-handed:
/// the engine flips z when it looks something up.
fn direction(face: u32, u: f32, v: f32) -> Vec3 {
    let left_handed = match face {
        0 => Vec3::new(1.0, -v, -u),
        1 => Vec3::new(-1.0, -v, u),
        2 => Vec3::new(u, 1.0, v),
        3 => Vec3::new(u, -1.0, -v),
        4 => Vec3::new(u, -v, 1.0),
        _ => Vec3::new(-u, -v, -1.0),
    };
    (left_handed * Vec3::new(1.0, 1.0, -1.0)).normalize_or_zero()
}

/// IEEE 754 half precision of a non-negative number, rounded down; large ones become the largest.
fn half(value: f32) -> u16 {
    let value = value.clamp(0.0, 60_000.0);
    if value < 6.2e-5 {
        return (value / 5.960_464_5e-8) as u16;
    }
    let bits = value.to_bits();
    ((((bits >> 23) & 0xFF) as u16 - 112) << 10) | ((bits >> 13) & 0x3FF) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_keep_three_digits() {
        for (value, bits) in [
            (0.0, 0),
            (1.0, 0x3C00),
            (0.5, 0x3800),
            (2.0, 0x4000),
            (1.5, 0x3E00),
        ] {
            assert_eq!(half(value), bits, "{value}");
        }
    }

    #[test]
    fn the_middle_of_each_face_points_along_its_axis() {
        assert_eq!(direction(2, 0.0, 0.0), Vec3::Y);
        assert_eq!(direction(0, 0.0, 0.0), Vec3::X);
    }
}
