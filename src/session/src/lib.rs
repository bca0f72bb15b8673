//! A participant without pictures: connects, proves who it is, fetches files, keeps time, sends motion, comes back.
//! It must not know rendering or windows; a front-end polls it each frame and never waits for it.
//! Start reading at `session.rs` (the handle), then `visit.rs` (one connection) and `run.rs` (all of them).

mod cache;
mod event;
mod failure;
mod fetch;
mod handshake;
mod motion;
mod record;
mod run;
mod session;
mod told;
mod view;
mod visit;
mod world_files;

pub use cache::{Cache, CacheError, DEFAULT_CACHE_BYTES};
pub use event::{Progress, SessionEvent, Stage};
pub use failure::Failure;
pub use motion::OwnMotion;
pub use record::{Recorder, replay};
pub use session::{ActionError, Session, SessionConfig, SessionStats};
pub use view::{Reading, WorldView};
pub use world_files::WorldFiles;

// What a front-end must name to configure a session; it need not know the network crate for it.
pub use network::{ClientEndpoint, KnownServers};
