//! The shared world step: bodies, joints, moving platforms, avatar motion and grabbing, on bevy_rapier3d.
//! It must not know rendering, sockets or the wall clock; server, client and bots drive it tick by tick.
//! Start reading at `world.rs` (`Simulation`), then `avatar.rs`.

mod animate;
mod avatar;
mod belong;
mod build;
mod carried;
mod carry;
mod check;
mod coarse;
mod filter;
mod gravity;
mod hands;
mod hull;
mod joint;
mod local;
mod obstacle;
mod overlap;
mod place;
mod plugin;
mod push;
mod query;
mod rollback;
mod rules;
mod shape;
mod slide;
mod stage;
mod surface;
mod thing;
mod trigger;
mod world;
mod yielding;

pub use avatar::{AvatarInput, AvatarMotion, eye_height};
pub use build::count_animated_bodies;
pub use check::{MotionCheck, MotionClaim, Verdict};
pub use hands::{BodyNews, Hands};
pub use place::{SeatPlace, SpawnPlace};
pub use plugin::keep_ticks_on_one_thread;
pub use query::Hit;
pub use rollback::{RestoreError, Rollback};
pub use rules::*;
pub use stage::Stage;
pub use thing::{Thing, ThingShape};
pub use world::{BodyState, Role, Simulation, WorldBody, WorldRules};
