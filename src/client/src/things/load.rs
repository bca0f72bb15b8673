//! A thing's file, read and checked on a worker thread.

use crate::scenery::{self, PictureWishes, Prepared, prepare};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task},
};
use protocol::limits::MAX_THING_BYTES;
use scene::PropCost;
use simulation::{Thing, ThingShape};
use std::{path::PathBuf, sync::Arc};

/// Where a thing's file is.
pub(super) enum Source {
    Bytes(Arc<[u8]>),
    File(PathBuf),
}

/// A thing, ready to be drawn and to be solid.
pub(super) struct Read {
    pub(super) prepared: Prepared,
    pub(super) shape: ThingShape,
    pub(super) cost: PropCost,
    /// Lowest and highest corner of what is drawn, in the file's own space.
    pub(super) bounds: (Vec3, Vec3),
}

/// Reads a thing through the gate: what a server hands on is believed no more than what a person brings. The text of an
/// error is fit to show.
pub(super) fn spawn(source: Source, wishes: PictureWishes) -> Task<Result<Read, String>> {
    AsyncComputeTaskPool::get().spawn(async move { scenery::guarded(|| read(&source, &wishes)) })
}

fn read(source: &Source, wishes: &PictureWishes) -> Result<Read, String> {
    let read;
    let bytes = match source {
        Source::Bytes(bytes) => &bytes[..],
        Source::File(path) => {
            read = scene::read_bounded(path, MAX_THING_BYTES)?;
            &read
        }
    };
    let Thing { prop, shape, .. } = Thing::load(bytes)?;
    Ok(Read {
        shape,
        cost: prop.cost,
        bounds: prop.bounds,
        prepared: prepare(&Arc::new(prop.scene), wishes),
    })
}
