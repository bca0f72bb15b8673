//! Messages, their limits, and what happens to bad ones.

use crate::support::{World, internet};
use network::simulated::LinkConfig;
use network::{Disconnected, ReceiveError, SendError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use protocol::ClientMessage;
use protocol::limits::{MAX_MESSAGE_BYTES, MAX_WELCOME_BYTES};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn messages_arrive_in_order_over_a_bad_path() {
    let world = World::new(internet());
    let (near, far) = world.connect().await;
    let mut sender = near.open_control().await.unwrap().sender;
    let sending = async {
        for request in 0..200 {
            let text = "x".repeat(request as usize);
            sender
                .send(&ClientMessage::Chat { request, text })
                .await
                .unwrap();
        }
        sender.finish();
    };
    let receiving = async {
        let mut receiver = far.accept_control().await.unwrap().receiver;
        for number in 0..200 {
            let message = receiver.receive::<ClientMessage>().await.unwrap();
            assert!(matches!(message, ClientMessage::Chat { request, .. } if request == number));
        }
        let end = receiver.receive::<ClientMessage>().await.unwrap_err();
        assert!(matches!(end, ReceiveError::Ended));
    };
    tokio::join!(sending, receiving);
}

#[tokio::test(start_paused = true)]
async fn receiving_can_be_interrupted_at_any_byte() {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    let mut sender = near.open_control().await.unwrap().sender;
    let message = ClientMessage::Emote("wave".to_owned());
    let body = protocol::encode_message(&message, MAX_MESSAGE_BYTES).unwrap();
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend(body);
    sender.send_raw(&frame[..1]).await.unwrap();
    let mut receiver = far.accept_control().await.unwrap().receiver;
    for byte in &frame[1..] {
        let impatient = Duration::from_millis(50);
        let early = tokio::time::timeout(impatient, receiver.receive::<ClientMessage>()).await;
        assert!(early.is_err(), "a message came before its last byte");
        sender.send_raw(&[*byte]).await.unwrap();
    }
    assert_eq!(receiver.receive::<ClientMessage>().await.unwrap(), message);
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_not_sent() {
    let world = World::new(LinkConfig::default());
    let (near, _far) = world.connect().await;
    let mut sender = near.open_control().await.unwrap().sender;
    let message = ClientMessage::Emote("x".repeat(MAX_MESSAGE_BYTES));
    let error = sender.send(&message).await.unwrap_err();
    assert!(matches!(error, SendError::Wire(_)));
}

#[tokio::test(start_paused = true)]
async fn a_length_over_the_limit_is_refused_before_its_bytes() {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    let mut sender = near.open_control().await.unwrap().sender;
    sender.send_raw(&u32::MAX.to_be_bytes()).await.unwrap();
    let mut receiver = far.accept_control().await.unwrap().receiver;
    let error = receiver.receive::<ClientMessage>().await.unwrap_err();
    assert!(matches!(error, ReceiveError::TooLong { actual, .. } if actual == u32::MAX as usize));
    const { assert!(MAX_WELCOME_BYTES < u32::MAX as usize) };
}

#[tokio::test(start_paused = true)]
async fn a_message_that_makes_no_sense_costs_only_itself() {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    let mut sender = near.open_control().await.unwrap().sender;
    sender.send(&"neither fish nor fowl").await.unwrap();
    sender.send(&ClientMessage::Ready).await.unwrap();
    let mut receiver = far.accept_control().await.unwrap().receiver;
    let error = receiver.receive::<ClientMessage>().await.unwrap_err();
    assert!(matches!(error, ReceiveError::Malformed(_)));
    assert_eq!(
        receiver.receive::<ClientMessage>().await.unwrap(),
        ClientMessage::Ready
    );
}

#[tokio::test(start_paused = true)]
async fn a_cut_off_message_and_a_lost_connection_are_told_apart() {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    let mut sender = near.open_control().await.unwrap().sender;
    sender.send_raw(&[0, 0, 0, 9, 1, 2]).await.unwrap();
    sender.finish();
    let mut receiver = far.accept_control().await.unwrap().receiver;
    let error = receiver.receive::<ClientMessage>().await.unwrap_err();
    assert!(matches!(error, ReceiveError::Truncated));

    let (near, far) = world.connect().await;
    let mut sender = near.open_control().await.unwrap().sender;
    sender.send(&ClientMessage::Ready).await.unwrap();
    let mut receiver = far.accept_control().await.unwrap().receiver;
    receiver.receive::<ClientMessage>().await.unwrap();
    near.close(network::CloseCode::Done, "bye\n");
    let error = receiver.receive::<ClientMessage>().await.unwrap_err();
    let ReceiveError::Disconnected(Disconnected::Closed { code, reason }) = error else {
        panic!("{error}");
    };
    assert_eq!((code, reason.as_str()), (network::CloseCode::Done, "bye"));
}

#[test]
fn no_bytes_on_a_stream_make_the_receiver_panic_or_hang() {
    let mut runner = TestRunner::new(Config::with_cases(40));
    let any_bytes = proptest::collection::vec(any::<u8>(), 0..600);
    let short_frames = proptest::collection::vec((0u8..40, any::<[u8; 16]>()), 0..20);
    runner
        .run(&(any_bytes, short_frames), |(mut bytes, frames)| {
            // Frames of plausible lengths first, so that the receiver gets past the first prefix.
            let mut stream = Vec::new();
            for (length, body) in frames {
                stream.extend([0, 0, 0, length]);
                stream.extend(body.iter().cycle().take(usize::from(length)));
            }
            stream.append(&mut bytes);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(receive_all(stream));
            Ok(())
        })
        .unwrap();
}

async fn receive_all(bytes: Vec<u8>) {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    let mut sender = near.open_control().await.unwrap().sender;
    sender.send_raw(&bytes).await.unwrap();
    sender.finish();
    if bytes.is_empty() {
        return;
    }
    let mut receiver = far.accept_control().await.unwrap().receiver;
    loop {
        match receiver.receive::<ClientMessage>().await {
            Ok(_) | Err(ReceiveError::Malformed(_)) => {}
            Err(ReceiveError::Ended | ReceiveError::Truncated | ReceiveError::TooLong { .. }) => {
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
}
