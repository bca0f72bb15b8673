//! Animations: channels of nodes.

use crate::{
    description::animation::{Animation, Channel, Interpolation, Track},
    description::scene::{NodeIndex, Scene},
    error::{Issue, SceneError},
    limits::MAX_ELEMENTS,
    source::accessor::Accessors,
    source::json::Item,
};
use glam::Quat;

pub(crate) fn read_animations(
    root: &Item<'_>,
    accessors: &Accessors<'_>,
    scene: &Scene,
    issues: &mut Vec<Issue>,
) -> Result<Vec<Animation>, SceneError> {
    let Some(list) = root.get("animations") else {
        return Ok(Vec::new());
    };
    list.elements(MAX_ELEMENTS)?
        .map(|item| read_animation(&item, accessors, scene, issues))
        .collect()
}

fn read_animation(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    scene: &Scene,
    issues: &mut Vec<Issue>,
) -> Result<Animation, SceneError> {
    let samplers = item.require("samplers")?;
    let sampler_count = samplers.elements(MAX_ELEMENTS)?.count();
    let list = item.require("channels")?;
    let mut channels = Vec::new();
    for channel in list.elements(MAX_ELEMENTS)? {
        let index = channel
            .require("sampler")?
            .index(sampler_count, "sampler")? as usize;
        let target = channel.require("target")?;
        // A channel without a node is legal: an extension animates something else with it.
        let Some(node) = target.index_of("node", scene.nodes.len(), "node")? else {
            if target.extension("KHR_animation_pointer").is_none() {
                issues.push(Issue::warning(
                    "STOA_ANIMATION_NO_TARGET",
                    target.pointer(),
                    "moves nothing: it names no node",
                ));
            }
            continue;
        };
        let Some(sampler) = samplers.element(index) else {
            continue;
        };
        let path_item = target.require("path")?;
        let path = path_item.text()?;
        if !matches!(path, "translation" | "rotation" | "scale" | "weights") {
            issues.push(Issue::warning(
                "STOA_ANIMATION_PATH",
                path_item.pointer(),
                format!("`{path}` is not animated"),
            ));
            continue;
        }
        if let Some(channel) = read_channel(&sampler, accessors, scene, NodeIndex(node), path)? {
            channels.push(channel);
        }
    }
    let duration_secs = channels
        .iter()
        .filter_map(|channel| channel.times.last())
        .fold(0.0f32, |longest, time| longest.max(*time));
    Ok(Animation {
        name: item.name(),
        channels,
        duration_secs,
    })
}

fn read_channel(
    sampler: &Item<'_>,
    accessors: &Accessors<'_>,
    scene: &Scene,
    node: NodeIndex,
    path: &str,
) -> Result<Option<Channel>, SceneError> {
    let input = sampler.require("input")?;
    let times = accessors.scalars(&input)?;
    if times.is_empty() {
        return Ok(None);
    }
    if times[0] < 0.0 || times.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(input.fault("key times must grow from key to key, from zero on"));
    }
    let interpolation = match sampler
        .get("interpolation")
        .map_or(Ok("LINEAR"), |name| name.text())?
    {
        "LINEAR" => Interpolation::Linear,
        "STEP" => Interpolation::Step,
        "CUBICSPLINE" => Interpolation::CubicSpline,
        other => return Err(sampler.fault(format!("interpolation `{other}` does not exist"))),
    };
    let output = sampler.require("output")?;
    let values_a_key = if interpolation == Interpolation::CubicSpline {
        3
    } else {
        1
    };
    let (track, count) = read_track(sampler, &output, accessors, scene, node, path)?;
    if count < times.len() * values_a_key {
        return Err(output.fault(format!(
            "has {count} values, but {} keys need {}",
            times.len(),
            times.len() * values_a_key
        )));
    }
    Ok(Some(Channel {
        node,
        times,
        interpolation,
        track,
    }))
}

/// The values of a channel and how many there are, tangents included.
fn read_track(
    sampler: &Item<'_>,
    output: &Item<'_>,
    accessors: &Accessors<'_>,
    scene: &Scene,
    node: NodeIndex,
    path: &str,
) -> Result<(Track, usize), SceneError> {
    Ok(match path {
        "translation" => {
            let values = accessors.vec3(output)?;
            let count = values.len();
            (Track::Translation(values), count)
        }
        "scale" => {
            let values = accessors.vec3(output)?;
            let count = values.len();
            (Track::Scale(values), count)
        }
        "rotation" => {
            let values: Vec<Quat> = accessors
                .vec4(output)?
                .into_iter()
                .map(Quat::from_vec4)
                .collect();
            let count = values.len();
            (Track::Rotation(values), count)
        }
        _ => {
            let mesh = scene.nodes[node.index()]
                .mesh
                .ok_or_else(|| sampler.fault("animates morph weights of a node without mesh"))?;
            let targets = scene.meshes[mesh.index()].weights.len();
            let values = accessors.scalars(output)?;
            if targets == 0 {
                return Err(output.fault("animates morph weights of a mesh without morph targets"));
            }
            let count = values.len() / targets;
            (
                Track::Weights {
                    values,
                    count: targets,
                },
                count,
            )
        }
    })
}
