//! State to everybody: one datagram a client every third tick, within what its path carries.

use super::{Body, Hold, World, hands::is_thrown, people::Link};
use crate::statistics::note_told;
use network::{Batch, StateBudget};
use protocol::{EntityId, TICKS_PER_SECOND, TICKS_PER_SEND, limits::MAX_CLIENT_KBIT_PER_SEC};
use replication::{
    Encoder, EntitySample, EntityState, Flags, Kind, Pose, Salience, SharedHistory, SnapshotHeader,
    ViewPoint,
};
use scene::{NodeIndex, Scene};
use simulation::BodyState;

/// Clients are served in turn, so that the work is spread over the ticks between two sends.
pub(super) const SEND_GROUPS: usize = TICKS_PER_SEND as usize;
/// A world that runs later than this sends nothing in that tick, in seconds: physics goes first.
const LATE_SECS: f64 = 0.03;
/// Bytes of IP, UDP and QUIC around a datagram.
const HEADER_BYTES: usize = 58;
/// Sends after which a connection is told its budget again: a second.
const TELL_BUDGET_SENDS: u64 = 20;
/// Sends after which the path is looked at again: sooner than a budget may shrink twice.
const PATH_SENDS: u64 = 2;
/// A datagram of so many bytes fits into every path that QUIC runs on (1,200 bytes a packet).
const ALWAYS_FITS: usize = 1_100;
/// Weight of things in hands and in the air.
const HELD_WEIGHT: f32 = 4.0;
/// Smallest datagram that makes progress, see [`Encoder::encode`].
const LEAST_DATAGRAM: usize = 100;

/// Work of a tick, in seconds, above which a world tells everybody less: half of a tick, so that the rest has room.
const BUSY_SECS: f64 = 0.5 / TICKS_PER_SECOND as f64;
/// Weight of one tick in the mean.
const WORK_WEIGHT: f64 = 0.05;
/// Factors by which detail falls and rises each tick; rises slowly, so that it settles.
const FALL: f64 = 0.98;
const RISE: f64 = 1.004;
/// Work below which it rises, as a share of [`BUSY_SECS`].
const IDLE_SHARE: f64 = 0.8;
/// Least detail.
const LEAST_DETAIL: f64 = 0.1;

/// How much of what their paths carry clients are sent. A world whose ticks get long says less to each before it sends
/// less often, and sends less often before it steps less often.
#[derive(Debug)]
pub(super) struct Detail {
    work_secs: f64,
    share: f64,
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            work_secs: 0.0,
            share: 1.0,
        }
    }
}

impl Detail {
    /// A tick took so long.
    pub(super) fn note(&mut self, work_secs: f64) {
        self.work_secs += (work_secs - self.work_secs) * WORK_WEIGHT;
        let factor = if self.work_secs > BUSY_SECS {
            FALL
        } else if self.work_secs < BUSY_SECS * IDLE_SHARE {
            RISE
        } else {
            1.0
        };
        self.share = (self.share * factor).clamp(LEAST_DETAIL, 1.0);
    }

    /// What is used of a budget.
    fn of(&self, budget: usize) -> usize {
        ((budget as f64 * self.share) as usize).max(LEAST_DATAGRAM)
    }
}

/// Clients that are sent to in the same tick, and the history that their snapshots build on.
#[derive(Default)]
pub(super) struct SendGroup {
    history: SharedHistory,
    encoder: Encoder,
    /// Datagrams and bytes of the last send: the next is about as large.
    last_send: (usize, usize),
}

/// What a new client is sent: as much as the host allows, until its path says otherwise.
pub(crate) fn first_budget(client_kbit_per_sec: u32) -> StateBudget {
    let kbit_per_sec = client_kbit_per_sec.min(MAX_CLIENT_KBIT_PER_SEC);
    let most_bytes_per_sec = f64::from(kbit_per_sec) * 1000.0 / 8.0;
    StateBudget::new(most_bytes_per_sec, most_bytes_per_sec)
}

impl Link {
    /// Most bytes of the next datagram; nothing while the one before it has not left, because what has not left is
    /// stale and fresh state goes with the next send.
    fn bytes_of_this_send(&mut self, now_secs: f64, round: u64) -> Option<usize> {
        if round.is_multiple_of(PATH_SENDS) {
            self.path = self.connection.stats();
        }
        let is_waiting = self.connection.has_unsent_state();
        let bytes_per_sec =
            self.budget
                .update(now_secs, self.path.rtt, self.path.min_rtt, is_waiting);
        if round.is_multiple_of(TELL_BUDGET_SENDS) {
            self.connection.set_state_budget(bytes_per_sec as u64);
        }
        if is_waiting {
            return None;
        }
        let sends_per_sec = f64::from(TICKS_PER_SECOND) / f64::from(TICKS_PER_SEND);
        let bytes = self.budget.bytes_per_send(sends_per_sec, HEADER_BYTES);
        let bytes = bytes.max(LEAST_DATAGRAM);
        if bytes <= ALWAYS_FITS {
            return Some(bytes);
        }
        Some(bytes.min(self.connection.max_datagram_size()?))
    }
}

impl World {
    /// Sends to the clients whose turn it is.
    pub(super) fn send_states(&mut self, late_secs: f64) {
        let turn = (self.tick % SEND_GROUPS as u64) as usize;
        let is_due = |known: &super::Person| {
            known
                .link
                .as_ref()
                .is_some_and(|link| link.is_ready && link.group == turn)
        };
        if !self.people.values().any(is_due) {
            return;
        }
        if late_secs > LATE_SECS {
            self.statistics.note_skipped_send();
            return;
        }
        self.record_states(turn);
        let batch = self.encode_states(turn);
        let Some(courier) = &self.courier else {
            return batch.deliver();
        };
        if !courier.send(batch) {
            tracing::debug!("the network is behind: a send was dropped");
        }
    }

    /// A datagram for each client of a group.
    fn encode_states(&mut self, turn: usize) -> Batch {
        let now_secs = self.now_secs();
        let round = self.tick / SEND_GROUPS as u64;
        let SendGroup {
            history,
            encoder,
            last_send,
        } = &mut self.groups[turn];
        let (datagrams, bytes) = *last_send;
        let mut batch = Batch::with_capacity(datagrams, bytes + bytes / 4);
        for known in self.people.values_mut() {
            let Some(link) = known
                .link
                .as_mut()
                .filter(|link| link.is_ready && link.group == turn)
            else {
                continue;
            };
            let Some(budget) = link.bytes_of_this_send(now_secs, round) else {
                continue;
            };
            let budget = self.detail.of(budget);
            let viewer = ViewPoint {
                own: Some(known.info.entity),
                position: known.track.eyes(),
                forward: forward(known.track.newest()),
            };
            let header = SnapshotHeader {
                acknowledgement: link.log.acknowledgement(),
                input_timing: known.track.timing(),
                correction: known.track.correction(),
            };
            let (view, connection) = (&mut link.view, link.connection.clone());
            let report = batch.add(connection, |bytes| {
                encoder.encode(view, history, &header, &viewer, budget, bytes)
            });
            note_told(&mut link.told, &report);
            self.statistics
                .note_sent(known.info.entity, self.tick, &report);
        }
        *last_send = (batch.datagram_count(), batch.byte_count());
        batch
    }

    /// Notes everything that moves, quantised, in the history of a group.
    fn record_states(&mut self, turn: usize) {
        let mut states = std::mem::take(&mut self.states);
        states.clear();
        self.gather_states(&mut states);
        let history = &mut self.groups[turn].history;
        history.record(self.tick, &states);
        self.statistics.note_recorded(history);
        self.states = states;
    }

    fn gather_states(&self, states: &mut Vec<(EntityId, EntityState, Salience)>) {
        let bodies = self.bodies.iter().filter_map(|body| {
            let sample = self.body_sample(body)?;
            let weight = if sample.flags.contains(Flags::HELD) || is_thrown(body, self.tick) {
                HELD_WEIGHT
            } else {
                1.0
            };
            let salience = Salience {
                size_metres: body.size_metres,
                weight,
            };
            Some((body.entity, EntityState::quantise(&sample).ok()?, salience))
        });
        let people = self.people.values().filter_map(|known| {
            let shown = known.track.at_tick(self.tick);
            let sample = EntitySample {
                kind: Kind::Avatar,
                pose: shown.pose(),
                flags: shown.flags,
                emote: shown.emote,
                parent: None,
                teleport: known.track.teleport(),
            };
            let state = EntityState::quantise(&sample).ok()?;
            Some((known.info.entity, state, Salience::AVATAR))
        });
        states.extend(people.chain(bodies));
    }

    pub(super) fn body_sample(&self, body: &Body) -> Option<EntitySample> {
        let state = self.simulation.body(body.index)?;
        let holder = match &body.hold {
            Hold::Held(person) => self.people.get(person).map(|known| known.info.entity),
            _ => None,
        };
        Some(EntitySample {
            kind: Kind::Body,
            pose: pose_of(&state),
            flags: Flags::default()
                .with(Flags::ASLEEP, state.is_sleeping)
                .with(Flags::HELD, holder.is_some()),
            emote: 0,
            parent: holder,
            teleport: body.teleport,
        })
    }
}

fn pose_of(state: &BodyState) -> Pose {
    Pose {
        position: state.position,
        rotation: state.rotation,
        head_pitch: 0.0,
        linear_velocity: state.linear_velocity,
        angular_velocity: state.angular_velocity,
    }
}

fn forward(sample: &replication::OwnSample) -> glam::Vec3 {
    glam::Quat::from_rotation_y(sample.yaw)
        * glam::Quat::from_rotation_x(sample.pitch)
        * glam::Vec3::NEG_Z
}

/// True when a body can be told of at all.
pub(super) fn is_in_range(state: &BodyState) -> bool {
    let quantiser = Kind::Body.position_quantiser();
    quantiser.quantise3(state.position.to_array()).is_ok()
}

/// Radius of what is drawn at a node and below, in metres.
pub(super) fn size_of(scene: &Scene, node: NodeIndex) -> f32 {
    let center = scene.world_from_node(node).translation;
    let mut radius: f32 = 0.0;
    let mut nodes = vec![node];
    while let Some(index) = nodes.pop() {
        let Some(part) = scene.nodes.get(index.index()) else {
            continue;
        };
        nodes.extend(&part.children);
        let Some(mesh) = part.mesh.and_then(|mesh| scene.meshes.get(mesh.index())) else {
            continue;
        };
        let world = scene.world_from_node(index);
        for (low, high) in mesh.primitives.iter().filter_map(scene::Primitive::bounds) {
            let middle = world.transform_point3((low + high) * 0.5);
            let half = world.transform_vector3((high - low) * 0.5);
            radius = radius.max(half.length() + middle.distance(center.into()));
        }
    }
    if radius.is_finite() && radius > 0.0 {
        radius.min(100.0)
    } else {
        0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_with_too_much_to_do_says_less_and_recovers() {
        let mut detail = Detail::default();
        (0..600).for_each(|_| detail.note(0.002));
        assert_eq!(detail.of(342), 342);
        // One long tick is no reason.
        detail.note(0.1);
        (0..60).for_each(|_| detail.note(0.002));
        assert_eq!(detail.of(342), 342);

        // What a tick takes grows with what is said.
        for _ in 0..1_200 {
            let work_secs = 0.004 + 0.012 * detail.share;
            detail.note(work_secs);
        }
        let settled = 0.004 + 0.012 * detail.share;
        assert!(
            (BUSY_SECS * 0.7..BUSY_SECS * 1.1).contains(&settled),
            "{settled}"
        );
        (0..3_000).for_each(|_| detail.note(0.02));
        assert_eq!(detail.of(342), LEAST_DATAGRAM);
        (0..3_000).for_each(|_| detail.note(0.002));
        assert_eq!(detail.of(342), 342);
    }
}
