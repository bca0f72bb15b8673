//! What is shown of somebody who walks, frame by frame, when the network misbehaves: on recordings made here.

use glam::{Quat, Vec3};
use protocol::EntityId;
use replication::{
    ClientView, Encoder, EntitySample, EntityState, Flags, Kind, Pose, Salience, SharedHistory,
    SnapshotDecoder, SnapshotHeader, TraceEvent, TraceWriter, ViewPoint,
};
use session::replay;

const WALKER: EntityId = EntityId(2);
const SPEED: f32 = 4.6;
const FRAME_SECS: f64 = 1.0 / 60.0;
const SECS: f64 = 20.0;

/// Where the walker is: on a circle of 6 m.
fn place(tick: u64) -> Pose {
    let angle = tick as f32 / 60.0 * SPEED / 6.0;
    Pose {
        position: Vec3::new(angle.cos(), 0.0, angle.sin()) * 6.0,
        rotation: Quat::from_rotation_y(-angle),
        linear_velocity: Vec3::new(-angle.sin(), 0.0, angle.cos()) * SPEED,
        ..Pose::IDENTITY
    }
}

/// A recording of snapshots every 50 ms, each of which takes as long as `way` says of the moment when it was sent, or is
/// lost; an empty truth marks every frame.
fn record(way: impl Fn(f64) -> Option<f64>, return_at: Option<f64>) -> Vec<u8> {
    let (mut history, mut encoder, mut view) =
        (SharedHistory::new(), Encoder::new(), ClientView::new());
    let viewer = ViewPoint {
        own: None,
        position: Vec3::ZERO,
        forward: Vec3::NEG_Z,
    };
    let visit = |server_tick, is_return| TraceEvent::Visit {
        server_tick,
        is_return,
    };
    let mut events = vec![(0.0, visit(600, false))];
    let mut receiver = SnapshotDecoder::new(600);
    let mut under_way: Vec<(f64, Vec<u8>)> = Vec::new();
    for send in 0..(SECS * 20.0) as u64 {
        let (tick, sent_at) = (600 + send * 3, send as f64 * 0.05);
        if return_at.is_some_and(|at| sent_at >= at && sent_at < at + 0.05) {
            events.push((sent_at + 0.02, visit(tick, true)));
            (view, history, encoder) = (ClientView::new(), SharedHistory::new(), Encoder::new());
            (receiver, under_way) = (SnapshotDecoder::new(tick), Vec::new());
        }
        // An acknowledgement takes 50 ms.
        under_way.sort_by(|one, other| one.0.total_cmp(&other.0));
        let arrived = under_way.partition_point(|(at, _)| at + 0.05 < sent_at);
        for (_, bytes) in under_way.drain(..arrived) {
            let _is_late = receiver.decode(&bytes);
        }
        if let Some(acknowledgement) = receiver.acknowledgement() {
            view.acknowledge(acknowledgement);
        }
        let state = EntityState::quantise(&EntitySample {
            kind: Kind::Avatar,
            pose: place(tick),
            flags: Flags::GROUNDED,
            emote: 0,
            parent: None,
            teleport: 0,
        });
        history.record(tick, &[(WALKER, state.unwrap(), Salience::AVATAR)]);
        let mut bytes = Vec::new();
        let header = SnapshotHeader::default();
        encoder.encode(&mut view, &history, &header, &viewer, 400, &mut bytes);
        if let Some(way) = way(sent_at) {
            under_way.push((sent_at + way, bytes.clone()));
            events.push((sent_at + way, TraceEvent::Received(bytes)));
        }
    }
    for frame in 0..(SECS / FRAME_SECS) as u64 {
        let truth = TraceEvent::Truth {
            tick: 0,
            entities: Vec::new(),
        };
        events.push((frame as f64 * FRAME_SECS, truth));
    }
    events.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut trace = Vec::new();
    let mut writer = TraceWriter::begin(&mut trace);
    for (at_secs, event) in events {
        writer.write(at_secs, &event, &mut trace);
    }
    trace
}

/// What of the walker was shown.
struct Seen {
    /// Largest step of a frame beyond what the walker's speed explains, in metres.
    pop: f32,
    /// Largest distance from the truth of the tick that was shown, in the last three seconds.
    error: f32,
    /// Frames after the first in which nothing was shown.
    gaps: usize,
}

fn watch(trace: &[u8]) -> Seen {
    let mut seen = Seen {
        pop: 0.0,
        error: 0.0,
        gaps: 0,
    };
    let mut before: Option<Vec3> = None;
    replay(trace, |now_secs, view, event| {
        if !matches!(event, TraceEvent::Truth { .. }) {
            return;
        }
        let Some(pose) = view.pose(WALKER, now_secs) else {
            seen.gaps += usize::from(before.is_some());
            return;
        };
        if let Some(before) = before {
            let step = pose.position.distance(before);
            seen.pop = seen.pop.max(step - SPEED * FRAME_SECS as f32);
        }
        before = Some(pose.position);
        let tick = view.playout_tick(now_secs).unwrap();
        if now_secs > SECS - 3.0 {
            let truth = place(tick as u64)
                .position
                .lerp(place(tick as u64 + 1).position, tick.fract() as f32);
            seen.error = seen.error.max(truth.distance(pose.position));
        }
    })
    .unwrap();
    seen
}

#[test]
fn a_good_path_shows_the_truth_of_the_tick_that_it_states() {
    let seen = watch(&record(|_| Some(0.05), None));
    assert!(
        seen.pop < 0.02 && seen.error < 0.02,
        "{} {}",
        seen.pop,
        seen.error
    );
    assert_eq!(seen.gaps, 0);
}

#[test]
fn two_hundred_milliseconds_of_nothing_pass_without_a_pop() {
    for begin in [8.0, 8.03, 8.07] {
        let way = |sent: f64| (!(begin..begin + 0.2).contains(&sent)).then_some(0.05);
        let seen = watch(&record(way, None));
        assert!(seen.pop < 0.1, "{} m", seen.pop);
        assert!(seen.error < 0.02, "{} m three seconds later", seen.error);
    }
}

#[test]
fn what_was_held_back_comes_at_once_and_moves_nobody_by_more_than_a_step() {
    let way = |sent: f64| {
        let held = 8.25 - sent;
        Some(if (8.0..8.2).contains(&sent) {
            held.max(0.05)
        } else {
            0.05
        })
    };
    let seen = watch(&record(way, None));
    assert!(seen.pop < 0.13, "{} m", seen.pop);
}

#[test]
fn another_path_that_takes_longer_or_shorter_moves_nobody_back() {
    for (before, after) in [(0.03, 0.16), (0.16, 0.03), (0.03, 0.43), (0.43, 0.03)] {
        let way = |sent: f64| Some(if sent < 8.0 { before } else { after });
        let seen = watch(&record(way, None));
        assert!(seen.pop < 0.1, "{} m from {before} to {after} s", seen.pop);
        assert!(
            seen.error < 0.05,
            "{} m from {before} to {after} s",
            seen.error
        );
    }
}

#[test]
fn who_comes_back_after_a_loss_sees_people_go_on_from_where_they_were() {
    // Whoever is further off than 5 m afterwards is shown there at once.
    for loss_secs in [0.5, 0.8] {
        for way_after in [0.05, 0.15] {
            let way = |sent: f64| {
                if sent < 8.0 {
                    Some(0.05)
                } else {
                    (sent > 8.0 + loss_secs).then_some(way_after)
                }
            };
            let seen = watch(&record(way, Some(8.0 + loss_secs)));
            assert!(seen.pop < 0.1, "{} m after {loss_secs} s", seen.pop);
            assert_eq!(seen.gaps, 0, "they vanished for a while");
        }
    }
}

#[test]
fn jitter_and_loss_show_people_evenly() {
    let noise = |sent: f64, salt: u64| {
        let bits = ((sent * 20.0).round() as u64 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64
            / f64::from(1 << 24)
    };
    let way = |sent: f64| (noise(sent, 7) > 0.05).then(|| 0.05 + 0.02 * noise(sent, 99));
    let seen = watch(&record(way, None));
    assert!(seen.pop < 0.05, "{} m", seen.pop);
}
