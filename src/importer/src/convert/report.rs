//! What converting changed: sizes before and after, for people and for programs.

use scene::{Report, Unit};
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    path::Path,
};

/// What is told about one file.
pub(super) struct Figures<'a> {
    pub(super) input: &'a Path,
    pub(super) output: &'a Path,
    /// The report on the source, when it is a file that can be reported on.
    pub(super) before: Option<&'a Report>,
    pub(super) after: &'a Report,
    /// What is worth telling, a line each.
    pub(super) notes: &'a [String],
    /// Bytes of the source when it has no summary.
    pub(super) input_bytes: u64,
}

/// A row: what, unit, before, after.
type Row = (&'static str, Unit, Option<u64>, u64);

impl Figures<'_> {
    fn rows(&self) -> Vec<Row> {
        let before = self.before.and_then(|report| report.summary);
        let after = self.after.summary.unwrap_or_default();
        let bytes = before.map_or(self.input_bytes, |own| own.bytes);
        let was = |pick: fn(&scene::Summary) -> u64| before.as_ref().map(pick);
        vec![
            ("bytes", Unit::Bytes, Some(bytes), after.bytes),
            (
                "vertices",
                Unit::Count,
                was(|own| own.vertices),
                after.vertices,
            ),
            (
                "triangles",
                Unit::Count,
                was(|own| own.triangles),
                after.triangles,
            ),
            (
                "draw calls",
                Unit::Count,
                was(|own| own.draw_calls),
                after.draw_calls,
            ),
            (
                "images",
                Unit::Count,
                was(|own| own.images as u64),
                after.images as u64,
            ),
            (
                "texture memory",
                Unit::Bytes,
                was(scene::Summary::texture_bytes),
                after.texture_bytes(),
            ),
        ]
    }

    /// One object for programs.
    pub(super) fn json(&self) -> Value {
        let rows = self.rows().into_iter().map(|(what, _, before, after)| {
            (
                what.replace(' ', "_"),
                json!({ "before": before, "after": after }),
            )
        });
        json!({
            "input": self.input.display().to_string(),
            "output": self.output.display().to_string(),
            "figures": rows.collect::<serde_json::Map<_, _>>(),
            "notes": self.notes,
            "warnings": self.after.count_here(1),
            "grade": self.after.grade().map(|grade| grade.letter().to_string()),
        })
    }

    /// A table for people.
    pub(super) fn write(&self, output: &mut dyn Write) -> io::Result<()> {
        let shown = scene::printable(&self.output.display().to_string());
        writeln!(output, "{shown} is written")?;
        for note in self.notes {
            writeln!(output, "  {}", scene::printable(note))?;
        }
        for (what, unit, before, after) in self.rows() {
            let before = before.map_or("-".to_owned(), |value| scene::amount(value, unit));
            let after = scene::amount(after, unit);
            writeln!(output, "  {what:15} {before:>14} -> {after:>14}")?;
        }
        if let Some(grade) = self.after.grade() {
            writeln!(output, "  its costs have the grade {}", grade.letter())?;
        }
        let warnings = self.after.count_here(1);
        if warnings > 0 {
            writeln!(
                output,
                "  `stoa-import check {shown}` tells of {warnings} warnings"
            )?;
        }
        Ok(())
    }
}
