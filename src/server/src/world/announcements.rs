//! Who came, changed and left, to be told to everybody: several together, and so many at a time that nobody's queue
//! overflows when a crowd comes or goes.

use network::Frame;
use protocol::{PersonId, limits::MAX_OUTGOING_QUEUE};
use std::collections::VecDeque;

/// Most that is told in one round: then a queue has room for what else is said.
const MAX_AT_ONCE: usize = 128;
const _: () = assert!(4 * MAX_AT_ONCE <= MAX_OUTGOING_QUEUE);

/// News of one person.
pub(super) struct Announcement {
    /// Whom it is about.
    pub(super) person: PersonId,
    /// Who need not be told.
    pub(super) but: Option<PersonId>,
    pub(super) frame: Frame,
}

/// News that wait, the oldest first; at most one of each person.
#[derive(Default)]
pub(super) struct Announcements(VecDeque<Announcement>);

impl Announcements {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds news, in the place of what was to be said of the same person before: who changes all the time is told of too.
    pub(super) fn push(&mut self, news: Announcement) {
        match self.0.iter_mut().find(|older| older.person == news.person) {
            Some(older) => {
                if older.but != news.but {
                    older.but = None;
                }
                older.frame = news.frame;
            }
            None => self.0.push_back(news),
        }
    }

    /// What is to be told in this round.
    pub(super) fn next_round(&mut self) -> Vec<Announcement> {
        let count = self.0.len().min(MAX_AT_ONCE);
        self.0.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ServerMessage;

    fn news(person: u32, but: Option<u32>) -> Announcement {
        let message = ServerMessage::PersonLeft(PersonId(person));
        Announcement {
            person: PersonId(person),
            but: but.map(PersonId),
            frame: Frame::new(&message, 100).unwrap(),
        }
    }

    #[test]
    fn a_crowd_is_told_in_rounds_and_each_person_once() {
        let mut announcements = Announcements::default();
        for _again in 0..3 {
            for person in 0..1_000 {
                announcements.push(news(person, Some(person)));
            }
        }
        let mut told = Vec::new();
        while !announcements.is_empty() {
            let round = announcements.next_round();
            assert!(round.len() <= MAX_AT_ONCE);
            told.extend(round.iter().map(|news| news.person.0));
        }
        assert_eq!(told, (0..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn who_changes_all_the_time_keeps_their_place() {
        let mut announcements = Announcements::default();
        for person in 0..200 {
            announcements.push(news(person, None));
        }
        announcements.push(news(0, None));
        assert_eq!(announcements.next_round()[0].person, PersonId(0));
    }

    #[test]
    fn news_for_everybody_are_not_kept_from_anybody_by_later_ones() {
        let mut announcements = Announcements::default();
        announcements.push(news(1, None));
        announcements.push(news(1, Some(1)));
        assert_eq!(announcements.next_round()[0].but, None);
    }
}
