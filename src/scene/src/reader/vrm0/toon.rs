//! Toon materials of VRM 0.x. How shades map follows the published behaviour of UniVRM's migration.

use super::{index, linear_color, list, number};
use crate::description::scene::Scene;
use serde_json::{Value, json};
use std::f32::consts::TAU;

/// The materials of the file, those that are toon with the extension of 1.0.
pub(super) fn materials(properties: &Value, scene: &Scene) -> Value {
    let all = list(properties).iter().take(scene.materials.len());
    all.map(|old| match old["shader"].as_str() {
        Some("VRM/MToon") => {
            json!({ "extensions": { "VRMC_materials_mtoon": toon(old, scene) } })
        }
        _ => json!({}),
    })
    .collect()
}

fn toon(old: &Value, scene: &Scene) -> Value {
    let float = |key: &str, default: f32| number(&old["floatProperties"][key], default);
    let color = |key: &str| {
        let [red, green, blue, _] = linear_color(&old["vectorProperties"][key]);
        [red, green, blue]
    };
    let (shift, toony) = (
        float("_ShadeShift", 0.0).clamp(-1.0, 1.0),
        float("_ShadeToony", 0.9).clamp(0.0, 1.0),
    );
    // Shade begins at the shift and ends where toony lets it.
    let end = 1.0 + (shift - 1.0) * toony;
    let (mode, width_scale) = match float("_OutlineWidthMode", 0.0) as i32 {
        1 => ("worldCoordinates", 0.01),
        2 => ("screenCoordinates", 0.005),
        _ => ("none", 0.0),
    };
    let is_outline_mixed = float("_OutlineColorMode", 0.0) >= 1.0;
    let mut toon = json!({
        "specVersion": "1.0",
        "transparentWithZWrite": float("_BlendMode", 0.0) as i32 == 3,
        "shadeColorFactor": color("_ShadeColor"),
        "shadingShiftFactor": (-(shift + end) / 2.0).clamp(-1.0, 1.0),
        "shadingToonyFactor": ((2.0 - (end - shift)) / 2.0).clamp(0.0, 1.0),
        "giEqualizationFactor": (1.0 - float("_IndirectLightIntensity", 0.1)).clamp(0.0, 1.0),
        "parametricRimColorFactor": color("_RimColor"),
        "rimLightingMixFactor": float("_RimLightingMix", 0.0),
        "parametricRimFresnelPowerFactor": float("_RimFresnelPower", 1.0),
        "parametricRimLiftFactor": float("_RimLift", 0.0),
        "outlineWidthMode": mode,
        "outlineWidthFactor": float("_OutlineWidth", 0.5) * width_scale,
        "outlineColorFactor": color("_OutlineColor"),
        "outlineLightingMixFactor": if is_outline_mixed { float("_OutlineLightingMix", 1.0) } else { 0.0 },
        "uvAnimationScrollXSpeedFactor": float("_UvAnimScrollX", 0.0),
        "uvAnimationScrollYSpeedFactor": -float("_UvAnimScrollY", 0.0),
        "uvAnimationRotationSpeedFactor": float("_UvAnimRotation", 0.0) * TAU,
    });
    for (old_name, name) in [
        ("_ShadeTexture", "shadeMultiplyTexture"),
        ("_SphereAdd", "matcapTexture"),
        ("_RimTexture", "rimMultiplyTexture"),
        ("_OutlineWidthTexture", "outlineWidthMultiplyTexture"),
        ("_UvAnimMaskTexture", "uvAnimationMaskTexture"),
    ] {
        let texture = &old["textureProperties"][old_name];
        if let Some(texture) = index(texture, scene.textures.len()) {
            toon[name] = json!({ "index": texture });
        }
    }
    toon
}
