//! `cubes`: bytes and time for a recording, the product's mixing coder against the bit packer under the same losses;
//! every packet that arrives is decoded and compared bit for bit.

use crate::random::Random;
use crate::report::Metric;
use crate::stopwatch::Stopwatch;
use anyhow::{Context, Result, bail, ensure};
use replication::cubes::{CubeDecoder, CubeEncoder, FRAME_BYTES, Frame, LAG, pack, unpack};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Targets: ratio of bytes, and microseconds a frame.
const PASS_RATIO: f64 = 0.70;
const GOAL_RATIO: f64 = 0.62;
const GOAL_MICROS: f64 = 150.0;
/// Bytes of the largest recording that is read: about a minute and a half.
const MAX_BYTES: usize = 200 * 1024 * 1024;

/// What a coder cost.
#[derive(Default)]
struct Cost {
    bytes: usize,
    encode: Duration,
    decode: Duration,
}

pub(crate) fn run(file: &Path, loss_percent: u32, seed: u64) -> Result<()> {
    let frames = read(file)?;
    ensure!(
        frames.len() > 2 * LAG,
        "{} has only {} frames: at least {} are needed",
        file.display(),
        frames.len(),
        2 * LAG + 1
    );
    let mut random = Random::new(seed);
    let is_lost: Vec<bool> = frames
        .iter()
        .enumerate()
        .map(|(index, _)| index >= LAG && random.chance(loss_percent as f32 / 100.0))
        .collect();
    let packer = measure_packer(&frames, &is_lost)?;
    let ours = measure_ours(&frames, &is_lost)?;
    let count = (frames.len() - LAG) as f64;
    let micros = |time: Duration| time.as_secs_f64() * 1.0e6 / count;
    let metric = |metric, value, unit, baseline| Metric {
        bench: "cubes",
        metric,
        value,
        unit,
        baseline: Some(baseline),
    };
    let bytes = |cost: &Cost| cost.bytes as f64 / count;
    metric("bytes_per_frame", bytes(&ours), "B", bytes(&packer))
        .print_ratio_against(PASS_RATIO, GOAL_RATIO);
    metric(
        "kbit_per_sec",
        bytes(&ours) * 0.48,
        "kbit/s",
        bytes(&packer) * 0.48,
    )
    .print();
    for (name, ours, packer) in [
        ("encode_micros", ours.encode, packer.encode),
        ("decode_micros", ours.decode, packer.decode),
    ] {
        metric(name, micros(ours), "us", micros(packer)).print_against(f64::INFINITY, GOAL_MICROS);
    }
    Ok(())
}

/// The frames of a recording.
fn read(file: &Path) -> Result<Vec<Frame>> {
    let is_packed = file.extension().is_some_and(|extension| extension == "xz");
    let bytes = if is_packed {
        let output = Command::new("xz")
            .arg("-dc")
            .arg(file)
            .output()
            .context("xz could not be started: install it, or give an unpacked .bin")?;
        if !output.status.success() {
            bail!(
                "{} could not be unpacked: {}",
                file.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        output.stdout
    } else {
        std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?
    };
    ensure!(bytes.len() <= MAX_BYTES, "{} is too large", file.display());
    ensure!(
        bytes.len() % FRAME_BYTES == 0,
        "{} is not a recording: its length is not a multiple of {FRAME_BYTES}",
        file.display()
    );
    let frames: Result<Vec<Frame>, _> = bytes.chunks_exact(FRAME_BYTES).map(Frame::parse).collect();
    frames.with_context(|| format!("{} is not a recording", file.display()))
}

/// Trailing zero bytes need not travel.
fn trim(bytes: &mut Vec<u8>) {
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
}

fn measure_packer(frames: &[Frame], is_lost: &[bool]) -> Result<Cost> {
    let mut cost = Cost::default();
    let mut bytes = Vec::new();
    // The newest frame not after an index that arrived.
    let arrived = |index: usize| (0..=index).rev().find(|at| !is_lost[*at]).unwrap_or(0);
    for index in LAG..frames.len() {
        let base = arrived(index - LAG);
        let before = arrived(base.saturating_sub(LAG));
        bytes.clear();
        let start = Stopwatch::start();
        pack(&frames[base], &frames[before], &frames[index], &mut bytes);
        trim(&mut bytes);
        cost.encode += start.elapsed();
        cost.bytes += bytes.len();
        if is_lost[index] {
            continue;
        }
        let start = Stopwatch::start();
        let back = unpack(&frames[base], &frames[before], &bytes);
        cost.decode += start.elapsed();
        ensure!(
            back.as_ref() == Some(&frames[index]),
            "the packer broke frame {index}"
        );
    }
    Ok(cost)
}

fn measure_ours(frames: &[Frame], is_lost: &[bool]) -> Result<Cost> {
    let mut cost = Cost::default();
    let mut encoder = CubeEncoder::new(&frames[..LAG]);
    let mut decoder = CubeDecoder::new(&frames[..LAG]);
    let mut bytes = Vec::new();
    for index in LAG..frames.len() {
        if is_lost[index - LAG] {
            encoder.forget(index - LAG);
        }
        bytes.clear();
        let start = Stopwatch::start();
        encoder.encode(&frames[index], &mut bytes);
        cost.encode += start.elapsed();
        cost.bytes += bytes.len();
        if is_lost[index] {
            decoder.skip();
            continue;
        }
        let start = Stopwatch::start();
        let back = decoder.decode(&bytes);
        cost.decode += start.elapsed();
        ensure!(
            back.as_ref() == Some(&frames[index]),
            "the coder broke frame {index}"
        );
    }
    Ok(cost)
}
