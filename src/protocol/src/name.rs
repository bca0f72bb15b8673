//! Display names: any script, but readable, bounded and not deceptive.

use crate::limits::{MAX_NAME_BYTES, MAX_NAME_GRAPHEMES};
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// A checked display name: NFC, trimmed, single spaces, 1 to [`MAX_NAME_GRAPHEMES`] grapheme clusters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

/// Why a text cannot be a display name. The text of each is fit to show to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing visible is left after trimming.
    #[error("the name is empty: choose at least one letter")]
    Empty,
    /// More than [`MAX_NAME_GRAPHEMES`] characters or [`MAX_NAME_BYTES`] bytes.
    #[error("the name is too long: use at most {MAX_NAME_GRAPHEMES} characters")]
    TooLong,
    /// Control, invisible or direction-changing characters.
    #[error("the name has a character that cannot be shown (U+{0:04X}): leave it out")]
    Character(u32),
}

impl DisplayName {
    /// Normalises and checks a text.
    ///
    /// # Errors
    /// [`NameError`] when the text is empty, too long or has characters that hide or reorder text.
    pub fn new(text: &str) -> Result<Self, NameError> {
        // Bounded before normalisation, which may grow a text up to threefold.
        if text.len() > 4 * MAX_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        let composed: String = text.nfc().collect();
        let words: Vec<&str> = composed.split_whitespace().collect();
        let name = words.join(" ");
        if let Some(hidden) = name.chars().find(|&character| is_hidden(character)) {
            return Err(NameError::Character(hidden as u32));
        }
        if !name
            .chars()
            .any(|character| !character.is_whitespace() && !is_joiner(character))
        {
            return Err(NameError::Empty);
        }
        if name.len() > MAX_NAME_BYTES || name.graphemes(true).count() > MAX_NAME_GRAPHEMES {
            return Err(NameError::TooLong);
        }
        Ok(Self(name))
    }

    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This name with a number, for the second person of the same name: `Ada (2)`; shortened when it would be too long.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!(" ({number})");
        let mut base: Vec<&str> = self.0.graphemes(true).collect();
        let fits = |base: &[&str]| {
            base.len() + suffix.len() <= MAX_NAME_GRAPHEMES
                && base.iter().map(|cluster| cluster.len()).sum::<usize>() + suffix.len()
                    <= MAX_NAME_BYTES
        };
        while !fits(&base) {
            base.pop();
        }
        Self(format!("{}{suffix}", base.concat().trim_end()))
    }

    /// The form in which two names count as the same: lower case, NFKC, without spaces.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0
            .nfkc()
            .flat_map(char::to_lowercase)
            .filter(|character| !character.is_whitespace())
            .collect()
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for DisplayName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(&text)
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
    }
}

/// Characters that are invisible, reorder text or are not characters at all.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character as u32,
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B | 0x200E | 0x200F
            | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0xE000..=0xF8FF | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF | 0xF0000..=0x10_FFFF)
}

/// Joiners and variation selectors: legal inside emoji and some scripts, nothing alone.
fn is_joiner(character: char) -> bool {
    matches!(character as u32, 0x200C | 0x200D | 0xFE00..=0xFE0F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_are_kept() {
        for text in ["Ada", "王小明", "Zoë", "علي", "Ωmega 7", "👩‍🚀"] {
            assert_eq!(DisplayName::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn spaces_are_folded_and_the_ends_trimmed() {
        assert_eq!(
            DisplayName::new("  Ada \u{3000} Lovelace\t")
                .unwrap()
                .as_str(),
            "Ada Lovelace"
        );
    }

    #[test]
    fn hidden_and_direction_characters_are_refused() {
        for text in ["a\u{202E}b", "a\u{200B}b", "\u{E000}", "a\u{0}b"] {
            assert!(
                matches!(DisplayName::new(text), Err(NameError::Character(_))),
                "{text:?}"
            );
        }
        for text in ["", "   ", "\u{200D}"] {
            assert_eq!(DisplayName::new(text), Err(NameError::Empty), "{text:?}");
        }
    }

    #[test]
    fn length_counts_what_a_person_sees() {
        assert!(DisplayName::new(&"明".repeat(MAX_NAME_GRAPHEMES)).is_ok());
        assert_eq!(
            DisplayName::new(&"a".repeat(MAX_NAME_GRAPHEMES + 1)),
            Err(NameError::TooLong)
        );
        assert_eq!(
            DisplayName::new(&"a".repeat(1_000_000)),
            Err(NameError::TooLong)
        );
    }

    #[test]
    fn a_numbered_name_is_a_valid_name() {
        for text in ["Ada", &"a".repeat(24), &"👩‍🚀".repeat(8)] {
            let name = DisplayName::new(text).unwrap().numbered(12);
            assert_eq!(DisplayName::new(name.as_str()).unwrap(), name);
            assert!(name.as_str().ends_with("(12)"));
        }
    }

    #[test]
    fn look_alike_spellings_fold_together() {
        let folded = |text: &str| DisplayName::new(text).unwrap().folded();
        assert_eq!(folded("Ada L"), folded("ADAl"));
        assert_eq!(folded("Ａda"), folded("ada"));
    }
}
