//! All screens over the world. What they look like is in `theme.rs`, what they say in `words.rs`.

mod backdrop;
mod button;
mod card;
mod crossing;
mod failure;
mod font;
mod font_fallbacks;
mod inside;
mod loading;
mod network;
mod sharing;
mod shell;
mod studio;
mod theme;
mod things;
mod words;

pub use studio::{Conversion, ConversionError, Converted, needs_conversion};
pub use words::Locale;

use crate::{
    Display,
    app::{Config, order::ClientSystems},
};
use bevy::{prelude::*, window::PrimaryWindow};
use words::Words;

pub(super) fn plugin(app: &mut App) {
    let locale = app.world().resource::<Config>().0.locale;
    app.insert_resource(Words::of(locale));
    app.add_systems(Update, scale.in_set(ClientSystems::Show));
    app.add_systems(Update, speak.in_set(ClientSystems::Receive));
    app.add_plugins((
        font::plugin,
        button::plugin,
        loading::plugin,
        failure::plugin,
        inside::plugin,
        shell::plugin,
        studio::plugin,
        crossing::plugin,
        things::plugin,
        sharing::plugin,
        network::plugin,
    ));
}

/// Screens speak the language that was chosen last; those that are open are drawn anew by who opened them.
fn speak(config: Res<Config>, mut words: ResMut<Words>) {
    let wished = Words::of(config.0.locale);
    if !std::ptr::eq(words.0, wished.0) {
        *words = wished;
    }
}

/// Screens keep their share of the picture, whatever its size.
fn scale(
    config: Res<Config>,
    windows: Query<&Window, With<PrimaryWindow>>,
    mut scale: ResMut<UiScale>,
) {
    let wished = theme::scale_of_height(picture_size(&config, &windows).y);
    if (scale.0 - wished).abs() > 1e-3 {
        scale.0 = wished;
    }
}

/// Width and height of the picture in logical pixels.
fn picture_size(config: &Config, windows: &Query<&Window, With<PrimaryWindow>>) -> Vec2 {
    match &config.0.display {
        Display::Offscreen(options) => Vec2::new(options.width as f32, options.height as f32),
        Display::Window => windows.iter().map(Window::size).sum(),
    }
}
