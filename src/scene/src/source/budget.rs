//! What one file may take, all readers together: memory once it is read, counted before it is allocated, and a worker.

use crate::{
    error::SceneError,
    limits::{MAX_MEMORY_BYTES, MAX_SPLATS},
    source::json::Item,
    worker::Worker,
};
use std::cell::Cell;

/// What is left of a file's memory and of its splats, and who unpacks its foreign payloads.
pub(crate) struct Budget {
    left: Cell<u64>,
    splats: Cell<usize>,
    pub(crate) worker: Worker,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            left: Cell::new(MAX_MEMORY_BYTES),
            splats: Cell::new(MAX_SPLATS),
            worker: Worker::new(),
        }
    }

    /// Takes `bytes` for what `item` describes.
    pub(crate) fn charge(&self, item: &Item<'_>, bytes: u64) -> Result<(), SceneError> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(item.over_limit(format!(
                "with this the file takes more than {MAX_MEMORY_BYTES} bytes of memory once it is read"
            ))),
        }
    }

    /// Takes `count` splats that are more than points, all or none.
    pub(crate) fn takes_splats(&self, count: usize) -> bool {
        let left = self.splats.get().checked_sub(count);
        self.splats.set(left.unwrap_or(self.splats.get()));
        left.is_some()
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
