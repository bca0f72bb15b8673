//! What a world does when its machine has too much to do, and what can be seen of it from inside.

use crate::support::Stage;
use glam::Vec3;
use std::collections::BTreeSet;

#[tokio::test(start_paused = true)]
async fn a_world_that_runs_late_leaves_out_sends_and_goes_on_stepping() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    let thing = ada.bodies()[1].entity;
    ada.session.grab(thing).unwrap();
    let held = stage
        .harness
        .advance_until(&mut [&mut ada, &mut bo], |people| {
            people[0].holding.is_some()
        })
        .await;
    assert!(held, "{:?}", ada.denied);
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    let before = stage.harness.watch.take();
    assert!(before.sends > 0 && before.skipped_sends == 0, "{before:?}");

    stage.harness.late_secs = 0.04;
    ada.session.release(thing, Vec3::ZERO).unwrap();
    stage.harness.advance(&mut [&mut ada, &mut bo], 2.0).await;
    let late = stage.harness.watch.take();
    assert_eq!((late.ticks, late.sends), (120, 0));
    assert!(late.skipped_sends >= 40, "{late:?}");
    let height = |person: &bots::Participant| {
        let view = person.session.view();
        view.newest_state(thing).unwrap().position_in_world().y
    };
    assert!(height(&bo) > 0.6, "news came while none was sent");

    // Physics went on: with the next send the box lies on the ground.
    stage.harness.late_secs = 0.02;
    stage.harness.advance(&mut [&mut ada, &mut bo], 0.2).await;
    assert!(height(&bo) < 0.3, "{} m", height(&bo));
    assert_eq!(stage.harness.watch.take().skipped_sends, 0);
}

#[tokio::test(start_paused = true)]
async fn what_people_decode_is_what_the_server_had() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = stage.two().await;
    let walk = simulation::AvatarInput {
        walk: glam::Vec2::new(0.6, 0.3),
        ..simulation::AvatarInput::default()
    };
    let mut decoded = BTreeSet::new();
    for _ in 0..700 {
        let people = &mut [&mut ada, &mut bo];
        stage
            .harness
            .advance_with(people, &[walk, walk], 0.015)
            .await;
        for person in [&ada, &bo] {
            let view = person.session.view();
            let sampled = view
                .newest_states()
                .filter(|(_, tick, _)| server::is_sampled(*tick));
            decoded.extend(sampled.map(|(id, tick, state)| (tick, id, state.fingerprint())));
        }
    }
    let truth: BTreeSet<_> = stage
        .harness
        .watch
        .take_ledger()
        .truth
        .into_iter()
        .collect();
    assert!(decoded.len() >= 2, "{decoded:?}");
    assert!(decoded.is_subset(&truth), "{decoded:?}");
}
