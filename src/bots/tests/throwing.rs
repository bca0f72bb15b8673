//! Things that are carried and thrown, as a desktop client does it: at once, and decided by the server.

use crate::support::Stage;
use bots::Participant;
use glam::Vec3;
use protocol::{Denial, EntityId, HandPose, limits::MAX_MESSAGE_BURST};
use simulation::AvatarInput;

/// Two who see each other, with hands of their own.
async fn two_with_hands(stage: &mut Stage) -> (Participant, Participant) {
    let mut people = Vec::new();
    for (number, name) in [(1, "Ada"), (2, "Bo")] {
        let person = stage.harness.join(number, name);
        people.push(person.with_own_hands(stage.world()).unwrap());
    }
    let [mut ada, mut bo] = <[_; 2]>::try_from(people).unwrap();
    let inside = stage
        .harness
        .advance_until(&mut [&mut ada, &mut bo], |people| {
            people.iter().all(|person| person.is_inside)
        })
        .await;
    assert!(inside);
    stage.harness.advance(&mut [&mut ada, &mut bo], 2.0).await;
    (ada, bo)
}

async fn frame(stage: &mut Stage, ada: &mut Participant, bo: &mut Participant) {
    let still = [AvatarInput::default(); 2];
    stage.harness.tick_with(&mut [ada, bo], &still).await;
}

fn place(person: &Participant, thing: EntityId) -> Vec3 {
    person.shown(thing).unwrap().position
}

#[tokio::test(start_paused = true)]
async fn who_grabs_and_throws_sees_it_in_the_next_frame_and_others_see_it_go_on() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = two_with_hands(&mut stage).await;
    let thing = ada.bodies()[1].entity;
    let lies = place(&ada, thing);
    ada.grab(thing).unwrap();
    frame(&mut stage, &mut ada, &mut bo).await;
    assert!(place(&ada, thing).distance(lies) > 0.01, "it comes at once");
    stage.harness.advance(&mut [&mut ada, &mut bo], 2.0).await;
    assert_eq!(ada.holding, Some(thing));

    let (hand, seen) = (place(&ada, thing), place(&bo, thing));
    assert!(hand.distance(seen) < 0.1, "{hand} and {seen}");
    ada.throw(thing, Vec3::new(0.0, 3.0, -8.0)).unwrap();
    frame(&mut stage, &mut ada, &mut bo).await;
    assert!(place(&ada, thing).z < hand.z - 0.1, "it flies at once");
    let (mut mine, mut theirs) = (place(&ada, thing), place(&bo, thing));
    for _ in 0..400 {
        frame(&mut stage, &mut ada, &mut bo).await;
        let now = (place(&ada, thing), place(&bo, thing));
        assert!(
            now.0.distance(mine) < 0.3 && now.1.distance(theirs) < 0.35,
            "a jump: {mine} {theirs} {now:?}"
        );
        (mine, theirs) = now;
    }
    assert!(mine.z < hand.z - 2.0);
    assert!(mine.distance(theirs) < 0.02, "{mine} and {theirs}");
}

#[tokio::test(start_paused = true)]
async fn of_two_who_grab_the_first_heard_gets_it_and_the_others_picture_glides_back() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = two_with_hands(&mut stage).await;
    let thing = ada.bodies()[1].entity;
    ada.grab(thing).unwrap();
    bo.grab(thing).unwrap();
    let mut before = [place(&ada, thing), place(&bo, thing)];
    for _ in 0..120 {
        frame(&mut stage, &mut ada, &mut bo).await;
        let now = [place(&ada, thing), place(&bo, thing)];
        for (now, before) in now.iter().zip(before) {
            // A hand draws at 9 m/s, what glides adds 5 m/s to that, and a picture that was late catches up; without a
            // glide it were half a metre and more.
            assert!(now.distance(before) < 0.35, "{before} to {now}");
        }
        before = now;
    }
    let holders = [ada.holding, bo.holding];
    assert!(
        holders.contains(&Some(thing)) && holders.contains(&None),
        "{holders:?}"
    );
    let losers = if ada.holding.is_none() { &ada } else { &bo };
    assert!(matches!(losers.denied.as_slice(), [(_, Denial::Taken)]));
    assert!(
        before[0].distance(before[1]) < 0.1,
        "both see it in the same hand: {before:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_client_says_of_its_hand_gains_it_nothing() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    let (thing, other) = (ada.bodies()[1].entity, ada.bodies()[0].entity);
    let hand = |position: Vec3, rotation: [f32; 4], spin: Vec3| HandPose {
        position: position.to_array(),
        rotation,
        spin: spin.to_array(),
    };
    let straight = [0.0, 0.0, 0.0, 1.0];
    let claims = [
        // Teleported: across the world, and behind the wall.
        (
            hand(Vec3::new(20.0, 1.0, 20.0), straight, Vec3::ZERO),
            Vec3::ZERO,
        ),
        (
            hand(Vec3::new(0.0, 1.0, -7.0), straight, Vec3::ZERO),
            Vec3::ZERO,
        ),
        (hand(Vec3::Y * 40.0, straight, Vec3::ZERO), Vec3::ZERO),
        // No numbers, and too many of them.
        (hand(Vec3::NAN, straight, Vec3::ZERO), Vec3::ZERO),
        (hand(Vec3::Y, [0.0; 4], Vec3::INFINITY), Vec3::NAN),
        (
            hand(Vec3::new(0.0, 1.4, 1.7), straight, Vec3::splat(1e9)),
            Vec3::splat(1e9),
        ),
    ];
    for (claim, velocity) in claims {
        ada.session.grab(thing).unwrap();
        stage.harness.advance(&mut [&mut ada, &mut bo], 1.5).await;
        assert_eq!(ada.holding, Some(thing), "{:?}", ada.denied);
        let was = place(&bo, thing);
        ada.session.throw(thing, velocity, Some(claim)).unwrap();
        // The same again, and somebody else's.
        let replayed = ada.session.throw(thing, velocity, Some(claim)).unwrap();
        let not_held = bo.session.throw(thing, velocity, Some(claim)).unwrap();
        let unknown = ada.session.throw(other, velocity, Some(claim)).unwrap();
        let mut fastest: f32 = 0.0;
        let mut before = was;
        for _ in 0..12 {
            stage.harness.advance(&mut [&mut ada, &mut bo], 0.1).await;
            let (_, truth) = stage.harness.truth();
            let body = truth.iter().find(|entity| entity.entity == thing).unwrap();
            assert!(body.pose.position.is_finite());
            fastest = fastest.max(body.pose.position.distance(before) / 0.1);
            before = body.pose.position;
        }
        assert!(fastest < 16.0, "{fastest} m/s after {claim:?}");
        for (person, request) in [(&ada, replayed), (&bo, not_held), (&ada, unknown)] {
            assert!(
                person.denied.contains(&(request, Denial::Unknown)),
                "{:?}",
                person.denied
            );
        }
        bring_back(&mut stage, &mut ada, &mut bo, thing).await;
    }
}

/// Walks to where the thing has rolled.
async fn bring_back(
    stage: &mut Stage,
    ada: &mut Participant,
    bo: &mut Participant,
    thing: EntityId,
) {
    stage.harness.advance(&mut [&mut *ada, &mut *bo], 4.0).await;
    for _ in 0..300 {
        let away = place(ada, thing) - ada.motion.position;
        if away.length() < 2.0 {
            return;
        }
        ada.motion.yaw = f32::atan2(-away.x, -away.z);
        let walk = [
            AvatarInput {
                walk: glam::Vec2::Y,
                is_running: true,
                ..AvatarInput::default()
            },
            AvatarInput::default(),
        ];
        stage
            .harness
            .advance_with(&mut [&mut *ada, &mut *bo], &walk, 0.1)
            .await;
    }
    panic!("it is out of reach");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_grabs_and_throws_ends_with_its_sender_and_disturbs_nobody() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    let thing = ada.bodies()[1].entity;
    for _ in 0..MAX_MESSAGE_BURST / 4 {
        ada.session.grab(thing).unwrap();
        ada.session.release(thing, Vec3::Y * 12.0).unwrap();
    }
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.5).await;
    assert!(ada.end.is_none());
    for _ in 0..MAX_MESSAGE_BURST {
        ada.session.grab(thing).unwrap();
        ada.session.release(thing, Vec3::Y * 12.0).unwrap();
    }
    let mut highest: f32 = 0.0;
    for _ in 0..60 {
        stage.harness.advance(&mut [&mut ada, &mut bo], 0.05).await;
        let (_, truth) = stage.harness.truth();
        let body = truth.iter().find(|entity| entity.entity == thing).unwrap();
        highest = highest.max(body.pose.position.y);
    }
    assert!(ada.end.is_some(), "the flood goes on");
    // Who throws up and catches throws again from the end of their reach, and no higher: 12 m/s rise 7.3 m.
    assert!(highest < 1.6 + 4.0 + 7.4, "{highest} m: throws add up");
    let heard = bo.session.chat("still here").unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert!(bo.done.contains(&heard));
}

#[tokio::test(start_paused = true)]
async fn who_throws_before_the_answer_has_come_throws_all_the_same() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = two_with_hands(&mut stage).await;
    let thing = ada.bodies()[1].entity;
    let lies = place(&bo, thing);
    ada.grab(thing).unwrap();
    frame(&mut stage, &mut ada, &mut bo).await;
    ada.throw(thing, Vec3::new(0.0, 2.0, -6.0)).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 5.0).await;
    assert_eq!(ada.holding, None);
    let (mine, theirs) = (place(&ada, thing), place(&bo, thing));
    assert!(theirs.distance(lies) > 0.3, "it did not fly: {theirs}");
    assert!(mine.distance(theirs) < 0.02, "{mine} and {theirs}");
}
