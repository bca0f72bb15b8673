//! How the client is put together.

mod adapter;
mod coverage;
#[cfg(test)]
mod faulty_shaders;
mod icon;
mod loader;
mod offscreen;
pub(crate) mod order;
mod stepped;
#[cfg(test)]
pub(crate) mod studio;
mod window;

pub use loader::SteppedLoader;
pub(crate) use offscreen::{Drawing, PictureTarget};
pub use stepped::{SteppedClient, View};

use crate::{
    ClientConfig, ClientError, Display, audio, camera, link, look, motion, people, scenery, script,
    settings, stats, things, ui,
};
use bevy::{
    log::LogPlugin,
    prelude::*,
    render::{
        RenderPlugin,
        pipelined_rendering::PipelinedRenderingPlugin,
        settings::{RenderCreation, WgpuSettings},
    },
    window::{ExitCondition, WindowPlugin},
    winit::WinitPlugin,
};

/// The configuration, for every feature that needs a part of it.
#[derive(Resource, Clone)]
pub(crate) struct Config(pub(crate) ClientConfig);

/// Why the visit ended, when it ended badly.
#[derive(Resource, Default)]
pub(crate) struct Ending(pub(crate) Option<ClientError>);

/// Runs a client until the person leaves, the script ends or the pictures are drawn.
///
/// # Errors
/// [`ClientError`], one line each.
pub fn run(config: ClientConfig) -> Result<(), ClientError> {
    let display = config.display.clone();
    let mut app = make(config)?;
    match display {
        Display::Window => {
            let outcome = stats::write_at_exit(&mut app);
            app.run();
            outcome.take()
        }
        Display::Offscreen(options) => offscreen::run(SteppedClient::new(app, &options), &options),
    }
}

/// The application, not yet started.
fn make(config: ClientConfig) -> Result<App, ClientError> {
    let script = config
        .script
        .as_deref()
        .map(script::Script::parse)
        .transpose()
        .map_err(|error| ClientError::Script(error.to_string()))?;
    let adapter = adapter::open().ok_or(ClientError::NoAdapter)?;
    let mut app = App::new();
    let display = config.display.clone();
    let has_screens = config.has_screens;
    let kept = settings::Kept(config.surroundings.settings.clone());
    let is_fullscreen = kept.0.values.is_fullscreen;
    if has_screens && config.surroundings.is_first_start {
        app.insert_resource(order::FirstStage(order::Stage::Outside));
    }
    app.insert_resource(Config(config))
        .insert_resource(kept)
        .init_resource::<Ending>()
        .insert_resource(script::Running::new(script.unwrap_or_default()));
    look::shaders::embed(&mut app);
    add_engine(&mut app, &display, is_fullscreen, adapter);
    app.add_plugins((
        order::plugin,
        settings::plugin,
        window::plugin,
        link::plugin,
        look::plugin,
        scenery::plugin,
        motion::plugin,
        camera::plugin,
        people::plugin,
        things::plugin,
        audio::plugin,
        script::plugin,
        stats::plugin,
    ));
    if has_screens {
        app.add_plugins(ui::plugin);
    }
    Ok(app)
}

fn add_engine(app: &mut App, display: &Display, is_fullscreen: bool, adapter: adapter::Adapter) {
    let plugins = DefaultPlugins.build().disable::<LogPlugin>();
    match display {
        Display::Window => {
            // The window's surface may want another adapter of the same interface.
            let settings = WgpuSettings {
                backends: Some(adapter.backends),
                ..default()
            };
            let render = RenderPlugin {
                render_creation: settings.into(),
                ..default()
            };
            let window = WindowPlugin {
                primary_window: Some(window::describe(is_fullscreen)),
                ..default()
            };
            app.add_plugins(plugins.set(window).set(render));
        }
        Display::Offscreen(_) => {
            let window = WindowPlugin {
                primary_window: None,
                exit_condition: ExitCondition::DontExit,
                ..default()
            };
            // Pictures must be whole from the first one on: pipelines are built before they are used.
            let render = RenderPlugin {
                render_creation: RenderCreation::Manual(adapter.resources),
                synchronous_pipeline_compilation: true,
                ..default()
            };
            app.add_plugins(
                plugins
                    .set(window)
                    .set(render)
                    .disable::<WinitPlugin>()
                    .disable::<PipelinedRenderingPlugin>(),
            );
        }
    }
    app.insert_resource(Time::<Fixed>::from_hz(f64::from(
        protocol::TICKS_PER_SECOND,
    )));
}
