//! `bevy_replicon`: a server app and one app for each client. Its messages are counted as it hands them to a backend.

use crate::peer::{Late, MOST_BYTES, Peer, Traffic};
use crate::scene::{Person, Scene, State, Thing};
use crate::world::{Number, Reader, empty_app, finish, spawn, write};
use anyhow::{Context, Result};
use bevy::prelude::*;
use bevy_replicon::prelude::*;
use bytes::Bytes;
use std::collections::HashMap;

struct Client {
    entity: Entity,
    app: App,
    reader: Reader,
    late: Late<(usize, Bytes)>,
}

/// Both ends.
pub(crate) struct Replicon {
    server: App,
    entities: Vec<Entity>,
    clients: Vec<Client>,
    places: HashMap<Entity, usize>,
}

/// What both ends must agree on. Whole values: a list of the changes that are not yet acknowledged (`replicate_diff`) takes
/// more bytes than a value of seven.
fn with_rules(mut app: App) -> App {
    app.add_plugins(RepliconSharedPlugin {
        auth_method: AuthMethod::None,
    })
    .replicate_once::<Number>()
    .replicate::<Person>()
    .replicate::<Thing>();
    app
}

fn server() -> App {
    let mut app = with_rules(empty_app());
    // Every update is a send.
    app.add_plugins((ServerPlugin::new(PostUpdate), ServerMessagePlugin));
    finish(&mut app);
    app.insert_state(ServerState::Running);
    app.update();
    app
}

impl Client {
    fn new(number: usize, server: &mut World) -> Self {
        let mut app = with_rules(empty_app());
        app.add_plugins((ClientPlugin, ClientMessagePlugin));
        finish(&mut app);
        app.insert_state(ClientState::Connected);
        app.update();
        let connected = ConnectedClient {
            max_size: MOST_BYTES,
        };
        Self {
            entity: server.spawn(connected).id(),
            reader: Reader::new(app.world_mut()),
            app,
            late: Late::new(number),
        }
    }
}

impl Peer for Replicon {
    const NAME: &'static str = "bevy_replicon";

    fn new(people: usize, scene: &Scene) -> Result<Self> {
        let mut server = server();
        let entities = spawn(server.world_mut(), scene, Replicated);
        let clients: Vec<Client> = (0..people)
            .map(|number| Client::new(number, server.world_mut()))
            .collect();
        let places = clients.iter().map(|client| client.entity).zip(0..);
        Ok(Self {
            places: places.collect(),
            server,
            entities,
            clients,
        })
    }

    fn put(&mut self, scene: &Scene) -> Result<()> {
        write(self.server.world_mut(), &self.entities, scene);
        Ok(())
    }

    fn send(&mut self) {
        self.server.update();
    }

    fn deliver(&mut self) -> Result<Traffic> {
        let mut traffic = Traffic::default();
        let mut messages = self.server.world_mut().resource_mut::<ServerMessages>();
        for (entity, channel, message) in messages.drain_sent() {
            traffic.add(message.len());
            let place = self.places.get(&entity).context("nobody's message")?;
            let client = self.clients[*place].app.world_mut();
            let mut inbox = client.resource_mut::<ClientMessages>();
            inbox.insert_received(channel, message);
        }
        for client in &mut self.clients {
            client.app.update();
            let mut outbox = client.app.world_mut().resource_mut::<ClientMessages>();
            let sent = outbox.drain_sent().collect();
            for (channel, message) in client.late.pass(sent) {
                messages.insert_received(client.entity, channel, message);
            }
        }
        Ok(traffic)
    }

    fn holds(&mut self, client: usize, states: &[State]) -> bool {
        let client = &mut self.clients[client];
        client.reader.holds(client.app.world(), states)
    }
}
