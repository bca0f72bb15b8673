//! Meshes of the engine from those of the description, and how nodes draw them.

mod build;
mod form;
mod morphs;
mod skin;
mod tangents;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use build::Geometry;
pub(crate) use form::{Form, Forms};
pub(super) use morphs::{most_morph_bytes, plugin, within};
pub(crate) use skin::{Skins, skin_of};
