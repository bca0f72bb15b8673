//! How the client is put together.

mod adapter;
mod offscreen;
pub(crate) mod order;

pub(crate) use offscreen::{Drawing, PictureTarget, request_screenshot};

use crate::{
    ClientConfig, ClientError, Display, audio, camera, link, look, motion, people, scenery, script,
    stats,
};
use bevy::{
    log::LogPlugin,
    prelude::*,
    render::{RenderPlugin, pipelined_rendering::PipelinedRenderingPlugin},
    window::{ExitCondition, PresentMode, Window, WindowPlugin},
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
    let script = config
        .script
        .as_deref()
        .map(script::Script::parse)
        .transpose()
        .map_err(|error| ClientError::Script(error.to_string()))?;
    if !adapter::is_there() {
        return Err(ClientError::NoAdapter);
    }
    let mut app = App::new();
    let display = config.display.clone();
    app.insert_resource(Config(config))
        .init_resource::<Ending>()
        .insert_resource(script::Running::new(script.unwrap_or_default()));
    add_engine(&mut app, &display);
    app.add_plugins((
        order::plugin,
        link::plugin,
        look::plugin,
        scenery::plugin,
        motion::plugin,
        camera::plugin,
        people::plugin,
        audio::plugin,
        script::plugin,
        stats::plugin,
    ));
    match display {
        Display::Window => {
            app.run();
            Ok(())
        }
        Display::Offscreen(options) => offscreen::run(app, &options),
    }
}

fn add_engine(app: &mut App, display: &Display) {
    let plugins = DefaultPlugins.build().disable::<LogPlugin>();
    match display {
        Display::Window => {
            let window = Window {
                title: "Stoa".to_owned(),
                present_mode: PresentMode::AutoVsync,
                ..default()
            };
            app.add_plugins(plugins.set(WindowPlugin {
                primary_window: Some(window),
                ..default()
            }));
        }
        Display::Offscreen(_) => {
            let window = WindowPlugin {
                primary_window: None,
                exit_condition: ExitCondition::DontExit,
                ..default()
            };
            // Pictures must be whole from the first one on: pipelines are built before they are used.
            let render = RenderPlugin {
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
