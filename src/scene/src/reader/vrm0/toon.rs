//! Toon materials of VRM 0.x. How shades map follows the published behaviour of UniVRM's migration.

use super::{index, linear_color, list, number};
use crate::{
    description::scene::Scene,
    error::SceneError,
    reader::{surface::slot, toon::read_toon},
    source::json::{self, Item},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, f32::consts::TAU};

/// Largest `renderQueueOffsetNumber`.
const MAX_QUEUE_OFFSET: usize = 9;
/// Objects in a material of glTF of which only some members are laid over.
const HOLDERS: [&str; 2] = ["extensions", "pbrMetallicRoughness"];
/// Values of `_BlendMode`.
const TRANSPARENT: i32 = 2;
const TRANSPARENT_WITH_DEPTH: i32 = 3;

/// Gives the materials of a scene the drawn look that the properties of VRM 0.x say.
pub(super) fn lay(properties: &Value, scene: &mut Scene) -> Result<(), SceneError> {
    let textures = scene.textures.len();
    for (material, look) in scene.materials.iter_mut().zip(looks(properties, textures)) {
        let tree = json::parse(look.to_string().as_bytes())?;
        let look = Item::root(&tree);
        material.toon = read_toon(&look, textures)?;
        let core = look.get("pbrMetallicRoughness");
        if let Some(core) = core.filter(|core| core.get("baseColorTexture").is_some()) {
            material.base_color_texture = slot(&core, "baseColorTexture", textures)?;
        }
        if let Some(normals) = look.get("normalTexture") {
            material.normal_texture = slot(&look, "normalTexture", textures)?;
            material.normal_scale = normals.number_or("scale", 1.0)?;
        }
        if look.get("emissiveFactor").is_some() {
            material.emissive = look.numbers_or("emissiveFactor", [0.0; 3])?.into();
        }
        if let Some(strength) = look.extension("KHR_materials_emissive_strength") {
            material.emissive_strength = strength.number_or("emissiveStrength", 1.0)?;
        }
        if look.get("emissiveTexture").is_some() {
            material.emissive_texture = slot(&look, "emissiveTexture", textures)?;
        }
    }
    Ok(())
}

/// Gives a material of a document such a look.
pub(crate) fn lay_over(material: &mut Value, look: &Value) {
    for (name, value) in look.as_object().into_iter().flatten() {
        match value
            .as_object()
            .filter(|_| HOLDERS.contains(&name.as_str()))
        {
            Some(members) => {
                for (member, value) in members {
                    material[name][member] = value.clone();
                }
            }
            None => material[name] = value.clone(),
        }
    }
}

/// For each material in the order of the file what a material of VRM 1.0 says when it is toon, or an empty object: the
/// extension, and beside it what goes before the material itself, in which older exporters put less.
/// The file has so many textures.
pub(crate) fn looks(properties: &Value, textures: usize) -> impl Iterator<Item = Value> {
    let is_toon = |old: &Value| old["shader"] == "VRM/MToon";
    let toons = list(properties).iter().filter(|old| is_toon(old));
    let queues: BTreeSet<(i32, i64)> = toons.map(queue).collect();
    list(properties).iter().map(move |old| match is_toon(old) {
        true => look(old, textures, &queues),
        false => json!({}),
    })
}

fn look(old: &Value, textures: usize, queues: &BTreeSet<(i32, i64)>) -> Value {
    let mut look = json!({ "extensions": { "VRMC_materials_mtoon": toon(old, textures, queues) } });
    if let Some(base) = texture(old, "_MainTex", textures) {
        look["pbrMetallicRoughness"] = json!({ "baseColorTexture": base });
    }
    if let Some(mut normals) = texture(old, "_BumpMap", textures) {
        normals["scale"] = number(&old["floatProperties"]["_BumpScale"], 1.0).into();
        look["normalTexture"] = normals;
    }
    let color = &old["vectorProperties"]["_EmissionColor"];
    if color.is_array() {
        // Linear, unlike the other colours, and as bright as one likes.
        let emission = [0, 1, 2].map(|at| number(&color[at], 0.0).max(0.0));
        let strength = emission.into_iter().fold(1.0, f32::max);
        look["emissiveFactor"] = json!(emission.map(|part| part / strength));
        if strength > 1.0 {
            let own = json!({ "emissiveStrength": strength });
            look["extensions"]["KHR_materials_emissive_strength"] = own;
        }
    }
    if let Some(emission) = texture(old, "_EmissionMap", textures) {
        look["emissiveTexture"] = emission;
    }
    look
}

/// A texture with the tiling and the offset that all have together.
fn texture(old: &Value, name: &str, textures: usize) -> Option<Value> {
    let mut info = json!({ "index": index(&old["textureProperties"][name], textures)? });
    let tiling = &old["vectorProperties"]["_MainTex"];
    let [left, bottom, width, height] = [(0, 0.0), (1, 0.0), (2, 1.0), (3, 1.0)]
        .map(|(at, rest): (usize, f32)| number(&tiling[at], rest));
    // Pictures are counted from below there.
    let top = 1.0 - bottom - height;
    if [left, bottom, width, height] != [0.0, 0.0, 1.0, 1.0] && top.is_finite() {
        let own = json!({ "offset": [left, top], "scale": [width, height] });
        info["extensions"] = json!({ "KHR_texture_transform": own });
    }
    Some(info)
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
        ("_RimTexture", "rimMultiplyTexture"),
        ("_OutlineWidthTexture", "outlineWidthMultiplyTexture"),
        ("_UvAnimMaskTexture", "uvAnimationMaskTexture"),
    ] {
        if let Some(texture) = texture(old, old_name, textures) {
            toon[name] = texture;
        }
    }
    // Nothing tiles it.
    if let Some(texture) = index(&old["textureProperties"]["_SphereAdd"], textures) {
        toon["matcapTexture"] = json!({ "index": texture });
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
        let offset = |own: Value| {
            own["extensions"]["VRMC_materials_mtoon"]["renderQueueOffsetNumber"].as_i64()
        };
        let properties = json!(all);
        let offsets: Option<Vec<i64>> = looks(&properties, 0).map(offset).collect();
        assert_eq!(offsets.unwrap(), [0, -1, 0, 1, 0, 0]);
    }
}
