//! `encode`: what a client-send costs in the encoder alone, without a network and without physics; run it for several
//! crowds to see how that grows. Everybody walks within the nearest tier, and acknowledgements take one to three sends.

use crate::{random::Random, report::Metric, stopwatch::Stopwatch, walker::Walker};
use anyhow::{Result, ensure};
use glam::Vec3;
use protocol::EntityId;
use replication::{
    Acknowledgement, ClientView, Encoder, EntityState, ReceiveLog, Salience, SharedHistory,
    SnapshotDecoder, SnapshotHeader, ViewPoint,
};
use std::{collections::VecDeque, time::Duration};

/// Clients are served in turn: one of so many is served from this history.
const GROUPS: u32 = 3;
const WARM_UP_SENDS: u64 = 40;
const SENDS: u64 = 300;
/// Bytes of a datagram at the default of 64 kbit/s, 20 times a second.
const BUDGET_BYTES: usize = 342;
const TICKS_PER_SEND: u64 = 3;

/// A client without a network.
struct Client {
    own: EntityId,
    view: ClientView,
    log: ReceiveLog,
    /// What is on its way back.
    acknowledgements: VecDeque<Option<Acknowledgement>>,
}

impl Client {
    fn new(number: u32) -> Self {
        Self {
            own: EntityId(number + 1),
            view: ClientView::new(),
            log: ReceiveLog::default(),
            acknowledgements: VecDeque::from(vec![None; (number / GROUPS % 3) as usize]),
        }
    }

    /// Takes a datagram, unless it is lost, and answers.
    fn receive(&mut self, send: u64, is_lost: bool) {
        if !is_lost {
            self.log.insert(send);
        }
        self.acknowledgements.push_back(self.log.acknowledgement());
        if let Some(Some(acknowledgement)) = self.acknowledgements.pop_front() {
            self.view.acknowledge(acknowledgement);
        }
    }
}

/// A crowd, and what it cost.
struct Course {
    random: Random,
    loss: f32,
    walkers: Vec<Walker>,
    clients: Vec<Client>,
    history: SharedHistory,
    encoder: Encoder,
    /// Of the first client.
    decoder: SnapshotDecoder,
    sends: u64,
    bytes: usize,
    records: u64,
    encode: Duration,
    decode: Duration,
    decoded: u64,
}

/// Measures `people` who see each other; so many percent of their datagrams are lost.
pub(crate) fn run(people: u32, loss_percent: u32, seed: u64) -> Result<()> {
    ensure!(people > 0, "a crowd has at least one");
    let mut random = Random::new(seed);
    let mut course = Course {
        loss: loss_percent as f32 / 100.0,
        walkers: (0..people).map(|_| Walker::new(&mut random)).collect(),
        clients: (0..people)
            .step_by(GROUPS as usize)
            .map(Client::new)
            .collect(),
        random,
        history: SharedHistory::new(),
        encoder: Encoder::new(),
        decoder: SnapshotDecoder::new(0),
        sends: 0,
        bytes: 0,
        records: 0,
        encode: Duration::ZERO,
        decode: Duration::ZERO,
        decoded: 0,
    };
    for send in 1..=WARM_UP_SENDS + SENDS {
        if send == WARM_UP_SENDS + 1 {
            (course.sends, course.bytes, course.records) = (0, 0, 0);
            (course.encode, course.decode) = (Duration::ZERO, Duration::ZERO);
            course.decoded = 0;
        }
        course.step(send)?;
    }
    course.report();
    Ok(())
}

impl Course {
    /// One send to everybody.
    fn step(&mut self, send: u64) -> Result<()> {
        let mut entities = Vec::with_capacity(self.walkers.len());
        for (index, walker) in self.walkers.iter_mut().enumerate() {
            (0..TICKS_PER_SEND).for_each(|_| walker.step(&mut self.random));
            let state = EntityState::quantise(&walker.sample())?;
            entities.push((EntityId(index as u32 + 1), state, Salience::AVATAR));
        }
        let first = self.encode(send, &entities);
        for index in 0..self.clients.len() {
            let is_lost = self.random.chance(self.loss);
            if index == 0 && !is_lost {
                let started = Stopwatch::start();
                self.decoder.decode(&first)?;
                self.decode += started.elapsed();
                self.decoded += 1;
            }
            self.clients[index].receive(send, is_lost);
        }
        Ok(())
    }

    /// Gives the datagram of the first client.
    fn encode(&mut self, send: u64, entities: &[(EntityId, EntityState, Salience)]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BUDGET_BYTES * self.clients.len());
        let mut first = 0..0;
        let started = Stopwatch::start();
        self.history.record(send * TICKS_PER_SEND, entities);
        for client in &mut self.clients {
            let place = &entities[client.own.0 as usize - 1].1;
            let viewer = ViewPoint {
                own: Some(client.own),
                position: place.position_in_world() + Vec3::Y * 1.6,
                forward: Vec3::NEG_Z,
            };
            let header = SnapshotHeader::default();
            let report = self.encoder.encode(
                &mut client.view,
                &self.history,
                &header,
                &viewer,
                BUDGET_BYTES,
                &mut bytes,
            );
            if first.is_empty() {
                first = 0..bytes.len();
            }
            self.sends += 1;
            self.records += u64::from(report.records);
        }
        self.encode += started.elapsed();
        self.bytes += bytes.len();
        bytes.truncate(first.end);
        bytes
    }

    fn report(&self) {
        let sends = self.sends as f64;
        let micros = |time: Duration| time.as_secs_f64() * 1.0e6;
        for (metric, value, unit) in [
            (
                "encode_micros_per_client_send",
                micros(self.encode) / sends,
                "us",
            ),
            (
                "decode_micros",
                micros(self.decode) / self.decoded.max(1) as f64,
                "us",
            ),
            ("records_per_send", self.records as f64 / sends, "records"),
            ("bytes_per_send", self.bytes as f64 / sends, "B"),
        ] {
            Metric {
                bench: "encode",
                metric,
                value,
                unit,
                baseline: None,
            }
            .print();
        }
    }
}
