//! The report for people.

use scene::{Outcome, Report};
use std::{
    io::{self, Write},
    path::Path,
};

/// Most findings shown of one file; `--json` gives all.
const MAX_SHOWN: usize = 50;

const SEVERITIES: [&str; 4] = ["error", "warning", "info", "hint"];

/// Writes a heading with the outcome, the findings, and what the file costs.
pub(crate) fn write(file: &Path, report: &Report, output: &mut dyn Write) -> io::Result<()> {
    let verdict = match report.outcome {
        Outcome::Load => "loads",
        Outcome::Warn => "loads, with findings",
        Outcome::Reject => "is refused",
    };
    writeln!(output, "{} {verdict}", file.display())?;
    for issue in report.issues.iter().take(MAX_SHOWN) {
        let place = match issue.offset {
            Some(offset) => format!("byte {offset}"),
            None if issue.pointer.is_empty() => "the file".to_owned(),
            None => issue.pointer.clone(),
        };
        let severity = SEVERITIES
            .get(usize::from(issue.severity))
            .unwrap_or(&"info");
        writeln!(
            output,
            "  {severity:7} {} at {place}: {}",
            issue.code, issue.message
        )?;
    }
    let left = report.issues.len().saturating_sub(MAX_SHOWN);
    if left > 0 || report.is_truncated {
        writeln!(output, "  and {left} more")?;
    }
    if let Some(refusal) = &report.refusal {
        writeln!(output, "  refused: {refusal}")?;
    }
    if let Some(summary) = &report.summary {
        writeln!(
            output,
            "  {} triangles in {} draw calls, {} vertices, {} materials, {} images ({:.1} MB on the graphics card), {} animations",
            summary.triangles,
            summary.draw_calls,
            summary.vertices,
            summary.materials,
            summary.images,
            summary.image_bytes as f64 * 4.0 / 3.0 / 1.0e6,
            summary.animations,
        )?;
    }
    Ok(())
}
