//! Files from elsewhere: they enter and are seen, or are refused by the name of what they require. A few of them here;
//! `cargo xtask sweep` opens them all. And one that Blender makes, by the steps of `docs/DESIGNERS.md`.

use crate::harness::{Program, Scratch, checkout, offscreen, samples, skipped, stoa_import, turn};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What of a picture a model must cover at least.
const LEAST_COVERED: f64 = 0.05;

/// One of each kind.
const ENTER: [&str; 4] = [
    "core/BoxInterleaved.glb",
    "animated/AnimatedCube.gltf",
    "omi/OMI_physics_shape/examples/convex/convex_hull.gltf",
    "world/plaza_khr.gltf",
];

/// Share of the last picture that a file's model covers.
fn covered(folder: &Path, file: &Path) -> f64 {
    let words = [
        "open",
        file.to_str().unwrap(),
        "--frames",
        "3",
        "--screenshot",
        "picture.png",
        "--coverage",
        "--stats",
        "stats.json",
    ];
    // Extensions that change nothing may be warned of.
    let ended = Program::start("stoa", &mut offscreen(folder, words)).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let stats: Value =
        serde_json::from_slice(&fs::read(folder.join("stats.json")).unwrap()).unwrap();
    stats["covered_share"].as_f64().unwrap()
}

#[test]
fn files_from_elsewhere_are_entered_and_seen() {
    let _turn = turn();
    let Some(samples) = samples() else { return };
    for name in ENTER {
        let place = Scratch::new();
        let covered = covered(place.path(), &samples.join(name));
        assert!(
            covered >= LEAST_COVERED,
            "{name} covers {covered} of the picture"
        );
    }
}

/// Writes a small square that one morph target makes into a large one, and two tiny ones at the corners of the large.
fn write_square(folder: &Path, weight: f64) -> PathBuf {
    #[rustfmt::skip]
    let corners_and_moves = [
        [-0.1, 1.5], [0.1, 1.5], [0.1, 1.7], [-0.1, 1.7],
        [-0.7, -0.7], [0.7, -0.7], [0.7, 0.7], [-0.7, 0.7_f32],
    ];
    let mut bytes = Vec::new();
    for [x, y] in corners_and_moves {
        bytes.extend([x, y, 0.0].iter().flat_map(|number| number.to_le_bytes()));
    }
    let indices = [0_u16, 1, 2, 0, 2, 3];
    bytes.extend(indices.iter().flat_map(|index| index.to_le_bytes()));
    fs::write(folder.join("square.bin"), bytes).unwrap();
    let scene = json!({
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0, 1, 2]}],
        "nodes": [
            {"mesh": 0, "weights": [weight]},
            {"mesh": 0, "scale": [0.1, 0.1, 0.1], "translation": [-0.8, 0.64, 0.0]},
            {"mesh": 0, "scale": [0.1, 0.1, 0.1], "translation": [0.8, 2.24, 0.0]},
        ],
        "meshes": [{
            "weights": [0.0],
            "primitives": [{"attributes": {"POSITION": 0}, "indices": 2, "targets": [{"POSITION": 1}]}],
        }],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3",
                "min": [-0.1, 1.5, 0.0], "max": [0.1, 1.7, 0.0]},
            {"bufferView": 0, "byteOffset": 48, "componentType": 5126, "count": 4, "type": "VEC3",
                "min": [-0.7, -0.7, 0.0], "max": [0.7, 0.7, 0.0]},
            {"bufferView": 1, "componentType": 5123, "count": 6, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": 96},
            {"buffer": 0, "byteOffset": 96, "byteLength": 12},
        ],
        "buffers": [{"byteLength": 108, "uri": "square.bin"}],
    });
    let file = folder.join("square.gltf");
    fs::write(&file, scene.to_string()).unwrap();
    file
}

#[test]
fn a_thing_that_stands_still_has_the_shape_that_its_morph_weights_give() {
    let _turn = turn();
    let [rest, morphed] = [0.0, 1.0].map(|weight| {
        let place = Scratch::new();
        let file = write_square(place.path(), weight);
        covered(place.path(), &file)
    });
    // 64 times the area, beside which the corners are next to nothing.
    assert!(rest > 0.0 && morphed > 30.0 * rest, "{rest} {morphed}");
}

/// What Blender is told: the objects of the document's tables with their custom properties, and how it exports.
const IN_BLENDER: &str = r#"
import bpy, json, sys
objects, scene, target = json.loads(sys.argv[-3]), json.loads(sys.argv[-2]), sys.argv[-1]
bpy.ops.wm.read_factory_settings(use_empty=True)
# Z is up: the floor's top at zero, the crate on it, the rest around.
places = {"Start": (0, -5, 0), "Floor": (0, 0, -0.25), "Crate": (1, 0, 0.25), "Chair": (-2, 0, 0), "Radio": (2, 3, 1)}
sizes = {"Floor": (20, 20, 0.5), "Crate": (0.5, 0.5, 0.5)}
for kind, name, key, value in objects:
    if kind == "mesh":
        bpy.ops.mesh.primitive_cube_add(size=1, location=places[name])
        bpy.context.object.scale = sizes[name]
        bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    else:
        bpy.ops.object.empty_add(location=places[name])
    bpy.context.object.name = name
    bpy.context.object[key] = value
for key, value in scene:
    bpy.context.scene[key] = value
bpy.ops.export_scene.gltf(filepath=target, export_format="GLB", export_extras=True)
"#;

/// True when Blender is there with what its exporter needs; otherwise it is told.
fn has_blender() -> bool {
    let mut command = Command::new("blender");
    // The exit code is for what comes after it.
    command.args(["--background", "--factory-startup"]);
    command.args(["--python-exit-code", "9", "--python-expr", "import numpy"]);
    command.stdin(Stdio::null());
    let Ok(done) = command.output() else {
        skipped("Blender is not installed: its steps in docs/DESIGNERS.md were not made");
        return false;
    };
    if !done.status.success() {
        skipped(
            "Blender's glTF exporter cannot run (python3-numpy?): its steps in docs/DESIGNERS.md were not made",
        );
    }
    done.status.success()
}

/// The cells of the rows of a document's tables in which every cell but the first is code, without its marks.
fn rows(document: &str) -> Vec<Vec<&str>> {
    let lines = document.lines().map(str::trim);
    let tables = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = tables.map(|line| line.split(" | ").collect::<Vec<_>>());
    rows.filter(|row| row[1..].iter().all(|cell| cell.starts_with('`')))
        .map(|row| row.iter().map(|cell| cell.trim_matches('`')).collect())
        .collect()
}

/// The part of a text between two others.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

#[test]
fn a_world_made_in_blender_by_the_document_opens() {
    let _turn = turn();
    if !has_blender() {
        return;
    }
    let document = fs::read_to_string(checkout().join("docs/DESIGNERS.md")).unwrap();
    let section = between(&document, "## A first world in Blender", "\n## ");
    let (objects, scene): (Vec<_>, Vec<_>) =
        rows(section).into_iter().partition(|row| row.len() == 3);
    let objects: Vec<[&str; 4]> = objects
        .iter()
        .map(|row| {
            let (kind, name) = row[0].split_once(" `").unwrap();
            [kind, name, row[1], row[2]]
        })
        .collect();
    assert!(
        objects.len() >= 5 && scene.len() >= 2,
        "{objects:?} {scene:?}"
    );
    let place = Scratch::new();
    let file = |name: &str| place.path().join(name);
    fs::write(file("scene.py"), IN_BLENDER).unwrap();
    fs::write(file("lift.py"), between(section, "```python\n", "```")).unwrap();
    fs::create_dir(file("hall")).unwrap();
    let mut blender = Command::new("blender");
    blender
        .args([
            "--background",
            "--factory-startup",
            "--python-exit-code",
            "9",
            "--python",
        ])
        .arg(file("scene.py"))
        .arg("--")
        .arg(serde_json::to_string(&objects).unwrap())
        .arg(serde_json::to_string(&scene).unwrap())
        .arg(file("raw.glb"));
    let ended = Program::start("blender", &mut blender).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut lift = Command::new("python3");
    lift.arg(file("lift.py"))
        .arg(file("raw.glb"))
        .arg(file("hall/hall.glb"));
    Program::start("python3", &mut lift).end().in_order();

    let mut check = stoa_import();
    check.args(["check", "--json"]).arg(file("hall/hall.glb"));
    let report = check.output().unwrap();
    assert_eq!(report.status.code(), Some(0), "{report:?}");
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let codes: Vec<&str> = report["issues"]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["severity"] == 1)
        .map(|message| message["code"].as_str().unwrap())
        .collect();
    // The music is not put beside it here.
    assert_eq!(codes, ["STOA_AUDIO_MISSING"], "{report}");
    let used = report["extensions"].to_string();
    for [_, _, extension, _] in objects {
        assert!(used.contains(extension), "{extension}: {used}");
    }

    let covered = covered(place.path(), &file("hall"));
    assert!(
        covered >= LEAST_COVERED,
        "the hall covers {covered} of the picture"
    );
}
