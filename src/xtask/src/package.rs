//! `cargo xtask package [OUT.tar.gz]`: the programs, their assets and documents for people who will not compile.

use crate::command::{
    Failure, answers, built, cargo, command, root, run as execute, target_folder,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

const PROGRAMS: &[&str] = &["stoa", "stoa-server", "stoa-import", "stoa-bots"];
const DOCUMENTS: &[&str] = &["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];
/// Parts of `assets/` that the programs load; `source` is for those who have the checkout.
const ASSETS: &[&str] = &["worlds", "avatars", "animations", "LICENSE"];

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    execute(cargo(&["build", "--workspace", "--locked"]))?;
    let name = format!(
        "stoa-{}-{}-{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let parent = target_folder().join("package");
    let folder = parent.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::of_file(&folder, &error))?;
    }
    for program in PROGRAMS {
        let source = built(program);
        let to = folder.join(source.file_name().unwrap_or_default());
        copy(&source, &to)?;
        if answers("strip", &["--version"]) {
            execute(command("strip", &[&to.to_string_lossy()]))?;
        }
    }
    for document in DOCUMENTS {
        copy(&root().join(document), &folder.join(document))?;
    }
    copy_tree(&root().join("docs"), &folder.join("docs"))?;
    for asset in ASSETS {
        copy_tree(
            &root().join("assets").join(asset),
            &folder.join("assets").join(asset),
        )?;
    }
    let out = arguments
        .first()
        .map_or_else(|| parent.join(format!("{name}.tar.gz")), PathBuf::from);
    execute(command(
        "tar",
        &[
            "-C",
            &parent.to_string_lossy(),
            "-czf",
            &out.to_string_lossy(),
            &name,
        ],
    ))?;
    println!("package: {}", out.display());
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Failure> {
    if !from.is_dir() {
        return copy(from, to);
    }
    for entry in fs::read_dir(from).map_err(|error| Failure::of_file(from, &error))? {
        let entry = entry.map_err(|error| Failure::of_file(from, &error))?;
        copy_tree(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(|error| Failure::of_file(parent, &error))?;
    }
    fs::copy(from, to)
        .map(|_| ())
        .map_err(|error| Failure::of_file(from, &error))
}
