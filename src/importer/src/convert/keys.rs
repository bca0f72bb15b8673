//! Animations: what each array of keys is for, and keys that say nothing new.

use scene::writer::Draft;
use serde_json::Value;
use std::collections::BTreeMap;

/// What an array of an animation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Times of keys.
    Time,
    /// Translations and scales.
    Motion,
    /// Unit quaternions.
    Rotation,
    /// Weights of morph targets.
    Weights,
    /// Curves, and what is used in two ways.
    Other,
}

/// The role of every array of an animation.
pub(super) fn roles(draft: &Draft) -> BTreeMap<usize, Role> {
    let mut roles = BTreeMap::new();
    let mut note = |value: &Value, role: Role| {
        if let Some(place) = value.as_u64() {
            let known = roles.entry(place as usize).or_insert(role);
            if *known != role {
                *known = Role::Other;
            }
        }
    };
    for animation in draft.list("animations") {
        let samplers = animation["samplers"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        for sampler in samplers {
            note(&sampler["input"], Role::Time);
        }
        for channel in animation["channels"].as_array().into_iter().flatten() {
            let sampler = channel["sampler"].as_u64().map(|index| index as usize);
            let Some(sampler) = sampler.and_then(|index| samplers.get(index)) else {
                continue;
            };
            let role = match channel["target"]["path"].as_str() {
                _ if sampler["interpolation"] == "CUBICSPLINE" => Role::Other,
                Some("translation" | "scale") => Role::Motion,
                Some("rotation") => Role::Rotation,
                Some("weights") => Role::Weights,
                _ => Role::Other,
            };
            note(&sampler["output"], role);
        }
    }
    roles
}
