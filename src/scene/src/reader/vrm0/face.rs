//! Expressions and gaze of VRM 0.x.

use super::{index, linear_color, list, number};
use crate::{
    description::scene::Scene, limits::MAX_EXPRESSION_BINDS, reader::expression::MAX_EXPRESSIONS,
    source::json::Item,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Names of presets in 0.x and in 1.0, where they differ.
const PRESETS: [(&str, &str); 18] = [
    ("neutral", "neutral"),
    ("joy", "happy"),
    ("angry", "angry"),
    ("sorrow", "sad"),
    ("fun", "relaxed"),
    ("a", "aa"),
    ("i", "ih"),
    ("u", "ou"),
    ("e", "ee"),
    ("o", "oh"),
    ("blink", "blink"),
    ("blink_l", "blinkLeft"),
    ("blink_r", "blinkRight"),
    ("lookup", "lookUp"),
    ("lookdown", "lookDown"),
    ("lookleft", "lookLeft"),
    ("lookright", "lookRight"),
    ("surprised", "surprised"),
];

/// Colours of materials in 0.x and in 1.0.
const COLORS: [(&str, &str); 5] = [
    ("_Color", "color"),
    ("_ShadeColor", "shadeColor"),
    ("_EmissionColor", "emissionColor"),
    ("_RimColor", "rimColor"),
    ("_OutlineColor", "outlineColor"),
];

pub(super) fn look_at(first_person: &Value) -> Value {
    let offset = &first_person["firstPersonBoneOffset"];
    let range = |key: &str, scale: f32| {
        let old = &first_person[key];
        json!({ "inputMaxValue": number(&old["xRange"], 90.0), "outputScale": number(&old["yRange"], scale) })
    };
    let is_bone = first_person["lookAtTypeName"].as_str() != Some("BlendShape");
    let scale = if is_bone { 10.0 } else { 1.0 };
    json!({
        "type": if is_bone { "bone" } else { "expression" },
        // Its axes are those of an engine whose z points the other way.
        "offsetFromHeadBone": [
            number(&offset["x"], 0.0),
            number(&offset["y"], 0.06),
            -number(&offset["z"], 0.0),
        ],
        "rangeMapHorizontalInner": range("lookAtHorizontalInner", scale),
        "rangeMapHorizontalOuter": range("lookAtHorizontalOuter", scale),
        "rangeMapVerticalDown": range("lookAtVerticalDown", scale),
        "rangeMapVerticalUp": range("lookAtVerticalUp", scale),
    })
}

pub(super) fn expressions(
    master: &Value,
    root: &Item<'_>,
    scene: &Scene,
    nodes_of_mesh: &[Vec<usize>],
) -> Value {
    let materials = material_names(root);
    let [mut preset, mut custom] = [Map::new(), Map::new()];
    // One more than there may be, so that whoever reads them sees that there are too many.
    let mut left = MAX_EXPRESSION_BINDS + 1;
    for group in list(&master["blendShapeGroups"]) {
        let stated = group["presetName"].as_str().unwrap_or_default();
        let known = PRESETS
            .iter()
            .find(|(old, _)| stated.eq_ignore_ascii_case(old));
        let name = group["name"].as_str().unwrap_or_default();
        let (holder, name) = match known {
            Some((_, name)) => (&mut preset, *name),
            // A custom expression must not pass for a preset.
            None if PRESETS.iter().any(|(_, preset)| *preset == name) => continue,
            None => (&mut custom, name),
        };
        // And one more of these.
        if holder.len() <= MAX_EXPRESSIONS && !holder.contains_key(name) {
            holder.insert(
                name.to_owned(),
                expression(group, &materials, scene, nodes_of_mesh, &mut left),
            );
        }
    }
    json!({ "preset": preset, "custom": custom })
}

/// `left` are the binds that there may still be: those of a mesh become as many as there are nodes with it.
fn expression(
    group: &Value,
    materials: &BTreeMap<String, usize>,
    scene: &Scene,
    nodes_of_mesh: &[Vec<usize>],
    left: &mut usize,
) -> Value {
    let mut morphs = Vec::new();
    for bind in list(&group["binds"]) {
        let Some(mesh) = index(&bind["mesh"], scene.meshes.len()) else {
            continue;
        };
        let Some(target) = index(&bind["index"], scene.meshes[mesh].weights.len()) else {
            continue;
        };
        let weight = number(&bind["weight"], 100.0) / 100.0;
        for node in nodes_of_mesh[mesh].iter().take(*left) {
            morphs.push(json!({ "node": node, "index": target, "weight": weight }));
            *left -= 1;
        }
    }
    let [mut colors, mut transforms] = [Vec::new(), Vec::new()];
    for value in list(&group["materialValues"]) {
        let name = value["materialName"].as_str().unwrap_or_default();
        let Some(material) = materials.get(name) else {
            continue;
        };
        if *left == 0 {
            break;
        }
        let property = value["propertyName"].as_str().unwrap_or_default();
        let target = &value["targetValue"];
        if let Some((_, kind)) = COLORS.iter().find(|(old, _)| *old == property) {
            *left -= 1;
            colors.push(
                json!({ "material": material, "type": kind, "targetValue": linear_color(target) }),
            );
        } else if property == "_MainTex_ST" {
            let [width, height, start, bottom] = [(0, 1.0), (1, 1.0), (2, 0.0), (3, 0.0)]
                .map(|(at, default): (usize, f32)| number(&target[at], default));
            // Pictures are counted from below there.
            let top = 1.0 - bottom - height;
            *left -= 1;
            transforms.push(
                json!({ "material": material, "scale": [width, height], "offset": [start, top] }),
            );
        }
    }
    json!({
        "isBinary": group["isBinary"].as_bool().unwrap_or(false),
        "morphTargetBinds": morphs,
        "materialColorBinds": colors,
        "textureTransformBinds": transforms,
    })
}

fn material_names(root: &Item<'_>) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    if let Some(materials) = root.get("materials") {
        for number in 0..materials.count() {
            if let Some(material) = materials.element(number) {
                names.entry(material.name()).or_insert(number);
            }
        }
    }
    names
}
