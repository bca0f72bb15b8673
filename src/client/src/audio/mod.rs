//! Sound: emitters of the world file and footsteps, mixed by own arithmetic; a machine without a loudspeaker is silent.

mod decoded;
mod device;
mod emitters;
mod follow;
mod footstep;
mod mixer;

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins(emitters::plugin);
}
