//! Where findings go.

use super::codes::Code;
use crate::{error::Issue, limits::MAX_ISSUES, source::json::Item};
use std::collections::HashSet;

/// Collects findings; the same code at the same place is kept once.
#[derive(Default)]
pub(super) struct Sink {
    issues: Vec<Issue>,
    seen: HashSet<(&'static str, String)>,
    is_truncated: bool,
    /// Names under `extensionsUsed`.
    pub(super) extensions: Vec<String>,
}

impl Sink {
    /// A finding at a value.
    pub(super) fn at(&mut self, code: &Code, item: &Item<'_>) {
        self.push(code, item.pointer(), None);
    }

    /// A finding at a member that may be absent.
    pub(super) fn at_member(&mut self, code: &Code, item: &Item<'_>, key: &str) {
        let key = key.replace('~', "~0").replace('/', "~1");
        self.push(code, format!("{}/{key}", item.pointer()), None);
    }

    /// A finding at a byte of the container.
    pub(super) fn at_byte(&mut self, code: &Code, offset: usize) {
        self.push(code, String::new(), Some(offset as u64));
    }

    /// A finding about the whole file.
    pub(super) fn whole(&mut self, code: &Code) {
        self.push(code, String::new(), None);
    }

    /// Not everything was looked at.
    pub(super) fn cut_short(&mut self) {
        self.is_truncated = true;
    }

    pub(super) fn finish(self) -> (Vec<Issue>, bool) {
        (self.issues, self.is_truncated)
    }

    fn push(&mut self, code: &Code, pointer: String, offset: Option<u64>) {
        let place = offset.map_or_else(|| pointer.clone(), |offset| offset.to_string());
        if self.issues.len() >= MAX_ISSUES {
            self.is_truncated = true;
        } else if self.seen.insert((code.name, place)) {
            self.issues.push(Issue {
                code: code.name,
                severity: code.severity,
                pointer,
                offset,
                message: code.advice.to_owned(),
            });
        }
    }
}
