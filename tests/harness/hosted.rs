//! A real server process, and where it listens.

use super::{Ended, Program, stoa_server};
use protocol::WorldAddress;
use std::{path::Path, process::Command};

/// A server that runs in a process of its own.
pub(crate) struct HostedServer {
    program: Program,
    /// Where its world is, as it says, with its fingerprint.
    pub(crate) address: WorldAddress,
}

impl HostedServer {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(world: &Path, data: &Path) -> Self {
        Self::start_with(&mut stoa_server(world, data))
    }

    /// The same with other flags.
    pub(crate) fn start_with(command: &mut Command) -> Self {
        let mut program = Program::start("stoa-server", command);
        let address = program.wait_for("address", |output| {
            let line = output.lines().find(|line| line.starts_with("listening "))?;
            let mut words = line.split(' ').skip(1);
            let mut address: WorldAddress = words.next()?.parse().ok()?;
            // The line is whole once its last word can be read.
            address.fingerprint = Some(words.nth(1)?.parse().ok()?);
            Some(address)
        });
        Self { program, address }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(self) -> Ended {
        self.program.kill()
    }

    /// Ends it in good order.
    pub(crate) fn stop(self) {
        self.program.terminate().in_order();
    }
}
