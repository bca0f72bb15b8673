//! Many bots at once, and what they measured.

use crate::participant::at_best;
use crate::stroll::{Behaviour, Bot, Crew, TickClock, fetched_ground, part, update_ground};
use protocol::{EntityId, ServerStatistics, TICKS_PER_SECOND, WorldAddress};
use server::{is_sampled, network_threads};
use session::Reading;
use std::{collections::BTreeSet, io};

/// Seconds that a swarm has for entering.
const ENTRY_SECS: u64 = 60;
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
    /// How long to wait once everybody is inside, until newcomers have been told of everybody.
    pub settle_secs: u64,
    /// How long to measure after that.
    pub seconds: u64,
    /// How many come in a second; more than one a tick do not.
    pub joins_per_sec: u32,
    /// What they do.
    pub behaviour: Behaviour,
    /// How much of the snapshots they read while they are measured; the rest is read afterwards.
    pub reading: Reading,
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
    /// Mean size of a bot's own datagrams: what it sent beside its snapshots' share of QUIC.
    pub bytes_per_datagram_out: f64,
    /// Datagrams that were no snapshots.
    pub broken: u64,
    /// The worst of the server's figures, where it tells them.
    pub server: Option<ServerStatistics>,
    /// What each bot received and sent while measuring, to be compared with the server's ledger.
    pub windows: Vec<Window>,
    /// Tick, entity and fingerprint of the states that came with one send in a hundred, without repetitions.
    pub sampled: BTreeSet<(u64, EntityId, u64)>,
}

/// What one bot received and sent between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its avatar.
    pub entity: EntityId,
    /// Server ticks of the newest snapshots at the begin and the end.
    pub ticks: (u64, u64),
    /// Snapshots decoded between.
    pub snapshots: u64,
    /// Sequence numbers of the next datagram at the begin and the end.
    pub sequences: (u64, u64),
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
    swarm_with(config, || {})
}

/// As [`swarm`]; `on_begin` is called when measuring begins.
///
/// # Errors
/// [`SwarmError`].
pub fn swarm_with(
    config: &SwarmConfig,
    on_begin: impl FnOnce(),
) -> Result<SwarmReport, SwarmError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(network_threads())
        .thread_name("stoa-bots-network")
        .enable_all()
        .build()?;
    let crew = Crew::new(
        config.address.clone(),
        config.behaviour,
        config.seed,
        config.count,
        config.reading,
    )?;
    let mut run = Run {
        bots: Vec::new(),
        clock: TickClock::start(),
        ages_ms: Vec::new(),
        server: None,
        begun: None,
        settled: None,
        windows: Vec::new(),
        sampled: BTreeSet::new(),
    };
    let report = run.go(config, &crew, runtime.handle(), on_begin);
    part(run.bots, runtime);
    report
}

struct Run {
    bots: Vec<Bot>,
    clock: TickClock,
    ages_ms: Vec<f32>,
    server: Option<ServerStatistics>,
    /// Moment, in ticks of the wall clock, and bytes received by all bots until then.
    begun: Option<(u64, u64)>,
    /// Moment at which all were inside.
    settled: Option<u64>,
    /// In the order of the bots, once measuring has begun.
    windows: Vec<Window>,
    sampled: BTreeSet<(u64, EntityId, u64)>,
}

impl Run {
    fn go(
        &mut self,
        config: &SwarmConfig,
        crew: &Crew,
        runtime: &tokio::runtime::Handle,
        on_begin: impl FnOnce(),
    ) -> Result<SwarmReport, SwarmError> {
        let second = u64::from(TICKS_PER_SECOND);
        let per_sec = u64::from(config.joins_per_sec.max(1));
        let mut on_begin = Some(on_begin);
        let mut ground = None;
        loop {
            let (tick, now) = (self.clock.tick, self.clock.wall_tick());
            let joined = self.bots.len() as u64;
            if joined < u64::from(config.count) && now * per_sec >= joined * second {
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
            if self.begun.is_none() {
                self.begin_when_inside(config)?;
                if self.begun.is_some()
                    && let Some(on_begin) = on_begin.take()
                {
                    on_begin();
                }
            }
            if let Some((from, _)) = self.begun {
                // Measuring may just have begun, a little after this round did.
                let elapsed = now.saturating_sub(from);
                self.measure(tick, elapsed);
                if elapsed >= config.seconds * second {
                    return Ok(self.report(elapsed));
                }
            }
            self.clock.wait();
        }
    }

    /// Measuring begins when everybody is inside, or has failed, or has had their time.
    fn begin_when_inside(&mut self, config: &SwarmConfig) -> Result<(), SwarmError> {
        let is_settled = |bot: &Bot| bot.person.is_inside || bot.person.end.is_some();
        let second = u64::from(TICKS_PER_SECOND);
        let now = self.clock.wall_tick();
        let is_late = now > ENTRY_SECS * second;
        let is_complete = self.bots.len() == config.count as usize;
        if self.settled.is_none() {
            let is_everybody_in = is_complete && self.bots.iter().all(is_settled);
            if !is_everybody_in && !is_late {
                return Ok(());
            }
            self.settled = Some(now);
        }
        if self
            .settled
            .is_some_and(|at| now < at + config.settle_secs * second)
        {
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
        self.begun = Some((now, self.bytes_in()));
        self.windows = self.bots.iter().map(moment).collect();
        Ok(())
    }

    fn measure(&mut self, tick: u64, elapsed: u64) {
        for bot in &self.bots {
            let now_secs = bot.person.session.now_secs();
            let age = bot.person.session.view().state_age_secs(now_secs);
            if let Some(age) = age.filter(|_| bot.person.is_inside) {
                self.ages_ms.push((age * 1000.0) as f32);
            }
        }
        self.sample_states();
        let Some(first) = self.bots.first_mut() else {
            return;
        };
        if tick.is_multiple_of(ASK_TICKS) && elapsed > 0 {
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

    /// Notes what came with a snapshot that the server keeps the truth of, a few bots each tick.
    fn sample_states(&mut self) {
        for bot in &self.bots {
            let view = bot.person.session.view();
            let Some(newest) = view.newest_tick().filter(|tick| is_sampled(*tick)) else {
                continue;
            };
            let came = view.newest_states().filter(|(_, tick, _)| *tick == newest);
            self.sampled
                .extend(came.map(|(id, tick, state)| (tick, id, state.fingerprint())));
        }
    }

    /// Reads what bots have not read; gives how many datagrams were no snapshots.
    fn read_recordings(&mut self) -> u64 {
        let mut broken = 0;
        for (bot, window) in self.bots.iter_mut().zip(&mut self.windows) {
            let Some(recording) = bot.recording.take() else {
                continue;
            };
            let (from, to) = window.ticks;
            window.snapshots = 0;
            broken += recording.read(|snapshot| {
                let is_within = snapshot.tick > from && snapshot.tick <= to;
                window.snapshots += u64::from(is_within);
                if is_within && is_sampled(snapshot.tick) {
                    let states = snapshot.updates.iter();
                    let prints =
                        states.map(|(id, state)| (snapshot.tick, *id, state.fingerprint()));
                    self.sampled.extend(prints);
                }
            });
        }
        broken
    }

    fn bytes_per_datagram_out(&self) -> f64 {
        let (mut bytes, mut count) = (0, 0);
        for bot in &self.bots {
            let stats = bot.person.session.stats();
            bytes += stats.datagram_bytes_out;
            count += stats.datagrams_out;
        }
        bytes as f64 / count.max(1) as f64
    }

    fn bytes_in(&self) -> u64 {
        let of_bot = |bot: &Bot| bot.person.session.stats().bytes_in;
        self.bots.iter().map(of_bot).sum()
    }

    fn report(&mut self, elapsed: u64) -> SwarmReport {
        let seconds = elapsed as f64 / f64::from(TICKS_PER_SECOND);
        let inside = self.bots.iter().filter(|bot| bot.person.is_inside).count() as u32;
        let lost = |bot: &Bot| bot.person.losses + u32::from(!bot.person.is_inside);
        let bytes_before = self.begun.map_or(0, |(_, bytes)| bytes);
        let bytes = self.bytes_in().saturating_sub(bytes_before) as f64;
        let ends = self.bots.iter().map(moment);
        let windows = self.windows.iter().zip(ends).map(|(begin, end)| Window {
            entity: end.entity,
            ticks: (begin.ticks.0, end.ticks.0),
            snapshots: end.snapshots - begin.snapshots,
            sequences: (begin.sequences.0, end.sequences.0),
        });
        self.windows = windows.collect();
        // Of those that are recorded the recording tells.
        let unrecorded = self.bots.iter().filter(|bot| bot.recording.is_none());
        let broken = unrecorded.map(|bot| bot.person.session.stats().snapshots_broken);
        let broken = broken.sum::<u64>() + self.read_recordings();
        SwarmReport {
            bots: inside,
            seconds,
            disconnects: self.bots.iter().map(lost).sum(),
            state_age_ms: Percentiles::of(&mut self.ages_ms),
            bytes_in_per_sec_per_bot: bytes / seconds.max(1e-9) / f64::from(inside.max(1)),
            bytes_per_datagram_out: self.bytes_per_datagram_out(),
            broken,
            server: self.server,
            windows: std::mem::take(&mut self.windows),
            sampled: std::mem::take(&mut self.sampled),
        }
    }
}

/// Where a bot stands now: a window of no length.
fn moment(bot: &Bot) -> Window {
    // In this order: a snapshot that comes between counts for neither.
    let tick = bot.person.session.view().newest_tick().unwrap_or(0);
    let stats = bot.person.session.stats();
    let entity = bot.person.welcome.as_ref().map(|welcome| welcome.entity);
    Window {
        entity: entity.unwrap_or(EntityId(0)),
        ticks: (tick, tick),
        snapshots: stats.snapshots,
        sequences: (stats.datagrams_out, stats.datagrams_out),
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
