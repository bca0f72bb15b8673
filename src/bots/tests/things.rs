//! Boxes that are thrown, chairs that are sat on, notes that are pinned.

use crate::support::Stage;
use bots::Participant;
use glam::{Vec2, Vec3};
use protocol::{Activity, Denial, EntityId, limits::REACH_METRES};
use replication::Flags;
use simulation::AvatarInput;

/// Boxes in the order of the file.
fn crate_of(person: &Participant, number: usize) -> EntityId {
    person.bodies()[number].entity
}

fn forward() -> AvatarInput {
    AvatarInput {
        walk: Vec2::new(0.0, 1.0),
        ..AvatarInput::default()
    }
}

fn face(person: &mut Participant, target: Vec3) {
    let away = target - person.motion.position;
    person.motion.yaw = f32::atan2(-away.x, -away.z);
}

/// `people[0]` walks until within reach of an entity.
async fn walk_to(stage: &mut Stage, people: &mut [&mut Participant; 2], entity: EntityId) {
    for _ in 0..200 {
        let target = people[0].shown(entity).unwrap().position;
        if target.distance(people[0].motion.eyes()) < REACH_METRES - 0.5 {
            return;
        }
        face(people[0], target);
        let inputs = [forward(), AvatarInput::default()];
        stage.harness.advance_with(people, &inputs, 0.1).await;
    }
    panic!("it is out of reach");
}

#[tokio::test(start_paused = true)]
async fn a_box_flies_from_one_hand_to_another() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = stage.two().await;
    let thing = crate_of(&ada, 1);
    ada.session.grab(thing).unwrap();
    let held = stage
        .harness
        .advance_until(&mut [&mut ada, &mut bo], |people| {
            people[0].holding == Some(thing)
        })
        .await;
    assert!(held, "{:?}", ada.denied);
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    // Both see it in Ada's hand.
    let ada_avatar = ada.welcome.as_ref().unwrap().entity;
    for person in [&ada, &bo] {
        let view = person.session.view();
        assert_eq!(view.newest_state(thing).unwrap().parent, Some(ada_avatar));
    }
    assert!(bo.shown(thing).unwrap().position.y > 0.7);

    let before = bo.shown(thing).unwrap().position;
    ada.session
        .release(thing, Vec3::new(5.0, 3.0, 0.0))
        .unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 3.0).await;
    assert_eq!(ada.holding, None);
    let landed = bo.shown(thing).unwrap().position;
    assert!(landed.x > before.x + 2.0, "{before} to {landed}");
    assert!(landed.distance(ada.shown(thing).unwrap().position) < 0.01);

    walk_to(&mut stage, &mut [&mut bo, &mut ada], thing).await;
    bo.session.grab(thing).unwrap();
    let held = stage
        .harness
        .advance_until(&mut [&mut ada, &mut bo], |people| {
            people[1].holding == Some(thing)
        })
        .await;
    assert!(held, "{:?}", bo.denied);
}

#[tokio::test(start_paused = true)]
async fn hands_have_rules() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    let (thing, other) = (crate_of(&ada, 1), crate_of(&ada, 0));
    ada.session.grab(thing).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    let taken = bo.session.grab(thing).unwrap();
    let full = ada.session.grab(other).unwrap();
    let unknown = bo.session.grab(EntityId(4000)).unwrap();
    let not_held = bo.session.release(thing, Vec3::ZERO).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(
        bo.denied,
        [
            (taken, Denial::Taken),
            (unknown, Denial::Unknown),
            (not_held, Denial::Unknown)
        ]
    );
    assert!(matches!(ada.denied.as_slice(), [(request, Denial::Other(_))] if *request == full));

    // Far away from everything.
    bo.motion.yaw = std::f32::consts::PI;
    let walk = [AvatarInput::default(), forward()];
    stage
        .harness
        .advance_with(&mut [&mut ada, &mut bo], &walk, 4.0)
        .await;
    let far = bo.session.grab(other).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(bo.denied.last(), Some(&(far, Denial::OutOfReach)));

    // Who leaves drops what they hold.
    ada.session.leave().unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 2.0).await;
    assert!(bo.shown(thing).unwrap().position.y < 0.4);
    assert_eq!(bo.session.view().newest_state(thing).unwrap().parent, None);
}

#[tokio::test(start_paused = true)]
async fn one_sits_and_the_other_sees_it() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = stage.two().await;
    let stood_at = ada.motion.position;
    ada.session.sit(0).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(ada.seat, Some(0));
    assert_eq!(bo.person("Ada").unwrap().activity, Activity::Sitting(0));
    let entity = bo.person("Ada").unwrap().entity;
    assert!(
        bo.shown(entity)
            .unwrap()
            .position
            .distance(Vec3::new(3.0, 0.0, 1.8))
            < 0.3
    );

    let taken = bo.session.sit(0).unwrap();
    let none = bo.session.sit(9).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(bo.denied, [(taken, Denial::Taken), (none, Denial::Unknown)]);

    ada.session.stand().unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.5).await;
    assert_eq!(
        (ada.seat, ada.motion.position.distance(stood_at) < 0.1),
        (None, true)
    );
    assert_eq!(bo.person("Ada").unwrap().activity, Activity::Standing);
    assert!(bo.shown(entity).unwrap().position.distance(stood_at) < 0.1);
    bo.session.sit(0).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(bo.seat, Some(0));
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_to_a_seat_sits_on_it_for_everybody() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    ada.session.sit(0).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    let entity = bo.person("Ada").unwrap().entity;
    // The same key from another machine, as after a restart of the program.
    let mut config = stage.harness.session_config(3, "Ada");
    config.key = identity::Key::from_seed(&[1; 32]);
    let mut again = stage.harness.join_as(config);
    let people = &mut [&mut again, &mut bo];
    stage.harness.advance(people, 2.0).await;
    assert_eq!(again.seat, Some(0));
    let flags = bo.session.view().newest_state(entity).unwrap().flags;
    assert!(flags.contains(Flags::SITTING), "{flags:?}");
    again.session.stand().unwrap();
    let people = &mut [&mut again, &mut bo];
    stage.harness.advance(people, 1.0).await;
    assert_eq!(again.seat, None);
    assert_eq!(bo.person("Ada").unwrap().activity, Activity::Standing);
}

#[tokio::test(start_paused = true)]
async fn who_stands_and_wants_to_stand_up_is_told_that_they_stand() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    // A program that believes what the server does not know.
    ada.seat = Some(0);
    ada.session.stand().unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(ada.seat, None);
}

#[tokio::test(start_paused = true)]
async fn notes_belong_to_their_writers() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    ada.session.pin_note("Meet at noon").unwrap();
    let empty = ada.session.pin_note("  ").unwrap();
    let long = ada.session.pin_note(&"x".repeat(281)).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(ada.denied, [(empty, Denial::Text), (long, Denial::Text)]);
    let note = bo.notes[0].clone();
    assert_eq!(
        (note.text.as_str(), note.from.as_str()),
        ("Meet at noon", "Ada")
    );
    let not_his = bo.session.remove_note(note.id).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert_eq!(bo.denied, [(not_his, Denial::NotYours)]);
    ada.session.remove_note(note.id).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert!(ada.notes.is_empty() && bo.notes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_talks_too_much_is_told_so() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    for number in 0..25 {
        ada.session.chat(&format!("line {number}")).unwrap();
    }
    ada.session.emote("wave").unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(bo.chat.len(), 20);
    assert_eq!(ada.denied.len(), 5);
    assert!(
        ada.denied
            .iter()
            .all(|(_, reason)| *reason == Denial::TooFast)
    );
    assert!(bo.emotes.is_empty());
    stage.harness.advance(&mut [&mut ada, &mut bo], 10.0).await;
    ada.session.emote("wave").unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!(bo.emotes.len(), 1);
}
