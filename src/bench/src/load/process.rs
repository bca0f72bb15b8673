//! Processes of this program in hidden roles, and what the system says of their work. Linux tells that in `/proc`.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    ops::Sub,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

/// Lines of a child that wait to be read.
const MAX_LINES: usize = 64;

/// A child that is ended when this is dropped.
pub(crate) struct Process {
    role: String,
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

/// Processor time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProcessorTime {
    /// Of all threads.
    pub(crate) total: Duration,
    /// Of the threads that step worlds.
    pub(crate) worlds: Duration,
}

/// What all processors of the machine did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MachineTime {
    busy: Duration,
    all: Duration,
}

impl Process {
    /// Starts this program again with other arguments, the first of which is the role.
    pub(crate) fn start(arguments: &[String]) -> Result<Self> {
        let program = std::env::current_exe().context("this program's file is not known")?;
        let role = arguments.first().cloned().unwrap_or_default();
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("the process for `{role}` could not be started"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("the process for `{role}` has no input or output");
        };
        let (sender, lines) = sync_channel(MAX_LINES);
        thread::Builder::new()
            .name("stoa-bench-lines".to_owned())
            .spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            role,
            child,
            input,
            lines,
        })
    }

    /// The next line, for which it may take until `limit`.
    pub(crate) fn line(&self, limit: Duration) -> Result<String> {
        self.lines.recv_timeout(limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => anyhow::anyhow!(
                "the process for `{}` said nothing for {} s",
                self.role,
                limit.as_secs()
            ),
            RecvTimeoutError::Disconnected => {
                anyhow::anyhow!("the process for `{}` ended before its time", self.role)
            }
        })
    }

    /// The next line as JSON.
    pub(crate) fn value(&self, limit: Duration) -> Result<Value> {
        let line = self.line(limit)?;
        serde_json::from_str(&line)
            .with_context(|| format!("the process for `{}` said something else", self.role))
    }

    /// Says a line to it.
    pub(crate) fn say(&mut self, line: &str) -> Result<()> {
        writeln!(self.input, "{line}")
            .with_context(|| format!("the process for `{}` does not listen", self.role))
    }

    /// Processor time that it has used since its start.
    pub(crate) fn processor_time(&self) -> Result<ProcessorTime> {
        let folder = format!("/proc/{}/task", self.child.id());
        let mut time = ProcessorTime::default();
        let tasks = fs::read_dir(&folder)
            .with_context(|| format!("{folder} cannot be read: this bench needs Linux"))?;
        for task in tasks {
            let task = task?.path();
            // A thread may end while it is looked at.
            let (Ok(name), Ok(schedule)) = (
                fs::read_to_string(task.join("comm")),
                fs::read_to_string(task.join("schedstat")),
            ) else {
                continue;
            };
            let nanos = schedule.split_whitespace().next();
            let nanos = nanos.and_then(|text| text.parse().ok()).unwrap_or(0);
            time.total += Duration::from_nanos(nanos);
            if name.starts_with("stoa-world") {
                time.worlds += Duration::from_nanos(nanos);
            }
        }
        Ok(time)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which is as well.
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

impl Sub for ProcessorTime {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            total: self.total.saturating_sub(before.total),
            worlds: self.worlds.saturating_sub(before.worlds),
        }
    }
}

impl MachineTime {
    /// Since the machine started.
    pub(crate) fn now() -> Result<Self> {
        /// Hundredths of a second: what `/proc/stat` counts in on every Linux of today.
        const UNIT: Duration = Duration::from_millis(10);
        let text = fs::read_to_string("/proc/stat").context("/proc/stat cannot be read")?;
        let first = text.lines().next().unwrap_or_default();
        let fields: Vec<u32> = first
            .split_whitespace()
            .skip(1)
            .filter_map(|field| field.parse().ok())
            .collect();
        let all: u32 = fields.iter().take(8).sum();
        let idle: u32 = fields.iter().skip(3).take(2).sum();
        Ok(Self {
            busy: UNIT * all.saturating_sub(idle),
            all: UNIT * all,
        })
    }

    /// Share of the machine, in percent, that others than those who used `ours` have taken since `before`.
    pub(crate) fn others_percent(self, before: Self, ours: Duration) -> f64 {
        let busy = self.busy.saturating_sub(before.busy).saturating_sub(ours);
        let all = self.all.saturating_sub(before.all).as_secs_f64();
        100.0 * busy.as_secs_f64() / all.max(0.01)
    }
}
