//! The engine's material with what it lacks of KHR_materials_*: for surfaces that need it, and for no others.

use super::{
    super::texture::{Pictures, Reading},
    material::slot_transform,
};
use bevy::{
    math::Affine2,
    pbr::{ExtendedMaterial, MaterialExtension},
    prelude::*,
    render::{
        render_asset::RenderAssets,
        render_resource::{AsBindGroup, AsBindGroupShaderType, ShaderType},
        texture::GpuImage,
    },
    shader::ShaderRef,
};
use scene::{Material, Scene, Slot, TextureSlot, Wrap};

/// A surface with lobes of its own.
pub(crate) type LobedMaterial = ExtendedMaterial<StandardMaterial, Lobes>;

/// Slots that the engine's own material reads.
const CORE: [Slot; 5] = [
    Slot::BaseColor,
    Slot::MetallicRoughness,
    Slot::Normal,
    Slot::Occlusion,
    Slot::Emissive,
];
/// How the pictures of the other slots are read, in the order of `scene::Slot`.
const READINGS: [(Slot, Reading); 14] = [
    (Slot::Transmission, Reading::Numbers),
    (Slot::Thickness, Reading::Numbers),
    (Slot::Clearcoat, Reading::Numbers),
    (Slot::ClearcoatRoughness, Reading::Numbers),
    (Slot::ClearcoatNormal, Reading::Numbers),
    (Slot::Specular, Reading::Numbers),
    (Slot::SpecularColor, Reading::Color),
    (Slot::Anisotropy, Reading::Numbers),
    (Slot::SheenColor, Reading::Color),
    (Slot::SheenRoughness, Reading::Numbers),
    (Slot::Iridescence, Reading::Numbers),
    (Slot::IridescenceThickness, Reading::Numbers),
    (Slot::DiffuseTransmission, Reading::Numbers),
    (Slot::DiffuseTransmissionColor, Reading::Color),
];

/// Factors and pictures of the lobes; the bindings are those of `shaders/lobes.wgsl`.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
#[uniform(100, Factors)]
pub(crate) struct Lobes {
    /// Lends its sampler to all the others.
    #[texture(116)]
    #[sampler(101)]
    sampler: Option<Handle<Image>>,
    #[texture(102)]
    transmission: Option<Handle<Image>>,
    #[texture(103)]
    thickness: Option<Handle<Image>>,
    #[texture(104)]
    clearcoat: Option<Handle<Image>>,
    #[texture(105)]
    clearcoat_roughness: Option<Handle<Image>>,
    #[texture(106)]
    clearcoat_normal: Option<Handle<Image>>,
    #[texture(107)]
    specular: Option<Handle<Image>>,
    #[texture(108)]
    specular_color: Option<Handle<Image>>,
    #[texture(109)]
    anisotropy: Option<Handle<Image>>,
    #[texture(110)]
    sheen_color: Option<Handle<Image>>,
    #[texture(111)]
    sheen_roughness: Option<Handle<Image>>,
    #[texture(112)]
    film: Option<Handle<Image>>,
    #[texture(113)]
    film_thickness: Option<Handle<Image>>,
    #[texture(114)]
    behind: Option<Handle<Image>>,
    #[texture(115)]
    behind_color: Option<Handle<Image>>,
    factors: Factors,
}

/// A slot as the shader sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, ShaderType)]
struct SlotFactors {
    u: Vec4,
    v: Vec4,
}

/// Numbers of the lobes.
#[derive(Clone, Copy, Debug, Default, PartialEq, ShaderType)]
pub(crate) struct Factors {
    sheen: Vec4,
    film: Vec4,
    anisotropy: Vec4,
    scales: Vec4,
    behind: Vec4,
    slots: [SlotFactors; 19],
}

impl AsBindGroupShaderType<Factors> for Lobes {
    fn as_bind_group_shader_type(&self, _: &RenderAssets<GpuImage>) -> Factors {
        self.factors
    }
}

impl MaterialExtension for Lobes {
    fn fragment_shader() -> ShaderRef {
        "shaders://lobes.wgsl".into()
    }
}

pub(super) fn plugin(app: &mut App) {
    app.add_plugins(MaterialPlugin::<LobedMaterial>::default());
}

/// True when the engine's own material cannot draw this one.
pub(super) fn needs_lobes(material: &Material) -> bool {
    if material.is_unlit {
        return false;
    }
    let has_texture = READINGS
        .iter()
        .any(|(slot, _)| material.texture(*slot).is_some());
    let core = material.texture(Slot::BaseColor);
    has_texture
        || material
            .sheen
            .is_some_and(|sheen| sheen.color != Vec3::ZERO)
        || material.iridescence.is_some_and(|film| film.factor > 0.0)
        || material.anisotropy > 0.0
        || (material.dispersion > 0.0 && material.transmission > 0.0)
        || material.diffuse_transmission > 0.0
        || CORE
            .iter()
            .skip(1)
            .any(|slot| is_apart(material, *slot, core))
}

/// True when a core texture is not read as the engine reads it: with the base colour's transform and in full strength.
fn is_apart(material: &Material, slot: Slot, base: Option<TextureSlot>) -> bool {
    let Some(texture) = material.texture(slot) else {
        return false;
    };
    let scale = match slot {
        Slot::Normal => material.normal_scale,
        Slot::Occlusion => material.occlusion_strength,
        _ => 1.0,
    };
    let shown = super::material::first_transform(material);
    scale != 1.0 || base.map_or(shown, |base| base.transform) != texture.transform
}

impl Lobes {
    pub(super) fn new(
        scene: &Scene,
        material: &Material,
        pictures: &Pictures,
        sampler: Handle<Image>,
    ) -> Self {
        let mut lobes = Self::default();
        for (slot, reading) in READINGS {
            let picture = material
                .texture(slot)
                .and_then(|texture| pictures.handle(texture.texture, reading));
            *lobes.picture_mut(slot) = picture;
        }
        lobes.sampler = Some(sampler);
        lobes.set_factors(scene, material);
        lobes
    }

    fn picture_mut(&mut self, slot: Slot) -> &mut Option<Handle<Image>> {
        match slot {
            Slot::Thickness => &mut self.thickness,
            Slot::Clearcoat => &mut self.clearcoat,
            Slot::ClearcoatRoughness => &mut self.clearcoat_roughness,
            Slot::ClearcoatNormal => &mut self.clearcoat_normal,
            Slot::Specular => &mut self.specular,
            Slot::SpecularColor => &mut self.specular_color,
            Slot::Anisotropy => &mut self.anisotropy,
            Slot::SheenColor => &mut self.sheen_color,
            Slot::SheenRoughness => &mut self.sheen_roughness,
            Slot::Iridescence => &mut self.film,
            Slot::IridescenceThickness => &mut self.film_thickness,
            Slot::DiffuseTransmission => &mut self.behind,
            Slot::DiffuseTransmissionColor => &mut self.behind_color,
            _ => &mut self.transmission,
        }
    }

    /// Numbers from the description; pictures stay.
    pub(in crate::scenery) fn set_factors(&mut self, scene: &Scene, material: &Material) {
        let sheen = material.sheen.unwrap_or_default();
        let film = material.iridescence.unwrap_or_default();
        let factors = &mut self.factors;
        factors.sheen = sheen.color.extend(sheen.roughness);
        factors.film = Vec4::new(
            film.factor,
            film.index_of_refraction,
            film.thickness_min,
            film.thickness_max,
        );
        let (sine, cosine) = material.anisotropy_rotation.sin_cos();
        let dispersion = if material.transmission > 0.0 {
            material.dispersion
        } else {
            0.0
        };
        factors.anisotropy = Vec4::new(material.anisotropy, cosine, sine, dispersion);
        factors.scales = Vec4::new(
            material.normal_scale,
            material.occlusion_strength,
            material.clearcoat_normal_scale,
            material.glossiness.map_or(0.0, |gloss| gloss + 1.0),
        );
        factors.behind = material.diffuse_transmission_color.extend(0.0);
        let base = material.texture(Slot::BaseColor);
        let [_, second] = material.drawn_uv_sets();
        for (shown, (slot, _)) in factors.slots.iter_mut().zip(Slot::ALL) {
            let is_ours = !CORE.contains(slot)
                || (*slot != Slot::BaseColor && is_apart(material, *slot, base));
            let texture = material.texture(*slot).filter(|_| is_ours);
            // What has no image is as if there were none.
            let texture =
                texture.filter(|slot| scene.textures[slot.texture.index()].image.is_some());
            *shown = texture.map_or_else(SlotFactors::default, |texture| {
                factors_of(scene, texture, second)
            });
        }
    }
}

/// `second_uv_set` of the file is the second that the mesh has.
fn factors_of(scene: &Scene, texture: TextureSlot, second_uv_set: u32) -> SlotFactors {
    let Affine2 {
        matrix2,
        translation,
    } = slot_transform(&texture.transform);
    let set = if texture.uv_set == second_uv_set {
        2.0
    } else {
        1.0
    };
    let sampler = scene.textures[texture.texture.index()].sampler;
    let sampler = sampler.and_then(|index| scene.samplers.get(index as usize));
    let code = |wrap: Wrap| match wrap {
        Wrap::Repeat => 0.0,
        Wrap::Mirror => 1.0,
        Wrap::Clamp => 2.0,
    };
    let wraps = sampler.map_or(0.0, |sampler| {
        code(sampler.wrap_u) + 4.0 * code(sampler.wrap_v)
    });
    SlotFactors {
        u: Vec4::new(matrix2.x_axis.x, matrix2.y_axis.x, translation.x, set),
        v: Vec4::new(matrix2.x_axis.y, matrix2.y_axis.y, translation.y, wraps),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, pictured, scene_of, textured};
    use super::*;
    use crate::app::studio::Studio;
    use scene::{Iridescence, Sheen, Texture, TextureTransform};

    #[test]
    fn plain_materials_stay_with_the_engine() {
        let plain = Material {
            base_color_texture: Some(textured(TextureTransform::default())),
            normal_texture: Some(textured(TextureTransform::default())),
            clearcoat: 0.5,
            transmission: 0.5,
            ..Material::default()
        };
        assert!(!needs_lobes(&plain));
        let moved = TextureTransform {
            offset: Vec2::X,
            ..TextureTransform::default()
        };
        let changes: [fn(&mut Material); 6] = [
            |material| {
                material.sheen = Some(Sheen {
                    color: Vec3::ONE,
                    ..Sheen::default()
                });
            },
            |material| material.normal_scale = 0.5,
            |material| material.anisotropy = 0.2,
            |material| material.dispersion = 1.0,
            |material| material.diffuse_transmission = 0.3,
            |material| material.clearcoat_texture = material.base_color_texture,
        ];
        for change in changes {
            let mut material = plain.clone();
            change(&mut material);
            assert!(needs_lobes(&material));
            material.is_unlit = true;
            assert!(!needs_lobes(&material));
        }
        let apart = Material {
            normal_texture: Some(textured(moved)),
            ..plain
        };
        assert!(needs_lobes(&apart));
    }

    /// A ball of the first material of a scene.
    fn ball(studio: &mut Studio, scene: Scene) -> image::RgbaImage {
        let mut mesh = Sphere::new(1.0).mesh().uv(48, 24);
        mesh.generate_tangents().unwrap();
        testing::show(studio, scene, mesh, Transform::default(), ());
        studio.picture()
    }

    /// Mean difference of two pictures, in steps of 255.
    fn difference(a: &image::RgbaImage, b: &image::RgbaImage) -> f32 {
        let pairs = a.as_raw().iter().zip(b.as_raw());
        let sum: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        sum as f32 / a.as_raw().len() as f32
    }

    /// A studio with an eye, a slanting lamp and an even sky.
    fn studio() -> Option<Studio> {
        let mut studio = testing::studio((
            AmbientLight {
                brightness: 400.0,
                ..default()
            },
            Transform::from_xyz(0.0, 0.0, 3.2).looking_at(Vec3::ZERO, Vec3::Y),
        ))?;
        let world = studio.app.world_mut();
        world.spawn((
            DirectionalLight {
                illuminance: 8_000.0,
                ..default()
            },
            Transform::from_xyz(1.0, 2.0, 2.0).looking_at(Vec3::ZERO, Vec3::Y),
        ));
        Some(studio)
    }

    /// Changes that make a plain surface one with a lobe.
    const LOBES: [(&str, fn(&mut Material)); 7] = [
        ("sheen", |material| {
            material.sheen = Some(Sheen {
                color: Vec3::ONE,
                roughness: 0.5,
                ..Sheen::default()
            });
        }),
        ("film", |material| {
            material.iridescence = Some(Iridescence {
                factor: 1.0,
                ..Iridescence::default()
            });
        }),
        ("anisotropy", |material| {
            material.metallic = 1.0;
            material.anisotropy = 0.9;
        }),
        ("clearcoat", |material| material.clearcoat = 1.0),
        ("specular", |material| material.specular_color = Vec3::ZERO),
        ("transmission", |material| material.transmission = 1.0),
        ("leaf", |material| {
            material.diffuse_transmission = 1.0;
            material.diffuse_transmission_color = Vec3::Y;
        }),
    ];

    #[test]
    fn every_lobe_is_drawn() {
        let Some(mut studio) = studio() else { return };
        let plain = Material {
            base_color: Vec4::new(0.4, 0.1, 0.1, 1.0),
            metallic: 0.0,
            roughness: 0.4,
            ..Material::default()
        };
        let shown = ball(&mut studio, scene_of(plain.clone()));
        assert!(
            shown.pixels().any(|pixel| pixel.0[0] > 60),
            "nothing is drawn"
        );
        for (name, change) in LOBES {
            let mut material = plain.clone();
            change(&mut material);
            let base = Material {
                metallic: material.metallic,
                ..plain.clone()
            };
            let without = ball(&mut studio, scene_of(base));
            let with = ball(&mut studio, scene_of(material));
            assert!(difference(&without, &with) > 0.5, "{name} changes nothing");
        }
    }

    #[test]
    fn old_gloss_is_the_alpha_of_a_picture_and_what_it_reflects_its_colour() {
        let Some(mut studio) = studio() else { return };
        let glossy = Material {
            base_color: Vec4::new(0.0, 0.0, 0.0, 1.0),
            metallic: 0.0,
            roughness: 0.0,
            index_of_refraction: 0.0,
            specular_color_texture: Some(textured(TextureTransform::default())),
            glossiness: Some(1.0),
            ..Material::default()
        };
        let shown = ball(&mut studio, pictured(glossy, [255, 188, 0, 128]));
        let metal = |roughness: f32| Material {
            base_color: Vec4::new(1.0, scene::linear_from_srgb(188.0 / 255.0), 0.0, 1.0),
            metallic: 1.0,
            roughness,
            ..Material::default()
        };
        let [same, smoother, rougher] = [0.5, 0.25, 0.75]
            .map(|roughness| difference(&shown, &ball(&mut studio, scene_of(metal(roughness)))));
        assert!(
            same < 2.0 && smoother > 2.0 * same && rougher > 2.0 * same,
            "{same} {smoother} {rougher}"
        );
    }

    #[test]
    fn the_back_of_a_double_sided_surface_is_lit_as_its_front() {
        let Some(mut studio) = studio() else { return };
        let mut side = |scene: Scene, place: Transform| {
            let mut mesh = Rectangle::new(2.0, 2.0).mesh().build();
            mesh.generate_tangents().unwrap();
            testing::show(&mut studio, scene, mesh, place, ());
            studio.picture()
        };
        let back = Transform::from_rotation(Quat::from_rotation_y(std::f32::consts::PI));
        let plain = Material {
            base_color: Vec4::new(0.5, 0.4, 0.3, 1.0),
            metallic: 0.0,
            roughness: 0.6,
            is_double_sided: true,
            ..Material::default()
        };
        let anisotropic = Material {
            anisotropy: 0.5,
            ..plain.clone()
        };
        let coated = Material {
            clearcoat: 1.0,
            clearcoat_normal_texture: Some(textured(TextureTransform::default())),
            ..plain.clone()
        };
        for material in [anisotropic, coated] {
            let scene = || pictured(material.clone(), [128, 128, 255, 255]);
            let front = side(scene(), Transform::IDENTITY);
            let middle = front.get_pixel(front.width() / 2, front.height() / 2);
            assert!(middle.0[0] > 60, "{middle:?}");
            let apart = difference(&front, &side(scene(), back));
            assert!(apart < 2.0, "{apart}");
        }
        // From behind the texture is seen mirrored, and what is brushed along it turns the other way.
        let brushed = |turn: f32| Material {
            metallic: 1.0,
            roughness: 0.4,
            anisotropy: 0.9,
            anisotropy_rotation: turn,
            ..plain.clone()
        };
        let front = side(scene_of(brushed(0.6)), Transform::IDENTITY);
        let same = difference(&front, &side(scene_of(brushed(-0.6)), back));
        let other = difference(&front, &side(scene_of(brushed(0.6)), back));
        assert!(same < 2.0 && other > 2.0 * same + 1.0, "{same} {other}");
    }

    #[test]
    fn slots_carry_their_own_transform() {
        let mut scene = Scene {
            textures: vec![Texture {
                image: Some(scene::ImageIndex(0)),
                sampler: None,
            }],
            ..Scene::default()
        };
        let quarter = TextureTransform {
            offset: Vec2::new(0.25, 0.5),
            rotation: std::f32::consts::FRAC_PI_2,
            scale: Vec2::new(2.0, 3.0),
        };
        let material = Material {
            sheen: Some(Sheen {
                color: Vec3::ONE,
                color_texture: Some(textured(quarter)),
                ..Sheen::default()
            }),
            ..Material::default()
        };
        let mut lobes = Lobes::default();
        lobes.set_factors(&scene, &material);
        let slot = lobes.factors.slots[Slot::SheenColor as usize];
        let at = Vec3::new(1.0, 1.0, 1.0);
        let uv = Vec2::new(slot.u.truncate().dot(at), slot.v.truncate().dot(at));
        // KHR_texture_transform: offset + rotation * scale; a quarter turn takes (2, 3) to (3, -2).
        assert!(uv.abs_diff_eq(Vec2::new(3.25, -1.5), 1e-5), "{uv}");
        assert_eq!(lobes.factors.slots[Slot::Normal as usize].u.w, 0.0);
        scene.textures[0].image = None;
        lobes.set_factors(&scene, &material);
        let slot = lobes.factors.slots[Slot::SheenColor as usize];
        assert_eq!(
            slot,
            SlotFactors::default(),
            "what has no image is not read"
        );
    }
}
