//! The way in: resolve, connect, hello, challenge, proof, welcome.

use crate::failure::Failure;
use crate::session::SessionConfig;
use crate::told;
use identity::NONCE_BYTES;
use network::{
    CloseCode, ConnectError, Connection, ControlStream, ReceiveError, SendError, Trust, resolve,
};
use protocol::limits::{HANDSHAKE_TIMEOUT_SECS, MAX_MESSAGE_BYTES};
use protocol::{ClientMessage, Hello, PROTOCOL_VERSION, Proof, ServerMessage, Welcome};
use std::time::Duration;

/// Time for an answer to the first packet.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Connects to the first address that answers.
pub(crate) async fn connect(
    config: &SessionConfig,
    on_resolved: impl FnOnce(),
) -> Result<Connection, Failure> {
    let address = &config.address;
    let addresses = resolve(&address.host, address.port)
        .await
        .map_err(Failure::NameNotResolved)?;
    on_resolved();
    let mut failure = None;
    for socket_address in addresses {
        let trust = Trust {
            host: &address.host,
            port: address.port,
            invited: address.fingerprint,
            known: &config.known_servers,
            pin_unknown: config.pin_unknown,
        };
        match config
            .endpoint
            .connect(socket_address, trust, CONNECT_LIMIT)
            .await
        {
            Ok(connection) => return Ok(connection),
            // Another address of the same name may answer; anything else is an answer.
            Err(error @ (ConnectError::Unreachable { .. } | ConnectError::Failed(_))) => {
                failure.get_or_insert(error);
            }
            Err(error) => return Err(Failure::of_connect(error, &address.host)),
        }
    }
    Err(match failure {
        Some(error) => Failure::of_connect(error, &address.host),
        None => Failure::Here(format!("the name {} has no address", address.host)),
    })
}

/// Proves who one is, and is let in or refused.
pub(crate) async fn enter(
    connection: &Connection,
    config: &SessionConfig,
) -> Result<(ControlStream, Box<Welcome>), Failure> {
    let limit = Duration::from_secs(HANDSHAKE_TIMEOUT_SECS);
    let entered = tokio::time::timeout(limit, exchange(connection, config)).await;
    let result = match entered {
        Ok(result) => result,
        Err(_elapsed) => Err(Failure::TooSlow(config.address.host.clone())),
    };
    if let Err(failure) = &result {
        let code = match failure {
            Failure::TooSlow(_) => CloseCode::TimedOut,
            Failure::Protocol(_) => CloseCode::Protocol,
            _ => CloseCode::Done,
        };
        connection.close(code, "");
    }
    result
}

async fn exchange(
    connection: &Connection,
    config: &SessionConfig,
) -> Result<(ControlStream, Box<Welcome>), Failure> {
    let mut control = connection
        .open_control()
        .await
        .map_err(Failure::Disconnected)?;
    let hello = ClientMessage::Hello(Hello {
        version: PROTOCOL_VERSION,
        features: Vec::new(),
        program: config.program.clone(),
        world: config.address.world.clone(),
        spawn: config.address.spawn.clone(),
        did: config.key.did().to_string(),
        name: config.name.clone(),
        avatar: config.avatar.clone(),
        is_agent: config.is_agent,
    });
    send(&mut control, &hello).await?;
    let nonce = match receive(&mut control).await? {
        ServerMessage::Challenge { nonce } => nonce,
        other => return Err(unexpected(other, "a challenge")),
    };
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().or(Err(Failure::Protocol(
        "a nonce of another length".to_owned(),
    )))?;
    let exporter = connection.exporter().map_err(Failure::Disconnected)?;
    let signature = identity::prove(&config.key, &exporter, &nonce).to_vec();
    send(&mut control, &ClientMessage::Proof(Proof { signature })).await?;
    match receive(&mut control).await? {
        ServerMessage::Welcome(welcome) => {
            told::check(&welcome).map_err(|fault| Failure::Protocol(fault.to_owned()))?;
            control.receiver.set_limit(MAX_MESSAGE_BYTES);
            Ok((control, welcome))
        }
        other => Err(unexpected(other, "a welcome")),
    }
}

fn unexpected(message: ServerMessage, expected: &str) -> Failure {
    match message {
        ServerMessage::Refused(refusal) => Failure::Refused(refusal),
        ServerMessage::Closing { .. } => Failure::Refused(protocol::Refusal::Closing),
        _ => Failure::Protocol(format!("another message instead of {expected}")),
    }
}

async fn send(control: &mut ControlStream, message: &ClientMessage) -> Result<(), Failure> {
    match control.sender.send(message).await {
        Ok(()) => Ok(()),
        Err(SendError::Wire(error)) => Err(Failure::Here(error.to_string())),
        // Refused before this was read: the reason waits on the other half.
        Err(SendError::Stopped | SendError::Disconnected(_)) => match receive(control).await? {
            ServerMessage::Refused(refusal) => Err(Failure::Refused(refusal)),
            _ => Err(Failure::Protocol("the stream was stopped".to_owned())),
        },
    }
}

async fn receive(control: &mut ControlStream) -> Result<ServerMessage, Failure> {
    control
        .receiver
        .receive()
        .await
        .map_err(|error| match error {
            ReceiveError::Disconnected(reason) => Failure::Disconnected(reason),
            other => Failure::Protocol(other.to_string()),
        })
}
