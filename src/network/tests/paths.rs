//! Datagrams, files and what happens to the path under them.

use crate::support::{CLIENT, SERVER, World, internet};
use network::simulated::LinkConfig;
use network::{Disconnected, StateError};
use protocol::limits::IDLE_TIMEOUT_SECS;
use protocol::{BulkRequest, ContentHash};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn each_connection_has_an_exporter_value_of_its_own() {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    let (other, _other_far) = world.connect().await;
    assert_eq!(near.exporter().unwrap(), far.exporter().unwrap());
    assert_ne!(near.exporter().unwrap(), other.exporter().unwrap());
}

#[tokio::test(start_paused = true)]
async fn state_is_fresh_or_gone() {
    let world = World::new(internet());
    let (near, far) = world.connect().await;
    assert!(!far.has_unsent_state());
    let start = Instant::now();
    let sending = async {
        for number in 0..400u32 {
            let mut bytes = number.to_be_bytes().to_vec();
            bytes.resize(400, 0);
            far.send_state(bytes).unwrap();
            sleep(Duration::from_millis(50)).await;
        }
    };
    let receiving = async {
        let mut ages = Vec::new();
        while let Ok(Ok(bytes)) =
            tokio::time::timeout(Duration::from_secs(1), near.receive_state()).await
        {
            let number = u32::from_be_bytes(bytes[..4].try_into().unwrap());
            ages.push(start.elapsed() - Duration::from_millis(50) * number);
        }
        ages.sort();
        ages
    };
    let ((), ages) = tokio::join!(sending, receiving);
    assert!((350..=400).contains(&ages.len()), "{} arrived", ages.len());
    let p95 = ages[ages.len() * 95 / 100];
    assert!(
        p95 <= Duration::from_millis(75),
        "95 % are younger than {p95:?}"
    );
    assert!(near.stats().rtt >= Duration::from_millis(100));
    assert!(far.stats().packets_lost > 0);
}

#[tokio::test(start_paused = true)]
async fn stale_state_makes_room_for_fresh_state() {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    let longest = far.max_datagram_size().unwrap();
    let too_long = far.send_state(vec![0; longest + 1]);
    assert_eq!(too_long, Err(StateError::TooLong));
    // All in one poll, so that nothing leaves in between.
    for number in 0..10 {
        far.send_state(vec![number; longest]).unwrap();
    }
    assert!(far.has_unsent_state());
    assert_eq!(near.receive_state().await.unwrap()[0], 8);
    assert_eq!(near.receive_state().await.unwrap()[0], 9);
    assert!(!far.has_unsent_state());
}

#[tokio::test(start_paused = true)]
async fn a_file_travels_beside_the_state() {
    let world = World::new(internet());
    let (near, far) = world.connect().await;
    // Bulk streams come after the control stream.
    let mut control = near.open_control().await.unwrap();
    control
        .sender
        .send(&protocol::ClientMessage::Ready)
        .await
        .unwrap();
    let _far_control = far.accept_control().await.unwrap();
    let request = BulkRequest::Fetch {
        hash: ContentHash([3; 32]),
        first_chunk: 0,
    };
    let file = vec![5; 1_000_000];
    let serving = async {
        let mut stream = far.accept_bulk().await.unwrap();
        assert_eq!(
            stream.receiver.receive::<BulkRequest>().await.unwrap(),
            request
        );
        stream.sender.send_raw(&file).await.unwrap();
        stream.sender.finish();
        stream.sender.finished().await;
    };
    let fetching = async {
        let mut stream = near.open_bulk().await.unwrap();
        stream.sender.send(&request).await.unwrap();
        let (mut got, mut buffer) = (0, vec![0; 65_536]);
        while let Some(count) = stream.receiver.receive_raw(&mut buffer).await.unwrap() {
            assert!(buffer[..count].iter().all(|byte| *byte == 5));
            got += count;
        }
        got
    };
    let ((), got) = tokio::join!(serving, fetching);
    assert_eq!(got, file.len());
}

#[tokio::test(start_paused = true)]
async fn a_new_address_of_the_client_is_followed() {
    let world = World::new(LinkConfig::path(
        Duration::from_millis(40),
        Duration::ZERO,
        0.0,
    ));
    let (near, far) = world.connect().await;
    let old = far.remote_address();
    let new = SocketAddr::new(CLIENT, 50_000);
    assert!(world.network.move_address(old, new));
    near.send_state(vec![1]).unwrap();
    assert_eq!(far.receive_state().await.unwrap(), [1]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(far.remote_address(), new);
    far.send_state(vec![2]).unwrap();
    assert_eq!(near.receive_state().await.unwrap(), [2]);
}

#[tokio::test(start_paused = true)]
async fn keep_alive_holds_an_idle_connection_and_silence_ends_it() {
    let world = World::new(LinkConfig::default());
    let (near, far) = world.connect().await;
    sleep(Duration::from_secs(120)).await;
    assert_eq!(near.close_reason(), None);
    let start = Instant::now();
    world
        .network
        .set_link(CLIENT, SERVER.ip(), LinkConfig::cut());
    assert_eq!(far.closed().await, Disconnected::Silence);
    assert!(start.elapsed() <= Duration::from_secs(IDLE_TIMEOUT_SECS + 1));
    assert_eq!(near.closed().await, Disconnected::Silence);
}

/// Ages of datagrams of 900 bytes, 30 a second for 60 seconds, over 200 ms and 5 % loss, oldest last, and how many
/// there were; with the receiver sending small ones.
async fn ages_on_a_long_lossy_path(budget: Option<u64>) -> Vec<Duration> {
    let link = LinkConfig::path(Duration::from_millis(200), Duration::ZERO, 0.05);
    let world = World::new(link);
    let (near, far) = world.connect().await;
    if let Some(budget) = budget {
        far.set_state_budget(budget);
    }
    let start = Instant::now();
    let interval = Duration::from_millis(33);
    let sending = async {
        for number in 0..1800u32 {
            let mut bytes = number.to_be_bytes().to_vec();
            bytes.resize(900, 0);
            far.send_state(bytes).unwrap();
            near.send_state(vec![0; 40]).unwrap();
            sleep(interval).await;
        }
    };
    let receiving = async {
        let mut ages = Vec::new();
        while let Ok(Ok(bytes)) =
            tokio::time::timeout(Duration::from_secs(2), near.receive_state()).await
        {
            let number = u32::from_be_bytes(bytes[..4].try_into().unwrap());
            ages.push(start.elapsed() - interval * number);
        }
        ages.sort();
        ages
    };
    tokio::join!(sending, receiving).1
}

#[tokio::test(start_paused = true)]
async fn the_window_floor_keeps_state_fresh_on_a_long_lossy_path() {
    let ages = ages_on_a_long_lossy_path(Some(30_000)).await;
    // One way takes 100 ms; the network alone loses 5 %.
    let p95 = ages[ages.len() * 95 / 100];
    assert!(
        p95 <= Duration::from_millis(104),
        "95 % are younger than {p95:?}"
    );
    assert!(
        ages.len() > 1800 * 92 / 100,
        "{} of 1800 arrived",
        ages.len()
    );
    let without = ages_on_a_long_lossy_path(Some(0)).await;
    let p95_without = without[without.len() * 95 / 100];
    assert!(
        p95_without > p95,
        "the floor changed nothing: {p95_without:?}"
    );
}
