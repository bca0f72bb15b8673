//! Many bots at once, and what they measured.

use crate::participant::at_best;
use crate::stroll::{Behaviour, Bot, Crew, TickClock, fetched_ground, update_ground};
use protocol::{ServerStatistics, TICKS_PER_SECOND, WorldAddress};
use std::{io, time::Duration};

/// Seconds that a swarm has for entering.
const ENTRY_SECS: u64 = 60;
/// Ticks between two bots that join.
const JOIN_TICKS: u64 = 3;
/// Ticks between two questions to the server.
const ASK_TICKS: u64 = 5 * TICKS_PER_SECOND as u64;
/// The server's figures cover ten seconds: those from before the whole swarm was inside do not count.
const WARM_UP_TICKS: u64 = 10 * TICKS_PER_SECOND as u64;

/// What a swarm does.
#[derive(Clone, Debug)]
pub struct SwarmConfig {
    /// Which world.
    pub address: WorldAddress,
    /// How many bots.
    pub count: u32,
    /// How long, from when everybody is inside.
    pub seconds: u64,
    /// What they do.
    pub behaviour: Behaviour,
    /// Decides what each does.
    pub seed: u64,
}

/// Median and tails of something.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    /// Half is below.
    pub p50: f64,
    /// 95 of 100 are below.
    pub p95: f64,
    /// 99 of 100 are below.
    pub p99: f64,
}

/// What a swarm found.
#[derive(Clone, Debug, PartialEq)]
pub struct SwarmReport {
    /// Bots that were inside.
    pub bots: u32,
    /// Seconds measured.
    pub seconds: f64,
    /// Connections lost, and bots that were not let in.
    pub disconnects: u32,
    /// Age of the newest state of every bot, sampled each tick, in milliseconds.
    pub state_age_ms: Percentiles,
    /// UDP payload.
    pub bytes_in_per_sec_per_bot: f64,
    /// The worst of the server's figures, where it tells them.
    pub server: Option<ServerStatistics>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum SwarmError {
    /// The system gives no threads, sockets or folder.
    #[error("the bots cannot start: {0}")]
    Start(#[from] io::Error),
    /// Not one came in.
    #[error("no bot could enter: {0}")]
    NotEntered(String),
    /// The world cannot be walked on.
    #[error("the world cannot be read: {0}")]
    World(String),
}

/// Runs a swarm to its end.
///
/// # Errors
/// [`SwarmError`].
pub fn swarm(config: &SwarmConfig) -> Result<SwarmReport, SwarmError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("stoa-bots-network")
        .enable_all()
        .build()?;
    let crew = Crew::new(config.address.clone(), config.behaviour, config.seed)?;
    let mut run = Run {
        bots: Vec::new(),
        clock: TickClock::start(),
        ages_ms: Vec::new(),
        server: None,
        measured_from: None,
    };
    let report = run.go(config, &crew, runtime.handle());
    for bot in &run.bots {
        at_best(bot.person.session.leave());
    }
    runtime.shutdown_timeout(Duration::from_millis(500));
    report
}

struct Run {
    bots: Vec<Bot>,
    clock: TickClock,
    ages_ms: Vec<f32>,
    server: Option<ServerStatistics>,
    /// Tick, and bytes received by all bots at it.
    measured_from: Option<(u64, u64)>,
}

impl Run {
    fn go(
        &mut self,
        config: &SwarmConfig,
        crew: &Crew,
        runtime: &tokio::runtime::Handle,
    ) -> Result<SwarmReport, SwarmError> {
        let second = u64::from(TICKS_PER_SECOND);
        let mut ground = None;
        loop {
            let tick = self.clock.tick;
            let joined = self.bots.len() as u64;
            if joined < u64::from(config.count) && tick >= joined * JOIN_TICKS {
                self.bots.push(crew.join(joined, runtime)?);
            }
            if ground.is_none()
                && let Some(fetched) = self.bots.first().and_then(fetched_ground)
            {
                ground = Some(fetched.map_err(SwarmError::World)?);
            }
            if let (Some(ground), Some(first)) = (&mut ground, self.bots.first()) {
                update_ground(ground, first, tick);
            }
            for bot in &mut self.bots {
                bot.tick(ground.as_ref(), tick);
            }
            if self.measured_from.is_none() {
                self.begin_when_inside(config)?;
            }
            if let Some((from, _)) = self.measured_from {
                self.measure(tick - from);
                if tick - from >= config.seconds * second {
                    return Ok(self.report(tick - from));
                }
            }
            self.clock.wait();
        }
    }

    /// Measuring begins when everybody is inside, or has failed, or has had their time.
    fn begin_when_inside(&mut self, config: &SwarmConfig) -> Result<(), SwarmError> {
        let is_settled = |bot: &Bot| bot.person.is_inside || bot.person.end.is_some();
        let is_late = self.clock.tick > ENTRY_SECS * u64::from(TICKS_PER_SECOND);
        let is_complete = self.bots.len() == config.count as usize;
        let is_begun = is_late || (is_complete && self.bots.iter().all(is_settled));
        if !is_begun {
            return Ok(());
        }
        if !self.bots.iter().any(|bot| bot.person.is_inside) {
            let reason = self.bots.iter().find_map(|bot| bot.person.end.as_ref());
            let reason = match reason {
                Some(session::SessionEvent::Failed(failure)) => failure.to_string(),
                Some(session::SessionEvent::Closed { reason }) => reason.clone(),
                _ => format!("{} did not let anybody in for a minute", config.address),
            };
            return Err(SwarmError::NotEntered(reason));
        }
        self.measured_from = Some((self.clock.tick, self.bytes_in()));
        Ok(())
    }

    fn measure(&mut self, elapsed: u64) {
        for bot in &self.bots {
            let now_secs = bot.person.session.now_secs();
            let age = bot.person.session.view().state_age_secs(now_secs);
            if let Some(age) = age.filter(|_| bot.person.is_inside) {
                self.ages_ms.push((age * 1000.0) as f32);
            }
        }
        let Some(first) = self.bots.first_mut() else {
            return;
        };
        if elapsed.is_multiple_of(ASK_TICKS) && elapsed > 0 {
            at_best(first.person.session.ask_statistics());
        }
        if let Some(told) = first.person.statistics.take() {
            let is_whole = elapsed > WARM_UP_TICKS || self.server.is_none();
            if is_whole {
                let worst = self
                    .server
                    .filter(|_| elapsed > WARM_UP_TICKS + ASK_TICKS)
                    .filter(|known| known.tick_ms_p99 > told.tick_ms_p99);
                self.server = Some(worst.unwrap_or(told));
            }
        }
    }

    fn bytes_in(&self) -> u64 {
        let of_bot = |bot: &Bot| bot.person.session.stats().bytes_in;
        self.bots.iter().map(of_bot).sum()
    }

    fn report(&mut self, elapsed: u64) -> SwarmReport {
        let seconds = elapsed as f64 / f64::from(TICKS_PER_SECOND);
        let inside = self.bots.iter().filter(|bot| bot.person.is_inside).count() as u32;
        let lost = |bot: &Bot| bot.person.losses + u32::from(!bot.person.is_inside);
        let bytes_before = self.measured_from.map_or(0, |(_, bytes)| bytes);
        let bytes = self.bytes_in().saturating_sub(bytes_before) as f64;
        SwarmReport {
            bots: inside,
            seconds,
            disconnects: self.bots.iter().map(lost).sum(),
            state_age_ms: Percentiles::of(&mut self.ages_ms),
            bytes_in_per_sec_per_bot: bytes / seconds.max(1e-9) / f64::from(inside.max(1)),
            server: self.server,
        }
    }
}

impl Percentiles {
    fn of(values: &mut [f32]) -> Self {
        values.sort_by(f32::total_cmp);
        let at = |share: f64| {
            let place = (values.len() as f64 * share) as usize;
            let value = values.get(place.min(values.len().saturating_sub(1)));
            f64::from(value.copied().unwrap_or(0.0))
        };
        Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
        }
    }
}
