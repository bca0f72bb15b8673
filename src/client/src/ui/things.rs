//! Keys and words for things: those that one brings, and those that stand there and can be taken away.

use super::{
    button::Action,
    card,
    inside::legible,
    theme,
    words::{Texts, Words, fill},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Received, Visit},
    motion::{InputTaken, Reach, Wishes},
    things::Placing,
};
use bevy::prelude::*;
use protocol::PlacedThing;

/// Puts down what one brings; the same key begins that in the studio.
pub(super) const PLACE_KEY: (KeyCode, &str) = (KeyCode::KeyL, "L");
/// Turn it to the left and to the right.
const TURN_KEYS: [(KeyCode, f32); 2] = [(KeyCode::KeyQ, 1.0), (KeyCode::KeyR, -1.0)];
const TURN_LABEL: &str = "Q / R";
/// Leaves it, or takes away what stands there.
const CLEAR_KEY: KeyCode = KeyCode::Delete;
/// Characters that are shown of a title and of a name.
const MAX_TITLE: usize = 40;

/// A thing that one is asked about.
#[derive(Resource, Default, PartialEq)]
struct Clearing(Option<PlacedThing>);

#[derive(Component)]
struct Question;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Clearing>();
    app.add_systems(
        Update,
        (
            forget.in_set(ClientSystems::Receive).after(Received),
            listen.in_set(ClientSystems::Intend),
            obey.in_set(ClientSystems::Act),
            ask.in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    )
    .add_systems(OnExit(Stage::Inside), give_way);
}

/// What the keys do with a thing that one brings.
pub(super) fn offers(
    title: &str,
    is_asked: bool,
    words: &'static Texts,
) -> Vec<(&'static str, String)> {
    if is_asked {
        let title = legible::one_line(title, MAX_TITLE);
        return vec![("...", fill(words.place_sending, &[&title]))];
    }
    [
        (PLACE_KEY.1, words.place_here),
        (TURN_LABEL, words.place_turn),
        (words.key_delete, words.place_drop),
    ]
    .map(|(key, meaning)| (key, meaning.to_owned()))
    .into()
}

/// What is said of the thing that one could take away.
pub(super) fn label(reach: &Reach, visit: &Visit, words: &Texts) -> Option<String> {
    let id = reach.thing?;
    let thing = visit.things.iter().find(|thing| thing.thing == id)?;
    let title = legible::one_line(&thing.title, MAX_TITLE);
    Some(if visit.rights().may_take_away_all {
        let from = legible::one_line(&thing.from, MAX_TITLE);
        fill(words.hint_take_away_of, &[&title, &from])
    } else {
        fill(words.hint_take_away, &[&title])
    })
}

fn listen(
    keys: Res<ButtonInput<KeyCode>>,
    taken: Res<InputTaken>,
    placing: Res<Placing>,
    (reach, visit): (Res<Reach>, Res<Visit>),
    mut wishes: ResMut<Wishes>,
    mut clearing: ResMut<Clearing>,
) {
    if taken.is_taken || visit.lost.is_some() {
        return;
    }
    if placing.held().is_some() {
        wishes.is_placing = keys.just_pressed(PLACE_KEY.0);
        wishes.is_dropping = keys.just_pressed(CLEAR_KEY);
        let turns = TURN_KEYS.iter().filter(|(key, _)| keys.just_pressed(*key));
        wishes.thing_turns = turns.map(|(_, steps)| steps).sum();
    } else if keys.just_pressed(CLEAR_KEY)
        && let Some(id) = reach.thing
    {
        clearing.0 = visit.things.iter().find(|thing| thing.thing == id).cloned();
    }
}

/// What has been taken away by somebody else needs no answer; another thing may have its number by now.
fn forget(visit: Res<Visit>, mut clearing: ResMut<Clearing>) {
    let is_gone = |thing: &PlacedThing| !visit.things.contains(thing);
    if clearing.0.as_ref().is_some_and(is_gone) {
        clearing.0 = None;
    }
}

/// A visit that ends has a screen of its own, whose keys mean something else.
fn give_way(mut clearing: ResMut<Clearing>) {
    clearing.set_if_neq(Clearing::default());
}

fn obey(
    mut chosen: MessageReader<Action>,
    mut clearing: ResMut<Clearing>,
    mut wishes: ResMut<Wishes>,
) {
    for action in chosen.read() {
        match action {
            Action::TakeAway => wishes.take_away = clearing.0.take().map(|thing| thing.thing),
            Action::LetStand => clearing.0 = None,
            _ => {}
        }
    }
}

fn ask(
    mut commands: Commands,
    clearing: Res<Clearing>,
    words: Res<Words>,
    questions: Query<Entity, With<Question>>,
) {
    if !clearing.is_changed() && !words.is_changed() {
        return;
    }
    for question in &questions {
        commands.entity(question).despawn();
    }
    let Some(thing) = &clearing.0 else { return };
    let title = legible::one_line(&thing.title, MAX_TITLE);
    card::ask(&mut commands, Question, 600.0, |card| {
        let title = fill(words.0.clear_ask, &[&title]);
        card.spawn((
            legible::strong(title, theme::TITLE - 4.0, theme::TEXT),
            TextLayout::linebreak(LineBreak::WordOrCharacter),
        ));
        card.spawn(legible::text(words.0.clear_about, theme::BODY, theme::TEXT));
        let clear = (Action::TakeAway, words.0.clear_yes);
        card::answers(card, (Action::LetStand, words.0.clear_no), Some(clear));
    });
}
