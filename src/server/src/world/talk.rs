//! Chat and the notice board.

use super::{PersonId, World, keeping::Pending};
use crate::store::Change;
use protocol::{
    ChatLine, Denial, Note,
    limits::{MAX_CHAT_BYTES, MAX_NOTE_BYTES, MAX_NOTES},
};
use std::time::{SystemTime, UNIX_EPOCH};

impl World {
    pub(super) fn say(&mut self, person: PersonId, request: u32, text: &str) {
        let (from, text) = match self.check_talk(person, text, MAX_CHAT_BYTES) {
            Ok((from, _, text)) => (from, text),
            Err(reason) => return self.deny(person, request, reason),
        };
        let line = ChatLine {
            id: self.next_line,
            from,
            person: Some(person),
            text,
            unix_secs: unix_secs(),
        };
        self.next_line += 1;
        // Person ids mean nothing to the next start of the server.
        let stored = ChatLine {
            person: None,
            ..line.clone()
        };
        let pending = Pending::Say {
            person,
            request,
            line,
        };
        self.submit(Change::Say(stored), pending, person, request);
    }

    pub(super) fn pin_note(&mut self, person: PersonId, request: u32, text: &str) {
        let (from, did, text) = match self.check_talk(person, text, MAX_NOTE_BYTES) {
            Ok(checked) => checked,
            Err(reason) => return self.deny(person, request, reason),
        };
        if self.notes.len() + self.pending_notes() >= MAX_NOTES {
            return self.deny(person, request, Denial::BoardFull);
        }
        let note = Note {
            id: self.next_note,
            from,
            did,
            text,
            unix_secs: unix_secs(),
        };
        self.next_note += 1;
        let pending = Pending::Pin {
            person,
            request,
            note: note.clone(),
        };
        self.submit(Change::Pin(note), pending, person, request);
    }

    pub(super) fn remove_note(&mut self, person: PersonId, request: u32, note: u64) {
        let Some(did) = self.people.get(&person).map(|known| known.did.clone()) else {
            return;
        };
        let Some(known) = self.notes.iter().find(|known| known.id == note) else {
            return self.deny(person, request, Denial::Unknown);
        };
        if known.did != did {
            return self.deny(person, request, Denial::NotYours);
        }
        let pending = Pending::Unpin {
            person,
            request,
            note,
        };
        self.submit(Change::Unpin(note), pending, person, request);
    }

    /// Name, key and text of somebody who may say it.
    fn check_talk(
        &mut self,
        person: PersonId,
        text: &str,
        limit: usize,
    ) -> Result<(String, String, String), Denial> {
        let now_secs = self.now_secs();
        let known = self.people.get_mut(&person).ok_or(Denial::Unknown)?;
        if !known.talk.take(now_secs) {
            return Err(Denial::TooFast);
        }
        let text = clean(text, limit).ok_or(Denial::Text)?;
        Ok((known.info.name.to_string(), known.did.clone(), text))
    }
}

/// A text without spaces around it; `None` when it is empty, too long, or has characters that cannot be shown.
pub(super) fn clean(text: &str, limit: usize) -> Option<String> {
    let text = text.trim();
    let is_fine = !text.is_empty()
        && text.len() <= limit
        && !text
            .chars()
            .any(|character| scene::is_unprintable(character) && character != '\n');
    is_fine.then(|| text.to_owned())
}

pub(super) fn unix_secs() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned_or_refused() {
        assert_eq!(clean("  你好 \n", 100).as_deref(), Some("你好"));
        assert_eq!(clean("two\nlines", 100).as_deref(), Some("two\nlines"));
        for bad in ["", " \n ", "bell\u{7}", "evil \u{202e}txt", "too long"] {
            assert_eq!(clean(bad, 7), None, "{bad:?}");
        }
    }
}
