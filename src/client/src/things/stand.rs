//! What stands in the world because somebody placed it: what the visit lists is fetched, read, drawn and made solid, one
//! after the other, the nearest first; what it lists no more goes.

use super::load::{self, Read, Source};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, LoadedHere, Said, Visit, VisitWorld},
    motion::Me,
    scenery::{Stores, WishedPictures, draw_below},
};
use bevy::{
    math::bounding::{Aabb3d, RayCast3d},
    prelude::*,
    tasks::{Task, block_on, poll_once},
};
use protocol::{ContentHash, PlacedThing};
use scene::PropCost;
use session::SessionEvent;
use std::collections::BTreeMap;

/// How far a thing is.
enum Slot {
    /// Its file is on the way from the server.
    Fetching,
    Reading(Task<Result<Read, String>>),
    Standing(Stood),
    /// It cannot be had or shown; the reason was logged.
    Missing,
}

/// A thing that is drawn below a root, and solid.
struct Stood {
    root: Entity,
    cost: PropCost,
    /// Of what is drawn, in the file's own space.
    bounds: Aabb3d,
}

/// A thing of the visit.
struct Known {
    info: PlacedThing,
    slot: Slot,
}

/// All things of this visit, by id.
#[derive(Resource, Default)]
pub(crate) struct Things(BTreeMap<u64, Known>);

/// On the root of what is drawn of a thing.
#[derive(Component)]
pub(super) struct ThingRoot;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Things>();
    app.add_systems(
        Update,
        (begin_anew, hear, keep, begin, finish)
            .chain()
            .in_set(ClientSystems::Receive)
            .after(crate::link::Received)
            .run_if(in_state(Stage::Inside)),
    );
    app.add_systems(OnEnter(Stage::Outside), clear);
}

impl Things {
    /// True once a thing of this file stands there.
    pub(super) fn is_standing(&self, hash: ContentHash, position: [f32; 3]) -> bool {
        self.0.values().any(|known| {
            known.info.hash == hash
                && known.info.position == position
                && matches!(known.slot, Slot::Standing(_) | Slot::Missing)
        })
    }

    /// What stands here takes so much, with something more.
    fn cost_with(&self, more: PropCost) -> PropCost {
        let costs = self.0.values().filter_map(|known| match known.slot {
            Slot::Standing(Stood { cost, .. }) => Some(cost),
            _ => None,
        });
        costs.fold(more, PropCost::plus)
    }

    /// The thing whose box is met first along a ray of unit `direction`, no farther than `most` metres: what has nothing solid
    /// can be pointed at as well. Boxes around `origin` are looked out of.
    pub(crate) fn seen_along(&self, origin: Vec3, direction: Dir3, most: f32) -> Option<u64> {
        let met = self.0.iter().filter_map(|(id, known)| {
            let Slot::Standing(Stood { bounds, .. }) = &known.slot else {
                return None;
            };
            let place = place_of(&known.info);
            let inside = place.rotation.inverse() * (origin - place.translation);
            let ray = RayCast3d::new(inside, place.rotation.inverse() * direction, most);
            let away = ray.aabb_intersection_at(bounds)?;
            (away > 0.0).then_some((away, *id))
        });
        met.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id)
    }

    fn is_busy(&self) -> bool {
        let mut slots = self.0.values().map(|known| &known.slot);
        slots.any(|slot| matches!(slot, Slot::Fetching | Slot::Reading(_)))
    }
}

/// Where a thing is.
pub(super) fn place_of(info: &PlacedThing) -> Transform {
    Transform::from_translation(Vec3::from_array(info.position))
        .with_rotation(Quat::from_rotation_y(info.yaw))
}

/// Nothing of a world that one has left is kept.
fn clear(
    mut commands: Commands,
    mut things: ResMut<Things>,
    roots: Query<Entity, With<ThingRoot>>,
) {
    things.0.clear();
    for root in &roots {
        commands.entity(root).despawn();
    }
}

/// Another world has been built in the place of this one: it knows of no things yet.
fn begin_anew(
    commands: Commands,
    mut loaded: MessageReader<LoadedHere>,
    things: ResMut<Things>,
    roots: Query<Entity, With<ThingRoot>>,
) {
    if loaded.read().count() > 0 {
        clear(commands, things, roots);
    }
}

fn hear(mut said: MessageReader<Said>, mut things: ResMut<Things>, wishes: WishedPictures) {
    for Said(event) in said.read() {
        match event {
            SessionEvent::FileReady { hash, path } => {
                for known in things.0.values_mut().filter(|known| known.awaits(*hash)) {
                    let source = Source::File(path.clone());
                    known.slot = Slot::Reading(load::spawn(source, wishes.now()));
                }
            }
            SessionEvent::FileFailed { hash, reason } => {
                for known in things.0.values_mut().filter(|known| known.awaits(*hash)) {
                    tracing::warn!("a placed thing cannot be had: {reason}");
                    known.slot = Slot::Missing;
                }
            }
            // What was asked over the connection before is asked anew.
            SessionEvent::Resumed(_) => things
                .0
                .retain(|_, known| !matches!(known.slot, Slot::Fetching | Slot::Missing)),
            _ => {}
        }
    }
}

impl Known {
    /// Its file is on the way, and this is it.
    fn awaits(&self, file: ContentHash) -> bool {
        self.info.hash == file && matches!(self.slot, Slot::Fetching)
    }
}

/// What the visit lists no more, or otherwise, goes.
fn keep(
    mut commands: Commands,
    visit: Res<Visit>,
    world: Option<ResMut<VisitWorld>>,
    mut things: ResMut<Things>,
) {
    let Some(mut world) = world else { return };
    let is_gone = |known: &Known| !visit.things.contains(&known.info);
    if !things.0.values().any(is_gone) {
        return;
    }
    things.0.retain(|id, known| {
        if !is_gone(known) {
            return true;
        }
        if let Slot::Standing(stood) = &known.slot {
            commands.entity(stood.root).despawn();
            world.simulation.remove_thing(*id);
        }
        false
    });
}

/// One after the other, the nearest first.
fn begin(visit: Res<Visit>, me: Res<Me>, link: Option<Res<Link>>, mut things: ResMut<Things>) {
    let Some(link) = link else { return };
    if visit.lost.is_some() || things.is_busy() {
        return;
    }
    let away = |thing: &PlacedThing| {
        let position = Vec3::from_array(thing.position);
        position.distance_squared(me.motion.position)
    };
    let missing = visit.things.iter();
    let missing = missing.filter(|thing| !things.0.contains_key(&thing.thing));
    let Some(next) = missing.min_by(|a, b| away(a).total_cmp(&away(b))) else {
        return;
    };
    if link.0.fetch(next.hash, next.bytes).is_ok() {
        let known = Known {
            info: next.clone(),
            slot: Slot::Fetching,
        };
        things.0.insert(next.thing, known);
    }
}

fn finish(
    mut commands: Commands,
    world: Option<ResMut<VisitWorld>>,
    mut things: ResMut<Things>,
    mut stores: Stores,
) {
    let Some(mut world) = world else { return };
    // There is one at most: they are begun one after the other.
    let mut reading = things.bypass_change_detection().0.iter_mut();
    let read = reading.find_map(|(id, known)| match &mut known.slot {
        Slot::Reading(task) => Some((*id, known.info.clone(), block_on(poll_once(task))?)),
        _ => None,
    });
    let Some((id, info, result)) = read else {
        return;
    };
    // A server is believed no more than those who place things: it may tell of too many.
    let fitting = result.and_then(|read| {
        let all = things.cost_with(read.cost);
        all.fits_a_world().map(|()| read)
    });
    let slot = match fitting {
        Ok(read) => {
            let place = place_of(&info);
            let root = commands.spawn((ThingRoot, place, Visibility::default()));
            let root = root.id();
            draw_below(&mut commands, root, read.prepared, &mut stores);
            let simulation = &mut world.simulation;
            simulation.add_thing(id, &read.shape, place.translation, info.yaw);
            let (low, high) = read.bounds;
            Slot::Standing(Stood {
                root,
                cost: read.cost,
                bounds: Aabb3d {
                    min: low.into(),
                    max: high.into(),
                },
            })
        }
        Err(fault) => {
            tracing::warn!("a placed thing cannot be shown: {fault}");
            Slot::Missing
        }
    };
    things.0.insert(id, Known { info, slot });
}
