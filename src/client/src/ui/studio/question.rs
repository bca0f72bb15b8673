//! Whoever is in somebody else's world is asked before they leave it for a file.

use super::{arrival::Arrival, name_of};
use crate::{
    app::{Config, order::ClientSystems},
    link::Visit,
    motion::TakesInput,
    ui::{
        button::{Action, Weight, button},
        card::card,
        failure::choice_row,
        inside::legible,
        theme,
        words::{Texts, Words, fill},
    },
};
use bevy::{
    input_focus::{AutoFocus, tab_navigation::TabGroup},
    prelude::*,
};

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
    commands
        .spawn((
            Question,
            TakesInput,
            TabGroup::modal(),
            theme::cover(),
            BackgroundColor(theme::VEIL),
            GlobalZIndex(110),
        ))
        .with_children(|screen| put(screen, &name_of(file), &world, words.0));
}

fn put(screen: &mut ChildSpawnerCommands, file: &str, world: &str, words: &'static Texts) {
    screen.spawn(card(600.0)).with_children(|card| {
        let title = fill(words.studio_ask, &[file]);
        card.spawn((
            legible::strong(title, theme::TITLE - 4.0, theme::TEXT),
            TextLayout::linebreak(LineBreak::WordOrCharacter),
        ));
        let about = fill(words.studio_ask_about, &[world]);
        card.spawn(legible::text(about, theme::BODY, theme::TEXT));
        card.spawn(choice_row()).with_children(|row| {
            // The careful answer has the focus: who presses Enter without reading stays.
            let stay = (KeyCode::Escape, "Esc");
            row.spawn((
                button(Action::LetFileBe, Weight::First, stay, words.studio_stay),
                AutoFocus,
            ));
            let look = (KeyCode::KeyE, "E");
            row.spawn(button(
                Action::LookAtFile,
                Weight::Second,
                look,
                words.studio_look,
            ));
        });
    });
}
