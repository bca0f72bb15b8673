//! What the report says of a file of another format: what it was, what the converter guessed and left out, and what became of
//! the last save.

use super::{Again, Converted};
use crate::ui::{
    inside::legible::{self, one_line},
    studio::{
        parts::soft,
        report::{Room, sentence},
    },
    theme,
    words::{Texts, fill},
};
use bevy::prelude::*;

/// Most letters of a note, and most notes.
const MAX_NOTE: usize = 130;
const MAX_NOTES: usize = 4;
/// Most of the room that notes take.
const MAX_SHARE: f32 = 0.25;
/// Lines of its head, with the gap around it.
const HEAD_LINES: f32 = 1.8;
/// Most letters of a format.
const MAX_FORMAT: usize = 8;

/// Lines for the report.
#[derive(Debug, PartialEq)]
pub(in crate::ui::studio) struct Origin {
    /// What it was.
    head: String,
    notes: Vec<String>,
    /// How many notes more there are.
    more: Option<String>,
    /// What is being done, or could not be done, about the last save.
    news: Option<(String, Tone)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Soft,
    Alarm,
}

impl Origin {
    pub(in crate::ui::studio) fn of(
        converted: &Converted,
        again: &Again,
        room: Room,
        words: &Texts,
    ) -> Self {
        let format = converted.source().extension().unwrap_or_default();
        let format = one_line(&format.to_string_lossy().to_uppercase(), MAX_FORMAT);
        let mut left = room.lines * MAX_SHARE;
        let mut notes = Vec::new();
        for note in again.notes.iter().take(MAX_NOTES) {
            let note = sentence(&one_line(note, MAX_NOTE));
            left -= room.lines_of(&note);
            if left < 0.0 && !notes.is_empty() {
                break;
            }
            notes.push(note);
        }
        let more = again.notes.len() - notes.len();
        let more = (more > 0).then(|| fill(words.studio_more_notes, &[&more.to_string()]));
        let news = match &again.fault {
            _ if again.is_converting() => {
                Some((words.studio_converting_again.to_owned(), Tone::Soft))
            }
            Some(fault) => {
                let line = one_line(&fault.particulars(), MAX_NOTE);
                Some((fill(words.studio_unconverted, &[&line]), Tone::Alarm))
            }
            None => None,
        };
        Self {
            head: fill(words.studio_converted, &[&format]),
            notes,
            more,
            news,
        }
    }

    /// About how many lines it takes.
    pub(in crate::ui::studio) fn lines(&self, room: Room) -> f32 {
        let news = self.news.as_ref().map(|(line, _)| line);
        let lines = self.notes.iter().chain(&self.more).chain(news);
        HEAD_LINES + lines.map(|line| room.lines_of(line)).sum::<f32>()
    }

    pub(in crate::ui::studio) fn spawn(self, panel: &mut ChildSpawnerCommands) {
        panel
            .spawn(Node {
                flex_direction: FlexDirection::Column,
                row_gap: px(3),
                ..default()
            })
            .with_children(|list| {
                list.spawn(legible::strong(self.head, theme::SMALL, theme::TEXT));
                for line in self.notes.into_iter().chain(self.more) {
                    list.spawn(soft(line));
                }
                if let Some((line, tone)) = self.news {
                    let color = match tone {
                        Tone::Soft => theme::ACCENT,
                        Tone::Alarm => theme::ALARM_TEXT,
                    };
                    list.spawn((
                        legible::text(line, theme::SMALL, color),
                        TextLayout::linebreak(LineBreak::WordOrCharacter),
                    ));
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Locale, studio::conversion::ConversionError, words::Words};

    const ROOM: Room = Room {
        lines: 40.0,
        letters: 50.0,
    };

    fn origin(again: &Again, locale: Locale) -> Origin {
        let converted = Converted::sample("dir/chair.obj");
        Origin::of(&converted, again, ROOM, Words::of(locale).0)
    }

    #[test]
    fn it_says_what_the_file_was_and_what_was_made_of_it() {
        let mut again = Again::default();
        let plain = origin(&again, Locale::English);
        assert_eq!(plain.head, "Converted from OBJ");
        assert!(plain.notes.is_empty() && plain.more.is_none() && plain.news.is_none());
        assert!(origin(&again, Locale::Chinese).head.contains("OBJ"));
        again.notes = vec!["its curves\nare left out".to_owned(); 9];
        let told = origin(&again, Locale::English);
        assert_eq!(told.notes.len(), MAX_NOTES);
        assert_eq!(told.notes[0], "Its curves are left out");
        assert!(told.more.as_ref().is_some_and(|more| more.contains('5')));
        assert!(told.lines(ROOM) >= 6.0);
    }

    #[test]
    fn a_save_that_is_not_converted_is_told_with_what_one_sees() {
        for fault in [
            ConversionError::Late,
            ConversionError::Refused("it is empty".to_owned()),
        ] {
            let mut again = Again::default();
            again.fault = Some(fault.clone());
            let (line, tone) = origin(&again, Locale::English).news.unwrap();
            assert!(line.contains("as it was before"));
            assert!(line.contains(&fault.particulars()), "{line}");
            assert_eq!(tone, Tone::Alarm);
        }
    }
}
