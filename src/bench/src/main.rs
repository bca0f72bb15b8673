//! `stoa-bench`: every performance claim as a command that prints JSON lines.
//! It must not be part of the product: it may know everything, nothing knows it.
//! Start reading at `report.rs`, then at the bench in question, a module each.

mod all;
mod asteroids;
mod crowd;
mod cubes;
mod encode;
mod engine;
mod frames;
mod freshness;
mod import;
mod link;
mod load;
mod loading;
mod random;
mod report;
mod rollback;
mod stopwatch;
mod throwing;
mod trace;
mod train;
mod walker;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use protocol::WorldAddress;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures Stoa; each line of output is one JSON object.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

/// Flags of every bench.
#[derive(Args, Clone, Copy)]
struct Common {
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON lines (always done; accepted for symmetry).
    #[arg(long)]
    json: bool,
}

impl Common {
    fn load(&self, people: u32, seconds: u64) -> load::Load {
        load::Load::new(people, seconds, self.seed)
    }
}

#[derive(Subcommand)]
enum Bench {
    /// Bytes and time for a recording of 901 tumbling cubes, against the bit packer.
    Cubes {
        /// A recording: `.bin`, or `.bin.xz` (unpacked by the program `xz`).
        file: PathBuf,
        /// Percent of packets lost.
        #[arg(long, default_value_t = 0)]
        loss: u32,
        #[command(flatten)]
        common: Common,
    },
    /// Bytes an update for 250 tumbling asteroids at 30 Hz.
    Asteroids {
        /// Sends the bodies of this recording again instead of making up asteroids.
        #[arg(long)]
        trace: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// Bandwidth of a receiver that sees 100 avatars at 20 Hz.
    Crowd {
        /// Sends the avatars of this recording again instead of making up a crowd.
        #[arg(long)]
        trace: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// Processor time of the snapshot encoder alone for a crowd of which everybody sees everybody.
    Encode {
        /// People.
        #[arg(long, default_value_t = 200)]
        people: u32,
        /// Percent of datagrams lost.
        #[arg(long, default_value_t = 0)]
        loss: u32,
        #[command(flatten)]
        common: Common,
    },
    /// Age of state and messages on a link too thin for what is offered, against quinn's default settings.
    Freshness {
        #[command(flatten)]
        common: Common,
    },
    /// A heap of 200 bodies saved, restored and simulated again: bit for bit, how large, how fast.
    Rollback {
        #[command(flatten)]
        common: Common,
    },
    /// Things thrown over 100 ms, 20 ms jitter and 5 % loss: when the thrower sees it, and how right and how old the
    /// pictures of others are, against interpolation three sends behind.
    Throwing {
        #[command(flatten)]
        common: Common,
    },
    /// Time to read and check 200 MB of accessors and 30 MB of JSON, on one core.
    Import {
        #[command(flatten)]
        common: Common,
    },
    /// Processor time of a server with 200 people who see each other, against a null server with the same traffic.
    Server {
        /// People.
        #[arg(long, default_value_t = 200)]
        people: u32,
        /// Seconds measured of each server.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        #[command(flatten)]
        common: Common,
    },
    /// 1,000 bots in one world against a quarter of them, each against a null server.
    Scale {
        /// Bots of the larger crowd.
        #[arg(long, default_value_t = 1000)]
        people: u32,
        /// Seconds measured of each server.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        #[command(flatten)]
        common: Common,
    },
    /// What coming in costs others, and how soon a newcomer holds the world.
    Join {
        /// People who are present.
        #[arg(long, default_value_t = 200)]
        people: u32,
        /// Folder of the world.
        #[arg(long, default_value = "assets/worlds/plaza")]
        world: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Every bench in turn, each in a process and within a time of its own.
    All {
        /// Recordings for `cubes`.
        #[arg(long, value_name = "FILE", num_args = 0..)]
        cubes: Vec<PathBuf>,
        /// Folder with models for `loading`.
        #[arg(long)]
        models: Option<PathBuf>,
        /// Seconds measured by `server` and `scale`.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Leave a bench out; repeat it for more.
        #[arg(long, value_name = "BENCH")]
        without: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Time of a picture of a world, against the engine's own glTF loader in the same process.
    Frames {
        /// Folder of the world.
        #[arg(long, default_value = "assets/worlds/plaza")]
        world: PathBuf,
        /// Folder with avatars and animations.
        #[arg(long, default_value = "assets")]
        assets: PathBuf,
        /// Width of the pictures in pixels.
        #[arg(long, default_value_t = 320)]
        width: u32,
        /// Height of the pictures in pixels.
        #[arg(long, default_value_t = 180)]
        height: u32,
        /// Pictures on each side.
        #[arg(long, default_value_t = 200)]
        pictures: u32,
        #[command(flatten)]
        common: Common,
    },
    /// Time from asking for a file until its last mesh and picture is with the adapter, against the engine's own glTF loader.
    Loading {
        /// Folder of the world.
        #[arg(long, default_value = "assets/worlds/plaza")]
        world: PathBuf,
        /// Folder with the models FlightHelmet, SheenCloth, BoomBox and Knight, as .gltf or .glb, in it or below.
        #[arg(long)]
        models: Option<PathBuf>,
        /// Pairs of loads of each file.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
        pairs: u32,
        #[command(flatten)]
        common: Common,
    },
    /// A process of another bench.
    #[command(flatten)]
    Role(Role),
    /// Makes the frozen tables of the snapshot codec anew from seeded recordings.
    Train {
        /// Where to write them: `src/replication/tables/frequencies.bin`.
        out: PathBuf,
        #[command(flatten)]
        common: Common,
    },
}

/// What a process of another bench does.
#[derive(Subcommand)]
enum Role {
    /// A server under load.
    #[command(hide = true)]
    Host {
        #[arg(long)]
        world: PathBuf,
    },
    /// Bots under load.
    #[command(hide = true)]
    Swarm {
        #[arg(long)]
        join: WorldAddress,
        #[arg(long)]
        count: u32,
        #[arg(long)]
        seconds: u64,
        #[arg(long)]
        seed: u64,
    },
    /// A server without a game.
    #[command(hide = true)]
    NullHost {
        #[arg(long)]
        bytes: usize,
    },
    /// The crowd of a server without a game.
    #[command(hide = true)]
    NullCrowd {
        #[arg(long)]
        join: SocketAddr,
        #[arg(long)]
        count: u32,
        #[arg(long)]
        seconds: u64,
        #[arg(long)]
        bytes: usize,
    },
}

fn main() -> ExitCode {
    if let Some(code) = client::decode_apart() {
        return code;
    }
    match run(&Arguments::parse().bench) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Cubes { file, loss, common } => cubes::run(file, *loss, common.seed),
        Bench::Asteroids { trace, common } => asteroids::run(common.seed, trace.as_deref()),
        Bench::Crowd { trace, common } => crowd::run(common.seed, trace.as_deref()),
        Bench::Encode {
            people,
            loss,
            common,
        } => encode::run(*people, *loss, common.seed),
        Bench::Freshness { common } => freshness::run(common.seed),
        Bench::Import { common } => import::run(common.seed),
        Bench::Rollback { common } => rollback::run(common.seed),
        Bench::Throwing { common } => throwing::run(common.seed),
        Bench::Frames {
            world,
            assets,
            width,
            height,
            pictures,
            common: _,
        } => frames::run(&frames::Frames {
            world: world.clone(),
            assets: assets.clone(),
            size: (*width, *height),
            pictures: *pictures,
        }),
        Bench::Loading {
            world,
            models,
            pairs,
            common,
        } => loading::run(&loading::Loading {
            world: world.clone(),
            models: models.clone(),
            pairs: *pairs,
            seed: common.seed,
        }),
        Bench::Server {
            people,
            seconds,
            common,
        } => load::server(common.load(*people, *seconds)),
        Bench::Scale {
            people,
            seconds,
            common,
        } => load::scale(common.load(*people, *seconds)),
        Bench::Join {
            people,
            world,
            common,
        } => load::join(world, common.load(*people, 0)),
        Bench::All {
            cubes,
            models,
            seconds,
            without,
            common,
        } => all::run(&all::All {
            cubes,
            models: models.as_deref(),
            seconds: *seconds,
            without,
            seed: common.seed,
        }),
        Bench::Role(role) => play(role),
        Bench::Train { out, common } => train::run(out, common.seed),
    }
}

fn play(role: &Role) -> Result<()> {
    match role {
        Role::Host { world } => load::serve(world),
        Role::Swarm {
            join,
            count,
            seconds,
            seed,
        } => load::crowd(join, load::Load::new(*count, *seconds, *seed)),
        Role::NullHost { bytes } => load::null_serve(*bytes),
        Role::NullCrowd {
            join,
            count,
            seconds,
            bytes,
        } => load::null_crowd(&load::CrowdConfig {
            server: *join,
            count: *count,
            joins_per_sec: load::JOINS_PER_SEC,
            seconds: *seconds,
            bytes: *bytes,
        }),
    }
}
