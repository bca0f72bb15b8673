//! Pictures as an adapter takes them: KTX 2 with Basis Universal, written for KHR_texture_basisu, and its blocks as BC7.
//! It must not know files, formats of pictures, or what a picture is for.
//! Start reading at `etc1s/mod.rs`, which makes small files, and at `uastc/mod.rs`, which makes good ones.

mod bits;
mod block;
mod container;
pub mod etc1s;
mod huffman;
mod mipmaps;
#[cfg(test)]
mod testing;
mod tree;
pub mod uastc;

pub use block::Picture;
pub use mipmaps::mipmaps;

/// What the numbers of a picture mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// sRGB.
    Color,
    /// sRGB, of which there is as much as alpha says: what is left out has no colour that anybody would see.
    Cover,
    /// Linear.
    Numbers,
}

impl Meaning {
    /// What they mean who mean this and that; nothing where these are colours and numbers.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        match self.is_color() == other.is_color() {
            _ if self == other => Some(self),
            true => Some(Self::Color),
            false => None,
        }
    }

    fn is_color(self) -> bool {
        self != Self::Numbers
    }
}

/// True when a picture is transparent anywhere.
fn has_alpha(levels: &[Picture]) -> bool {
    let pixels = levels
        .iter()
        .flat_map(|level| level.pixels.as_chunks::<4>().0);
    pixels.into_iter().any(|[.., alpha]| *alpha != 255)
}
