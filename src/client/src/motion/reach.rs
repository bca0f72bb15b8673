//! What one could do here: the thing under the crosshair, the seat beside one, the notice board or the portal before one.
//! Screens offer exactly what the keys will do, because both look here.

use super::Me;
use crate::{
    app::order::{ClientSystems, Stage},
    camera::ViewMode,
    link::{Doorway, Link, Visit, VisitWorld},
    things::Things,
};
use bevy::prelude::*;
use identity::Did;
use protocol::{
    Activity, EntityId,
    limits::{PLACE_METRES, REACH_METRES},
};
use std::collections::BTreeSet;

/// Share of the reach that counts here: the server sees one a little later, elsewhere.
const SURE_SHARE: f32 = 0.95;
/// Distance from which a notice board is read, metres.
const READING_METRES: f32 = 4.5;

/// What is within reach now.
#[derive(Resource, Default, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// A body that can be carried.
    pub(crate) body: Option<EntityId>,
    /// A free seat.
    pub(crate) seat: Option<u32>,
    /// One stands before the notice board.
    pub(crate) is_at_board: bool,
    /// A portal that one can go through, by its place among the world's.
    pub(crate) doorway: Option<usize>,
    /// A placed thing under the crosshair that one may take away, by its id.
    pub(crate) thing: Option<u64>,
}

/// Systems that look around.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LookAround;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Reach>();
    app.add_systems(
        Update,
        look.in_set(LookAround)
            .in_set(ClientSystems::Act)
            .run_if(in_state(Stage::Inside)),
    );
}

fn look(
    me: Res<Me>,
    mode: Res<ViewMode>,
    visit: Res<Visit>,
    world: Option<Res<VisitWorld>>,
    link: Option<Res<Link>>,
    things: Res<Things>,
    mut reach: ResMut<Reach>,
) {
    let (Some(world), Some(link)) = (world, link) else {
        return;
    };
    let is_free = visit.holding.is_none() && visit.lost.is_none();
    let found = Reach {
        body: is_free
            .then(|| pointed(&me, &mode, &world).or_else(|| nearest_carryable(&world, &link, &me)))
            .flatten(),
        seat: visit
            .sitting
            .is_none()
            .then(|| nearest_seat(&visit, &world, &me))
            .flatten(),
        is_at_board: is_at_board(&world, &me),
        doorway: Doorway::before(&world.doorways, me.motion.position, || {
            let motion = &me.motion;
            let simulation = &world.simulation;
            simulation.triggers_around(motion.position, motion.is_crouching)
        }),
        thing: removable(&visit, &me, &mode, &world, &things, link.0.did()),
    };
    reach.set_if_neq(found);
}

/// The carryable body under the crosshair.
fn pointed(me: &Me, mode: &ViewMode, world: &VisitWorld) -> Option<EntityId> {
    let hit = world.simulation.cast_ray(
        mode.sight(&me.motion, &world.simulation),
        me.motion.view_direction(),
        REACH_METRES,
    )?;
    let body = world.simulation.bodies().get(hit.body?)?;
    world
        .bodies
        .iter()
        .find(|known| known.is_carryable && known.node == body.node.0)
        .map(|known| known.entity)
}

/// The placed thing under the crosshair, when it is one's own or one may take away everything.
fn removable(
    visit: &Visit,
    me: &Me,
    mode: &ViewMode,
    world: &VisitWorld,
    things: &Things,
    own: &Did,
) -> Option<u64> {
    let sight = mode.sight(&me.motion, &world.simulation);
    let view = me.motion.view_direction();
    let hit = world.simulation.cast_ray(sight, view, PLACE_METRES);
    let most = hit.map_or(PLACE_METRES, |hit| hit.distance);
    let seen = || things.seen_along(sight, Dir3::new(view).ok()?, most);
    let id = hit.and_then(|hit| hit.thing).or_else(seen)?;
    let thing = visit.things.iter().find(|thing| thing.thing == id)?;
    let may = visit.rights().may_take_away_all || thing.did == own.to_string();
    may.then_some(id)
}

/// Without anything under the crosshair, the nearest thing in front counts: nobody needs fine aim.
fn nearest_carryable(world: &VisitWorld, link: &Link, me: &Me) -> Option<EntityId> {
    let (eyes, view) = (me.motion.eyes(), me.motion.view_direction());
    let carryable: BTreeSet<EntityId> = world
        .bodies
        .iter()
        .filter(|body| body.is_carryable)
        .map(|body| body.entity)
        .collect();
    let mut best: Option<(f32, EntityId)> = None;
    link.0.view().sample(link.0.now_secs(), |entity, pose, _| {
        let away = pose.position - eyes;
        let distance = away.length();
        if distance < REACH_METRES * SURE_SHARE
            && away.dot(view) > 0.2 * distance
            && best.is_none_or(|(nearest, _)| distance < nearest)
            && carryable.contains(&entity)
        {
            best = Some((distance, entity));
        }
    });
    best.map(|(_, entity)| entity)
}

fn nearest_seat(visit: &Visit, world: &VisitWorld, me: &Me) -> Option<u32> {
    let taken: BTreeSet<u32> = visit
        .people
        .values()
        .filter_map(|person| match person.activity {
            Activity::Sitting(seat) => Some(seat),
            Activity::Standing => None,
        })
        .collect();
    let seats = world.simulation.seat_places().iter().enumerate();
    seats
        .map(|(index, seat)| (index as u32, seat.position.distance(me.motion.position)))
        .filter(|(seat, distance)| *distance < REACH_METRES * 0.9 && !taken.contains(seat))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(seat, _)| seat)
}

fn is_at_board(world: &VisitWorld, me: &Me) -> bool {
    let Some(board) = &world.notice_board else {
        return false;
    };
    let away = board.center - me.motion.eyes();
    board.face.dot(away) < 0.0
        && away.length() < READING_METRES
        && away.dot(me.motion.view_direction()) > 0.6 * away.length()
}
