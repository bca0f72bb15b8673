//! Things that people place: who may, who sees them, what they stop, and that they are still there tomorrow.

use crate::support::Stage;
use bots::{HarnessConfig, Participant};
use glam::{Vec2, Vec3};
use identity::Key;
use protocol::{ContentHash, Denial};
use session::{Cache, SessionConfig};
use simulation::AvatarInput;
use std::{fs, path::Path, sync::Arc};

/// A glTF file with something to see and a solid cube of two metres around its origin.
const CUBE: &[u8] = br#"{"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0, 1]}],
    "extensionsUsed": ["OMI_physics_shape", "OMI_physics_body"],
    "extensions": {"OMI_physics_shape": {"shapes": [{"type": "box", "box": {"size": [2, 2, 2]}}]}},
    "nodes": [{"mesh": 0}, {"extensions": {"OMI_physics_body": {"collider": {"shape": 0}}}}],
    "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
    "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3",
        "min": [0, 0, 0], "max": [1, 1, 0]}],
    "bufferViews": [{"buffer": 0, "byteLength": 36}],
    "buffers": [{"byteLength": 36, "uri":
        "data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]}"#;
/// Behind who comes in, who stands at z = 3 and looks along -Z at the boxes.
const BEHIND: Vec3 = Vec3::new(0.0, 1.0, 7.0);

/// The key of the person who joins under a number.
fn key(number: u8) -> String {
    Key::from_seed(&[number; 32]).did().to_string()
}

/// A world whose host lets some people place things.
fn stage(place: &str, data: Option<&Path>) -> Stage {
    Stage::with(64, |config| {
        let manifest = config.world.join("world.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, format!("{text}[things]\nplace = {place}\n")).unwrap();
        HarnessConfig {
            data: data.map(|folder| folder.join("data")),
            ..config
        }
    })
}

/// Comes in with a cache.
async fn enter(stage: &mut Stage, number: u8, name: &str, folder: &Path) -> Participant {
    let cache = Cache::open(&folder.join(name), session::DEFAULT_CACHE_BYTES).unwrap();
    let config = SessionConfig {
        cache: Some(cache),
        ..stage.harness.session_config(number, name)
    };
    let mut person = stage.harness.join_as(config);
    let inside = stage
        .harness
        .advance_until(&mut [&mut person], |people| people[0].is_inside)
        .await;
    assert!(inside, "{name} did not come in: {:?}", person.end);
    person
}

/// Brings a file and waits for the answer.
async fn bring(stage: &mut Stage, person: &mut Participant, file: &[u8]) -> ContentHash {
    let hash = person.session.offer_thing(Arc::from(file)).unwrap();
    let answered = stage
        .harness
        .advance_until(&mut [person], |people| {
            people[0].transferred.contains_key(&hash)
        })
        .await;
    assert!(answered, "no word on the file");
    hash
}

#[tokio::test(start_paused = true)]
async fn what_one_places_everybody_has_also_who_comes_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = stage("\"everybody\"", None);
    let mut ada = enter(&mut stage, 1, "Ada", folder.path()).await;
    let mut bo = enter(&mut stage, 2, "Bo", folder.path()).await;
    assert!(ada.welcome.as_ref().unwrap().rights.may_place);
    let hash = bring(&mut stage, &mut ada, CUBE).await;
    assert_eq!(ada.transferred[&hash], Ok(None));
    let request = ada.session.place(hash, "Cube", BEHIND, 0.5).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!((&ada.done[..], &ada.denied[..]), (&[request][..], &[][..]));
    assert_eq!((ada.things.len(), &ada.things), (1, &bo.things));
    let mut cy = enter(&mut stage, 3, "Cy", folder.path()).await;
    assert_eq!(cy.things, ada.things);
    let thing = cy.things[0].clone();
    assert_eq!((thing.from.as_str(), thing.did.clone()), ("Ada", key(1)));
    assert_eq!(thing.position, BEHIND.to_array());
    for person in [&mut bo, &mut cy] {
        person.session.fetch(thing.hash, thing.bytes).unwrap();
        let has_it = |people: &[&mut Participant]| people[0].transferred.contains_key(&hash);
        assert!(stage.harness.advance_until(&mut [person], has_it).await);
        let path = person.transferred[&hash].clone().unwrap().unwrap();
        assert_eq!(fs::read(path).unwrap(), CUBE);
    }
    // Nobody but Ada takes it away.
    let request = bo.session.take_away(thing.thing).unwrap();
    stage
        .harness
        .advance(&mut [&mut ada, &mut bo, &mut cy], 1.0)
        .await;
    assert_eq!(bo.denied, [(request, Denial::NotYours)]);
    ada.session.take_away(thing.thing).unwrap();
    stage
        .harness
        .advance(&mut [&mut ada, &mut bo, &mut cy], 1.0)
        .await;
    assert!(
        [&ada, &bo, &cy]
            .iter()
            .all(|person| person.things.is_empty())
    );
}

#[tokio::test(start_paused = true)]
async fn who_may_not_place_is_told_so_and_broken_files_harm_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = stage(&format!("[\"{}\"]", key(1)), None);
    let mut ada = enter(&mut stage, 1, "Ada", folder.path()).await;
    let mut bo = enter(&mut stage, 2, "Bo", folder.path()).await;
    assert!(!bo.welcome.as_ref().unwrap().rights.may_place);
    let hash = bring(&mut stage, &mut bo, CUBE).await;
    let reason = bo.transferred[&hash].clone().unwrap_err();
    assert!(reason.contains("host does not let you"), "{reason}");
    bring(&mut stage, &mut ada, CUBE).await;
    let request = bo.session.place(hash, "Cube", BEHIND, 0.0).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(bo.denied, [(request, Denial::NotAllowed)]);
    let broken = bring(&mut stage, &mut ada, &CUBE[..300]).await;
    let reason = ada.transferred[&broken].clone().unwrap_err();
    assert!(reason.contains("the thing cannot be used"), "{reason}");
    let request = ada.session.place(broken, "Cube", BEHIND, 0.0).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(ada.denied, [(request, Denial::NoFile)]);
    ada.session.chat("and yet it moves").unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(bo.chat.last().unwrap().text, "and yet it moves");
    assert!(ada.things.is_empty() && bo.things.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_placed_thing_survives_a_crash_of_the_server_and_stops_who_does_not_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = stage("\"everybody\"", Some(folder.path()));
    let mut ada = enter(&mut stage, 1, "Ada", folder.path()).await;
    let hash = bring(&mut stage, &mut ada, CUBE).await;
    ada.session.place(hash, "Cube", BEHIND, 0.0).unwrap();
    stage.harness.advance(&mut [&mut ada], 1.0).await;
    assert_eq!(ada.things.len(), 1);
    let before = ada.things.clone();
    stage.crash_and_return(&mut ada).await;
    assert_eq!(ada.things, before);
    // The harness moves her through a world without the cube, whose near side is at z = 6.
    let backwards = AvatarInput {
        walk: Vec2::NEG_Y,
        ..AvatarInput::default()
    };
    stage
        .harness
        .advance_with(&mut [&mut ada], &[backwards], 4.0)
        .await;
    stage.harness.advance(&mut [&mut ada], 1.0).await;
    let reached = ada.motion.position;
    assert!((5.0..6.0).contains(&reached.z), "{reached}");
    ada.session.take_away(before[0].thing).unwrap();
    stage.harness.advance(&mut [&mut ada], 0.5).await;
    stage
        .harness
        .advance_with(&mut [&mut ada], &[backwards], 3.0)
        .await;
    assert!(ada.motion.position.z > 8.0, "{}", ada.motion.position);
}
