//! Pictures, and how alike two are: as means of blocks, so that another rasterizer's edges and noise do not count, but
//! light, colours and places do.

use image::{RgbImage, imageops};
use std::path::Path;

/// Blocks in a picture of 320 by 180.
const COLUMNS: u32 = 32;
const ROWS: u32 = 18;

/// Mean colours of the blocks of a picture, 0 to 255.
pub(crate) struct Blocks(RgbImage);

/// Reads a picture that a program drew.
#[track_caller]
pub(crate) fn picture(file: &Path) -> RgbImage {
    match image::open(file) {
        Ok(picture) => picture.to_rgb8(),
        Err(error) => panic!("{}: {error}", file.display()),
    }
}

impl Blocks {
    /// The blocks of a picture of any size.
    pub(crate) fn of(picture: &RgbImage) -> Self {
        // Triangle filtering over the size of a block is a weighted mean, and the weights reach into its neighbours:
        // what lies on a border counts for both.
        Self(imageops::resize(
            picture,
            COLUMNS,
            ROWS,
            imageops::FilterType::Triangle,
        ))
    }

    /// Difference of every block: the largest of the three channels, in steps of 0 to 255.
    fn differences(&self, other: &Self) -> Vec<f32> {
        let pairs = self.0.pixels().zip(other.0.pixels());
        pairs
            .map(|(mine, its)| {
                let channels = mine.0.iter().zip(its.0);
                channels
                    .map(|(mine, its)| f32::from(mine.abs_diff(its)))
                    .fold(0.0, f32::max)
            })
            .collect()
    }

    /// Mean difference over all blocks.
    pub(crate) fn mean_difference(&self, other: &Self) -> f32 {
        let differences = self.differences(other);
        differences.iter().sum::<f32>() / differences.len() as f32
    }

    /// Share of the blocks that differ by more than `steps`.
    pub(crate) fn share_beyond(&self, other: &Self, steps: f32) -> f32 {
        let differences = self.differences(other);
        let beyond = differences.iter().filter(|difference| **difference > steps);
        beyond.count() as f32 / differences.len() as f32
    }

    /// How far the brightness of blocks is spread: 0 for a picture of one colour.
    pub(crate) fn spread(&self) -> f32 {
        let lights: Vec<f32> = self
            .0
            .pixels()
            .map(|pixel| {
                pixel
                    .0
                    .iter()
                    .map(|&channel| f32::from(channel))
                    .sum::<f32>()
                    / 3.0
            })
            .collect();
        let mean = lights.iter().sum::<f32>() / lights.len() as f32;
        let squares = lights.iter().map(|light| (light - mean).powi(2));
        (squares.sum::<f32>() / lights.len() as f32).sqrt()
    }
}
