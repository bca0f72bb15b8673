//! What surrounds a scene and what is said about its nodes: skies, gravity, variants, levels of detail, splats, metadata.

pub(super) mod gravity;
pub(super) mod metadata;
pub(super) mod sky;
pub(crate) mod splat;
pub(super) mod variant;
