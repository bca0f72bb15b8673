//! `all`: every bench in turn, each in a process of its own so that one that fails or hangs does not end the others; at
//! the end, how many lines of each level held.

use crate::{Arguments, report};
use anyhow::{Context, Result};
use clap::CommandFactory as _;
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

/// Longest time of one bench.
const LIMIT: Duration = Duration::from_secs(600);
/// Lines of a bench that wait to be printed.
const MAX_LINES: usize = 64;
/// Commands that are no benches.
const NO_BENCHES: [&str; 3] = ["all", "train", "help"];
/// Benches whose measured time can be set.
const TIMED: [&str; 2] = ["server", "scale"];

pub(crate) struct All<'a> {
    pub(crate) cubes: &'a [PathBuf],
    /// Folder with models for `loading`.
    pub(crate) models: Option<&'a Path>,
    pub(crate) seconds: u64,
    pub(crate) without: &'a [String],
    pub(crate) seed: u64,
}

/// Lines of one level.
#[derive(Default)]
struct Tally {
    held: u32,
    all: u32,
}

pub(crate) fn run(all: &All<'_>) -> Result<()> {
    let (mut pass, mut goal) = (Tally::default(), Tally::default());
    for arguments in list(all) {
        let lines = run_one(&arguments).unwrap_or_else(|error| {
            report::complain(&error.context(format!("`{}` gave no result", arguments.join(" "))));
            pass.all += 1;
            Vec::new()
        });
        for line in lines {
            match line["level"].as_str() {
                Some("pass") => pass.count(&line),
                Some("goal") => goal.count(&line),
                _ => {}
            }
        }
    }
    for (metric, tally) in [("pass_lines_missed", &pass), ("goal_lines_missed", &goal)] {
        report::Metric {
            bench: "all",
            metric,
            value: f64::from(tally.all - tally.held),
            unit: "lines",
            baseline: Some(f64::from(tally.all)),
        }
        .print();
    }
    Ok(())
}

impl Tally {
    fn count(&mut self, line: &Value) {
        self.all += 1;
        self.held += u32::from(line["pass"] == true);
    }
}

/// Arguments of every bench that this program has.
fn list(all: &All<'_>) -> Vec<Vec<String>> {
    let seed = ["--seed".to_owned(), all.seed.to_string()];
    let mut list = Vec::new();
    for command in Arguments::command().get_subcommands() {
        let name = command.get_name();
        let is_left_out = all.without.iter().any(|without| without == name);
        if command.is_hide_set() || NO_BENCHES.contains(&name) || is_left_out {
            continue;
        }
        let mut arguments = vec![name.to_owned()];
        arguments.extend(seed.clone());
        if TIMED.contains(&name) {
            arguments.extend(["--seconds".to_owned(), all.seconds.to_string()]);
        }
        if let ("loading", Some(models)) = (name, all.models) {
            arguments.extend(["--models".to_owned(), models.display().to_string()]);
        }
        if name != "cubes" {
            list.push(arguments);
            continue;
        }
        for file in all.cubes {
            for loss in ["0", "5"] {
                let more = [
                    file.display().to_string(),
                    "--loss".to_owned(),
                    loss.to_owned(),
                ];
                list.push([&arguments[..], &more[..]].concat());
            }
        }
    }
    list
}

/// Runs one bench, prints what it prints, and gives its lines.
fn run_one(arguments: &[String]) -> Result<Vec<Value>> {
    let program = std::env::current_exe().context("this program's file is not known")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()?;
    let outcome = follow(&mut child);
    // After its last line a bench has nothing left to do; one that said nothing for too long is ended.
    if outcome.is_err() {
        child.kill()?;
    }
    let status = child.wait()?;
    let lines = outcome?;
    anyhow::ensure!(status.success(), "it ended with {status}");
    Ok(lines)
}

fn follow(child: &mut Child) -> Result<Vec<Value>> {
    let output = child.stdout.take().context("it has no output")?;
    let (sender, receiver) = sync_channel(MAX_LINES);
    thread::Builder::new()
        .name("stoa-bench-lines".to_owned())
        .spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        })?;
    let end = Instant::now() + LIMIT;
    let mut lines = Vec::new();
    loop {
        let rest = end.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(rest) {
            Ok(line) => {
                report::print_line(&line);
                lines.extend(serde_json::from_str::<Value>(&line));
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(lines),
            Err(RecvTimeoutError::Timeout) => {
                anyhow::bail!("it took longer than {} s", LIMIT.as_secs())
            }
        }
    }
}
