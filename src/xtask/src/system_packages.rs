//! The system packages that a build and a run need, by package manager.
//! Libraries are looked for as files, so that a machine that has them by other means is left alone.

use crate::command::{Failure, answers, command, run};
use std::{io::IsTerminal, path::Path};

struct Need {
    /// True when the machine has it already.
    is_there: fn() -> bool,
    /// Package names for apt, dnf, pacman, zypper, brew; empty where the system has it anyway.
    names: [&'static str; 5],
}

const MANAGERS: [(&str, &[&str]); 5] = [
    ("apt-get", &["install", "-y", "--no-install-recommends"]),
    ("dnf", &["install", "-y"]),
    ("pacman", &["-S", "--needed", "--noconfirm"]),
    ("zypper", &["--non-interactive", "install"]),
    ("brew", &["install"]),
];

const NEEDS: &[Need] = &[
    Need {
        is_there: || answers("pkg-config", &["--version"]),
        names: [
            "pkg-config",
            "pkgconf-pkg-config",
            "pkgconf",
            "pkg-config",
            "pkgconf",
        ],
    },
    Need {
        is_there: || answers("pkg-config", &["--exists", "alsa"]),
        names: [
            "libasound2-dev",
            "alsa-lib-devel",
            "alsa-lib",
            "alsa-devel",
            "",
        ],
    },
    Need {
        is_there: || library("libvulkan.so.1"),
        names: [
            "libvulkan1",
            "vulkan-loader",
            "vulkan-icd-loader",
            "libvulkan1",
            "",
        ],
    },
    Need {
        is_there: has_vulkan_driver,
        names: [
            "mesa-vulkan-drivers",
            "mesa-vulkan-drivers",
            "vulkan-swrast",
            "libvulkan_lvp",
            "",
        ],
    },
    Need {
        is_there: || library("libxkbcommon-x11.so.0"),
        names: [
            "libxkbcommon-x11-0",
            "libxkbcommon-x11",
            "libxkbcommon-x11",
            "libxkbcommon-x11-0",
            "",
        ],
    },
    Need {
        is_there: || library("libX11.so.6"),
        names: ["libx11-6", "libX11", "libx11", "libX11-6", ""],
    },
    Need {
        is_there: || library("libXcursor.so.1"),
        names: ["libxcursor1", "libXcursor", "libxcursor", "libXcursor1", ""],
    },
    Need {
        is_there: || library("libXi.so.6"),
        names: ["libxi6", "libXi", "libxi", "libXi6", ""],
    },
    Need {
        is_there: has_chinese_font,
        names: [
            "fonts-noto-cjk",
            "google-noto-sans-cjk-fonts",
            "noto-fonts-cjk",
            "google-noto-sans-cjk-fonts",
            "",
        ],
    },
];

/// Makes sure that every package is there: as root or with `--yes` at once, on a terminal after asking; otherwise lists them and fails.
pub(crate) fn ensure(is_yes: bool) -> Result<(), Failure> {
    let Some((manager, names)) = missing() else {
        println!("xtask: no known package manager; building with what the system has");
        return Ok(());
    };
    if names.is_empty() {
        return Ok(());
    }
    let is_root = crate::command::output(command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    if !(is_yes || is_root || asked(manager, &names)) {
        return Err(Failure::new(format!(
            "these system packages are missing: {}. Install them with {manager}, or run again with --yes",
            names.join(" ")
        )));
    }
    let prefix: &[&str] = if is_root || manager == "brew" {
        &[]
    } else {
        &["sudo"]
    };
    if manager == "apt-get" {
        run(with_prefix(prefix, manager, &["update", "-qq"]))?;
    }
    let options = MANAGERS
        .iter()
        .find(|(name, _)| *name == manager)
        .map_or(&[][..], |(_, options)| options);
    run(with_prefix(
        prefix,
        manager,
        &[options, &names[..]].concat(),
    ))
}

/// Prints the packages that this machine lacks, one a line.
pub(crate) fn print() {
    for name in missing().map(|(_, names)| names).unwrap_or_default() {
        println!("{name}");
    }
}

fn missing() -> Option<(&'static str, Vec<&'static str>)> {
    let index = MANAGERS
        .iter()
        .position(|(name, _)| answers(name, &["--version"]))?;
    let names = NEEDS
        .iter()
        .filter(|need| !need.names[index].is_empty() && !(need.is_there)())
        .map(|need| need.names[index])
        .collect();
    Some((MANAGERS[index].0, names))
}

fn with_prefix(prefix: &[&str], manager: &str, arguments: &[&str]) -> std::process::Command {
    match prefix.first() {
        Some(first) => command(first, &[&[manager], arguments].concat()),
        None => command(manager, arguments),
    }
}

fn asked(manager: &str, names: &[&str]) -> bool {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return false;
    }
    println!("Stoa needs these system packages: {}", names.join(" "));
    println!("Install them with {manager} now? [y/N]");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn library(file: &str) -> bool {
    let folders = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"];
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    cfg!(not(target_os = "linux"))
        || folders.iter().any(|folder| {
            Path::new(folder).join(file).exists()
                || Path::new(folder).join(&triple).join(file).exists()
        })
}

fn has_vulkan_driver() -> bool {
    let has_manifest =
        |folder: &str| std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    cfg!(not(target_os = "linux"))
        || has_manifest("/usr/share/vulkan/icd.d")
        || has_manifest("/etc/vulkan/icd.d")
}

fn has_chinese_font() -> bool {
    cfg!(not(target_os = "linux"))
        || crate::command::output(command("fc-list", &[":lang=zh", "file"]))
            .is_ok_and(|list| !list.trim().is_empty())
        || [
            "/usr/share/fonts/opentype/noto",
            "/usr/share/fonts/noto-cjk",
            "/usr/share/fonts/google-noto-sans-cjk-fonts",
        ]
        .iter()
        .any(|folder| Path::new(folder).exists())
}
