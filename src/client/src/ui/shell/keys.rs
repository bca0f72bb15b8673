//! All keys and what they do.

use super::draw::{Facts, buttons, heading};
use crate::ui::{
    button::{Action, Weight, plain_button},
    theme,
    words::Texts,
};
use bevy::{input_focus::AutoFocus, prelude::*};

/// Keys in groups: a title, and each line's keys and meaning.
fn groups(words: &Texts) -> [(&'static str, Vec<(Vec<&'static str>, &'static str)>); 3] {
    [
        (
            words.help_moving,
            vec![
                (vec!["W", "A", "S", "D"], words.help_walk),
                (vec!["Shift"], words.help_run),
                (vec![words.key_space], words.help_jump),
                (vec!["C"], words.help_crouch),
                (vec![words.help_mouse], words.help_look),
                (vec!["V"], words.help_view),
                (vec![words.help_wheel], words.help_zoom),
                (vec!["X"], words.help_sit),
                (vec!["E"], words.help_grab),
                (vec!["F"], words.help_throw),
            ],
        ),
        (
            words.help_doing,
            vec![
                (vec![words.key_enter], words.help_chat),
                (vec!["G"], words.help_wave),
                (vec!["N"], words.help_note),
                (vec!["T"], words.help_portal),
                (vec!["L"], words.help_place),
                (vec!["Q", "R"], words.help_turn),
                (vec![words.key_delete], words.help_take_away),
            ],
        ),
        (
            words.help_seeing,
            vec![
                (vec!["Esc"], words.help_menu),
                (vec!["F1"], words.help_this),
                (vec!["F3"], words.help_network),
                (vec!["F11"], words.help_fullscreen),
                (vec!["P"], words.help_people),
                (vec!["H"], words.help_hide),
            ],
        ),
    ]
}

/// The page in the menu.
pub(super) fn fill(panel: &mut ChildSpawnerCommands, facts: &Facts) {
    list(panel, facts.words.0);
    panel.spawn(buttons()).with_children(|row| {
        row.spawn((
            plain_button(Action::Back, Weight::First, facts.words.0.back_to_menu),
            AutoFocus,
        ));
    });
}

/// The keys themselves, in two columns.
pub(super) fn list(panel: &mut ChildSpawnerCommands, words: &'static Texts) {
    panel.spawn(heading(words.help_title));
    let [moving, doing, seeing] = groups(words);
    let columns = [vec![moving], vec![doing, seeing]];
    panel
        .spawn((
            Node {
                column_gap: px(36),
                ..default()
            },
            Pickable::IGNORE,
        ))
        .with_children(|row| {
            for column in columns {
                row.spawn((
                    Node {
                        flex_direction: FlexDirection::Column,
                        flex_basis: percent(50),
                        row_gap: px(theme::GAP),
                        ..default()
                    },
                    Pickable::IGNORE,
                ))
                .with_children(|column_node| {
                    for (title, lines) in column {
                        group(column_node, title, lines);
                    }
                });
            }
        });
}

fn group(
    column: &mut ChildSpawnerCommands,
    title: &'static str,
    lines: Vec<(Vec<&'static str>, &'static str)>,
) {
    column.spawn((
        theme::strong(title, theme::SMALL, theme::ACCENT),
        Node {
            margin: UiRect::top(px(theme::GAP)),
            ..default()
        },
    ));
    for (keys, meaning) in lines {
        column
            .spawn((
                Node {
                    align_items: AlignItems::Center,
                    column_gap: px(theme::PAD),
                    ..default()
                },
                Pickable::IGNORE,
            ))
            .with_children(|line| {
                line.spawn((
                    Node {
                        width: px(142),
                        column_gap: px(5),
                        ..default()
                    },
                    Pickable::IGNORE,
                ))
                .with_children(|caps| {
                    for key in keys {
                        caps.spawn(theme::key_cap(key));
                    }
                });
                line.spawn(theme::text(meaning, theme::BODY, theme::TEXT));
            });
    }
}
