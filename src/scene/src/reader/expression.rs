//! Expressions of VRM 1.0.

use crate::{
    description::{
        avatar::{ColorBind, ColorKind, Expression, ExpressionOverride, TextureTransformBind},
        scene::{MaterialIndex, NodeIndex, Scene},
    },
    error::{Issue, Issues, SceneError},
    limits::{MAX_ELEMENTS, MAX_EXPRESSION_BINDS},
    source::json::Item,
};
use glam::{Vec2, Vec4};
use std::collections::BTreeMap;

/// Most expressions of an avatar.
pub(super) const MAX_EXPRESSIONS: usize = 1_024;

pub(crate) fn read_expressions(
    vrm: &Item<'_>,
    scene: &Scene,
    issues: &mut Issues,
) -> Result<BTreeMap<String, Expression>, SceneError> {
    let mut expressions = BTreeMap::new();
    let Some(groups) = vrm.get("expressions") else {
        return Ok(expressions);
    };
    let mut binds = 0;
    for group_name in ["preset", "custom"] {
        let Some(group) = groups.get(group_name) else {
            continue;
        };
        group.require_object()?;
        for (name, item) in group.members() {
            let is_preset = Expression::PRESETS.contains(&name);
            if is_preset != (group_name == "preset") {
                issues.push(Issue::warning(
                    "STOA_VRM_EXPRESSION_NAME",
                    item.pointer(),
                    "preset expressions have the names of VRM 1.0, custom ones have others",
                ));
                if is_preset {
                    continue;
                }
            }
            if expressions.len() >= MAX_EXPRESSIONS {
                return Err(
                    group.over_limit(format!("there are more than {MAX_EXPRESSIONS} expressions"))
                );
            }
            let expression = read_expression(&item, scene)?;
            binds += expression.morphs.len()
                + expression.colors.len()
                + expression.texture_transforms.len();
            if binds > MAX_EXPRESSION_BINDS {
                return Err(group.over_limit(format!(
                    "its expressions move more than {MAX_EXPRESSION_BINDS} things"
                )));
            }
            expressions.entry(name.to_owned()).or_insert(expression);
        }
    }
    Ok(expressions)
}

fn read_expression(item: &Item<'_>, scene: &Scene) -> Result<Expression, SceneError> {
    let mut expression = Expression {
        is_binary: item.flag_or("isBinary", false)?,
        override_mouth: read_override(item, "overrideMouth")?,
        override_blink: read_override(item, "overrideBlink")?,
        override_look_at: read_override(item, "overrideLookAt")?,
        ..Expression::default()
    };
    if let Some(list) = item.get("morphTargetBinds") {
        for bind in list.elements(MAX_ELEMENTS)? {
            let node = NodeIndex(bind.require("node")?.index(scene.nodes.len(), "node")?);
            let count = scene.nodes[node.index()]
                .mesh
                .map_or(0, |mesh| scene.meshes[mesh.index()].weights.len());
            let target = bind.require("index")?.index(count, "morph target")? as usize;
            let weight = bind.number_or("weight", 1.0)?.clamp(0.0, 1.0);
            expression.morphs.push((node, target, weight));
        }
    }
    if let Some(list) = item.get("materialColorBinds") {
        for bind in list.elements(MAX_ELEMENTS)? {
            expression.colors.push(read_color(&bind, scene)?);
        }
    }
    if let Some(list) = item.get("textureTransformBinds") {
        for bind in list.elements(MAX_ELEMENTS)? {
            expression.texture_transforms.push(TextureTransformBind {
                material: read_material(&bind, scene)?,
                scale: Vec2::from(bind.numbers_or("scale", [1.0; 2])?),
                offset: Vec2::from(bind.numbers_or("offset", [0.0; 2])?),
            });
        }
    }
    Ok(expression)
}

fn read_material(bind: &Item<'_>, scene: &Scene) -> Result<MaterialIndex, SceneError> {
    let index = bind
        .require("material")?
        .index(scene.materials.len(), "material")?;
    Ok(MaterialIndex(index))
}

fn read_color(bind: &Item<'_>, scene: &Scene) -> Result<ColorBind, SceneError> {
    let kind = bind.require("type")?;
    let target = bind.require("targetValue")?;
    // Three numbers occur for colours without alpha.
    let target = if target.count() == 3 {
        let [red, green, blue] = target.numbers::<3>()?;
        Vec4::new(red, green, blue, 1.0)
    } else {
        Vec4::from(target.numbers::<4>()?)
    };
    Ok(ColorBind {
        material: read_material(bind, scene)?,
        kind: match kind.text()? {
            "color" => ColorKind::Base,
            "emissionColor" => ColorKind::Emission,
            "shadeColor" => ColorKind::Shade,
            "matcapColor" => ColorKind::Matcap,
            "rimColor" => ColorKind::Rim,
            "outlineColor" => ColorKind::Outline,
            other => {
                return Err(kind.fault(format!("`{other}` is not a colour of a material")));
            }
        },
        target,
    })
}

fn read_override(item: &Item<'_>, key: &str) -> Result<ExpressionOverride, SceneError> {
    let Some(rule) = item.get(key) else {
        return Ok(ExpressionOverride::None);
    };
    match rule.text()? {
        "none" => Ok(ExpressionOverride::None),
        "block" => Ok(ExpressionOverride::Block),
        "blend" => Ok(ExpressionOverride::Blend),
        other => Err(rule.fault(format!("`{other}` is none of none, block, blend"))),
    }
}
