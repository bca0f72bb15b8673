//! What the session says, in words that people read: who comes and goes, what was denied and why.

use super::notices::{Notice, Tone};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Said, Visit},
    motion::{Answer, Request},
    things::PlacingNews,
    ui::words::{Texts, Words, fill},
};
use bevy::prelude::*;
use protocol::{Denial, PersonId, PersonInfo, PlacedThing};
use session::SessionEvent;
use std::collections::BTreeMap;

/// Characters that are shown of a thing's title and of a name.
const MAX_TITLE: usize = 40;

/// Those whom one has been told of: who leaves is gone from the visit before it is said.
#[derive(Resource, Default)]
struct Known(BTreeMap<PersonId, Acquaintance>);

/// What is remembered of somebody.
struct Acquaintance {
    name: String,
    is_agent: bool,
}

impl From<&PersonInfo> for Acquaintance {
    fn from(person: &PersonInfo) -> Self {
        Self {
            name: person.name.to_string(),
            is_agent: person.is_agent,
        }
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Known>();
    app.add_systems(
        Update,
        (tell_events, tell_answers, tell_placing)
            .in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
    app.add_systems(OnEnter(Stage::Inside), meet);
}

/// Who is there when one comes in has not come in.
fn meet(visit: Res<Visit>, mut known: ResMut<Known>) {
    known.0 = visit
        .people
        .values()
        .map(|person| (person.person, person.into()))
        .collect();
}

fn tell_events(
    mut said: MessageReader<Said>,
    (visit, link): (Res<Visit>, Option<Res<Link>>),
    words: Res<Words>,
    mut known: ResMut<Known>,
    mut notices: MessageWriter<Notice>,
) {
    let own = visit.welcome.as_ref().map(|welcome| welcome.person);
    for Said(event) in said.read() {
        if let Some(notice) = notice_of(event, own, &mut known.0, words.0) {
            notices.write(notice);
        }
        if let SessionEvent::ThingPlaced(thing) = event {
            let is_own = link
                .as_ref()
                .is_some_and(|link| link.0.did().to_string() == thing.did);
            notices.write(notice_of_thing(thing, is_own, words.0));
        }
        if let SessionEvent::Resumed(welcome) = event {
            known.0 = welcome
                .people
                .iter()
                .map(|person| (person.person, person.into()))
                .collect();
        }
    }
}

fn calm(text: String) -> Notice {
    Notice {
        tone: Tone::Calm,
        text,
        detail: String::new(),
    }
}

/// What is worth telling of an event; `known` follows who is there. Bots wave at everybody who comes in: that is seen,
/// not told.
fn notice_of(
    event: &SessionEvent,
    own: Option<PersonId>,
    known: &mut BTreeMap<PersonId, Acquaintance>,
    words: &Texts,
) -> Option<Notice> {
    match event {
        SessionEvent::PersonChanged(person) if Some(person.person) != own => {
            let is_new = known.insert(person.person, person.into()).is_none();
            is_new.then(|| calm(fill(words.entered, &[person.name.as_str()])))
        }
        SessionEvent::PersonLeft(person) => {
            let who = known.remove(person)?;
            Some(calm(fill(words.left, &[&who.name])))
        }
        SessionEvent::Emote { person, name } if name == "wave" && Some(*person) != own => {
            let who = known.get(person).filter(|who| !who.is_agent)?;
            Some(calm(fill(words.waves, &[&who.name])))
        }
        SessionEvent::Resumed(_) => Some(Notice {
            tone: Tone::Good,
            text: words.back.to_owned(),
            detail: String::new(),
        }),
        _ => None,
    }
}

fn notice_of_thing(thing: &PlacedThing, is_own: bool, words: &Texts) -> Notice {
    let title = super::legible::one_line(&thing.title, MAX_TITLE);
    if is_own {
        return Notice {
            tone: Tone::Good,
            text: fill(words.placed, &[&title]),
            detail: String::new(),
        };
    }
    let from = super::legible::one_line(&thing.from, MAX_TITLE);
    calm(fill(words.thing_placed, &[&from, &title]))
}

/// What became of the thing that one brings.
fn tell_placing(
    mut news: MessageReader<PlacingNews>,
    words: Res<Words>,
    mut notices: MessageWriter<Notice>,
) {
    for news in news.read() {
        let (text, detail) = match news {
            PlacingNews::NotAllowed => (words.0.denied_host, String::new()),
            PlacingNews::Denied(reason) => denial(reason, words.0),
            PlacingNews::Failed(why) => {
                let why = super::legible::one_line(why, 200);
                (words.0.place_failed, why)
            }
        };
        notices.write(Notice {
            tone: Tone::Alarm,
            text: text.to_owned(),
            detail,
        });
    }
}

fn tell_answers(
    mut answers: MessageReader<Answer>,
    visit: Res<Visit>,
    words: Res<Words>,
    mut notices: MessageWriter<Notice>,
) {
    for answer in answers.read() {
        if let Some(notice) = notice_of_answer(answer, visit.lost.is_some(), words.0) {
            notices.write(notice);
        }
    }
}

fn notice_of_answer(answer: &Answer, is_lost: bool, words: &Texts) -> Option<Notice> {
    match (&answer.outcome, &answer.request) {
        (Ok(()), Request::Pin(_) | Request::TakeAway) => Some(Notice {
            tone: Tone::Good,
            text: match answer.request {
                Request::TakeAway => words.cleared,
                _ => words.noted,
            }
            .to_owned(),
            detail: String::new(),
        }),
        (Ok(()), _) => None,
        (Err(reason), request) => {
            let (text, detail) = if is_lost {
                (words.lost, String::new())
            } else {
                denial(reason, words)
            };
            let detail = match request {
                Request::Say(_) if detail.is_empty() => words.chat_kept.to_owned(),
                Request::Pin(_) if detail.is_empty() => words.note_kept.to_owned(),
                _ => detail,
            };
            Some(Notice {
                tone: Tone::Alarm,
                text: text.to_owned(),
                detail,
            })
        }
    }
}

/// Why something was denied, and the particulars where the server gives some.
pub(in crate::ui) fn denial(reason: &Denial, words: &Texts) -> (&'static str, String) {
    match reason {
        Denial::OutOfReach => (words.denied_reach, String::new()),
        Denial::Taken => (words.denied_taken, String::new()),
        Denial::NotCarryable => (words.denied_heavy, String::new()),
        Denial::Unknown => (words.denied_unknown, String::new()),
        Denial::NotYours => (words.denied_not_yours, String::new()),
        Denial::TooFast => (words.denied_fast, String::new()),
        Denial::Text => (words.denied_text, String::new()),
        Denial::BoardFull => (words.denied_board, String::new()),
        Denial::NotAllowed => (words.denied_host, String::new()),
        Denial::Occupied => (words.denied_occupied, String::new()),
        Denial::NoRoom(which) => (words.denied_room, super::legible::one_line(which, 200)),
        Denial::NoFile => (words.denied_file, String::new()),
        Denial::Storage(why) => (words.denied_disk, super::legible::one_line(why, 200)),
        Denial::Other(why) => (words.denied_other, super::legible::one_line(why, 200)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Locale;
    use protocol::{Activity, AvatarChoice, DisplayName, EntityId};

    fn person(number: u32, name: &str) -> PersonInfo {
        PersonInfo {
            person: PersonId(number),
            entity: EntityId(number),
            name: DisplayName::new(name).unwrap(),
            avatar: AvatarChoice::Shipped("mira".to_owned()),
            is_agent: false,
            activity: Activity::Standing,
            is_connected: true,
        }
    }

    fn told(event: &SessionEvent, known: &mut BTreeMap<PersonId, Acquaintance>) -> Option<String> {
        let words = Words::of(Locale::English).0;
        notice_of(event, Some(PersonId(9)), known, words).map(|notice| notice.text)
    }

    #[test]
    fn coming_in_is_told_once_and_changes_are_not() {
        let mut known = BTreeMap::new();
        let entered = SessionEvent::PersonChanged(person(1, "Ada"));
        assert_eq!(
            told(&entered, &mut known).as_deref(),
            Some("Ada has come in")
        );
        assert_eq!(told(&entered, &mut known), None);
        let left = SessionEvent::PersonLeft(PersonId(1));
        assert_eq!(told(&left, &mut known).as_deref(), Some("Ada has left"));
        assert_eq!(told(&left, &mut known), None);
    }

    #[test]
    fn waves_of_others_are_told_and_ones_own_are_not() {
        let mut bot = person(2, "Phila");
        bot.is_agent = true;
        let mut known = BTreeMap::from([
            (PersonId(1), (&person(1, "Ada")).into()),
            (PersonId(2), (&bot).into()),
        ]);
        let wave = |number, name: &str| SessionEvent::Emote {
            person: PersonId(number),
            name: name.to_owned(),
        };
        assert_eq!(
            told(&wave(1, "wave"), &mut known).as_deref(),
            Some("Ada waves")
        );
        assert_eq!(told(&wave(1, "shrug"), &mut known), None);
        assert_eq!(told(&wave(2, "wave"), &mut known), None);
        assert_eq!(told(&wave(9, "wave"), &mut known), None);
        assert_eq!(told(&wave(4, "wave"), &mut known), None);
        assert_eq!(
            told(&SessionEvent::PersonChanged(person(9, "Me")), &mut known),
            None
        );
    }

    #[test]
    fn every_denial_has_words_of_its_own() {
        let reasons = [
            Denial::OutOfReach,
            Denial::Taken,
            Denial::NotCarryable,
            Denial::Unknown,
            Denial::NotYours,
            Denial::TooFast,
            Denial::Text,
            Denial::BoardFull,
            Denial::NotAllowed,
            Denial::Occupied,
            Denial::NoRoom("at most 8".to_owned()),
            Denial::NoFile,
            Denial::Storage("no space".to_owned()),
            Denial::Other("hands full".to_owned()),
        ];
        for locale in [Locale::English, Locale::Chinese] {
            let words = Words::of(locale).0;
            let texts: std::collections::BTreeSet<_> = reasons
                .iter()
                .map(|reason| denial(reason, words).0)
                .collect();
            assert_eq!(texts.len(), reasons.len());
        }
    }

    #[test]
    fn who_wrote_is_told_that_the_text_is_kept() {
        let words = Words::of(Locale::English).0;
        let answer = Answer {
            request: Request::Say("hello".to_owned()),
            outcome: Err(Denial::TooFast),
        };
        let notice = notice_of_answer(&answer, false, words).unwrap();
        assert_eq!(
            (notice.tone, notice.detail.as_str()),
            (Tone::Alarm, words.chat_kept)
        );
        let while_lost = notice_of_answer(&answer, true, words).unwrap();
        assert_eq!(while_lost.text, words.lost);
        let done = Answer {
            outcome: Ok(()),
            ..answer
        };
        assert_eq!(notice_of_answer(&done, false, words), None);
    }
}
