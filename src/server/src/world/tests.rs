//! A world without a network.

use super::{Conditions, Hold, Placing, World, sending::first_budget};
use crate::{
    files::{Library, content_hash},
    hosted::{HostedWorld, WorldContent},
    store::{Change, StorePlace},
    testing::cube,
};
use identity::Key;
use protocol::{
    AvatarChoice, DisplayName, Hello, PROTOCOL_VERSION, PersonId, SHIPPED_AVATARS,
    limits::PLACE_METRES,
};
use replication::{ClientDatagram, Flags, OwnSample};
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
    open_for(folder, &[])
}

/// As [`open`], run by whoever has one of these keys.
fn open_for(folder: &Path, owners: &[String]) -> World {
    let file = folder.join("box.gltf");
    fs::write(&file, WORLD).unwrap();
    let data = folder.join("data");
    let place = StorePlace {
        folder: Some(&data),
        is_inline: true,
    };
    let library = Library::default();
    let hosted = HostedWorld::load(&file, &library, place, owners, |_| false).unwrap();
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

fn key(seed: u8) -> String {
    Key::from_seed(&[seed; 32]).did().to_string()
}

/// A world with its owner in it, who has brought a cube.
fn with_owner(folder: &Path) -> (World, PersonId) {
    let mut world = open_for(folder, &[key(1)]);
    world.step(0.0);
    let owner = world.add_person(&hello(&key(1)));
    // Held only until it is placed somewhere.
    world
        .library
        .stand_again(&key(1), cube(1))
        .map(drop)
        .unwrap();
    (world, owner)
}

/// The cube stands on the ground at a place.
fn cube_at(x: f32, z: f32) -> Placing {
    Placing {
        hash: content_hash(&cube(1)),
        title: " Cube ".to_owned(),
        position: [x, 0.5, z],
        yaw: 0.0,
    }
}

/// A world with its owner in it, who has placed a cube before the spawn point.
fn with_cube(folder: &Path) -> World {
    let (mut world, owner) = with_owner(folder);
    world.place(owner, 1, cube_at(0.0, 6.0));
    world.step(0.0);
    world
}

/// The world's file becomes this one, and nobody owns it any more.
fn change(world: &mut World, folder: &Path, text: &str) {
    let file = folder.join("box.gltf");
    fs::write(&file, text).unwrap();
    let content = WorldContent::read(&file, &world.library, &[]).unwrap();
    world.change(content);
    world.step(0.0);
    world.step(0.0);
}

/// How high the world is at a place.
fn top(world: &World, x: f32, z: f32) -> f32 {
    let above = glam::Vec3::new(x, 2.4, z);
    let hit = world.simulation.cast_ray(above, glam::Vec3::NEG_Y, 5.0);
    hit.map_or(f32::NEG_INFINITY, |hit| hit.point.y)
}

#[test]
fn a_placed_thing_is_solid_outlives_the_server_and_goes_when_it_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, owner) = with_owner(folder.path());
    world.place(owner, 1, cube_at(0.0, 6.0));
    assert!(world.things.is_empty(), "the disk has not been asked");
    world.step(0.0);
    world.step(0.0);
    assert!((top(&world, 0.0, 6.0) - 1.0).abs() < 1e-3);
    let [info] = &world.thing_infos()[..] else {
        panic!("{:?}", world.thing_infos());
    };
    assert_eq!((info.title.as_str(), info.did.clone()), ("Cube", key(1)));
    drop(world);
    let mut world = open(folder.path());
    world.step(0.0);
    world.step(0.0);
    assert!((top(&world, 0.0, 6.0) - 1.0).abs() < 1e-3);
    // Who placed it still may take it away, though the host lets nobody place things any more.
    let owner = world.add_person(&hello(&key(1)));
    let id = world.things[0].info.thing;
    world.take_away(owner, 2, id);
    world.step(0.0);
    world.step(0.0);
    assert!(top(&world, 0.0, 6.0).abs() < 1e-3);
    drop(world);
    assert!(open(folder.path()).things.is_empty());
}

#[test]
fn only_who_may_places_things_and_only_where_nobody_is() {
    use protocol::Denial;
    let folder = tempfile::tempdir().unwrap();
    let (mut world, owner) = with_owner(folder.path());
    let bo = world.add_person(&hello(&key(2)));
    let mut denial = |who, placing| world.judge(who, placing).map(drop);
    assert_eq!(denial(bo, cube_at(0.0, 6.0)), Err(Denial::NotAllowed));
    assert_eq!(denial(owner, cube_at(0.0, 6.0)), Ok(()));
    // Upon oneself, and upon the place where people arrive.
    assert_eq!(denial(owner, cube_at(0.3, 3.0)), Err(Denial::Occupied));
    let far = 3.0 + PLACE_METRES + 2.0;
    assert_eq!(denial(owner, cube_at(0.0, far)), Err(Denial::OutOfReach));
    let beyond_numbers = Placing {
        position: [0.0, f32::MAX, 6.0],
        yaw: std::f32::consts::PI,
        ..cube_at(0.0, 6.0)
    };
    assert_eq!(denial(owner, beyond_numbers), Err(Denial::OutOfReach));
    for broken in [f32::NAN, f32::INFINITY] {
        assert_eq!(denial(owner, cube_at(broken, 6.0)), Err(Denial::OutOfReach));
        let placing = Placing {
            yaw: broken,
            ..cube_at(0.0, 6.0)
        };
        assert_eq!(denial(owner, placing), Err(Denial::OutOfReach));
    }
    let unknown = Placing {
        hash: content_hash(&cube(2)),
        ..cube_at(0.0, 6.0)
    };
    assert_eq!(denial(owner, unknown), Err(Denial::NoFile));
    for title in ["", "evil \u{202e}title", &"x".repeat(97)] {
        let placing = Placing {
            title: title.to_owned(),
            ..cube_at(0.0, 6.0)
        };
        assert_eq!(denial(owner, placing), Err(Denial::Text), "{title:?}");
    }
}

#[test]
fn a_person_places_few_things_and_takes_away_none_of_others() {
    use protocol::Denial;
    let folder = tempfile::tempdir().unwrap();
    let (mut world, owner) = with_owner(folder.path());
    let each = world.placers.each_at_most;
    for number in 0..each {
        // Not all are on disk yet: those count as well.
        world.place(owner, 1, cube_at(number as f32 - 4.0, 7.0));
    }
    let more = world.judge(owner, cube_at(0.0, 9.0)).map(drop);
    assert!(matches!(more, Err(Denial::NoRoom(_))), "{more:?}");
    world.step(0.0);
    assert_eq!(world.things.len(), each);
    let bo = world.add_person(&hello(&key(2)));
    let ids: Vec<u64> = world.things.iter().map(|thing| thing.info.thing).collect();
    world.take_away(bo, 2, ids[0]);
    world.take_away(owner, 3, 77);
    assert!(world.pending.is_empty());
    world.take_away(owner, 4, ids[0]);
    world.step(0.0);
    assert_eq!(world.things.len(), each - 1);
    assert!(world.judge(owner, cube_at(0.0, 9.0)).is_ok());
}

#[test]
fn nobody_arrives_in_a_thing_where_a_changed_world_has_its_spawn_points() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = with_cube(folder.path());
    let mut arrival = |text: &str, number: u8| {
        change(&mut world, folder.path(), text);
        let person = world.add_person(&hello(&key(number)));
        let position = world.people[&person].track.newest().position;
        assert!(world.simulation.has_room(position), "{position}");
        position
    };
    let near = |position: glam::Vec3, x: f32, y: f32, z: f32| {
        let wished = glam::Vec3::new(x, y, z);
        assert!(
            position.distance(wished) < 0.05,
            "{position} is not {wished}"
        );
    };
    let moved = WORLD.replace("[0, 0, 3]", "[0, 0, 6]");
    let beside = arrival(&moved, 2);
    assert!(
        (0.9..1.5).contains(&beside.distance(glam::Vec3::Z * 6.0)),
        "{beside}"
    );
    // The wall becomes a block around the spawn point, larger than the rings.
    let blocked = moved
        .replace("[8, 3, 0.2]", "[14, 2.08, 14]")
        .replace("[0, 1.5, 2.2]", "[0, 1.04, 6]");
    near(arrival(&blocked, 3), 0.0, 2.08, 6.0);
    let nodes = blocked.strip_suffix("]}").unwrap();
    let second = format!(
        r#"{nodes}, {{"translation": [-9, 0, 2], "extensions": {{"OMI_spawn_point": {{}}}}}}]}}"#
    )
    .replace("4, 5]", "4, 5, 6]");
    near(arrival(&second, 4), -9.0, 0.0, 2.0);
}

/// A floor, and a lift that goes up by four metres from the first second to the fifth.
const LIFT: &str = r#"{"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0, 1, 2]}],
    "extensionsUsed": ["OMI_physics_shape", "OMI_physics_body", "OMI_spawn_point"],
    "extensions": {"OMI_physics_shape": {"shapes": [
        {"type": "box", "box": {"size": [60, 1, 60]}},
        {"type": "box", "box": {"size": [3, 0.2, 3]}}]}},
    "buffers": [{"byteLength": 48, "uri": "lift.bin"}],
    "bufferViews": [{"buffer": 0, "byteLength": 12}, {"buffer": 0, "byteOffset": 12, "byteLength": 36}],
    "accessors": [
        {"bufferView": 0, "componentType": 5126, "count": 3, "type": "SCALAR", "min": [0], "max": [5]},
        {"bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC3"}],
    "animations": [{"samplers": [{"input": 0, "output": 1}],
        "channels": [{"sampler": 0, "target": {"node": 1, "path": "translation"}}]}],
    "nodes": [
        {"translation": [0, -0.5, 0], "extensions": {"OMI_physics_body": {"collider": {"shape": 0}}}},
        {"extensions": {"OMI_physics_body": {"motion": {"type": "kinematic"}, "collider": {"shape": 1}}}},
        {"translation": [0, 0.1, 0], "extensions": {"OMI_spawn_point": {}}}]}"#;

/// Somebody says that they stand at a place at a tick.
fn claim_at(tick: u64, x: f32, y: f32) -> ClientDatagram {
    let sample = OwnSample {
        tick,
        position: glam::Vec3::new(x, y, 0.0),
        velocity: glam::Vec3::ZERO,
        yaw: 0.0,
        pitch: 0.0,
        flags: Flags::GROUNDED,
        emote: 0,
    };
    ClientDatagram {
        samples: vec![sample],
        ..ClientDatagram::default()
    }
}

#[test]
fn who_is_refused_or_comes_back_on_a_lift_stands_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = [
        0.0f32, 1.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 0.0,
    ];
    let bytes: Vec<u8> = numbers.iter().flat_map(|own| own.to_le_bytes()).collect();
    fs::write(folder.path().join("lift.bin"), bytes).unwrap();
    let mut world = open(folder.path());
    change(&mut world, folder.path(), LIFT);
    let ada = world.add_person(&hello(&key(2)));
    let say = |world: &mut World, x: f32, y: f32| {
        let tick = world.simulation.tick();
        let known = world.people.get_mut(&ada).unwrap();
        known
            .track
            .follow(&world.simulation, &claim_at(tick, x, y), tick);
    };
    // Who has no connection is not kept for long: the world around them stands still.
    let advance = |world: &mut World, tick: u64| {
        while world.simulation.tick() < tick {
            world.simulation.step();
        }
    };
    let feet = |world: &World| world.people[&ada].track.newest().position;
    let lift = |world: &World| world.simulation.body(0).unwrap().position.y + 0.1;
    advance(&mut world, 30);
    say(&mut world, 0.4, 0.1);
    advance(&mut world, 180);
    // Nobody runs as far in the time.
    say(&mut world, 25.0, 2.0);
    let told = world.people[&ada].track.correction().unwrap().position;
    assert!(
        lift(&world) > 1.5 && (told.y - lift(&world)).abs() < 0.1,
        "{told}"
    );
    assert_eq!((told.x, told.z), (0.4, 0.0));
    advance(&mut world, 240);
    let tick = world.simulation.tick();
    let known = world.people.get_mut(&ada).unwrap();
    known.track.resume(&world.simulation, tick);
    assert!(
        (feet(&world).y - lift(&world)).abs() < 0.1,
        "{}",
        feet(&world)
    );
    // In a world whose lift is elsewhere it carries nobody away who stood on the old one.
    advance(&mut world, 250);
    let height = lift(&world);
    say(&mut world, 0.4, height);
    let before = feet(&world);
    assert_eq!(before.y, height);
    change(&mut world, folder.path(), LIFT);
    assert!(lift(&world) < 0.2);
    let tick = world.simulation.tick();
    let known = world.people.get_mut(&ada).unwrap();
    known.track.resume(&world.simulation, tick);
    assert_eq!(feet(&world), before);
}

#[test]
fn things_stay_where_they_are_when_the_files_of_the_world_change() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = with_cube(folder.path());
    let owner = *world.people.keys().next().unwrap();
    change(&mut world, folder.path(), WORLD);
    assert_eq!(world.things.len(), 1);
    assert!((top(&world, 0.0, 6.0) - 1.0).abs() < 1e-3);
    // The rules are those of now, which know of no owner.
    let more = world.judge(owner, cube_at(0.0, 8.0)).map(drop);
    assert_eq!(more, Err(protocol::Denial::NotAllowed));
}
