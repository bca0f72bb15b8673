//! A server and participants in one process, over a simulated network and a clock that the test moves: a minute of
//! a world passes in a fraction of a second, and the same seed gives the same minute.

use crate::{ground::Ground, participant::Participant};
use identity::Key;
use network::{
    Certificate, ClientEndpoint, KnownServers, ServerEndpoint,
    simulated::{LinkConfig, Network},
};
use protocol::{AvatarChoice, DisplayName, SHIPPED_AVATARS, TICKS_PER_SECOND};
use replication::TrueEntity;
use server::{Server, ServerConfig, SteppedServer, Watch};
use session::{Session, SessionConfig};
use simulation::AvatarInput;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::{runtime::Handle, time::Instant};

/// Address of the server in every harness.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 7862);
/// One tick. Sixty are a second to within 20 ns.
const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICKS_PER_SECOND as u64);

/// What a harness begins with.
#[derive(Clone, Debug)]
pub struct HarnessConfig {
    /// World file or folder.
    pub world: PathBuf,
    /// The server's data folder; `None` keeps state in memory.
    pub data: Option<PathBuf>,
    /// Every link, both ways.
    pub link: LinkConfig,
    /// Decides every loss and delay.
    pub seed: u64,
}

/// A server, a network, and the clock. Use it in tests with tokio's paused clock on the current-thread runtime.
pub struct Harness {
    /// The network, to cut and to change.
    pub network: Network,
    /// What the server does, seen from inside.
    pub watch: Watch,
    /// How late each tick begins, in seconds: a machine that has too much to do.
    pub late_secs: f64,
    /// True while the server's world stands still, as on a machine that sleeps; its connections stay.
    pub is_paused: bool,
    config: HarnessConfig,
    certificate: Certificate,
    server: Option<SteppedServer>,
    ground: Ground,
    known: Arc<KnownServers>,
    /// When the last tick was due.
    due: Instant,
}

impl HarnessConfig {
    /// A world over perfect links, with state in memory.
    #[must_use]
    pub fn new(world: PathBuf) -> Self {
        Self {
            world,
            data: None,
            link: LinkConfig::default(),
            seed: 1,
        }
    }

    /// Over links as the internet has them: 100 ms round trip, 20 ms jitter, 5 % loss.
    #[must_use]
    pub fn over_internet(self) -> Self {
        let link = LinkConfig::path(Duration::from_millis(100), Duration::from_millis(20), 0.05);
        Self { link, ..self }
    }
}

impl Harness {
    /// Starts a server. The text of an error is fit to show.
    ///
    /// # Errors
    /// What the server says.
    pub fn start(config: HarnessConfig) -> Result<Self, String> {
        let network = Network::new(config.seed);
        network.set_default_link(config.link);
        let certificate = Certificate::temporary().map_err(|error| error.to_string())?;
        let mut harness = Self {
            ground: Ground::load(&config.world)?,
            network,
            watch: Watch::with_ledger(),
            late_secs: 0.0,
            is_paused: false,
            config,
            certificate,
            server: None,
            known: Arc::new(KnownServers::in_memory()),
            due: Instant::now(),
        };
        harness.start_server()?;
        Ok(harness)
    }

    /// Starts the server, again after [`Self::crash_server`].
    ///
    /// # Errors
    /// What the server says.
    pub fn start_server(&mut self) -> Result<(), String> {
        let endpoint = ServerEndpoint::simulated(&self.network, SERVER, &self.certificate)
            .map_err(|error| error.to_string())?;
        let config = ServerConfig {
            worlds: vec![self.config.world.clone()],
            data: self.config.data.clone(),
            follow: true,
            ..ServerConfig::default()
        };
        let server = Server::start_stepped(&config, endpoint, Some(self.watch.clone()))
            .map_err(|error| error.to_string())?;
        self.server = Some(server);
        Ok(())
    }

    /// The server is gone without a word, and has saved nothing for it.
    pub async fn crash_server(&mut self) {
        if let Some(server) = self.server.take() {
            server.crash();
        }
        // Its address is free once its tasks have noticed.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// What somebody needs to join: the same `number` is the same person on the same machine.
    #[must_use]
    pub fn session_config(&self, number: u8, name: &str) -> SessionConfig {
        SessionConfig {
            address: protocol::WorldAddress {
                host: SERVER.ip().to_string(),
                port: SERVER.port(),
                world: String::new(),
                spawn: None,
                fingerprint: None,
            },
            key: Key::from_seed(&[number; 32]),
            name: DisplayName::new(name).unwrap_or_else(|_| unnamed()),
            avatar: AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned()),
            is_agent: false,
            program: "harness".to_owned(),
            cache: None,
            known_servers: self.known.clone(),
            pin_unknown: true,
            endpoint: ClientEndpoint::simulated(self.network.clone(), machine(number)),
            recorder: None,
            reading: session::Reading::Whole,
        }
    }

    /// Somebody joins; [`Self::advance`] until they are inside.
    #[must_use]
    pub fn join(&self, number: u8, name: &str) -> Participant {
        self.join_as(self.session_config(number, name))
    }

    /// Joins with a changed configuration.
    #[must_use]
    pub fn join_as(&self, config: SessionConfig) -> Participant {
        Participant::new(Session::start(config, &Handle::current()))
    }

    /// Cuts, changes or restores both directions between one machine and the server.
    pub fn set_path(&self, number: u8, link: LinkConfig) {
        self.network.set_link(machine(number), SERVER.ip(), link);
        self.network.set_link(SERVER.ip(), machine(number), link);
    }

    /// Lets `secs` pass; everybody stands still.
    pub async fn advance(&mut self, people: &mut [&mut Participant], secs: f32) {
        let still = vec![AvatarInput::default(); people.len()];
        self.advance_with(people, &still, secs).await;
    }

    /// Lets `secs` pass while each does what its input says; yaw and pitch stay as they are where they are zero.
    pub async fn advance_with(
        &mut self,
        people: &mut [&mut Participant],
        inputs: &[AvatarInput],
        secs: f32,
    ) {
        for _ in 0..(secs * TICKS_PER_SECOND as f32).ceil() as u32 {
            self.tick_with(people, inputs).await;
        }
    }

    /// Lets one tick pass.
    pub async fn tick_with(&mut self, people: &mut [&mut Participant], inputs: &[AvatarInput]) {
        for (person, input) in people.iter_mut().zip(inputs) {
            if person.is_inside && person.seat.is_none() {
                let input = AvatarInput {
                    yaw: person.motion.yaw,
                    pitch: person.motion.pitch,
                    ..*input
                };
                self.ground.advance(&mut person.motion, &input);
            }
            person.tick();
        }
        if let Some(server) = &mut self.server
            && !self.is_paused
        {
            server.step_late(self.late_secs);
        }
        // The clock wakes sleepers on whole milliseconds: what one tick is too long, the next is shorter.
        self.due = (self.due + TICK).max(Instant::now());
        tokio::time::sleep_until(self.due).await;
    }

    /// The server looks at its world's files: what was saved shows when two looks have found the same.
    pub fn look_at_files(&mut self) {
        if let Some(server) = &mut self.server {
            server.look_at_files();
        }
    }

    /// What is true on the server: its tick, and everything that moves.
    #[must_use]
    pub fn truth(&self) -> (u64, Vec<TrueEntity>) {
        self.server
            .as_ref()
            .map(|server| (server.tick(), server.truth()))
            .unwrap_or_default()
    }

    /// Lets time pass, at most a minute, until `is_so`; false when it never was.
    pub async fn advance_until(
        &mut self,
        people: &mut [&mut Participant],
        is_so: impl Fn(&[&mut Participant]) -> bool,
    ) -> bool {
        for _ in 0..60 * 10 {
            if is_so(people) {
                return true;
            }
            self.advance(people, 0.1).await;
        }
        is_so(people)
    }
}

fn machine(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 1, number))
}

fn unnamed() -> DisplayName {
    #[expect(clippy::unwrap_used, reason = "a constant that keeps the rules")]
    DisplayName::new("Somebody").unwrap()
}
