//! A world before it runs: read from disk through the gate, its files ready to be served, its stored state opened.

use crate::{
    files::Library,
    store::{Restored, Store, StoreError, StorePlace},
};
use protocol::{
    FileEntry, WorldInfo,
    limits::{MAX_BODIES, MAX_CAPACITY, MAX_WORLD_FILES},
};
use scene::{MotionKind, Scene, SceneError};
use std::path::Path;

/// Why a world cannot be hosted.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The file is missing, broken, or needs what is not read.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// More than this server takes.
    #[error("{world} has {count} {what}, but at most {limit} can be hosted: split the world")]
    TooMany {
        /// The world's id.
        world: String,
        /// How many.
        count: usize,
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Another world has the same id in addresses.
    #[error("two worlds are called `{0}`: rename the file or folder of one")]
    TwiceTheSame(String),
    /// Its stored state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything that a running world is made from.
pub(crate) struct HostedWorld {
    pub(crate) info: WorldInfo,
    pub(crate) scene: Scene,
    pub(crate) gravity: f32,
    pub(crate) store: Store,
    pub(crate) restored: Restored,
}

impl HostedWorld {
    /// Reads and checks a world, and puts its files on the shelves. `is_known` tells of ids that others have.
    pub(crate) fn load(
        path: &Path,
        library: &Library,
        place: StorePlace<'_>,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Self, HostError> {
        let loaded = scene::load_world(path)?;
        if is_known(&loaded.id) {
            // Its store is that of the other.
            return Err(HostError::TwiceTheSame(loaded.id));
        }
        for issue in &loaded.issues {
            tracing::warn!(world = loaded.id, "{}: {}", issue.pointer, issue.message);
        }
        let too_many = |count, what, limit| HostError::TooMany {
            world: loaded.id.clone(),
            count,
            what,
            limit,
        };
        let moving = count_moving(&loaded.scene);
        if moving > MAX_BODIES {
            return Err(too_many(moving, "moving bodies", MAX_BODIES));
        }
        if loaded.files.len() > MAX_WORLD_FILES {
            return Err(too_many(loaded.files.len(), "files", MAX_WORLD_FILES));
        }
        let mut files = Vec::new();
        for file in loaded.files {
            let bytes = file.bytes.len() as u64;
            let hash = library.add_world_file(file.bytes);
            files.push(FileEntry {
                path: file.path,
                bytes,
                hash,
            });
        }
        let content = files.first().map(|main| main.hash.0).unwrap_or_default();
        let (store, restored) = Store::open(place, &loaded.id, &content)?;
        Ok(Self {
            info: WorldInfo {
                main_file: files
                    .first()
                    .map(|main| main.path.clone())
                    .unwrap_or_default(),
                id: loaded.id,
                title: loaded.manifest.title,
                capacity: loaded.manifest.capacity.min(MAX_CAPACITY as u32),
                files,
            },
            scene: loaded.scene,
            gravity: loaded.manifest.gravity,
            store,
            restored,
        })
    }
}

/// Bodies that may travel: those that do once the simulation is built, or a few more.
fn count_moving(scene: &Scene) -> usize {
    let is_moving = |node: &&scene::Node| {
        node.physics
            .motion
            .as_ref()
            .is_some_and(|motion| match motion.kind {
                MotionKind::Dynamic => true,
                MotionKind::Kinematic => motion.has_velocity(),
                MotionKind::Static => false,
            })
    };
    scene.nodes.iter().filter(is_moving).count()
}
