//! What one file may take, all readers together: memory once it is read, counted before it is allocated, and a worker.

use crate::{error::SceneError, limits::MAX_MEMORY_BYTES, source::json::Item, worker::Worker};
use std::cell::Cell;

/// What is left of a file's memory, and who unpacks its foreign payloads.
pub(crate) struct Budget {
    left: Cell<u64>,
    pub(crate) worker: Worker,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            left: Cell::new(MAX_MEMORY_BYTES),
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

    /// What has not been taken.
    pub(crate) fn left(&self) -> usize {
        self.left.get() as usize
    }

    /// Takes memory for `count` values of type `T`.
    pub(crate) fn charge_for<T>(&self, item: &Item<'_>, count: usize) -> Result<(), SceneError> {
        self.charge(item, (count as u64).saturating_mul(size_of::<T>() as u64))
    }
}
