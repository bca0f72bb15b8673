//! People: everybody's avatar, loaded once a look, posed each frame from how they move.

mod alive;
mod body;
mod clips;
mod credit;
mod face;
mod load;
mod looks;
mod own;
mod performance;
mod pose;
mod sharing;

pub(crate) use credit::{Credit, Credits};
pub(crate) use performance::Performance;
pub(crate) use sharing::{Sharing, Step as SharingStep, Terms, Withheld};

use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Said, Visit, VisitWorld},
    motion::{Gestured, Me},
};
use alive::Attention;
use bevy::prelude::*;
use body::Body;
use pose::Gait;
use protocol::{EntityId, PersonId};
use replication::Flags;
use session::SessionEvent;
use std::collections::{BTreeMap, BTreeSet};

/// Whom a figure stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Me,
    Person(PersonId),
    /// Nobody: it shows an [animation](Performance).
    Performer,
}

impl Who {
    pub(crate) fn person(self) -> Option<PersonId> {
        match self {
            Self::Person(person) => Some(person),
            Self::Me | Self::Performer => None,
        }
    }
}

/// Somebody in the picture.
#[derive(Component)]
pub(crate) struct Figure {
    pub(crate) who: Who,
    /// The same with one's own number for oneself.
    person: Option<PersonId>,
    look: protocol::AvatarChoice,
    gait: Gait,
}

/// Expressions that can be shown like a gesture.
const FEELINGS: [&str; 5] = ["happy", "angry", "sad", "relaxed", "surprised"];
/// Seconds of speech for each character of a line, and the most.
const CHARACTER_SECS: f32 = 0.06;
const LONGEST_SPEECH_SECS: f32 = 5.0;

/// What people show: who, and seconds since they began.
#[derive(Resource, Default)]
struct Gestures {
    waves: BTreeMap<PersonId, f32>,
    feelings: BTreeMap<PersonId, (&'static str, f32)>,
    speeches: BTreeMap<PersonId, Speech>,
}

impl Gestures {
    fn begin(&mut self, person: PersonId, name: &str) {
        if name == "wave" {
            self.waves.insert(person, 0.0);
        } else if let Some(feeling) = FEELINGS.into_iter().find(|feeling| *feeling == name) {
            self.feelings.insert(person, (feeling, 0.0));
        }
    }
}

/// A line that somebody says.
struct Speech {
    secs: f32,
    length_secs: f32,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Gestures>()
        .init_resource::<Performance>();
    app.add_plugins((looks::plugin, clips::plugin, sharing::plugin));
    app.add_systems(
        Update,
        (
            populate,
            note_gestures,
            place,
            body::dress,
            alive::attend,
            body::animate,
            face::express,
            alive::follow,
            body::show,
            own::show_parts,
        )
            .chain()
            .in_set(ClientSystems::Pose)
            .run_if(in_state(Stage::Inside)),
    );
    app.add_systems(OnEnter(Stage::Outside), clear);
}

/// People of a world that one has left are not drawn, and what they showed is over.
fn clear(
    mut commands: Commands,
    mut gestures: ResMut<Gestures>,
    figures: Query<Entity, With<Figure>>,
) {
    *gestures = Gestures::default();
    for figure in &figures {
        commands.entity(figure).despawn();
    }
}

/// One figure for each person, and one for oneself.
fn populate(
    mut commands: Commands,
    visit: Res<Visit>,
    config: Res<crate::app::Config>,
    performance: Res<Performance>,
    figures: Query<(Entity, &Figure)>,
) {
    let mut wanted: BTreeMap<Who, protocol::AvatarChoice> = visit
        .people
        .values()
        .map(|person| (Who::Person(person.person), person.avatar.clone()))
        .collect();
    if visit.welcome.is_some() {
        wanted.insert(Who::Me, config.0.avatar.clone());
        if performance.clip.is_some() {
            wanted.insert(Who::Performer, config.0.avatar.clone());
        }
    }
    let mut present = BTreeSet::new();
    for (entity, figure) in &figures {
        if wanted.get(&figure.who) == Some(&figure.look) {
            present.insert(figure.who);
        } else {
            commands.entity(entity).despawn();
        }
    }
    for (who, look) in wanted.into_iter().filter(|(who, _)| !present.contains(who)) {
        commands.spawn((
            Figure {
                who,
                person: match who {
                    Who::Me => visit.welcome.as_ref().map(|welcome| welcome.person),
                    other => other.person(),
                },
                look,
                gait: Gait::default(),
            },
            Attention::default(),
            Transform::default(),
            Visibility::Hidden,
        ));
    }
}

fn note_gestures(
    time: Res<Time<Real>>,
    mut said: MessageReader<Said>,
    mut own: MessageReader<Gestured>,
    visit: Res<Visit>,
    mut gestures: ResMut<Gestures>,
) {
    let gestures = &mut *gestures;
    for secs in gestures
        .waves
        .values_mut()
        .chain(gestures.feelings.values_mut().map(|(_, secs)| secs))
        .chain(
            gestures
                .speeches
                .values_mut()
                .map(|speech| &mut speech.secs),
        )
    {
        *secs += time.delta_secs();
    }
    if let Some(welcome) = &visit.welcome {
        for Gestured(name) in own.read() {
            gestures.begin(welcome.person, name);
        }
    }
    for Said(event) in said.read() {
        match event {
            SessionEvent::Emote { person, name } => gestures.begin(*person, name),
            SessionEvent::Chat(line) => {
                let Some(person) = line.person else { continue };
                let length_secs = line.text.chars().count() as f32 * CHARACTER_SECS;
                let speech = Speech {
                    secs: 0.0,
                    length_secs: length_secs.min(LONGEST_SPEECH_SECS),
                };
                gestures.speeches.insert(person, speech);
            }
            SessionEvent::PersonLeft(person) => {
                gestures.waves.remove(person);
                gestures.feelings.remove(person);
                gestures.speeches.remove(person);
            }
            _ => {}
        }
    }
}

/// Where each figure is, and how it moves.
fn place(
    time: Res<Time<Real>>,
    visit: Res<Visit>,
    me: Res<Me>,
    (link, world): (Option<Res<Link>>, Option<Res<VisitWorld>>),
    gestures: Res<Gestures>,
    mut figures: Query<(&mut Figure, &mut Transform, &mut Visibility)>,
) {
    let Some(link) = link else { return };
    let now = link.0.now_secs();
    let view = link.0.view();
    for (mut figure, mut transform, mut visibility) in &mut figures {
        let gesture_secs = figure
            .person
            .and_then(|one| gestures.waves.get(&one))
            .copied();
        let seen = match figure.who {
            Who::Me => {
                let shown = me.shown();
                let moving = pose::Moving {
                    velocity: shown.velocity,
                    yaw: shown.yaw,
                    pitch: shown.pitch,
                    is_grounded: shown.is_grounded,
                    is_crouching: shown.is_crouching,
                    is_sitting: visit.sitting.is_some(),
                    gesture_secs,
                };
                Some((shown.position, moving))
            }
            Who::Performer => world.as_ref().and_then(|world| performed(world)),
            Who::Person(person) => visit
                .people
                .get(&person)
                .and_then(|info| other(&view, info.entity, now, gesture_secs)),
        };
        let Some((position, moving)) = seen else {
            *visibility = Visibility::Hidden;
            continue;
        };
        *visibility = Visibility::Inherited;
        transform.translation = position;
        // Avatars face +Z; heading 0 looks along -Z.
        transform.rotation = Quat::from_rotation_y(moving.yaw + std::f32::consts::PI);
        figure.gait.advance(&moving, time.delta_secs());
    }
}

/// Somebody who stands where a file is looked at, and faces who looks.
fn performed(world: &VisitWorld) -> Option<(Vec3, pose::Moving)> {
    let stage = world.simulation.stage()?;
    let moving = pose::Moving {
        velocity: Vec3::ZERO,
        yaw: std::f32::consts::PI,
        pitch: 0.0,
        is_grounded: true,
        is_crouching: false,
        is_sitting: false,
        gesture_secs: None,
    };
    Some((stage.center.with_y(stage.floor), moving))
}

fn other(
    view: &session::WorldView,
    entity: EntityId,
    now: f64,
    gesture_secs: Option<f32>,
) -> Option<(Vec3, pose::Moving)> {
    let pose = view.pose(entity, now)?;
    let flags = view.newest_state(entity)?.flags;
    Some((
        pose.position,
        pose::Moving {
            velocity: pose.linear_velocity,
            yaw: pose.yaw(),
            pitch: pose.head_pitch,
            is_grounded: flags.contains(Flags::GROUNDED),
            is_crouching: flags.contains(Flags::CROUCHING),
            is_sitting: flags.contains(Flags::SITTING),
            gesture_secs,
        },
    ))
}

/// The head of a figure that wears its body.
#[derive(Component)]
pub(crate) struct Head(pub(crate) Entity);

/// A figure that wears its body.
#[derive(Component)]
struct Dressed(Body);

/// A figure whose body is not the one that its person chose: that has not come yet, or cannot be shown.
#[derive(Component)]
struct StandIn;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn ones_own_gestures_are_shown_like_those_of_others() {
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .add_message::<Said>()
            .add_message::<Gestured>()
            .init_resource::<Gestures>()
            .insert_resource(Visit {
                welcome: Some(testing::welcome()),
                ..Visit::default()
            })
            .add_systems(Update, note_gestures);
        let name = "wave".to_owned();
        app.world_mut().write_message(Gestured(name.clone()));
        let person = PersonId(5);
        let other = SessionEvent::Emote { person, name };
        app.world_mut().write_message(Said(other));
        app.update();
        let waves = &app.world().resource::<Gestures>().waves;
        assert_eq!(
            waves.keys().copied().collect::<Vec<_>>(),
            [PersonId(1), person]
        );
    }
}
