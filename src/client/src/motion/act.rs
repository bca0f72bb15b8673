//! Doing things: grab, throw, sit, stand, wave, speak. Requests go to the server; what is in the hand moves at once.

use super::{
    Gestured, Me, Wishes,
    answers::{Open, Request},
    hands::OwnHands,
    reach::{LookAround, Reach},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Said, Visit, VisitWorld},
};
use bevy::prelude::*;
use protocol::limits::MAX_THROW_SPEED;
use session::{ActionError, SessionEvent};

/// An answer to standing up that takes longer than this in seconds was lost.
const STAND_AGAIN_SECS: f32 = 1.0;

/// Seconds since one asked to stand up, while there is no answer: a key that is held wishes it in every frame, and the
/// server would not bear that.
#[derive(Default)]
struct Rising(Option<f32>);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (speak, handle, move_about)
            .after(LookAround)
            .in_set(ClientSystems::Act)
            .run_if(in_state(Stage::Inside)),
    );
}

/// Chat, gestures, notes, and things to be taken away.
fn speak(
    mut wishes: ResMut<Wishes>,
    mut open: ResMut<Open>,
    mut gestured: MessageWriter<Gestured>,
    link: Option<Res<Link>>,
) {
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
    if let Some(thing) = wishes.take_away.take() {
        open.ask(Request::TakeAway, link.0.take_away(thing));
    }
    if let Some(name) = wishes.emote.take() {
        match link.0.emote(&name) {
            Ok(()) => {
                gestured.write(Gestured(name));
            }
            Err(error) => log_refusal(&error),
        }
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
    time: Res<Time<Real>>,
    mut wishes: ResMut<Wishes>,
    mut open: ResMut<Open>,
    (reach, visit): (Res<Reach>, Res<Visit>),
    mut said: MessageReader<Said>,
    mut rising: Local<Rising>,
    link: Option<Res<Link>>,
) {
    rising.pass(time.delta_secs());
    for Said(event) in said.read() {
        rising.hear(event);
    }
    let Some(link) = link else { return };
    let is_standing = std::mem::take(&mut wishes.is_standing);
    if std::mem::take(&mut wishes.is_sitting)
        && let Some(seat) = reach.seat
    {
        open.ask(Request::Sit, link.0.sit(seat));
    }
    let is_wished = is_standing || (visit.sitting.is_some() && wishes.input.walk != Vec2::ZERO);
    if is_wished
        && rising.may_ask()
        && let Err(error) = link.0.stand()
    {
        log_refusal(&error);
    }
}

impl Rising {
    fn pass(&mut self, secs: f32) {
        self.0 = self
            .0
            .map(|since| since + secs)
            .filter(|since| *since < STAND_AGAIN_SECS);
    }

    fn hear(&mut self, event: &SessionEvent) {
        if let SessionEvent::Sitting(_) = event {
            self.0 = None;
        }
    }

    /// Whether to ask now; true counts as asked.
    fn may_ask(&mut self) -> bool {
        let may = self.0.is_none();
        self.0.get_or_insert(0.0);
        may
    }
}

fn log_refusal(error: &ActionError) {
    tracing::debug!("an action was not taken: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_held_key_asks_once_to_stand_up() {
        let mut rising = Rising::default();
        let asked = |frames: u32, rising: &mut Rising| {
            let frames = (0..frames).filter(|_| {
                rising.pass(1.0 / 60.0);
                rising.may_ask()
            });
            frames.count()
        };
        assert_eq!(asked(50, &mut rising), 1);
        // Lost, as far as one can tell.
        assert_eq!(asked(600, &mut rising), 10);
        rising.hear(&SessionEvent::Sitting(None));
        assert_eq!(asked(1, &mut rising), 1);
    }

    #[test]
    fn a_gesture_of_ones_own_is_told_here_as_well() {
        let mut app = App::new();
        app.init_resource::<Open>()
            .add_message::<Gestured>()
            .insert_resource(testing::link())
            .insert_resource(Wishes {
                emote: Some("wave".to_owned()),
                ..Wishes::default()
            })
            .add_systems(Update, speak);
        app.update();
        app.update();
        let gestured = app.world().resource::<Messages<Gestured>>();
        assert_eq!(gestured.len(), 1);
    }
}
