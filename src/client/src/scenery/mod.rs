//! Everything that a world file draws, from `scene`'s description.

mod animate;
mod bodies;
mod draw;
mod floor;
mod lights;
mod lobes;
mod material;
mod mesh;
mod prepare;
mod properties;
mod spawn;
mod surface;
mod texture;
mod toon;
mod variant;

pub(crate) use floor::Floor;
pub(crate) use material::{Surfaces, tint};
#[cfg(test)]
pub(crate) use mesh::testing;
pub(crate) use mesh::{Form, Forms, Geometry, Skins, skin_of};
pub(crate) use spawn::{
    IsSceneryComplete, NodeEntities, SceneryRoot, WorldSurfaces, engine_transform,
};
pub(crate) use surface::{Surface, SurfaceStores};
pub(crate) use texture::{PICTURE_DECODER, Pictures, decode_picture};

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((
        lobes::plugin,
        toon::plugin,
        spawn::plugin,
        animate::plugin,
        properties::plugin,
        variant::plugin,
        bodies::plugin,
        mesh::plugin,
    ));
}
