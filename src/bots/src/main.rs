//! `stoa-bots`: participants without a person, to fill a world and to load a server.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks to its user"
)]

use bots::{Behaviour, SwarmConfig, SwarmReport, swarm};
use clap::{Parser, Subcommand, ValueEnum};
use protocol::WorldAddress;
use scene::worker::WorkerLimits;
use serde_json::json;
use session::Reading;
use std::{io::IsTerminal as _, process::ExitCode};

/// Bots for Stoa worlds.
#[derive(Parser)]
#[command(name = "stoa-bots", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Many bots enter a world, live there, and report what they measured.
    Swarm {
        /// Address of the world: `stoa://HOST[:PORT]/WORLD`
        #[arg(long, value_name = "ADDRESS")]
        join: WorldAddress,
        /// How many bots.
        #[arg(long, value_name = "N")]
        count: u32,
        /// How long, from when all are inside.
        #[arg(long, value_name = "S")]
        seconds: u64,
        /// How many come in a second, at most 60.
        #[arg(long, value_name = "N", default_value_t = 20)]
        joins_per_sec: u32,
        /// What they do.
        #[arg(long, value_enum, default_value_t = Choice::Walk)]
        behaviour: Choice,
        /// Decides what each bot does.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The last line is one JSON object.
        #[arg(long)]
        json: bool,
        /// How much to log on standard error: error, warn, info, debug, trace.
        #[arg(long, value_name = "LEVEL", default_value = "warn")]
        log: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Choice {
    Idle,
    Walk,
    Crowd,
    Throw,
}

impl From<Choice> for Behaviour {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Idle => Self::Idle,
            Choice::Walk => Self::Walk,
            Choice::Crowd => Self::Crowd,
            Choice::Throw => Self::Throw,
        }
    }
}

fn main() -> ExitCode {
    if let Some(code) = scene::worker::serve_if_asked(&[]) {
        return code;
    }
    scene::worker::decode_apart(WorkerLimits::default());
    let Command::Swarm {
        join,
        count,
        seconds,
        joins_per_sec,
        behaviour,
        seed,
        json,
        log,
    } = Arguments::parse().command;
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(log))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let config = SwarmConfig {
        address: join,
        count,
        settle_secs: 0,
        seconds,
        joins_per_sec,
        behaviour: behaviour.into(),
        reading: Reading::Whole,
        seed,
    };
    match swarm(&config) {
        Ok(report) if json => println!("{}", as_json(&report)),
        Ok(report) => println!("{}", as_text(&report)),
        Err(error) => {
            eprintln!("stoa-bots: {}", error.to_string().replace('\n', " "));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn as_json(report: &SwarmReport) -> serde_json::Value {
    let server = report.server.map(|told| {
        json!({
            "p50": told.tick_ms_p50,
            "p99": told.tick_ms_p99,
            "late_p99": told.late_ms_p99,
            "skipped_sends": told.skipped_sends,
        })
    });
    json!({
        "bots": report.bots,
        "seconds": report.seconds,
        "disconnects": report.disconnects,
        "state_age_ms": {
            "p50": report.state_age_ms.p50,
            "p95": report.state_age_ms.p95,
            "p99": report.state_age_ms.p99,
        },
        "bytes_in_per_sec_per_bot": report.bytes_in_per_sec_per_bot,
        "server_tick_ms": server,
    })
}

fn as_text(report: &SwarmReport) -> String {
    let server = report.server.map_or_else(
        || "the server does not tell".to_owned(),
        |told| format!("{:.2} / {:.2} ms", told.tick_ms_p50, told.tick_ms_p99),
    );
    format!(
        "{} bots for {:.0} s: {} disconnects; state age {:.0} / {:.0} / {:.0} ms (p50 / p95 / p99); \
         {:.0} bytes a second each; server tick p50 / p99: {server}",
        report.bots,
        report.seconds,
        report.disconnects,
        report.state_age_ms.p50,
        report.state_age_ms.p95,
        report.state_age_ms.p99,
        report.bytes_in_per_sec_per_bot,
    )
}
