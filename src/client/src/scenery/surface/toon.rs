//! MToon: the drawn look of VRM avatars (VRMC_materials_mtoon).

use super::{
    super::texture::{Pictures, Reading},
    SurfaceStores,
    outline::Outline,
};
use bevy::{
    mesh::MeshVertexBufferLayoutRef,
    pbr::{ExtendedMaterial, MaterialExtension, MaterialExtensionKey, MaterialExtensionPipeline},
    prelude::*,
    render::{
        render_asset::RenderAssets,
        render_resource::{
            AsBindGroup, AsBindGroupShaderType, Face, RenderPipelineDescriptor, ShaderType,
            SpecializedMeshPipelineError,
        },
        texture::GpuImage,
    },
    shader::ShaderRef,
};
use scene::{ColorKind, OutlineMode, TextureIndex, TextureSlot, ToonMaterial};

/// A surface with a drawn look.
pub(crate) type DrawnMaterial = ExtendedMaterial<StandardMaterial, Toon<false>>;

/// The line around one.
pub(crate) type OutlineMaterial = ExtendedMaterial<StandardMaterial, Toon<true>>;

/// Between a blended surface and the line around it in the order of drawing.
const APART: f32 = 0.001;
/// Between two places of `renderQueueOffsetNumber` in that order, which the engine counts in metres from the eye: all 19 of them
/// together are less than what stands between two people.
const QUEUE_STEP: f32 = 0.01;

/// Numbers and pictures of MToon, of a surface or of the hull that draws the line around it; the bindings are those of
/// `shaders/toon_bindings.wgsl`.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
#[uniform(100, Factors)]
#[bind_group_data(Key)]
pub(crate) struct Toon<const IS_HULL: bool> {
    /// Lends its sampler to all the others.
    #[texture(107)]
    #[sampler(101)]
    sampler: Option<Handle<Image>>,
    #[texture(102)]
    shade: Option<Handle<Image>>,
    #[texture(103)]
    shift: Option<Handle<Image>>,
    #[texture(104)]
    matcap: Option<Handle<Image>>,
    #[texture(105)]
    rim: Option<Handle<Image>>,
    #[texture(106)]
    motion: Option<Handle<Image>>,
    #[texture(108)]
    width: Option<Handle<Image>>,
    factors: Factors,
    is_writing_depth: bool,
}

/// What needs a pipeline of its own.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    is_writing_depth: bool,
}

impl<const IS_HULL: bool> From<&Toon<IS_HULL>> for Key {
    fn from(toon: &Toon<IS_HULL>) -> Self {
        Self {
            is_writing_depth: toon.is_writing_depth,
        }
    }
}

/// Numbers of MToon.
#[derive(Clone, Copy, Debug, Default, PartialEq, ShaderType)]
pub(crate) struct Factors {
    shade: Vec4,
    rim: Vec4,
    matcap: Vec4,
    numbers: Vec4,
    motion: Vec4,
    textures: Vec4,
    outline: Vec4,
    width: Vec4,
}

impl<const IS_HULL: bool> AsBindGroupShaderType<Factors> for Toon<IS_HULL> {
    fn as_bind_group_shader_type(&self, _: &RenderAssets<GpuImage>) -> Factors {
        self.factors
    }
}

impl<const IS_HULL: bool> MaterialExtension for Toon<IS_HULL> {
    fn vertex_shader() -> ShaderRef {
        if IS_HULL {
            "shaders://hull.wgsl".into()
        } else {
            ShaderRef::Default
        }
    }

    fn fragment_shader() -> ShaderRef {
        "shaders://toon.wgsl".into()
    }

    // Depth and shadows are those of the surface: the engine would draw the hull as wide as that.
    fn enable_prepass() -> bool {
        !IS_HULL
    }

    fn enable_shadows() -> bool {
        !IS_HULL
    }

    fn specialize(
        _: &MaterialExtensionPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        _: &MeshVertexBufferLayoutRef,
        key: MaterialExtensionKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        if let (true, Some(depth)) = (
            key.bind_group_data.is_writing_depth,
            &mut descriptor.depth_stencil,
        ) {
            depth.depth_write_enabled = Some(true);
        }
        if let (true, Some(fragment)) = (IS_HULL, &mut descriptor.fragment) {
            fragment.shader_defs.push("OUTLINE".into());
        }
        Ok(())
    }
}

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((
        MaterialPlugin::<DrawnMaterial>::default(),
        MaterialPlugin::<OutlineMaterial>::default(),
    ));
}

/// Pictures that MToon reads beside those of the core material.
pub(in crate::scenery) fn textures(
    toon: &ToonMaterial,
) -> impl Iterator<Item = (TextureIndex, Reading)> {
    let colors = [
        toon.shade_texture,
        toon.matcap_texture,
        toon.rim_multiply_texture,
    ];
    let numbers = [
        toon.shading_shift_texture,
        toon.uv_animation_mask,
        toon.outline_width_texture.filter(|_| toon.has_outline()),
    ];
    let read = |reading| move |slot: TextureSlot| (slot.texture, reading);
    let colors = colors.into_iter().flatten().map(read(Reading::Color));
    colors.chain(numbers.into_iter().flatten().map(read(Reading::Numbers)))
}

/// Where a drawn look stands in the order of blended surfaces: those that write depth come first, and the file sorts each kind
/// (VRMC_materials_mtoon, "renderQueueOffsetNumber").
pub(super) fn order(toon: &ToonMaterial, alpha: scene::AlphaMode) -> f32 {
    if alpha != scene::AlphaMode::Blend {
        return 0.0;
    }
    let place = match toon.is_transparent_with_depth {
        true => toon.render_queue_offset.clamp(0, 9) - 19,
        false => toon.render_queue_offset.clamp(-9, 0),
    };
    place as f32 * QUEUE_STEP
}

/// The line around a drawn look whose surface has this base; `None` when it has none.
pub(super) fn outline(
    toon: &ToonMaterial,
    base: &StandardMaterial,
    pictures: &Pictures,
    sampler: &Handle<Image>,
    stores: &mut SurfaceStores<'_>,
) -> Option<Outline> {
    toon.has_outline().then(|| {
        // A surface that writes depth hides the inside of its hull; one that does not is laid over it.
        let order = match toon.is_transparent_with_depth {
            true => APART,
            false => -APART,
        };
        let base = StandardMaterial {
            cull_mode: Some(Face::Front),
            double_sided: false,
            depth_bias: base.depth_bias + order,
            ..base.clone()
        };
        let extension = Toon::new(toon, pictures, sampler.clone());
        let material = stores.outlines.add(OutlineMaterial { base, extension });
        Outline::new(toon, material)
    })
}

impl<const IS_HULL: bool> Toon<IS_HULL> {
    pub(super) fn new(toon: &ToonMaterial, pictures: &Pictures, sampler: Handle<Image>) -> Self {
        let picture = |slot: Option<TextureSlot>, reading: Reading| {
            slot.and_then(|slot| pictures.handle(slot.texture, reading))
        };
        let has = |picture: Option<Handle<Image>>| f32::from(u8::from(picture.is_some()));
        let factors = Factors {
            shade: toon.shade_color.extend(toon.shading_toony),
            rim: toon.rim_color.extend(toon.rim_lift),
            matcap: toon.matcap_color.extend(toon.rim_lighting_mix),
            numbers: Vec4::new(
                toon.shading_shift,
                toon.shading_shift_texture_scale,
                toon.gi_equalization,
                toon.rim_fresnel_power,
            ),
            motion: Vec4::new(toon.uv_scroll_x, toon.uv_scroll_y, toon.uv_rotation, 0.0),
            textures: Vec4::new(
                has(picture(toon.shading_shift_texture, Reading::Numbers)),
                has(picture(toon.matcap_texture, Reading::Color)),
                0.0,
                0.0,
            ),
            outline: toon.outline_color.extend(toon.outline_lighting_mix),
            width: Vec4::new(
                toon.outline_width,
                f32::from(u8::from(toon.outline_mode == OutlineMode::Screen)),
                0.0,
                0.0,
            ),
        };
        Self {
            shade: picture(toon.shade_texture, Reading::Color),
            shift: picture(toon.shading_shift_texture, Reading::Numbers),
            matcap: picture(toon.matcap_texture, Reading::Color),
            rim: picture(toon.rim_multiply_texture, Reading::Color),
            motion: picture(toon.uv_animation_mask, Reading::Numbers),
            width: picture(toon.outline_width_texture, Reading::Numbers),
            sampler: Some(sampler),
            factors,
            is_writing_depth: toon.is_transparent_with_depth,
        }
    }

    pub(super) fn factors_mut(&mut self) -> &mut Factors {
        &mut self.factors
    }
}

impl Factors {
    /// Sets colours by what an expression makes of their bases.
    pub(super) fn tint(&mut self, toon: &ToonMaterial, color: impl Fn(ColorKind, Vec4) -> Vec4) {
        let tinted = |kind, base: Vec3| color(kind, base.extend(1.0)).truncate();
        for (shown, kind, base) in [
            (&mut self.shade, ColorKind::Shade, toon.shade_color),
            (&mut self.rim, ColorKind::Rim, toon.rim_color),
            (&mut self.matcap, ColorKind::Matcap, toon.matcap_color),
            (&mut self.outline, ColorKind::Outline, toon.outline_color),
        ] {
            *shown = tinted(kind, base).extend(shown.w);
        }
    }
}
