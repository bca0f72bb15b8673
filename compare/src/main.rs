//! Stoa's replication beside that of `bevy_replicon` and `lightyear`: the same people and things, twenty sends a second, every
//! client told of everything. What it prints and what that means is in docs/PERFORMANCE.md.
//! Start reading at `peer.rs`, then `measure.rs`.

mod lightyear;
mod measure;
mod peer;
mod random;
mod replicon;
mod report;
mod scene;
mod stoa;
mod tumbler;
mod walker;
mod world;

use crate::lightyear::Lightyear;
use crate::measure::{Size, measure};
use crate::replicon::Replicon;
use crate::stoa::Stoa;
use anyhow::Result;
use clap::Parser;

/// Runs the libraries side by side on one scene and prints what each of them cost.
#[derive(Parser)]
struct Flags {
    /// Seed of the scene.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People, each of whom is a client; no more than 200, beyond which Stoa leaves some out of a send.
    #[arg(long, value_delimiter = ',', default_values_t = [25, 50, 100, 200], value_parser = clap::value_parser!(u16).range(1..))]
    people: Vec<u16>,
    /// Things, of which a tenth moves; no more than 250, for the same reason.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 250])]
    objects: Vec<u16>,
    /// Seconds measured, in the scene's time.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

#[allow(
    clippy::print_stdout,
    reason = "standard output is this program's product"
)]
fn main() -> Result<()> {
    let flags = Flags::parse();
    let mut costs = Vec::new();
    for things in &flags.objects {
        for people in &flags.people {
            let size = Size {
                people: usize::from(*people),
                things: usize::from(*things),
            };
            for run in [measure::<Stoa>, measure::<Replicon>, measure::<Lightyear>] {
                let cost = run(size, flags.seed, flags.seconds)?;
                println!("{}", report::json_line(&cost));
                costs.push(cost);
            }
        }
    }
    println!("\n{}", report::table(&costs));
    Ok(())
}
