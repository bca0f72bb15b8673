//! Materials and textures of the canonical scene.

use crate::{
    basis::PixelForm,
    description::{
        pointer::Slot,
        scene::{ImageIndex, TextureIndex},
        toon::ToonMaterial,
    },
    limits::MAX_DRAWN_UV_SETS,
};
use glam::{Vec2, Vec3, Vec4};
use std::{collections::BTreeSet, sync::Arc};

/// A material: metallic-roughness with the core's slots, plus the lobes whose parameters are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// Name in the file.
    pub name: String,
    /// Linear RGBA.
    pub base_color: Vec4,
    /// Multiplies `base_color`; sRGB.
    pub base_color_texture: Option<TextureSlot>,
    /// 0 is a dielectric, 1 a metal.
    pub metallic: f32,
    /// Perceptual roughness.
    pub roughness: f32,
    /// Green is roughness, blue is metallic; linear.
    pub metallic_roughness_texture: Option<TextureSlot>,
    /// Tangent-space normals; linear.
    pub normal_texture: Option<TextureSlot>,
    /// Scales x and y of the normal.
    pub normal_scale: f32,
    /// Red is occlusion; linear.
    pub occlusion_texture: Option<TextureSlot>,
    /// 0 ignores the occlusion texture, 1 applies it.
    pub occlusion_strength: f32,
    /// Linear RGB, before its strength: see [`Material::emission`].
    pub emissive: Vec3,
    /// KHR_materials_emissive_strength: a factor of the emission.
    pub emissive_strength: f32,
    /// Multiplies the emission; sRGB.
    pub emissive_texture: Option<TextureSlot>,
    /// How alpha counts.
    pub alpha_mode: AlphaMode,
    /// Drawn from both sides.
    pub is_double_sided: bool,
    /// KHR_materials_unlit.
    pub is_unlit: bool,
    /// KHR_materials_ior.
    pub index_of_refraction: f32,
    /// KHR_materials_transmission factor.
    pub transmission: f32,
    /// Red multiplies `transmission`; linear.
    pub transmission_texture: Option<TextureSlot>,
    /// KHR_materials_volume thickness, metres.
    pub thickness: f32,
    /// Green multiplies `thickness`; linear.
    pub thickness_texture: Option<TextureSlot>,
    /// Metres after which light has `attenuation_color`; infinite is clear.
    pub attenuation_distance: f32,
    /// Linear RGB.
    pub attenuation_color: Vec3,
    /// KHR_materials_dispersion: 20 over the Abbe number, 0 is none.
    pub dispersion: f32,
    /// KHR_materials_clearcoat factor.
    pub clearcoat: f32,
    /// Red multiplies `clearcoat`; linear.
    pub clearcoat_texture: Option<TextureSlot>,
    /// KHR_materials_clearcoat roughness.
    pub clearcoat_roughness: f32,
    /// Green multiplies `clearcoat_roughness`; linear.
    pub clearcoat_roughness_texture: Option<TextureSlot>,
    /// Tangent-space normals of the coat; linear.
    pub clearcoat_normal_texture: Option<TextureSlot>,
    /// Scales x and y of the coat's normal.
    pub clearcoat_normal_scale: f32,
    /// KHR_materials_specular factor.
    pub specular: f32,
    /// Alpha multiplies `specular`; linear.
    pub specular_texture: Option<TextureSlot>,
    /// KHR_materials_specular colour, linear.
    pub specular_color: Vec3,
    /// Multiplies `specular_color`; sRGB.
    pub specular_color_texture: Option<TextureSlot>,
    /// KHR_materials_pbrSpecularGlossiness with a picture: alpha of `specular_color_texture` multiplies it, and what is missing
    /// to 1 takes the place of `roughness`. What is reflected is missing in the base colour.
    pub glossiness: Option<f32>,
    /// KHR_materials_anisotropy strength.
    pub anisotropy: f32,
    /// KHR_materials_anisotropy rotation, radians.
    pub anisotropy_rotation: f32,
    /// Red and green are a direction, blue multiplies the strength; linear.
    pub anisotropy_texture: Option<TextureSlot>,
    /// KHR_materials_diffuse_transmission factor.
    pub diffuse_transmission: f32,
    /// Alpha multiplies `diffuse_transmission`; linear.
    pub diffuse_transmission_texture: Option<TextureSlot>,
    /// Linear RGB of light that comes through.
    pub diffuse_transmission_color: Vec3,
    /// Multiplies `diffuse_transmission_color`; sRGB.
    pub diffuse_transmission_color_texture: Option<TextureSlot>,
    /// KHR_materials_sheen.
    pub sheen: Option<Sheen>,
    /// KHR_materials_iridescence.
    pub iridescence: Option<Iridescence>,
    /// VRMC_materials_mtoon: drawn in place of everything else that reflects light.
    pub toon: Option<Box<ToonMaterial>>,
}

/// KHR_materials_sheen: cloth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sheen {
    /// Linear RGB.
    pub color: Vec3,
    /// Multiplies `color`; sRGB.
    pub color_texture: Option<TextureSlot>,
    /// Perceptual roughness.
    pub roughness: f32,
    /// Alpha multiplies `roughness`; linear.
    pub roughness_texture: Option<TextureSlot>,
}

/// KHR_materials_iridescence: a thin film.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iridescence {
    /// 0 is none, 1 is full.
    pub factor: f32,
    /// Red multiplies `factor`; linear.
    pub texture: Option<TextureSlot>,
    /// Index of refraction of the film.
    pub index_of_refraction: f32,
    /// Nanometres where `thickness_texture` is 0.
    pub thickness_min: f32,
    /// Nanometres where `thickness_texture` is 1, and without one.
    pub thickness_max: f32,
    /// Green mixes the two thicknesses; linear.
    pub thickness_texture: Option<TextureSlot>,
}

impl Material {
    /// The sets of texture coordinates that are drawn: those that its textures name, of more than are drawn the lowest. A
    /// texture on another set is drawn with the first of these. Where every texture is on the first or second set of a mesh,
    /// it is these two. What shades as MToon looks at the base colour's set alone, which is the first then.
    #[must_use]
    pub fn drawn_uv_sets(&self) -> [u32; MAX_DRAWN_UV_SETS] {
        let plain = [0, 1];
        let textures = Slot::ALL.iter().filter_map(|(slot, _)| self.texture(*slot));
        let mut named: BTreeSet<u32> = textures.map(|texture| texture.uv_set).collect();
        if named.iter().all(|set| plain.contains(set)) {
            named.extend(plain);
        }
        let base = self.base_color_texture.filter(|_| self.toon.is_some());
        let base = base.map(|texture| texture.uv_set);
        let others = named.into_iter().filter(|set| Some(*set) != base);
        let mut order = base.into_iter().chain(others).chain(plain);
        plain.map(|set| order.next().unwrap_or(set))
    }
}

impl Default for Iridescence {
    /// No film; what the specification fills in for what is not stated.
    fn default() -> Self {
        Self {
            factor: 0.0,
            texture: None,
            index_of_refraction: 1.3,
            thickness_min: 100.0,
            thickness_max: 400.0,
            thickness_texture: None,
        }
    }
}

impl Default for Material {
    /// glTF's default material.
    fn default() -> Self {
        Self {
            name: String::new(),
            base_color: Vec4::ONE,
            base_color_texture: None,
            metallic: 1.0,
            roughness: 1.0,
            metallic_roughness_texture: None,
            normal_texture: None,
            normal_scale: 1.0,
            occlusion_texture: None,
            occlusion_strength: 1.0,
            emissive: Vec3::ZERO,
            emissive_strength: 1.0,
            emissive_texture: None,
            alpha_mode: AlphaMode::Opaque,
            is_double_sided: false,
            is_unlit: false,
            index_of_refraction: 1.5,
            transmission: 0.0,
            transmission_texture: None,
            thickness: 0.0,
            thickness_texture: None,
            attenuation_distance: f32::INFINITY,
            attenuation_color: Vec3::ONE,
            dispersion: 0.0,
            clearcoat: 0.0,
            clearcoat_texture: None,
            clearcoat_roughness: 0.0,
            clearcoat_roughness_texture: None,
            clearcoat_normal_texture: None,
            clearcoat_normal_scale: 1.0,
            specular: 1.0,
            specular_texture: None,
            specular_color: Vec3::ONE,
            specular_color_texture: None,
            glossiness: None,
            anisotropy: 0.0,
            anisotropy_rotation: 0.0,
            anisotropy_texture: None,
            diffuse_transmission: 0.0,
            diffuse_transmission_texture: None,
            diffuse_transmission_color: Vec3::ONE,
            diffuse_transmission_color_texture: None,
            sheen: None,
            iridescence: None,
            toon: None,
        }
    }
}

impl Material {
    /// What the surface emits where no texture darkens it: linear RGB, not limited to 1.
    #[must_use]
    pub fn emission(&self) -> Vec3 {
        self.emissive * self.emissive_strength
    }
}

/// How the alpha of the base colour counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AlphaMode {
    /// Not at all.
    Opaque,
    /// Fully or not, by this cutoff.
    Mask(f32),
    /// Blended.
    Blend,
}

/// A texture in a slot of a material.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextureSlot {
    /// The texture.
    pub texture: TextureIndex,
    /// Which set of texture coordinates.
    pub uv_set: u32,
    /// KHR_texture_transform.
    pub transform: TextureTransform,
}

/// KHR_texture_transform: scale, then rotation, then offset of texture coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextureTransform {
    /// Offset in texture widths and heights.
    pub offset: Vec2,
    /// Counter-clockwise about the origin, radians.
    pub rotation: f32,
    /// Factor of the coordinates.
    pub scale: Vec2,
}

impl Default for TextureTransform {
    fn default() -> Self {
        Self {
            offset: Vec2::ZERO,
            rotation: 0.0,
            scale: Vec2::ONE,
        }
    }
}

/// An image and how it is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texture {
    /// The image; `None` when the file names none that can be read: drawn as if there were none.
    pub image: Option<ImageIndex>,
    /// Index into [`Scene::samplers`](crate::Scene::samplers).
    pub sampler: Option<u32>,
}

/// An encoded image whose header was checked.
#[derive(Clone, Debug)]
pub struct Image {
    /// Name or file name, for messages.
    pub name: String,
    /// Encoded bytes.
    pub bytes: Arc<[u8]>,
    /// How they are encoded.
    pub format: ImageFormat,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Encodings of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// KTX 2 with Basis Universal; see [`crate::basis`].
    Basis,
}

impl Image {
    /// True when it can stay compressed on a graphics card.
    #[must_use]
    pub fn stays_compressed(&self) -> bool {
        self.format == ImageFormat::Basis && PixelForm::Bc7.fits(self.width, self.height)
    }

    /// Bytes that its largest level takes on a graphics card: one a pixel where it can stay compressed, otherwise four.
    #[must_use]
    pub fn drawn_bytes(&self) -> u64 {
        let form = if self.stays_compressed() {
            PixelForm::Bc7
        } else {
            PixelForm::Rgba8
        };
        form.bytes(self.width, self.height)
    }
}

/// How a texture is sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampler {
    /// Horizontal repetition.
    pub wrap_u: Wrap,
    /// Vertical repetition.
    pub wrap_v: Wrap,
    /// Blocky instead of smooth when magnified.
    pub is_nearest_magnified: bool,
    /// Blocky instead of smooth when reduced.
    pub is_nearest_minified: bool,
}

/// What lies outside of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrap {
    /// The image again.
    #[default]
    Repeat,
    /// The image mirrored.
    Mirror,
    /// Its edge.
    Clamp,
}
