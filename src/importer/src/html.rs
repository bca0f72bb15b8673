//! The report as one page that needs nothing beside it.

use crate::text::{omissions, place, severity, verdict};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use scene::{Authorship, Cost, Issue, NamedExtension, Outcome, Report, amount};
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
img{max-width:100%;height:auto;border-radius:.4rem}";
/// What a browser may fetch for the page: nothing but pictures that are in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// What a page says of one file.
pub(crate) struct Section<'a> {
    pub(crate) file: &'a Path,
    pub(crate) report: Report,
    /// What it looks like, as PNG, or why that is not shown, in words that end a sentence.
    pub(crate) picture: Result<Vec<u8>, String>,
}

/// A page with a section for each file.
pub(crate) fn page(sections: &[Section<'_>]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Import report</title><style>{STYLE}</style></head><body><h1>Import report</h1>\n"
    );
    for own in sections {
        page.push_str(&section(own));
    }
    page.push_str("</body></html>\n");
    page
}

fn section(section: &Section<'_>) -> String {
    let report = &section.report;
    let file = escape(&section.file.display().to_string());
    let mut html = format!("<section><h2>{file} {}</h2>\n", verdict(report.outcome));
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
    html.push_str(&picture(&file, &section.picture));
    if let Some(authorship) = &report.authorship {
        html.push_str(&facts(authorship));
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
        let of_severity = |issue: &&Issue| report.severity(issue) == number;
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
        let rows = report.extensions.iter().map(extension_row);
        html.extend(rows);
        html.push_str("</table>\n");
    }
    html.push_str("</section>\n");
    html
}

/// The picture of a file, whose name is escaped already, or one sentence that says why there is none.
fn picture(file: &str, picture: &Result<Vec<u8>, String>) -> String {
    match picture {
        Ok(png) => format!(
            "<p><img alt=\"Preview of {file}\" src=\"data:image/png;base64,{}\"></p>\n",
            STANDARD.encode(png)
        ),
        Err(reason) => format!("<p>There is no picture: {}.</p>\n", escape(reason)),
    }
}

/// Who made a file and what may be done with it.
fn facts(authorship: &Authorship) -> String {
    let facts = authorship.facts();
    if facts.is_empty() {
        return "<p>It does not say who made it, nor under which licence.</p>\n".to_owned();
    }
    let mut html = "<h3>Author and licence</h3><table>\n".to_owned();
    for (what, text) in facts {
        let text = escape(text);
        put(
            &mut html,
            format_args!("<tr><th>{what}</th><td>{text}</td></tr>\n"),
        );
    }
    html.push_str("</table>\n");
    html
}

fn extension_row(extension: &NamedExtension) -> String {
    format!(
        "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>\n",
        escape(&extension.name),
        extension.support.name(),
        escape(extension.note)
    )
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
                escape(report.remedy(issue))
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
        amount(cost.value, cost.unit),
        amount(cost.budget, cost.unit),
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

    fn page_of(name: &str, file: &[u8], picture: Result<Vec<u8>, String>) -> String {
        page(&[Section {
            file: Path::new(name),
            report: check_bytes(file, &NoSideFiles, Purpose::World),
            picture,
        }])
    }

    #[test]
    fn what_a_file_says_stays_text() {
        let file = br#"{"asset":{"version":"2.0","copyright":"<u>me"},"<script>alert(1)</script>":1,"extensionsUsed":["<b>\u202e"]}"#;
        let page = page_of("\"<i>.gltf", file, Err("of <s>".to_owned()));
        for markup in [
            "<script>", "<b>", "<i>", "<u>", "<s>", "\"&lt;i", "\u{202E}",
        ] {
            assert!(!page.contains(markup), "{markup}");
        }
        for shown in ["&lt;script&gt;", "&lt;u&gt;me", "of &lt;s&gt;."] {
            assert!(page.contains(shown), "{shown}");
        }
    }

    #[test]
    fn a_page_names_nothing_outside_of_itself() {
        let file = br#"{"asset":{"version":"2.0","copyright":"https://example.org/ src=x"},
            "extensionsUsed":["https://example.org/","KHR_animation_pointer"]}"#;
        for picture in [Ok(vec![0xFF; 100]), Err("none".to_owned())] {
            let is_drawn = picture.is_ok();
            let page = page_of("https:a.gltf", file, picture);
            // What stands in a tag; between tags there is only text, which fetches nothing.
            let tags = page.split('<').filter_map(|part| part.split('>').next());
            let mut pictures = 0;
            for tag in tags {
                let data = tag.split_once(" src=\"data:image/png;base64,");
                pictures += usize::from(data.is_some());
                let [before, after] = data.map_or([tag, ""], |(before, after)| [before, after]);
                for reference in ["src", "href", "://", "refresh", "link", "script"] {
                    let is_named = before.contains(reference) && !before.contains(POLICY);
                    assert!(!is_named, "{reference} in {tag}");
                }
                let is_data =
                    |letter: char| letter.is_ascii_alphanumeric() || "+/=".contains(letter);
                assert!(after.trim_end_matches('"').chars().all(is_data), "{tag}");
            }
            assert_eq!(pictures, usize::from(is_drawn));
            for reference in ["@import", "url("] {
                assert!(!page.contains(reference), "{reference}");
            }
            assert!(
                page.contains("img-src data:\">"),
                "other pictures may be fetched"
            );
        }
    }

    #[test]
    fn a_page_shows_the_picture_or_says_why_there_is_none() {
        let file = br#"{"asset":{"version":"2.0"}}"#;
        let page = page_of("a \"b\".gltf", file, Ok(b"\x89PNG".to_vec()));
        let picture =
            "<img alt=\"Preview of a &quot;b&quot;.gltf\" src=\"data:image/png;base64,iVBORw==\">";
        assert!(page.contains(picture), "{page}");
        let page = page_of("a.gltf", file, Err("nothing is to be seen".to_owned()));
        assert!(
            page.contains("<p>There is no picture: nothing is to be seen.</p>"),
            "{page}"
        );
        assert!(!page.contains("<img"));
    }

    #[test]
    fn a_page_says_what_a_part_of_an_extension_is_and_who_made_the_file() {
        let file = br#"{"asset":{"version":"2.0","copyright":"2026 Ada"},"extensionsUsed":["KHR_animation_pointer"]}"#;
        let page = page_of("a.gltf", file, Err(String::new()));
        assert!(
            page.contains("<td>part</td><td>of nodes, weights of meshes"),
            "{page}"
        );
        assert!(
            page.contains("<tr><th>rights</th><td>2026 Ada</td></tr>"),
            "{page}"
        );
        let page = page_of(
            "a.gltf",
            br#"{"asset":{"version":"2.0"}}"#,
            Err(String::new()),
        );
        assert!(page.contains("does not say who made it"), "{page}");
    }
}
