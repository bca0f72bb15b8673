//! What can be wrong with a file: one readable line that names the fault, its place and the file.

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
            fault: fault.into(),
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

/// What a file says, without the control characters with which it could speak to a terminal: they are shown as `\u{1b}`.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
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
            message: message.into(),
        }
    }
}
