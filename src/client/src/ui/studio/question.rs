//! Whoever is in somebody else's world is asked before they leave it for a file.

use super::{arrival::Arrival, name_of};
use crate::{
    app::{Config, order::ClientSystems},
    link::Visit,
    ui::{
        button::Action,
        card,
        inside::legible,
        theme,
        words::{Words, fill},
    },
};
use bevy::prelude::*;

#[derive(Component)]
struct Question;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, ask.in_set(ClientSystems::Show));
}

fn ask(
    mut commands: Commands,
    arrival: Res<Arrival>,
    words: Res<Words>,
    (visit, config): (Res<Visit>, Res<Config>),
    questions: Query<Entity, With<Question>>,
) {
    if !arrival.is_changed() && !words.is_changed() {
        return;
    }
    for question in &questions {
        commands.entity(question).despawn();
    }
    let Arrival::Asked(file) = &*arrival else {
        return;
    };
    let welcome = visit.welcome.as_ref();
    let world = welcome.map_or(config.0.address.world.as_str(), |welcome| {
        &welcome.world.title
    });
    let world = legible::one_line(world, super::MAX_NAME);
    let file = name_of(file);
    card::ask(&mut commands, Question, 600.0, |card| {
        let title = fill(words.0.studio_ask, &[&file]);
        card.spawn((
            legible::strong(title, theme::TITLE - 4.0, theme::TEXT),
            TextLayout::linebreak(LineBreak::WordOrCharacter),
        ));
        let about = fill(words.0.studio_ask_about, &[&world]);
        card.spawn(legible::text(about, theme::BODY, theme::TEXT));
        let look = (Action::LookAtFile, words.0.studio_look);
        card::answers(card, (Action::LetFileBe, words.0.studio_stay), Some(look));
    });
}
