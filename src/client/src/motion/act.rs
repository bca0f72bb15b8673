//! Doing things: point at, grab, throw, sit, stand, wave, speak. Requests go to the server; what is in the hand moves at once.

use super::{Me, Wishes};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Visit, VisitWorld},
};
use bevy::prelude::*;
use protocol::{
    EntityId,
    limits::{MAX_THROW_SPEED, REACH_METRES},
};
use simulation::Simulation;

/// What is under the crosshair within reach.
#[derive(Resource, Default)]
pub(crate) struct PointedAt(pub(crate) Option<EntityId>);

/// What one carries, and where it is shown now: in front of the own eyes without waiting for the server.
#[derive(Resource, Default)]
pub(crate) struct CarriedHere(pub(crate) Option<(EntityId, Vec3)>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<PointedAt>()
        .init_resource::<CarriedHere>();
    app.add_systems(
        Update,
        (point, act, carry)
            .chain()
            .in_set(ClientSystems::Act)
            .run_if(in_state(Stage::Inside)),
    );
}

fn point(me: Res<Me>, world: Option<Res<VisitWorld>>, mut pointed: ResMut<PointedAt>) {
    let Some(world) = world else { return };
    pointed.0 = None;
    let hit = world
        .simulation
        .cast_ray(me.motion.eyes(), me.motion.view_direction(), REACH_METRES);
    let Some(body) = hit
        .and_then(|hit| hit.body)
        .and_then(|index| world.simulation.bodies().get(index))
    else {
        return;
    };
    pointed.0 = world
        .bodies
        .iter()
        .find(|known| known.is_carryable && known.node == body.node.0)
        .map(|known| known.entity);
}

fn act(
    mut wishes: ResMut<Wishes>,
    me: Res<Me>,
    pointed: Res<PointedAt>,
    visit: Res<Visit>,
    world: Option<Res<VisitWorld>>,
    link: Option<Res<Link>>,
) {
    let (Some(world), Some(link)) = (world, link) else {
        return;
    };
    let wished = Wishes {
        input: wishes.input,
        ..std::mem::take(&mut *wishes)
    };
    wishes.input = wished.input;
    let mut results = Vec::new();
    if let Some(text) = &wished.say {
        results.push(link.0.chat(text).map(drop));
    }
    if let Some(name) = &wished.emote {
        results.push(link.0.emote(name));
    }
    match visit.holding {
        Some(held) if wished.is_throwing => results.push(
            link.0
                .release(
                    held,
                    me.motion.view_direction() * MAX_THROW_SPEED * 0.8
                        + Vec3::Y * 1.5
                        + me.motion.velocity,
                )
                .map(drop),
        ),
        Some(held) if wished.is_grabbing => {
            results.push(link.0.release(held, Vec3::ZERO).map(drop));
        }
        None if wished.is_grabbing => {
            let target = pointed.0.or_else(|| nearest_carryable(&world, &link, &me));
            results.extend(target.map(|entity| link.0.grab(entity).map(drop)));
        }
        _ => {}
    }
    if wished.is_sitting {
        results.extend(nearest_seat(&world.simulation, &me).map(|seat| link.0.sit(seat).map(drop)));
    }
    if wished.is_standing || (visit.sitting.is_some() && wished.input.walk != Vec2::ZERO) {
        results.push(link.0.stand());
    }
    for error in results.into_iter().filter_map(Result::err) {
        tracing::debug!("an action was not taken: {error}");
    }
}

fn carry(visit: Res<Visit>, me: Res<Me>, mut carried: ResMut<CarriedHere>) {
    let shown = me.shown();
    carried.0 = visit.holding.map(|entity| {
        (
            entity,
            Simulation::carry_point(shown.eyes(), shown.yaw, shown.pitch),
        )
    });
}

/// Without anything under the crosshair, the nearest thing in front counts: nobody needs fine aim.
fn nearest_carryable(world: &VisitWorld, link: &Link, me: &Me) -> Option<EntityId> {
    let (eyes, view) = (me.motion.eyes(), me.motion.view_direction());
    let mut best: Option<(f32, EntityId)> = None;
    link.0.view().sample(link.0.now_secs(), |entity, pose, _| {
        if !world
            .bodies
            .iter()
            .any(|body| body.entity == entity && body.is_carryable)
        {
            return;
        }
        let away = pose.position - eyes;
        let distance = away.length();
        if distance < REACH_METRES * 0.95
            && away.dot(view) > 0.2 * distance
            && best.is_none_or(|(nearest, _)| distance < nearest)
        {
            best = Some((distance, entity));
        }
    });
    best.map(|(_, entity)| entity)
}

fn nearest_seat(simulation: &Simulation, me: &Me) -> Option<u32> {
    let seats = simulation.seat_places().iter().enumerate();
    let near = seats
        .map(|(index, seat)| (index as u32, seat.position.distance(me.motion.position)))
        .filter(|(_, distance)| *distance < REACH_METRES * 0.9);
    near.min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(index, _)| index)
}
