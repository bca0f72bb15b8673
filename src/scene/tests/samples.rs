//! The sample set beside the checkout.

use std::path::{Path, PathBuf};

/// Its folder, or `None` after a line that says that nothing is tested.
pub(crate) fn samples() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)?
        .join("shared/data/gltf");
    if folder.exists() {
        return Some(folder);
    }
    println!(
        "the sample files are not beside the checkout ({}): nothing was tested",
        folder.display()
    );
    None
}

/// Every glTF, GLB, VRM and VRMA file under a folder, in the order of their names.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| {
                ["gltf", "glb", "vrm", "vrma"].contains(&extension.to_string_lossy().as_ref())
            }) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
