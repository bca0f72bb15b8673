//! `cargo xtask reference [MODEL...] [--out FOLDER]`: our pictures of models beside those of other renderers, on sheets that
//! a person looks at: a row for each model, ours first.

mod shots;

use crate::{
    command::{Failure, build_programs, built, command, root, run as execute},
    letters,
    picture::{Color, Picture},
    samples,
};
use shots::{SHOTS, Shot};
use std::path::Path;

/// Where the pictures of other renderers lie among the sample files, and what their folders' and files' names hold beside
/// the names of models and renderers.
const FOLDER: &str = "reference";
const BEFORE_MODEL: &str = "khronos-";
const AFTER_RENDERER: &str = "-golden.thumb.webp";
/// Most pixels of a picture on the sheet.
const WIDEST: usize = 320;
const HIGHEST: usize = 360;
/// Pictures beside each other on the sheet of one model.
const COLUMNS: usize = 4;
/// Ours is drawn so many times larger, so that its edges are as smooth as the others'.
const FINER: usize = 2;
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
        if !arguments.is_empty() && !arguments.iter().any(|name| name == shot.model) {
            continue;
        }
        if !shared.join(shot.file).is_file() {
            println!("xtask: {} is not there, its row is left out", shot.file);
            continue;
        }
        match photograph(shot, &shared, &out) {
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

/// Draws our picture of a model and reads the others.
fn photograph(shot: &Shot, shared: &Path, out: &Path) -> Result<Row, Failure> {
    let folder = shared
        .join(FOLDER)
        .join(format!("{BEFORE_MODEL}{}", shot.model));
    let others = others(&folder)?;
    let aspect = others.first().map_or(1.0, |(_, picture)| {
        picture.width() as f32 / picture.height() as f32
    });
    let (width, height) = size(aspect);
    let own = out.join(format!("{}-stoa.png", shot.model));
    let (file, shown) = (shared.join(shot.file), own.to_string_lossy().into_owned());
    let whole = format!("{}x{}", width * FINER, height * FINER);
    let mut words = vec!["preview", &shown, "--size", &whole];
    words.extend(shot.flags.split_whitespace());
    let mut preview = command(built("stoa-import"), &words[..1]);
    preview.arg(file).args(&words[1..]);
    execute(preview)?;
    let own = Picture::read(&own, PAPER)?;
    // The others have nothing behind the model: what is behind ours shows through.
    let ground = own.pixels().first().copied().unwrap_or(PAPER);
    let mut pictures = vec![("stoa".to_owned(), own.resized(width, height))];
    for (path, _) in &others {
        let picture = Picture::read(path, ground)?.resized(width, height);
        pictures.push((renderer(path), picture));
    }
    Ok(Row {
        model: shot.model,
        pictures,
    })
}

/// The pictures of other renderers in a folder.
fn others(folder: &Path) -> Result<Vec<(std::path::PathBuf, Picture)>, Failure> {
    let pictures = samples::entries(folder)?.into_iter();
    let pictures = pictures.filter(|path| path.to_string_lossy().ends_with(AFTER_RENDERER));
    pictures
        .map(|path| Picture::read(&path, PAPER).map(|picture| (path, picture)))
        .collect()
}

fn renderer(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.trim_end_matches(AFTER_RENDERER).to_owned()
}

/// Width and height on the sheet.
fn size(aspect: f32) -> (usize, usize) {
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
        assert_eq!(size(1.0), (WIDEST, WIDEST));
        assert_eq!(size(2.0), (WIDEST, WIDEST / 2));
        assert_eq!(size(0.5), (HIGHEST / 2, HIGHEST));
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
    fn a_renderer_is_named_by_its_file() {
        assert_eq!(
            renderer(Path::new("a/filament-golden.thumb.webp")),
            "filament"
        );
    }
}
