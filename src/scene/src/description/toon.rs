//! Materials with a drawn look: MToon 1.0.

use super::material::TextureSlot;
use glam::Vec3;

/// VRMC_materials_mtoon: a drawn look. Colours are linear.
#[derive(Clone, Debug, PartialEq)]
pub struct ToonMaterial {
    /// Writes depth although it is blended.
    pub is_transparent_with_depth: bool,
    /// Order among blended materials.
    pub render_queue_offset: i32,
    /// Colour in shade.
    pub shade_color: Vec3,
    /// Multiplies `shade_color`.
    pub shade_texture: Option<TextureSlot>,
    /// Moves the border of the shade, -1 to 1.
    pub shading_shift: f32,
    /// Adds to the shift.
    pub shading_shift_texture: Option<TextureSlot>,
    /// Factor of `shading_shift_texture`.
    pub shading_shift_texture_scale: f32,
    /// Sharpness of the border, 0 to 1.
    pub shading_toony: f32,
    /// How evenly light from all around counts, 0 to 1.
    pub gi_equalization: f32,
    /// Colour of the matcap.
    pub matcap_color: Vec3,
    /// Sphere of light added by the normal in view space.
    pub matcap_texture: Option<TextureSlot>,
    /// Colour of the rim.
    pub rim_color: Vec3,
    /// Multiplies rim and matcap.
    pub rim_multiply_texture: Option<TextureSlot>,
    /// 0 the rim shines by itself, 1 it is lit.
    pub rim_lighting_mix: f32,
    /// Narrowness of the rim.
    pub rim_fresnel_power: f32,
    /// Adds to the rim.
    pub rim_lift: f32,
    /// How outline widths are measured.
    pub outline_mode: OutlineMode,
    /// Metres of the world, or share of the screen's height.
    pub outline_width: f32,
    /// Green multiplies the width.
    pub outline_width_texture: Option<TextureSlot>,
    /// Colour of the outline.
    pub outline_color: Vec3,
    /// 0 plain colour, 1 lit.
    pub outline_lighting_mix: f32,
    /// Blue says where texture coordinates move.
    pub uv_animation_mask: Option<TextureSlot>,
    /// Texture widths a second.
    pub uv_scroll_x: f32,
    /// Texture heights a second.
    pub uv_scroll_y: f32,
    /// Radians a second.
    pub uv_rotation: f32,
}

/// How outline widths are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutlineMode {
    /// No outline.
    #[default]
    None,
    /// In metres.
    World,
    /// In shares of the screen's height.
    Screen,
}

impl Default for ToonMaterial {
    /// What an extension that states nothing means.
    fn default() -> Self {
        Self {
            is_transparent_with_depth: false,
            render_queue_offset: 0,
            shade_color: Vec3::ZERO,
            shade_texture: None,
            shading_shift: 0.0,
            shading_shift_texture: None,
            shading_shift_texture_scale: 1.0,
            shading_toony: 0.9,
            gi_equalization: 0.9,
            matcap_color: Vec3::ZERO,
            matcap_texture: None,
            rim_color: Vec3::ZERO,
            rim_multiply_texture: None,
            rim_lighting_mix: 1.0,
            rim_fresnel_power: 5.0,
            rim_lift: 0.0,
            outline_mode: OutlineMode::None,
            outline_width: 0.0,
            outline_width_texture: None,
            outline_color: Vec3::ZERO,
            outline_lighting_mix: 1.0,
            uv_animation_mask: None,
            uv_scroll_x: 0.0,
            uv_scroll_y: 0.0,
            uv_rotation: 0.0,
        }
    }
}

impl ToonMaterial {
    /// Whether anything is drawn around it.
    #[must_use]
    pub fn has_outline(&self) -> bool {
        self.outline_mode != OutlineMode::None && self.outline_width > 0.0
    }
}
