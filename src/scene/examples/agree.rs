//! Damages the files of a folder and writes what Stoa finds in each, for `agree.mjs` to compare with the Khronos validator.
//!
//! ```text
//! cargo run -p scene --example agree -- SEED COUNT FOLDER OUT
//! npm install gltf-validator && node src/scene/examples/agree.mjs OUT
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers may stop where it stands"
)]

#[path = "../tests/mutate.rs"]
mod mutate;
#[path = "../tests/random.rs"]
mod random;
#[allow(
    dead_code,
    reason = "only the tests look for the samples by themselves"
)]
#[path = "../tests/samples.rs"]
mod samples;

use mutate::mutate;
use random::Random;
use scene::{FolderFiles, Purpose, check_bytes};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Larger files take long and damage them no differently.
const MAX_SOURCE_BYTES: u64 = 2_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seed, count, folder, out] = &arguments[..] else {
        println!("usage: agree SEED COUNT FOLDER OUT");
        return;
    };
    let (seed, count): (u64, u64) = (seed.parse().unwrap(), count.parse().unwrap());
    let out = Path::new(out);
    std::fs::create_dir_all(out).unwrap();
    let sources: Vec<PathBuf> = samples::files(Path::new(folder))
        .into_iter()
        .filter(|file| {
            let is_damaged_already = file
                .components()
                .any(|part| part.as_os_str() == "malformed");
            !is_damaged_already && file.metadata().unwrap().len() < MAX_SOURCE_BYTES
        })
        .collect();
    let mut random = Random::new(seed);
    for number in 0..count {
        let source = &sources[random.below(sources.len())];
        let folder = source.parent().unwrap();
        let bytes = mutate(
            &std::fs::read(source).unwrap(),
            seed.wrapping_mul(1_000_003).wrapping_add(number),
        );
        let report = check_bytes(&bytes, &FolderFiles::new(folder), Purpose::World);
        let findings: Vec<Value> = report
            .issues
            .iter()
            .filter(|issue| !issue.code.starts_with("STOA_"))
            .map(|issue| {
                let place = issue
                    .offset
                    .map_or(json!(issue.pointer), |offset| json!(offset));
                json!([issue.code, issue.severity, place])
            })
            .collect();
        std::fs::write(out.join(format!("{number}.damaged")), &bytes).unwrap();
        let record = json!({
            "source": source, "folder": folder, "findings": findings, "isTruncated": report.is_truncated(),
        });
        std::fs::write(out.join(format!("{number}.json")), record.to_string()).unwrap();
    }
    println!(
        "{count} damaged files of {} sources are in {}",
        sources.len(),
        out.display()
    );
}
