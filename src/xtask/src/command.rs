//! Running other programs: echoed, checked, and always from the root of the checkout.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What went wrong, in one line.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What the system says of a file.
    pub(crate) fn of_file(path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The checkout's root folder.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .ancestors()
        .nth(2)
        .unwrap_or(manifest)
        .to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target_folder() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// A program that the workspace build made, by name.
pub(crate) fn built(program: &str) -> PathBuf {
    target_folder()
        .join("debug")
        .join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}

/// Builds programs of the workspace, by name, with the features that the whole has.
pub(crate) fn build_programs(programs: &[&str]) -> Result<(), Failure> {
    let mut words = vec!["build", "--workspace", "--locked"];
    words.extend(programs.iter().flat_map(|program| ["--bin", program]));
    run(cargo(&words))
}

/// A command that runs in the checkout's root.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// The cargo that runs this program, without what it told this program of its package: build scripts that look at those
/// variables would run anew each time that a chore and a person build in turn.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        arguments,
    );
    for (name, _value) in std::env::vars_os() {
        let is_of_package = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if is_of_package {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Echoes and runs a command; its output goes to the terminal.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let line = shown(&command);
    println!("> {line}");
    let status = command
        .status()
        .map_err(|error| Failure::new(format!("`{line}` cannot be started: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("`{line}` failed ({status})")))
    }
}

/// Runs a command quietly and returns its standard output.
pub(crate) fn output(mut command: Command) -> Result<String, Failure> {
    let line = shown(&command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::new(format!("`{line}` cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "`{line}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// True when the program exists and answers successfully.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    command(program, arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
