//! Two people in one world, over a bad network.

use crate::support::Stage;
use glam::Vec2;
use simulation::AvatarInput;

#[tokio::test(start_paused = true)]
async fn one_walks_and_the_other_sees_it() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = stage.two().await;
    let entity = bo.person("Ada").unwrap().entity;
    let begin = ada.motion.position;
    let walk = AvatarInput {
        walk: Vec2::new(1.0, 0.0),
        ..AvatarInput::default()
    };
    let still = AvatarInput::default();
    let mut path = Vec::new();
    for _ in 0..120 {
        let now = bo.session.now_secs();
        path.push((now, ada.motion.position));
        let inputs = [walk, still];
        stage
            .harness
            .advance_with(&mut [&mut ada, &mut bo], &inputs, 0.02)
            .await;
        let shown = bo.shown(entity).unwrap().position;
        // What is shown is where Ada was a moment ago: near her path, never off it.
        let off = path
            .iter()
            .map(|(_, place)| place.distance(shown))
            .fold(f32::INFINITY, f32::min);
        assert!(off < 0.15, "{off} m off her path at {shown}");
    }
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.5).await;
    assert!(begin.distance(ada.motion.position) > 2.0);
    let shown = bo.shown(entity).unwrap().position;
    assert!(shown.distance(ada.motion.position) < 0.01, "{shown}");
    assert_eq!(ada.session.stats().corrections, 0);
}

#[tokio::test(start_paused = true)]
async fn both_hear_what_either_says() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = stage.two().await;
    let request = ada.session.chat("Hello, Bo").unwrap();
    bo.session.chat("你好,Ada").unwrap();
    let heard = stage
        .harness
        .advance_until(&mut [&mut ada, &mut bo], |people| {
            people.iter().all(|person| person.chat.len() == 2)
        })
        .await;
    assert!(heard);
    assert!(ada.done.contains(&request));
    let mut texts: Vec<_> = bo.chat.iter().map(|line| line.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["Hello, Bo", "你好,Ada"]);
    assert_eq!(ada.chat, bo.chat);
}

#[tokio::test(start_paused = true)]
async fn everybody_learns_what_they_were_told_and_not_how_the_server_fares() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = stage.two().await;
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        ada.statistics = None;
        ada.session.ask_statistics().unwrap();
        let is_answered = stage
            .harness
            .advance_until(&mut [&mut ada, &mut bo], |people| {
                people[0].statistics.is_some()
            })
            .await;
        assert!(is_answered);
        answers.extend(ada.statistics);
    }
    let [first, second] = answers[..] else {
        panic!("two answers");
    };
    assert!(first.told.sends > 10 && first.told.records > 0, "{first:?}");
    assert!(second.told.sends < first.told.sends, "{second:?}");
    // She is a person and comes from elsewhere.
    assert_eq!((first.tick, first.people), (0, 0));
}
