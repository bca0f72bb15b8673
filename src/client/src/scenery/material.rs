//! Materials of the engine from materials of the description.

use super::texture::{Pictures, Reading};
use bevy::{math::Affine2, mesh::UvChannel, prelude::*, render::render_resource::Face};
use scene::{AlphaMode as Alpha, Material, MaterialIndex, TextureSlot};
use std::collections::BTreeMap;

/// Materials of one scene; equal ones share a handle, so that the engine draws them together.
#[derive(Default)]
pub(crate) struct Surfaces {
    handles: BTreeMap<Option<MaterialIndex>, Handle<StandardMaterial>>,
}

impl Surfaces {
    /// The engine's handle of a material; `None` is glTF's default.
    pub(crate) fn handle(
        &mut self,
        scene: &scene::Scene,
        index: Option<MaterialIndex>,
        pictures: &mut Pictures,
        images: &mut Assets<Image>,
        materials: &mut Assets<StandardMaterial>,
    ) -> Handle<StandardMaterial> {
        if let Some(handle) = self.handles.get(&index) {
            return handle.clone();
        }
        let described = index.map_or_else(Material::default, |index| {
            scene.materials[index.index()].clone()
        });
        let handle = materials.add(build(&described, pictures, images));
        self.handles.insert(index, handle.clone());
        handle
    }
}

fn build(
    material: &Material,
    pictures: &mut Pictures,
    images: &mut Assets<Image>,
) -> StandardMaterial {
    let mut picture = |slot: Option<TextureSlot>, reading: Reading| {
        slot.and_then(|slot| pictures.handle(slot.texture, reading, images))
    };
    let channel = |slot: Option<TextureSlot>| {
        if slot.is_some_and(|slot| slot.uv_set == 1) {
            UvChannel::Uv1
        } else {
            UvChannel::Uv0
        }
    };
    let color = material.base_color;
    StandardMaterial {
        base_color: Color::linear_rgba(color.x, color.y, color.z, color.w),
        base_color_channel: channel(material.base_color_texture),
        base_color_texture: picture(material.base_color_texture, Reading::Color),
        emissive: LinearRgba::rgb(
            material.emissive.x,
            material.emissive.y,
            material.emissive.z,
        ) * EMISSIVE_NITS,
        emissive_channel: channel(material.emissive_texture),
        emissive_texture: picture(material.emissive_texture, Reading::Color),
        perceptual_roughness: material.roughness,
        metallic: material.metallic,
        metallic_roughness_channel: channel(material.metallic_roughness_texture),
        metallic_roughness_texture: picture(material.metallic_roughness_texture, Reading::Numbers),
        reflectance: 0.5 * material.specular,
        specular_tint: Color::linear_rgb(
            material.specular_color.x,
            material.specular_color.y,
            material.specular_color.z,
        ),
        specular_transmission: material.transmission,
        thickness: material.thickness,
        ior: material.index_of_refraction,
        normal_map_channel: channel(material.normal_texture),
        normal_map_texture: picture(material.normal_texture, Reading::Numbers),
        occlusion_channel: channel(material.occlusion_texture),
        occlusion_texture: picture(material.occlusion_texture, Reading::Numbers),
        clearcoat: material.clearcoat,
        clearcoat_perceptual_roughness: material.clearcoat_roughness,
        anisotropy_strength: material.anisotropy,
        anisotropy_rotation: material.anisotropy_rotation,
        double_sided: material.is_double_sided,
        cull_mode: (!material.is_double_sided).then_some(Face::Back),
        unlit: material.is_unlit,
        alpha_mode: match material.alpha_mode {
            Alpha::Opaque => AlphaMode::Opaque,
            Alpha::Mask(cutoff) => AlphaMode::Mask(cutoff),
            Alpha::Blend => AlphaMode::Blend,
        },
        uv_transform: uv_transform(material),
        ..default()
    }
}

/// Emission 1 in a file looks as bright as white paper in the sun of the default exposure.
const EMISSIVE_NITS: f32 = 1_000.0;

/// The engine has one transform for all slots: the base colour's, or the first that has one.
fn uv_transform(material: &Material) -> Affine2 {
    let slots = [
        material.base_color_texture,
        material.metallic_roughness_texture,
        material.normal_texture,
        material.emissive_texture,
        material.occlusion_texture,
    ];
    let Some(transform) = slots
        .into_iter()
        .flatten()
        .next()
        .map(|slot| slot.transform)
    else {
        return Affine2::IDENTITY;
    };
    // KHR_texture_transform turns counter-clockwise in a space whose v points down.
    Affine2::from_scale_angle_translation(transform.scale, -transform.rotation, transform.offset)
}
