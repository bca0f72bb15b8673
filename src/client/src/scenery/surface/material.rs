//! Materials of the engine from materials of the description.

use super::{
    super::texture::{Pictures, Reading, repeating},
    Extra, SceneSurfaces, Surface, SurfaceStores, glass,
    lobes::{LobedMaterial, Lobes, needs_lobes},
    toon::{self, DrawnMaterial, Toon},
};
use crate::look::SUN_LUX;
use bevy::{math::Affine2, mesh::UvChannel, prelude::*, render::render_resource::Face};
use scene::{
    AlphaMode as Alpha, Avatar, ColorKind, Material, MaterialIndex, Property, Scene, TextureSlot,
    TextureTransform, Topology,
};
use std::collections::{BTreeMap, BTreeSet};

/// Materials of one scene; equal ones share a handle, so that the engine draws them together.
#[derive(Default)]
pub(crate) struct Surfaces {
    handles: BTreeMap<(Option<MaterialIndex>, bool), Surface>,
    /// Lends its sampler to the pictures of all of them.
    sampler: Option<Handle<Image>>,
    /// Materials that an animation changes: they may come to need more than they show at first.
    animated: Option<BTreeSet<MaterialIndex>>,
}

impl Surfaces {
    /// The engine's handle of a material on triangles, lines or points; `None` is glTF's default.
    pub(crate) fn handle(
        &mut self,
        scene: &Scene,
        index: Option<MaterialIndex>,
        on: Topology,
        pictures: &Pictures,
        stores: &mut SurfaceStores<'_>,
    ) -> Surface {
        let is_lit = on == Topology::Triangles;
        if let Some(surface) = self.handles.get(&(index, is_lit)) {
            return surface.clone();
        }
        if !is_lit {
            let lit = self.handle(scene, index, Topology::Triangles, pictures, stores);
            let surface = stores.unlit(&lit);
            self.handles.insert((index, is_lit), surface.clone());
            return surface;
        }
        let animated = self.animated.get_or_insert_with(|| animated(scene));
        let is_animated = index.is_some_and(|index| animated.contains(&index));
        let described = index.map_or_else(Material::default, |index| {
            scene.materials[index.index()].clone()
        });
        let mut base = build(&described, pictures);
        let surface = if let Some(toon) = &described.toon {
            // MToon has emission and normals, also where a file says what programs without MToon do.
            base.unlit = false;
            base.depth_bias = toon::order(toon, described.alpha_mode);
            let sampler = self.sampler(stores);
            let outline = toon::outline(toon, &base, pictures, &sampler, stores);
            let extension = Toon::new(toon, pictures, sampler);
            let drawn = stores.drawn.add(DrawnMaterial { base, extension });
            Surface::Drawn(drawn, outline)
        } else if needs_lobes(&described) || may_need_lobes(scene, &described, is_animated) {
            let extension = Lobes::new(scene, &described, pictures, self.sampler(stores));
            Surface::Lobed(stores.lobed.add(LobedMaterial { base, extension }))
        } else {
            Surface::Plain(stores.plain.add(base))
        };
        self.handles.insert((index, is_lit), surface.clone());
        surface
    }

    fn sampler(&mut self, stores: &mut SurfaceStores<'_>) -> Handle<Image> {
        let made = || stores.images.add(repeating());
        self.sampler.get_or_insert_with(made).clone()
    }

    /// What has been made so far.
    pub(crate) fn made(self) -> SceneSurfaces {
        let handles = self.handles.into_iter();
        let made =
            handles.filter_map(|((index, is_lit), surface)| Some(((index?, is_lit), surface)));
        SceneSurfaces(made.collect())
    }
}

fn animated(scene: &Scene) -> BTreeSet<MaterialIndex> {
    let properties = scene.animations.iter().flat_map(|one| &one.properties);
    properties
        .filter_map(|channel| match channel.property {
            Property::Material(index, _) | Property::TextureTransform(index, ..) => Some(index),
            _ => None,
        })
        .collect()
}

/// True for a material that an animation may give a lobe, and for one whose back the engine lights wrongly on meshes that have tangents:
/// one without a normal map has them where a variant wants them.
fn may_need_lobes(scene: &Scene, material: &Material, is_animated: bool) -> bool {
    let has_back = material.is_double_sided;
    let has_image = |slot: TextureSlot| scene.textures[slot.texture.index()].image.is_some();
    let has_normal_map = material.normal_texture.is_some_and(has_image);
    let is_plain_in_variants = !has_normal_map && !scene.variants.is_empty();
    let has_odd_back = has_back && (is_plain_in_variants || material.clearcoat > 0.0);
    !material.is_unlit && (is_animated || has_odd_back)
}

fn build(material: &Material, pictures: &Pictures) -> StandardMaterial {
    let picture = |slot: Option<TextureSlot>, reading: Reading| {
        slot.and_then(|slot| pictures.handle(slot.texture, reading))
    };
    let [_, second] = material.drawn_uv_sets();
    let channel = |slot: Option<TextureSlot>| {
        if slot.is_some_and(|slot| slot.uv_set == second) {
            UvChannel::Uv1
        } else {
            UvChannel::Uv0
        }
    };
    let mut shown = StandardMaterial {
        base_color_channel: channel(material.base_color_texture),
        base_color_texture: picture(material.base_color_texture, Reading::Color),
        emissive_channel: channel(material.emissive_texture),
        emissive_texture: picture(material.emissive_texture, Reading::Color),
        metallic_roughness_channel: channel(material.metallic_roughness_texture),
        metallic_roughness_texture: picture(material.metallic_roughness_texture, Reading::Numbers),
        normal_map_channel: channel(material.normal_texture),
        normal_map_texture: picture(material.normal_texture, Reading::Numbers),
        occlusion_channel: channel(material.occlusion_texture),
        occlusion_texture: picture(material.occlusion_texture, Reading::Numbers),
        double_sided: material.is_double_sided,
        cull_mode: (!material.is_double_sided).then_some(Face::Back),
        unlit: material.is_unlit,
        ..default()
    };
    set_factors(material, &mut shown);
    shown
}

/// Shortest way in metres that takes light from a volume.
const SHORTEST_ATTENUATION: f32 = 1.0e-6;

/// Numbers of a material; pictures stay.
pub(in crate::scenery) fn set_factors(material: &Material, shown: &mut StandardMaterial) {
    let color = |color: Vec3| Color::linear_rgb(color.x, color.y, color.z);
    let base = material.base_color;
    shown.base_color = Color::linear_rgba(base.x, base.y, base.z, base.w);
    shown.emissive = emissive(material.emission());
    // Seen through the same exposure as what lamps light.
    shown.emissive_exposure_weight = 1.0;
    shown.perceptual_roughness = material.roughness;
    shown.metallic = material.metallic;
    // The engine squares reflectance and tint; the file's factors are linear in what is reflected head-on.
    let head_on = reflected_head_on(material.index_of_refraction) * material.specular;
    shown.reflectance = (head_on / 0.16).max(0.0).sqrt();
    shown.specular_tint = color(material.specular_color.max(Vec3::ZERO).map(f32::sqrt));
    shown.specular_transmission = material.transmission;
    shown.diffuse_transmission = material.diffuse_transmission;
    shown.thickness = material.thickness;
    shown.ior = material.index_of_refraction.max(1.0);
    // The engine divides by it.
    shown.attenuation_distance = match material.attenuation_distance {
        metres if metres > 0.0 => metres.max(SHORTEST_ATTENUATION),
        _ => f32::INFINITY,
    };
    shown.attenuation_color = color(glass::attenuation(material.attenuation_color));
    shown.clearcoat = material.clearcoat;
    shown.clearcoat_perceptual_roughness = material.clearcoat_roughness;
    shown.anisotropy_strength = material.anisotropy;
    shown.anisotropy_rotation = material.anisotropy_rotation;
    shown.alpha_mode = match material.alpha_mode {
        Alpha::Opaque => AlphaMode::Opaque,
        Alpha::Mask(cutoff) => AlphaMode::Mask(cutoff),
        Alpha::Blend => AlphaMode::Blend,
    };
    shown.uv_transform = slot_transform(&first_transform(material));
}

/// Share of the light that a surface without colour reflects head-on. An index of 0 stands for one without end, which
/// reflects everything: that is how materials of specular and glossiness are converted (KHR_materials_ior).
fn reflected_head_on(index_of_refraction: f32) -> f32 {
    if index_of_refraction == 0.0 {
        return 1.0;
    }
    let index = index_of_refraction.max(1.0);
    ((index - 1.0) / (index + 1.0)).powi(2)
}

fn emissive(color: Vec3) -> LinearRgba {
    LinearRgba::rgb(color.x, color.y, color.z) * EMISSIVE_NITS
}

/// Plain colours that no light changes, those that it shines in among them: for lines and points, on which no light falls
/// (glTF 2.0, 3.9.7).
pub(in crate::scenery) fn make_unlit(shown: &mut StandardMaterial) {
    let (base, emission) = (shown.base_color.to_linear(), shown.emissive / EMISSIVE_NITS);
    shown.base_color = Color::linear_rgba(
        base.red + emission.red,
        base.green + emission.green,
        base.blue + emission.blue,
        base.alpha,
    );
    shown.unlit = true;
}

/// Colours and texture transform of an avatar's material under weights of expressions.
pub(crate) fn tint(
    avatar: &Avatar,
    face: &scene::Face,
    weights: &[f32],
    index: MaterialIndex,
    shown: &mut StandardMaterial,
    extra: Extra<'_>,
) {
    let described = &avatar.scene.materials[index.index()];
    let color = |kind, base| face.apply_color(weights, index, kind, base);
    let base = color(ColorKind::Base, described.base_color);
    shown.base_color = Color::linear_rgba(base.x, base.y, base.z, base.w);
    let emission = color(ColorKind::Emission, described.emissive.extend(1.0));
    shown.emissive = emissive(emission.truncate() * described.emissive_strength);
    let transform = first_transform(described);
    let moved = face.apply_texture_transform(weights, index, transform);
    shown.uv_transform = slot_transform(&moved);
    if let (Extra::Toon(shown), Some(toon)) = (extra, &described.toon) {
        shown.tint(toon, color);
    }
}

/// Emission 1 in a file looks as bright as white paper in the sun: its light over pi, in candelas a square metre.
const EMISSIVE_NITS: f32 = SUN_LUX / std::f32::consts::PI;

/// The engine has one transform for all slots: the base colour's, or the first that has one.
pub(super) fn first_transform(material: &Material) -> TextureTransform {
    let slots = [
        material.base_color_texture,
        material.metallic_roughness_texture,
        material.normal_texture,
        material.emissive_texture,
        material.occlusion_texture,
    ];
    let first = slots.into_iter().flatten().next();
    first.map(|slot| slot.transform).unwrap_or_default()
}

/// KHR_texture_transform turns counter-clockwise in a space whose v points down.
pub(super) fn slot_transform(transform: &TextureTransform) -> Affine2 {
    Affine2::from_scale_angle_translation(transform.scale, -transform.rotation, transform.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_zero_reflects_everything_that_its_colour_lets_it() {
        assert_eq!(reflected_head_on(0.0), 1.0);
        assert!((reflected_head_on(1.5) - 0.04).abs() < 1e-6);
        assert_eq!(reflected_head_on(1.0), 0.0);
        let mut shown = StandardMaterial::default();
        let material = Material {
            index_of_refraction: 0.0,
            specular: 0.5,
            ..Material::default()
        };
        set_factors(&material, &mut shown);
        // The engine reflects 0.16 times the square.
        assert!((0.16 * shown.reflectance.powi(2) - 0.5).abs() < 1e-6);
        assert_eq!(shown.ior, 1.0);
    }

    #[test]
    fn textures_look_at_the_coordinates_that_the_mesh_has_for_them() {
        let slot = |uv_set| {
            Some(TextureSlot {
                texture: scene::TextureIndex(0),
                uv_set,
                transform: TextureTransform::default(),
            })
        };
        let channels = |base: u32, occlusion: u32| {
            let material = Material {
                base_color_texture: slot(base),
                occlusion_texture: slot(occlusion),
                ..Material::default()
            };
            let shown = build(&material, &Pictures::default());
            [shown.base_color_channel, shown.occlusion_channel]
                .map(|channel| channel == UvChannel::Uv1)
        };
        assert_eq!(channels(0, 1), [false, true]);
        assert_eq!(channels(1, 1), [true, true]);
        assert_eq!(channels(3, 1), [true, false]);
        assert_eq!(channels(2, 2), [false, false]);
    }

    #[test]
    fn emission_is_seen_through_the_exposure_like_white_paper_in_the_sun() {
        let mut shown = StandardMaterial::default();
        let material = Material {
            emissive: Vec3::new(1.0, 0.5, 0.0),
            ..Material::default()
        };
        set_factors(&material, &mut shown);
        assert_eq!(shown.emissive_exposure_weight, 1.0);
        let paper = SUN_LUX / std::f32::consts::PI;
        assert!((shown.emissive.red - paper).abs() < 1.0);
        assert!((shown.emissive.green - paper * 0.5).abs() < 1.0);
        shown.base_color = Color::linear_rgba(0.0, 0.25, 0.5, 0.75);
        make_unlit(&mut shown);
        assert!(shown.unlit);
        let line = shown.base_color.to_linear();
        let expected = LinearRgba::new(1.0, 0.75, 0.5, 0.75);
        assert!((line - expected).to_vec4().length() < 1.0e-4, "{line:?}");
    }
}
