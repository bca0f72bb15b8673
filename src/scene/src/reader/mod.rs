//! From a checked document to the canonical scene, one file for each part of the format.

mod animate;
mod around;
mod body;
pub(crate) mod document;
pub(crate) mod draco;
mod emitter;
mod expression;
mod follow;
pub(crate) mod foreign_image;
pub(crate) mod humanoid;
mod light;
mod mesh;
mod node;
mod pointer;
mod portal;
mod skin;
mod spring;
mod surface;
mod toon;
pub(crate) mod transform;
mod vrm0;
