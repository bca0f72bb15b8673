//! The process in which foreign payloads are decoded, with this program as the worker: what breaks it costs one line.

use crate::convert::{import, samples};
use scene::worker::{Decoder, Payload, Program, Worker, WorkerLimits};
use serde_json::Value;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// Pixels on a side of a picture that takes 64 MiB of memory, and some time.
const SIDE: u32 = 4_096;
/// Largest result that is asked for.
const LIMIT: usize = 256 * 1024 * 1024;
/// More decodings than a second of a processor has room for.
const MANY: usize = 1_000;

/// The worker knows its decoders by name alone.
const WEBP: Decoder = Decoder {
    name: "webp",
    decode: |_| Err("it was not decoded apart".to_owned()),
};

fn worker(path: &str, change: impl FnOnce(&mut WorkerLimits)) -> Worker {
    let mut limits = WorkerLimits::default();
    change(&mut limits);
    Worker::of(Program {
        path: PathBuf::from(path),
        limits,
    })
}

fn importer(change: impl FnOnce(&mut WorkerLimits)) -> Worker {
    worker(env!("CARGO_BIN_EXE_stoa-import"), change)
}

/// A lossless WebP of one colour: 28 bytes, whatever its size.
fn picture(side: u32) -> Vec<u8> {
    let last = side - 1;
    let size = last | last << 14;
    // Neither transforms nor a cache nor groups; then five codes of one symbol, which takes no bits at all.
    let codes: u32 = 0b0001_0001_0001_0001_0001 << 3;
    let mut webp = b"RIFF\x14\0\0\0WEBPVP8L\x08\0\0\0\x2F".to_vec();
    webp.extend(size.to_le_bytes());
    webp.extend(&codes.to_le_bytes()[..3]);
    webp
}

/// The line that a payload costs.
fn fault(worker: &Worker, bytes: &[u8]) -> String {
    let fault = worker.decode(&WEBP, &[bytes], LIMIT).unwrap_err();
    assert!(!fault.is_empty() && !fault.contains('\n'), "{fault:?}");
    fault
}

#[cfg(unix)]
#[test]
fn a_worker_decodes_several_payloads_at_once() {
    let worker = importer(|limits| limits.threads = 3);
    let good: Vec<_> = (1..=20).map(picture).collect();
    let large = picture(SIDE);
    let mut payloads: Vec<_> = good
        .iter()
        .map(|bytes| Payload {
            parts: vec![bytes],
            memory_bytes: 1,
        })
        .collect();
    // Thought to take too much to be decoded beside others, and no picture at all.
    for (bytes, memory_bytes) in [(&good[1][..9], u64::MAX), (&good[0][..], u64::MAX)] {
        payloads.push(Payload {
            parts: vec![bytes],
            memory_bytes,
        });
    }
    let mut results = vec![None; payloads.len()];
    worker.decode_all(&WEBP, &payloads, LIMIT, &mut |place, result| {
        assert!(results[place].replace(result).is_none());
    });
    for (place, result) in results.iter().enumerate() {
        let is_good = result.as_ref().is_some_and(Result::is_ok);
        assert_eq!(is_good, place != 20, "{place}: {result:?}");
    }
    // What breaks the worker costs everything that had no result yet, and each payload is told once.
    let broken = Payload {
        parts: vec![&large],
        memory_bytes: 1,
    };
    payloads.insert(0, broken);
    let worker = importer(|limits| {
        limits.threads = 3;
        limits.memory_bytes = 32 * 1024 * 1024;
    });
    let mut told = vec![0; payloads.len()];
    let mut faults = 0;
    worker.decode_all(&WEBP, &payloads, usize::MAX, &mut |place, result| {
        told[place] += 1;
        faults += usize::from(result.is_err());
    });
    assert_eq!(told, vec![1; payloads.len()]);
    assert!(faults > 0);
}

#[test]
fn a_worker_decodes_one_payload_after_the_other() {
    let worker = importer(|_| {});
    for side in [1, 3, 64] {
        let png = worker.decode(&WEBP, &[&picture(side)], LIMIT).unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        // What is wrong with one does not harm the next.
        assert!(!fault(&worker, b"RIFF....WEBP").contains("broke down"));
        let small = worker.decode(&WEBP, &[&picture(side)], 8).unwrap_err();
        assert!(small.contains("more than 8 bytes"), "{small}");
    }
}

#[cfg(unix)]
#[test]
fn a_payload_that_takes_too_much_memory_costs_one_line() {
    let webp = picture(SIDE);
    let worker = importer(|limits| limits.memory_bytes = 32 * 1024 * 1024);
    let line = fault(&worker, &webp);
    assert!(
        line.contains("more than 33554432 bytes of memory"),
        "{line}"
    );
    // The file is lost, and asking again costs nothing.
    assert_eq!(fault(&worker, &picture(1)), line);
    assert!(importer(|_| {}).decode(&WEBP, &[&webp], LIMIT).is_ok());
}

#[cfg(unix)]
#[test]
fn converting_takes_no_more_memory_than_it_may() {
    const CONVERT: Decoder = Decoder {
        name: "convert",
        ..WEBP
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ply");
    let header = "ply\nformat ascii 1.0\nelement vertex 300000\nproperty float x\nproperty float y\n\
        property float z\nend_header\n";
    std::fs::write(&path, format!("{header}{}", "1 2 3\n".repeat(300_000))).unwrap();
    let task = [b"--threads=1\0--\0", path.as_os_str().as_encoded_bytes()].concat();
    let convert = |memory_bytes| {
        importer(|limits| limits.memory_bytes = memory_bytes).decode(&CONVERT, &[&task], LIMIT)
    };
    assert!(convert(1024 * 1024 * 1024).is_ok());
    let line = convert(8 * 1024 * 1024).unwrap_err();
    assert!(line.contains("more than 8388608 bytes of memory"), "{line}");
}

#[test]
fn a_payload_that_takes_too_long_costs_one_line() {
    let worker = importer(|limits| limits.payload_time = Duration::ZERO);
    let line = fault(&worker, &picture(SIDE));
    assert!(line.contains("more than 0 seconds"), "{line}");
}

#[cfg(unix)]
#[test]
fn a_file_whose_payloads_take_too_long_together_costs_one_line() {
    let worker = importer(|limits| limits.processor_time = Duration::from_secs(1));
    let webp = picture(SIDE);
    let faults = (0..MANY).find_map(|_| worker.decode(&WEBP, &[&webp], LIMIT).err());
    let line = faults.unwrap();
    assert!(
        line.contains("more than 1 seconds of a processor"),
        "{line}"
    );
}

#[cfg(unix)]
#[test]
fn a_worker_that_is_none_costs_one_line() {
    let line = fault(&worker("/no/such/program", |_| {}), b"");
    assert!(line.contains("cannot be started"), "{line}");
    for program in ["/bin/sh", "/bin/true", "/bin/cat"] {
        let line = fault(&worker(program, |_| {}), &picture(64));
        assert!(line.contains("broke down"), "{program}: {line}");
    }
}

#[test]
fn a_worker_ends_with_its_parent() {
    let mut idle = Command::new(env!("CARGO_BIN_EXE_stoa-import"))
        .args(["decode-worker", "1000000000", "60", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = idle.stdin.take().unwrap();
    // In the middle of a request: a number, a name, a limit, a length, and a part of the payload.
    input.write_all(&[0; 4]).unwrap();
    input.write_all(b"\x04webp").unwrap();
    input.write_all(&1000u64.to_le_bytes()).unwrap();
    input.write_all(&1000u64.to_le_bytes()).unwrap();
    input.write_all(&[1; 10]).unwrap();
    drop(input);
    assert!(idle.wait().unwrap().success());
}

/// The same outcomes as in one process (`hostile_files_have_the_written_outcome` of `scene`), by the program as people start it.
#[test]
fn hostile_files_have_the_written_outcome_in_the_importer() {
    let Some(root) = samples() else { return };
    let folder = root.join("malformed/hostile");
    let expected = std::fs::read_to_string(folder.join("EXPECT.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&expected).unwrap();
    let names: Vec<PathBuf> = expected.keys().map(|name| folder.join(name)).collect();
    let paths: Vec<&Path> = names.iter().map(PathBuf::as_path).collect();
    let done = import(&["check", "--json"], &paths);
    let mut reports = std::collections::BTreeMap::new();
    for line in String::from_utf8(done.stdout).unwrap().lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        let uri = report["uri"].as_str().unwrap().to_owned();
        reports.insert(uri, report["outcome"].as_str().unwrap().to_owned());
    }
    let mut others = Vec::new();
    for (name, wanted) in &expected {
        let report = reports.iter().find(|(uri, _)| uri.ends_with(name));
        let outcome = report.map_or("reject", |(_, outcome)| outcome);
        if outcome != wanted["expect"] {
            others.push(format!("{name}: {outcome} instead of {wanted}"));
        }
    }
    assert!(reports.len() > 90, "only {} reports", reports.len());
    assert!(others.is_empty(), "{}", others.join("\n"));
}
