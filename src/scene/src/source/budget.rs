//! What one file may take, all readers together: memory once it is read, counted before it is allocated, and a worker.

use crate::{
    error::SceneError,
    limits::{
        MAX_CHECKED_PIXELS, MAX_IMAGE_BYTES, MAX_MEMORY_BYTES, MAX_SOURCE_IMAGE_BYTES, MAX_SPLATS,
    },
    source::json::Item,
    worker::Worker,
};
use std::cell::Cell;

/// What one file may still take, and who unpacks its foreign payloads.
pub(crate) struct Budget {
    left: Cell<u64>,
    splats: Cell<usize>,
    /// Decoded bytes of the images so far, and how many there may be.
    images: Cell<u64>,
    most_images: u64,
    /// Pixels that may still be decoded.
    pixels: Cell<u64>,
    pub(crate) worker: Worker,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self::of(MAX_MEMORY_BYTES)
    }

    pub(crate) fn of(bytes: u64) -> Self {
        Self {
            left: Cell::new(bytes),
            splats: Cell::new(MAX_SPLATS),
            images: Cell::new(0),
            most_images: MAX_IMAGE_BYTES,
            pixels: Cell::new(u64::MAX),
            worker: Worker::new(),
        }
    }

    /// For a file that is converted.
    pub(crate) fn of_source() -> Self {
        Self {
            most_images: MAX_SOURCE_IMAGE_BYTES,
            ..Self::new()
        }
    }

    /// For a file on which there is a report.
    pub(crate) fn of_report() -> Self {
        Self {
            pixels: Cell::new(MAX_CHECKED_PIXELS),
            ..Self::new()
        }
    }

    /// Takes so many pixels of an image that is to be decoded, all or none.
    pub(crate) fn takes_pixels(&self, count: u64) -> bool {
        let left = self.pixels.get().checked_sub(count);
        self.pixels.set(left.unwrap_or(self.pixels.get()));
        left.is_some()
    }

    /// Takes `bytes` for what `item` describes.
    pub(crate) fn charge(&self, item: &Item<'_>, bytes: u64) -> Result<(), SceneError> {
        self.require(item, bytes)?;
        self.left.set(self.left.get().saturating_sub(bytes));
        Ok(())
    }

    /// Refuses `item` when there are no `bytes` for it, and takes none: for what is held for a while alone.
    pub(crate) fn require(&self, item: &Item<'_>, bytes: u64) -> Result<(), SceneError> {
        if bytes <= self.left.get() {
            return Ok(());
        }
        Err(item.over_limit(format!(
            "with this the file takes more than {MAX_MEMORY_BYTES} bytes of memory once it is read"
        )))
    }

    /// Takes `count` splats that are more than points, all or none.
    pub(crate) fn takes_splats(&self, count: usize) -> bool {
        let left = self.splats.get().checked_sub(count);
        self.splats.set(left.unwrap_or(self.splats.get()));
        left.is_some()
    }

    /// Takes the decoded `bytes` of an image, which are not held here.
    pub(crate) fn charge_image(&self, item: &Item<'_>, bytes: u64) -> Result<(), SceneError> {
        let all = self.images.get().saturating_add(bytes);
        self.images.set(all);
        match all <= self.most_images {
            true => Ok(()),
            false => Err(item.over_limit(format!(
                "the decoded images together are over {} bytes",
                self.most_images
            ))),
        }
    }

    /// What has not been taken.
    pub(crate) fn left(&self) -> usize {
        self.left.get() as usize
    }

    /// Takes memory for `count` values of type `T`.
    pub(crate) fn charge_for<T>(&self, item: &Item<'_>, count: usize) -> Result<(), SceneError> {
        self.charge(item, (count as u64).saturating_mul(size_of::<T>() as u64))
    }
}
