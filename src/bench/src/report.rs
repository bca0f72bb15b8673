//! The output: one JSON object a line, of the same shape for every bench.

use serde_json::json;

/// A measured value, lower is better.
pub(crate) struct Metric {
    /// Name of the bench.
    pub(crate) bench: &'static str,
    /// What was measured.
    pub(crate) metric: &'static str,
    /// The value, in `unit`.
    pub(crate) value: f64,
    /// Unit of value, baseline and targets.
    pub(crate) unit: &'static str,
    /// What it is compared with, measured in the same run or published.
    pub(crate) baseline: Option<f64>,
}

impl Metric {
    /// Prints the value without a target.
    pub(crate) fn print(&self) {
        self.print_line(None);
    }

    /// Prints a line for each level: the value itself must not exceed the target.
    pub(crate) fn print_against(&self, pass: f64, goal: f64) {
        self.print_line(Some((pass, "pass", self.value <= pass)));
        self.print_line(Some((goal, "goal", self.value <= goal)));
    }

    /// Prints a line for each level: value / baseline must not exceed the target.
    pub(crate) fn print_ratio_against(&self, pass: f64, goal: f64) {
        let ratio = self.ratio().unwrap_or(f64::INFINITY);
        self.print_line(Some((pass, "pass", ratio <= pass)));
        self.print_line(Some((goal, "goal", ratio <= goal)));
    }

    /// Prints a line for the pass level alone: the value itself must not exceed it.
    pub(crate) fn print_pass(&self, pass: f64) {
        self.print_line(Some((pass, "pass", self.value <= pass)));
    }

    /// Prints a line for the goal alone: the value itself must not exceed it.
    pub(crate) fn print_goal(&self, goal: f64) {
        self.print_line(Some((goal, "goal", self.value <= goal)));
    }

    /// Prints a line for the goal alone: value / baseline must not exceed it.
    pub(crate) fn print_ratio_goal(&self, goal: f64) {
        let ratio = self.ratio().unwrap_or(f64::INFINITY);
        self.print_line(Some((goal, "goal", ratio <= goal)));
    }

    fn ratio(&self) -> Option<f64> {
        self.baseline.map(|baseline| self.value / baseline)
    }

    fn print_line(&self, target: Option<(f64, &str, bool)>) {
        let mut line = json!({
            "bench": self.bench,
            "metric": self.metric,
            "value": rounded(self.value),
            "unit": self.unit,
            "baseline": self.baseline.map(rounded),
            "ratio": self.ratio().map(rounded),
        });
        if let Some((target, level, is_met)) = target {
            line["target"] = json!(target);
            line["level"] = json!(level);
            line["pass"] = json!(is_met);
        }
        print_line(&line.to_string());
    }
}

/// Four digits after the point are more than any bench is good for.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// A line of output.
#[allow(
    clippy::print_stdout,
    reason = "standard output is this program's product"
)]
pub(crate) fn print_line(line: &str) {
    println!("{line}");
}

/// One readable line on standard error.
#[allow(
    clippy::print_stderr,
    reason = "errors of a command go to standard error"
)]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("stoa-bench: {error:#}");
}
