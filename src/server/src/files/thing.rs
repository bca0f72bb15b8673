//! Files of things that are placed in worlds: what is learned of one when it is checked, and that it stays while it stands.

use super::{Library, ServedFile, content_hash};
use glam::Vec3;
use protocol::ContentHash;
use scene::PropCost;
use simulation::{Thing, ThingShape};
use std::sync::Arc;

/// Memory that a triangle of a collider takes, with its corners and its place in the tree.
const TRIANGLE_BYTES: usize = 128;

/// What a world needs to know of a thing's file. Made where there is time; a tick only takes it.
pub(crate) struct CheckedThing {
    pub(crate) shape: ThingShape,
    /// Lowest and highest corner of what is seen and of what is solid, in the file's own space.
    pub(crate) bounds: (Vec3, Vec3),
    pub(crate) cost: PropCost,
}

impl CheckedThing {
    /// Sends a file through the gate. The text of an error is for who brought it.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, String> {
        let Thing {
            prop,
            shape,
            bounds,
        } = Thing::load(bytes)?;
        Ok(Self {
            shape,
            bounds,
            cost: prop.cost,
        })
    }
}

/// The file of a thing that stands somewhere: while this lives, it stays where others fetch it.
pub(crate) struct StandingFile {
    library: Library,
    hash: ContentHash,
    pub(crate) file: Arc<ServedFile>,
    pub(crate) about: Arc<CheckedThing>,
}

impl Drop for StandingFile {
    fn drop(&mut self) {
        self.library.write().things.end_use(self.hash);
    }
}

impl Library {
    /// A thing begins to stand somewhere; `None` when its file is not here.
    pub(crate) fn stand(&self, hash: ContentHash) -> Option<StandingFile> {
        let mut shelves = self.write();
        let (file, about) = shelves.things.get(&hash)?;
        let (file, about) = (Arc::clone(file), Arc::clone(about));
        shelves.things.begin_use(hash);
        drop(shelves);
        Some(StandingFile {
            library: self.clone(),
            hash,
            file,
            about,
        })
    }

    /// A thing stands where it stood before the server stopped: its file goes through the gate once more.
    pub(crate) fn stand_again(&self, owner: &str, bytes: Vec<u8>) -> Result<StandingFile, String> {
        let hash = content_hash(&bytes);
        if let Some(standing) = self.stand(hash) {
            return Ok(standing);
        }
        let checked = CheckedThing::of(&bytes)?;
        let file = ServedFile::new(bytes);
        self.add_thing(owner, hash, file, checked);
        self.stand(hash)
            .ok_or_else(|| "there is no room for its file".to_owned())
    }

    /// False when there is no room.
    pub(super) fn add_thing(
        &self,
        owner: &str,
        hash: ContentHash,
        file: ServedFile,
        checked: CheckedThing,
    ) -> bool {
        let beside = checked.cost.triangles as usize * TRIANGLE_BYTES;
        let mut shelves = self.write();
        shelves
            .things
            .add(owner, hash, file, Arc::new(checked), beside)
    }
}
