//! A server from start to stop: worlds on threads of their own at 60 ticks a second, the network on a tokio runtime.

use crate::{
    config::ServerConfig,
    door::Door,
    files::Library,
    follow::{Followed, follow},
    hosted::{HostError, HostedWorld},
    pace::Pace,
    precedence::go_first,
    store::{StoreError, StorePlace},
    watch::Watch,
    world::{Conditions, Inbound, MAX_INBOX, World, first_budget},
};
use network::{
    BindError, Certificate, CertificateError, CloseCode, Courier, ServerEndpoint, SocketBuffers,
};
use protocol::{Fingerprint, WorldAddress};
use replication::TrueEntity;
use std::{
    fs::{self, File, TryLockError},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
};

/// How long the last messages may take when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// Why a server does not start. One line each, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing to host.
    #[error("no world to host: name one with --world FILE.glb or --world FOLDER")]
    NoWorld,
    /// A world cannot be hosted.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Data(#[from] StoreError),
    /// The certificate cannot be read or made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The system gives no threads.
    #[error("the server cannot start its threads: {0}")]
    Threads(#[from] std::io::Error),
}

/// How to start a server.
#[derive(Debug)]
pub struct Server;

/// A server that runs. Stops when dropped.
pub struct RunningServer {
    addresses: Vec<WorldAddress>,
    fingerprint: Fingerprint,
    endpoint: ServerEndpoint,
    capacity: u32,
    inboxes: Vec<mpsc::Sender<Inbound>>,
    threads: Vec<JoinHandle<()>>,
    /// Looks at the worlds' files until the sender is dropped.
    follower: Option<(SyncSender<()>, JoinHandle<()>)>,
    runtime: Option<Runtime>,
    _folder: Option<DataFolder>,
}

/// A server whose worlds are stepped by its caller, for tests on a manual clock.
pub struct SteppedServer {
    addresses: Vec<WorldAddress>,
    endpoint: ServerEndpoint,
    worlds: Vec<World>,
    followed: Vec<Followed>,
    _folder: Option<DataFolder>,
}

/// The data folder, locked against a second server.
struct DataFolder {
    _lock: File,
}

/// What every start prepares.
struct Prepared {
    folder: Option<DataFolder>,
    library: Library,
    worlds: Vec<World>,
    inboxes: Vec<(String, mpsc::Sender<Inbound>)>,
    /// Worlds that follow their files.
    followed: Vec<Followed>,
    /// People whom all worlds together let in.
    capacity: u32,
}

impl Server {
    /// Loads the worlds, listens, and runs until [`RunningServer::stop`].
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub fn start(config: &ServerConfig) -> Result<RunningServer, StartError> {
        Self::run(config, None)
    }

    /// As [`Self::start`], watched from inside the process.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start_watched(config: &ServerConfig, watch: Watch) -> Result<RunningServer, StartError> {
        Self::run(config, Some(watch))
    }

    fn run(config: &ServerConfig, watch: Option<Watch>) -> Result<RunningServer, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(network_threads())
            .thread_name("stoa-network")
            .enable_all()
            .build()?;
        let courier = {
            let _entered = runtime.enter();
            Courier::start()
        };
        let prepared = prepare(config, Some(courier), watch)?;
        let certificate = match &config.data {
            Some(folder) => Certificate::load_or_create(folder)?,
            None => Certificate::temporary()?,
        };
        let endpoint = {
            let _entered = runtime.enter();
            listen(config, &certificate)?
        };
        let addresses = addresses(config, &endpoint, &prepared.inboxes)?;
        let inboxes = prepared
            .inboxes
            .iter()
            .map(|(_, inbox)| inbox.clone())
            .collect();
        let mut threads = Vec::new();
        for (world, (id, _)) in prepared.worlds.into_iter().zip(&prepared.inboxes) {
            let builder = thread::Builder::new().name(format!("stoa-world-{id}"));
            threads.push(builder.spawn(move || keep_time(world))?);
        }
        let follower = start_following(prepared.followed)?;
        let (library, worlds, at_door) = (prepared.library, prepared.inboxes, endpoint.clone());
        drop(runtime.spawn(async move { Door::new(library, worlds).watch(at_door).await }));
        Ok(RunningServer {
            addresses,
            fingerprint: certificate.fingerprint(),
            endpoint,
            capacity: prepared.capacity,
            inboxes,
            threads,
            follower,
            runtime: Some(runtime),
            _folder: prepared.folder,
        })
    }

    /// Loads the worlds and serves them on `endpoint`, on the caller's tokio runtime. Time passes for the worlds only
    /// by [`SteppedServer::step`], and stored state is written by the caller's thread. `watch` sees what they do.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start_stepped(
        config: &ServerConfig,
        endpoint: ServerEndpoint,
        watch: Option<Watch>,
    ) -> Result<SteppedServer, StartError> {
        let prepared = prepare(config, None, watch)?;
        let addresses = addresses(config, &endpoint, &prepared.inboxes)?;
        let (library, inboxes, at_door) = (prepared.library, prepared.inboxes, endpoint.clone());
        drop(tokio::spawn(async move {
            Door::new(library, inboxes).watch(at_door).await;
        }));
        Ok(SteppedServer {
            addresses,
            endpoint,
            worlds: prepared.worlds,
            followed: prepared.followed,
            _folder: prepared.folder,
        })
    }
}

impl RunningServer {
    /// Addresses of the worlds, without fingerprints, in the order of the configuration.
    #[must_use]
    pub fn addresses(&self) -> &[WorldAddress] {
        &self.addresses
    }

    /// Fingerprint of the server's certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// People whom all worlds together let in.
    #[must_use]
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Buffers of the server's socket that the system granted.
    #[must_use]
    pub fn socket_buffers(&self) -> SocketBuffers {
        self.endpoint.socket_buffers()
    }

    /// Tells everybody, saves everything, and ends.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        if let Some((stop, thread)) = self.follower.take() {
            drop(stop);
            if thread.join().is_err() {
                tracing::error!("the thread that looks at files ended badly");
            }
        }
        for inbox in self.inboxes.drain(..) {
            let (answer, _saved) = oneshot::channel();
            let closing = Inbound::Close("the server stops".to_owned(), answer);
            if inbox.blocking_send(closing).is_err() {
                tracing::debug!("a world had ended before");
            }
        }
        for world in self.threads.drain(..) {
            if world.join().is_err() {
                tracing::error!("a world ended badly");
            }
        }
        let endpoint = self.endpoint.clone();
        runtime.block_on(async move {
            // What the worlds said last is on its way: close only what has not closed by itself.
            tokio::time::sleep(Duration::from_millis(200)).await;
            endpoint.close(CloseCode::Closing, "the server stops");
            if tokio::time::timeout(STOP_TIMEOUT, endpoint.wait_idle())
                .await
                .is_err()
            {
                tracing::debug!("somebody did not hear the end");
            }
        });
        runtime.shutdown_timeout(STOP_TIMEOUT);
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.end();
    }
}

impl SteppedServer {
    /// Addresses of the worlds, in the order of the configuration.
    #[must_use]
    pub fn addresses(&self) -> &[WorldAddress] {
        &self.addresses
    }

    /// One tick of every world.
    pub fn step(&mut self) {
        self.step_late(0.0);
    }

    /// One tick of every world that begins `late_secs` after it was due.
    pub fn step_late(&mut self, late_secs: f64) {
        for world in &mut self.worlds {
            world.step(late_secs);
        }
    }

    /// Looks at the files of worlds that follow theirs, as a running server does all the time: what was saved shows when it has
    /// stayed the same from one look to the next.
    pub fn look_at_files(&mut self) {
        for world in &mut self.followed {
            world.look();
        }
    }

    /// Tick of the first world.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.worlds.first().map_or(0, World::tick)
    }

    /// Everything that moves in the first world, as its simulation has it: what others are told of, unquantised.
    #[must_use]
    pub fn truth(&self) -> Vec<TrueEntity> {
        self.worlds.first().map(World::truth).unwrap_or_default()
    }

    /// Ends without telling anybody and without saving, as a crash does.
    pub fn crash(self) {
        self.endpoint.close(CloseCode::Unknown, "");
    }
}

impl DataFolder {
    fn claim(folder: &Path) -> Result<Self, StoreError> {
        let unusable = |error: std::io::Error| StoreError::Unusable {
            path: folder.to_path_buf(),
            fault: error.to_string(),
        };
        fs::create_dir_all(folder).map_err(unusable)?;
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_path_buf())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

fn prepare(
    config: &ServerConfig,
    courier: Option<Courier>,
    watch: Option<Watch>,
) -> Result<Prepared, StartError> {
    if config.worlds.is_empty() {
        return Err(StartError::NoWorld);
    }
    let folder = config.data.as_deref().map(DataFolder::claim).transpose()?;
    let place = StorePlace {
        folder: config.data.as_deref(),
        // Who steps worlds by hand has no threads beside.
        is_inline: courier.is_none(),
    };
    let library = Library::default();
    let conditions = Conditions {
        library: library.clone(),
        watch,
        first_budget: first_budget(config.client_kbit_per_sec),
        courier,
    };
    let (mut worlds, mut inboxes) = (Vec::new(), Vec::<(String, _)>::new());
    let mut followed = Vec::new();
    let mut capacity = 0;
    for path in &config.worlds {
        let is_known = |id: &str| inboxes.iter().any(|(known, _)| known == id);
        let hosted = HostedWorld::load(path, &library, place, &config.owners, is_known)?;
        let content = &hosted.content;
        capacity += content.info.capacity;
        let id = content.info.id.clone();
        let (inbox, receiver) = mpsc::channel(MAX_INBOX);
        if config.follow {
            let owners = config.owners.clone();
            let followed_world =
                Followed::new(path, content, inbox.clone(), library.clone(), owners);
            followed.push(followed_world);
        }
        worlds.push(World::new(hosted, receiver, conditions.clone()));
        inboxes.push((id, inbox));
    }
    Ok(Prepared {
        folder,
        library,
        worlds,
        inboxes,
        followed,
        capacity,
    })
}

/// A thread, and what ends it when it is dropped.
type Following = (SyncSender<()>, JoinHandle<()>);

fn start_following(worlds: Vec<Followed>) -> Result<Option<Following>, std::io::Error> {
    if worlds.is_empty() {
        return Ok(None);
    }
    let (stop, stopped) = sync_channel(0);
    let builder = thread::Builder::new().name("stoa-follow".to_owned());
    let thread = builder.spawn(move || follow(worlds, &stopped))?;
    Ok(Some((stop, thread)))
}

/// Threads that serve the network of a server on this machine; worlds keep a core for themselves. Threads that are more
/// than needed wake each other and find nothing to do.
#[must_use]
pub fn network_threads() -> usize {
    thread::available_parallelism().map_or(1, |count| (count.get() - 1).clamp(1, 8))
}

/// Listens; where the default address has no IPv6, on IPv4 alone.
fn listen(config: &ServerConfig, certificate: &Certificate) -> Result<ServerEndpoint, BindError> {
    let bound = ServerEndpoint::bind(config.listen, certificate);
    match bound {
        Err(BindError::Socket { source, .. })
            if config.listen.ip().is_unspecified()
                && config.listen.is_ipv6()
                && source.kind() != std::io::ErrorKind::AddrInUse =>
        {
            let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, config.listen.port()));
            ServerEndpoint::bind(everywhere, certificate)
        }
        bound => bound,
    }
}

/// What people type. A wildcard address is shown as this machine, unless the host says how it is called.
fn addresses(
    config: &ServerConfig,
    endpoint: &ServerEndpoint,
    worlds: &[(String, mpsc::Sender<Inbound>)],
) -> Result<Vec<WorldAddress>, std::io::Error> {
    let local = endpoint.local_address()?;
    let ip = if local.ip().is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        local.ip()
    };
    let address_of = |world: &String| WorldAddress {
        host: config.public_host.clone().unwrap_or_else(|| ip.to_string()),
        port: local.port(),
        world: world.clone(),
        spawn: None,
        fingerprint: None,
    };
    Ok(worlds.iter().map(|(id, _)| address_of(id)).collect())
}

/// Steps a world 60 times a second until it has closed.
fn keep_time(mut world: World) {
    go_first();
    let epoch = Instant::now();
    let mut pace = Pace::starting(Duration::ZERO);
    while !world.is_closed() {
        let wait = pace.wait(epoch.elapsed());
        if !wait.is_zero() {
            thread::sleep(wait);
        }
        let late = pace.begin(epoch.elapsed());
        world.step(late.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_worlds_of_one_name_are_no_store_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let worlds = ["one", "two"].map(|name| folder.path().join(name).join("box.gltf"));
        for world in &worlds {
            fs::create_dir_all(world.parent().unwrap()).unwrap();
            fs::write(
                world,
                r#"{"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{}]}"#,
            )
            .unwrap();
        }
        let config = ServerConfig {
            worlds: worlds.to_vec(),
            data: Some(folder.path().join("data")),
            ..ServerConfig::default()
        };
        let error = prepare(&config, None, None).err().unwrap();
        assert_eq!(
            error.to_string(),
            "two worlds are called `box`: rename the file or folder of one"
        );
    }
}
