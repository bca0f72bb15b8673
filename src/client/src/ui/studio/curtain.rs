//! What is seen while a file is held over the window, while it is opened, and between two worlds.

use super::{arrival::Arrival, name_of};
use crate::{
    app::order::ClientSystems,
    ui::{
        backdrop,
        inside::legible,
        theme,
        words::{Texts, Words, fill},
    },
};
use bevy::prelude::*;

#[derive(Component)]
struct Curtain;

/// What is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Seen {
    #[default]
    Nothing,
    Held,
    Opening(String),
    Between,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, draw.in_set(ClientSystems::Show));
}

fn draw(
    mut commands: Commands,
    arrival: Res<Arrival>,
    words: Res<Words>,
    curtains: Query<Entity, With<Curtain>>,
    mut shown: Local<Seen>,
) {
    let wished = match &*arrival {
        Arrival::Held => Seen::Held,
        Arrival::Opening(file, _) => Seen::Opening(name_of(file)),
        Arrival::Leaving(_) => Seen::Between,
        _ => Seen::Nothing,
    };
    if *shown == wished {
        return;
    }
    shown.clone_from(&wished);
    for curtain in &curtains {
        commands.entity(curtain).despawn();
    }
    if wished == Seen::Nothing {
        return;
    }
    commands
        .spawn((Curtain, theme::cover(), GlobalZIndex(120), Pickable::IGNORE))
        .with_children(|cover| match wished {
            Seen::Held => hold(cover, words.0),
            Seen::Opening(name) => tell(cover, fill(words.0.studio_opening, &[&name])),
            Seen::Between => {
                cover.spawn((theme::cover(), BackgroundColor(Color::BLACK)));
                backdrop::spawn(cover, 1.0);
            }
            Seen::Nothing => {}
        });
}

/// The whole window takes the file.
fn hold(cover: &mut ChildSpawnerCommands, words: &Texts) {
    cover.spawn((theme::cover(), BackgroundColor(theme::VEIL)));
    cover
        .spawn((
            Node {
                position_type: PositionType::Absolute,
                left: px(theme::PAD),
                right: px(theme::PAD),
                top: px(theme::PAD),
                bottom: px(theme::PAD),
                border: UiRect::all(px(3)),
                border_radius: BorderRadius::all(px(theme::RADIUS)),
                align_items: AlignItems::Center,
                justify_content: JustifyContent::Center,
                ..default()
            },
            BorderColor::all(theme::ACCENT),
        ))
        .with_children(|frame| {
            frame
                .spawn((
                    Node {
                        align_items: AlignItems::Center,
                        padding: UiRect::axes(px(36), px(24)),
                        ..theme::panel_node()
                    },
                    theme::ground(theme::PANEL_DENSE),
                ))
                .with_children(|card| {
                    card.spawn(legible::strong(
                        words.studio_drop,
                        theme::TITLE,
                        theme::TEXT,
                    ));
                    card.spawn(legible::text(
                        words.studio_drop_about,
                        theme::BODY,
                        theme::TEXT_SOFT,
                    ));
                });
        });
}

/// A line at the lower edge.
fn tell(cover: &mut ChildSpawnerCommands, line: String) {
    cover.spawn((
        Node {
            position_type: PositionType::Absolute,
            bottom: percent(6),
            padding: UiRect::axes(px(22), px(12)),
            ..theme::panel_node()
        },
        theme::ground(theme::PANEL_DENSE),
        children![(
            legible::strong(line, theme::BODY, theme::TEXT),
            TextLayout::no_wrap(),
        )],
    ));
}
