//! Animations of FBX files, sampled so that straight lines between keys show them.

use super::{model::Model, skin};
use glam::Quat;
use scene::writer::{Array, ArrayShape};
use serde_json::{Value, json};
use std::{collections::BTreeMap, ops::RangeInclusive};
use ufbx::{BakeOpts, BakedAnim, BakedNode, BlendChannel, Scene, Transform};

/// Most animations of a file.
const MAX_ANIMATIONS: usize = 1_000;
/// Most weights of morph targets in all keys of a file.
const MAX_WEIGHTS: usize = 16_000_000;
/// Where the weight of a morph target stands, in percent.
const PERCENT: &str = "DeformPercent";
/// By what equal numbers may differ, of themselves or of one.
const SAME: f32 = 1.0e-6;

pub(super) fn write(scene: &Scene, places: &BTreeMap<u32, usize>, model: &mut Model<'_>) {
    let mut weights_left = MAX_WEIGHTS;
    for stack in scene.anim_stacks.iter().take(MAX_ANIMATIONS) {
        let Ok(baked) = ufbx::bake_anim(scene, &stack.anim, BakeOpts::default()) else {
            model.note("an animation cannot be sampled and is left out");
            continue;
        };
        let played = played(&baked);
        let mut parts = Parts::default();
        for node in &baked.nodes {
            let rest = scene.nodes.get(node.typed_id as usize);
            if let (Some(place), Some(rest)) = (places.get(&node.element_id), rest) {
                parts.add_node(node, *place, &rest.local_transform, &played, model);
            }
        }
        parts.add_weights(scene, (&baked, &played), places, &mut weights_left, model);
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

/// The seconds that a take plays. Other programs write it from its first to its last picture, and keys may lie before and behind: those of
/// the pose in which a model was made, often.
fn played(baked: &BakedAnim) -> RangeInclusive<f64> {
    let told = baked.playback_time_begin..=baked.playback_time_end;
    let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
    for time in key_times(baked) {
        (first, last) = (first.min(time), last.max(time));
    }
    match told.start() < told.end() && first < *told.end() && last > *told.start() {
        true => told,
        false => first.min(0.0)..=f64::MAX,
    }
}

/// When something moves: what holds still has a key at either end.
fn key_times(baked: &BakedAnim) -> impl Iterator<Item = f64> {
    let nodes = baked.nodes.iter();
    let of_nodes = nodes.flat_map(|node| {
        let (places, sizes) = (node.translation_keys.iter(), node.scale_keys.iter());
        let places = places.filter(|_| !node.constant_translation);
        let sizes = sizes.filter(|_| !node.constant_scale);
        let turns = node.rotation_keys.iter();
        let turns = turns.filter(|_| !node.constant_rotation);
        let times = places.chain(sizes).map(|key| key.time);
        times.chain(turns.map(|key| key.time))
    });
    let props = baked.elements.iter().flat_map(|own| own.props.iter());
    let props = props.filter(|prop| &*prop.name == PERCENT && !prop.constant_value);
    of_nodes.chain(props.flat_map(|prop| prop.keys.iter().map(|key| key.time)))
}

/// The keys within that time, which begins at zero then, with what the curve is where it begins and ends.
fn within(
    keys: Vec<(f64, Vec<f32>)>,
    played: &RangeInclusive<f64>,
    is_rotation: bool,
) -> Vec<(f64, Vec<f32>)> {
    let first = keys.partition_point(|(time, _)| time < played.start());
    let end = keys.partition_point(|(time, _)| time <= played.end());
    let between = |next: usize, time: f64| {
        let (after, to) = keys.get(next)?;
        let (before, from) = keys.get(next.checked_sub(1)?)?;
        let share = (time - before) / (after - before);
        Some((time, mix(from, to, share as f32, is_rotation)))
    };
    let inside = keys.get(first..end).unwrap_or_default();
    let mut own = Vec::with_capacity(inside.len() + 2);
    if inside.first().is_none_or(|(time, _)| time > played.start()) {
        own.extend(between(first, *played.start()));
    }
    own.extend_from_slice(inside);
    if own.last().is_none_or(|(time, _)| time < played.end()) {
        own.extend(between(end, *played.end()));
    }
    if let Some((time, value)) = own.last()
        && time < played.end()
        && *played.end() < f64::MAX
    {
        // It holds still until the take ends, which says when it begins anew.
        let held = value.clone();
        own.push((*played.end(), held));
    }
    if own.is_empty() {
        // All of them lie before it, or all behind.
        let nearest = if first > 0 { keys.last() } else { keys.first() };
        own.extend(nearest.map(|(_, value)| (*played.start(), value.clone())));
    }
    for (time, _) in &mut own {
        *time -= played.start();
    }
    own
}

/// Straight between two keys, rotations along the shortest arc.
fn mix(from: &[f32], to: &[f32], share: f32, is_rotation: bool) -> Vec<f32> {
    if let (true, Ok(from), Ok(to)) = (is_rotation, from.try_into(), to.try_into()) {
        let turned = Quat::from_array(from).slerp(Quat::from_array(to), share);
        return turned.to_array().to_vec();
    }
    let pairs = from.iter().zip(to);
    pairs.map(|(from, to)| from + (to - from) * share).collect()
}

/// Equal but for rounding; a rotation is the same with all signs changed.
fn is_alike(one: &[f32], other: &[f32], may_be_negative: bool) -> bool {
    let is_near = |sign: f32| {
        let mut pairs = one.iter().zip(other);
        pairs.all(|(one, other)| (one - sign * other).abs() <= SAME * one.abs().max(1.0))
    };
    is_near(1.0) || may_be_negative && is_near(-1.0)
}

/// A curve at a time: straight between its keys, and held before the first and after the last. At two keys of one time the first
/// counts.
fn value_at(keys: &[(f64, f32)], time: f64) -> f32 {
    let next = keys.partition_point(|(own, _)| *own < time);
    let before = next.checked_sub(1).and_then(|place| keys.get(place));
    match (before, keys.get(next)) {
        (Some((start, from)), Some((end, to))) => {
            let share = (time - start) / (end - start);
            from + (to - from) * share as f32
        }
        (Some((_, value)), None) | (None, Some((_, value))) => *value,
        (None, None) => 0.0,
    }
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
        played: &RangeInclusive<f64>,
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
            let keys: Vec<(f64, Vec<f32>)> = keys;
            let mut keys = within(keys, played, path == "rotation");
            if is_constant {
                // One key holds for the whole clip, and none is needed where the node is at rest.
                keys.truncate(1);
                keys.retain(|(_, value)| !is_alike(value, &rest, path == "rotation"));
            }
            self.add(place, path, shape, keys, model);
        }
    }

    /// The weights of the morph targets of all meshes that are shown. Each has keys of its own in the file; in glTF they share them.
    fn add_weights(
        &mut self,
        scene: &Scene,
        (baked, played): (&BakedAnim, &RangeInclusive<f64>),
        places: &BTreeMap<u32, usize>,
        left: &mut usize,
        model: &mut Model<'_>,
    ) {
        let curves = baked.elements.iter().filter_map(|element| {
            let mut props = element.props.iter();
            let percent = props.find(|prop| &*prop.name == PERCENT)?;
            let keys = percent.keys.iter();
            let keys = keys.map(|key| (key.time, (key.value.x / 100.0) as f32));
            Some((element.element_id, keys.collect()))
        });
        let curves: BTreeMap<u32, Vec<(f64, f32)>> = curves.collect();
        if curves.is_empty() {
            return;
        }
        for node in &scene.nodes {
            let (Some(mesh), Some(place)) = (&node.mesh, places.get(&node.element.element_id))
            else {
                continue;
            };
            let channels: Vec<&BlendChannel> = skin::channels(mesh).collect();
            let curves: Vec<_> = (channels.iter())
                .map(|channel| curves.get(&channel.element.element_id))
                .collect();
            if model.node(*place).get("mesh").is_none() || curves.iter().all(Option::is_none) {
                continue;
            }
            let keys = curves.iter().flatten().copied().flatten();
            let mut times: Vec<f64> = keys.map(|(time, _)| *time).collect();
            times.sort_by(f64::total_cmp);
            times.dedup();
            let count = times.len().saturating_mul(channels.len());
            let Some(rest_left) = left.checked_sub(count) else {
                model.note("animations of morph targets with too many keys are left out");
                continue;
            };
            *left = rest_left;
            let rest: Vec<f32> = channels.iter().map(|own| skin::weight(own)).collect();
            let weights = |time: f64| -> Vec<f32> {
                let each = curves.iter().zip(&rest);
                each.map(|(curve, rest)| curve.map_or(*rest, |keys| value_at(keys, time)))
                    .collect()
            };
            let keys = times.iter().map(|time| (*time, weights(*time)));
            let keys = within(keys.collect(), played, false);
            if !keys.iter().all(|(_, own)| is_alike(own, &rest, false)) {
                self.add(*place, "weights", ArrayShape::Scalar, keys, model);
            }
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
