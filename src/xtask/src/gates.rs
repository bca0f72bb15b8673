//! Checks that compile nothing: what depends on what, and that the README's commands exist.

use crate::command::{Failure, cargo, output, root};
use std::{collections::BTreeSet, fs};

/// Which crates of ours each crate may use, also in tests. An arrow that is not here is an error.
const ARROWS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("identity", &["protocol"]),
    ("scene", &["protocol", "ktx"]),
    ("replication", &["protocol"]),
    ("network", &["protocol", "identity"]),
    ("simulation", &["protocol", "scene"]),
    (
        "session",
        &["protocol", "replication", "identity", "network", "scene"],
    ),
    (
        "server",
        &[
            "protocol",
            "replication",
            "identity",
            "network",
            "scene",
            "simulation",
        ],
    ),
    (
        "client",
        &[
            "protocol",
            "replication",
            "identity",
            "scene",
            "simulation",
            "session",
            "sound",
        ],
    ),
    ("ktx", &[]),
    ("sound", &["scene"]),
    ("importer", &["ktx", "scene"]),
    (
        "bots",
        &[
            "protocol",
            "replication",
            "identity",
            "network",
            "scene",
            "simulation",
            "session",
            "server",
        ],
    ),
    (
        "bench",
        &[
            "protocol",
            "replication",
            "identity",
            "network",
            "scene",
            "simulation",
            "session",
            "server",
            "client",
            "bots",
        ],
    ),
    ("xtask", &[]),
    (
        "stoa",
        &[
            "protocol",
            "replication",
            "identity",
            "network",
            "scene",
            "simulation",
            "session",
            "server",
            "client",
            "bots",
        ],
    ),
];

/// Crates of which two versions in one build mean two engines.
const SINGLE: &[&str] = &[
    "bevy",
    "bevy_ecs",
    "bevy_render",
    "wgpu",
    "rapier3d",
    "quinn",
    "rustls",
];

/// Version of Bevy that everything tied to it is pinned for.
const BEVY_VERSION: &str = "0.19.1";

/// Crates that need cmake, a C library or a second TLS stack, or open a remote door.
const UNWANTED: &[&str] = &[
    "aws-lc-sys",
    "openssl-sys",
    "bindgen",
    "cmake",
    "libudev-sys",
    "bevy_remote",
];

/// What must not be in the server: it runs on machines without a screen.
const NOT_IN_SERVER: &[&str] = &[
    "wgpu",
    "naga",
    "winit",
    "bevy_render",
    "bevy_window",
    "bevy_winit",
    "bevy_asset",
    "bevy_pbr",
    "bevy_audio",
    "cpal",
    "alsa-sys",
    "wayland-sys",
    "x11rb",
];

pub(crate) fn run() -> Result<(), Failure> {
    check_lock_file()?;
    check_arrows()?;
    check_trees()?;
    check_readme()
}

fn check_lock_file() -> Result<(), Failure> {
    let lock = read("Cargo.lock")?;
    for name in SINGLE {
        let count = lock
            .lines()
            .filter(|line| *line == format!("name = \"{name}\""))
            .count();
        if count != 1 {
            return Err(Failure::new(format!(
                "Cargo.lock holds {count} versions of {name}; there must be one"
            )));
        }
    }
    if lock.contains(&format!("name = \"bevy\"\nversion = \"{BEVY_VERSION}\"")) {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "Cargo.lock does not hold bevy {BEVY_VERSION}"
        )))
    }
}

fn check_arrows() -> Result<(), Failure> {
    let own: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let folders =
        fs::read_dir(root().join("src")).map_err(|error| Failure::new(format!("src: {error}")))?;
    let members = folders
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    for member in members {
        if !own.contains(member.as_str()) {
            return Err(Failure::new(format!(
                "crate {member} is not in the list of allowed arrows (src/xtask/src/gates.rs)"
            )));
        }
    }
    for (name, allowed) in ARROWS {
        let tree = output(cargo(&[
            "tree",
            "--locked",
            "--edges",
            "normal,dev,build",
            "--depth",
            "1",
            "--prefix",
            "none",
            "--package",
            name,
        ]))?;
        for used in tree
            .lines()
            .skip(1)
            .filter_map(|line| line.split(' ').next())
        {
            if own.contains(used) && used != *name && !allowed.contains(&used) {
                return Err(Failure::new(format!("crate {name} must not use {used}")));
            }
        }
    }
    Ok(())
}

fn check_trees() -> Result<(), Failure> {
    let all = output(cargo(&[
        "tree",
        "--locked",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--workspace",
    ]))?;
    forbid(&all, UNWANTED, "the workspace")?;
    let server = output(cargo(&[
        "tree",
        "--locked",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--package",
        "server",
    ]))?;
    forbid(&server, NOT_IN_SERVER, "the server")?;
    for name in ["client", "server", "simulation"] {
        let tree = output(cargo(&[
            "tree",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--package",
            name,
        ]))?;
        let versions: BTreeSet<&str> = tree
            .lines()
            .filter_map(|line| line.strip_prefix("glam v"))
            .filter_map(|rest| rest.split(' ').next())
            .collect();
        if versions.len() != 1 {
            return Err(Failure::new(format!(
                "{name} has {} versions of glam: {versions:?}",
                versions.len()
            )));
        }
    }
    Ok(())
}

fn forbid(tree: &str, names: &[&str], place: &str) -> Result<(), Failure> {
    match tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .find(|name| names.contains(name))
    {
        Some(name) => Err(Failure::new(format!("{name} is in {place}"))),
        None => Ok(()),
    }
}

/// Every `cargo xtask NAME` and alias that the README shows must exist.
fn check_readme() -> Result<(), Failure> {
    let readme = read("README.md")?;
    let aliases = read(".cargo/config.toml")?;
    let chores = read("src/xtask/src/main.rs")?;
    for command in ["cargo demo", "cargo verify"] {
        if !readme.contains(command) {
            return Err(Failure::new(format!("README.md does not show `{command}`")));
        }
    }
    for words in readme.split("cargo ").skip(1).map(|rest| {
        rest.split(|character: char| !character.is_ascii_alphanumeric() && character != '-')
            .collect::<Vec<_>>()
    }) {
        let word = words.first().copied().unwrap_or_default();
        let is_known = match word {
            "xtask" => words
                .get(1)
                .is_some_and(|chore| chores.contains(&format!("\"{chore}\" =>"))),
            "build" | "run" | "test" | "fmt" | "" => true,
            alias => aliases.contains(&format!("\n{alias} = ")),
        };
        if !is_known {
            return Err(Failure::new(format!(
                "README.md shows `cargo {}`, which does not exist",
                words.join(" ")
            )));
        }
    }
    Ok(())
}

fn read(path: &str) -> Result<String, Failure> {
    fs::read_to_string(root().join(path)).map_err(|error| Failure::new(format!("{path}: {error}")))
}
