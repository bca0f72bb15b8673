//! A stage as nodes, meshes, materials, skins and an animation of glTF. Start reading at `walk.rs`.

mod bind;
mod material;
mod mesh;
mod motion;
mod primvar;
mod shader;
mod skin;
mod transform;
mod walk;
mod writer;

pub(crate) use walk::write;
pub(crate) use writer::Writer;
