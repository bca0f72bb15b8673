//! Benches of a whole server under load: the server and its bots are processes of their own, on this machine, over real
//! QUIC on loopback. Each is run beside a null server with the same traffic and no game.

mod host;
mod join;
mod null;
mod process;
mod scale;
mod server;
mod world;

pub(crate) use host::serve;
pub(crate) use join::run as join;
pub(crate) use null::{CrowdConfig, crowd as null_crowd, serve as null_serve};
pub(crate) use scale::run as scale;
pub(crate) use server::run as server;

use crate::report::Metric;
use anyhow::{Context, Result, ensure};
use bots::{Behaviour, SwarmConfig, SwarmReport, swarm_with};
use process::{MachineTime, Process, ProcessorTime};
use protocol::WorldAddress;
use serde_json::{Value, json};
use session::Reading;
use std::{path::Path, thread, time::Duration};

/// How long a child may take for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// How long a crowd may take, after it was measured, to read what it got.
const READING_LIMIT: Duration = Duration::from_secs(180);
/// How long a crowd may take until all are inside.
const ENTRY_LIMIT: Duration = Duration::from_secs(120);
/// Time for newcomers to be told of everybody, before anything is measured.
const SETTLE_SECS: u64 = 4;
/// People who come in a second, with and without a game.
pub(crate) const JOINS_PER_SEC: u32 = 60;
/// A machine that gives others more than this share, in percent, is not what the targets were set for.
const DISTURBED_PERCENT: f64 = 10.0;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) people: u32,
    pub(crate) seconds: u64,
    pub(crate) seed: u64,
}

impl Load {
    pub(crate) fn new(people: u32, seconds: u64, seed: u64) -> Self {
        Self {
            people: people.max(1),
            seconds: seconds.max(1),
            seed,
        }
    }
}

/// What a server did while it was measured, and what it took.
pub(crate) struct Measured {
    pub(crate) figures: Value,
    pub(crate) time: ProcessorTime,
    /// Share of the machine that was neither the server's nor the bots', in percent.
    pub(crate) others_percent: f64,
    /// What the bots say at their end.
    pub(crate) crowd: Value,
    /// What the server's ledger says of that; null without a game.
    pub(crate) compared: Value,
}

impl Measured {
    pub(crate) fn figure(&self, name: &str) -> f64 {
        self.figures[name].as_f64().unwrap_or(f64::NAN)
    }

    pub(crate) fn sends(&self) -> f64 {
        self.figure("sends").max(1.0)
    }

    /// Microseconds of processor time of the whole server for each datagram to a client.
    pub(crate) fn micros_per_send(&self) -> f64 {
        self.time.total.as_secs_f64() * 1.0e6 / self.sends()
    }

    /// The same of the threads that step worlds: physics, encoding, handing over.
    pub(crate) fn world_micros_per_send(&self) -> f64 {
        self.time.worlds.as_secs_f64() * 1.0e6 / self.sends()
    }

    /// Mean bytes of a state datagram.
    pub(crate) fn bytes_per_send(&self) -> f64 {
        self.figure("bytes") / self.sends()
    }
}

/// The product's server with bots that walk about.
pub(crate) fn run_product(world: &Path, load: Load) -> Result<Measured> {
    let mut server = Process::start(&[
        "host".to_owned(),
        "--world".to_owned(),
        world.display().to_string(),
    ])?;
    let address = server.line(ANSWER_LIMIT)?;
    tell_buffers(&server.value(ANSWER_LIMIT)?);
    let mut bots = Process::start(&[
        "swarm".to_owned(),
        "--join".to_owned(),
        address,
        "--count".to_owned(),
        load.people.to_string(),
        "--seconds".to_owned(),
        (load.seconds + 1).to_string(),
        "--seed".to_owned(),
        load.seed.to_string(),
    ])?;
    let mut measured = measure(&mut server, &mut bots, load.seconds)?;
    let claims = json!({
        "windows": measured.crowd["windows"],
        "sampled": measured.crowd["sampled"],
    });
    server.say(&claims.to_string())?;
    measured.compared = server.value(ANSWER_LIMIT)?;
    Ok(measured)
}

/// The null server with the traffic of `like`.
pub(crate) fn run_null(load: Load, like: &Measured) -> Result<Measured> {
    let down = like.bytes_per_send().round() as usize;
    let up = like.crowd["bytes_per_datagram_out"]
        .as_f64()
        .unwrap_or(60.0);
    let mut server = Process::start(&[
        "null-host".to_owned(),
        "--bytes".to_owned(),
        down.to_string(),
    ])?;
    let address = server.line(ANSWER_LIMIT)?;
    let mut crowd = Process::start(&[
        "null-crowd".to_owned(),
        "--join".to_owned(),
        address,
        "--count".to_owned(),
        load.people.to_string(),
        "--seconds".to_owned(),
        (load.seconds + 1).to_string(),
        "--bytes".to_owned(),
        (up.round() as usize).to_string(),
    ])?;
    measure(&mut server, &mut crowd, load.seconds)
}

/// Measures a server once its crowd says that all are inside.
fn measure(server: &mut Process, crowd: &mut Process, seconds: u64) -> Result<Measured> {
    let begin = crowd.line(ENTRY_LIMIT)?;
    ensure!(begin == "measuring", "the bots said {begin}");
    server.say("figures")?;
    server.value(ANSWER_LIMIT)?;
    let (machine, ours) = (MachineTime::now()?, server.processor_time()?);
    let theirs = crowd.processor_time()?;
    thread::sleep(Duration::from_secs(seconds));
    server.say("figures")?;
    let figures = server.value(ANSWER_LIMIT)?;
    let time = server.processor_time()? - ours;
    let used = time.total + (crowd.processor_time()? - theirs).total;
    let others_percent = MachineTime::now()?.others_percent(machine, used);
    let crowd = crowd.value(Duration::from_secs(seconds) + READING_LIMIT)?;
    Ok(Measured {
        figures,
        time,
        others_percent,
        crowd,
        compared: Value::Null,
    })
}

/// Bots in a process of their own.
pub(crate) fn crowd(join: &WorldAddress, load: Load) -> Result<()> {
    let config = SwarmConfig {
        address: join.clone(),
        count: load.people,
        settle_secs: SETTLE_SECS,
        seconds: load.seconds,
        joins_per_sec: JOINS_PER_SEC,
        behaviour: Behaviour::Walk,
        // The bots share the machine with what is measured.
        reading: Reading::Header,
        seed: load.seed,
    };
    let report = swarm_with(&config, || say("measuring"))?;
    say(&as_value(&report).to_string());
    Ok(())
}

fn as_value(report: &SwarmReport) -> Value {
    let windows: Vec<_> = report
        .windows
        .iter()
        .map(|window| {
            let (ticks, sequences) = (window.ticks, window.sequences);
            let entity = u64::from(window.entity.0);
            [entity, ticks.0, ticks.1, sequences.0, sequences.1]
        })
        .collect();
    let sampled: Vec<_> = report
        .sampled
        .iter()
        .map(|(tick, entity, print)| (tick, entity.0, print))
        .collect();
    let snapshots: u64 = report.windows.iter().map(|window| window.snapshots).sum();
    json!({
        "bots": report.bots,
        "disconnects": report.disconnects,
        "state_age_ms_p50": report.state_age_ms.p50,
        "state_age_ms_p99": report.state_age_ms.p99,
        "bytes_in_per_sec": report.bytes_in_per_sec_per_bot,
        "bytes_per_datagram_out": report.bytes_per_datagram_out,
        "broken": report.broken,
        "snapshots": snapshots,
        "windows": windows,
        "sampled": sampled,
    })
}

/// What the machine gave others while something was measured; a figure that they spoil is worth less.
pub(crate) fn print_disturbance(bench: &'static str, metric: &'static str, percent: f64) {
    Metric {
        bench,
        metric,
        value: percent,
        unit: "%",
        baseline: None,
    }
    .print();
    if percent > DISTURBED_PERCENT {
        note(&format!(
            "{bench}: other programs took {percent:.0} % of this machine meanwhile; \
             times and lateness are worse for it"
        ));
    }
}

fn tell_buffers(granted: &Value) {
    let bytes = granted["receive_bytes"].as_u64().unwrap_or(0);
    if bytes < 4 << 20 {
        note(&format!(
            "the system grants the server's socket {} KiB for packets that arrive: \
             set net.core.rmem_max to 8388608 for more",
            bytes >> 10
        ));
    }
}

/// A number that a child told.
pub(crate) fn number(value: &Value, name: &str) -> Result<f64> {
    value[name]
        .as_f64()
        .with_context(|| format!("the child did not tell `{name}`"))
}

#[allow(clippy::print_stdout, reason = "how the processes of a bench speak")]
fn say(line: &str) {
    println!("{line}");
}

#[allow(
    clippy::print_stderr,
    reason = "remarks of a command go to standard error"
)]
fn note(line: &str) {
    eprintln!("stoa-bench: {line}");
}
