//! Stoa's own encoder and decoders.

use crate::peer::{Late, MOST_BYTES, Peer, Traffic};
use crate::scene::{STEPS_PER_SEND, Scene, State};
use anyhow::Result;
use glam::Vec3;
use protocol::EntityId;
use replication::{
    Acknowledgement, ClientView, Encoder, EntityState, Salience, SharedHistory, SnapshotDecoder,
    SnapshotHeader, ViewPoint,
};

struct Client {
    view: ClientView,
    viewer: ViewPoint,
    decoder: SnapshotDecoder,
    datagram: Vec<u8>,
    late: Late<Acknowledgement>,
    arrived: Vec<Acknowledgement>,
}

impl Client {
    fn new(number: usize) -> Self {
        Self {
            view: ClientView::new(),
            viewer: ViewPoint {
                own: None,
                position: Vec3::ZERO,
                forward: Vec3::NEG_Z,
            },
            decoder: SnapshotDecoder::new(0),
            datagram: Vec::new(),
            late: Late::new(number),
            arrived: Vec::new(),
        }
    }
}

/// The server's side of `replication`, and a decoder for each client.
pub(crate) struct Stoa {
    history: SharedHistory,
    encoder: Encoder,
    tick: u64,
    world: Vec<(EntityId, EntityState, Salience)>,
    clients: Vec<Client>,
}

impl Peer for Stoa {
    const NAME: &'static str = "stoa";

    fn new(people: usize, _scene: &Scene) -> Result<Self> {
        Ok(Self {
            history: SharedHistory::new(),
            encoder: Encoder::new(),
            tick: 0,
            world: Vec::new(),
            clients: (0..people).map(Client::new).collect(),
        })
    }

    fn put(&mut self, scene: &Scene) -> Result<()> {
        self.tick += STEPS_PER_SEND;
        let states = scene.quantised.iter().zip(1..);
        self.world = states
            .map(|(state, id)| (EntityId(id), *state, Salience::AVATAR))
            .collect();
        for (number, client) in self.clients.iter_mut().enumerate() {
            client.viewer.position = scene.eyes(number);
        }
        Ok(())
    }

    fn send(&mut self) {
        self.history.record(self.tick, &self.world);
        for client in &mut self.clients {
            for acknowledgement in client.arrived.drain(..) {
                client.view.acknowledge(acknowledgement);
            }
            client.datagram.clear();
            self.encoder.encode(
                &mut client.view,
                &self.history,
                &SnapshotHeader::default(),
                &client.viewer,
                MOST_BYTES,
                &mut client.datagram,
            );
        }
    }

    fn deliver(&mut self) -> Result<Traffic> {
        let mut traffic = Traffic::default();
        for client in &mut self.clients {
            traffic.add(client.datagram.len());
            client.decoder.decode(&client.datagram)?;
            let sent = client.decoder.acknowledgement().into_iter().collect();
            client.arrived = client.late.pass(sent);
        }
        Ok(traffic)
    }

    fn holds(&mut self, client: usize, states: &[State]) -> bool {
        let decoder = &self.clients[client].decoder;
        (states.iter().zip(1..)).all(|(state, id)| {
            let held = decoder.state(EntityId(id)).map(State::from);
            held.as_ref() == Some(state)
        })
    }
}
