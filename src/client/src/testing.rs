//! What tests of several features begin with.

use crate::{ClientConfig, Display, Locale, Surroundings, app::Config};
use protocol::{
    Activity, AvatarChoice, DisplayName, EntityId, PersonId, PersonInfo, Welcome, WorldInfo,
};
use std::path::{Path, PathBuf};

/// The folder of assets in the checkout.
pub(crate) fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets")
}

/// Somebody called Ada, who looks like the last of the shipped avatars.
pub(crate) fn config() -> Config {
    Config(ClientConfig {
        address: "stoa://127.0.0.1:9/nowhere".parse().unwrap(),
        name: DisplayName::new("Ada").unwrap(),
        avatar: AvatarChoice::Shipped("sen".to_owned()),
        avatar_file: None,
        data: None,
        assets: assets(),
        variant: None,
        locale: Locale::English,
        has_screens: false,
        display: Display::Window,
        script: None,
        stats: None,
        record: None,
        is_summarising: false,
        pin_unknown: false,
        surroundings: Surroundings::default(),
    })
}

/// Ada is let in where nobody is, as person 1.
pub(crate) fn welcome() -> Box<Welcome> {
    Box::new(Welcome {
        person: PersonId(1),
        entity: EntityId(1),
        name: DisplayName::new("Ada").unwrap(),
        is_resumed: false,
        tick: 100,
        position: [0.0; 3],
        yaw: 0.0,
        world: WorldInfo {
            id: "nowhere".to_owned(),
            title: "Nowhere".to_owned(),
            capacity: 8,
            main_file: "nowhere.gltf".to_owned(),
            files: Vec::new(),
        },
        people: Vec::new(),
        bodies: Vec::new(),
        seats: Vec::new(),
        chat: Vec::new(),
        notes: Vec::new(),
        holding: None,
    })
}

/// Somebody else.
pub(crate) fn person(number: u32, name: &str, avatar: AvatarChoice) -> PersonInfo {
    PersonInfo {
        person: PersonId(number),
        entity: EntityId(number),
        name: DisplayName::new(name).unwrap(),
        avatar,
        is_agent: false,
        activity: Activity::Standing,
        is_connected: true,
    }
}
