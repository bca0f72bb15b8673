//! `import`: how fast a file is read and checked, on one core: accessors with all content checks, and JSON.

use crate::{random::Random, report::Metric};
use anyhow::{Result, bail};
use glam::Vec3;
use scene::{NoSideFiles, Purpose, check_bytes};
use serde_json::{Value, json};
use std::time::Instant;

/// Megabytes of accessors, and of JSON.
const ACCESSOR_MEGABYTES: usize = 200;
const JSON_MEGABYTES: usize = 30;
/// Milliseconds a megabyte that 500 MB and 40 MB a second leave.
const ACCESSOR_TARGET_MS: f64 = 2.0;
const JSON_TARGET_MS: f64 = 25.0;
/// Bytes of one vertex: position, normal, tangent, texture coordinates.
const VERTEX_BYTES: usize = 12 + 12 + 16 + 8;
/// Vertices of one mesh.
const MESH_VERTICES: usize = 60_000;
/// Runs, of which the median counts.
const RUNS: usize = 3;

pub(crate) fn run(seed: u64) -> Result<()> {
    measure(
        "accessors_ms_a_megabyte",
        &vertices(seed),
        ACCESSOR_TARGET_MS,
    )?;
    measure("json_ms_a_megabyte", &nodes(), JSON_TARGET_MS)
}

fn measure(metric: &'static str, file: &[u8], target: f64) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let report = check_bytes(file, &NoSideFiles, Purpose::World);
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        if let Some(refusal) = report.refusal {
            bail!("the file of this bench is refused: {refusal}");
        }
        if let Some(issue) = report.issues.iter().find(|issue| issue.severity == 0) {
            bail!(
                "the file of this bench has an error: {} {}",
                issue.code,
                issue.message
            );
        }
    }
    times.sort_by(f64::total_cmp);
    Metric {
        bench: "import",
        metric,
        value: times[RUNS / 2] / (file.len() as f64 / 1.0e6),
        unit: "ms/MB",
        baseline: None,
    }
    .print_against(target, target);
    Ok(())
}

/// A GLB of meshes with everything that has to be looked into: bounds, unit vectors, numbers that are finite.
fn vertices(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let meshes = ACCESSOR_MEGABYTES * 1_000_000 / VERTEX_BYTES / MESH_VERTICES;
    let (mut binary, mut views, mut accessors) = (Vec::new(), Vec::new(), Vec::new());
    let mut list = Vec::new();
    for _ in 0..meshes {
        let mut arrays: [Vec<u8>; 4] = Default::default();
        let (mut low, mut high) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        for _ in 0..MESH_VERTICES {
            let at = Vec3::new(random.signed(), random.signed(), random.signed());
            (low, high) = (low.min(at), high.max(at));
            let normal = at.normalize_or(Vec3::Y);
            let tangent = normal.any_orthonormal_vector();
            put(&mut arrays[0], &at.to_array());
            put(&mut arrays[1], &normal.to_array());
            put(&mut arrays[2], &tangent.extend(1.0).to_array());
            put(&mut arrays[3], &[random.unit(), random.unit()]);
        }
        let first = accessors.len();
        for (array, kind) in arrays.iter().zip(["VEC3", "VEC3", "VEC4", "VEC2"]) {
            views.push(
                json!({ "buffer": 0, "byteOffset": binary.len(), "byteLength": array.len() }),
            );
            let mut accessor = json!({ "bufferView": views.len() - 1, "componentType": 5126,
                "count": MESH_VERTICES, "type": kind });
            if array.len() == MESH_VERTICES * 12 && accessors.len() == first {
                accessor["min"] = json!(low.to_array());
                accessor["max"] = json!(high.to_array());
            }
            accessors.push(accessor);
            binary.extend_from_slice(array);
        }
        let attributes = json!({ "POSITION": first, "NORMAL": first + 1, "TANGENT": first + 2,
            "TEXCOORD_0": first + 3 });
        list.push(json!({ "primitives": [{ "attributes": attributes }] }));
    }
    let document = json!({
        "asset": { "version": "2.0" }, "buffers": [{ "byteLength": binary.len() }],
        "bufferViews": views, "accessors": accessors, "meshes": list,
    });
    glb(&document, &binary)
}

fn put(bytes: &mut Vec<u8>, numbers: &[f32]) {
    for number in numbers {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
}

/// A glTF of nodes with names, transforms and extras.
fn nodes() -> Vec<u8> {
    let count = 60_000;
    let padding = "x".repeat(JSON_MEGABYTES * 1_000_000 / count - 190);
    let node = |index: usize| {
        json!({ "name": format!("node {index}"), "translation": [index as f32 * 0.5, 1.25, -3.5],
            "rotation": [0.0, 0.0, 0.0, 1.0], "scale": [1.0, 2.0, 1.0],
            "extras": { "note": padding, "numbers": [index, 2, 3, 4, 5] } })
    };
    let nodes: Vec<Value> = (0..count).map(node).collect();
    let roots: Vec<usize> = (0..count).collect();
    let document = json!({ "asset": { "version": "2.0" }, "scene": 0,
        "scenes": [{ "nodes": roots }], "nodes": nodes });
    document.to_string().into_bytes()
}

fn glb(document: &Value, binary: &[u8]) -> Vec<u8> {
    let mut text = document.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let total = 12 + 8 + text.len() + 8 + binary.len();
    let mut file = Vec::with_capacity(total);
    let word = |file: &mut Vec<u8>, value: usize| {
        file.extend_from_slice(&u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
    };
    file.extend_from_slice(b"glTF");
    word(&mut file, 2);
    word(&mut file, total);
    word(&mut file, text.len());
    file.extend_from_slice(b"JSON");
    file.extend_from_slice(&text);
    word(&mut file, binary.len());
    file.extend_from_slice(b"BIN\0");
    file.extend_from_slice(binary);
    file
}
