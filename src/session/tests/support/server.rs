//! A server of the least that a session needs, with faults to order.

use super::SERVER;
use network::simulated::Network;
use network::{BulkStream, Certificate, CloseCode, Connection, ServerEndpoint, StreamSender};
use protocol::limits::CHUNK_BYTES;
use protocol::{
    BulkRequest, BulkResponse, ChatLine, ClientMessage, ContentHash, EntityId, FileEntry, Hello,
    PROTOCOL_VERSION, PersonId, Refusal, ServerMessage, Welcome, WorldInfo,
};
use replication::{
    ClientDatagram, ClientView, Correction, Encoder, EntitySample, EntityState, Kind, OwnSample,
    ReceiveLog, Salience, SharedHistory, SnapshotHeader, ViewPoint,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What is there, and what goes wrong.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// Path and content of each file; the first is the main one.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// Refuse everybody for this.
    pub(crate) refusal: Option<Refusal>,
    /// Send so many damaged chunks.
    pub(crate) bad_chunks: u32,
    /// Serve another content under the hashes of the files.
    pub(crate) is_lying: bool,
    /// End each file after so many chunks, so many times, by closing the connection.
    pub(crate) cut_after_chunks: Option<(usize, u32)>,
    /// Answer one file stream after the other.
    pub(crate) is_one_by_one: bool,
    /// Files of the world, when the others are only served.
    pub(crate) listed: Option<usize>,
    /// The clock in the welcome.
    pub(crate) welcome_tick: Option<u64>,
    /// Say nothing after the hello.
    pub(crate) is_silent: bool,
    /// Send these bytes instead of the challenge.
    pub(crate) garbage: Option<Vec<u8>>,
    /// Send each person a correction to this place when their first motion comes.
    pub(crate) correction: Option<glam::Vec3>,
}

#[derive(Clone)]
pub(crate) struct TestServer {
    pub(crate) endpoint: ServerEndpoint,
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) options: Options,
    epoch: Instant,
    people: BTreeMap<String, Person>,
    chat: Vec<ChatLine>,
    /// Requests for files: content, first chunk.
    pub(crate) fetches: Vec<(ContentHash, u32)>,
    pub(crate) offers: Vec<Vec<u8>>,
    pub(crate) readies: u32,
    pub(crate) leaves: u32,
}

struct Person {
    id: u32,
    newest: Option<OwnSample>,
    echoed: u8,
    outgoing: mpsc::Sender<ServerMessage>,
    connection: Connection,
}

pub(crate) fn content_of(content: &[u8]) -> ContentHash {
    ContentHash(*blake3::hash(content).as_bytes())
}

impl TestServer {
    pub(crate) fn start(network: &Network, options: Options) -> Self {
        let certificate = Certificate::temporary().unwrap();
        Self::on(
            ServerEndpoint::simulated(network, SERVER, &certificate).unwrap(),
            options,
        )
    }

    pub(crate) fn on(endpoint: ServerEndpoint, options: Options) -> Self {
        let state = Arc::new(Mutex::new(State {
            options,
            epoch: Instant::now(),
            people: BTreeMap::new(),
            chat: Vec::new(),
            fetches: Vec::new(),
            offers: Vec::new(),
            readies: 0,
            leaves: 0,
        }));
        let server = Self { endpoint, state };
        tokio::spawn(server.clone().accept());
        server
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Newest sample of a person's motion, and the correction it goes on from.
    pub(crate) fn motion_of(&self, did: &str) -> Option<(OwnSample, u8)> {
        let state = self.state();
        let person = state.people.get(did)?;
        Some((person.newest?, person.echoed))
    }

    pub(crate) fn connection_of(&self, did: &str) -> Connection {
        self.state().people[did].connection.clone()
    }

    pub(crate) fn say_to(&self, did: &str, message: ServerMessage) {
        self.state().people[did].outgoing.try_send(message).unwrap();
    }

    async fn accept(self) {
        while let Some(handshake) = self.endpoint.accept().await {
            let server = self.clone();
            tokio::spawn(async move {
                if let Ok(connection) = handshake.finish().await {
                    server.serve(connection).await;
                }
            });
        }
    }

    /// Ends quietly whenever the client does something that it should not.
    async fn serve(self, connection: Connection) -> Option<()> {
        let mut control = connection.accept_control().await.ok()?;
        let ClientMessage::Hello(hello) = control.receiver.receive().await.ok()? else {
            return None;
        };
        let options = self.state().options.clone();
        if options.is_silent {
            connection.closed().await;
        }
        if let Some(garbage) = options.garbage {
            control.sender.send_raw(&garbage).await.ok()?;
            connection.closed().await;
        }
        let refusal = if hello.version == PROTOCOL_VERSION {
            options.refusal
        } else {
            Some(Refusal::Version {
                server: PROTOCOL_VERSION,
            })
        };
        if let Some(refusal) = refusal {
            return refuse(&connection, &mut control.sender, refusal).await;
        }
        let nonce = identity::new_nonce().unwrap();
        let challenge = ServerMessage::Challenge {
            nonce: nonce.to_vec(),
        };
        control.sender.send(&challenge).await.ok()?;
        let ClientMessage::Proof(proof) = control.receiver.receive().await.ok()? else {
            return None;
        };
        let exporter = connection.exporter().unwrap();
        let did = hello.did.parse().unwrap();
        if identity::verify(&did, &exporter, &nonce, &proof.signature).is_err() {
            return refuse(&connection, &mut control.sender, Refusal::Proof).await;
        }
        connection.set_proven();
        let (outgoing, mut queue) = mpsc::channel(1024);
        let welcome = self.admit(&hello, &connection, outgoing);
        control.sender.send(&welcome).await.ok()?;
        let mut sender = control.sender;
        tokio::spawn(async move {
            while let Some(message) = queue.recv().await {
                if sender.send(&message).await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(self.clone().serve_files(connection.clone()));
        loop {
            match control.receiver.receive().await.ok()? {
                ClientMessage::Ready => {
                    self.state().readies += 1;
                    tokio::spawn(
                        self.clone()
                            .stream_state(connection.clone(), hello.did.clone()),
                    );
                }
                ClientMessage::Chat { request, text } => self.chat(&hello, request, text),
                ClientMessage::Leave => {
                    self.state().leaves += 1;
                    connection.close(CloseCode::Done, "");
                }
                _ => {}
            }
        }
    }

    fn admit(
        &self,
        hello: &Hello,
        connection: &Connection,
        outgoing: mpsc::Sender<ServerMessage>,
    ) -> ServerMessage {
        let mut state = self.state();
        let next_id = state.people.len() as u32 + 1;
        let old = state.people.remove(&hello.did);
        let is_resumed = old.is_some();
        let id = old.as_ref().map_or(next_id, |person| person.id);
        if let Some(old) = &old {
            old.connection
                .close(CloseCode::Replaced, "you entered elsewhere");
        }
        let newest = old.and_then(|person| person.newest);
        let person = Person {
            id,
            newest,
            echoed: 0,
            outgoing,
            connection: connection.clone(),
        };
        state.people.insert(hello.did.clone(), person);
        let position = newest.map_or([0.0; 3], |sample| sample.position.to_array());
        ServerMessage::Welcome(Box::new(Welcome {
            person: PersonId(id),
            entity: EntityId(id),
            name: hello.name.clone(),
            is_resumed,
            tick: state.options.welcome_tick.unwrap_or_else(|| state.tick()),
            position,
            yaw: 0.0,
            world: state.world(),
            people: Vec::new(),
            bodies: Vec::new(),
            seats: Vec::new(),
            chat: state.chat.clone(),
            notes: Vec::new(),
            holding: None,
            things: Vec::new(),
            rights: protocol::Rights::default(),
        }))
    }

    fn chat(&self, hello: &Hello, request: u32, text: String) {
        let mut state = self.state();
        let line = ChatLine {
            id: state.chat.len() as u64,
            from: hello.name.as_str().to_owned(),
            person: None,
            text,
            unix_secs: 0,
        };
        state.chat.push(line.clone());
        for person in state.people.values() {
            // A person whose connection has ended hears nothing.
            drop(person.outgoing.try_send(ServerMessage::Chat(line.clone())));
        }
        let person = &state.people[&hello.did];
        drop(person.outgoing.try_send(ServerMessage::Done { request }));
    }

    async fn serve_files(self, connection: Connection) {
        while let Ok(stream) = connection.accept_bulk().await {
            let serving = tokio::spawn(self.clone().serve_file(stream, connection.clone()));
            if self.state().options.is_one_by_one {
                serving.await.unwrap();
            }
        }
    }

    async fn serve_file(self, mut stream: BulkStream, connection: Connection) -> Option<()> {
        match stream.receiver.receive().await.ok()? {
            BulkRequest::Fetch { hash, first_chunk } => {
                self.send_file(&mut stream, &connection, hash, first_chunk)
                    .await
            }
            BulkRequest::Offer { hash, bytes, .. } | BulkRequest::OfferThing { hash, bytes } => {
                stream.sender.send(&BulkResponse::Send).await.ok()?;
                let mut file = vec![0; bytes as usize];
                let mut filled = 0;
                while filled < file.len() {
                    filled += stream
                        .receiver
                        .receive_raw(&mut file[filled..])
                        .await
                        .ok()??;
                }
                assert_eq!(content_of(&file), hash);
                self.state().offers.push(file);
                stream.sender.send(&BulkResponse::Have).await.ok()?;
                stream.sender.finish();
                stream.sender.finished().await;
                Some(())
            }
        }
    }

    async fn send_file(
        &self,
        stream: &mut BulkStream,
        connection: &Connection,
        hash: ContentHash,
        first_chunk: u32,
    ) -> Option<()> {
        let found = {
            let mut state = self.state();
            state.fetches.push((hash, first_chunk));
            state.content(hash)
        };
        let Some(content) = found else {
            let refused = BulkResponse::Refused("no such file".to_owned());
            return stream.sender.send(&refused).await.ok();
        };
        let response = BulkResponse::File {
            bytes: content.len() as u64,
            chunks: content.chunks(CHUNK_BYTES).map(content_of).collect(),
        };
        stream.sender.send(&response).await.ok()?;
        for (number, chunk) in content
            .chunks(CHUNK_BYTES)
            .enumerate()
            .skip(first_chunk as usize)
        {
            let mut chunk = chunk.to_vec();
            let is_cut = {
                let mut state = self.state();
                if state.options.bad_chunks > 0 {
                    state.options.bad_chunks -= 1;
                    chunk[0] ^= 1;
                }
                match &mut state.options.cut_after_chunks {
                    Some((after, times)) if *times > 0 && number >= *after => {
                        *times -= 1;
                        true
                    }
                    _ => false,
                }
            };
            if is_cut {
                tokio::time::sleep(Duration::from_secs(5)).await;
                connection.close(CloseCode::Closing, "the server starts anew");
                return None;
            }
            stream.sender.send_raw(&chunk).await.ok()?;
        }
        stream.sender.finish();
        stream.sender.finished().await;
        Some(())
    }

    async fn stream_state(self, connection: Connection, did: String) -> Option<()> {
        let (mut encoder, mut history) = (Encoder::new(), SharedHistory::new());
        let (mut view, mut log) = (ClientView::new(), ReceiveLog::default());
        let mut sends = tokio::time::interval(Duration::from_millis(50));
        let mut correction = None;
        loop {
            let datagram = tokio::select! {
                datagram = connection.receive_state() => Some(datagram.ok()?),
                _ = sends.tick() => None,
            };
            let mut state = self.state();
            let tick = state.tick();
            if let Some(bytes) = datagram {
                let expected = log.newest().unwrap_or(0);
                let Ok(datagram) = ClientDatagram::decode(&bytes, expected, tick) else {
                    continue;
                };
                if !log.insert(datagram.sequence) {
                    continue;
                }
                if let Some(acknowledgement) = datagram.acknowledgement {
                    view.acknowledge(acknowledgement);
                }
                let place = state.options.correction;
                let person = state.people.get_mut(&did)?;
                person.echoed = datagram.correction_echo;
                if let Some(sample) = datagram.samples.first() {
                    person.newest = Some(*sample);
                    correction = place.map(|position| correction_to(position, sample));
                }
                if person.echoed == 1 {
                    correction = None;
                }
                continue;
            }
            if connection.has_unsent_state() {
                continue;
            }
            let own = EntityId(state.people.get(&did)?.id);
            history.record(tick, &state.samples());
            let header = SnapshotHeader {
                acknowledgement: log.acknowledgement(),
                input_timing: 0,
                correction,
            };
            let viewer = ViewPoint {
                own: Some(own),
                position: glam::Vec3::ZERO,
                forward: glam::Vec3::NEG_Z,
            };
            let mut bytes = Vec::new();
            encoder.encode(&mut view, &history, &header, &viewer, 1100, &mut bytes);
            drop(state);
            connection.send_state(bytes).ok()?;
        }
    }
}

fn correction_to(position: glam::Vec3, sample: &OwnSample) -> Correction {
    Correction {
        id: 1,
        position,
        yaw: sample.yaw,
        pitch: sample.pitch,
        velocity: glam::Vec3::ZERO,
        flags: sample.flags,
    }
}

async fn refuse(
    connection: &Connection,
    sender: &mut StreamSender,
    refusal: Refusal,
) -> Option<()> {
    sender.send(&ServerMessage::Refused(refusal)).await.ok()?;
    sender.finish();
    sender.finished().await;
    connection.close(CloseCode::Refused, "");
    None
}

impl State {
    fn tick(&self) -> u64 {
        let elapsed = self.epoch.elapsed().as_secs_f64();
        1000 + (elapsed * f64::from(protocol::TICKS_PER_SECOND)) as u64
    }

    fn world(&self) -> WorldInfo {
        let listed = self.options.listed.unwrap_or(usize::MAX);
        let files = self.options.files.iter().take(listed);
        let files = files.map(|(path, content)| FileEntry {
            path: path.clone(),
            bytes: content.len() as u64,
            hash: content_of(content),
        });
        WorldInfo {
            id: "plaza".to_owned(),
            title: "Plaza".to_owned(),
            capacity: 8,
            main_file: self
                .options
                .files
                .first()
                .map_or(String::new(), |(path, _)| path.clone()),
            files: files.collect(),
        }
    }

    fn content(&self, hash: ContentHash) -> Option<Vec<u8>> {
        let files = self.options.files.iter().map(|(_, content)| content);
        let content = files
            .chain(&self.offers)
            .find(|content| content_of(content) == hash)?;
        if self.options.is_lying {
            return Some(content.iter().map(|byte| byte ^ 1).collect());
        }
        Some(content.clone())
    }

    fn samples(&self) -> Vec<(EntityId, EntityState, Salience)> {
        let salience = Salience {
            size_metres: 1.0,
            weight: 2.0,
        };
        self.people
            .values()
            .filter_map(|person| {
                let newest = person.newest?;
                let sample = EntitySample {
                    kind: Kind::Avatar,
                    pose: newest.pose(),
                    flags: newest.flags,
                    emote: newest.emote,
                    parent: None,
                    teleport: 0,
                };
                let state = EntityState::quantise(&sample).ok()?;
                Some((EntityId(person.id), state, salience))
            })
            .collect()
    }
}
