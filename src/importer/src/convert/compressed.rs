//! Images as adapters take them: KTX 2 with Basis Universal, in the smaller of its two kinds where that shows the picture well,
//! otherwise in the better one.

use image::{DynamicImage, GenericImageView as _, imageops::FilterType};
use ktx::{
    Meaning, Picture,
    etc1s::{self, Quality},
    mipmaps, uastc,
};

/// A bit is worth this much squared error, and this many blocks share an entry of a codebook.
const QUALITY: Quality = Quality {
    price: 30.0,
    blocks_per_endpoint: 8,
    blocks_per_pattern: 8,
};
/// Least likeness of the smaller kind in decibels (peak signal to noise): of colours, and of numbers, whose errors are seen in
/// the light on a surface.
const LEAST_COLOR_DECIBELS: f64 = 32.0;
const LEAST_NUMBER_DECIBELS: f64 = 38.0;
/// The same of numbers where they are least alike: a map that is flat but for one bolt must show the bolt.
const LEAST_NUMBER_DECIBELS_ANYWHERE: f64 = 32.0;
/// Sides of pictures are multiples of it (KHR_texture_basisu).
const BLOCK_SIDE: u32 = 4;
/// Smaller pictures cost next to nothing either way.
const LEAST_SIDE: u32 = 32;

/// A picture as KTX 2; `None` of one that is very small, or that would take more than `most_bytes` in the better kind.
pub(super) fn encode(
    picture: &DynamicImage,
    meaning: Meaning,
    most_bytes: usize,
) -> Option<Vec<u8>> {
    let (width, height) = picture.dimensions();
    if width.min(height) < LEAST_SIDE {
        return None;
    }
    let whole = |side: u32| (side + BLOCK_SIDE / 2) / BLOCK_SIDE * BLOCK_SIDE;
    let fitting = match (whole(width), whole(height)) {
        size if size == (width, height) => picture.to_rgba8(),
        size => {
            let covers = meaning == Meaning::Cover;
            scene::picture::resize(picture, size, FilterType::CatmullRom, covers).into_rgba8()
        }
    };
    let picture = Picture {
        width: fitting.width() as usize,
        height: fitting.height() as usize,
        pixels: fitting.into_raw(),
    };
    let levels = mipmaps(picture, meaning);
    let small = etc1s::encode(&levels, meaning, QUALITY);
    let is_alike = match meaning {
        Meaning::Color | Meaning::Cover => small.decibels >= LEAST_COLOR_DECIBELS,
        Meaning::Numbers => {
            small.decibels >= LEAST_NUMBER_DECIBELS
                && small.least_decibels >= LEAST_NUMBER_DECIBELS_ANYWHERE
        }
    };
    if is_alike {
        return Some(small.bytes);
    }
    let is_good_small_enough = uastc::length(&levels) <= most_bytes;
    is_good_small_enough.then(|| uastc::encode(&levels, meaning))
}
