//! Participants without a person: they stroll, load a server, and stand in for people in tests.
//! It must not know rendering; everything goes through `session`, as it does for a desktop client.
//! Start reading at `participant.rs`, then `harness.rs` (tests), `stroll.rs` and `swarm.rs` (life and load).

mod box_world;
mod ground;
mod harness;
mod own_hands;
mod participant;
mod random;
mod recording;
mod stroll;
mod swarm;

pub use box_world::write_box_world;
pub use ground::{Ground, Way};
pub use harness::{Harness, HarnessConfig};
pub use participant::Participant;
pub use random::Random;
pub use stroll::{Behaviour, Strollers, stroll};
pub use swarm::{Percentiles, SwarmConfig, SwarmError, SwarmReport, Window, swarm, swarm_with};
