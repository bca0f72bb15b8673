//! `train`: the frozen tables of the snapshot codec, from recordings made here.

use crate::{asteroids, crowd};
use anyhow::{Context, Result};
use std::path::Path;

/// Seeds trained on; benches are judged on others.
const SEEDS: u64 = 4;

pub(crate) fn run(out: &Path, seed: u64) -> Result<()> {
    let mut counts = crowd::symbol_counts(seed + 1_000)?;
    for round in 1..SEEDS {
        counts.add(&crowd::symbol_counts(seed + 1_000 + round * 10)?);
    }
    for round in 0..SEEDS {
        counts.add(&asteroids::symbol_counts(seed + 1_000 + round)?);
    }
    std::fs::write(out, counts.frequencies())
        .with_context(|| format!("{} cannot be written", out.display()))
}
