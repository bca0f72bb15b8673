//! The studio: a file that is dropped on the window, or opened by a command, is seen alone, with a report beside it.
//! `arrival.rs` says how one gets there and back, `report.rs` what stands in the report.

mod arrival;
mod asking;
mod check;
mod conversion;
mod curtain;
mod panel;
mod parts;
mod performing;
mod placing;
mod question;
mod refusal;
mod report;
#[cfg(test)]
mod tests;
mod wearing;

pub use conversion::{Conversion, ConversionError, Converted, needs_conversion};

use super::{
    inside::legible,
    words::{Texts, fill},
};
use crate::{ClientConfig, HostedWorld, Opened, app::Config};
use bevy::prelude::*;
use protocol::WorldAddress;
use scene::Purpose;
use std::path::Path;

/// Most characters of a name that are shown.
const MAX_NAME: usize = 40;

/// The file that is looked at, if any.
#[derive(Resource, Default)]
pub(super) struct Studio(Option<Shown>);

/// A file on show.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    opened: Opened,
    /// The world in which it is seen.
    address: WorldAddress,
    back: Back,
}

/// Where one was before.
#[derive(Clone, Debug)]
enum Back {
    /// Nowhere: a command opened the file.
    Nowhere,
    /// The start screen.
    Start,
    World(Box<Place>),
}

/// A world to come back to.
#[derive(Clone, Debug)]
struct Place {
    address: WorldAddress,
    hosted: Option<HostedWorld>,
    title: String,
    is_first_person: bool,
    /// The file that a command opened, when it is its world.
    opened: Option<Opened>,
    /// Whether its host lets one place things there.
    may_place: bool,
}

pub(super) fn plugin(app: &mut App) {
    let config = &app.world().resource::<Config>().0;
    let opened = config.surroundings.opened.clone().map(|opened| Shown {
        opened,
        address: config.address.clone(),
        back: Back::Nowhere,
    });
    app.insert_resource(Studio(opened));
    app.add_plugins((
        arrival::plugin,
        check::plugin,
        conversion::plugin,
        curtain::plugin,
        panel::plugin,
        performing::plugin,
        placing::plugin,
        question::plugin,
        refusal::plugin,
        wearing::plugin,
    ));
}

impl Studio {
    /// The file that one looks at, or is on the way to.
    pub(super) fn shown(&self, config: &ClientConfig) -> Option<&Shown> {
        let shown = self.0.as_ref();
        shown.filter(|shown| shown.address == config.address)
    }
}

impl Shown {
    /// The world in which it could be placed: that from which one came.
    fn world(&self) -> Option<&Place> {
        match &self.back {
            Back::World(place) => Some(place),
            Back::Nowhere | Back::Start => None,
        }
    }

    /// True for what is worn, not placed.
    fn is_avatar(&self) -> bool {
        Purpose::of_file(&self.opened.world()) == Purpose::Avatar
    }

    /// True for an animation, which somebody performs.
    fn is_clip(&self) -> bool {
        Purpose::of_file(&self.opened.world()) == Purpose::AnimationClip
    }

    /// What the way back is called; nothing when there was nothing before.
    pub(super) fn way_out(&self, words: &Texts) -> Option<String> {
        match &self.back {
            Back::Nowhere => None,
            Back::Start => Some(words.studio_leave.to_owned()),
            Back::World(place) => Some(fill(words.studio_back, &[&place.title])),
        }
    }
}

/// True when the name of a file ends with one of these.
fn has_ending(file: &Path, endings: &[&str]) -> bool {
    let own = file.extension().and_then(|ending| ending.to_str());
    own.is_some_and(|own| {
        endings
            .iter()
            .any(|ending| own.eq_ignore_ascii_case(ending))
    })
}

/// The name of a file as a harmless line.
fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str());
    legible::one_line(&name.to_string_lossy(), MAX_NAME)
}
