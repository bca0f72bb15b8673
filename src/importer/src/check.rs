//! `stoa-import check`: one report a file.

use crate::{
    exit,
    html::{self, Section},
    output::{self, Replaces, Status},
    preview, text,
};
use scene::{Authorship, Cost, Issue, NamedExtension, Outcome, Purpose, Report, check_file};
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Most pictures on one page: each is drawn for seconds, and the page holds it.
const MAX_PICTURES: usize = 16;

/// What to check and how to tell.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Files to check: .gltf, .glb, .vrm or .vrma, or the folder of a world with its `world.toml`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What the files are for; without it .vrm is an avatar, .vrma an animation, everything else a world.
    #[arg(long = "as", value_name = "PURPOSE")]
    purpose: Option<PurposeName>,
    /// One JSON object a line, shaped as the Khronos validator's report.
    #[arg(long)]
    json: bool,
    /// Writes one page with all reports and pictures of the files, which needs nothing beside it.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What a file is for, as people say it.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum PurposeName {
    World,
    Avatar,
    Prop,
}

impl PurposeName {
    /// As the flag takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::World => "world",
            Self::Avatar => "avatar",
            Self::Prop => "prop",
        }
    }
}

/// Writes the reports and gives the exit code: the worst of all files. `errors` shows what is being drawn when it is a terminal.
pub(crate) fn run(
    options: &Options,
    output: &mut dyn Write,
    errors: &mut dyn Write,
    is_terminal: bool,
) -> io::Result<u8> {
    if let Some(page) = &options.html {
        let files: Vec<&Path> = options.files.iter().map(PathBuf::as_path).collect();
        if let Err(fault) = output::refuse_loss(page, &files, &["html", "htm"], Replaces::Any) {
            output::tell(errors, &fault)?;
            return Ok(exit::NO_REPORT);
        }
    }
    let mut worst = exit::DONE;
    let mut reports = Vec::new();
    for file in &options.files {
        let code = match check_file(file, purpose(file, options.purpose)) {
            Ok(report) => {
                if options.json {
                    writeln!(output, "{}", to_json(file, &report))?;
                } else {
                    text::write(file, &report, output)?;
                }
                let has_errors = report.count_here(0) > 0;
                if options.html.is_some() {
                    reports.push((file.as_path(), report));
                }
                if has_errors { exit::FAILED } else { exit::DONE }
            }
            Err(error) => {
                output::tell(errors, &format!("no report on {}: {error}", file.display()))?;
                exit::NO_REPORT
            }
        };
        worst = worst.max(code);
    }
    // Who reads along waits for no picture, and who has read enough gets the page all the same.
    let told = output.flush();
    if let Some(path) = &options.html {
        let terminal: Option<&mut dyn Write> = match is_terminal {
            true => Some(&mut *errors),
            false => None,
        };
        let page = page(options, reports, Status::new(terminal));
        if let Err(error) = output::write_whole(path, page.as_bytes()) {
            output::tell(
                errors,
                &format!("{} cannot be written: {error}", path.display()),
            )?;
            worst = exit::NO_REPORT;
        }
    }
    told.map(|()| worst)
}

/// The page with all reports, for which pictures are drawn now.
fn page(options: &Options, reports: Vec<(&Path, Report)>, mut status: Status<'_>) -> String {
    let mut left = MAX_PICTURES;
    let sections = reports.into_iter().map(|(file, report)| {
        let picture = if report.outcome == Outcome::Reject {
            Err("the file is refused".to_owned())
        } else if left == 0 {
            Err(format!("a page has at most {MAX_PICTURES}"))
        } else {
            left -= 1;
            let name = file.file_name().unwrap_or(file.as_os_str());
            status.show(&format!("drawing {}", name.display()));
            preview::of_report(file, options.purpose)
        };
        Section {
            file,
            report,
            picture,
        }
    });
    let sections: Vec<Section<'_>> = sections.collect();
    status.show("");
    html::page(&sections)
}

/// What a file is for: what was said, or what its ending says.
pub(crate) fn purpose(file: &Path, named: Option<PurposeName>) -> Purpose {
    match named {
        Some(PurposeName::World) => Purpose::World,
        Some(PurposeName::Avatar) => Purpose::Avatar,
        Some(PurposeName::Prop) => Purpose::Prop,
        None => Purpose::of_file(file),
    }
}

fn to_json(file: &Path, report: &Report) -> Value {
    let info = report.summary.map(|summary| {
        json!({
            "nodeCount": summary.nodes,
            "animationCount": summary.animations,
            "materialCount": summary.materials,
            "imageCount": summary.images,
            "textureMemoryBytes": summary.texture_bytes(),
            "loadMilliseconds": summary.load_millis(),
            "hasMorphTargets": summary.morph_targets > 0,
            "hasSkins": summary.joints > 0,
            "maxJoints": summary.joints,
            "drawCallCount": summary.draw_calls,
            "totalVertexCount": summary.vertices,
            "totalTriangleCount": summary.triangles,
        })
    });
    let cost = |cost: &Cost| {
        json!({
            "what": cost.what,
            "value": cost.value,
            "unit": cost.unit.name(),
            "budget": cost.budget,
            "grade": cost.grade.letter().to_string(),
        })
    };
    let extension = |own: &NamedExtension| json!({ "name": own.name, "support": own.support.name(), "note": own.note });
    json!({
        "uri": file.display().to_string(),
        "mimeType": if report.is_glb { "model/gltf-binary" } else { "model/gltf+json" },
        "validatorVersion": concat!("stoa-import ", env!("CARGO_PKG_VERSION")),
        "outcome": report.outcome.name(),
        "refusal": report.refusal.as_ref().map(ToString::to_string),
        "issues": {
            "numErrors": report.count(0),
            "numWarnings": report.count(1),
            "numInfos": report.count(2),
            "numHints": report.count(3),
            "messages": report.issues.iter().map(|issue| message(report, issue)).collect::<Vec<_>>(),
            "truncated": report.is_truncated(),
        },
        "grade": report.grade().map(|grade| grade.letter().to_string()),
        "costs": report.costs.iter().map(cost).collect::<Vec<_>>(),
        "extensions": report.extensions.iter().map(extension).collect::<Vec<_>>(),
        "authorship": report.authorship.as_ref().map(facts),
        "info": info,
    })
}

fn message(report: &Report, issue: &Issue) -> Value {
    let mut message = json!({
        "code": issue.code,
        "message": issue.message,
        "severity": issue.severity,
        "remedy": report.remedy(issue),
    });
    match issue.offset {
        Some(offset) => message["offset"] = offset.into(),
        None => message["pointer"] = issue.pointer.clone().into(),
    }
    if let Some(object) = report.object(issue) {
        message["object"] = json!({ "kind": object.kind, "name": object.name });
    }
    message
}

fn facts(authorship: &Authorship) -> Value {
    json!({
        "title": authorship.title,
        "authors": authorship.authors,
        "rights": authorship.rights,
        "license": authorship.license,
        "usage": authorship.usage,
        "mayBeShared": authorship.may_be_shared,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(contents: &[(&str, &str)], json: bool) -> (u8, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let files = contents
            .iter()
            .map(|(name, text)| {
                let path = folder.path().join(name);
                if !text.is_empty() {
                    std::fs::write(&path, text).unwrap();
                }
                path
            })
            .collect();
        let options = Options {
            files,
            purpose: None,
            json,
            html: Some(folder.path().join("report.html")),
        };
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let code = run(&options, &mut output, &mut errors, false).unwrap();
        let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
        assert!(page.ends_with("</html>\n"));
        let [output, errors] = [output, errors].map(|bytes| String::from_utf8(bytes).unwrap());
        (code, output, errors)
    }

    const GOOD: &str = r#"{"asset":{"version":"2.0","copyright":"2026 Ada"},"extensionsUsed":["KHR_animation_pointer"]}"#;
    const BAD: &str = r#"{"asset":{"version":"2.0"},"scene":3}"#;

    #[test]
    fn exit_codes_follow_the_worst_file() {
        assert_eq!(check(&[("a.gltf", GOOD)], false).0, exit::DONE);
        assert_eq!(
            check(&[("a.gltf", GOOD), ("b.gltf", BAD)], false).0,
            exit::FAILED
        );
        let (code, _, errors) = check(&[("b.gltf", BAD), ("absent.gltf", "")], false);
        assert_eq!(code, exit::NO_REPORT);
        assert!(
            errors.contains("absent.gltf") && errors.lines().count() == 1,
            "{errors}"
        );
    }

    #[test]
    fn a_name_says_nothing_to_the_terminal() {
        let (_, _, errors) = check(&[("a\u{1b}[2J\u{202E}.gltf", "")], false);
        assert!(
            errors.contains("a\\u{1b}[2J\\u{202e}.gltf") && errors.lines().count() == 1,
            "{errors:?}"
        );
    }

    #[test]
    fn a_json_report_is_one_line_a_file_with_an_outcome() {
        let (_, output, _) = check(&[("a.gltf", GOOD), ("b.gltf", BAD)], true);
        let reports: Vec<Value> = output
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(reports.len(), 2);
        assert_eq!(reports[0]["outcome"], "load");
        assert_eq!(reports[1]["outcome"], "reject");
        let message = &reports[1]["issues"]["messages"][0];
        assert_eq!(message["code"], "UNRESOLVED_REFERENCE");
        assert_eq!(message["pointer"], "/scene");
        assert_eq!(reports[1]["issues"]["numErrors"], 1);
        assert_eq!(reports[0]["authorship"]["rights"], "2026 Ada");
        assert_eq!(reports[1]["authorship"], Value::Null);
        let extension = &reports[0]["extensions"][0];
        assert_eq!(extension["support"], "part");
        assert!(extension["note"].as_str().unwrap().contains("cameras"));
        let time = reports[0]["costs"].as_array().unwrap().last().unwrap();
        assert_eq!([&time["what"], &time["unit"]], ["load time", "ms"]);
    }

    #[test]
    fn a_required_extension_that_is_not_read_is_an_error_by_name() {
        let text = r#"{"asset":{"version":"2.0"},"extensionsUsed":["XYZ_new"],"extensionsRequired":["XYZ_new"]}"#;
        let (code, output, _) = check(&[("a.gltf", text)], false);
        assert_eq!(code, exit::FAILED);
        assert!(output.contains("XYZ_new") && output.contains("STOA_REQUIRED_EXTENSION"));
    }

    #[test]
    fn names_of_files_beside_it_are_read_or_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a #1.bin"), [0; 4]).unwrap();
        for (uri, codes) in [
            ("a%20%231.bin", &[][..]),
            ("a #1.bin", &["STOA_FILE_NAME"]),
            ("oak%3A1.bin", &["STOA_FILE_NAME"]),
            ("b\\\\a.bin", &["STOA_FILE_NAME"]),
            ("../a.bin", &["IO_ERROR", "STOA_OUTSIDE_FOLDER"]),
        ] {
            let path = folder.path().join("a.gltf");
            let text = format!(
                r#"{{"asset":{{"version":"2.0"}},"buffers":[{{"byteLength":4,"uri":"{uri}"}}],
                "bufferViews":[{{"buffer":0,"byteLength":4}}],
                "accessors":[{{"bufferView":0,"componentType":5126,"type":"SCALAR","count":1}}]}}"#
            );
            std::fs::write(&path, text).unwrap();
            let report = check_file(&path, Purpose::World).unwrap();
            let errors = report.issues.iter().filter(|issue| issue.severity == 0);
            let errors: Vec<&str> = errors.map(|issue| issue.code).collect();
            assert_eq!(errors, codes, "{uri}: {:?}", report.refusal);
        }
    }

    #[test]
    fn the_ending_decides_the_purpose() {
        let (code, output, _) = check(&[("a.vrm", GOOD)], true);
        assert_eq!(code, exit::FAILED);
        assert!(output.contains("VRMC_vrm is missing"), "{output}");
    }
}
