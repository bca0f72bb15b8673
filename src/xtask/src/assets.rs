//! `cargo xtask assets`: rebuilds the default worlds and avatars from their generators.

use crate::command::{Failure, command, root, run as execute};

/// Generators in the order in which they run; each writes the same bytes every time.
const GENERATORS: &[&str] = &[
    "assets/source/worlds/build.py",
    "assets/source/avatars/build.py",
];

pub(crate) fn run() -> Result<(), Failure> {
    for generator in GENERATORS {
        if !root().join(generator).exists() {
            return Err(Failure::new(format!(
                "{generator} is missing from this checkout"
            )));
        }
        execute(command("python3", &[generator]))?;
    }
    Ok(())
}
