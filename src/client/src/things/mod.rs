//! Things that people placed: fetched, read, drawn and solid; and how one brings one of one's own.

mod load;
mod placing;
mod stand;

pub(crate) use placing::{Parcel, Placing, PlacingNews};
pub(crate) use stand::Things;

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((stand::plugin, placing::plugin));
}
