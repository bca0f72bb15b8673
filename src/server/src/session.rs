//! One connection: who is it, may they in, then messages both ways until one end has enough.

use crate::{
    door::Door,
    limiter::Limiter,
    world::{Entrant, Inbound, Outgoing, SessionId},
};
use identity::{Did, NONCE_BYTES, new_nonce, verify};
use network::{CloseCode, Connection, ReceiveError, StreamReceiver, StreamSender};
use protocol::{
    ClientMessage, Hello, PROTOCOL_VERSION, Refusal, Rights, ServerMessage,
    limits::{
        MAX_DATAGRAM_BURST, MAX_DATAGRAMS_PER_SECOND, MAX_MESSAGE_BURST, MAX_MESSAGES_PER_SECOND,
        MAX_OUTGOING_QUEUE,
    },
};
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

/// How long a last message may take to arrive.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the client may take to make room for messages that leave together: also for the last ones of somebody whom
/// the world has let go of already.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(60);
/// Messages that leave together when so many wait.
const MESSAGES_AT_ONCE: usize = 32;
/// Most features that a client may name.
const MAX_FEATURES: usize = 64;
/// Messages that cannot be read after which a connection ends.
const MAX_MALFORMED: u32 = 16;
/// Datagrams over the rate after which a connection ends: a lossy path bunches them, a flood does not stop.
const MAX_EXCESS_DATAGRAMS: u32 = 600;

/// Why there is no entry.
enum Rejected {
    /// The client is told.
    Refusal(Refusal),
    /// It broke the protocol, or is gone.
    Broken(CloseCode, &'static str),
}

type World = mpsc::Sender<Inbound>;

/// A connection whose person is inside.
struct Inside<'a> {
    door: &'a Door,
    session: SessionId,
    connection: Connection,
    world: World,
    did: Did,
    rights: Rights,
}

/// Runs a connection from its first message to its end. Who is not inside at the `deadline` is sent away.
pub(crate) async fn run(
    door: &Door,
    session: SessionId,
    connection: Connection,
    deadline: Instant,
) {
    let control = match timeout_at(deadline, connection.accept_control()).await {
        Ok(Ok(control)) => control,
        Ok(Err(error)) => {
            tracing::debug!("gone before the first message: {error}");
            return;
        }
        Err(_elapsed) => {
            connection.close(CloseCode::TimedOut, "nothing was said");
            return;
        }
    };
    let (mut sender, mut receiver) = (control.sender, control.receiver);
    let (outbox, outgoing) = mpsc::channel(MAX_OUTGOING_QUEUE);
    let entry = enter(
        door,
        session,
        &connection,
        &mut sender,
        &mut receiver,
        outbox,
    );
    match timeout_at(deadline, entry).await {
        Ok(Ok((world, did, rights))) => {
            connection.set_proven();
            let inside = Inside {
                door,
                session,
                connection,
                world,
                did,
                rights,
            };
            inside.pump(sender, receiver, outgoing).await;
        }
        Ok(Err(rejected)) => reject(&connection, sender, rejected).await,
        Err(_elapsed) => connection.close(CloseCode::TimedOut, "the entry took too long"),
    }
}

/// Ends a connection without an entry. The client need not take its refusal: it is not waited for.
async fn reject(connection: &Connection, mut sender: StreamSender, rejected: Rejected) {
    match rejected {
        Rejected::Refusal(refusal) => {
            tracing::info!("refused: {refusal}");
            let last = ServerMessage::Refused(refusal);
            let telling = async {
                if sender.send(&last).await.is_ok() {
                    sender.finish();
                    sender.finished().await;
                }
            };
            if timeout(GOODBYE_TIMEOUT, telling).await.is_err() {
                tracing::debug!("a refusal was not confirmed");
            }
            connection.close(CloseCode::Refused, "entry refused");
        }
        Rejected::Broken(code, reason) => {
            tracing::debug!(reason, "broken off");
            connection.close(code, reason);
        }
    }
}

/// Hello, challenge, proof, and the world's word.
async fn enter(
    door: &Door,
    session: SessionId,
    connection: &Connection,
    sender: &mut StreamSender,
    receiver: &mut StreamReceiver,
    outbox: mpsc::Sender<Outgoing>,
) -> Result<(World, Did, Rights), Rejected> {
    let hello = match receiver.receive().await {
        Ok(ClientMessage::Hello(hello)) => hello,
        Ok(_) => {
            return Err(Rejected::Broken(
                CloseCode::Protocol,
                "it did not say hello",
            ));
        }
        Err(ReceiveError::Malformed(error)) => {
            return Err(Rejected::Refusal(Refusal::Hello(error.to_string())));
        }
        Err(_) => return Err(Rejected::Broken(CloseCode::Protocol, "no hello came")),
    };
    let did = check_hello(&hello).map_err(Rejected::Refusal)?;
    let world = find_world(door, &hello.world).map_err(Rejected::Refusal)?;
    prove(&did, connection, sender, receiver).await?;
    let (answer, answered) = oneshot::channel();
    let entrant = Entrant {
        session,
        hello: Hello {
            did: did.to_string(),
            ..hello
        },
        connection: connection.clone(),
        outbox,
        answer,
    };
    let closing = || Rejected::Refusal(Refusal::Closing);
    world
        .send(Inbound::Enter(Box::new(entrant)))
        .await
        .or(Err(closing()))?;
    match answered.await {
        Ok(Ok(rights)) => Ok((world, did, rights)),
        Ok(Err(refusal)) => Err(Rejected::Refusal(refusal)),
        Err(_dropped) => Err(closing()),
    }
}

fn check_hello(hello: &Hello) -> Result<Did, Refusal> {
    if hello.version != PROTOCOL_VERSION {
        return Err(Refusal::Version {
            server: PROTOCOL_VERSION,
        });
    }
    if hello.features.len() > MAX_FEATURES {
        return Err(Refusal::Hello(format!(
            "it names more than {MAX_FEATURES} features"
        )));
    }
    hello
        .did
        .parse()
        .map_err(|error| Refusal::Hello(format!("its key cannot be read: {error}")))
}

fn find_world(door: &Door, wished: &str) -> Result<World, Refusal> {
    door.worlds
        .iter()
        .find(|(id, _)| wished.is_empty() || id == wished)
        .map(|(_, inbox)| inbox.clone())
        .ok_or_else(|| Refusal::NoSuchWorld {
            worlds: door.worlds.iter().map(|(id, _)| id.clone()).collect(),
        })
}

async fn prove(
    did: &Did,
    connection: &Connection,
    sender: &mut StreamSender,
    receiver: &mut StreamReceiver,
) -> Result<(), Rejected> {
    let broken = |reason| Rejected::Broken(CloseCode::Protocol, reason);
    let nonce: [u8; NONCE_BYTES] =
        new_nonce().map_err(|_none| broken("the server has no random numbers"))?;
    let challenge = ServerMessage::Challenge {
        nonce: nonce.to_vec(),
    };
    sender
        .send(&challenge)
        .await
        .map_err(|_gone| broken("gone before the challenge"))?;
    let Ok(ClientMessage::Proof(proof)) = receiver.receive().await else {
        return Err(broken("no proof came"));
    };
    let exporter = connection
        .exporter()
        .map_err(|_gone| broken("gone before the proof was checked"))?;
    verify(did, &exporter, &nonce, &proof.signature)
        .map_err(|_bad| Rejected::Refusal(Refusal::Proof))
}

impl Inside<'_> {
    /// Carries messages both ways until one end has enough, then tells the world.
    async fn pump(
        self,
        sender: StreamSender,
        receiver: StreamReceiver,
        outgoing: mpsc::Receiver<Outgoing>,
    ) {
        let Self {
            door,
            session,
            connection,
            world,
            did,
            rights,
        } = self;
        // Datagrams come fifty times as often as anything else: a task of their own wakes nothing but itself.
        let mut hearing = JoinSet::new();
        hearing.spawn(hear(
            door.clone(),
            session,
            connection.clone(),
            world.clone(),
        ));
        let library = door.library.clone();
        let serving = library.serve(
            connection.clone(),
            did.to_string(),
            rights,
            door.worlds.clone(),
        );
        let reading = read(door, session, &connection, receiver, &world);
        tokio::pin!(reading);
        let read_to_the_end = tokio::select! {
            () = write(&connection, sender, outgoing) => None,
            in_order = &mut reading => Some(in_order),
            _ended = hearing.join_next() => None,
            () = serving => None,
        };
        let in_order = match read_to_the_end {
            Some(in_order) => in_order,
            // What arrived before the end can still be read, and may be a farewell.
            None if connection.close_reason().is_some() => {
                timeout(GOODBYE_TIMEOUT, reading).await.unwrap_or(false)
            }
            None => false,
        };
        if in_order {
            connection.close(CloseCode::Done, "");
        } else if connection.close_reason().is_none() {
            connection.close(CloseCode::Protocol, "the session ended");
        }
        if world.send(Inbound::Gone(session, in_order)).await.is_err() {
            tracing::debug!("the world has ended before its session");
        }
    }
}

/// Writes what the world says.
async fn write(
    connection: &Connection,
    mut sender: StreamSender,
    mut outgoing: mpsc::Receiver<Outgoing>,
) {
    let mut waiting = Vec::with_capacity(MESSAGES_AT_ONCE);
    while outgoing.recv_many(&mut waiting, MESSAGES_AT_ONCE).await > 0 {
        let mut end = None;
        for next in waiting.drain(..) {
            match next {
                Outgoing::Message(frame) => sender.queue(&frame),
                Outgoing::Close(code, reason) => {
                    end = Some((code, reason));
                    break;
                }
            }
        }
        match timeout(FLUSH_TIMEOUT, sender.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!("cannot be told: {error}");
                return;
            }
            Err(_elapsed) => {
                connection.close(CloseCode::TooSlow, "the other side reads too slowly");
                return;
            }
        }
        if let Some((code, reason)) = end {
            say_goodbye(&mut sender).await;
            connection.close(code, reason);
            return;
        }
    }
}

/// Waits until the last message has arrived, but not for ever.
async fn say_goodbye(sender: &mut StreamSender) {
    sender.finish();
    if timeout(GOODBYE_TIMEOUT, sender.finished()).await.is_err() {
        tracing::debug!("a goodbye was not confirmed");
    }
}

/// Reads reliable messages; true when the client left in good order.
async fn read(
    door: &Door,
    session: SessionId,
    connection: &Connection,
    mut receiver: StreamReceiver,
    world: &World,
) -> bool {
    let mut rate = Limiter::starting(
        f64::from(MAX_MESSAGES_PER_SECOND),
        f64::from(MAX_MESSAGE_BURST),
        door.now_secs(),
    );
    let mut malformed = 0;
    loop {
        let message = match receiver.receive::<ClientMessage>().await {
            Ok(ClientMessage::Leave) => return true,
            Ok(message) => message,
            Err(ReceiveError::Malformed(error)) if malformed < MAX_MALFORMED => {
                malformed += 1;
                tracing::debug!("a message cannot be read: {error}");
                continue;
            }
            Err(ReceiveError::Disconnected(reason)) => {
                tracing::debug!("{reason}");
                return false;
            }
            Err(error) => {
                tracing::debug!("{error}");
                connection.close(CloseCode::Protocol, "its messages make no sense");
                return false;
            }
        };
        if !rate.take(door.now_secs()) {
            connection.close(CloseCode::TooMuch, "too many messages");
            return false;
        }
        // While the world is behind, this end reads no further, and QUIC holds the client back.
        if world
            .send(Inbound::Message(session, message))
            .await
            .is_err()
        {
            return false;
        }
    }
}

/// Takes state datagrams. What comes too fast is dropped; who does not stop is sent away.
async fn hear(door: Door, session: SessionId, connection: Connection, world: World) {
    let mut rate = Limiter::starting(
        f64::from(MAX_DATAGRAMS_PER_SECOND),
        f64::from(MAX_DATAGRAM_BURST),
        door.now_secs(),
    );
    let mut excess = 0_u32;
    loop {
        let bytes = match connection.receive_state().await {
            Ok(bytes) => bytes,
            Err(reason) => {
                tracing::debug!("{reason}");
                return;
            }
        };
        if !rate.take(door.now_secs()) {
            excess += 1;
            if excess > MAX_EXCESS_DATAGRAMS {
                connection.close(CloseCode::TooMuch, "too many datagrams");
                return;
            }
            continue;
        }
        excess = excess.saturating_sub(1);
        // State is replaced by the next state: when the world is behind, it is dropped.
        if let Err(mpsc::error::TrySendError::Closed(_)) =
            world.try_send(Inbound::Datagram(session, bytes))
        {
            return;
        }
    }
}
