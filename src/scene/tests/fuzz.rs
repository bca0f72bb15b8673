//! Every reader of foreign bytes, on damaged files: it may refuse them, but neither panic nor grow.
//! Without the shared samples a small file of our own is damaged.

use crate::{
    gate::small_glb,
    mutate::mutate,
    random::Random,
    samples::{files, samples},
};
use scene::{
    ErrorKind, FolderFiles, NoSideFiles, Purpose, WorldManifest, check_bytes, load_avatar,
    load_avatar_clip, load_bytes, load_prop, writer::Draft,
};
use std::path::{Path, PathBuf};

/// Damaged files for each reader; a few seconds in all.
const ROUNDS: u64 = 4_000;
/// Larger samples take longer and damage no differently.
const MAX_SOURCE_BYTES: u64 = 300_000;

/// Real files of a kind with their folders, or one of our own.
fn sources(endings: &[&str]) -> Vec<(Vec<u8>, PathBuf)> {
    let mut found = Vec::new();
    for path in samples().map(|root| files(&root)).unwrap_or_default() {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let is_small = path.metadata().unwrap().len() < MAX_SOURCE_BYTES;
        if is_small && endings.contains(&ending.as_ref()) {
            let folder = path.parent().unwrap().to_owned();
            found.push((std::fs::read(&path).unwrap(), folder));
        }
    }
    if found.is_empty() {
        found.push((small_glb(), PathBuf::from(".")));
    }
    found
}

/// Damages the structure, or single bytes.
fn damaged(file: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    if random.below(3) > 0 {
        return mutate(file, seed);
    }
    let mut bytes = file.to_vec();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = random.below(256) as u8;
        }
    }
    bytes
}

fn feed(endings: &[&str], first_seed: u64, mut read: impl FnMut(&[u8], &Path)) {
    let sources = sources(endings);
    for seed in first_seed..first_seed + ROUNDS {
        let (file, folder) = &sources[Random::new(!seed).below(sources.len())];
        read(&damaged(file, seed), folder);
    }
}

#[test]
fn the_scene_reader_survives_damaged_files() {
    feed(&["gltf", "glb"], 1_000, |bytes, folder| {
        drop(load_bytes(bytes, &FolderFiles::new(folder), Purpose::World));
    });
}

#[test]
fn the_prop_reader_survives_damaged_files() {
    feed(&["gltf", "glb", "vrm"], 6_000, |bytes, folder| {
        if let Ok(prop) = load_prop(bytes, &FolderFiles::new(folder)) {
            let (low, high) = prop.bounds;
            assert!(low.is_finite() && high.is_finite());
        }
    });
}

#[test]
fn the_writer_survives_damaged_files() {
    feed(&["gltf", "glb", "vrm"], 5_000, |bytes, folder| {
        let draft = Draft::open(bytes, &FolderFiles::new(folder), Purpose::Prop);
        let Ok(mut draft) = draft else { return };
        draft.weld(None);
        draft.merge();
        let glb = draft.write(None).unwrap();
        if let Err(error) = load_bytes(&glb, &NoSideFiles, Purpose::Prop) {
            // What fills a limit about may go over it once nothing is shared any more.
            assert_eq!(error.kind, ErrorKind::OverLimit, "{error}");
        }
    });
}

#[test]
fn the_check_survives_damaged_files() {
    feed(&["gltf", "glb", "vrm", "vrma"], 2_000, |bytes, folder| {
        let report = check_bytes(bytes, &FolderFiles::new(folder), Purpose::Prop);
        for issue in &report.issues {
            assert!(!issue.message.contains('\n') && !issue.message.is_empty());
            assert!(issue.remedy().ends_with('.'), "{}", issue.code);
        }
    });
}

#[test]
fn the_avatar_reader_survives_damaged_files() {
    feed(&["vrm"], 3_000, |bytes, _| {
        drop(load_avatar(bytes, &NoSideFiles));
    });
}

#[test]
fn the_clip_reader_survives_damaged_files() {
    feed(&["vrma"], 4_000, |bytes, _| {
        drop(load_avatar_clip(bytes, &NoSideFiles));
    });
}

#[test]
fn the_world_reader_survives_damaged_manifests() {
    let manifest = "title = \"Plaza\"\ncapacity = 40\ngravity = 9.8\nmain = \"plaza.glb\"\nrules = \"\"\n\
        [sky]\nkind = \"clear\"\ntime_of_day = 14.5\ntop_color = [0.1, 0.2, 0.6]\nclouds = 0.3\n";
    for seed in 0..ROUNDS {
        let mut random = Random::new(seed);
        let mut text = manifest.as_bytes().to_vec();
        for _ in 0..=random.below(6) {
            let at = random.below(text.len());
            text[at] = b"\"[]={}.0a9\n-e"[random.below(13)];
        }
        drop(WorldManifest::parse(&String::from_utf8_lossy(&text)));
    }
}

/// Compressed data alone: the words around them stay whole, so that the decoders see all of it.
#[test]
fn the_unpackers_survive_damaged_data() {
    let Some(root) = samples() else { return };
    let mut sources = Vec::new();
    for file in files(&root.join("ext/compressed")) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let is_packed = ["draco_", "meshopt_", "Meshopt.glb", "webp"]
            .iter()
            .any(|part| name.contains(part));
        if is_packed && file.metadata().unwrap().len() < 100_000 {
            sources.push(std::fs::read(file).unwrap());
        }
    }
    assert!(sources.len() > 4, "only {} files", sources.len());
    for seed in 0..ROUNDS / 4 {
        let mut random = Random::new(seed);
        let mut bytes = sources[random.below(sources.len())].clone();
        let words =
            20 + bytes[12] as usize + bytes[13] as usize * 256 + bytes[14] as usize * 65_536;
        for _ in 0..=random.below(12) {
            let at = words + 8 + random.below(bytes.len() - words - 8);
            bytes[at] = random.below(256) as u8;
        }
        drop(load_bytes(&bytes, &NoSideFiles, Purpose::World));
    }
}
