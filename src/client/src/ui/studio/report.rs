//! What stands in the report on a file: the checker's words in the order of what matters, as many as there is room for.

use crate::ui::{
    inside::legible::one_line,
    words::{Texts, fill},
};
use scene::{Cost, Grade, Issue, Outcome, Purpose, SceneError, Unit, amount};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Most letters of what is wrong, of its place, and of what the system said.
const MAX_MESSAGE: usize = 150;
const MAX_PLACE: usize = 60;
pub(super) const MAX_LINE: usize = 300;
/// Most kinds of findings that are shown, whatever room there is.
const MAX_FINDINGS: usize = 6;
/// Lines between two findings.
const SPACING: f32 = 0.45;
/// Severities up to this one are worth mending; the others are for tidiness.
const WORTH_MENDING: u8 = 1;

/// What the checker said of a file, or why it said nothing, and what the file was taken for.
pub(super) struct Checked(pub(super) Result<scene::Report, String>, pub(super) Purpose);

/// A report in one language.
#[derive(Debug)]
pub(super) struct Report {
    /// What the product does with the file, in a sentence.
    pub(super) verdict: &'static str,
    pub(super) outcome: Outcome,
    /// The worst grade of its costs.
    pub(super) grade: Option<Grade>,
    /// How many findings there are of each severity, with its name; none that has none.
    pub(super) counts: Vec<(u8, usize, &'static str)>,
    /// Kinds of findings, the severe ones first.
    kinds: Vec<Finding>,
    /// The worst ones first.
    pub(super) costs: Vec<CostLine>,
    pub(super) costs_title: &'static str,
}

/// Findings that say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) severity: u8,
    pub(super) message: String,
    pub(super) place: String,
    pub(super) remedy: &'static str,
}

/// A cost beside its budget.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CostLine {
    pub(super) name: &'static str,
    pub(super) amount: String,
    pub(super) grade: Grade,
    /// Of the budget, 0 to 1.
    pub(super) share: f32,
}

/// The findings for which there is room.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    pub(super) shown: Vec<Finding>,
    /// How many kinds more there are.
    pub(super) more: usize,
}

/// Room for texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Room {
    /// Lines from top to bottom.
    pub(super) lines: f32,
    /// Letters on a line.
    pub(super) letters: f32,
}

impl Checked {
    /// Checks a file, or that of a folder. Takes as long as reading the file does.
    pub(super) fn of(path: &Path) -> Self {
        let purpose = Purpose::of_file(path);
        let report = scene::check_file(path, purpose);
        Self(
            report.map_err(|error: SceneError| one_line(&error.to_string(), MAX_LINE)),
            purpose,
        )
    }
}

impl Report {
    pub(super) fn of(report: &scene::Report, purpose: Purpose, words: &'static Texts) -> Self {
        let names = [
            words.report_errors,
            words.report_warnings,
            words.report_infos,
            words.report_hints,
        ];
        let counts = (0..).zip(names).map(|(severity, name)| {
            let count = report.count_here(severity);
            (severity, count, name)
        });
        let mut costs: Vec<CostLine> = report.costs.iter().map(|cost| line(cost, words)).collect();
        // The order of the checker holds among equals.
        costs.sort_by_key(|cost| Reverse(cost.grade));
        let mut kinds = kinds(report, words);
        if report.is_cut_short {
            // Before all else: what is not said below may be wrong all the same.
            let unchecked = Finding {
                severity: WORTH_MENDING,
                message: words.report_cut_short.to_owned(),
                place: words.report_whole_file.to_owned(),
                remedy: words.report_cut_short_advice,
            };
            kinds.insert(0, unchecked);
        }
        Self {
            verdict: verdict(report, words),
            outcome: report.outcome,
            grade: report.grade(),
            counts: counts.filter(|(_, count, _)| *count > 0).collect(),
            kinds,
            costs,
            costs_title: match purpose {
                Purpose::Avatar => words.report_cost_avatar,
                Purpose::AnimationClip => words.report_cost_clip,
                _ => words.report_cost_world,
            },
        }
    }

    /// As many findings as there is room for, one at least. Those for tidiness only where there is nothing to mend.
    pub(super) fn findings(&self, room: Room) -> Findings {
        let mut left = room.lines;
        let mut shown = Vec::new();
        let is_worth_mending = |kind: &&Finding| kind.severity <= WORTH_MENDING;
        let worth_mending = self.kinds.iter().filter(is_worth_mending).count();
        let limit = match worth_mending {
            0 => MAX_FINDINGS,
            count => count.min(MAX_FINDINGS),
        };
        for kind in self.kinds.iter().take(limit) {
            left -= kind.lines(room) + SPACING;
            if left < 0.0 && !shown.is_empty() {
                break;
            }
            shown.push(kind.clone());
        }
        Findings {
            more: self.kinds.len() - shown.len(),
            shown,
        }
    }
}

impl Findings {
    /// True when something among them is worth mending.
    pub(super) fn are_worth_mending(&self) -> bool {
        self.shown
            .iter()
            .any(|finding| finding.severity <= WORTH_MENDING)
    }
}

impl Finding {
    /// About how many lines it takes.
    fn lines(&self, room: Room) -> f32 {
        [&self.message, &self.place, self.remedy]
            .map(|text| room.lines_of(text))
            .iter()
            .sum()
    }
}

impl Room {
    /// About how many lines a text takes.
    pub(super) fn lines_of(self, text: &str) -> f32 {
        (text.chars().count() as f32 / self.letters.max(1.0)).ceil()
    }
}

fn verdict(report: &scene::Report, words: &'static Texts) -> &'static str {
    match report.outcome {
        Outcome::Reject => words.report_refused,
        _ if report.count_here(0) > 0 => words.report_breaks,
        Outcome::Warn => words.report_warns,
        Outcome::Load => words.report_loads,
    }
}

/// Findings that say the same of different places are one; the severe ones come first, of equals the frequent ones.
fn kinds(report: &scene::Report, words: &Texts) -> Vec<Finding> {
    let mut groups: BTreeMap<(u8, &str, &str), Vec<&Issue>> = BTreeMap::new();
    for issue in &report.issues {
        let severity = report.severity(issue);
        let said = (severity, issue.code, issue.message.as_str());
        groups.entry(said).or_default().push(issue);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((severity, ..), issues)| (*severity, Reverse(issues.len())));
    groups
        .into_iter()
        .filter_map(|((severity, ..), issues)| {
            let first = issues.first()?;
            let places: BTreeSet<_> = issues
                .iter()
                .map(|one| (&one.pointer, one.offset))
                .collect();
            Some(Finding {
                severity,
                message: sentence(&one_line(&first.message, MAX_MESSAGE)),
                place: place(report, first, places.len() - 1, words),
                remedy: report.remedy(first),
            })
        })
        .collect()
}

/// Where a finding is: by the name of the object that is there, which people see in their programs.
fn place(report: &scene::Report, issue: &Issue, others: usize, words: &Texts) -> String {
    let place = match (issue.offset, report.object(issue)) {
        (Some(offset), _) => fill(words.report_at_byte, &[&offset.to_string()]),
        (None, Some(object)) => {
            let place = format!("{} · {}", object.name, issue.pointer);
            one_line(&place, MAX_PLACE)
        }
        (None, None) if issue.pointer.is_empty() => words.report_whole_file.to_owned(),
        (None, None) => one_line(&issue.pointer, MAX_PLACE),
    };
    if others == 0 {
        return place;
    }
    let more = fill(words.report_places, &[&amount(others as u64, Unit::Count)]);
    format!("{place} {more}")
}

/// With a capital at its beginning.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn line(cost: &Cost, words: &'static Texts) -> CostLine {
    let [value, budget] = [cost.value, cost.budget].map(|number| amount(number, cost.unit));
    CostLine {
        name: name(cost.what, words),
        amount: fill(words.report_of, &[&value, &budget]),
        grade: cost.grade,
        share: match cost.budget {
            0 => f32::from(u8::from(cost.value > 0)),
            budget => (cost.value as f64 / budget as f64).min(1.0) as f32,
        },
    }
}

/// What a cost is called; what the checker counts one day and no word is known for keeps the checker's.
fn name(what: &'static str, words: &'static Texts) -> &'static str {
    match what {
        "triangles" => words.cost_triangles,
        "draw calls" => words.cost_draw_calls,
        "texture memory" => words.cost_texture_memory,
        "materials" => words.cost_materials,
        "joints of a skin" => words.cost_joints,
        "morph targets of a mesh" => words.cost_morphs,
        "lights" => words.cost_lights,
        "download" => words.cost_download,
        "load time" => words.cost_load_time,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Locale, words::Words};
    use scene::{NoSideFiles, check_bytes};

    const ROOM: Room = Room {
        lines: 12.0,
        letters: 50.0,
    };

    #[test]
    fn what_was_not_looked_into_is_told_first() {
        let text = r#"{"asset": {"version": "2.0"}}"#;
        let mut checked = check_bytes(text.as_bytes(), &NoSideFiles, Purpose::World);
        checked.is_cut_short = true;
        let words = Words::of(Locale::English).0;
        let findings = Report::of(&checked, Purpose::World, words).findings(ROOM);
        assert_eq!(findings.shown[0].message, words.report_cut_short);
        assert!(findings.are_worth_mending());
    }

    fn report(text: &str, locale: Locale) -> Report {
        let checked = check_bytes(text.as_bytes(), &NoSideFiles, Purpose::World);
        Report::of(&checked, Purpose::World, Words::of(locale).0)
    }

    #[test]
    fn a_clean_file_has_costs_with_words_in_each_language_and_nothing_to_mend() {
        let file = r#"{"asset":{"version":"2.0"}}"#;
        let english = report(file, Locale::English);
        assert_eq!(english.outcome, Outcome::Load);
        assert_eq!(english.grade, Some(Grade::A));
        assert_eq!(english.findings(ROOM), Findings::default());
        let chinese = report(file, Locale::Chinese);
        assert!(!english.costs.is_empty());
        for (one, other) in english.costs.iter().zip(&chinese.costs) {
            assert_ne!(one.name, other.name, "it has no word in Chinese");
            assert!(one.share < 1e-3, "{one:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_once_with_its_places_the_worst_first() {
        let file = r#"{"asset":{"version":"2.0"},"nodes":[{},{},{},{},{}],"scene":7}"#;
        let report = report(file, Locale::English);
        assert_eq!(
            report.verdict,
            Words::of(Locale::English).0.report_refused,
            "{report:?}"
        );
        assert_eq!(report.counts[0].0, 0);
        let findings = report.findings(ROOM);
        assert!(findings.are_worth_mending());
        assert_eq!(findings.shown[0].severity, 0);
        let empty = report.kinds.iter().find(|kind| kind.severity > 1).unwrap();
        assert!(empty.place.contains("and 4 more places"), "{empty:?}");
        assert!(!empty.remedy.is_empty());
    }

    #[test]
    fn little_room_shows_one_finding_and_says_how_many_more_there_are() {
        let file = r#"{"asset":{"version":"2.0"},"nodes":[{},{}],"scene":7,"x":1}"#;
        let report = report(file, Locale::English);
        let none = Room {
            lines: 0.0,
            letters: 0.0,
        };
        let findings = report.findings(none);
        assert_eq!(findings.shown.len(), 1);
        assert_eq!(findings.more + 1, report.kinds.len());
        assert!(findings.more > 0);
    }

    #[test]
    fn a_file_says_nothing_that_reorders_or_breaks_lines() {
        let file = "{\"asset\":{\"version\":\"2.0\"},\"extensionsUsed\":[\"a\u{202E}\\nb\"],\
            \"extensionsRequired\":[\"a\u{202E}\\nb\"]}";
        let report = report(file, Locale::English);
        assert!(!report.kinds.is_empty());
        for kind in &report.kinds {
            let texts = [&kind.message, &kind.place];
            assert!(
                texts
                    .iter()
                    .all(|text| !text.contains(['\n', '\u{202E}', '\u{1b}'])),
                "{kind:?}"
            );
        }
    }
}
