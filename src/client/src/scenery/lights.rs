//! Lights of KHR_lights_punctual. Both sides shine along -Z; the engine takes lumens where the file says candela.

use bevy::prelude::*;
use scene::{Light, LightKind};
use std::f32::consts::TAU;

/// Reach of a light whose file states none, in metres.
const FALLBACK_RANGE: f32 = 30.0;

pub(super) fn insert(entity: &mut EntityCommands<'_>, light: &Light) {
    let color = Color::linear_rgb(light.color.x, light.color.y, light.color.z);
    let range = light.range.unwrap_or(FALLBACK_RANGE);
    // A point of one candela gives 4 pi lumens; the engine uses the same factor for spots.
    let lumens = light.intensity * 2.0 * TAU;
    match light.kind {
        LightKind::Directional => entity.insert(DirectionalLight {
            color,
            illuminance: light.intensity,
            ..default()
        }),
        LightKind::Point => entity.insert(PointLight {
            color,
            intensity: lumens,
            range,
            ..default()
        }),
        LightKind::Spot {
            inner_radians,
            outer_radians,
        } => entity.insert(SpotLight {
            color,
            intensity: lumens,
            range,
            inner_angle: inner_radians,
            outer_angle: outer_radians,
            ..default()
        }),
    };
}
