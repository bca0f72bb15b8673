//! The report as one page that needs nothing beside it.

use crate::text::{omissions, place, severity, verdict};
use scene::{Cost, Issue, Outcome, Report, amount};
use std::{fmt::Write as _, path::Path};

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884;--a:#2e8b57;--b:#7a9a2e;--c:#c08a1e;--d:#c2611f;--e:#b3261e}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.3rem;margin-top:2.5rem;overflow-wrap:anywhere}h3{font-size:1.05rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}code{overflow-wrap:anywhere}
.g{display:inline-block;min-width:1.6em;text-align:center;font-weight:700;color:#fff;border-radius:.3em}
.gA{background:var(--a)}.gB{background:#5f7d1c}.gC{background:#94660a}.gD{background:#a84d12}.gE{background:var(--e)}
.error{color:var(--e);font-weight:600}.remedy{opacity:.85}summary{cursor:pointer;padding:.3rem 0}
meter{width:100%}";

/// A page with a section for each file.
pub(crate) fn page(reports: &[(&Path, Report)]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Import report</title><style>{STYLE}</style></head><body><h1>Import report</h1>\n"
    );
    for (file, report) in reports {
        page.push_str(&section(file, report));
    }
    page.push_str("</body></html>\n");
    page
}

fn section(file: &Path, report: &Report) -> String {
    let mut html = format!(
        "<section><h2>{} {}</h2>\n",
        escape(&file.display().to_string()),
        verdict(report.outcome)
    );
    if let Some(grade) = report.grade() {
        put(&mut html, format_args!("<p>Costs: {}</p>\n", badge(grade)));
    }
    if let (Some(refusal), Outcome::Reject) = (&report.refusal, report.outcome) {
        let refusal = escape(&refusal.to_string());
        put(
            &mut html,
            format_args!("<p class=\"error\">{refusal}</p>\n"),
        );
    }
    if !report.costs.is_empty() {
        html.push_str("<h3>Costs</h3><table><tr><th>what</th><th>is</th><th>budget</th><th>grade</th><th></th></tr>\n");
        report
            .costs
            .iter()
            .for_each(|cost| html.push_str(&cost_row(cost)));
        html.push_str("</table>\n");
    }
    html.push_str("<h3>Findings</h3>\n");
    if report.issues.is_empty() {
        html.push_str("<p>None.</p>\n");
    }
    for number in 0..=3u8 {
        let of_severity = |issue: &&Issue| issue.severity == number;
        let issues: Vec<&Issue> = report.issues.iter().filter(of_severity).collect();
        if !issues.is_empty() {
            html.push_str(&findings(report, number, &issues));
        }
    }
    for line in omissions(report) {
        put(&mut html, format_args!("<p>{line}</p>\n"));
    }
    if !report.extensions.is_empty() {
        html.push_str("<h3>Extensions</h3><table>\n");
        for (name, support) in &report.extensions {
            let name = escape(name);
            let support = support.name();
            put(
                &mut html,
                format_args!("<tr><td><code>{name}</code></td><td>{support}</td></tr>\n"),
            );
        }
        html.push_str("</table>\n");
    }
    html.push_str("</section>\n");
    html
}

/// Errors and warnings are open, the rest is folded away.
fn findings(report: &Report, number: u8, issues: &[&Issue]) -> String {
    let open = if number <= 1 { " open" } else { "" };
    let word = severity(number);
    let mut html = format!(
        "<details{open}><summary class=\"{word}\">{word} ({})</summary><table>\n",
        issues.len()
    );
    for issue in issues {
        put(
            &mut html,
            format_args!(
                "<tr><td><code>{}</code><br><code>{}</code></td><td>{}<br><span class=\"remedy\">{}</span></td></tr>\n",
                issue.code,
                escape(&place(report, issue)),
                escape(&issue.message),
                escape(issue.remedy())
            ),
        );
    }
    html.push_str("</table></details>\n");
    html
}

fn cost_row(cost: &Cost) -> String {
    let advice = if cost.value > cost.budget {
        cost.advice
    } else {
        ""
    };
    format!(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td><td>{advice}</td></tr>\n",
        cost.what,
        amount(cost.value, cost.is_bytes),
        amount(cost.budget, cost.is_bytes),
        badge(cost.grade)
    )
}

fn badge(grade: scene::Grade) -> String {
    let letter = grade.letter();
    format!("<span class=\"g g{letter}\">{letter}</span>")
}

/// What a file says must not become part of the page's own markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // It would turn the rest of the line round.
            _ if scene::is_unprintable(letter) => escaped.extend(letter.escape_unicode()),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Writing to a string cannot fail.
fn put(html: &mut String, text: std::fmt::Arguments<'_>) {
    html.write_fmt(text).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{NoSideFiles, Purpose, check_bytes};

    #[test]
    fn what_a_file_says_stays_text() {
        let file = br#"{"asset":{"version":"2.0"},"<script>alert(1)</script>":1,"extensionsUsed":["<b>\u202e"]}"#;
        let report = check_bytes(file, &NoSideFiles, Purpose::World);
        let page = page(&[(Path::new("<i>.gltf"), report)]);
        for markup in ["<script>", "<b>", "<i>", "\u{202E}"] {
            assert!(!page.contains(markup), "{markup}");
        }
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_page_names_nothing_outside_of_itself() {
        let report = check_bytes(
            br#"{"asset":{"version":"2.0"}}"#,
            &NoSideFiles,
            Purpose::World,
        );
        let page = page(&[(Path::new("a.gltf"), report)]);
        for reference in ["http", "src=", "href=", "@import", "url("] {
            assert!(!page.contains(reference), "{reference}");
        }
    }
}
