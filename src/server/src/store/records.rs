//! The shapes of what is stored.

use crate::files::ServedFile;
use protocol::{ChatLine, Note, PlacedThing};
use serde::{Deserialize, Serialize};
use simulation::BodyState;
use std::sync::Arc;

/// A change to a world's state.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The world has this main file now: poses and holds of another one are forgotten.
    Content([u8; 32]),
    /// Poses of bodies, by node.
    Poses(Vec<(u32, BodyState)>),
    /// Somebody holds a body, or nobody does.
    Hold { node: u32, did: Option<String> },
    /// A line was said; older ones beyond the limit go.
    Say(ChatLine),
    /// A note was pinned.
    Pin(Note),
    /// A note was taken down.
    Unpin(u64),
    /// A thing was placed; its file is kept with it.
    Place(PlacedThing, Arc<ServedFile>),
    /// A thing was taken away; its file goes with the last one that needs it.
    TakeAway(u64),
}

/// What was there when a world was opened.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    pub(crate) poses: Vec<(u32, BodyState)>,
    pub(crate) holds: Vec<(u32, String)>,
    pub(crate) chat: Vec<ChatLine>,
    pub(crate) notes: Vec<Note>,
    /// Things with the bytes of their files.
    pub(crate) things: Vec<(PlacedThing, Vec<u8>)>,
}

/// A pose on disk.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredBody {
    position: [f32; 3],
    rotation: [f32; 4],
    linear: [f32; 3],
    angular: [f32; 3],
    is_sleeping: bool,
}

impl From<&BodyState> for StoredBody {
    fn from(state: &BodyState) -> Self {
        Self {
            position: state.position.to_array(),
            rotation: state.rotation.to_array(),
            linear: state.linear_velocity.to_array(),
            angular: state.angular_velocity.to_array(),
            is_sleeping: state.is_sleeping,
        }
    }
}

impl StoredBody {
    /// `None` when the engine could not reckon with it.
    pub(super) fn state(&self) -> Option<BodyState> {
        let state = BodyState {
            position: self.position.into(),
            rotation: glam::Quat::from_array(self.rotation),
            linear_velocity: self.linear.into(),
            angular_velocity: self.angular.into(),
            is_sleeping: self.is_sleeping,
        };
        state.is_believable().then_some(state)
    }
}
