//! Is there anything that can draw? The engine panics when there is not, so it is asked before.

use bevy::{
    render::{
        renderer::initialize_renderer,
        settings::{Backends, WgpuSettings},
    },
    tasks::block_on,
};
use std::panic;

/// True when a graphics adapter, hardware or software, can be opened.
pub(super) fn is_there() -> bool {
    let settings = WgpuSettings::default();
    let backends = settings.backends.unwrap_or(Backends::all());
    let before = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let found =
        panic::catch_unwind(|| block_on(initialize_renderer(backends, None, &settings))).is_ok();
    panic::set_hook(before);
    found
}
