//! Peers that break the rules, on purpose or because they are broken. Nobody else notices.

use crate::support::Stage;
use identity::{EXPORTER_BYTES, Key, prove};
use network::simulated::LinkConfig;
use network::{
    ClientEndpoint, CloseCode, Connection, ControlStream, Disconnected, KnownServers, Trust, Tuning,
};
use protocol::{
    AvatarChoice, ClientMessage, Denial, DisplayName, Hello, PROTOCOL_VERSION, Proof, Refusal,
    SHIPPED_AVATARS, ServerMessage,
};
use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

/// A connection without a session on top.
struct Raw {
    connection: Connection,
    control: ControlStream,
}

impl Raw {
    /// Says something on the control stream.
    async fn say(&mut self, message: &ClientMessage) {
        self.control.sender.send(message).await.unwrap();
    }
}

async fn connect(stage: &mut Stage, number: u8) -> Raw {
    connect_with(stage, number, Tuning::Stoa).await
}

async fn connect_with(stage: &mut Stage, number: u8, tuning: Tuning) -> Raw {
    let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 1, number));
    let endpoint = ClientEndpoint::simulated(stage.harness.network.clone(), ip).with_tuning(tuning);
    let task = tokio::spawn(async move {
        let trust = Trust {
            host: "10.0.0.1",
            port: 7862,
            invited: None,
            known: &KnownServers::in_memory(),
            pin_unknown: true,
        };
        let address = "10.0.0.1:7862".parse().unwrap();
        let connection = endpoint
            .connect(address, trust, Duration::from_secs(5))
            .await
            .unwrap();
        let control = connection.open_control().await.unwrap();
        Raw {
            connection,
            control,
        }
    });
    stage.harness.advance(&mut [], 1.0).await;
    task.await.unwrap()
}

fn hello(version: u16) -> ClientMessage {
    ClientMessage::Hello(Hello {
        version,
        features: Vec::new(),
        program: "raw".to_owned(),
        world: String::new(),
        spawn: None,
        did: Key::from_seed(&[9; 32]).did().to_string(),
        name: DisplayName::new("Mallory").unwrap(),
        avatar: AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned()),
        is_agent: false,
    })
}

/// Says hello and proves who it is; the world's word comes next.
async fn introduce(stage: &mut Stage, raw: &mut Raw, signer: &Key) -> ServerMessage {
    raw.say(&hello(PROTOCOL_VERSION)).await;
    stage.harness.advance(&mut [], 0.2).await;
    let Ok(ServerMessage::Challenge { nonce }) = raw.control.receiver.receive().await else {
        panic!("no challenge");
    };
    let exporter: [u8; EXPORTER_BYTES] = raw.connection.exporter().unwrap();
    let signature = prove(signer, &exporter, &nonce.try_into().unwrap());
    let proof = ClientMessage::Proof(Proof {
        signature: signature.to_vec(),
    });
    raw.say(&proof).await;
    stage.harness.advance(&mut [], 0.2).await;
    raw.control.receiver.receive().await.unwrap()
}

async fn enter(stage: &mut Stage) -> Raw {
    let mut raw = connect(stage, 66).await;
    let answer = introduce(stage, &mut raw, &Key::from_seed(&[9; 32])).await;
    assert!(matches!(answer, ServerMessage::Welcome(_)), "{answer:?}");
    raw.say(&ClientMessage::Ready).await;
    raw
}

/// How the server ended the connection.
fn end(raw: &Raw) -> CloseCode {
    match raw.connection.close_reason() {
        Some(Disconnected::Closed { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn another_version_is_told_ours() {
    let mut stage = Stage::new();
    let mut raw = connect(&mut stage, 66).await;
    raw.say(&hello(PROTOCOL_VERSION + 1)).await;
    stage.harness.advance(&mut [], 1.0).await;
    let answer = raw
        .control
        .receiver
        .receive::<ServerMessage>()
        .await
        .unwrap();
    let refusal = Refusal::Version {
        server: PROTOCOL_VERSION,
    };
    assert_eq!(answer, ServerMessage::Refused(refusal));
    stage.harness.advance(&mut [], 3.0).await;
    assert_eq!(end(&raw), CloseCode::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_proof_of_another_key_does_not_count() {
    let mut stage = Stage::new();
    let mut raw = connect(&mut stage, 66).await;
    let answer = introduce(&mut stage, &mut raw, &Key::from_seed(&[8; 32])).await;
    assert_eq!(answer, ServerMessage::Refused(Refusal::Proof));
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_not_waited_for() {
    let mut stage = Stage::new();
    let silent = connect(&mut stage, 66).await;
    let mut halfway = connect(&mut stage, 67).await;
    halfway.say(&hello(PROTOCOL_VERSION)).await;
    stage.harness.advance(&mut [], 12.0).await;
    assert_eq!(end(&silent), CloseCode::TimedOut);
    assert_eq!(end(&halfway), CloseCode::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_take_a_refusal_is_not_waited_for() {
    let mut stage = Stage::new();
    let mut deaf = connect_with(&mut stage, 66, Tuning::Narrow(0)).await;
    deaf.say(&hello(PROTOCOL_VERSION + 1)).await;
    stage.harness.advance(&mut [], 12.0).await;
    assert_eq!(end(&deaf), CloseCode::Refused);
}

#[tokio::test(start_paused = true)]
async fn nobody_wears_what_clients_do_not_have() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    let name = DisplayName::new("Ada").unwrap();
    for wished in ["mira2", "MIRA", "", "../mira"] {
        let avatar = AvatarChoice::Shipped(wished.to_owned());
        ada.session.change_persona(name.clone(), avatar).unwrap();
    }
    stage.harness.advance(&mut [&mut ada, &mut bo], 1.0).await;
    assert_eq!((ada.denied.len(), ada.done.len()), (4, 0));
    let worn = AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned());
    assert_eq!(bo.person("Ada").unwrap().avatar, worn);
}

#[tokio::test(start_paused = true)]
async fn who_falls_silent_inside_is_sent_away() {
    let mut stage = Stage::new();
    let raw = enter(&mut stage).await;
    // QUIC keeps the connection alive by itself: what is missing is any sign of the program.
    stage.harness.advance(&mut [], 20.0).await;
    assert_eq!(raw.connection.close_reason(), None);
    stage.harness.advance(&mut [], 15.0).await;
    assert_eq!(end(&raw), CloseCode::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn who_speaks_out_of_turn_is_sent_away() {
    let mut stage = Stage::new();
    let mut early = connect(&mut stage, 66).await;
    early.say(&ClientMessage::Ready).await;
    stage.harness.advance(&mut [], 1.0).await;
    assert_eq!(end(&early), CloseCode::Protocol);
    let mut twice = enter(&mut stage).await;
    twice.say(&hello(PROTOCOL_VERSION)).await;
    stage.harness.advance(&mut [], 3.0).await;
    assert_eq!(end(&twice), CloseCode::Protocol);
}

#[tokio::test(start_paused = true)]
async fn a_farewell_counts_even_when_the_end_arrives_with_it() {
    let mut stage = Stage::new();
    let mut witness = stage.enter(1, "Ada").await;
    // Which of the two the server looks at first is chance: often enough, it is the end.
    for _ in 0..16 {
        let mut raw = enter(&mut stage).await;
        stage.harness.advance(&mut [&mut witness], 0.5).await;
        assert!(witness.person("Mallory").is_some());
        raw.say(&ClientMessage::Leave).await;
        // The farewell is on its way, and the end right behind it.
        tokio::task::yield_now().await;
        raw.connection.close(CloseCode::Done, "");
        stage.harness.advance(&mut [&mut witness], 0.5).await;
        assert!(witness.person("Mallory").is_none(), "still seen");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_messages_ends() {
    let mut stage = Stage::new();
    let mut witness = stage.enter(1, "Ada").await;
    let mut raw = enter(&mut stage).await;
    for _ in 0..200 {
        // Fails once the server has closed, which is the point.
        let sent = raw.control.sender.send(&ClientMessage::Stand).await;
        if sent.is_err() {
            break;
        }
    }
    stage.harness.advance(&mut [&mut witness], 3.0).await;
    assert_eq!(end(&raw), CloseCode::TooMuch);
    assert_eq!(witness.losses, 0);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_datagrams_is_cut_and_then_ends() {
    let mut stage = Stage::new();
    let mut witness = stage.enter(1, "Ada").await;
    let raw = enter(&mut stage).await;
    for _ in 0..600 {
        for _ in 0..10 {
            // Fails once the server has closed, which is the point.
            raw.connection.send_state(vec![0; 40]).unwrap_or(());
        }
        stage.harness.advance(&mut [&mut witness], 0.02).await;
        if raw.connection.close_reason().is_some() {
            break;
        }
    }
    assert!(matches!(
        end(&raw),
        CloseCode::TooMuch | CloseCode::Protocol
    ));
    assert_eq!(witness.losses, 0);
}

#[tokio::test(start_paused = true)]
async fn senseless_datagrams_are_dropped_and_then_end() {
    let mut stage = Stage::new();
    let mut witness = stage.enter(1, "Ada").await;
    let raw = enter(&mut stage).await;
    let mut random = bots::Random::new(4);
    for round in 0..400_u32 {
        let length = (random.next_u64() % 200) as usize;
        let bytes = (0..length).map(|_| random.next_u64() as u8).collect();
        raw.connection.send_state(bytes).unwrap_or(());
        stage.harness.advance(&mut [&mut witness], 0.05).await;
        if round == 10 {
            assert_eq!(raw.connection.close_reason(), None, "a few are forgiven");
        }
        if raw.connection.close_reason().is_some() {
            break;
        }
    }
    assert_eq!(end(&raw), CloseCode::Protocol);
    assert_eq!(witness.losses, 0);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_sent_away() {
    let mut stage = Stage::new();
    let mut speakers = Vec::new();
    let slow = enter(&mut stage).await;
    for number in 1..=8 {
        speakers.push(stage.enter(number, &format!("Speaker {number}")).await);
    }
    let narrow = LinkConfig {
        bandwidth: Some(2_000),
        queue_bytes: 4_000,
        ..LinkConfig::default()
    };
    let (server, machine) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 1, 66));
    stage
        .harness
        .network
        .set_link(server.into(), machine.into(), narrow);
    let text = "x".repeat(500);
    for _ in 0..200 {
        for speaker in &speakers {
            speaker.session.chat(&text).unwrap();
            speaker.session.chat(&text).unwrap();
        }
        raw_alive(&slow);
        let mut people: Vec<_> = speakers.iter_mut().collect();
        stage.harness.advance(&mut people, 1.0).await;
        if speakers[0]
            .person("Mallory")
            .is_none_or(|slow| !slow.is_connected)
        {
            break;
        }
    }
    // The news of the end waits in the narrow link as well.
    stage.harness.set_path(66, LinkConfig::default());
    let mut people: Vec<_> = speakers.iter_mut().collect();
    stage.harness.advance(&mut people, 12.0).await;
    // Its full path may have lost the last word; then it learns that it is not known any more.
    let reason = slow.connection.close_reason().unwrap();
    assert!(
        matches!(
            reason,
            Disconnected::Reset
                | Disconnected::Closed {
                    code: CloseCode::TooSlow,
                    ..
                }
        ),
        "{reason:?}"
    );
    assert!(speakers.iter().all(|speaker| speaker.losses == 0));
}

#[tokio::test(start_paused = true)]
async fn who_is_replaced_and_does_not_read_is_not_waited_for() {
    let mut stage = Stage::new();
    let mut raw = connect_with(&mut stage, 66, Tuning::Narrow(4_096)).await;
    let key = Key::from_seed(&[9; 32]);
    let answer = introduce(&mut stage, &mut raw, &key).await;
    assert!(matches!(answer, ServerMessage::Welcome(_)), "{answer:?}");
    let mut ada = stage.enter(1, "Ada").await;
    for _ in 0..20 {
        ada.session.chat(&"x".repeat(500)).unwrap();
    }
    stage.harness.advance(&mut [&mut ada], 1.0).await;
    let mut config = stage.harness.session_config(2, "Mallory");
    config.key = key;
    let mut newer = stage.harness.join_as(config);
    let mut people = [&mut ada, &mut newer];
    stage.harness.advance(&mut people, 2.0).await;
    assert_eq!(raw.connection.close_reason(), None);
    stage.harness.advance(&mut people, 70.0).await;
    assert_eq!(end(&raw), CloseCode::TooSlow);
    assert!(people[1].is_inside && people[1].losses == 0);
}

/// A datagram that says nothing, so that only its reading is slow.
fn raw_alive(raw: &Raw) {
    let mut bytes = Vec::new();
    replication::ClientDatagram::default()
        .encode(&mut bytes)
        .unwrap();
    raw.connection.send_state(bytes).unwrap_or(());
}

#[tokio::test(start_paused = true)]
async fn who_flies_is_put_back_and_others_never_see_it() {
    let mut stage = Stage::over_internet();
    let (mut ada, mut bo) = stage.two().await;
    let entity = bo.person("Ada").unwrap().entity;
    let place = ada.motion.position;
    for _ in 0..40 {
        ada.motion.position = place + glam::Vec3::new(0.0, 30.0, 0.0);
        stage.harness.advance(&mut [&mut ada, &mut bo], 0.05).await;
        let shown = bo.shown(entity).unwrap().position;
        assert!(shown.distance(place) < 1.0, "seen at {shown}");
    }
    stage.harness.advance(&mut [&mut ada, &mut bo], 2.0).await;
    assert!(ada.session.stats().corrections > 0);
    assert!(ada.motion.position.distance(place) < 0.5);
}

#[tokio::test(start_paused = true)]
async fn an_absurd_velocity_shows_nobody_elsewhere() {
    let mut stage = Stage::new();
    let (mut ada, mut bo) = stage.two().await;
    let entity = bo.person("Ada").unwrap().entity;
    let place = ada.motion.position;
    let mut lie = ada.motion;
    lie.velocity = glam::Vec3::new(160.0, 0.0, 0.0);
    for _ in 0..60 {
        ada.motion = lie;
        stage.harness.advance(&mut [&mut ada, &mut bo], 0.05).await;
        let shown = bo.shown(entity).unwrap().position;
        assert!(shown.distance(place) < 1.5, "seen at {shown}");
        let (_, truth) = stage.harness.truth();
        let told = truth.iter().find(|one| one.entity == entity).unwrap();
        assert!(told.pose.position.distance(place) < 1.5, "{told:?}");
    }
}

/// What somebody has been told since the last look.
async fn heard(raw: &mut Raw) -> Vec<ServerMessage> {
    let mut messages = Vec::new();
    let moment = Duration::from_millis(1);
    while let Ok(message) = tokio::time::timeout(moment, raw.control.receiver.receive()).await {
        messages.push(message.unwrap());
    }
    messages
}

#[tokio::test(start_paused = true)]
async fn sitting_down_again_and_again_tells_others_little() {
    let mut stage = Stage::new();
    let mut ada = stage.enter(1, "Ada").await;
    let mut witness = enter(&mut stage).await;
    let changes = |messages: Vec<ServerMessage>| {
        let is_change =
            |message: &&ServerMessage| matches!(message, ServerMessage::PersonChanged(_));
        messages.iter().filter(is_change).count()
    };
    ada.session.sit(0).unwrap();
    stage.harness.advance(&mut [&mut ada], 0.5).await;
    assert_eq!(changes(heard(&mut witness).await), 1);
    for _ in 0..10 {
        ada.session.sit(0).unwrap();
    }
    stage.harness.advance(&mut [&mut ada], 0.5).await;
    assert_eq!((ada.done.len(), ada.seat), (11, Some(0)));
    assert_eq!(changes(heard(&mut witness).await), 0);
    for _ in 0..60 {
        ada.session.stand().unwrap();
        ada.session.sit(0).unwrap();
        stage.harness.advance(&mut [&mut ada], 0.07).await;
    }
    assert!(ada.denied.len() >= 20, "{}", ada.denied.len());
    assert!(
        ada.denied
            .iter()
            .all(|(_, reason)| *reason == Denial::TooFast)
    );
    let told = changes(heard(&mut witness).await);
    assert!((20..70).contains(&told), "{told}");
}

#[tokio::test(start_paused = true)]
async fn forged_attempts_do_not_lock_an_address_out() {
    let mut stage = Stage::new();
    let (server, machine) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 1, 66));
    let network = stage.harness.network.clone();
    // Whoever forges an address does not hear the answers.
    network.set_link(server.into(), machine.into(), LinkConfig::cut());
    let forgers: Vec<_> = (0..50)
        .map(|_| {
            let endpoint = ClientEndpoint::simulated(network.clone(), machine.into());
            tokio::spawn(async move {
                let trust = Trust {
                    host: "10.0.0.1",
                    port: 7862,
                    invited: None,
                    known: &KnownServers::in_memory(),
                    pin_unknown: true,
                };
                let address = "10.0.0.1:7862".parse().unwrap();
                let limit = Duration::from_secs(5);
                endpoint.connect(address, trust, limit).await.is_ok()
            })
        })
        .collect();
    stage.harness.advance(&mut [], 0.05).await;
    for forger in forgers {
        forger.abort();
    }
    network.set_link(server.into(), machine.into(), LinkConfig::default());
    let raw = connect(&mut stage, 66).await;
    assert_eq!(raw.connection.close_reason(), None);
}
