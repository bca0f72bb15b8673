//! Fonts of the system for the scripts, signs and emoji that the chosen family lacks, looked for by name. They are mapped,
//! not read: only what a text needs comes into memory.

use bevy::text::FontCx;
use fontique::{FamilyId, GenericFamily, Script};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Scripts (ISO 15924) and the files that draw them, best first: those of free systems, of Windows, of macOS.
const SCRIPTS: [(&str, &[&str]); 21] = [
    ("Arab", &["NotoSansArabic", "NotoNaskhArabic", "GeezaPro"]),
    ("Hebr", &["NotoSansHebrew", "ArialHB"]),
    ("Armn", &["NotoSansArmenian", "sylfaen"]),
    ("Geor", &["NotoSansGeorgian", "sylfaen"]),
    ("Thai", &["NotoSansThai", "leelawui", "Thonburi"]),
    ("Laoo", &["NotoSansLao", "leelawui", "Lao Sangam MN"]),
    ("Khmr", &["NotoSansKhmer", "leelawui", "Khmer Sangam MN"]),
    ("Mymr", &["NotoSansMyanmar", "mmrtext"]),
    ("Deva", &["NotoSansDevanagari", "Nirmala", "Kohinoor"]),
    ("Beng", &["NotoSansBengali", "Nirmala", "KohinoorBangla"]),
    ("Guru", &["NotoSansGurmukhi", "Nirmala", "MuktaMahee"]),
    ("Gujr", &["NotoSansGujarati", "Nirmala", "KohinoorGujarati"]),
    ("Orya", &["NotoSansOriya", "Nirmala", "Oriya Sangam MN"]),
    ("Taml", &["NotoSansTamil", "Nirmala", "Tamil Sangam MN"]),
    ("Telu", &["NotoSansTelugu", "Nirmala", "KohinoorTelugu"]),
    ("Knda", &["NotoSansKannada", "Nirmala"]),
    (
        "Mlym",
        &["NotoSansMalayalam", "Nirmala", "Malayalam Sangam MN"],
    ),
    ("Sinh", &["NotoSansSinhala", "Nirmala", "Sinhala Sangam MN"]),
    ("Tibt", &["NotoSerifTibetan", "himalaya", "Kailasa"]),
    ("Ethi", &["NotoSansEthiopic", "ebrima", "Kefa"]),
    // Signs count as of the script around them.
    ("Latn", &["NotoSansSymbols2", "seguisym", "Apple Symbols"]),
];
/// Files with emoji, best first. Noto Color Emoji is left out: it holds bitmaps and no outlines, joiners and selectors have
/// no bitmap, and one glyph without a picture makes the engine drop the whole text.
const EMOJI: [&str; 5] = [
    "seguiemj",
    "Apple Color Emoji",
    "TwemojiMozilla",
    "NotoEmoji",
    "Symbola",
];
/// How the same file is named where a font is cut into weights, and where it is not.
const ENDINGS: [&str; 4] = ["", "-Regular", "[wght]", "[wdth,wght]"];

/// Lets texts fall back on what the system has; some emoji are in `broad` as well, in one colour.
pub(super) fn add(fonts: &mut FontCx, files: &[PathBuf], broad: Option<FamilyId>) {
    let mut known = BTreeMap::new();
    let mut first = |fonts: &mut FontCx, stems: &[&'static str]| {
        stems.iter().find_map(|stem| {
            *known
                .entry(*stem)
                .or_insert_with(|| map(fonts, files, stem))
        })
    };
    for (code, stems) in SCRIPTS {
        if let (Some(family), Ok(script)) = (first(fonts, stems), code.parse::<Script>()) {
            let collection = &mut fonts.context.collection;
            collection.append_fallbacks(script, std::iter::once(family));
        }
    }
    let emoji = first(fonts, &EMOJI).into_iter().chain(broad);
    let collection = &mut fonts.context.collection;
    collection.append_generic_families(GenericFamily::Emoji, emoji);
}

/// The family in a file; nothing when the system does not have it or it is no font.
fn map(fonts: &mut FontCx, files: &[PathBuf], stem: &str) -> Option<FamilyId> {
    let file = ENDINGS
        .iter()
        .find_map(|ending| super::font::with_stem(files, &format!("{stem}{ending}")))?;
    let before = family_names(fonts);
    let collection = &mut fonts.context.collection;
    collection.load_fonts_from_paths([file as &Path]);
    let after = family_names(fonts);
    let name = after.difference(&before).next()?;
    fonts.context.collection.family_id(name)
}

fn family_names(fonts: &mut FontCx) -> BTreeSet<String> {
    let collection = &mut fonts.context.collection;
    collection.family_names().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::text::DEFAULT_FONT_DATA;

    #[test]
    fn a_script_and_emoji_fall_back_on_fonts_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let file = folder.path().join(name);
            std::fs::write(&file, bytes).unwrap();
            file
        };
        let files = [
            put("NotoEmoji-Regular.ttf", b"not a font at all"),
            put("NotoSansThai[wght].ttf", DEFAULT_FONT_DATA),
        ];
        let mut fonts = FontCx::default();
        add(&mut fonts, &files, None);
        let collection = &mut fonts.context.collection;
        let mut families = |code: &str| {
            let script: Script = code.parse().unwrap();
            collection.fallback_families(script).count()
        };
        assert_eq!((families("Thai"), families("Laoo")), (1, 0));
        assert_eq!(collection.generic_families(GenericFamily::Emoji).count(), 0);

        let emoji = put("seguiemj.ttf", DEFAULT_FONT_DATA);
        let mut fonts = FontCx::default();
        add(&mut fonts, &[emoji], None);
        let collection = &mut fonts.context.collection;
        assert_eq!(collection.generic_families(GenericFamily::Emoji).count(), 1);
    }
}
