//! Fonts of the system: one for every letter that people write. The search looks at names alone, within bounds.

use super::font_fallbacks;
use bevy::{
    prelude::*,
    text::{FontCx, FontSource},
};
use std::path::{Path, PathBuf};

/// Folders where systems keep fonts.
const FOLDERS: [&str; 6] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/run/host/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
];
/// Files that are looked at; a folder with more is searched no further.
const MAX_FILES: usize = 20_000;
/// Folders inside folders.
const MAX_DEPTH: usize = 6;
/// Largest font file that is read, in bytes.
const MAX_FONT_BYTES: u64 = 64 * 1024 * 1024;

/// Files with Chinese, best first: the plain weight, and a bold one where there is one.
const CHINESE: [(&str, &str); 10] = [
    ("NotoSansCJK-Regular", "NotoSansCJK-Bold"),
    ("NotoSansCJKsc-Regular", "NotoSansCJKsc-Bold"),
    ("NotoSansSC-Regular", "NotoSansSC-Bold"),
    ("SourceHanSansSC-Regular", "SourceHanSansSC-Bold"),
    ("PingFang", ""),
    ("Hiragino Sans GB", ""),
    ("msyh", "msyhbd"),
    ("wqy-microhei", ""),
    ("wqy-zenhei", ""),
    ("DroidSansFallbackFull", ""),
];
/// Files with Latin, Greek and Cyrillic, best first.
const LATIN: [(&str, &str); 9] = [
    ("Inter-Regular", "Inter-Bold"),
    ("SourceSans3-Regular", "SourceSans3-Bold"),
    ("NotoSans-Regular", "NotoSans-Bold"),
    ("segoeui", "segoeuib"),
    ("HelveticaNeue", ""),
    ("OpenSans-Regular", "OpenSans-Bold"),
    ("Roboto-Regular", "Roboto-Bold"),
    ("Ubuntu-R", "Ubuntu-B"),
    ("Cantarell-Regular", "Cantarell-Bold"),
];
/// The last resort for letters that nothing above has.
const BROAD: [(&str, &str); 3] = [
    ("DejaVuSans", "DejaVuSans-Bold"),
    ("LiberationSans-Regular", "LiberationSans-Bold"),
    ("arial", "arialbd"),
];
/// Scripts (ISO 15924) that the Chinese font draws.
const CHINESE_SCRIPTS: [&str; 5] = ["Hani", "Hira", "Kana", "Hang", "Bopo"];
/// Scripts that the broad font draws.
const BROAD_SCRIPTS: [&str; 7] = ["Latn", "Grek", "Cyrl", "Arab", "Hebr", "Armn", "Geor"];

/// The family that texts are drawn with; the engine's own font where the system has none.
#[derive(Resource, Default)]
pub(super) struct Family(Option<FontSource>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Family>()
        .add_systems(PreStartup, find)
        .add_systems(PostUpdate, give.before(bevy::ui::UiSystems::Prepare));
}

fn find(mut fonts: ResMut<FontCx>, mut family: ResMut<Family>) {
    let files = list(FOLDERS.map(Path::new).as_slice());
    let mut add = |wanted: &[(&str, &str)]| {
        wanted
            .iter()
            .find_map(|pair| register(&mut fonts, &files, *pair))
    };
    let (latin, chinese, broad) = (add(&LATIN), add(&CHINESE), add(&BROAD));
    let collection = &mut fonts.context.collection;
    for (name, scripts) in [
        (&chinese, CHINESE_SCRIPTS.as_slice()),
        (&broad, BROAD_SCRIPTS.as_slice()),
    ] {
        let Some(id) = name.as_ref().and_then(|name| collection.family_id(name)) else {
            continue;
        };
        for script in scripts.iter().filter_map(|code| code.parse().ok()) {
            let script: fontique::Script = script;
            collection.append_fallbacks(script, std::iter::once(id));
        }
    }
    let broad_family = broad.as_ref();
    let broad_family = broad_family.and_then(|name| fonts.context.collection.family_id(name));
    font_fallbacks::add(&mut fonts, &files, broad_family);
    if chinese.is_none() {
        tracing::warn!("no font with Chinese was found: install Noto Sans CJK to read Chinese");
    }
    let best = latin.or(chinese).or(broad);
    family.0 = best.map(|name| FontSource::Family(name.into()));
}

/// Puts a font and its bold face in the collection; gives the family's name.
fn register(fonts: &mut FontCx, files: &[PathBuf], (plain, bold): (&str, &str)) -> Option<String> {
    let collection = &mut fonts.context.collection;
    let mut names = Vec::new();
    for stem in [plain, bold].into_iter().filter(|stem| !stem.is_empty()) {
        let Some(bytes) = with_stem(files, stem).and_then(|file| read(file)) else {
            continue;
        };
        let found = collection.register_fonts(Font::from_bytes(bytes).data, None);
        if stem == plain {
            let ids = found.iter().map(|(id, _)| *id);
            names = ids
                .filter_map(|id| collection.family_name(id).map(str::to_owned))
                .collect();
        }
        if names.is_empty() {
            return None;
        }
    }
    names.sort_by_key(|name| preference(name));
    names.into_iter().next()
}

/// Of a collection of the Chinese, Japanese and Korean ways of writing, the simplified Chinese one comes first.
fn preference(name: &str) -> (bool, bool, String) {
    (
        name.contains("Mono"),
        !name.ends_with(" SC"),
        name.to_owned(),
    )
}

/// The first font file of a name without its ending.
pub(super) fn with_stem<'a>(files: &'a [PathBuf], stem: &str) -> Option<&'a PathBuf> {
    files.iter().find(|file| {
        let is_font = file.extension().is_some_and(|extension| {
            ["ttf", "otf", "ttc", "otc"]
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        });
        is_font && file.file_stem().is_some_and(|name| name == stem)
    })
}

fn read(file: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::metadata(file).ok()?.len();
    if bytes > MAX_FONT_BYTES {
        return None;
    }
    std::fs::read(file).ok()
}

/// Files under the folders, breadth first, within bounds.
fn list(folders: &[&Path]) -> Vec<PathBuf> {
    let mut waiting: std::collections::VecDeque<(PathBuf, usize)> = folders
        .iter()
        .map(|folder| (folder.to_path_buf(), 0))
        .collect();
    let mut files = Vec::new();
    while let Some((folder, depth)) = waiting.pop_front() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.filter_map(Result::ok) {
            if files.len() + waiting.len() >= MAX_FILES {
                return files;
            }
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder {
                files.push(entry.path());
            } else if depth < MAX_DEPTH {
                waiting.push_back((entry.path(), depth + 1));
            }
        }
    }
    files
}

/// Gives new texts the family.
fn give(family: Res<Family>, mut added: Query<&mut TextFont, Added<TextFont>>) {
    let Some(source) = &family.0 else { return };
    for mut font in &mut added {
        if font.font == FontSource::default() {
            font.font = source.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_is_bounded_in_depth_and_finds_by_stem() {
        let folder = tempfile::tempdir().unwrap();
        let mut deep = folder.path().to_path_buf();
        for level in 0..MAX_DEPTH + 3 {
            deep.push(format!("{level}"));
        }
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("TooDeep.ttf"), b"").unwrap();
        std::fs::write(folder.path().join("0/Near.TTF"), b"").unwrap();
        std::fs::write(folder.path().join("0/Near.txt"), b"").unwrap();
        let files = list(&[folder.path(), Path::new("/does/not/exist")]);
        assert!(with_stem(&files, "Near").unwrap().ends_with("0/Near.TTF"));
        assert!(with_stem(&files, "TooDeep").is_none());
    }

    #[test]
    fn of_a_collection_the_proportional_chinese_family_is_taken() {
        let mut names = [
            "Noto Sans Mono CJK SC",
            "Noto Sans CJK JP",
            "Noto Sans CJK SC",
        ];
        names.sort_by_key(|name| preference(name));
        assert_eq!(names[0], "Noto Sans CJK SC");
    }

    #[test]
    fn a_file_that_is_no_font_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Inter-Regular.ttf");
        std::fs::write(&file, b"not a font at all").unwrap();
        let mut fonts = FontCx::default();
        assert_eq!(register(&mut fonts, &[file], LATIN[0]), None);
    }
}
