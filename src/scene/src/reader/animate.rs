//! Animations: channels of nodes, and of what KHR_animation_pointer names.

use super::pointer::{self, NodePath, Target};
use crate::{
    description::animation::{Animation, Channel, Interpolation, Track},
    description::pointer::{Property, PropertyChannel},
    description::scene::{NodeIndex, Scene},
    error::{Issue, Issues, SceneError},
    limits::{MAX_ELEMENTS, MAX_NODES_OF_A_MESH},
    source::accessor::Accessors,
    source::json::Item,
};
use glam::Quat;
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// What a channel takes beside its numbers: itself, and two pieces of memory for these.
const CHANNEL_BYTES: u64 = size_of::<Channel>() as u64 + 64;

pub(crate) fn read_animations(
    root: &Item<'_>,
    accessors: &Accessors<'_>,
    scene: &Scene,
    issues: &mut Issues,
) -> Result<Vec<Animation>, SceneError> {
    let Some(list) = root.get("animations") else {
        return Ok(Vec::new());
    };
    let users = pointer::Users::new(scene);
    let mut moved = Moved::of(scene.nodes.len());
    let mut key_times = KeyTimes::default();
    list.elements(MAX_ELEMENTS)?
        .map(|item| {
            moved.begin();
            let known = (&users, &mut moved, &mut key_times);
            read_animation(&item, accessors, scene, known, issues)
        })
        .collect()
}

/// Key times by their accessor, read and checked once: many channels have the same.
#[derive(Default)]
struct KeyTimes(BTreeMap<u32, Vec<f32>>);

impl KeyTimes {
    /// Those that a sampler's input names.
    fn read(
        &mut self,
        input: &Item<'_>,
        accessors: &Accessors<'_>,
    ) -> Result<Vec<f32>, SceneError> {
        match self.0.entry(input.index(accessors.count(), "accessor")?) {
            Entry::Occupied(known) => {
                let times = known.get();
                accessors.budget.charge_for::<f32>(input, times.len())?;
                Ok(times.clone())
            }
            Entry::Vacant(place) => {
                let times = accessors.scalars(input)?;
                let falls = |pair: &[f32]| pair[0] >= pair[1];
                if times.first().is_some_and(|first| *first < 0.0) || times.windows(2).any(falls) {
                    return Err(input.fault("key times must grow from key to key, from zero on"));
                }
                Ok(place.insert(times).clone())
            }
        }
    }
}

/// What an animation moves already. One list serves all animations of a file, each of which moves most of its nodes.
struct Moved {
    /// Counts the animations.
    animation: u32,
    /// Of each node: the last animation that moves it, and in bits what of it.
    nodes: Vec<(u32, u8)>,
    /// Single weights.
    weights: BTreeSet<(NodeIndex, usize)>,
}

impl Moved {
    fn of(nodes: usize) -> Self {
        Self {
            animation: 0,
            nodes: vec![(0, 0); nodes],
            weights: BTreeSet::new(),
        }
    }

    fn begin(&mut self) {
        self.animation += 1;
        self.weights.clear();
    }

    /// False when it moves that already.
    fn is_new(&mut self, node: NodeIndex, path: NodePath) -> bool {
        let bit = match path {
            NodePath::Translation => 1,
            NodePath::Rotation => 2,
            NodePath::Scale => 4,
            NodePath::Weights => 8,
            NodePath::Weight(target) => return self.weights.insert((node, target)),
        };
        let (animation, bits) = &mut self.nodes[node.index()];
        if *animation != self.animation {
            (*animation, *bits) = (self.animation, 0);
        }
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }
}

fn read_animation(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    scene: &Scene,
    (users, moved, key_times): (&pointer::Users, &mut Moved, &mut KeyTimes),
    issues: &mut Issues,
) -> Result<Animation, SceneError> {
    let samplers = item.require("samplers")?;
    let sampler_count = samplers.elements(MAX_ELEMENTS)?.count();
    let list = item.require("channels")?;
    let mut animation = Animation {
        name: item.name(),
        ..Animation::default()
    };
    for channel in list.elements(MAX_ELEMENTS)? {
        let index = channel
            .require("sampler")?
            .index(sampler_count, "sampler")? as usize;
        let Some(sampler) = samplers.element(index) else {
            continue;
        };
        let target = channel.require("target")?;
        match read_target(&target, scene, users, issues)? {
            Target::Nodes(mut nodes, path) => {
                let named = nodes.len();
                nodes.retain(|node| moved.is_new(*node, path));
                if nodes.len() < named {
                    issues.push(moved_twice(&target));
                }
                // One channel of the file may be as many as nodes show a mesh.
                let bytes = CHANNEL_BYTES * named as u64;
                accessors.budget.charge(&channel, bytes)?;
                for node in nodes {
                    let read = read_channel(&sampler, accessors, key_times, scene, (node, path))?;
                    animation.channels.extend(read);
                }
            }
            Target::Property(property) => animation
                .properties
                .extend(read_property(&sampler, accessors, key_times, property)?),
            Target::Kept(pointer) => animation.kept.push(pointer),
            Target::Nothing => {}
        }
    }
    let of_channels = animation.channels.iter().map(|channel| &channel.times);
    let of_properties = animation.properties.iter().map(|channel| &channel.times);
    animation.duration_secs = of_channels
        .chain(of_properties)
        .filter_map(|times| times.last())
        .fold(0.0f32, |longest, time| longest.max(*time));
    Ok(animation)
}

/// glTF forbids it, and what plays an animation would sample each channel only to throw away all but one.
fn moved_twice(target: &Item<'_>) -> Issue {
    Issue::warning(
        "STOA_ANIMATION_TWICE",
        target.pointer(),
        "an earlier channel of the animation moves this: that one counts",
    )
}

/// What a channel says that it moves.
fn read_target(
    target: &Item<'_>,
    scene: &Scene,
    users: &pointer::Users,
    issues: &mut Issues,
) -> Result<Target, SceneError> {
    if let Some(extension) = target.extension("KHR_animation_pointer") {
        let pointer = extension.require("pointer")?;
        let found = pointer::resolve(pointer.text()?, scene, users);
        let left_out = users.left_out(pointer.text()?);
        if left_out > 0 {
            issues.push(Issue::warning(
                "STOA_ANIMATION_MANY_NODES",
                pointer.pointer(),
                format!(
                    "moves the first {MAX_NODES_OF_A_MESH} nodes with its mesh, and {left_out} more stay as they are"
                ),
            ));
        }
        if let Target::Kept(text) = &found {
            // Information, not a warning: the file is right, and what it moves is not drawn here.
            issues.push(Issue {
                severity: 2,
                ..Issue::warning(
                    "STOA_ANIMATION_POINTER",
                    pointer.pointer(),
                    format!("`{text}` is not drawn: its animation changes nothing"),
                )
            });
        }
        return Ok(found);
    }
    // A channel without a node is legal: an extension animates something else with it.
    let Some(node) = target.index_of("node", scene.nodes.len(), "node")? else {
        issues.push(Issue::warning(
            "STOA_ANIMATION_NO_TARGET",
            target.pointer(),
            "moves nothing: it names no node",
        ));
        return Ok(Target::Nothing);
    };
    let path_item = target.require("path")?;
    let path = path_item.text()?;
    let Some(path) = NodePath::of(path) else {
        issues.push(Issue::warning(
            "STOA_ANIMATION_PATH",
            path_item.pointer(),
            format!("`{path}` is not animated"),
        ));
        return Ok(Target::Nothing);
    };
    Ok(Target::Nodes(vec![NodeIndex(node)], path))
}

/// Key times and interpolation of a sampler; nothing without keys.
fn read_keys(
    sampler: &Item<'_>,
    accessors: &Accessors<'_>,
    key_times: &mut KeyTimes,
) -> Result<Option<(Vec<f32>, Interpolation)>, SceneError> {
    let times = key_times.read(&sampler.require("input")?, accessors)?;
    if times.is_empty() {
        return Ok(None);
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
    Ok(Some((times, interpolation)))
}

/// Every key needs a value, and with a cubic spline two tangents.
fn require_values(
    output: &Item<'_>,
    times: &[f32],
    interpolation: Interpolation,
    count: usize,
) -> Result<(), SceneError> {
    let a_key = if interpolation == Interpolation::CubicSpline {
        3
    } else {
        1
    };
    let needed = times.len() * a_key;
    if count < needed {
        return Err(output.fault(format!(
            "has {count} values, but {} keys need {needed}",
            times.len()
        )));
    }
    Ok(())
}

fn read_channel(
    sampler: &Item<'_>,
    accessors: &Accessors<'_>,
    key_times: &mut KeyTimes,
    scene: &Scene,
    (node, path): (NodeIndex, NodePath),
) -> Result<Option<Channel>, SceneError> {
    let Some((times, interpolation)) = read_keys(sampler, accessors, key_times)? else {
        return Ok(None);
    };
    let output = sampler.require("output")?;
    let (track, count) = read_track(sampler, &output, accessors, scene, node, path)?;
    require_values(&output, &times, interpolation, count)?;
    Ok(Some(Channel {
        node,
        times,
        interpolation,
        track,
    }))
}

fn read_property(
    sampler: &Item<'_>,
    accessors: &Accessors<'_>,
    key_times: &mut KeyTimes,
    property: Property,
) -> Result<Option<PropertyChannel>, SceneError> {
    let Some((times, interpolation)) = read_keys(sampler, accessors, key_times)? else {
        return Ok(None);
    };
    let output = sampler.require("output")?;
    let width = property.width();
    let values: Vec<f32> = match width {
        1 => accessors.scalars(&output)?,
        2 => {
            let values = accessors.vec2(&output)?.into_iter();
            values.flat_map(|value| value.to_array()).collect()
        }
        3 => {
            let values = accessors.vec3(&output)?.into_iter();
            values.flat_map(|value| value.to_array()).collect()
        }
        _ => {
            let values = accessors.vec4(&output)?.into_iter();
            values.flat_map(|value| value.to_array()).collect()
        }
    };
    require_values(&output, &times, interpolation, values.len() / width)?;
    Ok(Some(PropertyChannel {
        property,
        times,
        interpolation,
        values,
    }))
}

/// The values of a channel and how many there are, tangents included.
fn read_track(
    sampler: &Item<'_>,
    output: &Item<'_>,
    accessors: &Accessors<'_>,
    scene: &Scene,
    node: NodeIndex,
    path: NodePath,
) -> Result<(Track, usize), SceneError> {
    Ok(match path {
        NodePath::Translation => {
            let values = accessors.vec3(output)?;
            let count = values.len();
            (Track::Translation(values), count)
        }
        NodePath::Scale => {
            let values = accessors.vec3(output)?;
            let count = values.len();
            (Track::Scale(values), count)
        }
        NodePath::Rotation => {
            let values: Vec<Quat> = accessors
                .vec4(output)?
                .into_iter()
                .map(Quat::from_vec4)
                .collect();
            let count = values.len();
            (Track::Rotation(values), count)
        }
        NodePath::Weight(target) => {
            let values = accessors.scalars(output)?;
            let count = values.len();
            (Track::Weight { target, values }, count)
        }
        NodePath::Weights => {
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
