//! The window: its size, its title, its icon.

use super::icon;
use crate::{
    app::order::{ClientSystems, Stage},
    link::Visit,
    settings,
};
use bevy::{
    ecs::system::NonSendMarker,
    prelude::*,
    window::{PresentMode, PrimaryWindow, WindowResolution},
    winit::WINIT_WINDOWS,
};
use winit::window::Icon;

/// Logical size at the first start.
const SIZE: (u32, u32) = (1280, 720);
/// Smallest size that all screens are readable in.
const SMALLEST: (f32, f32) = (640.0, 360.0);
/// Pixels on a side of the icon.
const ICON_SIDE: u32 = 64;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (name_window, give_icon)
            .in_set(ClientSystems::Show)
            .run_if(any_with_component::<PrimaryWindow>),
    );
}

/// The window as it is asked for.
pub(super) fn describe(is_fullscreen: bool) -> Window {
    Window {
        title: "Stoa".to_owned(),
        name: Some("stoa".to_owned()),
        mode: settings::window_mode(is_fullscreen),
        present_mode: PresentMode::AutoVsync,
        resolution: WindowResolution::new(SIZE.0, SIZE.1),
        resize_constraints: WindowResizeConstraints {
            min_width: SMALLEST.0,
            min_height: SMALLEST.1,
            ..default()
        },
        ..default()
    }
}

/// The window bears the name of the world that one is in.
fn name_window(
    visit: Res<Visit>,
    stage: Res<State<Stage>>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
) {
    let world = visit
        .welcome
        .as_ref()
        .filter(|_| *stage.get() == Stage::Inside);
    let title = match world {
        Some(welcome) => format!("{} · Stoa", welcome.world.title),
        None => "Stoa".to_owned(),
    };
    for mut window in &mut windows {
        if window.title != title {
            window.title.clone_from(&title);
        }
    }
}

/// The system's window exists a while after the engine's: it is asked until it is there.
fn give_icon(
    windows: Query<Entity, With<PrimaryWindow>>,
    mut is_given: Local<bool>,
    _on_main_thread: NonSendMarker,
) {
    if *is_given {
        return;
    }
    let Ok(icon) = Icon::from_rgba(icon::draw(ICON_SIDE), ICON_SIDE, ICON_SIDE) else {
        *is_given = true;
        return;
    };
    WINIT_WINDOWS.with_borrow(|known| {
        for window in windows.iter().filter_map(|entity| known.get_window(entity)) {
            window.set_window_icon(Some(icon.clone()));
            *is_given = true;
        }
    });
}
