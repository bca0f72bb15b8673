//! The report for people.

use scene::{Cost, Outcome, Report, Support};
use std::{
    io::{self, Write},
    path::Path,
};

/// Most findings shown of one file; `--json` and `--html` give all.
const MAX_SHOWN: usize = 50;

const SEVERITIES: [&str; 4] = ["error", "warning", "info", "hint"];

/// A severity in a word.
pub(crate) fn severity(number: u8) -> &'static str {
    SEVERITIES.get(usize::from(number)).unwrap_or(&"info")
}

/// An outcome as the end of a sentence that begins with the file's name.
pub(crate) fn verdict(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Load => "loads",
        Outcome::Warn => "loads, with findings",
        Outcome::Reject => "is refused",
    }
}

/// Where a finding is.
pub(crate) fn place(issue: &scene::Issue) -> String {
    match issue.offset {
        Some(offset) => format!("byte {offset}"),
        None if issue.pointer.is_empty() => "the file".to_owned(),
        None => issue.pointer.clone(),
    }
}

/// A cost with its unit.
pub(crate) fn amount(value: u64, is_bytes: bool) -> String {
    if is_bytes {
        return format!("{:.1} MB", value as f64 / 1.0e6);
    }
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a heading with the outcome, the findings with what mends them, and what the file costs.
pub(crate) fn write(file: &Path, report: &Report, output: &mut dyn Write) -> io::Result<()> {
    let verdict = verdict(report.outcome);
    match report.grade() {
        Some(grade) => writeln!(
            output,
            "{} {verdict}; its costs have the grade {}",
            file.display(),
            grade.letter()
        )?,
        None => writeln!(output, "{} {verdict}", file.display())?,
    }
    let mut last_remedy = "";
    for issue in report.issues.iter().take(MAX_SHOWN) {
        writeln!(
            output,
            "  {:7} {} at {}: {}",
            severity(issue.severity),
            issue.code,
            place(issue),
            issue.message
        )?;
        // The same advice is not given twice in a row.
        if issue.remedy() != last_remedy {
            last_remedy = issue.remedy();
            writeln!(output, "          {last_remedy}")?;
        }
    }
    let left = report.issues.len().saturating_sub(MAX_SHOWN);
    if left > 0 || report.is_truncated {
        writeln!(output, "  and {left} more")?;
    }
    if let Some(refusal) = &report.refusal {
        writeln!(output, "  refused: {refusal}")?;
    }
    for (name, support) in &report.extensions {
        if *support != Support::Full {
            writeln!(output, "  extension {name}: {}", support.name())?;
        }
    }
    for cost in &report.costs {
        write_cost(cost, output)?;
    }
    Ok(())
}

fn write_cost(cost: &Cost, output: &mut dyn Write) -> io::Result<()> {
    let value = amount(cost.value, cost.is_bytes);
    write!(
        output,
        "  {} {:23} {value:>12} of {}",
        cost.grade.letter(),
        cost.what,
        amount(cost.budget, cost.is_bytes)
    )?;
    if cost.value > cost.budget {
        write!(output, ": {}", cost.advice)?;
    }
    writeln!(output)
}
