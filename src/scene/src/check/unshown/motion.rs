//! Animations of a world that do not play. That is information, no warning: glTF leaves open which of a file's animations do.

use super::Places;
use crate::{
    description::{animation::Animation, scene::Scene},
    error::Issue,
};
use std::collections::HashMap;

/// Animations of which a graph says when they play.
pub(super) fn animations_of_a_graph(scene: &Scene) -> Option<Issue> {
    let mut places = Places::default();
    if scene.has_behaviour_graph && scene.chosen_animations.is_none() {
        for index in 0..scene.animations.len() {
            places.add(|| format!("/animations/{index}"));
        }
    }
    let what = "does not play: the file's behaviour graph (KHR_interactivity) would say when, and is not read";
    places.told("STOA_ANIMATION_OF_GRAPH", 2, what, "animations")
}

/// Animations that move what one moves that plays, or have no length. Where a host has chosen, they know.
pub(super) fn animations_left_out(scene: &Scene) -> Option<Issue> {
    if scene.has_behaviour_graph || scene.chosen_animations.is_some() {
        return None;
    }
    let mut is_playing = vec![false; scene.animations.len()];
    let mut movers = HashMap::new();
    let mut places = Places::default();
    let mut first = String::new();
    for index in scene.ambient_animations() {
        is_playing[index] = true;
        let channels = scene.animations[index].channels.iter();
        movers.extend(channels.map(|channel| (channel.node, index)));
    }
    for (index, animation) in scene.animations.iter().enumerate() {
        if !is_playing[index]
            && (!animation.channels.is_empty() || !animation.properties.is_empty())
        {
            places.add(|| format!("/animations/{index}"));
            if first.is_empty() {
                let nodes = animation.channels.iter().map(|channel| channel.node);
                let movers = nodes.filter_map(|node| Some((node, *movers.get(&node)?)));
                let mover = movers.min_by_key(|(_, mover)| *mover);
                first = match mover.filter(|_| animation.duration_secs > 0.0) {
                    Some((node, mover)) => format!(
                        "does not play: the {} moves the node `{}` as well",
                        named(&scene.animations[mover], mover),
                        scene.nodes[node.index()].name
                    ),
                    None => "does not play: all its keys are at one time".to_owned(),
                };
            }
        }
    }
    places.told("STOA_ANIMATION_LEFT_OUT", 2, &first, "animations")
}

fn named(animation: &Animation, index: usize) -> String {
    if animation.name.is_empty() {
        format!("animation {index}")
    } else {
        format!("animation `{}`", animation.name)
    }
}
