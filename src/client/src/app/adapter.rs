//! Is there anything that can draw? The engine panics when there is not, so it is asked before.

use bevy::{
    render::{
        renderer::initialize_renderer,
        settings::{Backends, RenderResources, WgpuSettings},
    },
    tasks::block_on,
};
use std::panic;

/// An adapter, hardware or software, and the interface by which it was found.
pub(super) struct Adapter {
    pub(super) backends: Backends,
    pub(super) resources: RenderResources,
}

/// Opens the best adapter there is. The older interfaces are tried last: asking them makes system libraries complain
/// on standard error where there is no display.
pub(super) fn open() -> Option<Adapter> {
    let settings = WgpuSettings::default();
    let wished = settings.backends.unwrap_or(Backends::all());
    let before = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let found = [wished & Backends::PRIMARY, wished]
        .into_iter()
        .find_map(|backends| {
            let resources =
                panic::catch_unwind(|| block_on(initialize_renderer(backends, None, &settings)));
            let resources = resources.ok()?;
            Some(Adapter {
                backends,
                resources,
            })
        });
    panic::set_hook(before);
    found
}
