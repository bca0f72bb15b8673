//! MToon: the drawn look of VRM avatars (VRMC_materials_mtoon).

use super::{
    surface::SurfaceStores,
    texture::{Pictures, Reading, repeating},
};
use bevy::{
    mesh::MeshVertexBufferLayoutRef,
    pbr::{ExtendedMaterial, MaterialExtension, MaterialExtensionKey, MaterialExtensionPipeline},
    prelude::*,
    render::{
        render_asset::RenderAssets,
        render_resource::{
            AsBindGroup, AsBindGroupShaderType, RenderPipelineDescriptor, ShaderType,
            SpecializedMeshPipelineError,
        },
        texture::GpuImage,
    },
    shader::ShaderRef,
};
use scene::{ColorKind, TextureIndex, TextureSlot, ToonMaterial};

/// A surface with a drawn look.
pub(crate) type DrawnMaterial = ExtendedMaterial<StandardMaterial, Toon>;

/// Numbers and pictures of MToon; the bindings are those of `shaders/toon.wgsl`.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
#[uniform(100, Factors)]
#[bind_group_data(Key)]
pub(crate) struct Toon {
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
    factors: Factors,
    is_writing_depth: bool,
}

/// What needs a pipeline of its own.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    is_writing_depth: bool,
}

impl From<&Toon> for Key {
    fn from(toon: &Toon) -> Self {
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
}

impl AsBindGroupShaderType<Factors> for Toon {
    fn as_bind_group_shader_type(&self, _: &RenderAssets<GpuImage>) -> Factors {
        self.factors
    }
}

impl MaterialExtension for Toon {
    fn fragment_shader() -> ShaderRef {
        "shaders://toon.wgsl".into()
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
        Ok(())
    }
}

pub(super) fn plugin(app: &mut App) {
    app.add_plugins(MaterialPlugin::<DrawnMaterial>::default());
}

/// Pictures that MToon reads beside those of the core material.
pub(super) fn textures(toon: &ToonMaterial) -> impl Iterator<Item = (TextureIndex, Reading)> {
    let colors = [
        toon.shade_texture,
        toon.matcap_texture,
        toon.rim_multiply_texture,
    ];
    let numbers = [toon.shading_shift_texture, toon.uv_animation_mask];
    let read = |reading| move |slot: TextureSlot| (slot.texture, reading);
    let colors = colors.into_iter().flatten().map(read(Reading::Color));
    colors.chain(numbers.into_iter().flatten().map(read(Reading::Numbers)))
}

impl Toon {
    pub(super) fn new(
        toon: &ToonMaterial,
        pictures: &mut Pictures,
        stores: &mut SurfaceStores<'_>,
    ) -> Self {
        let images = &mut *stores.images;
        let mut picture = |slot: Option<TextureSlot>, reading: Reading| {
            slot.and_then(|slot| pictures.handle(slot.texture, reading, images))
        };
        let has = |slot: Option<TextureSlot>| f32::from(u8::from(slot.is_some()));
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
                has(toon.shading_shift_texture),
                has(toon.matcap_texture),
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
            sampler: Some(images.add(repeating())),
            factors,
            is_writing_depth: toon.is_transparent_with_depth,
        }
    }

    /// Sets colours by what an expression makes of their bases.
    pub(super) fn tint(&mut self, toon: &ToonMaterial, color: impl Fn(ColorKind, Vec4) -> Vec4) {
        let tinted = |kind, base: Vec3| color(kind, base.extend(1.0)).truncate();
        let factors = &mut self.factors;
        let shade = tinted(ColorKind::Shade, toon.shade_color);
        factors.shade = shade.extend(factors.shade.w);
        let rim = tinted(ColorKind::Rim, toon.rim_color);
        factors.rim = rim.extend(factors.rim.w);
        let matcap = tinted(ColorKind::Matcap, toon.matcap_color);
        factors.matcap = matcap.extend(factors.matcap.w);
    }
}
