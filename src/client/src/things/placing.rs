//! Bringing a thing of one's own: from the studio into a world, before one's eyes, and down to its place. Not a byte of it
//! leaves before it is put down.

use super::{
    load::{self, Read, Source},
    stand::Things,
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    camera::ViewMode,
    link::{Link, Said, Visit, VisitWorld},
    motion::{Me, Wishes},
    scenery::{Stores, WishedPictures, draw_below},
};
use bevy::{
    prelude::*,
    tasks::{Task, block_on, poll_once},
};
use protocol::{ContentHash, Denial, WorldAddress};
use session::SessionEvent;
use simulation::{AVATAR_RADIUS, AvatarMotion, Simulation};
use std::sync::Arc;

/// Farthest that a thing is held, in metres; the middle of a large one may be farther.
const FAR: f32 = 8.0;
/// How far it is held where one looks at nothing, in metres.
const USUAL: f32 = 3.0;
/// Between a thing and who holds it, in metres.
const GAP: f32 = 0.25;
/// How far below the eyes ground is looked for, in metres.
const GROUND: f32 = 20.0;
/// Radians of one step of turning.
const STEP: f32 = std::f32::consts::PI / 12.0;

/// A file that is to become a thing.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) title: String,
    pub(crate) bytes: Arc<[u8]>,
    /// The world that it is for.
    pub(crate) to: WorldAddress,
}

/// What one brings, if anything.
#[derive(Resource, Default)]
pub(crate) struct Placing(Option<Brought>);

/// What became of it.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlacingNews {
    /// The world lets one place nothing, any more.
    NotAllowed,
    /// It could not be read, or the server did not take the file.
    Failed(String),
    /// The server took the file and did not let it be placed there.
    Denied(Denial),
}

struct Brought {
    parcel: Parcel,
    step: Step,
    /// The file, and the place for which the server was asked last.
    asked: Option<(ContentHash, [f32; 3])>,
}

enum Step {
    /// On the way to its world.
    Travelling,
    Reading(Task<Result<Read, String>>),
    /// Before who brings it, and where they look.
    Held(Shown),
    /// Put down; the server gets the file.
    Offered(Shown, ContentHash),
    /// The server is asked, by the number of the request.
    Asked(Shown, u32),
    /// The server has it; shown until it stands there by itself.
    Placed(Shown),
}

/// A thing as it is shown before it stands.
struct Shown {
    root: Entity,
    bounds: (Vec3, Vec3),
    /// Away from facing who brings it, radians.
    turn: f32,
    position: Vec3,
    yaw: f32,
}

/// On the root of what is shown.
#[derive(Component)]
struct Preview;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Placing>().add_message::<PlacingNews>();
    app.add_systems(OnEnter(Stage::Inside), arrive);
    app.add_systems(OnExit(Stage::Inside), let_go);
    app.add_systems(
        Update,
        (
            (hear, read, settle)
                .chain()
                .in_set(ClientSystems::Receive)
                .after(crate::link::Received),
            act.in_set(ClientSystems::Act),
            hold.in_set(ClientSystems::View),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

impl Placing {
    /// One brings a file along to its world.
    pub(crate) fn bring(&mut self, parcel: Parcel) {
        self.0 = Some(Brought {
            parcel,
            step: Step::Travelling,
            asked: None,
        });
    }

    /// What one holds, to be put down; true while the server is asked.
    pub(crate) fn held(&self) -> Option<(&str, bool)> {
        let brought = self.0.as_ref()?;
        let is_asked = match brought.step {
            Step::Held(_) => false,
            Step::Offered(..) | Step::Asked(..) => true,
            Step::Travelling | Step::Reading(_) | Step::Placed(_) => return None,
        };
        Some((&brought.parcel.title, is_asked))
    }
}

impl Step {
    fn into_shown(self) -> Option<Shown> {
        match self {
            Self::Travelling | Self::Reading(_) => None,
            Self::Held(shown)
            | Self::Offered(shown, _)
            | Self::Asked(shown, _)
            | Self::Placed(shown) => Some(shown),
        }
    }
}

/// In the world that it is for, it is unpacked; in any other it is left.
fn arrive(
    config: Res<Config>,
    visit: Res<Visit>,
    wishes: WishedPictures,
    mut placing: ResMut<Placing>,
    mut news: MessageWriter<PlacingNews>,
) {
    let Some(brought) = &mut placing.0 else {
        return;
    };
    if brought.parcel.to != config.0.address {
        placing.0 = None;
    } else if visit.rights().may_place {
        let source = Source::Bytes(Arc::clone(&brought.parcel.bytes));
        brought.step = Step::Reading(load::spawn(source, wishes.now()));
    } else {
        placing.0 = None;
        news.write(PlacingNews::NotAllowed);
    }
}

/// What one holds is packed again, and unpacked where one comes back to its world, as after a change of its files.
fn let_go(
    mut commands: Commands,
    mut placing: ResMut<Placing>,
    previews: Query<Entity, With<Preview>>,
) {
    placing.0 = placing.0.take().and_then(|brought| match brought.step {
        Step::Asked(..) | Step::Placed(_) => None,
        Step::Travelling | Step::Reading(_) | Step::Held(_) | Step::Offered(..) => Some(Brought {
            step: Step::Travelling,
            ..brought
        }),
    });
    for preview in &previews {
        commands.entity(preview).despawn();
    }
}

fn read(
    mut commands: Commands,
    mut placing: ResMut<Placing>,
    mut news: MessageWriter<PlacingNews>,
    mut stores: Stores,
) {
    let Some(Brought {
        step: Step::Reading(task),
        ..
    }) = placing.bypass_change_detection().0.as_mut()
    else {
        return;
    };
    let Some(result) = block_on(poll_once(task)) else {
        return;
    };
    match result {
        Ok(read) => {
            let parts = (Preview, Transform::default(), Visibility::default());
            let root = commands.spawn(parts).id();
            draw_below(&mut commands, root, read.prepared, &mut stores);
            let shown = Shown {
                root,
                bounds: read.bounds,
                turn: 0.0,
                position: Vec3::ZERO,
                yaw: 0.0,
            };
            if let Some(brought) = &mut placing.0 {
                brought.step = Step::Held(shown);
            }
        }
        Err(fault) => {
            placing.0 = None;
            news.write(PlacingNews::Failed(fault));
        }
    }
}

/// What the person wishes.
fn act(
    mut commands: Commands,
    mut wishes: ResMut<Wishes>,
    mut placing: ResMut<Placing>,
    link: Option<Res<Link>>,
) {
    let turn = std::mem::take(&mut wishes.thing_turns);
    let is_placing = std::mem::take(&mut wishes.is_placing);
    let is_dropping = std::mem::take(&mut wishes.is_dropping);
    let Some(brought) = placing.bypass_change_detection().0.as_mut() else {
        return;
    };
    let Step::Held(shown) = &mut brought.step else {
        return;
    };
    shown.turn += turn * STEP;
    if is_dropping {
        commands.entity(shown.root).despawn();
        placing.0 = None;
    } else if is_placing && let Some(link) = link {
        let offered = link.0.offer_thing(Arc::clone(&brought.parcel.bytes));
        if let Ok(hash) = offered {
            placing.change(|shown| Step::Offered(shown, hash));
        }
    }
}

impl Placing {
    /// The next step of what is shown.
    fn change(&mut self, next: impl FnOnce(Shown) -> Step) {
        if let Some(Brought {
            parcel,
            step,
            asked,
        }) = self.0.take()
        {
            self.0 = step.into_shown().map(|shown| Brought {
                parcel,
                step: next(shown),
                asked,
            });
        }
    }
}

/// What the server says of it. What is denied is in one's hands again.
fn hear(
    mut said: MessageReader<Said>,
    mut placing: ResMut<Placing>,
    mut news: MessageWriter<PlacingNews>,
    link: Option<Res<Link>>,
) {
    let Some(link) = link else { return };
    for Said(event) in said.read() {
        let Some(brought) = placing.bypass_change_detection().0.as_mut() else {
            return;
        };
        match (&brought.step, event) {
            (Step::Offered(shown, hash), SessionEvent::Offered { hash: taken })
                if hash == taken =>
            {
                let (hash, title) = (*hash, &brought.parcel.title);
                match link.0.place(hash, title, shown.position, shown.yaw) {
                    Ok(request) => {
                        brought.asked = Some((hash, shown.position.to_array()));
                        placing.change(|shown| Step::Asked(shown, request));
                    }
                    Err(_) => placing.change(Step::Held),
                }
            }
            (
                Step::Offered(_, hash),
                SessionEvent::FileFailed {
                    hash: failed,
                    reason,
                },
            ) if hash == failed => {
                news.write(PlacingNews::Failed(reason.clone()));
                placing.change(Step::Held);
            }
            (Step::Asked(_, asked), SessionEvent::Done { request }) if asked == request => {
                placing.change(Step::Placed);
            }
            // The line was lost between the question and its answer, which was yes.
            (Step::Held(_), SessionEvent::Resumed(welcome))
                if (welcome.things.iter())
                    .any(|thing| brought.asked == Some((thing.hash, thing.position))) =>
            {
                placing.change(Step::Placed);
            }
            (Step::Asked(_, asked), SessionEvent::Denied { request, reason })
                if asked == request =>
            {
                news.write(PlacingNews::Denied(reason.clone()));
                placing.change(Step::Held);
            }
            _ => {}
        }
    }
}

/// Once it stands by itself, or has been taken away, it need not be shown.
fn settle(
    mut commands: Commands,
    mut placing: ResMut<Placing>,
    things: Res<Things>,
    visit: Res<Visit>,
) {
    let Some(Brought {
        step: Step::Placed(shown),
        asked: Some((hash, position)),
        ..
    }) = &placing.0
    else {
        return;
    };
    let is_listed = visit.things.iter().any(|thing| thing.hash == *hash);
    if things.is_standing(*hash, *position) || !is_listed {
        commands.entity(shown.root).despawn();
        placing.0 = None;
    }
}

/// Where one looks, on the ground there.
fn hold(
    me: Res<Me>,
    mode: Res<ViewMode>,
    world: Option<Res<VisitWorld>>,
    mut placing: ResMut<Placing>,
    mut transforms: Query<&mut Transform, With<Preview>>,
) {
    let Some(world) = world else { return };
    let Some(Brought {
        step: Step::Held(shown),
        ..
    }) = placing.bypass_change_detection().0.as_mut()
    else {
        return;
    };
    let motion = me.shown();
    let sight = mode.sight(&motion, &world.simulation);
    shown.yaw = motion.yaw + shown.turn;
    shown.position = place(&world.simulation, &motion, sight, shown.bounds, shown.yaw);
    if let Ok(mut transform) = transforms.get_mut(shown.root) {
        *transform = Transform::from_translation(shown.position)
            .with_rotation(Quat::from_rotation_y(shown.yaw));
    }
}

/// Where the origin of a thing is that is held: its lowest middle is on the ground at what one looks at, never so near
/// that it touches who holds it.
fn place(
    simulation: &Simulation,
    motion: &AvatarMotion,
    sight: Vec3,
    (low, high): (Vec3, Vec3),
    yaw: f32,
) -> Vec3 {
    let view = motion.view_direction();
    let heading = Quat::from_rotation_y(motion.yaw) * Vec3::NEG_Z;
    let seen = simulation.cast_ray(sight, view, FAR);
    let wished = seen.map_or(USUAL, |hit| (hit.point - motion.position).dot(heading));
    let radius = (high - low).with_y(0.0).length() * 0.5;
    let nearest = radius + AVATAR_RADIUS + GAP;
    let away = wished.clamp(nearest, nearest.max(FAR));
    let above = motion.position.with_y(motion.eyes().y) + heading * away;
    let below = simulation.cast_ray(above, Vec3::NEG_Y, GROUND);
    let ground = below.map_or(motion.position.y, |hit| hit.point.y);
    let foot = ((low + high) * 0.5).with_y(low.y);
    above.with_y(ground) - Quat::from_rotation_y(yaw) * foot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_held_thing_stands_on_the_ground_and_touches_nobody() {
        let floor = (Vec3::NEG_Y * 0.5, Vec3::new(60.0, 1.0, 60.0), None);
        let table = (Vec3::new(0.0, 0.5, -4.0), Vec3::new(2.0, 1.0, 2.0), None);
        let mut simulation = testing::boxes([floor, table]);
        simulation.step();
        // A lamp whose origin is far from its foot.
        let bounds = (Vec3::new(1.0, 2.0, -0.2), Vec3::new(1.4, 3.0, 0.2));
        let foot = Vec3::new(1.2, 2.0, 0.0);
        let mut motion = AvatarMotion::at(Vec3::ZERO, 0.0);
        let mut held = |pitch: f32, turn: f32| {
            motion.pitch = pitch;
            let origin = place(&simulation, &motion, motion.eyes(), bounds, turn);
            origin + Quat::from_rotation_y(turn) * foot
        };
        // At one's feet, over the table's edge, and at nothing.
        let near = held(-1.5, 0.3);
        assert!(near.y.abs() < 1e-3 && near.z < -AVATAR_RADIUS, "{near}");
        let on_table = held(-0.16, 2.0);
        assert!((on_table.y - 1.0).abs() < 1e-3, "{on_table}");
        let before = held(1.2, 0.0);
        assert!((before.z + USUAL).abs() < 0.1, "{before}");
    }
}
