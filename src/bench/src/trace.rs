//! Recordings as scenes: the states that a recorded session held after each snapshot, sent again over a link of the
//! bench.

use crate::link::{Link, PACKET_BYTES};
use anyhow::{Context, Result, ensure};
use glam::Vec3;
use protocol::{EntityId, TICKS_PER_SECOND};
use replication::{
    EntityState, Kind, Salience, SnapshotDecoder, TraceEvent, TraceReader, ViewPoint,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Snapshots at the beginning that are not counted: the spawns.
const WARM_UP: usize = 20;
/// Only what is so near to the middle of all is taken, in metres: within the tier that is sent at full rate.
const NEAR_METRES: f32 = 23.0;

/// What a session held at one tick, in the order of ids. An entity that comes back has a new id.
struct Scene {
    tick: u64,
    states: Vec<(EntityId, EntityState)>,
}

/// What sending it again cost.
pub(crate) struct Resent {
    /// Entities in a snapshot, on average.
    pub(crate) entities: f64,
    pub(crate) kbit_per_sec: f64,
    /// Payload bytes for each entity that moved, on average.
    pub(crate) bytes_per_update: f64,
    pub(crate) encode_micros: f64,
    pub(crate) snapshots: usize,
}

/// Sends the entities of one kind again, to a receiver whose acknowledgements are `lag_sends` sends late.
pub(crate) fn resend(path: &Path, kind: Kind, lag_sends: usize) -> Result<Resent> {
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let scenes =
        scenes(&bytes, kind).with_context(|| format!("{} cannot be replayed", path.display()))?;
    ensure!(
        scenes.len() > WARM_UP + 1,
        "{} has only {} snapshots",
        path.display(),
        scenes.len()
    );
    let viewer = ViewPoint {
        own: None,
        position: middle(&scenes),
        forward: Vec3::NEG_Z,
    };
    let mut link = Link::new(viewer, lag_sends);
    let (mut entities, mut moved) = (0_usize, 0_usize);
    for (number, scene) in scenes.iter().enumerate() {
        if number == WARM_UP {
            link.start_counting();
        }
        if number >= WARM_UP {
            entities += scene.states.len();
            moved += moving_in(scenes.get(number - 1), scene);
        }
        let salience = Salience::AVATAR;
        let states = scene.states.iter();
        let states: Vec<_> = states.map(|(id, state)| (*id, *state, salience)).collect();
        link.send(scene.tick, &states)?;
    }
    let snapshots = scenes.len() - WARM_UP;
    let ticks = scenes[scenes.len() - 1].tick - scenes[WARM_UP - 1].tick;
    let secs = ticks.max(1) as f64 / f64::from(TICKS_PER_SECOND);
    let bytes = link.payload_bytes + link.packets * PACKET_BYTES;
    Ok(Resent {
        entities: entities as f64 / snapshots as f64,
        kbit_per_sec: bytes as f64 * 8.0 / 1_000.0 / secs,
        bytes_per_update: link.payload_bytes as f64 / moved.max(1) as f64,
        encode_micros: link.encode_time.as_secs_f64() * 1.0e6 / snapshots as f64,
        snapshots,
    })
}

/// Plays a recording's snapshots; a damaged end is where it ends.
fn scenes(bytes: &[u8], kind: Kind) -> Result<Vec<Scene>> {
    let mut decoder = SnapshotDecoder::new(0);
    let mut scenes: Vec<Scene> = Vec::new();
    for record in TraceReader::new(bytes)? {
        let Ok((_, event)) = record else { break };
        let datagram = match event {
            TraceEvent::Visit { server_tick, .. } => {
                decoder = SnapshotDecoder::new(server_tick);
                // A new visit may be to another run of the world, whose ticks begin anew.
                scenes.retain(|scene| scene.tick < server_tick);
                continue;
            }
            TraceEvent::Received(datagram) => datagram,
            TraceEvent::Sent(_) | TraceEvent::Truth { .. } => continue,
        };
        let Ok(tick) = decoder.decode(&datagram).map(|snapshot| snapshot.tick) else {
            continue;
        };
        let states = decoder.states().filter(|(_, state)| state.kind() == kind);
        let mut states: Vec<_> = states.map(|(id, state)| (id, *state)).collect();
        states.sort_by_key(|(id, _)| *id);
        if scenes.last().is_none_or(|last| last.tick < tick) {
            scenes.push(Scene { tick, states });
        }
    }
    keep_near(&mut scenes);
    Ok(scenes)
}

fn middle(scenes: &[Scene]) -> Vec3 {
    let places = scenes.iter().flat_map(|scene| &scene.states);
    let (sum, count) = places.fold((Vec3::ZERO, 0.0), |(sum, count), (_, state)| {
        (sum + state.position_in_world(), count + 1.0)
    });
    sum / f32::max(count, 1.0)
}

fn keep_near(scenes: &mut [Scene]) {
    let middle = middle(scenes);
    let mut next = 1;
    let mut names: BTreeMap<EntityId, EntityId> = BTreeMap::new();
    for scene in scenes {
        scene
            .states
            .retain(|(_, state)| state.position_in_world().distance(middle) < NEAR_METRES);
        let there: BTreeSet<EntityId> = scene.states.iter().map(|(id, _)| *id).collect();
        names.retain(|id, _| there.contains(id));
        for (id, _) in &mut scene.states {
            *id = *names.entry(*id).or_insert_with(|| {
                next += 1;
                EntityId(next)
            });
        }
    }
}

/// Entities that are not as they were.
fn moving_in(before: Option<&Scene>, now: &Scene) -> usize {
    let before: BTreeMap<_, _> = before
        .into_iter()
        .flat_map(|scene| scene.states.iter().map(|(id, state)| (*id, state)))
        .collect();
    let states = now.states.iter();
    let moved =
        states.filter(|(id, state)| before.get(id).is_none_or(|old| !old.looks_like(state)));
    moved.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use replication::{
        ClientView, Encoder, EntitySample, Flags, Pose, SharedHistory, SnapshotHeader, TraceWriter,
    };

    fn recording() -> Vec<u8> {
        let (mut history, mut encoder, mut view) =
            (SharedHistory::new(), Encoder::new(), ClientView::new());
        let viewer = ViewPoint {
            own: None,
            position: Vec3::ZERO,
            forward: Vec3::NEG_Z,
        };
        let mut trace = Vec::new();
        let mut writer = TraceWriter::begin(&mut trace);
        writer.write(
            0.0,
            &TraceEvent::Visit {
                server_tick: 90,
                is_return: false,
            },
            &mut trace,
        );
        for send in 0..60_u64 {
            let state = |id: u32| {
                let position = Vec3::new(id as f32, 0.0, send as f32 * 0.1);
                let sample = EntitySample {
                    kind: Kind::Avatar,
                    pose: Pose {
                        position,
                        ..Pose::IDENTITY
                    },
                    flags: Flags::default(),
                    emote: 0,
                    parent: None,
                    teleport: 0,
                };
                (
                    EntityId(id),
                    EntityState::quantise(&sample).unwrap(),
                    Salience::AVATAR,
                )
            };
            let states: Vec<_> = (1..=3).map(state).collect();
            history.record(100 + send * 3, &states);
            let mut bytes = Vec::new();
            encoder.encode(
                &mut view,
                &history,
                &SnapshotHeader::default(),
                &viewer,
                1_000,
                &mut bytes,
            );
            writer.write(send as f64 * 0.05, &TraceEvent::Received(bytes), &mut trace);
        }
        trace
    }

    #[test]
    fn a_recording_is_sent_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        std::fs::write(&path, recording()).unwrap();
        let resent = resend(&path, Kind::Avatar, 2).unwrap();
        assert_eq!((resent.entities, resent.snapshots), (3.0, 40));
        let (kbit_per_sec, bytes_per_update) = (resent.kbit_per_sec, resent.bytes_per_update);
        assert!(
            kbit_per_sec > 0.0 && bytes_per_update < 40.0,
            "{kbit_per_sec}, {bytes_per_update}"
        );
        assert!(resend(&path, Kind::Body, 2).unwrap().entities < 1.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damaged_recordings_never_panic(
            changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..20),
            cut in any::<usize>(),
        ) {
            let mut bytes = recording();
            for (place, value) in changes {
                let place = 12 + place % (bytes.len() - 12);
                bytes[place] = value;
            }
            bytes.truncate(12 + cut % (bytes.len() - 12));
            let _scenes = scenes(&bytes, Kind::Avatar);
            let _played = session::replay(&bytes, |now_secs, view, _| view.sample(now_secs, |_, _, _| {}));
        }
    }
}
