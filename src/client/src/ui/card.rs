//! Cards on which a decision is asked for.

use super::{
    button::{Action, Weight, button},
    failure::choice_row,
    theme,
};
use crate::{app::order::Stage, motion::TakesInput};
use bevy::{
    input_focus::{AutoFocus, tab_navigation::TabGroup},
    prelude::*,
};

/// Asks somebody inside a world, who does nothing else meanwhile. `question` marks the screen, for whoever takes it away; it goes
/// with the world.
pub(super) fn ask(
    commands: &mut Commands,
    question: impl Component,
    width: f32,
    fill: impl FnOnce(&mut ChildSpawnerCommands),
) {
    commands
        .spawn((
            question,
            DespawnOnExit(Stage::Inside),
            TakesInput,
            TabGroup::modal(),
            theme::cover(),
            BackgroundColor(theme::VEIL),
            GlobalZIndex(110),
        ))
        .with_children(|screen| {
            screen.spawn(card(width)).with_children(fill);
        });
}

/// The card itself: `width` in the theme's units, where there is room.
pub(super) fn card(width: f32) -> impl Bundle {
    (
        Node {
            width: px(width),
            max_width: percent(94),
            padding: UiRect::all(px(34)),
            row_gap: px(theme::PAD - 4.0),
            ..theme::panel_node()
        },
        theme::ground(theme::PANEL_DENSE),
    )
}

/// The answers, each with what it does and its words: Esc gives the careful one, E the other. The careful one has the focus:
/// who presses Enter without reading changes nothing.
pub(super) fn answers(
    card: &mut ChildSpawnerCommands,
    careful: (Action, &'static str),
    other: Option<(Action, &'static str)>,
) {
    answers_by((KeyCode::KeyE, "E"), card, careful, other);
}

/// The same with another key than E.
pub(super) fn answers_by(
    key: (KeyCode, &'static str),
    card: &mut ChildSpawnerCommands,
    (careful, careful_words): (Action, &'static str),
    other: Option<(Action, &'static str)>,
) {
    card.spawn(choice_row()).with_children(|row| {
        let escape = (KeyCode::Escape, "Esc");
        row.spawn((
            button(careful, Weight::First, escape, careful_words),
            AutoFocus,
        ));
        if let Some((other, words)) = other {
            row.spawn(button(other, Weight::Second, key, words));
        }
    });
}

/// Something that is to be read exactly, with what it is.
pub(super) fn fact(label: &'static str, value: String) -> impl Bundle {
    (
        Node {
            width: percent(100),
            flex_direction: FlexDirection::Column,
            padding: UiRect::axes(px(theme::PAD - 4.0), px(theme::GAP + 2.0)),
            row_gap: px(4),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
            ..default()
        },
        BackgroundColor(theme::RAISED),
        children![
            theme::text(label, theme::SMALL, theme::TEXT_SOFT),
            (
                theme::text(value, theme::LEAD, theme::TEXT),
                TextLayout::linebreak(LineBreak::WordOrCharacter),
            ),
        ],
    )
}
