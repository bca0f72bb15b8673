//! Where files are, and whose turn it is.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The checkout's root folder.
pub(crate) fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Sample files in standard formats, which lie beside the checkout where it is developed; tells it when they do not.
pub(crate) fn samples() -> Option<PathBuf> {
    let folder = checkout().join("../shared/data/gltf");
    if folder.is_dir() {
        return Some(folder);
    }
    skipped("the sample files ../shared/data/gltf are not there");
    None
}

/// Says on standard error that a test did not check anything, and why; and in the file that `cargo verify` asks for, since
/// nobody sees what a test prints that passes.
#[allow(
    clippy::print_stderr,
    reason = "a check that was not made must be told"
)]
pub(crate) fn skipped(why: &str) {
    eprintln!("NOT CHECKED: {why}");
    if let Some(notes) = std::env::var_os("STOA_NOT_CHECKED") {
        let mut notes = File::options()
            .create(true)
            .append(true)
            .open(notes)
            .unwrap();
        writeln!(notes, "{why}").unwrap();
    }
}

/// A folder for one test. When the test fails it stays, for whoever wants to see what was drawn and said.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Scratch {
    #[allow(clippy::print_stderr, reason = "a failed test tells what it leaves")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.disable_cleanup(true);
            eprintln!("--- kept {}", self.path().display());
        }
    }
}

/// The right to start programs that draw or are timed, held while a test lives.
pub(crate) struct Turn {
    _guard: MutexGuard<'static, ()>,
}

/// Waits until no other test of this process draws. `cargo nextest` runs each test in a process of its own; there the
/// group `processes` in `.config/nextest.toml` does the same.
pub(crate) fn turn() -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    Turn {
        _guard: TURN.lock().unwrap_or_else(PoisonError::into_inner),
    }
}
