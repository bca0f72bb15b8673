//! The world of the throwing bench: a wide floor that things bounce on, and things to throw around the thrower.

use std::f32::consts::TAU;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Things to throw, balls and crates in turn.
pub(super) const THINGS: usize = 24;
/// Radius of a ball in metres.
const BALL_METRES: f32 = 0.12;
/// Side of a crate in metres.
const CRATE_METRES: f32 = 0.3;
/// Share of its speed that a thing keeps when it bounces.
const BOUNCE: f32 = 0.65;

/// Writes the world into a folder and gives its path. The thrower appears at the origin, the things lie in two rings
/// around it, watchers stand seven metres to either side.
pub(super) fn write(folder: &Path) -> io::Result<PathBuf> {
    let folder = folder.join("court");
    fs::create_dir_all(&folder)?;
    fs::write(
        folder.join("world.toml"),
        "title = \"Court\"\ncapacity = 8\n",
    )?;
    fs::write(folder.join("court.gltf"), gltf())?;
    Ok(folder)
}

fn gltf() -> String {
    let mut nodes = vec![node(
        "Floor",
        [0.0, -0.5, 0.0],
        r#""collider": {"shape": 0, "physicsMaterial": 0}"#,
    )];
    for number in 0..THINGS {
        let ring = 1.0 + 0.8 * (number % 2) as f32;
        let angle = TAU * number as f32 / THINGS as f32;
        let (shape, height) = if number % 4 < 2 {
            (1, BALL_METRES)
        } else {
            (2, CRATE_METRES * 0.5)
        };
        nodes.push(node(
            &format!("Thing {number}"),
            [ring * angle.cos(), height, ring * angle.sin()],
            &format!(
                r#""motion": {{"type": "dynamic", "mass": 0.8}}, "collider": {{"shape": {shape}, "physicsMaterial": 0}}"#
            ),
        ));
    }
    for (name, x) in [("Thrower", 0.0), ("East", 7.0), ("West", -7.0)] {
        nodes.push(format!(
            r#"{{"name": "{name}", "translation": [{x}, 0, 0],
               "extensions": {{"OMI_spawn_point": {{"title": "{name}"}}}}}}"#
        ));
    }
    let indices: Vec<String> = (0..nodes.len()).map(|index| index.to_string()).collect();
    format!(
        r#"{{"asset": {{"version": "2.0"}}, "scene": 0, "scenes": [{{"nodes": [{}]}}],
        "extensionsUsed": ["OMI_physics_shape", "OMI_physics_body", "OMI_spawn_point"],
        "extensions": {{
            "OMI_physics_shape": {{"shapes": [
                {{"type": "box", "box": {{"size": [120, 1, 120]}}}},
                {{"type": "sphere", "sphere": {{"radius": {BALL_METRES}}}}},
                {{"type": "box", "box": {{"size": [{CRATE_METRES}, {CRATE_METRES}, {CRATE_METRES}]}}}}]}},
            "OMI_physics_body": {{"physicsMaterials": [{{"restitution": {BOUNCE}}}]}}}},
        "nodes": [{}]}}"#,
        indices.join(", "),
        nodes.join(",\n")
    )
}

fn node(name: &str, [x, y, z]: [f32; 3], body: &str) -> String {
    format!(
        r#"{{"name": "{name}", "translation": [{x}, {y}, {z}],
           "extensions": {{"OMI_physics_body": {{{body}}}}}}}"#
    )
}
