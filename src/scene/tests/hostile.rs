//! What the product does with hostile files: each is refused, loaded with a warning, or loaded, as written beside them.

use crate::samples::{files, samples};
use scene::{
    Outcome, Purpose, check_file,
    limits::{MAX_ISSUES, MAX_WARNINGS},
};
use serde_json::Value;
use std::{
    path::Path,
    time::{Duration, Instant},
};

fn purpose(file: &Path) -> Purpose {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("vrm") => Purpose::Avatar,
        Some("vrma") => Purpose::AnimationClip,
        _ => Purpose::World,
    }
}

#[test]
fn hostile_files_have_the_written_outcome() {
    let Some(root) = samples() else { return };
    let folder = root.join("malformed/hostile");
    let expected = std::fs::read_to_string(folder.join("EXPECT.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&expected).unwrap();
    let mut others = Vec::new();
    for (name, wanted) in &expected {
        let file = folder.join(name);
        let begun = Instant::now();
        let report = check_file(&file, purpose(&file));
        if begun.elapsed() > Duration::from_secs(1) {
            println!("{name} took {:?}", begun.elapsed());
        }
        let outcome = report.map_or("reject", |report| report.outcome.name());
        if outcome != wanted["expect"] {
            others.push(format!("{name}: {outcome} instead of {wanted}"));
        }
    }
    assert!(expected.len() > 100, "only {} files", expected.len());
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn every_well_formed_file_loads() {
    let Some(root) = samples() else { return };
    let mut refused = Vec::new();
    let mut count = 0;
    for folder in [
        "pbr",
        "core",
        "animated",
        "ext",
        "omi",
        "world",
        "interactivity",
        "vrm0",
        "vrm1",
        "vrm_addon",
        "vrma",
        "formats",
    ] {
        for file in files(&root.join(folder)) {
            count += 1;
            let report = check_file(&file, purpose(&file)).unwrap();
            let Some(refusal) = report.refusal else {
                assert_ne!(report.outcome, Outcome::Reject);
                continue;
            };
            refused.push(refusal.to_string());
        }
    }
    assert!(count > 150, "only {count} files");
    assert!(
        refused.is_empty(),
        "{} of {count}:\n{}",
        refused.len(),
        refused.join("\n")
    );
}

/// Accessors over the same bytes, and elements that no bytes stand for, ask for work that their file does not pay for.
#[test]
fn work_is_bounded_by_more_than_the_size_of_a_file() {
    let accessor = r#"{"bufferView":0,"componentType":5126,"count":87381,"type":"VEC3"}"#;
    let sparse = r#"{"componentType":5126,"count":8000000000000000,"type":"VEC3","sparse":{"count":1,
        "indices":{"bufferView":0,"componentType":5125},"values":{"bufferView":0}}}"#;
    let data = "A".repeat(1_398_104);
    for accessors in [[accessor; 1_000].join(","), sparse.to_owned()] {
        let text = format!(
            r#"{{"asset":{{"version":"2.0"}},"accessors":[{accessors}],
            "bufferViews":[{{"buffer":0,"byteLength":1048576}}],
            "buffers":[{{"byteLength":1048576,"uri":"data:application/octet-stream;base64,{data}"}}]}}"#
        );
        let report = scene::check_bytes(text.as_bytes(), &scene::NoSideFiles, Purpose::World);
        assert!(report.is_truncated(), "{:?}", report.refusal);
    }
}

/// Ten thousand hints about a file are no reason to keep its one error quiet.
#[test]
fn an_error_is_told_however_much_else_there_is_to_tell() {
    let empty = "{},".repeat(MAX_ISSUES + 50);
    let text =
        format!(r#"{{"asset":{{"version":"2.0"}},"nodes":[{empty}{{"rotation":[0,0,0.5,0.5]}}]}}"#);
    let report = scene::check_bytes(text.as_bytes(), &scene::NoSideFiles, Purpose::World);
    assert_eq!(report.count(0), 1);
    let told: Vec<_> = report.issues.iter().map(|issue| issue.code).collect();
    assert!(told.contains(&"ROTATION_NON_UNIT"));
    assert!(report.is_truncated() && !report.is_cut_short);
    assert!(report.issues.len() <= MAX_ISSUES + MAX_WARNINGS);
    assert!(report.count(2) >= MAX_ISSUES + 50, "{}", report.count(2));
}
