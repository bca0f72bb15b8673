//! Animations of FBX files, sampled so that straight lines between keys show them.

use super::model::Model;
use scene::writer::{Array, ArrayShape};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use ufbx::{BakeOpts, BakedNode, Scene};

/// Most animations of a file.
const MAX_ANIMATIONS: usize = 1_000;

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
            if let Some(place) = places.get(&node.element_id) {
                parts.add_node(node, *place, model);
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

#[derive(Default)]
struct Parts {
    channels: Vec<Value>,
    samplers: Vec<Value>,
}

impl Parts {
    fn add_node(&mut self, node: &BakedNode, place: usize, model: &mut Model<'_>) {
        let vector = |key: &ufbx::BakedVec3| {
            let own = &key.value;
            (key.time, vec![own.x as f32, own.y as f32, own.z as f32])
        };
        let rotations = node.rotation_keys.iter().map(|key| {
            let own = &key.value;
            (
                key.time,
                vec![own.x as f32, own.y as f32, own.z as f32, own.w as f32],
            )
        });
        if !node.constant_translation {
            let keys = node.translation_keys.iter().map(vector).collect();
            self.add(place, "translation", ArrayShape::Vec3, keys, model);
        }
        if !node.constant_rotation {
            self.add(
                place,
                "rotation",
                ArrayShape::Vec4,
                rotations.collect(),
                model,
            );
        }
        if !node.constant_scale {
            let keys = node.scale_keys.iter().map(vector).collect();
            self.add(place, "scale", ArrayShape::Vec3, keys, model);
        }
    }

    /// Keys whose times grow; one that does not is passed over.
    fn add(
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
        if times.len() < 2 {
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
