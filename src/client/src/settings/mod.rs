//! Settings that last: what they are, the file that keeps them, and how they reach the features that obey them.

mod apply;
mod file;
mod values;

pub use file::SettingsFile;
pub use values::{Graphics, Settings};

pub(crate) use apply::window_mode;
pub(crate) use values::Dial;

use bevy::prelude::*;

/// The settings of this run, and the file that keeps them. Writing to `values` applies and keeps them.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Kept(pub(crate) SettingsFile);

/// Why the settings could not be kept, for a screen to tell; one line.
#[derive(Resource, Default)]
pub(crate) struct KeepFault(pub(crate) Option<String>);

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((apply::plugin, file::plugin));
}
