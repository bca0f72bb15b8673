//! The session, and what it says, as messages of the application.

mod enter;
mod world;

pub(crate) use world::{LoadedHere, VisitWorld};

use crate::{
    ClientError,
    app::{
        Config, Ending,
        order::{ClientSystems, Stage},
    },
};
use bevy::prelude::*;
use protocol::{ChatLine, EntityId, PersonId, PersonInfo, Welcome};
use session::{Progress, Session, SessionEvent};
use std::collections::BTreeMap;

/// Systems that take in what the session said.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Received;

/// The running session.
#[derive(Resource)]
pub(crate) struct Link(pub(crate) Session);

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
    pub(crate) holding: Option<EntityId>,
    pub(crate) sitting: Option<u32>,
    pub(crate) progress: Option<Progress>,
    /// Shown while the connection is lost.
    pub(crate) lost: Option<String>,
    /// A line for the person: denied requests and the like.
    pub(crate) notice: Option<String>,
    /// Seconds inside, by the client's clock.
    pub(crate) inside_secs: f64,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Visit>().add_message::<Said>();
    app.add_systems(Startup, connect);
    app.add_systems(
        Update,
        (receive, world::build_when_loaded, end, count_time)
            .chain()
            .in_set(Received)
            .in_set(ClientSystems::Receive),
    );
    app.add_plugins(world::plugin);
}

fn connect(mut commands: Commands, config: Res<Config>, mut ending: ResMut<Ending>) {
    match enter::make_session(&config.0) {
        Ok(session) => commands.insert_resource(Link(session)),
        Err(fault) => ending.0 = Some(ClientError::Visit(fault)),
    }
}

fn receive(
    link: Option<ResMut<Link>>,
    mut visit: ResMut<Visit>,
    mut loading: ResMut<world::Loading>,
    mut ending: ResMut<Ending>,
    mut next: ResMut<NextState<Stage>>,
    mut said: MessageWriter<Said>,
) {
    let Some(mut link) = link else { return };
    while let Some(event) = link.0.try_event() {
        match &event {
            SessionEvent::Progress(progress) => visit.progress = Some(progress.clone()),
            SessionEvent::Entered { welcome, files } => {
                take_welcome(&mut visit, welcome);
                loading.start(files);
                next.set(Stage::Loading);
            }
            SessionEvent::Resumed(welcome) => {
                take_welcome(&mut visit, welcome);
                if link.0.ready().is_err() {
                    tracing::debug!("the session ended while it came back");
                }
            }
            SessionEvent::PersonChanged(person) => {
                drop(visit.people.insert(person.person, person.clone()));
            }
            SessionEvent::PersonLeft(person) => drop(visit.people.remove(person)),
            SessionEvent::Chat(line) => visit.chat.push(line.clone()),
            SessionEvent::Holding(entity) => visit.holding = *entity,
            SessionEvent::Sitting(seat) => visit.sitting = *seat,
            SessionEvent::Denied { reason, .. } => visit.notice = Some(reason.to_string()),
            SessionEvent::Lost { reason, .. } => visit.lost = Some(reason.clone()),
            SessionEvent::Failed(failure) => {
                ending.0 = Some(ClientError::Visit(failure.to_string()));
            }
            SessionEvent::Closed { reason } => ending.0 = Some(ClientError::Visit(reason.clone())),
            SessionEvent::Replaced => {
                ending.0 = Some(ClientError::Visit(
                    "you have entered from another place: this visit is over".to_owned(),
                ));
            }
            _ => {}
        }
        said.write(Said(event));
    }
}

fn take_welcome(visit: &mut Visit, welcome: &Welcome) {
    visit.people = welcome
        .people
        .iter()
        .map(|person| (person.person, person.clone()))
        .collect();
    visit.chat.clone_from(&welcome.chat);
    visit.holding = welcome.holding;
    visit.lost = None;
    visit.welcome = Some(Box::new(welcome.clone()));
}

/// A visit that ended badly is over, whatever it was doing.
fn end(ending: Res<Ending>, mut next: ResMut<NextState<Stage>>) {
    if ending.is_changed() && ending.0.is_some() {
        next.set(Stage::Over);
    }
}

fn count_time(time: Res<Time<Real>>, stage: Res<State<Stage>>, mut visit: ResMut<Visit>) {
    if *stage.get() == Stage::Inside {
        visit.inside_secs += time.delta_secs_f64();
    }
}
