//! `stoa-bench`: every performance claim as a command that prints JSON lines.
//! It must not be part of the product: it may know everything, nothing knows it.
//! Start reading at `report.rs`, then at the bench in question, a module each.

mod asteroids;
mod crowd;
mod cubes;
mod frames;
mod freshness;
mod link;
mod random;
mod report;
mod train;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
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
        #[command(flatten)]
        common: Common,
    },
    /// Bandwidth of a receiver that sees 100 avatars at 20 Hz.
    Crowd {
        #[command(flatten)]
        common: Common,
    },
    /// Age of state and messages on a link too thin for what is offered, against quinn's default settings.
    Freshness {
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
    /// Makes the frozen tables of the snapshot codec anew from seeded recordings.
    Train {
        /// Where to write them: `src/replication/tables/frequencies.bin`.
        out: PathBuf,
        #[command(flatten)]
        common: Common,
    },
}

fn main() -> ExitCode {
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
        Bench::Asteroids { common } => asteroids::run(common.seed),
        Bench::Crowd { common } => crowd::run(common.seed),
        Bench::Freshness { common } => freshness::run(common.seed),
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
        Bench::Train { out, common } => train::run(out, common.seed),
    }
}
