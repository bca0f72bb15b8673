//! Authority over worlds: sessions, motion checks, physics, files, persistence. The binary `stoa-server` is a thin shell.
//! It must not know rendering or the client.
//! Start reading at `running.rs` (start and stop), then `world/mod.rs` (one tick) and `session.rs` (one person).

mod config;
mod files;
mod limiter;
mod statistics;
mod store;

pub use config::{ConfigError, ServerConfig};
pub use store::StoreError;
