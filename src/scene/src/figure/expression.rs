//! Expressions of VRM 1.0: how wished weights hold each other down, and what they do to meshes and materials.

use crate::description::{
    avatar::{Avatar, ColorBind, ColorKind, ExpressionOverride, TextureTransformBind},
    material::TextureTransform,
    scene::{MaterialIndex, NodeIndex},
};
use glam::Vec4;
use std::collections::{BTreeMap, BTreeSet};

/// Expressions that others may hold down together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Mouth,
    Blink,
    LookAt,
    Other,
}

/// The expressions of an avatar by number, in the order of their names, and what they move by where it is.
#[derive(Clone, Debug, Default)]
pub struct Face {
    numbers: BTreeMap<String, usize>,
    groups: Vec<Group>,
    /// Of each node: an expression, a morph target and its weight when the expression is shown in full.
    morphs: BTreeMap<NodeIndex, Vec<(usize, usize, f32)>>,
    /// Of each material: an expression and what it does.
    colors: BTreeMap<MaterialIndex, Vec<(usize, ColorBind)>>,
    texture_transforms: BTreeMap<MaterialIndex, Vec<(usize, TextureTransformBind)>>,
}

impl Face {
    /// The face of an avatar.
    #[must_use]
    pub fn new(avatar: &Avatar) -> Self {
        let mut face = Self::default();
        for (number, (name, expression)) in avatar.expressions.iter().enumerate() {
            face.numbers.insert(name.clone(), number);
            face.groups.push(group(name));
            for &(node, target, full) in &expression.morphs {
                let morphs = face.morphs.entry(node).or_default();
                morphs.push((number, target, full));
            }
            for bind in &expression.colors {
                let colors = face.colors.entry(bind.material).or_default();
                colors.push((number, *bind));
            }
            for bind in &expression.texture_transforms {
                let transforms = face.texture_transforms.entry(bind.material).or_default();
                transforms.push((number, *bind));
            }
        }
        face
    }

    /// Weights of nothing, one for each expression.
    #[must_use]
    pub fn neutral(&self) -> Vec<f32> {
        vec![0.0; self.groups.len()]
    }

    /// Number of an expression by its name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// Turns wished weights into those that count: limited to 0 to 1, binary ones all or nothing, and held down by others.
    pub fn resolve(&self, avatar: &Avatar, weights: &mut [f32]) {
        let mut left = [1.0f32; 3];
        let expressions = avatar.expressions.values().zip(&self.groups);
        for (weight, (expression, group)) in weights.iter_mut().zip(expressions) {
            *weight = if weight.is_finite() {
                weight.clamp(0.0, 1.0)
            } else {
                0.0
            };
            if expression.is_binary {
                *weight = f32::from(u8::from(*weight > 0.5));
            }
            let rules = [
                expression.override_mouth,
                expression.override_blink,
                expression.override_look_at,
            ];
            let kinds = [Group::Mouth, Group::Blink, Group::LookAt];
            for ((left, rule), kind) in left.iter_mut().zip(rules).zip(kinds) {
                // What overrides its own kind overrides nothing (VRMC_vrm, expressions).
                if *group == kind {
                    continue;
                }
                *left -= match rule {
                    ExpressionOverride::None => 0.0,
                    ExpressionOverride::Block => f32::from(u8::from(*weight > 0.0)),
                    ExpressionOverride::Blend => *weight,
                };
            }
        }
        let groups = self.groups.iter();
        for ((weight, group), expression) in weights
            .iter_mut()
            .zip(groups)
            .zip(avatar.expressions.values())
        {
            let left = match group {
                Group::Mouth => left[0],
                Group::Blink => left[1],
                Group::LookAt => left[2],
                Group::Other => continue,
            };
            let left = left.clamp(0.0, 1.0);
            // A binary expression cannot be there in part.
            *weight *= if expression.is_binary && left < 1.0 {
                0.0
            } else {
                left
            };
        }
    }

    /// Moves the morph weights of a node's mesh by resolved weights; `morphs` comes with the weights without a face.
    pub fn apply_morphs(&self, weights: &[f32], node: NodeIndex, morphs: &mut [f32]) {
        let base: Vec<f32> = morphs.to_vec();
        for &(expression, target, full) in self.morphs.get(&node).into_iter().flatten() {
            let weight = weights.get(expression).copied().unwrap_or_default();
            if let (Some(morph), Some(base)) = (morphs.get_mut(target), base.get(target)) {
                *morph += (full - base) * weight;
            }
        }
    }

    /// A colour of a material under resolved weights.
    #[must_use]
    pub fn apply_color(
        &self,
        weights: &[f32],
        material: MaterialIndex,
        kind: ColorKind,
        base: Vec4,
    ) -> Vec4 {
        let binds = self.colors.get(&material).into_iter().flatten();
        let binds = binds.filter(|(_, bind)| bind.kind == kind);
        binds.fold(base, |color, (expression, bind)| {
            let weight = weights.get(*expression).copied().unwrap_or_default();
            color + (bind.target - base) * weight
        })
    }

    /// The transform of a texture of a material under resolved weights.
    #[must_use]
    pub fn apply_texture_transform(
        &self,
        weights: &[f32],
        material: MaterialIndex,
        base: TextureTransform,
    ) -> TextureTransform {
        let mut moved = base;
        for (expression, bind) in self.texture_transforms.get(&material).into_iter().flatten() {
            let weight = weights.get(*expression).copied().unwrap_or_default();
            moved.scale += (bind.scale - base.scale) * weight;
            moved.offset += (bind.offset - base.offset) * weight;
        }
        moved
    }
}

/// Materials that some expression changes: whoever wears the avatar needs their own.
#[must_use]
pub fn bound_materials(avatar: &Avatar) -> BTreeSet<MaterialIndex> {
    let expressions = avatar.expressions.values();
    expressions
        .flat_map(|expression| {
            let colors = expression.colors.iter().map(|bind| bind.material);
            let transforms = expression.texture_transforms.iter();
            colors.chain(transforms.map(|bind| bind.material))
        })
        .collect()
}

fn group(name: &str) -> Group {
    match name {
        "aa" | "ih" | "ou" | "ee" | "oh" => Group::Mouth,
        "blink" | "blinkLeft" | "blinkRight" => Group::Blink,
        "lookUp" | "lookDown" | "lookLeft" | "lookRight" => Group::LookAt,
        _ => Group::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::{
        avatar::{AvatarMeta, Expression, Springs},
        scene::Scene,
    };
    use glam::{Vec2, Vec3};

    fn avatar(expressions: Vec<(&str, Expression)>) -> Avatar {
        Avatar {
            scene: Scene::default(),
            bones: BTreeMap::new(),
            meta: AvatarMeta::default(),
            expressions: expressions
                .into_iter()
                .map(|(name, expression)| (name.to_owned(), expression))
                .collect(),
            first_person: Vec::new(),
            look_offset_from_head: Vec3::ZERO,
            look_at: None,
            springs: Springs::default(),
            constraints: Vec::new(),
            issues: Vec::new(),
        }
    }

    /// Resolved weights by name.
    fn resolve<const N: usize>(avatar: &Avatar, wished: [(&str, f32); N]) -> [f32; N] {
        let face = Face::new(avatar);
        let mut weights = face.neutral();
        for (name, weight) in wished {
            weights[face.number(name).unwrap()] = weight;
        }
        face.resolve(avatar, &mut weights);
        wished.map(|(name, _)| weights[face.number(name).unwrap()])
    }

    #[test]
    fn weights_are_limited_and_binary_ones_are_all_or_nothing() {
        let binary = Expression {
            is_binary: true,
            ..Expression::default()
        };
        let avatar = avatar(vec![("happy", Expression::default()), ("wink", binary)]);
        assert_eq!(
            resolve(&avatar, [("happy", 3.0), ("wink", 0.5)]),
            [1.0, 0.0]
        );
        assert_eq!(
            resolve(&avatar, [("happy", -1.0), ("wink", 0.51)]),
            [0.0, 1.0]
        );
        assert_eq!(
            resolve(&avatar, [("happy", f32::NAN), ("wink", 0.0)]),
            [0.0, 0.0]
        );
    }

    #[test]
    fn expressions_block_and_blend_others_away() {
        let surprised = Expression {
            override_blink: ExpressionOverride::Block,
            override_mouth: ExpressionOverride::Blend,
            ..Expression::default()
        };
        let binary = Expression {
            is_binary: true,
            ..Expression::default()
        };
        let avatar = avatar(vec![
            ("surprised", surprised),
            ("blink", Expression::default()),
            ("aa", Expression::default()),
            ("oh", binary),
            ("lookUp", Expression::default()),
        ]);
        assert_eq!(
            resolve(
                &avatar,
                [
                    ("surprised", 0.25),
                    ("blink", 1.0),
                    ("aa", 0.8),
                    ("oh", 1.0),
                    ("lookUp", 0.5)
                ]
            ),
            [0.25, 0.0, 0.6, 0.0, 0.5]
        );
        assert_eq!(
            resolve(&avatar, [("blink", 1.0), ("aa", 0.8), ("oh", 1.0)]),
            [1.0, 0.8, 1.0]
        );
    }

    #[test]
    fn what_overrides_its_own_kind_overrides_nothing() {
        let closing = |kind: fn(&mut Expression)| {
            let mut own = Expression::default();
            kind(&mut own);
            own
        };
        let avatar = avatar(vec![
            (
                "blink",
                closing(|own| own.override_blink = ExpressionOverride::Block),
            ),
            (
                "aa",
                closing(|own| own.override_mouth = ExpressionOverride::Blend),
            ),
        ]);
        assert_eq!(resolve(&avatar, [("blink", 1.0), ("aa", 0.5)]), [1.0, 0.5]);
    }

    #[test]
    fn everything_bound_moves_from_its_base_by_the_weight() {
        let skin = MaterialIndex(2);
        let blush = Expression {
            morphs: vec![(NodeIndex(1), 1, 0.8)],
            colors: vec![ColorBind {
                material: skin,
                kind: ColorKind::Base,
                target: Vec4::new(1.0, 0.0, 0.0, 1.0),
            }],
            texture_transforms: vec![TextureTransformBind {
                material: skin,
                scale: Vec2::splat(2.0),
                offset: Vec2::new(0.5, 0.0),
            }],
            ..Expression::default()
        };
        let avatar = avatar(vec![("blush", blush)]);
        let face = Face::new(&avatar);
        let mut morphs = [0.1, 0.2];
        face.apply_morphs(&[0.5], NodeIndex(1), &mut morphs);
        assert!((morphs[0] - 0.1).abs() < 1e-6 && (morphs[1] - 0.5).abs() < 1e-6);
        face.apply_morphs(&[0.5], NodeIndex(0), &mut morphs);
        assert!((morphs[1] - 0.5).abs() < 1e-6);
        let color = face.apply_color(&[0.5], skin, ColorKind::Base, Vec4::ONE);
        assert_eq!(color, Vec4::new(1.0, 0.5, 0.5, 1.0));
        let other = face.apply_color(&[0.5], skin, ColorKind::Rim, Vec4::ONE);
        assert_eq!(other, Vec4::ONE);
        let base = TextureTransform::default();
        let moved = face.apply_texture_transform(&[0.5], skin, base);
        assert_eq!((moved.scale, moved.offset.x), (Vec2::splat(1.5), 0.25));
        assert_eq!(bound_materials(&avatar), BTreeSet::from([skin]));
    }
}
