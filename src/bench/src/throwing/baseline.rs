//! The baseline: snapshot interpolation three send intervals behind, as it is usually published, over the datagrams
//! that the product's own observer received.

use anyhow::{Context, Result};
use glam::Vec3;
use protocol::{EntityId, TICKS_PER_SEND};
use replication::{ServerClock, SnapshotDecoder, TraceEvent, TraceReader};
use std::collections::BTreeMap;

/// How far behind the server's clock it shows the world: three send intervals, in ticks.
const DELAY_TICKS: f64 = 3.0 * TICKS_PER_SEND as f64;

/// What had arrived by when.
#[derive(Default)]
pub(super) struct Snapshots {
    /// Local arrival time, and the server's clock from then on.
    clocks: Vec<(f64, ServerClock)>,
    /// Of each entity: local arrival time, server tick, position.
    samples: BTreeMap<EntityId, Vec<(f64, u64, Vec3)>>,
}

impl Snapshots {
    /// Reads the datagrams of a recording.
    pub(super) fn of_trace(trace: &[u8]) -> Result<Self> {
        let mut snapshots = Self::default();
        let mut decoder = SnapshotDecoder::new(0);
        let mut clock = ServerClock::new();
        for record in TraceReader::new(trace)? {
            let (at_secs, event) = record.context("an observer's recording")?;
            let bytes = match event {
                TraceEvent::Visit { server_tick, .. } => {
                    decoder = SnapshotDecoder::new(server_tick);
                    continue;
                }
                TraceEvent::Received(bytes) => bytes,
                TraceEvent::Sent(_) | TraceEvent::Truth { .. } => continue,
            };
            // Late and duplicate ones are of no use to either side.
            let Ok(snapshot) = decoder.decode(&bytes) else {
                continue;
            };
            clock.observe(snapshot.tick, at_secs);
            snapshots.clocks.push((at_secs, clock.clone()));
            for (entity, state) in &snapshot.updates {
                let sample = (at_secs, snapshot.tick, state.position_in_world());
                snapshots.samples.entry(*entity).or_default().push(sample);
            }
        }
        Ok(snapshots)
    }

    /// The tick shown at a local time, and where an entity is shown: on the straight line between the two samples
    /// around that tick, or at the newest one.
    pub(super) fn shown(&self, entity: EntityId, now_secs: f64) -> Option<(f64, Vec3)> {
        let known = self.clocks.partition_point(|(at, _)| *at <= now_secs);
        let (_, clock) = self.clocks.get(known.checked_sub(1)?)?;
        let tick = clock.tick_at(now_secs)? - DELAY_TICKS;
        let samples = self.samples.get(&entity)?;
        let arrived = samples.partition_point(|(at, _, _)| *at <= now_secs);
        let samples = &samples[..arrived];
        let after = samples.partition_point(|(_, sampled, _)| *sampled as f64 <= tick);
        let Some((_, to_tick, to)) = samples.get(after) else {
            return samples.last().map(|(_, _, position)| (tick, *position));
        };
        let Some((_, from_tick, from)) = after.checked_sub(1).and_then(|at| samples.get(at)) else {
            return Some((tick, *to));
        };
        let share = (tick - *from_tick as f64) / (to_tick - from_tick).max(1) as f64;
        Some((tick, from.lerp(*to, share as f32)))
    }
}
