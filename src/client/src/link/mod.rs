//! The session, and what it says, as messages of the application.

mod coming;
mod doorway;
mod enter;
mod farewell;
mod fault;
mod world;

pub(crate) use coming::ComingScene;
pub(crate) use doorway::Doorway;
pub(crate) use farewell::leave;
pub(crate) use fault::{Fault, FaultKind};
pub(crate) use world::{LoadedHere, SceneComing, VisitWorld, load_alone};

use crate::{
    ClientError,
    app::{
        Config, Ending,
        order::{ClientSystems, Stage},
    },
};
use bevy::prelude::*;
use protocol::{ChatLine, EntityId, Note, PersonId, PersonInfo, PlacedThing, Rights, Welcome};
use session::{KnownServers, Progress, Session, SessionEvent};
use std::{collections::BTreeMap, sync::Arc};

/// Chat lines that are remembered.
const MAX_CHAT_LINES: usize = 2_000;

/// Systems that take in what the session said.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Received;

/// The running session.
#[derive(Resource)]
pub(crate) struct Link(pub(crate) Session);

/// Certificates that the session has seen.
#[derive(Resource)]
pub(crate) struct Servers(pub(crate) Arc<KnownServers>);

/// What the session said this frame, for features that follow single events.
#[derive(Message)]
pub(crate) struct Said(pub(crate) SessionEvent);

/// Everything known about the visit.
#[derive(Resource, Default)]
pub(crate) struct Visit {
    pub(crate) welcome: Option<Box<Welcome>>,
    /// Everybody else, by person.
    pub(crate) people: BTreeMap<PersonId, PersonInfo>,
    pub(crate) chat: Vec<ChatLine>,
    /// Notes on the board, oldest first.
    pub(crate) notes: Vec<Note>,
    /// What people have placed, oldest first.
    pub(crate) things: Vec<PlacedThing>,
    pub(crate) holding: Option<EntityId>,
    pub(crate) sitting: Option<u32>,
    pub(crate) progress: Option<Progress>,
    /// Shown while the connection is lost.
    pub(crate) lost: Option<String>,
    /// Why the visit is over.
    pub(crate) fault: Option<Fault>,
    /// Seconds inside, by the client's clock.
    pub(crate) inside_secs: f64,
}

impl Visit {
    /// What one may do here beyond what everybody may.
    pub(crate) fn rights(&self) -> Rights {
        let welcome = self.welcome.as_ref();
        welcome.map_or_else(Rights::default, |welcome| welcome.rights)
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Visit>().add_message::<Said>();
    app.add_systems(OnEnter(Stage::Entering), connect);
    app.add_systems(
        Update,
        (receive, world::build_when_loaded, finish, count_time)
            .chain()
            .in_set(Received)
            .in_set(ClientSystems::Receive),
    );
    app.add_plugins((world::plugin, farewell::plugin));
}

/// Begins a visit, the first one or another try.
fn connect(
    mut commands: Commands,
    config: Res<Config>,
    mut visit: ResMut<Visit>,
    mut ending: ResMut<Ending>,
) {
    *visit = Visit::default();
    ending.0 = None;
    match enter::make_session(&config.0) {
        Ok((session, servers)) => {
            commands.insert_resource(Link(session));
            commands.insert_resource(Servers(servers));
        }
        Err(line) => end(&mut visit, Fault::new(FaultKind::Here, line)),
    }
}

/// Notes why the visit is over.
fn end(visit: &mut Visit, fault: Fault) {
    tracing::debug!("{}", fault.line);
    visit.fault = Some(fault);
}

/// A visit that is over leaves its session, shows why, and ends a run without a window.
fn finish(
    mut commands: Commands,
    visit: Res<Visit>,
    stage: Res<State<Stage>>,
    mut ending: ResMut<Ending>,
    mut next: ResMut<NextState<Stage>>,
) {
    let Some(fault) = &visit.fault else { return };
    if *stage.get() != Stage::Over {
        ending.0 = Some(ClientError::Visit(fault.line.clone()));
        commands.remove_resource::<Link>();
        next.set(Stage::Over);
    }
}

fn receive(
    link: Option<ResMut<Link>>,
    mut visit: ResMut<Visit>,
    mut loading: ResMut<world::Loading>,
    mut next: ResMut<NextState<Stage>>,
    mut said: MessageWriter<Said>,
    mut coming: MessageWriter<SceneComing>,
) {
    let Some(mut link) = link else { return };
    while let Some(event) = link.0.try_event() {
        match &event {
            SessionEvent::Progress(progress) => visit.progress = Some(progress.clone()),
            SessionEvent::Entered { welcome, files } => {
                take_welcome(&mut visit, welcome);
                coming.write(loading.start(files));
                next.set(Stage::Loading);
            }
            SessionEvent::Resumed(welcome) => {
                take_welcome(&mut visit, welcome);
                if link.0.ready().is_err() {
                    tracing::debug!("the session ended while it came back");
                }
            }
            SessionEvent::PersonChanged(person) => note_person(&mut visit, person),
            SessionEvent::PersonLeft(person) => drop(visit.people.remove(person)),
            SessionEvent::Chat(line) => {
                if visit.chat.len() >= MAX_CHAT_LINES {
                    visit.chat.remove(0);
                }
                visit.chat.push(line.clone());
            }
            SessionEvent::Holding(entity) => visit.holding = *entity,
            SessionEvent::Sitting(seat) => visit.sitting = *seat,
            SessionEvent::NotePinned(note) => visit.notes.push(note.clone()),
            SessionEvent::NoteRemoved(id) => visit.notes.retain(|note| note.id != *id),
            SessionEvent::ThingPlaced(thing) => visit.things.push(thing.clone()),
            SessionEvent::ThingTakenAway(id) => visit.things.retain(|thing| thing.thing != *id),
            SessionEvent::Lost { reason, .. } => visit.lost = Some(reason.clone()),
            _ => {}
        }
        if let Some(fault) = Fault::of(&event) {
            end(&mut visit, fault);
        }
        said.write(Said(event));
    }
}

/// Oneself is not one of the others.
fn note_person(visit: &mut Visit, person: &PersonInfo) {
    match &mut visit.welcome {
        Some(welcome) if welcome.person == person.person => welcome.name.clone_from(&person.name),
        _ => drop(visit.people.insert(person.person, person.clone())),
    }
}

fn take_welcome(visit: &mut Visit, welcome: &Welcome) {
    visit.people = welcome
        .people
        .iter()
        .map(|person| (person.person, person.clone()))
        .collect();
    visit.chat.clone_from(&welcome.chat);
    visit.notes.clone_from(&welcome.notes);
    visit.things.clone_from(&welcome.things);
    visit.holding = welcome.holding;
    // One may come back to a seat, or to a server that has forgotten it.
    let mut seats = welcome.seats.iter();
    visit.sitting = seats
        .position(|seat| seat.person == Some(welcome.person))
        .map(|seat| seat as u32);
    visit.lost = None;
    visit.welcome = Some(Box::new(welcome.clone()));
}

fn count_time(time: Res<Time<Real>>, stage: Res<State<Stage>>, mut visit: ResMut<Visit>) {
    if *stage.get() == Stage::Inside {
        visit.inside_secs += time.delta_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use protocol::SeatInfo;

    #[test]
    fn one_sits_where_the_welcome_says_and_nowhere_else() {
        let mut visit = Visit {
            sitting: Some(4),
            ..Visit::default()
        };
        let mut welcome = testing::welcome();
        let seat = |person| SeatInfo { node: 0, person };
        welcome.seats = vec![seat(Some(PersonId(7))), seat(None)];
        take_welcome(&mut visit, &welcome);
        assert_eq!(visit.sitting, None, "the server has forgotten it");
        welcome.seats[1].person = Some(welcome.person);
        take_welcome(&mut visit, &welcome);
        assert_eq!(visit.sitting, Some(1));
    }
}
