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

/// Measures `people` who see each other; so many percent of their datagrams are lost.
pub(crate) fn run(people: u32, loss_percent: u32, seed: u64) -> Result<()> {
    ensure!(people > 0, "a crowd has at least one");
    let mut random = Random::new(seed);
    let mut walkers: Vec<_> = (0..people).map(|_| Walker::new(&mut random)).collect();
    let mut clients: Vec<_> = (0..people)
        .step_by(GROUPS as usize)
        .map(Client::new)
        .collect();
    let (mut history, mut encoder) = (SharedHistory::new(), Encoder::new());
    let mut decoder = SnapshotDecoder::new(0);
    let mut entities = Vec::with_capacity(walkers.len());
    let mut bytes = Vec::new();
    let (mut encode, mut decode) = (Duration::ZERO, Duration::ZERO);
    let (mut sends, mut sent_bytes, mut records) = (0_u64, 0, 0);
    for send in 1..=WARM_UP_SENDS + SENDS {
        entities.clear();
        for (index, walker) in walkers.iter_mut().enumerate() {
            (0..TICKS_PER_SEND).for_each(|_| walker.step(&mut random));
            let state = EntityState::quantise(&walker.sample())?;
            entities.push((EntityId(index as u32 + 1), state, Salience::AVATAR));
        }
        let is_measured = send > WARM_UP_SENDS;
        let started = Stopwatch::start();
        history.record(send * TICKS_PER_SEND, &entities);
        let mut first = Vec::new();
        for client in &mut clients {
            let viewer = ViewPoint {
                own: Some(client.own),
                position: walkers[client.own.0 as usize - 1].sample().pose.position + Vec3::Y * 1.6,
                forward: Vec3::NEG_Z,
            };
            bytes.clear();
            let header = SnapshotHeader::default();
            let view = &mut client.view;
            let report = encoder.encode(view, &history, &header, &viewer, BUDGET_BYTES, &mut bytes);
            if first.is_empty() {
                first.clone_from(&bytes);
            }
            if is_measured {
                sends += 1;
                sent_bytes += bytes.len();
                records += u64::from(report.records);
            }
        }
        let elapsed = started.elapsed();
        let started = Stopwatch::start();
        let is_first_lost = random.chance(loss_percent as f32 / 100.0);
        if !is_first_lost {
            decoder.decode(&first)?;
        }
        if is_measured {
            encode += elapsed;
            decode += started.elapsed();
        }
        for (index, client) in clients.iter_mut().enumerate() {
            let is_lost = if index == 0 {
                is_first_lost
            } else {
                random.chance(loss_percent as f32 / 100.0)
            };
            client.receive(send, is_lost);
        }
    }
    let sends = sends as f64;
    for (metric, value, unit) in [
        (
            "encode_micros_per_client_send",
            micros(encode) / sends,
            "us",
        ),
        ("decode_micros", micros(decode) / SENDS as f64, "us"),
        ("records_per_send", records as f64 / sends, "records"),
        ("bytes_per_send", sent_bytes as f64 / sends, "B"),
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
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1.0e6
}
