//! A world before it runs: read from disk through the gate, its files ready to be served, its stored state opened.

use crate::{
    files::{Library, Shelved},
    placers::{KeyError, Placers},
    store::{Restored, Store, StoreError, StorePlace},
};
use protocol::{
    WorldInfo,
    limits::{MAX_BODIES, MAX_CAPACITY, MAX_WORLD_FILES},
};
use scene::{MotionKind, Scene, SceneError};
use simulation::{Role, Simulation, WorldRules, count_animated_bodies};
use std::{path::Path, sync::Arc};

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
    /// Its list of who may place things, or the server's of owners, has something else than keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its stored state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A world as its files have it, ready to run.
pub(crate) struct WorldContent {
    pub(crate) info: WorldInfo,
    pub(crate) simulation: Simulation,
    /// Keeps its files where they can be fetched.
    pub(crate) shelved: Shelved,
    /// Who may place things.
    pub(crate) placers: Placers,
}

impl WorldContent {
    /// Reads and checks a world; `owners` are keys of whoever runs the server.
    pub(crate) fn read(
        path: &Path,
        library: &Library,
        owners: &[String],
    ) -> Result<Self, HostError> {
        scene::require_what_it_is_called(path)?;
        let loaded = scene::load_world(path)?;
        for issue in &loaded.issues {
            let line = format!("{}: {}", issue.pointer, issue.message);
            tracing::warn!(world = loaded.id, "{}", scene::printable(&line));
        }
        let too_many = |count, what, limit| HostError::TooMany {
            world: loaded.id.clone(),
            count,
            what,
            limit,
        };
        let placers = Placers::new(loaded.manifest.things, &loaded.manifest.avatars, owners)?;
        let moving = count_moving(&loaded.scene) + count_animated_bodies(&loaded.scene);
        if moving > MAX_BODIES {
            return Err(too_many(moving, "moving bodies", MAX_BODIES));
        }
        if loaded.files.len() > MAX_WORLD_FILES {
            return Err(too_many(loaded.files.len(), "files", MAX_WORLD_FILES));
        }
        let (files, shelved) = library.shelve(loaded.files);
        let main = files.first();
        let rules = WorldRules {
            gravity: loaded.manifest.gravity,
        };
        Ok(Self {
            info: WorldInfo {
                main_file: main.map(|main| main.path.clone()).unwrap_or_default(),
                id: loaded.id,
                title: loaded.manifest.title,
                capacity: loaded.manifest.capacity.min(MAX_CAPACITY as u32),
                files,
            },
            simulation: Simulation::new(Arc::new(loaded.scene), rules, Role::Authority),
            shelved,
            placers,
        })
    }
}

/// What tells the main file of a world from every other: stored poses are those of one file.
pub(crate) fn main_content(info: &WorldInfo) -> [u8; 32] {
    info.files
        .first()
        .map(|main| main.hash.0)
        .unwrap_or_default()
}

/// Everything that a running world begins with.
pub(crate) struct HostedWorld {
    pub(crate) content: WorldContent,
    pub(crate) store: Store,
    pub(crate) restored: Restored,
}

impl HostedWorld {
    /// Reads and checks a world, and opens what is stored of it. `is_known` tells of ids that others have.
    pub(crate) fn load(
        path: &Path,
        library: &Library,
        place: StorePlace<'_>,
        owners: &[String],
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Self, HostError> {
        let content = WorldContent::read(path, library, owners)?;
        let id = &content.info.id;
        if is_known(id) {
            // Its store is that of the other.
            return Err(HostError::TwiceTheSame(id.clone()));
        }
        let (store, restored) = Store::open(place, id, &main_content(&content.info))?;
        Ok(Self {
            content,
            store,
            restored,
        })
    }
}

/// Bodies that may travel: those that do once the simulation is built, or a few more. What an animation moves does not, and
/// is counted beside them: each costs a part of every tick.
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
