//! `join`: people come in while 200 are present. What the others see must not stall, no tick of the server may be long,
//! and a newcomer with an empty cache must soon hold the whole world, checked by its hashes.

use super::{ANSWER_LIMIT, ENTRY_LIMIT, Load, number, process::Process, world};
use crate::report::Metric;
use anyhow::{Context, Result, bail, ensure};
use bots::Participant;
use protocol::WorldAddress;
use session::Cache;
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::{Handle, Runtime};

/// People who come in, one after another.
const NEWCOMERS: usize = 5;
/// Participants whose view of the others is watched.
const OBSERVERS: usize = 8;
/// How long each newcomer is watched; between two of them the same time is watched without one.
const WATCHED: Duration = Duration::from_secs(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// One send.
const SEND_MS: f64 = 50.0;
/// Targets.
const MOST_TICK_MS: f64 = 33.0;
const PASS_HELD_SECS: f64 = 2.0;
const GOAL_HELD_SECS: f64 = 1.0;

/// The worst of several windows of time.
#[derive(Default)]
struct Worst {
    state_age_ms: f64,
    tick_ms: f64,
    held_secs: f64,
}

struct Course {
    server: Process,
    address: WorldAddress,
    observers: Vec<Participant>,
    runtime: Runtime,
}

pub(crate) fn run(plaza: &Path, load: Load) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = world::copy_with_room(plaza, folder.path(), load.people + 40)?;
    let arguments = ["host", "--world"].map(str::to_owned);
    let server = Process::start(&[&arguments[..], &[world.display().to_string()]].concat())?;
    let address: WorldAddress = server.line(ANSWER_LIMIT)?.parse()?;
    server.line(ANSWER_LIMIT)?;
    let _crowd = fill(&address, load)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("stoa-bench-network")
        .enable_all()
        .build()?;
    let mut course = Course {
        server,
        address,
        observers: Vec::new(),
        runtime,
    };
    course.observe()?;
    let (mut quiet, mut joining) = (Worst::default(), Worst::default());
    for number in 0..NEWCOMERS {
        course.watch(None, &mut quiet)?;
        let cache = folder.path().join(format!("cache-{number}"));
        course.watch(Some(&cache), &mut joining)?;
    }
    report(&quiet, &joining);
    Ok(())
}

/// The crowd that is present; it stays until it is dropped.
fn fill(address: &WorldAddress, load: Load) -> Result<Process> {
    let seconds = WATCHED.as_secs() * 2 * NEWCOMERS as u64 + 30;
    let arguments = [
        "swarm",
        "--join",
        &address.to_string(),
        "--count",
        &load.people.to_string(),
        "--seconds",
        &seconds.to_string(),
        "--seed",
        &load.seed.to_string(),
    ];
    let crowd = Process::start(&arguments.map(str::to_owned))?;
    let begin = crowd.line(ENTRY_LIMIT)?;
    ensure!(begin == "measuring", "the bots said {begin}");
    Ok(crowd)
}

impl Course {
    /// Sends the observers in, and waits until they see the crowd.
    fn observe(&mut self) -> Result<()> {
        for _ in 0..OBSERVERS {
            let runtime = self.runtime.handle();
            let observer = Participant::join(&self.address, "Observer", None, runtime)?;
            self.observers.push(observer);
        }
        let limit = Instant::now() + ANSWER_LIMIT;
        while !self.observers.iter().all(|each| each.is_inside) {
            ensure!(Instant::now() < limit, "the observers did not come in");
            for observer in &mut self.observers {
                observer.tick();
            }
            thread::sleep(LOOK);
        }
        let mut unused = Worst::default();
        self.watch(None, &mut unused)
    }

    /// Watches for a while, with a newcomer when there is a folder for their cache.
    fn watch(&mut self, cache: Option<&Path>, worst: &mut Worst) -> Result<()> {
        self.ask_longest_tick()?;
        let began = Instant::now();
        let mut newcomer = cache
            .map(|folder| join(&self.address, folder, self.runtime.handle()))
            .transpose()?;
        let mut is_held = newcomer.is_none();
        while began.elapsed() < WATCHED || !is_held {
            if began.elapsed() > ANSWER_LIMIT {
                bail!(
                    "somebody could not come in for {} s",
                    ANSWER_LIMIT.as_secs()
                );
            }
            for observer in &mut self.observers {
                observer.tick();
                let now_secs = observer.session.now_secs();
                let age = observer.session.view().state_age_secs(now_secs);
                worst.state_age_ms = worst.state_age_ms.max(age.unwrap_or(0.0) * 1000.0);
            }
            if let Some(newcomer) = &mut newcomer {
                newcomer.tick();
                if !is_held && newcomer.files.is_some() {
                    is_held = true;
                    worst.held_secs = worst.held_secs.max(began.elapsed().as_secs_f64());
                }
            }
            thread::sleep(LOOK);
        }
        worst.tick_ms = worst.tick_ms.max(self.ask_longest_tick()?);
        Ok(())
    }

    /// The longest tick since the last question, in milliseconds.
    fn ask_longest_tick(&mut self) -> Result<f64> {
        self.server.say("figures")?;
        number(&self.server.value(ANSWER_LIMIT)?, "work_ms_max")
    }
}

fn join(address: &WorldAddress, folder: &Path, runtime: &Handle) -> Result<Participant> {
    let cache = Cache::open(folder, session::DEFAULT_CACHE_BYTES)?;
    let newcomer = Participant::join(address, "Newcomer", Some(cache), runtime);
    newcomer.context("a newcomer cannot start")
}

fn report(quiet: &Worst, joining: &Worst) {
    let metric = |metric, value, unit, baseline| Metric {
        bench: "join",
        metric,
        value,
        unit,
        baseline,
    };
    let delayed = (joining.state_age_ms - quiet.state_age_ms).max(0.0);
    metric("others_state_delayed_ms_max", delayed, "ms", None)
        .print_against(SEND_MS, SEND_MS * 0.5);
    metric(
        "others_state_age_ms_max",
        joining.state_age_ms,
        "ms",
        Some(quiet.state_age_ms),
    )
    .print();
    metric("tick_ms_max", joining.tick_ms, "ms", Some(quiet.tick_ms))
        .print_against(MOST_TICK_MS, MOST_TICK_MS * 0.5);
    metric("world_held_secs_max", joining.held_secs, "s", None)
        .print_against(PASS_HELD_SECS, GOAL_HELD_SECS);
}
