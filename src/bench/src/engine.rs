//! What benches of the client share: the engine without a window and with its own loader, and a client without a person.

use anyhow::{Context, Result};
use bevy::{
    asset::UnapprovedPathMode, log::LogPlugin, prelude::*, render::RenderPlugin,
    render::pipelined_rendering::PipelinedRenderingPlugin, window::ExitCondition,
    winit::WinitPlugin,
};
use client::{ClientConfig, Display, Locale, Offscreen, Surroundings};
use protocol::{AvatarChoice, DisplayName, SHIPPED_AVATARS, WorldAddress};
use std::path::{Path, PathBuf};

/// The engine with everything but a window; it may load files from anywhere.
pub(crate) fn headless(render: RenderPlugin) -> App {
    let mut app = App::new();
    let window = WindowPlugin {
        primary_window: None,
        exit_condition: ExitCondition::DontExit,
        ..default()
    };
    let files = AssetPlugin {
        unapproved_path_mode: UnapprovedPathMode::Allow,
        ..default()
    };
    app.add_plugins(
        DefaultPlugins
            .build()
            .disable::<LogPlugin>()
            .set(window)
            .set(render)
            .set(files)
            .disable::<WinitPlugin>()
            .disable::<PipelinedRenderingPlugin>(),
    );
    app.finish();
    app.cleanup();
    app
}

/// A client without screens that draws pictures of this size.
pub(crate) fn client_config(
    address: WorldAddress,
    assets: PathBuf,
    (width, height): (u32, u32),
    surroundings: Surroundings,
) -> Result<ClientConfig> {
    Ok(ClientConfig {
        address,
        name: DisplayName::new("Bench")?,
        avatar: AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned()),
        avatar_file: None,
        is_sharing_avatar: false,
        data: None,
        assets,
        variant: None,
        locale: Locale::English,
        has_screens: false,
        display: Display::Offscreen(Offscreen::of_size(width, height)),
        script: None,
        record: None,
        stats: None,
        is_summarising: false,
        pin_unknown: true,
        surroundings,
    })
}

/// The only GLB of a world.
pub(crate) fn glb_in(folder: &Path) -> Result<PathBuf> {
    std::fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "glb"))
        .with_context(|| format!("there is no .glb in {}", folder.display()))
}
