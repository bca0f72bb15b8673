//! Where findings go.

use super::{codes::Code, names::Names};
use crate::{
    error::Issue,
    limits::MAX_ISSUES,
    source::json::{self, Item},
};
use std::collections::HashSet;

/// Number of severities.
const SEVERITIES: usize = 4;

/// Collects findings; the same code at the same place is kept once. Where there is no room for all, severe ones take the
/// room of milder ones.
#[derive(Default)]
pub(super) struct Sink {
    /// By severity, with the order in which they came.
    kept: [Vec<(usize, Issue)>; SEVERITIES],
    next: usize,
    seen: HashSet<(&'static str, String)>,
    left_out: [usize; SEVERITIES],
    is_cut_short: bool,
    /// Names under `extensionsUsed`.
    pub(super) extensions: Vec<String>,
    /// Of the objects at which something was found.
    pub(super) names: Names,
}

impl Sink {
    /// A finding at a value.
    pub(super) fn at(&mut self, code: &Code, item: &Item<'_>) {
        if self.has_room(code) {
            self.push(code, item.pointer(), None);
        }
    }

    /// A finding at a member that may be absent.
    pub(super) fn at_member(&mut self, code: &Code, item: &Item<'_>, key: &str) {
        if self.has_room(code) {
            let key = json::escaped(key);
            self.push(code, format!("{}/{key}", item.pointer()), None);
        }
    }

    /// A finding at a byte of the container.
    pub(super) fn at_byte(&mut self, code: &Code, offset: usize) {
        if self.has_room(code) {
            self.push(code, String::new(), Some(offset as u64));
        }
    }

    /// A finding about the whole file.
    pub(super) fn whole(&mut self, code: &Code) {
        if self.has_room(code) {
            self.push(code, String::new(), None);
        }
    }

    /// Pointers of all findings that are kept.
    pub(super) fn pointers(&self) -> impl Iterator<Item = &str> {
        let kept = self.kept.iter().flatten();
        kept.map(|(_, issue)| issue.pointer.as_str())
    }

    /// Not everything was looked at.
    pub(super) fn cut_short(&mut self) {
        self.is_cut_short = true;
    }

    pub(super) fn finish(self) -> Found {
        let mut kept: Vec<_> = self.kept.into_iter().flatten().collect();
        kept.sort_by_key(|(order, _)| *order);
        Found {
            issues: kept.into_iter().map(|(_, issue)| issue).collect(),
            left_out: self.left_out,
            is_cut_short: self.is_cut_short,
            names: self.names,
        }
    }

    fn push(&mut self, code: &Code, pointer: String, offset: Option<u64>) {
        let place = offset.map_or_else(|| pointer.clone(), |offset| offset.to_string());
        if !self.seen.insert((code.name, place)) {
            return;
        }
        self.make_room();
        let issue = Issue {
            code: code.name,
            severity: code.severity,
            pointer,
            offset,
            message: code.message.to_owned(),
        };
        self.kept[usize::from(code.severity)].push((self.next, issue));
        self.next += 1;
    }

    /// False, and counted, when there is room neither for a finding nor in place of a milder one: what comes then costs nothing. Some
    /// of it may have been found before.
    fn has_room(&mut self, code: &Code) -> bool {
        let own = usize::from(code.severity);
        if self.is_full() && self.kept[own + 1..].iter().all(Vec::is_empty) {
            self.left_out[own] += 1;
            return false;
        }
        true
    }

    fn is_full(&self) -> bool {
        self.kept.iter().map(Vec::len).sum::<usize>() >= MAX_ISSUES
    }

    /// Gives up the mildest finding where there is no room for another one, and counts it.
    fn make_room(&mut self) {
        let mut milder = (0..SEVERITIES).rev();
        let milder = milder.find(|severity| !self.kept[*severity].is_empty());
        if let Some(milder) = milder.filter(|_| self.is_full()) {
            self.kept[milder].pop();
            self.left_out[milder] += 1;
        }
    }
}

/// What was found.
pub(super) struct Found {
    /// In the order in which they were found.
    pub(super) issues: Vec<Issue>,
    /// Further findings, by severity.
    pub(super) left_out: [usize; SEVERITIES],
    /// Not everything was looked at.
    pub(super) is_cut_short: bool,
    pub(super) names: Names,
}
