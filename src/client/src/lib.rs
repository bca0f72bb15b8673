//! The desktop client: a Bevy application that draws what a session knows, and turns keys into motion.
//! It must not know the server; worlds and avatars come to it through `scene`, people and bodies through `session`.
//! Start reading at `app/mod.rs` (how it is put together), then `app/order.rs` (what runs when).

#![allow(
    clippy::too_many_arguments,
    clippy::type_complexity,
    reason = "a system names everything that it reads and writes in its arguments"
)]

mod app;
mod audio;
mod camera;
mod config;
mod link;
mod look;
mod motion;
mod people;
mod scenery;
mod script;
mod settings;
mod stats;
#[cfg(test)]
mod testing;
mod things;
mod ui;

pub use app::{SteppedClient, SteppedLoader, View, run};
pub use config::{
    ClientConfig, ClientError, Display, Home, HostedWorld, KEY_FILE, Offscreen, Opened, Opener,
    Surroundings,
};
pub use settings::{Graphics, Settings, SettingsFile};
pub use ui::{Conversion, ConversionError, Converted, Locale, needs_conversion};

use scene::{
    limits::{MAX_PAYLOADS_AT_ONCE, MAX_PICTURE_WORKER_MEMORY_BYTES},
    worker::WorkerLimits,
};

/// To be called first in `main`: from then on what files bring is decoded in processes of their own, and this may be one of them;
/// then the exit code is all that is left to do. See [`scene::worker`].
#[must_use]
pub fn decode_apart() -> Option<std::process::ExitCode> {
    let own = [&scene::picture::DECODER, &sound::DECODER];
    let served = scene::worker::serve_if_asked(&own);
    scene::worker::decode_apart(WorkerLimits {
        threads: scene::threads::of_machine(MAX_PAYLOADS_AT_ONCE as usize) as u32,
        memory_bytes: MAX_PICTURE_WORKER_MEMORY_BYTES,
        ..WorkerLimits::default()
    });
    served
}
