//! What a person asked for, and what the server has said to it.

use bots::Participant;
use protocol::{Denial, EntityId, Welcome};
use std::collections::{BTreeMap, BTreeSet};

/// One request.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    Line(String),
    Note(String),
    NoNote(String),
    Hold(EntityId),
    LetGo,
}

/// What one person knows to be kept, and what may be.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    lines: BTreeSet<String>,
    notes: BTreeSet<String>,
    holding: Option<EntityId>,
    /// Without an answer, by number.
    asked: BTreeMap<u32, Asked>,
}

impl Ledger {
    /// Notes a request.
    pub(super) fn ask(&mut self, request: u32, asked: Asked) {
        self.asked.insert(request, asked);
    }

    /// Takes the server's answers in; gives how many were a yes.
    pub(super) fn take_answers(&mut self, person: &mut Participant) -> usize {
        let done = std::mem::take(&mut person.done);
        for request in &done {
            let asked = self.asked.remove(request);
            self.keep(asked.expect("an answer to nothing"));
        }
        for (request, reason) in std::mem::take(&mut person.denied) {
            assert!(!matches!(reason, Denial::Storage(_)), "{reason}");
            self.asked.remove(&request);
        }
        done.len()
    }

    fn keep(&mut self, asked: Asked) {
        match asked {
            Asked::Line(text) => drop(self.lines.insert(text)),
            Asked::Note(text) => drop(self.notes.insert(text)),
            Asked::NoNote(text) => drop(self.notes.remove(&text)),
            Asked::Hold(body) => self.holding = Some(body),
            Asked::LetGo => self.holding = None,
        }
    }

    /// Anything without an answer about what is in the hand.
    pub(super) fn is_hand_asked(&self) -> bool {
        let mut asked = self.asked.values();
        asked.any(|asked| matches!(asked, Asked::Hold(_) | Asked::LetGo))
    }

    pub(super) const fn holding(&self) -> Option<EntityId> {
        self.holding
    }

    /// A note that is surely there.
    pub(super) fn a_note(&self) -> Option<&String> {
        let is_asked = |text: &String| {
            let mut asked = self.asked.values();
            asked.any(|asked| matches!(asked, Asked::NoNote(other) if other == text))
        };
        self.notes.iter().find(|text| !is_asked(text))
    }

    /// Compares with what a new start of the server tells; what was unanswered is settled by it. Gives how much that
    /// was.
    pub(super) fn compare(&mut self, name: &str, welcome: &Welcome) -> usize {
        let (mut maybe_lines, mut maybe_notes) = (BTreeSet::new(), BTreeSet::new());
        let mut hands = BTreeSet::from([self.holding]);
        let asked = std::mem::take(&mut self.asked);
        let unanswered = asked.len();
        for asked in asked.into_values() {
            match asked {
                Asked::Line(text) => drop(maybe_lines.insert(text)),
                Asked::Note(text) | Asked::NoNote(text) => drop(maybe_notes.insert(text)),
                Asked::Hold(body) => drop(hands.insert(Some(body))),
                Asked::LetGo => drop(hands.insert(None)),
            }
        }
        let chat = welcome.chat.iter().filter(|line| line.from == name);
        let chat = chat.map(|line| line.text.clone());
        self.lines = settled("chat lines", &self.lines, &maybe_lines, chat);
        let notes = welcome.notes.iter().filter(|note| note.from == name);
        let notes = notes.map(|note| note.text.clone());
        self.notes = settled("notes", &self.notes, &maybe_notes, notes);
        assert!(
            hands.contains(&welcome.holding),
            "{name} holds {:?} and not one of {hands:?}",
            welcome.holding
        );
        self.holding = welcome.holding;
        unanswered
    }
}

/// What is there now; all that is certain must be, nothing that is neither certain nor possible, and nothing twice.
fn settled(
    what: &str,
    certain: &BTreeSet<String>,
    maybe: &BTreeSet<String>,
    told: impl Iterator<Item = String>,
) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    for text in told {
        assert!(
            certain.contains(&text) || maybe.contains(&text),
            "{what}: `{text}` comes from nowhere"
        );
        assert!(
            there.insert(text.clone()),
            "{what}: `{text}` is there twice"
        );
    }
    for text in certain.difference(maybe) {
        assert!(
            there.contains(text),
            "{what}: `{text}` was acknowledged and is gone"
        );
    }
    there
}
