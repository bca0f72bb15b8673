//! Faces: people blink.

use super::{Dressed, Figure};
use bevy::{mesh::morph::MeshMorphWeights, prelude::*};

/// Seconds of one blink.
const BLINK_SECS: f32 = 0.16;
/// Seconds from one blink to the next, for somebody; others differ.
const BETWEEN_SECS: f32 = 3.7;

pub(super) fn blink(figures: Query<(&Figure, &Dressed)>, mut morphs: Query<&mut MeshMorphWeights>) {
    for (figure, Dressed(body)) in &figures {
        let Some(expression) = body.look.avatar.expressions.get("blink") else {
            continue;
        };
        let phase = figure.who.map_or(0.0, |person| person.0 as f32 * 0.77);
        let between = BETWEEN_SECS + (phase * 1.3).sin();
        let since = (figure.gait.clock_secs + phase).rem_euclid(between);
        let weight = if since < BLINK_SECS {
            (since / BLINK_SECS * std::f32::consts::PI).sin()
        } else {
            0.0
        };
        for &(node, target, full) in &expression.morphs {
            for (_, entity) in body.faces.iter().filter(|(face, _)| *face == node) {
                if let Ok(mut weights) = morphs.get_mut(*entity)
                    && let MeshMorphWeights::Value { weights } = &mut *weights
                    && let Some(value) = weights.get_mut(target)
                {
                    *value = weight * full;
                }
            }
        }
    }
}
