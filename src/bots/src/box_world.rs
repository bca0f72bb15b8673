//! A small world for tests: a floor, a wall, three boxes to carry, a chair, two spawn points.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Writes the world into a folder and gives its path; it hosts as `box`. `capacity` goes into its `world.toml`.
///
/// The floor is 60 by 60 m at height 0; people appear at (0, 0, 3) and look along -Z; boxes of 2 kg lie at
/// (-1, 0.25, 1), (0, 0.25, 1) and (1, 0.25, 1); a wall 8 m wide stands at z = -6; the chair is at (3, 0.45, 2).
///
/// # Errors
/// What the system says.
pub fn write_box_world(folder: &Path, capacity: u32) -> io::Result<PathBuf> {
    let folder = folder.join("box");
    fs::create_dir_all(&folder)?;
    fs::write(
        folder.join("world.toml"),
        format!("title = \"Box\"\ncapacity = {capacity}\n"),
    )?;
    fs::write(folder.join("box.gltf"), gltf())?;
    Ok(folder)
}

fn gltf() -> String {
    let fixed = |name: &str, shape: u32, [x, y, z]: [f32; 3]| {
        format!(
            r#"{{"name": "{name}", "translation": [{x}, {y}, {z}],
               "extensions": {{"OMI_physics_body": {{"collider": {{"shape": {shape}}}}}}}}}"#
        )
    };
    let crate_at = |number: u32, x: f32| {
        format!(
            r#"{{"name": "Crate {number}", "translation": [{x}, 0.25, 1],
               "extensions": {{"OMI_physics_body": {{"motion": {{"type": "dynamic", "mass": 2}},
               "collider": {{"shape": 1}}}}}}}}"#
        )
    };
    let others = r#"{"name": "Chair", "translation": [3, 0.45, 2], "extensions": {"OMI_seat":
             {"back": [0, 0, -0.2], "foot": [0, -0.45, 0.3], "knee": [0, 0, 0.3]}}},
        {"name": "Spawn", "translation": [0, 0, 3], "rotation": [0, 1, 0, 0],
         "extensions": {"OMI_spawn_point": {}}},
        {"name": "Balcony", "translation": [5, 0, 5], "extensions": {"OMI_spawn_point": {"title": "balcony"}}}"#;
    let nodes = [
        fixed("Floor", 0, [0.0, -0.5, 0.0]),
        fixed("Wall", 2, [0.0, 1.5, -6.0]),
        crate_at(1, -1.0),
        crate_at(2, 0.0),
        crate_at(3, 1.0),
        others.to_owned(),
    ];
    format!(
        r#"{{"asset": {{"version": "2.0"}}, "scene": 0, "scenes": [{{"nodes": [0, 1, 2, 3, 4, 5, 6, 7]}}],
        "extensionsUsed": ["OMI_physics_shape", "OMI_physics_body", "OMI_seat", "OMI_spawn_point"],
        "extensions": {{"OMI_physics_shape": {{"shapes": [
            {{"type": "box", "box": {{"size": [60, 1, 60]}}}},
            {{"type": "box", "box": {{"size": [0.5, 0.5, 0.5]}}}},
            {{"type": "box", "box": {{"size": [8, 3, 0.3]}}}}]}}}},
        "nodes": [{}]}}"#,
        nodes.join(",\n")
    )
}
