//! What a server may say: the limits of the protocol, for a client that a server would fill.

use protocol::limits::{
    MAX_BODIES, MAX_CAPACITY, MAX_CHAT_BYTES, MAX_CHAT_HISTORY, MAX_EMOTE_BYTES, MAX_NAME_BYTES,
    MAX_NOTE_BYTES, MAX_NOTES, MAX_THING_BYTES, MAX_THING_COORDINATE_METRES, MAX_THING_TITLE_BYTES,
    MAX_THINGS, MAX_TICK,
};
use protocol::{
    AvatarChoice, ChatLine, Denial, Note, PersonId, PersonInfo, PlacedThing, ServerMessage, Welcome,
};
use std::collections::BTreeSet;

/// Longest reason, key or name of an avatar, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// Whom and what a server has told of, so that it does not tell of ever more.
#[derive(Debug)]
pub(crate) struct Told {
    people: BTreeSet<PersonId>,
    notes: BTreeSet<u64>,
    things: BTreeSet<u64>,
}

impl Told {
    /// After a welcome that [`check`] has let pass.
    pub(crate) fn of(welcome: &Welcome) -> Self {
        let people = welcome.people.iter().map(|info| info.person);
        Self {
            people: people.chain([welcome.person]).collect(),
            notes: welcome.notes.iter().map(|note| note.id).collect(),
            things: welcome.things.iter().map(|thing| thing.thing).collect(),
        }
    }

    /// Takes note of a message; false for one to be dropped: it says nothing new, or breaks a limit.
    pub(crate) fn take(&mut self, message: &ServerMessage) -> bool {
        match message {
            ServerMessage::PersonChanged(info) => {
                let has_room =
                    self.people.contains(&info.person) || self.people.len() < MAX_CAPACITY;
                let is_told = has_room && is_person(info);
                if is_told {
                    self.people.insert(info.person);
                }
                is_told
            }
            ServerMessage::PersonLeft(person) => self.people.remove(person),
            ServerMessage::NotePinned(note) => {
                let is_told = self.notes.len() < MAX_NOTES && is_note(note);
                is_told && self.notes.insert(note.id)
            }
            ServerMessage::NoteRemoved(id) => self.notes.remove(id),
            ServerMessage::ThingPlaced(thing) => {
                let is_told = self.things.len() < MAX_THINGS && is_thing(thing);
                is_told && self.things.insert(thing.thing)
            }
            ServerMessage::ThingTakenAway(id) => self.things.remove(id),
            ServerMessage::Chat(line) => is_line(line),
            ServerMessage::Emote { name, .. } => name.len() <= MAX_EMOTE_BYTES,
            ServerMessage::Denied { reason, .. } => is_reason(reason),
            ServerMessage::Closing { reason } => reason.len() <= MAX_TEXT_BYTES,
            ServerMessage::Thrown { tick, .. } => *tick <= MAX_TICK,
            ServerMessage::Challenge { .. }
            | ServerMessage::Refused(_)
            | ServerMessage::Welcome(_)
            | ServerMessage::Done { .. }
            | ServerMessage::Holding(_)
            | ServerMessage::Sitting(_)
            | ServerMessage::Statistics { .. }
            | ServerMessage::Replaced => true,
        }
    }
}

/// Checks what a server says at the entry.
///
/// # Errors
/// One line about the first thing that no honest server says.
pub(crate) fn check(welcome: &Welcome) -> Result<(), &'static str> {
    let rules = [
        (welcome.tick <= MAX_TICK, "its clock is absurd"),
        (welcome.people.len() < MAX_CAPACITY, "too many people"),
        (welcome.bodies.len() <= MAX_BODIES, "too many bodies"),
        (welcome.chat.len() <= MAX_CHAT_HISTORY, "too much chat"),
        (welcome.notes.len() <= MAX_NOTES, "too many notes"),
        (welcome.people.iter().all(is_person), "an absurd person"),
        (welcome.chat.iter().all(is_line), "an absurd chat line"),
        (welcome.notes.iter().all(is_note), "an absurd note"),
        (welcome.things.len() <= MAX_THINGS, "too many things"),
        (welcome.things.iter().all(is_thing), "an absurd thing"),
    ];
    match rules.iter().find(|(is_kept, _)| !is_kept) {
        Some((_, fault)) => Err(fault),
        None => Ok(()),
    }
}

fn is_person(info: &PersonInfo) -> bool {
    match &info.avatar {
        AvatarChoice::Shipped(name) => name.len() <= MAX_TEXT_BYTES,
        AvatarChoice::File { .. } => true,
    }
}

fn is_line(line: &ChatLine) -> bool {
    line.from.len() <= MAX_NAME_BYTES && line.text.len() <= MAX_CHAT_BYTES
}

fn is_note(note: &Note) -> bool {
    note.from.len() <= MAX_NAME_BYTES
        && note.did.len() <= MAX_TEXT_BYTES
        && note.text.len() <= MAX_NOTE_BYTES
}

fn is_thing(thing: &PlacedThing) -> bool {
    (1..=MAX_THING_BYTES).contains(&thing.bytes)
        && thing.title.len() <= MAX_THING_TITLE_BYTES
        && thing.from.len() <= MAX_NAME_BYTES
        && thing.did.len() <= MAX_TEXT_BYTES
        && thing.yaw.is_finite()
        && (thing.position.iter()).all(|at| at.abs() <= MAX_THING_COORDINATE_METRES)
}

fn is_reason(reason: &Denial) -> bool {
    match reason {
        Denial::Storage(text) | Denial::NoRoom(text) | Denial::Other(text) => {
            text.len() <= MAX_TEXT_BYTES
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{DisplayName, EntityId, WorldInfo};

    fn person(id: u32) -> PersonInfo {
        PersonInfo {
            person: PersonId(id),
            entity: EntityId(id),
            name: DisplayName::new("Ada").unwrap(),
            avatar: AvatarChoice::Shipped("mira".to_owned()),
            is_agent: false,
            activity: protocol::Activity::Standing,
            is_connected: true,
        }
    }

    fn note(id: u64, length: usize) -> Note {
        Note {
            id,
            from: "Ada".to_owned(),
            did: String::new(),
            text: "x".repeat(length),
            unix_secs: 0,
        }
    }

    fn thing(id: u64) -> PlacedThing {
        PlacedThing {
            thing: id,
            hash: protocol::ContentHash([1; 32]),
            bytes: 100,
            title: "Lamp".to_owned(),
            from: "Ada".to_owned(),
            did: String::new(),
            position: [0.0; 3],
            yaw: 0.0,
            unix_secs: 0,
        }
    }

    fn welcome() -> Welcome {
        Welcome {
            person: PersonId(0),
            entity: EntityId(0),
            name: DisplayName::new("Bo").unwrap(),
            is_resumed: false,
            tick: 1,
            position: [0.0; 3],
            yaw: 0.0,
            world: WorldInfo {
                id: String::new(),
                title: String::new(),
                capacity: 8,
                main_file: String::new(),
                files: Vec::new(),
            },
            people: vec![person(1)],
            bodies: Vec::new(),
            seats: Vec::new(),
            chat: Vec::new(),
            notes: vec![note(1, 10)],
            holding: None,
            things: vec![thing(1)],
            rights: protocol::Rights::default(),
        }
    }

    #[test]
    fn a_welcome_beyond_the_limits_is_refused() {
        assert_eq!(check(&welcome()), Ok(()));
        let breaks: [fn(&mut Welcome); 10] = [
            |welcome| welcome.tick = u64::MAX,
            |welcome| welcome.people = (0..MAX_CAPACITY as u32).map(person).collect(),
            |welcome| welcome.notes = (0..=MAX_NOTES as u64).map(|id| note(id, 1)).collect(),
            |welcome| welcome.notes = vec![note(1, MAX_NOTE_BYTES + 1)],
            |welcome| welcome.things = (0..=MAX_THINGS as u64).map(thing).collect(),
            |welcome| welcome.things[0].bytes = MAX_THING_BYTES + 1,
            |welcome| welcome.things[0].title = "x".repeat(MAX_THING_TITLE_BYTES + 1),
            |welcome| welcome.things[0].position[1] = f32::NAN,
            |welcome| welcome.things[0].position[1] = f32::MAX,
            |welcome| welcome.things[0].yaw = f32::INFINITY,
        ];
        for break_one in breaks {
            let mut welcome = welcome();
            break_one(&mut welcome);
            assert!(check(&welcome).is_err());
        }
    }

    #[test]
    fn a_server_that_tells_of_ever_more_is_not_listened_to() {
        let mut told = Told::of(&welcome());
        let taken = |told: &mut Told, message| u32::from(told.take(&message));
        let people: u32 = (0..10_000)
            .map(|id| taken(&mut told, ServerMessage::PersonChanged(person(id))))
            .sum();
        assert_eq!(people as usize, MAX_CAPACITY);
        assert!(told.take(&ServerMessage::PersonLeft(PersonId(5))));
        assert!(told.take(&ServerMessage::PersonChanged(person(9_999))));
        let notes: u32 = (1..1_000)
            .map(|id| taken(&mut told, ServerMessage::NotePinned(note(id, 1))))
            .sum();
        assert_eq!(notes as usize, MAX_NOTES - 1);
        let things: u32 = (1..1_000)
            .map(|id| taken(&mut told, ServerMessage::ThingPlaced(thing(id))))
            .sum();
        assert_eq!(things as usize, MAX_THINGS - 1);
        assert!(told.take(&ServerMessage::ThingTakenAway(1)));
        assert!(!told.take(&ServerMessage::ThingTakenAway(1)));
        let line = ChatLine {
            id: 1,
            from: "Ada".to_owned(),
            person: None,
            text: "x".repeat(MAX_CHAT_BYTES + 1),
            unix_secs: 0,
        };
        assert!(!told.take(&ServerMessage::Chat(line)));
    }
}
