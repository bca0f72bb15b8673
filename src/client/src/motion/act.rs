//! Doing things: grab, throw, sit, stand, wave, speak. Requests go to the server; what is in the hand moves at once.

use super::{
    Me, Wishes,
    answers::{Open, Request},
    hands::OwnHands,
    reach::{LookAround, Reach},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Visit, VisitWorld},
};
use bevy::prelude::*;
use protocol::limits::MAX_THROW_SPEED;
use session::ActionError;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (speak, handle, move_about)
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
    (mut open, mut own): (ResMut<Open>, ResMut<OwnHands>),
    (me, reach, visit): (Res<Me>, Res<Reach>, Res<Visit>),
    world: Option<ResMut<VisitWorld>>,
    link: Option<Res<Link>>,
) {
    let (Some(mut world), Some(link)) = (world, link) else {
        return;
    };
    let is_throwing = std::mem::take(&mut wishes.is_throwing);
    let is_grabbing = std::mem::take(&mut wishes.is_grabbing);
    match (own.held(&world, &visit), reach.body) {
        (Some(held), _) if is_throwing => {
            let velocity = me.motion.view_direction() * MAX_THROW_SPEED * 0.8
                + Vec3::Y * 1.5
                + me.motion.velocity;
            let number = own.throw(&mut world, &link.0, held, velocity);
            open.ask(Request::Hand, number);
        }
        (Some(held), _) if is_grabbing => {
            let number = own.throw(&mut world, &link.0, held, Vec3::ZERO);
            open.ask(Request::Hand, number);
        }
        (None, Some(body)) if is_grabbing => {
            open.ask(Request::Hand, own.grab(&mut world, &link.0, body));
        }
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
