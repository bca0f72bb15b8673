//! Animations of what is no node's transform (KHR_animation_pointer): visibility, materials, textures and lights.

use super::{
    animation::{Curve, Interpolation},
    material::{AlphaMode, Iridescence, Material, Sheen, TextureSlot},
    scene::{Light, LightIndex, LightKind, MaterialIndex, NodeIndex},
};
use glam::{Vec2, Vec3, Vec4};

/// One property over time.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyChannel {
    /// What changes.
    pub property: Property,
    /// Key times in seconds, strictly increasing, at least one.
    pub times: Vec<f32>,
    /// How values between keys come about.
    pub interpolation: Interpolation,
    /// Numbers of all keys, [`Property::width`] a value; three values a key for cubic splines.
    pub values: Vec<f32>,
}

impl PropertyChannel {
    /// The numbers at a time in seconds; before the first and after the last key they hold.
    #[must_use]
    pub fn sample(&self, secs: f32) -> Vec<f32> {
        let curve = Curve {
            times: &self.times,
            interpolation: self.interpolation,
        };
        curve.numbers(&self.values, self.property.width(), secs)
    }
}

/// What an animation can change beside transforms and morph weights of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// KHR_node_visibility: one number, zero hides.
    Visibility(NodeIndex),
    /// A factor of a material.
    Material(MaterialIndex, MaterialProperty),
    /// KHR_texture_transform of a slot.
    TextureTransform(MaterialIndex, Slot, TransformProperty),
    /// A value of a light.
    Light(LightIndex, LightProperty),
}

impl Property {
    /// How many numbers a value has.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Visibility(_) => 1,
            Self::Material(_, property) => property.width(),
            Self::TextureTransform(_, _, TransformProperty::Rotation) => 1,
            Self::TextureTransform(..) => 2,
            Self::Light(_, LightProperty::Color) => 3,
            Self::Light(..) => 1,
        }
    }
}

macro_rules! material_properties {
    ($($(#[$meta:meta])* $name:ident $width:literal $path:literal;)+) => {
        /// Factors of a material; the numbers are those of the file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum MaterialProperty { $($(#[$meta])* $name),+ }

        impl MaterialProperty {
            /// Every factor, with its path below a material.
            pub(crate) const PATHS: &[(Self, &'static str)] = &[$((Self::$name, $path)),+];

            /// How many numbers it has.
            #[must_use]
            pub fn width(self) -> usize {
                match self { $(Self::$name => $width),+ }
            }
        }
    };
}

material_properties! {
    /// Linear RGBA.
    BaseColor 4 "pbrMetallicRoughness/baseColorFactor";
    /// 0 to 1.
    Metallic 1 "pbrMetallicRoughness/metallicFactor";
    /// 0 to 1.
    Roughness 1 "pbrMetallicRoughness/roughnessFactor";
    /// Factor of the normal's slant.
    NormalScale 1 "normalTexture/scale";
    /// 0 to 1.
    OcclusionStrength 1 "occlusionTexture/strength";
    /// Linear RGB, before its strength.
    Emissive 3 "emissiveFactor";
    /// Factor of the emission.
    EmissiveStrength 1 "extensions/KHR_materials_emissive_strength/emissiveStrength";
    /// 0 to 1.
    AlphaCutoff 1 "alphaCutoff";
    /// 0 to 1.
    Transmission 1 "extensions/KHR_materials_transmission/transmissionFactor";
    /// From 1 on.
    IndexOfRefraction 1 "extensions/KHR_materials_ior/ior";
    /// Metres.
    Thickness 1 "extensions/KHR_materials_volume/thicknessFactor";
    /// Metres.
    AttenuationDistance 1 "extensions/KHR_materials_volume/attenuationDistance";
    /// Linear RGB.
    AttenuationColor 3 "extensions/KHR_materials_volume/attenuationColor";
    /// 20 over the Abbe number.
    Dispersion 1 "extensions/KHR_materials_dispersion/dispersion";
    /// 0 to 1.
    Clearcoat 1 "extensions/KHR_materials_clearcoat/clearcoatFactor";
    /// 0 to 1.
    ClearcoatRoughness 1 "extensions/KHR_materials_clearcoat/clearcoatRoughnessFactor";
    /// Factor of the coat's normal's slant.
    ClearcoatNormalScale 1 "extensions/KHR_materials_clearcoat/clearcoatNormalTexture/scale";
    /// 0 to 1.
    Specular 1 "extensions/KHR_materials_specular/specularFactor";
    /// Linear RGB.
    SpecularColor 3 "extensions/KHR_materials_specular/specularColorFactor";
    /// 0 to 1.
    Anisotropy 1 "extensions/KHR_materials_anisotropy/anisotropyStrength";
    /// Radians.
    AnisotropyRotation 1 "extensions/KHR_materials_anisotropy/anisotropyRotation";
    /// Linear RGB.
    SheenColor 3 "extensions/KHR_materials_sheen/sheenColorFactor";
    /// 0 to 1.
    SheenRoughness 1 "extensions/KHR_materials_sheen/sheenRoughnessFactor";
    /// 0 to 1.
    Iridescence 1 "extensions/KHR_materials_iridescence/iridescenceFactor";
    /// From 1 on.
    IridescenceIndexOfRefraction 1 "extensions/KHR_materials_iridescence/iridescenceIor";
    /// Nanometres.
    IridescenceThicknessMin 1 "extensions/KHR_materials_iridescence/iridescenceThicknessMinimum";
    /// Nanometres.
    IridescenceThicknessMax 1 "extensions/KHR_materials_iridescence/iridescenceThicknessMaximum";
    /// 0 to 1.
    DiffuseTransmission 1 "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionFactor";
    /// Linear RGB.
    DiffuseTransmissionColor 3 "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionColorFactor";
}

/// Places of a material that a texture can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "each is named like the texture in the specification"
)]
pub enum Slot {
    BaseColor,
    MetallicRoughness,
    Normal,
    Occlusion,
    Emissive,
    Transmission,
    Thickness,
    Clearcoat,
    ClearcoatRoughness,
    ClearcoatNormal,
    Specular,
    SpecularColor,
    Anisotropy,
    SheenColor,
    SheenRoughness,
    Iridescence,
    IridescenceThickness,
    DiffuseTransmission,
    DiffuseTransmissionColor,
}

impl Slot {
    /// Every slot, with its path below a material.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::BaseColor, "pbrMetallicRoughness/baseColorTexture"),
        (
            Self::MetallicRoughness,
            "pbrMetallicRoughness/metallicRoughnessTexture",
        ),
        (Self::Normal, "normalTexture"),
        (Self::Occlusion, "occlusionTexture"),
        (Self::Emissive, "emissiveTexture"),
        (
            Self::Transmission,
            "extensions/KHR_materials_transmission/transmissionTexture",
        ),
        (
            Self::Thickness,
            "extensions/KHR_materials_volume/thicknessTexture",
        ),
        (
            Self::Clearcoat,
            "extensions/KHR_materials_clearcoat/clearcoatTexture",
        ),
        (
            Self::ClearcoatRoughness,
            "extensions/KHR_materials_clearcoat/clearcoatRoughnessTexture",
        ),
        (
            Self::ClearcoatNormal,
            "extensions/KHR_materials_clearcoat/clearcoatNormalTexture",
        ),
        (
            Self::Specular,
            "extensions/KHR_materials_specular/specularTexture",
        ),
        (
            Self::SpecularColor,
            "extensions/KHR_materials_specular/specularColorTexture",
        ),
        (
            Self::Anisotropy,
            "extensions/KHR_materials_anisotropy/anisotropyTexture",
        ),
        (
            Self::SheenColor,
            "extensions/KHR_materials_sheen/sheenColorTexture",
        ),
        (
            Self::SheenRoughness,
            "extensions/KHR_materials_sheen/sheenRoughnessTexture",
        ),
        (
            Self::Iridescence,
            "extensions/KHR_materials_iridescence/iridescenceTexture",
        ),
        (
            Self::IridescenceThickness,
            "extensions/KHR_materials_iridescence/iridescenceThicknessTexture",
        ),
        (
            Self::DiffuseTransmission,
            "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionTexture",
        ),
        (
            Self::DiffuseTransmissionColor,
            "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionColorTexture",
        ),
    ];
}

/// What of KHR_texture_transform changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransformProperty {
    /// Texture widths and heights.
    Offset,
    /// Radians.
    Rotation,
    /// Factors.
    Scale,
}

/// What of a light changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LightProperty {
    /// Linear RGB.
    Color,
    /// Candela or lux.
    Intensity,
    /// Metres.
    Range,
    /// Radians.
    InnerCone,
    /// Radians.
    OuterCone,
}

macro_rules! texture_at {
    ($material:expr, $slot:expr, $borrow:ident) => {
        match $slot {
            Slot::BaseColor => $material.base_color_texture.$borrow(),
            Slot::MetallicRoughness => $material.metallic_roughness_texture.$borrow(),
            Slot::Normal => $material.normal_texture.$borrow(),
            Slot::Occlusion => $material.occlusion_texture.$borrow(),
            Slot::Emissive => $material.emissive_texture.$borrow(),
            Slot::Transmission => $material.transmission_texture.$borrow(),
            Slot::Thickness => $material.thickness_texture.$borrow(),
            Slot::Clearcoat => $material.clearcoat_texture.$borrow(),
            Slot::ClearcoatRoughness => $material.clearcoat_roughness_texture.$borrow(),
            Slot::ClearcoatNormal => $material.clearcoat_normal_texture.$borrow(),
            Slot::Specular => $material.specular_texture.$borrow(),
            Slot::SpecularColor => $material.specular_color_texture.$borrow(),
            Slot::Anisotropy => $material.anisotropy_texture.$borrow(),
            Slot::SheenColor => $material.sheen.$borrow()?.color_texture.$borrow(),
            Slot::SheenRoughness => $material.sheen.$borrow()?.roughness_texture.$borrow(),
            Slot::Iridescence => $material.iridescence.$borrow()?.texture.$borrow(),
            Slot::IridescenceThickness => {
                $material.iridescence.$borrow()?.thickness_texture.$borrow()
            }
            Slot::DiffuseTransmission => $material.diffuse_transmission_texture.$borrow(),
            Slot::DiffuseTransmissionColor => {
                $material.diffuse_transmission_color_texture.$borrow()
            }
        }
    };
}

impl Material {
    /// The texture in a slot.
    #[must_use]
    pub fn texture(&self, slot: Slot) -> Option<TextureSlot> {
        texture_at!(self, slot, as_ref).copied()
    }

    fn texture_mut(&mut self, slot: Slot) -> Option<&mut TextureSlot> {
        texture_at!(self, slot, as_mut)
    }

    /// Sets the transform of a slot; one without a texture has none.
    pub fn set_texture_transform(
        &mut self,
        slot: Slot,
        property: TransformProperty,
        values: &[f32],
    ) {
        let Some(texture) = self.texture_mut(slot) else {
            return;
        };
        let transform = &mut texture.transform;
        match (property, values) {
            (TransformProperty::Offset, &[x, y]) => transform.offset = Vec2::new(x, y),
            (TransformProperty::Scale, &[x, y]) => transform.scale = Vec2::new(x, y),
            (TransformProperty::Rotation, &[turn]) => transform.rotation = turn,
            _ => {}
        }
    }

    /// Sets a factor; another count of numbers than [`MaterialProperty::width`] changes nothing.
    pub fn set(&mut self, property: MaterialProperty, values: &[f32]) {
        use MaterialProperty as P;
        match *values {
            [value] => {
                if let Some(factor) = self.number_mut(property) {
                    *factor = value;
                    return;
                }
                match property {
                    P::EmissiveStrength => self.emissive_strength = value.max(0.0),
                    P::AlphaCutoff => {
                        if let AlphaMode::Mask(cutoff) = &mut self.alpha_mode {
                            *cutoff = value;
                        }
                    }
                    _ => {}
                }
            }
            [x, y, z] => {
                let color = Vec3::new(x, y, z);
                match property {
                    P::Emissive => self.emissive = color,
                    P::AttenuationColor => self.attenuation_color = color,
                    P::SpecularColor => self.specular_color = color,
                    P::SheenColor => self.sheen_mut().color = color,
                    P::DiffuseTransmissionColor => self.diffuse_transmission_color = color,
                    _ => {}
                }
            }
            [x, y, z, w] if property == P::BaseColor => self.base_color = Vec4::new(x, y, z, w),
            _ => {}
        }
    }

    /// Factors that are one plain number.
    fn number_mut(&mut self, property: MaterialProperty) -> Option<&mut f32> {
        use MaterialProperty as P;
        Some(match property {
            P::Metallic => &mut self.metallic,
            P::Roughness => &mut self.roughness,
            P::NormalScale => &mut self.normal_scale,
            P::OcclusionStrength => &mut self.occlusion_strength,
            P::Transmission => &mut self.transmission,
            P::IndexOfRefraction => &mut self.index_of_refraction,
            P::Thickness => &mut self.thickness,
            P::AttenuationDistance => &mut self.attenuation_distance,
            P::Dispersion => &mut self.dispersion,
            P::Clearcoat => &mut self.clearcoat,
            P::ClearcoatRoughness => &mut self.clearcoat_roughness,
            P::ClearcoatNormalScale => &mut self.clearcoat_normal_scale,
            P::Specular => &mut self.specular,
            P::Anisotropy => &mut self.anisotropy,
            P::AnisotropyRotation => &mut self.anisotropy_rotation,
            P::SheenRoughness => &mut self.sheen_mut().roughness,
            P::Iridescence => &mut self.film_mut().factor,
            P::IridescenceIndexOfRefraction => &mut self.film_mut().index_of_refraction,
            P::IridescenceThicknessMin => &mut self.film_mut().thickness_min,
            P::IridescenceThicknessMax => &mut self.film_mut().thickness_max,
            P::DiffuseTransmission => &mut self.diffuse_transmission,
            _ => return None,
        })
    }

    fn sheen_mut(&mut self) -> &mut Sheen {
        self.sheen.get_or_insert_default()
    }

    fn film_mut(&mut self) -> &mut Iridescence {
        self.iridescence.get_or_insert_default()
    }
}

impl Light {
    /// Sets a value; another count of numbers than it has changes nothing.
    pub fn set(&mut self, property: LightProperty, values: &[f32]) {
        match (property, values, &mut self.kind) {
            (LightProperty::Color, &[x, y, z], _) => self.color = Vec3::new(x, y, z),
            (LightProperty::Intensity, &[value], _) => self.intensity = value.max(0.0),
            (LightProperty::Range, &[value], _) => self.range = (value > 0.0).then_some(value),
            (LightProperty::InnerCone, &[value], LightKind::Spot { inner_radians, .. }) => {
                *inner_radians = value;
            }
            (LightProperty::OuterCone, &[value], LightKind::Spot { outer_radians, .. }) => {
                *outer_radians = value;
            }
            _ => {}
        }
    }
}
