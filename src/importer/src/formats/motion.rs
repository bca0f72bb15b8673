//! Animations of FBX files, sampled so that straight lines between keys show them.

use super::model::Model;
use scene::writer::{Array, ArrayShape};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use ufbx::{BakeOpts, BakedNode, Scene, Transform};

/// Most animations of a file.
const MAX_ANIMATIONS: usize = 1_000;
/// By what equal numbers may differ, of themselves or of one.
const SAME: f32 = 1.0e-6;

pub(super) fn write(scene: &Scene, places: &BTreeMap<u32, usize>, model: &mut Model<'_>) {
    for stack in scene.anim_stacks.iter().take(MAX_ANIMATIONS) {
        let options = BakeOpts {
            trim_start_time: true,
            ..BakeOpts::default()
        };
        let Ok(baked) = ufbx::bake_anim(scene, &stack.anim, options) else {
            model.note("an animation cannot be sampled and is left out");
            continue;
        };
        let mut parts = Parts::default();
        for node in &baked.nodes {
            let rest = scene.nodes.get(node.typed_id as usize);
            if let (Some(place), Some(rest)) = (places.get(&node.element_id), rest) {
                parts.add_node(node, *place, &rest.local_transform, model);
            }
        }
        if !parts.channels.is_empty() {
            let animation = json!({
                "name": &*stack.element.name,
                "channels": parts.channels,
                "samplers": parts.samplers,
            });
            model.push("animations", animation);
        }
    }
}

/// Equal but for rounding; a rotation is the same with all signs changed.
fn is_alike(one: &[f32], other: &[f32], may_be_negative: bool) -> bool {
    let is_near = |sign: f32| {
        let mut pairs = one.iter().zip(other);
        pairs.all(|(one, other)| (one - sign * other).abs() <= SAME * one.abs().max(1.0))
    };
    is_near(1.0) || may_be_negative && is_near(-1.0)
}

/// The channels of an animation and what they sample.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) channels: Vec<Value>,
    pub(super) samplers: Vec<Value>,
}

impl Parts {
    fn add_node(
        &mut self,
        node: &BakedNode,
        place: usize,
        rest: &Transform,
        model: &mut Model<'_>,
    ) {
        let vector = |key: &ufbx::BakedVec3| {
            let own = &key.value;
            (key.time, vec![own.x as f32, own.y as f32, own.z as f32])
        };
        let rotation = |key: &ufbx::BakedQuat| {
            let own = &key.value;
            let parts = [own.x, own.y, own.z, own.w].map(|part| part as f32);
            (key.time, parts.to_vec())
        };
        let of_rest = |own: &ufbx::Vec3| vec![own.x as f32, own.y as f32, own.z as f32];
        let turned = &rest.rotation;
        let turned = [turned.x, turned.y, turned.z, turned.w].map(|part| part as f32);
        for (path, shape, keys, is_constant, rest) in [
            (
                "translation",
                ArrayShape::Vec3,
                node.translation_keys.iter().map(vector).collect(),
                node.constant_translation,
                of_rest(&rest.translation),
            ),
            (
                "rotation",
                ArrayShape::Vec4,
                node.rotation_keys.iter().map(rotation).collect(),
                node.constant_rotation,
                turned.to_vec(),
            ),
            (
                "scale",
                ArrayShape::Vec3,
                node.scale_keys.iter().map(vector).collect(),
                node.constant_scale,
                of_rest(&rest.scale),
            ),
        ] {
            let mut keys: Vec<(f64, Vec<f32>)> = keys;
            if is_constant {
                // One key holds for the whole clip, and none is needed where the node is at rest.
                keys.truncate(1);
                keys.retain(|(_, value)| !is_alike(value, &rest, path == "rotation"));
            }
            self.add(place, path, shape, keys, model);
        }
    }

    /// Adds keys whose times grow; one that does not is passed over.
    pub(super) fn add(
        &mut self,
        node: usize,
        path: &str,
        shape: ArrayShape,
        keys: Vec<(f64, Vec<f32>)>,
        model: &mut Model<'_>,
    ) {
        let (mut times, mut values) = (Vec::new(), Vec::new());
        for (time, value) in keys {
            let time = time.max(0.0) as f32;
            let is_later = times.last().is_none_or(|last| time > *last);
            if is_later && time.is_finite() && value.iter().all(|own| own.is_finite()) {
                times.push(time);
                values.extend(value);
            }
        }
        if times.is_empty() {
            return;
        }
        let input = model.add(Array::floats(ArrayShape::Scalar, &times));
        let output = model.add(Array::floats(shape, &values));
        self.channels.push(json!({
            "sampler": self.samplers.len(),
            "target": { "node": node, "path": path },
        }));
        self.samplers
            .push(json!({ "input": input, "output": output }));
    }
}
