//! What comes out: the canonical scene, in plain data.

pub(crate) mod animation;
pub(crate) mod avatar;
pub(crate) mod counted;
pub(crate) mod material;
pub(crate) mod physics;
pub(crate) mod pointer;
pub(crate) mod retarget;
pub(crate) mod scene;
pub(crate) mod sky;
pub(crate) mod sound;
pub(crate) mod toon;
