//! A built program that a test starts: its output is kept, its life is bounded, and it never outlives the test.

use protocol::WorldAddress;
use std::{
    ffi::OsStr,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Longest life of a program that a test waits for, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(170);
/// Time between two looks at a program.
const LOOK: Duration = Duration::from_millis(5);
/// Most output of a program that is kept, in bytes.
const MAX_OUTPUT: usize = 1024 * 1024;

/// A running program.
pub(crate) struct Program {
    name: String,
    child: Child,
    output: Stream,
    errors: Stream,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// All that it said on standard error.
    pub(crate) errors: String,
}

/// Text that comes from a program, read by a thread so that the program never waits for us.
struct Stream {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts a program. `name` tells its output from that of others.
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                let program = command.get_program().to_string_lossy();
                panic!("{program} cannot be started ({error}): build it with `cargo build --workspace --all-targets`")
            });
        Self {
            name: name.to_owned(),
            output: Stream::read(child.stdout.take().unwrap()),
            errors: Stream::read(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on standard output so far.
    pub(crate) fn output(&self) -> String {
        self.output.so_far()
    }

    /// What it has said on standard error so far.
    pub(crate) fn errors(&self) -> String {
        self.errors.so_far()
    }

    /// Waits until `find` finds what it looks for in the output.
    pub(crate) fn wait_for<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = find(&self.output()) {
                return found;
            }
            assert!(start.elapsed() < LIMIT, "{}: no {what}", self.name);
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it said last may have been read only now.
                self.errors.finish();
                panic!(
                    "{} ended ({status}) without {what}: {}",
                    self.name,
                    self.errors()
                );
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits until it says a word on standard output, or ends without.
    pub(crate) fn is_ready(&mut self, word: &str) -> bool {
        let start = Instant::now();
        while !self.output().contains(word) {
            assert!(start.elapsed() < LIMIT, "{}: no {word}", self.name);
            if self.is_over() {
                self.errors.finish();
                return false;
            }
            thread::sleep(LOOK);
        }
        true
    }

    /// True once it has ended by itself.
    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let start = Instant::now();
        while !self.is_over() {
            assert!(start.elapsed() < LIMIT, "{} does not end", self.name);
            thread::sleep(LOOK);
        }
        self.ended()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.ended()
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    pub(crate) fn terminate(self) -> Ended {
        let status = Command::new("kill")
            .args(["-TERM", &self.id().to_string()])
            .status();
        assert!(status.unwrap().success(), "{} cannot be asked", self.name);
        self.end()
    }

    fn ended(mut self) -> Ended {
        let code = self.child.wait().unwrap().code();
        self.output.finish();
        self.errors.finish();
        Ended {
            code,
            errors: self.errors(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone afterwards.
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            self.output.finish();
            self.errors.finish();
            tell(&format!("{}, standard output", self.name), &self.output());
            tell(&format!("{}, standard error", self.name), &self.errors());
        }
    }
}

impl Ended {
    /// The one line that the program said to its user: checks that it was one, and nothing beside it.
    #[track_caller]
    pub(crate) fn line(&self, code: i32) -> &str {
        let line = self.errors.trim_end();
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(line.starts_with("stoa"), "not a line of ours: {self:?}");
        assert!(!line.contains('\n'), "not one line: {self:?}");
        assert!(!line.contains("panicked"), "{self:?}");
        line
    }

    /// Checks that all went well, and without a word.
    #[track_caller]
    pub(crate) fn in_order(&self) {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.errors, "", "{self:?}");
    }
}

impl Stream {
    fn read(mut source: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&text);
        let reader = thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                let mut bytes = [0; 4096];
                // An error is an end as well: the program is gone.
                while let Ok(count @ 1..) = source.read(&mut bytes) {
                    let mut text = sink.lock().unwrap();
                    if text.len() < MAX_OUTPUT {
                        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
                    }
                }
            })
            .unwrap();
        Self {
            text,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Waits for the rest.
    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
    }
}

#[allow(
    clippy::print_stderr,
    reason = "a failed test tells what the programs said"
)]
fn tell(title: &str, text: &str) {
    if !text.is_empty() {
        eprintln!("--- {title}\n{}", text.trim_end());
    }
}

/// A program that the workspace build made, beside `stoa`.
fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_stoa"))
        .with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// `stoa` without a window, small, from a folder that is not the checkout.
pub(crate) fn offscreen<A: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(built("stoa"));
    command
        .current_dir(folder)
        // As on a desktop: without it the system's graphics libraries complain on their own.
        .env("XDG_RUNTIME_DIR", folder)
        .args(arguments)
        .args(["--offscreen", "--size", "320x180"]);
    command
}

/// `stoa-bots` that come into a world and leave it after a second.
pub(crate) fn stoa_bots(address: &WorldAddress, count: u32) -> Command {
    let mut command = Command::new(built("stoa-bots"));
    command
        .args(["swarm", "--join", &address.to_string()])
        .args(["--count", &count.to_string(), "--seconds", "1", "--json"]);
    command
}

/// `stoa-import`, without arguments.
pub(crate) fn stoa_import() -> Command {
    Command::new(built("stoa-import"))
}

/// `stoa-server` on a free port of this machine.
pub(crate) fn stoa_server(world: &Path, data: &Path) -> Command {
    let mut command = Command::new(built("stoa-server"));
    command
        .arg("--world")
        .arg(world)
        .arg("--data")
        .arg(data)
        .args(["--listen", "127.0.0.1:0"]);
    command
}
