//! `lightyear`: a server app and one app for each client. Its packets are counted as it hands them to a socket.

use crate::peer::{Late, MOST_BYTES, Peer, Traffic};
use crate::scene::{Person, Scene, State, Thing};
use crate::world::{Number, Reader, SEND_INTERVAL, empty_app, finish, spawn, write};
use anyhow::{Context, Result};
use bevy::prelude::*;
use bytes::{Bytes, BytesMut};
use lightyear::prelude::client::ClientPlugins;
use lightyear::prelude::server::{ClientOf, ServerPlugins, Started};
use lightyear::prelude::{
    AppComponentExt, Client as ClientMark, Connected, Link, LinkMtu, LinkOf, Linked, LocalId,
    NetworkTarget, PeerId, RemoteId, Replicate, ReplicationReceiver, ReplicationSender, Server,
};
use mock_instant::global::MockClock;

struct Client {
    /// In the server's world and in its own.
    ends: [Entity; 2],
    app: App,
    reader: Reader,
    late: Late<Bytes>,
}

/// Both ends.
pub(crate) struct Lightyear {
    server: App,
    entities: Vec<Entity>,
    clients: Vec<Client>,
}

fn with_rules(mut app: App) -> App {
    app.component::<Number>().replicate_once();
    app.component::<Person>().replicate();
    app.component::<Thing>().replicate();
    finish(&mut app);
    app
}

fn link() -> impl Bundle {
    let link = Link::default().with_mtu(LinkMtu::new(MOST_BYTES));
    (link, Linked, Connected)
}

impl Client {
    fn new(number: usize, server: &mut World, host: Entity) -> Self {
        let id = PeerId::Netcode(number as u64);
        let theirs = server.spawn((
            LinkOf { server: host },
            ClientOf,
            LocalId(PeerId::Server),
            RemoteId(id),
            ReplicationSender,
            link(),
        ));
        let theirs = theirs.id();
        let mut app = empty_app();
        app.add_plugins(ClientPlugins {
            tick_duration: SEND_INTERVAL,
        });
        let mut app = with_rules(app);
        let ours = app.world_mut().spawn((
            ClientMark,
            LocalId(id),
            RemoteId(PeerId::Server),
            ReplicationReceiver,
            link(),
        ));
        let ours = ours.id();
        app.update();
        Self {
            ends: [theirs, ours],
            reader: Reader::new(app.world_mut()),
            app,
            late: Late::new(number),
        }
    }
}

impl Peer for Lightyear {
    const NAME: &'static str = "lightyear";

    fn new(people: usize, scene: &Scene) -> Result<Self> {
        let mut server = empty_app();
        server.add_plugins(ServerPlugins {
            tick_duration: SEND_INTERVAL,
        });
        let mut server = with_rules(server);
        let host = server.world_mut().spawn((Server::default(), Started)).id();
        server.update();
        let everybody = Replicate::to_clients(NetworkTarget::All);
        let entities = spawn(server.world_mut(), scene, everybody);
        let clients = (0..people)
            .map(|number| Client::new(number, server.world_mut(), host))
            .collect();
        Ok(Self {
            server,
            entities,
            clients,
        })
    }

    fn put(&mut self, scene: &Scene) -> Result<()> {
        // What round trips are measured with.
        MockClock::advance(SEND_INTERVAL);
        write(self.server.world_mut(), &self.entities, scene);
        Ok(())
    }

    fn send(&mut self) {
        self.server.update();
    }

    fn deliver(&mut self) -> Result<Traffic> {
        let mut traffic = Traffic::default();
        for client in &mut self.clients {
            let [theirs, ours] = client.ends;
            let mut theirs = (self.server.world_mut().get_mut::<Link>(theirs))
                .context("the server lost a client")?;
            let mut link = (client.app.world_mut().get_mut::<Link>(ours))
                .context("a client lost the server")?;
            for packet in theirs.send.drain() {
                traffic.add(packet.len());
                link.recv.push_raw(BytesMut::from(packet));
            }
            client.app.update();
            let mut link = (client.app.world_mut().get_mut::<Link>(ours))
                .context("a client lost the server")?;
            let sent = link.send.drain().collect();
            for packet in client.late.pass(sent) {
                theirs.recv.push_raw(BytesMut::from(packet));
            }
        }
        Ok(traffic)
    }

    fn holds(&mut self, client: usize, states: &[State]) -> bool {
        let client = &mut self.clients[client];
        client.reader.holds(client.app.world(), states)
    }
}
