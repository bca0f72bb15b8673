//! `stoa-server`: hosts worlds.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks to its user"
)]

use anyhow::Context as _;
use clap::Parser;
use network::SocketBuffers;
use scene::worker::WorkerLimits;
use server::{RunningServer, Server, ServerConfig};
use std::{io::IsTerminal as _, net::SocketAddr, path::PathBuf, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// From so many people on, the socket's buffers are worth a word.
const MANY_PEOPLE: u32 = 100;

/// Hosts worlds from glTF files, for people to enter with `stoa join`.
#[derive(Parser)]
#[command(name = "stoa-server", version)]
struct Arguments {
    /// Configuration file; flags go before it.
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// World to host: a .glb or .gltf file, or a folder with one. Repeat it for more.
    #[arg(long, value_name = "FILE|FOLDER")]
    world: Vec<PathBuf>,
    /// UDP address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Folder for the certificate and what happens in the worlds.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Show what is saved to the worlds' files while they run; what cannot be hosted is named, and the world goes on as it was.
    #[arg(long)]
    follow: bool,
    /// How much to log on standard error: error, warn, info, debug, trace.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
}

fn main() -> ExitCode {
    if let Some(code) = scene::worker::serve_if_asked(&[]) {
        return code;
    }
    scene::worker::decode_apart(WorkerLimits::default());
    simulation::keep_ticks_on_one_thread();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stoa-server: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&arguments.log).with_context(|| {
        format!(
            "--log {} is not a level: use error, warn, info, debug or trace",
            arguments.log
        )
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let config = configuration(arguments)?;
    let (stop, stopped) = std::sync::mpsc::sync_channel(1);
    watch_signals(stop)?;
    let server = Server::start(&config)?;
    tell_buffers(&server);
    for address in server.addresses() {
        println!("listening {address} fingerprint {}", server.fingerprint());
    }
    // Fails only when the signals can no longer be watched: then stopping is right as well.
    if stopped.recv().is_err() {
        eprintln!("stoa-server: signals cannot be watched any more: stopping");
    }
    server.stop();
    Ok(())
}

/// What overflows first under load is the socket.
fn tell_buffers(server: &RunningServer) {
    let granted = server.socket_buffers();
    let (receive, send) = (granted.receive_bytes >> 10, granted.send_bytes >> 10);
    tracing::info!("socket buffers: {receive} KiB in, {send} KiB out");
    let wished = SocketBuffers::WISHED_BYTES;
    let is_small = granted.receive_bytes.min(granted.send_bytes) < wished;
    if is_small && server.capacity() > MANY_PEOPLE {
        tracing::warn!(
            "the system grants the socket {receive} KiB for packets that arrive and {send} KiB for those that leave: \
             for {} people set net.core.rmem_max and net.core.wmem_max to {wished}",
            server.capacity()
        );
    }
}

fn configuration(arguments: Arguments) -> anyhow::Result<ServerConfig> {
    let mut config = match &arguments.config {
        Some(path) => ServerConfig::load(path)?,
        None => ServerConfig::default(),
    };
    if !arguments.world.is_empty() {
        config.worlds = arguments.world;
    }
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    if arguments.data.is_some() {
        config.data = arguments.data;
    }
    config.follow |= arguments.follow;
    if config.data.is_none() {
        config.data = Some(PathBuf::from("stoa-data"));
    }
    Ok(config)
}

/// Sends once when the process is asked to end.
fn watch_signals(stop: std::sync::mpsc::SyncSender<()>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let mut asked = {
        let _entered = runtime.enter();
        signals()?
    };
    std::thread::Builder::new()
        .name("stoa-signals".to_owned())
        .spawn(move || {
            runtime.block_on(asked.next());
            // The receiver is gone only when the program ends anyway.
            stop.send(()).unwrap_or(());
        })?;
    Ok(())
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
fn signals() -> std::io::Result<Signals> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok(Signals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    })
}

#[cfg(unix)]
impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
fn signals() -> std::io::Result<Signals> {
    Ok(Signals)
}

#[cfg(not(unix))]
impl Signals {
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// An error and its causes in one line.
fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").replace('\n', " ")
}
