//! What surrounds a visit: the menu with its pages, the first start, the start screen, and the question about an
//! unknown server. Keys and buttons become [`Action`](super::button::Action)s; each page obeys its own.

mod draw;
mod field;
mod invitation;
mod keys;
mod listen;
mod menu;
mod notice;
mod page;
mod persona;
mod portraits;
mod settings;
mod start;
mod stranger;
mod travel;

pub(super) use page::Page;
pub(super) use settings::Setting;

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((
        draw::plugin,
        field::plugin,
        invitation::plugin,
        listen::plugin,
        notice::plugin,
        persona::plugin,
        portraits::plugin,
        settings::plugin,
        start::plugin,
        stranger::plugin,
        travel::plugin,
    ));
}
