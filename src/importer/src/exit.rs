//! Exit codes of all commands.

/// Everything was done that was asked for, and no file has errors.
pub(crate) const DONE: u8 = 0;
/// A report holds an error, or a file was not written.
pub(crate) const FAILED: u8 = 1;
/// No report can be made, or nothing can be told.
pub(crate) const NO_REPORT: u8 = 2;
