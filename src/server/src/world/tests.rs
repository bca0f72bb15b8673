//! A world without a network.

use super::{Conditions, Hold, World, sending::first_budget};
use crate::{
    files::Library,
    hosted::HostedWorld,
    store::{Change, StorePlace},
};
use protocol::{AvatarChoice, DisplayName, Hello, PROTOCOL_VERSION, PersonId, SHIPPED_AVATARS};
use std::{fs, path::Path};
use tokio::sync::mpsc;

/// A floor, two crates, a wall before who appears, and a sled that goes on for ever.
const WORLD: &str = r#"{"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0, 1, 2, 3, 4, 5]}],
    "extensionsUsed": ["OMI_physics_shape", "OMI_physics_body", "OMI_spawn_point"],
    "extensions": {"OMI_physics_shape": {"shapes": [
        {"type": "box", "box": {"size": [60, 1, 60]}},
        {"type": "box", "box": {"size": [0.5, 0.5, 0.5]}},
        {"type": "box", "box": {"size": [8, 3, 0.2]}}]}},
    "nodes": [
        {"translation": [0, -0.5, 0], "extensions": {"OMI_physics_body": {"collider": {"shape": 0}}}},
        {"translation": [-1, 0.25, 5], "extensions": {"OMI_physics_body":
            {"motion": {"type": "dynamic", "mass": 2}, "collider": {"shape": 1}}}},
        {"translation": [1, 0.25, 5], "extensions": {"OMI_physics_body":
            {"motion": {"type": "dynamic", "mass": 2}, "collider": {"shape": 1}}}},
        {"translation": [0, 1.5, 2.2], "extensions": {"OMI_physics_body": {"collider": {"shape": 2}}}},
        {"translation": [0, 0, 3], "rotation": [0, 1, 0, 0], "extensions": {"OMI_spawn_point": {}}},
        {"translation": [20, 5, 0], "extensions": {"OMI_physics_body":
            {"motion": {"type": "kinematic", "linearVelocity": [1, 0, 0]}, "collider": {"shape": 1}}}}]}"#;

/// The world in a folder, with what is stored there.
fn open(folder: &Path) -> World {
    let file = folder.join("box.gltf");
    fs::write(&file, WORLD).unwrap();
    let data = folder.join("data");
    let place = StorePlace {
        folder: Some(&data),
        is_inline: true,
    };
    let library = Library::default();
    let hosted = HostedWorld::load(&file, &library, place, |_| false).unwrap();
    let conditions = Conditions {
        library,
        watch: None,
        first_budget: first_budget(1000),
        courier: None,
    };
    let (_, inbox) = mpsc::channel(1);
    World::new(hosted, inbox, conditions)
}

fn hello(did: &str) -> Hello {
    Hello {
        version: PROTOCOL_VERSION,
        features: Vec::new(),
        program: "test".to_owned(),
        world: String::new(),
        spawn: None,
        did: did.to_owned(),
        name: DisplayName::new("Ada").unwrap(),
        avatar: AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned()),
        is_agent: false,
    }
}

fn held_by(world: &World, did: &str) -> Change {
    Change::Hold {
        node: world.bodies[0].node.0,
        did: Some(did.to_owned()),
    }
}

#[test]
fn a_hold_whose_end_was_refused_with_another_grab_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = open(folder.path());
    let change = held_by(&world, "did:key:ada");
    world.store.submit(change).unwrap();
    // Ada let go and Bo asked, and the disk refused both at once.
    let bo = PersonId(7);
    world.bodies[0].hold = Hold::Asked(bo);
    world.keep_hold(0);
    world.refuse_grab(bo, 0);
    drop(world);
    assert_eq!(open(folder.path()).bodies[0].hold, Hold::Free);
}

#[test]
fn while_the_disk_thinks_about_a_grab_nobody_tells_it_that_hands_are_empty() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = open(folder.path());
    let node = world.bodies[0].node.0;
    let change = held_by(&world, "did:key:bo");
    world.store.submit(change).unwrap();
    world.bodies[0].hold = Hold::Asked(PersonId(7));
    world.unsaved_holds.insert(node);
    world.save_holds();
    assert!(world.pending.is_empty() && world.unsaved_holds.contains(&node));
    world.bodies[0].hold = Hold::Held(PersonId(7));
    world.save_holds();
    assert!(world.unsaved_holds.is_empty());
    drop(world);
    let held = Hold::Awaits("did:key:bo".to_owned(), 1800);
    assert_eq!(open(folder.path()).bodies[0].hold, held);
}

#[test]
fn nobody_is_given_back_more_than_one_thing() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = open(folder.path());
    for body in &mut world.bodies {
        body.hold = Hold::Awaits("did:key:ada".to_owned(), 60);
    }
    let ada = world.add_person(&hello("did:key:ada"));
    world.give_back_held(ada);
    world.give_back_held(ada);
    assert_eq!(world.people[&ada].holding, Some(0));
    assert_eq!(world.bodies[0].hold, Hold::Held(ada));
    assert!(matches!(world.bodies[1].hold, Hold::Awaits(..)));
}

#[test]
fn what_is_given_back_before_a_wall_stays_on_this_side_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = open(folder.path());
    world.step(0.0);
    world.bodies[0].hold = Hold::Awaits("did:key:ada".to_owned(), 60);
    let ada = world.add_person(&hello("did:key:ada"));
    assert!(world.people[&ada].track.hand().z < 2.1, "behind the wall");
    world.give_back_held(ada);
    assert_eq!(world.people[&ada].holding, Some(0));
    let state = world.simulation.body(world.bodies[0].index).unwrap();
    assert!((2.3..3.0).contains(&state.position.z), "{state:?}");
}

#[test]
fn what_moves_for_ever_is_not_written_and_goes_on_when_it_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = open(folder.path());
    let sled = world.bodies.len() - 1;
    let index = world.bodies[sled].index;
    assert!(world.simulation.bodies()[index].is_driven);
    let place = |world: &World| world.simulation.body(index).unwrap().position.x;
    for _ in 0..120 {
        world.step(0.0);
    }
    assert!((21.9..22.1).contains(&place(&world)), "{}", place(&world));
    assert!(world.bodies[sled].saved.is_none());
    let far = simulation::BodyState {
        position: glam::Vec3::X * 1e8,
        ..world.simulation.body(index).unwrap()
    };
    world.simulation.set_body(index, &far);
    for _ in 0..62 {
        world.step(0.0);
    }
    assert!((20.9..21.2).contains(&place(&world)), "{}", place(&world));
}
