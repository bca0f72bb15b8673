//! The baseline of load benches: a server and a crowd that exchange datagrams of the same sizes, in the same phases, at
//! the same rates, over the same QUIC settings, and do nothing else.

use anyhow::{Context, Result};
use network::{Certificate, ClientEndpoint, Connection, KnownServers, ServerEndpoint, Trust};
use protocol::{TICKS_PER_SECOND, TICKS_PER_SEND};
use serde_json::json;
use std::{
    io::BufRead,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::{runtime::Runtime, sync::mpsc, time::MissedTickBehavior};

/// Client datagrams a second, as sessions send them.
const UPLINK_PER_SEC: u32 = 30;
const GROUPS: usize = TICKS_PER_SEND as usize;
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// What the server's tasks share.
#[derive(Default)]
struct Counts {
    sends: AtomicU64,
    heard: AtomicU64,
    late_ms: Mutex<Vec<f32>>,
    groups: [Mutex<Vec<Connection>>; GROUPS],
}

fn runtime(name: &str, threads: usize) -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name(name)
        .enable_all()
        .build()?)
}

/// Sends `bytes` to everybody 20 times a second until the input ends; says where it listens, and answers each line
/// with its figures since the last.
pub(crate) fn serve(bytes: usize) -> Result<()> {
    let runtime = runtime("null-network", thread::available_parallelism()?.get())?;
    let counts = Arc::new(Counts::default());
    let certificate = Certificate::temporary()?;
    let endpoint = {
        let _entered = runtime.enter();
        ServerEndpoint::bind_plain(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), &certificate)?
    };
    super::say(&endpoint.local_address()?.to_string());
    drop(runtime.spawn(accept(endpoint, counts.clone())));
    let (turns, turn) = mpsc::channel(8);
    drop(runtime.spawn(send(turn, bytes, counts.clone())));
    let timed = counts.clone();
    thread::Builder::new()
        .name("null-ticks".to_owned())
        .spawn(move || keep_time(&turns, &timed))?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let mut late = std::mem::take(&mut *lock(&counts.late_ms));
        late.sort_by(f32::total_cmp);
        let place = late.len() * 99 / 100;
        let figures = json!({
            "sends": counts.sends.swap(0, Ordering::Relaxed),
            "heard": counts.heard.swap(0, Ordering::Relaxed),
            "late_ms_p99": late.get(place).copied().unwrap_or(0.0),
        });
        super::say(&figures.to_string());
    }
    Ok(())
}

async fn accept(endpoint: ServerEndpoint, counts: Arc<Counts>) {
    let mut number = 0;
    while let Some(handshake) = endpoint.accept().await {
        let (counts, group) = (counts.clone(), number % GROUPS);
        number += 1;
        drop(tokio::spawn(async move {
            let Ok(connection) = handshake.finish().await else {
                return;
            };
            connection.set_proven();
            lock(&counts.groups[group]).push(connection.clone());
            while connection.receive_state().await.is_ok() {
                counts.heard.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
}

/// Sixty turns a second, by a thread as worlds have one.
fn keep_time(turns: &mpsc::Sender<usize>, counts: &Counts) {
    let tick = Duration::from_secs(1) / TICKS_PER_SECOND;
    let mut due = Instant::now();
    for turn in (0..GROUPS).cycle() {
        let now = Instant::now();
        if now < due {
            thread::sleep(due - now);
        }
        let late = Instant::now().saturating_duration_since(due);
        lock(&counts.late_ms).push((late.as_secs_f64() * 1000.0) as f32);
        due += tick;
        if turns.blocking_send(turn).is_err() {
            return;
        }
    }
}

async fn send(mut turns: mpsc::Receiver<usize>, bytes: usize, counts: Arc<Counts>) {
    while let Some(turn) = turns.recv().await {
        let mut group = lock(&counts.groups[turn]);
        group.retain(|connection| connection.send_state(vec![0; bytes]).is_ok());
        counts
            .sends
            .fetch_add(group.len() as u64, Ordering::Relaxed);
    }
}

/// What a crowd is told.
pub(crate) struct CrowdConfig {
    pub(crate) server: SocketAddr,
    pub(crate) count: u32,
    pub(crate) joins_per_sec: u32,
    pub(crate) seconds: u64,
    pub(crate) bytes: usize,
}

/// Connects, says that measuring may begin, exchanges datagrams for a while, and says how many came.
pub(crate) fn crowd(config: &CrowdConfig) -> Result<()> {
    let runtime = runtime("null-crowd", 2)?;
    let received = Arc::new(AtomicU64::new(0));
    let lost = Arc::new(AtomicU64::new(0));
    let known = Arc::new(KnownServers::in_memory());
    let (ready, mut inside) = mpsc::channel(config.count.max(1) as usize);
    for number in 0..config.count {
        let (known, received, lost) = (known.clone(), received.clone(), lost.clone());
        let (server, bytes, ready) = (config.server, config.bytes, ready.clone());
        let wait = Duration::from_secs(1) * number / config.joins_per_sec.max(1);
        drop(runtime.spawn(async move {
            tokio::time::sleep(wait).await;
            let connected = connect(server, &known).await;
            if ready.send(connected.is_ok()).await.is_err() {
                return;
            }
            if let Ok(connection) = connected {
                exchange(&connection, bytes, &received).await;
                lost.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let mut failed = 0;
    for _ in 0..config.count {
        failed += u64::from(!inside.blocking_recv().context("the crowd ended")?);
    }
    received.store(0, Ordering::Relaxed);
    super::say("measuring");
    thread::sleep(Duration::from_secs(config.seconds));
    let report = json!({
        "received": received.load(Ordering::Relaxed),
        "disconnects": failed + lost.load(Ordering::Relaxed),
    });
    super::say(&report.to_string());
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(())
}

async fn connect(server: SocketAddr, known: &KnownServers) -> Result<Connection> {
    let trust = Trust {
        host: "null",
        port: server.port(),
        invited: None,
        known,
        pin_unknown: true,
    };
    let endpoint = ClientEndpoint::udp();
    Ok(endpoint.connect(server, trust, CONNECT_LIMIT).await?)
}

/// Sends and receives until the connection ends.
async fn exchange(connection: &Connection, bytes: usize, received: &AtomicU64) {
    let mut sends = tokio::time::interval(Duration::from_secs(1) / UPLINK_PER_SEC);
    sends.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            state = connection.receive_state() => match state {
                Ok(_) => drop(received.fetch_add(1, Ordering::Relaxed)),
                Err(_) => return,
            },
            _ = sends.tick() => {
                if connection.send_state(vec![0; bytes]).is_err() {
                    return;
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
