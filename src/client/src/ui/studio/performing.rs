//! An animation for avatars on show: somebody performs it.

use super::Studio;
use crate::{
    app::{Config, order::ClientSystems},
    link::VisitWorld,
    people::Performance,
};
use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, perform.in_set(ClientSystems::Act));
}

fn perform(
    studio: Res<Studio>,
    config: Res<Config>,
    world: Option<Res<VisitWorld>>,
    mut performance: ResMut<Performance>,
) {
    let shown = studio.shown(&config.0).filter(|shown| shown.is_clip());
    match (shown, world) {
        (Some(shown), Some(world)) => performance.show(&shown.opened.world(), &world.scene),
        _ => performance.end(),
    }
}
