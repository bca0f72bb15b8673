//! VRMC_materials_mtoon. The default of `shadeColorFactor` is black in the text of the specification and white in its
//! schema; black is used.

use crate::{
    description::toon::{OutlineMode, ToonMaterial},
    error::SceneError,
    reader::surface::slot,
    source::json::Item,
};
use glam::Vec3;

/// The drawn look of a material; `None` when it has none.
pub(super) fn read_toon(
    material: &Item<'_>,
    textures: usize,
) -> Result<Option<Box<ToonMaterial>>, SceneError> {
    let toon = material.extension("VRMC_materials_mtoon");
    toon.map(|toon| read(&toon, textures).map(Box::new))
        .transpose()
}

fn read(item: &Item<'_>, textures: usize) -> Result<ToonMaterial, SceneError> {
    let color = |key: &str| item.numbers_or(key, [0.0; 3]).map(Vec3::from);
    let texture = |key: &str| slot(item, key, textures);
    let number = |key: &str, default: f32| item.number_or(key, default);
    let queue = number("renderQueueOffsetNumber", 0.0)?.clamp(-1_000.0, 1_000.0);
    let shift_scale = match item.get("shadingShiftTexture") {
        Some(shift) => shift.number_or("scale", 1.0)?,
        None => 1.0,
    };
    let matcap_default = if item.get("matcapTexture").is_some() {
        [1.0; 3]
    } else {
        [0.0; 3]
    };
    Ok(ToonMaterial {
        is_transparent_with_depth: item.flag_or("transparentWithZWrite", false)?,
        render_queue_offset: queue as i32,
        shade_color: color("shadeColorFactor")?,
        shade_texture: texture("shadeMultiplyTexture")?,
        shading_shift: number("shadingShiftFactor", 0.0)?,
        shading_shift_texture: texture("shadingShiftTexture")?,
        shading_shift_texture_scale: shift_scale,
        shading_toony: number("shadingToonyFactor", 0.9)?.clamp(0.0, 1.0),
        gi_equalization: number("giEqualizationFactor", 0.9)?.clamp(0.0, 1.0),
        matcap_color: Vec3::from(item.numbers_or("matcapFactor", matcap_default)?),
        matcap_texture: texture("matcapTexture")?,
        rim_color: color("parametricRimColorFactor")?,
        rim_multiply_texture: texture("rimMultiplyTexture")?,
        rim_lighting_mix: number("rimLightingMixFactor", 1.0)?.clamp(0.0, 1.0),
        rim_fresnel_power: number("parametricRimFresnelPowerFactor", 5.0)?.max(0.0),
        rim_lift: number("parametricRimLiftFactor", 0.0)?,
        outline_mode: read_outline_mode(item)?,
        outline_width: number("outlineWidthFactor", 0.0)?.max(0.0),
        outline_width_texture: texture("outlineWidthMultiplyTexture")?,
        outline_color: color("outlineColorFactor")?,
        outline_lighting_mix: number("outlineLightingMixFactor", 1.0)?.clamp(0.0, 1.0),
        uv_animation_mask: texture("uvAnimationMaskTexture")?,
        uv_scroll_x: number("uvAnimationScrollXSpeedFactor", 0.0)?,
        uv_scroll_y: number("uvAnimationScrollYSpeedFactor", 0.0)?,
        uv_rotation: number("uvAnimationRotationSpeedFactor", 0.0)?,
    })
}

fn read_outline_mode(item: &Item<'_>) -> Result<OutlineMode, SceneError> {
    let Some(mode) = item.get("outlineWidthMode") else {
        return Ok(OutlineMode::None);
    };
    match mode.text()? {
        "none" => Ok(OutlineMode::None),
        "worldCoordinates" => Ok(OutlineMode::World),
        "screenCoordinates" => Ok(OutlineMode::Screen),
        other => Err(mode.fault(format!("`{other}` is not a way to measure outlines"))),
    }
}
