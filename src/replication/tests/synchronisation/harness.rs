//! A world of moving things, a link that loses, duplicates, delays and reorders, and a client that checks every
//! state it decodes against what the server had at that tick.

use glam::{Quat, Vec3};
use protocol::EntityId;
use replication::{
    ClientView, DecodeError, EncodeReport, Encoder, EntitySample, EntityState, Flags, Kind, Pose,
    ReceiveLog, Salience, SharedHistory, SnapshotDecoder, SnapshotHeader, ViewPoint,
};
use std::collections::{BTreeMap, VecDeque};

/// A small generator of random numbers (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// In 0..1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// In -1..1.
    pub(crate) fn signed(&mut self) -> f32 {
        self.unit() * 2.0 - 1.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }
}

/// Things that walk, roll, stop, come and go.
pub(crate) struct World {
    pub(crate) tick: u64,
    pub(crate) samples: BTreeMap<EntityId, EntitySample>,
    pub(crate) is_moving: bool,
    next_id: u32,
    random: Random,
}

impl World {
    pub(crate) fn new(seed: u64, avatars: usize, bodies: usize) -> Self {
        let mut world = Self {
            tick: 65_500,
            samples: BTreeMap::new(),
            is_moving: true,
            next_id: 1,
            random: Random::new(seed),
        };
        for index in 0..avatars + bodies {
            world.spawn(if index < avatars {
                Kind::Avatar
            } else {
                Kind::Body
            });
        }
        world
    }

    pub(crate) fn spawn(&mut self, kind: Kind) -> EntityId {
        let id = EntityId(self.next_id);
        self.next_id += 1;
        let position = Vec3::new(
            self.random.signed() * 20.0,
            self.random.unit() * 2.0,
            self.random.signed() * 20.0,
        );
        let sample = EntitySample {
            kind,
            pose: Pose {
                position,
                ..Pose::IDENTITY
            },
            flags: Flags::default(),
            emote: 0,
            parent: None,
            teleport: 0,
        };
        self.samples.insert(id, sample);
        id
    }

    /// One send interval of three ticks.
    pub(crate) fn step(&mut self) {
        self.tick += 3;
        if !self.is_moving {
            return;
        }
        let random = &mut self.random;
        for sample in self.samples.values_mut() {
            let pose = &mut sample.pose;
            if random.chance(0.1) {
                let is_stopped = random.chance(0.4);
                let speed = if is_stopped { 0.0 } else { 3.0 };
                pose.linear_velocity = Vec3::new(
                    random.signed() - pose.position.x * 0.1,
                    0.0,
                    random.signed() - pose.position.z * 0.1,
                ) * speed;
                pose.angular_velocity =
                    Vec3::new(random.signed(), random.signed(), random.signed()) * speed;
            }
            pose.position += pose.linear_velocity * 0.05;
            if sample.kind == Kind::Avatar {
                let yaw = pose.yaw() + pose.angular_velocity.y * 0.05;
                pose.rotation = Quat::from_rotation_y(yaw);
                pose.head_pitch = (pose.head_pitch + random.signed() * 0.05).clamp(-1.5, 1.5);
                if pose.linear_velocity == Vec3::ZERO {
                    pose.head_pitch = 0.0;
                }
            } else {
                let turn = Quat::from_scaled_axis(pose.angular_velocity * 0.05);
                pose.rotation = (turn * pose.rotation).normalize();
            }
            if random.chance(0.01) {
                sample.teleport = sample.teleport.wrapping_add(1);
                pose.position = Vec3::new(random.signed(), random.unit(), random.signed()) * 8.0;
            }
            if random.chance(0.02) {
                sample.flags = Flags(random.next() as u8);
                sample.emote = random.next() as u8;
                sample.parent = random.chance(0.5).then(|| EntityId(random.next() as u32));
            }
        }
    }

    pub(crate) fn record(&self, history: &mut SharedHistory) {
        let states: Vec<_> = self
            .samples
            .iter()
            .map(|(id, sample)| {
                let state = EntityState::quantise(sample).expect("samples are finite");
                (*id, state, Salience::AVATAR)
            })
            .collect();
        history.record(self.tick, &states);
    }
}

/// How bad the link is.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    pub(crate) loss: f32,
    pub(crate) duplication: f32,
    /// Sends of delay, least and most.
    pub(crate) delay: (usize, usize),
    /// Chance that everything of the next ten sends is lost.
    pub(crate) burst: f32,
}

impl Link {
    pub(crate) const GOOD: Self = Self {
        loss: 0.0,
        duplication: 0.0,
        delay: (0, 0),
        burst: 0.0,
    };
    pub(crate) const BAD: Self = Self {
        loss: 0.2,
        duplication: 0.1,
        delay: (1, 5),
        burst: 0.01,
    };
}

/// One direction.
pub(crate) struct Channel {
    pub(crate) link: Link,
    random: Random,
    flying: VecDeque<(u64, Vec<u8>)>,
    now: u64,
    deaf_until: u64,
}

impl Channel {
    pub(crate) fn new(link: Link, seed: u64) -> Self {
        Self {
            link,
            random: Random::new(seed),
            flying: VecDeque::new(),
            now: 0,
            deaf_until: 0,
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        if self.random.chance(self.link.burst) {
            self.deaf_until = self.now + 10;
        }
        if self.now < self.deaf_until || self.random.chance(self.link.loss) {
            return;
        }
        let copies = 1 + usize::from(self.random.chance(self.link.duplication));
        for _ in 0..copies {
            let spread = self.link.delay.1 - self.link.delay.0 + 1;
            let delay = self.link.delay.0 + self.random.below(spread);
            self.flying
                .push_back((self.now + delay as u64, bytes.to_vec()));
        }
    }

    /// What arrives now, in the order of arrival.
    pub(crate) fn receive(&mut self) -> Vec<Vec<u8>> {
        let now = self.now;
        self.now += 1;
        let (due, flying): (VecDeque<_>, VecDeque<_>) =
            self.flying.drain(..).partition(|(at, _)| *at <= now);
        self.flying = flying;
        due.into_iter().map(|(_, bytes)| bytes).collect()
    }
}

/// A client and the server's view of it.
pub(crate) struct Peer {
    pub(crate) view: ClientView,
    pub(crate) decoder: SnapshotDecoder,
    pub(crate) down: Channel,
    pub(crate) up: Channel,
    pub(crate) budget: usize,
    pub(crate) viewer: ViewPoint,
    pub(crate) report: EncodeReport,
    pub(crate) decoded: usize,
    /// Number of the send that last held a record of an entity.
    pub(crate) heard: BTreeMap<EntityId, u64>,
}

impl Peer {
    pub(crate) fn new(link: Link, seed: u64, tick: u64) -> Self {
        Self {
            view: ClientView::new(),
            decoder: SnapshotDecoder::new(tick),
            down: Channel::new(link, seed),
            up: Channel::new(link, seed + 77),
            budget: 1200,
            viewer: ViewPoint {
                own: None,
                position: Vec3::ZERO,
                forward: Vec3::NEG_Z,
            },
            report: EncodeReport::default(),
            decoded: 0,
            heard: BTreeMap::new(),
        }
    }
}

/// Server, world and clients.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) history: SharedHistory,
    pub(crate) encoder: Encoder,
    pub(crate) peers: Vec<Peer>,
    pub(crate) sends: u64,
    /// What the server had at each tick.
    truth: BTreeMap<u64, BTreeMap<EntityId, EntityState>>,
}

impl Scene {
    pub(crate) fn new(world: World, link: Link, peers: usize) -> Self {
        let tick = world.tick;
        Self {
            world,
            history: SharedHistory::new(),
            encoder: Encoder::new(),
            peers: (0..peers)
                .map(|index| Peer::new(link, 1 + index as u64, tick))
                .collect(),
            sends: 0,
            truth: BTreeMap::new(),
        }
    }

    /// One send to everybody, everything checked.
    pub(crate) fn send(&mut self) {
        self.sends += 1;
        self.world.step();
        self.world.record(&mut self.history);
        let states = self
            .history
            .states()
            .map(|(id, state)| (id, *state))
            .collect();
        self.truth.insert(self.world.tick, states);
        for peer in &mut self.peers {
            let mut bytes = vec![];
            peer.report = self.encoder.encode(
                &mut peer.view,
                &self.history,
                &SnapshotHeader::default(),
                &peer.viewer,
                peer.budget,
                &mut bytes,
            );
            assert!(
                bytes.len() <= peer.budget,
                "{} over {}",
                bytes.len(),
                peer.budget
            );
            assert_eq!(bytes.len(), peer.report.bytes);
            peer.down.send(&bytes);
            for bytes in peer.down.receive() {
                match peer.decoder.decode(&bytes) {
                    Ok(snapshot) => {
                        peer.decoded += 1;
                        let truth = &self.truth[&snapshot.tick];
                        for (id, state) in &snapshot.updates {
                            peer.heard.insert(*id, self.sends);
                            assert_eq!(Some(state), truth.get(id), "{id:?} at {}", snapshot.tick);
                        }
                    }
                    Err(DecodeError::Late) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            if let Some(acknowledgement) = peer.decoder.acknowledgement() {
                let mut bytes = acknowledgement.newest.0.to_le_bytes().to_vec();
                bytes.extend(acknowledgement.mask.to_le_bytes());
                peer.up.send(&bytes);
            }
            for bytes in peer.up.receive() {
                peer.view.acknowledge(replication::Acknowledgement {
                    newest: protocol::tick::Wrapped(u16::from_le_bytes([bytes[0], bytes[1]])),
                    mask: u32::from_le_bytes([bytes[2], bytes[3], bytes[4], bytes[5]]),
                });
            }
        }
    }

    /// Every client holds exactly what the server has.
    pub(crate) fn assert_equal(&self) {
        let truth: BTreeMap<EntityId, EntityState> = self
            .history
            .states()
            .map(|(id, state)| (id, *state))
            .collect();
        for peer in &self.peers {
            let held: BTreeMap<EntityId, EntityState> = peer
                .decoder
                .states()
                .map(|(id, state)| (id, *state))
                .collect();
            assert_eq!(held, truth);
        }
    }
}

/// A log of arrivals, as the server keeps for client datagrams.
pub(crate) fn log_of(sequences: &[u64]) -> ReceiveLog {
    let mut log = ReceiveLog::default();
    for sequence in sequences {
        log.insert(*sequence);
    }
    log
}
