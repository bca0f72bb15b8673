//! `cargo xtask reference [MODEL...] [--out FOLDER]`: our pictures of models beside those of other renderers, on sheets that
//! a person looks at: a row for each model, ours first. With names only those are drawn anew; the rows of others stay when our
//! pictures of them lie in the folder.

mod shots;

use crate::{
    command::{Failure, build_programs, built, command, root, run as execute},
    letters,
    picture::{Color, Picture},
    samples,
};
use shots::{SHOTS, Shot};
use std::path::{Path, PathBuf};

/// Where the pictures of other renderers lie among the sample files, and what their folders' and files' names hold beside
/// the names of models and renderers.
const FOLDER: &str = "reference";
const BEFORE_MODEL: &str = "khronos-";
const AFTER_RENDERER: &str = "-golden.thumb.webp";
/// Most pixels of a picture on the sheet.
const WIDEST: usize = 320;
const HIGHEST: usize = 340;
/// Pictures beside each other on the sheet of one model.
const COLUMNS: usize = 4;
/// Ours is drawn so many times larger, so that its edges are as smooth as the others'.
const FINER: usize = 3;
/// Pixels between pictures, and how large letters are.
const GAP: usize = 8;
const LETTERS: usize = 2;
const PAPER: Color = [250; 3];
const INK: Color = [20; 3];

/// A model's pictures with the renderers' names, all of one size.
struct Row {
    model: &'static str,
    pictures: Vec<(String, Picture)>,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let mut arguments = arguments.to_vec();
    let out = samples::take_out(&mut arguments, "target/reference")?;
    if let Some(unknown) = arguments.iter().find(|name| shots::find(name).is_none()) {
        return Err(Failure::new(format!(
            "there is no model `{unknown}` in shots.rs"
        )));
    }
    build_programs(&["stoa", "stoa-import"])?;
    let shared = root().join(samples::SHARED);
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for shot in SHOTS {
        let is_wished = arguments.is_empty() || arguments.iter().any(|name| name == shot.model);
        if !is_wished && !own_picture(shot, &out).is_file() {
            continue;
        }
        if !shared.join(shot.file).is_file() {
            println!("xtask: {} is not there, its row is left out", shot.file);
            continue;
        }
        let drawn = match is_wished {
            true => draw(shot, &shared, &out),
            false => Ok(()),
        };
        match drawn.and_then(|()| gather(shot, &shared, &out)) {
            Ok(row) => {
                sheet(&[&row], COLUMNS).write(&out.join(format!("{}.png", shot.model)))?;
                rows.push(row);
            }
            Err(failure) => {
                println!("xtask: {}: {failure}", shot.model);
                failed.push(shot.model);
            }
        }
    }
    let all = out.join("reference.png");
    sheet(&rows.iter().collect::<Vec<_>>(), usize::MAX).write(&all)?;
    println!("xtask: {} models on {}", rows.len(), all.display());
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("no picture of {}", failed.join(", "))))
    }
}

/// Where our picture of a model lies.
fn own_picture(shot: &Shot, out: &Path) -> PathBuf {
    out.join(format!("{}-stoa.png", shot.model))
}

/// Draws our picture of a model, with the proportions of the others.
fn draw(shot: &Shot, shared: &Path, out: &Path) -> Result<(), Failure> {
    let (width, height) = size(&others(shot, shared)?);
    let whole = format!("{}x{}", width * FINER, height * FINER);
    let mut preview = command(built("stoa-import"), &["preview", "--size", &whole]);
    preview.args(shot.flags.split_whitespace());
    preview.args([shared.join(shot.file), own_picture(shot, out)]);
    execute(preview)
}

/// Our picture of a model, and the others.
fn gather(shot: &Shot, shared: &Path, out: &Path) -> Result<Row, Failure> {
    let paths = others(shot, shared)?;
    let (width, height) = size(&paths);
    let own = Picture::read(&own_picture(shot, out), PAPER)?;
    // The others have nothing behind the model: what is behind ours shows through.
    let ground = ground(&own);
    let mut pictures = vec![("stoa".to_owned(), own.resized(width, height))];
    for path in &paths {
        let picture = Picture::read(path, ground)?.resized(width, height);
        pictures.push((renderer(path), picture));
    }
    Ok(Row {
        model: shot.model,
        pictures,
    })
}

/// What is behind the model: it may reach into a corner, but not into most of them.
fn ground(picture: &Picture) -> Color {
    let (pixels, width) = (picture.pixels(), picture.width());
    let last = pixels.len().saturating_sub(width);
    let corners = [0, width - 1, last, last + width - 1].map(|place| pixels.get(place));
    let mut corners = corners.map(|color| color.copied().unwrap_or(PAPER));
    corners.sort_unstable();
    corners[1]
}

/// The pictures of other renderers.
fn others(shot: &Shot, shared: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = format!("{BEFORE_MODEL}{}", shot.model);
    let paths = samples::entries(&shared.join(FOLDER).join(folder))?;
    let is_picture = |path: &PathBuf| path.to_string_lossy().ends_with(AFTER_RENDERER);
    Ok(paths.into_iter().filter(is_picture).collect())
}

fn renderer(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.trim_end_matches(AFTER_RENDERER).to_owned()
}

/// Width and height on the sheet: those of the first picture, within the limits.
fn size(paths: &[PathBuf]) -> (usize, usize) {
    let first = paths
        .first()
        .and_then(|path| Picture::read(path, PAPER).ok());
    let aspect = first.map_or(1.0, |first| first.width() as f32 / first.height() as f32);
    fitted(aspect)
}

fn fitted(aspect: f32) -> (usize, usize) {
    let high = (WIDEST as f32 / aspect).min(HIGHEST as f32);
    ((high * aspect).round() as usize, high.round() as usize)
}

/// Rows below each other, each with its model's name above and the renderers' names below; a row with more pictures than
/// `columns` goes on below.
fn sheet(rows: &[&Row], columns: usize) -> Picture {
    let line = letters::line_height(LETTERS);
    let size_of = |row: &Row| {
        let size = |(_, picture): &(String, Picture)| (picture.width(), picture.height());
        row.pictures.first().map_or((0, 0), size)
    };
    let column_of = |row: &Row| {
        let names = row.pictures.iter();
        let names = names.map(|(name, _)| letters::width(name, LETTERS));
        names.fold(size_of(row).0, usize::max) + GAP
    };
    let width = rows
        .iter()
        .map(|row| column_of(row) * row.pictures.len().min(columns));
    let height = rows.iter().map(|row| {
        let lines = row.pictures.len().div_ceil(columns);
        lines * (size_of(row).1 + line + GAP) + line
    });
    let (width, height) = (width.max().unwrap_or(0) + GAP, height.sum::<usize>() + GAP);
    let mut sheet = Picture::filled(width, height, PAPER);
    let mut top = GAP;
    for row in rows {
        letters::write(&mut sheet, row.model, (GAP, top), LETTERS, INK);
        top += line;
        for pictures in row.pictures.chunks(columns) {
            for (place, (name, picture)) in pictures.iter().enumerate() {
                let left = GAP + place * column_of(row);
                sheet.paste(picture, left, top);
                let below = top + picture.height() + LETTERS * 2;
                letters::write(&mut sheet, name, (left, below), LETTERS, INK);
            }
            top += size_of(row).1 + line + GAP;
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_proportions_on_the_sheet() {
        assert_eq!(fitted(1.0), (WIDEST, WIDEST));
        assert_eq!(fitted(2.0), (WIDEST, WIDEST / 2));
        assert_eq!(fitted(0.5), (HIGHEST / 2, HIGHEST));
        assert!(
            HIGHEST.max(WIDEST) * FINER <= 1024,
            "the most that a preview has"
        );
    }

    #[test]
    fn a_sheet_holds_every_picture_with_its_name() {
        let color = [200, 10, 10];
        let row = |count: usize| Row {
            model: "Box",
            pictures: vec![("stoa".to_owned(), Picture::filled(30, 20, color)); count],
        };
        for columns in [1, 2, usize::MAX] {
            let sheet = sheet(&[&row(1), &row(3)], columns);
            let count = |wished: Color| {
                let pixels = sheet.pixels().iter();
                pixels.filter(|pixel| **pixel == wished).count()
            };
            assert_eq!(count(color), 4 * 30 * 20);
            assert!(count(INK) > 0);
        }
    }

    #[test]
    fn the_ground_is_seen_beside_a_model_in_a_corner() {
        for color in [[0; 3], [255; 3]] {
            let mut picture = Picture::filled(8, 4, [90; 3]);
            picture.paste(&Picture::filled(2, 2, color), 6, 2);
            assert_eq!(ground(&picture), [90; 3]);
        }
    }

    #[test]
    fn a_renderer_is_named_by_its_file() {
        assert_eq!(
            renderer(Path::new("a/filament-golden.thumb.webp")),
            "filament"
        );
    }
}
