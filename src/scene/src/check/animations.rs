//! Animations: channels against their nodes, samplers against their accessors.

use super::{
    codes,
    links::{Usage, Usages},
    meshes::{primitives, target_count},
    model::{Accessor, Model, index, list, object, text},
    sink::Sink,
};
use crate::source::json::{self, Item};
use std::collections::{BTreeMap, BTreeSet};

const FLOAT: u64 = 5126;

/// Channels of an animation, none when one of them is not an object.
fn objects<'a>(animation: Item<'a>, key: &str) -> Vec<Item<'a>> {
    let all = list(animation, key);
    if all.iter().all(|item| item.kind() == json::Kind::Object) {
        all
    } else {
        Vec::new()
    }
}

pub(super) fn check(
    model: &Model<'_>,
    declared: &BTreeSet<&str>,
    usages: &mut Usages,
    sink: &mut Sink,
) {
    // Of each mesh once: any number of channels may lead to it.
    let morphs_of = |mesh: usize| {
        let mesh = *model.meshes.get(mesh)?;
        primitives(mesh).first().copied().map(target_count)
    };
    let morphs: Vec<usize> = (0..model.meshes.len())
        .map(|mesh| morphs_of(mesh).unwrap_or(0))
        .collect();
    for animation in list(model.root, "animations") {
        let samplers = objects(animation, "samplers");
        let channels = objects(animation, "channels");
        let is_whole = !samplers.is_empty() && !channels.is_empty();
        if declared.contains("KHR_animation_pointer") {
            for target in channels
                .iter()
                .filter_map(|channel| object(*channel, "target"))
            {
                check_pointer(model, target, is_whole, sink);
            }
        }
        if !is_whole {
            continue;
        }
        for sampler in &samplers {
            check_sampler(model, *sampler, usages, sink);
        }
        let mut used = BTreeSet::new();
        let mut targets = BTreeMap::new();
        for channel in channels {
            let sampler = index(channel, "sampler");
            let known = sampler.and_then(|sampler| samplers.get(sampler));
            if let (Some(place), Some(_), None) = (channel.member("sampler"), sampler, known) {
                sink.at(&codes::UNRESOLVED_REFERENCE, &place);
            }
            if known.is_some() {
                used.extend(sampler);
            }
            let Some(target) = object(channel, "target") else {
                continue;
            };
            check_target(model, &morphs, target, sink);
            if let Some(sampler) = known {
                check_output(model, &morphs, (channel, target, *sampler), sink);
            }
            if let (Some(node), Some(path)) = (index(target, "node"), text(target, "path")) {
                // The earlier of the two is told, as the Khronos validator does.
                if let Some(earlier) = targets.insert((node, path), target) {
                    sink.at(&codes::ANIMATION_DUPLICATE_TARGETS, &earlier);
                }
            }
        }
        for (number, sampler) in samplers.iter().enumerate() {
            if !used.contains(&number) {
                sink.at(&codes::UNUSED_OBJECT, sampler);
            }
        }
    }
}

fn check_sampler(model: &Model<'_>, sampler: Item<'_>, usages: &mut Usages, sink: &mut Sink) {
    for key in ["input", "output"] {
        let (Some(place), Some(number)) = (sampler.member(key), index(sampler, key)) else {
            continue;
        };
        let Some(accessor) = model.accessors.get(number) else {
            continue;
        };
        usages.use_accessor(
            number,
            if key == "input" { "times" } else { "values" },
            &place,
            sink,
        );
        if let Some(view) = accessor.view {
            usages.use_view(model, view, Usage::Animation, &place, sink);
        }
        let view = model.view_of(accessor);
        if view.is_some_and(|view| view.stride.is_some()) {
            sink.at(&codes::ANIMATION_SAMPLER_ACCESSOR_WITH_BYTESTRIDE, &place);
        }
        if key == "output" {
            continue;
        }
        if !accessor.has_format(&[("SCALAR", FLOAT, false)]) {
            sink.at(
                &codes::ANIMATION_SAMPLER_INPUT_ACCESSOR_INVALID_FORMAT,
                &place,
            );
        }
        if !accessor.has_bounds() {
            sink.at(
                &codes::ANIMATION_SAMPLER_INPUT_ACCESSOR_WITHOUT_BOUNDS,
                &place,
            );
        }
        let is_cubic = text(sampler, "interpolation") == Some("CUBICSPLINE");
        if is_cubic && accessor.count.is_none_or(|count| count < 2) {
            sink.at(
                &codes::ANIMATION_SAMPLER_INPUT_ACCESSOR_TOO_FEW_ELEMENTS,
                &place,
            );
        }
    }
}

/// Of a pointer beside a node it is told only in an animation that is whole.
fn check_pointer(model: &Model<'_>, target: Item<'_>, is_whole: bool, sink: &mut Sink) {
    let pointer = object(target, "extensions")
        .and_then(|extensions| object(extensions, "KHR_animation_pointer"));
    let Some(pointer) = pointer else { return };
    sink.at(&codes::INCOMPLETE_EXTENSION_SUPPORT, &pointer);
    let node = index(target, "node").and_then(|node| model.nodes.get(node));
    if is_whole && node.is_some() {
        sink.at(
            &codes::KHR_ANIMATION_POINTER_ANIMATION_CHANNEL_TARGET_NODE,
            &pointer,
        );
    }
    if text(target, "path") != Some("pointer") {
        sink.at(
            &codes::KHR_ANIMATION_POINTER_ANIMATION_CHANNEL_TARGET_PATH,
            &pointer,
        );
    }
}

fn check_target(model: &Model<'_>, morphs: &[usize], target: Item<'_>, sink: &mut Sink) {
    let path = text(target, "path");
    let Some(node) = index(target, "node").and_then(|node| model.nodes.get(node)) else {
        return;
    };
    match path {
        Some("translation" | "rotation" | "scale") => {
            if node.member("matrix").is_some() {
                sink.at(&codes::ANIMATION_CHANNEL_TARGET_NODE_MATRIX, &target);
            }
            let skin = index(*node, "skin").and_then(|skin| model.skins.get(skin));
            if skin.is_some() {
                sink.at_member(&codes::ANIMATION_CHANNEL_TARGET_NODE_SKIN, &target, "path");
            }
        }
        Some("weights") if targets_of(morphs, *node) == 0 => {
            sink.at(
                &codes::ANIMATION_CHANNEL_TARGET_NODE_WEIGHTS_NO_MORPHS,
                &target,
            );
        }
        _ => {}
    }
}

/// Morph targets of a node's mesh, of those of all meshes.
fn targets_of(morphs: &[usize], node: Item<'_>) -> usize {
    let mesh = index(node, "mesh").and_then(|mesh| morphs.get(mesh));
    mesh.copied().unwrap_or(0)
}

fn check_output(
    model: &Model<'_>,
    morphs: &[usize],
    (channel, target, sampler): (Item<'_>, Item<'_>, Item<'_>),
    sink: &mut Sink,
) {
    let accessor = |key: &str| index(sampler, key).and_then(|at| model.accessors.get(at));
    let (Some(output), Some(path)) = (accessor("output"), text(target, "path")) else {
        return;
    };
    let shares = [5126, 5120, 5121, 5122, 5123].map(|component| (component, component != FLOAT));
    let of = |kind: &'static str| shares.map(|(component, flag)| (kind, component, flag));
    let is_fitting = match path {
        "translation" | "scale" => output.has_format(&[("VEC3", FLOAT, false)]),
        "rotation" => output.has_format(&of("VEC4")),
        "weights" => output.has_format(&of("SCALAR")),
        _ => true,
    };
    if !is_fitting {
        sink.at_member(
            &codes::ANIMATION_SAMPLER_OUTPUT_ACCESSOR_INVALID_FORMAT,
            &channel,
            "sampler",
        );
    }
    let Some(input) = accessor("input") else {
        return;
    };
    let node = index(target, "node").and_then(|node| model.nodes.get(node));
    let targets = node.map_or(0, |node| targets_of(morphs, *node)) as u64;
    let factor = match path {
        "weights" if targets == 0 => return,
        "weights" => targets,
        "pointer" => return,
        _ => 1,
    };
    let is_cubic = text(sampler, "interpolation") == Some("CUBICSPLINE");
    let count = |accessor: &Accessor<'_>| accessor.count;
    if let (Some(keys), Some(values)) = (count(input), count(output)) {
        let expected = keys
            .saturating_mul(factor)
            .saturating_mul(if is_cubic { 3 } else { 1 });
        if values != expected {
            sink.at_member(
                &codes::ANIMATION_SAMPLER_OUTPUT_ACCESSOR_INVALID_COUNT,
                &channel,
                "sampler",
            );
        }
    }
}
