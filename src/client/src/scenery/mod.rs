//! Everything that a world file draws, from `scene`'s description.

mod animate;
mod bodies;
mod floor;
mod lights;
mod material;
mod mesh;
mod spawn;
mod texture;

pub(crate) use floor::Floor;
pub(crate) use material::Surfaces;
pub(crate) use mesh::{Geometry, skin_of};
pub(crate) use spawn::{IsSceneryComplete, NodeEntities, SceneryRoot, engine_transform};
pub(crate) use texture::Pictures;

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((spawn::plugin, animate::plugin, bodies::plugin));
}
