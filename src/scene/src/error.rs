//! What can be wrong with a file: one readable line that names the fault, its place and the file.

use crate::limits::{MAX_TOLD_BYTES, MAX_WARNINGS};
use std::fmt;

/// Why a file was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneError {
    /// File name as the person gave it; empty when the bytes came from elsewhere.
    pub file: String,
    /// What kind of fault it is.
    pub kind: ErrorKind,
    /// JSON pointer or byte offset; empty when the whole file is meant.
    pub place: String,
    /// The fault, in words.
    pub fault: String,
}

/// Kinds of fault, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A file cannot be opened or read.
    Unreadable,
    /// The bytes are not glTF, GLB or JSON.
    NotGltf,
    /// The file breaks a rule of its format.
    Invalid,
    /// The file requires an extension that is not read.
    RequiredExtension,
    /// The file is over a named limit.
    OverLimit,
    /// The file names something outside of its folder.
    Outside,
    /// The file names another one with letters that mean something else in addresses or on other systems.
    FileName,
    /// The file names others, and for its purpose it must be whole.
    SideFiles,
    /// There is no avatar in the file of one.
    NoAvatar,
    /// It cannot be placed: it shows nothing, or is somebody's body.
    NoProp,
}

impl SceneError {
    pub(crate) fn new(kind: ErrorKind, place: impl Into<String>, fault: impl Into<String>) -> Self {
        Self {
            file: String::new(),
            kind,
            place: place.into(),
            fault: told(fault.into()),
        }
    }

    pub(crate) fn in_file(mut self, file: &str) -> Self {
        if self.file.is_empty() {
            file.clone_into(&mut self.file);
        }
        self
    }
}

impl fmt::Display for SceneError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(formatter, "{}: ", printable(&self.file))?;
        }
        if !self.place.is_empty() {
            write!(formatter, "{}: ", printable(&self.place))?;
        }
        formatter.write_str(&printable(&self.fault))
    }
}

impl std::error::Error for SceneError {}

/// One line that is no longer than it may be, whatever a file had it repeat.
fn told(mut text: String) -> String {
    if text.len() > MAX_TOLD_BYTES {
        let end = text.floor_char_boundary(MAX_TOLD_BYTES);
        text.truncate(end);
        text.push_str("...");
        text.shrink_to_fit();
    }
    match text.contains(['\n', '\r']) {
        true => text.replace(['\n', '\r'], " "),
        false => text,
    }
}

/// Characters that a terminal or a line obeys instead of showing them: control characters, and those that turn the direction of
/// what follows, so that it reads as something else (Unicode's property `Bidi_Control`).
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

/// What a file says, without characters with which it could speak to a terminal or turn a line round: they are shown as
/// `\u{1b}`.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unprintable(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Something worth telling that does not refuse the file; shaped after the reports of the Khronos validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Code; those that begin with `STOA_` are ours.
    pub code: &'static str,
    /// 0 error, 1 warning, 2 information, 3 hint.
    pub severity: u8,
    /// JSON pointer; empty when the whole file or a byte is meant.
    pub pointer: String,
    /// Byte of the container, for faults of the container.
    pub offset: Option<u64>,
    /// In words.
    pub message: String,
}

impl Issue {
    pub(crate) fn warning(
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: 1,
            pointer: pointer.into(),
            offset: None,
            message: told(message.into()),
        }
    }
}

/// What is worth telling of one file, as much as is kept: every value of a large file may give cause for it.
#[derive(Debug, Default)]
pub(crate) struct Issues(Vec<Issue>);

impl Issues {
    /// Keeps one, unless there are as many as are kept.
    pub(crate) fn push(&mut self, issue: Issue) {
        if self.0.len() < MAX_WARNINGS {
            self.0.push(issue);
        }
    }
}

impl Extend<Issue> for Issues {
    fn extend<I: IntoIterator<Item = Issue>>(&mut self, issues: I) {
        let left = MAX_WARNINGS.saturating_sub(self.0.len());
        self.0.extend(issues.into_iter().take(left));
    }
}

impl FromIterator<Issue> for Issues {
    fn from_iter<I: IntoIterator<Item = Issue>>(issues: I) -> Self {
        let mut kept = Self::default();
        kept.extend(issues);
        kept
    }
}

impl From<Issues> for Vec<Issue> {
    fn from(issues: Issues) -> Self {
        issues.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_printed_speaks_to_a_terminal_or_turns_a_line_round() {
        let hostile = "a\u{1b}[2J\u{061C}\u{200E}\u{200F}\u{202A}\u{202E}\u{2066}\u{2069}b";
        let shown = printable(hostile);
        assert!(shown.is_ascii(), "{shown}");
        assert!(shown.starts_with("a\\u{1b}[2J\\u{61c}\\u{200e}") && shown.ends_with("\\u{2069}b"));
        // Letters that are read from right to left, and joiners, are what they are.
        let fine = "\u{5d0}\u{200d}\u{4e00}";
        assert_eq!(printable(fine), fine);
    }

    #[test]
    fn what_is_told_is_one_line_of_a_bounded_length() {
        let hostile = format!("a\nb{}", "ä".repeat(10_000_000));
        let error = SceneError::new(ErrorKind::Invalid, "", hostile.clone());
        let issue = Issue::warning("STOA_TEST", "", hostile);
        assert_eq!(error.fault, issue.message);
        assert!(error.fault.starts_with("a bä") && error.fault.ends_with("ä..."));
        assert!(error.fault.len() <= MAX_TOLD_BYTES + 3);
    }

    #[test]
    fn no_more_issues_are_kept_than_may_be() {
        let issue = Issue::warning("STOA_TEST", "", "");
        let mut issues = Issues::from_iter(vec![issue.clone(); MAX_WARNINGS - 1]);
        for _ in 0..3 {
            issues.push(issue.clone());
        }
        issues.extend(vec![issue; 3]);
        assert_eq!(Vec::from(issues).len(), MAX_WARNINGS);
    }
}
