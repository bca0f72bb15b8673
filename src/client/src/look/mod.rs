//! Sky, sun, ambient light, haze, and how much of all that a machine can afford.

mod dome;
mod environment;
pub(crate) mod preset;
pub(crate) mod shaders;
mod sky;
mod sun;

pub(crate) use dome::Dome;
pub(crate) use preset::{Preset, SuitedPreset};
use sky::SkyModel;
pub(crate) use sun::{Dawn, SUN_LUX, Sun};

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((preset::plugin, shaders::plugin, sun::plugin));
}
