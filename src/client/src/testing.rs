//! What tests of several features begin with.

use crate::{
    ClientConfig, Display, Locale, Surroundings,
    link::{Link, VisitWorld},
};
use bevy::math::Vec3;
use identity::Key;
use protocol::{
    Activity, AvatarChoice, DisplayName, EntityId, PersonId, PersonInfo, SHIPPED_AVATARS, Welcome,
    WorldInfo,
};
use scene::{
    AudioClip, AudioEmitter, AudioSource, Motion, Node, NodeIndex, Scene, Seat, Shape,
    WorldManifest,
};
use session::{ClientEndpoint, KnownServers, Session, SessionConfig};
use simulation::{Role, Simulation, WorldRules};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The folder of assets in the checkout.
pub(crate) fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets")
}

/// Somebody called Ada with a window, who looks like the last of the shipped avatars, on her way to where nobody is.
pub(crate) fn config() -> ClientConfig {
    ClientConfig {
        address: "stoa://127.0.0.1:9/nowhere".parse().unwrap(),
        name: DisplayName::new("Ada").unwrap(),
        avatar: AvatarChoice::Shipped(SHIPPED_AVATARS[SHIPPED_AVATARS.len() - 1].to_owned()),
        avatar_file: None,
        is_sharing_avatar: false,
        data: None,
        assets: assets(),
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
        things: Vec::new(),
        rights: protocol::Rights::default(),
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

/// A session on its way to where nobody is: it takes requests.
pub(crate) fn link() -> Link {
    let config = config();
    let session = SessionConfig {
        address: config.address,
        key: Key::from_seed(&[1; 32]),
        name: config.name,
        avatar: config.avatar,
        is_agent: false,
        program: "test".to_owned(),
        cache: None,
        known_servers: Arc::new(KnownServers::in_memory()),
        pin_unknown: true,
        endpoint: ClientEndpoint::udp(),
        recorder: None,
        reading: session::Reading::Whole,
    };
    Link(Session::spawn(session).unwrap())
}

/// A body that falls and can be carried.
pub(crate) fn loose() -> Motion {
    Motion {
        mass: Some(2.0),
        ..Motion::default()
    }
}

/// Where one sits in [`boxes`].
pub(crate) const SEAT: Vec3 = Vec3::new(3.0, 0.46, 2.0);

/// A world of boxes, where each is, how large, and how it moves; and a seat. Nothing of it is drawn.
pub(crate) fn boxes(boxes: impl IntoIterator<Item = (Vec3, Vec3, Option<Motion>)>) -> Simulation {
    let mut scene = Scene::default();
    scene.roots.push(NodeIndex(0));
    scene.nodes.push(Node {
        seat: Some(Seat {
            back: SEAT,
            knee: SEAT + Vec3::Z * 0.4,
            foot: SEAT.with_y(0.0) + Vec3::Z * 0.4,
            angle: std::f32::consts::FRAC_PI_2,
        }),
        ..Node::default()
    });
    for (position, size, motion) in boxes {
        let place = scene::Transform {
            translation: position,
            ..scene::Transform::default()
        };
        scene.add_solid(place, Shape::Box(size), motion);
    }
    simulation(scene)
}

/// Sounds of these bytes, each from a source that plays by itself over and over, all heard everywhere.
pub(crate) fn sounds(clips: impl IntoIterator<Item = Arc<[u8]>>) -> Scene {
    let mut scene = Scene::default();
    for (number, bytes) in clips.into_iter().enumerate() {
        let name = number.to_string();
        scene.sound.clips.push(AudioClip { name, bytes });
        scene.sound.sources.push(AudioSource {
            clip: Some(number as u32),
            gain: 1.0,
            playback_rate: 1.0,
            is_looping: true,
            is_autoplaying: true,
        });
    }
    scene.sound.emitters.push(AudioEmitter {
        gain: 1.0,
        sources: (0..scene.sound.sources.len() as u32).collect(),
        positional: None,
    });
    scene.sound.scene_emitters.push(0);
    scene
}

/// A world of one's own with what a file describes.
pub(crate) fn simulation(scene: Scene) -> Simulation {
    let rules = WorldRules { gravity: 9.81 };
    Simulation::new(Arc::new(scene), rules, Role::Follower)
}

/// A world as one is in it, once its file has been read.
pub(crate) fn visit_world(simulation: Simulation) -> VisitWorld {
    VisitWorld {
        scene: Arc::clone(simulation.scene()),
        manifest: WorldManifest::default(),
        simulation,
        node_of_body: BTreeMap::new(),
        bodies: Vec::new(),
        notice_board: None,
        doorways: Vec::new(),
    }
}
