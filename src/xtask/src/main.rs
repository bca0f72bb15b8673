//! Chores of the workspace: `cargo demo`, `cargo verify`, `cargo xtask NAME`.
//! It must not know any other crate of ours, and of others only two that read and write pictures, so that it builds in
//! seconds on a fresh machine.
//! Start reading at `run` below; each chore is a module.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program speaks to its terminal"
)]

mod assets;
mod command;
mod demo;
mod gates;
mod letters;
mod likeness;
mod package;
mod picture;
mod reference;
mod samples;
mod soak;
mod ssim;
mod sweep;
mod system_packages;
mod verify;

use command::Failure;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask CHORE [--yes]

  demo      install what is missing, build, enter the plaza (or draw it, without a display)   [--print-packages]
  verify    every check and test that a change must pass
  gates     the checks that compile nothing: dependencies, arrows, README
  assets    rebuild the default worlds and avatars from assets/source
  sweep     open every sample file in a process of its own   [FOLDER...]
  reference draw our pictures of models beside those of other renderers   [MODEL...] [--out FOLDER]
  likeness  convert files and compare their previews before and after   [FILE|FOLDER...] [--out FOLDER]
  soak      kill a real server 1,000 times and compare what it kept   [ROUNDS]
  package   make a tar for people who will not compile   [OUT.tar.gz]
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let chore = arguments.first().map_or("", String::as_str);
    let rest = arguments.get(1..).unwrap_or_default();
    match chore {
        "demo" => demo::run(rest),
        "verify" => verify::run(rest),
        "gates" => gates::run(),
        "assets" => assets::run(),
        "sweep" => sweep::run(rest),
        "reference" => reference::run(rest),
        "likeness" => likeness::run(rest),
        "soak" => soak::run(rest),
        "package" => package::run(rest),
        _ => {
            print!("{USAGE}");
            if chore.is_empty() || chore == "help" || chore == "--help" {
                Ok(())
            } else {
                Err(Failure::new(format!("there is no chore `{chore}`")))
            }
        }
    }
}
