//! What is seen while a file is held over the window, while it is opened, and between two worlds.

use super::{arrival::Arrival, name_of, panel::LEAVE_KEY};
use crate::{
    app::order::ClientSystems,
    ui::{
        backdrop,
        button::{Action, Weight, button},
        inside::legible,
        theme,
        words::{Texts, Words, fill},
    },
};
use bevy::prelude::*;

/// Seconds after which it is told for how long one waits.
const PATIENCE_SECS: u64 = 3;

#[derive(Component)]
struct Curtain;

/// For how long one waits.
#[derive(Component)]
struct Clock;

/// What is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Seen {
    #[default]
    Nothing,
    Held,
    Converting(String),
    Opening(String),
    Between,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, (draw, count).chain().in_set(ClientSystems::Show));
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
        Arrival::Converting(conversion) => Seen::Converting(name_of(conversion.source())),
        Arrival::Opening(opened, _) => Seen::Opening(name_of(opened.source())),
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
            Seen::Converting(name) => wait(cover, &name, words.0),
            Seen::Opening(name) => tell(cover, fill(words.0.studio_opening, &[&name])),
            Seen::Between => {
                cover.spawn((theme::cover(), BackgroundColor(Color::BLACK)));
                backdrop::spawn(cover, 1.0);
            }
            Seen::Nothing => {}
        });
}

/// For how long a conversion goes on, once that is long.
fn count(arrival: Res<Arrival>, words: Res<Words>, mut clocks: Query<&mut Text, With<Clock>>) {
    let Arrival::Converting(conversion) = &*arrival else {
        return;
    };
    let secs = conversion.elapsed().as_secs();
    let line = match secs {
        0..PATIENCE_SECS => String::new(),
        _ => fill(words.0.studio_seconds, &[&secs.to_string()]),
    };
    for mut text in &mut clocks {
        if text.0 != line {
            text.0.clone_from(&line);
        }
    }
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
        lower_edge(),
        children![(
            legible::strong(line, theme::BODY, theme::TEXT),
            TextLayout::no_wrap(),
        )],
    ));
}

/// The same for what may take long: for how long it does, and how to stop it.
fn wait(cover: &mut ChildSpawnerCommands, name: &str, words: &Texts) {
    let line = fill(words.studio_converting, &[name]);
    cover.spawn(lower_edge()).with_children(|edge| {
        edge.spawn(Node {
            align_items: AlignItems::Center,
            column_gap: px(theme::PAD),
            ..default()
        })
        .with_children(|row| {
            row.spawn((
                legible::strong(line, theme::BODY, theme::TEXT),
                TextLayout::no_wrap(),
            ));
            row.spawn((
                Clock,
                legible::text("", theme::BODY, theme::TEXT_SOFT),
                TextLayout::no_wrap(),
            ));
            let stop = words.studio_stop;
            row.spawn(button(Action::LetFileBe, Weight::Second, LEAVE_KEY, stop));
        });
    });
}

fn lower_edge() -> impl Bundle {
    (
        Node {
            position_type: PositionType::Absolute,
            bottom: percent(6),
            padding: UiRect::axes(px(22), px(12)),
            ..theme::panel_node()
        },
        theme::ground(theme::PANEL_DENSE),
    )
}
