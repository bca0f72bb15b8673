//! Bots that look alive: they walk, stop, look around, wave, and say something now and then.

use crate::{
    ground::{Ground, Way, stride},
    participant::{Participant, at_best},
    random::Random,
    recording::Recording,
};
use glam::{Vec2, Vec3};
use identity::Key;
use network::{ClientEndpoint, KnownServers};
use protocol::{
    AvatarChoice, DisplayName, SHIPPED_AVATARS, TICKS_PER_SECOND, WorldAddress,
    limits::{MAX_THROW_SPEED, REACH_METRES},
};
use session::{Cache, Reading, Session, SessionConfig};
use simulation::AvatarInput;
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Names of bots, in turn.
const NAMES: [&str; 12] = [
    "Myrto", "Ion", "Thaleia", "Zenon", "Kallias", "Phila", "Doris", "Agathon", "Chloe", "Lykos",
    "Nerine", "Orestes",
];
/// What bots say.
const LINES: [&str; 8] = [
    "Lovely light today.",
    "Has anyone tried the bench by the fountain?",
    "Good to see you here.",
    "I am only a bot, but I like this place.",
    "Mind the crates.",
    "Shall we walk a little?",
    "Listen, the water.",
    "See you by the stage.",
];
/// How far bots look before they walk there, in metres.
const LOOK_AHEAD_METRES: f32 = 1.6;
/// Ticks between two looks ahead.
const LOOK_TICKS: u64 = 12;
/// Bots stay this near to where they appeared, in metres.
const HOME_METRES: f32 = 14.0;
/// In a crowd they stay nearer.
const CROWD_METRES: f32 = 4.0;
/// Ticks between two updates of the bodies that bots walk around.
const BODY_TICKS: u64 = 12;

/// Up to so many bots wave and speak as they like; more together say no more than these.
const TALKERS: f32 = 30.0;

/// Longest time in which bots leave a world.
const PARTING: Duration = Duration::from_secs(2);

/// What bots do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Stand and look around.
    Idle,
    /// Stroll.
    Walk,
    /// Stroll in a small circle, all together.
    Crowd,
    /// Stroll, and throw what lies about.
    Throw,
}

/// What a bot is doing now, until a tick.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Standing { until: u64, turn: f32 },
    Walking { until: u64, turn: f32 },
}

/// One bot.
pub(crate) struct Bot {
    pub(crate) person: Participant,
    /// What came to who reads it later.
    pub(crate) recording: Option<Recording>,
    random: Random,
    behaviour: Behaviour,
    doing: Doing,
    home: Option<Vec3>,
    /// Until then the way is flat and free.
    flat_until: u64,
    /// Bots look ahead in different ticks.
    phase: u64,
    /// Factor of the chances to wave and to speak.
    talkativeness: f32,
}

/// What bots of one process need to join.
pub(crate) struct Crew {
    pub(crate) address: WorldAddress,
    pub(crate) behaviour: Behaviour,
    pub(crate) seed: u64,
    /// How many there will be: where many are, each says less.
    pub(crate) count: u32,
    reading: Reading,
    endpoint: ClientEndpoint,
    known: Arc<KnownServers>,
    cache: Cache,
    _folder: tempfile::TempDir,
}

impl Crew {
    pub(crate) fn new(
        address: WorldAddress,
        behaviour: Behaviour,
        seed: u64,
        count: u32,
        reading: Reading,
    ) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let cache = Cache::open(folder.path(), protocol::limits::MAX_WORLD_FILE_BYTES * 2)
            .map_err(io::Error::other)?;
        Ok(Self {
            address,
            behaviour,
            seed,
            count,
            reading,
            endpoint: ClientEndpoint::shared(),
            known: Arc::new(KnownServers::in_memory()),
            cache,
            _folder: folder,
        })
    }

    /// Starts a bot. The first one of a process fetches the world, for all to walk on, and sees what moves in it.
    pub(crate) fn join(&self, number: u64, runtime: &tokio::runtime::Handle) -> io::Result<Bot> {
        let is_first = number == 0;
        let is_recorded = self.reading == Reading::Header && !is_first;
        let recording = is_recorded.then(Recording::default);
        let name = NAMES[number as usize % NAMES.len()];
        let config = SessionConfig {
            address: self.address.clone(),
            key: Key::generate().map_err(io::Error::other)?,
            name: DisplayName::new(name).map_err(io::Error::other)?,
            avatar: AvatarChoice::Shipped(
                SHIPPED_AVATARS[number as usize % SHIPPED_AVATARS.len()].to_owned(),
            ),
            is_agent: true,
            program: concat!("stoa-bots ", env!("CARGO_PKG_VERSION")).to_owned(),
            cache: is_first.then(|| self.cache.clone()),
            known_servers: self.known.clone(),
            pin_unknown: true,
            endpoint: self.endpoint.clone(),
            recorder: recording.as_ref().map(Recording::recorder).transpose()?,
            reading: if is_first {
                Reading::Whole
            } else {
                self.reading
            },
        };
        let mut random = Random::new(self.seed ^ (number + 1).wrapping_mul(0x9e37_79b9));
        let pause = random.between(0.2, 2.5);
        Ok(Bot {
            person: Participant::new(Session::start(config, runtime)),
            recording,
            random,
            behaviour: self.behaviour,
            doing: Doing::Standing {
                until: ticks(pause),
                turn: 0.0,
            },
            home: None,
            flat_until: 0,
            phase: number,
            talkativeness: (TALKERS / self.count.max(1) as f32).min(1.0),
        })
    }
}

impl Bot {
    /// One tick of life.
    pub(crate) fn tick(&mut self, ground: Option<&Ground>, tick: u64) {
        if let (true, Some(ground)) = (self.person.is_inside, ground) {
            let home = *self.home.get_or_insert(self.person.motion.position);
            let input = self.decide(ground, home, tick);
            self.move_by(ground, &input, tick);
        }
        self.person.tick();
    }

    /// Walks; without asking the world where the last look has shown that nothing is in the way, and nothing is due
    /// while somebody stands.
    fn move_by(&mut self, ground: &Ground, input: &AvatarInput, tick: u64) {
        let is_looking = self.is_looking(tick);
        let motion = &mut self.person.motion;
        let is_on_fixed_ground = motion.is_grounded && motion.ground_velocity == Vec3::ZERO;
        let is_standing = input.walk == Vec2::ZERO && motion.velocity.length_squared() < 1e-6;
        if is_on_fixed_ground && (tick < self.flat_until || (is_standing && !is_looking)) {
            stride(motion, input);
        } else {
            ground.advance(motion, input);
        }
    }

    fn decide(&mut self, ground: &Ground, home: Vec3, tick: u64) -> AvatarInput {
        let is_over = match self.doing {
            Doing::Standing { until, .. } | Doing::Walking { until, .. } => tick >= until,
        };
        if is_over {
            self.choose(home, tick);
        }
        let position = self.person.motion.position;
        let mut yaw = self.person.motion.yaw;
        match self.doing {
            Doing::Standing { turn, .. } => AvatarInput {
                yaw: yaw + turn,
                ..AvatarInput::default()
            },
            Doing::Walking { until, turn } => {
                yaw += turn;
                let is_looking = self.is_looking(tick);
                let way = is_looking.then(|| ground.way(position, yaw, LOOK_AHEAD_METRES));
                if way == Some(Way::Flat) {
                    self.flat_until = tick + LOOK_TICKS;
                }
                if way == Some(Way::Blocked) {
                    self.flat_until = 0;
                    let clear = self.clear_heading(ground, position, yaw);
                    let Some(clear) = clear else {
                        self.doing = Doing::Standing {
                            until: tick + ticks(1.0),
                            turn: 0.05,
                        };
                        return AvatarInput {
                            yaw,
                            ..AvatarInput::default()
                        };
                    };
                    yaw = clear;
                    self.doing = Doing::Walking { until, turn: 0.0 };
                }
                AvatarInput {
                    walk: Vec2::new(0.0, 0.85),
                    yaw,
                    ..AvatarInput::default()
                }
            }
        }
    }

    /// A heading without a wall or a drop before it, the one nearest to `yaw`.
    fn clear_heading(&mut self, ground: &Ground, feet: Vec3, yaw: f32) -> Option<f32> {
        let side = if self.random.chance(0.5) { 1.0 } else { -1.0 };
        [0.5, -0.5, 1.0, -1.0, 1.6, -1.6, 2.3, -2.3, 3.1]
            .iter()
            .map(|turn| yaw + turn * side)
            .find(|yaw| ground.way(feet, *yaw, LOOK_AHEAD_METRES) != Way::Blocked)
    }

    /// True when it is time to look ahead.
    fn is_looking(&self, tick: u64) -> bool {
        (tick + self.phase).is_multiple_of(LOOK_TICKS)
    }

    fn choose(&mut self, home: Vec3, tick: u64) {
        self.flat_until = 0;
        let stands = matches!(self.doing, Doing::Standing { .. });
        self.act(tick);
        if self.behaviour == Behaviour::Idle || !stands {
            let (pause, turn) = (
                self.random.between(1.0, 5.0),
                self.random.between(-0.012, 0.012),
            );
            self.doing = Doing::Standing {
                until: tick + ticks(pause),
                turn,
            };
            return;
        }
        let away = self.person.motion.position - home;
        let limit = if self.behaviour == Behaviour::Crowd {
            CROWD_METRES
        } else {
            HOME_METRES
        };
        if Vec2::new(away.x, away.z).length() > limit {
            self.person.motion.yaw = f32::atan2(away.x, away.z) + self.random.between(-0.5, 0.5);
        } else {
            self.person.motion.yaw += self.random.between(-1.2, 1.2);
        }
        let (walk, turn) = (
            self.random.between(1.5, 6.0),
            self.random.between(-0.006, 0.006),
        );
        self.doing = Doing::Walking {
            until: tick + ticks(walk),
            turn,
        };
    }

    /// Things that bots do between walks. What is not taken because too much waits is simply not done.
    fn act(&mut self, tick: u64) {
        if self.random.chance(0.12 * self.talkativeness) {
            at_best(self.person.session.emote("wave"));
        }
        if tick > ticks(5.0) && self.random.chance(0.03 * self.talkativeness) {
            let line = *self.random.pick(&LINES);
            at_best(self.person.session.chat(line));
        }
        if self.behaviour == Behaviour::Throw {
            self.handle_things();
        }
    }

    fn handle_things(&mut self) {
        let motion = self.person.motion;
        if let Some(held) = self.person.holding {
            let velocity = (motion.view_direction() + Vec3::Y * 0.5) * MAX_THROW_SPEED * 0.6;
            at_best(self.person.session.release(held, velocity));
            return;
        }
        let eyes = motion.eyes();
        let near = self.person.bodies().iter().find(|body| {
            body.is_carryable
                && self
                    .person
                    .shown(body.entity)
                    .is_some_and(|pose| pose.position.distance(eyes) < REACH_METRES)
        });
        if let Some(entity) = near.map(|body| body.entity) {
            at_best(self.person.session.grab(entity));
        }
    }
}

/// Moves what bots walk around to where the first bot sees it.
pub(crate) fn update_ground(ground: &mut Ground, bot: &Bot, tick: u64) {
    let now_secs = bot.person.session.now_secs();
    let view = bot.person.session.view();
    let server_tick = view.playout_tick(now_secs).unwrap_or(0.0).max(0.0) as u64;
    if tick.is_multiple_of(BODY_TICKS) {
        for body in bot.person.bodies() {
            if let Some(pose) = view.pose(body.entity, now_secs) {
                ground.place_body(body.node, pose.position, pose.rotation);
            }
        }
    }
    drop(view);
    ground.step(server_tick);
}

/// The world that the first bot has fetched.
pub(crate) fn fetched_ground(bot: &Bot) -> Option<Result<Ground, String>> {
    let files = bot.person.files.as_ref()?;
    let folder = files.folder();
    let path: PathBuf = if folder.join("world.toml").is_file() {
        folder.to_path_buf()
    } else {
        files.main_file()
    };
    Some(Ground::load(&path))
}

/// Bots that live in a thread of their own until this is dropped.
#[derive(Debug)]
pub struct Strollers {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Strollers {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the bots ended badly");
        }
    }
}

/// Sends `count` marked bots to stroll in a world, until the value is dropped.
///
/// # Errors
/// What the system says when it gives no thread, folder or random numbers.
pub fn stroll(address: &WorldAddress, count: u32, seed: u64) -> io::Result<Strollers> {
    let crew = Crew::new(
        address.clone(),
        Behaviour::Walk,
        seed,
        count,
        Reading::Whole,
    )?;
    let is_over = Arc::new(AtomicBool::new(false));
    let asked_to_end = is_over.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("stoa-bots-network")
        .enable_all()
        .build()?;
    let mut bots = Vec::new();
    for number in 0..u64::from(count) {
        bots.push(crew.join(number, runtime.handle())?);
    }
    let thread = thread::Builder::new()
        .name("stoa-bots".to_owned())
        .spawn(move || {
            live(&mut bots, &asked_to_end);
            part(bots, runtime);
            drop(crew);
        })?;
    Ok(Strollers {
        is_over,
        thread: Some(thread),
    })
}

/// All leave in good order, and are gone from the world when this returns; at most after [`PARTING`].
pub(crate) fn part(mut bots: Vec<Bot>, runtime: tokio::runtime::Runtime) {
    for bot in &bots {
        at_best(bot.person.session.leave());
    }
    let until = Instant::now() + PARTING;
    while Instant::now() < until && bots.iter().any(|bot| bot.person.end.is_none()) {
        for bot in &mut bots {
            bot.person.tick();
        }
        thread::sleep(Duration::from_millis(10));
    }
    runtime.shutdown_timeout(Duration::from_millis(300));
}

fn live(bots: &mut [Bot], is_over: &AtomicBool) {
    let mut ground: Option<Ground> = None;
    let mut clock = TickClock::start();
    while !is_over.load(Ordering::Relaxed) {
        if ground.is_none()
            && let Some(fetched) = bots.first().and_then(fetched_ground)
        {
            match fetched {
                Ok(fetched) => ground = Some(fetched),
                Err(reason) => {
                    tracing::warn!("bots cannot walk here: {reason}");
                    return;
                }
            }
        }
        if let (Some(ground), Some(first)) = (&mut ground, bots.first()) {
            update_ground(ground, first, clock.tick);
        }
        for bot in bots.iter_mut() {
            bot.tick(ground.as_ref(), clock.tick);
        }
        clock.wait();
    }
}

/// Sixty ticks a second on the wall clock; what was missed is not made up for.
pub(crate) struct TickClock {
    pub(crate) tick: u64,
    began: Instant,
    due: Instant,
}

impl TickClock {
    pub(crate) fn start() -> Self {
        Self {
            tick: 0,
            began: Instant::now(),
            due: Instant::now(),
        }
    }

    /// Ticks that should have been by now: more than there were, on a machine that is too slow for the bots.
    pub(crate) fn wall_tick(&self) -> u64 {
        (self.began.elapsed().as_secs_f64() * f64::from(TICKS_PER_SECOND)) as u64
    }

    pub(crate) fn wait(&mut self) {
        self.tick += 1;
        self.due += Duration::from_secs(1) / TICKS_PER_SECOND;
        let now = Instant::now();
        match self.due.checked_duration_since(now) {
            Some(rest) => thread::sleep(rest),
            None if now - self.due > Duration::from_millis(250) => self.due = now,
            None => {}
        }
    }
}

fn ticks(secs: f32) -> u64 {
    (secs * TICKS_PER_SECOND as f32) as u64
}
