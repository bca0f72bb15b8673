//! Everything that a world file draws, from `scene`'s description.

mod animate;
mod bodies;
mod draw;
mod floor;
mod inbox;
mod lights;
mod mesh;
mod prepare;
mod properties;
mod spawn;
mod surface;
mod texture;
mod variant;

pub(crate) use floor::Floor;
#[cfg(test)]
pub(crate) use mesh::testing;
pub(crate) use mesh::{Form, Forms, Geometry, Skins, skin_of};
pub(crate) use prepare::{Prepared, guarded, prepare};
pub(crate) use spawn::{
    IsSceneryComplete, NodeEntities, SceneryRoot, Stores, WorldSurfaces, draw_below,
    engine_transform,
};
pub(crate) use surface::{IsHull, SceneSurfaces, Surface, SurfaceStores, Surfaces, tint};
pub(crate) use texture::{PictureWishes, Pictures, WishedPictures, decode_picture};

pub(crate) use inbox::Inbox;

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((
        surface::plugin,
        spawn::plugin,
        inbox::plugin,
        animate::plugin,
        properties::plugin,
        variant::plugin,
        bodies::plugin,
        lights::plugin,
        mesh::plugin,
    ));
}
