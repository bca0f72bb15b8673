//! The report for people.

use scene::{
    Authorship, Cost, Issue, NamedExtension, Outcome, Report, Support, Unit, amount, printable,
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

/// Most kinds of findings shown of one file, and most places of each; `--json` and `--html` give all.
const MAX_SHOWN: usize = 50;
const MAX_PLACES: usize = 3;

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

/// Where a finding is, with the name of the object that is there.
pub(crate) fn place(report: &Report, issue: &Issue) -> String {
    let place = match issue.offset {
        Some(offset) => format!("byte {offset}"),
        None if issue.pointer.is_empty() => "the file".to_owned(),
        None => printable(&issue.pointer),
    };
    match report.object(issue) {
        Some(object) => format!("{place} ({} \"{}\")", object.kind, printable(&object.name)),
        None => place,
    }
}

/// Writes a heading with the outcome, the findings with what mends them, and what the file costs.
pub(crate) fn write(file: &Path, report: &Report, output: &mut dyn Write) -> io::Result<()> {
    let verdict = verdict(report.outcome);
    let file = printable(&file.display().to_string());
    match report.grade() {
        Some(grade) => writeln!(
            output,
            "{file} {verdict}; its costs have the grade {}",
            grade.letter()
        )?,
        None => writeln!(output, "{file} {verdict}")?,
    }
    let groups = groups(report);
    for group in groups.iter().take(MAX_SHOWN) {
        write_group(report, group, output)?;
    }
    let left = groups.len().saturating_sub(MAX_SHOWN);
    if left > 0 {
        writeln!(
            output,
            "  and {left} more kinds, which --html and --json show"
        )?;
    }
    for line in omissions(report) {
        writeln!(output, "  {line}")?;
    }
    if let Some(refusal) = &report.refusal {
        writeln!(output, "  refused: {refusal}")?;
    }
    for extension in &report.extensions {
        if extension.support != Support::Full {
            write_extension(extension, output)?;
        }
    }
    for (what, text) in report.authorship.iter().flat_map(Authorship::facts) {
        writeln!(output, "  {what}: {}", printable(text))?;
    }
    for cost in &report.costs {
        write_cost(cost, output)?;
    }
    Ok(())
}

/// What a report does not show, a line each.
pub(crate) fn omissions(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, count) in (0..).zip(report.left_out) {
        if count > 0 {
            let count = amount(count as u64, Unit::Count);
            lines.push(format!(
                "there are {count} more findings ({}) than are kept",
                severity(number)
            ));
        }
    }
    if report.is_cut_short {
        lines.push("it holds more data than is looked into: not all of it was checked".to_owned());
    }
    lines
}

/// Findings that say the same of different places, the severe ones first.
fn groups(report: &Report) -> Vec<Vec<&Issue>> {
    let mut groups: BTreeMap<(u8, u8, &str, &str), Vec<&Issue>> = BTreeMap::new();
    for issue in &report.issues {
        let here = report.severity(issue);
        let key = (here, issue.severity, issue.code, issue.message.as_str());
        groups.entry(key).or_default().push(issue);
    }
    groups.into_values().collect()
}

fn write_group(report: &Report, group: &[&Issue], output: &mut dyn Write) -> io::Result<()> {
    let Some(first) = group.first() else {
        return Ok(());
    };
    let places: Vec<String> = group
        .iter()
        .take(MAX_PLACES)
        .map(|one| place(report, one))
        .collect();
    write!(
        output,
        "  {:7} {} at {}",
        severity(report.severity(first)),
        first.code,
        places.join(", ")
    )?;
    if group.len() > MAX_PLACES {
        write!(output, " and {} more places", group.len() - MAX_PLACES)?;
    }
    writeln!(output, ": {}", printable(&first.message))?;
    writeln!(output, "          {}", report.remedy(first))
}

fn write_extension(extension: &NamedExtension, output: &mut dyn Write) -> io::Result<()> {
    let (name, support) = (printable(&extension.name), extension.support.name());
    match extension.note {
        "" => writeln!(output, "  extension {name}: {support}"),
        note => writeln!(output, "  extension {name}: {support} ({note})"),
    }
}

fn write_cost(cost: &Cost, output: &mut dyn Write) -> io::Result<()> {
    let value = amount(cost.value, cost.unit);
    write!(
        output,
        "  {} {:23} {value:>12} of {}",
        cost.grade.letter(),
        cost.what,
        amount(cost.budget, cost.unit)
    )?;
    if cost.value > cost.budget {
        write!(output, ": {}", cost.advice)?;
    }
    writeln!(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{NoSideFiles, Purpose, check_bytes};

    #[test]
    fn equal_findings_are_told_once_with_their_places() {
        let file =
            br#"{"asset":{"version":"2.0"},"nodes":[{"name":"Lamp"},{},{},{},{}],"scene":7}"#;
        let report = check_bytes(file, &NoSideFiles, Purpose::World);
        let mut output = Vec::new();
        write(Path::new("a.gltf"), &report, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        let lines: Vec<&str> = output.lines().collect();
        assert!(
            lines[1].contains("error   UNRESOLVED_REFERENCE at /scene:"),
            "{output}"
        );
        let empty = lines
            .iter()
            .find(|line| line.contains("NODE_EMPTY"))
            .unwrap();
        assert!(
            empty.contains(r#"at /nodes/0 (node "Lamp"), /nodes/1, /nodes/2 and 2 more places:"#),
            "{empty}"
        );
    }

    #[test]
    fn what_is_not_shown_is_told_as_it_is() {
        let nodes = "{},".repeat(scene::limits::MAX_ISSUES + 7);
        let file = format!(r#"{{"asset":{{"version":"2.0"}},"nodes":[{nodes}{{}}],"scene":7}}"#);
        let mut report = check_bytes(file.as_bytes(), &NoSideFiles, Purpose::World);
        assert!(report.count(2) >= scene::limits::MAX_ISSUES + 7);
        assert!(report.left_out[2] > 0 && report.left_out[0] == 0);
        let mut output = Vec::new();
        write(Path::new("a.gltf"), &report, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        assert!(!output.contains("more kinds"), "{output}");
        assert!(
            output.contains("more findings (info) than are kept"),
            "{output}"
        );
        report.left_out = [0; 4];
        report.is_cut_short = true;
        let lines = omissions(&report);
        assert!(
            lines.len() == 1 && lines[0].contains("not all"),
            "{lines:?}"
        );
    }

    #[test]
    fn it_says_what_a_part_of_an_extension_is_and_who_made_the_file() {
        let file = br#"{"asset":{"version":"2.0","copyright":"2026 \u001bAda"},
            "extensionsUsed":["KHR_animation_pointer","XYZ_new","KHR_lights_punctual"]}"#;
        let report = check_bytes(file, &NoSideFiles, Purpose::World);
        let mut output = Vec::new();
        write(Path::new("a.gltf"), &report, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        for line in [
            "  extension KHR_animation_pointer: part (of nodes, weights of meshes",
            "  extension XYZ_new: passed over\n",
            "  rights: 2026 \\u{1b}Ada\n",
        ] {
            assert!(output.contains(line), "{output}");
        }
        assert!(
            !output.contains("extension KHR_lights_punctual"),
            "{output}"
        );
    }

    #[test]
    fn a_file_says_nothing_to_the_terminal() {
        let file = br#"{"asset":{"version":"2.0"},"\u001b[2J":1,"nodes":[{"name":"\u001b[3J"}],"extensionsUsed":["\u009b31m"],
            "extensionsRequired":["\u009b31m"]}"#;
        let report = check_bytes(file, &NoSideFiles, Purpose::World);
        let mut output = Vec::new();
        write(Path::new("a\u{7}.gltf"), &report, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        let is_bare = |character: char| character.is_control() && character != '\n';
        assert!(!output.contains(is_bare), "{output:?}");
        for shown in ["\\u{1b}[2J", "\\u{1b}[3J", "\\u{9b}31m", "a\\u{7}.gltf"] {
            assert!(output.contains(shown), "{output:?}");
        }
    }
}
