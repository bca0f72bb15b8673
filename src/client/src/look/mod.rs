//! Sky, sun, ambient light, haze, and how much of all that a machine can afford.

mod environment;
mod preset;
mod sky;
mod sun;

pub(crate) use preset::{Preset, SuitedPreset};
pub(crate) use sky::SkyModel;
pub(crate) use sun::Sun;

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((preset::plugin, sun::plugin));
}
