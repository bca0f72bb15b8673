//! `freshness`: how old state is when the path is too thin for what is offered: 96 kbit/s with a tail-drop queue of
//! 12 kB and 40 ms round trip, for 180 kbit/s of state, a reliable message of 200 B every 250 ms and a large file.
//! The same traffic over the same simulated link with quinn's default settings is the baseline.

use crate::report::Metric;
use anyhow::{Context, Result};
use network::simulated::{LinkConfig, Network};
use network::{
    BulkStream, Certificate, ClientEndpoint, Connection, KnownServers, ServerEndpoint, StateBudget,
    StreamReceiver, StreamSender, Trust, Tuning,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, interval, sleep_until};

const ROUND_TRIP: Duration = Duration::from_millis(40);
const BYTES_PER_SEC: u64 = 12_000;
const QUEUE_BYTES: u64 = 12_000;
const SEND: Duration = Duration::from_millis(50);
/// 180 kbit/s of state, 20 times a second.
const OFFERED_BYTES: usize = 1_125;
/// IP, UDP and QUIC around a datagram.
const PACKET_BYTES: usize = 58;
const MESSAGE: Duration = Duration::from_millis(250);
const MESSAGE_BYTES: usize = 200;
/// How often the age of the newest state is looked at.
const LOOK: Duration = Duration::from_millis(5);
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(60);
/// More than the link carries in the time.
const FILE_BYTES: usize = 4_000_000;
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 7862);
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

/// What came of it, in milliseconds and bytes.
struct Outcome {
    state_age_p95: f64,
    message_p95: f64,
    state_bytes: f64,
    file_bytes: f64,
}

/// What the two ends share of one run.
struct Course {
    start: Instant,
    end: Instant,
    file_bytes: AtomicU64,
    state_bytes: AtomicU64,
}

pub(crate) fn run(seed: u64) -> Result<()> {
    let ours = measure(seed, Tuning::Stoa)?;
    let defaults = measure(seed, Tuning::QuinnDefaults)?;
    let half_trip_ms = ROUND_TRIP.as_secs_f64() * 500.0;
    let send_ms = SEND.as_secs_f64() * 1000.0;
    let metric = |metric, unit, value, baseline| Metric {
        bench: "freshness",
        metric,
        value,
        unit,
        baseline: Some(baseline),
    };
    let age = metric(
        "newest_state_age_ms_p95",
        "ms",
        ours.state_age_p95,
        defaults.state_age_p95,
    );
    age.print_against(half_trip_ms + 3.0 * send_ms, half_trip_ms + 2.0 * send_ms);
    age.print_ratio_against(0.2, 0.2);
    let message = metric(
        "reliable_message_ms_p95",
        "ms",
        ours.message_p95,
        defaults.message_p95,
    );
    message.print_against(8.0 * half_trip_ms, 6.0 * half_trip_ms);
    message.print_ratio_against(0.2, 0.2);
    metric(
        "state_kbit_per_sec",
        "kbit/s",
        ours.state_bytes,
        defaults.state_bytes,
    )
    .print();
    metric(
        "file_kbit_per_sec",
        "kbit/s",
        ours.file_bytes,
        defaults.file_bytes,
    )
    .print();
    Ok(())
}

/// One run on a clock that needs no waiting.
fn measure(seed: u64, tuning: Tuning) -> Result<Outcome> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?
        .block_on(measure_async(seed, tuning))
}

async fn measure_async(seed: u64, tuning: Tuning) -> Result<Outcome> {
    let network = Network::new(seed);
    network.set_default_link(LinkConfig {
        delay: ROUND_TRIP / 2,
        bandwidth: Some(BYTES_PER_SEC),
        queue_bytes: QUEUE_BYTES,
        ..LinkConfig::default()
    });
    let certificate = Certificate::temporary()?;
    let server = ServerEndpoint::simulated_with(&network, SERVER, &certificate, tuning)?;
    let known = KnownServers::in_memory();
    let trust = Trust {
        host: "10.0.0.1",
        port: SERVER.port(),
        invited: None,
        known: &known,
        pin_unknown: true,
    };
    let client = ClientEndpoint::simulated(network, CLIENT).with_tuning(tuning);
    let accept = async {
        let handshake = server.accept().await.context("the endpoint is closed")?;
        anyhow::Ok(handshake.finish().await?)
    };
    let connect = async {
        let limit = Duration::from_secs(20);
        anyhow::Ok(client.connect(SERVER, trust, limit).await?)
    };
    let (near, far) = tokio::try_join!(connect, accept)?;
    let (near_control, far_control) = tokio::join!(open(&near), far.accept_control());
    let (near_control, far_control) = (near_control?, far_control?);
    let (near_bulk, far_bulk) = tokio::join!(open_bulk(&near), far.accept_bulk());
    let (near_bulk, mut far_bulk) = (near_bulk?, far_bulk?);
    let start = Instant::now();
    let course = Course {
        start,
        end: start + WARM_UP + MEASURED,
        file_bytes: AtomicU64::new(0),
        state_bytes: AtomicU64::new(0),
    };
    let file = vec![7; FILE_BYTES];
    let (ages, delays, ..) = tokio::join!(
        look_at_states(&near, &course),
        receive_messages(near_control.receiver, &course),
        send_states(&far, &course, tuning),
        send_messages(far_control.sender, &course),
        send_motion(&near, &course),
        receive_file(near_bulk, &course),
        until_end(&course, far_bulk.sender.send_raw(&file)),
    );
    let kbit = |bytes: &AtomicU64| {
        bytes.load(Ordering::Relaxed) as f64 * 8.0 / 1000.0 / MEASURED.as_secs_f64()
    };
    Ok(Outcome {
        state_age_p95: p95(ages),
        message_p95: p95(delays),
        state_bytes: kbit(&course.state_bytes),
        file_bytes: kbit(&course.file_bytes),
    })
}

async fn open(connection: &Connection) -> Result<network::ControlStream> {
    let mut control = connection.open_control().await?;
    control.sender.send(&"hello").await?;
    Ok(control)
}

async fn open_bulk(connection: &Connection) -> Result<BulkStream> {
    let mut stream = connection.open_bulk().await?;
    stream.sender.send(&"a file").await?;
    Ok(stream)
}

/// State as each would send it: ours within its budget and only when the last has left; by default whatever is due.
async fn send_states(connection: &Connection, course: &Course, tuning: Tuning) {
    let mut sends = interval(SEND);
    let mut budget = StateBudget::new(16_000.0, 32_000.0);
    while sends.tick().await < course.end {
        let mut length = OFFERED_BYTES.min(connection.max_datagram_size().unwrap_or(0));
        if tuning == Tuning::Stoa {
            let stats = connection.stats();
            let is_waiting = connection.has_unsent_state();
            let now_secs = course.start.elapsed().as_secs_f64();
            let bytes_per_sec = budget.update(now_secs, stats.rtt, stats.min_rtt, is_waiting);
            connection.set_state_budget(bytes_per_sec as u64);
            if is_waiting {
                continue;
            }
            let sends_per_sec = 1.0 / SEND.as_secs_f64();
            length = length.min(budget.bytes_per_send(sends_per_sec, PACKET_BYTES));
        }
        let mut bytes = stamp(course).to_vec();
        bytes.resize(length.max(bytes.len()), 0);
        if connection.send_state(bytes).is_err() {
            return;
        }
    }
}

/// The client's own motion.
async fn send_motion(connection: &Connection, course: &Course) {
    let mut sends = interval(Duration::from_millis(33));
    while sends.tick().await < course.end {
        if connection.send_state(vec![0; 60]).is_err() {
            return;
        }
    }
}

/// Ages of the newest state, in milliseconds.
async fn look_at_states(connection: &Connection, course: &Course) -> Vec<f64> {
    let mut looks = interval(LOOK);
    let (mut ages, mut newest) = (Vec::new(), Duration::ZERO);
    loop {
        tokio::select! {
            biased;
            received = connection.receive_state() => {
                let Ok(bytes) = received else { return ages };
                newest = newest.max(stamped(&bytes));
                if is_measured(course) {
                    course.state_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                }
            }
            now = looks.tick() => {
                if now >= course.end {
                    return ages;
                }
                if is_measured(course) {
                    ages.push((course.start.elapsed() - newest).as_secs_f64() * 1000.0);
                }
            }
        }
    }
}

async fn send_messages(mut sender: StreamSender, course: &Course) {
    let mut sends = interval(MESSAGE);
    while sends.tick().await < course.end {
        let mut message = stamp(course).to_vec();
        message.resize(MESSAGE_BYTES, 0);
        if sender.send(&message).await.is_err() {
            return;
        }
    }
}

/// How long each message took, in milliseconds; those still under way count up to the end.
async fn receive_messages(mut receiver: StreamReceiver, course: &Course) -> Vec<f64> {
    let mut delays = Vec::new();
    let receiving = async {
        while let Ok(message) = receiver.receive::<Vec<u8>>().await {
            let sent = stamped(&message);
            if sent >= WARM_UP {
                delays.push((course.start.elapsed() - sent).as_secs_f64() * 1000.0);
            }
        }
    };
    until_end(course, receiving).await;
    delays
}

async fn receive_file(mut stream: BulkStream, course: &Course) {
    let mut buffer = vec![0; 65_536];
    let receiving = async {
        while let Ok(Some(count)) = stream.receiver.receive_raw(&mut buffer).await {
            if is_measured(course) {
                course.file_bytes.fetch_add(count as u64, Ordering::Relaxed);
            }
        }
    };
    until_end(course, receiving).await;
}

async fn until_end<T>(course: &Course, work: impl Future<Output = T>) {
    tokio::select! {
        _done = work => {}
        () = sleep_until(course.end) => {}
    }
}

fn is_measured(course: &Course) -> bool {
    course.start.elapsed() >= WARM_UP
}

/// When something was sent, at its front.
fn stamp(course: &Course) -> [u8; 8] {
    (course.start.elapsed().as_nanos() as u64).to_be_bytes()
}

fn stamped(bytes: &[u8]) -> Duration {
    let nanos = bytes
        .first_chunk()
        .map_or(0, |stamp| u64::from_be_bytes(*stamp));
    Duration::from_nanos(nanos)
}

/// Infinite when nothing came.
fn p95(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = values.len() * 95 / 100;
    values.get(place).copied().unwrap_or(f64::INFINITY)
}
