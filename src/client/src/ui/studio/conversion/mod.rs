//! Files of other formats: `process.rs` makes a GLB of one, `again.rs` once more when it was saved, and `origin.rs` says in the
//! report where it comes from.

mod again;
mod beside;
mod origin;
mod process;

pub use process::{Conversion, ConversionError, Converted, needs_conversion};

pub(super) use again::Again;
pub(super) use origin::Origin;
pub(super) use process::ENDINGS;

use bevy::prelude::*;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins(again::plugin);
}
