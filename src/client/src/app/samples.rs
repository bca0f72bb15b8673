//! What tests begin with: somebody who is about to enter, and a world that came from no file.

use crate::{ClientConfig, Display, Locale, Surroundings, link::VisitWorld};
use protocol::{AvatarChoice, DisplayName, SHIPPED_AVATARS};
use scene::{Scene, WorldManifest};
use simulation::{Role, Simulation, WorldRules};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// Ada, with a window, on her way to an address.
pub(crate) fn config(address: &str) -> ClientConfig {
    ClientConfig {
        address: address.parse().unwrap(),
        name: DisplayName::new("Ada").unwrap(),
        avatar: AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned()),
        avatar_file: None,
        data: None,
        assets: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets"),
        variant: None,
        locale: Locale::English,
        has_screens: true,
        display: Display::Window,
        script: None,
        stats: None,
        record: None,
        is_summarising: false,
        pin_unknown: false,
        surroundings: Surroundings::default(),
    }
}

/// A world as it is once its file has been read.
pub(crate) fn world(scene: Scene, manifest: WorldManifest) -> VisitWorld {
    let scene = Arc::new(scene);
    let rules = WorldRules {
        gravity: manifest.gravity,
    };
    VisitWorld {
        simulation: Simulation::new(Arc::clone(&scene), rules, Role::Follower),
        scene,
        manifest,
        node_of_body: BTreeMap::new(),
        bodies: Vec::new(),
        notice_board: None,
    }
}
