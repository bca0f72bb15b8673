//! Authority over worlds: sessions, motion checks, physics, files, persistence. The binary `stoa-server` is a thin shell.
//! It must not know rendering or the client.
//! Start reading at `running.rs` (start and stop), then `world/mod.rs` (one tick) and `session.rs` (one person).

mod config;
mod door;
mod files;
mod follow;
mod hosted;
mod limiter;
mod pace;
mod placers;
mod precedence;
mod running;
mod session;
mod statistics;
mod store;
#[cfg(test)]
mod testing;
mod watch;
mod world;

pub use config::{ConfigError, ServerConfig};
pub use hosted::HostError;
pub use placers::KeyError;
pub use running::{RunningServer, Server, StartError, SteppedServer, network_threads};
pub use store::StoreError;
pub use watch::{Ledger, Watch, WorldFigures, is_sampled};
