//! Toon materials of VRM 0.x. How shades map follows the published behaviour of UniVRM's migration.

use super::{index, linear_color, list, number};
use crate::{
    description::scene::Scene,
    error::SceneError,
    reader::toon::read_toon,
    source::json::{self, Item},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, f32::consts::TAU};

/// Largest `renderQueueOffsetNumber`.
const MAX_QUEUE_OFFSET: usize = 9;
/// Values of `_BlendMode`.
const TRANSPARENT: i32 = 2;
const TRANSPARENT_WITH_DEPTH: i32 = 3;

/// Gives the materials of a scene the drawn look that the properties of VRM 0.x say.
pub(super) fn lay(properties: &Value, scene: &mut Scene) -> Result<(), SceneError> {
    let textures = scene.textures.len();
    for (material, extension) in scene
        .materials
        .iter_mut()
        .zip(extensions(properties, textures))
    {
        let item = json!({ "extensions": extension });
        let tree = json::parse(item.to_string().as_bytes())?;
        material.toon = read_toon(&Item::root(&tree), textures)?;
    }
    Ok(())
}

/// For each material in the order of the file, an object with the extension of VRM 1.0 when it is toon, or an empty one.
/// The file has so many textures.
pub(crate) fn extensions(properties: &Value, textures: usize) -> impl Iterator<Item = Value> {
    let is_toon = |old: &Value| old["shader"] == "VRM/MToon";
    let toons = list(properties).iter().filter(|old| is_toon(old));
    let queues: BTreeSet<(i32, i64)> = toons.map(queue).collect();
    list(properties).iter().map(move |old| match is_toon(old) {
        true => json!({ "VRMC_materials_mtoon": toon(old, textures, &queues) }),
        false => json!({}),
    })
}

/// How a material is blended, and its place among all that are drawn.
fn queue(old: &Value) -> (i32, i64) {
    let blending = number(&old["floatProperties"]["_BlendMode"], 0.0) as i32;
    (blending, old["renderQueue"].as_i64().unwrap_or(0))
}

/// `renderQueueOffsetNumber`: those that write depth count from 0 up, the others down to 0.
fn queue_offset(own: (i32, i64), queues: &BTreeSet<(i32, i64)>) -> i64 {
    match own.0 {
        TRANSPARENT => {
            let after = queues.range(own..=(own.0, i64::MAX)).skip(1);
            -(after.take(MAX_QUEUE_OFFSET).count() as i64)
        }
        TRANSPARENT_WITH_DEPTH => {
            let before = queues.range((own.0, i64::MIN)..own);
            before.take(MAX_QUEUE_OFFSET).count() as i64
        }
        _ => 0,
    }
}

fn toon(old: &Value, textures: usize, queues: &BTreeSet<(i32, i64)>) -> Value {
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
        "transparentWithZWrite": queue(old).0 == TRANSPARENT_WITH_DEPTH,
        "renderQueueOffsetNumber": queue_offset(queue(old), queues),
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
        if let Some(texture) = index(texture, textures) {
            toon[name] = json!({ "index": texture });
        }
    }
    toon
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blended_layers_keep_their_order() {
        let old = |blending: f32, queue: i64| {
            json!({ "shader": "VRM/MToon", "renderQueue": queue,
                "floatProperties": { "_BlendMode": blending } })
        };
        let all = [
            old(2.0, 3001),
            old(2.0, 3000),
            old(3.0, 2501),
            old(3.0, 2502),
            old(0.0, 2000),
            old(2.0, 3001),
        ];
        let offset = |own: Value| own["VRMC_materials_mtoon"]["renderQueueOffsetNumber"].as_i64();
        let properties = json!(all);
        let offsets: Option<Vec<i64>> = extensions(&properties, 0).map(offset).collect();
        assert_eq!(offsets.unwrap(), [0, -1, 0, 1, 0, 0]);
    }
}
