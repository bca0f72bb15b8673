//! Sound files from outside: the samples, and damaged ones. Tests that need the shared sample set say so when it is absent.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it stands, and says when the samples are absent"
)]

#[path = "../../scene/tests/random.rs"]
mod random;

use random::Random;
use sound::{Clip, MAX_CLIP_SECS, SAMPLING_RATES};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Damaged files for each format.
const ROUNDS: u64 = 1_000;
/// No format is tried for longer, however slow the machine is; what was done until then counts.
const LONGEST: Duration = Duration::from_secs(5);
/// What follows in a file is like what went before.
const MAX_SOURCE_BYTES: usize = 24_000;

/// An MP3 and an Ogg Vorbis file.
fn samples() -> Option<[PathBuf; 2]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?;
    let folder = folder.join("shared/data/gltf");
    let names = [
        "omi/KHR_audio_emitter/examples/boom_box/kevin_macleod_bassa_island_loop.mp3",
        "world/music.ogg",
    ];
    let files = names.map(|name| folder.join(name));
    if files.iter().all(|file| file.is_file()) {
        return Some(files);
    }
    println!(
        "the sample files are not beside the checkout ({}): nothing was tested",
        folder.display()
    );
    None
}

/// Bytes changed, cut off, left out or doubled.
fn damaged(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=random.below(8) {
        // Heads decide the most.
        let reach = match random.below(2) {
            0 => bytes.len().min(256),
            _ => bytes.len(),
        };
        if reach == 0 {
            break;
        }
        let at = random.below(reach);
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..(at + random.below(64)).min(bytes.len()))),
            2 => bytes.extend_from_within(at..),
            _ => bytes[at] = random.below(256) as u8,
        }
        bytes.truncate(2 * MAX_SOURCE_BYTES);
    }
    bytes
}

#[test]
fn sounds_of_the_samples_are_decoded() {
    let Some(files) = samples() else { return };
    for file in files {
        let clip = Clip::decode(&std::fs::read(&file).unwrap()).unwrap();
        let secs = clip.frames() as f32 / clip.frames_per_second as f32;
        assert!((1.0..300.0).contains(&secs), "{}: {secs} s", file.display());
        let loudest = (0..clip.frames()).map(|frame| clip.at(frame as f64, false)[0].abs());
        assert!(loudest.fold(0.0, f32::max) > 0.1, "{}", file.display());
    }
}

#[test]
fn the_sound_reader_survives_damaged_files() {
    for file in samples().into_iter().flatten() {
        let mut source = std::fs::read(&file).unwrap();
        source.truncate(MAX_SOURCE_BYTES);
        let started = Instant::now();
        let (mut decoded, mut done) = (0, 0);
        for seed in 0..ROUNDS {
            if started.elapsed() > LONGEST {
                break;
            }
            done += 1;
            let Ok(clip) = Clip::decode(&damaged(&source, &mut Random::new(seed))) else {
                continue;
            };
            decoded += 1;
            assert!(SAMPLING_RATES.contains(&clip.frames_per_second));
            let most = (MAX_CLIP_SECS + 1) * clip.frames_per_second as usize;
            assert!((1..=most).contains(&clip.frames()));
        }
        assert!(
            decoded > done / 20,
            "{}: {decoded} of {done}",
            file.display()
        );
    }
}
