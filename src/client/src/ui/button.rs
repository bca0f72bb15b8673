//! Buttons: pressed by pointer, or by the key that stands on them.

use super::theme;
use crate::app::order::ClientSystems;
use bevy::prelude::*;

/// What a button asks for.
#[derive(Component, Message, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Retry,
    Quit,
}

/// A key that does the same as a press on the button.
#[derive(Component)]
pub(super) struct Shortcut(KeyCode);

/// How much a button stands out.
#[derive(Component, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The one that most people want.
    First,
    Second,
}

pub(super) fn plugin(app: &mut App) {
    app.add_message::<Action>().add_systems(
        Update,
        ((press, press_keys), paint)
            .chain()
            .in_set(ClientSystems::Act),
    );
}

/// A button with its key.
pub(super) fn button(
    action: Action,
    weight: Weight,
    key: (KeyCode, &'static str),
    label: impl Into<String>,
) -> impl Bundle {
    let color = match weight {
        Weight::First => theme::ON_ACCENT,
        Weight::Second => theme::TEXT,
    };
    (
        Button,
        action,
        weight,
        Shortcut(key.0),
        Node {
            min_width: px(150),
            height: px(46),
            padding: UiRect::horizontal(px(theme::PAD)),
            column_gap: px(theme::GAP + 2.0),
            align_items: AlignItems::Center,
            justify_content: JustifyContent::Center,
            border: UiRect::all(px(1)),
            border_radius: BorderRadius::all(px(23)),
            ..default()
        },
        BackgroundColor(ground(weight, Interaction::None)),
        BorderColor::all(theme::HAIRLINE),
        children![
            theme::strong(label, theme::BODY, color),
            theme::text(key.1, theme::SMALL, color.with_alpha(0.6)),
        ],
    )
}

fn ground(weight: Weight, interaction: Interaction) -> Color {
    match (weight, interaction) {
        (Weight::First, Interaction::None) => theme::ACCENT,
        (Weight::First, _) => theme::ACCENT.lighter(0.08),
        (Weight::Second, Interaction::None) => theme::RAISED,
        (Weight::Second, _) => theme::RAISED_BRIGHT,
    }
}

fn press(
    buttons: Query<(&Interaction, &Action), (Changed<Interaction>, With<Button>)>,
    mut chosen: MessageWriter<Action>,
) {
    for (_, action) in buttons
        .iter()
        .filter(|(interaction, _)| **interaction == Interaction::Pressed)
    {
        chosen.write(*action);
    }
}

fn press_keys(
    keys: Res<ButtonInput<KeyCode>>,
    buttons: Query<(&Shortcut, &Action), With<Button>>,
    mut chosen: MessageWriter<Action>,
) {
    for (_, action) in buttons
        .iter()
        .filter(|(shortcut, _)| keys.just_pressed(shortcut.0))
    {
        chosen.write(*action);
    }
}

fn paint(mut buttons: Query<(&Interaction, &Weight, &mut BackgroundColor), Changed<Interaction>>) {
    for (interaction, weight, mut color) in &mut buttons {
        color.0 = ground(*weight, *interaction);
    }
}
