//! Doing things: grab, throw, sit, stand, wave, speak. Requests go to the server; what is in the hand moves at once.

use super::{
    Me, Wishes,
    answers::{Open, Request},
    reach::{LookAround, Reach},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Visit},
};
use bevy::prelude::*;
use protocol::{EntityId, limits::MAX_THROW_SPEED};
use session::ActionError;
use simulation::Simulation;

/// What one carries, and where it is shown now: in front of the own eyes without waiting for the server.
#[derive(Resource, Default)]
pub(crate) struct CarriedHere(pub(crate) Option<(EntityId, Vec3)>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<CarriedHere>();
    app.add_systems(
        Update,
        ((speak, handle, move_about), carry)
            .chain()
            .after(LookAround)
            .in_set(ClientSystems::Act)
            .run_if(in_state(Stage::Inside)),
    );
}

/// Chat, gestures and notes.
fn speak(mut wishes: ResMut<Wishes>, mut open: ResMut<Open>, link: Option<Res<Link>>) {
    let Some(link) = link else { return };
    if let Some(text) = wishes.say.take() {
        let number = link.0.chat(&text);
        open.ask(Request::Say(text), number);
    }
    if let Some(text) = wishes.pin.take() {
        let number = link.0.pin_note(&text);
        open.ask(Request::Pin(text), number);
    }
    if let Some(note) = wishes.unpin.take() {
        open.ask(Request::Unpin, link.0.remove_note(note));
    }
    if let Some(name) = wishes.emote.take() {
        note_failure(link.0.emote(&name));
    }
}

/// What the hands do.
fn handle(
    mut wishes: ResMut<Wishes>,
    mut open: ResMut<Open>,
    me: Res<Me>,
    reach: Res<Reach>,
    visit: Res<Visit>,
    link: Option<Res<Link>>,
) {
    let Some(link) = link else { return };
    let is_throwing = std::mem::take(&mut wishes.is_throwing);
    let is_grabbing = std::mem::take(&mut wishes.is_grabbing);
    match (visit.holding, reach.body) {
        (Some(held), _) if is_throwing => {
            let velocity = me.motion.view_direction() * MAX_THROW_SPEED * 0.8
                + Vec3::Y * 1.5
                + me.motion.velocity;
            open.ask(Request::Hand, link.0.release(held, velocity));
        }
        (Some(held), _) if is_grabbing => {
            open.ask(Request::Hand, link.0.release(held, Vec3::ZERO));
        }
        (None, Some(body)) if is_grabbing => open.ask(Request::Hand, link.0.grab(body)),
        _ => {}
    }
}

/// Sitting down and standing up.
fn move_about(
    mut wishes: ResMut<Wishes>,
    mut open: ResMut<Open>,
    reach: Res<Reach>,
    visit: Res<Visit>,
    link: Option<Res<Link>>,
) {
    let Some(link) = link else { return };
    let is_standing = std::mem::take(&mut wishes.is_standing);
    if std::mem::take(&mut wishes.is_sitting)
        && let Some(seat) = reach.seat
    {
        open.ask(Request::Sit, link.0.sit(seat));
    }
    if is_standing || (visit.sitting.is_some() && wishes.input.walk != Vec2::ZERO) {
        note_failure(link.0.stand());
    }
}

fn note_failure(result: Result<(), ActionError>) {
    if let Err(error) = result {
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
