//! Pictures as an adapter takes them: KTX 2 with Basis Universal, written for KHR_texture_basisu.
//! It must not know files, formats of pictures, or what a picture is for.
//! Start reading at `etc1s/mod.rs`, which makes small files, and at `uastc/mod.rs`, which makes good ones.

mod bits;
mod block;
mod container;
pub mod etc1s;
mod huffman;
mod mipmaps;
mod tree;
pub mod uastc;

pub use block::Picture;
pub use mipmaps::mipmaps;

/// What the numbers of a picture mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// sRGB.
    Color,
    /// Linear.
    Numbers,
}

/// True when a picture is transparent anywhere.
fn has_alpha(levels: &[Picture]) -> bool {
    let pixels = levels
        .iter()
        .flat_map(|level| level.pixels.as_chunks::<4>().0);
    pixels.into_iter().any(|[.., alpha]| *alpha != 255)
}
