//! Files from elsewhere: they enter and are seen, or are refused by the name of what they require. A few of them here;
//! `cargo xtask sweep` opens them all. And one that Blender makes, by the steps of `docs/DESIGNERS.md`.

use crate::harness::{Program, Scratch, checkout, offscreen, samples, skipped, stoa_import, turn};
use serde_json::Value;
use std::{
    fs,
    path::Path,
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
    command.args([
        "--background",
        "--factory-startup",
        "--python-expr",
        "import numpy",
    ]);
    command
        .args(["--python-exit-code", "9"])
        .stdin(Stdio::null());
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
